/*
 * sparse.h - rows of observed pairs, as arrays
 */
#ifndef RECO_SPARSE_H
#define RECO_SPARSE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Row r holds the entries start[r] .. start[r + 1] - 1: columns in ascending
 * order and, where there are any, one value each.
 */
typedef struct SparseRows
{
	int64_t		rows;
	int64_t		columns;		/* columns are 0 .. columns - 1 */
	int64_t    *start;			/* rows + 1 */
	uint32_t   *column;
	float	   *value;			/* NULL: all ones */
} SparseRows;

static inline int64_t
sparse_entries(const SparseRows *m)
{
	return m->start[m->rows];
}

/* Where among n columns, ascending, one is; -1: nowhere. */
static inline int64_t
columns_find(const uint32_t *columns, int64_t n, uint32_t column)
{
	int64_t		low = 0;
	int64_t		high = n;

	while (low < high)
	{
		int64_t		middle = low + (high - low) / 2;

		if (columns[middle] < column)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && columns[low] == column ? low : -1;
}

/* The entries of the rows after this one. */
static inline int64_t
sparse_after(const SparseRows *m, int64_t row)
{
	return sparse_entries(m) - m->start[row + 1];
}

#endif							/* RECO_SPARSE_H */
