/*
 * eligible.c - which products may be offered now
 *
 * Two filters say so, both under the statement's snapshot and with the
 * caller's rights: the model's candidates query, and the caller's relation
 * (argument among).  A filter can be read, all of it, once a statement; or it
 * can be asked which of some products pass.  Asking of the few best products
 * is mostly much cheaper, where there is an index; for small tables, for many
 * lists in one statement and where nearly nothing passes, reading is.  What is
 * cheaper is decided by the planner's costs, anew with each question, by what
 * was spent on asking so far: together never more than a multiple of reading.
 *
 * A product that the model does not know is eligible all the same: lists have
 * n rows whenever n eligible products exist.
 */
#include "serving.h"

#include <math.h>

#include "utils/memutils.h"

#include "select.h"

/*
 * The planner takes every product asked for to be read from disk.  Those that
 * score best are asked for again and again: they are in memory, mostly.
 */
#define ASK_DISCOUNT 4

/* ---- reading a filter ---- */

/* A set in the making. */
typedef struct SetReader
{
	Serving    *serving;
	ProductSet *set;
	int64		capacity;		/* of unknown_ids */
} SetReader;

/* The part of a product that is surplus, as a row tells. */
static float
surplus_of(const SourceRow *row)
{
	return !row->null_value && row->value > 0 ? Min(row->value, 1) : 0;
}

static void
add_product(void *state, const SourceRow *row)
{
	SetReader  *reader = state;
	ProductSet *set = reader->set;
	const Image *image = reader->serving->image;
	int64		number;

	if (row->null_id)
		return;
	number = image_product(image, row->product);
	if (number >= 0)
	{
		set->products[number] = true;
		if (set->surplus)
			set->surplus[number] = Max(set->surplus[number], surplus_of(row));
		return;
	}
	if (set->unknown_count == reader->capacity)
	{
		int64		capacity = Max(64, reader->capacity * 2);

		set->unknown_ids = budget_resize(&reader->serving->budget, set->unknown_ids,
										 reader->capacity, capacity, sizeof(int64));
		reader->capacity = capacity;
	}
	set->unknown_ids[set->unknown_count++] = row->product;
}

/* Sorts the unknown ids and drops repeated ones. */
static void
end_set(ProductSet *set)
{
	int64		kept = 0;

	if (set->unknown_count > 1)
		ids_sort(set->unknown_ids, set->unknown_count);
	for (int64 i = 0; i < set->unknown_count; i++)
	{
		if (kept == 0 || set->unknown_ids[i] != set->unknown_ids[kept - 1])
			set->unknown_ids[kept++] = set->unknown_ids[i];
	}
	set->unknown_count = kept;
}

static const Among *
among_of(const Serving *serving, FilterKind kind)
{
	return kind == FILTER_AMONG ? serving->among : NULL;
}

static void
read_filter(Serving *serving, FilterKind kind)
{
	Filter	   *filter = &serving->filters[kind];
	MemoryContext before = MemoryContextSwitchTo(serving->context);
	SetReader	reader = {.serving = serving,.set = &filter->set};

	memset(&filter->set, 0, sizeof(ProductSet));
	filter->set.products = palloc0(serving->image->products * sizeof(bool) + 1);
	if (kind == FILTER_CANDIDATES && serving->model->has_surplus)
		filter->set.surplus = palloc0(serving->image->products * sizeof(float) + 1);
	source_read_products(serving->model, among_of(serving, kind), NULL, 0, add_product, &reader);
	end_set(&filter->set);
	filter->read = true;
	serving->has_both = false;
	MemoryContextSwitchTo(before);
}

/* ---- which filters there are, and what they cost ---- */

