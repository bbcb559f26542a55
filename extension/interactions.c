/*
 * interactions.c - ratings or purchases read into arrays, one entry a pair
 *
 * A training reads each query once, into four growing arrays, while the id
 * maps number clients and products in order of arrival.  When all queries are
 * read the maps are sorted, and interactions_reduce renumbers the entries and
 * brings them into the order of client, product, arrival by two counting
 * sorts: linear, and the same however the rows arrived.  Then the entries of
 * one pair become one: purchases add up, of ratings the latest counts (by at,
 * rows without it being the oldest; else the last read).  Where the query
 * tells when things were bought the rows of a pair stay beside it as its
 * lines, in order of time: what was bought before some day, and how long ago,
 * can be asked of them.  Attributes are gathered beside (attributes.c).
 *
 * The same functions read the rows of a single client when one is folded in,
 * so that training and serving cannot disagree on what a client's rows mean.
 */
#include "interactions.h"

#include <math.h>

#include "miscadmin.h"

#include "progress.h"

#define START_ENTRIES 64
#define MANY_ENTRIES (1 << 20)
#define ENTRIES_AHEAD 16
#define ROWS_PER_REPORT 16

#define LEAST_WEIGHT 1e-4

/* ---- reading ---- */

static void
grow(Interactions *read)
{
	/* many at the start; later what is not used is a part of all memory */
	Size		capacity = Max(START_ENTRIES, read->capacity < MANY_ENTRIES ? read->capacity * 2
							   : read->capacity / 4 * 5);

	read->client = budget_resize(read->budget, read->client, read->capacity, capacity, sizeof(uint32));
	read->product = budget_resize(read->budget, read->product, read->capacity, capacity, sizeof(uint32));
	read->value = budget_resize(read->budget, read->value, read->capacity, capacity, sizeof(double));
	if (read->at)
		read->at = budget_resize(read->budget, read->at, read->capacity, capacity, sizeof(int64));
	if (read->marks_fresh)
		read->fresh = budget_resize(read->budget, read->fresh, read->capacity, capacity, sizeof(bool));
	read->capacity = capacity;
}

/* Gives the ids that are waiting their numbers. */
static void
number_ids(Interactions *read)
{
	int			count = read->used - read->numbered;

	idmap_fetch(read->clients, read->client_ids, count);
	idmap_fetch(read->products, read->product_ids, count);
	for (int i = 0; i < count; i++)
	{
		read->client[read->numbered + i] = idmap_number(read->clients, read->client_ids[i]);
		read->product[read->numbered + i] = idmap_number(read->products, read->product_ids[i]);
	}
	read->numbered = read->used;
}

/*
 * What a row tells of its client and product besides.  A row that is no rating
 * may still tell of a product, which nobody needs to have rated.
 */
static void
receive_attributes(Interactions *read, const SourceRow *row)
{
	bool		is_rating = !row->null_id && !row->null_value && isfinite(row->value);
	uint32		client;
	uint32		product;

	if (!read->attributes)
		read->attributes = attributes_begin(row, read->budget);
	if (row->null_product || (!is_rating && read->attributes->products.attributes == 0))
		return;
	product = idmap_number(read->products, row->product);
	if (is_rating)
		client = idmap_number(read->clients, row->client);
	attributes_receive(read->attributes, row, is_rating ? &client : NULL, &product);
}

static void
receive(void *state, const SourceRow *row)
{
	Interactions *read = state;
	int64		entry;

	if (++read->rows_read % ROWS_PER_REPORT == 0)
		progress_done(read->rows_read);
	if (row->attributes > 0)
		receive_attributes(read, row);
	if (row->null_id || row->null_value)
	{
		read->rows_null++;
		return;
	}
	if (!isfinite(row->value))
	{
		read->rows_not_finite++;
		return;
	}
	if (read->used == read->capacity)
		grow(read);
	entry = read->used++;
	read->client_ids[entry - read->numbered] = row->client;
	read->product_ids[entry - read->numbered] = row->product;
	read->value[entry] = row->value;
	if (read->marks_fresh)
		read->fresh[entry] = !row->null_at && row->at > read->fresh_since;

	if (!row->null_at && !read->at)
	{
		read->at = budget_alloc(read->budget, read->capacity, sizeof(int64));
		for (int64 i = 0; i < entry; i++)
			read->at[i] = PG_INT64_MIN;
	}
	if (read->at)
		read->at[entry] = row->null_at ? PG_INT64_MIN : Min(row->at, PG_INT64_MAX - 1);
	if (read->used - read->numbered == ROWS_PER_NUMBERING)
		number_ids(read);
}

