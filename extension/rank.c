/*
 * rank.c - scores, and lists in their order
 *
 * A score is one dot product of the folded-in client with the product, or what
 * the neighbours of all that the client bought add up to: of purchases where
 * the model has them, else of ratings, as stars that are not
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

#include "workers.h"

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
lifted_score(const Scorer *scorer, double score, float surplus)
{
	return surplus > 0 && score >= scorer->floor ? score * (1 + scorer->lift * surplus) : score;
}

static inline double
score_of(const Scorer *scorer, int64 product)
{
	double		score = plain_score(scorer, product);

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
static double
floor_of_best(const TopN *best)
{
	/* nobody wants anything: lift nothing */
	return best->used > 0 && best->entries[0].score > 0
		? RELEVANCE_FLOOR * best->entries[0].score : get_float8_infinity();
}

/* The same, given all candidates. */
static double
relevance_floor(const Scorer *scorer, const ProductSet *candidates, bool in_thread)
{
	Scorer		plain = *scorer;
	ProductSet	known = *candidates;
	TopEntry	best;
	TopN		top;
	Listing		list = {.scorer = &plain,.eligible = &known,.top = &top,.in_thread = in_thread};

	plain.surplus = NULL;
	known.unknown_count = 0;
	topn_init(&top, &best, 1);
	make_list(&list);
	return floor_of_best(&top);
}

/* A scorer without a lift, of a client whose rows are there. */
static Scorer
plain_scorer(const Image *image, ClientMethod method, const float *row, const Liking *liking)
{
	Scorer		scorer = {.image = image,.method = method,.row = row,.liking = liking};

	if (method == METHOD_RATINGS)
		scorer.unknown = stars_unclipped(image, factor_dot(row, image->rating_unknown,
														   image->rating_products.stride) -
										 image->rating_unknown_spread);
	return scorer;
}

/* By how much a surplus lifts the scores of this method; stars are not lifted. */
static double
lift_of(const Model *model, ClientMethod method)
{
	return model->has_surplus && method != METHOD_RATINGS ? model->options.lift : 0;
}

static Scorer
make_scorer(Serving *serving, Client *client, bool lifted)
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
	scorer = plain_scorer(image, method, row, liking);
	scorer.lift = lift_of(serving->model, method);
	if (lifted && scorer.lift > 0)
	{
		const ProductSet *candidates = serving_candidates(serving);

		scorer.surplus = candidates->surplus;
		if (client && client->has_floor)
			scorer.floor = client->floor;
		else
			scorer.floor = relevance_floor(&scorer, candidates, false);
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

/* ---- lists whose filters are asked ---- */

/*
 * How far to go down the order next, n products being wanted, of those asked
 * for so many found.
 */
static int64
next_depth(int64 n, int64 asked, int64 found)
{
	double		depth = found < n ? 1.3 * n * asked / Max(found, 1) : 2.0 * asked;

	return (int64) Max(2.0 * asked, Min(depth, 8.0 * asked));
}

/*
 * Makes a list by going down the order of scores without a lift, asking the
 * filters of so many products at a time, until no other can belong.  Tells
 * whether it came to that: else, top being undefined, the filters are to be
 * read.  order says whose list, and less what.
 */
static bool
ask_list(Serving *serving, const Listing *order, bool among, bool lifted, int64 n, TopN *top)
{
	const Scorer *scorer = order->scorer;
	int64		products = serving->image->products;
	int64		depth = 0;
	int64		asked = 0;
	Eligibility eligibility = {0};

	n = Min(n, products);
	topn_init(top, NULL, 0);
	for (;;)
	{
		Eligibility now = serving_eligibility(serving, among, n, depth - asked);
		ProductSet	set = *now.set;
		Listing		list = *order;
		TopN		best;
		AskedProduct *batch;
		bool		all_seen;
		double		rest;

		if (!now.asking || n == 0)
			return false;
		if (asked == 0 || memcmp(now.ask, eligibility.ask, sizeof(now.ask)) != 0)
		{
			/* from the start: more may be known of what is eligible */
			asked = 0;
			if (top->entries == NULL)
				top->entries = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(TopEntry));
			topn_init(top, top->entries, n);
			eligibility = now;
			depth = serving_depth(n, now.rate);
		}
		depth = Min(depth, products);
		set.unknown_count = 0;
		list.eligible = &set;
		list.top = &best;
		topn_init(&best, MemoryContextAllocHuge(CurrentMemoryContext, depth * sizeof(TopEntry)), depth);
		make_list(&list);
		batch = MemoryContextAllocHuge(CurrentMemoryContext, (best.used - asked) * sizeof(AskedProduct) + 1);
		for (int64 i = asked; i < best.used; i++)
		{
			batch[i - asked].id = best.entries[i].id;
			batch[i - asked].score = best.entries[i].score;
		}
		serving_ask(serving, &now, batch, best.used - asked);
		for (int64 i = 0; i < best.used - asked; i++)
		{
			if (batch[i].passed)
				topn_offer(top, lifted ? lifted_score(scorer, batch[i].score, batch[i].surplus)
						   : batch[i].score, batch[i].id);
		}
		asked = best.used;
		all_seen = best.used < depth || depth == products;
		rest = best.used > 0 ? best.entries[best.used - 1].score : -INFINITY;
		if (lifted)
			rest = lifted_score(scorer, rest, 1);
		pfree(batch);
		pfree(best.entries);

		/* no product of the model can come in any more: and none unknown to it? */
		if (all_seen || (top->used == n && (!lifted || top->entries[0].score > rest)))
		{
			if ((set.everything || now.set->unknown_count > 0) &&
				!(top->used == n && top->entries[0].score > scorer->unknown))
				return false;
			topn_sort(top);
			return true;
		}
		depth = next_depth(n, asked, top->used);
	}
}