static void
examine_filter(Serving *serving, FilterKind kind)
{
	Filter	   *filter = &serving->filters[kind];
	const Among *among = among_of(serving, kind);
	MemoryContext before = MemoryContextSwitchTo(serving->context);
	Steadiness	steadiness = source_products_steadiness(serving->model, among, &serving->traits);
	double		rows;

	MemoryContextSwitchTo(before);
	serving->settings = select_settings_digest(serving->traits.settings);
	filter->is_volatile = steadiness == VOLATILE;
	filter->steady = steadiness == STEADY;
	filter->ask_cost = source_products_cost(serving->model, among, true, &rows);
	filter->read_cost = source_products_cost(serving->model, among, false, &rows);
	filter->rate = Min(1, Max(rows, 1) / Max(serving->image->products, 1));
	filter->examined = true;
	if (kind == FILTER_CANDIDATES)
		serving->traits.unsteady |= !filter->steady;
}

/*
 * Begins a list of products of this relation; InvalidOid: of any.  What was
 * read of it is kept if it cannot be another now.
 */
void
serving_begin_among(Serving *serving, Oid relation)
{
	Filter	   *filter = &serving->filters[FILTER_AMONG];
	MemoryContext before;

	if (filter->given && serving->among->relation == relation && filter->steady)
		return;
	memset(filter, 0, sizeof(Filter));
	serving->has_both = false;
	if (!OidIsValid(relation))
		return;
	before = MemoryContextSwitchTo(serving->context);
	serving->among = source_among(relation);
	MemoryContextSwitchTo(before);
	filter->given = true;
}

/*
 * How many of the best products to ask for, to find n where such a part
 * passes: with some to spare, as a second question costs more.
 */
int64
serving_depth(int64 n, double rate)
{
	return (int64) Min((n + 2 * sqrt(n)) / rate + 12, (double) PG_INT32_MAX);
}

/*
 * Has a filter read if it was not, and if asking for so many products more
 * would cost more, together with what was asked before.  more = 0: as many as
 * n lead to; n = 0: it must be read.  Returns whether it is to be asked.
 */
static bool
prepare_filter(Serving *serving, FilterKind kind, int64 n, int64 more)
{
	Filter	   *filter = &serving->filters[kind];

	if (!filter->given || filter->read)
		return false;
	if (!filter->examined)
		examine_filter(serving, kind);
	if (more == 0)
		more = serving_depth(n, filter->rate);
	if (n > 0 && !filter->is_volatile &&
		filter->asked + more * filter->ask_cost <= ASK_DISCOUNT * filter->read_cost)
		return true;
	read_filter(serving, kind);
	return false;
}

/* Leaves in set only what is in other as well. */
static void
intersect(ProductSet *set, const ProductSet *other, int64 products)
{
	int64		kept = 0;

	for (int64 i = 0; i < products; i++)
		set->products[i] = set->products[i] && other->products[i];
	for (int64 i = 0; i < set->unknown_count; i++)
	{
		if (ids_find(other->unknown_ids, other->unknown_count, set->unknown_ids[i]) >= 0)
			set->unknown_ids[kept++] = set->unknown_ids[i];
	}
	set->unknown_count = kept;
}

/* What is in both filters, with the candidates' surplus. */
static const ProductSet *
both_filters(Serving *serving)
{
	if (!serving->has_both)
	{
		const ProductSet *candidates = &serving->filters[FILTER_CANDIDATES].set;
		const ProductSet *among = &serving->filters[FILTER_AMONG].set;
		int64		products = serving->image->products;
		MemoryContext before = MemoryContextSwitchTo(serving->context);

		serving->both = *candidates;
		serving->both.products = palloc(products * sizeof(bool) + 1);
		memcpy(serving->both.products, candidates->products, products * sizeof(bool));
		serving->both.unknown_ids = palloc(candidates->unknown_count * sizeof(int64) + 1);
		if (candidates->unknown_count > 0)
			memcpy(serving->both.unknown_ids, candidates->unknown_ids,
				   candidates->unknown_count * sizeof(int64));
		intersect(&serving->both, among, products);
		MemoryContextSwitchTo(before);
		serving->has_both = true;
	}
	return &serving->both;
}

