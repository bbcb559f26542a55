/*
 * solve.c - one row of factors, given the factors of the other side
 *
 * Every solver of this extension comes down to the same small problem: for
 * one client (or product) gather the factor rows v_j of what it is paired
 * with, form the normal matrix  A = sum v_j v_j' + penalty  and the right
 * side b, and solve A x = b by Cholesky.  It is one half-step of alternating
 * least squares while training, and the fold-in of a client at query time.
 *
 * Gathering, factorising and solving is normal.c's; this file knows the models.
 *
 * Scratch memory is the caller's (solve_scratch_size), so nothing here
 * allocates, fails for lack of memory, or needs to be cleaned up: worker
 * threads may call all of it.
 */
#include <math.h>
#include <string.h>

#include "lanes.h"
#include "normal.h"
#include "solve.h"

/* Scratch memory is the caller's, wherever it is; we start at a line of the cache. */
#define LINE 64

/* The pieces of a caller's scratch memory. */
typedef struct Scratch
{
	float	   *matrix;			/* stride x stride, upper triangle */
	float	   *right;			/* stride */
	float	   *panel;			/* of normal_panel_size */
} Scratch;

/* Bytes that the solve_* functions need for rows of this width. */
size_t
solve_scratch_size(int width)
{
	size_t		stride = factor_stride(width);

	return (stride * stride + stride) * sizeof(float) + normal_panel_size(stride) + LINE;
}

static Scratch
scratch_pieces(void *memory, int stride)
{
	Scratch		s;

	s.matrix = (float *) (((uintptr_t) memory + LINE - 1) / LINE * LINE);
	s.right = s.matrix + (size_t) stride * stride;
	s.panel = s.right + stride;
	return s;
}

/*
 * Solves matrix x = right in place; the upper triangle of matrix is lost.
 * False, with right undefined, if it cannot be solved.
 */
static bool
cholesky_solve(float *matrix, float *right, int width, int stride)
{
	if (!normal_factor(matrix, width, stride))
		return false;
	normal_forward(matrix, right, stride);
	return normal_backward(matrix, right, stride);
}

/* sum (a padded row) = the sum of some rows of a matrix */
LANE_CLONES void
solve_sum_rows(const FactorMatrix *m, const uint32_t *columns, int64_t n, float *sum)
{
	int			stride = m->stride;

	memset(sum, 0, stride * sizeof(float));
	for (int64_t e = 0; e < n; e++)
	{
		const float *row = factor_row(m, columns[e]);

		for (int i = 0; i < stride; i += FACTOR_LANES)
			*(Lanes *) (sum + i) += *(const Lanes *) (row + i);
	}
}

/*
 * The normal matrix of the biased model: gathered rows with the other side's
 * bias taken out, ratings less that bias on the right, penalties on the
 * diagonal, and the own constant 1 as an equation of its own.  With features,
 * there is an equation besides for each row of the other side: that this one
 * has an entry there, or that it has not.  values may be NULL, then the right
 * side is that of no one.
 */
static void
svd_normal(const Gather *gather, int own_bias, const float *values,
		   const SvdPenalty *penalty, Scratch *s)
{
	int			stride = gather->from->stride;
	int			width = gather->from->width;
	int			constant = 1 - own_bias;

	if (penalty->features)
	{
		memcpy(s->matrix, penalty->gram, (size_t) stride * stride * sizeof(float));
		solve_sum_rows(penalty->features, gather->columns, gather->n, s->right);
	}
	else
	{
		memset(s->matrix, 0, (size_t) stride * stride * sizeof(float));
		memset(s->right, 0, stride * sizeof(float));
	}
	normal_add_biased(gather, values, constant, s->matrix, s->right, s->panel);
	for (int i = SVD_BIAS_COLUMNS; i < width; i++)
		s->matrix[(size_t) i * stride + i] += penalty->factor * sqrtf((float) gather->n);
	s->matrix[(size_t) own_bias * stride + own_bias] += penalty->bias;
	for (int i = 0; i < stride; i++)
		s->matrix[(size_t) (i < constant ? i : constant) * stride + (i < constant ? constant : i)] = 0;
	s->matrix[(size_t) constant * stride + constant] = 1;
	s->right[constant] = 1;
}

