/*
 * stock_watch.c - alerts for an app's own table
 *
 * reco.watch_stock puts four statement triggers on a table, one for each of
 * INSERT, UPDATE, DELETE and TRUNCATE; their arguments are the names of the
 * columns, so that a dump of the table holds all there is to know.  A
 * partitioned table has them on each partition as well, for statements that
 * name a partition; the alerts are those of the whole table.
 *
 * Whoever changes a row holds its lock until the transaction ends, and an id
 * belongs to one row, so nobody else opens or closes the same alert meanwhile.
 * The only way around is a row deleted and inserted again, seen from an old
 * snapshot: open alerts are read with a lock, which then fails as it should.
 */
#include "stock.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "trusted.h"

/* one of the triggers of watch_stock, to read the arguments from */
#define WATCH_TRIGGER "reco_stock_insert"

/* Transition rows between two resets of the memory for their values. */
#define ROWS_PER_RESET 256

typedef enum WatchedColumn
{
	ID_COLUMN,
	QUANTITY_COLUMN,
	THRESHOLD_COLUMN,			/* may be left out */
	ACTIVE_COLUMN,				/* may be left out */
	WATCHED_COLUMNS
} WatchedColumn;

typedef struct Watch
{
	Relation	relation;		/* the one the statement named */
	Oid			root;			/* itself, or what it is a partition of */
	const char *names[WATCHED_COLUMNS]; /* NULL: left out */
	AttrNumber	attributes[WATCHED_COLUMNS];
	Oid			types[WATCHED_COLUMNS];
} Watch;

static void
watch_open(Watch *watch, Relation relation, const Trigger *trigger)
{
	TupleDesc	columns = RelationGetDescr(relation);

	watch->relation = relation;
	watch->root = relation->rd_rel->relispartition ?
		llast_oid(get_partition_ancestors(RelationGetRelid(relation))) : RelationGetRelid(relation);
	for (int i = 0; i < WATCHED_COLUMNS; i++)
	{
		const char *name = i < trigger->tgnargs ? trigger->tgargs[i] : "";

		watch->names[i] = *name ? name : NULL;
		if (watch->names[i] == NULL)
			continue;
		watch->attributes[i] = InvalidAttrNumber;
		for (int a = 0; a < columns->natts; a++)
		{
			Form_pg_attribute attribute = TupleDescAttr(columns, a);

			if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
			{
				watch->attributes[i] = attribute->attnum;
				watch->types[i] = getBaseType(attribute->atttypid);
			}
		}
		if (watch->attributes[i] == InvalidAttrNumber)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of watched table \"%s\" does not exist", name,
							RelationGetRelationName(relation)),
					 errhint("Name the columns again with reco.watch_stock(), or end it with reco.unwatch_stock().")));
	}
	/* anybody can make such a trigger by hand */
	if (watch->names[ID_COLUMN] == NULL || watch->names[QUANTITY_COLUMN] == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("trigger \"%s\" of table \"%s\" does not say which columns to watch",
						trigger->tgname, RelationGetRelationName(relation)),
				 errhint("Make it by reco.watch_stock().")));
	if (watch->names[ACTIVE_COLUMN] != NULL && watch->types[ACTIVE_COLUMN] != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of watched table \"%s\" is of type %s", watch->names[ACTIVE_COLUMN],
						RelationGetRelationName(relation), format_type_be(watch->types[ACTIVE_COLUMN])),
				 errhint("Whether a row is active is of type boolean.")));
}

static void
refuse_type(const Watch *watch, WatchedColumn column)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of watched table \"%s\" is of type %s", watch->names[column],
					RelationGetRelationName(watch->relation), format_type_be(watch->types[column])),
			 errhint("Ids are of an integer type, quantities and thresholds of a numeric type.")));
}

