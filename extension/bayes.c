/*
 * bayes.c - Bayesian biased matrix factorisation of ratings
 *
 * A standardised rating is client bias + product bias + client factors .
 * product factors + noise, and everything unknown has a conjugate prior: rows
 * are normal around what the features say of them (bayes_features.c),
 * precisions are gamma.  A Gibbs sampler (Salakhutdinov and Mnih 2008; the
 * diagonal priors of libFM, Rendle 2012) draws each in turn given all the
 * rest.  There is nothing to regularise by hand: the noise, the precision of
 * each factor on each side and that of the features are drawn too.
 *
 * Phases: sweeps of the chain; after BURN_IN of them draws are kept; their
 * mean becomes one set of factors (bayes_mean.c), and the last of them tell how
 * unsure each product is (bayes_spread.c); then what is believed of a client
 * before any star is seen is measured on these factors, and the last half-step
 * sets every client to the mean of what is believed of them given the products.
 * Folding in a client is this half-step for one: whoever has the same ratings
 * as at the training gets the same factors, bit for bit.
 *
 * A version is fitted twice, to a part of the ratings and then to all.  The
 * second chain resumes where the first was left, and needs to burn in little.
 *
 * Memory is one block of the caller's, cut into pieces by plan_memory.  Draws
 * are numbered by seed, sweep, side and row, and sums are taken in a fixed
 * order: any number of workers gives the same bits.
 */
#include <math.h>
#include <string.h>

#include "bayes.h"
#include "matrix.h"
#include "random.h"

#define BURN_IN 10
#define BURN_IN_AGAIN 5
#define SWEEPS_AGAIN(sweeps) ((sweeps) * 3 / 5)
#define MAX_KEPT_DRAWS 25

/* The features are drawn every second sweep, the most expensive step by far. */
#define SWEEPS_PER_FEATURES 2
#define FEATURE_STEPS 10
#define LAST_FEATURE_STEPS 20

#define START_DEVIATION 0.1
#define START_NOISE_PRECISION 1.5

/*
 * With few ratings a product, factors start small and grow as far as the
 * ratings ask for.  From a usual size they would shrink slowly, since rows
 * with few ratings are little more than draws from the prior.
 */
#define SPARSE_RATINGS 40
#define SPARSE_FACTOR_PRECISION 1000

/* About how much of a fit is the chain, and of a sweep the draws of rows. */
#define CHAIN_SHARE 0.95
#define ROWS_SHARE 0.3

/* ---- memory ---- */

/* Hands out pieces of a block; with no block it only adds up. */
typedef struct Pieces
{
	char	   *block;
	size_t		used;
} Pieces;

static void *
piece(Pieces *pieces, size_t count, size_t size)
{
	void	   *result = pieces->block ? pieces->block + pieces->used : NULL;

	pieces->used += (count * size + 63) / 64 * 64;
	return result;
}

static FactorMatrix
matrix_piece(Pieces *pieces, int64_t rows, int width)
{
	FactorMatrix m = {.rows = rows,.width = width,.stride = factor_stride(width)};

	m.data = piece(pieces, rows * m.stride, sizeof(float));
	return m;
}

typedef struct Chain
{
	BayesSide	clients;
	BayesSide	products;
	BayesDraws	draws;
	double	   *row_errors;		/* squared errors of each client's ratings */
	float	   *precision[2];	/* stride x stride, diagonal: of the sides */
	double	   *square;			/* width x width */
	float	   *root;			/* stride x stride */
	double		noise_precision;
	double		noise_sum;		/* over the kept sweeps */
	double		bias_variance_sum;	/* of clients */
	double		ridge_sum;		/* of clients */
	double		attribute_ridge_sum[BAYES_ATTRIBUTES];
	int			kept_sweeps;
	uint64_t	seed;
	uint64_t	drawn;			/* numbers drawn for single unknowns */
	int			sweep;			/* of all that were made */
	BayesSide	last;			/* the clients, as they are believed to be */
} Chain;