/* The bias of a row where there are no factors. */
static float
solve_bias(const FactorMatrix *other, int own_bias, const uint32_t *columns,
		   const float *values, int64_t n, float penalty)
{
	double		sum = 0;

	for (int64_t e = 0; e < n; e++)
		sum += values[e] - factor_row(other, columns[e])[1 - own_bias];
	return (float) (sum / (n + penalty));
}

/*
 * The row of one client (own_bias = SVD_CLIENT_BIAS) or product
 * (SVD_PRODUCT_BIAS) of the biased model that fits its n ratings best: Koren,
 * Bell, Volinsky 2009, "Matrix factorization techniques for recommender
 * systems".  The penalty of factors grows with the square root of the entries,
 * between the constant one of a normal prior and the weighted lambda of Zhou
 * et al. 2008.  Features are the co-factorisation of Cortes 2018, "Cold-start
 * recommendations in collective matrix factorization".
 * values are standardised ratings, out is a padded row.  A row without
 * ratings, or one that cannot be solved, is neutral; the latter returns false.
 */
bool
solve_svd_row(const FactorMatrix *other, int own_bias,
			  const uint32_t *columns, const float *values, int64_t n, int64_t ahead,
			  const SvdPenalty *penalty, void *scratch, float *out)
{
	Gather		gather = {other, columns, n, ahead};
	int			stride = other->stride;
	Scratch		s = scratch_pieces(scratch, stride);

	memset(out, 0, stride * sizeof(float));
	out[1 - own_bias] = 1;
	if (n == 0)
		return true;
	if (other->width == SVD_BIAS_COLUMNS)
	{
		out[own_bias] = solve_bias(other, own_bias, columns, values, n, penalty->bias);
		return true;
	}
	svd_normal(&gather, own_bias, values, penalty, &s);
	if (!cholesky_solve(s.matrix, s.right, other->width, stride))
		return false;
	memcpy(out, s.right, other->width * sizeof(float));
	out[1 - own_bias] = 1;
	return true;
}

/* right += precision mean, given the upper triangle of precision */
LANE_CLONES static void
add_prior(float *right, const float *precision, const float *mean, int width, int stride)
{
	for (int i = 0; i < width; i++)
	{
		const float *row = precision + (size_t) i * stride;
		int			aligned = (i + FACTOR_LANES) / FACTOR_LANES * FACTOR_LANES;

		right[i] += row[i] * mean[i];
		for (int j = i + 1; j < aligned; j++)
		{
			right[i] += row[j] * mean[j];
			right[j] += row[j] * mean[i];
		}
		right[i] += lanes_dot(row + aligned, mean + aligned, stride - aligned);
		for (int j = aligned; j < stride; j += FACTOR_LANES)
			*(Lanes *) (right + j) += mean[i] * *(const Lanes *) (row + j);
	}
}

/* The normal matrix of a Bayesian row, before its mean is known. */
LANE_CLONES static void
bayes_normal(const Gather *gather, int own_bias, const float *values,
			 const BayesPrior *prior, Scratch *s)
{
	static const SvdPenalty none = {0};
	int			stride = gather->from->stride;
	int			constant = 1 - own_bias;

	svd_normal(gather, own_bias, values, &none, s);
	for (int i = 0; i < gather->from->width; i++)
	{
		float	   *row = s->matrix + (size_t) i * stride;
		const float *precision = prior->precision + (size_t) i * stride;

		for (int j = i / FACTOR_LANES * FACTOR_LANES; j < stride; j += FACTOR_LANES)
			*(Lanes *) (row + j) = (prior->noise_precision * *(const Lanes *) (row + j) +
									*(const Lanes *) (precision + j));
		s->right[i] *= prior->noise_precision;
	}
	s->matrix[(size_t) constant * stride + constant] = 1;
	s->right[constant] = 1;
}

/*
 * What is believed of a row before its entries' values are seen: mean, plus
 * what having these entries says of it.  features has a row for each row of
 * the other side; each counts its feature_weight.
 */
LANE_CLONES void
solve_prior_mean(const FactorMatrix *features, const float *mean,
				 const uint32_t *columns, int64_t n, float *out)
{
	int			stride = features->stride;
	float		scale = feature_weight(n);

	solve_sum_rows(features, columns, n, out);
	for (int i = 0; i < stride; i++)
		out[i] = mean[i] + scale * out[i];
}

