/*
 * normal_tiles.h - the loop that training spends its time in, for one kind of processor
 *
 * Included by normal.c once for each, with
 *
 *	TILE_NAME		the function to define
 *	TILE_TARGET		its attributes
 *	TILE_ROWS		rows of a tile, a divisor of FACTOR_LANES
 *	TILE_VECTORS	vectors in a row of a tile, 1 or 2
 *
 * chosen such that a tile and what it is made of stay in registers.
 */

#define TILE_PASTE(a, b) a##b
#define TILE_PASTE_NAME(a, b) TILE_PASTE(a, b)
#define TILE_BODY TILE_PASTE_NAME(TILE_NAME, _body)

/* One tile: vectors is a constant where this is inlined. */
TILE_TARGET static inline __attribute__((always_inline)) void
TILE_BODY(float *tile, int stride, const float *panel, int rows, int row, int column,
		  const float *const *next, int next_line, const int vectors, const bool subtract)
{
	Lanes		sum[TILE_ROWS][TILE_VECTORS];

	for (int t = 0; t < TILE_ROWS; t++)
	{
		for (int v = 0; v < vectors; v++)
			sum[t][v] = *(const Lanes *) (tile + (size_t) t * stride + v * FACTOR_LANES);
	}
	for (int r = 0; r < rows; r++, panel += stride)
	{
		const float *left = panel + row;
		Lanes		right[TILE_VECTORS];

		if (next)
			__builtin_prefetch(next[r] + next_line);
		for (int v = 0; v < vectors; v++)
			right[v] = *(const Lanes *) (panel + column + v * FACTOR_LANES);
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
			*(Lanes *) (tile + (size_t) t * stride + v * FACTOR_LANES) = sum[t][v];
	}
}

/*
 * matrix += panel' panel, or -=, in whole tiles of the upper triangle from a
 * row on.  next, if not NULL, are as many rows that are to be gathered next:
 * a line of each is fetched along with each of the first tiles.
 */
TILE_TARGET static void
TILE_NAME(float *matrix, int stride, int from, const float *panel, int rows,
		  const float *const *next, bool subtract)
{
	int			line = 0;

	for (int row = from; row < stride; row += TILE_ROWS)
	{
		for (int column = row / FACTOR_LANES * FACTOR_LANES; column < stride;)
		{
			float	   *tile = matrix + (size_t) row * stride + column;
			bool		whole = column + TILE_VECTORS * FACTOR_LANES <= stride;
			const float *const *fetch = line < stride ? next : NULL;

			if (subtract && whole)
				TILE_BODY(tile, stride, panel, rows, row, column, NULL, 0, TILE_VECTORS, true);
			else if (subtract)
				TILE_BODY(tile, stride, panel, rows, row, column, NULL, 0, 1, true);
			else if (whole)
				TILE_BODY(tile, stride, panel, rows, row, column, fetch, line, TILE_VECTORS, false);
			else
				TILE_BODY(tile, stride, panel, rows, row, column, fetch, line, 1, false);
			column += (whole ? TILE_VECTORS : 1) * FACTOR_LANES;
			line += FACTOR_LANES;
		}
	}
}

#undef TILE_BODY
#undef TILE_PASTE
#undef TILE_PASTE_NAME
#undef TILE_NAME
#undef TILE_TARGET
#undef TILE_ROWS
#undef TILE_VECTORS
