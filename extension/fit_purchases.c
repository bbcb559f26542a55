/*
 * fit_purchases.c - fitting the purchases part of a model
 *
 * How strongly to regularise implicit ALS, and how much what was not bought
 * weighs, differs by orders of magnitude between shops, so both are chosen by
 * trials: small, short trainings on a sample of the clients, judged by NDCG
 * over the full catalogue on a tenth of the pairs that is kept for this alone.
 * A quarter of them goes on to a longer training, as in successive halving (Jamieson
 * and Talwalkar 2016).  Where there is too little to judge by, density decides.
 */
#include "fit.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/timestamp.h"

#define MIN_HELD_OUT_CLIENTS 10
#define MAX_HELD_OUT_CLIENTS 5000

#define DEFAULT_FACTORS 64
#define DEFAULT_ITERATIONS 8
#define ITERATIONS_AGAIN(iterations) (((iterations) + 1) / 2)

/* Trials are this much smaller than what they stand for; long ones are as wide. */
#define TRIAL_PAIRS 500000.0
#define TRIAL_CLIENTS 5000
#define TRIAL_FACTORS 32
#define SHORT_ITERATIONS 3
#define LONG_ITERATIONS 6

/* Of so many pairs bought, the mean score of a model that is alive. */
#define COLLAPSE_PAIRS 50000
#define LEAST_SCORE 0.05

/*
 * The grid.  Penalties are in units of the noise of the data (ials.c): every
 * optimum known of lies between 0.15 and 1.3.
 */
static const double trial_scales[] = {1.0, 0.7, 0.5, 0.35, 0.2};
static const double trial_weights[] = {0.3, 0.1, 0.03};

/* Without trials: the denser, the less. */
static double
default_scale(double density)
{
	return density > 0.1 ? 0.2 : density > 0.02 ? 0.4 : 0.6;
}

/* What the user set stays; the rest is for the trials to choose. */
static void
set_defaults(const ModelOptions *options, const Interactions *purchases, PurchaseFit *fit)
{
	double		density = (double) purchases->used /
		((double) purchases->clients->used * purchases->products->used);

	fit->penalty.unobserved = options->purchase_unobserved_weight;
	if (options->purchase_unobserved_weight == OPTION_AUTO)
		fit->penalty.unobserved = purchases->clients->used > 10000 || density < 0.002 ? 0.1 : 0.3;
	fit->scale = default_scale(density);
	fit->iterations = options->purchase_iterations;
	if (options->purchase_iterations == OPTION_AUTO)
		fit->iterations = DEFAULT_ITERATIONS;
}

static int64
filled_rows(const SparseRows *m)
{
	int64		filled = 0;

	for (int64 row = 0; row < m->rows; row++)
		filled += m->start[row + 1] > m->start[row];
	return filled;
}

/* The pairs of a side, by client and by product. */
typedef struct Pairs
{
	SparseRows	by_client;
	SparseRows	by_product;
	int64		clients;		/* with any */
	int64		products;
} Pairs;

static void
select_pairs(FitRun *run, const Interactions *purchases, FitSide *side, Pairs *pairs)
{
	interactions_by_client(purchases, side ? fit_on_side : NULL, side, NULL, &pairs->by_client,
						   run->budget);
	sparse_transpose(&pairs->by_client, &pairs->by_product, run->budget);
	pairs->clients = filled_rows(&pairs->by_client);
	pairs->products = filled_rows(&pairs->by_product);
	CHECK_FOR_INTERRUPTS();
}

static void
free_pairs(FitRun *run, Pairs *pairs)
{
	sparse_free(&pairs->by_product, run->budget);
	sparse_free(&pairs->by_client, run->budget);
}

/*
 * Fits to pairs with the penalties of fit, from the factors that are there if
 * it resumes; leaves how many clients bought each product.
 */
static void
fit_ials(FitRun *run, const Pairs *pairs, int iterations, bool resume, PurchaseFit *fit)
{
	IalsOptions options = {iterations, run->options->seed, fit->penalty, resume};

	for (int64 row = 0; row < pairs->by_product.rows; row++)
		fit->popularity[row] = pairs->by_product.start[row + 1] - pairs->by_product.start[row];
	options.penalty.factor = run->options->purchase_regularization;
	if (options.penalty.factor == OPTION_AUTO)
		options.penalty.factor =
			run->trainer->ials_scaled_penalty(fit->scale, options.penalty.unobserved,
											  Max(pairs->clients, 1), Max(pairs->products, 1),
											  sparse_entries(&pairs->by_client));
	fit->penalty = options.penalty;
	fit_start_workers(run, fit->products.width);
	run->trainer->ials_fit(&pairs->by_client, &pairs->by_product, &options, &run->workers,
						   &fit->clients, &fit->products, fit->gram);
	fit_end_workers(run);
}

