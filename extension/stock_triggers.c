/*
 * stock_triggers.c - what changes the levels of a shop
 *
 * Every trigger locks the levels of its statement in the order of their ids
 * before it reads or writes anything else, so that statements wait for each
 * other in a line and never in a circle.
 *
 * A move adds to on_hand.  The rest is computed anew, from the tables, when
 * one of these changes, when goods arrive (which takes from what is on order
 * in the same statement) and when goods move of which some are reserved (the
 * statement may be the sale of these).  So an alert sees a delivery, or the
 * sale of reserved goods, as one step.
 */
#include "stock_shop.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "trusted.h"

/* Products named in an error about too little stock. */
#define MAX_NAMED_SHORTAGES 5

static Shop *
shop_of_trigger(TriggerData *trigger)
{
	Relation	relation = trigger->tg_relation;

	return shop_open(RelationGetNamespace(relation), relation->rd_rel->relowner);
}

/* ---- one product's part in a statement ---- */

typedef struct Change
{
	int64		product_id;		/* key */
	Numeric		quantity;		/* what becomes available; below zero: no longer is */
	bool		fractional;		/* a part of a unit, in one row at least */
	bool		lacking;		/* takes more than there is */
	StockLevel	level;			/* as locked */
	StockItem	before;
	StockItem	after;
} Change;

typedef struct Changes
{
	MemoryContext context;
	HTAB	   *by_product;
	Change	  **sorted;			/* in the order of ids, after changes_sort */
	int64	   *ids;			/* theirs */
	int			count;
} Changes;

static void
changes_begin(Changes *changes)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(Change)};

	changes->context = AllocSetContextCreate(CurrentMemoryContext, "stock changes",
											 ALLOCSET_DEFAULT_SIZES);
	control.hcxt = changes->context;
	changes->by_product = hash_create("stock changes", 16, &control,
									  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	changes->sorted = NULL;
	changes->ids = NULL;
	changes->count = 0;
}

static Change *
change_of(Changes *changes, int64 product_id)
{
	bool		found;
	Change	   *change = hash_search(changes->by_product, &product_id, HASH_ENTER, &found);

	if (!found)
	{
		memset((char *) change + sizeof(int64), 0, sizeof(Change) - sizeof(int64));
		changes->count++;
	}
	return change;
}

static void
add_quantity(Changes *changes, int64 product_id, Numeric quantity)
{
	MemoryContext before = MemoryContextSwitchTo(changes->context);
	Change	   *change = change_of(changes, product_id);
	Numeric		sum = change->quantity;

	change->quantity = sum == NULL ? DatumGetNumericCopy(NumericGetDatum(quantity)) :
		numeric_add_opt_error(sum, quantity, NULL);
	if (sum != NULL)
		pfree(sum);
	MemoryContextSwitchTo(before);
}

static void
subtract_quantity(Changes *changes, int64 product_id, Numeric quantity)
{
	add_quantity(changes, product_id,
				 DatumGetNumeric(DirectFunctionCall1(numeric_uminus, NumericGetDatum(quantity))));
}

static int
compare_changes(const void *a, const void *b)
{
	int64		x = (*(Change *const *) a)->product_id;
	int64		y = (*(Change *const *) b)->product_id;

	return (x > y) - (x < y);
}

static ArrayType *
changes_sort(Changes *changes)
{
	HASH_SEQ_STATUS sequence;
	Change	   *change;
	int			i = 0;

	changes->sorted = MemoryContextAlloc(changes->context, Max(changes->count, 1) * sizeof(Change *));
	hash_seq_init(&sequence, changes->by_product);
	while ((change = hash_seq_search(&sequence)) != NULL)
		changes->sorted[i++] = change;
	qsort(changes->sorted, changes->count, sizeof(Change *), compare_changes);

	changes->ids = MemoryContextAlloc(changes->context, Max(changes->count, 1) * sizeof(int64));
	for (i = 0; i < changes->count; i++)
		changes->ids[i] = changes->sorted[i]->product_id;
	return stock_id_array(changes->ids, changes->count);
}

static void
changes_end(Changes *changes)
{
	MemoryContextDelete(changes->context);
}

