/*
 * solve.c - one row of factors, given the factors of the other side
 *
 * Every solver of this extension comes down to the same small problem: for
 * one client (or product) gather the factor rows v_j of what it is paired
 * with, form the normal matrix  A = sum v_j v_j' + penalty  and the right
 * side b, and solve A x = b by Cholesky.  It is one half-step of alternating
 * least squares while training, and the fold-in of a client at query time.
 *
 * The gathered rows are copied in panels that stay in the first-level cache;
 * the panel kernel adds them to the lower triangle of A, a tile of 8 rows by
 * 16 columns at a time.  The vector type below is lowered by the compiler to
 * whatever the processor has: the functions marked SOLVE_CLONES are compiled
 * for AVX-512, AVX2 and the plain ABI, and chosen when the library is loaded.
 *
 * Scratch memory is the caller's (solve_scratch_size), so nothing here
 * allocates, fails for lack of memory, or needs to be cleaned up: worker
 * threads may call all of it.
 */
#include <math.h>
#include <string.h>

#include "solve.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define SOLVE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SOLVE_CLONES
#endif

#define PANEL_ROWS 64
#define TILE_ROWS 8

/* Unaligned on purpose: panels live wherever the caller's memory does. */
typedef float Lanes __attribute__((vector_size(FACTOR_LANES * sizeof(float)), aligned(4)));

/* The pieces of a caller's scratch memory. */
typedef struct Scratch
{
	float	   *matrix;			/* stride x stride, lower triangle */
	float	   *right;			/* stride */
	float	   *panel;			/* PANEL_ROWS x stride */
} Scratch;

/* Bytes that the solve_* functions need for rows of this width. */
size_t
solve_scratch_size(int width)
{
	size_t		stride = factor_stride(width);

	return (stride * stride + stride + PANEL_ROWS * stride) * sizeof(float);
}

static Scratch
scratch_pieces(void *memory, int stride)
{
	Scratch		s;

	s.matrix = memory;
	s.right = s.matrix + (size_t) stride * stride;
	s.panel = s.right + stride;
	return s;
}

/* Dot product of the first n floats, 16 partial sums added in a fixed order. */
static inline float
dot(const float *a, const float *b, int n)
{
	Lanes		sum = {0};
	float		total = 0;
	int			i;

	for (i = 0; i + FACTOR_LANES <= n; i += FACTOR_LANES)
		sum += *(const Lanes *) (a + i) * *(const Lanes *) (b + i);
	for (int lane = 0; lane < FACTOR_LANES; lane++)
		total += sum[lane];
	for (; i < n; i++)
		total += a[i] * b[i];
	return total;
}

/* Dot product of two padded rows of factors. */
SOLVE_CLONES float
factor_dot(const float *a, const float *b, int stride)
{
	return dot(a, b, stride);
}

/* matrix += panel' panel, lower triangle, whole tiles. */
SOLVE_CLONES static void
add_panel(float *matrix, int stride, const float *panel, int rows)
{
	for (int column = 0; column < stride; column += FACTOR_LANES)
	{
		for (int row = column; row < stride; row += TILE_ROWS)
		{
			float	   *tile = matrix + (size_t) row * stride + column;
			Lanes		sum[TILE_ROWS];

			for (int t = 0; t < TILE_ROWS; t++)
				sum[t] = *(const Lanes *) (tile + (size_t) t * stride);
			for (int r = 0; r < rows; r++)
			{
				const float *entry = panel + (size_t) r * stride;
				Lanes		right = *(const Lanes *) (entry + column);

				for (int t = 0; t < TILE_ROWS; t++)
					sum[t] += entry[row + t] * right;
			}
			for (int t = 0; t < TILE_ROWS; t++)
				*(Lanes *) (tile + (size_t) t * stride) = sum[t];
		}
	}
}

