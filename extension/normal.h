/*
 * normal.h - normal equations: gathered, factorised, solved
 */
#ifndef RECO_NORMAL_H
#define RECO_NORMAL_H

#include <stdbool.h>

#include "factors.h"

/* Rows that are gathered at a time. */
#define PANEL_ROWS 64

/* What is gathered: rows of a matrix, by their numbers. */
typedef struct Gather
{
	const FactorMatrix *from;
	const uint32_t *columns;
	int64_t		n;
	int64_t		ahead;			/* entries behind the n, to be gathered next */
	const float *weights;		/* of the n, normal_add alone; NULL: 1 */
} Gather;

/* Matrices are stride x stride, upper triangle; vectors have stride floats. */
extern size_t normal_panel_size(int stride);
extern void normal_add(const Gather *gather, float *matrix, float *right, float *panel);
extern void normal_add_panel(float *matrix, int stride, const float *panel, int rows);
extern void normal_add_biased(const Gather *gather, const float *values, int bias,
							  float *matrix, float *right, float *panel);
extern bool normal_factor(float *matrix, int width, int stride);
extern void normal_forward(const float *factor, float *right, int stride);
extern bool normal_backward(const float *factor, float *right, int stride);

#endif							/* RECO_NORMAL_H */
