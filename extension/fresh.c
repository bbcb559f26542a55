/*
 * fresh.c - how the version that serves did on the rows that came since
 *
 * Rows that came after the active version was trained are held out from it by
 * nature, and are what it was there to foresee.  A nightly run has them in
 * hand, so before it trains anew it asks what the active version made of
 * them, with the factors that it learnt, and what its baseline made of the
 * same rows: the most popular products of its day, or the biases.  Next to
 * the metrics of its training, on pairs drawn at random, these are lower: the
 * future is harder to tell than the past.  It is the baseline that says
 * whether the version is still of use.
 *
 * What came since is known by the column at of the model's queries; without
 * it there is nothing to be said.
 */
#include "fresh.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "store.h"
#include "trusted.h"

/* No judgement on fewer. */
#define MIN_FRESH_RATINGS 100
#define MIN_FRESH_CLIENTS 20
#define MAX_FRESH_CLIENTS 5000

static Statement find_trained_at = {
	"SELECT v.trained_at FROM reco.model_version v WHERE v.uuid = $1", NULL
};

/* Has the reading mark the rows that the active version has not seen. */
void
fresh_mark(Training *training)
{
	Datum		uuid = UUIDPGetDatum(&training->model->uuid);
	Scope		scope;
	bool		isnull;

	if (!training->model->active)
		return;
	scope_begin_engine(&scope);
	if (statement_run(&find_trained_at, 1, (Oid[]) {UUIDOID}, &uuid, NULL, false, 1) == 1)
	{
		training->marks_fresh = true;
		training->fresh_since =
			DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
											  &isnull));
	}
	scope_end(&scope);
}

/* The active version, as far as it is needed here. */
typedef struct Served
{
	StoreHeader header;
	const pg_uuid_t *uuid;
	uint32	   *clients;		/* by number in the training: here, or NOT_KNOWN */
	uint32	   *products;
	Budget		budget;
} Served;

#define NOT_KNOWN PG_UINT32_MAX

/* Both lists of ids ascend, so one walk finds the places of one in the other. */
static uint32 *
match_ids(Served *served, StoreArray array, int64 count, const IdMap *map)
{
	int64	   *ids = store_read_ids(served->uuid, array, count, &served->budget);
	uint32	   *places = budget_alloc(&served->budget, map->used, sizeof(uint32));
	int64		place = 0;

	for (uint32 i = 0; i < map->used; i++)
	{
		while (place < count && ids[place] < map->ids[i])
			place++;
		places[i] = place < count && ids[place] == map->ids[i] ? (uint32) place : NOT_KNOWN;
	}
	budget_free(&served->budget, ids, count, sizeof(int64));
	return places;
}

static bool
is_known(const Served *served, const Interactions *rows, int64 entry)
{
	return served->clients[rows->client[entry]] != NOT_KNOWN &&
		served->products[rows->product[entry]] != NOT_KNOWN;
}

/*
 * The fresh pairs, or the others, as a matrix over the clients and products
 * of the version.  Pairs are in the order of ids there as well as here.
 */
static void
make_matrix(Served *served, const Interactions *rows, bool fresh, const RatingScale *scale,
			SparseRows *matrix)
{
	const StoreHeader *header = &served->header;
	bool		ages = !scale && rows->line_start && header->purchase_half_life > 0;
	Budget	   *budget = &served->budget;
	int64		entries = 0;
	int64		next_row = 0;

	for (int64 i = 0; i < rows->used; i++)
		entries += rows->fresh[i] == fresh && is_known(served, rows, i);
	CHECK_FOR_INTERRUPTS();
	matrix->rows = served->header.clients;
	matrix->columns = served->header.products;
	matrix->start = budget_alloc(budget, matrix->rows + 1, sizeof(int64));
	matrix->column = budget_alloc(budget, entries, sizeof(uint32));
	matrix->value = scale || ages ? budget_alloc(budget, entries, sizeof(float)) : NULL;
	entries = 0;
	for (int64 i = 0; i < rows->used; i++)
	{
		if (rows->fresh[i] != fresh || !is_known(served, rows, i))
			continue;
		while (next_row <= served->clients[rows->client[i]])
			matrix->start[next_row++] = entries;
		matrix->column[entries] = served->products[rows->product[i]];
		if (scale)
			matrix->value[entries] = rating_standardise(scale, rows->value[i]);
		else if (ages)
			matrix->value[entries] = sqrt(lines_weight(interactions_lines(rows, i), PG_INT64_MAX,
													   header->purchase_origin,
													   header->purchase_half_life));
		entries++;
	}
	while (next_row <= matrix->rows)
		matrix->start[next_row++] = entries;
	CHECK_FOR_INTERRUPTS();
}

static FactorMatrix
read_factors(Served *served, StoreArray array, int64 rows, int width)
{
	return store_read_factors(served->uuid, array, rows, width, &served->budget);
}

static Neighbours
read_neighbours(Served *served)
{
	Neighbours	m = {
		.rows = served->header.products,.width = (int) served->header.neighbour_width
	};

	m.product = budget_alloc(&served->budget, m.rows * m.width, sizeof(uint32));
	m.weight = budget_alloc(&served->budget, m.rows * m.width, sizeof(float));
	store_read(served->uuid, STORE_NEIGHBOUR_PRODUCT, m.product, m.rows, m.width * sizeof(uint32),
			   m.width * sizeof(uint32));
	store_read(served->uuid, STORE_NEIGHBOUR_WEIGHT, m.weight, m.rows, m.width * sizeof(float),
			   m.width * sizeof(float));
	return m;
}

