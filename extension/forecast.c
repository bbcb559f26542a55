/*
 * forecast.c - demand of the coming days, and when to order how much
 *
 * The demand of an item is smoothed week after week as Teunter, Syntetos and
 * Babai do (European Journal of Operational Research 214, 2011): the chance
 * that a week has a sale, and the size of a week with one, apart, so that the
 * forecast of what is no longer sold fades away.  Two things are added: the
 * gain starts as a plain average, 1/n, which makes short histories work, and
 * the squared error of the forecast is smoothed in the same way.  Rate and
 * error are the mean and the variance of a negative binomial distribution,
 * whose quantile is the reorder point.
 *
 * The season is that of the whole shop, one year back: a single item has too
 * few sales to learn its own.
 *
 * Whether all this beats the thresholds that the merchant typed in is not
 * taken for granted: the last weeks are forecast again with what was known
 * then, and the rules are compared by what their reorder points would have
 * cost.
 */
#include <math.h>
#include <string.h>

#include "forecast.h"
#include "quantile.h"

/* Below these the merchant's own threshold stands. */
#define MIN_HISTORY_WEEKS 4
#define MIN_SALE_WEEKS 2

/* What was not sold for half a year is not ordered again for its own sake. */
#define MAX_IDLE_WEEKS 26

/* ---- smoothing ---- */

#define ERROR_GAIN 0.1

/* What is known of the demand of one item, week after week. */
typedef struct Smoother
{
	int			weeks;			/* observed since the first sale */
	int			sale_weeks;		/* of these, with a sale */
	int			idle_weeks;		/* of these, since the last sale */
	double		size;			/* demand of a week with a sale */
	double		chance;			/* that a week has a sale */
	double		variance;		/* of a week's demand around its forecast */
} Smoother;

/* Units a week. */
static inline double
smoother_rate(const Smoother *s)
{
	return s->chance * s->size;
}

static inline bool
smoother_knows(const Smoother *s)
{
	return s->weeks >= MIN_HISTORY_WEEKS && s->sale_weeks >= MIN_SALE_WEEKS;
}

/* Takes in the demand of one more week; nothing happens before the first sale. */
static void
smoother_step(Smoother *s, double demand, double gain)
{
	double		error;

	if (s->weeks == 0)
	{
		if (demand > 0)
		{
			s->weeks = s->sale_weeks = 1;
			s->size = demand;
			s->chance = 1;
			s->variance = demand * demand;
		}
		return;
	}
	error = demand - smoother_rate(s);
	s->weeks++;
	s->idle_weeks++;
	s->chance += fmax(gain, 1.0 / s->weeks) * ((demand > 0) - s->chance);
	if (demand > 0)
	{
		s->sale_weeks++;
		s->idle_weeks = 0;
		s->size += fmax(gain, 1.0 / s->sale_weeks) * (demand - s->size);
	}
	s->variance += fmax(ERROR_GAIN, 1.0 / (s->weeks - 1)) * (error * error - s->variance);
}

/*
 * The demand of a whole week, of whose days some were not observed because
 * there was nothing to sell; NAN if too few were.
 */
double
corrected_demand(double units, double observed_days)
{
	if (!(observed_days >= MIN_OBSERVED_DAYS))
		return NAN;
	return observed_days < WEEK_DAYS ? units * WEEK_DAYS / observed_days : units;
}

/* The demand of a week with the season taken out. */
static inline double
level_demand(const History *h, int week)
{
	return h->index ? h->demand[week] / h->index[week] : h->demand[week];
}

static Smoother
smooth(const History *h, double gain)
{
	Smoother	s = {0};

	for (int week = 0; week < h->weeks; week++)
	{
		if (!isnan(h->demand[week]))
			smoother_step(&s, level_demand(h, week), gain);
	}
	return s;
}

/* ---- season ---- */

#define LOWEST_INDEX 0.4
#define HIGHEST_INDEX 3.0
#define YEAR_SPAN 53			/* weeks of a mean that sees each season once */

