/*
 * demand.h - the demand of items, and how they are ordered, read as arrays
 */
#ifndef RECO_DEMAND_H
#define RECO_DEMAND_H

#include "budget.h"
#include "forecast.h"
#include "idmap.h"
#include "utils/date.h"

/* What may be given for an item; what is not comes from the defaults. */
typedef struct ItemTerms
{
	double		lead_days;
	double		lead_sd_days;
	double		review_days;
	double		cover_days;
	double		service_level;	/* NAN: derived from the margin */
	double		price;			/* NAN: not known */
	double		unit_cost;		/* NAN: not known */
	double		threshold;		/* NAN: none */
	DateADT		threshold_since;	/* DATEVAL_NOBEGIN: always */
} ItemTerms;

/* Limits, for the function's arguments and the columns of items alike. */
#define MAX_TERM_DAYS 365.0
#define MAX_QUANTITY 1e15

typedef struct Demand
{
	Budget	   *budget;
	DateADT		as_of;			/* the first day that is not history */
	int			history_weeks;	/* older weeks are not looked at */

	/* rows, in order of arrival */
	int64		rows;
	int64		capacity;
	uint32	   *item;			/* number of its id */
	uint16	   *week;			/* 0: the last before as_of */
	double	   *units;
	float	   *days_out;
	int64		rows_bad;

	IdMap		ids;
	int			weeks;			/* from the oldest row on */
	int64	   *start;			/* of each item's rows in order; one more than items */
	int64	   *order;			/* NULL: rows arrived in order */

	/* how items are ordered */
	ItemTerms	defaults;
	ItemTerms  *terms;			/* NULL: defaults for all items that have demand */
	uint32	   *terms_item;		/* number of its id */
	int64		terms_used;
	int64		terms_capacity;
	int64	   *terms_of;		/* of each item: position in terms, or -1 */
	int			bad_column;		/* the first value out of range, if not 0 */
	int64		bad_item;
	double		bad_number;
} Demand;

extern void demand_init(Demand *demand, DateADT as_of, int history_weeks, Budget *budget);
extern void demand_read(Demand *demand, const char *query);
extern void demand_read_items(Demand *demand, const char *query);
extern void demand_finish(Demand *demand);
extern void demand_totals(const Demand *demand, double *totals);
extern void demand_history(const Demand *demand, int64 item, double *history, double *days_out);

#endif							/* RECO_DEMAND_H */
