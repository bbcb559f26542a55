/*
 * bayes_mean.c - the mean of many draws, as one set of factors
 *
 * The factors of different draws cannot be averaged, only the ratings that
 * they predict.  With the kept draws side by side, X (clients x draws *
 * factors) and Y (products x draws * factors), these are X Y' / draws, a
 * matrix that is never formed: its best approximation with as many factors
 * as one draw has is found by subspace iteration from a random start (Halko,
 * Martinsson, Tropp 2011), which needs products with X and Y only.  Nothing
 * measurable is lost by it.  Biases are averaged as they are.
 */
#include <math.h>
#include <string.h>

#include "bayes.h"
#include "matrix.h"
#include "random.h"

/* Directions beyond those wanted, which make the wanted ones exact. */
#define OVERSAMPLING 8
#define ITERATIONS 4
#define EIGEN_WORK_PER_COLUMN 8

static int
subspace_width(int64_t clients, int64_t products, int factors)
{
	int64_t		width = factors + OVERSAMPLING;

	width = width < clients ? width : clients;
	return (int) (width < products ? width : products);
}

/* Floats of work memory for bayes_mean. */
size_t
bayes_mean_work_size(int64_t clients, int64_t products, int factors, int capacity)
{
	size_t		width = subspace_width(clients, products, factors);
	size_t		doubles = width * width + width + EIGEN_WORK_PER_COLUMN * width;

	return (clients + products + (size_t) capacity * factors) * width + 2 * doubles;
}

/* Where the parts of the work memory are. */
typedef struct Work
{
	double	   *square;			/* width x width */
	double	   *values;			/* width */
	double	   *eigen;
	float	   *left;			/* clients x width */
	float	   *right;			/* products x width */
	float	   *middle;			/* draws * factors x width */
} Work;

/*
 * One factor: left, right and an eigenvector of right' right, which gives the
 * same weight to both sides.
 */
static void
set_factor(const float *from, int width, const double *vector, double scale,
		   FactorMatrix *to, int column)
{
	for (int64_t row = 0; row < to->rows; row++)
	{
		const float *in = from + row * width;
		double		sum = 0;

		for (int i = 0; i < width; i++)
			sum += vector[i] * in[i];
		factor_row(to, row)[column] = (float) (sum * scale);
	}
}

/*
 * Fills clients and products (of the draws' number of factors) with the mean
 * of the draws.  Factors that the mean does not have are zero.
 */
void
bayes_mean(BayesDraws *draws, uint64_t seed, FactorMatrix *clients, FactorMatrix *products)
{
	int64_t		m = clients->rows;
	int64_t		n = products->rows;
	int			width = subspace_width(m, n, draws->factors);
	int			inner = draws->capacity * draws->factors;
	float		share = draws->kept > 0 ? 1.0f / draws->kept : 0;
	Work		w;

	w.square = (double *) draws->work;
	w.values = w.square + (size_t) width * width;
	w.eigen = w.values + width;
	w.left = (float *) (w.eigen + EIGEN_WORK_PER_COLUMN * width);
	w.right = w.left + m * width;
	w.middle = w.right + n * width;

	memset(clients->data, 0, m * clients->stride * sizeof(float));
	memset(products->data, 0, n * products->stride * sizeof(float));
	for (int64_t row = 0; row < m; row++)
	{
		factor_row(clients, row)[SVD_CLIENT_BIAS] = draws->client_bias[row] / draws->bias_draws;
		factor_row(clients, row)[1 - SVD_CLIENT_BIAS] = 1;
	}
	for (int64_t row = 0; row < n; row++)
	{
		factor_row(products, row)[SVD_PRODUCT_BIAS] = draws->product_bias[row] / draws->bias_draws;
		factor_row(products, row)[1 - SVD_PRODUCT_BIAS] = 1;
	}
	if (width == 0 || draws->factors == 0)
		return;

	for (int64_t row = 0; row < n; row++)
		random_normals(seed, row * (width + 1), w.right + row * width, width);
	for (int i = 0; i < ITERATIONS; i++)
	{
		if (i > 0)
			matrix_orthonormalize(w.right, n, width, w.square);
		matrix_transposed_product(draws->products, n, inner, w.right, width, w.middle);
		matrix_product(draws->clients, m, inner, w.middle, width, share, w.left);
		matrix_orthonormalize(w.left, m, width, w.square);
		matrix_transposed_product(draws->clients, m, inner, w.left, width, w.middle);
		matrix_product(draws->products, n, inner, w.middle, width, share, w.right);
	}

	/* now the mean is left right'; turn both so that its factors stand apart */
	memset(w.square, 0, (size_t) width * width * sizeof(double));
	for (int64_t row = 0; row < n; row++)
	{
		const float *r = w.right + row * width;

		for (int i = 0; i < width; i++)
		{
			for (int j = 0; j < width; j++)
				w.square[(size_t) i * width + j] += (double) r[i] * r[j];
		}
	}
	if (!matrix_eigen(w.square, width, w.values, w.eigen, EIGEN_WORK_PER_COLUMN * width))
		return;
	for (int f = 0; f < draws->factors && f < width; f++)
	{
		int			largest = width - 1 - f;
		double		singular = sqrt(fmax(w.values[largest], 0));

		if (!(singular > 0))
			break;
		set_factor(w.left, width, w.square + (size_t) largest * width, sqrt(singular),
				   clients, SVD_BIAS_COLUMNS + f);
		set_factor(w.right, width, w.square + (size_t) largest * width, 1 / sqrt(singular),
				   products, SVD_BIAS_COLUMNS + f);
		workers_check_interrupts();
	}
}
