/*
 * bayes_unrated.c - the row of a product that nobody has rated
 *
 * The mean row of the others will not do: what clients think of the products
 * they rated is in their factors as well as in their biases, and a mean row
 * has next to no factors.  So the row is a regression of ratings on the rows
 * of their clients, around the mean row, with the spread of the others as its
 * prior; the client's bias counts as it is.
 *
 * A client's row has seen the rating it is to predict here, and would predict
 * it too well.  So each rating is left out of the row first, which takes the
 * rating's own direction from it: with A the normal matrix of a client x, d
 * the row of a product, e the error of its rating and a the precision of the
 * noise, what is left is x - a e / (1 - a d' A^-1 d) A^-1 d.
 *
 * All products count the same.  Of each, and of many products, only so many
 * ratings are taken that the work is small beside a sweep of the chain.
 */
#include <math.h>
#include <string.h>

#include "bayes.h"
#include "matrix.h"

#define MAX_RATINGS 4
#define MAX_PRODUCTS 20000

/* Below it a column is the same in all products. */
#define LEAST_VARIANCE 1e-9

/* No rating is known so well without its client's word. */
#define MOST_LEVERAGE 0.95f

typedef struct LeaveOut
{
	const SparseRows *by_client;
	const SparseRows *by_product;
	const BayesModel *model;
	BayesPrior	prior;
	int64_t		products_per_row;
	int			turn;			/* which of a product's ratings */
	FactorMatrix *out;			/* clients without the rating; no bias: none */
} LeaveOut;

/* The rating of a product that is taken in a turn, or -1. */
static int64_t
taken_rating(const LeaveOut *job, int64_t product)
{
	int64_t		first = job->by_product->start[product];
	int64_t		ratings = job->by_product->start[product + 1] - first;

	if (ratings <= MAX_RATINGS)
		return job->turn < ratings ? first + job->turn : -1;
	return first + job->turn * ratings / MAX_RATINGS;
}

static void
leave_out(void *argument, int64_t row, void *scratch)
{
	const LeaveOut *job = argument;
	const FactorMatrix *products = &job->model->products;
	int64_t		product = row * job->products_per_row;
	int64_t		rating = taken_rating(job, product);
	const float *d = factor_row(products, product);
	float	   *out = factor_row(job->out, row);
	int			stride = products->stride;
	const float *x;
	int64_t		first;
	uint32_t	client;
	float		leverage;
	float		change;

	memset(out, 0, stride * sizeof(float));
	if (rating < 0)
		return;
	client = job->by_product->column[rating];
	first = job->by_client->start[client];
	x = factor_row(&job->model->clients, client);
	memcpy(out, d, stride * sizeof(float));
	out[1 - SVD_CLIENT_BIAS] = 0;
	if (!solve_weights(products, NULL, SVD_CLIENT_BIAS, job->by_client->column + first,
					   job->by_client->start[client + 1] - first, NULL, &job->prior, NULL, NULL,
					   scratch, out))
		memset(out, 0, stride * sizeof(float));
	out[1 - SVD_CLIENT_BIAS] = 0;
	leverage = job->prior.noise_precision * factor_dot(out, d, stride);
	change = job->prior.noise_precision *
		(job->by_product->value[rating] - factor_dot(x, d, stride)) /
		(1 - fminf(leverage, MOST_LEVERAGE));
	for (int i = 0; i < stride; i++)
		out[i] = x[i] - change * out[i];
}

/* Adds what one turn found to the regression. */
static void
add_turn(const LeaveOut *job, double *square, double *right)
{
	const FactorMatrix *rows = job->out;
	const float *mean = job->model->unrated;
	int			width = rows->width;

	for (int64_t row = 0; row < rows->rows; row++)
	{
		int64_t		product = row * job->products_per_row;
		int64_t		rating = taken_rating(job, product);
		int64_t		ratings = job->by_product->start[product + 1] - job->by_product->start[product];
		const float *x = factor_row(rows, row);
		double		weight;
		double		rest;

		if (row % 1024 == 0)
			workers_check_interrupts();
		if (rating < 0)
			continue;
		weight = 1.0 / (ratings < MAX_RATINGS ? ratings : MAX_RATINGS);
		rest = job->by_product->value[rating] - factor_dot(x, mean, rows->stride);
		for (int i = 0; i < width; i++)
		{
			right[i] += weight * rest * x[i];
			for (int j = 0; j <= i; j++)
				square[(size_t) i * width + j] += weight * x[i] * x[j];
		}
	}
}

/*
 * Sets the model's row of products without ratings, given the rest of it.
 * rows is work memory for as many rows as there are products, square for width
 * x width numbers, sums for 3 * stride, of which the first are the mean row.
 */
void
bayes_fit_unrated(const SparseRows *by_client, const SparseRows *by_product,
				  const Workers *workers, FactorMatrix rows, double *square, double *sums,
				  BayesModel *model)
{
	const FactorMatrix *products = &model->products;
	int			width = products->width;
	double	   *mean = sums;
	double	   *variance = sums + products->stride;
	double	   *right = sums + 2 * products->stride;
	int64_t		rated = 0;
	LeaveOut	job = {
		.by_client = by_client,.by_product = by_product,.model = model,
		.prior = {model->noise_precision, model->precision},
		.products_per_row = products->rows / MAX_PRODUCTS + 1,.out = &rows
	};

	memset(square, 0, (size_t) width * width * sizeof(double));
	memset(sums, 0, 3 * products->stride * sizeof(double));
	memset(model->unrated, 0, products->stride * sizeof(float));
	for (int64_t product = 0; product < products->rows; product++)
	{
		if (product % 4096 == 0)
			workers_check_interrupts();
		if (by_product->start[product] == by_product->start[product + 1])
			continue;
		rated++;
		for (int i = 0; i < width; i++)
		{
			double		value = factor_row(products, product)[i];

			mean[i] += value;
			variance[i] += value * value;
		}
	}
	for (int i = 0; i < width && rated > 0; i++)
	{
		mean[i] /= rated;
		variance[i] = fmax(variance[i] / rated - mean[i] * mean[i], LEAST_VARIANCE);
		model->unrated[i] = (float) mean[i];
	}
	mean[1 - SVD_PRODUCT_BIAS] = model->unrated[1 - SVD_PRODUCT_BIAS] = 1;
	if (rated == 0)
		return;

	rows.rows = (products->rows + job.products_per_row - 1) / job.products_per_row;
	for (job.turn = 0; job.turn < MAX_RATINGS; job.turn++)
	{
		workers_run(workers, leave_out, &job, rows.rows);
		add_turn(&job, square, right);
	}
	/* ratings are standardised: what is left of one is about 1 */
	for (int i = 0; i < width; i++)
	{
		square[(size_t) i * width + i] += 1 / variance[i];
		square[(size_t) i * width] = i == 0;	/* the client's bias counts as it is */
	}
	right[0] = 0;
	if (!matrix_invert(square, width))
		return;
	for (int i = 1; i < width; i++)
	{
		for (int j = 1; j < width; j++)
			model->unrated[i] += (float) (square[(size_t) (i > j ? i : j) * width + (i > j ? j : i)] * right[j]);
	}
}
