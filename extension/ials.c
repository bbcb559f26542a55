/*
 * ials.c - implicit matrix factorisation of purchases
 *
 * Hu, Koren, Volinsky 2008: every pair is fitted, what was bought towards 1
 * and all the rest, with a small weight, towards 0.  The Gram matrix of the
 * other side stands for all the unobserved pairs at once.  Alternating half-
 * steps as in svd.c, with the same promise: any number of workers gives the
 * same bits, and a fold-in of the same purchases gives the same factors.
 *
 * Most rows of a shop have far fewer entries than factors.  A half-step with
 * enough of these first turns the other side into the basis in which its Gram
 * matrix is diagonal: what all unobserved pairs ask of a row is then undone by
 * a division, and a short row is left with as many equations as it has
 * entries.  A common turn of both sides changes no product of theirs, so the
 * side that is solved for simply comes out in that basis too, and only before
 * the last half-step, which is done the plain way, all is turned back.
 */
#include <math.h>
#include <string.h>

#include "ials.h"
#include "matrix.h"
#include "normal.h"
#include "random.h"

/*
 * A half-step is turned for more short rows than these: finding eigenvectors
 * costs as much as this many save, at any width, and turning as many rows as
 * there are factors as this many more.
 */
#define TURN_COST_FIXED 400
#define TURN_COST_ROW 12

/*
 * A direction with less than this share of the greatest one's squares is
 * within rounding, and left out: it would fade to numbers that processors are
 * slow with.
 */
#define NOTHING 1e-14

/* The basis of a turned half-step, and what it takes to find it. */
typedef struct Turn
{
	bool		turned;			/* the factors are not in their own basis */
	float	   *all;			/* stride x stride: from their own basis to this */
	float	   *basis;			/* stride x stride */
	float	   *spare;			/* the same */
	float	   *rows;			/* TURN_ROWS x stride */
	float	   *scales;			/* for each number of entries of a short row, a
								 * padded row of D^-1/2 */
	double	   *symmetric;		/* width x width */
	double	   *values;			/* width */
	double	   *work;
	int			work_size;
} Turn;

typedef struct HalfStep
{
	const SparseRows *pairs;
	const FactorMatrix *other;
	FactorMatrix *own;
	float	   *gram;			/* of the other side */
	const IalsPenalty *penalty;
	const float *scales;		/* of a turned one; NULL: it is not */
} HalfStep;

static void
solve_row(void *argument, int64_t row, void *scratch)
{
	HalfStep   *step = argument;
	int			stride = step->other->stride;
	int64_t		first = step->pairs->start[row];
	int64_t		n = step->pairs->start[row + 1] - first;
	int64_t		ahead = sparse_after(step->pairs, row);
	const uint32_t *columns = step->pairs->column + first;
	const float *weights = step->pairs->value ? step->pairs->value + first : NULL;
	float	   *out = factor_row(step->own, row);

	if (step->scales && n > 0 && solve_ials_short(n, stride))
		solve_ials_short_row(step->other, step->scales + (n - 1) * stride, columns, weights,
							 n, ahead, scratch, out);
	else
		solve_ials_row(step->other, step->gram, columns, weights, n, ahead,
					   step->penalty, scratch, out);
}

/*
 * The penalty lambda for a scale of 0.15 .. 1.3 that does not depend on the
 * size of the data: 1 is where the largest singular value of pure noise of
 * this density would just be kept out.
 */
float
ials_scaled_penalty(double scale, double unobserved,
					int64_t clients, int64_t products, int64_t pairs)
{
	double		cells = (double) clients * products;

	return scale * sqrt(pairs / cells) * (sqrt(clients) + sqrt(products)) /
		(unobserved * sqrt(cells));
}

static void
start(FactorMatrix *products, uint64_t seed)
{
	int			factors = products->width;
	double		deviation = 0.1 / sqrt(factors);

	memset(products->data, 0, (size_t) products->rows * products->stride * sizeof(float));
	for (int64_t row = 0; row < products->rows; row++)
	{
		for (int f = 0; f < factors; f++)
			factor_row(products, row)[f] = deviation * random_normal(seed, row * factors + f);
	}
}

/* ---- turned half-steps ---- */

/* Doubles of work for the eigenvectors: enough for LAPACK to go by blocks. */
static int
eigen_work(int width)
{
	return 40 * width;
}

static size_t
turn_doubles(int width)
{
	return (size_t) width * width + width + eigen_work(width);
}

/* Bytes of memory that ials_fit needs. */
size_t
ials_memory_size(int width)
{
	size_t		stride = factor_stride(width);

	return turn_doubles(width) * sizeof(double) +
		(3 * stride + TURN_ROWS + PANEL_ROWS) * stride * sizeof(float);
}

static void
turn_pieces(Turn *turn, void *memory, int width)
{
	size_t		stride = factor_stride(width);

	turn->turned = false;
	turn->symmetric = memory;
	turn->values = turn->symmetric + (size_t) width * width;
	turn->work = turn->values + width;
	turn->work_size = eigen_work(width);
	turn->all = (float *) (turn->symmetric + turn_doubles(width));
	turn->basis = turn->all + stride * stride;
	turn->spare = turn->basis + stride * stride;
	turn->rows = turn->spare + stride * stride;
	turn->scales = turn->rows + TURN_ROWS * stride;
}

