/*
 * fit_ratings.c - fitting the ratings part of a model
 *
 * Ratings are standardised first: penalties and priors then mean the same on
 * any scale.  The baseline is the biases of clients and products alone, or
 * the mean of all ratings where even these are chance.
 */
#include "fit.h"

#include <math.h>

#include "miscadmin.h"

#define MIN_HELD_OUT_RATINGS 20

/* The baseline of biases alone: damped as usual, and solved to the end. */
#define BASELINE_BIAS_PENALTY 3.0f
#define BASELINE_ITERATIONS 10

/*
 * Penalties of factors that are tried for an SVD.  With many ratings trials
 * would take their time, and the default is near the best.
 */
static const double trial_penalties[] = {2.4, 1.7, 1.2, 0.85, 0.6};
#define DEFAULT_PENALTY 1.0
#define MAX_TRIAL_RATINGS 500000
#define TRIAL_ITERATIONS 5

/* Of few ratings, more factors than this learn what is chance. */
#define FEW_RATINGS 5000
#define FEW_FACTORS 3

/* A rating in standard deviations from the mean; 0 if all are equal. */
double
rating_standardise(const RatingScale *scale, double value)
{
	/* the difference of two values may be more than a double can hold */
	return scale->deviation > 0 ? value / scale->deviation - scale->mean / scale->deviation : 0;
}

/*
 * Mean, deviation and range of the ratings that pass.  Sums are of values
 * divided by the largest, so that nothing overflows.
 */
static void
measure_scale(const Interactions *ratings, FitSide *side, RatingScale *scale)
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
		check_interrupts_at(i);
		if (side && !fit_on_side(ratings, i, side))
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

		check_interrupts_at(i);
		if (side && !fit_on_side(ratings, i, side))
			continue;
		difference = ratings->value[i] / largest - sum;
		squares += difference * difference;
	}
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
		if (bayes && ratings < FEW_RATINGS)
			factors = FEW_FACTORS;
		else if (ratings < 200000)
			factors = bayes ? 8 : ratings < 50000 ? 6 : 14;
		else
			factors = ratings < 500000 ? 14 : ratings < 5000000 ? 30 : 62;
	}
	fit->penalty.factor = options->rating_regularization;
	if (options->rating_regularization == OPTION_AUTO)
		fit->penalty.factor = DEFAULT_PENALTY;
	fit->penalty.bias = options->rating_bias_regularization;
	if (options->rating_bias_regularization == OPTION_AUTO)
		fit->penalty.bias = BASELINE_BIAS_PENALTY;
	fit->iterations = options->rating_iterations;
	if (options->rating_iterations == OPTION_AUTO)
		fit->iterations = bayes ? (ratings < 500000 ? 160 : ratings < 5000000 ? 120 : 40)
			: ratings < 500000 ? 12 : 8;
	fit->baseline_penalty = BASELINE_BIAS_PENALTY;
	return SVD_BIAS_COLUMNS + factors;
}

/* The ratings of a side (NULL: all), standardised, by client. */
void
fit_rating_rows(FitRun *run, const Interactions *ratings, FitSide *side, const RatingScale *scale,
				SparseRows *by_client)
{
	float	   *values = budget_alloc(run->budget, ratings->used, sizeof(float));

	for (int64 i = 0; i < ratings->used; i++)
		values[i] = rating_standardise(scale, ratings->value[i]);
	CHECK_FOR_INTERRUPTS();
	interactions_by_client(ratings, side ? fit_on_side : NULL, side, values, by_client, run->budget);
	budget_free(run->budget, values, ratings->used, sizeof(float));
}

/* Standardises ratings on the scale of a fit, for the rows of one side. */
static void
select_ratings(FitRun *run, const Interactions *ratings, FitSide *side, RatingScale *scale,
			   SparseRows *by_client, SparseRows *by_product)
{
	measure_scale(ratings, side, scale);
	fit_rating_rows(run, ratings, side, scale, by_client);
	sparse_transpose(by_client, by_product, run->budget);
}

/*
 * Gives products that nobody rated the row by which products unknown to the
 * model are served: what is measured is what is served.  Those of which
 * attributes tell have got what these say.
 */