static Numeric
to_numeric(const Watch *watch, WatchedColumn column, Datum value)
{
	switch (watch->types[column])
	{
		case INT2OID:
			return int64_to_numeric(DatumGetInt16(value));
		case INT4OID:
			return int64_to_numeric(DatumGetInt32(value));
		case INT8OID:
			return int64_to_numeric(DatumGetInt64(value));
		case FLOAT4OID:
			return DatumGetNumeric(DirectFunctionCall1(float4_numeric, value));
		case FLOAT8OID:
			return DatumGetNumeric(DirectFunctionCall1(float8_numeric, value));
		case NUMERICOID:
			return DatumGetNumeric(value);
		default:
			refuse_type(watch, column);
			return NULL;
	}
}

/* A column of a row as a number; NULL and NaN are NULL. */
static Numeric
number_of(const Watch *watch, WatchedColumn column, TupleTableSlot *row)
{
	bool		isnull;
	Datum		value = slot_getattr(row, watch->attributes[column], &isnull);
	Numeric		number = isnull ? NULL : to_numeric(watch, column, value);

	return number == NULL || numeric_is_nan(number) ? NULL : number;
}

/* Reads a row of a transition table as an item; false: it has no id. */
static bool
read_item(const Watch *watch, TupleTableSlot *row, StockItem *item)
{
	bool		isnull;
	Datum		id = slot_getattr(row, watch->attributes[ID_COLUMN], &isnull);

	memset(item, 0, sizeof(*item));
	if (isnull)
		return false;
	switch (watch->types[ID_COLUMN])
	{
		case INT2OID:
			item->product_id = DatumGetInt16(id);
			break;
		case INT4OID:
			item->product_id = DatumGetInt32(id);
			break;
		case INT8OID:
			item->product_id = DatumGetInt64(id);
			break;
		default:
			refuse_type(watch, ID_COLUMN);
	}
	item->offered = true;
	if (watch->names[ACTIVE_COLUMN] != NULL)
	{
		Datum		active = slot_getattr(row, watch->attributes[ACTIVE_COLUMN], &isnull);

		item->offered = !isnull && DatumGetBool(active);
	}
	item->position = item->available = number_of(watch, QUANTITY_COLUMN, row);
	if (watch->names[THRESHOLD_COLUMN] != NULL)
	{
		item->threshold = number_of(watch, THRESHOLD_COLUMN, row);
		if (item->threshold == NULL)
			item->available = NULL; /* not watched */
	}
	return true;
}

/* Is a column the same in both rows, byte by byte? */
static bool
same_value(const Watch *watch, WatchedColumn column, TupleTableSlot *a, TupleTableSlot *b)
{
	Form_pg_attribute attribute;
	bool		a_isnull;
	bool		b_isnull;
	Datum		a_value;
	Datum		b_value;

	if (watch->names[column] == NULL)
		return true;
	attribute = TupleDescAttr(RelationGetDescr(watch->relation), watch->attributes[column] - 1);
	a_value = slot_getattr(a, watch->attributes[column], &a_isnull);
	b_value = slot_getattr(b, watch->attributes[column], &b_isnull);
	if (a_isnull || b_isnull)
		return a_isnull && b_isnull;
	return datumIsEqual(a_value, b_value, attribute->attbyval, attribute->attlen);
}

/* ---- the statements, for the table's names ---- */

/* A number read by SQL as number_of reads it. */
static char *
number_sql(const char *name)
{
	return psprintf("nullif(t.%s::numeric, 'NaN')", quote_identifier(name));
}

