/*
 * matrix.c - dense matrices over OpenBLAS
 *
 * The only file that includes cblas.h, and part of the trainer library only:
 * a backend that just serves never loads OpenBLAS.  Called by the backend's
 * own thread, never by workers, so that every variant of the library (serial,
 * pthread, OpenMP) is safe.  One call cannot be interrupted: work is cut into
 * pieces of some milliseconds with a check for interrupts between them.  A
 * wrong argument raises no error in BLAS, so callers pass checked sizes.
 */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "matrix.h"
#include "workers.h"

/* About 10 ms of one core, in multiply-adds. */
#define PIECE_FLOPS (INT64_C(1) << 28)

/* LAPACK, which OpenBLAS brings along without a header of it */
extern void dsyev_(const char *job, const char *triangle, const int *n, double *a, const int *lda,
				   double *values, double *work, const int *work_size, int *info);
extern void dpotrf_(const char *triangle, const int *n, double *a, const int *lda, int *info);
extern void dpotri_(const char *triangle, const int *n, double *a, const int *lda, int *info);
extern void spotrf_(const char *triangle, const int *n, float *a, const int *lda, int *info);
extern void spotri_(const char *triangle, const int *n, float *a, const int *lda, int *info);

/* Parallelism is ours: one thread of BLAS, whatever the library's default. */
void
matrix_init(void)
{
	openblas_set_num_threads(1);
}

static int64_t
rows_per_piece(int64_t flops_per_row)
{
	int64_t		rows = PIECE_FLOPS / (flops_per_row > 0 ? flops_per_row : 1);

	return rows > 64 ? rows : 64;
}

/* gram = m' m, the upper triangle of a stride x stride matrix. */
void
matrix_gram(const FactorMatrix *m, float *gram)
{
	int64_t		piece = rows_per_piece((int64_t) m->stride * m->stride);

	memset(gram, 0, (size_t) m->stride * m->stride * sizeof(float));
	for (int64_t first = 0; first < m->rows; first += piece)
	{
		int64_t		rows = m->rows - first < piece ? m->rows - first : piece;

		cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, m->stride, (int) rows,
					1, factor_row(m, first), m->stride, 1, gram, m->stride);
		workers_check_interrupts();
	}
}

/* m = m basis (stride x stride), in place; work has TURN_ROWS rows of m. */
void
matrix_turn(const FactorMatrix *m, const float *basis, float *work)
{
	for (int64_t first = 0; first < m->rows; first += TURN_ROWS)
	{
		int64_t		rows = m->rows - first < TURN_ROWS ? m->rows - first : TURN_ROWS;

		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int) rows, m->stride, m->stride,
					1, factor_row(m, first), m->stride, basis, m->stride, 0, work, m->stride);
		memcpy(factor_row(m, first), work, (size_t) rows * m->stride * sizeof(float));
		workers_check_interrupts();
	}
}

/*
 * scores[l * right->rows + r] = left row l . right row r; left has the
 * stride of right.
 */
void
matrix_scores(const float *left, int64_t left_rows, const FactorMatrix *right, float *scores)
{
	int64_t		piece = rows_per_piece(left_rows * right->stride);

	for (int64_t first = 0; first < right->rows; first += piece)
	{
		int64_t		rows = right->rows - first < piece ? right->rows - first : piece;

		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int) left_rows, (int) rows,
					right->stride, 1, left, right->stride,
					factor_row(right, first), right->stride,
					0, scores + first, (int) right->rows);
		workers_check_interrupts();
	}
}

/* result (rows x columns) = scale * a (rows x inner) b (inner x columns), all dense. */
void
matrix_product(const float *a, int64_t rows, int inner, const float *b, int columns,
			   float scale, float *result)
{
	int64_t		piece = rows_per_piece((int64_t) inner * columns);

	for (int64_t first = 0; first < rows; first += piece)
	{
		int64_t		count = rows - first < piece ? rows - first : piece;

		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int) count, columns, inner,
					scale, a + first * inner, inner, b, columns,
					0, result + first * columns, columns);
		workers_check_interrupts();
	}
}

/* result (a_columns x b_columns) = a' b, both of so many rows, all dense. */
void
matrix_transposed_product(const float *a, int64_t rows, int a_columns,
						  const float *b, int b_columns, float *result)
{
	int64_t		piece = rows_per_piece((int64_t) a_columns * b_columns);

	memset(result, 0, (size_t) a_columns * b_columns * sizeof(float));
	for (int64_t first = 0; first < rows; first += piece)
	{
		int64_t		count = rows - first < piece ? rows - first : piece;

		cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, a_columns, b_columns, (int) count,
					1, a + first * a_columns, a_columns, b + first * b_columns, b_columns,
					1, result, b_columns);
		workers_check_interrupts();
	}
}

/*
 * Makes the columns of a (rows x columns, dense) orthonormal, by two rounds of
 * Cholesky QR in double precision.  A column that depends on those before it
 * becomes zero.  work has columns * columns doubles.
 */
