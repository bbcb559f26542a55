/*
 * stock.c - the rule of stock alerts, and writing them
 *
 * An item has at most one open alert of a kind.  "out" is open while nothing
 * is left to sell.  "low" is opened when no more than the threshold s is left
 * or on order, and closed above s + max(1, s / 10), so that an item that goes
 * up and down around its threshold does not ring at every sale.
 *
 * Triggers see every changed row but only look for rows that crossed from one
 * side to the other: then the item is read again as it is now, whatever the
 * order in which triggers fire, compared with its open alerts, and what
 * differs is written.  Rows that did not cross cost no query.
 */
#include "stock.h"

#include "catalog/pg_type.h"
#include "commands/async.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "trusted.h"

#define ALERT_CHANNEL "reco_stock_alert"

/* Plans kept in a backend; beyond that all are forgotten. */
#define MAX_PLANS 512

static const char *const kind_names[ALERT_KINDS] = {"out", "low", "late", "drift"};

/* ---- the rule ---- */

static int
compare(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a), NumericGetDatum(b)));
}

/* What an item must rise above for its "low" alert to be closed. */
static Numeric
closing_level(Numeric threshold)
{
	static Numeric one = NULL;
	static Numeric tenth = NULL;
	Numeric		margin;

	if (tenth == NULL)
	{
		MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);

		one = int64_to_numeric(1);
		tenth = int64_div_fast_to_numeric(1, 1);
		MemoryContextSwitchTo(before);
	}
	margin = numeric_mul_opt_error(threshold, tenth, NULL);
	if (compare(margin, one) < 0)
		margin = one;
	return numeric_add_opt_error(threshold, margin, NULL);
}

static StockSide
side_of_sum(Numeric sum)
{
	if (sum == NULL)
		return SIDE_BETWEEN;
	return compare(sum, int64_to_numeric(0)) == 0 ? SIDE_CLOSED : SIDE_OPEN;
}

static StockSide
stock_side(const StockItem *item, AlertKind kind)
{
	if (!item->offered || item->available == NULL)
		return SIDE_CLOSED;
	switch (kind)
	{
		case ALERT_OUT:
			return compare(item->available, int64_to_numeric(0)) <= 0 ? SIDE_OPEN : SIDE_CLOSED;
		case ALERT_LOW:
			if (item->threshold == NULL)
				return SIDE_CLOSED;
			if (compare(item->position, item->threshold) <= 0)
				return SIDE_OPEN;
			return compare(item->position, closing_level(item->threshold)) > 0 ?
				SIDE_CLOSED : SIDE_BETWEEN;
		case ALERT_LATE:
			return side_of_sum(item->late);
		case ALERT_DRIFT:
			return side_of_sum(item->drift);
		default:
			break;
	}
	elog(ERROR, "unknown kind of alert %d", (int) kind);
}

/* May a change from one to the other open or close an alert? */
bool
stock_crossed(const StockItem *before, const StockItem *after)
{
	for (int kind = ALERT_OUT; kind <= ALERT_LOW; kind++)
	{
		StockSide	now = stock_side(after, kind);

		if (now != SIDE_BETWEEN && now != stock_side(before, kind))
			return true;
	}
	return false;
}

/* Why an alert is closed; opened_at_threshold: what ruled when it was opened, or NULL. */
static const char *
closing_reason(const StockItem *item, AlertKind kind, Numeric opened_at_threshold)
{
	if (item == NULL || !item->offered)
		return "retired";
	if (item->available == NULL)
		return "policy changed";
	if (kind == ALERT_LOW)
	{
		if (item->threshold == NULL ||
			(opened_at_threshold != NULL &&
			 compare(item->position, closing_level(opened_at_threshold)) <= 0))
			return "policy changed";
		if (compare(item->available, closing_level(item->threshold)) <= 0)
			return "ordered";
	}
	return "recovered";
}

/* What is compared in an item for a kind of alert, and with what. */
static Numeric
compared_quantity(const StockItem *item, AlertKind kind)
{
	switch (kind)
	{
		case ALERT_LOW:
			return item->position;
		case ALERT_LATE:
			return item->late;
		case ALERT_DRIFT:
			return item->drift;
		default:
			return item->available;
	}
}

