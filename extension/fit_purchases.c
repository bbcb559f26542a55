/*
 * fit_purchases.c - fitting the purchases part of a model
 *
 * Trials choose a setting (fit_trials.c), which is then fitted (fit_setting.c)
 * to nine tenths of the pairs, to be measured, and to all.  Besides, where
 * things are bought again, what is learnt of that (fit_repeat.c) takes lists
 * made by a fit to earlier purchases.
 */
#include "fit.h"

#define MIN_HELD_OUT_CLIENTS 10
#define MAX_HELD_OUT_CLIENTS 5000

/* ---- what is bought again ---- */

/* A fit, and the pairs that it was made to. */
typedef struct FittedPairs
{
	const PurchaseFit *fit;
	const SparseRows *by_client;
} FittedPairs;

/* A FitScores. */
static void
fitted_scores(void *argument, int64 client, float *scores)
{
	const FittedPairs *fitted = argument;

	fit_purchase_scores(fitted->fit, fitted->by_client, client, scores);
}

/* Learns what lists are worth that a fit to pairs makes, of what was held out. */
static void
learn_new(FitRun *run, const Interactions *purchases, FitSide *held_out,
		  const PurchasePairs *pairs, const PurchaseFit *fit, RepeatFit *repeat)
{
	FittedPairs fitted = {fit, &pairs->by_client};
	SparseRows	rows;

	interactions_by_client(purchases, fit_on_side, held_out, NULL, &rows, run->budget);
	fit_repeat_learn_new(run, &pairs->by_client, &rows, fitted_scores, &fitted, repeat);
	sparse_free(&rows, run->budget);
}

/* ---- a version ---- */

static void
measure_version(FitRun *run, const Interactions *purchases, const PurchasePairs *seen,
				PurchaseFit *fit)
{
	FitSide		side = {.seed = run->options->seed,.which = FIT_TEST,.share = 1};
	RankingModel model = fit_purchase_model(fit);
	RankingModel popular = {.popularity = fit->popularity};
	SparseRows	held_out;
	Size		scratch_size = run->trainer->metrics_ranking_scratch_size(purchases->products->used,
																		  fit->products.stride);
	void	   *scratch = budget_alloc(run->budget, 1, scratch_size);
	Workers		workers = fit_judges(run);

	interactions_by_client(purchases, fit_on_side, &side, NULL, &held_out, run->budget);
	run->trainer->metrics_ranking(&seen->by_client, &held_out, MAX_HELD_OUT_CLIENTS, METRICS_TOP,
								  &model, &workers, scratch, &fit->held_out);
	run->trainer->metrics_ranking(&seen->by_client, &held_out, MAX_HELD_OUT_CLIENTS, METRICS_TOP,
								  &popular, &workers, scratch, &fit->held_out_popularity);
	if (fit->held_out.clients < MIN_HELD_OUT_CLIENTS)
		fit->held_out.clients = 0;
	sparse_free(&held_out, run->budget);
	budget_free(run->budget, scratch, 1, scratch_size);
}

static void
fit_side(FitRun *run, const Interactions *purchases, FitSide *side, ProgressPhase phase,
		 PurchasePairs *pairs, PurchaseFit *fit)
{
	int			iterations = fit_purchase_iterations(fit);

	fit_purchase_pairs(run, purchases, side, fit->setting.half_life, pairs);
	fit_phase(run, phase, sparse_entries(&pairs->by_client),
			  method_has_factors(fit->setting.method) ? iterations : 1);
	if (!fit_purchase_setting(run, pairs, PG_INT64_MAX, fit))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("training did not converge"),
				 errhint("Raise the regularization of the model, or leave it to its default.")));
}

/* Learns from the last part of the log, by a fit to what came before it. */
static void
learn_from_days(FitRun *run, const Interactions *purchases, const PurchaseSetting *setting,
				RepeatFit *repeat)
{
	FitSide		before = {.which = FIT_TRAINING,.share = 1,.held_from = repeat->held_from};
	FitSide		after = {.which = FIT_TEST,.share = 1,.held_from = repeat->held_from};
	PurchaseFit fit = {.setting = *setting};
	PurchasePairs pairs;

	if (repeat->held_from[0] < PG_INT64_MAX)
	{
		fit_side(run, purchases, &before, PROGRESS_REPEATS, &pairs, &fit);
		learn_new(run, purchases, &after, &pairs, &fit, repeat);
		fit_free_purchase_pairs(run, &pairs);
		fit_free_purchases(run, &fit);
	}
	fit_repeat_learn_days(run, purchases, repeat);
}

/* Chooses, measures, then fits to all, the purchases part of a model. */
void
fit_purchases(FitRun *run, const Interactions *purchases, PurchaseFit *fit)
{
	FitSide		seen = {.seed = run->options->seed,.which = FIT_TRAINING,.share = 1};
	FitSide		held_out = {.seed = run->options->seed,.which = FIT_TEST,.share = 1};
	PurchasePairs pairs;

	fit_check_memory(run, purchases, sizeof(uint32), 1, 0);
	/* of the ratings, fitted before; trials say nothing of themselves */
	run->workers.progress = NULL;
	fit_try_purchases(run, purchases, fit);
	if (method_has_factors(fit->setting.method))
		fit_check_memory(run, purchases, sizeof(uint32), fit->setting.factors,
						 run->trainer->ials_memory_size(fit->setting.factors));

	fit_repeat_begin(run, purchases, &fit->repeat);
	if (fit->repeat.model.kind == REPEAT_BY_DAY)
		learn_from_days(run, purchases, &fit->setting, &fit->repeat);

	fit_side(run, purchases, &seen, PROGRESS_MEASURED_PURCHASES, &pairs, fit);
	measure_version(run, purchases, &pairs, fit);
	if (fit->repeat.model.kind == REPEAT_BY_ROW)
		learn_new(run, purchases, &held_out, &pairs, fit, &fit->repeat);
	fit_free_purchase_pairs(run, &pairs);

	/* a tenth more pairs do not move factors far */
	fit_side(run, purchases, NULL, PROGRESS_PURCHASES, &pairs, fit);
	fit_free_purchase_pairs(run, &pairs);
}
