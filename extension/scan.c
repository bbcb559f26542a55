/*
 * scan.c - which rows may be among the best for a vector, without a miss
 *
 * The best of many dot products, exactly, without computing most of them.
 * Each row of factors is kept a second time as bytes, with one scale a row,
 * in the order of length: a first pass over these bytes gives every row a
 * bound that its true score cannot exceed, and only rows whose bound reaches
 * the worst score kept so far are scored from their factors, by whoever asks.
 * Where even the longest row left could not reach it, the pass is over.
 *
 * The bound, for a vector q, a row v and their bytes q', v' with their scales:
 *
 *   q.v  <=  q'.v' + |q| |v - v'| + |q - q'| |v|
 *
 * The first term is a sum of small integers, exact; the lengths are computed
 * in double precision and rounded up.  What the score itself, computed in
 * single precision (factor_dot), may be off is added to the length and the
 * error of each row; what computing the bound may be off, to the query's
 * residual and slack.  A number that is none, from an overflow, counts as
 * reaching the threshold.
 *
 * A column that is 1 in all rows would only stretch them: it is left out of
 * the bytes and added as the query's offset.
 *
 * The bytes of 16 rows stand together, four columns of each in turn, so that
 * one instruction (VPDPBUSD) multiplies four columns of 16 rows at once.
 * Processors without it use AVX2 or plain C, and come to the same integers.
 */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAVE_X86_KERNELS
#endif

/* Codes run from -127 to 127, and are stored with 128 added. */
#define CODE_LIMIT 127
#define CODE_ZERO 128

/* Half a unit in the last place of a float, a little more than that. */
#define ROUNDING 6e-8

/* The roundings that a score of rows of this width goes through. */
static double
score_rounding(int width)
{
	return (width / FACTOR_LANES + 20) * ROUNDING;
}

/* The least float that is not below x >= 0. */
static float
round_up(double x)
{
	float		f = (float) x;

	return f < x ? nextafterf(f, INFINITY) : f;
}

/* What one step is worth where the largest of all is this; 0: all codes are 0. */
static float
code_scale(float largest)
{
	float		scale = largest / CODE_LIMIT;

	return scale >= FLT_MIN && isfinite(scale) ? scale : 0;
}

static int
code_of(float x, float scale)
{
	float		code = rintf(x / scale);

	return code > CODE_LIMIT ? CODE_LIMIT : code < -CODE_LIMIT ? -CODE_LIMIT : (int) code;
}

static int
compare_keys(const void *a, const void *b)
{
	uint64_t	x = *(const uint64_t *) a;
	uint64_t	y = *(const uint64_t *) b;

	return x < y ? -1 : x > y;
}

/*
 * The vector that stands for a row: without its constant column, and with
 * what its score is less by.  Returns the part of its length that rounding of
 * scores may add.
 */
static double
row_vector(const ScanSource *source, int64_t row, float *vector)
{
	const float *factors = factor_row(source->m, row);
	int			width = source->m->stride;
	double		squares = 0;
	double		off = 0;

	for (int i = 0; i < width; i++)
	{
		squares += (double) factors[i] * factors[i];
		vector[i] = factors[i];
	}
	if (source->constant >= 0)
	{
		off = fabs(1 - (double) factors[source->constant]);
		vector[source->constant] = 0;
	}
	if (source->less)
	{
		vector[source->less_column] -= source->less[row];
		off += ROUNDING * fabs((double) vector[source->less_column]);
		squares += (double) source->less[row] * source->less[row];
	}
	return off + score_rounding(width) * 2 * sqrt(squares);
}

static double
length_of(const float *vector, int width)
{
	double		squares = 0;

	for (int i = 0; i < width; i++)
		squares += (double) vector[i] * vector[i];
	return sqrt(squares);
}

size_t
scan_work_size(int64_t rows, int width)
{
	return rows * sizeof(uint64_t) + width * sizeof(float);
}

/*
 * Begins a table, whose rows and width are set: finds the order of its rows.
 * work has scan_work_size bytes, and is needed by scan_fill.
 */
