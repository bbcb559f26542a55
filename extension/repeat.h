/*
 * repeat.h - what a client buys again, beside what would be new to them
 */
#ifndef RECO_REPEAT_H
#define RECO_REPEAT_H

#include "postgres.h"

/* How often a pair was bought is told by what? */
typedef enum RepeatKind
{
	REPEAT_NEVER,				/* the log does not repeat: all is zero */
	REPEAT_BY_ROW,				/* each row is a purchase: no times are known */
	REPEAT_BY_DAY				/* each day with a purchase is one */
} RepeatKind;

/* Part of what a version stores.  No padding. */
typedef struct RepeatModel
{
	int32		kind;			/* a RepeatKind */
	float		intercept;		/* weights of the log odds: repeat.c */
	float		times;
	float		recency;
	float		habit_unknown;	/* of a product that the model does not know */
	float		new_intercept;
	float		new_slope;
	float		unused;			/* zero */
	int64		latest;			/* time of the last purchase learnt from */
} RepeatModel;

/* A purchase of which nothing tells the time was made so many days ago. */
#define UNDATED_DAYS 365.0

extern double repeat_days_since(int64 last, int64 now);
extern double repeat_chance(const RepeatModel *model, double habit, double times, double days,
							double more_odds);
extern double repeat_new_chance(const RepeatModel *model, double score);

#endif							/* RECO_REPEAT_H */
