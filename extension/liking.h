/*
 * liking.h - what stars say of a product beside the purchases
 */
#ifndef RECO_LIKING_H
#define RECO_LIKING_H

#include "serving.h"

/* A client's stars, as the score of purchases is corrected by them. */
typedef struct Liking
{
	const Image *image;
	const float *row;			/* the client's, among ratings */
	double		expected;		/* standardised stars of a product of which
								 * nothing is known */
	const History *rated;		/* by the client */
} Liking;

extern bool liking_counts(const Image *image);
extern Liking liking_of(const Image *image, const float *row, const History *rated);
extern const Liking *client_liking(Serving *serving, Client *client);
extern double liking_factor_of(const Liking *liking, int64 product);
extern double liking_correct(const Liking *liking, int64 product, double score);
extern double liking_highest(double score);

/* of arrays alone */
extern double liking_factor(double z, bool own);
extern double liking_multiply(double score, double factor);

#endif							/* RECO_LIKING_H */