static void
plan_side(Pieces *pieces, BayesSide *side, int64_t own, int64_t other, int64_t values, int width)
{
	int			stride = factor_stride(width);
	int64_t		features = other + values;
	int64_t		largest = own > features ? own : features;

	side->rows = matrix_piece(pieces, own, width);
	side->prior = matrix_piece(pieces, own, width);
	side->target = matrix_piece(pieces, own, width);
	side->features = matrix_piece(pieces, features, width);
	side->residual = matrix_piece(pieces, features, width);
	side->direction = matrix_piece(pieces, features, width);
	side->product = matrix_piece(pieces, features, width);
	side->lambda = piece(pieces, stride, sizeof(double));
	side->mu = piece(pieces, stride, sizeof(double));
	side->scale = piece(pieces, own, sizeof(float));
	side->sums = piece(pieces, 4 * stride, sizeof(double));
	/* blocks are of many rows; one each is more than enough */
	side->partial = piece(pieces, (largest / 64 + 1) * stride, sizeof(double));
}

static void
plan_memory(Pieces *pieces, Chain *chain, int64_t clients, int64_t products, int width, int sweeps,
			int64_t client_values, int64_t product_values)
{
	int			factors = width - SVD_BIAS_COLUMNS;
	int			stride = factor_stride(width);
	BayesDraws *draws = &chain->draws;

	plan_side(pieces, &chain->clients, clients, products, client_values, width);
	plan_side(pieces, &chain->products, products, clients, product_values, width);
	draws->factors = factors;
	draws->capacity = sweeps - BURN_IN < MAX_KEPT_DRAWS ? sweeps - BURN_IN : MAX_KEPT_DRAWS;
	draws->clients = piece(pieces, clients * draws->capacity * factors, sizeof(float));
	draws->products = piece(pieces, products * draws->capacity * factors, sizeof(float));
	draws->client_bias = piece(pieces, clients, sizeof(double));
	draws->product_bias = piece(pieces, products, sizeof(double));
	draws->work = piece(pieces, bayes_mean_work_size(clients, products, factors, draws->capacity),
						sizeof(float));
	chain->last = chain->clients;
	chain->last.prior = matrix_piece(pieces, clients, width);
	chain->last.mu = piece(pieces, stride, sizeof(double));
	chain->row_errors = piece(pieces, clients, sizeof(double));
	for (int side = 0; side < 2; side++)
		chain->precision[side] = piece(pieces, stride * stride, sizeof(float));
	chain->square = piece(pieces, width * width, sizeof(double));
	chain->root = piece(pieces, stride * stride, sizeof(float));
}

/* A chain has sweeps beyond its burn-in, whatever was asked for. */
static int
at_least(int sweeps)
{
	return sweeps > BURN_IN + 5 ? sweeps : BURN_IN + 5;
}

/* Bytes of memory that bayes_fit needs. */
size_t
bayes_memory_size(int64_t clients, int64_t products, int width, int sweeps,
				  int64_t client_values, int64_t product_values)
{
	Pieces		pieces = {NULL, 0};
	Chain		chain;

	(void) piece(&pieces, 1, sizeof(Chain));
	plan_memory(&pieces, &chain, clients, products, width, at_least(sweeps),
				client_values, product_values);
	return pieces.used;
}

/* ---- drawing single unknowns ---- */

static double
draw_normal(Chain *chain)
{
	return random_normal(chain->seed, chain->drawn++);
}

/* Gamma with rate 1: Marsaglia and Tsang 2000; shape is above 1/2 here. */
static double
draw_gamma(Chain *chain, double shape)
{
	double		boost = 1;
	double		d;
	double		c;

	if (shape < 1)
	{
		boost = pow(random_uniform(~chain->seed, chain->drawn++), 1 / shape);
		shape += 1;
	}
	d = shape - 1.0 / 3;
	c = 1 / sqrt(9 * d);
	for (;;)
	{
		double		x = draw_normal(chain);
		double		v = 1 + c * x;

		if (v <= 0)
			continue;
		v = v * v * v;
		if (log(random_uniform(~chain->seed, chain->drawn++)) < x * x / 2 + d - d * v + d * log(v))
			return boost * d * v;
	}
}

