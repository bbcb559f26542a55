/*
 * bind_version.c - activate, rollback
 *
 * Which version of a model serves is a column of a table: it changes with the
 * transaction, for every session at its next statement.
 */
#include "reco.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "model.h"
#include "trusted.h"

PG_FUNCTION_INFO_V1(reco_activate);
PG_FUNCTION_INFO_V1(reco_rollback);

static Statement find_version = {
	"SELECT EXISTS (SELECT FROM reco.model_array a WHERE a.version = v.uuid)"
	" FROM reco.model_version v WHERE v.model = $1 AND v.version = $2", NULL
};

static Statement switch_off = {
	"UPDATE reco.model_version SET active = false"
	" WHERE model = $1 AND active AND version IS DISTINCT FROM $2", NULL
};

static Statement switch_on = {
	"UPDATE reco.model_version SET active = true,"
	" activated_at = CASE WHEN $3 THEN clock_timestamp() ELSE activated_at END,"
	" note = CASE WHEN $3 THEN concat_ws('; ', note, 'activated by hand on '"
	" || to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI TZ')) ELSE note END"
	" WHERE model = $1 AND version = $2 AND NOT active", NULL
};

/* Has the version live; in two steps, so that at no moment two are. */
static void
switch_to(const Model *model, int32 version, bool anew)
{
	Datum		values[3];
	Scope		scope;
	bool		isnull;

	scope_begin_engine(&scope);
	values[0] = CStringGetTextDatum(model->name);
	values[1] = Int32GetDatum(version);
	values[2] = BoolGetDatum(anew);
	if (statement_run(&find_version, 2, (Oid[]) {TEXTOID, INT4OID}, values, NULL, false, 1) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no version %d", model->name, version),
				 errhint("SELECT version, trained_at, note FROM reco.model_version lists them.")));
	if (!DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("version %d of model \"%s\" is no longer kept", version, model->name),
				 errdetail("Only the factors of the last versions are; of older ones only the metrics."),
				 errhint("The setting reco.keep_versions says how many are kept.")));
	statement_run(&switch_off, 2, (Oid[]) {TEXTOID, INT4OID}, values, NULL, false, 0);
	statement_run(&switch_on, 3, (Oid[]) {TEXTOID, INT4OID, BOOLOID}, values, NULL, false, 0);
	scope_end(&scope);
}

/*
 * activate(model text, version integer) returns void: from this transaction
 * on that version serves, whatever its metrics.  Errors: undefined_object if
 * there is no such version or its arrays are gone, insufficient_privilege.
 */
Datum
reco_activate(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("model name must not be null")));
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("version must not be null")));
	switch_to(model_get_to_change(text_to_cstring(PG_GETARG_TEXT_PP(0)), "reco.activate()"),
			  PG_GETARG_INT32(1), true);
	PG_RETURN_VOID();
}

static Statement former_version = {
	"SELECT b.version FROM reco.model_version b WHERE b.model = $1 AND NOT b.active"
	" AND b.activated_at IS NOT NULL ORDER BY b.activated_at DESC LIMIT 1", NULL
};

static Statement leave_version = {
	"UPDATE reco.model_version SET activated_at = NULL,"
	" note = concat_ws('; ', note, 'rolled back on ' || to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI TZ'))"
	" WHERE model = $1 AND active", NULL
};

/*
 * rollback(model text) returns integer: the version that served before the
 * active one serves again; returns its number.  The version left behind is
 * marked, so that the next rollback goes one further back; activate brings it
 * back.  Errors: object_not_in_prerequisite_state if none served before, and
 * those of activate.
 */
Datum
reco_rollback(PG_FUNCTION_ARGS)
{
	Model	   *model = model_get_to_change(PG_ARGISNULL(0) ? NULL
											: text_to_cstring(PG_GETARG_TEXT_PP(0)), "reco.rollback()");
	Datum		name;
	Scope		scope;
	int32		version;
	bool		isnull;

	scope_begin_engine(&scope);
	name = CStringGetTextDatum(model->name);
	if (statement_run(&former_version, 1, (Oid[]) {TEXTOID}, &name, NULL, false, 1) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no version to roll back to", model->name),
				 errdetail("No other version of it was active before."),
				 errhint("Choose one with reco.activate; reco.model_version lists them.")));
	version = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	statement_run(&leave_version, 1, (Oid[]) {TEXTOID}, &name, NULL, false, 0);
	scope_end(&scope);
	switch_to(model, version, false);
	PG_RETURN_INT32(version);
}
