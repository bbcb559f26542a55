/*
 * liking.c - what stars say of a product beside the purchases
 *
 * Purchases tell what a client would take, stars whether they were glad of
 * it.  A list made of purchases is corrected by the stars: the score is
 * multiplied by
 *
 *	 exp(PREDICTED_STRENGTH * z), within 1 / 2 .. 3 / 2
 *
 * where z is how much better than a product of which nothing is known the
 * client would find this one, in standard deviations of all stars.  That is
 * the posterior mean, which few ratings hardly move from zero: where nothing
 * is known, nothing is corrected.  What the client rated needs no prediction:
 * then z is their own stars, and weighs more, within 1 / 4 .. 3 / 2.
 *
 * One strength for all data.  Of ratings of films, taken for views, it finds
 * far more of those liked and as many of the next views; twice as much begins
 * to lose views.
 */
#include "liking.h"

#include <math.h>

#define PREDICTED_STRENGTH 0.2
#define PREDICTED_LEAST 0.5
#define OWN_STRENGTH 0.5
#define OWN_LEAST 0.25
#define MOST 1.5

/* Are scores of purchases corrected by stars? */
bool
liking_counts(const Image *image)
{
	return image->has_ratings && image->has_purchases && image->personal;
}

/* What corrects the scores of a client, given their row and what they rated. */
Liking
liking_of(const Image *image, const float *row, const History *rated)
{
	return (Liking) {
		.image = image,.row = row,.rated = rated,
		.expected = factor_dot(row, image->rating_unknown, image->rating_products.stride)
	};
}

/* The same, kept; NULL if nothing is corrected. */
const Liking *
client_liking(Serving *serving, Client *client)
{
	if (!liking_counts(serving->image))
		return NULL;
	if (client->liking == NULL)
	{
		Liking	   *liking = MemoryContextAlloc(serving->clients_context, sizeof(Liking));

		*liking = liking_of(serving->image, client_rating_row(serving, client),
							client_history(serving, client, SOURCE_RATINGS));
		client->liking = liking;
	}
	return client->liking;
}

/* How much a product's score is multiplied by: z by prediction, or by the client's own stars. */
double
liking_factor(double z, bool own)
{
	return own ? Max(OWN_LEAST, Min(exp(OWN_STRENGTH * z), MOST))
		: Max(PREDICTED_LEAST, Min(exp(PREDICTED_STRENGTH * z), MOST));
}

/* That of a product for a client: 1 where nothing is known. */
double
liking_factor_of(const Liking *liking, int64 product)
{
	const FactorMatrix *m = &liking->image->rating_products;
	int64		own = columns_find(liking->rated->products, liking->rated->known, (uint32) product);
	double		z;

	if (own >= 0)
		z = liking->rated->standardised[own] - liking->expected;
	else
		z = factor_dot(liking->row, factor_row(m, product), m->stride) - liking->expected;
	return liking_factor(z, own >= 0);
}

/* A score below zero goes down by division. */
double
liking_multiply(double score, double factor)
{
	return score > 0 ? score * factor : score / factor;
}

/* The score of a product, corrected. */
double
liking_correct(const Liking *liking, int64 product, double score)
{
	return liking_multiply(score, liking_factor_of(liking, product));
}

/* What no product scores more than, corrected, whose score is at most this. */
double
liking_highest(double score)
{
	return score > 0 ? score * MOST : score / MOST;
}
