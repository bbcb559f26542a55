/*
 * fit_trials.c - finding out how the purchases of a shop are best learnt
 *
 * No method wins everywhere: weights from product to product are far better
 * where products come in series and sets, factors where tastes are broad or
 * each client has bought little.  How strongly to regularise differs by orders
 * of magnitude, and whether what was bought long ago still counts differs too.
 * So all of it is found by trials on a sample of the clients, judged by NDCG
 * over the full catalogue on purchases that are kept for this alone: the
 * latest, where the query tells when, else a tenth of the pairs.
 *
 * Factors are tried in a wide grid, small and short at first; a quarter of the
 * grid goes on to full size, as in successive halving (Jamieson and Talwalkar
 * 2016).  Neighbours are tried along a line of penalties, as far as it gets
 * better.  The best of all is then tried with purchases that age, and last the
 * best factors and the best EASE together, which mostly find more than either.
 * Where there is too little to judge by, density decides.
 */
#include "fit.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#define MIN_JUDGED_CLIENTS 10
#define ENOUGH_JUDGED_CLIENTS 1000
#define ENOUGH_JUDGED_SHARE 0.1
#define MAX_JUDGED_CLIENTS 2000

#define DEFAULT_FACTORS 64
#define MORE_FACTORS 128
#define DEFAULT_ITERATIONS 8

/* Trials are this much smaller than what they stand for. */
#define TRIAL_PAIRS 500000.0
#define TRIAL_PRODUCTS 4000
#define TRIAL_FACTORS 32
#define SHORT_ITERATIONS 3
#define LONG_ITERATIONS 6

/* The part of all rows, or of each client's, that is the latest. */
#define LATEST_PART 0.15

/* Trials are not finer than this. */
#define NEAR 0.99

/* What a blend is worth where trials do not tell. */
#define SAFER 1.005

/* What does not come that near to the best is tried no further. */
#define HOPELESS 0.85

/* Nor is it blended with what is better by so much. */
#define TOO_FAR_APART 0.75

/* A blend looks at all products for each list: so many are soon looked at. */
#define QUICKLY_LISTED 20000

/* Of so many pairs bought, the mean score of factors that are alive. */
#define COLLAPSE_PAIRS 50000
#define LEAST_SCORE 0.05

/*
 * The grids.  Penalties of factors are in units of the noise of the data
 * (ials.c): every optimum known of lies between 0.15 and 1.3.  Those of
 * neighbours begin in the middle and go where it gets better.
 */
static const double als_scales[] = {1.0, 0.7, 0.5, 0.35, 0.2};
static const double als_weights[] = {0.3, 0.1, 0.03};
static const double ease_penalties[] = {10, 30, 100, 300, 1000, 3000};
static const double item_penalties[] = {0, 3, 10, 30, 100, 300};
static const double popularities[] = {0, 0.15, 0.3};
static const int half_lives[] = {240, 120, 60, 30};
static const double factor_weights[] = {0.25, 0.5, 1, 2};

#define FIRST_PENALTY 3			/* of ease_penalties and item_penalties */

typedef struct Trials
{
	FitRun	   *run;
	const Interactions *purchases;
	FitSide		training;
	FitSide		held_out;
	int			half_life;		/* of pairs */
	PurchasePairs pairs;
	SparseRows	wanted;
	PurchaseFit *fit;			/* takes down what was tried */
} Trials;

/* Without trials: the denser, the less. */
static double
default_scale(double density)
{
	return density > 0.1 ? 0.2 : density > 0.02 ? 0.4 : 0.6;
}

