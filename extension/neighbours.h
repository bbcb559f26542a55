/*
 * neighbours.h - what the purchase of one product says of others
 *
 * Knows arrays only.  neighbours_scores is linked into both libraries.
 */
#ifndef RECO_NEIGHBOURS_H
#define RECO_NEIGHBOURS_H

#include <stdbool.h>

#include "sparse.h"
#include "workers.h"

/*
 * For each product the same number of others, ascending, and what having the
 * first adds to the score of each.  Where there are fewer, the last entries
 * are product 0 with weight 0.
 */
typedef struct Neighbours
{
	int64_t		rows;
	int			width;
	uint32_t   *product;		/* rows * width */
	float	   *weight;
} Neighbours;

/* A row of them fits in a block of the store. */
#define MAX_NEIGHBOURS 1900

/* How weights are learnt. */
typedef struct NeighbourOptions
{
	bool		inverse;		/* EASE; else cosine */
	float		penalty;		/* EASE: of the squares of weights; cosine: clients
								 * who bought both that are not there */
	float		popularity;		/* scores are divided by this power of clients */
	int64_t		most;			/* EASE: products that take part, the most popular */
} NeighbourOptions;

extern void neighbours_scores(const Neighbours *m, const uint32_t *products, const float *weights,
							  int64_t n, float *scores);

extern float neighbours_weight(const Neighbours *m, int64_t product, uint32_t other);

extern void neighbours_column(const Neighbours *m, uint32_t other, float *column);
extern float neighbours_sum(const float *column, const uint32_t *products, const float *weights, int64_t n);

/* neighbours_fit.c */
extern int	neighbours_width(int64_t products);
extern size_t neighbours_memory_size(int64_t products, const NeighbourOptions *options);
extern size_t neighbours_scratch_size(int64_t products);
extern bool neighbours_fit(const SparseRows *by_client, const SparseRows *by_product,
						   const NeighbourOptions *options, const Workers *workers,
						   void *memory, Neighbours *result);
extern void neighbours_divide(Neighbours *m, const SparseRows *by_product, double power);

#endif							/* RECO_NEIGHBOURS_H */