/* Mean of the weeks around one, moved inside the history at its ends. */
static double
year_mean(const double *totals, int weeks, int week)
{
	int			span = weeks < YEAR_SPAN ? weeks : YEAR_SPAN;
	int			first = week - span / 2;
	double		sum = 0;

	if (first < 0)
		first = 0;
	if (first > weeks - span)
		first = weeks - span;
	for (int w = first; w < first + span; w++)
		sum += totals[w];
	return sum / span;
}

/* How a week compares with its year, smoothed over its neighbours. */
static double
week_index(const double *totals, int weeks, int week)
{
	double		sum = 0;
	int			count = 0;

	for (int w = week - 1; w <= week + 1; w++)
	{
		double		mean;

		if (w < 0 || w >= weeks)
			continue;
		mean = year_mean(totals, weeks, w);
		sum += mean > 0 ? totals[w] / mean : 1;
		count++;
	}
	return fmin(fmax(sum / count, LOWEST_INDEX), HIGHEST_INDEX);
}

/*
 * The index of each week of the history and of SEASON_AHEAD more, from the
 * shop's total demand: the mean over the same week in the years before; in
 * the first year, that of the week itself.  False, with all 1, if the history
 * is too short.
 */
bool
season_index(const double *totals, int weeks, double *index)
{
	for (int week = 0; week < weeks + SEASON_AHEAD; week++)
	{
		double		sum = 0;
		int			years = 0;

		index[week] = 1;
		if (weeks < MIN_SEASON_HISTORY)
			continue;
		for (int before = week - SEASON_WEEKS; before >= 0; before -= SEASON_WEEKS)
		{
			if (before >= weeks)
				continue;
			sum += week_index(totals, weeks, before);
			years++;
		}
		index[week] = years > 0 ? sum / years : week_index(totals, weeks, week);
	}
	return weeks >= MIN_SEASON_HISTORY;
}

/* ---- the days to come ---- */

typedef struct Outlook
{
	double		mean;
	double		variance;
} Outlook;

/*
 * Demand of the days from first to last, counted from the beginning of a
 * week, for an item of this rate and variance in weeks without season.
 */
static Outlook
outlook(const History *h, int week, double rate, double variance, double first, double last)
{
	Outlook		o = {0, 0};

	for (int w = (int) (first / WEEK_DAYS); w * WEEK_DAYS < last; w++)
	{
		double		begin = fmax(first, w * WEEK_DAYS);
		double		end = fmin(last, (w + 1) * WEEK_DAYS);
		double		share = (end - begin) / WEEK_DAYS;
		double		index = h->index ? h->index[week + w] : 1;

		o.mean += rate * share * index;
		o.variance += variance * share * index * index;
	}
	return o;
}

/* Demand until an order given now, or at the next occasion, has come. */
static Outlook
protection_outlook(const History *h, int week, const Smoother *s, const Terms *terms)
{
	double		daily = smoother_rate(s) / WEEK_DAYS;
	Outlook		o = outlook(h, week, smoother_rate(s), s->variance, 0,
							terms->lead_days + terms->review_days);

	o.variance += daily * daily * terms->lead_sd_days * terms->lead_sd_days;
	return o;
}

/* ---- money ---- */

#define LOWEST_SERVICE_LEVEL 0.5
#define HIGHEST_SERVICE_LEVEL 0.995

/*
 * The service level at which one unit more costs as much to keep, for as long
 * as an order lasts, as it saves in lost sales.  holding_rate is the yearly
 * cost of keeping goods, a share of what they cost.
 */
double
margin_service_level(double price, double unit_cost, double holding_rate, double cover_days)
{
	double		lost = price - unit_cost;
	double		kept = unit_cost * holding_rate * cover_days / 365;

	if (!(lost > 0))
		return LOWEST_SERVICE_LEVEL;
	return fmin(fmax(lost / (lost + kept), LOWEST_SERVICE_LEVEL), HIGHEST_SERVICE_LEVEL);
}

