/*
 * neighbours_fit.c - learning what the purchase of one product says of others
 *
 * EASE (Steck 2019, "Embarrassingly shallow autoencoders for sparse data"):
 * each client's purchases are predicted from the others of the same client by
 * one matrix of weights without a diagonal, in closed form by one inverse:
 * with P = (X' X + penalty)^-1, the weight of product j for product i is
 * - P_ji / P_ii.  Two things are done better than there.  A client who has
 * much counts less for each product, by the square root, so that a few
 * wholesalers do not speak for all.  And the penalty of a product grows with
 * its clients, as if half of all purchases had been left out at random (Steck
 * 2020, "Autoencoders that don't overfit towards the identity").  The inverse
 * takes the cube of the number of products: where there are too many the most
 * popular take part, the others have no neighbours.
 *
 * Cosine: who bought both, over the root of who bought each, with a constant
 * added below that keeps chance meetings of rare products small.  For any
 * number of products, and for logs where there is little to be learnt.
 *
 * Either way a product keeps the neighbours of the largest weights, so many
 * that all of them stay within NEIGHBOUR_ENTRIES.
 */
#include <math.h>
#include <string.h>

#include "matrix.h"
#include "neighbours.h"

#define NEIGHBOUR_ENTRIES 4000000
#define LEAST_WIDTH 100

/* Clients count by this power of what they have. */
#define CLIENT_POWER (-0.5)

/* The part of a product's clients that is added to its penalty. */
#define DROPPED 1.0f

/* Neighbours that each of so many products keeps. */
int
neighbours_width(int64_t products)
{
	int64_t		width = NEIGHBOUR_ENTRIES / (products > 0 ? products : 1);

	if (width < LEAST_WIDTH)
		width = LEAST_WIDTH;
	if (width > MAX_NEIGHBOURS)
		width = MAX_NEIGHBOURS;
	return (int) (width < products ? width : products);
}

/* The arrays of a fit, in the caller's memory. */
typedef struct Fit
{
	const SparseRows *by_client;
	const SparseRows *by_product;
	const NeighbourOptions *options;
	Neighbours *result;
	int64_t		count;			/* products that take part */
	double		mean;			/* products of a client */
	float	   *square;			/* EASE: count x count */
	float	   *work;			/* EASE: for the inverse */
	float	   *size;			/* cosine: length of each product's column; EASE:
								 * the diagonal of the inverse */
	uint32_t   *taking;			/* EASE: which products take part, ascending */
	int32_t    *place;			/* and where each product is among them; -1: not */
} Fit;

static int64_t
taking_part(int64_t products, const NeighbourOptions *options)
{
	return options->inverse && products > options->most ? options->most : products;
}

size_t
neighbours_memory_size(int64_t products, const NeighbourOptions *options)
{
	size_t		count = taking_part(products, options);

	return (products * (sizeof(float) + sizeof(uint32_t) + sizeof(int32_t)) +
			(options->inverse
			 ? (count * count + matrix_invert_large_work(count)) * sizeof(float) : 0));
}

/* For each worker: a row of weights, and one to find the largest in. */
size_t
neighbours_scratch_size(int64_t products)
{
	return 2 * products * sizeof(float);
}

static int64_t
clients_of(const SparseRows *by_product, int64_t product)
{
	return by_product->start[product + 1] - by_product->start[product];
}

/* The count-th largest of values, which are put into another order. */
static float
largest(float *values, int64_t n, int64_t count)
{
	int64_t		low = 0;
	int64_t		high = n - 1;
	int64_t		wanted = count - 1;

	while (low < high)
	{
		float		pivot = values[low + (high - low) / 2];
		int64_t		i = low;
		int64_t		j = high;

		while (i <= j)
		{
			while (values[i] > pivot)
				i++;
			while (values[j] < pivot)
				j--;
			if (i <= j)
			{
				float		swap = values[i];

				values[i++] = values[j];
				values[j--] = swap;
			}
		}
		if (wanted <= j)
			high = j;
		else if (wanted >= i)
			low = i;
		else
			break;
	}
	return values[wanted];
}