static void
measure_ranking(FitRun *run, const Interactions *purchases, FitSide *side, const SparseRows *seen,
				int64 max_clients, PurchaseFit *fit,
				RankingMetrics *model, RankingMetrics *popularity)
{
	SparseRows	held_out;
	Size		scratch_size = run->trainer->metrics_ranking_scratch_size(seen->columns,
																		  fit->products.stride);
	void	   *scratch = budget_alloc(run->budget, 1, scratch_size);

	interactions_by_client(purchases, fit_on_side, side, NULL, &held_out, run->budget);
	run->trainer->metrics_ranking(seen, &held_out, max_clients, &fit->clients,
								  &fit->products, NULL, scratch, model);
	if (popularity)
		run->trainer->metrics_ranking(seen, &held_out, max_clients, &fit->clients,
									  &fit->products, fit->popularity, scratch, popularity);
	if (model->clients < MIN_HELD_OUT_CLIENTS)
		model->clients = 0;
	sparse_free(&held_out, run->budget);
	budget_free(run->budget, scratch, 1, scratch_size);
}

static void
alloc_fit(FitRun *run, const Interactions *purchases, int width, PurchaseFit *fit)
{
	fit->clients = fit_alloc_factors(run->budget, purchases->clients->used, width);
	fit->products = fit_alloc_factors(run->budget, purchases->products->used, width);
	fit->gram = budget_alloc(run->budget, fit->products.stride,
							 fit->products.stride * sizeof(float));
	fit->popularity = budget_alloc(run->budget, purchases->products->used, sizeof(float));
}

static void
free_fit(FitRun *run, PurchaseFit *fit)
{
	budget_free(run->budget, fit->popularity, fit->products.rows, sizeof(float));
	budget_free(run->budget, fit->gram, fit->products.stride, fit->products.stride * sizeof(float));
	fit_free_factors(run->budget, &fit->products);
	fit_free_factors(run->budget, &fit->clients);
}

/* ---- trials ---- */

/*
 * Under too strong a penalty factors shrink by the same part in every
 * iteration: a short trial still ranks well by what is left of them, a full
 * training is left with nothing.  Then what was bought, which is fitted
 * towards 1, scores next to 0.
 */
static bool
has_collapsed(const SparseRows *by_client, const PurchaseFit *fit)
{
	double		sum = 0;
	int64		pairs = 0;

	for (int64 row = 0; row < by_client->rows && pairs < COLLAPSE_PAIRS; row++)
	{
		for (int64 e = by_client->start[row]; e < by_client->start[row + 1]; e++, pairs++)
			sum += factor_dot(factor_row(&fit->clients, row),
							  factor_row(&fit->products, by_client->column[e]),
							  fit->products.stride);
	}
	return !(sum >= LEAST_SCORE * pairs);
}

static int
compare_trials(const void *a, const void *b)
{
	const PurchaseTrial *x = a;
	const PurchaseTrial *y = b;

	if (x->iterations != y->iterations)
		return x->iterations > y->iterations ? -1 : 1;
	return x->ndcg > y->ndcg ? -1 : x->ndcg < y->ndcg;
}

/* Trains and judges one trial.  False if there is too little to judge by. */
static bool
run_trial(FitRun *run, const Interactions *purchases, FitSide *held_out, const Pairs *pairs,
		  PurchaseFit *scratch, PurchaseTrial *trial)
{
	TimestampTz started = GetCurrentTimestamp();
	RankingMetrics metrics;

	scratch->scale = trial->scale;
	scratch->penalty.unobserved = trial->unobserved;
	fit_ials(run, pairs, trial->iterations, false, scratch);
	measure_ranking(run, purchases, held_out, &pairs->by_client, TRIAL_CLIENTS, scratch,
					&metrics, NULL);
	trial->ndcg = has_collapsed(&pairs->by_client, scratch) ? 0 : metrics.ndcg;
	trial->seconds = (GetCurrentTimestamp() - started) / 1000000.0;
	return metrics.clients > 0;
}