/* Adds what a value of an attribute, a row of features, says of a row. */
LANE_CLONES void
solve_add_value(const FactorMatrix *features, int64_t value, float weight, float *mean)
{
	const float *feature = factor_row(features, value);

	for (int i = 0; i < features->stride; i++)
		mean[i] += weight * feature[i];
}

/*
 * The mean of what is believed of a row after its n ratings are seen; or, if
 * noise is given (a padded row of standard normal numbers), a draw from it:
 * one step of the Gibbs sampler of Salakhutdinov and Mnih 2008, "Bayesian
 * probabilistic matrix factorization using Markov chain Monte Carlo".
 * Returns false, with the prior's mean in out, if it cannot be solved.
 */
bool
solve_bayes_row(const FactorMatrix *other, int own_bias,
				const uint32_t *columns, const float *values, int64_t n, int64_t ahead,
				const BayesPrior *prior, const float *mean, const float *noise,
				void *scratch, float *out)
{
	Gather		gather = {other, columns, n, ahead};
	int			stride = other->stride;
	int			width = other->width;
	Scratch		s = scratch_pieces(scratch, stride);
	bool		solved;

	bayes_normal(&gather, own_bias, values, prior, &s);
	add_prior(s.right, prior->precision, mean, width, stride);
	solved = normal_factor(s.matrix, width, stride);
	if (solved)
	{
		normal_forward(s.matrix, s.right, stride);
		for (int i = 0; noise && i < width; i++)
			s.right[i] += noise[i];
		solved = normal_backward(s.matrix, s.right, stride);
	}
	memset(out, 0, stride * sizeof(float));
	memcpy(out, solved ? s.right : mean, width * sizeof(float));
	out[1 - own_bias] = 1;
	return solved;
}

/*
 * How unsure the scores of a row are: the mean of d' A^-1 d over the rows d of
 * the other side, given root with root' root = mean of d d' (stride x stride,
 * d with its constant in the place of the own bias and 0 in that of its own).
 */
float
solve_bayes_variance(const FactorMatrix *other, int own_bias,
					 const uint32_t *columns, int64_t n,
					 const BayesPrior *prior, const float *root, void *scratch)
{
	Gather		gather = {other, columns, n, 0};
	int			stride = other->stride;
	int			width = other->width;
	Scratch		s = scratch_pieces(scratch, stride);
	float		total = 0;

	bayes_normal(&gather, own_bias, NULL, prior, &s);
	if (!normal_factor(s.matrix, width, stride))
		return 0;
	for (int r = 0; r < width; r++)
	{
		memcpy(s.right, root + (size_t) r * stride, stride * sizeof(float));
		normal_forward(s.matrix, s.right, stride);
		total += factor_dot(s.right, s.right, stride);
	}
	return total;
}

/* The normal matrix of implicit ALS, and the plain sum of its rows. */
LANE_CLONES static void
ials_normal(const Gather *gather, const float *gram, const IalsPenalty *penalty, Scratch *s)
{
	int			stride = gather->from->stride;
	float		ridge = ials_ridge(penalty, gather->n, gather->from->rows);

	for (int i = 0; i < stride; i++)
	{
		for (int j = i / FACTOR_LANES * FACTOR_LANES; j < stride; j += FACTOR_LANES)
			*(Lanes *) (s->matrix + (size_t) i * stride + j) =
				penalty->unobserved * *(const Lanes *) (gram + (size_t) i * stride + j);
		s->matrix[(size_t) i * stride + i] += ridge;
	}
	memset(s->right, 0, stride * sizeof(float));
	normal_add(gather, s->matrix, s->right, s->panel);
}

/*
 * The row of one client or product that fits its n purchases best: Hu, Koren,
 * Volinsky 2008, "Collaborative filtering for implicit feedback datasets", in
 * the parametrisation of Rendle et al. 2022, "Revisiting the performance of
 * iALS".  gram is the other side's stride x stride Gram matrix, weights say
 * how much each purchase counts (NULL: 1).
 */
