/*
 * normal.c - normal equations: gathered, factorised, solved
 *
 * Every solver here comes down to this: gather the rows of factors v_j that a
 * client (or product) is paired with, add up  A = sum v_j v_j'  and a right
 * side, factorise A = U' U by Cholesky, and solve two triangles.  Nearly all
 * the time of a training is spent in one loop, that of normal_tiles.h: a tile
 * of A stays in registers while the rows of a panel pass by.
 *
 * Gathering copies rows into a panel of PANEL_ROWS that stays in the first-
 * level cache.  The rows come from all over a matrix that is too large for
 * the caches near the core, so what costs is to wait for them: while one
 * panel is added up, the rows of the next are fetched, a line of one with
 * each step, also those of the row of factors that will be solved next.
 *
 * Cholesky goes by blocks of 16 rows.  Inside of a block a row is taken off
 * those below it, one after the other, which is a chain of dependent steps;
 * all the rows below the block are then updated by the same loop as above,
 * with the block as the panel.  The factor keeps the reciprocals of the
 * diagonal, and left of it, in the squares on the diagonal, its transpose:
 * solving with U then runs along vectors, as solving with U' does.
 *
 * The loop is compiled for AVX-512, AVX2 and the plain ABI, each with the
 * tile that fits its registers; the rest of this file is vectors of 16 floats
 * (lanes.h), compiled for the same three.  Which of them runs is decided when
 * the library is loaded.  They differ in nothing but the order in which some
 * sums are rounded.
 */
#include <math.h>
#include <string.h>

#include "lanes.h"
#include "normal.h"

/* Rows that Cholesky factorises one by one. */
#define BLOCK_ROWS FACTOR_LANES

typedef void (*AddTiles) (float *matrix, int stride, int from, const float *panel, int rows,
						  const float *const *next, bool subtract);

#ifdef LANE_TARGETS
#define TILE_NAME add_tiles_avx512
#define TILE_TARGET __attribute__((target("arch=x86-64-v4")))
#define TILE_ROWS 8
#define TILE_VECTORS 2
#include "normal_tiles.h"

#define TILE_NAME add_tiles_avx2
#define TILE_TARGET __attribute__((target("arch=x86-64-v3")))
#define TILE_ROWS 4
#define TILE_VECTORS 1
#include "normal_tiles.h"
#endif

#define TILE_NAME add_tiles_plain
#define TILE_TARGET
#define TILE_ROWS 2
#define TILE_VECTORS 1
#include "normal_tiles.h"

static AddTiles add_tiles = add_tiles_plain;

#ifdef LANE_TARGETS
__attribute__((constructor)) static void
choose_tiles(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("x86-64-v4"))
		add_tiles = add_tiles_avx512;
	else if (__builtin_cpu_supports("x86-64-v3"))
		add_tiles = add_tiles_avx2;
}
#endif

/* ---- gathering ---- */

/* Bytes of memory for a panel. */
size_t
normal_panel_size(int stride)
{
	return (size_t) PANEL_ROWS * stride * sizeof(float);
}

/*
 * The rows that are gathered after so many entries, as many as there are rows
 * in the panel before them.  NULL if nothing is known of some.
 */
static const float *const *
rows_to_come(const Gather *gather, int64_t from, int rows, const float **next)
{
	if (from + rows > gather->n + gather->ahead)
		return NULL;
	for (int r = 0; r < rows; r++)
		next[r] = factor_row(gather->from, gather->columns[from + r]);
	return next;
}

static inline int
panel_rows(const Gather *gather, int64_t first)
{
	return gather->n - first < PANEL_ROWS ? (int) (gather->n - first) : PANEL_ROWS;
}

/* matrix += sum v v', right += sum v over the gathered rows v */
LANE_CLONES void
normal_add(const Gather *gather, float *matrix, float *right, float *panel)
{
	int			stride = gather->from->stride;
	const float *next[PANEL_ROWS];

	for (int64_t first = 0; first < gather->n; first += PANEL_ROWS)
	{
		int			rows = panel_rows(gather, first);

		for (int r = 0; r < rows; r++)
		{
			const float *row = factor_row(gather->from, gather->columns[first + r]);
			float	   *entry = panel + (size_t) r * stride;

			for (int i = 0; i < stride; i += FACTOR_LANES)
			{
				Lanes		lanes = *(const Lanes *) (row + i);

				*(Lanes *) (entry + i) = lanes;
				*(Lanes *) (right + i) += lanes;
			}
		}
		add_tiles(matrix, stride, 0, panel, rows,
				  rows_to_come(gather, first + rows, rows, next), false);
	}
}

/*
 * The same of rows one of whose columns is a bias, which is taken from their
 * values: right += sum v (value - bias), where v is without the bias.  values
 * may be NULL, then right stays as it is.  Row and column of the bias in
 * matrix are for the caller to set.
 */
