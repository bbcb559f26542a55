/*
 * attributes.c - what a query of ratings tells of clients and products
 *
 * Columns named client_... and product_... of a query of ratings are
 * attributes of the row's client or product: categories, by their text; of an
 * array each element is one.  All values count that any row tells of a client
 * or product, so the order of rows does not matter.  NULL tells nothing.
 *
 * Of a value no more is kept than a hash.  Most rows repeat what is known;
 * they are skipped by comparing with what the row before told of the same
 * client or product, so that the pairs that are kept are few.
 */
#include "attributes.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "random.h"

#define START_PAIRS 64

static void
init_side(AttributeSide *side, Budget *budget)
{
	memset(side, 0, sizeof(*side));
	idmap_init(&side->values, budget);
}

/* Empty attributes, for a query whose rows have some. */
Attributes *
attributes_begin(const SourceRow *row, Budget *budget)
{
	Attributes *attributes = budget_alloc(budget, 1, sizeof(Attributes));

	attributes->budget = budget;
	init_side(&attributes->clients, budget);
	init_side(&attributes->products, budget);
	for (int i = 0; i < row->attributes; i++)
	{
		if (source_attribute_of_client(row, i))
			attributes->clients.attributes++;
		else
			attributes->products.attributes++;
	}
	return attributes;
}

/* ---- values ---- */

static uint64
hash_text(Datum value)
{
	text	   *packed = DatumGetTextPP(value);
	const char *bytes = VARDATA_ANY(packed);
	Size		length = VARSIZE_ANY_EXHDR(packed);
	uint64		hash = random_mix(length);

	for (Size i = 0; i < length; i += sizeof(uint64))
	{
		uint64		part = 0;

		memcpy(&part, bytes + i, Min(sizeof(part), length - i));
		hash = random_bits(hash, part);
	}
	if ((Pointer) packed != DatumGetPointer(value))
		pfree(packed);
	return hash;
}

static int64
value_id(int attribute, uint64 hash)
{
	return ((int64) attribute << 58) | (int64) (hash >> 6);
}

/* What was told last of a row's attribute; room is made for rows so far unknown. */
static int64 *
last_told(AttributeSide *side, uint32 row, int attribute, Budget *budget)
{
	if (row >= side->last_rows)
	{
		int64		rows = Max(START_PAIRS, (int64) row + row / 2 + 1);

		side->last = budget_resize(budget, side->last, side->last_rows * side->attributes,
								   rows * side->attributes, sizeof(int64));
		memset(side->last + side->last_rows * side->attributes, 0,
			   (rows - side->last_rows) * side->attributes * sizeof(int64));
		side->last_rows = rows;
	}
	return &side->last[(int64) row * side->attributes + attribute];
}

static void
add_pair(AttributeSide *side, uint32 row, int64 value, Budget *budget)
{
	if (side->used == side->capacity)
	{
		int64		capacity = Max(START_PAIRS, side->capacity * 2);

		side->pairs = budget_resize(budget, side->pairs, side->capacity, capacity,
									sizeof(AttributePair));
		side->capacity = capacity;
	}
	side->pairs[side->used].row = row;
	side->pairs[side->used++].value = idmap_number(&side->values, value);
}

/* The elements of an array, those that are NULL left out. */
static void
add_elements(AttributeSide *side, uint32 row, int attribute, Datum value, Budget *budget)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	uint64		all = random_mix(attribute);
	int64	   *last;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		elements[i] = nulls[i] ? 0 : value_id(attribute, hash_text(elements[i]));
		all = random_bits(all, elements[i]);
	}
	last = last_told(side, row, attribute, budget);
	if (*last != (int64) all)
	{
		*last = (int64) all;
		for (int i = 0; i < count; i++)
		{
			if (!nulls[i])
				add_pair(side, row, elements[i], budget);
		}
	}
	pfree(elements);
	pfree(nulls);
	if ((Pointer) array != DatumGetPointer(value))
		pfree(array);
}