/* What the user set, and what size and density suggest for the rest. */
static PurchaseSetting
default_setting(const ModelOptions *options, const Interactions *purchases)
{
	double		density = (double) purchases->used /
		((double) purchases->clients->used * purchases->products->used);
	PurchaseSetting setting = {
		.method = options->purchase_method == OPTION_AUTO ? PURCHASE_ALS
		: (PurchaseMethod) options->purchase_method
	};

	if (method_has_neighbours(setting.method))
	{
		setting.penalty = options->purchase_regularization;
		if (options->purchase_regularization == OPTION_AUTO)
			setting.penalty = setting.method == PURCHASE_ITEMS
				? item_penalties[FIRST_PENALTY] : ease_penalties[FIRST_PENALTY];
	}
	if (setting.method == PURCHASE_BLEND)
		setting.factor_weight = factor_weights[0];
	if (!method_has_factors(setting.method))
		return setting;
	setting.factor_penalty = default_scale(density);
	setting.unobserved = options->purchase_unobserved_weight;
	if (options->purchase_unobserved_weight == OPTION_AUTO)
		setting.unobserved = purchases->clients->used > 10000 || density < 0.002 ? 0.1 : 0.3;
	setting.factors = options->purchase_factors;
	if (options->purchase_factors == OPTION_AUTO)
		setting.factors = DEFAULT_FACTORS;
	setting.iterations = options->purchase_iterations;
	if (options->purchase_iterations == OPTION_AUTO)
		setting.iterations = DEFAULT_ITERATIONS;
	return setting;
}

/* ---- what trials are judged by ---- */

/* Clients that are judged: with purchases on both sides. */
static int64
count_judged(const Trials *trials)
{
	const SparseRows *seen = &trials->pairs.by_client;
	const SparseRows *wanted = &trials->wanted;
	int64		count = 0;

	for (int64 row = 0; row < seen->rows; row++)
		count += seen->start[row + 1] > seen->start[row] &&
			wanted->start[row + 1] > wanted->start[row];
	return count;
}

static void
end_split(Trials *trials)
{
	fit_free_purchase_pairs(trials->run, &trials->pairs);
	sparse_free(&trials->wanted, trials->run->budget);
}

/* Are there enough to judge by, if what comes from a time on is held out? */
static bool
begin_split(Trials *trials, const int64 *held_from)
{
	FitRun	   *run = trials->run;
	int64		judged;

	trials->training.held_from = trials->held_out.held_from = held_from;
	trials->half_life = 0;
	fit_purchase_pairs(run, trials->purchases, &trials->training, 0, &trials->pairs);
	interactions_by_client(trials->purchases, fit_on_side, &trials->held_out, NULL,
						   &trials->wanted, run->budget);
	judged = count_judged(trials);
	if (judged >= MIN_JUDGED_CLIENTS &&
		(!held_from || judged >= ENOUGH_JUDGED_CLIENTS ||
		 judged >= ENOUGH_JUDGED_SHARE * trials->pairs.clients))
		return true;
	end_split(trials);
	return false;
}

/* The first that leaves enough: by the calendar, by each client's own history, by chance. */
static bool
choose_split(Trials *trials)
{
	const Interactions *purchases = trials->purchases;
	Budget	   *budget = trials->run->budget;

	for (int way = 0; purchases->line_start && way < 2; way++)
	{
		int64	   *held_from = way == 0
			? fit_calendar_split(purchases, LATEST_PART, budget)
			: fit_history_split(purchases, LATEST_PART, budget);

		if (begin_split(trials, held_from))
			return true;
		budget_free(budget, held_from, purchases->clients->used, sizeof(int64));
	}
	return begin_split(trials, NULL);
}

/* ---- one trial ---- */

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
	double		weights = 0;
	int64		pairs = 0;

	for (int64 row = 0; row < by_client->rows && pairs < COLLAPSE_PAIRS; row++)
	{
		for (int64 e = by_client->start[row]; e < by_client->start[row + 1]; e++, pairs++)
		{
			double		weight = by_client->value ? by_client->value[e] : 1;

			sum += weight * factor_dot(factor_row(&fit->clients, row),
									   factor_row(&fit->products, by_client->column[e]),
									   fit->products.stride);
			weights += weight * weight;
		}
	}
	return !(sum >= LEAST_SCORE * weights);
}

