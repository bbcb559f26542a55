/*
 * bayes_spread.c - how far below its mean the score of a product may be
 *
 * Lists are ranked by a bound that a score is above in nineteen of twenty
 * cases, so that products that one client each rated, and loved, do not fill
 * them.  How unsure a score is, is the posterior deviation of the product's
 * row, for clients as they are on average, and what its features alone say.
 */
#include <math.h>
#include <string.h>

#include "bayes.h"
#include "matrix.h"

/*
 * Nineteen of twenty normal numbers are above their mean less so many
 * deviations.  With one deviation, products that one client each loved still
 * take a third of the places in lists.
 */
#define LOWER_BOUND 1.645f

typedef struct SpreadJob
{
	const BayesSide *side;
	const FactorMatrix *other;
	BayesPrior	prior;
	const float *root;
	float	   *spread;
} SpreadJob;

static void
row_spread(void *argument, int64_t row, void *scratch)
{
	const SpreadJob *job = argument;
	int64_t		first = job->side->pairs->start[row];

	job->spread[row] = sqrtf(solve_bayes_variance(job->other, job->side->bias,
												  job->side->pairs->column + first,
												  job->side->pairs->start[row + 1] - first,
												  &job->prior, job->root, scratch));
}

/* What features say of a row, but for what attributes say. */
static double
said_by_ratings(const BayesSide *side, int64_t row, int column)
{
	const BayesAttributes *a = side->attributes;
	double		said = factor_row(&side->prior, row)[column];

	for (int64_t e = a ? a->by_row.start[row] : 0; a && e < a->by_row.start[row + 1]; e++)
	{
		uint32_t	value = a->by_row.column[e];

		said -= (double) a->by_row.value[e] * a->scale[value] *
			factor_row(&side->features, side->pairs->columns + value)[column];
	}
	return said;
}

/*
 * Of so many ratings a product has, features know if nothing else: where
 * there are products that one client rated each, and loved, they say that to
 * be rare is to be good.  What they say for a product beyond what they say for
 * the product of a rating is doubted as far as its own ratings have no say.
 * Then spreads are made bounds.
 */
static void
doubt_features(const BayesSide *clients, const BayesSide *products, BayesModel *model)
{
	int			width = clients->rows.width;
	double	   *mean = clients->sums;
	double	   *said = products->sums;	/* of the product of a rating */
	double		unknown = (double) model->unknown_spread * model->unknown_spread;

	memset(mean, 0, width * sizeof(double));
	memset(said, 0, width * sizeof(double));
	for (int64_t row = 0; row < clients->rows.rows; row++)
	{
		if (row % BAYES_ROWS_PER_CHECK == 0)
			workers_check_interrupts();
		for (int i = 0; i < width; i++)
			mean[i] += factor_row(&clients->rows, row)[i] / clients->rows.rows;
	}
	for (int64_t row = 0; row < products->rows.rows; row++)
	{
		double		ratings = products->pairs->start[row + 1] - products->pairs->start[row];

		if (row % BAYES_ROWS_PER_CHECK == 0)
			workers_check_interrupts();
		for (int i = 0; i < width; i++)
			said[i] += ratings / sparse_entries(products->pairs) * said_by_ratings(products, row, i);
	}
	for (int64_t row = 0; row < products->rows.rows; row++)
	{
		double		variance = (double) model->spread[row] * model->spread[row];
		double		beyond = 0;

		if (row % BAYES_ROWS_PER_CHECK == 0)
			workers_check_interrupts();
		for (int i = 0; i < width; i++)
			beyond += mean[i] * (said_by_ratings(products, row, i) - said[i]);
		if (beyond > 0)
			model->spread[row] += (float) (beyond * variance / unknown);
		model->spread[row] *= LOWER_BOUND;
	}
	model->unknown_spread *= LOWER_BOUND;
}

/*
 * How unsure the scores of products are, by the last draw of the chain, whose
 * precisions of products prior has.  square has room for width x width
 * numbers, root for stride x stride.
 */
void
bayes_measure_spread(const BayesSide *clients, const BayesSide *products, const BayesPrior *prior,
					 double *square, float *root, const Workers *workers, BayesModel *model)
{
	int			width = clients->rows.width;
	int			stride = clients->rows.stride;
	SpreadJob	job = {products, &clients->rows, *prior, root, model->spread};

	memset(square, 0, (size_t) width * width * sizeof(double));
	for (int64_t row = 0; row < clients->rows.rows; row++)
	{
		const float *x = factor_row(&clients->rows, row);

		if (row % BAYES_ROWS_PER_CHECK == 0)
			workers_check_interrupts();
		/* the client's bias is the constant's place in a product's row */
		for (int i = 1; i < width; i++)
		{
			for (int j = 1; j <= i; j++)
				square[(size_t) i * width + j] += (double) x[i] * x[j] / clients->rows.rows;
		}
	}
	for (int i = 0; i < width; i++)
		square[(size_t) i * width + i] += BAYES_LEAST_VARIANCE;
	matrix_cholesky(square, width);
	/* the factor is lower, root' root = factor factor' */
	memset(root, 0, (size_t) stride * stride * sizeof(float));
	for (int i = 0; i < width; i++)
	{
		for (int j = 0; j <= i; j++)
			root[(size_t) j * stride + i] = (float) square[(size_t) i * width + j];
	}
	workers_run(workers, row_spread, &job, products->rows.rows);
	model->unknown_spread = sqrtf(solve_bayes_variance(&clients->rows, SVD_PRODUCT_BIAS, NULL, 0,
													   prior, root, workers->scratch));
	doubt_features(clients, products, model);
}
