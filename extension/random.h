/*
 * random.h - seeded numbers that are the same on every machine
 *
 * Counter-based: the value for (seed, position) does not depend on what was
 * drawn before, so any number of workers may draw in any order.  The mixer is
 * the finaliser of splitmix64 (Steele, Lea, Flood 2014).
 */
#ifndef RECO_RANDOM_H
#define RECO_RANDOM_H

#include <math.h>
#include <stdint.h>

static inline uint64_t
random_mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static inline uint64_t
random_bits(uint64_t seed, uint64_t position)
{
	return random_mix(random_mix(seed) ^ random_mix(position));
}

/* One number strictly between 0 and 1. */
static inline double
random_uniform(uint64_t seed, uint64_t position)
{
	return ((random_bits(seed, position) >> 11) + 0.5) / 9007199254740992.0;
}

/* One standard normal number, by Box and Muller. */
static inline double
random_normal(uint64_t seed, uint64_t position)
{
	double		u = random_uniform(seed, 2 * position);
	double		v = random_uniform(seed, 2 * position + 1);

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/*
 * count standard normal numbers, those at positions first .. first + count - 1
 * of the seed (first even): two for one, in single precision.
 */
static inline void
random_normals(uint64_t seed, uint64_t first, float *out, int count)
{
	for (int i = 0; i < count; i += 2)
	{
		uint64_t	bits = random_bits(seed, first + i);
		float		u = ((bits >> 40) + 0.5f) / 16777216.0f;
		float		angle = ((bits & 0xffffff) + 0.5f) * (6.2831853f / 16777216.0f);
		float		radius = sqrtf(-2 * logf(u));

		out[i] = radius * cosf(angle);
		if (i + 1 < count)
			out[i + 1] = radius * sinf(angle);
	}
}

#endif							/* RECO_RANDOM_H */
