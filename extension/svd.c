/*
 * svd.c - biased matrix factorisation of ratings
 *
 * What this field calls SVD (Koren, Bell, Volinsky 2009): a standardised
 * rating is client bias + product bias + client factors . product factors,
 * fitted by alternating least squares.  Each half-step solves all rows of one
 * side exactly, biases included; rows are independent of each other, so any
 * number of workers gives the same bits.  The last half-step is the clients':
 * a client folded in later from the same ratings gets the same factors.
 */
#include <math.h>
#include <string.h>

#include "random.h"
#include "svd.h"

/* Standard deviation of the random start of the factors. */
#define START_DEVIATION 0.1

typedef struct HalfStep
{
	const SparseRows *pairs;
	const FactorMatrix *other;
	FactorMatrix *own;
	int			own_bias;
	const SvdPenalty *penalty;
} HalfStep;

static void
solve_row(void *argument, int64_t row, void *scratch)
{
	HalfStep   *step = argument;
	int64_t		first = step->pairs->start[row];

	solve_svd_row(step->other, step->own_bias, step->pairs->column + first,
				  step->pairs->value + first, step->pairs->start[row + 1] - first,
				  step->penalty, scratch, factor_row(step->own, row));
}

/*
 * Fits clients and products (widths set by the caller, SVD_BIAS_COLUMNS plus
 * the number of factors; a width of SVD_BIAS_COLUMNS is the model of biases
 * alone) to standardised ratings.  Workers need solve_scratch_size(width).
 */
void
svd_fit(const SparseRows *by_client, const SparseRows *by_product,
		const SvdOptions *options, const Workers *workers,
		FactorMatrix *clients, FactorMatrix *products)
{
	HalfStep	client_step = {by_client, products, clients, SVD_CLIENT_BIAS, &options->penalty};
	HalfStep	product_step = {by_product, clients, products, SVD_PRODUCT_BIAS, &options->penalty};
	int			factors = products->width - SVD_BIAS_COLUMNS;
	double		steps = 2 * options->iterations + 1;

	memset(products->data, 0, (size_t) products->rows * products->stride * sizeof(float));
	for (int64_t row = 0; row < products->rows; row++)
	{
		float	   *start = factor_row(products, row);

		start[1 - SVD_PRODUCT_BIAS] = 1;
		for (int f = 0; f < factors; f++)
			start[SVD_BIAS_COLUMNS + f] =
				START_DEVIATION * random_normal(options->seed, row * factors + f);
	}
	for (int i = 0; i < options->iterations; i++)
	{
		workers_stretch(workers, 2 * i / steps, (2 * i + 1) / steps);
		workers_run(workers, solve_row, &client_step, by_client->rows);
		workers_stretch(workers, (2 * i + 1) / steps, (2 * i + 2) / steps);
		workers_run(workers, solve_row, &product_step, by_product->rows);
	}
	workers_stretch(workers, (steps - 1) / steps, 1);
	workers_run(workers, solve_row, &client_step, by_client->rows);
}