/* The precision of normal numbers with this sum of squares, prior Gamma(1/2, 1/2). */
static double
draw_precision(Chain *chain, double count, double squares)
{
	return draw_gamma(chain, (1 + count) / 2) / ((1 + squares) / 2);
}

/* The mean and precision of each column of a side, around what features say. */
static void
draw_columns(Chain *chain, BayesSide *side)
{
	int64_t		rows = side->rows.rows;

	for (int i = 0; i < side->rows.width; i++)
	{
		double		squares = 0;
		double		sum = 0;

		if (i == 1 - side->bias)
			continue;
		for (int64_t row = 0; row < rows; row++)
		{
			double		rest = factor_row(&side->rows, row)[i] - factor_row(&side->prior, row)[i];

			sum += rest;
			squares += (rest - side->mu[i]) * (rest - side->mu[i]);
		}
		side->lambda[i] = draw_precision(chain, rows, squares);
		side->mu[i] = sum / (rows + 1) + draw_normal(chain) / sqrt(side->lambda[i] * (rows + 1));
	}
	workers_check_interrupts();
}

/* The precision of each attribute's features. */
static void
draw_attribute_ridges(Chain *chain, BayesSide *side)
{
	const BayesAttributes *a = side->attributes;
	double		squares[BAYES_ATTRIBUTES] = {0};
	int64_t		values[BAYES_ATTRIBUTES] = {0};

	for (int64_t value = 0; value < a->by_value.rows; value++)
	{
		const float *feature = factor_row(&side->features, side->pairs->columns + value);
		double		said = (double) a->scale[value] * a->scale[value];

		values[a->attribute[value]]++;
		for (int i = 0; i < side->rows.width; i++)
		{
			if (i != 1 - side->bias)
				squares[a->attribute[value]] += said * side->lambda[i] * feature[i] * feature[i];
		}
	}
	for (int i = 0; i < BAYES_ATTRIBUTES; i++)
		side->attribute_ridge[i] = draw_precision(chain, values[i] * (side->rows.width - 1.0), squares[i]);
}

/* The precision of the features, after they were drawn. */
static void
draw_ridge(Chain *chain, BayesSide *side)
{
	double		squares = 0;
	double		columns = side->rows.width - 1;

	for (int i = 0; i < side->rows.width; i++)
	{
		if (i != 1 - side->bias)
			squares += side->lambda[i] * side->sums[i];
	}
	side->ridge = draw_precision(chain, side->pairs->columns * columns, squares);
	if (side->attributes)
		draw_attribute_ridges(chain, side);
}

typedef struct ErrorJob
{
	const Chain *chain;
	double	   *errors;
} ErrorJob;

static void
row_error(void *argument, int64_t row, void *scratch)
{
	const ErrorJob *job = argument;
	const BayesSide *clients = &job->chain->clients;
	const BayesSide *products = &job->chain->products;
	double		squares = 0;

	for (int64_t e = clients->pairs->start[row]; e < clients->pairs->start[row + 1]; e++)
	{
		double		error = clients->pairs->value[e] -
			factor_dot(factor_row(&clients->rows, row),
					   factor_row(&products->rows, clients->pairs->column[e]),
					   clients->rows.stride);

		squares += error * error;
	}
	job->errors[row] = squares;
	(void) scratch;
}

/* The precision of the noise, from the errors of the current draw. */
static void
draw_noise(Chain *chain, const Workers *workers)
{
	ErrorJob	job = {chain, chain->row_errors};
	double		squares = 0;

	workers_run(workers, row_error, &job, chain->clients.rows.rows);
	for (int64_t row = 0; row < chain->clients.rows.rows; row++)
		squares += chain->row_errors[row];
	chain->noise_precision = draw_precision(chain, sparse_entries(chain->clients.pairs), squares);
}

/* ---- drawing rows ---- */

typedef struct RowJob
{
	const BayesSide *side;
	const FactorMatrix *other;
	BayesPrior	prior;
	uint64_t	seed;
	FactorMatrix *out;
} RowJob;

