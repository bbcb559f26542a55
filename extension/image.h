/*
 * image.h - a version of a model in memory, as serving needs it
 */
#ifndef RECO_IMAGE_H
#define RECO_IMAGE_H

#include "budget.h"
#include "metrics.h"
#include "model.h"
#include "store.h"

/*
 * The products' side of a version.  Shared by all statements of a backend,
 * never changed, freed when a newer version has taken its place and the last
 * statement that uses it is over.
 */
typedef struct Image
{
	int32		model;
	pg_uuid_t	uuid;
	bool		personal;		/* active; else only its baselines are used */
	bool		current;		/* the cache holds it */
	int			pins;			/* statements that use it */
	MemoryContext context;

	int64		clients;
	int64		products;
	int64	   *product_ids;	/* ascending */
	float	   *popularity;

	bool		has_ratings;
	RatingScale scale;
	FactorMatrix rating_products;
	float	   *rating_unknown; /* the row of a product not in the model */
	bool		is_bayes;
	SvdPenalty	rating_penalty; /* if not is_bayes */
	FactorMatrix rating_features;	/* if is_bayes, as the rest */
	float	   *rating_mean;
	BayesPrior	rating_prior;
	float	   *rating_spread;
	float		rating_unknown_spread;

	bool		has_purchases;
	IalsPenalty purchase_penalty;
	FactorMatrix purchase_products; /* loaded only if personal */
	float	   *purchase_gram;
} Image;

extern Image *image_pin(const Model *model);
extern void image_unpin(Image *image);

/* The clients' side, read anew: an array in the budget's context. */
extern int64 *image_read_client_ids(const Image *image, Budget *budget);
extern FactorMatrix image_read_client_factors(const Image *image, Budget *budget);

#endif							/* RECO_IMAGE_H */
