/*
 * forecast.h - demand of the coming days, and when to order how much
 */
#ifndef RECO_FORECAST_H
#define RECO_FORECAST_H

#include <stdbool.h>

#define WEEK_DAYS 7

/* A week in which something was on the shelf on fewer days teaches nothing. */
#define MIN_OBSERVED_DAYS 4

/* The season: one year back, once there is a year and a month. */
#define SEASON_WEEKS 52
#define MIN_SEASON_HISTORY 56
#define SEASON_AHEAD 160		/* weeks: the longest protection time and cover */

/* Weeks of the back-test, and below how many of them it proves nothing. */
#define BACKTEST_WEEKS 13
#define MIN_BACKTEST_WEEKS 4

/* Which rule sets the reorder point. */
typedef enum Rule
{
	RULE_NONE = -1,
	RULE_MANUAL,				/* the merchant's own threshold */
	RULE_TSB,					/* the smoothed demand of the item */
	RULE_TSB_SEASON,			/* the same, with the season of the shop */
	RULES
} Rule;

/* The weeks of one item, the latest last. */
typedef struct History
{
	int			weeks;
	const double *demand;		/* of each week; NAN: not observed */
	const double *index;		/* season of each week and SEASON_AHEAD more; NULL: none */
} History;

/* How an item is ordered, and what it costs to run out of it. */
typedef struct Terms
{
	double		lead_days;
	double		lead_sd_days;
	double		review_days;
	double		cover_days;		/* what an order lasts, beyond the reorder point */
	double		service_level;
	double		value;			/* of one unit: the weight in the back-test */
	double		threshold;		/* the merchant's own reorder point, or NAN */
	int			threshold_since;	/* the first week in which it stood */
} Terms;

/* What can be chosen for all items. */
typedef struct Settings
{
	double		gain;			/* share of each new week in the averages */
	double		surplus_days;
	double		surplus_level;
} Settings;

/* The losses of the rules, pooled over the items of a shop. */
typedef struct BackTest
{
	double		loss[RULES];	/* of the rules that need no merchant */
	double		judged_loss[RULES]; /* of all three, where the merchant's rule stood */
	double		windows;
	double		judged_windows;
	bool		judged[BACKTEST_WEEKS]; /* weeks in which it stood */
} BackTest;

typedef struct Forecast
{
	Rule		rule;
	int			weeks;			/* observed since the first sale */
	int			sale_weeks;		/* of these, with a sale */
	int			idle_weeks;		/* of these, since the last sale */
	double		rate;			/* units in a week without season */
	double		variance;		/* of a week's demand around it */
	double		mean;			/* of the demand of the protection time */
	double		mean_variance;
	double		season;			/* mean index of the protection time */
	double		reorder_point;	/* NAN: the merchant's own threshold, if any */
	double		order_up_to;	/* NAN: not to be ordered by forecast */
	double		cover;			/* units between the two */
	double		surplus_above;	/* units that will do for long; NAN: not known */
} Forecast;

extern double corrected_demand(double units, double observed_days);
extern bool season_index(const double *totals, int weeks, double *index);
extern double margin_service_level(double price, double unit_cost, double holding_rate,
								   double cover_days);
extern void backtest_add(BackTest *test, const History *history, const Terms *terms,
						 const Settings *settings);
extern Rule backtest_best(const BackTest *test, bool season);
extern bool backtest_keeps_manual(const BackTest *test, Rule rule);
extern void forecast_item(const History *history, const Terms *terms, const Settings *settings,
						  Rule rule, bool keep_manual, Forecast *forecast);

#endif							/* RECO_FORECAST_H */
