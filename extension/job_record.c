/*
 * job_record.c - what the nightly runs leave in reco.job_record
 */
#include "job_record.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "trusted.h"

/* Rows of one model that are kept. */
#define RECORDS_KEPT 1000

static Statement mark_lost = {
	"UPDATE reco.job_record SET outcome = 'lost', finished = clock_timestamp(),"
	" message = 'the session ended before the run did'"
	" WHERE model_id = $1 AND outcome = 'running'", NULL
};

static Statement forget_old = {
	"DELETE FROM reco.job_record WHERE model_id = $1 AND id <="
	" (SELECT o.id FROM reco.job_record o WHERE o.model_id = $1"
	" ORDER BY o.id DESC OFFSET $2 LIMIT 1)", NULL
};

/*
 * Rows of runs that nobody runs any more are lost, old ones are forgotten.
 * The caller holds the model's lock.
 */
void
job_record_tidy(const Model *model)
{
	Datum		values[2] = {Int32GetDatum(model->id), Int32GetDatum(RECORDS_KEPT)};
	Scope		scope;

	scope_begin_engine(&scope);
	statement_run(&mark_lost, 1, (Oid[]) {INT4OID}, values, NULL, false, 0);
	statement_run(&forget_old, 2, (Oid[]) {INT4OID, INT4OID}, values, NULL, false, 0);
	scope_end(&scope);
}

static Statement insert_record = {
	"INSERT INTO reco.job_record (model_id, model, owner, task, started, finished, outcome, phase,"
	" message, pid)"
	" VALUES ($1, $2, $3, $4, clock_timestamp(),"
	" CASE WHEN $5 <> 'running' THEN clock_timestamp() END, $5, $6, $7, $8) RETURNING id", NULL
};

/* Adds a row; returns its number.  Phase and message may be NULL. */
int64
job_record_insert(const Model *model, const char *task, const char *outcome, const char *phase,
				  const char *message)
{
	static const Oid types[] = {
		INT4OID, TEXTOID, REGROLEOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID
	};
	Datum		values[8];
	char		nulls[8];
	Scope		scope;
	int64		id;
	bool		isnull;

	scope_begin_engine(&scope);
	statement_set(values, nulls, 1, true, Int32GetDatum(model->id));
	statement_set_text(values, nulls, 2, model->name);
	statement_set(values, nulls, 3, true, ObjectIdGetDatum(model->owner));
	statement_set_text(values, nulls, 4, task);
	statement_set_text(values, nulls, 5, outcome);
	statement_set_text(values, nulls, 6, phase);
	statement_set_text(values, nulls, 7, message);
	statement_set(values, nulls, 8, true, Int32GetDatum(MyProcPid));
	statement_run(&insert_record, 8, types, values, nulls, false, 0);
	id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	scope_end(&scope);
	return id;
}

static Statement update_phase = {
	"UPDATE reco.job_record SET phase = $2 WHERE id = $1", NULL
};

void
job_record_phase(int64 id, const char *phase)
{
	Datum		values[2];
	Scope		scope;

	scope_begin_engine(&scope);
	values[0] = Int64GetDatum(id);
	values[1] = CStringGetTextDatum(phase);
	statement_run(&update_phase, 2, (Oid[]) {INT8OID, TEXTOID}, values, NULL, false, 0);
	scope_end(&scope);
}

static Statement update_rows = {
	"UPDATE reco.job_record SET rows = $2 WHERE id = $1", NULL
};

void
job_record_rows(int64 id, int64 rows)
{
	Datum		values[2] = {Int64GetDatum(id), Int64GetDatum(rows)};
	Scope		scope;

	scope_begin_engine(&scope);
	statement_run(&update_rows, 2, (Oid[]) {INT8OID, INT8OID}, values, NULL, false, 0);
	scope_end(&scope);
}

static Statement update_fresh = {
	"UPDATE reco.job_record SET fresh_rows = $2, fresh_rmse = $3, fresh_baseline_rmse = $4,"
	" fresh_ndcg_at_10 = $5, fresh_popular_ndcg_at_10 = $6, drifted = $7 WHERE id = $1", NULL
};

