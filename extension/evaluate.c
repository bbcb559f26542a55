/*
 * evaluate.c - how good a model is, by rows that it did not see
 *
 * Each fold trains on a part of the rows as train() would (evaluate_split.c),
 * and judges what would then be served: stars by the ratings held out, lists
 * by what was held out of purchases or, in a model of ratings alone, by the
 * held-out products rated at least at the mean.  Nothing is written.
 *
 * A list has n products of the whole catalogue, which is every product with a
 * row to train on, less those that the client has; never a sample of it
 * (Krichene and Rendle 2020, "On sampled metrics for item recommendation").
 * Lists are made for clients who have rows on both sides, MAX_LISTS of them
 * evenly spread where there are more.  With W held-out products and hits at
 * the ranks r of a list:
 *
 *	 precision  hits / n
 *	 recall	  hits / min(n, W)
 *	 ndcg		  sum of 1 / log2(r + 1), over that of min(n, W) hits at the top
 *	 map		  sum of (hits up to r) / r, over min(n, W)
 *	 novelty	  mean of -log2(clients who have the product / all clients)
 *	 coverage   products in any list / products of the catalogue
 *
 * The baseline of stars is the biases of clients and products alone, or the
 * mean of all where that is better; that of lists the most popular products.
 * Standard errors are over clients (of coverage, over folds), by the delta
 * method: a client's rows are not independent of each other.
 *
 * Memory of a fold goes with its context.  Lists are made by worker threads,
 * a batch of clients at a time, and judged by the backend in their order.
 */
#include "evaluate.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "liking.h"
#include "topn.h"

#define MAX_LISTS 10000
#define LISTS_PER_BATCH 256

const char *const evaluate_splits[] = {"random", "client", "last", "time", NULL};

/* ---- sums ---- */

/*
 * Sums over clients: of the model, the baseline and what both are divided by,
 * and of the products of any two of these.
 */
typedef struct Tally
{
	int64		clusters;
	double		sum[3];
	double		square[3][3];
} Tally;

static void
tally_add(Tally *tally, double model, double baseline, double count)
{
	double		x[3] = {model, baseline, count};

	tally->clusters++;
	for (int i = 0; i < 3; i++)
	{
		tally->sum[i] += x[i];
		for (int j = 0; j < 3; j++)
			tally->square[i][j] += x[i] * x[j];
	}
}

/*
 * The standard error of a number whose derivatives by the two means are
 * given; NaN if there is but one client.
 */
static double
tally_error(const Tally *tally, double by_model, double by_baseline)
{
	double		count = tally->sum[2];
	double		weight[3] = {by_model / count, by_baseline / count, 0};
	double		variance = 0;

	if (tally->clusters < 2)
		return get_float8_nan();
	weight[2] = -(weight[0] * tally->sum[0] + weight[1] * tally->sum[1]) / count;
	for (int i = 0; i < 3; i++)
	{
		for (int j = 0; j < 3; j++)
			variance += weight[i] * weight[j] * tally->square[i][j];
	}
	return sqrt(Max(variance, 0) * tally->clusters / (tally->clusters - 1));
}

/* A row of the result; root: the means are of squares, of numbers in this unit. */
static void
set_row(EvaluateRow *row, const char *part, const char *metric, const Tally *tally, bool root,
		double unit, int64 samples)
{
	double		model = tally->sum[0] / tally->sum[2];
	double		baseline = tally->sum[1] / tally->sum[2];
	double		by_model = 1;
	double		by_baseline = 1;

	if (root)
	{
		model = sqrt(model);
		baseline = sqrt(baseline);
		by_model = model > 0 ? 0.5 / model : 0;
		by_baseline = baseline > 0 ? 0.5 / baseline : 0;
	}
	row->part = part;
	row->metric = metric;
	row->value = model * unit;
	row->baseline = baseline * unit;
	row->error = tally_error(tally, by_model, 0) * unit;
	row->baseline_error = tally_error(tally, 0, by_baseline) * unit;
	row->difference_error = tally_error(tally, by_model, -by_baseline) * unit;
	row->samples = samples;
}

/* The metrics of lists, in the order of their rows. */
typedef enum ListMetric
{
	LIST_PRECISION,
	LIST_RECALL,
	LIST_NDCG,
	LIST_MAP,
	LIST_COVERAGE,
	LIST_NOVELTY,
	LIST_METRICS
} ListMetric;

static const char *const list_metrics[LIST_METRICS] = {
	"precision", "recall", "ndcg", "map", "coverage", "novelty"
};

