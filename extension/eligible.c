/*
 * eligible.c - which products may be offered now
 *
 * The products of the model's candidates query and of the caller's relation
 * (argument among), both read under the statement's snapshot and with the
 * caller's rights, and kept for the statement.  A product that the model does
 * not know is eligible all the same: lists have n rows whenever n eligible
 * products exist.
 */
#include "serving.h"

#include "utils/memutils.h"

/* A set in the making. */
typedef struct SetReader
{
	Serving    *serving;
	ProductSet *set;
	int64		capacity;		/* of unknown_ids */
} SetReader;

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
		if (set->surplus && !row->null_value && row->value > 0)
			set->surplus[number] = Min(row->value, 1);
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

static void
start_set(SetReader *reader, Serving *serving, ProductSet *set, bool surplus)
{
	memset(set, 0, sizeof(*set));
	set->products = palloc0(serving->image->products * sizeof(bool) + 1);
	if (surplus)
		set->surplus = palloc0(serving->image->products * sizeof(float) + 1);
	reader->serving = serving;
	reader->set = set;
	reader->capacity = 0;
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

/*
 * The products that may be offered: those of candidates, if the model has
 * that query, and of among, if it is valid; without both, the model's own.
 */
const ProductSet *
serving_eligible(Serving *serving, Oid among)
{
	bool		has_query = serving->model->queries[SOURCE_CANDIDATES] != NULL;
	MemoryContext before = MemoryContextSwitchTo(serving->context);
	SetReader	reader;
	bool		steady;

	if (has_query && !serving->has_candidates)
	{
		start_set(&reader, serving, &serving->candidates, serving->model->has_surplus);
		source_read(serving->model, SOURCE_CANDIDATES, NULL, add_product, &reader);
		end_set(&serving->candidates);
		serving->has_candidates = true;
		serving->unsteady |= source_candidates_unsteady(serving->model);
	}
	if (!OidIsValid(among))
	{
		serving->candidates.everything = !has_query;
		MemoryContextSwitchTo(before);
		return &serving->candidates;
	}
	if (!serving->has_eligible || serving->among != among)
	{
		serving->has_eligible = false;
		start_set(&reader, serving, &serving->eligible, false);
		steady = !source_read_products(among, add_product, &reader);
		end_set(&serving->eligible);
		if (has_query)
		{
			intersect(&serving->eligible, &serving->candidates, serving->image->products);
			serving->eligible.surplus = serving->candidates.surplus;
		}
		serving->among = among;
		serving->has_eligible = steady;
	}
	MemoryContextSwitchTo(before);
	return &serving->eligible;
}