/*
 * Keeps the largest of a product's weights, which belong to the products of
 * numbers (NULL: 0, 1, ...).
 */
static void
keep_largest(Fit *fit, int64_t product, const uint32_t *numbers, const float *weights, float *work)
{
	int			width = fit->result->width;
	uint32_t   *to = fit->result->product + (size_t) product * width;
	float	   *weight = fit->result->weight + (size_t) product * width;
	float		least = 0;
	int64_t		equal = width;	/* entries that are just large enough, and fit in */
	int64_t		filled = 0;
	int			used = 0;

	for (int64_t i = 0; i < fit->count; i++)
	{
		if (weights[i] != 0)
			work[filled++] = fabsf(weights[i]);
	}
	if (filled > width)
	{
		least = largest(work, filled, width);
		for (int64_t i = 0; i < filled; i++)
			equal -= work[i] > least;
	}
	for (int64_t i = 0; i < fit->count; i++)
	{
		float		size = fabsf(weights[i]);

		if (size == 0 || size < least || (size == least && equal-- <= 0))
			continue;
		to[used] = numbers ? numbers[i] : (uint32_t) i;
		weight[used++] = weights[i];
	}
	memset(to + used, 0, (width - used) * sizeof(uint32_t));
	memset(weight + used, 0, (width - used) * sizeof(float));
}

/* ---- EASE ---- */

/* The most popular products, of equals those that come first. */
static void
choose_products(Fit *fit, float *work)
{
	int64_t		products = fit->by_product->rows;
	float		least = 0;
	int64_t		equal = products;
	int64_t		used = 0;

	if (fit->count < products)
	{
		for (int64_t i = 0; i < products; i++)
			work[i] = clients_of(fit->by_product, i);
		least = largest(work, products, fit->count);
		equal = fit->count;
		for (int64_t i = 0; i < products; i++)
			equal -= clients_of(fit->by_product, i) > least;
	}
	for (int64_t i = 0; i < products; i++)
	{
		int64_t		clients = clients_of(fit->by_product, i);

		fit->place[i] = -1;
		if (clients < least || (clients == least && equal-- <= 0))
			continue;
		fit->place[i] = (int32_t) used;
		fit->taking[used++] = (uint32_t) i;
	}
}

/* A row of X' X up to its diagonal, and the penalty there. */
static void
fill_square(void *argument, int64_t row, void *scratch)
{
	Fit		   *fit = argument;
	const SparseRows *by_client = fit->by_client;
	const SparseRows *by_product = fit->by_product;
	float	   *to = fit->square + row * fit->count;
	uint32_t	product = fit->taking[row];

	memset(to, 0, fit->count * sizeof(float));
	for (int64_t e = by_product->start[product]; e < by_product->start[product + 1]; e++)
	{
		int64_t		client = by_product->column[e];
		int64_t		first = by_client->start[client];
		int64_t		last = by_client->start[client + 1];
		float		own = powf((last - first) / fit->mean, CLIENT_POWER);

		if (by_product->value)
			own *= by_product->value[e];
		for (int64_t other = first; other < last && by_client->column[other] <= product; other++)
		{
			int32_t		place = fit->place[by_client->column[other]];

			if (place >= 0)
				to[place] += by_client->value ? own * by_client->value[other] : own;
		}
	}
	to[row] = to[row] * (1 + DROPPED) + fit->options->penalty;
}

/* From the inverse, weights. */
static void
take_weights(void *argument, int64_t row, void *scratch)
{
	Fit		   *fit = argument;
	const float *inverse = fit->square + row * fit->count;
	float	   *weights = scratch;

	for (int64_t i = 0; i < fit->count; i++)
		weights[i] = -inverse[i] / fit->size[i];
	weights[row] = 0;
	keep_largest(fit, fit->taking[row], fit->taking, weights, weights + fit->count);
}

