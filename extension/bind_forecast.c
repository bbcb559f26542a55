/*
 * bind_forecast.c - forecast_demand, demand_quantile
 *
 * Arguments in, rows out; forecast.c is what they mean.
 */
#include "reco.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "demand.h"
#include "quantile.h"

PG_FUNCTION_INFO_V1(reco_demand_quantile);
PG_FUNCTION_INFO_V1(reco_forecast_demand);

/*
 * demand_quantile(probability double precision, mean double precision,
 *				   variance double precision) returns double precision
 *
 * The least whole number that a demand of this mean and variance does not
 * exceed with this probability.  invalid_parameter_value for what is none.
 */
Datum
reco_demand_quantile(PG_FUNCTION_ARGS)
{
	double		probability = PG_GETARG_FLOAT8(0);
	double		mean = PG_GETARG_FLOAT8(1);
	double		variance = PG_GETARG_FLOAT8(2);

	if (!(probability > 0 && probability < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("probability must be above 0 and below 1, not %g", probability)));
	if (!(mean >= 0 && isfinite(mean)) || !(variance >= 0 && isfinite(variance)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mean and variance must be finite and not negative, not %g and %g",
						mean, variance)));
	PG_RETURN_FLOAT8(demand_quantile(probability, mean, variance));
}

/* The arguments of forecast_demand, in this order. */
enum
{
	ARG_DEMAND,
	ARG_ITEMS,
	ARG_AS_OF,
	ARG_LEAD_DAYS,
	ARG_LEAD_SD_DAYS,
	ARG_REVIEW_DAYS,
	ARG_COVER_DAYS,
	ARG_SERVICE_LEVEL,
	ARG_HOLDING_RATE,
	ARG_SURPLUS_DAYS,
	ARG_SURPLUS_LEVEL,
	ARG_GAIN,
	ARG_SEASON,
	ARG_GUARD,
	ARG_HISTORY_WEEKS
};

#define DEFAULT_SERVICE_LEVEL 0.95
#define MIN_HISTORY_WEEKS 8
#define MAX_HISTORY_WEEKS 520

static double
get_number(FunctionCallInfo fcinfo, int argument, const char *name, double lowest, double highest)
{
	double		number;

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name),
				 errhint("It must be between %g and %g.", lowest, highest)));
	number = PG_GETARG_FLOAT8(argument);
	if (!(number >= lowest && number <= highest))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is %g", name, number),
				 errhint("It must be between %g and %g.", lowest, highest)));
	return number;
}

static bool
get_flag(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name),
				 errhint("It must be true or false.")));
	return PG_GETARG_BOOL(argument);
}

static DateADT
get_as_of(FunctionCallInfo fcinfo)
{
	DateADT		as_of;

	if (PG_ARGISNULL(ARG_AS_OF))
	{
		struct pg_tm today;

		GetCurrentDateTime(&today);
		return date2j(today.tm_year, today.tm_mon, today.tm_mday) - POSTGRES_EPOCH_JDATE;
	}
	as_of = PG_GETARG_DATEADT(ARG_AS_OF);
	if (DATE_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("as_of must be finite"),
				 errhint("It is the first day that is not history; null for today.")));
	return as_of;
}

/* What the forecasts of one call share. */
typedef struct Shop
{
	Demand		demand;
	Settings	settings;
	double		holding_rate;
	const double *index;		/* NULL: no season */
	double	   *history;		/* of one item */
	double	   *days_out;		/* scratch */
	BackTest	test;
} Shop;

static Terms
item_terms(const Shop *shop, int64 item)
{
	const Demand *d = &shop->demand;
	const ItemTerms *given = d->terms ? &d->terms[d->terms_of[item]] : &d->defaults;
	Terms		terms = {
		.lead_days = given->lead_days,
		.lead_sd_days = given->lead_sd_days,
		.review_days = given->review_days,
		.cover_days = given->cover_days,
		.service_level = given->service_level,
		.threshold = given->threshold,
		.value = given->unit_cost > 0 ? given->unit_cost : given->price > 0 ? given->price : 1
	};

	if (isnan(terms.service_level))
		terms.service_level = isnan(given->price) || isnan(given->unit_cost) ? DEFAULT_SERVICE_LEVEL
			: margin_service_level(given->price, given->unit_cost, shop->holding_rate, given->cover_days);
	if (given->threshold_since > d->as_of)
		terms.threshold_since = d->weeks + 1;
	else if (!DATE_IS_NOBEGIN(given->threshold_since))
		terms.threshold_since = Max(d->weeks - (d->as_of - given->threshold_since) / WEEK_DAYS, 0);
	return terms;
}