void
scan_order(const ScanSource *source, void *work)
{
	int			width = source->m->stride;
	uint64_t   *keys = work;
	float	   *vector = (float *) (keys + source->m->rows);

	for (int64_t row = 0; row < source->m->rows; row++)
	{
		double		off = row_vector(source, row, vector);
		float		norm = round_up(length_of(vector, width) * (1 + 1e-12) + off);
		uint32_t	bits;

		/* of floats that are not negative the bits are in their order */
		memcpy(&bits, &norm, sizeof(bits));
		keys[row] = (uint64_t) (UINT32_MAX - bits) << 32 | (uint64_t) row;
	}
	qsort(keys, source->m->rows, sizeof(uint64_t), compare_keys);
}

/* Fills the arrays of a table at count places from first on, two multiples of SCAN_BLOCK. */
void
scan_fill(const ScanSource *source, void *work, int64_t first, int64_t count, ScanTable *table)
{
	int			width = source->m->stride;
	const uint64_t *keys = work;
	float	   *vector = (float *) work + 2 * source->m->rows;

	memset(table->codes + first * width, CODE_ZERO, (size_t) count * width);
	for (int64_t place = first; place < first + count; place++)
	{
		uint8_t    *codes = table->codes + place / SCAN_BLOCK * SCAN_BLOCK * width;
		uint32_t	bits;
		float		largest = 0;
		double		off;
		double		squares = 0;
		float		scale;

		table->row[place] = 0;
		table->scale[place] = table->error[place] = table->norm[place] = 0;
		if (place >= source->m->rows)
			continue;
		bits = UINT32_MAX - (uint32_t) (keys[place] >> 32);
		memcpy(&table->norm[place], &bits, sizeof(bits));
		table->row[place] = (uint32_t) keys[place];
		off = row_vector(source, table->row[place], vector);
		for (int i = 0; i < width; i++)
			largest = fmaxf(largest, fabsf(vector[i]));
		table->scale[place] = scale = code_scale(largest);
		for (int i = 0; i < width; i++)
		{
			int			code = scale > 0 ? code_of(vector[i], scale) : 0;
			double		rest = vector[i] - (double) scale * code;

			codes[i / 4 * 4 * SCAN_BLOCK + place % SCAN_BLOCK * 4 + i % 4] = (uint8_t) (code + CODE_ZERO);
			squares += rest * rest;
		}
		table->error[place] = round_up(sqrt(squares) * (1 + 1e-12) + off);
	}
}

/* Makes a query of a vector, for a table; constant as in ScanSource. */
void
scan_query(const ScanTable *table, const float *vector, int constant, ScanQuery *query)
{
	int			width = table->width;
	double		length = length_of(vector, width) * (1 + 1e-12);
	float		largest = 0;
	double		squares = 0;

	query->offset = constant >= 0 ? vector[constant] : 0;
	for (int i = 0; i < width; i++)
	{
		if (i != constant)
			largest = fmaxf(largest, fabsf(vector[i]));
	}
	query->scale = code_scale(largest);
	for (int i = 0; i < width; i++)
	{
		float		x = i == constant ? 0 : vector[i];
		int			code = query->scale > 0 ? code_of(x, query->scale) : 0;
		double		rest = x - (double) query->scale * code;

		query->codes[i] = (int8_t) code;
		squares += rest * rest;
	}
	query->length = round_up(length);
	/* 2^-19: eight roundings of the bound's own, of what they are parts of */
	query->residual = round_up(sqrt(squares) * (1 + 1e-12) + 2 * length * 0x1p-19);
	query->slack = round_up(fabs((double) query->offset) * 0x1p-19 + width * (double) FLT_MIN);
	/* where a sum may overflow halfway nothing is known of it */
	if (table->rows > 0 && !(length * table->norm[0] < FLT_MAX / 4))
		query->slack = INFINITY;
}

/* What no score from this place on exceeds. */
float
scan_limit(const ScanTable *table, const ScanQuery *query, int64_t place)
{
	double		limit = query->offset + (double) query->length * table->norm[place] + query->slack;

	return isnan(limit) ? INFINITY : nextafterf((float) limit, INFINITY);
}

