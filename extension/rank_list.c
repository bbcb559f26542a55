/*
 * rank_list.c - scoring products for a client, and making a list of the best
 *
 * Lists are exact: the n best of all eligible products by the same function
 * that reco.score() uses, in the order of score and id.  Products are gone
 * through in an order in which the best come early, by length of their factors
 * (scan.c) or by popularity, and with a bound on what each can score: where
 * the bound does not reach the worst product kept, neither its score nor
 * whether it is eligible is looked at.
 */
#include "rank_list.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#define PRODUCTS_PER_CHECK 65536

/* Places that a list begins with; twice as many each time, up to SCAN_PLACES. */
#define FIRST_PLACES 64

/* Products that score less than this part of the best are not lifted. */
#define RELEVANCE_FLOOR 0.5

static double
stars_unclipped(const Image *image, double standardised)
{
	return finite_number(image->scale.mean + image->scale.deviation * standardised);
}

/* The score of the product with this number in the model, before any lift. */
double
list_plain_score(const Scorer *scorer, int64 product)
{
	const FactorMatrix *m;
	double		score;

	switch (scorer->method)
	{
		case METHOD_PURCHASES:
			m = &scorer->image->purchase_products;
			score = scorer->image->neighbours.rows > 0 ? scorer->row[product]
				: factor_dot(scorer->row, factor_row(m, product), m->stride);
			return scorer->liking ? liking_correct(scorer->liking, product, score) : score;
		case METHOD_RATINGS:
			m = &scorer->image->rating_products;
			return stars_unclipped(scorer->image,
								   factor_dot(scorer->row, factor_row(m, product), m->stride) -
								   (scorer->image->is_bayes ? scorer->image->rating_spread[product] : 0));
		default:
			return scorer->image->popularity[product];
	}
}

static inline double
score_of(const Scorer *scorer, int64 product)
{
	double		score = list_plain_score(scorer, product);

	return scorer->surplus ? lifted_score(scorer, score, scorer->surplus[product]) : score;
}

/*
 * What no product scores more than whose dot product with the client (or
 * popularity) is at most x.  Never less for a greater x.
 */
static double
highest_score(const Scorer *scorer, double x)
{
	if (scorer->method == METHOD_RATINGS)
		return stars_unclipped(scorer->image, x);
	if (scorer->liking)
		x = liking_highest(x);
	return scorer->surplus ? lifted_score(scorer, x, 1) : x;
}

/* Floats, from -infinity to infinity, are numbered in their order; 0 is number 0. */
#define LAST_FLOAT INT64CONST(0x7f800000)

static float
float_in_order(int64 number)
{
	uint32		bits = (uint32) (number < 0 ? -number : number);
	float		x;

	memcpy(&x, &bits, sizeof(x));
	return number < 0 ? -x : x;
}

/* The least float with which a score of this much could be reached. */
static float
least_reaching(const Scorer *scorer, double score)
{
	int64		low = -LAST_FLOAT;
	int64		high = LAST_FLOAT;

	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (highest_score(scorer, float_in_order(middle)) >= score)
			high = middle;
		else
			low = middle + 1;
	}
	return float_in_order(low);
}

/* Would the entry be kept, whatever else stands against it? */
static inline bool
wanted(const TopN *top, double score, int64 id)
{
	TopEntry	entry = {score, id};

	return top->used < top->capacity || top_before(&entry, &top->entries[0]);
}

static inline void
offer(const Listing *list, double score, int64 id)
{
	if (wanted(list->top, score, id) &&
		!(list->had && ids_find(list->had->product_ids, list->had->count, id) >= 0) &&
		ids_find(list->exclude, list->exclude_count, id) < 0)
		topn_insert(list->top, score, id);
}

static inline void
offer_product(const Listing *list, int64 product)
{
	if (list->eligible->everything || list->eligible->products[product])
		offer(list, score_of(list->scorer, product), list->scorer->image->product_ids[product]);
}

static inline void
check_interrupts(const Listing *list, int64 done)
{
	if (!list->in_thread && done % PRODUCTS_PER_CHECK == 0)
		CHECK_FOR_INTERRUPTS();
}

/* Offers what can reach the list by its dot product with the client. */
static void
offer_scanned(const Listing *list, const ScanTable *table, const FactorMatrix *m, int constant)
{
	const Scorer *scorer = list->scorer;
	const TopN *top = list->top;
	int8_t		codes[MAX_FACTORS + SVD_BIAS_COLUMNS + FACTOR_LANES];
	uint32_t	places[SCAN_PLACES];
	float		bounds[SCAN_PLACES];
	ScanQuery	query = {.codes = codes};
	float		threshold = -INFINITY;
	double		reached = -INFINITY;
	int			count = FIRST_PLACES;

	scan_query(table, scorer->row, constant, &query);
	for (int64 place = 0; place < table->rows; place += count, count = Min(count * 2, SCAN_PLACES))
	{
		int			found;

		check_interrupts(list, place);
		if (top->used == top->capacity && top->entries[0].score != reached)
		{
			reached = top->entries[0].score;
			threshold = least_reaching(scorer, reached);
		}
		if (scan_limit(table, &query, place) < threshold)
			break;
		found = scan_places(table, &query, place, threshold, count, places, bounds);
		for (int i = 0; i < found; i++)
			__builtin_prefetch(factor_row(m, table->row[places[i]]));
		for (int i = 0; i < found; i++)
		{
			/* the list may be better by now than when the pass began */
			if (top->used < top->capacity ||
				!(highest_score(scorer, bounds[i]) < top->entries[0].score))
				offer_product(list, table->row[places[i]]);
		}
	}
}

