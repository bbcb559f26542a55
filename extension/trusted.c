/*
 * trusted.c - running our own SQL, and the users', each in its own rights
 *
 * Two kinds of SQL run inside our functions.  The engine's own statements
 * read and write the tables of schema reco: they run as the owner of these
 * tables, so that nobody needs rights on them.  The queries of a model run as
 * whoever called the function, read-only, so that they give nobody anything
 * that a SELECT of their own would not.  But the queries of a model may call
 * functions of its owner's, and triggers of a shop run with what is written
 * there: so a superuser runs them as the owner, and so does whoever trains or
 * tends a model, which takes the owner's role.  Nobody's rights can be had by
 * waiting for the nightly run.  Both run with a fixed search_path:
 * objects in a schema of the caller's cannot take the place of ours.
 *
 * The settings and the role go back at scope_end, or when the transaction or
 * subtransaction of an error is rolled back.  So does XactReadOnly, which is
 * set without the setting of that name: later versions of the server refuse to
 * change that one for a while.
 */
#include "trusted.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#define SAFE_SEARCH_PATH "pg_catalog, pg_temp"

/* The table, view or sequence of our own schema. */
Oid
engine_relation(const char *name)
{
	Oid			relation = get_relname_relid(name, get_namespace_oid(RECO_SCHEMA, false));

	if (!OidIsValid(relation))
		elog(ERROR, "relation %s.%s does not exist", RECO_SCHEMA, name);
	return relation;
}

Oid
relation_owner(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
scope_begin(Scope *scope)
{
	GetUserIdAndSecContext(&scope->user, &scope->security_context);
	scope->read_only = XactReadOnly;
	scope->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", SAFE_SEARCH_PATH, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * Until scope_end: SPI is connected, a role runs.  For statements of ours
 * about a table of that role's, as the server's own foreign-key triggers run.
 */
void
scope_begin_role(Scope *scope, Oid role)
{
	scope_begin(scope);
	SetUserIdAndSecContext(role, scope->security_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	SPI_connect();
	scope->spi = true;
}

/* Until scope_end: SPI is connected, the engine's owner runs. */
void
scope_begin_engine(Scope *scope)
{
	scope_begin_role(scope, relation_owner(engine_relation("model")));
}

/*
 * Until scope_end: SPI is connected, the caller runs the query of a model
 * with this owner, and cannot write.  as_owner: the owner does, for whom the
 * caller acts.
 */
void
scope_begin_caller(Scope *scope, Oid owner, bool as_owner)
{
	Oid			user = GetUserId();

	if (as_owner || (superuser_arg(user) && !superuser_arg(owner)))
		user = owner;
	scope_begin(scope);
	XactReadOnly = true;
	SetUserIdAndSecContext(user,
						   scope->security_context | SECURITY_RESTRICTED_OPERATION);
	SPI_connect();
	scope->spi = true;
}

/* For what writes: work on the tables of owner's shop, as the owner. */
void
scope_begin_change(Scope *scope, Oid owner)
{
	scope_begin(scope);
	SetUserIdAndSecContext(owner, scope->security_context | SECURITY_RESTRICTED_OPERATION);
	SPI_connect();
	scope->spi = true;
}

void
scope_end(Scope *scope)
{
	if (scope->spi)
		SPI_finish();
	AtEOXact_GUC(false, scope->guc_level);
	XactReadOnly = scope->read_only;
	SetUserIdAndSecContext(scope->user, scope->security_context);
}

/* Sets parameter $position of a statement, or its null. */
void
statement_set(Datum *values, char *nulls, int position, bool known, Datum value)
{
	values[position - 1] = value;
	nulls[position - 1] = known ? ' ' : 'n';
}

/* The same of a text; NULL is null. */
void
statement_set_text(Datum *values, char *nulls, int position, const char *text)
{
	statement_set(values, nulls, position, text != NULL, text ? CStringGetTextDatum(text) : (Datum) 0);
}

/*
 * For PG_CATCH around the query of a model: raises its error again, to those
 * who may not see the query without what comes from inside of it.  The
 * server's log keeps that.
 */
void
scope_rethrow(bool may_see, MemoryContext context)
{
	ErrorData  *error;
	StringInfoData log;

	if (may_see)
		PG_RE_THROW();
	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	initStringInfo(&log);
	appendStringInfoString(&log, error->detail ? error->detail : "It comes from a query of a model.");
	if (error->internalquery)
		appendStringInfo(&log, "\n%s", error->internalquery);
	if (error->context)
		appendStringInfo(&log, "\n%s", error->context);
	error->detail_log = log.data;
	error->internalquery = NULL;
	error->internalpos = 0;
	error->context = NULL;
	ThrowErrorData(error);
}

/*
 * Runs one of our own statements inside an engine scope.  Returns the number
 * of rows, which are in SPI_tuptable.
 */
int
statement_run(Statement *statement, int nargs, const Oid *types,
			  Datum *values, const char *nulls, bool read_only, long limit)
{
	if (statement->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(statement->sql, nargs, (Oid *) types);

		if (plan == NULL)
			elog(ERROR, "could not prepare \"%s\": %s", statement->sql,
				 SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		statement->plan = plan;
	}
	if (SPI_execute_plan(statement->plan, values, nulls, read_only, limit) < 0)
		elog(ERROR, "could not run \"%s\": %s", statement->sql,
			 SPI_result_code_string(SPI_result));
	return (int) SPI_processed;
}
