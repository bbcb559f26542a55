/*
 * factors.h - the factors of one side of a model, as rows of floats
 *
 * Knows arrays only.  Linked into both libraries.
 */
#ifndef RECO_FACTORS_H
#define RECO_FACTORS_H

#include <stddef.h>
#include <stdint.h>

/* Rows of factors are padded with zeros to a multiple of this many floats. */
#define FACTOR_LANES 16

/*
 * The factors of one side of a model: rows x width floats, each row starting
 * stride floats after the one before.
 */
typedef struct FactorMatrix
{
	int64_t		rows;
	int			width;			/* floats that mean something */
	int			stride;			/* width rounded up to FACTOR_LANES */
	float	   *data;			/* rows * stride floats */
} FactorMatrix;

/*
 * The first two columns of an SVD row are the biases.  A client's row is
 * [bias, 1, factors...] and a product's is [1, bias, factors...]: the plain
 * dot product of two rows is then bias + bias + factors . factors.
 */
#define SVD_CLIENT_BIAS 0
#define SVD_PRODUCT_BIAS 1
#define SVD_BIAS_COLUMNS 2

static inline int
factor_stride(int width)
{
	return (width + FACTOR_LANES - 1) / FACTOR_LANES * FACTOR_LANES;
}

static inline float *
factor_row(const FactorMatrix *m, int64_t row)
{
	return m->data + row * m->stride;
}

extern void factor_average(const FactorMatrix *m, double *sums, float *average);
extern float factor_dot(const float *a, const float *b, int stride);
extern void factor_add_scores(const float *row, const FactorMatrix *m, float weight, float *scores);

#endif							/* RECO_FACTORS_H */