/* Offers what can reach the list by its popularity. */
static void
offer_popular(const Listing *list)
{
	const Image *image = list->scorer->image;
	const TopN *top = list->top;

	for (int64 i = 0; i < image->products; i++)
	{
		uint32		product = image->by_popularity[i];

		check_interrupts(list, i);
		if (top->used == top->capacity &&
			highest_score(list->scorer, image->popularity[product]) < top->entries[0].score)
			break;
		offer_product(list, product);
	}
}

/* Offers what can reach the list by what its neighbours add up to. */
static void
offer_neighbours(const Listing *list)
{
	const Scorer *scorer = list->scorer;
	const TopN *top = list->top;
	float		threshold = -INFINITY;
	double		reached = -INFINITY;

	for (int64 product = 0; product < scorer->image->products; product++)
	{
		check_interrupts(list, product);
		if (scorer->row[product] < threshold)
			continue;
		offer_product(list, product);
		if (top->used == top->capacity && top->entries[0].score != reached)
		{
			reached = top->entries[0].score;
			threshold = least_reaching(scorer, reached);
		}
	}
}

/* Leaves the best in top, in order; its entries have been allocated. */
void
list_make(const Listing *list)
{
	const Scorer *scorer = list->scorer;
	const Image *image = scorer->image;

	if (list->top->capacity == 0)
		return;
	switch (scorer->method)
	{
		case METHOD_PURCHASES:
			if (image->neighbours.rows > 0)
				offer_neighbours(list);
			else
				offer_scanned(list, &image->purchase_scan, &image->purchase_products, -1);
			break;
		case METHOD_RATINGS:
			offer_scanned(list, &image->rating_scan, &image->rating_products, SVD_CLIENT_BIAS);
			break;
		case METHOD_POPULAR:
			offer_popular(list);
			break;
	}
	for (int64 i = 0; i < list->eligible->unknown_count; i++)
	{
		check_interrupts(list, i);
		offer(list, scorer->unknown, list->eligible->unknown_ids[i]);
	}
	topn_sort(list->top);
}

/* Below which score nothing is lifted, given a list of the best candidate. */
double
list_floor(const TopN *best)
{
	/* nobody wants anything: lift nothing */
	return best->used > 0 && best->entries[0].score > 0
		? RELEVANCE_FLOOR * best->entries[0].score : get_float8_infinity();
}

/* The same, given all candidates. */
double
list_relevance_floor(const Scorer *scorer, const ProductSet *candidates, bool in_thread)
{
	Scorer		plain = *scorer;
	ProductSet	known = *candidates;
	TopEntry	best;
	TopN		top;
	Listing		list = {.scorer = &plain,.eligible = &known,.top = &top,.in_thread = in_thread};

	plain.surplus = NULL;
	known.unknown_count = 0;
	topn_init(&top, &best, 1);
	list_make(&list);
	return list_floor(&top);
}

/* A scorer without a lift, of a client whose rows are there. */
Scorer
list_plain_scorer(const Image *image, ClientMethod method, const float *row, const Liking *liking)
{
	Scorer		scorer = {.image = image,.method = method,.row = row,.liking = liking};

	if (method == METHOD_RATINGS)
		scorer.unknown = stars_unclipped(image, factor_dot(row, image->rating_unknown,
														   image->rating_products.stride) -
										 image->rating_unknown_spread);
	return scorer;
}

/* By how much a surplus lifts the scores of this method; stars are not lifted. */
double
list_lift(const Model *model, ClientMethod method)
{
	return model->has_surplus && method != METHOD_RATINGS ? model->options.lift : 0;
}

Scorer
list_scorer(Serving *serving, Client *client, bool lifted)
{
	const Image *image = serving->image;
	ClientMethod method = client_method(serving, client);
	const float *row = NULL;
	const Liking *liking = NULL;
	Scorer		scorer;

	if (method == METHOD_PURCHASES)
	{
		row = client_purchase_row(serving, client);
		liking = client_liking(serving, client);
	}
	else if (method == METHOD_RATINGS)
		row = client_rating_row(serving, client);
	scorer = list_plain_scorer(image, method, row, liking);
	scorer.lift = list_lift(serving->model, method);
	if (lifted && scorer.lift > 0)
	{
		const ProductSet *candidates = serving_candidates(serving);

		scorer.surplus = candidates->surplus;
		if (client && client->has_floor)
			scorer.floor = client->floor;
		else
			scorer.floor = list_relevance_floor(&scorer, candidates, false);
		if (client)
		{
			client->has_floor = true;
			client->floor = scorer.floor;
		}
	}
	return scorer;
}

/* That of a product by its id, be it known or not. */
double
list_score(const Scorer *scorer, int64 product_id)
{
	int64		number = image_product(scorer->image, product_id);

	return number >= 0 ? score_of(scorer, number) : scorer->unknown;
}