static Numeric
compared_threshold(const StockItem *item, AlertKind kind)
{
	if (kind == ALERT_LOW)
		return item->threshold;
	return kind == ALERT_OUT ? int64_to_numeric(0) : NULL;
}

/* ---- statements and arrays ---- */

typedef struct KeptPlan
{
	uint64		hash;			/* key: of the text */
	char	   *sql;
	SPIPlanPtr	plan;
} KeptPlan;

static HTAB *kept_plans = NULL;

/* Statements of ours that are running, one inside the other. */
static int	running = 0;

static void
forget_plans(void)
{
	HASH_SEQ_STATUS sequence;
	KeptPlan   *kept;

	hash_seq_init(&sequence, kept_plans);
	while ((kept = hash_seq_search(&sequence)) != NULL)
	{
		if (kept->plan != NULL)
			SPI_freeplan(kept->plan);
		if (kept->sql != NULL)
			pfree(kept->sql);
	}
	hash_destroy(kept_plans);
	kept_plans = NULL;
}

/*
 * The plan of a statement, kept for the next time.  The names of schemas and
 * tables are in the text, so a renamed one gets a plan of its own.  Generic:
 * with the arrays of ids known the planner would plan anew each time, which
 * takes longer than to look up the few products of a basket.
 */
static SPIPlanPtr
plan_of(const char *sql, int nargs, const Oid *types)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) sql, strlen(sql), 0);
	KeptPlan   *kept;
	SPIPlanPtr	plan;
	bool		found;

	/* a trigger of the merchant's may have brought us here: then plans are in use */
	if (kept_plans != NULL && running == 0 && hash_get_num_entries(kept_plans) >= MAX_PLANS)
		forget_plans();
	if (kept_plans == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(uint64), .entrysize = sizeof(KeptPlan)};

		kept_plans = hash_create("reco stock plans", 32, &control, HASH_ELEM | HASH_BLOBS);
	}
	kept = hash_search(kept_plans, &hash, HASH_FIND, NULL);
	if (kept != NULL && strcmp(kept->sql, sql) == 0)
		return kept->plan;

	plan = SPI_prepare_cursor(sql, nargs, (Oid *) types, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	if (kept == NULL)
	{
		char	   *copy = MemoryContextStrdup(TopMemoryContext, sql);

		kept = hash_search(kept_plans, &hash, HASH_ENTER, &found);
		kept->sql = copy;
		SPI_keepplan(plan);
		kept->plan = plan;
	}
	return plan;
}

static int
run_plan(SPIPlanPtr plan, Datum *values, const char *nulls)
{
	int			result = 0;

	running++;
	PG_TRY();
	{
		result = SPI_execute_plan(plan, values, nulls, false, 0);
	}
	PG_FINALLY();
	{
		running--;
	}
	PG_END_TRY();
	return result;
}

