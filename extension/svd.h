/*
 * svd.h - biased matrix factorisation of ratings
 */
#ifndef RECO_SVD_H
#define RECO_SVD_H

#include "solve.h"
#include "sparse.h"
#include "workers.h"

typedef struct SvdOptions
{
	int			iterations;
	uint64_t	seed;
	SvdPenalty	penalty;
} SvdOptions;

extern void svd_fit(const SparseRows *by_client, const SparseRows *by_product,
					const SvdOptions *options, const Workers *workers,
					FactorMatrix *clients, FactorMatrix *products);

#endif							/* RECO_SVD_H */