void
matrix_orthonormalize(float *a, int64_t rows, int columns, double *work)
{
	for (int round = 0; round < 2; round++)
	{
		memset(work, 0, (size_t) columns * columns * sizeof(double));
		for (int64_t r = 0; r < rows; r++)
		{
			const float *row = a + r * columns;

			if (r % 4096 == 0)
				workers_check_interrupts();
			for (int i = 0; i < columns; i++)
			{
				for (int j = 0; j <= i; j++)
					work[(size_t) i * columns + j] += (double) row[i] * row[j];
			}
		}
		for (int i = 0; i < columns; i++)
		{
			double	   *row = work + (size_t) i * columns;
			double		squares = row[i];

			for (int j = 0; j <= i; j++)
			{
				const double *above = work + (size_t) j * columns;
				double		rest = row[j];

				for (int k = 0; k < j; k++)
					rest -= row[k] * above[k];
				if (j < i)
					row[j] = above[j] > 0 ? rest / above[j] : 0;
				else
					row[j] = rest > 1e-10 * squares ? sqrt(rest) : 0;
			}
		}
		for (int64_t r = 0; r < rows; r++)
		{
			float	   *row = a + r * columns;

			if (r % 4096 == 0)
				workers_check_interrupts();
			for (int i = 0; i < columns; i++)
			{
				const double *factor = work + (size_t) i * columns;
				double		rest = row[i];

				for (int k = 0; k < i; k++)
					rest -= factor[k] * row[k];
				row[i] = factor[i] > 0 ? (float) (rest / factor[i]) : 0;
			}
		}
	}
}

/*
 * Eigenvalues, ascending, of a symmetric matrix (size x size), whose rows
 * become the eigenvectors.  work_size >= 3 * size.
 */
bool
matrix_eigen(double *symmetric, int size, double *values, double *work, int work_size)
{
	int			info;

	dsyev_("V", "U", &size, symmetric, &size, values, work, &work_size, &info);
	return info == 0;
}

/* The lower Cholesky factor (by rows) of a positive matrix, zeros above. */
bool
matrix_cholesky(double *positive, int size)
{
	int			info;

	/* what is the lower triangle by rows is the upper one by columns */
	dpotrf_("U", &size, positive, &size, &info);
	for (int i = 0; i < size; i++)
	{
		for (int j = i + 1; j < size; j++)
			positive[(size_t) i * size + j] = 0;
	}
	return info == 0;
}

/* The inverse of a positive matrix, in its lower triangle by rows. */
bool
matrix_invert(double *positive, int size)
{
	int			info;

	dpotrf_("U", &size, positive, &size, &info);
	if (info == 0)
		dpotri_("U", &size, positive, &size, &info);
	return info == 0;
}

/* Columns that are swept at once. */
#define SWEEP 192

/* The inverse of a small block, both triangles. */
static bool
invert_block(float *block, int size)
{
	int			info;

	spotrf_("U", &size, block, &size, &info);
	if (info == 0)
		spotri_("U", &size, block, &size, &info);
	for (int i = 0; i < size; i++)
	{
		for (int j = 0; j < i; j++)
			block[(size_t) j * size + i] = block[(size_t) i * size + j];
	}
	return info == 0;
}

/* What is above the diagonal becomes what is below it, in blocks. */
static void
mirror(float *square, int size)
{
	for (int first = 0; first < size; first += SWEEP)
	{
		int			last = size - first < SWEEP ? size : first + SWEEP;

		for (int left = 0; left < last; left += SWEEP)
		{
			for (int i = first; i < last; i++)
			{
				for (int j = left; j < i && j < left + SWEEP; j++)
					square[(size_t) j * size + i] = square[(size_t) i * size + j];
			}
		}
		workers_check_interrupts();
	}
}

/* Floats of work that matrix_invert_large needs. */
size_t
matrix_invert_large_work(int64_t size)
{
	return 2 * size * SWEEP + SWEEP * SWEEP;
}

/*
 * The inverse of a large positive matrix, of which the lower triangle by rows
 * is given, in single precision; both triangles are filled.  A block of
 * columns after the other is swept (Beaton 1964): as many operations as by
 * Cholesky, nearly all of them in products of matrices, between which
 * interrupts are seen.  False if it is not positive within rounding.
 */
bool
matrix_invert_large(float *positive, int size, float *work)
{
	float	   *panel = work;
	float	   *scaled = panel + (size_t) size * SWEEP;
	float	   *block = scaled + (size_t) size * SWEEP;

	for (int first = 0; first < size; first += SWEEP)
	{
		int			width = size - first < SWEEP ? size - first : SWEEP;
		int			last = first + width;

		/* the columns of the block, in full, from the lower triangle */
		for (int i = 0; i < size; i++)
		{
			for (int j = first; j < last; j++)
				panel[(size_t) i * width + j - first] =
					i >= j ? positive[(size_t) i * size + j] : positive[(size_t) j * size + i];
		}
		memcpy(block, panel + (size_t) first * width, (size_t) width * width * sizeof(float));
		if (!invert_block(block, width))
			return false;
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size, width, width,
					1, panel, width, block, width, 0, scaled, width);
		workers_check_interrupts();
		for (int row = 0; row < size; row += SWEEP)
		{
			int			rows = size - row < SWEEP ? size - row : SWEEP;

			if (row != first)
				cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, row + rows, width,
							-1, scaled + (size_t) row * width, width, panel, width,
							1, positive + (size_t) row * size, size);
			workers_check_interrupts();
		}
		for (int i = 0; i < size; i++)
		{
			for (int j = first; j < last; j++)
			{
				if (i >= last)
					positive[(size_t) i * size + j] = scaled[(size_t) i * width + j - first];
				else if (i >= first)
					positive[(size_t) i * size + j] = -block[(size_t) (i - first) * width + j - first];
				else
					positive[(size_t) j * size + i] = scaled[(size_t) i * width + j - first];
			}
		}
	}
	for (int i = 0; i < size; i++)
	{
		for (int j = 0; j <= i; j++)
			positive[(size_t) i * size + j] = -positive[(size_t) i * size + j];
		if (!(positive[(size_t) i * size + i] > 0) || isinf(positive[(size_t) i * size + i]))
			return false;
	}
	mirror(positive, size);
	return true;
}