static Datum
quantity_array(const Changes *changes)
{
	Datum	   *values = palloc(Max(changes->count, 1) * sizeof(Datum));

	for (int i = 0; i < changes->count; i++)
		values[i] = NumericGetDatum(changes->sorted[i]->quantity);
	return PointerGetDatum(construct_array(values, changes->count, NUMERICOID, -1, false, TYPALIGN_INT));
}

/* ---- levels ---- */

static Numeric
zero(void)
{
	return int64_to_numeric(0);
}

static bool
is_negative(Numeric number)
{
	return DatumGetBool(DirectFunctionCall2(numeric_lt, NumericGetDatum(number),
											NumericGetDatum(zero())));
}

static void
refuse_missing_levels(const Shop *shop, int count)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("shop \"%s\" lacks the stock levels of %d products", shop->name, count),
			 errhint("Make them anew with reco.upgrade_shop().")));
}

/*
 * Locks the levels of the changed products in the order of their ids, and
 * notes them in the changes.
 */
static void
lock_changed(const Shop *shop, Changes *changes, ArrayType *ids)
{
	MemoryContext before;
	int			count;

	stock_prefer_indexes();
	count = stock_run(psprintf("SELECT on_hand - reserved, on_order, reorder_point, active,"
							   " allow_backorder, reserved <> 0"
							   " FROM %s.stock_level WHERE product_id = ANY ($1)"
							   " ORDER BY product_id FOR NO KEY UPDATE", shop->schema),
					  1, (Oid[]) {INT8ARRAYOID}, (Datum[]) {PointerGetDatum(ids)}, NULL);
	if (count != changes->count)
		refuse_missing_levels(shop, changes->count - count);
	before = MemoryContextSwitchTo(changes->context);
	for (int i = 0; i < count; i++)
	{
		changes->sorted[i]->level = (StockLevel) {
			.available = stock_number(i, 1),
			.on_order = stock_number(i, 2),
			.reorder_point = stock_nullable_number(i, 3),
			.active = stock_flag(i, 4),
			.allow_backorder = stock_flag(i, 5),
			.some_reserved = stock_flag(i, 6)
		};
	}
	MemoryContextSwitchTo(before);
}

/* ---- what changes levels ---- */

static char *
number_text(Numeric number)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out,
											   DirectFunctionCall1(numeric_trim_scale,
																   NumericGetDatum(number))));
}

static char *
product_name(const Shop *shop, int64 product_id)
{
	if (stock_run(psprintf("SELECT name FROM %s.product WHERE id = $1", shop->schema),
				  1, (Oid[]) {INT8OID}, (Datum[]) {Int64GetDatum(product_id)}, NULL) != 1)
		return "";
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

static void
refuse_shortage(const Shop *shop, const Changes *changes)
{
	StringInfoData detail;
	int64		first = 0;
	int			count = 0;

	initStringInfo(&detail);
	for (int i = 0; i < changes->count; i++)
	{
		const Change *change = changes->sorted[i];
		Numeric		asked;

		if (!change->lacking)
			continue;
		if (count++ == 0)
			first = change->product_id;
		if (count > MAX_NAMED_SHORTAGES)
			continue;
		asked = numeric_sub_opt_error(zero(), change->quantity, NULL);
		appendStringInfo(&detail, "%sProduct " INT64_FORMAT " \"%s\": %s available, %s asked.",
						 count > 1 ? "\n" : "", change->product_id,
						 product_name(shop, change->product_id),
						 number_text(change->before.available), number_text(asked));
	}
	if (count > MAX_NAMED_SHORTAGES)
		appendStringInfo(&detail, "\nAnd %d more products.", count - MAX_NAMED_SHORTAGES);
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("not enough stock of product " INT64_FORMAT, first),
			 errdetail_internal("%s", detail.data),
			 errhint("Take no more than is available; products with allow_backorder may be sold before they are there.")));
}

/*
 * Works out what the locked levels are going to be.  Changes that take what is
 * not there are refused.
 */
