/*
 * fit.c - fitting one part of a model, ratings or purchases
 *
 * Each part is fitted twice.  First to nine tenths of its pairs, and measured
 * on the tenth that it did not see, beside the baseline that it has to beat:
 * biases alone for ratings, the most popular products for purchases.  Then to
 * all pairs, which is the version that serves.  Which pairs are held out is a
 * hash of the seed and their ids: the same pairs every night, so that
 * successive versions can be compared.
 *
 * What the user did not choose is chosen by the size of the data.
 */
#include "fit.h"

#include <math.h>

#include "miscadmin.h"

#include "random.h"

#define HOLD_OUT_ONE_IN 10
#define MIN_HELD_OUT_RATINGS 20
#define MIN_HELD_OUT_CLIENTS 10
#define MAX_HELD_OUT_CLIENTS 5000

/* The baseline of biases alone: damped as usual, and solved to the end. */
#define BASELINE_BIAS_PENALTY 3.0f
#define BASELINE_ITERATIONS 10

/* ---- what is held out ---- */

typedef struct HoldOut
{
	uint64		seed;
	bool		held_out;		/* the side that passes */
} HoldOut;

static bool
on_side(const Interactions *from, int64 entry, void *argument)
{
	HoldOut    *side = argument;
	uint64		client = from->clients->ids[from->client[entry]];
	uint64		product = from->products->ids[from->product[entry]];
	bool		held_out = random_bits(side->seed + random_mix(client), product) % HOLD_OUT_ONE_IN == 0;

	return held_out == side->held_out;
}

/* ---- memory ---- */

static FactorMatrix
alloc_factors(Budget *budget, int64 rows, int width)
{
	FactorMatrix m = {.rows = rows,.width = width,.stride = factor_stride(width)};

	m.data = budget_alloc(budget, rows, m.stride * sizeof(float));
	return m;
}

static void
free_factors(Budget *budget, FactorMatrix *m)
{
	budget_free(budget, m->data, m->rows, m->stride * sizeof(float));
	m->data = NULL;
}

static Size
sparse_bytes(const Interactions *from, Size entry_size)
{
	return add_size(mul_size(2 * entry_size, from->used),
					mul_size(sizeof(int64), add_size(from->clients->used, from->products->used) + 4));
}

/* Refuses a fit at its start if it could not be finished. */
static void
check_memory(FitRun *run, const Interactions *from, Size entry_size, int width, Size more)
{
	Size		row = factor_stride(width) * sizeof(float);
	Size		needed = add_size(sparse_bytes(from, entry_size), more);

	needed = add_size(needed, mul_size(row, add_size(from->clients->used, from->products->used)));
	needed = add_size(needed, mul_size(run->workers.participants, solve_scratch_size(width)));
	needed = add_size(needed, mul_size(sizeof(double) + sizeof(float), from->used));
	budget_check(run->budget, needed);
}

static void
start_workers(FitRun *run, int width)
{
	/* two rows besides, for those who prepare what is to be solved */
	run->workers.scratch_size = solve_scratch_size(width) + 2 * factor_stride(width) * sizeof(float);
	run->workers.scratch = budget_alloc(run->budget, run->workers.participants,
										run->workers.scratch_size);
}

static void
end_workers(FitRun *run)
{
	budget_free(run->budget, run->workers.scratch, run->workers.participants,
				run->workers.scratch_size);
	run->workers.scratch = NULL;
}

/* ---- ratings ---- */

/* A rating in standard deviations from the mean; 0 if all are equal. */
double
rating_standardise(const RatingScale *scale, double value)
{
	return scale->deviation > 0 ? (value - scale->mean) / scale->deviation : 0;
}

/*
 * Mean, deviation and range of the ratings that pass.  Sums are of values
 * divided by the largest, so that nothing overflows.
 */