static bool
fit_inverse(Fit *fit, const Workers *workers)
{
	choose_products(fit, fit->size);
	workers_run(workers, fill_square, fit, fit->count);
	if (!matrix_invert_large(fit->square, (int) fit->count, fit->work))
		return false;
	for (int64_t i = 0; i < fit->count; i++)
		fit->size[i] = fit->square[i * fit->count + i];
	memset(fit->result->product, 0, (size_t) fit->result->rows * fit->result->width * sizeof(uint32_t));
	memset(fit->result->weight, 0, (size_t) fit->result->rows * fit->result->width * sizeof(float));
	workers_run(workers, take_weights, fit, fit->count);
	return true;
}

/* ---- cosine ---- */

static void
measure_column(Fit *fit)
{
	const SparseRows *by_product = fit->by_product;

	for (int64_t i = 0; i < fit->count; i++)
	{
		double		squares = 0;

		for (int64_t e = by_product->start[i]; e < by_product->start[i + 1]; e++)
			squares += by_product->value ? by_product->value[e] * by_product->value[e] : 1;
		fit->size[i] = sqrt(squares);
	}
}

static void
fill_cosines(void *argument, int64_t product, void *scratch)
{
	Fit		   *fit = argument;
	const SparseRows *by_client = fit->by_client;
	const SparseRows *by_product = fit->by_product;
	float	   *weights = scratch;

	memset(weights, 0, fit->count * sizeof(float));
	for (int64_t e = by_product->start[product]; e < by_product->start[product + 1]; e++)
	{
		int64_t		client = by_product->column[e];
		float		own = by_product->value ? by_product->value[e] : 1;

		for (int64_t other = by_client->start[client]; other < by_client->start[client + 1]; other++)
			weights[by_client->column[other]] += by_client->value ? own * by_client->value[other] : own;
	}
	weights[product] = 0;
	for (int64_t i = 0; i < fit->count; i++)
	{
		if (weights[i] != 0)
			weights[i] /= fit->size[product] * fit->size[i] + fit->options->penalty;
	}
	keep_largest(fit, product, NULL, weights, weights + fit->count);
}

/* ---- both ---- */

/*
 * Divides scores by a power of the clients of each product: the less popular
 * come forward, or with a negative power the more popular.
 */
void
neighbours_divide(Neighbours *m, const SparseRows *by_product, double power)
{
	double		mean = (double) sparse_entries(by_product) / (m->rows > 0 ? m->rows : 1);

	if (power == 0)
		return;
	for (int64_t e = 0; e < m->rows * m->width; e++)
	{
		int64_t		clients = clients_of(by_product, m->product[e]);

		if (m->weight[e] != 0)
			m->weight[e] *= (float) pow(clients / mean, -power);
	}
}

/*
 * Fills result, whose arrays are there, from purchases.  memory has
 * neighbours_memory_size bytes, workers' scratch neighbours_scratch_size.
 * False if the inverse cannot be computed: the penalty is too small.
 */
bool
neighbours_fit(const SparseRows *by_client, const SparseRows *by_product,
			   const NeighbourOptions *options, const Workers *workers,
			   void *memory, Neighbours *result)
{
	int64_t		products = by_product->rows;
	int64_t		clients = 0;
	Fit			fit = {
		.by_client = by_client,.by_product = by_product,.options = options,.result = result,
		.count = taking_part(products, options)
	};

	for (int64_t row = 0; row < by_client->rows; row++)
		clients += by_client->start[row + 1] > by_client->start[row];
	fit.mean = clients > 0 ? (double) sparse_entries(by_client) / clients : 1;
	fit.square = memory;
	fit.work = fit.square + (options->inverse ? fit.count * fit.count : 0);
	fit.size = fit.work + (options->inverse ? matrix_invert_large_work(fit.count) : 0);
	fit.taking = (uint32_t *) (fit.size + products);
	fit.place = (int32_t *) (fit.taking + products);
	if (options->inverse)
	{
		if (!fit_inverse(&fit, workers))
			return false;
	}
	else
	{
		measure_column(&fit);
		workers_run(workers, fill_cosines, &fit, products);
	}
	neighbours_divide(result, by_product, options->popularity);
	return true;
}
