/*
 * normal.c - normal equations: gathered, factorised, solved
 *
 * Every solver here comes down to this: gather the rows of factors v_j that a
 * client (or product) is paired with, add up  A = sum v_j v_j'  and a right
 * side, factorise A = U' U by Cholesky, and solve two triangles.  Nearly all
 * the time of a training is spent in one loop, that of add_tile in
 * normal_tiles.h: a tile of A stays in registers while the rows of a panel
 * pass by.
 *
 * Gathering copies rows into a panel of PANEL_ROWS that stays in the first-
 * level cache.  The rows come from all over a matrix that is too large for
 * the caches near the core, so what costs is to wait for them: while one
 * panel is added up, the rows of the next are fetched, a line of one with
 * each step, also those of the row of factors that will be solved next.
 *
 * Cholesky goes by blocks of as many rows as a register has lanes, and is
 * without square roots inside of them: these would be a chain of slow steps.
 * The rows of a block stay in registers while they are taken off each other,
 * first on the diagonal and then in the columns beside it.  All that is below
 * is then updated by the same loop as above, with the block as the panel.  The
 * factor keeps the reciprocals of the diagonal and, below it, the transpose of
 * its blocks: solving with U then runs along vectors, as solving with U' does.
 *
 * All this is compiled for AVX-512, AVX2 and the plain ABI, each with vectors
 * and tiles that fit its registers.  Which of them runs is decided when the
 * library is loaded.  They differ in nothing but the order in which sums are
 * rounded.
 */
#include <math.h>
#include <string.h>

#include "lanes.h"
#include "normal.h"

/* Floats in a line of the cache. */
#define LINE_FLOATS 16

typedef struct Kernel
{
	void		(*add) (float *matrix, int stride, const float *panel, int rows,
						const float *const *next);
	bool		(*factor) (float *matrix, int stride);
	void		(*forward) (const float *factor, float *right, int stride);
	void		(*backward) (const float *factor, float *right, int stride);
} Kernel;

#ifdef LANE_TARGETS
#define TILE_KIND avx512
#define TILE_TARGET __attribute__((target("arch=x86-64-v4")))
#define TILE_LANES 16
#define TILE_ROWS 8
#define TILE_VECTORS 2
#include "normal_tiles.h"

#define TILE_KIND avx2
#define TILE_TARGET __attribute__((target("arch=x86-64-v3")))
#define TILE_LANES 8
#define TILE_ROWS 4
#define TILE_VECTORS 2
#include "normal_tiles.h"
#endif

#define TILE_KIND plain
#define TILE_TARGET
#define TILE_LANES 4
#define TILE_ROWS 4
#define TILE_VECTORS 2
#include "normal_tiles.h"

static const Kernel *kernel = &kernel_plain;

#ifdef LANE_TARGETS
__attribute__((constructor)) static void
choose_kernel(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("x86-64-v4"))
		kernel = &kernel_avx512;
	else if (__builtin_cpu_supports("x86-64-v3"))
		kernel = &kernel_avx2;
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

/* matrix += sum w v v', right += sum w v over the gathered rows v, of weight w */
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
			float		root = gather->weights ? sqrtf(gather->weights[first + r]) : 1;

			for (int i = 0; i < stride; i += FACTOR_LANES)
			{
				Lanes		lanes = root * *(const Lanes *) (row + i);

				*(Lanes *) (entry + i) = lanes;
				*(Lanes *) (right + i) += root * lanes;
			}
		}
		kernel->add(matrix, stride, panel, rows, rows_to_come(gather, first + rows, rows, next));
	}
}

/*
 * The same of rows with a bias among their columns, which is taken off their
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
		kernel->add(matrix, stride, panel, rows, rows_to_come(gather, first + rows, rows, next));
	}
	for (int i = 0; i < stride; i++)
	{
		if (i != bias)
			right[i] += i < bias ? matrix[(size_t) i * stride + bias]
				: matrix[(size_t) bias * stride + i];
	}
}

/* matrix += panel' panel, of rows that the caller has gathered */
void
normal_add_panel(float *matrix, int stride, const float *panel, int rows)
{
	kernel->add(matrix, stride, panel, rows, NULL);
}

/* ---- solving ---- */

/*
 * Replaces matrix by U with U' U = matrix.  False if it is not positive
 * definite within rounding.
 */
bool
normal_factor(float *matrix, int width, int stride)
{
	/* so that blocks are whole */
	for (int i = width; i < stride; i++)
		matrix[(size_t) i * stride + i] = 1;
	return kernel->factor(matrix, stride);
}

/* Solves U' y = right, in place. */
void
normal_forward(const float *factor, float *right, int stride)
{
	kernel->forward(factor, right, stride);
}

/* Solves U x = right, in place.  False if the result is not finite. */
LANE_CLONES bool
normal_backward(const float *factor, float *right, int stride)
{
	float		check = 0;

	kernel->backward(factor, right, stride);
	/* NaN if any is NaN or infinite */
	for (int i = 0; i < stride; i++)
		check += right[i] * 0;
	return check == 0;
}