/* What all folds add to. */
typedef struct Evaluation
{
	const EvaluateOptions *options;
	double		unit;			/* of stars: errors are added up in it */
	Tally		squares;
	Tally		absolutes;
	Tally		lists[LIST_METRICS];
	int64		ratings;
	int64		list_count;
} Evaluation;

/* ---- a fold ---- */

/* What was learnt in a fold, as lists are made of it. */
typedef struct Fold
{
	Evaluation *evaluation;
	Training   *seen;
	FitRun		run;
	SourceKind	kind;			/* what lists are made of */
	SparseRows	training;		/* the pairs of that kind */
	SparseRows	held;			/* those to be found */
	SparseRows	own_stars;		/* standardised ratings, if stars correct purchases */
	bool	   *known;			/* the catalogue */
	int64		catalogue;
	int32	   *owners;			/* clients who have each product */
	int64		clients;		/* who have any */

	/* stars: by factors, or by the biases where factors are no better */
	bool		useful;
	FactorMatrix biases;		/* of clients */
	const FactorMatrix *star_clients;
	const FactorMatrix *star_products;
	float	   *unknown;		/* the row of a product without ratings */

	/* a batch */
	int64		batch[LISTS_PER_BATCH]; /* clients */
	uint32	   *list[2];		/* n a client: of the model, of the baseline */
	int			length[2][LISTS_PER_BATCH];
} Fold;

/* The held-out ratings, or what was held out to be found. */
static bool
is_held(const Interactions *from, int64 entry, void *argument)
{
	const uint8 *sides = argument;

	return sides[entry] == SIDE_HELD;
}

typedef struct LikedFilter
{
	const uint8 *sides;
	double		mean;
} LikedFilter;

static bool
is_held_and_liked(const Interactions *from, int64 entry, void *argument)
{
	const LikedFilter *filter = argument;

	return filter->sides[entry] == SIDE_HELD && from->value[entry] >= filter->mean;
}

/* What predict() would say by these factors, in units of the evaluation. */
static double
stars(const Fold *fold, const FactorMatrix *clients, const FactorMatrix *products,
	  uint32 client, uint32 product)
{
	float		standardised = factor_dot(factor_row(clients, client), factor_row(products, product),
										  products->stride);

	return scale_stars(&fold->seen->ratings.scale, standardised) / fold->evaluation->unit;
}

/* Adds the errors of predictions of the held-out ratings. */
static void
judge_stars(Fold *fold, const Interactions *ratings, const uint8 *sides)
{
	Evaluation *evaluation = fold->evaluation;
	double		mean = fold->seen->ratings.scale.mean / evaluation->unit;
	Tally		squares[2] = {0};	/* beside the biases, and beside the mean */
	Tally		absolutes[2] = {0};
	int			baseline;
	int64		next;

	for (int64 first = 0; first < ratings->used; first = next)
	{
		double		square[3] = {0};	/* model, biases, mean */
		double		absolute[3] = {0};
		int			count = 0;
		uint32		client = ratings->client[first];

		CHECK_FOR_INTERRUPTS();
		for (next = first; next < ratings->used && ratings->client[next] == client; next++)
		{
			double		value = ratings->value[next] / evaluation->unit;
			uint32		product = ratings->product[next];
			double		predicted[3];

			if (sides[next] != SIDE_HELD)
				continue;
			predicted[0] = stars(fold, fold->star_clients, fold->star_products, client, product);
			predicted[1] = stars(fold, &fold->biases, &fold->seen->ratings.baseline, client, product);
			predicted[2] = mean;
			for (int i = 0; i < 3; i++)
			{
				square[i] += (predicted[i] - value) * (predicted[i] - value);
				absolute[i] += fabs(predicted[i] - value);
			}
			count++;
		}
		if (count == 0)
			continue;
		evaluation->ratings += count;
		for (int i = 0; i < 2; i++)
		{
			tally_add(&squares[i], square[0], square[1 + i], count);
			tally_add(&absolutes[i], absolute[0], absolute[1 + i], count);
		}
	}
	baseline = squares[1].sum[1] < squares[0].sum[1];
	for (int i = 0; i < 3; i++)
	{
		evaluation->squares.sum[i] += squares[baseline].sum[i];
		evaluation->absolutes.sum[i] += absolutes[baseline].sum[i];
		for (int j = 0; j < 3; j++)
		{
			evaluation->squares.square[i][j] += squares[baseline].square[i][j];
			evaluation->absolutes.square[i][j] += absolutes[baseline].square[i][j];
		}
	}
	evaluation->squares.clusters += squares[0].clusters;
	evaluation->absolutes.clusters += absolutes[0].clusters;
}