/* Runs one of our statements; SPI is connected. Returns the number of rows. */
int
stock_run(const char *sql, int nargs, const Oid *types, Datum *values, const char *nulls)
{
	if (run_plan(plan_of(sql, nargs, types), values, nulls) < 0)
		elog(ERROR, "could not run \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	return (int) SPI_processed;
}

/*
 * Has the statements of the present scope find products by index, whatever
 * the planner thinks: it plans for tables as they are once and for all, and
 * rows that are written all the time leave many dead ones behind.
 */
void
stock_prefer_indexes(void)
{
	static const char *const settings[] = {"enable_seqscan", "enable_bitmapscan"};

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i], "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

ArrayType *
stock_id_array(const int64 *ids, int count)
{
	Datum	   *values = palloc(Max(count, 1) * sizeof(Datum));

	for (int i = 0; i < count; i++)
		values[i] = Int64GetDatum(ids[i]);
	return construct_array(values, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/* ---- transition tables ---- */

void
rows_begin(RowReader *reader, Relation relation, Tuplestorestate *rows)
{
	int			pointer = tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND);

	tuplestore_select_read_pointer(rows, pointer);
	tuplestore_rescan(rows);
	reader->rows = rows;
	reader->slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsMinimalTuple);
}

bool
rows_next(RowReader *reader)
{
	CHECK_FOR_INTERRUPTS();
	return tuplestore_gettupleslot(reader->rows, true, false, reader->slot);
}

void
rows_end(RowReader *reader)
{
	ExecDropSingleTupleTableSlot(reader->slot);
}

/* ---- alerts ---- */

typedef struct OpenAlertKey
{
	int64		product_id;
	int64		kind;
} OpenAlertKey;

typedef struct OpenAlert
{
	OpenAlertKey key;
	int64		id;
	Numeric		threshold;
	bool		seen;
} OpenAlert;

/* Arrays that grow together, for the statements that write. */
typedef struct Columns
{
	int			count;
	int			capacity;
	Datum	   *values[4];
	bool	   *nulls[4];
} Columns;

static void
add_row(Columns *columns, int width, const Datum *values)
{
	if (columns->count == columns->capacity)
	{
		columns->capacity = Max(2 * columns->capacity, 16);
		for (int i = 0; i < width; i++)
		{
			Size		count = columns->capacity;

			columns->values[i] = columns->values[i] ?
				repalloc_huge(columns->values[i], count * sizeof(Datum)) :
				palloc_extended(count * sizeof(Datum), MCXT_ALLOC_HUGE);
			columns->nulls[i] = columns->nulls[i] ?
				repalloc_huge(columns->nulls[i], count * sizeof(bool)) :
				palloc_extended(count * sizeof(bool), MCXT_ALLOC_HUGE);
		}
	}
	for (int i = 0; i < width; i++)
	{
		columns->values[i][columns->count] = values[i];
		columns->nulls[i][columns->count] = DatumGetPointer(values[i]) == NULL;
	}
	columns->count++;
}

static Datum
column_array(const Columns *columns, int column, Oid type)
{
	int			dims[] = {columns->count};
	int			lower[] = {1};
	bool		id = type == INT8OID;

	return PointerGetDatum(construct_md_array(columns->values[column],
											  id ? NULL : columns->nulls[column],
											  1, dims, lower, type, id ? (int) sizeof(int64) : -1,
											  id && FLOAT8PASSBYVAL,
											  id ? TYPALIGN_DOUBLE : TYPALIGN_INT));
}

/*
 * A value of the last statement.  Its tables are not ours: whoever owns them
 * may have given a column another type than the shop's.
 */
static Datum
result_value(uint64 row, int column, Oid type, bool *isnull)
{
	TupleDesc	columns = SPI_tuptable->tupdesc;

	if (SPI_gettypeid(columns, column) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of the stock has type %s", SPI_fname(columns, column),
						format_type_be(SPI_gettypeid(columns, column))),
				 errdetail("It must be %s.", format_type_be(type)),
				 errhint("Leave the columns of a shop's tables as reco.create_shop() made them.")));
	return SPI_getbinval(SPI_tuptable->vals[row], columns, column, isnull);
}

static void
refuse_null(int column)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("column \"%s\" of the stock is null", SPI_fname(SPI_tuptable->tupdesc, column))));
}

/* A number of the last statement; NULL for a null. */
Numeric
stock_nullable_number(uint64 row, int column)
{
	bool		isnull;
	Datum		value = result_value(row, column, NUMERICOID, &isnull);

	return isnull ? NULL : DatumGetNumericCopy(value);
}

Numeric
stock_number(uint64 row, int column)
{
	Numeric		number = stock_nullable_number(row, column);

	if (number == NULL)
		refuse_null(column);
	return number;
}

int64
stock_id(uint64 row, int column)
{
	bool		isnull;
	Datum		value = result_value(row, column, INT8OID, &isnull);

	if (isnull)
		refuse_null(column);
	return DatumGetInt64(value);
}

bool
stock_flag(uint64 row, int column)
{
	bool		isnull;
	Datum		value = result_value(row, column, BOOLOID, &isnull);

	if (isnull)
		refuse_null(column);
	return DatumGetBool(value);
}

