/*
 * scan.h - which rows may be among the best for a vector, without a miss
 *
 * Knows arrays only; any thread may call it.
 */
#ifndef RECO_SCAN_H
#define RECO_SCAN_H

#include "factors.h"

/* Rows whose codes stand together. */
#define SCAN_BLOCK 16

/* The most places that one call of scan_places looks at. */
#define SCAN_PLACES 1024

/*
 * Rows of factors made small, the longest first.  A place is a position in
 * this order.  All arrays but codes have scan_padded(rows) entries; codes has
 * that many times width.
 */
typedef struct ScanTable
{
	int64_t		rows;
	int			width;			/* a multiple of FACTOR_LANES */
	uint32_t   *row;			/* which row stands at a place */
	float	   *scale;			/* what one step of its codes is worth */
	float	   *error;			/* how far the codes may be from the row */
	float	   *norm;			/* its length, rounded up; never ascending */
	uint8_t    *codes;			/* of a block: four columns of 16 rows, and so on */
} ScanTable;

/* What a table is made of. */
typedef struct ScanSource
{
	const FactorMatrix *m;
	int			constant;		/* a column that is 1 in all rows, or -1 */
	const float *less;			/* by row: scores are less by this; or NULL */
	int			less_column;	/* where the vectors asked about have a 1 */
} ScanSource;

/* A vector, made small the same way. */
typedef struct ScanQuery
{
	float		offset;			/* belongs to every score */
	float		scale;
	float		length;			/* of the vector, rounded up */
	float		residual;		/* how far its codes may be from it */
	float		slack;			/* what rounding may add whatever the row */
	int8_t	   *codes;			/* width of them, the caller's memory */
} ScanQuery;

static inline int64_t
scan_padded(int64_t rows)
{
	return (rows + SCAN_BLOCK - 1) / SCAN_BLOCK * SCAN_BLOCK;
}

extern size_t scan_work_size(int64_t rows, int width);
extern void scan_order(const ScanSource *source, void *work);
extern void scan_fill(const ScanSource *source, void *work, int64_t first, int64_t count,
					  ScanTable *table);
extern void scan_query(const ScanTable *table, const float *vector, int constant, ScanQuery *query);
extern float scan_limit(const ScanTable *table, const ScanQuery *query, int64_t place);
extern int	scan_places(const ScanTable *table, const ScanQuery *query, int64_t first,
						float threshold, int count, uint32_t *places, float *bounds);

#endif							/* RECO_SCAN_H */