/* ---- lists ---- */

/* How much the stars multiply a purchase's score by, for each product. */
static double
correction(const Fold *fold, int64 client, uint32 product, int64 *own)
{
	const float *row = factor_row(fold->star_clients, client);
	int			stride = fold->star_products->stride;
	double		expected = factor_dot(row, fold->unknown, stride);

	while (*own < fold->own_stars.start[client + 1] && fold->own_stars.column[*own] < product)
		(*own)++;
	if (*own < fold->own_stars.start[client + 1] && fold->own_stars.column[*own] == product)
		return liking_factor(fold->own_stars.value[*own] - expected, true);
	return liking_factor(factor_dot(row, factor_row(fold->star_products, product), stride) - expected,
						 false);
}

/* The score that recommend() would rank a product by. */
static double
score(const Fold *fold, int64 client, uint32 product, const float *by_purchases, int64 *own)
{
	const RatingFit *ratings = &fold->seen->ratings;

	if (fold->kind == SOURCE_RATINGS)
		return factor_dot(factor_row(&ratings->clients, client),
						  factor_row(&ratings->products, product), ratings->products.stride) -
			(ratings->method == RATING_BAYES ? ratings->bayes.spread[product] : 0);
	return fold->star_clients
		? liking_multiply(by_purchases[product], correction(fold, client, product, own))
		: by_purchases[product];
}

/* Makes both lists of one client of the batch.  A WorkFunction. */
static void
make_lists(void *argument, int64_t item, void *scratch)
{
	Fold	   *fold = argument;
	int64		client = fold->batch[item];
	int			n = fold->evaluation->options->n;
	/* stars that are no better than the biases make no list of one's own */
	bool		personal = fold->kind == SOURCE_PURCHASES || fold->useful;
	float	   *by_purchases = (float *) ((TopEntry *) scratch + n);

	if (fold->kind == SOURCE_PURCHASES)
		fit_purchase_scores(&fold->seen->purchases, &fold->training, client, by_purchases);
	for (int i = 0; i < 2; i++)
	{
		int64		had = fold->training.start[client];
		int64		own = fold->kind == SOURCE_PURCHASES && fold->star_clients
			? fold->own_stars.start[client] : 0;
		TopN		top;

		topn_init(&top, scratch, n);
		for (uint32 product = 0; product < fold->training.columns; product++)
		{
			if (had < fold->training.start[client + 1] && fold->training.column[had] == product)
				had++;
			else if (fold->known[product])
				topn_offer(&top, i == 0 && personal
						   ? score(fold, client, product, by_purchases, &own)
						   : fold->seen->popularity[product], product);
		}
		topn_sort(&top);
		fold->length[i][item] = top.used;
		for (int rank = 0; rank < top.used; rank++)
			fold->list[i][item * n + rank] = (uint32) top.entries[rank].id;
	}
}

/* Measures one list, all but the coverage. */
static void
judge_list(const Fold *fold, int64 client, const uint32 *list, int length, double *metrics)
{
	const uint32 *wanted = fold->held.column + fold->held.start[client];
	int64		wanted_count = fold->held.start[client + 1] - fold->held.start[client];
	int			n = fold->evaluation->options->n;
	int			best = Min(n, wanted_count);
	double		ideal = 0;
	double		gain = 0;
	double		precisions = 0;
	double		surprise = 0;
	int			hits = 0;

	for (int rank = 1; rank <= length; rank++)
	{
		if (columns_find(wanted, wanted_count, list[rank - 1]) >= 0)
		{
			hits++;
			gain += 1 / log2(rank + 1);
			precisions += (double) hits / rank;
		}
		surprise -= log2((double) Max(fold->owners[list[rank - 1]], 1) / fold->clients);
	}
	for (int rank = 1; rank <= best; rank++)
		ideal += 1 / log2(rank + 1);
	metrics[LIST_PRECISION] = (double) hits / n;
	metrics[LIST_RECALL] = (double) hits / best;
	metrics[LIST_NDCG] = gain / ideal;
	metrics[LIST_MAP] = precisions / best;
	metrics[LIST_NOVELTY] = length > 0 ? surprise / length : 0;
}