static void
measure_scale(const Interactions *ratings, HoldOut *side, RatingScale *scale)
{
	double		largest = 0;
	double		sum = 0;
	double		squares = 0;
	int64		count = 0;

	scale->lowest = scale->highest = ratings->value[0];
	for (int64 i = 0; i < ratings->used; i++)
	{
		scale->lowest = Min(scale->lowest, ratings->value[i]);
		scale->highest = Max(scale->highest, ratings->value[i]);
	}
	largest = Max(fabs(scale->lowest), fabs(scale->highest));
	scale->mean = scale->lowest;
	scale->deviation = 0;
	if (scale->lowest == scale->highest)
		return;
	for (int64 i = 0; i < ratings->used; i++)
	{
		if (side && !on_side(ratings, i, side))
			continue;
		sum += ratings->value[i] / largest;
		count++;
	}
	if (count == 0)
		return;
	sum /= count;
	for (int64 i = 0; i < ratings->used; i++)
	{
		double		difference;

		if (side && !on_side(ratings, i, side))
			continue;
		difference = ratings->value[i] / largest - sum;
		squares += difference * difference;
	}
	CHECK_FOR_INTERRUPTS();
	scale->mean = sum * largest;
	scale->deviation = sqrt(squares / count) * largest;
}

/*
 * Factors, penalties and iterations for so many ratings.  With the two columns
 * of biases the widths fill whole lanes but for the smallest.
 */
static int
choose_rating_options(const ModelOptions *options, int64 ratings, RatingFit *fit)
{
	bool		bayes = options->rating_method == RATING_BAYES;
	int			factors = options->rating_factors;

	fit->method = options->rating_method;
	if (factors == OPTION_AUTO)
	{
		if (ratings < 200000)
			factors = bayes ? 8 : ratings < 50000 ? 6 : 14;
		else
			factors = ratings < 500000 ? 14 : ratings < 5000000 ? 30 : 62;
	}
	fit->penalty.factor = options->rating_regularization;
	if (options->rating_regularization == OPTION_AUTO)
		fit->penalty.factor = ratings < 500000 ? 0.12 : ratings < 5000000 ? 0.07 : 0.05;
	fit->penalty.bias = options->rating_bias_regularization;
	if (options->rating_bias_regularization == OPTION_AUTO)
		fit->penalty.bias = BASELINE_BIAS_PENALTY;
	fit->iterations = options->rating_iterations;
	if (options->rating_iterations == OPTION_AUTO)
		fit->iterations = !bayes ? 12 : ratings < 500000 ? 160 : ratings < 5000000 ? 60 : 40;
	fit->baseline_penalty = BASELINE_BIAS_PENALTY;
	return SVD_BIAS_COLUMNS + factors;
}

/* The ratings that pass, standardised, by client and by product. */
static void
rating_matrices(FitRun *run, const Interactions *ratings, HoldOut *side, const RatingScale *scale,
				SparseRows *by_client, SparseRows *by_product)
{
	float	   *values = budget_alloc(run->budget, ratings->used, sizeof(float));

	for (int64 i = 0; i < ratings->used; i++)
		values[i] = rating_standardise(scale, ratings->value[i]);
	CHECK_FOR_INTERRUPTS();
	interactions_by_client(ratings, side ? on_side : NULL, side, values, by_client, run->budget);
	budget_free(run->budget, values, ratings->used, sizeof(float));
	sparse_transpose(by_client, by_product, run->budget);
}

/*
 * Fits the baseline, and then the model, to the ratings that pass.  The
 * baseline is the SVD of no factors, biases alone.
 */
static void
fit_stars(FitRun *run, const Interactions *ratings, HoldOut *side, RatingFit *fit,
		  FactorMatrix *baseline_clients)
{
	uint64		seed = run->options->seed;
	SvdOptions	baseline = {BASELINE_ITERATIONS, seed, {0, fit->baseline_penalty}};
	SvdOptions	svd = {fit->iterations, seed, fit->penalty};
	BayesOptions bayes = {fit->iterations, seed};
	SparseRows	by_client;
	SparseRows	by_product;

	measure_scale(ratings, side, &fit->scale);
	rating_matrices(run, ratings, side, &fit->scale, &by_client, &by_product);
	start_workers(run, fit->products.width);
	run->trainer->svd_fit(&by_client, &by_product, &baseline, &run->workers,
						  baseline_clients, &fit->baseline);
	if (fit->method == RATING_SVD)
		run->trainer->svd_fit(&by_client, &by_product, &svd, &run->workers,
							  &fit->clients, &fit->products);
	else
	{
		Size		size = run->trainer->bayes_memory_size(by_client.rows, by_product.rows,
														   fit->products.width, fit->iterations);
		void	   *memory = budget_alloc(run->budget, 1, size);

		run->trainer->bayes_fit(&by_client, &by_product, &bayes, &run->workers, memory, &fit->bayes);
		budget_free(run->budget, memory, 1, size);
	}
	end_workers(run);
	sparse_free(&by_product, run->budget);
	sparse_free(&by_client, run->budget);
}

