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
	float	   *gram;			/* of other_features */
	float	   *factor;			/* see solve_features_row; NULL: leave features alone */
} HalfStep;

static void
solve_row(void *argument, int64_t row, void *scratch)
{
	HalfStep   *step = argument;
	int64_t		first = step->pairs->start[row];
	int64_t		entries = step->pairs->start[row + 1] - first;

	solve_svd_row(step->other, step->own_bias, step->pairs->column + first,
				  step->pairs->value + first, entries, &step->penalty, scratch,
				  factor_row(step->own, row));
	if (step->factor)
		solve_features_row(step->other, step->factor, step->pairs->column + first, entries,
						   factor_row(step->own_features, row));
}

/* Solves all rows of one side, and their features unless this is the last step. */
static void
solve_side(HalfStep *step, float *work, bool last, const Workers *workers)
{
	step->factor = NULL;
	if (step->other_features->data)
	{
		matrix_gram(step->other_features, step->gram);
		step->penalty.features = step->other_features;
		step->penalty.gram = step->gram;
		if (!last)
		{
			matrix_gram(step->other, work);
			if (solve_features_prepare(step->other, FEATURE_RIDGE, work))
				step->factor = work;
		}
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
		SVD_CLIENT_BIAS, options->penalty, model->gram
	};
	HalfStep	products = {
		by_product, &model->clients, &model->client_features, &model->products, &model->features,
		SVD_PRODUCT_BIAS, options->penalty, model->gram
	};
	double		steps = 2 * options->iterations + 1;

	if (!options->resume)
		start(model, options->seed);
	for (int i = 0; i < options->iterations; i++)
	{
		workers_stretch(workers, 2 * i / steps, (2 * i + 1) / steps);
		solve_side(&clients, model->work, false, workers);
		workers_stretch(workers, (2 * i + 1) / steps, (2 * i + 2) / steps);
		solve_side(&products, model->work, false, workers);
	}
	workers_stretch(workers, (steps - 1) / steps, 1);
	solve_side(&clients, model->work, true, workers);
}
