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
	SvdPenalty	penalty;		/* factor and bias */
	bool		resume;			/* go on from what an earlier fit has left */
} SvdOptions;

/*
 * What is learnt.  The caller sets the matrices' shapes and memory: a width of
 * SVD_BIAS_COLUMNS plus the number of factors.  One of SVD_BIAS_COLUMNS is the
 * model of biases alone, which has none of the rest.
 */
typedef struct SvdModel
{
	FactorMatrix clients;
	FactorMatrix products;
	FactorMatrix client_features;	/* like clients */
	FactorMatrix features;		/* like products */
	float	   *gram;			/* of features, stride x stride */
	float	   *inverse;		/* stride x stride */
	double	   *work;			/* stride x stride */
} SvdModel;

extern void svd_fit(const SparseRows *by_client, const SparseRows *by_product,
					const SvdOptions *options, const Workers *workers, SvdModel *model);

#endif							/* RECO_SVD_H */