static void
draw_row(void *argument, int64_t row, void *scratch)
{
	const RowJob *job = argument;
	const BayesSide *side = job->side;
	int			stride = side->rows.stride;
	int64_t		first = side->pairs->start[row];
	float	   *mean = scratch;
	float	   *noise = mean + stride;
	const float *prior = factor_row(&side->prior, row);

	memset(mean, 0, stride * sizeof(float));
	for (int i = 0; i < side->rows.width; i++)
		mean[i] = (float) side->mu[i] + prior[i];
	mean[1 - side->bias] = 0;
	random_normals(job->seed, row * stride, noise, stride);
	noise[1 - side->bias] = 0;
	solve_bayes_row(job->other, side->bias, side->pairs->column + first,
					side->pairs->value + first, side->pairs->start[row + 1] - first,
					sparse_after(side->pairs, row), &job->prior, mean, noise, noise + stride, job->out->data + row * stride);
}

/* A diagonal precision, as the solver wants it. */
static void
set_precision(const BayesSide *side, float *precision)
{
	int			stride = side->rows.stride;

	memset(precision, 0, (size_t) stride * stride * sizeof(float));
	for (int i = 0; i < side->rows.width; i++)
	{
		if (i != 1 - side->bias)
			precision[(size_t) i * stride + i] = (float) side->lambda[i];
	}
}

static void
draw_rows(Chain *chain, BayesSide *side, const BayesSide *other, int sweep, const Workers *workers)
{
	float	   *precision = chain->precision[side->bias];
	RowJob		job = {
		.side = side,
		.other = &other->rows,
		.prior = {(float) chain->noise_precision, precision},
		.seed = random_bits(chain->seed, UINT64_C(4000000000) + 2 * sweep + side->bias),
		.out = &side->rows
	};

	set_precision(side, precision);
	workers_run(workers, draw_row, &job, side->rows.rows);
}

/* ---- the chain ---- */

/* Gives a side the ratings to be fitted. */
static void
set_pairs(BayesSide *side, int bias, const SparseRows *pairs, const SparseRows *transposed,
		  const BayesAttributes *attributes)
{
	side->bias = bias;
	side->attributes = attributes;
	side->pairs = pairs;
	side->transposed = transposed;
	for (int64_t row = 0; row < side->rows.rows; row++)
	{
		int64_t		entries = pairs->start[row + 1] - pairs->start[row];

		side->scale[row] = feature_weight(entries);
	}
}

static bool
is_sparse(const SparseRows *by_product)
{
	return sparse_entries(by_product) < SPARSE_RATINGS * by_product->rows;
}

static void
start_side(Chain *chain, BayesSide *side)
{
	int			stride = side->rows.stride;
	int			bias = side->bias;
	bool		sparse = is_sparse(chain->products.pairs);

	side->ridge = 1;
	for (int i = 0; i < BAYES_ATTRIBUTES; i++)
		side->attribute_ridge[i] = 1;
	memset(side->rows.data, 0, (size_t) side->rows.rows * stride * sizeof(float));
	memset(side->prior.data, 0, (size_t) side->prior.rows * stride * sizeof(float));
	memset(side->features.data, 0, (size_t) side->features.rows * stride * sizeof(float));
	for (int i = 0; i < stride; i++)
	{
		side->lambda[i] = i < SVD_BIAS_COLUMNS || !sparse ? 1 : SPARSE_FACTOR_PRECISION;
		side->mu[i] = 0;
	}
	for (int64_t row = 0; row < side->rows.rows; row++)
	{
		float	   *x = factor_row(&side->rows, row);

		random_normals(random_bits(chain->seed, UINT64_C(5000000000) + bias), row * stride, x, stride);
		for (int i = 0; i < stride; i++)
			x[i] = i >= SVD_BIAS_COLUMNS && i < side->rows.width ? START_DEVIATION * x[i] : 0;
		x[1 - bias] = 1;
	}
}

/* Is all that is known of a row its attributes? */
static bool
is_told_only(const BayesSide *side, int64_t row)
{
	const BayesAttributes *a = side->attributes;

	return a && side->scale[row] == 0 && a->by_row.start[row] < a->by_row.start[row + 1];
}