/* The products of the candidates query, read; without one, the model's own. */
const ProductSet *
serving_candidates(Serving *serving)
{
	Filter	   *filter = &serving->filters[FILTER_CANDIDATES];

	filter->given = serving->model->queries[SOURCE_CANDIDATES] != NULL;
	(void) prepare_filter(serving, FILTER_CANDIDATES, 0, 0);
	filter->set.everything = !filter->given;
	return &filter->set;
}

/*
 * The products that may be offered: those of candidates, if the model has
 * that query, and, if so wished, of the relation that the list began with;
 * without both, the model's own.  For n and more see prepare_filter.
 */
Eligibility
serving_eligibility(Serving *serving, bool among, int64 n, int64 more)
{
	static const ProductSet everything = {.everything = true};
	Eligibility result = {.set = &everything,.rate = 1};

	serving->filters[FILTER_CANDIDATES].given = serving->model->queries[SOURCE_CANDIDATES] != NULL;
	for (int kind = 0; kind <= (among ? FILTER_AMONG : FILTER_CANDIDATES); kind++)
	{
		result.ask[kind] = prepare_filter(serving, kind, n, more);
		result.asking |= result.ask[kind];
		if (result.ask[kind])
			result.rate *= serving->filters[kind].rate;
	}
	among = among && serving->filters[FILTER_AMONG].read;
	if (serving->filters[FILTER_CANDIDATES].read)
		result.set = among ? both_filters(serving) : &serving->filters[FILTER_CANDIDATES].set;
	else if (among)
		result.set = &serving->filters[FILTER_AMONG].set;
	return result;
}

/* ---- asking a filter ---- */

/* Products asked for, by id. */
typedef struct Asked
{
	int64	   *ids;			/* ascending */
	AskedProduct **products;	/* in the order of ids */
	bool	   *passed;
	int64		count;
} Asked;

static int
compare_asked(const void *a, const void *b)
{
	const AskedProduct *x = *(AskedProduct *const *) a;
	const AskedProduct *y = *(AskedProduct *const *) b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void
mark_passed(void *state, const SourceRow *row)
{
	Asked	   *asked = state;
	int64		i = row->null_id ? -1 : ids_find(asked->ids, asked->count, row->product);

	if (i < 0)
		return;
	asked->passed[i] = true;
	asked->products[i]->surplus = Max(asked->products[i]->surplus, surplus_of(row));
}

/* Which of these products, of different ids, pass the filters that are to be asked? */
void
serving_ask(Serving *serving, const Eligibility *eligibility, AskedProduct *products, int64 count)
{
	Asked		asked;

	asked.products = palloc(count * sizeof(AskedProduct *) + 1);
	asked.ids = palloc(count * sizeof(int64) + 1);
	asked.passed = palloc(count * sizeof(bool) + 1);
	for (int64 i = 0; i < count; i++)
	{
		products[i].passed = true;
		products[i].surplus = 0;
	}
	/* among first: mostly the narrower one */
	for (int kind = FILTERS - 1; kind >= 0; kind--)
	{
		Filter	   *filter = &serving->filters[kind];

		if (!eligibility->ask[kind])
			continue;
		asked.count = 0;
		for (int64 i = 0; i < count; i++)
		{
			if (products[i].passed)
				asked.products[asked.count++] = &products[i];
		}
		qsort(asked.products, asked.count, sizeof(AskedProduct *), compare_asked);
		for (int64 i = 0; i < asked.count; i++)
			asked.ids[i] = asked.products[i]->id;
		memset(asked.passed, 0, asked.count * sizeof(bool));
		filter->asked += asked.count * filter->ask_cost;
		if (asked.count > 0)
			source_read_products(serving->model, among_of(serving, kind), asked.ids, asked.count,
								 mark_passed, &asked);
		for (int64 i = 0; i < asked.count; i++)
			asked.products[i]->passed = asked.passed[i];
	}
	pfree(asked.products);
	pfree(asked.ids);
	pfree(asked.passed);
}
