/*
 * retrain.c - the nightly run
 *
 * For each model: lock, read, fit, publish, tidy up, refit the forecasts of
 * the shop of that name.  What a version goes live for is publish.c's affair;
 * this file sees to it that a bad night harms nothing and is known about.
 *
 * Called as a procedure on its own (not atomic), each phase is a transaction:
 * the row in reco.job_record is seen by others as it changes, and while
 * arrays are fitted there is no snapshot that would keep VACUUM from its
 * work.  Inside a transaction block or a function (atomic) all of it belongs
 * to the caller's transaction, and an error is the caller's.
 *
 * Not atomic, a phase runs in a subtransaction, so that its error can be
 * recorded: the subtransaction puts back role, settings, SPI and locks.  The
 * outcome of a training is recorded in the transaction that publishes it:
 * after a crash at any moment either both are there or none.  A run that was
 * killed leaves a row that says "running" while nobody holds the lock; the
 * view reco.job_run shows it as lost, the next run writes that down.
 *
 * The lock is the one that train and drop_model take (model.c), held by the
 * session and not by a transaction, and never waited for: a second run
 * leaves, with a row that says so.  The server releases it when the session
 * ends or its transaction aborts; we do otherwise.
 */
#include "retrain.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "fresh.h"
#include "trusted.h"

/* Rows of one model kept in reco.job_record. */
#define RECORDS_KEPT 1000

/* What is being done for one model.  All of it lives in one memory context. */
typedef struct Run
{
	MemoryContext context;		/* outlives transactions */
	bool		atomic;
	char	   *name;
	Model	   *model;
	LOCKTAG		lock;
	bool		locked;
	int64		record;			/* row of reco.job_record, or 0 */
	Training   *training;		/* NULL: not read yet, or nothing to be fitted */
	ErrorData  *error;			/* the first error */
} Run;

typedef void (*Phase) (Run *run);

/* ---- what is recorded ---- */

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

static Statement insert_record = {
	"INSERT INTO reco.job_record (model_id, model, owner, task, started, finished, outcome, phase,"
	" message, pid)"
	" VALUES ($1, $2, $3, $4, clock_timestamp(),"
	" CASE WHEN $5 <> 'running' THEN clock_timestamp() END, $5, $6, $7, $8) RETURNING id", NULL
};

/* Adds a row; returns its number.  Phase and message may be NULL. */
static int64
record(const Run *run, const char *task, const char *outcome, const char *phase,
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

	memset(nulls, ' ', sizeof(nulls));
	scope_begin_engine(&scope);
	values[0] = Int32GetDatum(run->model->id);
	values[1] = CStringGetTextDatum(run->model->name);
	values[2] = ObjectIdGetDatum(run->model->owner);
	values[3] = CStringGetTextDatum(task);
	values[4] = CStringGetTextDatum(outcome);
	values[5] = phase ? CStringGetTextDatum(phase) : (Datum) 0;
	nulls[5] = phase ? ' ' : 'n';
	values[6] = message ? CStringGetTextDatum(message) : (Datum) 0;
	nulls[6] = message ? ' ' : 'n';
	values[7] = Int32GetDatum(MyProcPid);
	statement_run(&insert_record, 8, types, values, nulls, false, 0);
	id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	scope_end(&scope);
	return id;
}

static Statement update_phase = {
	"UPDATE reco.job_record SET phase = $2 WHERE id = $1", NULL
};

static void
record_phase(const Run *run, const char *phase)
{
	Datum		values[2];
	Scope		scope;

	scope_begin_engine(&scope);
	values[0] = Int64GetDatum(run->record);
	values[1] = CStringGetTextDatum(phase);
	statement_run(&update_phase, 2, (Oid[]) {INT8OID, TEXTOID}, values, NULL, false, 0);
	scope_end(&scope);
}

static Statement update_rows = {
	"UPDATE reco.job_record SET rows = $2 WHERE id = $1", NULL
};

