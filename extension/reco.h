/*
 * reco.h - what every file that knows the server needs
 *
 * Layers, upper ones may call lower ones and never the reverse:
 *
 *	bind_*.c                        SQL-callable functions: arguments, results
 *	train, serving, eligible        a training run; what one statement serves
 *	image, store, model, source     models and versions in tables, and the
 *	                                queries a model is trained on
 *	interactions, idmap, budget     rows as arrays, memory counted
 *	solve, topn, svd, ials, ...     numerics: know arrays only, no server
 */
#ifndef RECO_H
#define RECO_H

#include "postgres.h"

#include "fmgr.h"

#if PG_VERSION_NUM < 150000
#error "reco needs PostgreSQL 15 or later"
#endif

#include "compat.h"
#include "miscadmin.h"

#define RECO_SCHEMA "reco"

/* Settings (guc.c) */
extern char *reco_default_model;
extern int	reco_max_memory;	/* kB */
extern int	reco_max_parallel_workers;
extern bool reco_notify_alerts;
extern int	reco_keep_versions;
extern int	reco_nice;

extern void guc_define(void);
extern int	allowed_threads(void);

/* Loops over rows, of which each takes next to no time, look for a cancel now and then. */
#define ROWS_PER_CHECK 65536

static inline void
check_interrupts_at(int64 row)
{
	if (row % ROWS_PER_CHECK == 0)
		CHECK_FOR_INTERRUPTS();
}

#endif							/* RECO_H */
