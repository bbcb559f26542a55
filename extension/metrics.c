/*
 * metrics.c - how good a model is on rows that it did not see
 *
 * Ratings: root mean squared and mean absolute error of predictions inside
 * the scale.  Purchases: recall and NDCG of the ten best over the full
 * catalogue less what the client bought in training; never against sampled
 * negatives (Krichene and Rendle 2020, "On sampled metrics for item
 * recommendation").  Sums run in one fixed order: no worker takes part.
 */
#include <math.h>
#include <string.h>

#include "matrix.h"
#include "metrics.h"
#include "topn.h"
#include "workers.h"

#define CLIENTS_PER_BATCH 32

/* RMSE and MAE over the held-out ratings, whose values are standardised. */
void
metrics_ratings(const SparseRows *held_out, const RatingScale *scale,
				const FactorMatrix *clients, const FactorMatrix *products,
				RatingMetrics *result)
{
	double		squares = 0;
	double		fourths = 0;
	double		absolutes = 0;
	double		mse;
	int64_t		rows = sparse_entries(held_out);

	memset(result, 0, sizeof(*result));
	result->rows = rows;
	if (rows == 0 || !(scale->deviation > 0))
		return;
	for (int64_t u = 0; u < held_out->rows; u++)
	{
		if (u % 1024 == 0)
			workers_check_interrupts();
		for (int64_t e = held_out->start[u]; e < held_out->start[u + 1]; e++)
		{
			float		predicted = factor_dot(factor_row(clients, u),
											   factor_row(products, held_out->column[e]),
											   products->stride);
			/* in standard deviations: squares of stars may overflow */
			double		error = (scale_stars(scale, predicted) / scale->deviation -
								 scale->mean / scale->deviation - held_out->value[e]);

			squares += error * error;
			fourths += error * error * error * error;
			absolutes += fabs(error);
		}
	}
	mse = squares / rows;
	result->rmse = sqrt(mse) * scale->deviation;
	result->mae = absolutes / rows * scale->deviation;
	/* delta method: se(sqrt(x)) = se(x) / (2 sqrt(x)) */
	if (mse > 0)
		result->rmse_error = sqrt(fmax(0, fourths / rows - mse * mse) / rows) / (2 * sqrt(mse)) *
			scale->deviation;
}

size_t
metrics_ranking_scratch_size(int64_t products, int stride)
{
	return CLIENTS_PER_BATCH * (products + stride) * sizeof(float);
}

/* Adds one client's recall and NDCG, given scores of all products. */
static void
add_client(const SparseRows *training, const SparseRows *held_out, int64_t client,
		   const float *scores, double *recall, double *ndcg)
{
	TopEntry	entries[METRICS_TOP];
	TopN		top;
	int64_t		bought = training->start[client];
	int64_t		bought_end = training->start[client + 1];
	const uint32_t *wanted = held_out->column + held_out->start[client];
	int64_t		wanted_count = held_out->start[client + 1] - held_out->start[client];
	int64_t		best = wanted_count < METRICS_TOP ? wanted_count : METRICS_TOP;
	double		hits = 0;
	double		gain = 0;
	double		ideal = 0;

	topn_init(&top, entries, METRICS_TOP);
	for (int64_t product = 0; product < training->columns; product++)
	{
		if (bought < bought_end && training->column[bought] == product)
			bought++;
		else
			topn_offer(&top, scores[product], product);
	}
	topn_sort(&top);
	for (int64_t rank = 0; rank < top.used; rank++)
	{
		for (int64_t w = 0; w < wanted_count; w++)
		{
			if (wanted[w] == top.entries[rank].id)
			{
				hits++;
				gain += 1 / log2(rank + 2);
				break;
			}
		}
	}
	for (int64_t rank = 0; rank < best; rank++)
		ideal += 1 / log2(rank + 2);
	*recall = hits / best;
	*ndcg = gain / ideal;
}

/*
 * Recall and NDCG over at most max_clients clients, evenly spread, that have
 * both training and held-out purchases.  Scores are popularity where that is
 * given, else client factors . product factors.  scratch has
 * metrics_ranking_scratch_size bytes.
 */
void
metrics_ranking(const SparseRows *training, const SparseRows *held_out,
				int64_t max_clients,
				const FactorMatrix *clients, const FactorMatrix *products,
				const float *popularity, void *scratch,
				RankingMetrics *result)
{
	float	   *scores = scratch;
	float	   *batch_rows = scores + CLIENTS_PER_BATCH * training->columns;
	int64_t		batch[CLIENTS_PER_BATCH];
	int64_t		usable = 0;
	int64_t		seen = 0;
	double		recalls = 0;
	double		ndcgs = 0;
	double		ndcg_squares = 0;
	int			waiting = 0;

	memset(result, 0, sizeof(*result));
	for (int64_t u = 0; u < training->rows; u++)
		usable += (held_out->start[u + 1] > held_out->start[u] &&
				   training->start[u + 1] > training->start[u]);
	if (usable == 0)
		return;
	for (int64_t u = 0; u < training->rows; u++)
	{
		bool		measured = false;

		if (held_out->start[u + 1] > held_out->start[u] &&
			training->start[u + 1] > training->start[u])
		{
			/* every usable one, or max_clients of them evenly spread */
			measured = usable <= max_clients ||
				seen * max_clients / usable != (seen + 1) * max_clients / usable;
			seen++;
		}
		if (measured)
			batch[waiting++] = u;
		if (waiting == CLIENTS_PER_BATCH || (waiting > 0 && u == training->rows - 1))
		{
			workers_check_interrupts();
			if (!popularity)
			{
				for (int b = 0; b < waiting; b++)
					memcpy(batch_rows + (size_t) b * products->stride,
						   factor_row(clients, batch[b]), products->stride * sizeof(float));
				matrix_scores(batch_rows, waiting, products, scores);
			}
			for (int b = 0; b < waiting; b++)
			{
				double		recall;
				double		ndcg;

				add_client(training, held_out, batch[b],
						   popularity ? popularity : scores + b * training->columns,
						   &recall, &ndcg);
				recalls += recall;
				ndcgs += ndcg;
				ndcg_squares += ndcg * ndcg;
			}
			result->clients += waiting;
			waiting = 0;
		}
	}
	result->recall = recalls / result->clients;
	result->ndcg = ndcgs / result->clients;
	result->ndcg_error = sqrt(fmax(0, ndcg_squares / result->clients - result->ndcg * result->ndcg) /
							  result->clients);
}
