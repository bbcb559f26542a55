/*
 * normal_tiles.h - what normal.c spends its time in, for one kind of processor
 *
 * Included by normal.c once for each, with
 *
 *	TILE_KIND		what names end in
 *	TILE_TARGET		attributes of its functions
 *	TILE_LANES		floats in a vector register, a divisor of FACTOR_LANES
 *	TILE_ROWS		rows of a tile, another
 *	TILE_VECTORS	vectors in a row of a tile
 *
 * chosen such that a tile, and what it is made of, stay in registers.
 */

#define TILE_PASTE(a, b) a##_##b
#define TILE_EVALUATED(a, b) TILE_PASTE(a, b)
#define TILE_NAME(name) TILE_EVALUATED(name, TILE_KIND)
#define Vector TILE_NAME(Vector)

typedef float Vector __attribute__((vector_size(TILE_LANES * sizeof(float)), aligned(4)));

/* ---- tiles ---- */

/* One tile: vectors and subtract are constants where this is inlined. */
TILE_TARGET LANE_INLINE static void
TILE_NAME(add_tile) (float *tile, int stride, const float *panel, int rows, int row, int column,
					 const float *const *next, int next_line, const int vectors, const bool subtract)
{
	Vector		sum[TILE_ROWS][TILE_VECTORS];

	for (int t = 0; t < TILE_ROWS; t++)
	{
		for (int v = 0; v < vectors; v++)
			sum[t][v] = *(const Vector *) (tile + (size_t) t * stride + v * TILE_LANES);
	}
	for (int r = 0; r < rows; r++, panel += stride)
	{
		const float *left = panel + row;
		Vector		right[TILE_VECTORS];

		if (next)
			__builtin_prefetch(next[r] + next_line);
		for (int v = 0; v < vectors; v++)
			right[v] = *(const Vector *) (panel + column + v * TILE_LANES);
		for (int t = 0; t < TILE_ROWS; t++)
		{
			for (int v = 0; v < vectors; v++)
			{
				if (subtract)
					sum[t][v] -= left[t] * right[v];
				else
					sum[t][v] += left[t] * right[v];
			}
		}
	}
	for (int t = 0; t < TILE_ROWS; t++)
	{
		for (int v = 0; v < vectors; v++)
			*(Vector *) (tile + (size_t) t * stride + v * TILE_LANES) = sum[t][v];
	}
}

/*
 * matrix += panel' panel, or -=, in whole tiles of the upper triangle from a
 * row on, a multiple of TILE_LANES.  next, if not NULL, are as many rows that
 * are to be gathered next: a line of each is fetched with one of the tiles.
 */
TILE_TARGET static void
TILE_NAME(add_tiles) (float *matrix, int stride, int from, const float *panel, int rows,
					  const float *const *next, bool subtract)
{
	int			line = 0;

	for (int row = from; row < stride; row += TILE_ROWS)
	{
		for (int column = row / TILE_LANES * TILE_LANES; column < stride;)
		{
			float	   *tile = matrix + (size_t) row * stride + column;
			bool		whole = column + TILE_VECTORS * TILE_LANES <= stride;
			const float *const *fetch = line < stride ? next : NULL;

			if (subtract && whole)
				TILE_NAME(add_tile) (tile, stride, panel, rows, row, column, NULL, 0, TILE_VECTORS, true);
			else if (subtract)
				TILE_NAME(add_tile) (tile, stride, panel, rows, row, column, NULL, 0, 1, true);
			else if (whole)
				TILE_NAME(add_tile) (tile, stride, panel, rows, row, column, fetch, line, TILE_VECTORS, false);
			else
				TILE_NAME(add_tile) (tile, stride, panel, rows, row, column, fetch, line, 1, false);
			column += (whole ? TILE_VECTORS : 1) * TILE_LANES;
			line += LINE_FLOATS;
		}
	}
}

TILE_TARGET static void
TILE_NAME(add) (float *matrix, int stride, const float *panel, int rows, const float *const *next)
{
	TILE_NAME(add_tiles) (matrix, stride, 0, panel, rows, next, false);
}

/* ---- Cholesky, by blocks of TILE_LANES rows ---- */

/*
 * Factorises a block on the diagonal: it becomes U, with the reciprocals of
 * the diagonal and its transpose below.  lower is what has to be taken off the
 * columns beside it, and scales by what these have to be multiplied then.
 */