static void
foresee_levels(const Shop *shop, Changes *changes)
{
	MemoryContext before = MemoryContextSwitchTo(changes->context);
	bool		lacking = false;

	for (int i = 0; i < changes->count; i++)
	{
		Change	   *change = changes->sorted[i];
		const StockLevel *level = &change->level;

		change->before.product_id = change->product_id;
		change->before.offered = level->active;
		change->before.available = level->available;
		change->before.threshold = level->reorder_point;
		change->after = change->before;
		change->after.available = numeric_add_opt_error(level->available, change->quantity, NULL);
		change->before.position = numeric_add_opt_error(change->before.available, level->on_order, NULL);
		change->after.position = numeric_add_opt_error(change->after.available, level->on_order, NULL);
		change->lacking = !level->allow_backorder && is_negative(change->quantity) &&
			is_negative(change->after.available);
		lacking |= change->lacking;
	}
	MemoryContextSwitchTo(before);
	if (lacking)
		refuse_shortage(shop, changes);
}

static bool
some_reserved(const Changes *changes)
{
	for (int i = 0; i < changes->count; i++)
		if (changes->sorted[i]->level.some_reserved)
			return true;
	return false;
}

/* The ids of products whose alerts may have to be opened or closed; NULL: none. */
static ArrayType *
crossing_products(const Changes *changes)
{
	int64	   *ids = palloc(changes->count * sizeof(int64));
	int			count = 0;

	for (int i = 0; i < changes->count; i++)
		if (stock_crossed(&changes->sorted[i]->before, &changes->sorted[i]->after))
			ids[count++] = changes->sorted[i]->product_id;
	return count > 0 ? stock_id_array(ids, count) : NULL;
}

/*
 * The columns that a trigger needs, by name.  The table need not be one that
 * create_shop made: its columns are looked at before its rows are.
 */
static int
column_number(TriggerData *trigger, const char *name, Oid type)
{
	TupleDesc	columns = RelationGetDescr(trigger->tg_relation);
	int			number = SPI_fnumber(columns, name);

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" of a shop has no column \"%s\"",
						RelationGetRelationName(trigger->tg_relation), name)));
	if (OidIsValid(type) && SPI_gettypeid(columns, number) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table \"%s\" has type %s", name,
						RelationGetRelationName(trigger->tg_relation),
						format_type_be(SPI_gettypeid(columns, number))),
				 errdetail("It must be %s.", format_type_be(type)),
				 errhint("Leave the columns of a shop's tables as reco.create_shop() made them.")));
	return number;
}

/* The value of such a column, which must not be null. */
static Datum
column_value(TupleTableSlot *row, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(row, column, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("column \"%s\" of a shop's table is null",
						NameStr(TupleDescAttr(row->tts_tupleDescriptor, column - 1)->attname))));
	return value;
}

static int64
get_id(TupleTableSlot *row, int column)
{
	return DatumGetInt64(column_value(row, column));
}

static Numeric
get_number(TupleTableSlot *row, int column)
{
	return DatumGetNumeric(column_value(row, column));
}

static bool
text_equals(TupleTableSlot *row, int column, const char *word)
{
	text	   *value = DatumGetTextPP(column_value(row, column));

	return VARSIZE_ANY_EXHDR(value) == strlen(word) &&
		memcmp(VARDATA_ANY(value), word, strlen(word)) == 0;
}

static bool
is_whole(Numeric number)
{
	return DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(number),
											DirectFunctionCall2(numeric_trunc, NumericGetDatum(number),
																Int32GetDatum(0))));
}

/* ---- moves ---- */

typedef struct MoveRows
{
	Changes		changes;
	bool		received;		/* goods arrived: less may be on order */
	int64	   *voids;			/* ids of rows that reverse another */
	int			void_count;
} MoveRows;