static void
read_query(Interactions *read, const Model *model, SourceKind kind, const int64 *only_client,
		   IdMap *clients, IdMap *products, Budget *budget)
{
	read->budget = budget;
	read->clients = clients;
	read->products = products;
	read->kind = kind;
	source_read(model, kind, only_client, receive, read);
	number_ids(read);
	if (read->rows_not_finite > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s of model \"%s\" contain NaN or infinity", source_names[kind], model->name),
				 errdetail("%lld of %lld rows have a value that is not a finite number.",
						   (long long) read->rows_not_finite, (long long) read->rows_read),
				 errhint("Leave such rows out in the model's query, or make them NULL: NULLs are skipped.")));
}

/*
 * Runs a query of the model (for one client only, if only_client is given)
 * and numbers the ids it meets.  NaN or infinity in a value is an error,
 * numeric_value_out_of_range, with the number of such rows.
 */
void
interactions_read(Interactions *read, const Model *model, SourceKind kind,
				  const int64 *only_client,
				  IdMap *clients, IdMap *products, Budget *budget)
{
	memset(read, 0, sizeof(*read));
	read_query(read, model, kind, only_client, clients, products, budget);
}

/* The same for all clients, marking what came later than a time. */
void
interactions_read_since(Interactions *read, const Model *model, SourceKind kind,
						int64 since, IdMap *clients, IdMap *products, Budget *budget)
{
	memset(read, 0, sizeof(*read));
	read->marks_fresh = true;
	read->fresh_since = since;
	read_query(read, model, kind, NULL, clients, products, budget);
}

static void
interactions_free(Interactions *read)
{
	budget_free(read->budget, read->client, read->capacity, sizeof(uint32));
	budget_free(read->budget, read->product, read->capacity, sizeof(uint32));
	budget_free(read->budget, read->value, read->capacity, sizeof(double));
	budget_free(read->budget, read->at, read->capacity, sizeof(int64));
	budget_free(read->budget, read->fresh, read->capacity, sizeof(bool));
	budget_free(read->budget, read->times, read->capacity, sizeof(uint32));
	budget_free(read->budget, read->line_start, read->line_capacity + 1, sizeof(int64));
	budget_free(read->budget, read->lines, read->line_capacity, sizeof(PairLine));
	read->line_start = NULL;
	read->lines = NULL;
	read->client = read->product = NULL;
	read->value = NULL;
	read->at = NULL;
	read->times = NULL;
	read->fresh = NULL;
	read->used = read->capacity = 0;
}

/* ---- one entry a pair ---- */

/*
 * A purchase that was returned altogether was none.  Decimals do not add up
 * to zero exactly.
 */
static bool
is_returned(double quantity, double handled)
{
	return !(quantity > 1e-9 * handled);
}

/* An entry on its way: the number on the other side, and where it was read. */
typedef struct Sorted
{
	uint32		other;
	uint32		entry;
} Sorted;

/* Where the entries of each number start, and behind the last of them. */
static int64 *
count_starts(const uint32 *numbers, int64 entries, int64 end, Budget *budget)
{
	int64	   *start = budget_alloc(budget, end + 1, sizeof(int64));

	memset(start, 0, (end + 1) * sizeof(int64));
	for (int64 i = 0; i < entries; i++)
	{
		check_interrupts_at(i);
		start[numbers[i] + 1]++;
	}
	for (int64 number = 0; number < end; number++)
		start[number + 1] += start[number];
	return start;
}

