/*
 * fit_repeat.c - learning how clients buy again, and how what is new compares
 *
 * Only where the log repeats: some pairs were bought on several days or, where
 * nothing tells the time, in several rows.  With times, all is learnt from the
 * last fifth of the log: what was bought then, of what each client had bought
 * before, and of what a model fitted to the time before would have offered
 * them.  The weights have priors, from a shop of groceries and one of gifts,
 * which rule as long as a log is short.
 *
 * Without times the weights for what was bought before are fixed ones, and
 * the chance of something new is learnt from the pairs held out by chance:
 * these are about twice as easy to find as those of the future.
 */
#include "fit.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "logistic.h"
#include "topn.h"

/* A log repeats if this part of its pairs were bought again. */
#define LEAST_REPEATED 0.01

/* The part of the log, the last one, that is learnt from. */
#define LEARNT_PART 0.2

/* Half of what a purchase says of the popularity of a product is gone by then. */
#define POPULARITY_HALF_LIFE (120.0 * USECS_PER_DAY)

/* Of nobody, so many buyers have come again for a product, of so many more. */
#define PRIOR_AGAIN 1
#define PRIOR_BUYERS 10

/* Learnt from at most so many pairs, and lists of so many clients and products. */
#define MAX_PAIRS 500000
#define MAX_LISTS 2000
#define LIST_LENGTH 50

/* Weights for what was bought before. */
enum
{
	CONSTANT,
	TIMES,
	RECENCY,
	POPULARITY,
	AGAIN,
	REPEAT_WIDTH
};

static const LogisticPrior day_prior[REPEAT_WIDTH] = {
	[CONSTANT] = {-3.1, 1},
	[TIMES] = {1.4, 10},
	[RECENCY] = {-0.2, 50},
	[POPULARITY] = {0.38, 50},
	[AGAIN] = {0.25, 50}
};

static const double row_weights[REPEAT_WIDTH] = {
	[CONSTANT] = -3.6,[TIMES] = 1.4,[RECENCY] = 0,[POPULARITY] = 0.35,[AGAIN] = 0.35
};

/* Odds of a pair held out by chance, as a log, above those of the future. */
#define CHANCE_ODDS 0.7

static const LogisticPrior new_prior[2] = {{-1, 1}, {1.2, 10}};

/* What is known of each product up to a time. */
typedef struct Habits
{
	float	   *sold;			/* purchases, the older the less */
	float	   *buyers;
	float	   *again;			/* of these, who bought it again */
} Habits;

static void
alloc_habits(FitRun *run, const Interactions *purchases, Habits *habits)
{
	int64		products = purchases->products->used;

	habits->sold = budget_alloc(run->budget, products, sizeof(float));
	habits->buyers = budget_alloc(run->budget, products, sizeof(float));
	habits->again = budget_alloc(run->budget, products, sizeof(float));
}

static void
free_habits(FitRun *run, const Interactions *purchases, Habits *habits)
{
	int64		products = purchases->products->used;

	budget_free(run->budget, habits->again, products, sizeof(float));
	budget_free(run->budget, habits->buyers, products, sizeof(float));
	budget_free(run->budget, habits->sold, products, sizeof(float));
}

/* How often a pair was bought before a time; last: see lines_days. */
static int64
count_times(const Interactions *purchases, int64 entry, int64 before, int64 *last)
{
	*last = PG_INT64_MIN;
	if (purchases->line_start)
		return lines_days(interactions_lines(purchases, entry), before, last);
	return purchases->times ? purchases->times[entry] : 1;
}