/* ---- the pass over the codes: one kernel for each kind of processor ---- */

/* Looks at whole blocks; returns how many places were found. */
typedef int (*Kernel) (const ScanTable *table, const ScanQuery *query, int64_t first,
					   float threshold, int blocks, uint32_t *places, float *bounds);

/* Adds the places of a block whose bound is not below the threshold. */
static inline int
add_found(const int32_t *sums, const ScanTable *table, const ScanQuery *query, int64_t place,
		  float threshold, uint32_t *places, float *bounds, int found)
{
	for (int i = 0; i < SCAN_BLOCK; i++)
	{
		float		bound = (float) sums[i] * table->scale[place + i] * query->scale;

		bound += query->length * table->error[place + i];
		bound += query->residual * table->norm[place + i] + query->slack;
		bound += query->offset;
		if (!(bound < threshold))
		{
			places[found] = (uint32_t) (place + i);
			bounds[found++] = bound;
		}
	}
	return found;
}

static int
plain_kernel(const ScanTable *table, const ScanQuery *query, int64_t first,
			 float threshold, int blocks, uint32_t *places, float *bounds)
{
	int			found = 0;

	for (int b = 0; b < blocks; b++)
	{
		int64_t		place = first + b * SCAN_BLOCK;
		const uint8_t *codes = table->codes + place * table->width;
		int32_t		sums[SCAN_BLOCK] = {0};

		for (int column = 0; column < table->width; column += 4)
		{
			for (int i = 0; i < SCAN_BLOCK; i++)
			{
				for (int c = 0; c < 4; c++)
					sums[i] += (codes[i * 4 + c] - CODE_ZERO) * query->codes[column + c];
			}
			codes += 4 * SCAN_BLOCK;
		}
		found = add_found(sums, table, query, place, threshold, places, bounds, found);
	}
	return found;
}

#ifdef HAVE_X86_KERNELS

static inline int
four_codes(const int8_t *codes)
{
	int			four;

	memcpy(&four, codes, sizeof(four));
	return four;
}