static History
item_history(Shop *shop, int64 item)
{
	History		history = {shop->demand.weeks, shop->history, shop->index};

	demand_history(&shop->demand, item, shop->history, shop->days_out);
	return history;
}

static bool
is_wanted(const Demand *demand, int64 item)
{
	return demand->terms == NULL || demand->terms_of[item] >= 0;
}

/* A few thousand items tell which rule is best, of however many. */
#define BACKTEST_ITEMS 4000

static void
backtest(Shop *shop)
{
	int64		stride = shop->demand.ids.used / BACKTEST_ITEMS + 1;

	for (int64 item = 0; item < shop->demand.ids.used; item += stride)
	{
		History		history;
		Terms		terms;

		CHECK_FOR_INTERRUPTS();
		if (!is_wanted(&shop->demand, item))
			continue;
		history = item_history(shop, item);
		terms = item_terms(shop, item);
		backtest_add(&shop->test, &history, &terms, &shop->settings);
	}
}

static void
put_number(Datum *values, bool *nulls, int column, double number)
{
	values[column] = Float8GetDatum(number);
	nulls[column] = isnan(number);
}

/* The mean losses of the rules: where the merchant's rule stood, if it did. */
static void
put_losses(const Shop *shop, Datum *values, bool *nulls, int column)
{
	const BackTest *test = &shop->test;
	bool		judged = test->judged_windows > 0;

	for (Rule rule = RULE_MANUAL; rule < RULES; rule++)
	{
		double		loss = judged ? test->judged_loss[rule] / test->judged_windows
			: test->loss[rule] / test->windows;

		if ((rule == RULE_MANUAL && !judged) || (rule == RULE_TSB_SEASON && !shop->index))
			loss = NAN;
		put_number(values, nulls, column + rule, loss);
	}
}

#define FORECAST_COLUMNS 18

