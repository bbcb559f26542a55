/*
 * bind_train.c - train, retrain
 */
#include "reco.h"

#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "job_record.h"
#include "retrain.h"
#include "train.h"
#include "version.h"

PG_FUNCTION_INFO_V1(reco_train);
PG_FUNCTION_INFO_V1(reco_retrain);
PG_FUNCTION_INFO_V1(reco_expect_run);

/*
 * train(model text) returns reco.model_version
 *
 * Reads the model's queries as the caller, fits, measures on held-out rows,
 * stores a new version and makes it the active one if it deserves it.
 * Errors: undefined_object, insufficient_privilege, and those of
 * training_read.
 */
Datum
reco_train(PG_FUNCTION_ARGS)
{
	Model	   *model;
	Training   *training;
	int32		version;

	model = model_get_to_change(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)),
								"reco.train()");
	training = training_begin(model);
	/* what was committed while we waited for the lock counts */
	PushActiveSnapshot(GetTransactionSnapshot());
	training_read(training);
	PopActiveSnapshot();
	training_check_rows(training);
	training_fit(training);
	training_publish(training);
	version = training->version;
	training_end(training);
	training_lay_out(model->name);
	PG_RETURN_DATUM(version_row(model, version));
}

/*
 * procedure retrain(model text)
 *
 * What a nightly job calls: see retrain.c.  Where it may, which is not inside
 * a transaction block or a function, it commits.  Errors: those of train; at
 * the end of a run over several models, one that says how many failed.
 */
Datum
reco_retrain(PG_FUNCTION_ARGS)
{
	bool		atomic = !(fcinfo->context && IsA(fcinfo->context, CallContext) &&
						   !castNode(CallContext, fcinfo->context)->atomic);

	retrain(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)), atomic);
	PG_RETURN_VOID();
}

/*
 * expect_run(schedule text, model text) returns timestamptz
 *
 * Notes when the current role has its models retrained; NULL, no more.
 * invalid_parameter_value for a schedule that cannot be read.
 */
Datum
reco_expect_run(PG_FUNCTION_ARGS)
{
	const char *schedule = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *model = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	TimestampTz due;

	PreventCommandIfReadOnly("reco.expect_run()");
	if (!job_record_expect(model, schedule, &due))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(due);
}