static void
fill_unrated(const SparseRows *by_product, const BayesAttributes *told, const float *unrated,
			 FactorMatrix *products)
{
	for (int64 row = 0; row < products->rows; row++)
	{
		if (by_product->start[row] == by_product->start[row + 1] &&
			!(told && told->by_row.start[row] < told->by_row.start[row + 1]))
			memcpy(factor_row(products, row), unrated, products->stride * sizeof(float));
	}
}

/* The same with the average row of the others. */
static void
fill_with_average(FitRun *run, const SparseRows *by_product, FactorMatrix *products)
{
	Size		size = products->width;
	double	   *sums = budget_alloc(run->budget, size, sizeof(double));
	int64		rated = 0;

	memset(sums, 0, size * sizeof(double));
	for (int64 row = 0; row < products->rows; row++)
	{
		if (by_product->start[row] == by_product->start[row + 1])
			continue;
		for (int i = 0; i < products->width; i++)
			sums[i] += factor_row(products, row)[i];
		rated++;
	}
	for (int64 row = 0; row < products->rows && rated > 0; row++)
	{
		if (by_product->start[row] < by_product->start[row + 1])
			continue;
		for (int i = 0; i < products->width; i++)
			factor_row(products, row)[i] = (float) (sums[i] / rated);
	}
	budget_free(run->budget, sums, size, sizeof(double));
}

static const BayesAttributes *
attributes_or_null(const BayesAttributes *attributes)
{
	return attributes->by_row.rows > 0 ? attributes : NULL;
}

/*
 * Fits the baseline, and then the model, to the ratings that pass.  The
 * baseline is the SVD of no factors, biases alone.
 */
static void
fit_stars(FitRun *run, const Interactions *ratings, FitSide *side, RatingFit *fit,
		  FactorMatrix *baseline_clients, void *bayes_memory)
{
	uint64		seed = run->options->seed;
	/* to all ratings: from where the fit to a part of them was left */
	bool		resume = side == NULL;
	SvdOptions	baseline = {BASELINE_ITERATIONS, seed, {.bias = fit->baseline_penalty}};
	SvdModel	biases = {.clients = *baseline_clients,.products = fit->baseline};
	SvdOptions	svd = {resume ? (fit->iterations + 1) / 2 : fit->iterations, seed, fit->penalty, resume};
	BayesOptions bayes = {
		fit->iterations, seed, resume, attributes_or_null(&fit->client_attributes),
		attributes_or_null(&fit->product_attributes)
	};
	SparseRows	by_client;
	SparseRows	by_product;

	select_ratings(run, ratings, side, &fit->scale, &by_client, &by_product);
	fit_start_workers(run, fit->products.width);
	fit_phase(run, PROGRESS_AVERAGES, sparse_entries(&by_client), BASELINE_ITERATIONS);
	run->trainer->svd_fit(&by_client, &by_product, &baseline, &run->workers,
						  &biases);
	fit_phase(run, side ? PROGRESS_MEASURED_RATINGS : PROGRESS_RATINGS,
			  sparse_entries(&by_client), fit->iterations);
	if (fit->method == RATING_SVD)
		run->trainer->svd_fit(&by_client, &by_product, &svd, &run->workers, &fit->svd);
	else
		run->trainer->bayes_fit(&by_client, &by_product, &bayes, &run->workers, bayes_memory,
								&fit->bayes);
	fit_end_workers(run);
	fill_with_average(run, &by_product, &fit->baseline);
	if (fit->method == RATING_SVD)
		fill_with_average(run, &by_product, &fit->products);
	else
		fill_unrated(&by_product, attributes_or_null(&fit->product_attributes),
					 fit->bayes.unrated, &fit->products);
	sparse_free(&by_product, run->budget);
	sparse_free(&by_client, run->budget);
}

/*
 * Sets the penalty of factors to the best of a few, judged on a tenth of the
 * ratings that is kept for this alone.  Strong ones come first: each trial
 * goes on from where the one before was left.
 */