/*
 * The entries in the order of client, product and arrival, and where those of
 * each client start; client and product of read are gone.  Two counting sorts,
 * each of which reads what it sorts from front to back.
 */
static Sorted *
sort_entries(Interactions *read, const uint32 *client_numbers, const uint32 *product_numbers,
			 int64 **client_starts)
{
	Budget	   *budget = read->budget;
	int64		entries = read->used;
	int64		clients = read->clients->used;
	int64		products = read->products->used;
	int64	   *to_client;
	int64	   *to_product;
	Sorted	   *by_product;
	Sorted	   *by_client;

	if (entries > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows"),
				 errdetail("A query of a model can have %u rows.", PG_UINT32_MAX)));
	for (int64 i = 0; i < entries; i++)
	{
		check_interrupts_at(i);
		read->client[i] = client_numbers[read->client[i]];
		read->product[i] = product_numbers[read->product[i]];
	}
	*client_starts = count_starts(read->client, entries, clients, budget);
	to_client = budget_alloc(budget, clients + 1, sizeof(int64));
	memcpy(to_client, *client_starts, (clients + 1) * sizeof(int64));
	to_product = count_starts(read->product, entries, products, budget);

	by_product = budget_alloc(budget, entries, sizeof(Sorted));
	for (int64 i = 0; i < entries; i++)
	{
		Sorted	   *to = &by_product[to_product[read->product[i]]++];

		check_interrupts_at(i);
		to->other = read->client[i];
		to->entry = (uint32) i;
	}
	budget_free(budget, read->client, read->capacity, sizeof(uint32));
	budget_free(budget, read->product, read->capacity, sizeof(uint32));
	read->client = read->product = NULL;

	/* now each start is the end */
	by_client = budget_alloc(budget, entries, sizeof(Sorted));
	for (int64 product = 0, i = 0; product < products; product++)
	{
		for (; i < to_product[product]; i++)
		{
			Sorted	   *to = &by_client[to_client[by_product[i].other]++];

			check_interrupts_at(i);
			to->other = (uint32) product;
			to->entry = by_product[i].entry;
		}
	}
	budget_free(budget, by_product, entries, sizeof(Sorted));
	budget_free(budget, to_product, products + 1, sizeof(int64));
	budget_free(budget, to_client, clients + 1, sizeof(int64));
	return by_client;
}

static int
compare_lines(const void *a, const void *b)
{
	const PairLine *x = a;
	const PairLine *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->quantity < y->quantity ? -1 : x->quantity > y->quantity;
}

/* A row more of the pair that was opened last. */
static void
add_to_pair(Interactions *reduced, const Interactions *read, int64 entry)
{
	int64		pair = reduced->used - 1;
	int64	   *next = reduced->line_start ? &reduced->line_start[reduced->used] : NULL;

	if (read->fresh && !read->fresh[entry])
		reduced->fresh[pair] = false;
	if (next)
		reduced->lines[(*next)++] = (PairLine) {read->at[entry], read->value[entry]};
	if (read->kind == SOURCE_PURCHASES)
		reduced->value[pair] += read->value[entry];
	else if (!read->at || read->at[entry] >= reduced->at[pair])
	{
		reduced->value[pair] = read->value[entry];
		if (read->at)
			reduced->at[pair] = read->at[entry];
	}
}

static void
open_pair(Interactions *reduced, int64 client, uint32 product)
{
	int64		pair = reduced->used++;

	reduced->client[pair] = (uint32) client;
	reduced->product[pair] = product;
	reduced->value[pair] = 0;
	if (reduced->at)
		reduced->at[pair] = PG_INT64_MIN;
	if (reduced->fresh)
		reduced->fresh[pair] = true;
	if (reduced->line_start)
		reduced->line_start[pair + 1] = reduced->line_start[pair];
}

