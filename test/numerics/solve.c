/*
 * solve.c - rows of implicit ALS with fewer entries than factors, two ways
 *
 * Where the Gram matrix of the other side is diagonal, a short row has the
 * same factors by as many equations as it has entries.  Prints TAP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../extension/random.h"
#include "../../extension/solve.h"

#define ROWS 300
#define MAX_WIDTH 256
#define ROUNDS 400

static float data[ROWS * MAX_WIDTH];
static float gram[MAX_WIDTH * MAX_WIDTH];
static float scale[MAX_WIDTH];
static float slow[MAX_WIDTH];
static float fast[MAX_WIDTH];

int
main(void)
{
	uint64_t	position = 0;
	int			tried = 0;
	int			weighted = 0;
	double		worst = 0;

	for (int round = 0; round < ROUNDS; round++)
	{
		int			width = 32 + random_uniform(1, position++) * (MAX_WIDTH - 31);
		FactorMatrix other = {ROWS, width, factor_stride(width), data};
		IalsPenalty penalty = {0.01 + random_uniform(1, position++), 0.002 + 0.1 * random_uniform(1, position++)};
		int64_t		n = 1 + random_uniform(1, position++) * 70;
		bool		has_weights = round % 2;
		void	   *scratch = malloc(solve_scratch_size(width));
		uint32_t	columns[72];
		float		weights[72];
		float		ridge = ials_ridge(&penalty, n, ROWS);
		double		difference = 0;
		double		size = 0;

		if (!solve_ials_short(n, other.stride))
			n = 1 + n % 16;
		ridge = ials_ridge(&penalty, n, ROWS);
		memset(data, 0, sizeof(data));
		memset(gram, 0, sizeof(gram));
		for (int64_t row = 0; row < ROWS; row++)
		{
			for (int f = 0; f < width; f++)
				factor_row(&other, row)[f] = random_normal(2, position++) / sqrt(1 + f);
		}
		for (int f = 0; f < other.stride; f++)
		{
			if (f < width)
				gram[f * other.stride + f] = ROWS / (1.0 + f);
			scale[f] = 1 / sqrtf(penalty.unobserved * gram[f * other.stride + f] + ridge);
		}
		for (int e = 0; e < n; e++)
		{
			columns[e] = random_uniform(1, position++) * ROWS;
			weights[e] = e == 0 ? 0 : 3 * random_uniform(1, position++);
		}
		if (!solve_ials_row(&other, gram, columns, has_weights ? weights : NULL, n, 0, &penalty, scratch, slow) ||
			!solve_ials_short_row(&other, scale, columns, has_weights ? weights : NULL, n, 0, scratch, fast))
		{
			printf("not ok 1 - a row of %d entries and %d factors can be solved\n1..1\n", (int) n, width);
			return 1;
		}
		for (int f = 0; f < other.stride; f++)
		{
			difference = fmax(difference, fabs((double) slow[f] - fast[f]));
			size = fmax(size, fabs(slow[f]));
		}
		if (has_weights && n == 1)
			size = 1;			/* nothing weighs: both are zero */
		worst = fmax(worst, difference / size);
		tried++;
		weighted += has_weights;
		free(scratch);
	}
	printf("%sok 1 - %d short rows, %d of them weighted, have the factors of the long way: off by %.1g at most\n",
		   worst < 2e-5 ? "" : "not ", tried, weighted, worst);
	printf("1..1\n");
	return worst < 2e-5 ? 0 : 1;
}