/* All of the grid that the user left open. */
static int
list_trials(const ModelOptions *options, int factors, const PurchaseFit *fit, PurchaseTrial *trials)
{
	int			count = 0;

	for (int w = 0; w < lengthof(trial_weights); w++)
	{
		if (options->purchase_unobserved_weight != OPTION_AUTO && w > 0)
			break;
		for (int s = 0; s < lengthof(trial_scales); s++)
		{
			PurchaseTrial *trial = &trials[count++];

			trial->scale = trial_scales[s];
			trial->unobserved = options->purchase_unobserved_weight != OPTION_AUTO
				? fit->penalty.unobserved : trial_weights[w];
			trial->factors = factors;
			trial->iterations = SHORT_ITERATIONS;
		}
	}
	return count;
}

/* Sets the penalties of fit to those of the best trial, if any can be judged. */
static void
choose_penalties(FitRun *run, const Interactions *purchases, int width, PurchaseFit *fit)
{
	double		share = Min(1, TRIAL_PAIRS / purchases->used);
	FitSide		training = {.seed = run->options->seed,.which = FIT_TRIAL_TRAINING,.share = share};
	FitSide		held_out = {.seed = run->options->seed,.which = FIT_TRIAL_TEST,.share = share};
	PurchaseFit scratch = {0};
	Pairs		pairs;
	int			count;
	bool		judged = true;

	/* a penalty that the user set leaves nothing to choose */
	if (run->options->purchase_regularization != OPTION_AUTO)
		return;
	count = list_trials(run->options, Min(width, TRIAL_FACTORS), fit, fit->trials);
	select_pairs(run, purchases, &training, &pairs);
	alloc_fit(run, purchases, Min(width, TRIAL_FACTORS), &scratch);
	progress_phase(PROGRESS_PURCHASE_TRIALS, count + (count + 3) / 4);
	for (int i = 0; i < count && judged; i++)
	{
		judged = run_trial(run, purchases, &held_out, &pairs, &scratch, &fit->trials[i]);
		progress_done(i + 1);
	}
	if (judged)
	{
		fit->trial_count = count;
		free_fit(run, &scratch);
		alloc_fit(run, purchases, width, &scratch);
		qsort(fit->trials, count, sizeof(PurchaseTrial), compare_trials);
		for (int i = 0; i < (count + 3) / 4; i++)
		{
			PurchaseTrial *trial = &fit->trials[fit->trial_count++];

			*trial = fit->trials[i];
			trial->factors = width;
			trial->iterations = LONG_ITERATIONS;
			run_trial(run, purchases, &held_out, &pairs, &scratch, trial);
			progress_done(fit->trial_count);
		}
		qsort(fit->trials, fit->trial_count, sizeof(PurchaseTrial), compare_trials);
		fit->scale = fit->trials[0].scale;
		fit->penalty.unobserved = fit->trials[0].unobserved;
	}
	free_fit(run, &scratch);
	free_pairs(run, &pairs);
}

/* Chooses, measures, then fits to all, the purchases part of a model. */
void
fit_purchases(FitRun *run, const Interactions *purchases, PurchaseFit *fit)
{
	FitSide		seen = {.seed = run->options->seed,.which = FIT_TRAINING,.share = 1};
	FitSide		held_out = {.seed = run->options->seed,.which = FIT_TEST,.share = 1};
	int			width = run->options->purchase_factors == OPTION_AUTO
		? DEFAULT_FACTORS : run->options->purchase_factors;
	Pairs		pairs;

	fit_check_memory(run, purchases, sizeof(uint32), width, 0);
	/* of the ratings, fitted before; trials say nothing of themselves */
	run->workers.progress = NULL;
	set_defaults(run->options, purchases, fit);
	choose_penalties(run, purchases, width, fit);
	alloc_fit(run, purchases, width, fit);

	select_pairs(run, purchases, &seen, &pairs);
	fit_phase(run, PROGRESS_MEASURED_PURCHASES, sparse_entries(&pairs.by_client), fit->iterations);
	fit_ials(run, &pairs, fit->iterations, false, fit);
	measure_ranking(run, purchases, &held_out, &pairs.by_client, MAX_HELD_OUT_CLIENTS, fit,
					&fit->held_out, &fit->held_out_popularity);
	free_pairs(run, &pairs);

	/* a tenth more pairs do not move the factors far */
	select_pairs(run, purchases, NULL, &pairs);
	fit_phase(run, PROGRESS_PURCHASES, sparse_entries(&pairs.by_client),
			  ITERATIONS_AGAIN(fit->iterations));
	fit_ials(run, &pairs, ITERATIONS_AGAIN(fit->iterations), true, fit);
	free_pairs(run, &pairs);
}
