/*
 * demand.c - the demand of items, and how they are ordered, read as arrays
 *
 * Two queries of the caller's: rows of demand (item, day, units and, if
 * wanted, on how many days there was nothing to sell) in any number for an
 * item and week, and a row for each item whose columns are told by their
 * names.  Weeks are spans of seven days that end the day before as_of, so a
 * row may be a sale, a day or a week.  Rows are kept as they arrive, 18 bytes
 * each; a counting sort brings those of an item together unless they already
 * are.
 */
#include "demand.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "select.h"

#define START_ROWS 1024

void
demand_init(Demand *demand, DateADT as_of, int history_weeks, Budget *budget)
{
	memset(demand, 0, sizeof(*demand));
	demand->budget = budget;
	demand->as_of = as_of;
	demand->history_weeks = history_weeks;
	idmap_init(&demand->ids, budget);
}

/* ---- checking the queries ---- */

typedef enum ColumnType
{
	COLUMN_ID,
	COLUMN_DAY,
	COLUMN_NUMBER
} ColumnType;

static void
check_type(const char *what, const char *hint, const char *name, ColumnType wanted, Oid type)
{
	static const char *const descriptions[] = {
		"smallint, integer or bigint",
		"a date, timestamp or timestamp with time zone",
		"a number"
	};
	Oid			base = getBaseType(type);

	if (wanted == COLUMN_ID ? is_integer_type(base)
		: wanted == COLUMN_DAY ? is_time_type(base) : is_number_type(base))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column %s of %s has type %s", name, what, format_type_be(type)),
			 errdetail("It must be %s.", descriptions[wanted]),
			 errhint("%s", hint)));
}

static const char *const column_casts[] = {"int8", "date", "float8"};

/* ---- rows of demand ---- */

#define DEMAND_HINT "The query returns item_id, day, units and, if wanted, days_out."
#define MIN_DEMAND_COLUMNS 3
#define DEMAND_COLUMNS 4

static const struct
{
	const char *name;
	ColumnType	type;
}			demand_columns[DEMAND_COLUMNS] = {
	{"item_id", COLUMN_ID},
	{"day", COLUMN_DAY},
	{"units", COLUMN_NUMBER},
	{"days_out", COLUMN_NUMBER}
};

static void
grow(Demand *d)
{
	Size		capacity = Max(START_ROWS, d->capacity * 2);

	d->item = budget_resize(d->budget, d->item, d->capacity, capacity, sizeof(uint32));
	d->week = budget_resize(d->budget, d->week, d->capacity, capacity, sizeof(uint16));
	d->units = budget_resize(d->budget, d->units, d->capacity, capacity, sizeof(double));
	d->days_out = budget_resize(d->budget, d->days_out, d->capacity, capacity, sizeof(float));
	d->capacity = capacity;
}

/* The number of an id; rows of one item often follow each other. */
static uint32
item_number(Demand *d, int64 id)
{
	if (d->rows > 0 && d->ids.ids[d->item[d->rows - 1]] == id)
		return d->item[d->rows - 1];
	return idmap_number(&d->ids, id);
}

static void
receive_demand(void *state, TupleTableSlot *slot)
{
	Demand	   *d = state;
	Datum	   *values;
	bool	   *nulls;
	DateADT		day;
	double		units;
	double		days_out;
	int64		days_ago;

	slot_getsomeattrs(slot, DEMAND_COLUMNS);
	values = slot->tts_values;
	nulls = slot->tts_isnull;
	if (nulls[0] || nulls[1] || nulls[2])
		return;
	day = DatumGetDateADT(values[1]);
	if (day >= d->as_of || DATE_NOT_FINITE(day))
		return;
	days_ago = (int64) d->as_of - 1 - day;
	if (days_ago >= (int64) d->history_weeks * WEEK_DAYS)
		return;
	units = DatumGetFloat8(values[2]);
	days_out = nulls[3] ? 0 : DatumGetFloat8(values[3]);
	if (!(fabs(units) <= MAX_QUANTITY) || !(days_out >= 0 && days_out <= MAX_QUANTITY))
	{
		d->rows_bad++;
		return;
	}
	if (d->rows == d->capacity)
		grow(d);
	d->item[d->rows] = item_number(d, DatumGetInt64(values[0]));
	d->week[d->rows] = (uint16) (days_ago / WEEK_DAYS);
	d->units[d->rows] = units;
	d->days_out[d->rows] = (float) Min(days_out, WEEK_DAYS);
	d->weeks = Max(d->weeks, d->week[d->rows] + 1);
	d->rows++;
}

