/*
 * bayes.h - Bayesian biased matrix factorisation of ratings
 */
#ifndef RECO_BAYES_H
#define RECO_BAYES_H

#include "solve.h"
#include "sparse.h"
#include "workers.h"

/*
 * What is told of the rows of one side besides their ratings: each of the
 * values of its attributes belongs to some rows, with a weight.
 */
typedef struct BayesAttributes
{
	SparseRows	by_row;			/* columns are values */
	SparseRows	by_value;
	uint8_t    *attribute;		/* of each value, below BAYES_ATTRIBUTES */
	float	   *scale;			/* 1 / sqrt(rows of the value) */
} BayesAttributes;

#define BAYES_ATTRIBUTES 32

typedef struct BayesOptions
{
	int			sweeps;
	uint64_t	seed;
	bool		resume;			/* go on from where the chain in memory was left */
	const BayesAttributes *client_attributes;	/* NULL: none; else by_row and */
	const BayesAttributes *product_attributes;	/* by_value fit the ratings' sides */
} BayesOptions;

/*
 * What is learnt.  The caller sets the matrices' shapes and memory: clients
 * and products of width SVD_BIAS_COLUMNS plus the number of factors, features
 * like products, with further rows for the values of clients' attributes.
 */
typedef struct BayesModel
{
	FactorMatrix clients;
	FactorMatrix products;
	FactorMatrix features;		/* what having rated a product says of a client */
	float	   *mean;			/* stride: a client without ratings */
	float	   *precision;		/* stride x stride, see BayesPrior */
	float		noise_precision;
	float	   *unrated;		/* stride: a product without ratings */
	float	   *spread;			/* products: how far below its mean each score may be */
	float		unknown_spread; /* of a product without ratings */
} BayesModel;

extern size_t bayes_memory_size(int64_t clients, int64_t products, int width, int sweeps,
								int64_t client_values, int64_t product_values);
extern void bayes_fit(const SparseRows *by_client, const SparseRows *by_product,
					  const BayesOptions *options, const Workers *workers,
					  void *memory, BayesModel *model);

/* ---- between the files of this topic ---- */

/* Added to each variance that is measured. */
#define BAYES_LEAST_VARIANCE 1e-6

/* So many rows are gone through before it is asked whether to stop. */
#define BAYES_ROWS_PER_CHECK 4096

/* One side of the chain, clients or products. */
typedef struct BayesSide
{
	int			bias;			/* column of the own bias */
	const SparseRows *pairs;	/* a row for each row of this side */
	const SparseRows *transposed;
	FactorMatrix rows;			/* the current draw */
	FactorMatrix prior;			/* what the features say of each row */
	const BayesAttributes *attributes;	/* NULL: none */
	FactorMatrix features;		/* a row for each row of the other side, and then
								 * for each value of the attributes */
	double		ridge;			/* precision of features, relative to lambda */
	double		attribute_ridge[BAYES_ATTRIBUTES];	/* the same of each attribute's */
	double	   *lambda;			/* precision of rows around prior, by column */
	double	   *mu;				/* their mean */
	float	   *scale;			/* 1 / sqrt(entries) of each row */

	/* conjugate gradients */
	FactorMatrix target;		/* like rows */
	FactorMatrix residual;		/* like features, as are the next two */
	FactorMatrix direction;
	FactorMatrix product;
	double	   *partial;		/* sums of blocks, added up in their order */
	double	   *sums;			/* 4 * stride */
} BayesSide;

extern void bayes_draw_features(BayesSide *side, uint64_t seed, int steps, const Workers *workers);
extern void bayes_fit_features(BayesSide *side, int steps, const Workers *workers);

extern void bayes_measure_spread(const BayesSide *clients, const BayesSide *products, const BayesPrior *prior,
								 double *square, float *root, const Workers *workers, BayesModel *model);

/* Draws of the factors that are kept, to be averaged. */
typedef struct BayesDraws
{
	int			factors;
	int			capacity;
	int			kept;
	float	   *clients;		/* rows x (capacity * factors) */
	float	   *products;
	double	   *client_bias;	/* sums */
	double	   *product_bias;
	int			bias_draws;
	float	   *work;			/* bayes_mean_work_size floats */
} BayesDraws;

extern size_t bayes_mean_work_size(int64_t clients, int64_t products, int factors, int capacity);
extern void bayes_mean(BayesDraws *draws, uint64_t seed,
					   FactorMatrix *clients, FactorMatrix *products);

extern void bayes_fit_unrated(const SparseRows *by_client, const SparseRows *by_product,
							  const Workers *workers, FactorMatrix rows, double *square,
							  double *sums, BayesModel *model);

#endif							/* RECO_BAYES_H */
