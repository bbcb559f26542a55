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