/* Adds the current draw of the factors to those kept; of a row that is but told of, its mean. */
static void
keep_draw(const BayesSide *side, BayesDraws *draws, float *kept)
{
	size_t		bytes = draws->factors * sizeof(float);

	for (int64_t row = 0; row < side->rows.rows; row++)
	{
		float	   *to = kept + (row * draws->capacity + draws->kept) * draws->factors;

		memcpy(to, factor_row(&side->rows, row) + SVD_BIAS_COLUMNS, bytes);
		if (!is_told_only(side, row))
			continue;
		for (int i = 0; i < draws->factors; i++)
			to[i] = side->mu[SVD_BIAS_COLUMNS + i] + factor_row(&side->prior, row)[SVD_BIAS_COLUMNS + i];
	}
}

static void
add_biases(const BayesSide *side, double *sums)
{
	for (int64_t row = 0; row < side->rows.rows; row++)
	{
		if (is_told_only(side, row))
			sums[row] += side->mu[side->bias] + factor_row(&side->prior, row)[side->bias];
		else
			sums[row] += factor_row(&side->rows, row)[side->bias];
	}
}

static void
run_chain(Chain *chain, int burn_in, int sweeps, const Workers *workers)
{
	BayesDraws *draws = &chain->draws;
	int			useful = sweeps - burn_in;

	draws->kept = 0;
	draws->bias_draws = 0;
	memset(draws->clients, 0, chain->clients.rows.rows * draws->capacity * draws->factors * sizeof(float));
	memset(draws->products, 0, chain->products.rows.rows * draws->capacity * draws->factors * sizeof(float));
	memset(draws->client_bias, 0, chain->clients.rows.rows * sizeof(double));
	memset(draws->product_bias, 0, chain->products.rows.rows * sizeof(double));
	chain->noise_sum = 0;
	chain->ridge_sum = 0;
	chain->bias_variance_sum = 0;
	memset(chain->attribute_ridge_sum, 0, sizeof(chain->attribute_ridge_sum));
	chain->kept_sweeps = 0;
	for (int i = 0; i < sweeps; i++)
	{
		int			sweep = chain->sweep++;
		double		from = CHAIN_SHARE * i / sweeps;
		double		share = CHAIN_SHARE / sweeps;

		workers_stretch(workers, from, from);
		if (sweep > 0)
		{
			draw_noise(chain, workers);
			draw_columns(chain, &chain->clients);
			draw_columns(chain, &chain->products);
		}
		workers_stretch(workers, from, from + share * ROWS_SHARE / 2);
		draw_rows(chain, &chain->clients, &chain->products, sweep, workers);
		workers_stretch(workers, from + share * ROWS_SHARE / 2, from + share * ROWS_SHARE);
		draw_rows(chain, &chain->products, &chain->clients, sweep, workers);
		if (sweep % SWEEPS_PER_FEATURES == 1)
		{
			workers_stretch(workers, from + share * ROWS_SHARE, from + share * (1 + ROWS_SHARE) / 2);
			bayes_draw_features(&chain->clients, random_bits(chain->seed, 4 * sweep),
								FEATURE_STEPS, workers);
			draw_ridge(chain, &chain->clients);
			workers_stretch(workers, from + share * (1 + ROWS_SHARE) / 2, from + share);
			bayes_draw_features(&chain->products, random_bits(chain->seed, 4 * sweep + 2),
								FEATURE_STEPS, workers);
			draw_ridge(chain, &chain->products);
		}
		if (i < burn_in)
			continue;
		chain->noise_sum += chain->noise_precision;
		chain->ridge_sum += chain->clients.ridge;
		chain->bias_variance_sum += 1 / chain->clients.lambda[SVD_CLIENT_BIAS];
		for (int a = 0; a < BAYES_ATTRIBUTES; a++)
			chain->attribute_ridge_sum[a] += chain->clients.attribute_ridge[a];
		chain->kept_sweeps++;
		draws->bias_draws++;
		add_biases(&chain->clients, draws->client_bias);
		add_biases(&chain->products, draws->product_bias);
		/* capacity draws, evenly spread over the useful sweeps */
		if (draws->kept < draws->capacity &&
			(i - burn_in + 1) * draws->capacity / useful > draws->kept)
		{
			keep_draw(&chain->clients, draws, draws->clients);
			keep_draw(&chain->products, draws, draws->products);
			draws->kept++;
		}
	}
}