/* Takes down how good a fit is. */
static PurchaseTrial *
judge(Trials *trials, const PurchaseFit *fit, bool contender, TimestampTz started)
{
	FitRun	   *run = trials->run;
	RankingModel model = fit_purchase_model(fit);
	PurchaseTrial *trial = &trials->fit->trials[trials->fit->trial_count++];
	RankingMetrics metrics;
	Size		scratch_size = run->trainer->metrics_ranking_scratch_size(trials->wanted.columns,
																		  fit->products.stride);
	void	   *scratch = budget_alloc(run->budget, 1, scratch_size);
	Workers		workers = fit_judges(run);

	Assert(trials->fit->trial_count <= MAX_PURCHASE_TRIALS);
	run->trainer->metrics_ranking(&trials->pairs.by_client, &trials->wanted, MAX_JUDGED_CLIENTS,
								  METRICS_TRIAL_TOP, &model, &workers, scratch, &metrics);
	budget_free(run->budget, scratch, 1, scratch_size);
	trial->setting = fit->setting;
	trial->contender = contender;
	trial->ndcg = metrics.ndcg;
	if (fit->setting.method == PURCHASE_ALS && has_collapsed(&trials->pairs.by_client, fit))
		trial->ndcg = 0;
	trial->seconds = (GetCurrentTimestamp() - started) / 1000000.0;
	progress_done(trials->fit->trial_count);
	return trial;
}

/* The next variant of a fit that takes no other fit; false if there is none. */
static bool
next_variant(Trials *trials, PurchaseFit *fit, int i)
{
	PurchaseSetting *setting = &fit->setting;

	if (setting->method == PURCHASE_BLEND)
	{
		if (i == lengthof(factor_weights))
			return false;
		setting->factor_weight = factor_weights[i];
		return true;
	}
	if (i == lengthof(popularities))
		return false;
	trials->run->trainer->neighbours_divide(&fit->neighbours, &trials->pairs.by_product,
											popularities[i] - setting->popularity);
	setting->popularity = popularities[i];
	return true;
}

/*
 * Fits a setting and judges it; if it is the first of its variants, all of
 * them: weights of factors, or powers of popularity.  The best NDCG.
 */
static double
try(Trials *trials, PurchaseSetting setting, bool contender, bool all_variants)
{
	FitRun	   *run = trials->run;
	TimestampTz started = GetCurrentTimestamp();
	PurchaseFit fit = {.setting = setting};
	double		best = 0;

	/* what memory does not allow does not win either */
	if (!fit_purchase_has_room(run, &setting, trials->pairs.by_client.rows,
							   trials->pairs.by_product.rows))
		return 0;
	if (setting.half_life != trials->half_life)
	{
		fit_free_purchase_pairs(run, &trials->pairs);
		fit_purchase_pairs(run, trials->purchases, &trials->training, setting.half_life,
						   &trials->pairs);
		trials->half_life = setting.half_life;
	}
	if (fit_purchase_setting(run, &trials->pairs, TRIAL_PRODUCTS, &fit))
	{
		best = judge(trials, &fit, contender, started)->ndcg;
		for (int i = 1; all_variants; i++)
		{
			double		ndcg;

			started = GetCurrentTimestamp();
			if (!next_variant(trials, &fit, i))
				break;
			ndcg = judge(trials, &fit, contender, started)->ndcg;
			best = Max(best, ndcg);
		}
	}
	fit_free_purchases(run, &fit);
	return best;
}

/* Contenders first, the best first. */
static int
compare_trials(const void *a, const void *b)
{
	const PurchaseTrial *x = a;
	const PurchaseTrial *y = b;

	if (x->contender != y->contender)
		return x->contender ? -1 : 1;
	return x->ndcg > y->ndcg ? -1 : x->ndcg < y->ndcg;
}

static void
sort_trials(Trials *trials)
{
	qsort(trials->fit->trials, trials->fit->trial_count, sizeof(PurchaseTrial), compare_trials);
}

/* ---- which are made ---- */

