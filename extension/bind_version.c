/*
 * bind_version.c - activate, rollback, forget_client, export_model, import_model
 *
 * Which version of a model serves is a column of a table: it changes with the
 * transaction, for every session at its next statement.
 */
#include "reco.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/jsonb.h"
#include "utils/snapmgr.h"

#include "forget.h"
#include "source.h"
#include "transfer.h"
#include "trusted.h"
#include "version.h"

PG_FUNCTION_INFO_V1(reco_activate);
PG_FUNCTION_INFO_V1(reco_rollback);
PG_FUNCTION_INFO_V1(reco_forget_client);
PG_FUNCTION_INFO_V1(reco_export_model);
PG_FUNCTION_INFO_V1(reco_import_model);

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

/*
 * forget_client(client_id bigint, model text) returns integer: the client's id
 * and factors are gone from every version of the model that is kept; returns
 * how many had them.  The rows that the model's queries read are the caller's
 * to delete.  Errors: null_value_not_allowed, undefined_object,
 * insufficient_privilege, data_corrupted, and serialization_failure if another
 * session has trained or changed the model since the transaction's snapshot.
 */
Datum
reco_forget_client(PG_FUNCTION_ARGS)
{
	Model	   *model;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("client_id must not be null")));
	model = model_get_to_change(PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)),
								"reco.forget_client()");
	PG_RETURN_INT32(forget_client(model, PG_GETARG_INT64(0)));
}

/*
 * export_model(model text) returns bytea: the version that serves, with the
 * model's queries and options.  What a model learnt is worth what it was
 * learnt from, so this takes the owner, and the rights on the tables behind
 * it.  Errors: see transfer_export.
 */
Datum
reco_export_model(PG_FUNCTION_ARGS)
{
	Model	   *model = model_get(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)));
	SourceTraits traits = {0};

	model_check_owner(model);
	source_check_rights(model, &traits);
	PG_RETURN_BYTEA_P(transfer_export(model));
}

extern Datum reco_create_model(PG_FUNCTION_ARGS);

static Statement find_model = {
	"SELECT FROM reco.model m WHERE m.name = $1", NULL
};

static Statement read_description = {
	"SELECT $1->>'ratings', $1->>'purchases', $1->>'candidates', $1->'options',"
	" (jsonb_typeof($1->'options') = 'object' AND jsonb_typeof($1->'version') = 'object') IS TRUE", NULL
};

/* Makes the model of an exported one, as its importer's own. */
static void
create_imported(Datum name, Datum description)
{
	LOCAL_FCINFO(call, 5);
	MemoryContext context = CurrentMemoryContext;
	MemoryContext before;
	Scope		scope;

	InitFunctionCallInfoData(*call, NULL, 5, InvalidOid, NULL, NULL);
	call->args[0].value = name;
	call->args[0].isnull = false;
	scope_begin_engine(&scope);
	statement_run(&read_description, 1, (Oid[]) {JSONBOID}, &description, NULL, true, 1);
	before = MemoryContextSwitchTo(context);
	for (int i = 1; i < 5; i++)
	{
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i,
										  &call->args[i].isnull);

		if (!call->args[i].isnull)
			call->args[i].value = datumCopy(value, false, -1);
	}
	MemoryContextSwitchTo(before);
	scope_end(&scope);
	(void) reco_create_model(call);
}

/* What the description says, but for what only this database can tell. */
static Statement insert_version = {
	"INSERT INTO reco.model_version SELECT v.*"
	" FROM jsonb_populate_record(NULL::reco.model_version, $1->'version' || jsonb_build_object("
	"'model', $2, 'version', $3, 'uuid', $4, 'clients', $5, 'products', $6, 'bytes', $7,"
	" 'active', $8 AND ($1->'version'->'active')::boolean, 'activated_at',"
	" CASE WHEN $8 AND ($1->'version'->'active')::boolean THEN clock_timestamp() END,"
	" 'note', concat_ws('; ', $1->'version'->>'note',"
	" 'imported on ' || to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI TZ')))) v", NULL
};

static int32
insert_imported(const Model *model, const Transfer *transfer, const pg_uuid_t *uuid, bool may_serve)
{
	static const Oid types[] = {JSONBOID, TEXTOID, INT4OID, UUIDOID, INT8OID, INT8OID, INT8OID, BOOLOID};
	int32		version = version_next(model);
	Datum		values[8];
	Scope		scope;

	if (version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" does not exist", model->name)));
	scope_begin_engine(&scope);
	values[0] = transfer->description;
	values[1] = CStringGetTextDatum(model->name);
	values[2] = Int32GetDatum(version);
	values[3] = UUIDPGetDatum(uuid);
	values[4] = Int64GetDatum(transfer->header.clients);
	values[5] = Int64GetDatum(transfer->header.products);
	values[6] = Int64GetDatum((int64) transfer->bytes);
	values[7] = BoolGetDatum(may_serve);
	statement_run(&insert_version, 8, types, values, NULL, false, 0);
	scope_end(&scope);
	return version;
}

/* A version cannot serve rows that its model has no query for. */
static void
check_kind(const Model *model, SourceKind kind, bool learnt)
{
	if (learnt && !model->queries[kind])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("exported model learnt from %s, model \"%s\" has no query for them",
						source_names[kind], model->name),
				 errhint("Import it under a name that is not taken yet.")));
}

static bool
has_sound_description(const Transfer *transfer)
{
	Datum		description = transfer->description;
	Scope		scope;
	bool		sound;
	bool		isnull;

	if (!JB_ROOT_IS_OBJECT(DatumGetJsonbP(description)))
		return false;
	scope_begin_engine(&scope);
	statement_run(&read_description, 1, (Oid[]) {JSONBOID}, &description, NULL, true, 1);
	sound = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 5, &isnull));
	scope_end(&scope);
	return sound;
}

/*
 * import_model(name text, data bytea) returns reco.model_version
 *
 * Where there is no model of that name, makes one: its queries are checked as
 * if the caller had given them to create_model, and the version serves if it
 * did where it comes from.  To a model of the caller's it adds a version, for
 * activate to be called.  Errors: those of transfer_open and create_model,
 * insufficient_privilege, invalid_parameter_value.
 */
Datum
reco_import_model(PG_FUNCTION_ARGS)
{
	Datum		name;
	Transfer	transfer;
	Model	   *model;
	pg_uuid_t	uuid;
	Scope		scope;
	bool		is_new;
	int32		version;

	PreventCommandIfReadOnly("reco.import_model()");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", PG_ARGISNULL(0) ? "model name" : "data")));
	name = PG_GETARG_DATUM(0);
	transfer_open(PG_GETARG_BYTEA_PP(1), &transfer);
	if (!has_sound_description(&transfer))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("exported model is damaged"),
				 errdetail("Its description makes no sense.")));

	scope_begin_engine(&scope);
	is_new = statement_run(&find_model, 1, (Oid[]) {TEXTOID}, &name, NULL, false, 1) == 0;
	scope_end(&scope);
	if (is_new)
		create_imported(name, transfer.description);
	PushActiveSnapshot(GetTransactionSnapshot());
	model = model_get_to_change(TextDatumGetCString(name), "reco.import_model()");
	PopActiveSnapshot();
	check_kind(model, SOURCE_RATINGS, transfer.header.rating_width > 0);
	check_kind(model, SOURCE_PURCHASES, store_has_purchases(&transfer.header));
	version_make_uuid(&uuid);
	version = insert_imported(model, &transfer, &uuid, is_new);
	transfer_write(&transfer, &uuid);
	PG_RETURN_DATUM(version_row(model, version));
}
