/*
 * metrics.h - how good a model is on rows that it did not see
 */
#ifndef RECO_METRICS_H
#define RECO_METRICS_H

#include "solve.h"
#include "sparse.h"

#define METRICS_TOP 10

typedef struct RatingMetrics
{
	int64_t		rows;
	double		rmse;
	double		mae;
	double		rmse_error;		/* standard error of rmse */
} RatingMetrics;

typedef struct RankingMetrics
{
	int64_t		clients;
	double		recall;			/* hits / min(METRICS_TOP, held out), mean over clients */
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

extern void metrics_ratings(const SparseRows *held_out, const RatingScale *scale,
							const FactorMatrix *clients, const FactorMatrix *products,
							RatingMetrics *result);
extern size_t metrics_ranking_scratch_size(int64_t products, int stride);
extern void metrics_ranking(const SparseRows *training, const SparseRows *held_out,
							int64_t max_clients,
							const FactorMatrix *clients, const FactorMatrix *products,
							const float *popularity, void *scratch,
							RankingMetrics *result);

#endif							/* RECO_METRICS_H */
