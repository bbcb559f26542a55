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
#include <string.h>

#include "matrix.h"
#include "workers.h"

/* About 10 ms of one core, in multiply-adds. */
#define PIECE_FLOPS (INT64_C(1) << 28)

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

/* gram = m' m, the whole stride x stride matrix, lower triangle filled in. */
void
matrix_gram(const FactorMatrix *m, float *gram)
{
	int64_t		piece = rows_per_piece((int64_t) m->stride * m->stride);

	memset(gram, 0, (size_t) m->stride * m->stride * sizeof(float));
	for (int64_t first = 0; first < m->rows; first += piece)
	{
		int64_t		rows = m->rows - first < piece ? m->rows - first : piece;

		cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, m->stride, (int) rows,
					1, factor_row(m, first), m->stride, 1, gram, m->stride);
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