/* Makes and judges the lists of a batch; marks their products as covered. */
static void
judge_batch(Fold *fold, int count, bool *covered[2])
{
	Evaluation *evaluation = fold->evaluation;
	int			n = evaluation->options->n;

	fold->run.trainer->workers_run(&fold->run.workers, make_lists, fold, count);
	for (int item = 0; item < count; item++)
	{
		double		metrics[2][LIST_METRICS] = {{0}};

		for (int i = 0; i < 2; i++)
		{
			const uint32 *list = fold->list[i] + item * n;

			judge_list(fold, fold->batch[item], list, fold->length[i][item], metrics[i]);
			for (int rank = 0; rank < fold->length[i][item]; rank++)
				covered[i][list[rank]] = true;
		}
		for (int metric = 0; metric < LIST_METRICS; metric++)
		{
			if (metric != LIST_COVERAGE)
				tally_add(&evaluation->lists[metric], metrics[0][metric], metrics[1][metric], 1);
		}
		evaluation->list_count++;
	}
}

static bool
is_judged(const Fold *fold, int64 client)
{
	return fold->held.start[client + 1] > fold->held.start[client] &&
		fold->training.start[client + 1] > fold->training.start[client];
}

/* Judges the lists of all clients who can be judged, or MAX_LISTS of them. */
static void
judge_lists(Fold *fold)
{
	Budget	   *budget = &fold->seen->budget;
	int64		products = fold->training.columns;
	int64		n = fold->evaluation->options->n;
	int64		usable = 0;
	int64		met = 0;
	int			waiting = 0;
	bool	   *covered[2];
	int64		covers[2] = {0};

	for (int64 client = 0; client < fold->training.rows; client++)
		usable += is_judged(fold, client);
	if (usable == 0)
		return;
	for (int i = 0; i < 2; i++)
	{
		fold->list[i] = budget_alloc(budget, LISTS_PER_BATCH * n, sizeof(uint32));
		covered[i] = budget_alloc(budget, products, sizeof(bool));
		memset(covered[i], 0, products * sizeof(bool));
	}
	fold->run.workers.scratch_size = n * sizeof(TopEntry) + products * sizeof(float);
	fold->run.workers.scratch = budget_alloc(budget, fold->run.workers.participants,
											 fold->run.workers.scratch_size);
	for (int64 client = 0; client < fold->training.rows; client++)
	{
		if (is_judged(fold, client))
		{
			/* every one, or MAX_LISTS of them evenly spread */
			if (usable <= MAX_LISTS || met * MAX_LISTS / usable != (met + 1) * MAX_LISTS / usable)
				fold->batch[waiting++] = client;
			met++;
		}
		if (waiting == LISTS_PER_BATCH || (waiting > 0 && client == fold->training.rows - 1))
		{
			judge_batch(fold, waiting, covered);
			waiting = 0;
		}
	}
	for (int64 product = 0; product < products; product++)
	{
		covers[0] += covered[0][product];
		covers[1] += covered[1][product];
	}
	tally_add(&fold->evaluation->lists[LIST_COVERAGE], (double) covers[0] / fold->catalogue,
			  (double) covers[1] / fold->catalogue, 1);
}

/* ---- the whole ---- */

/* What stars are served by. */
static void
choose_stars(Fold *fold)
{
	RatingFit  *fit = &fold->seen->ratings;
	Budget	   *budget = &fold->seen->budget;
	const FactorMatrix *m;

	fit_rating_rows(&fold->run, &fold->seen->interactions[SOURCE_RATINGS], NULL, &fit->scale, &fold->own_stars);
	fold->biases = fit_fold_in_biases(budget, &fit->baseline, fit->baseline_penalty, &fold->own_stars);
	fold->useful = fit_ratings_useful(fit);
	fold->star_clients = fold->useful ? &fit->clients : &fold->biases;
	fold->star_products = m = fold->useful ? &fit->products : &fit->baseline;
	fold->unknown = budget_alloc(budget, m->stride, sizeof(float));
	if (fold->useful && fit->method == RATING_BAYES)
		memcpy(fold->unknown, fit->bayes.unrated, m->stride * sizeof(float));
	else
		factor_average(m, budget_alloc(budget, m->stride, sizeof(double)), fold->unknown);
}

/* Every product with a row to train on. */
static void
find_catalogue(Fold *fold)
{
	int64		products = fold->seen->products.used;

	fold->known = budget_alloc(&fold->seen->budget, products, sizeof(bool));
	memset(fold->known, 0, products * sizeof(bool));
	for (int kind = SOURCE_RATINGS; kind <= SOURCE_PURCHASES; kind++)
	{
		const Interactions *rows = &fold->seen->interactions[kind];

		for (int64 i = 0; i < rows->used; i++)
			fold->known[rows->product[i]] = true;
	}
	for (int64 product = 0; product < products; product++)
		fold->catalogue += fold->known[product];
}

