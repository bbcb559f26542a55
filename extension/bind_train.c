/*
 * bind_train.c - train, retrain
 */
#include "reco.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "retrain.h"
#include "train.h"
#include "trusted.h"

PG_FUNCTION_INFO_V1(reco_train);
PG_FUNCTION_INFO_V1(reco_retrain);

static Statement version_row = {
	"SELECT v FROM reco.model_version v WHERE v.model = $1 AND v.version = $2", NULL
};

/* The row of a version, as a datum of the current memory context. */
static Datum
get_version_row(const Model *model, int32 version)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext before;
	Datum		values[2];
	Datum		row;
	Scope		scope;
	bool		isnull;

	scope_begin_engine(&scope);
	values[0] = CStringGetTextDatum(model->name);
	values[1] = Int32GetDatum(version);
	if (statement_run(&version_row, 2, (Oid[]) {TEXTOID, INT4OID}, values, NULL, false, 1) != 1)
		elog(ERROR, "version %d of model \"%s\" is gone", version, model->name);
	row = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	before = MemoryContextSwitchTo(context);
	row = datumCopy(row, false, -1);
	MemoryContextSwitchTo(before);
	scope_end(&scope);
	return row;
}

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
	training_read(training);
	training_check_rows(training);
	training_fit(training);
	training_publish(training);
	version = training->version;
	training_end(training);
	PG_RETURN_DATUM(get_version_row(model, version));
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