__attribute__((target("avx2,fma")))
static int
avx2_kernel(const ScanTable *table, const ScanQuery *query, int64_t first,
			float threshold, int blocks, uint32_t *places, float *bounds)
{
	const		__m256i zero = _mm256_set1_epi8((char) CODE_ZERO);
	const		__m256i ones = _mm256_set1_epi16(1);
	int			found = 0;

	for (int b = 0; b < blocks; b++)
	{
		int64_t		place = first + b * SCAN_BLOCK;
		const uint8_t *codes = table->codes + place * table->width;
		__m256i		sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
		int32_t		plain[SCAN_BLOCK];
		bool		any = false;

		for (int column = 0; column < table->width; column += 4)
		{
			__m256i		four = _mm256_set1_epi32(four_codes(query->codes + column));
			__m256i		sizes = _mm256_abs_epi8(four);

			for (int half = 0; half < 2; half++)
			{
				__m256i		row = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *) codes + half), zero);
				__m256i		pairs = _mm256_maddubs_epi16(sizes, _mm256_sign_epi8(row, four));

				sums[half] = _mm256_add_epi32(sums[half], _mm256_madd_epi16(pairs, ones));
			}
			codes += 4 * SCAN_BLOCK;
		}
		for (int half = 0; half < 2; half++)
		{
			int64_t		at = place + half * 8;
			__m256		bound = _mm256_mul_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sums[half]),
															_mm256_loadu_ps(table->scale + at)),
											  _mm256_set1_ps(query->scale));

			bound = _mm256_fmadd_ps(_mm256_set1_ps(query->length), _mm256_loadu_ps(table->error + at), bound);
			bound = _mm256_add_ps(bound, _mm256_fmadd_ps(_mm256_set1_ps(query->residual),
														 _mm256_loadu_ps(table->norm + at),
														 _mm256_set1_ps(query->slack)));
			bound = _mm256_add_ps(bound, _mm256_set1_ps(query->offset));
			any |= _mm256_movemask_ps(_mm256_cmp_ps(bound, _mm256_set1_ps(threshold), _CMP_NLT_UQ)) != 0;
		}
		if (!any)
			continue;
		_mm256_storeu_si256((__m256i *) plain, sums[0]);
		_mm256_storeu_si256((__m256i *) plain + 1, sums[1]);
		found = add_found(plain, table, query, place, threshold, places, bounds, found);
	}
	return found;
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
static int
vnni_kernel(const ScanTable *table, const ScanQuery *query, int64_t first,
			float threshold, int blocks, uint32_t *places, float *bounds)
{
	const		__m512i steps = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	int			found = 0;
	int			surplus = 0;	/* CODE_ZERO times the vector's codes */

	for (int i = 0; i < table->width; i++)
		surplus += CODE_ZERO * query->codes[i];
	for (int b = 0; b < blocks; b++)
	{
		int64_t		place = first + b * SCAN_BLOCK;
		const uint8_t *codes = table->codes + place * table->width;
		__m512i		even = _mm512_set1_epi32(-surplus);
		__m512i		odd = _mm512_setzero_si512();
		__m512		bound;
		__mmask16	mask;

		for (int column = 0; column < table->width; column += 8)
		{
			even = _mm512_dpbusd_epi32(even, _mm512_loadu_si512(codes),
									   _mm512_set1_epi32(four_codes(query->codes + column)));
			odd = _mm512_dpbusd_epi32(odd, _mm512_loadu_si512(codes + 4 * SCAN_BLOCK),
									  _mm512_set1_epi32(four_codes(query->codes + column + 4)));
			codes += 8 * SCAN_BLOCK;
		}
		bound = _mm512_mul_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(even, odd)),
											_mm512_loadu_ps(table->scale + place)),
							  _mm512_set1_ps(query->scale));
		bound = _mm512_fmadd_ps(_mm512_set1_ps(query->length), _mm512_loadu_ps(table->error + place), bound);
		bound = _mm512_add_ps(bound, _mm512_fmadd_ps(_mm512_set1_ps(query->residual),
													 _mm512_loadu_ps(table->norm + place),
													 _mm512_set1_ps(query->slack)));
		bound = _mm512_add_ps(bound, _mm512_set1_ps(query->offset));
		mask = _mm512_cmp_ps_mask(bound, _mm512_set1_ps(threshold), _CMP_NLT_UQ);
		if (mask == 0)
			continue;
		_mm512_mask_compressstoreu_epi32(places + found, mask,
										 _mm512_add_epi32(_mm512_set1_epi32((int) place), steps));
		_mm512_mask_compressstoreu_ps(bounds + found, mask, bound);
		found += __builtin_popcount(mask);
	}
	return found;
}

#endif

static Kernel
best_kernel(void)
{
#ifdef HAVE_X86_KERNELS
	if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512vl"))
		return vnni_kernel;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return avx2_kernel;
#endif
	return plain_kernel;
}

/*
 * The places among count (at most SCAN_PLACES) from first on, a multiple of
 * SCAN_BLOCK, whose score may reach the threshold, with what it cannot
 * exceed.  Returns how many; places and bounds have room for SCAN_PLACES.
 */
int
scan_places(const ScanTable *table, const ScanQuery *query, int64_t first,
			float threshold, int count, uint32_t *places, float *bounds)
{
	static Kernel kernel = NULL;
	int64_t		left = scan_padded(table->rows) - first;
	int			blocks = (int) (left < count ? left : count) / SCAN_BLOCK;
	int			found;

	/* threads may get here at once, and all write the same */
	if (__atomic_load_n(&kernel, __ATOMIC_RELAXED) == NULL)
		__atomic_store_n(&kernel, best_kernel(), __ATOMIC_RELAXED);
	found = kernel(table, query, first, threshold, blocks, places, bounds);
	while (found > 0 && places[found - 1] >= table->rows)
		found--;
	return found;
}
