/*
 * compat.h - what later versions of PostgreSQL call otherwise
 *
 * Written for 15.  Each difference that we meet in 16 to 18 is here and
 * nowhere else.
 */
#ifndef RECO_COMPAT_H
#define RECO_COMPAT_H

#include "access/genam.h"
#include "executor/executor.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/rel.h"

/* 16: the macros for variable-length values left postgres.h */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16: one function for the owners of all kinds of objects */
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_class.h"
#define owns_relation(relation, role) object_ownercheck(RelationRelationId, relation, role)
#else
#define owns_relation(relation, role) pg_class_ownercheck(relation, role)
#endif

/* 16: the entries of the list of backends */
#if PG_VERSION_NUM >= 160000
#define backend_status_at(index) pgstat_get_local_beentry_by_index(index)
#else
#define backend_status_at(index) pgstat_fetch_stat_local_beentry(index)
#endif

/* 16: a recheck is told which relations are changed, where there are several */
#if PG_VERSION_NUM >= 160000
#define init_recheck(recheck, state) EvalPlanQualInit(recheck, state, NULL, NIL, -1, NIL)
#else
#define init_recheck(recheck, state) EvalPlanQualInit(recheck, state, NULL, NIL, -1)
#endif

/* 17: the virtual transaction id of a process is a struct */
#if PG_VERSION_NUM >= 170000
#define MY_LOCAL_TRANSACTION (MyProc->vxid.lxid)
#else
#define MY_LOCAL_TRANSACTION (MyProc->lxid)
#endif

/* 18: scans can be measured */
#if PG_VERSION_NUM >= 180000
#define begin_index_scan(table, index, snapshot, keys) \
	index_beginscan(table, index, snapshot, NULL, keys, 0)
#else
#define begin_index_scan(table, index, snapshot, keys) \
	index_beginscan(table, index, snapshot, keys, 0)
#endif

/* 16: rights are in a list of their own */
#if PG_VERSION_NUM >= 160000
#define check_statement_rights(statement) \
	ExecCheckPermissions((statement)->rtable, (statement)->permInfos, true)
#else
#define check_statement_rights(statement) ExecCheckRTPerms((statement)->rtable, true)
#endif

/*
 * A range table of one table that is updated in these columns.  16: rights
 * are in a list of their own; 18: relations that are not pruned are named.
 */
static inline void
init_range_table(EState *state, RangeTblEntry *entry, Bitmapset *updated)
{
#if PG_VERSION_NUM >= 160000
	RTEPermissionInfo *rights = makeNode(RTEPermissionInfo);

	rights->relid = entry->relid;
	rights->updatedCols = updated;
	entry->perminfoindex = 1;
#if PG_VERSION_NUM >= 180000
	ExecInitRangeTable(state, list_make1(entry), list_make1(rights), bms_make_singleton(1));
#else
	ExecInitRangeTable(state, list_make1(entry), list_make1(rights));
#endif
#else
	entry->updatedCols = updated;
	ExecInitRangeTable(state, list_make1(entry));
#endif
}

#endif							/* RECO_COMPAT_H */
