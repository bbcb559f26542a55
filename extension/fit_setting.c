/*
 * fit_setting.c - fitting purchases as a setting says
 *
 * By the method that the setting says: factors by implicit ALS (ials.c),
 * weights from product to product (neighbours_fit.c) by EASE or by cosines, or
 * factors and EASE together, whose scores are added: both foretell the same 0
 * and 1, and err in different ways.  Which one suits, and how, differs from
 * shop to shop by far more than any method's own refinements; it is found by
 * trials (fit_trials.c).
 *
 * Where the query tells when things were bought, a purchase may weigh less
 * the older it is: by the root of what its half-life leaves of it
 * (interactions.c), if trials show that it should.
 */
#include "fit.h"

#include <math.h>

#include "storage/shmem.h"
#include "utils/timestamp.h"

/*
 * Products that take part in EASE: the inverse takes the cube of them.  Where
 * there are factors besides, these know the rest.
 */
#define MOST_PRODUCTS 10000
#define MOST_BLENDED_PRODUCTS 4000

/* Of what is left of reco.max_memory, the inverse takes at most this part. */
#define INVERSE_SHARE 0.8

/* ---- pairs ---- */

static int64
filled_rows(const SparseRows *m)
{
	int64		filled = 0;

	for (int64 row = 0; row < m->rows; row++)
		filled += m->start[row + 1] > m->start[row];
	return filled;
}

/* In the microseconds of timestamps. */
double
fit_half_life(int days)
{
	return (double) days * USECS_PER_DAY;
}

/*
 * The time by which the purchases of a side age: its last, or that of the
 * split.  What a till with a wrong clock dates in the future does not count.
 */
static int64
origin_of(const Interactions *purchases, const FitSide *side)
{
	int64		now = GetCurrentTimestamp();
	int64		origin = PG_INT64_MIN;

	for (int64 client = 0; side && side->held_from && client < purchases->clients->used; client++)
	{
		if (side->held_from[client] <= now)
			origin = Max(origin, side->held_from[client]);
	}
	if (origin > PG_INT64_MIN)
		return origin;
	for (int64 i = 0; i < purchases->line_start[purchases->used]; i++)
	{
		if (purchases->lines[i].at <= now)
			origin = Max(origin, purchases->lines[i].at);
	}
	return origin;
}

/*
 * What each purchase weighs by a half-life in days, of those of a side; NULL
 * if all weigh the same.
 */
float *
fit_purchase_weights(const Interactions *purchases, const FitSide *side, int half_life,
					 int64 origin, Budget *budget)
{
	float	   *weights;

	if (half_life == 0 || !purchases->line_start)
		return NULL;
	weights = budget_alloc(budget, purchases->used, sizeof(float));

	for (int64 entry = 0; entry < purchases->used; entry++)
	{
		int64		before = side && side->held_from
			? side->held_from[purchases->client[entry]] : PG_INT64_MAX;

		check_interrupts_at(entry);
		weights[entry] = sqrt(lines_weight(interactions_lines(purchases, entry), before, origin,
										   fit_half_life(half_life)));
	}
	return weights;
}

/* The pairs of a side (NULL: all), weighing by a half-life in days (0: all the same). */
void
fit_purchase_pairs(FitRun *run, const Interactions *purchases, FitSide *side, int half_life,
				   PurchasePairs *pairs)
{
	float	   *weights;

	pairs->origin = half_life > 0 && purchases->line_start ? origin_of(purchases, side) : 0;
	weights = fit_purchase_weights(purchases, side, half_life, pairs->origin, run->budget);
	interactions_by_client(purchases, side ? fit_on_side : NULL, side, weights, &pairs->by_client,
						   run->budget);
	budget_free(run->budget, weights, purchases->used, sizeof(float));
	sparse_transpose(&pairs->by_client, &pairs->by_product, run->budget);
	pairs->clients = filled_rows(&pairs->by_client);
	pairs->products = filled_rows(&pairs->by_product);
	CHECK_FOR_INTERRUPTS();
}

void
fit_free_purchase_pairs(FitRun *run, PurchasePairs *pairs)
{
	sparse_free(&pairs->by_product, run->budget);
	sparse_free(&pairs->by_client, run->budget);
}