/*
 * Reads the rows of a query: item_id, day, units [, days_out].  Rows with a
 * NULL in the first three, and rows from as_of on, are left out.  Errors: what
 * select_analyze raises, datatype_mismatch, invalid_column_definition,
 * numeric_value_out_of_range.
 */
void
demand_read(Demand *demand, const char *query)
{
	Query	   *checked = select_analyze("demand", DEMAND_HINT, query);
	StringInfoData select;
	StringInfoData names;
	int			columns = 0;
	ListCell   *cell;

	initStringInfo(&select);
	initStringInfo(&names);
	foreach(cell, checked->targetList)
	{
		TargetEntry *column = lfirst_node(TargetEntry, cell);

		if (column->resjunk || ++columns > DEMAND_COLUMNS)
			continue;
		check_type("demand", DEMAND_HINT, demand_columns[columns - 1].name,
				   demand_columns[columns - 1].type, exprType((Node *) column->expr));
		appendStringInfo(&names, "%s%s", columns > 1 ? ", " : "", demand_columns[columns - 1].name);
	}
	if (columns < MIN_DEMAND_COLUMNS || columns > DEMAND_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_DEFINITION),
				 errmsg("demand returns %d columns", columns),
				 errhint(DEMAND_HINT)));
	for (int i = 0; i < DEMAND_COLUMNS; i++)
		appendStringInfo(&select, "%s%s%s::pg_catalog.%s", i ? ", " : "SELECT ",
						 i < columns ? "q." : "NULL", i < columns ? demand_columns[i].name : "",
						 column_casts[demand_columns[i].type]);
	appendStringInfo(&select, " FROM (%s) q(%s)", select_qualified(checked), names.data);
	select_run(select.data, receive_demand, demand);
	if (demand->rows_bad > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("demand contains values that are no quantities"),
				 errdetail("%lld rows have units that are NaN, infinite or beyond %g, or days_out below zero.",
						   (long long) demand->rows_bad, MAX_QUANTITY),
				 errhint("Leave such rows out in the query, or make them NULL: NULLs are skipped.")));
}

/* ---- how items are ordered ---- */

#define ITEMS_HINT "The query returns item_id and any of lead_days, lead_sd_days, review_days, cover_days, " \
	"service_level, price, unit_cost, threshold, threshold_since."

static const struct
{
	const char *name;
	ColumnType	type;
	double		lowest;
	double		highest;
	size_t		offset;			/* in ItemTerms */
}			item_columns[] = {
	{"item_id", COLUMN_ID, 0, 0, 0},
	{"lead_days", COLUMN_NUMBER, 0, MAX_TERM_DAYS, offsetof(ItemTerms, lead_days)},
	{"lead_sd_days", COLUMN_NUMBER, 0, MAX_TERM_DAYS, offsetof(ItemTerms, lead_sd_days)},
	{"review_days", COLUMN_NUMBER, 0, MAX_TERM_DAYS, offsetof(ItemTerms, review_days)},
	{"cover_days", COLUMN_NUMBER, 0, MAX_TERM_DAYS, offsetof(ItemTerms, cover_days)},
	{"service_level", COLUMN_NUMBER, 0.01, 0.9999, offsetof(ItemTerms, service_level)},
	{"price", COLUMN_NUMBER, 0, MAX_QUANTITY, offsetof(ItemTerms, price)},
	{"unit_cost", COLUMN_NUMBER, 0, MAX_QUANTITY, offsetof(ItemTerms, unit_cost)},
	{"threshold", COLUMN_NUMBER, 0, MAX_QUANTITY, offsetof(ItemTerms, threshold)},
	{"threshold_since", COLUMN_DAY, 0, 0, offsetof(ItemTerms, threshold_since)}
};

