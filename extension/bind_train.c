/*
 * bind_train.c - train
 */
#include "reco.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "train.h"
#include "trusted.h"

PG_FUNCTION_INFO_V1(reco_train);

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
	Model	   *model = model_get(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Training   *training;
	int32		version;

	PreventCommandIfReadOnly("reco.train()");
	model_check_owner(model);
	model_lock(model);
	training = training_begin(model);
	training_read(training);
	training_fit(training);
	version = training_publish(training);
	training_end(training);
	PG_RETURN_DATUM(get_version_row(model, version));
}
