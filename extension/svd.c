/*
 * svd.c - biased matrix factorisation of ratings
 *
 * What this field calls SVD (Koren, Bell, Volinsky 2009): a standardised
 * rating is client bias + product bias + client factors . product factors,
 * fitted by alternating least squares.  The same factors explain which
 * products a client has rated at all, whatever the stars: client factors .
 * product features is fitted to 1 where there is a rating and to 0 elsewhere,
 * and so is client features . product factors (Cortes 2018, "Cold-start
 * recommendations in collective matrix factorization").
 *
 * Each half-step solves all rows of one side exactly, biases included, and
 * with them their features; rows are independent of each other, so any number
 * of workers gives the same bits.  The last half-step is the clients': a
 * client folded in later from the same ratings gets the same factors.
 */
#include <math.h>
#include <string.h>

#include "lanes.h"
#include "matrix.h"
#include "random.h"
#include "svd.h"

/* Standard deviation of the random start of the factors. */
#define START_DEVIATION 0.1

/* What keeps features small: of many entries or of few. */
#define FEATURE_RIDGE 30

typedef struct HalfStep
{
	const SparseRows *pairs;
	const FactorMatrix *other;
	const FactorMatrix *other_features;
	FactorMatrix *own;
	FactorMatrix *own_features;
	int			own_bias;
	SvdPenalty	penalty;
	const float *inverse;		/* see set_features; NULL: leave them alone */
} HalfStep;

/*
 * The features of a row: what fits best that it has these entries and no
 * others, given the factors of the other side.
 */
LANE_CLONES static void
set_features(const FactorMatrix *other, const float *inverse, const uint32_t *columns,
			 int64_t entries, float *sum, float *out)
{
	int			stride = other->stride;

	solve_sum_rows(other, columns, entries, sum);
	memset(out, 0, stride * sizeof(float));
	for (int i = SVD_BIAS_COLUMNS; i < other->width; i++)
	{
		for (int j = 0; j < stride; j += FACTOR_LANES)
			*(Lanes *) (out + j) += sum[i] * *(const Lanes *) (inverse + (size_t) i * stride + j);
	}
}

static void
solve_row(void *argument, int64_t row, void *scratch)
{
	HalfStep   *step = argument;
	int64_t		first = step->pairs->start[row];
	int64_t		entries = step->pairs->start[row + 1] - first;

	solve_svd_row(step->other, step->own_bias, step->pairs->column + first,
				  step->pairs->value + first, entries, sparse_after(step->pairs, row), &step->penalty,
				  scratch, factor_row(step->own, row));
	if (step->inverse)
		set_features(step->other, step->inverse, step->pairs->column + first, entries, scratch,
					 factor_row(step->own_features, row));
}

/*
 * The inverse of the normal matrix that all features of one side share, given
 * the factors of the other.  The biases have no part in it.  False if there is
 * none.
 */
static bool
invert_normal(const FactorMatrix *other, SvdModel *model)
{
	int			stride = other->stride;
	int			factors = other->width - SVD_BIAS_COLUMNS;
	float	   *inverse = model->inverse;

	matrix_gram(other, inverse);
	for (int i = 0; i < factors; i++)
	{
		for (int j = 0; j <= i; j++)
			model->work[(size_t) i * factors + j] =
				inverse[(size_t) (SVD_BIAS_COLUMNS + j) * stride + SVD_BIAS_COLUMNS + i] +
				(i == j ? FEATURE_RIDGE : 0);
	}
	if (!matrix_invert(model->work, factors))
		return false;
	memset(inverse, 0, (size_t) stride * stride * sizeof(float));
	for (int i = 0; i < factors; i++)
	{
		for (int j = 0; j <= i; j++)
		{
			float		value = (float) model->work[(size_t) i * factors + j];

			inverse[(size_t) (SVD_BIAS_COLUMNS + i) * stride + SVD_BIAS_COLUMNS + j] = value;
			inverse[(size_t) (SVD_BIAS_COLUMNS + j) * stride + SVD_BIAS_COLUMNS + i] = value;
		}
	}
	return true;
}

/* Solves all rows of one side, and their features unless this is the last step. */
static void
solve_side(HalfStep *step, SvdModel *model, bool last, const Workers *workers)
{
	step->inverse = NULL;
	if (step->other_features->data)
	{
		matrix_gram(step->other_features, model->gram);
		step->penalty.features = step->other_features;
		step->penalty.gram = model->gram;
		if (!last && invert_normal(step->other, model))
			step->inverse = model->inverse;
	}
	workers_run(workers, solve_row, step, step->pairs->rows);
}

/* Random factors of products, and no features. */
static void
start(SvdModel *model, uint64_t seed)
{
	FactorMatrix *products = &model->products;
	int			factors = products->width - SVD_BIAS_COLUMNS;

	memset(products->data, 0, (size_t) products->rows * products->stride * sizeof(float));
	for (int64_t row = 0; row < products->rows; row++)
	{
		float	   *x = factor_row(products, row);

		x[1 - SVD_PRODUCT_BIAS] = 1;
		for (int f = 0; f < factors; f++)
			x[SVD_BIAS_COLUMNS + f] = START_DEVIATION * random_normal(seed, row * factors + f);
	}
	if (model->features.data)
		memset(model->features.data, 0,
			   (size_t) products->rows * products->stride * sizeof(float));
}

/*
 * Fits a model to standardised ratings.  Workers need solve_scratch_size of
 * its width.
 */
void
svd_fit(const SparseRows *by_client, const SparseRows *by_product,
		const SvdOptions *options, const Workers *workers, SvdModel *model)
{
	HalfStep	clients = {
		by_client, &model->products, &model->features, &model->clients, &model->client_features,
		SVD_CLIENT_BIAS, options->penalty
	};
	HalfStep	products = {
		by_product, &model->clients, &model->client_features, &model->products, &model->features,
		SVD_PRODUCT_BIAS, options->penalty
	};
	double		steps = 2 * options->iterations + 1;

	if (!options->resume)
		start(model, options->seed);
	for (int i = 0; i < options->iterations; i++)
	{
		workers_stretch(workers, 2 * i / steps, (2 * i + 1) / steps);
		solve_side(&clients, model, false, workers);
		workers_stretch(workers, (2 * i + 1) / steps, (2 * i + 2) / steps);
		solve_side(&products, model, false, workers);
	}
	workers_stretch(workers, (steps - 1) / steps, 1);
	solve_side(&clients, model, true, workers);
}