static void
measure_ratings(Served *served, const Interactions *rows, const Trainer *trainer, Fresh *result)
{
	const StoreHeader *header = &served->header;
	RatingScale scale = {
		header->rating_mean, header->rating_deviation, header->rating_lowest, header->rating_highest
	};
	SparseRows	seen;
	SparseRows	fresh;
	FactorMatrix clients;
	FactorMatrix products;
	RatingMetrics metrics;
	RatingMetrics baseline;

	make_matrix(served, rows, true, &scale, &fresh);
	result->rows += sparse_entries(&fresh);
	if (sparse_entries(&fresh) == 0)
		return;
	make_matrix(served, rows, false, &scale, &seen);
	clients = read_factors(served, STORE_RATING_CLIENTS, header->clients, header->rating_width);
	products = read_factors(served, STORE_RATING_PRODUCTS, header->products, header->rating_width);
	trainer->metrics_ratings(&fresh, &scale, &clients, &products, &metrics);
	products = read_factors(served, STORE_RATING_BASELINE, header->products, SVD_BIAS_COLUMNS);
	clients = fit_fold_in_biases(&served->budget, &products, header->baseline_bias_penalty, &seen);
	trainer->metrics_ratings(&fresh, &scale, &clients, &products, &baseline);
	result->has_ratings = true;
	result->rmse = metrics.rmse;
	result->baseline_rmse = baseline.rmse;
	if (!store_has_purchases(header))
		result->drifted = metrics.rows >= MIN_FRESH_RATINGS &&
			metrics.rmse - metrics.rmse_error > baseline.rmse;
}

static void
measure_purchases(Served *served, const Interactions *rows, const Trainer *trainer, Fresh *result)
{
	const StoreHeader *header = &served->header;
	SparseRows	seen;
	SparseRows	fresh;
	FactorMatrix clients = {0};
	FactorMatrix products = {0};
	Neighbours	neighbours;
	RankingModel model = {0};
	RankingModel popular = {0};
	Workers		alone = {.participants = 1};
	float	   *popularity;
	void	   *scratch;
	RankingMetrics metrics;
	RankingMetrics popular_metrics;

	make_matrix(served, rows, true, NULL, &fresh);
	result->rows += sparse_entries(&fresh);
	if (sparse_entries(&fresh) == 0)
		return;
	make_matrix(served, rows, false, NULL, &seen);
	if (header->neighbour_width > 0)
	{
		neighbours = read_neighbours(served);
		model.neighbours = &neighbours;
		model.factor_weight = header->factor_weight;
	}
	if (header->purchase_width > 0)
	{
		clients = read_factors(served, STORE_PURCHASE_CLIENTS, header->clients, header->purchase_width);
		products = read_factors(served, STORE_PURCHASE_PRODUCTS, header->products, header->purchase_width);
		model.clients = &clients;
		model.products = &products;
	}
	popularity = budget_alloc(&served->budget, header->products, sizeof(float));
	store_read(served->uuid, STORE_POPULARITY, popularity, header->products, sizeof(float),
			   sizeof(float));
	popular.popularity = popularity;
	scratch = budget_alloc(&served->budget, 1,
						   trainer->metrics_ranking_scratch_size(header->products, products.stride));
	trainer->metrics_ranking(&seen, &fresh, MAX_FRESH_CLIENTS, METRICS_TOP, &model, &alone, scratch,
							 &metrics);
	trainer->metrics_ranking(&seen, &fresh, MAX_FRESH_CLIENTS, METRICS_TOP, &popular, &alone, scratch,
							 &popular_metrics);
	if (metrics.clients == 0)
		return;
	result->has_purchases = true;
	result->ndcg = metrics.ndcg;
	result->popular_ndcg = popular_metrics.ndcg;
	result->drifted = metrics.clients >= MIN_FRESH_CLIENTS &&
		metrics.ndcg + metrics.ndcg_error < popular_metrics.ndcg;
}

static bool
has_fresh(const Interactions *rows)
{
	if (rows->fresh == NULL)
		return false;
	for (int64 i = 0; i < rows->used; i++)
	{
		if (rows->fresh[i])
			return true;
	}
	return false;
}

/*
 * Measures the active version of the model on the rows that training has read
 * and marked.  Returns whether there was anything to measure.
 */
bool
fresh_measure(const Training *training, Fresh *result)
{
	const Interactions *ratings = &training->interactions[SOURCE_RATINGS];
	const Interactions *purchases = &training->interactions[SOURCE_PURCHASES];
	Served		served = {.uuid = &training->model->uuid,.budget = training->budget};
	MemoryContext context;
	MemoryContext before;
	const Trainer *trainer;

	memset(result, 0, sizeof(*result));
	if (!has_fresh(ratings) && !has_fresh(purchases))
		return false;
	context = AllocSetContextCreate(CurrentMemoryContext, "reco fresh rows", ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(context);
	served.budget.context = context;
	trainer = training_trainer();
	store_read(served.uuid, STORE_HEADER, &served.header, 1, sizeof(StoreHeader), sizeof(StoreHeader));
	if (served.header.format == STORE_FORMAT && store_header_fault(&served.header) == NULL)
	{
		served.clients = match_ids(&served, STORE_CLIENT_ID, served.header.clients, &training->clients);
		served.products = match_ids(&served, STORE_PRODUCT_ID, served.header.products,
									&training->products);
		if (has_fresh(ratings) && served.header.rating_width > SVD_BIAS_COLUMNS)
			measure_ratings(&served, ratings, trainer, result);
		if (has_fresh(purchases) && store_has_purchases(&served.header))
			measure_purchases(&served, purchases, trainer, result);
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
	return result->has_ratings || result->has_purchases;
}