static char *
items_sql(const Watch *watch, bool some)
{
	char	   *table = quote_qualified_identifier(get_namespace_name(get_rel_namespace(watch->root)),
												   get_rel_name(watch->root));
	const char *id = quote_identifier(watch->names[ID_COLUMN]);
	char	   *quantity = number_sql(watch->names[QUANTITY_COLUMN]);
	const char *threshold = watch->names[THRESHOLD_COLUMN] ?
		number_sql(watch->names[THRESHOLD_COLUMN]) : "NULL::numeric";
	char	   *available = watch->names[THRESHOLD_COLUMN] ?
		psprintf("CASE WHEN %s IS NOT NULL THEN %s END", threshold, quantity) : quantity;
	char	   *active = watch->names[ACTIVE_COLUMN] ?
		psprintf("coalesce(t.%s, false)", quote_identifier(watch->names[ACTIVE_COLUMN])) :
		psprintf("t.%s IS NOT NULL", id);

	return psprintf("SELECT %s, %s, %s, %s, %s, NULL::numeric, NULL::numeric FROM %s%s t%s",
					some ? "i.id" : psprintf("t.%s::bigint", id), active, available, quantity, threshold,
					some ? "unnest($1) AS i (id) LEFT JOIN " : "", table,
					some ? psprintf(" ON t.%s = i.id", id) : psprintf(" WHERE t.%s IS NOT NULL", id));
}

/* The alerts of a watched table; who reads its items, and how, is to be added. */
static AlertBook
alert_book(Oid relation)
{
	return (AlertBook) {
		.relation = relation,
		.find_some = "SELECT id, product_id, kind, threshold FROM reco.stock_alert"
		" WHERE relation = $1 AND product_id = ANY ($2) AND closed_at IS NULL ORDER BY id FOR NO KEY UPDATE",
		.find_all = "SELECT id, product_id, kind, threshold FROM reco.stock_alert"
		" WHERE relation = $1 AND closed_at IS NULL ORDER BY id FOR NO KEY UPDATE",
		.open = "INSERT INTO reco.stock_alert (relation, product_id, kind, quantity, threshold)"
		" SELECT $1, a.product_id, a.kind, a.quantity, a.threshold"
		" FROM unnest($2, $3, $4, $5) AS a (product_id, kind, quantity, threshold)"
		" ORDER BY a.product_id, a.kind ON CONFLICT DO NOTHING RETURNING id",
		.close = "UPDATE reco.stock_alert a"
		" SET closed_at = greatest(clock_timestamp(), a.opened_at), close_reason = c.reason"
		" FROM unnest($2, $3) AS c (id, reason)"
		" WHERE a.relation = $1 AND a.id = c.id AND a.closed_at IS NULL RETURNING a.id",
	};
}

static int64
watch_evaluate(const Watch *watch, ArrayType *products)
{
	AlertBook	book = alert_book(watch->root);

	book.reader = watch->relation->rd_rel->relowner;
	book.items_some = items_sql(watch, true);
	book.items_all = items_sql(watch, false);
	return stock_evaluate(&book, products);
}

/* ---- the triggers ---- */

typedef struct Candidates
{
	int64	   *ids;
	int			count;
	int			capacity;
} Candidates;

static void
add_candidate(Candidates *candidates, int64 id)
{
	if (candidates->count == candidates->capacity)
	{
		candidates->capacity = Max(2 * candidates->capacity, 16);
		candidates->ids = candidates->ids ?
			repalloc_huge(candidates->ids, candidates->capacity * sizeof(int64)) :
			palloc(candidates->capacity * sizeof(int64));
	}
	candidates->ids[candidates->count++] = id;
}

/*
 * Collects the ids of items that the statement may have taken from one side
 * to the other.  The rows before and after come in the same order; where they
 * do not belong together, one has gone and the other come.
 */