/* ---- after the chain ---- */

/*
 * What is believed of a client before a star is seen, measured on the mean
 * factors: their own mean, what the features say (a ridge regression), and
 * the covariance of the rest.
 *
 * Means vary less than what they are means of, the more so the fewer ratings
 * clients have.  Of factors this is as it should be: those of products are as
 * uncertain, and are taken for certain.  But a bias is multiplied by 1, and
 * keeps the variance that the chain found.
 */
static void
measure_prior(Chain *chain, const Workers *workers, BayesModel *model)
{
	BayesSide  *clients = &chain->last;
	int			width = model->clients.width;
	int			stride = model->clients.stride;
	int			constant = 1 - clients->bias;
	double	   *square = chain->square;
	double		widen;
	int64_t		raters = 0;

	/* the chain keeps its own rows and features, to be resumed */
	clients->bias = chain->clients.bias;
	clients->pairs = chain->clients.pairs;
	clients->transposed = chain->clients.transposed;
	clients->attributes = chain->clients.attributes;
	clients->rows = model->clients;
	clients->features = model->features;
	clients->ridge = chain->ridge_sum / chain->kept_sweeps;
	for (int a = 0; a < BAYES_ATTRIBUTES; a++)
		clients->attribute_ridge[a] = chain->attribute_ridge_sum[a] / chain->kept_sweeps;
	model->noise_precision = (float) (chain->noise_sum / chain->kept_sweeps);
	memset(clients->mu, 0, stride * sizeof(double));
	memset(clients->features.data, 0, (size_t) clients->features.rows * stride * sizeof(float));
	for (int64_t row = 0; row < clients->rows.rows; row++)
	{
		if (clients->scale[row] == 0)
			continue;
		raters++;
		for (int i = 0; i < width; i++)
			clients->mu[i] += factor_row(&clients->rows, row)[i];
	}
	for (int i = 0; i < width; i++)
		clients->mu[i] = i == constant || raters == 0 ? 0 : clients->mu[i] / raters;
	bayes_fit_features(clients, LAST_FEATURE_STEPS, workers);
	for (int64_t row = clients->pairs->columns; row < clients->features.rows; row++)
	{
		for (int i = 0; i < stride; i++)
			factor_row(&clients->features, row)[i] *= clients->attributes->scale[row - clients->pairs->columns];
	}
	for (int i = 0; i < stride; i++)
		model->mean[i] = (float) clients->mu[i];

	memset(square, 0, (size_t) width * width * sizeof(double));
	for (int64_t row = 0; row < clients->rows.rows; row++)
	{
		const float *x = factor_row(&clients->rows, row);
		const float *prior = factor_row(&clients->prior, row);

		if (row % BAYES_ROWS_PER_CHECK == 0)
			workers_check_interrupts();
		if (clients->scale[row] == 0)
			continue;
		for (int i = 0; i < width; i++)
		{
			double		rest = x[i] - clients->mu[i] - prior[i];

			for (int j = 0; j <= i && i != constant; j++)
			{
				if (j != constant)
					square[(size_t) i * width + j] += rest * (x[j] - clients->mu[j] - prior[j]) / raters;
			}
		}
	}
	for (int i = 0; i < width; i++)
		square[(size_t) i * width + i] += i == constant ? 1 : BAYES_LEAST_VARIANCE;
	/* the bias is the first column, and comes with all others in its column */
	widen = sqrt(chain->bias_variance_sum / chain->kept_sweeps / square[0]);
	for (int i = 0; i < width; i++)
		square[(size_t) i * width] *= i == 0 ? widen * widen : widen;
	matrix_invert(square, width);
	memset(model->precision, 0, (size_t) stride * stride * sizeof(float));
	for (int i = 0; i < width; i++)
	{
		for (int j = 0; j <= i; j++)
		{
			if (i != constant && j != constant)
				model->precision[(size_t) j * stride + i] = (float) square[(size_t) i * width + j];
		}
	}
}