LANE_CLONES void
normal_add_biased(const Gather *gather, const float *values, int bias,
				  float *matrix, float *right, float *panel)
{
	int			stride = gather->from->stride;
	const float *next[PANEL_ROWS];

	for (int64_t first = 0; first < gather->n; first += PANEL_ROWS)
	{
		int			rows = panel_rows(gather, first);

		for (int r = 0; r < rows; r++)
		{
			const float *row = factor_row(gather->from, gather->columns[first + r]);
			float	   *entry = panel + (size_t) r * stride;

			for (int i = 0; i < stride; i += FACTOR_LANES)
				*(Lanes *) (entry + i) = *(const Lanes *) (row + i);
			/* in the place of the bias: its products with v are the right side */
			entry[bias] = values ? values[first + r] - row[bias] : 0;
		}
		add_tiles(matrix, stride, 0, panel, rows,
				  rows_to_come(gather, first + rows, rows, next), false);
	}
	for (int i = 0; i < stride; i++)
	{
		if (i != bias)
			right[i] += i < bias ? matrix[(size_t) i * stride + bias]
				: matrix[(size_t) bias * stride + i];
	}
}

/* ---- Cholesky ---- */

/*
 * Replaces matrix by U with U' U = matrix.  False if it is not positive
 * definite within rounding.
 */
LANE_CLONES bool
normal_factor(float *matrix, int width, int stride)
{
	for (int block = 0; block < width; block += BLOCK_ROWS)
	{
		int			end = block + BLOCK_ROWS < width ? block + BLOCK_ROWS : width;

		for (int k = block; k < end; k++)
		{
			float	   *row = matrix + (size_t) k * stride;
			float		pivot = row[k];
			float		scale;

			if (!(pivot > 0) || isinf(pivot))
				return false;
			scale = 1.0f / sqrtf(pivot);
			for (int j = block; j < stride; j += FACTOR_LANES)
				*(Lanes *) (row + j) *= scale;
			row[k] = scale;
			for (int i = k + 1; i < end; i++)
			{
				float	   *below = matrix + (size_t) i * stride;
				float		factor = row[i];

				for (int j = block; j < stride; j += FACTOR_LANES)
					*(Lanes *) (below + j) -= factor * *(const Lanes *) (row + j);
			}
		}
		for (int k = block + 1; k < end; k++)
		{
			for (int j = block; j < k; j++)
				matrix[(size_t) k * stride + j] = matrix[(size_t) j * stride + k];
		}
		if (end < width)
			add_tiles(matrix, stride, end, matrix + (size_t) block * stride, BLOCK_ROWS, NULL, true);
	}
	return true;
}

/* Solves U' y = right, in place. */
LANE_CLONES void
normal_forward(const float *factor, float *right, int width, int stride)
{
	for (int block = 0; block < width; block += BLOCK_ROWS)
	{
		int			end = block + BLOCK_ROWS < width ? block + BLOCK_ROWS : width;
		float		solved[BLOCK_ROWS];

		for (int k = block; k < end; k++)
		{
			const float *row = factor + (size_t) k * stride;
			float		y = right[k] * row[k];

			solved[k - block] = y;
			/* what was solved before is spoilt by it, and put back below */
			for (int j = block; j < stride; j += FACTOR_LANES)
				*(Lanes *) (right + j) -= y * *(const Lanes *) (row + j);
		}
		for (int k = block; k < end; k++)
			right[k] = solved[k - block];
	}
}

/* Solves U x = right, in place.  False if the result is not finite. */
LANE_CLONES bool
normal_backward(const float *factor, float *right, int width, int stride)
{
	float		check = 0;

	for (int block = (width - 1) / BLOCK_ROWS * BLOCK_ROWS; block >= 0; block -= BLOCK_ROWS)
	{
		int			end = block + BLOCK_ROWS < width ? block + BLOCK_ROWS : width;
		float		solved[BLOCK_ROWS];

		for (int k = block; k < end && block + BLOCK_ROWS < stride; k++)
			right[k] -= lanes_dot(factor + (size_t) k * stride + block + BLOCK_ROWS,
								  right + block + BLOCK_ROWS, stride - block - BLOCK_ROWS);
		for (int k = end - 1; k >= block; k--)
		{
			const float *row = factor + (size_t) k * stride;
			float		x = right[k] * row[k];

			solved[k - block] = x;
			check += x * 0;
			*(Lanes *) (right + block) -= x * *(const Lanes *) (row + block);
		}
		for (int k = block; k < end; k++)
			right[k] = solved[k - block];
	}
	/* NaN if any is NaN or infinite */
	return check == 0;
}