static void
choose_penalty(FitRun *run, const Interactions *ratings, RatingFit *fit)
{
	FitSide		training = {.seed = run->options->seed,.which = FIT_TRIAL_TRAINING,.share = 1};
	FitSide		test = {.seed = run->options->seed,.which = FIT_TRIAL_TEST,.share = 1};
	SparseRows	held_out;
	SparseRows	by_client;
	SparseRows	by_product;
	double		best = 0;

	if (ratings->used > MAX_TRIAL_RATINGS)
		return;
	select_ratings(run, ratings, &training, &fit->scale, &by_client, &by_product);
	fit_rating_rows(run, ratings, &test, &fit->scale, &held_out);
	fit_start_workers(run, fit->products.width);
	for (int i = 0; i < lengthof(trial_penalties); i++)
	{
		SvdOptions	options = {
			TRIAL_ITERATIONS, run->options->seed, {trial_penalties[i], fit->penalty.bias}, i > 0
		};
		RatingMetrics metrics;

		run->trainer->svd_fit(&by_client, &by_product, &options, &run->workers, &fit->svd);
		run->trainer->metrics_ratings(&held_out, &fit->scale, &fit->clients, &fit->products, &metrics);
		if (metrics.rows >= MIN_HELD_OUT_RATINGS && (i == 0 || metrics.rmse < best))
		{
			best = metrics.rmse;
			fit->penalty.factor = trial_penalties[i];
		}
	}
	fit_end_workers(run);
	sparse_free(&held_out, run->budget);
	sparse_free(&by_product, run->budget);
	sparse_free(&by_client, run->budget);
}

/* The arrays that only the Bayesian model has. */
static void
alloc_bayes(FitRun *run, RatingFit *fit)
{
	BayesModel *bayes = &fit->bayes;
	int			stride = fit->products.stride;

	bayes->clients = fit->clients;
	bayes->products = fit->products;
	bayes->features = fit_alloc_factors(run->budget,
										fit->products.rows + fit->client_attributes.by_value.rows,
										fit->products.width);
	bayes->mean = budget_alloc(run->budget, stride, sizeof(float));
	bayes->unrated = budget_alloc_lines(run->budget, 1, stride * sizeof(float));
	bayes->precision = budget_alloc(run->budget, stride, stride * sizeof(float));
	bayes->spread = budget_alloc(run->budget, fit->products.rows, sizeof(float));
}

/* The arrays that only the SVD has. */
static void
alloc_svd(FitRun *run, RatingFit *fit)
{
	SvdModel   *svd = &fit->svd;
	int			stride = fit->products.stride;

	svd->clients = fit->clients;
	svd->products = fit->products;
	svd->client_features = fit_alloc_factors(run->budget, fit->clients.rows, fit->clients.width);
	svd->features = fit_alloc_factors(run->budget, fit->products.rows, fit->products.width);
	svd->gram = budget_alloc(run->budget, stride, stride * sizeof(float));
	svd->inverse = budget_alloc(run->budget, stride, stride * sizeof(float));
	svd->work = budget_alloc(run->budget, stride, stride * sizeof(double));
}

/*
 * Measures a fit on held-out ratings beside the baseline: biases alone or,
 * where even these are chance, the mean of all ratings.
 */
static void
measure_stars(FitRun *run, const Interactions *ratings, FitSide *side, RatingFit *fit,
			  FactorMatrix *baseline_clients)
{
	const Trainer *trainer = run->trainer;
	SparseRows	held_out;
	RatingMetrics mean;

	fit_rating_rows(run, ratings, side, &fit->scale, &held_out);
	if (sparse_entries(&held_out) >= MIN_HELD_OUT_RATINGS)
	{
		trainer->metrics_ratings(&held_out, &fit->scale, &fit->clients, &fit->products,
								 &fit->held_out);
		trainer->metrics_ratings(&held_out, &fit->scale, baseline_clients, &fit->baseline,
								 &fit->held_out_baseline);
		fit->gain = trainer->metrics_ratings_gain(&held_out, &fit->scale, &fit->clients,
												  &fit->products, baseline_clients, &fit->baseline);
		/* no client deviates from the mean: every score is 0 */
		memset(baseline_clients->data, 0,
			   baseline_clients->rows * baseline_clients->stride * sizeof(float));
		trainer->metrics_ratings(&held_out, &fit->scale, baseline_clients, &fit->baseline, &mean);
		if (mean.rmse < fit->held_out_baseline.rmse)
		{
			fit->held_out_baseline = mean;
			fit->gain = trainer->metrics_ratings_gain(&held_out, &fit->scale, &fit->clients,
													  &fit->products, baseline_clients,
													  &fit->baseline);
		}
	}
	else
		fit->held_out = fit->held_out_baseline = (RatingMetrics) {0};
	sparse_free(&held_out, run->budget);
}

