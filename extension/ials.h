/*
 * ials.h - implicit matrix factorisation of purchases
 */
#ifndef RECO_IALS_H
#define RECO_IALS_H

#include "solve.h"
#include "sparse.h"
#include "workers.h"

typedef struct IalsOptions
{
	int			iterations;
	uint64_t	seed;
	IalsPenalty penalty;
	bool		resume;			/* go on from what an earlier fit has left */
} IalsOptions;

extern float ials_scaled_penalty(double scale, double unobserved,
								 int64_t clients, int64_t products, int64_t pairs);
extern size_t ials_memory_size(int width);
extern void ials_fit(const SparseRows *by_client, const SparseRows *by_product,
					 const IalsOptions *options, const Workers *workers, void *memory,
					 FactorMatrix *clients, FactorMatrix *products, float *gram);

#endif							/* RECO_IALS_H */