/*
 * What a row tells of its client and product, whose numbers are given; NULL:
 * it has none.
 */
void
attributes_receive(Attributes *attributes, const SourceRow *row, const uint32 *client,
				   const uint32 *product)
{
	Budget	   *budget = attributes->budget;
	int			next[2] = {0};

	for (int i = 0; i < row->attributes; i++)
	{
		bool		of_client = source_attribute_of_client(row, i);
		AttributeSide *side = of_client ? &attributes->clients : &attributes->products;
		const uint32 *number = of_client ? client : product;
		int			attribute = next[of_client]++;

		if (number == NULL || row->null_attribute[i])
			continue;
		if (source_attribute_is_array(row, i))
			add_elements(side, *number, attribute, row->attribute[i], budget);
		else
		{
			int64		value = value_id(attribute, hash_text(row->attribute[i]));
			int64	   *last = last_told(side, *number, attribute, budget);

			if (*last != value)
			{
				*last = value;
				add_pair(side, *number, value, budget);
			}
		}
	}
}

/* ---- when all rows are read ---- */

#define ST_SORT sort_pairs
#define ST_ELEMENT_TYPE AttributePair
#define ST_COMPARE(a, b) ((a)->row != (b)->row ? ((a)->row < (b)->row ? -1 : 1) : \
						  (a)->value < (b)->value ? -1 : (a)->value > (b)->value)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "miscadmin.h"
#include "lib/sort_template.h"

static void
reduce_side(AttributeSide *side, const uint32 *numbers, int64 rows, Budget *budget)
{
	uint32	   *value_numbers = idmap_sort(&side->values);
	int64		kept = 0;
	int64		next_row = 0;

	for (int64 i = 0; i < side->used; i++)
	{
		side->pairs[i].row = numbers[side->pairs[i].row];
		side->pairs[i].value = value_numbers[side->pairs[i].value];
	}
	budget_free(budget, value_numbers, side->values.used, sizeof(uint32));
	budget_free(budget, side->last, side->last_rows * side->attributes, sizeof(int64));
	sort_pairs(side->pairs, side->used);
	for (int64 i = 0; i < side->used; i++)
	{
		if (i == 0 || side->pairs[i].row != side->pairs[i - 1].row ||
			side->pairs[i].value != side->pairs[i - 1].value)
			side->pairs[kept++] = side->pairs[i];
	}
	side->rows.rows = rows;
	side->rows.columns = side->values.used;
	side->rows.start = budget_alloc(budget, rows + 1, sizeof(int64));
	side->rows.column = budget_alloc(budget, kept, sizeof(uint32));
	for (int64 i = 0; i < kept; i++)
	{
		while (next_row <= side->pairs[i].row)
			side->rows.start[next_row++] = i;
		side->rows.column[i] = side->pairs[i].value;
	}
	while (next_row <= rows)
		side->rows.start[next_row++] = kept;
	budget_free(budget, side->pairs, side->capacity, sizeof(AttributePair));
	side->pairs = NULL;
	side->last = NULL;
}

/* Renumbers clients, products and values and leaves each value of a row once, in order. */
void
attributes_reduce(Attributes *attributes, const uint32 *client_numbers, int64 clients,
				  const uint32 *product_numbers, int64 products)
{
	reduce_side(&attributes->clients, client_numbers, clients, attributes->budget);
	reduce_side(&attributes->products, product_numbers, products, attributes->budget);
}

/* Equal if the same is told of the same ids. */
uint64
attributes_digest(const AttributeSide *side, const int64 *ids)
{
	uint64		sum = 0;

	for (int64 row = 0; row < side->rows.rows; row++)
	{
		for (int64 e = side->rows.start[row]; e < side->rows.start[row + 1]; e++)
			sum += random_bits(ids[row], side->values.ids[side->rows.column[e]]);
	}
	return sum;
}
