/*
 * factors.c - the factors of one side of a model, as rows of floats
 */
#include "factors.h"

#include "lanes.h"

/* Dot product of two padded rows of factors. */
LANE_CLONES float
factor_dot(const float *a, const float *b, int stride)
{
	return lanes_dot(a, b, stride);
}
