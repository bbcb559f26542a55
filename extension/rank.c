/*
 * rank.c - scores, and lists in their order
 *
 * A score is one dot product of the folded-in client with the product: of
 * purchases where the model has them, else of ratings, as stars that are not
 * cut off at the ends of the scale, less one standard deviation of what is
 * believed of the product: something that one client rated, and loved, does
 * not lead every list.  Where nothing personal is known it is the number of
 * clients who bought (or liked) the product.  A product that the model does
 * not know scores 0, or like the average product where stars are the score.
 *
 * Where there are stars besides purchases, the score of purchases is corrected
 * by what they say (liking.c).
 *
 * Of what there is too much in stock (column surplus of the candidates query)
 * the score is lifted a little: times 1 + lift * surplus, for products that
 * score at least half of the client's best candidate.  A lift never brings up
 * what the client would not want.  Stars are not lifted.
 *
 * Lists are exact: the n best of all eligible products by the same function
 * that reco.score() uses, in the order of score and id.  Products are gone
 * through in an order in which the best come early, by length of their factors
 * (scan.c) or by popularity, and with a bound on what each can score: where
 * the bound does not reach the worst product kept, neither its score nor
 * whether it is eligible is looked at.
 */
#include "rank.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#define PRODUCTS_PER_CHECK 65536

/* Places that a list begins with; twice as many each time, up to SCAN_PLACES. */
#define FIRST_PLACES 64

/* Products that score less than this part of the best are not lifted. */
#define RELEVANCE_FLOOR 0.5

/* All that scoring products for one client takes. */
typedef struct Scorer
{
	const Image *image;
	ClientMethod method;
	const float *row;			/* the client's, NULL if popular */
	const Liking *liking;		/* NULL: purchases alone, or stars alone */
	double		unknown;		/* score of a product unknown to the model */
	const float *surplus;		/* NULL: nothing is lifted */
	double		lift;
	double		floor;
} Scorer;

static double
stars_unclipped(const Image *image, double standardised)
{
	return finite_number(image->scale.mean + image->scale.deviation * standardised);
}