/* Measures a fit on the held-out ratings. */
static void
measure_stars(FitRun *run, const Interactions *ratings, const RatingScale *scale,
			const FactorMatrix *clients, const FactorMatrix *products, RatingMetrics *result)
{
	HoldOut		held_out = {run->options->seed, true};
	float	   *values = budget_alloc(run->budget, ratings->used, sizeof(float));
	SparseRows	rows;

	for (int64 i = 0; i < ratings->used; i++)
		values[i] = rating_standardise(scale, ratings->value[i]);
	interactions_by_client(ratings, on_side, &held_out, values, &rows, run->budget);
	if (sparse_entries(&rows) >= MIN_HELD_OUT_RATINGS)
		run->trainer->metrics_ratings(&rows, scale, clients, products, result);
	else
		memset(result, 0, sizeof(*result));
	sparse_free(&rows, run->budget);
	budget_free(run->budget, values, ratings->used, sizeof(float));
}

/* The arrays that only the Bayesian model has. */
static void
alloc_bayes(FitRun *run, RatingFit *fit)
{
	BayesModel *bayes = &fit->bayes;
	int			stride = fit->products.stride;

	bayes->clients = fit->clients;
	bayes->products = fit->products;
	bayes->features = alloc_factors(run->budget, fit->products.rows, fit->products.width);
	bayes->mean = budget_alloc(run->budget, stride, sizeof(float));
	bayes->precision = budget_alloc(run->budget, stride, stride * sizeof(float));
	bayes->spread = budget_alloc(run->budget, fit->products.rows, sizeof(float));
}

/*
 * Measures the baseline: biases alone or, where even these are chance, the
 * mean of all ratings.
 */
static void
measure_baseline(FitRun *run, const Interactions *ratings, RatingFit *fit,
				 FactorMatrix *baseline_clients)
{
	RatingMetrics mean;

	measure_stars(run, ratings, &fit->scale, baseline_clients, &fit->baseline,
				  &fit->held_out_baseline);
	/* no client deviates from the mean: every score is 0 */
	memset(baseline_clients->data, 0,
		   baseline_clients->rows * baseline_clients->stride * sizeof(float));
	measure_stars(run, ratings, &fit->scale, baseline_clients, &fit->baseline, &mean);
	if (mean.rmse < fit->held_out_baseline.rmse)
		fit->held_out_baseline = mean;
}

/* Measures, then fits to all, the ratings part of a model. */
void
fit_ratings(FitRun *run, const Interactions *ratings, RatingFit *fit)
{
	HoldOut		seen = {run->options->seed, false};
	int64		clients = ratings->clients->used;
	int64		products = ratings->products->used;
	int			width = choose_rating_options(run->options, ratings->used, fit);
	FactorMatrix baseline_clients;
	Size		more = 0;

	if (fit->method == RATING_BAYES)
		more = run->trainer->bayes_memory_size(clients, products, width, fit->iterations);
	check_memory(run, ratings, sizeof(uint32) + sizeof(float), width, more);
	fit->clients = alloc_factors(run->budget, clients, width);
	fit->products = alloc_factors(run->budget, products, width);
	baseline_clients = alloc_factors(run->budget, clients, SVD_BIAS_COLUMNS);
	fit->baseline = alloc_factors(run->budget, products, SVD_BIAS_COLUMNS);
	if (fit->method == RATING_BAYES)
		alloc_bayes(run, fit);

	fit_stars(run, ratings, &seen, fit, &baseline_clients);
	measure_baseline(run, ratings, fit, &baseline_clients);
	measure_stars(run, ratings, &fit->scale, &fit->clients, &fit->products, &fit->held_out);

	fit_stars(run, ratings, NULL, fit, &baseline_clients);
	free_factors(run->budget, &baseline_clients);
}

/* How many clients rated each product at least at the mean. */
float *
fit_liked(FitRun *run, const Interactions *ratings, const RatingScale *scale)
{
	float	   *liked = budget_alloc(run->budget, ratings->products->used, sizeof(float));

	memset(liked, 0, ratings->products->used * sizeof(float));
	for (int64 i = 0; i < ratings->used; i++)
	{
		if (ratings->value[i] >= scale->mean)
			liked[ratings->product[i]]++;
	}
	return liked;
}

