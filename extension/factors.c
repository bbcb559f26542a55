/*
 * factors.c - the factors of one side of a model, as rows of floats
 */
#include <string.h>

#include "factors.h"
#include "lanes.h"

/* Dot product of two padded rows of factors. */
LANE_CLONES float
factor_dot(const float *a, const float *b, int stride)
{
	return lanes_dot(a, b, stride);
}

/* Adds to the score of each row of a matrix weight times its dot product with a padded row. */
LANE_CLONES void
factor_add_scores(const float *row, const FactorMatrix *m, float weight, float *scores)
{
	for (int64_t i = 0; i < m->rows; i++)
		scores[i] += weight * lanes_dot(row, factor_row(m, i), m->stride);
}

/* The mean of all rows, a padded row itself; sums is for stride numbers on the way. */
void
factor_average(const FactorMatrix *m, double *sums, float *average)
{
	memset(sums, 0, m->stride * sizeof(double));
	for (int64_t row = 0; row < m->rows; row++)
	{
		for (int i = 0; i < m->stride; i++)
			sums[i] += factor_row(m, row)[i];
	}
	for (int i = 0; i < m->stride; i++)
		average[i] = (float) (sums[i] / m->rows);
}
