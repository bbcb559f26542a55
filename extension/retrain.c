/*
 * retrain.c - the nightly run
 *
 * For each model: lock, read, fit, publish, tidy up, lay the version out for
 * those who ask; then the forecasts of the shop of that name, and its alerts,
 * a few products at a time.  What a version goes live for is publish.c's
 * affair; this file sees to it that a bad night harms nothing and is known
 * about.
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
 * A training starts anew each night.  From the factors of the active version
 * the last fit would get along with two iterations in place of eight, which
 * is a fifth of a training; but its held-out metrics are slightly worse, the
 * fits that are measured cannot start there, as it has seen what is held out,
 * and the same rows would no longer give the same model.
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
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "job_record.h"
#include "trusted.h"

/* Products of a shop whose alerts are brought up to date in one transaction. */
#define PRODUCTS_PER_BATCH 50

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

	/* the shop of the model's name */
	int32		forecasts;		/* products forecast */
	Datum	   *products;		/* ids of all products */
	int64		product_count;
	int64		products_done;	/* whose alerts are up to date */
	int64		alerts;			/* opened or closed */
} Run;

typedef void (*Phase) (Run *run);

/* ---- phases ---- */

/* The end of the run's row; message and sqlstate may be NULL, version 0. */
static void
record_outcome(const Run *run, const char *outcome, const char *message, const char *sqlstate,
			   int32 version)
{
	job_record_outcome(run->record, run->model, outcome, message, sqlstate, version,
					   run->training ? run->training->budget.peak : 0);
}

static void
record_failure(Run *run)
{
	const ErrorData *error = run->error;
	char	   *message = error->detail ? psprintf("%s: %s", error->message, error->detail)
		: error->message;

	record_outcome(run, "failed", message, unpack_sql_state(error->sqlerrcode), 0);
}

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
	job_record_insert(run->model, "training", "skipped", NULL, message);
	ereport(NOTICE,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("model \"%s\" is skipped: another session is training or changing it", run->name)));
}

/* Takes the model and its lock, and begins the row. */
static void
begin(Run *run)
{
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
	run->model->as_owner = true;
	PopActiveSnapshot();
	job_record_tidy(run->model);
	run->record = job_record_insert(run->model, "training", "running", "reading", NULL);
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
	job_record_rows(run->record, run->training->rows_read);
}

static void
measure_fresh(Run *run)
{
	Fresh		fresh;

	if (fresh_measure(run->training, &fresh))
		job_record_fresh(run->record, &fresh);
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
			job_record_phase(run->record, "fitting");
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
	job_record_phase(run->record, "writing");
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

static void
lay_out_version(Run *run)
{
	training_lay_out(run->name);
}

/* ---- forecasts ---- */

/*
 * A shop is a schema by the model's name, but anybody may name a schema, and
 * what is done to its tables runs their triggers: they must be the model's
 * owner's own.
 */
static Statement find_shop = {
	"SELECT bool_and(c.relowner = $2) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relname IN ("
	"  'category', 'client', 'demand_week', 'forecast', 'forecast_run', 'likely_buyers', 'product',"
	"  'purchase_order', 'purchase_order_line', 'reservation', 'sale', 'sale_line', 'stock_alert',"
	"  'stock_level', 'stock_move', 'supplier', 'unmet_demand')"
	" HAVING bool_or(c.relname = 'demand_week')", NULL
};

static Statement refit_forecasts = {
	"SELECT reco.refit_forecasts($1::pg_catalog.name, alerts => false)", NULL
};

static Statement release_expired = {
	"SELECT reco.release_expired($1::pg_catalog.name)", NULL
};

static Statement refresh_likely_buyers = {
	"SELECT reco.refresh_likely_buyers($1::pg_catalog.name)", NULL
};

static Statement evaluate_products = {
	"SELECT reco.evaluate_shop($1::pg_catalog.name, $2)", NULL
};

/* Begins a row, if there is a shop of the model's name. */
static void
begin_forecasts(Run *run)
{
	Datum		values[2];
	Scope		scope;
	bool		found;
	bool		owned = false;
	bool		isnull;

	run->record = 0;
	scope_begin_engine(&scope);
	values[0] = CStringGetTextDatum(run->name);
	values[1] = ObjectIdGetDatum(run->model->owner);
	found = statement_run(&find_shop, 2, (Oid[]) {TEXTOID, OIDOID}, values, NULL, false, 1) == 1;
	if (found)
		owned = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	scope_end(&scope);
	if (found && !owned)
		(void) job_record_insert(run->model, "forecasts", "skipped", NULL,
								 "tables of the shop are not the model's owner's");
	else if (found)
		run->record = job_record_insert(run->model, "forecasts", "running", "fitting", NULL);
}

static void
refit(Run *run)
{
	Datum		name;
	Scope		scope;
	bool		isnull;

	scope_begin_change(&scope, run->model->owner);
	name = CStringGetTextDatum(run->name);
	statement_run(&refit_forecasts, 1, (Oid[]) {TEXTOID}, &name, NULL, false, 0);
	run->forecasts = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
												 &isnull));
	statement_run(&release_expired, 1, (Oid[]) {TEXTOID}, &name, NULL, false, 0);
	statement_run(&refresh_likely_buyers, 1, (Oid[]) {TEXTOID}, &name, NULL, false, 0);
	scope_end(&scope);
	job_record_phase(run->record, "alerts");
}

/* All products of the shop, for alerts to follow the new reorder points. */
static void
list_products(Run *run)
{
	Scope		scope;

	scope_begin_change(&scope, run->model->owner);
	if (SPI_execute(psprintf("SELECT l.product_id::bigint FROM %s.stock_level l ORDER BY 1",
							 quote_identifier(run->name)), true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the products of shop \"%s\"", run->name);
	run->product_count = (int64) SPI_processed;
	run->products = MemoryContextAllocHuge(run->context, run->product_count * sizeof(Datum) + 1);
	for (int64 i = 0; i < run->product_count; i++)
	{
		bool		isnull;

		run->products[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
	}
	scope_end(&scope);
}

/* A few products at a time: baskets wait for those that are in hand. */
static void
evaluate_some(Run *run)
{
	int			count = Min(PRODUCTS_PER_BATCH, run->product_count - run->products_done);
	Datum		values[2];
	Scope		scope;
	bool		isnull;

	scope_begin_change(&scope, run->model->owner);
	values[0] = CStringGetTextDatum(run->name);
	values[1] = PointerGetDatum(construct_array(run->products + run->products_done, count, INT8OID,
												sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	statement_run(&evaluate_products, 2, (Oid[]) {TEXTOID, INT8ARRAYOID}, values, NULL, false, 0);
	run->alerts += DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	scope_end(&scope);
	run->products_done += count;
}

static void
end_forecasts(Run *run)
{
	record_outcome(run, "refitted",
				   psprintf("%d products, %lld alerts opened or closed", run->forecasts,
							(long long) run->alerts), NULL, 0);
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
	{
		do_phase(run, analyze);
		end_training(run);
		do_phase(run, lay_out_version);
	}
	else if (run->error)
		fail(run);
	end_training(run);
}

static bool
refit_found_shop(Run *run)
{
	if (!do_phase(run, refit) || !do_phase(run, list_products))
		return false;
	while (run->products_done < run->product_count)
	{
		if (!do_phase(run, evaluate_some))
			return false;
	}
	return do_phase(run, end_forecasts);
}

static void
refit_shop(Run *run)
{
	ErrorData  *before = run->error;

	run->error = NULL;
	if (!do_phase(run, begin_forecasts) || (run->record != 0 && !refit_found_shop(run)))
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
