/*
 * lanes.h - vectors of floats, whatever the processor has
 *
 * Loops over padded rows (factors.h: FACTOR_LANES) are written with the vector
 * type below, which the compiler lowers to the widest registers of the target.
 * A function marked LANE_CLONES is compiled for AVX-512, AVX2 and the plain
 * ABI; the one that the processor can run is chosen when the library is
 * loaded.
 */
#ifndef RECO_LANES_H
#define RECO_LANES_H

#include "factors.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define LANE_TARGETS
#define LANE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LANE_CLONES
#endif

/* Becomes part of such a function, and is compiled for what that one is. */
#define LANE_INLINE inline __attribute__((always_inline))

/* Unaligned on purpose: rows live wherever the caller's memory does. */
typedef float Lanes __attribute__((vector_size(FACTOR_LANES * sizeof(float)), aligned(4)));

typedef float Lanes8 __attribute__((vector_size(8 * sizeof(float)), aligned(4)));
typedef float Lanes4 __attribute__((vector_size(4 * sizeof(float)), aligned(4)));

/* The sum of 4, 8 or 16 lanes: halves are added to halves. */
LANE_INLINE static float
lanes_sum_4(const Lanes4 *lanes)
{
	return ((*lanes)[0] + (*lanes)[2]) + ((*lanes)[1] + (*lanes)[3]);
}

LANE_INLINE static float
lanes_sum_8(const Lanes8 *lanes)
{
	Lanes4		sum = __builtin_shufflevector(*lanes, *lanes, 0, 1, 2, 3) +
		__builtin_shufflevector(*lanes, *lanes, 4, 5, 6, 7);

	return lanes_sum_4(&sum);
}

LANE_INLINE static float
lanes_sum_16(const Lanes *lanes)
{
	Lanes8		sum = __builtin_shufflevector(*lanes, *lanes, 0, 1, 2, 3, 4, 5, 6, 7) +
		__builtin_shufflevector(*lanes, *lanes, 8, 9, 10, 11, 12, 13, 14, 15);

	return lanes_sum_8(&sum);
}

/* Dot product of the first n floats, a multiple of FACTOR_LANES. */
LANE_INLINE static float
lanes_dot(const float *a, const float *b, int n)
{
	Lanes		sum = {0};

	for (int i = 0; i < n; i += FACTOR_LANES)
		sum += *(const Lanes *) (a + i) * *(const Lanes *) (b + i);
	return lanes_sum_16(&sum);
}

#endif							/* RECO_LANES_H */