/* ---- the back-test ---- */

/*
 * Thresholds are seldom older than the weeks they are tested on, and where
 * they are low what was sold is all that could be: both flatter them.  So
 * they have to be better by this much.
 */
#define MANUAL_ADVANTAGE 0.1

/* What a reorder point costs that was to cover the demand with this probability. */
static double
pinball_loss(double probability, double level, double demand)
{
	return demand > level ? probability * (demand - level) : (1 - probability) * (level - demand);
}

/* The demand of the protection time from a week on; NAN if not observed. */
static double
protected_demand(const History *h, int week, double days)
{
	double		demand = 0;

	for (double left = days; left > 0; left -= WEEK_DAYS)
		demand += h->demand[week++] * fmin(left, WEEK_DAYS) / WEEK_DAYS;
	return demand;
}

/*
 * Adds the losses of an item over the last weeks whose protection time is
 * over.  With a season only weeks that have a year behind them count.
 */
void
backtest_add(BackTest *test, const History *history, const Terms *terms, const Settings *settings)
{
	History		plain = *history;
	Smoother	smoothers[RULES] = {{0}};
	double		days = terms->lead_days + terms->review_days;
	int			last = history->weeks - (int) ceil(days / WEEK_DAYS);
	int			first = last - BACKTEST_WEEKS + 1;

	plain.index = NULL;
	for (int week = 0; week <= last; week++)
	{
		double		demand;
		bool		judged = week >= terms->threshold_since && !isnan(terms->threshold);

		if (week >= first && smoother_knows(&smoothers[RULE_TSB]) &&
			!(history->index && week < SEASON_WEEKS) &&
			!isnan(demand = protected_demand(history, week, days)))
		{
			double		losses[RULES] = {0};

			losses[RULE_MANUAL] = pinball_loss(terms->service_level, terms->threshold, demand);
			for (Rule rule = RULE_TSB; rule < RULES; rule++)
			{
				Outlook		o = protection_outlook(rule == RULE_TSB ? &plain : history, week,
												   &smoothers[rule], terms);

				losses[rule] = pinball_loss(terms->service_level,
											fmax(demand_quantile(terms->service_level, o.mean, o.variance), 1),
											demand);
				test->loss[rule] += terms->value * losses[rule];
			}
			test->windows++;
			if (judged)
			{
				for (Rule rule = RULE_MANUAL; rule < RULES; rule++)
					test->judged_loss[rule] += terms->value * losses[rule];
				test->judged_windows++;
				test->judged[week - first] = true;
			}
		}
		if (week < history->weeks && !isnan(history->demand[week]))
		{
			smoother_step(&smoothers[RULE_TSB], history->demand[week], settings->gain);
			smoother_step(&smoothers[RULE_TSB_SEASON], level_demand(history, week), settings->gain);
		}
	}
}

/* The better of the rules that need no merchant. */
Rule
backtest_best(const BackTest *test, bool season)
{
	return season && test->loss[RULE_TSB_SEASON] < test->loss[RULE_TSB] ? RULE_TSB_SEASON : RULE_TSB;
}

/* Are the merchant's own thresholds better than this rule? */
bool
backtest_keeps_manual(const BackTest *test, Rule rule)
{
	int			weeks = 0;

	for (int i = 0; i < BACKTEST_WEEKS; i++)
		weeks += test->judged[i];
	return weeks >= MIN_BACKTEST_WEEKS &&
		test->judged_loss[RULE_MANUAL] < test->judged_loss[rule] * (1 - MANUAL_ADVANTAGE);
}

/* ---- one item ---- */

/*
 * Demand over months is forecast from two memories, a fast average and the
 * last weeks alone, of which each is better for some shops.
 */
#define LONG_GAIN 0.3
#define RECENT_WEEKS 8

