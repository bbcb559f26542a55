/*
 * fit_attributes.c - the attributes of clients and products that a fit learns from
 *
 * A value that only one client or product has cannot be told from that client
 * or product, and is left out; of very many values, those of the fewest are.
 */
#include "fit.h"

#include <math.h>

#include "miscadmin.h"

/* The features of so many values of a side are learnt, no more than memory and time allow. */
#define MAX_VALUES 4096

#define LEAST_ROWS 2

/* Columns of the matrix are shortened from about so many rows on. */
#define FULL_ROWS 100.0f

static int
compare_counts(const void *a, const void *b)
{
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/*
 * How many rows a value must have to be learnt from: LEAST_ROWS or, where
 * more than MAX_VALUES values have that, so many that fewer are left.
 */
static uint32
least_rows(const uint32 *counts, int64 values, Budget *budget)
{
	uint32	   *sorted;
	uint32		least = LEAST_ROWS;

	if (values <= MAX_VALUES)
		return least;
	sorted = budget_alloc(budget, values, sizeof(uint32));
	memcpy(sorted, counts, values * sizeof(uint32));
	qsort(sorted, values, sizeof(uint32), compare_counts);
	if (sorted[MAX_VALUES] >= least)
		least = sorted[MAX_VALUES] + 1;
	budget_free(budget, sorted, values, sizeof(uint32));
	return least;
}

/* The weight of each of the values that an attribute of a row has. */
static void
set_weights(SparseRows *rows, const uint8 *attribute)
{
	for (int64 row = 0; row < rows->rows; row++)
	{
		int64		next;

		for (int64 first = rows->start[row]; first < rows->start[row + 1]; first = next)
		{
			for (next = first; next < rows->start[row + 1] &&
				 attribute[rows->column[next]] == attribute[rows->column[first]]; next++)
				;
			for (int64 e = first; e < next; e++)
				rows->value[e] = attribute_weight(next - first);
		}
	}
}

/*
 * The attributes of one side, as they are learnt from.  Returns the ids of
 * their values, or NULL if there is none to be learnt from.
 */
int64 *
fit_attributes(FitRun *run, const AttributeSide *side, BayesAttributes *fitted)
{
	Budget	   *budget = run->budget;
	int64		values = side->values.used;
	int64		entries = sparse_entries(&side->rows);
	uint32	   *counts = budget_alloc(budget, values, sizeof(uint32));
	uint32	   *numbers = budget_alloc(budget, values, sizeof(uint32));
	uint32		least;
	int64	   *ids = NULL;
	int64		kept = 0;
	int64		used = 0;

	memset(counts, 0, values * sizeof(uint32));
	for (int64 e = 0; e < entries; e++)
		counts[side->rows.column[e]]++;
	CHECK_FOR_INTERRUPTS();
	least = least_rows(counts, values, budget);
	for (int64 value = 0; value < values; value++)
	{
		numbers[value] = kept;
		if (counts[value] < least)
			continue;
		kept++;
		used += counts[value];
	}
	memset(fitted, 0, sizeof(*fitted));
	if (kept > 0)
	{
		SparseRows *rows = &fitted->by_row;

		ids = budget_alloc(budget, kept, sizeof(int64));
		fitted->attribute = budget_alloc(budget, kept, sizeof(uint8));
		fitted->scale = budget_alloc(budget, kept, sizeof(float));
		for (int64 value = 0; value < values; value++)
		{
			if (counts[value] < least)
				continue;
			ids[numbers[value]] = side->values.ids[value];
			fitted->attribute[numbers[value]] = attribute_of_value(side->values.ids[value]);
			fitted->scale[numbers[value]] = 1 / sqrtf(1 + counts[value] / FULL_ROWS);
		}
		rows->rows = side->rows.rows;
		rows->columns = kept;
		rows->start = budget_alloc(budget, rows->rows + 1, sizeof(int64));
		rows->column = budget_alloc(budget, used, sizeof(uint32));
		rows->value = budget_alloc(budget, used, sizeof(float));
		used = 0;
		for (int64 row = 0; row < rows->rows; row++)
		{
			rows->start[row] = used;
			for (int64 e = side->rows.start[row]; e < side->rows.start[row + 1]; e++)
			{
				if (counts[side->rows.column[e]] >= least)
					rows->column[used++] = numbers[side->rows.column[e]];
			}
		}
		rows->start[rows->rows] = used;
		set_weights(rows, fitted->attribute);
		sparse_transpose(rows, &fitted->by_value, budget);
	}
	budget_free(budget, numbers, values, sizeof(uint32));
	budget_free(budget, counts, values, sizeof(uint32));
	return ids;
}
