/*
 * logistic.h - chances learnt from what happened
 */
#ifndef RECO_LOGISTIC_H
#define RECO_LOGISTIC_H

#include <stdbool.h>
#include <stdint.h>

#define LOGISTIC_MAX_WIDTH 6

/* What a weight is before anything is known: a mean, and how sure that is. */
typedef struct LogisticPrior
{
	double		mean;
	double		precision;
} LogisticPrior;

extern double logistic(double odds);
extern void logistic_fit(const float *rows, int width, const bool *happened, int64_t count,
						 const LogisticPrior *prior, double *weights);

#endif							/* RECO_LOGISTIC_H */