static void
record_rows(const Run *run)
{
	Datum		values[2] = {Int64GetDatum(run->record), Int64GetDatum(run->training->rows_read)};
	Scope		scope;

	scope_begin_engine(&scope);
	statement_run(&update_rows, 2, (Oid[]) {INT8OID, INT8OID}, values, NULL, false, 0);
	scope_end(&scope);
}

static Statement update_fresh = {
	"UPDATE reco.job_record SET fresh_rows = $2, fresh_rmse = $3, fresh_baseline_rmse = $4,"
	" fresh_ndcg_at_10 = $5, fresh_popular_ndcg_at_10 = $6, drifted = $7 WHERE id = $1", NULL
};

static void
record_fresh(const Run *run, const Fresh *fresh)
{
	static const Oid types[] = {
		INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, BOOLOID
	};
	Datum		values[7] = {
		Int64GetDatum(run->record), Int64GetDatum(fresh->rows),
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

/* The end of a row.  Message and sqlstate may be NULL, version 0. */
static void
record_outcome(const Run *run, const char *outcome, const char *message, const char *sqlstate,
			   int32 version)
{
	static const Oid types[] = {INT8OID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT8OID, TEXTOID};
	Datum		values[7];
	char		nulls[7];
	Scope		scope;

	memset(nulls, ' ', sizeof(nulls));
	scope_begin_engine(&scope);
	values[0] = Int64GetDatum(run->record);
	values[1] = CStringGetTextDatum(outcome);
	values[2] = message ? CStringGetTextDatum(message) : (Datum) 0;
	nulls[2] = message ? ' ' : 'n';
	values[3] = sqlstate ? CStringGetTextDatum(sqlstate) : (Datum) 0;
	nulls[3] = sqlstate ? ' ' : 'n';
	values[4] = Int32GetDatum(version);
	nulls[4] = version ? ' ' : 'n';
	values[5] = run->training ? Int64GetDatum((int64) run->training->budget.peak) : (Datum) 0;
	nulls[5] = run->training ? ' ' : 'n';
	values[6] = CStringGetTextDatum(run->model->name);
	statement_run(&update_outcome, 7, types, values, nulls, false, 0);
	scope_end(&scope);
}

static void
record_failure(Run *run)
{
	const ErrorData *error = run->error;
	char	   *message = error->detail ? psprintf("%s: %s", error->message, error->detail)
		: error->message;

	record_outcome(run, "failed", message, unpack_sql_state(error->sqlerrcode), 0);
}

/* ---- phases ---- */

static Statement lock_holder = {
	"SELECT l.pid FROM pg_locks l WHERE l.locktype = 'object' AND l.granted"
	" AND l.database = $1 AND l.classid = $2 AND l.objid = $3 LIMIT 1", NULL
};

/* Says that the model is in other hands. */
static void
skip(Run *run)
{
	char	   *message = "another session is training or changing the model";
	Datum		values[3] = {
		ObjectIdGetDatum(run->lock.locktag_field1), ObjectIdGetDatum(run->lock.locktag_field2),
		ObjectIdGetDatum(run->lock.locktag_field3)
	};
	MemoryContext context = CurrentMemoryContext;
	Scope		scope;
	bool		isnull;

	scope_begin_engine(&scope);
	if (statement_run(&lock_holder, 3, (Oid[]) {OIDOID, OIDOID, OIDOID}, values, NULL, false, 1) == 1)
	{
		int32		pid = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0],
													  SPI_tuptable->tupdesc, 1, &isnull));

		MemoryContextSwitchTo(context);
		message = psprintf("process %d is training or changing the model", pid);
	}
	scope_end(&scope);
	record(run, "training", "skipped", NULL, message);
	ereport(NOTICE,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("model \"%s\" is skipped: another session is training or changing it", run->name)));
}

