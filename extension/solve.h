/*
 * solve.h - one row of factors, given the factors of the other side
 *
 * Knows arrays only.  Linked into both libraries, so that folding a client
 * in at query time runs the very code that trained the model, and gives the
 * same bits.
 */
#ifndef RECO_SOLVE_H
#define RECO_SOLVE_H

#include <math.h>
#include <stdbool.h>

#include "factors.h"

/*
 * What keeps the biased model from learning its training rows by heart, and
 * what it knows of a row before it sees a value: which entries there are.
 */
typedef struct SvdPenalty
{
	float		factor;			/* times the square root of the row's entries */
	float		bias;			/* a constant: the number of entries a bias is
								 * damped by */
	const FactorMatrix *features;	/* like the other side's factors, of the matrix
								 * that has 1 where there is an entry and 0
								 * elsewhere; NULL: none */
	const float *gram;			/* of features, stride x stride, upper triangle */
} SvdPenalty;

/*
 * Bayesian: what is believed of a row before its entries are seen is a normal
 * distribution around a mean of its own; an entry is off by normal noise.
 */
typedef struct BayesPrior
{
	float		noise_precision;	/* of one standardised rating */
	const float *precision;		/* stride x stride, upper triangle; zero in
								 * the column of the constant 1 */
} BayesPrior;

/* Implicit ALS: the weight of what was not bought, and the penalty. */
typedef struct IalsPenalty
{
	float		unobserved;		/* alpha_0 of Rendle et al. 2022 */
	float		factor;			/* lambda, times (entries + alpha_0 * other
								 * side's rows) */
} IalsPenalty;

/*
 * The weight of each of the features that a row with n entries has: 1 /
 * sqrt(n) as in SVD++ (Koren 2008), less for a row of few, whose features
 * would all but name the entries themselves.
 */
static inline float
feature_weight(int64_t n)
{
	return n > 0 ? 1 / sqrtf((float) n + 5) : 0;
}

/* The weight of each of the n values that an attribute has for one client or product. */
static inline float
attribute_weight(int64_t n)
{
	return 1 / sqrtf((float) n);
}

/* The penalty of a row with n entries, of so many rows on the other side. */
static inline float
ials_ridge(const IalsPenalty *penalty, int64_t n, int64_t rows)
{
	return penalty->factor * (n + penalty->unobserved * rows);
}

extern size_t solve_scratch_size(int width);

/*
 * Of a row: the numbers of its n entries' columns and their values.  ahead is
 * how many more of these follow in the arrays and will be asked for next.
 */
extern bool solve_svd_row(const FactorMatrix *other, int own_bias,
						  const uint32_t *columns, const float *values, int64_t n, int64_t ahead,
						  const SvdPenalty *penalty, void *scratch, float *out);
extern void solve_sum_rows(const FactorMatrix *m, const uint32_t *columns, int64_t n, float *sum);
extern void solve_prior_mean(const FactorMatrix *features, const float *mean,
							 const uint32_t *columns, int64_t n, float *out);
extern void solve_add_value(const FactorMatrix *features, int64_t value, float weight, float *mean);
extern bool solve_bayes_row(const FactorMatrix *other, int own_bias,
							const uint32_t *columns, const float *values, int64_t n, int64_t ahead,
							const BayesPrior *prior, const float *mean, const float *noise,
							void *scratch, float *out);
extern float solve_bayes_variance(const FactorMatrix *other, int own_bias,
								  const uint32_t *columns, int64_t n,
								  const BayesPrior *prior, const float *root,
								  void *scratch);
extern bool solve_ials_row(const FactorMatrix *other, const float *gram,
						   const uint32_t *columns, const float *weights, int64_t n, int64_t ahead,
						   const IalsPenalty *penalty, void *scratch, float *out);
extern bool solve_ials_short(int64_t n, int stride);
extern bool solve_ials_short_row(const FactorMatrix *other, const float *scale,
								 const uint32_t *columns, const float *weights, int64_t n,
								 int64_t ahead, void *scratch, float *out);
extern bool solve_weights(const FactorMatrix *other, const float *gram, int own_bias,
						  const uint32_t *columns, int64_t n,
						  const SvdPenalty *svd, const BayesPrior *bayes,
						  const IalsPenalty *ials, const float *weights,
						  void *scratch, float *target);

#endif							/* RECO_SOLVE_H */