static void
read_moves(TriggerData *trigger, MoveRows *moves)
{
	int			id = column_number(trigger, "id", INT8OID);
	int			product = column_number(trigger, "product_id", INT8OID);
	int			quantity = column_number(trigger, "quantity", NUMERICOID);
	int			kind = column_number(trigger, "kind", TEXTOID);
	int			reverses = column_number(trigger, "reverses", INT8OID);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "stock rows",
												  ALLOCSET_SMALL_SIZES);
	RowReader	reader;

	memset(moves, 0, sizeof(*moves));
	changes_begin(&moves->changes);
	rows_begin(&reader, trigger->tg_relation, trigger->tg_newtable);
	while (rows_next(&reader))
	{
		MemoryContext before = MemoryContextSwitchTo(context);
		int64		product_id = get_id(reader.slot, product);
		Numeric		moved = get_number(reader.slot, quantity);

		add_quantity(&moves->changes, product_id, moved);
		if (!is_whole(moved))
			change_of(&moves->changes, product_id)->fractional = true;
		moves->received |= text_equals(reader.slot, kind, "receipt");
		MemoryContextSwitchTo(before);
		MemoryContextReset(context);
		if (!slot_attisnull(reader.slot, reverses))
		{
			/* doubles at the powers of two */
			if ((moves->void_count & (moves->void_count - 1)) == 0)
				moves->voids = moves->voids ?
					repalloc(moves->voids, 2 * moves->void_count * sizeof(int64)) :
					palloc(sizeof(int64));
			moves->voids[moves->void_count++] = get_id(reader.slot, id);
		}
	}
	rows_end(&reader);
	MemoryContextDelete(context);
}

/* A reversing row undoes another as a whole, and is not undone itself. */
static void
check_voids(const Shop *shop, const MoveRows *moves)
{
	ArrayType  *ids = stock_id_array(moves->voids, moves->void_count);
	char	   *reversed;

	if (stock_run(psprintf("SELECT o.id FROM %1$s.stock_move v JOIN %1$s.stock_move o ON o.id = v.reverses"
						   " WHERE v.id = ANY ($1) AND (o.kind = 'void' OR o.product_id <> v.product_id"
						   "   OR o.quantity <> - v.quantity)", shop->schema),
				  1, (Oid[]) {INT8ARRAYOID}, (Datum[]) {PointerGetDatum(ids)}, NULL) == 0)
		return;
	reversed = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("stock move %s cannot be reversed like that", reversed),
			 errdetail("A reversing row has the product and the opposite quantity of what it reverses, which is no reversing row itself."),
			 errhint("Use void_move(%s).", reversed)));
}

/* Parts of a unit only of products that are sold in parts. */
static void
check_parts(const Shop *shop, const Changes *changes)
{
	int64	   *ids = palloc(Max(changes->count, 1) * sizeof(int64));
	int			count = 0;

	for (int i = 0; i < changes->count; i++)
		if (changes->sorted[i]->fractional)
			ids[count++] = changes->sorted[i]->product_id;
	if (count == 0)
		return;
	if (stock_run(psprintf("SELECT id, name, unit FROM %s.product WHERE id = ANY ($1) AND NOT divisible"
						   " ORDER BY id", shop->schema),
				  1, (Oid[]) {INT8ARRAYOID},
				  (Datum[]) {PointerGetDatum(stock_id_array(ids, count))}, NULL) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("product %s is not divisible",
					SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1)),
			 errdetail("\"%s\" is sold by the whole %s.",
					   SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2),
					   SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3)),
			 errhint("Give a whole quantity, or set divisible of the product.")));
}

/*
 * Moves few products of which nothing is reserved, by hand.  False: levels
 * are locked at most, the rest is to be done by statements.
 */
static bool
move_by_hand(const Shop *shop, Changes *changes)
{
	StockLevel	levels[MAX_LEVELS_BY_HAND];
	Numeric		quantities[MAX_LEVELS_BY_HAND];
	LevelTable *table;
	bool		moved = false;
	int			locked;

	if (changes->count > MAX_LEVELS_BY_HAND || (table = levels_open(shop->levels)) == NULL)
		return false;
	locked = levels_lock(table, changes->ids, changes->count, levels);
	if (locked != changes->count)
		refuse_missing_levels(shop, changes->count - locked);
	for (int i = 0; i < changes->count; i++)
	{
		changes->sorted[i]->level = levels[i];
		quantities[i] = changes->sorted[i]->quantity;
	}
	if (!some_reserved(changes))
	{
		foresee_levels(shop, changes);
		levels_add(table, quantities);
		moved = true;
	}
	levels_close(table);
	return moved;
}