static void
try_factors(Trials *trials, PurchaseSetting setting)
{
	const ModelOptions *options = trials->run->options;
	PurchaseTrial *list = trials->fit->trials;
	int			first = trials->fit->trial_count;
	int			count;
	PurchaseSetting short_setting = setting;

	short_setting.factors = Min(setting.factors, TRIAL_FACTORS);
	short_setting.iterations = SHORT_ITERATIONS;
	setting.iterations = LONG_ITERATIONS;
	for (int w = 0; w < lengthof(als_weights); w++)
	{
		if (options->purchase_unobserved_weight == OPTION_AUTO)
			short_setting.unobserved = als_weights[w];
		else if (w > 0)
			break;
		for (int s = 0; s < lengthof(als_scales); s++)
		{
			short_setting.factor_penalty = als_scales[s];
			try(trials, short_setting, false, false);
		}
	}
	count = trials->fit->trial_count - first;
	qsort(list + first, count, sizeof(PurchaseTrial), compare_trials);
	for (int i = first; i < first + (count + 3) / 4; i++)
	{
		setting.factor_penalty = list[i].setting.factor_penalty;
		setting.unobserved = list[i].setting.unobserved;
		try(trials, setting, true, false);
	}
}

static double
best_ndcg(const Trials *trials)
{
	double		best = 0;

	for (int i = 0; i < trials->fit->trial_count; i++)
		best = Max(best, trials->fit->trials[i].ndcg);
	return best;
}

/* From the middle of a line of penalties to one side, as far as it gets better, or to the other. */
static void
try_neighbours(Trials *trials, PurchaseSetting setting, const double *penalties, int count)
{
	double		best;
	bool		better = false;

	setting.penalty = penalties[FIRST_PENALTY];
	best = try(trials, setting, true, true);
	better = best < HOPELESS * best_ndcg(trials);
	for (int step = -1; step <= 1 && !better; step += 2)
	{
		for (int i = FIRST_PENALTY + step; i >= 0 && i < count; i += step)
		{
			double		ndcg;

			setting.penalty = penalties[i];
			ndcg = try(trials, setting, true, true);
			if (ndcg <= best)
				break;
			best = ndcg;
			better = true;
		}
	}
}

/*
 * What a trial is worth.  Of two so near to each other neighbours are
 * preferred to factors, which take longer to fit, and purchases that do not
 * age to those that do.  A blend takes longest, but the two that it is made of
 * err in different ways: where trials hardly tell it is the best choice.
 */
static double
worth(const PurchaseTrial *trial)
{
	PurchaseMethod method = trial->setting.method;

	return trial->ndcg *
		(method == PURCHASE_ALS ? NEAR : method == PURCHASE_BLEND ? SAFER : 1) *
		(trial->setting.half_life > 0 ? NEAR : 1);
}

/* None, where there is memory for short trials alone, or not even these. */
static bool
has_contender(const PurchaseFit *fit)
{
	for (int i = 0; i < fit->trial_count; i++)
	{
		if (fit->trials[i].contender)
			return true;
	}
	return false;
}

/* The one that wins comes first. */
static PurchaseSetting
best_setting(Trials *trials)
{
	PurchaseTrial *list = trials->fit->trials;
	PurchaseTrial winner;
	int			best = 0;

	sort_trials(trials);
	for (int i = 1; i < trials->fit->trial_count && list[i].contender; i++)
	{
		if (worth(&list[i]) > worth(&list[best]))
			best = i;
	}
	winner = list[best];
	memmove(list + 1, list, best * sizeof(PurchaseTrial));
	list[0] = winner;
	return winner.setting;
}

/* Twice as many factors, where factors are as good as anything. */
static void
try_more_factors(Trials *trials)
{
	const PurchaseTrial *list = trials->fit->trials;

	sort_trials(trials);
	for (int i = 0; i < trials->fit->trial_count && list[i].contender; i++)
	{
		PurchaseSetting setting = list[i].setting;

		if (setting.method != PURCHASE_ALS || setting.factors >= MORE_FACTORS ||
			list[i].ndcg < NEAR * list[0].ndcg)
			continue;
		setting.factors = MORE_FACTORS;
		try(trials, setting, true, false);
		return;
	}
}

