/*
 * model.c - the definition of a model, and which version of it serves
 */
#include "model.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "trusted.h"

const char *const source_names[SOURCE_KINDS] = {"ratings", "purchases", "candidates"};

static Statement find_model = {
	"SELECT m.id, m.owner::oid, m.ratings, m.purchases, m.candidates, m.options,"
	" v.version, v.uuid, v.active, m.has_surplus"
	" FROM reco.model m LEFT JOIN reco.model_version v ON v.model = m.name"
	" AND v.version = coalesce("
	"(SELECT a.version FROM reco.model_version a WHERE a.model = m.name AND a.active),"
	"(SELECT max(n.version) FROM reco.model_version n WHERE n.model = m.name))"
	" WHERE m.name = $1", NULL
};

/* The name given, or the setting reco.default_model. */
const char *
model_name_or_default(const char *name)
{
	if (name == NULL)
		name = reco_default_model;
	return name;
}

/*
 * Looks a model up, as the caller's snapshot sees it; name may be NULL for
 * the default.  The result is in the current memory context.
 */
Model *
model_get(const char *name)
{
	Model	   *model = palloc0(sizeof(Model));
	MemoryContext context = CurrentMemoryContext;
	Datum		value;
	Scope		scope;
	HeapTuple	row;
	TupleDesc	description;
	bool		isnull;

	name = model_name_or_default(name);
	scope_begin_engine(&scope);
	value = CStringGetTextDatum(name);
	if (statement_run(&find_model, 1, (Oid[]) {TEXTOID}, &value, NULL, true, 1) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" does not exist", name),
				 errhint("Create it with reco.create_model, or set reco.default_model to the name of a model.")));
	row = SPI_tuptable->vals[0];
	description = SPI_tuptable->tupdesc;
	model->id = DatumGetInt32(SPI_getbinval(row, description, 1, &isnull));
	model->owner = DatumGetObjectId(SPI_getbinval(row, description, 2, &isnull));
	for (int kind = 0; kind < SOURCE_KINDS; kind++)
	{
		value = SPI_getbinval(row, description, 3 + kind, &isnull);
		if (!isnull)
			model->queries[kind] = MemoryContextStrdup(context, TextDatumGetCString(value));
	}
	options_parse(DatumGetJsonbP(SPI_getbinval(row, description, 6, &isnull)), &model->options);
	value = SPI_getbinval(row, description, 7, &isnull);
	if (!isnull)
	{
		model->version = DatumGetInt32(value);
		memcpy(&model->uuid, DatumGetUUIDP(SPI_getbinval(row, description, 8, &isnull)),
			   sizeof(pg_uuid_t));
		model->active = DatumGetBool(SPI_getbinval(row, description, 9, &isnull));
	}
	model->has_surplus = DatumGetBool(SPI_getbinval(row, description, 10, &isnull));
	scope_end(&scope);
	model->name = pstrdup(name);
	return model;
}

/* Only the owner, or a member of the owner's role, trains or changes a model. */
void
model_check_owner(const Model *model)
{
	if (!has_privs_of_role(GetUserId(), model->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of model \"%s\"", model->name)));
}

/*
 * The lock that everybody holds who trains or changes a model.  It is on the
 * model as an object of the database: it shows in pg_locks and, unlike an
 * advisory lock, no other role can hold it first.
 */
void
model_lock_tag(int32 id, LOCKTAG *tag)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, engine_relation("model"), id, 0);
}

/* Waits for that lock and holds it until the end of the transaction. */
void
model_lock(const Model *model)
{
	LOCKTAG		tag;

	model_lock_tag(model->id, &tag);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * The model that its owner wants to change by a function, locked; name may be
 * NULL for the default one.
 */
Model *
model_get_to_change(const char *name, const char *function)
{
	Model	   *model;

	PreventCommandIfReadOnly(function);
	model = model_get(name);
	model_check_owner(model);
	model->as_owner = true;
	model_lock(model);
	return model;
}
