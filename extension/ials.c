/*
 * ials.c - implicit matrix factorisation of purchases
 *
 * Hu, Koren, Volinsky 2008: every pair is fitted, what was bought towards 1
 * and all the rest, with a small weight, towards 0.  The Gram matrix of the
 * other side stands for all the unobserved pairs at once.  Alternating half-
 * steps as in svd.c, with the same promise: any number of workers gives the
 * same bits, and a fold-in of the same purchases gives the same factors.
 */
#include <math.h>
#include <string.h>

#include "ials.h"
#include "matrix.h"
#include "random.h"

typedef struct HalfStep
{
	const SparseRows *pairs;
	const FactorMatrix *other;
	FactorMatrix *own;
	const float *gram;			/* of the other side */
	const IalsPenalty *penalty;
} HalfStep;

static void
solve_row(void *argument, int64_t row, void *scratch)
{
	HalfStep   *step = argument;
	int64_t		first = step->pairs->start[row];

	solve_ials_row(step->other, step->gram, step->pairs->column + first,
				   step->pairs->value ? step->pairs->value + first : NULL,
				   step->pairs->start[row + 1] - first, sparse_after(step->pairs, row),
				   step->penalty, scratch, factor_row(step->own, row));
}

/*
 * The penalty lambda for a scale of 0.15 .. 1.3 that does not depend on the
 * size of the data: 1 is where the largest singular value of pure noise of
 * this density would just be kept out.
 */
float
ials_scaled_penalty(double scale, double unobserved,
					int64_t clients, int64_t products, int64_t pairs)
{
	double		cells = (double) clients * products;

	return scale * sqrt(pairs / cells) * (sqrt(clients) + sqrt(products)) /
		(unobserved * sqrt(cells));
}

static void
start(FactorMatrix *products, uint64_t seed)
{
	int			factors = products->width;
	double		deviation = 0.1 / sqrt(factors);

	memset(products->data, 0, (size_t) products->rows * products->stride * sizeof(float));
	for (int64_t row = 0; row < products->rows; row++)
	{
		for (int f = 0; f < factors; f++)
			factor_row(products, row)[f] = deviation * random_normal(seed, row * factors + f);
	}
}

/*
 * Fits clients and products (widths set by the caller) to purchases.  gram is
 * left holding the products' stride x stride Gram matrix, which fold-in needs.
 * Workers need solve_scratch_size(width).
 */
void
ials_fit(const SparseRows *by_client, const SparseRows *by_product,
		 const IalsOptions *options, const Workers *workers,
		 FactorMatrix *clients, FactorMatrix *products, float *gram)
{
	HalfStep	client_step = {by_client, products, clients, gram, &options->penalty};
	HalfStep	product_step = {by_product, clients, products, gram, &options->penalty};
	double		steps = 2 * options->iterations + 1;

	if (!options->resume)
		start(products, options->seed);
	for (int i = 0; i < options->iterations; i++)
	{
		workers_stretch(workers, 2 * i / steps, (2 * i + 1) / steps);
		matrix_gram(products, gram);
		workers_run(workers, solve_row, &client_step, by_client->rows);
		workers_stretch(workers, (2 * i + 1) / steps, (2 * i + 2) / steps);
		matrix_gram(clients, gram);
		workers_run(workers, solve_row, &product_step, by_product->rows);
	}
	workers_stretch(workers, (steps - 1) / steps, 1);
	matrix_gram(products, gram);
	workers_run(workers, solve_row, &client_step, by_client->rows);
}
