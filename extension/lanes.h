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
#define LANE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LANE_CLONES
#endif

/* Unaligned on purpose: rows live wherever the caller's memory does. */
typedef float Lanes __attribute__((vector_size(FACTOR_LANES * sizeof(float)), aligned(4)));

#endif							/* RECO_LANES_H */