void
job_record_fresh(int64 id, const Fresh *fresh)
{
	static const Oid types[] = {
		INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, BOOLOID
	};
	Datum		values[7] = {
		Int64GetDatum(id), Int64GetDatum(fresh->rows),
		Float8GetDatum(fresh->rmse), Float8GetDatum(fresh->baseline_rmse),
		Float8GetDatum(fresh->ndcg), Float8GetDatum(fresh->popular_ndcg), BoolGetDatum(fresh->drifted)
	};
	char		rated = fresh->has_ratings ? ' ' : 'n';
	char		ranked = fresh->has_purchases ? ' ' : 'n';
	char		nulls[7] = {' ', ' ', rated, rated, ranked, ranked, ' '};
	Scope		scope;

	scope_begin_engine(&scope);
	statement_run(&update_fresh, 7, types, values, nulls, false, 0);
	scope_end(&scope);
}

static Statement update_outcome = {
	"UPDATE reco.job_record r SET outcome = $2, finished = clock_timestamp(),"
	" message = $3, sqlstate = $4, version = $5, memory = $6, rmse = v.rmse, ndcg_at_10 = v.ndcg_at_10"
	" FROM (SELECT) one LEFT JOIN reco.model_version v ON v.model = $7 AND v.version = $5"
	" WHERE r.id = $1", NULL
};

/* The end of a row.  Message and sqlstate may be NULL, version and memory 0. */
void
job_record_outcome(int64 id, const Model *model, const char *outcome, const char *message,
				   const char *sqlstate, int32 version, Size memory)
{
	static const Oid types[] = {INT8OID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT8OID, TEXTOID};
	Datum		values[7];
	char		nulls[7];
	Scope		scope;

	scope_begin_engine(&scope);
	statement_set(values, nulls, 1, true, Int64GetDatum(id));
	statement_set_text(values, nulls, 2, outcome);
	statement_set_text(values, nulls, 3, message);
	statement_set_text(values, nulls, 4, sqlstate);
	statement_set(values, nulls, 5, version != 0, Int32GetDatum(version));
	statement_set(values, nulls, 6, memory != 0, Int64GetDatum((int64) memory));
	statement_set_text(values, nulls, 7, model->name);
	statement_run(&update_outcome, 7, types, values, nulls, false, 0);
	scope_end(&scope);
}

static Statement forget_schedule = {
	"DELETE FROM reco.job_schedule WHERE role = $1 AND model IS NOT DISTINCT FROM $2", NULL
};

static Statement note_schedule = {
	"INSERT INTO reco.job_schedule (role, model, schedule)"
	" SELECT $1, $2, $3 WHERE reco.next_run($3) IS NOT NULL RETURNING reco.next_run(schedule)", NULL
};

/*
 * Notes the schedule by which the current role has a model, NULL for all of
 * its own, retrained; without a schedule it is no more.  Returns whether a run
 * is due, and when.
 */
bool
job_record_expect(const char *model, const char *schedule, TimestampTz *due)
{
	static const Oid types[] = {REGROLEOID, TEXTOID, TEXTOID};
	Oid			role = GetUserId();
	Datum		values[3];
	char		nulls[3];
	Scope		scope;
	bool		isnull;

	scope_begin_engine(&scope);
	statement_set(values, nulls, 1, true, ObjectIdGetDatum(role));
	statement_set_text(values, nulls, 2, model);
	statement_set_text(values, nulls, 3, schedule);
	statement_run(&forget_schedule, 2, types, values, nulls, false, 0);
	if (schedule)
	{
		if (statement_run(&note_schedule, 3, types, values, nulls, false, 0) != 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("schedule \"%s\" cannot be read", schedule),
					 errhint("Use the five fields of cron, in GMT, for example 30 2 * * * for half past two each night.")));
		*due = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
												 &isnull));
	}
	scope_end(&scope);
	return schedule != NULL;
}