/* The units that will do for settings->surplus_days; NAN: not known. */
static double
surplus_above(const History *h, const Settings *settings)
{
	Smoother	s = smooth(h, LONG_GAIN);
	double		rate = smoother_rate(&s);
	double		variance = s.variance;
	double		sum = 0;
	double		square_sum = 0;
	int			count = 0;
	int			known = s.weeks;	/* weeks not looked at yet */
	Outlook		o;

	if (s.weeks < MIN_HISTORY_WEEKS)
		return NAN;
	for (int week = h->weeks - 1; week >= h->weeks - RECENT_WEEKS && week >= 0 && known > 0; week--)
	{
		double		demand = level_demand(h, week);

		if (isnan(demand))
			continue;
		sum += demand;
		square_sum += demand * demand;
		count++;
		known--;
	}
	if (count > 1)
	{
		rate = (rate + sum / count) / 2;
		variance = (variance + fmax(square_sum - sum * sum / count, 0) / (count - 1)) / 2;
	}
	o = outlook(h, h->weeks, rate, variance, 0, settings->surplus_days);
	return demand_quantile(settings->surplus_level, o.mean, o.variance);
}

/*
 * What to order beyond the reorder point of an item that little is known of:
 * no more than the merchant's threshold says, which is to last for the
 * protection time, nor than its few sales say; without a threshold, one.
 */
static double
unknown_cover(const Smoother *s, const Terms *terms, double cover)
{
	double		protection = terms->lead_days + terms->review_days;
	double		told;

	if (isnan(terms->threshold))
		return 1;
	told = fmax(ceil(terms->threshold * terms->cover_days / fmax(protection, 1)), 1);
	return s->weeks > 0 ? fmin(told, cover) : told;
}

/*
 * The forecast of an item by a rule that needs no merchant, or the merchant's
 * own threshold where that is kept or too little is known.
 */
void
forecast_item(const History *history, const Terms *terms, const Settings *settings, Rule rule,
			  bool keep_manual, Forecast *forecast)
{
	History		h = *history;
	Smoother	s;
	Outlook		o;
	double		protection = terms->lead_days + terms->review_days;

	if (rule != RULE_TSB_SEASON)
		h.index = NULL;
	s = smooth(&h, settings->gain);
	o = protection_outlook(&h, h.weeks, &s, terms);

	forecast->weeks = s.weeks;
	forecast->sale_weeks = s.sale_weeks;
	forecast->idle_weeks = s.idle_weeks;
	forecast->rate = smoother_rate(&s);
	forecast->variance = s.variance;
	forecast->mean = o.mean;
	forecast->mean_variance = o.variance;
	forecast->season = forecast->mean > 0 ? forecast->mean / (forecast->rate * protection / WEEK_DAYS) : 1;
	forecast->cover = fmax(ceil(outlook(&h, h.weeks, forecast->rate, 0, protection,
										protection + terms->cover_days).mean), 1);
	forecast->surplus_above = surplus_above(&h, settings);
	forecast->reorder_point = NAN;
	forecast->order_up_to = NAN;

	if (!smoother_knows(&s))
		forecast->cover = unknown_cover(&s, terms, forecast->cover);

	if (!isnan(terms->threshold) && (keep_manual || !smoother_knows(&s)))
	{
		forecast->rule = RULE_MANUAL;
		return;
	}
	forecast->rule = smoother_knows(&s) ? rule : RULE_NONE;
	if (s.weeks == 0)
		return;
	if (forecast->rule != RULE_NONE)
		forecast->reorder_point = demand_quantile(terms->service_level, o.mean, o.variance);
	if (s.idle_weeks < MAX_IDLE_WEEKS)
		forecast->reorder_point = fmax(forecast->reorder_point, 1);
	else if (isnan(forecast->reorder_point))
		forecast->reorder_point = 0;
	if (forecast->reorder_point > 0)
		forecast->order_up_to = forecast->reorder_point + forecast->cover;
}
