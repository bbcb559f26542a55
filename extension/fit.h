/*
 * fit.h - fitting one part of a model, ratings or purchases
 */
#ifndef RECO_FIT_H
#define RECO_FIT_H

#include "interactions.h"
#include "progress.h"
#include "trainer.h"

/* What both parts share during a training. */
typedef struct FitRun
{
	const Trainer *trainer;
	const ModelOptions *options;
	Budget	   *budget;
	Workers		workers;		/* scratch is each part's own */
	WorkersProgress progress;
} FitRun;

/*
 * Which pairs take part: of a share of the clients, those of one side of a
 * split.  Trials are judged by other pairs than versions are.
 *
 * A split is by hash or, with held_from, by time: training sees what came
 * before a client's time there, held out is what came then or later.  Trials
 * by time leave out what versions are tested on by hash.
 */
typedef struct FitSide
{
	uint64		seed;
	enum
	{
		FIT_TRAINING,
		FIT_TEST,
		FIT_TRIAL_TRAINING,
		FIT_TRIAL_TEST
	}			which;
	double		share;			/* of the clients, 1: all */
	const int64 *held_from;		/* by number of client; NULL: by hash */
	bool		repeats;		/* by time: held out is also what was bought again */
} FitSide;

/* Less than this part of the baseline is chance, not progress. */
#define FIT_MARGIN 1e-3

/* The ratings part of a version. */
typedef struct RatingFit
{
	RatingScale scale;
	RatingMethod method;
	SvdPenalty	penalty;		/* RATING_SVD */
	SvdModel	svd;			/* RATING_SVD; clients and products are */
	BayesModel	bayes;			/* RATING_BAYES; those below */
	float		baseline_penalty;
	int			iterations;
	FactorMatrix clients;
	FactorMatrix products;
	FactorMatrix baseline;		/* of products: biases alone */
	RatingMetrics held_out;		/* rows = 0: too few to measure */
	RatingMetrics held_out_baseline;
} RatingFit;

/* One setting that was tried for purchases, and what came of it. */
typedef struct PurchaseTrial
{
	double		scale;			/* of the penalty, in units of noise */
	double		unobserved;
	int			factors;
	int			iterations;
	double		ndcg;
	double		seconds;
} PurchaseTrial;

#define MAX_PURCHASE_TRIALS 24

/* The purchases part of a version. */
typedef struct PurchaseFit
{
	IalsPenalty penalty;
	double		scale;			/* which penalty.factor comes from */
	PurchaseTrial trials[MAX_PURCHASE_TRIALS];	/* the best one first */
	int			trial_count;
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
extern bool fit_ratings_useful(const RatingFit *fit);
extern float *fit_liked(FitRun *run, const Interactions *ratings, const RatingScale *scale);
extern double rating_standardise(const RatingScale *scale, double value);

/* ---- shared by the parts (fit.c) ---- */

extern int64 *fit_calendar_split(const Interactions *from, double part, Budget *budget);
extern int64 *fit_history_split(const Interactions *from, double part, Budget *budget);
extern bool fit_on_side(const Interactions *from, int64 entry, void *argument);
extern FactorMatrix fit_alloc_factors(Budget *budget, int64 rows, int width);
extern void fit_free_factors(Budget *budget, FactorMatrix *m);
extern void fit_check_memory(FitRun *run, const Interactions *from, Size entry_size, int width,
							 Size more);
extern void fit_start_workers(FitRun *run, int width);
extern void fit_end_workers(FitRun *run);
extern void fit_phase(FitRun *run, ProgressPhase phase, int64 pairs, int iterations);

#endif							/* RECO_FIT_H */
