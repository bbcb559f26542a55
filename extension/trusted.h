/*
 * trusted.h - running our own SQL, and the users', each in its own rights
 */
#ifndef RECO_TRUSTED_H
#define RECO_TRUSTED_H

#include "reco.h"

#include "executor/spi.h"

/* What was before, for scope_end.  An error puts it back by itself. */
typedef struct Scope
{
	Oid			user;
	int			security_context;
	int			guc_level;
	bool		read_only;
	bool		spi;
} Scope;

extern void scope_begin_engine(Scope *scope);
extern void scope_begin_role(Scope *scope, Oid role);
extern void scope_begin_caller(Scope *scope, Oid owner, bool as_owner);
extern void scope_begin_change(Scope *scope, Oid owner);
extern void scope_end(Scope *scope);
extern void scope_rethrow(bool may_see, MemoryContext context);

extern Oid	engine_relation(const char *name);
extern Oid	relation_owner(Oid relation);

/* One of our own statements, planned once in a backend. */
typedef struct Statement
{
	const char *sql;
	SPIPlanPtr	plan;
} Statement;

extern void statement_set(Datum *values, char *nulls, int position, bool known, Datum value);
extern void statement_set_text(Datum *values, char *nulls, int position, const char *text);
extern int	statement_run(Statement *statement, int nargs, const Oid *types,
						  Datum *values, const char *nulls, bool read_only, long limit);

#endif							/* RECO_TRUSTED_H */
