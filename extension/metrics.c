/*
 * metrics.c - how good a model is on rows that it did not see
 *
 * Ratings: root mean squared and mean absolute error of predictions inside
 * the scale.  Purchases: recall and NDCG of the best over the full catalogue
 * less what the client bought in training; never against sampled negatives
 * (Krichene and Rendle 2020, "On sampled metrics for item recommendation").
 * Workers measure clients, but no sum is theirs: these run in one fixed order.
 */
#include <math.h>
#include <string.h>

#include "matrix.h"
#include "metrics.h"
#include "topn.h"

#define CLIENTS_PER_BATCH 32

/* How far a prediction is off, in standard deviations: squares of stars may overflow. */
static double
rating_error(const RatingScale *scale, const FactorMatrix *clients, const FactorMatrix *products,
			 int64_t client, uint32_t product, double value)
{
	float		predicted = factor_dot(factor_row(clients, client), factor_row(products, product),
									   products->stride);

	return scale_stars(scale, predicted) / scale->deviation - scale->mean / scale->deviation - value;
}

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
			double		error = rating_error(scale, clients, products, u, held_out->column[e],
											 held_out->value[e]);

			squares += error * error;
			fourths += error * error * error * error;
			absolutes += fabs(error);
		}
	}
	mse = squares / rows;
	result->rmse = finite_number(sqrt(mse) * scale->deviation);
	result->mae = finite_number(absolutes / rows * scale->deviation);
	/* delta method: se(sqrt(x)) = se(x) / (2 sqrt(x)) */
	if (mse > 0)
		result->rmse_error = finite_number(sqrt(fmax(0, fourths / rows - mse * mse) / rows) /
										   (2 * sqrt(mse)) * scale->deviation);
}

/*
 * By how many standard errors a model's squared errors on the held-out ratings
 * are less than those of a baseline.  Errors are compared rating by rating,
 * and summed by client: those of one client go together.
 */
double
metrics_ratings_gain(const SparseRows *held_out, const RatingScale *scale,
					 const FactorMatrix *clients, const FactorMatrix *products,
					 const FactorMatrix *baseline_clients, const FactorMatrix *baseline_products)
{
	double		sum = 0;
	double		squares = 0;

	if (!(scale->deviation > 0))
		return 0;
	for (int64_t u = 0; u < held_out->rows; u++)
	{
		double		gain = 0;

		if (u % 1024 == 0)
			workers_check_interrupts();
		for (int64_t e = held_out->start[u]; e < held_out->start[u + 1]; e++)
		{
			double		error = rating_error(scale, clients, products, u, held_out->column[e],
											 held_out->value[e]);
			double		baseline = rating_error(scale, baseline_clients, baseline_products, u,
												held_out->column[e], held_out->value[e]);

			gain += baseline * baseline - error * error;
		}
		sum += gain;
		squares += gain * gain;
	}
	return squares > 0 ? sum / sqrt(squares) : 0;
}

size_t
metrics_ranking_scratch_size(int64_t products, int stride)
{
	return CLIENTS_PER_BATCH * (products + stride) * sizeof(float);
}

/* One client's recall and NDCG, given scores of all products. */
static void
measure_list(const SparseRows *training, const SparseRows *held_out, int64_t client,
			 int length, const float *scores, double *recall, double *ndcg)
{
	TopEntry	entries[METRICS_TRIAL_TOP];
	TopN		top;
	int64_t		bought = training->start[client];
	int64_t		bought_end = training->start[client + 1];
	const uint32_t *wanted = held_out->column + held_out->start[client];
	int64_t		wanted_count = held_out->start[client + 1] - held_out->start[client];
	int64_t		best = wanted_count < length ? wanted_count : length;
	double		hits = 0;
	double		gain = 0;
	double		ideal = 0;

	topn_init(&top, entries, length);
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

/* Some clients who are measured together. */
typedef struct Batch
{
	const SparseRows *training;
	const SparseRows *held_out;
	const RankingModel *model;
	int			top;
	int			count;
	int64_t		client[CLIENTS_PER_BATCH];
	float	   *scores;			/* of all products for each */
	float	   *rows;			/* factors of each */
	double		recall[CLIENTS_PER_BATCH];
	double		ndcg[CLIENTS_PER_BATCH];
} Batch;

/* The scores of a batch by factors alone. */
static void
score_by_factors(const Batch *batch)
{
	const RankingModel *model = batch->model;

	for (int b = 0; b < batch->count; b++)
		memcpy(batch->rows + (size_t) b * model->products->stride,
			   factor_row(model->clients, batch->client[b]), model->products->stride * sizeof(float));
	matrix_scores(batch->rows, batch->count, model->products, batch->scores);
}

static void
score_by_neighbours(const Batch *batch, int64_t client, float *scores)
{
	const RankingModel *model = batch->model;
	const SparseRows *training = batch->training;
	int64_t		first = training->start[client];

	neighbours_scores(model->neighbours, training->column + first,
					  training->value ? training->value + first : NULL,
					  training->start[client + 1] - first, scores);
	if (model->factor_weight > 0)
		factor_add_scores(factor_row(model->clients, client), model->products,
						  model->factor_weight, scores);
}

/* Measures one client of a batch.  A WorkFunction. */
static void
measure_client(void *argument, int64_t item, void *scratch)
{
	Batch	   *batch = argument;
	float	   *scores = batch->scores + item * batch->training->columns;

	if (batch->model->neighbours)
		score_by_neighbours(batch, batch->client[item], scores);
	measure_list(batch->training, batch->held_out, batch->client[item], batch->top,
				 batch->model->popularity ? batch->model->popularity : scores,
				 &batch->recall[item], &batch->ndcg[item]);
}

/*
 * Recall and NDCG of lists of top, METRICS_TOP or METRICS_TRIAL_TOP, over at
 * most max_clients clients, evenly spread, that have both training and
 * held-out purchases.  Workers need no scratch; scratch has
 * metrics_ranking_scratch_size bytes.
 */
void
metrics_ranking(const SparseRows *training, const SparseRows *held_out,
				int64_t max_clients, int top, const RankingModel *model,
				const Workers *workers, void *scratch, RankingMetrics *result)
{
	Batch		batch = {
		.training = training,.held_out = held_out,.model = model,.top = top,.scores = scratch
	};
	int64_t		usable = 0;
	int64_t		seen = 0;
	double		recalls = 0;
	double		ndcgs = 0;
	double		ndcg_squares = 0;

	batch.rows = batch.scores + CLIENTS_PER_BATCH * training->columns;
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
			batch.client[batch.count++] = u;
		if (batch.count == CLIENTS_PER_BATCH || (batch.count > 0 && u == training->rows - 1))
		{
			workers_check_interrupts();
			if (!model->popularity && !model->neighbours)
				score_by_factors(&batch);
			workers_run(workers, measure_client, &batch, batch.count);
			for (int b = 0; b < batch.count; b++)
			{
				recalls += batch.recall[b];
				ndcgs += batch.ndcg[b];
				ndcg_squares += batch.ndcg[b] * batch.ndcg[b];
			}
			result->clients += batch.count;
			batch.count = 0;
		}
	}
	result->recall = recalls / result->clients;
	result->ndcg = ndcgs / result->clients;
	result->ndcg_error = sqrt(fmax(0, ndcg_squares / result->clients - result->ndcg * result->ndcg) /
							  result->clients);
}