TILE_TARGET LANE_INLINE static bool
TILE_NAME(factor_block) (float *block, int stride, Vector *lower, float *scales)
{
	Vector		rows[TILE_LANES];

#pragma GCC unroll 16
	for (int k = 0; k < TILE_LANES; k++)
		rows[k] = *(const Vector *) (block + (size_t) k * stride);
#pragma GCC unroll 16
	for (int k = 0; k < TILE_LANES; k++)
	{
		scales[k] = rows[k][k];
		lower[k] = rows[k] * (1 / scales[k]);
#pragma GCC unroll 16
		for (int i = k + 1; i < TILE_LANES; i++)
			rows[i] -= ((const float *) &lower[k])[i] * rows[k];
	}
	for (int k = 0; k < TILE_LANES; k++)
	{
		if (!(scales[k] > 0) || isinf(scales[k]))
			return false;
		scales[k] = 1 / sqrtf(scales[k]);
	}
#pragma GCC unroll 16
	for (int k = 0; k < TILE_LANES; k++)
		*(Vector *) (block + (size_t) k * stride) = scales[k] * rows[k];
	for (int k = 0; k < TILE_LANES; k++)
	{
		for (int j = 0; j < k; j++)
			block[(size_t) k * stride + j] = block[(size_t) j * stride + k];
		block[(size_t) k * stride + k] = scales[k];
	}
	return true;
}

/* The same rows in the columns of one vector beside the block. */
TILE_TARGET LANE_INLINE static void
TILE_NAME(factor_beside) (float *beside, int stride, const Vector *lower, const float *scales)
{
	Vector		rows[TILE_LANES];

#pragma GCC unroll 16
	for (int k = 0; k < TILE_LANES; k++)
		rows[k] = *(const Vector *) (beside + (size_t) k * stride);
#pragma GCC unroll 16
	for (int k = 0; k < TILE_LANES; k++)
	{
#pragma GCC unroll 16
		for (int i = k + 1; i < TILE_LANES; i++)
			rows[i] -= ((const float *) &lower[k])[i] * rows[k];
		*(Vector *) (beside + (size_t) k * stride) = scales[k] * rows[k];
	}
}

TILE_TARGET static bool
TILE_NAME(factor) (float *matrix, int stride)
{
	for (int block = 0; block < stride; block += TILE_LANES)
	{
		float	   *rows = matrix + (size_t) block * stride;
		Vector		lower[TILE_LANES];
		float		scales[TILE_LANES];

		if (!TILE_NAME(factor_block) (rows + block, stride, lower, scales))
			return false;
		for (int column = block + TILE_LANES; column < stride; column += TILE_LANES)
			TILE_NAME(factor_beside) (rows + column, stride, lower, scales);
		TILE_NAME(add_tiles) (matrix, stride, block + TILE_LANES, rows, TILE_LANES, NULL, true);
	}
	return true;
}

/* ---- triangles ---- */

TILE_TARGET static void
TILE_NAME(forward) (const float *factor, float *right, int stride)
{
	for (int block = 0; block < stride; block += TILE_LANES)
	{
		const float *rows = factor + (size_t) block * stride;
		Vector		rest = *(const Vector *) (right + block);
		Vector		solved;

#pragma GCC unroll 16
		for (int k = 0; k < TILE_LANES; k++)
		{
			const float *row = rows + (size_t) k * stride + block;

			/* what was solved before is spoilt by it, and no more needed */
			solved[k] = rest[k] * row[k];
			rest -= solved[k] * *(const Vector *) row;
		}
		*(Vector *) (right + block) = solved;
		for (int column = block + TILE_LANES; column < stride; column += TILE_LANES)
		{
			Vector		sum = *(const Vector *) (right + column);

#pragma GCC unroll 16
			for (int k = 0; k < TILE_LANES; k++)
				sum -= right[block + k] * *(const Vector *) (rows + (size_t) k * stride + column);
			*(Vector *) (right + column) = sum;
		}
	}
}

TILE_TARGET static void
TILE_NAME(backward) (const float *factor, float *right, int stride)
{
	for (int block = stride - TILE_LANES; block >= 0; block -= TILE_LANES)
	{
		const float *rows = factor + (size_t) block * stride;
		Vector		rest;
		Vector		solved;

		for (int k = 0; k < TILE_LANES; k++)
		{
			Vector		sum = {0};

			for (int column = block + TILE_LANES; column < stride; column += TILE_LANES)
				sum += *(const Vector *) (rows + (size_t) k * stride + column) *
					*(const Vector *) (right + column);
			right[block + k] -= TILE_EVALUATED(lanes_sum, TILE_LANES) (&sum);
		}
		rest = *(const Vector *) (right + block);
#pragma GCC unroll 16
		for (int k = TILE_LANES - 1; k >= 0; k--)
		{
			const float *row = rows + (size_t) k * stride + block;

			solved[k] = rest[k] * row[k];
			rest -= solved[k] * *(const Vector *) row;
		}
		*(Vector *) (right + block) = solved;
	}
}

static const Kernel TILE_NAME(kernel) = {
	TILE_NAME(add), TILE_NAME(factor), TILE_NAME(forward), TILE_NAME(backward)
};

#undef Vector
#undef TILE_NAME
#undef TILE_EVALUATED
#undef TILE_PASTE
#undef TILE_KIND
#undef TILE_TARGET
#undef TILE_LANES
#undef TILE_ROWS
#undef TILE_VECTORS
