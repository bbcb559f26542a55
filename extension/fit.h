/*
 * fit.h - fitting one part of a model, ratings or purchases
 */
#ifndef RECO_FIT_H
#define RECO_FIT_H

#include "interactions.h"
#include "progress.h"
#include "repeat.h"
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

/*
 * Stars by factors must be better by more than so many standard errors of the
 * gain; of a single client it is 1, whatever the gain.
 */
#define FIT_GAIN_ERRORS 1.0

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
	BayesAttributes client_attributes;	/* RATING_BAYES; no rows: none are told */
	BayesAttributes product_attributes;
	int64	   *client_values;	/* ids of the values of client_attributes */
	RatingMetrics held_out;		/* rows = 0: too few to measure */
	RatingMetrics held_out_baseline;
	double		gain;			/* over the baseline, in standard errors */
} RatingFit;

/* How the purchases part is fitted. */
typedef struct PurchaseSetting
{
	PurchaseMethod method;
	double		penalty;		/* ease, blend: of squares; items: clients added to
								 * those who bought either */
	double		popularity;		/* the same: power that scores are divided by */
	double		factor_penalty; /* als, blend: in units of noise */
	double		unobserved;		/* weight of what was not bought */
	int			factors;
	int			iterations;
	double		factor_weight;	/* blend: of factors beside neighbours */
	int			half_life;		/* of a purchase, in days; 0: does not age */
} PurchaseSetting;

/* One setting that was tried, and what came of it. */
typedef struct PurchaseTrial
{
	PurchaseSetting setting;
	bool		contender;		/* of full length: it may win */
	double		ndcg;
	double		seconds;
} PurchaseTrial;

#define MAX_PURCHASE_TRIALS 64

/* What a version knows of what is bought again. */
typedef struct RepeatFit
{
	RepeatModel model;
	float	   *habit;			/* of each product, in log odds; NULL: never */
	int64	   *held_from;		/* while it is learnt: where the last part begins */
} RepeatFit;

/* Scores of all products for a client, by number. */
typedef void (*FitScores) (void *argument, int64 client, float *scores);

/* The purchases part of a version. */
typedef struct PurchaseFit
{
	PurchaseSetting setting;
	int64		origin;			/* purchases age by this time */
	PurchaseTrial trials[MAX_PURCHASE_TRIALS];	/* the best one first */
	int			trial_count;
	IalsPenalty penalty;		/* what setting.factor_penalty comes to */
	FactorMatrix clients;		/* als, blend */
	FactorMatrix products;
	float	   *gram;
	Neighbours	neighbours;		/* ease, items, blend */
	float	   *popularity;		/* clients who bought each product */
	RepeatFit	repeat;
	RankingMetrics held_out;	/* clients = 0: too few to measure */
	RankingMetrics held_out_popularity;
} PurchaseFit;

/* The purchases of a side, by client and by product, as they weigh. */
typedef struct PurchasePairs
{
	SparseRows	by_client;
	SparseRows	by_product;
	int64		clients;		/* with any */
	int64		products;
	int64		origin;
} PurchasePairs;

/* ---- ratings (fit_ratings.c) ---- */

extern void fit_ratings(FitRun *run, const Interactions *ratings, RatingFit *fit);
extern bool fit_ratings_useful(const RatingFit *fit);
extern float *fit_liked(FitRun *run, const Interactions *ratings, const RatingScale *scale);
extern double rating_standardise(const RatingScale *scale, double value);
extern void fit_rating_rows(FitRun *run, const Interactions *ratings, FitSide *side,
							const RatingScale *scale, SparseRows *by_client);
extern FactorMatrix fit_fold_in_biases(Budget *budget, const FactorMatrix *products, float bias_penalty,
									   const SparseRows *ratings);

/* fit_attributes.c */
extern int64 *fit_attributes(FitRun *run, const AttributeSide *side, BayesAttributes *fitted);

/* ---- purchases (fit_purchases.c) ---- */

extern void fit_purchases(FitRun *run, const Interactions *purchases, PurchaseFit *fit);

/* fit_trials.c */
extern void fit_try_purchases(FitRun *run, const Interactions *purchases, PurchaseFit *fit);

/* fit_setting.c */
extern void fit_purchase_pairs(FitRun *run, const Interactions *purchases, FitSide *side,
							   int half_life, PurchasePairs *pairs);
extern float *fit_purchase_weights(const Interactions *purchases, const FitSide *side,
								   int half_life, int64 origin, Budget *budget);
extern double fit_half_life(int days);
extern void fit_free_purchase_pairs(FitRun *run, PurchasePairs *pairs);
extern int	fit_purchase_iterations(const PurchaseFit *fit);
extern bool fit_purchase_setting(FitRun *run, const PurchasePairs *pairs, int64 most_products,
								 PurchaseFit *fit);
extern bool fit_purchase_has_room(const FitRun *run, const PurchaseSetting *setting, int64 clients,
								  int64 products);
extern void fit_free_purchases(FitRun *run, PurchaseFit *fit);
extern RankingModel fit_purchase_model(const PurchaseFit *fit);
extern void fit_purchase_scores(const PurchaseFit *fit, const SparseRows *had, int64 client,
								float *scores);

/* ---- what is bought again (fit_repeat.c) ---- */

extern void fit_repeat_begin(FitRun *run, const Interactions *purchases, RepeatFit *fit);
extern void fit_repeat_learn_new(FitRun *run, const SparseRows *seen, const SparseRows *held_out,
								 FitScores scores, void *argument, RepeatFit *fit);
extern void fit_repeat_learn_days(FitRun *run, const Interactions *purchases, RepeatFit *fit);

/* ---- shared by the parts (fit.c) ---- */

extern int64 *fit_calendar_split(const Interactions *from, double part, Budget *budget);
extern int64 *fit_history_split(const Interactions *from, double part, Budget *budget);
extern PairLines fit_lines_of(const Interactions *from, int64 entry, PairLine *rating);
extern bool fit_on_side(const Interactions *from, int64 entry, void *argument);
extern FactorMatrix fit_alloc_factors(Budget *budget, int64 rows, int width);
extern void fit_free_factors(Budget *budget, FactorMatrix *m);
extern void fit_check_memory(FitRun *run, const Interactions *from, Size entry_size, int width,
							 Size more);
extern void fit_start_workers(FitRun *run, int width);
extern Workers fit_judges(const FitRun *run);
extern void fit_end_workers(FitRun *run);
extern void fit_phase(FitRun *run, ProgressPhase phase, int64 pairs, int iterations);

#endif							/* RECO_FIT_H */
