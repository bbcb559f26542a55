/*
 * lanes.h - vectors of floats, whatever the processor has
 *
 * Loops over padded rows (solve.h: FACTOR_LANES) are written with the vector
 * type below, which the compiler lowers to the widest registers of the target.
 * A function marked LANE_CLONES is compiled for AVX-512, AVX2 and the plain
 * ABI; the one that the processor can run is chosen when the library is
 * loaded.
 */
#ifndef RECO_LANES_H
#define RECO_LANES_H

#include "solve.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define LANE_TARGETS
#define LANE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LANE_CLONES
#endif

/* Unaligned on purpose: rows live wherever the caller's memory does. */
typedef float Lanes __attribute__((vector_size(FACTOR_LANES * sizeof(float)), aligned(4)));

typedef float Half __attribute__((vector_size(FACTOR_LANES / 2 * sizeof(float))));
typedef float Quarter __attribute__((vector_size(FACTOR_LANES / 4 * sizeof(float))));

/* The sum of the lanes, by halves. */
static inline __attribute__((always_inline)) float
lanes_sum(const Lanes *lanes)
{
	Lanes		v = *lanes;
	Half		half = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
		__builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
	Quarter		quarter = __builtin_shufflevector(half, half, 0, 1, 2, 3) +
		__builtin_shufflevector(half, half, 4, 5, 6, 7);

	return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

/* Dot product of the first n floats, a multiple of FACTOR_LANES. */
static inline __attribute__((always_inline)) float
lanes_dot(const float *a, const float *b, int n)
{
	Lanes		sum = {0};

	for (int i = 0; i < n; i += FACTOR_LANES)
		sum += *(const Lanes *) (a + i) * *(const Lanes *) (b + i);
	return lanes_sum(&sum);
}

#endif							/* RECO_LANES_H */