/* Moves any products.  True: levels were computed anew besides. */
static bool
move_by_statements(const Shop *shop, Changes *changes, ArrayType *ids, bool received)
{
	bool		sync;

	lock_changed(shop, changes, ids);
	sync = received || some_reserved(changes);
	if (sync)
	{
		shop_sync_levels(shop, ids);
		lock_changed(shop, changes, ids);
	}
	foresee_levels(shop, changes);
	shop_write_levels(shop,
				 psprintf("UPDATE %s.stock_level l SET on_hand = l.on_hand + m.quantity"
						  " FROM unnest($1, $2) AS m (product_id, quantity)"
						  " WHERE l.product_id = m.product_id", shop->schema),
				 2, (Oid[]) {INT8ARRAYOID, NUMERICARRAYOID},
				 (Datum[]) {PointerGetDatum(ids), quantity_array(changes)});
	return sync;
}

/* AFTER INSERT ON stock_move: levels follow the ledger. */
void
shop_moves(TriggerData *trigger)
{
	Shop	   *shop = shop_of_trigger(trigger);
	MoveRows	moves;
	Changes    *changes = &moves.changes;
	ArrayType  *ids;
	ArrayType  *crossing;
	Scope		scope;

	read_moves(trigger, &moves);
	if (changes->count > 0)
	{
		ids = changes_sort(changes);
		scope_begin_role(&scope, shop->role);
		if (moves.void_count > 0)
			check_voids(shop, &moves);
		check_parts(shop, changes);
		if (!moves.received && move_by_hand(shop, changes))
			crossing = crossing_products(changes);
		else if (move_by_statements(shop, changes, ids, moves.received))
			crossing = ids;
		else
			crossing = crossing_products(changes);
		if (crossing != NULL)
			shop_evaluate(shop, crossing);
		scope_end(&scope);
	}
	changes_end(changes);
}

/* ---- what levels depend on besides the ledger ---- */

/* Reads the products of the rows before and after; quantities too, where there is such a column. */
static void
read_products(TriggerData *trigger, const char *id_column, const char *quantity_column, Changes *changes)
{
	int			id = column_number(trigger, id_column, INT8OID);
	int			quantity = quantity_column ? column_number(trigger, quantity_column, NUMERICOID) : 0;
	Tuplestorestate *tables[] = {trigger->tg_oldtable, trigger->tg_newtable};

	for (int t = 0; t < lengthof(tables); t++)
	{
		RowReader	reader;

		if (tables[t] == NULL)
			continue;
		rows_begin(&reader, trigger->tg_relation, tables[t]);
		while (rows_next(&reader))
		{
			int64		product_id = get_id(reader.slot, id);

			if (quantity == 0)
				(void) change_of(changes, product_id);
			else if (tables[t] == trigger->tg_oldtable)
				add_quantity(changes, product_id, get_number(reader.slot, quantity));
			else
				subtract_quantity(changes, product_id, get_number(reader.slot, quantity));
		}
		rows_end(&reader);
	}
}