/* ---- purchases ---- */

/* Factors, penalties and iterations for purchases of this size. */
static int
choose_purchase_options(const ModelOptions *options, const Interactions *purchases, PurchaseFit *fit)
{
	double		cells = (double) purchases->clients->used * purchases->products->used;
	bool		sparse = purchases->clients->used > 10000 || purchases->used < 0.002 * cells;

	fit->penalty.unobserved = options->purchase_unobserved_weight;
	if (options->purchase_unobserved_weight == OPTION_AUTO)
		fit->penalty.unobserved = sparse ? 0.1 : 0.3;
	fit->iterations = options->purchase_iterations;
	if (options->purchase_iterations == OPTION_AUTO)
		fit->iterations = 8;
	return options->purchase_factors == OPTION_AUTO ? 64 : options->purchase_factors;
}

/* Fits to the purchases that pass; leaves how many clients bought each product. */
static void
fit_ials(FitRun *run, const Interactions *purchases, HoldOut *side, PurchaseFit *fit,
		 SparseRows *by_client)
{
	SparseRows	by_product;
	IalsOptions options = {fit->iterations, run->options->seed, fit->penalty};

	interactions_by_client(purchases, side ? on_side : NULL, side, NULL, by_client, run->budget);
	sparse_transpose(by_client, &by_product, run->budget);
	for (int64 row = 0; row < by_product.rows; row++)
		fit->popularity[row] = by_product.start[row + 1] - by_product.start[row];
	start_workers(run, fit->products.width);
	if (run->options->purchase_regularization == OPTION_AUTO)
		options.penalty.factor =
			run->trainer->ials_scaled_penalty(0.6, options.penalty.unobserved, by_client->rows,
											  by_product.rows, sparse_entries(by_client));
	else
		options.penalty.factor = run->options->purchase_regularization;
	fit->penalty = options.penalty;
	run->trainer->ials_fit(by_client, &by_product, &options, &run->workers,
						   &fit->clients, &fit->products, fit->gram);
	end_workers(run);
	sparse_free(&by_product, run->budget);
}

/* Measures the fit, and popularity, on the held-out purchases. */
static void
measure_ials(FitRun *run, const Interactions *purchases, const SparseRows *seen, PurchaseFit *fit)
{
	HoldOut		side = {run->options->seed, true};
	SparseRows	held_out;
	Size		scratch_size = run->trainer->metrics_ranking_scratch_size(seen->columns,
																		  fit->products.stride);
	void	   *scratch = budget_alloc(run->budget, 1, scratch_size);

	interactions_by_client(purchases, on_side, &side, NULL, &held_out, run->budget);
	run->trainer->metrics_ranking(seen, &held_out, MAX_HELD_OUT_CLIENTS, &fit->clients,
								  &fit->products, NULL, scratch, &fit->held_out);
	run->trainer->metrics_ranking(seen, &held_out, MAX_HELD_OUT_CLIENTS, &fit->clients,
								  &fit->products, fit->popularity, scratch,
								  &fit->held_out_popularity);
	if (fit->held_out.clients < MIN_HELD_OUT_CLIENTS)
		fit->held_out.clients = 0;
	sparse_free(&held_out, run->budget);
	budget_free(run->budget, scratch, 1, scratch_size);
}

/* Measures, then fits to all, the purchases part of a model. */
void
fit_purchases(FitRun *run, const Interactions *purchases, PurchaseFit *fit)
{
	HoldOut		seen = {run->options->seed, false};
	int64		clients = purchases->clients->used;
	int64		products = purchases->products->used;
	int			width = choose_purchase_options(run->options, purchases, fit);
	SparseRows	by_client;

	check_memory(run, purchases, sizeof(uint32), width, 0);
	fit->clients = alloc_factors(run->budget, clients, width);
	fit->products = alloc_factors(run->budget, products, width);
	fit->gram = budget_alloc(run->budget, fit->products.stride,
							 fit->products.stride * sizeof(float));
	fit->popularity = budget_alloc(run->budget, products, sizeof(float));

	fit_ials(run, purchases, &seen, fit, &by_client);
	measure_ials(run, purchases, &by_client, fit);
	sparse_free(&by_client, run->budget);

	fit_ials(run, purchases, NULL, fit, &by_client);
	sparse_free(&by_client, run->budget);
}
