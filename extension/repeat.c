/*
 * repeat.c - what a client buys again, beside what would be new to them
 *
 * A list that may offer again what the client bought has to put two things
 * in one order: products that they have a habit of buying, and products that
 * would be new to them.  Both become the chance that the client buys the
 * product within a while, about a fifth of the time that the log covers:
 *
 *	 bought before:  logistic(intercept + times * log(n) + recency * log(1 + d)
 *							  + habit of the product)
 *	 new:            logistic(new_intercept + new_slope * log(score))
 *
 * n is how often the client bought it (on how many days), d how many days ago
 * the last time was; the habit of a product says how much is bought of it
 * lately, and what part of its buyers came again for it.  All is learnt from
 * the last fifth of the log and what came before it (fit_repeat.c).
 *
 * New products keep the order of their scores: where a score is not above
 * zero the chance is next to nothing, and still more for a greater score.
 */
#include "repeat.h"

#include <math.h>

#include "datatype/timestamp.h"

#include "logistic.h"

#define LEAST_SCORE 1e-6

/* Days from the last purchase to now, none if it is yet to come. */
double
repeat_days_since(int64 last, int64 now)
{
	if (last == PG_INT64_MIN)
		return UNDATED_DAYS;
	return Max(0, ((double) now - (double) last) / USECS_PER_DAY);
}

/* The chance that a product is bought again; more_odds, a log, is added. */
double
repeat_chance(const RepeatModel *model, double habit, double times, double days, double more_odds)
{
	return logistic(model->intercept + model->times * log(Max(times, 1)) +
					model->recency * log1p(days) + habit + more_odds);
}

/* The chance that a product of this score is bought for the first time. */
double
repeat_new_chance(const RepeatModel *model, double score)
{
	double		chance = logistic(model->new_intercept +
								  model->new_slope * log(Max(score, LEAST_SCORE)));

	return score < LEAST_SCORE ? chance * exp(Max(score - LEAST_SCORE, -700)) : chance;
}