/* Are there enough short rows for a half-step to be turned? */
static bool
turn_pays(const HalfStep *step)
{
	int			stride = step->other->stride;
	int64_t		rows = 0;

	for (int64_t row = 0; row < step->pairs->rows; row++)
	{
		int64_t		n = step->pairs->start[row + 1] - step->pairs->start[row];

		rows += n > 0 && solve_ials_short(n, stride);
	}
	return rows > TURN_COST_FIXED + TURN_COST_ROW * step->other->rows / stride;
}

/*
 * Turns the other side of a half-step, of which gram is given, so that gram is
 * diagonal.  If there are no eigenvectors to be had, all stays as it was.
 */
static void
turn_step(Turn *turn, HalfStep *step)
{
	const FactorMatrix *m = step->other;
	size_t		stride = m->stride;
	int			width = m->width;
	double		trace = 0;

	for (int i = 0; i < width; i++)
		trace += step->gram[i * stride + i];
	if (!isfinite(trace))
		return;
	for (int i = 0; i < width; i++)
	{
		for (int j = i; j < width; j++)
			turn->symmetric[(size_t) j * width + i] = turn->symmetric[(size_t) i * width + j] =
				step->gram[i * stride + j];
	}
	if (!matrix_eigen(turn->symmetric, width, turn->values, turn->work, turn->work_size))
		return;
	memset(turn->basis, 0, stride * stride * sizeof(float));
	memset(step->gram, 0, stride * stride * sizeof(float));
	for (int e = 0; e < width; e++)
	{
		if (fabs(turn->values[e]) <= NOTHING * turn->values[width - 1])
			continue;
		for (int f = 0; f < width; f++)
			turn->basis[f * stride + e] = turn->symmetric[(size_t) e * width + f];
		step->gram[e * stride + e] = fmax(turn->values[e], 0);
	}
	matrix_turn(m, turn->basis, turn->rows);
	if (turn->turned)
	{
		FactorMatrix all = {width, width, stride, turn->all};

		matrix_turn(&all, turn->basis, turn->rows);
	}
	else
		memcpy(turn->all, turn->basis, stride * stride * sizeof(float));
	turn->turned = true;
	for (int n = 1; n <= PANEL_ROWS; n++)
	{
		float	   *scale = turn->scales + (n - 1) * stride;
		float		ridge = ials_ridge(step->penalty, n, m->rows);

		for (size_t i = 0; i < stride; i++)
			scale[i] = 1 / sqrtf(step->penalty->unobserved * step->gram[i * stride + i] + ridge);
	}
	step->scales = turn->scales;
}

/* Turns a side back. */
static void
turn_back(Turn *turn, const FactorMatrix *m)
{
	int			stride = m->stride;

	if (!turn->turned)
		return;
	for (int i = 0; i < stride; i++)
	{
		for (int j = 0; j < stride; j++)
			turn->spare[(size_t) i * stride + j] = turn->all[(size_t) j * stride + i];
	}
	matrix_turn(m, turn->spare, turn->rows);
	turn->turned = false;
}

static void
half_step(HalfStep *step, Turn *turn, bool pays, const Workers *workers)
{
	step->scales = NULL;
	matrix_gram(step->other, step->gram);
	if (pays)
		turn_step(turn, step);
	workers_run(workers, solve_row, step, step->pairs->rows);
}

/*
 * Fits clients and products (widths set by the caller) to purchases.  gram is
 * left holding the products' stride x stride Gram matrix, which fold-in needs.
 * Workers need solve_scratch_size(width), memory is of ials_memory_size.
 */
void
ials_fit(const SparseRows *by_client, const SparseRows *by_product,
		 const IalsOptions *options, const Workers *workers, void *memory,
		 FactorMatrix *clients, FactorMatrix *products, float *gram)
{
	HalfStep	client_step = {by_client, products, clients, gram, &options->penalty, NULL};
	HalfStep	product_step = {by_product, clients, products, gram, &options->penalty, NULL};
	bool		clients_pay = turn_pays(&client_step);
	bool		products_pay = turn_pays(&product_step);
	double		steps = 2 * options->iterations + 1;
	Turn		turn;

	turn_pieces(&turn, memory, products->width);
	if (!options->resume)
		start(products, options->seed);
	for (int i = 0; i < options->iterations; i++)
	{
		workers_stretch(workers, 2 * i / steps, (2 * i + 1) / steps);
		half_step(&client_step, &turn, clients_pay, workers);
		workers_stretch(workers, (2 * i + 1) / steps, (2 * i + 2) / steps);
		half_step(&product_step, &turn, products_pay, workers);
	}
	turn_back(&turn, products);
	workers_stretch(workers, (steps - 1) / steps, 1);
	half_step(&client_step, &turn, false, workers);
}