/* ---- one setting ---- */

/* Iterations that a fit takes: from earlier factors, which it goes on from, half of them will do. */
int
fit_purchase_iterations(const PurchaseFit *fit)
{
	return fit->gram ? (fit->setting.iterations + 1) / 2 : fit->setting.iterations;
}

static void
fit_factors(FitRun *run, const PurchasePairs *pairs, PurchaseFit *fit)
{
	const PurchaseSetting *setting = &fit->setting;
	IalsOptions options = {
		.iterations = fit_purchase_iterations(fit),.seed = run->options->seed,.resume = fit->gram != NULL
	};
	Size		size = run->trainer->ials_memory_size(setting->factors);
	void	   *memory;

	if (!options.resume)
	{
		fit->clients = fit_alloc_factors(run->budget, pairs->by_client.rows, setting->factors);
		fit->products = fit_alloc_factors(run->budget, pairs->by_product.rows, setting->factors);
		fit->gram = budget_alloc(run->budget, fit->products.stride,
								 fit->products.stride * sizeof(float));
	}
	options.penalty.unobserved = setting->unobserved;
	options.penalty.factor = run->options->purchase_regularization;
	if (setting->method != PURCHASE_ALS || run->options->purchase_regularization == OPTION_AUTO)
		options.penalty.factor =
			run->trainer->ials_scaled_penalty(setting->factor_penalty, setting->unobserved,
											  Max(pairs->clients, 1), Max(pairs->products, 1),
											  sparse_entries(&pairs->by_client));
	fit->penalty = options.penalty;
	fit_start_workers(run, setting->factors);
	memory = budget_alloc(run->budget, size, 1);
	run->trainer->ials_fit(&pairs->by_client, &pairs->by_product, &options, &run->workers, memory,
						   &fit->clients, &fit->products, fit->gram);
	budget_free(run->budget, memory, size, 1);
	fit_end_workers(run);
}

/* As many products as the inverse may take by what memory is left. */
static int64
most_by_memory(const FitRun *run)
{
	Size		left = run->budget->limit - Min(run->budget->limit, run->budget->used);

	return (int64) sqrt(INVERSE_SHARE * left / sizeof(float));
}

static bool
fit_neighbours(FitRun *run, const PurchasePairs *pairs, int64 most_products, PurchaseFit *fit)
{
	const PurchaseSetting *setting = &fit->setting;
	int64		rows = pairs->by_product.rows;
	Neighbours *m = &fit->neighbours;
	NeighbourOptions options = {
		.inverse = setting->method != PURCHASE_ITEMS,.penalty = setting->penalty,
		.popularity = setting->popularity
	};
	Size		size;
	void	   *memory;
	bool		fitted;

	if (m->product == NULL)
	{
		m->rows = rows;
		m->width = run->trainer->neighbours_width(rows);
		m->product = budget_alloc(run->budget, mul_size(rows, m->width), sizeof(uint32));
		m->weight = budget_alloc(run->budget, mul_size(rows, m->width), sizeof(float));
	}
	/* before the workers' scratch is taken: their number shall make no difference */
	if (setting->method == PURCHASE_BLEND)
		most_products = Min(most_products, MOST_BLENDED_PRODUCTS);
	options.most = Max(Min(Min(most_products, MOST_PRODUCTS), most_by_memory(run)), 1);
	run->workers.scratch_size = run->trainer->neighbours_scratch_size(rows);
	run->workers.scratch = budget_alloc(run->budget, run->workers.participants,
										run->workers.scratch_size);
	size = run->trainer->neighbours_memory_size(rows, &options);
	memory = budget_alloc(run->budget, size, 1);
	fitted = run->trainer->neighbours_fit(&pairs->by_client, &pairs->by_product, &options,
										  &run->workers, memory, m);
	budget_free(run->budget, memory, size, 1);
	fit_end_workers(run);
	return fitted;
}