#define ITEM_COLUMNS lengthof(item_columns)

static void
receive_item(void *state, TupleTableSlot *slot)
{
	Demand	   *d = state;
	ItemTerms  *terms;
	int64		id;

	slot_getsomeattrs(slot, ITEM_COLUMNS);
	if (slot->tts_isnull[0])
		return;
	id = DatumGetInt64(slot->tts_values[0]);
	if (d->terms_used == d->terms_capacity)
	{
		Size		capacity = Max(START_ROWS, d->terms_capacity * 2);

		d->terms = budget_resize(d->budget, d->terms, d->terms_capacity, capacity, sizeof(ItemTerms));
		d->terms_item = budget_resize(d->budget, d->terms_item, d->terms_capacity, capacity,
									  sizeof(uint32));
		d->terms_capacity = capacity;
	}
	d->terms_item[d->terms_used] = idmap_number(&d->ids, id);
	terms = &d->terms[d->terms_used++];
	*terms = d->defaults;
	for (int i = 1; i < ITEM_COLUMNS; i++)
	{
		char	   *field = (char *) terms + item_columns[i].offset;
		double		number;

		if (slot->tts_isnull[i])
			continue;
		if (item_columns[i].type == COLUMN_DAY)
		{
			*(DateADT *) field = DatumGetDateADT(slot->tts_values[i]);
			continue;
		}
		number = DatumGetFloat8(slot->tts_values[i]);
		if (!(number >= item_columns[i].lowest && number <= item_columns[i].highest) &&
			d->bad_column == 0)
		{
			d->bad_column = i;
			d->bad_item = id;
			d->bad_number = number;
		}
		*(double *) field = number;
	}
}

/*
 * Reads how items are ordered, for the items that forecasts are wanted of.
 * Errors: what select_analyze raises, datatype_mismatch,
 * invalid_column_definition, numeric_value_out_of_range.
 */
void
demand_read_items(Demand *demand, const char *query)
{
	Query	   *checked = select_analyze("items", ITEMS_HINT, query);
	bool		given[ITEM_COLUMNS] = {false};
	StringInfoData select;
	ListCell   *cell;

	foreach(cell, checked->targetList)
	{
		TargetEntry *column = lfirst_node(TargetEntry, cell);
		int			found = -1;

		if (column->resjunk)
			continue;
		for (int i = 0; i < ITEM_COLUMNS; i++)
		{
			if (strcmp(item_columns[i].name, column->resname) == 0)
				found = i;
		}
		if (found < 0 || given[found])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_COLUMN_DEFINITION),
					 errmsg(found < 0 ? "unknown column \"%s\" of items"
							: "column \"%s\" of items is given twice", column->resname),
					 errhint(ITEMS_HINT)));
		given[found] = true;
		check_type("items", ITEMS_HINT, column->resname, item_columns[found].type,
				   exprType((Node *) column->expr));
	}
	if (!given[0])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_DEFINITION),
				 errmsg("items has no column item_id"),
				 errhint(ITEMS_HINT)));

	initStringInfo(&select);
	for (int i = 0; i < ITEM_COLUMNS; i++)
		appendStringInfo(&select, "%s%s%s::pg_catalog.%s", i ? ", " : "SELECT ",
						 given[i] ? "q." : "NULL", given[i] ? item_columns[i].name : "",
						 column_casts[item_columns[i].type]);
	appendStringInfo(&select, " FROM (%s) q", select_qualified(checked));

	/* none at all is an answer too */
	demand->terms = budget_alloc(demand->budget, START_ROWS, sizeof(ItemTerms));
	demand->terms_item = budget_alloc(demand->budget, START_ROWS, sizeof(uint32));
	demand->terms_capacity = START_ROWS;
	select_run(select.data, receive_item, demand);
	if (demand->bad_column > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s of item %lld is %g", item_columns[demand->bad_column].name,
						(long long) demand->bad_item, demand->bad_number),
				 errhint("It must be between %g and %g.", item_columns[demand->bad_column].lowest,
						 item_columns[demand->bad_column].highest)));
}

