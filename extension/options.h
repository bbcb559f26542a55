/*
 * options.h - the options of create_model
 */
#ifndef RECO_OPTIONS_H
#define RECO_OPTIONS_H

#include "reco.h"

#include "utils/jsonb.h"

/* How ratings are learnt: the order of rating_methods in options.c. */
typedef enum RatingMethod
{
	RATING_BAYES,
	RATING_SVD
} RatingMethod;

/* How purchases are learnt: the order of purchase_methods in options.c. */
typedef enum PurchaseMethod
{
	PURCHASE_ALS,
	PURCHASE_EASE,
	PURCHASE_ITEMS,
	PURCHASE_BLEND				/* of PURCHASE_EASE and PURCHASE_ALS */
} PurchaseMethod;

extern const char *const purchase_methods[];

/* Does a client have factors? */
static inline bool
method_has_factors(PurchaseMethod method)
{
	return method == PURCHASE_ALS || method == PURCHASE_BLEND;
}

/* Do products have neighbours? */
static inline bool
method_has_neighbours(PurchaseMethod method)
{
	return method != PURCHASE_ALS;
}

/* OPTION_AUTO stands for "chosen by the size of the data". */
typedef struct ModelOptions
{
	int64		seed;
	double		lift;

	int			rating_method;	/* a RatingMethod */
	int			rating_factors;
	double		rating_regularization;
	double		rating_bias_regularization;
	int			rating_iterations;

	int			purchase_method;	/* a PurchaseMethod, or OPTION_AUTO */
	int			purchase_factors;
	double		purchase_regularization;
	double		purchase_unobserved_weight;
	int			purchase_iterations;
} ModelOptions;

#define OPTION_AUTO (-1)

#define MIN_FACTORS 1
#define MAX_FACTORS 512
#define MIN_ITERATIONS 1
#define MAX_ITERATIONS 1000

extern void options_parse(Jsonb *json, ModelOptions *options);

#endif							/* RECO_OPTIONS_H */