/* How many rows say that the pair was bought, from the first that was so twice. */
static void
set_times(Interactions *reduced, int64 pair, uint32 times)
{
	if (reduced->times == NULL && times > 1)
	{
		reduced->times = budget_alloc(reduced->budget, reduced->capacity, sizeof(uint32));
		for (int64 i = 0; i < pair; i++)
			reduced->times[i] = 1;
	}
	if (reduced->times)
		reduced->times[pair] = Max(times, 1);
}

/*
 * All rows of the pair are in, so many of them purchases; one that was
 * returned altogether goes.
 */
static void
close_pair(Interactions *reduced, double handled, uint32 times)
{
	int64		pair = reduced->used - 1;

	if (reduced->kind == SOURCE_PURCHASES && !reduced->line_start)
		set_times(reduced, pair, times);

	if (reduced->kind == SOURCE_PURCHASES && is_returned(reduced->value[pair], handled))
		reduced->used--;
	else if (reduced->line_start && reduced->line_start[pair + 1] - reduced->line_start[pair] > 1)
		qsort(reduced->lines + reduced->line_start[pair],
			  reduced->line_start[pair + 1] - reduced->line_start[pair],
			  sizeof(PairLine), compare_lines);
}

/*
 * Renumbers clients and products as idmap_sort says and leaves one entry for
 * each pair, in order.  Pairs whose purchases add up to nothing are gone.
 */
void
interactions_reduce(Interactions *read, const uint32 *client_numbers,
					const uint32 *product_numbers)
{
	Budget	   *budget = read->budget;
	int64		entries = read->used;
	int64		clients = read->clients->used;
	bool		has_lines = read->kind == SOURCE_PURCHASES && read->at;
	int64	   *start;
	Sorted	   *sorted = sort_entries(read, client_numbers, product_numbers, &start);
	Interactions reduced = *read;

	reduced.used = 0;
	reduced.capacity = entries;
	reduced.client = budget_alloc(budget, entries, sizeof(uint32));
	reduced.product = budget_alloc(budget, entries, sizeof(uint32));
	reduced.value = budget_alloc(budget, entries, sizeof(double));
	reduced.at = read->at && !has_lines ? budget_alloc(budget, entries, sizeof(int64)) : NULL;
	reduced.fresh = read->fresh ? budget_alloc(budget, entries, sizeof(bool)) : NULL;
	if (has_lines)
	{
		reduced.line_capacity = entries;
		reduced.line_start = budget_alloc(budget, entries + 1, sizeof(int64));
		reduced.line_start[0] = 0;
		reduced.lines = budget_alloc(budget, entries, sizeof(PairLine));
	}
	for (int64 client = 0; client < clients; client++)
	{
		int64		end = start[client + 1];

		for (int64 i = start[client]; i < end;)
		{
			uint32		product = sorted[i].other;
			double		handled = 0;	/* quantities, without their signs */
			uint32		times = 0;	/* that it was bought, or more of it */

			open_pair(&reduced, client, product);
			for (; i < end && sorted[i].other == product; i++)
			{
				check_interrupts_at(i);
				if (i + ENTRIES_AHEAD < entries)
					__builtin_prefetch(&read->value[sorted[i + ENTRIES_AHEAD].entry]);
				add_to_pair(&reduced, read, sorted[i].entry);
				handled += fabs(read->value[sorted[i].entry]);
				times += read->value[sorted[i].entry] > 0;
			}
			close_pair(&reduced, handled, times);
		}
	}
	budget_free(budget, sorted, entries, sizeof(Sorted));
	budget_free(budget, start, clients + 1, sizeof(int64));
	if (read->attributes)
		attributes_reduce(read->attributes, client_numbers, clients, product_numbers,
						  read->products->used);
	interactions_free(read);
	*read = reduced;
}

/* Copies the rows of a pair from before a time; its value is theirs. */
static void
copy_lines(const Interactions *from, int64 entry, int64 before, Interactions *result)
{
	PairLines	lines = interactions_lines(from, entry);
	int64		pair = result->used - 1;
	int64	   *next = &result->line_start[result->used];

	result->value[pair] = 0;
	*next = result->line_start[pair];
	for (int64 i = 0; i < lines.count && lines.lines[i].at < before; i++)
	{
		result->lines[(*next)++] = lines.lines[i];
		result->value[pair] += lines.lines[i].quantity;
	}
}

