/*
 * model.c - the definition of a model, and which version of it serves
 */
#include "model.h"

#include "access/genam.h"
#include "access/table.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "trusted.h"

const char *const source_names[SOURCE_KINDS] = {"ratings", "purchases", "candidates"};

/* The name given, or the setting reco.default_model. */
const char *
model_name_or_default(const char *name)
{
	if (name == NULL)
		name = reco_default_model;
	return name;
}

/* ---- looking a model up ---- */

/* A row of a table of ours. */
typedef struct Row
{
	HeapTuple	tuple;
	TupleDesc	description;
} Row;

/* Tables of ours may have columns in another order where they were upgraded. */
static Datum
row_value(const Row *row, const char *column, bool *isnull)
{
	for (int i = 0; i < row->description->natts; i++)
	{
		if (strcmp(NameStr(TupleDescAttr(row->description, i)->attname), column) == 0)
			return heap_getattr(row->tuple, i + 1, row->description, isnull);
	}
	elog(ERROR, "column \"%s\" does not exist", column);
}

static char *
row_text(const Row *row, const char *column)
{
	bool		isnull;
	Datum		value = row_value(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* column = name, for an index of the table on it. */
static void
name_key(ScanKey key, Relation table, const char *column, Datum name)
{
	AttrNumber	number = get_attnum(RelationGetRelid(table), column);

	ScanKeyEntryInitialize(key, 0, number, BTEqualStrategyNumber, InvalidOid,
						   TupleDescAttr(RelationGetDescr(table), number - 1)->attcollation,
						   F_TEXTEQ, name);
}

static void
read_version(Model *model, const Row *row)
{
	bool		isnull;

	model->version = DatumGetInt32(row_value(row, "version", &isnull));
	model->uuid = *DatumGetUUIDP(row_value(row, "uuid", &isnull));
	model->active = DatumGetBool(row_value(row, "active", &isnull));
}

/* The active version, else the newest, if there is any. */
static void
find_version(Model *model, Datum name)
{
	Relation	table = table_open(engine_relation("model_version"), AccessShareLock);
	Row			row = {.description = RelationGetDescr(table)};
	ScanKeyData key;
	SysScanDesc scan;

	name_key(&key, table, "model", name);
	scan = systable_beginscan(table, engine_relation("model_version_active"), true,
							  GetActiveSnapshot(), 1, &key);
	row.tuple = systable_getnext(scan);
	if (HeapTupleIsValid(row.tuple))
		read_version(model, &row);
	systable_endscan(scan);
	if (model->version == 0)
	{
		Relation	index = index_open(engine_relation("model_version_pkey"), AccessShareLock);

		scan = systable_beginscan_ordered(table, index, GetActiveSnapshot(), 1, &key);
		row.tuple = systable_getnext_ordered(scan, BackwardScanDirection);
		if (HeapTupleIsValid(row.tuple))
			read_version(model, &row);
		systable_endscan_ordered(scan);
		index_close(index, NoLock);
	}
	table_close(table, NoLock);
}

/*
 * Looks a model up, as the caller's snapshot sees it; name may be NULL for
 * the default.  The result is in the current memory context.  Every statement
 * that asks anything of a model comes by here, so it goes straight to the
 * indexes: to a new session the planning of a query would cost more than all
 * else that makes its first list.
 */
Model *
model_get(const char *name)
{
	Model	   *model = palloc0(sizeof(Model));
	Relation	table = table_open(engine_relation("model"), AccessShareLock);
	Row			row = {.description = RelationGetDescr(table)};
	ScanKeyData key;
	SysScanDesc scan;
	bool		isnull;

	model->name = pstrdup(model_name_or_default(name));
	name_key(&key, table, "name", CStringGetTextDatum(model->name));
	scan = systable_beginscan(table, engine_relation("model_name_key"), true,
							  GetActiveSnapshot(), 1, &key);
	row.tuple = systable_getnext(scan);
	if (!HeapTupleIsValid(row.tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" does not exist", model->name),
				 errhint("Create it with reco.create_model, or set reco.default_model to the name of a model.")));
	model->id = DatumGetInt32(row_value(&row, "id", &isnull));
	model->owner = DatumGetObjectId(row_value(&row, "owner", &isnull));
	for (int kind = 0; kind < SOURCE_KINDS; kind++)
		model->queries[kind] = row_text(&row, source_names[kind]);
	model->has_surplus = DatumGetBool(row_value(&row, "has_surplus", &isnull));
	options_parse(DatumGetJsonbP(row_value(&row, "options", &isnull)), &model->options);
	systable_endscan(scan);
	table_close(table, NoLock);
	find_version(model, key.sk_argument);
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

/* Raises object_not_in_prerequisite_state for a model without a version. */
void
model_check_trained(const Model *model)
{
	if (model->version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has not been trained", model->name),
				 errhint("Train it with SELECT * FROM reco.train(%s).",
						 quote_literal_cstr(model->name))));
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
static void
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