/* The pairs that lists are made of, and those to be found. */
static void
find_pairs(Fold *fold, const Training *training, uint8 *sides)
{
	Budget	   *budget = &fold->seen->budget;
	const Interactions *all = &training->interactions[fold->kind];
	const Interactions *seen = &fold->seen->interactions[fold->kind];
	LikedFilter liked = {sides, fold->seen->ratings.scale.mean};
	float	   *weights = NULL;

	if (fold->kind == SOURCE_PURCHASES)
		weights = fit_purchase_weights(seen, NULL, fold->seen->purchases.setting.half_life,
									   fold->seen->purchases.origin, budget);

	interactions_by_client(seen, NULL, NULL, weights, &fold->training, budget);
	fold->owners = budget_alloc(budget, fold->training.columns, sizeof(int32));
	memset(fold->owners, 0, fold->training.columns * sizeof(int32));
	for (int64 e = 0; e < sparse_entries(&fold->training); e++)
		fold->owners[fold->training.column[e]]++;
	for (int64 client = 0; client < fold->training.rows; client++)
		fold->clients += fold->training.start[client + 1] > fold->training.start[client];
	if (fold->kind == SOURCE_PURCHASES)
		interactions_by_client(all, is_held, sides, NULL, &fold->held, budget);
	else
		interactions_by_client(all, is_held_and_liked, &liked, NULL, &fold->held, budget);
}

static void
run_fold(Training *training, Evaluation *evaluation, int number)
{
	MemoryContext context = AllocSetContextCreate(training->context, "reco evaluation fold",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);
	Training   *seen = palloc(sizeof(Training));
	Fold	   *fold = palloc0(sizeof(Fold));
	uint8	   *sides[SOURCE_CANDIDATES] = {NULL};
	SourceKind	kind = training->has_purchases ? SOURCE_PURCHASES : SOURCE_RATINGS;

	*seen = *training;
	seen->context = context;
	seen->budget.context = context;
	evaluate_split_fold(training, evaluation->options, number, seen, sides);
	fold->evaluation = evaluation;
	fold->seen = seen;
	fold->kind = kind;
	if (training_has_rows(seen))
	{
		training_fit(seen);
		fold->run = training_run(seen);
		find_catalogue(fold);
		if (seen->has_ratings)
		{
			choose_stars(fold);
			judge_stars(fold, &training->interactions[SOURCE_RATINGS], sides[SOURCE_RATINGS]);
		}
		if (kind == SOURCE_RATINGS || seen->has_purchases)
		{
			find_pairs(fold, training, sides[kind]);
			judge_lists(fold);
		}
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
}

/* What errors of stars are added up in: squares of the stars themselves may be too great. */
static double
largest_rating(const Interactions *ratings)
{
	double		largest = 0;

	for (int64 i = 0; i < ratings->used; i++)
		largest = Max(largest, fabs(ratings->value[i]));
	return largest > 0 ? largest : 1;
}

/*
 * Evaluates what training has read.  Fills in up to MAX_EVALUATE_ROWS rows and
 * returns how many; 0 if nothing could be measured.
 */
int
evaluate_training(Training *training, const EvaluateOptions *options, EvaluateRow *rows)
{
	MemoryContext before = MemoryContextSwitchTo(training->context);
	Evaluation *evaluation = palloc0(sizeof(Evaluation));
	const char *part = source_names[training->has_purchases ? SOURCE_PURCHASES : SOURCE_RATINGS];
	int			count = 0;

	evaluation->options = options;
	evaluation->unit = largest_rating(&training->interactions[SOURCE_RATINGS]);
	for (int fold = 0; fold < options->folds; fold++)
		run_fold(training, evaluation, fold);
	if (evaluation->ratings > 0)
	{
		set_row(&rows[count++], source_names[SOURCE_RATINGS], "rmse", &evaluation->squares, true,
				evaluation->unit, evaluation->ratings);
		set_row(&rows[count++], source_names[SOURCE_RATINGS], "mae", &evaluation->absolutes, false,
				evaluation->unit, evaluation->ratings);
	}
	for (int metric = 0; metric < LIST_METRICS && evaluation->list_count > 0; metric++)
		set_row(&rows[count++], part, list_metrics[metric], &evaluation->lists[metric], false, 1,
				evaluation->list_count);
	MemoryContextSwitchTo(before);
	return count;
}
