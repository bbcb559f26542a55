/*
 * bayes_features.c - what having rated a product says of a client
 *
 * A feature prior as in "Macau" (Simm et al. 2015): the factors of a client
 * are drawn around mu + F beta, where the client's row of F has feature_weight(n) in
 * the column of each of the n products rated, whatever the stars; and the
 * same for products.  beta given the factors X is a ridge regression whose
 * normal matrix F'F + ridge is never formed: conjugate gradients, on all
 * columns at once, multiply by F and F' through the sparse rows.  A draw from
 * its distribution is the solution for a right side with noise added
 * (F' (X - mu + E1) + sqrt(ridge) E2).
 *
 * F has further columns where attributes are known: one for each of their
 * values, in the rows of whom or what it was told of.  Each attribute has a
 * ridge of its own, so that those which say nothing are soon shrunk away.
 * What a value says is scale times its row of features: columns are divided
 * by their length, or few steps would not do, and the ridge is that of what is
 * said.
 *
 * Sums over rows are taken in blocks and added up in the order of blocks, so
 * that they do not depend on the number of workers.
 */
#include <math.h>
#include <string.h>

#include "bayes.h"
#include "lanes.h"
#include "random.h"

#define BLOCK_ROWS 128
#define MAX_STRIDE 1024

static int64_t
blocks_of(const FactorMatrix *m)
{
	return (m->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
}

/* ---- multiplying by F and its transpose ---- */

typedef struct Gather
{
	const SparseRows *pairs;
	const FactorMatrix *from;
	FactorMatrix *to;
	const float *row_scale;		/* of the result's rows; NULL: 1 */
	const float *column_scale;	/* of the gathered rows; NULL: 1 */
} Gather;

/*
 * A gathered row stays in registers, at most this many vectors of it at a
 * time.
 */
#define GATHER_VECTORS 4

LANE_CLONES static void
gather_row(void *argument, int64_t row, void *scratch)
{
	const Gather *g = argument;
	int			stride = g->from->stride;
	float	   *out = factor_row(g->to, row);
	float		row_scale = g->row_scale ? g->row_scale[row] : 1;
	int64_t		last = g->pairs->start[row + 1];

	for (int first = 0; first < stride; first += GATHER_VECTORS * FACTOR_LANES)
	{
		int			vectors = (stride - first) / FACTOR_LANES;
		Lanes		sum[GATHER_VECTORS] = {{0}};

		if (vectors > GATHER_VECTORS)
			vectors = GATHER_VECTORS;
		for (int64_t e = g->pairs->start[row]; e < last; e++)
		{
			uint32_t	column = g->pairs->column[e];
			const float *in = factor_row(g->from, column) + first;
			float		scale = g->column_scale ? g->column_scale[column] : 1;

			for (int v = 0; v < vectors; v++)
				sum[v] += scale * *(const Lanes *) (in + v * FACTOR_LANES);
		}
		for (int v = 0; v < vectors; v++)
			*(Lanes *) (out + first + v * FACTOR_LANES) = row_scale * sum[v];
	}
	(void) scratch;
}

typedef struct ValueGather
{
	const SparseRows *pairs;
	const FactorMatrix *from;
	FactorMatrix *to;
	const float *row_scale;		/* as above */
	const float *column_scale;
	bool		add;			/* to what the rows have */
} ValueGather;

/* The same of attributes, whose entries have weights of their own. */
LANE_CLONES static void
gather_values(void *argument, int64_t row, void *scratch)
{
	const ValueGather *g = argument;
	int			vectors = g->from->stride / FACTOR_LANES;
	float		row_scale = g->row_scale ? g->row_scale[row] : 1;
	Lanes	   *out = (Lanes *) factor_row(g->to, row);

	if (!g->add)
		memset(out, 0, g->to->stride * sizeof(float));
	for (int64_t e = g->pairs->start[row]; e < g->pairs->start[row + 1]; e++)
	{
		uint32_t	column = g->pairs->column[e];
		const Lanes *in = (const Lanes *) factor_row(g->from, column);
		float		weight = row_scale * g->pairs->value[e] *
			(g->column_scale ? g->column_scale[column] : 1);

		for (int v = 0; v < vectors; v++)
			out[v] += weight * in[v];
	}
	(void) scratch;
}

/* The rows of a matrix from some row on. */
static FactorMatrix
rows_from(const FactorMatrix *m, int64_t first)
{
	FactorMatrix rest = *m;

	rest.rows -= first;
	rest.data += first * m->stride;
	return rest;
}

/* to = F from */
static void
multiply(BayesSide *side, const FactorMatrix *from, FactorMatrix *to, const Workers *workers)
{
	Gather		g = {side->pairs, from, to, side->scale, NULL};

	workers_run(workers, gather_row, &g, to->rows);
	if (side->attributes)
	{
		FactorMatrix values = rows_from(from, side->pairs->columns);
		ValueGather more = {
			&side->attributes->by_row, &values, to, NULL, side->attributes->scale, true
		};

		workers_run(workers, gather_values, &more, to->rows);
	}
}

/* to = F' from */
static void
multiply_transposed(BayesSide *side, const FactorMatrix *from, FactorMatrix *to,
					const Workers *workers)
{
	Gather		g = {side->transposed, from, to, NULL, side->scale};

	workers_run(workers, gather_row, &g, side->transposed->rows);
	if (side->attributes)
	{
		FactorMatrix values = rows_from(to, side->pairs->columns);
		ValueGather more = {
			&side->attributes->by_value, from, &values, side->attributes->scale, NULL, false
		};

		workers_run(workers, gather_values, &more, values.rows);
	}
}

/* ---- steps over rows, in blocks ---- */

typedef struct BlockJob BlockJob;
typedef void (*BlockStep) (const BlockJob *job, int64_t row, double *sums);

struct BlockJob
{
	BayesSide  *side;
	const FactorMatrix *shape;	/* whose rows are stepped over */
	BlockStep	step;
	uint64_t	seed;
	const double *factor;		/* by column */
};

static void
do_block(void *argument, int64_t block, void *scratch)
{
	const BlockJob *job = argument;
	int			stride = job->shape->stride;
	double	   *sums = job->side->partial + block * stride;
	int64_t		last = (block + 1) * BLOCK_ROWS;

	memset(sums, 0, stride * sizeof(double));
	for (int64_t row = block * BLOCK_ROWS; row < last && row < job->shape->rows; row++)
		job->step(job, row, sums);
	(void) scratch;
}

/* Runs a step over all rows; what it adds up ends in sums (if not NULL). */
static void
run_blocks(BlockJob *job, BlockStep step, const Workers *workers, double *sums)
{
	int			stride = job->shape->stride;

	job->step = step;
	workers_run(workers, do_block, job, blocks_of(job->shape));
	if (!sums)
		return;
	memset(sums, 0, stride * sizeof(double));
	for (int64_t block = 0; block < blocks_of(job->shape); block++)
	{
		for (int i = 0; i < stride; i++)
			sums[i] += job->side->partial[block * stride + i];
	}
}

static inline int
constant_of(const BayesSide *side)
{
	return 1 - side->bias;
}

/* The precision of a row of features, relative to lambda. */
static inline double
ridge_of(const BayesSide *side, int64_t row)
{
	int64_t		value = row - side->pairs->columns;
	float		scale;

	if (value < 0)
		return side->ridge;
	scale = side->attributes->scale[value];
	return side->attribute_ridge[side->attributes->attribute[value]] * scale * scale;
}

/* target = X - mu, with noise of the rows' precision if there is a seed */
static void
set_target(const BlockJob *job, int64_t row, double *sums)
{
	const BayesSide *side = job->side;
	int			stride = side->rows.stride;
	float	   *target = factor_row(&side->target, row);
	const float *x = factor_row(&side->rows, row);
	float		noise[MAX_STRIDE];

	memset(target, 0, stride * sizeof(float));
	if (job->seed)
		random_normals(job->seed, row * stride, noise, stride);
	for (int i = 0; i < side->rows.width; i++)
	{
		target[i] = x[i] - side->mu[i];
		if (job->seed)
			target[i] += noise[i] * job->factor[i];
	}
	target[constant_of(side)] = 0;
	(void) sums;
}

/* residual += sqrt(ridge) noise */
static void
add_ridge_noise(const BlockJob *job, int64_t row, double *sums)
{
	const BayesSide *side = job->side;
	int			stride = side->residual.stride;
	float	   *residual = factor_row(&side->residual, row);
	float		noise[MAX_STRIDE];
	float		scale = sqrt(ridge_of(side, row));

	random_normals(job->seed, row * stride, noise, stride);
	for (int i = 0; i < side->residual.width; i++)
	{
		if (i != constant_of(side))
			residual[i] += scale * noise[i] * job->factor[i];
	}
	(void) sums;
}

/* residual -= product + ridge features; direction = residual; sums of squares */
static void
start_residual(const BlockJob *job, int64_t row, double *sums)
{
	const BayesSide *side = job->side;
	float	   *residual = factor_row(&side->residual, row);
	float	   *direction = factor_row(&side->direction, row);
	const float *product = factor_row(&side->product, row);
	const float *feature = factor_row(&side->features, row);
	float		ridge = ridge_of(side, row);

	for (int i = 0; i < side->residual.stride; i++)
	{
		residual[i] -= product[i] + ridge * feature[i];
		direction[i] = residual[i];
		sums[i] += (double) residual[i] * residual[i];
	}
}

/* product += ridge direction; sums of direction times product */
static void
curvature(const BlockJob *job, int64_t row, double *sums)
{
	const BayesSide *side = job->side;
	const float *direction = factor_row(&side->direction, row);
	float	   *product = factor_row(&side->product, row);
	float		ridge = ridge_of(side, row);

	for (int i = 0; i < side->product.stride; i++)
	{
		product[i] += ridge * direction[i];
		sums[i] += (double) direction[i] * product[i];
	}
}

/* features += factor direction; residual -= factor product; sums of squares */
static void
advance(const BlockJob *job, int64_t row, double *sums)
{
	const BayesSide *side = job->side;
	float	   *residual = factor_row(&side->residual, row);
	float	   *feature = factor_row(&side->features, row);
	const float *direction = factor_row(&side->direction, row);
	const float *product = factor_row(&side->product, row);

	for (int i = 0; i < side->residual.stride; i++)
	{
		feature[i] += (float) job->factor[i] * direction[i];
		residual[i] -= (float) job->factor[i] * product[i];
		sums[i] += (double) residual[i] * residual[i];
	}
}

/* direction = residual + factor direction */
static void
turn(const BlockJob *job, int64_t row, double *sums)
{
	const BayesSide *side = job->side;
	const float *residual = factor_row(&side->residual, row);
	float	   *direction = factor_row(&side->direction, row);

	for (int i = 0; i < side->residual.stride; i++)
		direction[i] = residual[i] + (float) job->factor[i] * direction[i];
	(void) sums;
}

static void
feature_squares(const BlockJob *job, int64_t row, double *sums)
{
	const float *feature = factor_row(&job->side->features, row);

	for (int i = 0; i < job->side->features.stride; i++)
		sums[i] += (double) feature[i] * feature[i];
}

/* ---- conjugate gradients ---- */

/*
 * Improves features towards the solution for the right side in residual, by
 * so many steps from where they are; every column has a step size of its own.
 */
static void
conjugate_gradients(BayesSide *side, int steps, const Workers *workers)
{
	int			stride = side->features.stride;
	double	   *squares = side->sums;
	double	   *along = side->sums + stride;
	double	   *factor = side->sums + 2 * stride;
	BlockJob	job = {.side = side,.shape = &side->features,.factor = factor};
	double		from = workers->progress ? workers->progress->from : 0;
	double		share = workers->progress ? (workers->progress->to - from) / steps : 0;

	workers_stretch(workers, from, from);
	multiply(side, &side->features, &side->target, workers);
	multiply_transposed(side, &side->target, &side->product, workers);
	run_blocks(&job, start_residual, workers, squares);
	for (int step = 0; step < steps; step++)
	{
		workers_stretch(workers, from + share * step, from + share * (step + 1));
		multiply(side, &side->direction, &side->target, workers);
		multiply_transposed(side, &side->target, &side->product, workers);
		run_blocks(&job, curvature, workers, along);
		for (int i = 0; i < stride; i++)
			factor[i] = along[i] > 0 ? squares[i] / along[i] : 0;
		run_blocks(&job, advance, workers, along);
		for (int i = 0; i < stride; i++)
		{
			factor[i] = squares[i] > 0 ? along[i] / squares[i] : 0;
			squares[i] = along[i];
		}
		run_blocks(&job, turn, workers, NULL);
	}
	multiply(side, &side->features, &side->prior, workers);
}

/* Draws the features given the rows; leaves what they say in prior. */
void
bayes_draw_features(BayesSide *side, uint64_t seed, int steps, const Workers *workers)
{
	double	   *deviation = side->sums + 3 * side->rows.stride;
	BlockJob	rows = {.side = side,.shape = &side->rows,.seed = random_mix(seed) | 1,.factor = deviation};
	BlockJob	features = {.side = side,.shape = &side->features,.seed = random_mix(seed + 1) | 1,.factor = deviation};
	FactorMatrix rated = side->features;

	for (int i = 0; i < side->rows.width; i++)
		deviation[i] = 1 / sqrt(side->lambda[i]);
	run_blocks(&rows, set_target, workers, NULL);
	multiply_transposed(side, &side->target, &side->residual, workers);
	run_blocks(&features, add_ridge_noise, workers, NULL);
	conjugate_gradients(side, steps, workers);
	/* the sum of squares of each column, for the draw of the ridge */
	rated.rows = side->pairs->columns;
	features.shape = &rated;
	run_blocks(&features, feature_squares, workers, side->sums);
}

/* The same without noise: the ridge regression itself. */
void
bayes_fit_features(BayesSide *side, int steps, const Workers *workers)
{
	BlockJob	rows = {.side = side,.shape = &side->rows};

	run_blocks(&rows, set_target, workers, NULL);
	multiply_transposed(side, &side->target, &side->residual, workers);
	conjugate_gradients(side, steps, workers);
}
