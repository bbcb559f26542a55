/*
 * fit.h - fitting one part of a model, ratings or purchases
 */
#ifndef RECO_FIT_H
#define RECO_FIT_H

#include "interactions.h"
#include "trainer.h"

/* What both parts share during a training. */
typedef struct FitRun
{
	const Trainer *trainer;
	const ModelOptions *options;
	Budget	   *budget;
	Workers		workers;		/* scratch is each part's own */
} FitRun;

/* The ratings part of a version. */
typedef struct RatingFit
{
	RatingScale scale;
	RatingMethod method;
	SvdPenalty	penalty;		/* RATING_SVD */
	BayesModel	bayes;			/* RATING_BAYES; clients and products are */
	float		baseline_penalty;	/* those below */
	int			iterations;
	FactorMatrix clients;
	FactorMatrix products;
	FactorMatrix baseline;		/* of products: biases alone */
	RatingMetrics held_out;		/* rows = 0: too few to measure */
	RatingMetrics held_out_baseline;
} RatingFit;

/* The purchases part of a version. */
typedef struct PurchaseFit
{
	IalsPenalty penalty;
	int			iterations;
	FactorMatrix clients;
	FactorMatrix products;
	float	   *gram;
	float	   *popularity;		/* clients who bought each product */
	RankingMetrics held_out;	/* clients = 0: too few to measure */
	RankingMetrics held_out_popularity;
} PurchaseFit;

extern void fit_ratings(FitRun *run, const Interactions *ratings, RatingFit *fit);
extern void fit_purchases(FitRun *run, const Interactions *purchases, PurchaseFit *fit);
extern float *fit_liked(FitRun *run, const Interactions *ratings, const RatingScale *scale);
extern double rating_standardise(const RatingScale *scale, double value);

#endif							/* RECO_FIT_H */