/* Takes the model and its lock, and begins the row. */
static void
begin(Run *run)
{
	Datum		values[2];
	Scope		scope;

	PushActiveSnapshot(GetTransactionSnapshot());
	run->model = model_get(run->name);
	PopActiveSnapshot();
	model_check_owner(run->model);
	model_lock_tag(run->model->id, &run->lock);
	if (LockAcquire(&run->lock, ExclusiveLock, !run->atomic, true) == LOCKACQUIRE_NOT_AVAIL)
	{
		skip(run);
		return;
	}
	run->locked = true;

	/* with the lock held, and not a moment older */
	PushActiveSnapshot(GetTransactionSnapshot());
	run->model = model_get(run->name);
	PopActiveSnapshot();
	scope_begin_engine(&scope);
	values[0] = Int32GetDatum(run->model->id);
	values[1] = Int32GetDatum(RECORDS_KEPT);
	statement_run(&mark_lost, 1, (Oid[]) {INT4OID}, values, NULL, false, 0);
	statement_run(&forget_old, 2, (Oid[]) {INT4OID, INT4OID}, values, NULL, false, 0);
	scope_end(&scope);
	run->record = record(run, "training", "running", "reading", NULL);
}

static Statement newest_version = {
	"SELECT v.version, v.rows_digest FROM reco.model_version v WHERE v.model = $1"
	" ORDER BY v.version DESC LIMIT 1", NULL
};

/* The number of the newest version if it learnt from the same rows, else 0. */
static int32
version_of_same_rows(const Run *run)
{
	int32		version = 0;
	Scope		scope;
	Datum		value;
	bool		isnull;

	scope_begin_engine(&scope);
	value = CStringGetTextDatum(run->model->name);
	if (statement_run(&newest_version, 1, (Oid[]) {TEXTOID}, &value, NULL, false, 1) == 1)
	{
		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull);
		if (!isnull && DatumGetInt64(value) == run->training->rows_digest)
			version = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
												  &isnull));
	}
	scope_end(&scope);
	return version;
}

static void
end_training(Run *run)
{
	if (run->training)
		training_end(run->training);
	run->training = NULL;
}

static void
read_rows(Run *run)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	run->training = training_begin(run->model);
	fresh_mark(run->training);
	training_read(run->training);
	PopActiveSnapshot();
	record_rows(run);
}

static void
measure_fresh(Run *run)
{
	Fresh		fresh;

	if (fresh_measure(run->training, &fresh))
		record_fresh(run, &fresh);
}

/* Decides whether there is anything to be fitted; if not, that is the outcome. */
static void
decide(Run *run)
{
	int32		same;

	if (!training_has_rows(run->training) && run->model->version == 0)
		record_outcome(run, "skipped", "there is nothing to learn from yet", NULL, 0);
	else
	{
		training_check_rows(run->training);
		same = version_of_same_rows(run);
		if (same == 0)
		{
			record_phase(run, "fitting");
			return;
		}
		record_outcome(run, "unchanged", psprintf("version %d learnt from the same rows", same),
					   NULL, same);
	}
	end_training(run);
}

static void
fit(Run *run)
{
	training_fit(run->training);
}

static void
begin_writing(Run *run)
{
	record_phase(run, "writing");
}

static void
publish(Run *run)
{
	Training   *training = run->training;

	training_publish(training);
	record_outcome(run, training->active ? "activated" : "kept",
				   training->note[0] ? training->note : NULL, NULL, training->version);
	if (!training->active)
		ereport(NOTICE,
				(errmsg("version %d of model \"%s\" does not serve", training->version, run->name),
				 errdetail("%s", training->note)));
}

static Statement analyze_tables[] = {
	{"ANALYZE (SKIP_LOCKED) reco.model_array", NULL},
	{"ANALYZE (SKIP_LOCKED) reco.model_version", NULL},
	{"ANALYZE (SKIP_LOCKED) reco.job_record", NULL},
};

static void
analyze(Run *run)
{
	Scope		scope;

	scope_begin_engine(&scope);
	for (int i = 0; i < lengthof(analyze_tables); i++)
		statement_run(&analyze_tables[i], 0, NULL, NULL, NULL, false, 0);
	scope_end(&scope);
}

/* ---- forecasts ---- */

static Statement find_shop = {
	"SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE n.nspname = $1 AND c.relname = 'demand_week'", NULL
};