/*
 * The n best products that may be offered now: of the model's candidates and,
 * if it is valid, of among; the rest is as for rank_products.
 */
void
rank_recommended(Serving *serving, Client *client, Oid among,
				 const int64 *exclude, int64 exclude_count, bool bought, int64 n, TopN *top)
{
	Scorer		scorer = make_scorer(serving, client, false);
	Listing		order = {.scorer = &scorer};
	bool		lifted = scorer.lift > 0;
	bool		asked = true;

	serving_begin_among(serving, among);
	if (lifted && client && client->has_floor)
		scorer.floor = client->floor;
	else if (lifted)
	{
		asked = ask_list(serving, &order, false, false, 1, top);
		if (asked)
			scorer.floor = floor_of_best(top);
		if (asked && client)
		{
			client->has_floor = true;
			client->floor = scorer.floor;
		}
	}
	if (client && !bought)
		order.had = client_history(serving, client, list_source(serving));
	order.exclude = exclude;
	order.exclude_count = exclude_count;
	if (!asked || !ask_list(serving, &order, true, lifted, n, top))
		rank_products(serving, client, serving_eligibility(serving, true, 0, 0).set,
					  exclude, exclude_count, bought, n, top);
}

/* ---- the lists of all clients ---- */

/* Clients whose lists are made at a time, and memory for their entries. */
#define CLIENTS_AT_ONCE 1024
#define ENTRY_BYTES_AT_ONCE ((Size) 64 * 1024 * 1024)

typedef struct ClientList
{
	Client	   *client;
	ClientMethod method;
	const History *had;			/* NULL: nothing is left out */
	TopN		top;
} ClientList;

typedef struct AllLists
{
	const Image *image;
	const ProductSet *eligible;
	double		lift;
	ClientList *lists;
} AllLists;