/* Fills habits; returns how many pairs were bought again. */
static int64
count_habits(const Interactions *purchases, int64 before, int64 now, Habits *habits)
{
	int64		repeated = 0;

	memset(habits->sold, 0, purchases->products->used * sizeof(float));
	memset(habits->buyers, 0, purchases->products->used * sizeof(float));
	memset(habits->again, 0, purchases->products->used * sizeof(float));
	for (int64 e = 0; e < purchases->used; e++)
	{
		uint32		product = purchases->product[e];
		PairLines	lines = interactions_lines(purchases, e);
		int64		last;
		int64		times;

		check_interrupts_at(e);
		times = count_times(purchases, e, before, &last);
		if (times == 0 || (purchases->line_start && !lines_bought(lines, PG_INT64_MIN, before)))
			continue;
		habits->buyers[product]++;
		habits->again[product] += times > 1;
		repeated += times > 1;
		if (!purchases->line_start)
			habits->sold[product]++;
		for (int64 i = 0; i < lines.count && lines.lines[i].at < before; i++)
		{
			double		age = (double) now - (double) lines.lines[i].at;

			if (lines.lines[i].quantity > 0)
				habits->sold[product] += exp2(-Max(age, 0) / POPULARITY_HALF_LIFE);
		}
	}
	return repeated;
}

static float
popularity_of(const Habits *habits, int64 product)
{
	return log1p(habits->sold[product]);
}

static float
again_of(const Habits *habits, int64 product)
{
	return log((habits->again[product] + PRIOR_AGAIN) / (habits->buyers[product] + PRIOR_BUYERS));
}

/* Leaves weights in the model, and what they make of each product. */
static void
set_weights(const Interactions *purchases, const Habits *habits, const double *weights,
			RepeatFit *fit)
{
	fit->model.intercept = weights[CONSTANT];
	fit->model.times = Max(weights[TIMES], 0);
	fit->model.recency = weights[RECENCY];
	fit->model.habit_unknown = weights[AGAIN] * log((double) PRIOR_AGAIN / PRIOR_BUYERS);
	for (int64 product = 0; product < purchases->products->used; product++)
		fit->habit[product] = weights[POPULARITY] * popularity_of(habits, product) +
			weights[AGAIN] * again_of(habits, product);
}

/*
 * Finds out whether the log repeats, and if so what kind of model is wanted.
 * With times, held_from is where the part to learn from begins.
 */
void
fit_repeat_begin(FitRun *run, const Interactions *purchases, RepeatFit *fit)
{
	TimestampTz now = GetCurrentTimestamp();
	int64		last = PG_INT64_MIN;
	Habits		habits;
	int64		repeated;

	memset(fit, 0, sizeof(*fit));
	for (int64 e = 0; purchases->line_start && e < purchases->used; e++)
		last = Max(last, lines_latest(interactions_lines(purchases, e), now));
	alloc_habits(run, purchases, &habits);
	repeated = count_habits(purchases, PG_INT64_MAX, last, &habits);
	if (repeated > 0 && repeated >= LEAST_REPEATED * purchases->used)
	{
		fit->model.kind = purchases->line_start ? REPEAT_BY_DAY : REPEAT_BY_ROW;
		fit->model.latest = last;
		fit->model.new_intercept = new_prior[0].mean;
		fit->model.new_slope = new_prior[1].mean;
		fit->habit = budget_alloc(run->budget, purchases->products->used, sizeof(float));
	}
	if (fit->model.kind == REPEAT_BY_ROW)
		set_weights(purchases, &habits, row_weights, fit);
	if (fit->model.kind == REPEAT_BY_DAY)
		fit->held_from = fit_calendar_split(purchases, LEARNT_PART, run->budget);
	free_habits(run, purchases, &habits);
}