/* Has a statement emptied a table, so that all levels are to be computed anew? */
static bool
sync_after_truncate(TriggerData *trigger, const Shop *shop)
{
	Scope		scope;

	if (!TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		return false;
	scope_begin_role(&scope, shop->role);
	shop_lock_levels(shop, NULL);
	shop_sync_levels(shop, NULL);
	shop_evaluate(shop, NULL);
	scope_end(&scope);
	return true;
}

/* AFTER INSERT, UPDATE, DELETE, TRUNCATE ON reservation. */
void
shop_reservations(TriggerData *trigger)
{
	Shop	   *shop = shop_of_trigger(trigger);
	Changes		changes;
	ArrayType  *ids;
	Scope		scope;

	if (sync_after_truncate(trigger, shop))
		return;
	changes_begin(&changes);
	read_products(trigger, "product_id", "quantity", &changes);
	if (changes.count > 0)
	{
		ids = changes_sort(&changes);
		scope_begin_role(&scope, shop->role);
		lock_changed(shop, &changes, ids);
		foresee_levels(shop, &changes);
		shop_sync_levels(shop, ids);
		shop_evaluate(shop, ids);
		scope_end(&scope);
	}
	changes_end(&changes);
}

/* Locks, computes and evaluates the levels of some products. */
static void
sync_products(const Shop *shop, Changes *changes)
{
	ArrayType  *ids = changes_sort(changes);
	Scope		scope;

	if (changes->count == 0)
		return;
	scope_begin_role(&scope, shop->role);
	lock_changed(shop, changes, ids);
	shop_sync_levels(shop, ids);
	shop_evaluate(shop, ids);
	scope_end(&scope);
}

/* The products whose updated rows differ in what levels depend on. */
static void
read_changed_products(TriggerData *trigger, Changes *changes)
{
	static const char *const names[] = {"id", "active", "policy", "threshold"};
	TupleDesc	columns = RelationGetDescr(trigger->tg_relation);
	int			numbers[lengthof(names)];
	RowReader	old;
	RowReader	new;

	for (int i = 0; i < lengthof(names); i++)
		numbers[i] = column_number(trigger, names[i], i == 0 ? INT8OID : InvalidOid);
	rows_begin(&old, trigger->tg_relation, trigger->tg_oldtable);
	rows_begin(&new, trigger->tg_relation, trigger->tg_newtable);
	while (rows_next(&old) && rows_next(&new))
	{
		for (int i = 0; i < lengthof(names); i++)
		{
			Form_pg_attribute column = TupleDescAttr(columns, numbers[i] - 1);
			bool		was_null;
			bool		is_null;
			Datum		was = slot_getattr(old.slot, numbers[i], &was_null);
			Datum		is = slot_getattr(new.slot, numbers[i], &is_null);

			if (was_null != is_null ||
				(!is_null && !datumIsEqual(was, is, column->attbyval, column->attlen)))
			{
				(void) change_of(changes, get_id(new.slot, numbers[0]));
				break;
			}
		}
	}
	rows_end(&old);
	rows_end(&new);
}

/* AFTER INSERT, UPDATE ON product: a level comes with each product. */
void
shop_products(TriggerData *trigger)
{
	Shop	   *shop = shop_of_trigger(trigger);
	Changes		changes;

	changes_begin(&changes);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		Scope		scope;

		read_products(trigger, "id", NULL, &changes);
		scope_begin_role(&scope, shop->role);
		shop_make_levels(shop, changes_sort(&changes));
		scope_end(&scope);
	}
	else
		read_changed_products(trigger, &changes);
	sync_products(shop, &changes);
	changes_end(&changes);
}

/* The products on orders of which some columns have changed. */
static void
read_products_on_orders(TriggerData *trigger, const Shop *shop, Changes *changes)
{
	int			id = column_number(trigger, "id", INT8OID);
	Changes		orders;
	RowReader	reader;
	Scope		scope;
	int			count;

	changes_begin(&orders);
	rows_begin(&reader, trigger->tg_relation, trigger->tg_newtable);
	while (rows_next(&reader))
		(void) change_of(&orders, get_id(reader.slot, id));
	rows_end(&reader);
	scope_begin_role(&scope, shop->role);
	count = stock_run(psprintf("SELECT DISTINCT product_id FROM %s.purchase_order_line"
							   " WHERE purchase_order_id = ANY ($1)", shop->schema),
					  1, (Oid[]) {INT8ARRAYOID}, (Datum[]) {PointerGetDatum(changes_sort(&orders))}, NULL);
	for (int i = 0; i < count; i++)
		(void) change_of(changes, stock_id(i, 1));
	scope_end(&scope);
	changes_end(&orders);
}

/* AFTER UPDATE ON purchase_order; AFTER INSERT, UPDATE, DELETE, TRUNCATE ON purchase_order_line. */
void
shop_orders(TriggerData *trigger)
{
	Shop	   *shop = shop_of_trigger(trigger);
	Changes		changes;

	if (sync_after_truncate(trigger, shop))
		return;
	changes_begin(&changes);
	if (SPI_fnumber(RelationGetDescr(trigger->tg_relation), "product_id") > 0)
		read_products(trigger, "product_id", NULL, &changes);
	else
		read_products_on_orders(trigger, shop, &changes);
	sync_products(shop, &changes);
	changes_end(&changes);
}