static void
collect_crossings(const Watch *watch, TriggerData *trigger, Candidates *candidates)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "stock rows",
												  ALLOCSET_SMALL_SIZES);
	bool		has_old = trigger->tg_oldtable != NULL;
	bool		has_new = trigger->tg_newtable != NULL;
	RowReader	old;
	RowReader	new;

	if (has_old)
		rows_begin(&old, watch->relation, trigger->tg_oldtable);
	if (has_new)
		rows_begin(&new, watch->relation, trigger->tg_newtable);
	for (uint64 row = 0;; row++)
	{
		StockItem	before = {0};
		StockItem	after = {0};
		bool		is_before;
		bool		is_after;
		MemoryContext outer;

		has_old = has_old && rows_next(&old);
		has_new = has_new && rows_next(&new);
		if (!has_old && !has_new)
			break;
		if (has_old && has_new &&
			same_value(watch, ID_COLUMN, old.slot, new.slot) &&
			same_value(watch, QUANTITY_COLUMN, old.slot, new.slot) &&
			same_value(watch, THRESHOLD_COLUMN, old.slot, new.slot) &&
			same_value(watch, ACTIVE_COLUMN, old.slot, new.slot))
			continue;
		if (row % ROWS_PER_RESET == 0)
			MemoryContextReset(context);
		outer = MemoryContextSwitchTo(context);
		is_before = has_old && read_item(watch, old.slot, &before);
		is_after = has_new && read_item(watch, new.slot, &after);
		MemoryContextSwitchTo(outer);

		if (is_before && is_after && before.product_id == after.product_id)
		{
			if (stock_crossed(&before, &after))
				add_candidate(candidates, after.product_id);
			continue;
		}
		if (is_before && stock_crossed(&before, &(StockItem) {0}))
			add_candidate(candidates, before.product_id);
		if (is_after && stock_crossed(&(StockItem) {0}, &after))
			add_candidate(candidates, after.product_id);
	}
	if (trigger->tg_oldtable != NULL)
		rows_end(&old);
	if (trigger->tg_newtable != NULL)
		rows_end(&new);
	MemoryContextDelete(context);
}

/* The body of the four triggers. */
void
watch_statement(TriggerData *trigger)
{
	Watch		watch = {0};
	Candidates	candidates = {0};

	watch_open(&watch, trigger->tg_relation, trigger->tg_trigger);
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		watch_evaluate(&watch, NULL);
		return;
	}
	collect_crossings(&watch, trigger, &candidates);
	if (candidates.count > 0)
		watch_evaluate(&watch, stock_id_array(candidates.ids, candidates.count));
}

static void
check_owner(Oid relation)
{
	if (!owns_relation(relation, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(relation));
}

/* Rows about tables that are gone: their numbers may one day be another table's. */
static void
forget_lost_alerts(void)
{
	Scope		scope;

	scope_begin_engine(&scope);
	stock_run("DELETE FROM reco.stock_alert a"
			  " WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = a.relation)", 0, NULL, NULL, NULL);
	scope_end(&scope);
}

/* Evaluates the alerts of all rows of a watched table, for its owner. */
int64
watch_refresh(Oid relation)
{
	Relation	table;
	Watch		watch = {0};
	int64		written;

	check_owner(relation);
	table = try_relation_open(relation, ShareRowExclusiveLock);
	if (table == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no table with OID %u", relation)));
	for (int i = 0; table->trigdesc != NULL && i < table->trigdesc->numtriggers; i++)
	{
		if (strcmp(table->trigdesc->triggers[i].tgname, WATCH_TRIGGER) == 0)
			watch_open(&watch, table, &table->trigdesc->triggers[i]);
	}
	if (watch.relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not watched", RelationGetRelationName(table)),
				 errhint("Watch it with reco.watch_stock().")));
	forget_lost_alerts();
	written = watch_evaluate(&watch, NULL);
	relation_close(table, NoLock);
	return written;
}

/* Closes the open alerts of a table that is no longer watched, for its owner. */
int64
watch_close(Oid relation)
{
	AlertBook	book = alert_book(relation);

	check_owner(relation);
	book.reader = GetUserId();
	book.items_all = "SELECT NULL::bigint, false, NULL::numeric, NULL::numeric, NULL::numeric,"
		" NULL::numeric, NULL::numeric WHERE false";
	return stock_evaluate(&book, NULL);
}