/* Reads items in a scope of the reader's; they are of the current context. */
static StockItem *
read_items(const AlertBook *book, ArrayType *products, int *count)
{
	MemoryContext context = CurrentMemoryContext;
	StockItem  *items;
	Scope		scope;

	scope_begin_role(&scope, book->reader);
	if (products != NULL)
		stock_prefer_indexes();
	*count = products != NULL ?
		stock_run(book->items_some, 1, (Oid[]) {INT8ARRAYOID}, (Datum[]) {PointerGetDatum(products)}, NULL) :
		stock_run(book->items_all, 0, NULL, NULL, NULL);
	MemoryContextSwitchTo(context);
	items = palloc_extended(Max(*count, 1) * sizeof(StockItem), MCXT_ALLOC_HUGE);
	for (int i = 0; i < *count; i++)
	{
		items[i].product_id = stock_id(i, 1);
		items[i].offered = stock_flag(i, 2);
		items[i].available = stock_nullable_number(i, 3);
		items[i].position = stock_nullable_number(i, 4);
		items[i].threshold = stock_nullable_number(i, 5);
		items[i].late = stock_nullable_number(i, 6);
		items[i].drift = stock_nullable_number(i, 7);
	}
	scope_end(&scope);
	return items;
}

/* The open alerts of some products, or of all, by product and kind. */
static HTAB *
find_open_alerts(const AlertBook *book, ArrayType *products)
{
	MemoryContext context = CurrentMemoryContext;
	HASHCTL		control = {.keysize = sizeof(OpenAlertKey), .entrysize = sizeof(OpenAlert),
	.hcxt = context};
	HTAB	   *alerts = hash_create("open stock alerts", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	Datum		values[] = {ObjectIdGetDatum(book->relation), PointerGetDatum(products)};
	Oid			types[] = {REGCLASSOID, INT8ARRAYOID};
	int			count;

	count = products != NULL ?
		stock_run(book->find_some, 2, types, values, NULL) :
		stock_run(book->find_all, 1, types, values, NULL);
	MemoryContextSwitchTo(context);
	for (int i = 0; i < count; i++)
	{
		char	   *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3);
		OpenAlertKey key = {.product_id = stock_id(i, 2), .kind = ALERT_KINDS};
		OpenAlert  *alert;

		for (int kind = 0; kind < ALERT_KINDS; kind++)
			if (strcmp(name, kind_names[kind]) == 0)
				key.kind = kind;
		if (key.kind == ALERT_KINDS)
			continue;			/* not one of ours to open and close */
		alert = hash_search(alerts, &key, HASH_ENTER, NULL);
		alert->id = stock_id(i, 1);
		alert->threshold = stock_nullable_number(i, 4);
		alert->seen = false;
	}
	return alerts;
}

/*
 * Writes alerts, and sends a hint for each: its id, a shop's with the schema
 * before it.  Returns how many.
 */
static int
write_alerts(const AlertBook *book, const char *sql, int nargs, const Oid *types, Datum *values)
{
	int			count = stock_run(sql, nargs, types, values, NULL);

	for (int i = 0; i < count && reco_notify_alerts; i++)
	{
		char		id[32];

		snprintf(id, sizeof(id), INT64_FORMAT, stock_id(i, 1));
		Async_Notify(ALERT_CHANNEL, book->shop ? psprintf("%s:%s", book->shop, id) : id);
	}
	return count;
}

/* What is to be written, as columns: product_id first. */
typedef struct Transitions
{
	Columns		opening;		/* product_id, kind, quantity, threshold */
	Columns		closing;		/* product_id, id, reason */
} Transitions;

static void
close_alert(Columns *closing, const OpenAlert *alert, const char *reason)
{
	add_row(closing, 3, (Datum[]) {
		Int64GetDatum(alert->key.product_id), Int64GetDatum(alert->id), CStringGetTextDatum(reason)
	});
}

/*
 * Compares some products, or all, with their open alerts.  In the end a scope
 * of the book's writer is open.
 */