/*
 * Copies the entries of reduced interactions that pass, as they would be had
 * no row been read of before[client] or later (NULL: whatever its time).
 */
void
interactions_select(const Interactions *from, EntryFilter filter, void *argument,
					const int64 *before, Interactions *result, Budget *budget)
{
	int64		entries = 0;
	int64		lines = 0;

	*result = *from;
	result->budget = budget;
	result->used = 0;
	result->marks_fresh = false;
	result->fresh = NULL;
	for (int64 i = 0; i < from->used; i++)
	{
		check_interrupts_at(i);
		if (!filter(from, i, argument))
			continue;
		entries++;
		lines += from->line_start ? from->line_start[i + 1] - from->line_start[i] : 0;
	}
	result->capacity = entries;
	result->client = budget_alloc(budget, entries, sizeof(uint32));
	result->product = budget_alloc(budget, entries, sizeof(uint32));
	result->value = budget_alloc(budget, entries, sizeof(double));
	result->at = from->at ? budget_alloc(budget, entries, sizeof(int64)) : NULL;
	if (from->line_start)
	{
		result->line_start = budget_alloc(budget, entries + 1, sizeof(int64));
		result->line_start[0] = 0;
		result->line_capacity = lines;
		result->lines = budget_alloc(budget, lines, sizeof(PairLine));
	}
	for (int64 i = 0; i < from->used; i++)
	{
		int64		pair;

		check_interrupts_at(i);
		if (!filter(from, i, argument))
			continue;
		pair = result->used++;
		result->client[pair] = from->client[i];
		result->product[pair] = from->product[i];
		result->value[pair] = from->value[i];
		if (from->line_start)
			copy_lines(from, i, before ? before[from->client[i]] : PG_INT64_MAX, result);
		else if (from->at)
			result->at[pair] = from->at[i];
	}
}

/* ---- when ---- */

/* The lines of an entry; where no row had a time, none. */
PairLines
interactions_lines(const Interactions *from, int64 entry)
{
	PairLines	lines = {0};

	if (from->line_start)
	{
		lines.lines = from->lines + from->line_start[entry];
		lines.count = from->line_start[entry + 1] - from->line_start[entry];
	}
	return lines;
}

/* The last time of some lines that is not after another; PG_INT64_MIN: none is. */
int64
lines_latest(PairLines lines, int64 not_after)
{
	int64		i = lines.count - 1;

	while (i >= 0 && lines.lines[i].at > not_after)
		i--;
	return i >= 0 ? lines.lines[i].at : PG_INT64_MIN;
}

/* Was anything bought, and not returned, from one time to before another? */
bool
lines_bought(PairLines lines, int64 since, int64 before)
{
	double		quantity = 0;
	double		handled = 0;

	for (int64 i = 0; i < lines.count && lines.lines[i].at < before; i++)
	{
		if (lines.lines[i].at < since)
			continue;
		quantity += lines.lines[i].quantity;
		handled += fabs(lines.lines[i].quantity);
	}
	return !is_returned(quantity, handled);
}

/*
 * How much the purchases before a time still say of a client's taste: the
 * sum over them of 2^(-age / half_life), in microseconds before origin, at
 * most 1.  Each counts LEAST_WEIGHT at least, also those of unknown age, so
 * that a client who has not come for long is not forgotten.  Rows of the same
 * time are one purchase.
 */
double
lines_weight(PairLines lines, int64 before, int64 origin, double half_life)
{
	double		sum = 0;
	int64		last = PG_INT64_MAX;

	for (int64 i = 0; i < lines.count && lines.lines[i].at < before; i++)
	{
		double		age = (double) origin - (double) lines.lines[i].at;

		if (lines.lines[i].quantity <= 0 || lines.lines[i].at == last)
			continue;
		sum += Max(exp2(-Max(age, 0) / half_life), LEAST_WEIGHT);
		last = lines.lines[i].at;
	}
	return Min(sum, 1);
}