/* A WorkFunction: one client's list, from folding in to the last row. */
static void
make_client_list(void *argument, int64_t item, void *scratch)
{
	const AllLists *all = argument;
	ClientList *task = &all->lists[item];
	const Client *client = task->client;
	bool		purchases = task->method == METHOD_PURCHASES;
	Liking		liking;
	Scorer		scorer;
	Listing		list = {
		.scorer = &scorer,.eligible = all->eligible,.had = task->had,.in_thread = true,.top = &task->top
	};

	client_fold(all->image, client, scratch);
	if (purchases && liking_counts(all->image))
		liking = liking_of(all->image, client->rating_row, &client->history[SOURCE_RATINGS]);
	scorer = plain_scorer(all->image, task->method, purchases ? client->purchase_row : client->rating_row,
						  purchases && liking_counts(all->image) ? &liking : NULL);
	if (all->lift > 0 && task->method != METHOD_RATINGS)
	{
		scorer.lift = all->lift;
		scorer.surplus = all->eligible->surplus;
		scorer.floor = relevance_floor(&scorer, all->eligible, true);
	}
	make_list(&list);
}

/*
 * Gives receiver the n best products of each client with rows of their own,
 * some clients at a time: of candidates, less what the client has; or, if
 * likely, of all products, for those alone who have a list of their own.
 */
void
rank_all(Serving *serving, int64 n, bool likely, ListReceiver receiver, void *state)
{
	static const ProductSet everything = {.everything = true};
	AllLists	all = {
		.image = serving->image,
		.eligible = likely ? &everything : serving_candidates(serving),
		.lift = likely ? 0 : lift_of(serving->model, METHOD_PURCHASES)
	};
	Workers		workers = {
		.participants = allowed_threads(),
		.scratch_size = TYPEALIGN(64, client_scratch_size(serving->image))
	};
	int64		count;
	int64	   *ids = serving_all_clients(serving, &count);
	int64		at_once;
	TopEntry   *entries;

	n = Min(n, all.image->products + all.eligible->unknown_count);
	at_once = Max(1, Min(CLIENTS_AT_ONCE, ENTRY_BYTES_AT_ONCE / (Max(n, 1) * sizeof(TopEntry))));
	at_once = Min(at_once, Max(count, 1));
	entries = MemoryContextAllocHuge(CurrentMemoryContext, at_once * Max(n, 1) * sizeof(TopEntry));
	all.lists = palloc(at_once * sizeof(ClientList));
	workers.scratch = palloc(workers.participants * workers.scratch_size);
	for (int64 next = 0; next < count;)
	{
		int64		tasks = 0;

		serving_hold_clients(serving, true);
		while (tasks < at_once && next < count && (tasks == 0 || serving_has_room(serving)))
		{
			ClientList *task = &all.lists[tasks];

			CHECK_FOR_INTERRUPTS();
			task->client = serving_client(serving, ids[next++]);
			task->method = client_method(serving, task->client);
			if (likely && task->method == METHOD_POPULAR)
				continue;
			client_prepare(serving, task->client);
			task->had = likely ? NULL : client_history(serving, task->client, list_source(serving));
			topn_init(&task->top, entries + tasks * n, n);
			tasks++;
		}
		workers_run(&workers, make_client_list, &all, tasks);
		for (int64 i = 0; i < tasks; i++)
			receiver(state, all.lists[i].client->id, &all.lists[i].top);
	}
	serving_hold_clients(serving, false);
	pfree(workers.scratch);
	pfree(all.lists);
	pfree(entries);
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

/* The counters of rank_likely_buyers. */
typedef struct Buyers
{
	const Image *image;
	int64	   *clients;		/* by product number */
} Buyers;

static void
count_buyer(void *state, int64 client_id, const TopN *top)
{
	const Buyers *buyers = state;

	for (int64 rank = 0; rank < top->used; rank++)
		buyers->clients[image_product(buyers->image, top->entries[rank].id)]++;
}

/*
 * How many clients have each product of the model among their n best, be it
 * eligible now or not, bought before or not.
 */
int64 *
rank_likely_buyers(Serving *serving, int64 n)
{
	int64		products = serving->image->products;
	Buyers		buyers = {serving->image};

	buyers.clients = MemoryContextAllocHuge(CurrentMemoryContext, products * sizeof(int64) + 1);
	memset(buyers.clients, 0, products * sizeof(int64));
	rank_all(serving, n, true, count_buyer, &buyers);
	return buyers.clients;
}
