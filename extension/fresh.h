/*
 * fresh.h - how the version that serves did on the rows that came since
 */
#ifndef RECO_FRESH_H
#define RECO_FRESH_H

#include "train.h"

/* What the active version was worth to the clients it served. */
typedef struct Fresh
{
	int64		rows;			/* pairs that came since, of clients and
								 * products known to the version */
	bool		has_ratings;
	double		rmse;
	double		baseline_rmse;
	bool		has_purchases;
	double		ndcg;
	double		popular_ndcg;
	bool		drifted;		/* worse than its baseline */
} Fresh;

extern void fresh_mark(Training *training);
extern bool fresh_measure(const Training *training, Fresh *result);

#endif							/* RECO_FRESH_H */