static Statement refit_forecasts = {
	"SELECT reco.refit_forecasts($1::pg_catalog.name),"
	" reco.refresh_likely_buyers($1::pg_catalog.name)", NULL
};

/* Begins a row, if there is a shop of the model's name. */
static void
begin_forecasts(Run *run)
{
	Datum		name;
	Scope		scope;
	bool		found;

	run->record = 0;
	scope_begin_engine(&scope);
	name = CStringGetTextDatum(run->name);
	found = statement_run(&find_shop, 1, (Oid[]) {TEXTOID}, &name, NULL, false, 1) == 1;
	scope_end(&scope);
	if (found)
		run->record = record(run, "forecasts", "running", "fitting", NULL);
}

static void
refit(Run *run)
{
	Datum		name;
	Scope		scope;
	int32		products;
	bool		isnull;

	scope_begin_change(&scope, run->model->owner);
	name = CStringGetTextDatum(run->name);
	statement_run(&refit_forecasts, 1, (Oid[]) {TEXTOID}, &name, NULL, false, 0);
	products = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	scope_end(&scope);
	record_outcome(run, "refitted", psprintf("%d products", products), NULL, 0);
}

/* ---- running phases ---- */

/* The error that is being handled, taken off the server's hands. */
static ErrorData *
take_error(Run *run)
{
	ErrorData  *error;

	MemoryContextSwitchTo(run->context);
	error = CopyErrorData();
	FlushErrorState();
	return error;
}

/*
 * Ends the transaction; an error of it, reported unless there was one before,
 * has rolled back and begun a new one.
 */
static void
commit(Run *run, ErrorData **error)
{
	PG_TRY();
	{
		SPI_commit();
	}
	PG_CATCH();
	{
		ErrorData  *own = take_error(run);

		if (*error == NULL)
			*error = own;
		/* an abort releases the locks of the session as well */
		run->locked = false;
	}
	PG_END_TRY();
}

/* Runs a phase as a subtransaction; returns its error, or NULL. */
static ErrorData *
try_phase(Run *run, Phase phase)
{
	ErrorData  *volatile error = NULL;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(run->context);
	PG_TRY();
	{
		phase(run);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		error = take_error(run);
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->context);
	CurrentResourceOwner = owner;
	return error;
}

/*
 * Runs a phase, a transaction of its own where we may have them.  Returns
 * whether it went well; if not, its error is in run, unless there was one
 * before.
 */
static bool
do_phase(Run *run, Phase phase)
{
	ErrorData  *error;

	MemoryContextSwitchTo(run->context);
	if (run->atomic)
	{
		phase(run);
		return true;
	}
	error = try_phase(run, phase);
	commit(run, &error);
	MemoryContextSwitchTo(run->context);
	if (run->error == NULL)
		run->error = error;
	return error == NULL;
}

/* Somebody wants the whole run to end, not this model's part of it. */
static bool
is_cancel(const ErrorData *error)
{
	return error && (error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
					 error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN);
}

/*
 * Writes down the error of the run.  If even that fails (a full disk), the
 * row goes on saying "running" and is seen to be lost.
 */
static void
fail(Run *run)
{
	ErrorData  *error = run->error;

	if (run->record == 0)
		return;
	if (!do_phase(run, record_failure))
		ereport(WARNING,
				(errmsg("the failure of model \"%s\" could not be recorded in reco.job_run", run->name)));
	run->error = error;
}

/*
 * That the version which serves cannot be measured, damaged as it may be, is
 * no reason not to train another one.  Returns whether the run may go on.
 */
static bool
try_measure_fresh(Run *run)
{
	ErrorData  *error = try_phase(run, measure_fresh);

	if (error == NULL)
		return true;
	if (is_cancel(error))
	{
		run->error = error;
		return false;
	}
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("the version of model \"%s\" that serves cannot be measured: %s", run->name,
					error->message)));
	return true;
}