/* What became of the pairs bought before the time, or of some of them. */
static void
learn_repeats(FitRun *run, const Interactions *purchases, int64 time, const Habits *habits,
			  double *weights)
{
	int64		step = purchases->used / MAX_PAIRS + 1;
	int64		capacity = purchases->used / step + 1;
	float	   *rows = budget_alloc(run->budget, capacity, REPEAT_WIDTH * sizeof(float));
	bool	   *bought = budget_alloc(run->budget, capacity, sizeof(bool));
	int64		count = 0;

	for (int64 e = 0; e < purchases->used; e += step)
	{
		PairLines	lines = interactions_lines(purchases, e);
		int64		last;
		int64		times = lines_days(lines, time, &last);
		float	   *row = rows + count * REPEAT_WIDTH;

		if (times == 0 || !lines_bought(lines, PG_INT64_MIN, time))
			continue;
		row[CONSTANT] = 1;
		row[TIMES] = log(times);
		row[RECENCY] = log1p(repeat_days_since(last, time));
		row[POPULARITY] = popularity_of(habits, purchases->product[e]);
		row[AGAIN] = again_of(habits, purchases->product[e]);
		bought[count++] = lines_bought(lines, time, PG_INT64_MAX);
	}
	CHECK_FOR_INTERRUPTS();
	logistic_fit(rows, REPEAT_WIDTH, bought, count, day_prior, weights);
	budget_free(run->budget, bought, capacity, sizeof(bool));
	budget_free(run->budget, rows, capacity, REPEAT_WIDTH * sizeof(float));
}

/*
 * Learns the chance of something new from lists made by a fit to seen, of
 * what was held out.
 */
void
fit_repeat_learn_new(FitRun *run, const SparseRows *seen, const SparseRows *held_out,
					 FitScores scores, void *argument, RepeatFit *fit)
{
	int64		step = seen->rows / MAX_LISTS + 1;
	int64		capacity = (seen->rows / step + 1) * LIST_LENGTH;
	float	   *rows = budget_alloc(run->budget, capacity, 2 * sizeof(float));
	bool	   *bought = budget_alloc(run->budget, capacity, sizeof(bool));
	float	   *all = budget_alloc(run->budget, seen->columns, sizeof(float));
	int64		count = 0;
	double		weights[2];

	for (int64 client = 0; client < seen->rows; client += step)
	{
		TopEntry	entries[LIST_LENGTH];
		TopN		top;
		int64		had = seen->start[client];
		int64		wanted = held_out->start[client];

		CHECK_FOR_INTERRUPTS();
		if (had == seen->start[client + 1])
			continue;
		scores(argument, client, all);
		topn_init(&top, entries, LIST_LENGTH);
		for (int64 product = 0; product < seen->columns; product++)
		{
			if (had < seen->start[client + 1] && seen->column[had] == product)
				had++;
			else if (all[product] > 0)
				topn_offer(&top, all[product], product);
		}
		for (int64 i = 0; i < top.used; i++)
		{
			rows[2 * count] = 1;
			rows[2 * count + 1] = log(Max(entries[i].score, 1e-6));
			bought[count++] = columns_find(held_out->column + wanted, held_out->start[client + 1] - wanted,
										   (uint32) entries[i].id) >= 0;
		}
	}
	logistic_fit(rows, 2, bought, count, new_prior, weights);
	fit->model.new_intercept = weights[0] - (fit->model.kind == REPEAT_BY_ROW ? CHANCE_ODDS : 0);
	/* a greater score is never worth less */
	fit->model.new_slope = Max(weights[1], 0.1);
	budget_free(run->budget, all, seen->columns, sizeof(float));
	budget_free(run->budget, bought, capacity, sizeof(bool));
	budget_free(run->budget, rows, capacity, 2 * sizeof(float));
}

/* Learns the rest from the times: what is bought again. */
void
fit_repeat_learn_days(FitRun *run, const Interactions *purchases, RepeatFit *fit)
{
	int64		time = purchases->clients->used > 0 ? fit->held_from[0] : PG_INT64_MAX;
	Habits		habits;
	double		weights[REPEAT_WIDTH];

	alloc_habits(run, purchases, &habits);
	for (int i = 0; i < REPEAT_WIDTH; i++)
		weights[i] = day_prior[i].mean;
	if (time < PG_INT64_MAX)
	{
		(void) count_habits(purchases, time, time, &habits);
		learn_repeats(run, purchases, time, &habits, weights);
	}
	(void) count_habits(purchases, PG_INT64_MAX, fit->model.latest, &habits);
	set_weights(purchases, &habits, weights, fit);
	free_habits(run, purchases, &habits);
	budget_free(run->budget, fit->held_from, purchases->clients->used, sizeof(int64));
	fit->held_from = NULL;
}
