/*
 * version.c - rows of reco.model_version
 */
#include "version.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "trusted.h"

static Statement find_row = {
	"SELECT v FROM reco.model_version v WHERE v.model = $1 AND v.version = $2", NULL
};

/* The row of a version, as a datum of the current memory context. */
Datum
version_row(const Model *model, int32 version)
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
	if (statement_run(&find_row, 2, (Oid[]) {TEXTOID, INT4OID}, values, NULL, false, 1) != 1)
		elog(ERROR, "version %d of model \"%s\" is gone", version, model->name);
	row = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	before = MemoryContextSwitchTo(context);
	row = datumCopy(row, false, -1);
	MemoryContextSwitchTo(before);
	scope_end(&scope);
	return row;
}

static Statement next_version = {
	"UPDATE reco.model SET last_version = last_version + 1 WHERE id = $1 RETURNING last_version", NULL
};

/* The number of the model's next version, nobody else's from now on; 0: the model is gone. */
int32
version_next(const Model *model)
{
	Datum		id = Int32GetDatum(model->id);
	Scope		scope;
	int32		version = 0;
	bool		isnull;

	scope_begin_engine(&scope);
	if (statement_run(&next_version, 1, (Oid[]) {INT4OID}, &id, NULL, false, 0) == 1)
		version = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	scope_end(&scope);
	return version;
}

/* A name for the arrays of a version, that no others have anywhere. */
void
version_make_uuid(pg_uuid_t *uuid)
{
	if (!pg_strong_random(uuid, sizeof(*uuid)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
}