/* Would reco.max_memory let a setting be fitted, of these clients and products? */
bool
fit_purchase_has_room(const FitRun *run, const PurchaseSetting *setting, int64 clients,
					  int64 products)
{
	Size		needed = mul_size(products, sizeof(float));
	Size		scratch = 0;

	if (method_has_factors(setting->method))
	{
		Size		row = factor_stride(setting->factors) * sizeof(float);

		needed = add_size(needed, mul_size(add_size(clients, products), row));
		needed = add_size(needed, run->trainer->ials_memory_size(setting->factors));
		scratch = solve_scratch_size(setting->factors) + 2 * row;
	}
	if (method_has_neighbours(setting->method))
	{
		NeighbourOptions least = {.inverse = setting->method != PURCHASE_ITEMS,.most = 1};
		Size		row = run->trainer->neighbours_width(products) *
			(sizeof(uint32) + sizeof(float));

		needed = add_size(needed, mul_size(products, row));
		needed = add_size(needed, run->trainer->neighbours_memory_size(products, &least));
		scratch = Max(scratch, run->trainer->neighbours_scratch_size(products));
	}
	needed = add_size(needed, mul_size(run->workers.participants, scratch));
	/* and as much again for measuring, and what is in passing */
	return run->budget->used < run->budget->limit &&
		needed < (run->budget->limit - run->budget->used) / 2;
}

/*
 * Fits fit->setting to pairs; its arrays are made here unless they are there,
 * to be freed by fit_free_purchases.  Factors of other pairs of the same
 * clients and products are gone on from.  Leaves how many clients bought each
 * product.  False if it cannot be fitted, for too small a penalty.
 */
bool
fit_purchase_setting(FitRun *run, const PurchasePairs *pairs, int64 most_products, PurchaseFit *fit)
{
	int64		rows = pairs->by_product.rows;

	fit->origin = pairs->origin;
	if (fit->popularity == NULL)
		fit->popularity = budget_alloc(run->budget, rows, sizeof(float));
	for (int64 row = 0; row < rows; row++)
		fit->popularity[row] = pairs->by_product.start[row + 1] - pairs->by_product.start[row];
	if (method_has_neighbours(fit->setting.method) &&
		!fit_neighbours(run, pairs, most_products, fit))
		return false;
	if (method_has_factors(fit->setting.method))
		fit_factors(run, pairs, fit);
	return true;
}

void
fit_free_purchases(FitRun *run, PurchaseFit *fit)
{
	Neighbours *m = &fit->neighbours;

	budget_free(run->budget, fit->popularity,
				method_has_neighbours(fit->setting.method) ? m->rows : fit->products.rows, sizeof(float));
	if (method_has_factors(fit->setting.method))
	{
		budget_free(run->budget, fit->gram, fit->products.stride,
					fit->products.stride * sizeof(float));
		fit_free_factors(run->budget, &fit->products);
		fit_free_factors(run->budget, &fit->clients);
	}
	budget_free(run->budget, m->product, m->rows * m->width, sizeof(uint32));
	budget_free(run->budget, m->weight, m->rows * m->width, sizeof(float));
	fit->popularity = NULL;
	fit->gram = NULL;
	memset(m, 0, sizeof(*m));
}

/* What a fit ranks by; for neighbours, what the client had in its training. */
RankingModel
fit_purchase_model(const PurchaseFit *fit)
{
	return (RankingModel) {
		.neighbours = method_has_neighbours(fit->setting.method) ? &fit->neighbours : NULL,
		.clients = &fit->clients,.products = &fit->products,
		.factor_weight = fit->setting.factor_weight
	};
}

/* The scores of all products for a client of the training, who has these.  For threads, too. */
void
fit_purchase_scores(const PurchaseFit *fit, const SparseRows *had, int64 client, float *scores)
{
	int64		first = had->start[client];

	if (method_has_neighbours(fit->setting.method))
		neighbours_scores(&fit->neighbours, had->column + first,
						  had->value ? had->value + first : NULL,
						  had->start[client + 1] - first, scores);
	else
		memset(scores, 0, fit->products.rows * sizeof(float));
	if (method_has_factors(fit->setting.method))
		factor_add_scores(factor_row(&fit->clients, client), &fit->products,
						  fit->setting.method == PURCHASE_BLEND ? fit->setting.factor_weight : 1,
						  scores);
}