/* The best so far of a method, or NULL. */
static const PurchaseTrial *
best_of(Trials *trials, PurchaseMethod method)
{
	const PurchaseTrial *list = trials->fit->trials;

	sort_trials(trials);
	for (int i = 0; i < trials->fit->trial_count && list[i].contender; i++)
	{
		if (list[i].setting.method == method)
			return &list[i];
	}
	return NULL;
}

/* The best factors and the best EASE together: always, or if they may be worth it. */
static void
try_blend(Trials *trials, bool always)
{
	int			half_life = best_setting(trials).half_life;
	const PurchaseTrial *als = best_of(trials, PURCHASE_ALS);
	const PurchaseTrial *ease = best_of(trials, PURCHASE_EASE);
	PurchaseSetting setting;

	if (als == NULL || ease == NULL ||
		(!always && (trials->pairs.by_product.rows > QUICKLY_LISTED ||
					 Min(als->ndcg, ease->ndcg) < TOO_FAR_APART * Max(als->ndcg, ease->ndcg))))
		return;
	setting = als->setting;
	setting.method = PURCHASE_BLEND;
	setting.penalty = ease->setting.penalty;
	setting.popularity = ease->setting.popularity;
	setting.factor_weight = factor_weights[0];
	setting.half_life = half_life;
	try(trials, setting, true, true);
}

static void
make_trials(Trials *trials, const PurchaseSetting *setting)
{
	const ModelOptions *options = trials->run->options;
	PurchaseFit *fit = trials->fit;
	bool		all = options->purchase_method == OPTION_AUTO;
	bool		blend = setting->method == PURCHASE_BLEND;
	PurchaseSetting ease = {.method = PURCHASE_EASE};
	PurchaseSetting items = {.method = PURCHASE_ITEMS};
	PurchaseSetting als = {
		.method = PURCHASE_ALS,.unobserved = setting->unobserved,.factors = setting->factors
	};
	PurchaseSetting best;

	progress_phase(PROGRESS_PURCHASE_TRIALS, MAX_PURCHASE_TRIALS);
	if (all || blend || setting->method == PURCHASE_EASE)
		try_neighbours(trials, ease, ease_penalties, lengthof(ease_penalties));
	if (all || setting->method == PURCHASE_ITEMS)
		try_neighbours(trials, items, item_penalties, lengthof(item_penalties));
	if (all || blend || setting->method == PURCHASE_ALS)
	{
		try_factors(trials, als);
		if (options->purchase_factors == OPTION_AUTO)
			try_more_factors(trials);
	}
	if (!has_contender(fit))
		return;
	best = best_setting(trials);
	for (int i = 0; trials->purchases->line_start && i < lengthof(half_lives); i++)
	{
		best.half_life = half_lives[i];
		try(trials, best, true, false);
	}
	if (all || blend)
		try_blend(trials, blend);
	for (int i = 0; blend && i < fit->trial_count; i++)
		fit->trials[i].contender &= fit->trials[i].setting.method == PURCHASE_BLEND;
}

/*
 * Sets fit->setting to the best that was tried, or where nothing was, to the
 * default.
 */
void
fit_try_purchases(FitRun *run, const Interactions *purchases, PurchaseFit *fit)
{
	double		share = Min(1, TRIAL_PAIRS / purchases->used);
	Trials		trials = {
		.run = run,.purchases = purchases,.fit = fit,
		.training = {.seed = run->options->seed,.which = FIT_TRIAL_TRAINING,.share = share},
		.held_out = {.seed = run->options->seed,.which = FIT_TRIAL_TEST,.share = share}
	};
	int			iterations;

	fit->setting = default_setting(run->options, purchases);
	/* a penalty that the user set leaves nothing to choose */
	if (run->options->purchase_regularization != OPTION_AUTO || !choose_split(&trials))
		return;
	iterations = fit->setting.iterations;
	make_trials(&trials, &fit->setting);
	if (has_contender(fit))
		fit->setting = best_setting(&trials);
	if (method_has_factors(fit->setting.method))
		fit->setting.iterations = iterations;
	end_split(&trials);
	budget_free(run->budget, (int64 *) trials.training.held_from, purchases->clients->used,
				sizeof(int64));
}
