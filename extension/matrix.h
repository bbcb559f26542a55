/*
 * matrix.h - dense matrices over OpenBLAS
 */
#ifndef RECO_MATRIX_H
#define RECO_MATRIX_H

#include <stdbool.h>

#include "factors.h"

/* Rows that matrix_turn takes at once. */
#define TURN_ROWS 256

extern void matrix_init(void);
extern void matrix_gram(const FactorMatrix *m, float *gram);
extern void matrix_turn(const FactorMatrix *m, const float *basis, float *work);
extern void matrix_product(const float *a, int64_t rows, int inner, const float *b, int columns,
						   float scale, float *result);
extern void matrix_transposed_product(const float *a, int64_t rows, int a_columns,
									  const float *b, int b_columns, float *result);
extern void matrix_orthonormalize(float *a, int64_t rows, int columns, double *work);
extern bool matrix_eigen(double *symmetric, int size, double *values, double *work, int work_size);
extern bool matrix_invert(double *positive, int size);
extern size_t matrix_invert_large_work(int64_t size);
extern bool matrix_invert_large(float *positive, int size, float *work);
extern bool matrix_cholesky(double *positive, int size);
extern void matrix_scores(const float *left, int64_t left_rows, const FactorMatrix *right,
						  float *scores);

#endif							/* RECO_MATRIX_H */