/* ---- bringing the rows of an item together ---- */

/*
 * Items become numbers in the order of their ids, and rows are found by item.
 * Error: cardinality_violation for an item that was described twice.
 */
void
demand_finish(Demand *demand)
{
	Budget	   *budget = demand->budget;
	uint32		items = demand->ids.used;
	uint32	   *numbers = idmap_sort(&demand->ids);
	bool		ordered = true;

	demand->start = budget_alloc(budget, (Size) items + 1, sizeof(int64));
	memset(demand->start, 0, ((Size) items + 1) * sizeof(int64));
	for (int64 row = 0; row < demand->rows; row++)
	{
		check_interrupts_at(row);
		demand->item[row] = numbers[demand->item[row]];
		demand->start[demand->item[row] + 1]++;
		if (row > 0 && demand->item[row] < demand->item[row - 1])
			ordered = false;
	}
	for (uint32 item = 0; item < items; item++)
		demand->start[item + 1] += demand->start[item];
	if (!ordered)
	{
		int64	   *position = budget_alloc(budget, items, sizeof(int64));

		demand->order = budget_alloc(budget, demand->rows, sizeof(int64));
		memcpy(position, demand->start, items * sizeof(int64));
		for (int64 row = 0; row < demand->rows; row++)
		{
			check_interrupts_at(row);
			demand->order[position[demand->item[row]]++] = row;
		}
		budget_free(budget, position, items, sizeof(int64));
	}

	if (demand->terms)
	{
		demand->terms_of = budget_alloc(budget, items, sizeof(int64));
		for (uint32 item = 0; item < items; item++)
			demand->terms_of[item] = -1;
		for (int64 i = 0; i < demand->terms_used; i++)
		{
			int64	   *terms_of = &demand->terms_of[numbers[demand->terms_item[i]]];

			if (*terms_of >= 0)
				ereport(ERROR,
						(errcode(ERRCODE_CARDINALITY_VIOLATION),
						 errmsg("items returns more than one row of item %lld",
								(long long) demand->ids.ids[numbers[demand->terms_item[i]]]),
						 errhint("There must be one row for an item at most.")));
			*terms_of = i;
		}
	}
	budget_free(budget, numbers, items, sizeof(uint32));
}

/* The demand of all items together, the oldest of demand->weeks first. */
void
demand_totals(const Demand *demand, double *totals)
{
	memset(totals, 0, demand->weeks * sizeof(double));
	for (int64 row = 0; row < demand->rows; row++)
	{
		check_interrupts_at(row);
		totals[demand->weeks - 1 - demand->week[row]] += demand->units[row];
	}
	for (int week = 0; week < demand->weeks; week++)
		totals[week] = Max(totals[week], 0);
}

/*
 * The demand of an item, week after week, corrected for days without stock;
 * NAN where too few days were observed.  days_out is scratch memory.  What
 * was given back makes a week's demand smaller but never negative.
 *
 * Goods that are gone in no time, each time, may have no week that was
 * observed: then their few days have to do.
 */
void
demand_history(const Demand *demand, int64 item, double *history, double *days_out)
{
	bool		sold = false;

	memset(history, 0, demand->weeks * sizeof(double));
	memset(days_out, 0, demand->weeks * sizeof(double));
	for (int64 i = demand->start[item]; i < demand->start[item + 1]; i++)
	{
		int64		row = demand->order ? demand->order[i] : i;
		int			week = demand->weeks - 1 - demand->week[row];

		history[week] += demand->units[row];
		days_out[week] += demand->days_out[row];
	}
	for (int week = 0; week < demand->weeks; week++)
	{
		history[week] = Max(history[week], 0);
		sold |= history[week] > 0 && days_out[week] <= WEEK_DAYS - MIN_OBSERVED_DAYS;
	}
	for (int week = 0; week < demand->weeks; week++)
	{
		double		days = WEEK_DAYS - days_out[week];

		if (!sold && history[week] > 0)
			history[week] *= WEEK_DAYS / Max(days, 1);
		else
			history[week] = corrected_demand(history[week], days);
	}
}