/* right += panel' weights */
SOLVE_CLONES static void
add_right(float *right, int stride, const float *panel, const float *weights, int rows)
{
	for (int r = 0; r < rows; r++)
	{
		const float *entry = panel + (size_t) r * stride;

		for (int column = 0; column < stride; column += FACTOR_LANES)
			*(Lanes *) (right + column) += weights[r] * *(const Lanes *) (entry + column);
	}
}

/*
 * Solves matrix x = right in place by Cholesky; the lower triangle of matrix
 * is overwritten by its factor.  False, with right undefined, if the matrix
 * is not positive definite within rounding or the result is not finite.
 */
SOLVE_CLONES static bool
cholesky_solve(float *matrix, float *right, int width, int stride)
{
	for (int i = 0; i < width; i++)
	{
		float	   *row = matrix + (size_t) i * stride;
		float		pivot;

		for (int j = 0; j < i; j++)
		{
			const float *above = matrix + (size_t) j * stride;

			/* the diagonal holds reciprocals, see below */
			row[j] = (row[j] - dot(row, above, j)) * above[j];
		}
		pivot = row[i] - dot(row, row, i);
		if (!(pivot > 0) || isinf(pivot))
			return false;
		row[i] = 1.0f / sqrtf(pivot);
		right[i] = (right[i] - dot(row, right, i)) * row[i];
	}
	for (int i = width - 1; i >= 0; i--)
	{
		const float *row = matrix + (size_t) i * stride;
		float		x = right[i] * row[i];

		if (!isfinite(x))
			return false;
		right[i] = x;
		for (int j = 0; j < i; j++)
			right[j] -= x * row[j];
	}
	return true;
}

/*
 * The normal matrix of the biased model: gathered rows with the other side's
 * bias taken out, ratings less that bias on the right, penalties on the
 * diagonal, and the own constant 1 as an equation of its own.  values may be
 * NULL, then the right side stays zero.
 */
static void
svd_normal(const FactorMatrix *other, int own_bias, const uint32_t *columns,
		   const float *values, int64_t n, const SvdPenalty *penalty, Scratch *s)
{
	int			stride = other->stride;
	int			constant = 1 - own_bias;
	float		weights[PANEL_ROWS];

	memset(s->matrix, 0, (size_t) stride * stride * sizeof(float));
	memset(s->right, 0, stride * sizeof(float));
	for (int64_t first = 0; first < n; first += PANEL_ROWS)
	{
		int			rows = n - first < PANEL_ROWS ? (int) (n - first) : PANEL_ROWS;

		for (int r = 0; r < rows; r++)
		{
			float	   *entry = s->panel + (size_t) r * stride;

			memcpy(entry, factor_row(other, columns[first + r]), stride * sizeof(float));
			weights[r] = values ? values[first + r] - entry[constant] : 0;
			entry[constant] = 0;
		}
		add_panel(s->matrix, stride, s->panel, rows);
		add_right(s->right, stride, s->panel, weights, rows);
	}
	for (int i = SVD_BIAS_COLUMNS; i < other->width; i++)
		s->matrix[(size_t) i * stride + i] += penalty->factor * n;
	s->matrix[(size_t) own_bias * stride + own_bias] += penalty->bias;
	s->matrix[(size_t) constant * stride + constant] = 1;
	s->right[constant] = 1;
}

/*
 * The row of one client (own_bias = SVD_CLIENT_BIAS) or product
 * (SVD_PRODUCT_BIAS) of the biased model that fits its n ratings best: Koren,
 * Bell, Volinsky 2009, "Matrix factorization techniques for recommender
 * systems", with the weighted-lambda penalty of Zhou et al. 2008 on factors.
 * values are standardised ratings, out is a padded row.  A row without
 * ratings, or one that cannot be solved, is neutral; the latter returns false.
 */