static void
train_model(Run *run)
{
	if (do_phase(run, read_rows) && try_measure_fresh(run) && do_phase(run, decide) &&
		run->training &&
		do_phase(run, fit) && do_phase(run, begin_writing) && do_phase(run, publish))
		do_phase(run, analyze);
	else if (run->error)
		fail(run);
	end_training(run);
}

static void
refit_shop(Run *run)
{
	ErrorData  *before = run->error;

	run->error = NULL;
	if (!do_phase(run, begin_forecasts) || (run->record != 0 && !do_phase(run, refit)))
		fail(run);
	if (before)
		run->error = before;
}

static void
run_model(Run *run)
{
	if (do_phase(run, begin) && run->locked)
	{
		train_model(run);
		if (!is_cancel(run->error))
			refit_shop(run);
	}
	if (run->locked && !run->atomic)
		LockRelease(&run->lock, ExclusiveLock, true);
}

/* ---- which models ---- */

static Statement list_models = {
	"SELECT m.name FROM reco.model m WHERE pg_has_role($1, m.owner, 'USAGE')"
	" ORDER BY (SELECT max(r.started) FROM reco.job_record r WHERE r.model_id = m.id) NULLS FIRST,"
	" m.name", NULL
};

/* All that the caller may train, the one that has waited longest first. */
static int
get_models(MemoryContext context, char ***names)
{
	Datum		user = ObjectIdGetDatum(GetUserId());
	Scope		scope;
	int			count;

	scope_begin_engine(&scope);
	count = statement_run(&list_models, 1, (Oid[]) {OIDOID}, &user, NULL, false, 0);
	*names = MemoryContextAlloc(context, count * sizeof(char *) + 1);
	for (int i = 0; i < count; i++)
		(*names)[i] = MemoryContextStrdup(context, SPI_getvalue(SPI_tuptable->vals[i],
																SPI_tuptable->tupdesc, 1));
	scope_end(&scope);
	return count;
}

/*
 * Retrains one model, or (NULL) all that the caller may train, one after the
 * other.  The error of a single model is raised again after it was recorded;
 * of several, each is a warning, and all together an error at the end, when
 * everything is committed.  A cancel ends the run at once.
 */
void
retrain(const char *name, bool atomic)
{
	MemoryContext before = CurrentMemoryContext;
	MemoryContext context;
	char	  **names;
	int			count = 1;
	int			failed = 0;

	PreventCommandIfReadOnly("reco.retrain()");
	/* that of the portal outlives transactions, and goes with the statement */
	context = AllocSetContextCreate(atomic ? CurrentMemoryContext : PortalContext,
									"reco nightly run", ALLOCSET_DEFAULT_SIZES);
	SPI_connect_ext(atomic ? 0 : SPI_OPT_NONATOMIC);
	if (name)
	{
		names = MemoryContextAlloc(context, sizeof(char *));
		names[0] = MemoryContextStrdup(context, name);
	}
	else
		count = get_models(context, &names);
	if (count == 0)
		ereport(NOTICE,
				(errmsg("there is no model that role \"%s\" may train",
						GetUserNameFromId(GetUserId(), false))));
	for (int i = 0; i < count; i++)
	{
		Run			run = {.atomic = atomic,.name = names[i]};

		run.context = AllocSetContextCreate(context, "reco nightly run of a model",
											ALLOCSET_DEFAULT_SIZES);
		run_model(&run);
		if (run.error && (name || is_cancel(run.error)))
			ReThrowError(run.error);
		if (run.error)
		{
			failed++;
			ereport(WARNING,
					(errcode(run.error->sqlerrcode),
					 errmsg("model \"%s\" failed: %s", run.name, run.error->message),
					 run.error->detail ? errdetail("%s", run.error->detail) : 0,
					 run.error->hint ? errhint("%s", run.error->hint) : 0));
		}
		MemoryContextSwitchTo(context);
		MemoryContextDelete(run.context);
	}
	if (failed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
				 errmsg("%d of %d models failed", failed, count),
				 errdetail("The versions that served before go on serving."),
				 errhint("SELECT * FROM reco.job_run WHERE outcome = 'failed' says why.")));
	SPI_finish();
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
}