/* The score of the product with this number in the model, before any lift. */
static inline double
plain_score(const Scorer *scorer, int64 product)
{
	const FactorMatrix *m;
	double		score;

	switch (scorer->method)
	{
		case METHOD_PURCHASES:
			m = &scorer->image->purchase_products;
			score = factor_dot(scorer->row, factor_row(m, product), m->stride);
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
	double		score = plain_score(scorer, product);

	if (scorer->surplus && scorer->surplus[product] > 0 && score >= scorer->floor)
		score *= 1 + scorer->lift * scorer->surplus[product];
	return score;
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
	return scorer->surplus && x >= scorer->floor ? x * (1 + scorer->lift) : x;
}

/* Floats, from -infinity to infinity, are numbered in their order; 0 is number 0. */
#define LAST_FLOAT INT64CONST(0x7f800000)

static float
float_in_order(int64 number)
{
	uint32		bits = (uint32) Abs(number);
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

/* ---- making a list ---- */

/* A list in the making: whose, of what, and the best so far. */
typedef struct Listing
{
	const Scorer *scorer;
	const ProductSet *eligible;
	const History *had;			/* not these; NULL: nothing */
	const int64 *exclude;		/* nor these, ascending */
	int64		exclude_count;
	bool		in_thread;		/* the server must not be called */
	TopN	   *top;
} Listing;

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

/* Leaves the best in top, in order; its entries have been allocated. */
static void
make_list(const Listing *list)
{
	const Scorer *scorer = list->scorer;
	const Image *image = scorer->image;

	if (list->top->capacity == 0)
		return;
	switch (scorer->method)
	{
		case METHOD_PURCHASES:
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

/* Below which score nothing is lifted: a part of the best candidate's. */
static double
relevance_floor(const Scorer *scorer, const ProductSet *candidates)
{
	Scorer		plain = *scorer;
	ProductSet	known = *candidates;
	TopEntry	best;
	TopN		top;
	Listing		list = {.scorer = &plain,.eligible = &known,.top = &top};

	plain.surplus = NULL;
	known.unknown_count = 0;
	topn_init(&top, &best, 1);
	make_list(&list);
	/* nobody wants anything: lift nothing */
	return top.used > 0 && best.score > 0 ? RELEVANCE_FLOOR * best.score : get_float8_infinity();
}

static Scorer
make_scorer(Serving *serving, Client *client, bool lifted)
{
	Scorer		scorer = {.image = serving->image,.method = client_method(serving, client)};

	switch (scorer.method)
	{
		case METHOD_PURCHASES:
			scorer.row = client_purchase_row(serving, client);
			scorer.liking = client_liking(serving, client);
			break;
		case METHOD_RATINGS:
			scorer.row = client_rating_row(serving, client);
			scorer.unknown =
				stars_unclipped(scorer.image,
								factor_dot(scorer.row, scorer.image->rating_unknown,
										   scorer.image->rating_products.stride) -
								scorer.image->rating_unknown_spread);
			return scorer;
		case METHOD_POPULAR:
			break;
	}
	if (lifted && serving->model->has_surplus && serving->model->options.lift > 0)
	{
		const ProductSet *candidates = serving_eligible(serving, InvalidOid);

		scorer.surplus = candidates->surplus;
		scorer.lift = serving->model->options.lift;
		if (client && client->has_floor)
			scorer.floor = client->floor;
		else
			scorer.floor = relevance_floor(&scorer, candidates);
		if (client)
		{
			client->has_floor = true;
			client->floor = scorer.floor;
		}
	}
	return scorer;
}

/*
 * The stars that a client would give a product, inside the scale.  The
 * model must have ratings.
 */
double
rank_stars(Serving *serving, Client *client, int64 product_id)
{
	const Image *image = serving->image;
	const FactorMatrix *m = &image->rating_products;
	const float *row = client_rating_row(serving, client);
	int64		number = image_product(image, product_id);

	return scale_stars(&image->scale,
					   factor_dot(row, number >= 0 ? factor_row(m, number) : image->rating_unknown,
								  m->stride));
}

static double
score_by_id(const Scorer *scorer, int64 product_id)
{
	int64		number = image_product(scorer->image, product_id);

	return number >= 0 ? score_of(scorer, number) : scorer->unknown;
}

/* What rank_products ranks by; client may be NULL for somebody unknown. */
double
rank_score(Serving *serving, Client *client, int64 product_id)
{
	Scorer		scorer = make_scorer(serving, client, true);

	return score_by_id(&scorer, product_id);
}

/* The same, for calls that mostly ask of one client again and again. */
double
rank_score_of(Serving *serving, bool unknown, int64 client_id, int64 product_id)
{
	if (!serving->has_scorer || serving->scorer_unknown != unknown ||
		serving->scorer_client != client_id)
	{
		Client	   *client = unknown ? NULL : serving_client(serving, client_id);

		serving->has_scorer = false;
		if (serving->scorer == NULL)
			serving->scorer = MemoryContextAlloc(serving->context, sizeof(Scorer));
		*serving->scorer = make_scorer(serving, client, true);
		serving->has_scorer = true;
		serving->scorer_unknown = unknown;
		serving->scorer_client = client_id;
	}
	return score_by_id(serving->scorer, product_id);
}

/* The query that lists are made of. */
static SourceKind
list_source(const Serving *serving)
{
	return serving->model->queries[SOURCE_PURCHASES] ? SOURCE_PURCHASES : SOURCE_RATINGS;
}

/*
 * The n best products of eligible, less exclude (ascending) and, unless
 * bought, what the client has: bought it or, in a model of ratings alone,
 * rated it.  Where everything is eligible nothing is lifted.  Fills top, whose
 * memory it allocates.
 */
void
rank_products(Serving *serving, Client *client, const ProductSet *eligible,
			  const int64 *exclude, int64 exclude_count, bool bought,
			  int64 n, TopN *top)
{
	Scorer		scorer = make_scorer(serving, client, !eligible->everything);
	Listing		list = {
		.scorer = &scorer,.eligible = eligible,.top = top,
		.exclude = exclude,.exclude_count = exclude_count
	};

	if (client && !bought)
		list.had = client_history(serving, client, list_source(serving));
	n = Min(n, serving->image->products + eligible->unknown_count);
	topn_init(top, MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(TopEntry)), n);
	make_list(&list);
}

/* ---- the other way round: which clients ---- */

/*
 * The n clients who would most like a product, of those with a personal list;
 * without those who have it, unless bought.
 */
void
rank_audience(Serving *serving, int64 product_id, bool bought, int64 n, TopN *top)
{
	SourceKind	kind = list_source(serving);
	int64		count;
	int64	   *ids = serving_all_clients(serving, &count);

	n = Min(n, count);
	topn_init(top, MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(TopEntry)), n);
	for (int64 i = 0; i < count; i++)
	{
		Client	   *client = serving_client(serving, ids[i]);
		const History *had = client_history(serving, client, kind);

		CHECK_FOR_INTERRUPTS();
		if (client_method(serving, client) != METHOD_POPULAR &&
			(bought || ids_find(had->product_ids, had->count, product_id) < 0))
			topn_offer(top, rank_score(serving, client, product_id), ids[i]);
	}
	topn_sort(top);
}

/*
 * How many clients have each product of the model among their n best, be it
 * eligible now or not, bought before or not.
 */
int64 *
rank_likely_buyers(Serving *serving, int64 n)
{
	ProductSet	everything = {.everything = true};
	const Image *image = serving->image;
	int64	   *buyers = MemoryContextAllocHuge(CurrentMemoryContext,
												image->products * sizeof(int64) + 1);
	int64		count;
	int64	   *ids = serving_all_clients(serving, &count);

	memset(buyers, 0, image->products * sizeof(int64));
	for (int64 i = 0; i < count; i++)
	{
		Client	   *client = serving_client(serving, ids[i]);
		TopN		top;

		if (client_method(serving, client) == METHOD_POPULAR)
			continue;
		rank_products(serving, client, &everything, NULL, 0, true, n, &top);
		for (int64 rank = 0; rank < top.used; rank++)
			buyers[image_product(image, top.entries[rank].id)]++;
		pfree(top.entries);
	}
	return buyers;
}