bool
solve_svd_row(const FactorMatrix *other, int own_bias,
			  const uint32_t *columns, const float *values, int64_t n,
			  const SvdPenalty *penalty, void *scratch, float *out)
{
	int			stride = other->stride;
	Scratch		s = scratch_pieces(scratch, stride);

	memset(out, 0, stride * sizeof(float));
	out[1 - own_bias] = 1;
	if (n == 0)
		return true;
	svd_normal(other, own_bias, columns, values, n, penalty, &s);
	if (!cholesky_solve(s.matrix, s.right, other->width, stride))
		return false;
	memcpy(out, s.right, other->width * sizeof(float));
	out[1 - own_bias] = 1;
	return true;
}

/* The normal matrix of implicit ALS, and the plain sum of its rows. */
static void
ials_normal(const FactorMatrix *other, const float *gram, const uint32_t *columns,
			int64_t n, const IalsPenalty *penalty, Scratch *s)
{
	int			stride = other->stride;
	float		ones[PANEL_ROWS];
	float		ridge = penalty->factor * (n + penalty->unobserved * other->rows);

	for (int r = 0; r < PANEL_ROWS; r++)
		ones[r] = 1;
	for (int i = 0; i < other->width; i++)
	{
		for (int j = 0; j <= i; j++)
			s->matrix[(size_t) i * stride + j] = penalty->unobserved * gram[(size_t) i * stride + j];
		for (int j = i + 1; j < stride; j++)
			s->matrix[(size_t) i * stride + j] = 0;
		s->matrix[(size_t) i * stride + i] += ridge;
	}
	memset(s->matrix + (size_t) other->width * stride, 0,
		   (size_t) (stride - other->width) * stride * sizeof(float));
	memset(s->right, 0, stride * sizeof(float));
	for (int64_t first = 0; first < n; first += PANEL_ROWS)
	{
		int			rows = n - first < PANEL_ROWS ? (int) (n - first) : PANEL_ROWS;

		for (int r = 0; r < rows; r++)
			memcpy(s->panel + (size_t) r * stride,
				   factor_row(other, columns[first + r]), stride * sizeof(float));
		add_panel(s->matrix, stride, s->panel, rows);
		add_right(s->right, stride, s->panel, ones, rows);
	}
}

/*
 * The row of one client or product that fits its n purchases best: Hu, Koren,
 * Volinsky 2008, "Collaborative filtering for implicit feedback datasets", in
 * the parametrisation of Rendle et al. 2022, "Revisiting the performance of
 * iALS".  gram is the other side's stride x stride Gram matrix.
 */
bool
solve_ials_row(const FactorMatrix *other, const float *gram,
			   const uint32_t *columns, int64_t n,
			   const IalsPenalty *penalty, void *scratch, float *out)
{
	int			stride = other->stride;
	Scratch		s = scratch_pieces(scratch, stride);

	memset(out, 0, stride * sizeof(float));
	if (n == 0)
		return true;
	ials_normal(other, gram, columns, n, penalty, &s);
	if (!cholesky_solve(s.matrix, s.right, other->width, stride))
		return false;
	memcpy(out, s.right, other->width * sizeof(float));
	return true;
}

/*
 * Solves the same normal matrix for a right side of one's own: target, a
 * padded row, is overwritten by A^-1 target.  The dot product of the result
 * with a gathered row is the weight of that row in the score of target: the
 * explanation of Hu, Koren, Volinsky 2008, section 5.  Give either svd (with
 * own_bias) or ials (with gram).
 */
bool
solve_weights(const FactorMatrix *other, const float *gram, int own_bias,
			  const uint32_t *columns, int64_t n,
			  const SvdPenalty *svd, const IalsPenalty *ials,
			  void *scratch, float *target)
{
	Scratch		s = scratch_pieces(scratch, other->stride);

	if (svd)
		svd_normal(other, own_bias, columns, NULL, n, svd, &s);
	else
		ials_normal(other, gram, columns, n, ials, &s);
	return cholesky_solve(s.matrix, target, other->width, other->stride);
}