static void
put_forecast(FunctionCallInfo fcinfo, const Shop *shop, int64 item, const Terms *terms,
			 const Forecast *f)
{
	static const char *const rule_names[] = {"none", "manual", "tsb", "tsb_season"};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		manual = f->rule == RULE_MANUAL;
	Datum		values[FORECAST_COLUMNS];
	bool		nulls[FORECAST_COLUMNS] = {false};

	values[0] = Int64GetDatum(shop->demand.ids.ids[item]);
	values[1] = CStringGetTextDatum(rule_names[f->rule - RULE_NONE]);
	values[2] = Int32GetDatum(f->weeks);
	values[3] = Int32GetDatum(f->sale_weeks);
	values[4] = Int32GetDatum(f->idle_weeks);
	put_number(values, nulls, 5, f->rate);
	put_number(values, nulls, 6, f->variance);
	put_number(values, nulls, 7, f->season);
	put_number(values, nulls, 8, terms->lead_days + terms->review_days);
	put_number(values, nulls, 9, terms->service_level);
	put_number(values, nulls, 10, f->mean);
	put_number(values, nulls, 11, f->mean_variance);
	put_number(values, nulls, 12, manual ? terms->threshold : f->reorder_point);
	put_number(values, nulls, 13, manual ? terms->threshold + f->cover : f->order_up_to);
	put_number(values, nulls, 14, f->surplus_above);
	put_losses(shop, values, nulls, 15);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* What an item without terms of its own is ordered by. */
static ItemTerms
default_terms(FunctionCallInfo fcinfo)
{
	return (ItemTerms) {
		.lead_days = get_number(fcinfo, ARG_LEAD_DAYS, "lead_days", 0, MAX_TERM_DAYS),
		.lead_sd_days = get_number(fcinfo, ARG_LEAD_SD_DAYS, "lead_sd_days", 0, MAX_TERM_DAYS),
		.review_days = get_number(fcinfo, ARG_REVIEW_DAYS, "review_days", 0, MAX_TERM_DAYS),
		.cover_days = get_number(fcinfo, ARG_COVER_DAYS, "cover_days", 0, MAX_TERM_DAYS),
		.service_level = PG_ARGISNULL(ARG_SERVICE_LEVEL) ? NAN
			: get_number(fcinfo, ARG_SERVICE_LEVEL, "service_level", 0.01, 0.9999),
		.price = NAN,
		.unit_cost = NAN,
		.threshold = NAN,
		.threshold_since = DATEVAL_NOBEGIN
	};
}

/* Finds the season of the shop, if there is enough to find it by. */
static void
find_season(Shop *shop)
{
	const Demand *d = &shop->demand;
	double	   *totals = budget_alloc(d->budget, d->weeks, sizeof(double));
	double	   *index = budget_alloc(d->budget, d->weeks + SEASON_AHEAD, sizeof(double));

	demand_totals(d, totals);
	if (season_index(totals, d->weeks, index))
		shop->index = index;
}

/*
 * forecast_demand(demand text, items text, as_of date, lead_days, ...)
 *		returns table (item_id bigint, rule text, ...)
 *
 * See sql/62-forecast.sql.  Errors: those of demand_read and
 * demand_read_items, invalid_parameter_value for an argument out of range,
 * configuration_limit_exceeded above reco.max_memory.
 */
Datum
reco_forecast_demand(PG_FUNCTION_ARGS)
{
	Budget		budget;
	Shop		shop = {0};
	Demand	   *d = &shop.demand;
	Rule		rule;
	bool		season;
	bool		guard;
	bool		keep_manual;
	MemoryContext before;
	MemoryContext row;

	if (PG_ARGISNULL(ARG_DEMAND))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("demand must not be null"),
				 errhint("It is a query that returns item_id, day, units and, if wanted, days_out.")));
	budget_init(&budget, AllocSetContextCreate(CurrentMemoryContext, "reco forecast_demand",
											   ALLOCSET_DEFAULT_SIZES));
	demand_init(d, get_as_of(fcinfo),
				(int) get_number(fcinfo, ARG_HISTORY_WEEKS, "history_weeks",
								 MIN_HISTORY_WEEKS, MAX_HISTORY_WEEKS), &budget);
	d->defaults = default_terms(fcinfo);
	shop.holding_rate = get_number(fcinfo, ARG_HOLDING_RATE, "holding_rate", 0, 100);
	shop.settings.gain = get_number(fcinfo, ARG_GAIN, "gain", 0.01, 1);
	shop.settings.surplus_days = get_number(fcinfo, ARG_SURPLUS_DAYS, "surplus_days", 1, MAX_TERM_DAYS);
	shop.settings.surplus_level = get_number(fcinfo, ARG_SURPLUS_LEVEL, "surplus_level", 0.01, 0.9999);
	season = get_flag(fcinfo, ARG_SEASON, "season");
	guard = get_flag(fcinfo, ARG_GUARD, "guard");
	InitMaterializedSRF(fcinfo, 0);

	demand_read(d, text_to_cstring(PG_GETARG_TEXT_PP(ARG_DEMAND)));
	if (!PG_ARGISNULL(ARG_ITEMS))
		demand_read_items(d, text_to_cstring(PG_GETARG_TEXT_PP(ARG_ITEMS)));
	demand_finish(d);

	shop.history = budget_alloc(&budget, d->weeks, sizeof(double));
	shop.days_out = budget_alloc(&budget, d->weeks, sizeof(double));
	if (season)
		find_season(&shop);
	backtest(&shop);
	rule = backtest_best(&shop.test, shop.index != NULL);
	keep_manual = guard && backtest_keeps_manual(&shop.test, rule);

	row = AllocSetContextCreate(budget.context, "reco forecast row", ALLOCSET_SMALL_SIZES);
	before = MemoryContextSwitchTo(row);
	for (int64 item = 0; item < d->ids.used; item++)
	{
		History		history;
		Terms		terms;
		Forecast	f;

		CHECK_FOR_INTERRUPTS();
		if (!is_wanted(d, item))
			continue;
		history = item_history(&shop, item);
		terms = item_terms(&shop, item);
		forecast_item(&history, &terms, &shop.settings, rule, keep_manual, &f);
		put_forecast(fcinfo, &shop, item, &terms, &f);
		MemoryContextReset(row);
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(budget.context);
	return (Datum) 0;
}
