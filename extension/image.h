/*
 * image.h - a version of a model in memory, as serving needs it
 */
#ifndef RECO_IMAGE_H
#define RECO_IMAGE_H

#include "budget.h"
#include "metrics.h"
#include "model.h"
#include "scan.h"
#include "share.h"
#include "solve.h"
#include "store.h"

/* How the number of a product is found by its id. */
typedef struct ProductFinder
{
	bool		direct;			/* the slot of an id is its distance from the lowest id */
	uint64		slots;			/* if not direct, a power of two */
	uint32	   *slot;			/* number + 1; 0: none */
} ProductFinder;

/*
 * The products' side of a version.  Its arrays are shared by all backends
 * that serve it and are read-only; this is a backend's own view of them,
 * kept until a newer version has taken its place and the last statement that
 * uses it is over.
 */
typedef struct Image
{
	int32		model;
	pg_uuid_t	uuid;
	bool		personal;		/* active; else only its baselines are used */
	bool		current;		/* the cache holds it */
	int			pins;			/* statements that use it */
	MemoryContext context;
	ShareHeader *shared;		/* NULL: the arrays are this backend's own */

	int64		clients;
	int64		products;
	int64	   *product_ids;	/* ascending */
	ProductFinder finder;
	float	   *popularity;
	uint32	   *by_popularity;	/* product numbers, the most popular first */

	bool		has_ratings;
	RatingScale scale;
	FactorMatrix rating_products;
	ScanTable	rating_scan;	/* none if not personal */
	float	   *rating_unknown; /* the row of a product not in the model */
	bool		is_bayes;
	FactorMatrix rating_features;	/* no data: only biases, as the next two */
	int64		attributes;		/* values of clients' attributes */
	int64	   *attribute_values;	/* their ids, ascending */
	FactorMatrix attribute_features;
	float	   *rating_mean;
	SvdPenalty	rating_penalty; /* if not is_bayes */
	BayesPrior	rating_prior;
	float	   *rating_spread;
	float		rating_unknown_spread;

	bool		has_purchases;
	IalsPenalty purchase_penalty;
	FactorMatrix purchase_products; /* only if personal */
	ScanTable	purchase_scan;
	float	   *purchase_gram;
	Neighbours	neighbours;		/* only if personal; in place of the factors, or
								 * beside them */
	float		factor_weight;	/* of the factors then */
	int64		purchase_origin;	/* the time by which purchases age */
	double		purchase_half_life; /* 0: they do not */
	RepeatModel repeat;
	float	   *habit;			/* of each product: repeat.c */
} Image;

extern Image *image_pin(const Model *model);
extern void image_unpin(Image *image);
extern int64 image_product(const Image *image, int64 id);

/* The clients' side, read anew: an array in the budget's context. */
extern int64 *image_read_client_ids(const Image *image, Budget *budget);
extern FactorMatrix image_read_client_factors(const Image *image, Budget *budget);

#endif							/* RECO_IMAGE_H */
