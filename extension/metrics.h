/*
 * metrics.h - how good a model is on rows that it did not see
 */
#ifndef RECO_METRICS_H
#define RECO_METRICS_H

#include <float.h>

#include "factors.h"
#include "neighbours.h"
#include "sparse.h"
#include "workers.h"

/* Lists are measured to this length, those of trials to the second. */
#define METRICS_TOP 10
#define METRICS_TRIAL_TOP 20

typedef struct RatingMetrics
{
	int64_t		rows;
	double		rmse;
	double		mae;
	double		rmse_error;		/* standard error of rmse */
} RatingMetrics;

/* What products are ranked by for a client: one of the three, or the last two. */
typedef struct RankingModel
{
	const float *popularity;	/* the same for all clients */
	const Neighbours *neighbours;	/* of what the client has in training */
	const FactorMatrix *clients;	/* . products */
	const FactorMatrix *products;
	float		factor_weight;	/* of these beside neighbours; 0: none */
} RankingModel;

typedef struct RankingMetrics
{
	int64_t		clients;
	double		recall;			/* hits / min(top, held out), mean over clients */
	double		ndcg;			/* binary, mean over clients */
	double		ndcg_error;		/* standard error of ndcg */
} RankingMetrics;

/* From standardised ratings to stars inside the scale. */
typedef struct RatingScale
{
	double		mean;
	double		deviation;
	double		lowest;
	double		highest;
} RatingScale;

static inline double
scale_stars(const RatingScale *scale, double standardised)
{
	double		stars = scale->mean + scale->deviation * standardised;

	return stars < scale->lowest ? scale->lowest :
		stars > scale->highest ? scale->highest : stars;
}

/* What is beyond all numbers, on a scale that reaches to their end, is the last one. */
static inline double
finite_number(double x)
{
	return x < -DBL_MAX ? -DBL_MAX : x > DBL_MAX ? DBL_MAX : x;
}

extern void metrics_ratings(const SparseRows *held_out, const RatingScale *scale,
							const FactorMatrix *clients, const FactorMatrix *products,
							RatingMetrics *result);
extern double metrics_ratings_gain(const SparseRows *held_out, const RatingScale *scale,
								   const FactorMatrix *clients, const FactorMatrix *products,
								   const FactorMatrix *baseline_clients,
								   const FactorMatrix *baseline_products);
extern size_t metrics_ranking_scratch_size(int64_t products, int stride);
extern void metrics_ranking(const SparseRows *training, const SparseRows *held_out,
							int64_t max_clients, int top, const RankingModel *model,
							const Workers *workers, void *scratch, RankingMetrics *result);

#endif							/* RECO_METRICS_H */
