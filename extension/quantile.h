/*
 * quantile.h - the quantile of a negative binomial distribution
 */
#ifndef RECO_QUANTILE_H
#define RECO_QUANTILE_H

extern double demand_quantile(double probability, double mean, double variance);

#endif							/* RECO_QUANTILE_H */