static void
find_transitions(const AlertBook *book, ArrayType *products, MemoryContext context, Scope *scope,
				 Transitions *transitions)
{
	HASH_SEQ_STATUS sequence;
	OpenAlert  *alert;
	StockItem  *items;
	HTAB	   *alerts;
	int			count;

	memset(transitions, 0, sizeof(*transitions));
	items = read_items(book, products, &count);
	if (OidIsValid(book->writer))
		scope_begin_role(scope, book->writer);
	else
		scope_begin_engine(scope);
	if (products != NULL)
		stock_prefer_indexes();
	MemoryContextSwitchTo(context);
	alerts = find_open_alerts(book, products);

	for (int i = 0; i < count; i++)
	{
		StockItem  *item = &items[i];

		CHECK_FOR_INTERRUPTS();
		for (int kind = 0; kind < ALERT_KINDS; kind++)
		{
			OpenAlertKey key = {.product_id = item->product_id, .kind = kind};
			StockSide	side = stock_side(item, kind);

			alert = hash_search(alerts, &key, HASH_FIND, NULL);
			if (alert != NULL)
			{
				alert->seen = true;
				if (side == SIDE_CLOSED)
					close_alert(&transitions->closing, alert,
								closing_reason(item, kind, alert->threshold));
			}
			else if (side == SIDE_OPEN)
				add_row(&transitions->opening, 4, (Datum[]) {
					Int64GetDatum(item->product_id), CStringGetTextDatum(kind_names[kind]),
					NumericGetDatum(compared_quantity(item, kind)),
					NumericGetDatum(compared_threshold(item, kind))
				});
		}
	}
	/* of products that are not there any more */
	hash_seq_init(&sequence, alerts);
	while ((alert = hash_seq_search(&sequence)) != NULL)
		if (!alert->seen)
			close_alert(&transitions->closing, alert,
						closing_reason(NULL, alert->key.kind, alert->threshold));
}

/*
 * Opens and closes the alerts of some products, or of all with NULL, so that
 * they say what is so now.  Returns how many were opened or closed.  The
 * caller sees to it that nobody else changes the same items meanwhile.
 */
int64
stock_evaluate(const AlertBook *book, ArrayType *products)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "stock alerts",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);
	Transitions transitions;
	Scope		scope;
	int64		written = 0;

	find_transitions(book, products, context, &scope, &transitions);
	if (transitions.closing.count > 0)
		written += write_alerts(book, book->close, 3,
								(Oid[]) {REGCLASSOID, INT8ARRAYOID, TEXTARRAYOID},
								(Datum[]) {ObjectIdGetDatum(book->relation),
									column_array(&transitions.closing, 1, INT8OID),
									column_array(&transitions.closing, 2, TEXTOID)});
	if (transitions.opening.count > 0)
		written += write_alerts(book, book->open, 5,
								(Oid[]) {REGCLASSOID, INT8ARRAYOID, TEXTARRAYOID, NUMERICARRAYOID,
									NUMERICARRAYOID},
								(Datum[]) {ObjectIdGetDatum(book->relation),
									column_array(&transitions.opening, 0, INT8OID),
									column_array(&transitions.opening, 1, TEXTOID),
									column_array(&transitions.opening, 2, NUMERICOID),
									column_array(&transitions.opening, 3, NUMERICOID)});
	scope_end(&scope);
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
	return written;
}

/* The products whose alerts do not say what is so now; NULL: none. */
ArrayType *
stock_due(const AlertBook *book)
{
	MemoryContext before = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(before, "stock alerts", ALLOCSET_DEFAULT_SIZES);
	Transitions transitions;
	Scope		scope;
	int64	   *ids;
	int			count = 0;

	MemoryContextSwitchTo(context);
	find_transitions(book, NULL, context, &scope, &transitions);
	scope_end(&scope);
	MemoryContextSwitchTo(before);
	ids = palloc_extended(Max(transitions.opening.count + transitions.closing.count, 1) * sizeof(int64),
						  MCXT_ALLOC_HUGE);
	for (int i = 0; i < transitions.opening.count; i++)
		ids[count++] = DatumGetInt64(transitions.opening.values[0][i]);
	for (int i = 0; i < transitions.closing.count; i++)
		ids[count++] = DatumGetInt64(transitions.closing.values[0][i]);
	MemoryContextDelete(context);
	return count > 0 ? stock_id_array(ids, count) : NULL;
}