/* Measures, then fits to all, the ratings part of a model. */
void
fit_ratings(FitRun *run, const Interactions *ratings, RatingFit *fit)
{
	FitSide		seen = {.seed = run->options->seed,.which = FIT_TRAINING,.share = 1};
	FitSide		held_out = {.seed = run->options->seed,.which = FIT_TEST,.share = 1};
	int64		clients = ratings->clients->used;
	int64		products = ratings->products->used;
	int			width = choose_rating_options(run->options, ratings->used, fit);
	FactorMatrix baseline_clients;
	Size		bayes_size = 0;
	Size		more;
	void	   *bayes_memory = NULL;

	if (fit->method == RATING_BAYES)
	{
		if (ratings->attributes)
		{
			fit->client_values = fit_attributes(run, &ratings->attributes->clients,
												&fit->client_attributes);
			(void) fit_attributes(run, &ratings->attributes->products, &fit->product_attributes);
		}
		more = bayes_size = run->trainer->bayes_memory_size(clients, products, width, fit->iterations,
															fit->client_attributes.by_value.rows,
															fit->product_attributes.by_value.rows);
	}
	else
		more = mul_size(factor_stride(width) * sizeof(float), add_size(clients, products));
	fit_check_memory(run, ratings, sizeof(uint32) + sizeof(float), width, more);
	fit->clients = fit_alloc_factors(run->budget, clients, width);
	fit->products = fit_alloc_factors(run->budget, products, width);
	baseline_clients = fit_alloc_factors(run->budget, clients, SVD_BIAS_COLUMNS);
	fit->baseline = fit_alloc_factors(run->budget, products, SVD_BIAS_COLUMNS);
	if (fit->method == RATING_BAYES)
	{
		alloc_bayes(run, fit);
		bayes_memory = budget_alloc_lines(run->budget, 1, bayes_size);
	}
	else
		alloc_svd(run, fit);

	if (fit->method == RATING_SVD && run->options->rating_regularization == OPTION_AUTO)
		choose_penalty(run, ratings, fit);
	fit_stars(run, ratings, &seen, fit, &baseline_clients, bayes_memory);
	measure_stars(run, ratings, &held_out, fit, &baseline_clients);

	fit_stars(run, ratings, NULL, fit, &baseline_clients, bayes_memory);
	if (fit->method == RATING_BAYES)
		budget_free_lines(run->budget, bayes_memory, 1, bayes_size);
	else
		fit_free_factors(run->budget, &fit->svd.client_features);
	fit_free_factors(run->budget, &baseline_clients);
}

/* Are stars by factors better than those of the baseline, and not by chance? */
bool
fit_ratings_useful(const RatingFit *fit)
{
	return fit->held_out.rows > 0 &&
		fit->held_out.rmse < fit->held_out_baseline.rmse * (1 - FIT_MARGIN) &&
		fit->gain > FIT_GAIN_ERRORS;
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

/* The rows of clients among biases alone, given those of products and the clients' ratings. */
FactorMatrix
fit_fold_in_biases(Budget *budget, const FactorMatrix *products, float bias_penalty,
				   const SparseRows *ratings)
{
	FactorMatrix clients = fit_alloc_factors(budget, ratings->rows, SVD_BIAS_COLUMNS);
	SvdPenalty	penalty = {.bias = bias_penalty};
	Size		scratch_size = solve_scratch_size(SVD_BIAS_COLUMNS);
	void	   *scratch = budget_alloc(budget, 1, scratch_size);

	for (int64 row = 0; row < clients.rows; row++)
	{
		int64		first = ratings->start[row];

		check_interrupts_at(row);
		solve_svd_row(products, SVD_CLIENT_BIAS, ratings->column + first, ratings->value + first,
					  ratings->start[row + 1] - first, sparse_after(ratings, row), &penalty, scratch,
					  factor_row(&clients, row));
	}
	budget_free(budget, scratch, 1, scratch_size);
	return clients;
}
