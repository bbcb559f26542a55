/*
 * progress.c - how far a training is, for other sessions to see
 *
 * The server keeps a slot of progress for each backend, which VACUUM, COPY and
 * others write and the views pg_stat_progress_... read.  A training uses its
 * own backend's under a command number that none of the server's has, so none
 * of these views shows it.  The server itself clears the slot when a
 * transaction or a subtransaction is aborted and when a process ends, however
 * it ends; it needs no lock, no memory of ours and no preloading.  As with all
 * these views there is nothing to see where track_activities is off.
 *
 * A query that aborts a subtransaction of its own, or uses the slot, empties
 * it: the next phase of the training fills it again.
 */
#include "progress.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"

/* "reco": far from the numbers that the server gives its commands */
#define COMMAND_TRAINING ((ProgressCommandType) 0x7265636f)

/* The slot's numbers; what it is about is the id of the model. */
enum
{
	PARAM_OWNER,				/* of the model */
	PARAM_STARTED,
	PARAM_PHASE,
	PARAM_DONE,
	PARAM_TOTAL,
	PARAMS
};

static const char *const phase_names[PROGRESS_PHASES] = {
	[PROGRESS_READING_RATINGS] = "reading ratings",
	[PROGRESS_READING_PURCHASES] = "reading purchases",
	[PROGRESS_SORTING] = "sorting",
	[PROGRESS_AVERAGES] = "averaging ratings",
	[PROGRESS_MEASURED_RATINGS] = "fitting nine tenths of the ratings",
	[PROGRESS_RATINGS] = "fitting all ratings",
	[PROGRESS_PURCHASE_TRIALS] = "choosing settings for purchases",
	[PROGRESS_REPEATS] = "fitting earlier purchases",
	[PROGRESS_MEASURED_PURCHASES] = "fitting nine tenths of the purchases",
	[PROGRESS_PURCHASES] = "fitting all purchases",
	[PROGRESS_WRITING] = "writing",
};

/* What this backend's training has to say. */
static Oid	current_model;
static int64 current[PARAMS];

static void
put_all(void)
{
	static const int indexes[PARAMS] = {
		PARAM_OWNER, PARAM_STARTED, PARAM_PHASE, PARAM_DONE, PARAM_TOTAL
	};

	pgstat_progress_start_command(COMMAND_TRAINING, current_model);
	pgstat_progress_update_multi_param(PARAMS, indexes, current);
}

/* A training begins; it is reading. */
void
progress_begin(const Model *model, TimestampTz started)
{
	current_model = (Oid) model->id;
	memset(current, 0, sizeof(current));
	current[PARAM_OWNER] = model->owner;
	current[PARAM_STARTED] = started;
	put_all();
}

/* The next phase, of which so much is to be done. */
void
progress_phase(ProgressPhase phase, int64 total)
{
	current[PARAM_PHASE] = phase;
	current[PARAM_DONE] = 0;
	current[PARAM_TOTAL] = total;
	put_all();
}

/*
 * So much of the phase is done.  It costs a few nanoseconds, never goes back,
 * and draws along a total that was an estimate and too small.  Without a
 * training under way it does nothing: rows are read for other ends as well.
 */
void
progress_done(int64 done)
{
	if (done <= current[PARAM_DONE] || MyBEEntry == NULL ||
		MyBEEntry->st_progress_command != COMMAND_TRAINING)
		return;
	current[PARAM_DONE] = done;
	pgstat_progress_update_param(PARAM_DONE, done);
	if (done > current[PARAM_TOTAL])
	{
		current[PARAM_TOTAL] = done;
		pgstat_progress_update_param(PARAM_TOTAL, done);
	}
}

void
progress_end(void)
{
	pgstat_progress_end_command();
}

PG_FUNCTION_INFO_V1(reco_trainings);

/*
 * trainings() returns table (pid, model_id, phase, done, total, started): the
 * trainings of this database that are under way, of models that the caller may
 * see.  As they are now, not as they were when the transaction first looked.
 */
Datum
reco_trainings(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			backends;

	InitMaterializedSRF(fcinfo, 0);
	pgstat_clear_backend_activity_snapshot();
	backends = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= backends; i++)
	{
		const PgBackendStatus *backend = &backend_status_at(i)->backendStatus;
		const int64 *params = backend->st_progress_param;
		Datum		values[6];
		bool		nulls[6] = {0};

		if (backend->st_procpid == 0 || backend->st_progress_command != COMMAND_TRAINING ||
			backend->st_databaseid != MyDatabaseId ||
			!has_privs_of_role(GetUserId(), (Oid) params[PARAM_OWNER]) ||
			params[PARAM_PHASE] < 0 || params[PARAM_PHASE] >= PROGRESS_PHASES)
			continue;
		values[0] = Int32GetDatum(backend->st_procpid);
		values[1] = Int32GetDatum((int32) backend->st_progress_command_target);
		values[2] = CStringGetTextDatum(phase_names[params[PARAM_PHASE]]);
		values[3] = Int64GetDatum(params[PARAM_DONE]);
		values[4] = Int64GetDatum(params[PARAM_TOTAL]);
		values[5] = TimestampTzGetDatum(params[PARAM_STARTED]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