/* The number of a day; days before 2000 have negative ones. */
static int64
day_of(int64 at)
{
	return at >= 0 ? at / USECS_PER_DAY : -1 - (-(at + 1)) / USECS_PER_DAY;
}

/*
 * On how many days before a time a pair was bought; a line without a time is
 * a day of its own.  last becomes the last of these times, PG_INT64_MIN if
 * none is known.
 */
int64
lines_days(PairLines lines, int64 before, int64 *last)
{
	int64		days = 0;

	*last = PG_INT64_MIN;
	for (int64 i = 0; i < lines.count && lines.lines[i].at < before; i++)
	{
		int64		at = lines.lines[i].at;

		if (lines.lines[i].quantity <= 0)
			continue;
		days += at == PG_INT64_MIN || *last == PG_INT64_MIN || day_of(at) != day_of(*last);
		*last = at;
	}
	return days;
}

/* ---- sparse matrices ---- */

static void
sparse_alloc(SparseRows *m, int64 rows, int64 columns, int64 entries, bool values, Budget *budget)
{
	m->rows = rows;
	m->columns = columns;
	m->start = budget_alloc(budget, rows + 1, sizeof(int64));
	m->column = budget_alloc(budget, entries, sizeof(uint32));
	m->value = values ? budget_alloc(budget, entries, sizeof(float)) : NULL;
}

void
sparse_free(SparseRows *m, Budget *budget)
{
	int64		entries = sparse_entries(m);

	budget_free(budget, m->column, entries, sizeof(uint32));
	budget_free(budget, m->value, entries, sizeof(float));
	budget_free(budget, m->start, m->rows + 1, sizeof(int64));
	memset(m, 0, sizeof(*m));
}

/*
 * The entries that pass the filter (NULL: all), a row for each client.
 * values has one float for each entry of from, or is NULL.
 */
void
interactions_by_client(const Interactions *from, EntryFilter filter, void *argument,
					   const float *values, SparseRows *result, Budget *budget)
{
	int64		passing = 0;
	int64		next_row = 0;

	for (int64 i = 0; i < from->used; i++)
	{
		check_interrupts_at(i);
		passing += !filter || filter(from, i, argument);
	}
	sparse_alloc(result, from->clients->used, from->products->used, passing, values != NULL, budget);
	passing = 0;
	for (int64 i = 0; i < from->used; i++)
	{
		check_interrupts_at(i);
		if (filter && !filter(from, i, argument))
			continue;
		while (next_row <= from->client[i])
			result->start[next_row++] = passing;
		result->column[passing] = from->product[i];
		if (values)
			result->value[passing] = values[i];
		passing++;
	}
	while (next_row <= result->rows)
		result->start[next_row++] = passing;
}

/* The same entries with rows and columns exchanged. */
void
sparse_transpose(const SparseRows *from, SparseRows *result, Budget *budget)
{
	int64		entries = sparse_entries(from);
	int64	   *position;

	sparse_alloc(result, from->columns, from->rows, entries, from->value != NULL, budget);
	position = budget_alloc(budget, from->columns + 1, sizeof(int64));
	memset(position, 0, (from->columns + 1) * sizeof(int64));
	for (int64 i = 0; i < entries; i++)
	{
		check_interrupts_at(i);
		position[from->column[i] + 1]++;
	}
	for (int64 row = 0; row < result->rows; row++)
		position[row + 1] += position[row];
	memcpy(result->start, position, (result->rows + 1) * sizeof(int64));
	for (int64 row = 0; row < from->rows; row++)
	{
		for (int64 i = from->start[row]; i < from->start[row + 1]; i++)
		{
			int64		to = position[from->column[i]]++;

			check_interrupts_at(i);
			result->column[to] = (uint32) row;
			if (from->value)
				result->value[to] = from->value[i];
		}
	}
	budget_free(budget, position, from->columns + 1, sizeof(int64));
}
