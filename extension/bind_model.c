/*
 * bind_model.c - create_model, drop_model, rows_now
 */
#include "reco.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/resowner.h"

#include "model.h"
#include "source.h"
#include "trusted.h"

PG_FUNCTION_INFO_V1(reco_create_model);
PG_FUNCTION_INFO_V1(reco_drop_model);
PG_FUNCTION_INFO_V1(reco_rows_now);

static Statement insert_model = {
	"INSERT INTO reco.model (name, owner, ratings, purchases, candidates, options, has_surplus)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING", NULL
};

/*
 * create_model(name text, ratings text, purchases text, candidates text,
 *				options jsonb) returns void
 *
 * Errors: null_value_not_allowed, invalid_parameter_value (no query, bad
 * options), duplicate_object, and those of source_check.
 */
Datum
reco_create_model(PG_FUNCTION_ARGS)
{
	char	   *name;
	ModelOptions options;
	Datum		values[7];
	char		nulls[7];
	int			columns = 0;
	Scope		scope;

	PreventCommandIfReadOnly("reco.create_model()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("model name must not be null")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("model name must not be empty")));
	if (PG_ARGISNULL(1) && PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" has no query to learn from", name),
				 errhint("Give at least one of ratings and purchases.")));
	memset(nulls, ' ', sizeof(nulls));
	values[0] = PG_GETARG_DATUM(0);
	values[1] = ObjectIdGetDatum(GetUserId());
	for (int kind = 0; kind < SOURCE_KINDS; kind++)
	{
		if (PG_ARGISNULL(1 + kind))
			nulls[2 + kind] = 'n';
		else
			values[2 + kind] =
				CStringGetTextDatum(source_check(kind,
												 text_to_cstring(PG_GETARG_TEXT_PP(1 + kind)), &columns));
		/* the last of them: how many columns candidates has, or none */
		values[6] = BoolGetDatum(kind == SOURCE_CANDIDATES && nulls[2 + kind] == ' ' && columns > 1);
	}
	values[5] = PG_ARGISNULL(4) ? DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"))
		: PG_GETARG_DATUM(4);
	options_parse(DatumGetJsonbP(values[5]), &options);

	scope_begin_engine(&scope);
	if (statement_run(&insert_model, 7,
					  (Oid[]) {TEXTOID, REGROLEOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, BOOLOID},
					  values, nulls, false, 0) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("model \"%s\" already exists", name),
				 errhint("Drop it first with reco.drop_model, or choose another name.")));
	scope_end(&scope);
	PG_RETURN_VOID();
}

static Statement delete_model = {
	"DELETE FROM reco.model WHERE id = $1", NULL
};

/* The rows of its versions, the versions last: they tell which rows these are. */
static Statement delete_versions[] = {
	{"DELETE FROM reco.model_array a USING reco.model_version v WHERE v.model = $1 AND a.version = v.uuid", NULL},
	{"DELETE FROM reco.model_trial WHERE model = $1", NULL},
	{"DELETE FROM reco.model_version WHERE model = $1", NULL}
};

/*
 * drop_model(name text) returns void: the model and all its versions.
 * Errors: undefined_object, insufficient_privilege.
 */
Datum
reco_drop_model(PG_FUNCTION_ARGS)
{
	Model	   *model;
	Datum		id;
	Datum		name;
	Scope		scope;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("model name must not be null")));
	model = model_get_to_change(text_to_cstring(PG_GETARG_TEXT_PP(0)), "reco.drop_model()");
	id = Int32GetDatum(model->id);
	scope_begin_engine(&scope);
	/* dropped by another session while we waited for the lock? */
	if (statement_run(&delete_model, 1, (Oid[]) {INT4OID}, &id, NULL, false, 0) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" does not exist", model->name)));
	name = CStringGetTextDatum(model->name);
	for (int i = 0; i < lengthof(delete_versions); i++)
		statement_run(&delete_versions[i], 1, (Oid[]) {TEXTOID}, &name, NULL, false, 0);
	scope_end(&scope);
	PG_RETURN_VOID();
}

/*
 * rows_now(model text) returns bigint: how many rows the model's queries
 * return, for the view reco.models.  NULL if they cannot be run, so that one
 * model whose table is gone does not hide the others.
 */
Datum
reco_rows_now(PG_FUNCTION_ARGS)
{
	const char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int64		rows = 0;
	volatile bool failed = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		Model	   *model = model_get(name);

		/* who may tend it counts for its owner, and lends it no rights */
		model->as_owner = has_privs_of_role(GetUserId(), model->owner);
		rows = source_count(model);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		/* a cancel is meant for the whole statement */
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			ReThrowError(error);
		failed = true;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (failed)
		PG_RETURN_NULL();
	PG_RETURN_INT64(rows);
}