bool
solve_ials_row(const FactorMatrix *other, const float *gram,
			   const uint32_t *columns, const float *weights, int64_t n, int64_t ahead,
			   const IalsPenalty *penalty, void *scratch, float *out)
{
	Gather		gather = {other, columns, n, ahead, weights};
	int			stride = other->stride;
	Scratch		s = scratch_pieces(scratch, stride);

	memset(out, 0, stride * sizeof(float));
	if (n == 0)
		return true;
	ials_normal(&gather, gram, penalty, &s);
	if (!cholesky_solve(s.matrix, s.right, other->width, stride))
		return false;
	memcpy(out, s.right, other->width * sizeof(float));
	return true;
}

/*
 * Is a row of so many entries cheaper to solve by solve_ials_short_row?  Its
 * pieces then fit into the scratch memory of solve_scratch_size.
 */
bool
solve_ials_short(int64_t n, int stride)
{
	return n <= PANEL_ROWS && 2 * factor_stride((int) n) <= stride;
}

/*
 * What solve_ials_row finds, for a short row and another side whose Gram
 * matrix is diagonal.  With D the diagonal that ials_normal begins with, and S
 * the n rows, each times the root of its weight w, the solution is
 * D^-1 S' (1 + S D^-1 S')^-1 sqrt(w) by the identity of Woodbury: as many
 * equations as there are entries, not factors.  scale is D^-1/2.
 */
LANE_CLONES bool
solve_ials_short_row(const FactorMatrix *other, const float *scale,
					 const uint32_t *columns, const float *weights, int64_t n,
					 int64_t ahead, void *scratch, float *out)
{
	int			stride = other->stride;
	int			size = factor_stride((int) n);
	Scratch		s = scratch_pieces(scratch, stride);
	float	   *across = s.matrix + (size_t) size * size;	/* the panel's transpose */

	memset(s.matrix, 0, (size_t) size * size * sizeof(float));
	memset(s.right, 0, size * sizeof(float));
	memset(out, 0, stride * sizeof(float));
	for (int i = 0; i < size; i++)
		s.matrix[(size_t) i * size + i] = 1;
	for (int e = 0; e < n; e++)
	{
		const float *row = factor_row(other, columns[e]);
		float	   *entry = s.panel + (size_t) e * stride;

		s.right[e] = weights ? sqrtf(weights[e]) : 1;
		for (int i = 0; i < stride; i += FACTOR_LANES)
		{
			if (e < ahead)
				__builtin_prefetch(factor_row(other, columns[n + e]) + i);
			*(Lanes *) (entry + i) = s.right[e] * *(const Lanes *) (scale + i) * *(const Lanes *) (row + i);
		}
	}
	for (int i = 0; i < stride; i++)
	{
		float	   *line = across + (size_t) i * size;

		for (int e = 0; e < n; e++)
			line[e] = s.panel[(size_t) e * stride + i];
		for (int e = n; e < size; e++)
			line[e] = 0;
	}
	normal_add_panel(s.matrix, size, across, stride);
	if (!cholesky_solve(s.matrix, s.right, size, size))
		return false;
	for (int i = 0; i < stride; i += FACTOR_LANES)
	{
		Lanes		sum = {0};

		for (int e = 0; e < n; e++)
			sum += s.right[e] * *(const Lanes *) (s.panel + (size_t) e * stride + i);
		*(Lanes *) (out + i) = *(const Lanes *) (scale + i) * sum;
	}
	return true;
}

/*
 * Solves the same normal matrix for a right side of one's own: target, a
 * padded row, is overwritten by A^-1 target.  The dot product of the result
 * with a gathered row, times the weight of its purchase, is what that row adds
 * to the score of target: the explanation of Hu, Koren, Volinsky 2008, section
 * 5.  Give one of svd and bayes (with own_bias), or ials (with gram and
 * weights).
 */
bool
solve_weights(const FactorMatrix *other, const float *gram, int own_bias,
			  const uint32_t *columns, int64_t n,
			  const SvdPenalty *svd, const BayesPrior *bayes,
			  const IalsPenalty *ials, const float *weights, void *scratch, float *target)
{
	Gather		gather = {other, columns, n, 0, weights};
	Scratch		s = scratch_pieces(scratch, other->stride);

	if (svd)
		svd_normal(&gather, own_bias, NULL, svd, &s);
	else if (bayes)
		bayes_normal(&gather, own_bias, NULL, bayes, &s);
	else
		ials_normal(&gather, gram, ials, &s);
	return cholesky_solve(s.matrix, target, other->width, other->stride);
}
