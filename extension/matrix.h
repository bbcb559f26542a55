/*
 * matrix.h - dense matrices over OpenBLAS
 */
#ifndef RECO_MATRIX_H
#define RECO_MATRIX_H

#include "solve.h"

extern void matrix_init(void);
extern void matrix_gram(const FactorMatrix *m, float *gram);
extern void matrix_scores(const float *left, int64_t left_rows, const FactorMatrix *right,
						  float *scores);

#endif							/* RECO_MATRIX_H */