typedef struct LastJob
{
	const SparseRows *pairs;
	const BayesAttributes *attributes;
	BayesModel *model;
	BayesPrior	prior;
} LastJob;

static void
last_row(void *argument, int64_t row, void *scratch)
{
	const LastJob *job = argument;
	BayesModel *model = job->model;
	int64_t		first = job->pairs->start[row];
	int64_t		n = job->pairs->start[row + 1] - first;
	float	   *mean = scratch;

	solve_prior_mean(&model->features, model->mean, job->pairs->column + first, n, mean);
	if (job->attributes)
	{
		const SparseRows *values = &job->attributes->by_row;

		for (int64_t e = values->start[row]; e < values->start[row + 1]; e++)
			solve_add_value(&model->features, job->pairs->columns + values->column[e],
							values->value[e], mean);
	}
	solve_bayes_row(&model->products, SVD_CLIENT_BIAS, job->pairs->column + first,
					job->pairs->value + first, n, sparse_after(job->pairs, row),
					&job->prior, mean, NULL,
					mean + model->products.stride, factor_row(&model->clients, row));
}

static int64_t
values_of(const BayesAttributes *attributes)
{
	return attributes ? attributes->by_value.rows : 0;
}

/*
 * Fits a model to standardised ratings.  memory has bayes_memory_size bytes,
 * left as they were by an earlier fit of the same shape if this one resumes it;
 * workers need solve_scratch_size(width) and two padded rows.
 */
void
bayes_fit(const SparseRows *by_client, const SparseRows *by_product,
		  const BayesOptions *options, const Workers *workers,
		  void *memory, BayesModel *model)
{
	Pieces		pieces = {memory, 0};
	Chain	   *chain = piece(&pieces, 1, sizeof(Chain));
	int			sweeps = at_least(options->sweeps);
	/* what was measured is the chain from its start, which a sparse one forgets slowly */
	bool		resume = options->resume && !is_sparse(by_product);
	LastJob		last = {by_client, options->client_attributes, model, {0, model->precision}};
	BayesPrior	spread;

	if (!resume)
		memset(chain, 0, sizeof(Chain));
	plan_memory(&pieces, chain, by_client->rows, by_product->rows, model->products.width, sweeps,
				values_of(options->client_attributes), values_of(options->product_attributes));
	set_pairs(&chain->clients, SVD_CLIENT_BIAS, by_client, by_product, options->client_attributes);
	set_pairs(&chain->products, SVD_PRODUCT_BIAS, by_product, by_client, options->product_attributes);
	if (resume)
		run_chain(chain, BURN_IN_AGAIN, at_least(SWEEPS_AGAIN(sweeps)), workers);
	else
	{
		chain->seed = random_mix(options->seed);
		chain->noise_precision = START_NOISE_PRECISION;
		start_side(chain, &chain->clients);
		start_side(chain, &chain->products);
		run_chain(chain, BURN_IN, sweeps, workers);
	}
	workers_stretch(workers, CHAIN_SHARE, 1);
	spread = (BayesPrior) {(float) chain->noise_precision, chain->precision[SVD_PRODUCT_BIAS]};
	set_precision(&chain->products, chain->precision[SVD_PRODUCT_BIAS]);
	bayes_measure_spread(&chain->clients, &chain->products, &spread, chain->square, chain->root, workers, model);
	bayes_mean(&chain->draws, random_mix(chain->seed), &model->clients, &model->products);
	measure_prior(chain, workers, model);
	last.prior.noise_precision = model->noise_precision;
	workers_run(workers, last_row, &last, by_client->rows);
	bayes_fit_unrated(by_client, by_product, workers, chain->products.target, chain->square,
					  chain->products.sums, model);
	/* what the mean row lacked, those that are but told of lack, too */
	for (int64_t row = 0; row < by_product->rows; row++)
	{
		if (!is_told_only(&chain->products, row))
			continue;
		for (int i = 0; i < model->products.width; i++)
			factor_row(&model->products, row)[i] += model->unrated[i] - (float) chain->products.sums[i];
	}
}
