/*
 * rank.c - scores, and lists in their order
 *
 * A score is one dot product of the folded-in client with the product, or what
 * the neighbours of all that the client bought add up to: of purchases where
 * the model has them, else of ratings, as stars that are not cut off at the
 * ends of the scale, less what is uncertain of the product (a bound that the
 * score is above in nineteen of twenty cases): something that one client
 * rated, and loved, does not lead every list.  Where nothing personal is known it is the number of clients who
 * bought (or liked) the product.  A product that the model does not know
 * scores 0, or like the average product where stars are the score.
 *
 * Where there are stars besides purchases, the score of purchases is corrected
 * by what they say (liking.c).
 *
 * Of what there is too much in stock (column surplus of the candidates query)
 * the score is lifted a little: times 1 + lift * surplus, for products that
 * score at least half of the client's best candidate.  A lift never brings up
 * what the client would not want.  Stars are not lifted.
 */
#include "rank.h"

#include <math.h>

#include "miscadmin.h"

#include "rank_list.h"

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

/*
 * What rank_products ranks by, for calls that mostly ask of one client again
 * and again; of a client who may be unknown.
 */
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
		*serving->scorer = list_scorer(serving, client, true);
		serving->has_scorer = true;
		serving->scorer_unknown = unknown;
		serving->scorer_client = client_id;
	}
	return list_score(serving->scorer, product_id);
}

/* ---- lists ---- */

/*
 * The n best products of eligible, less exclude (ascending) and, unless
 * bought, what the client has: bought it or, in a model of ratings alone,
 * rated it.  Where everything is eligible nothing is lifted.  Fills top, whose
 * memory it allocates.
 */
static void
rank_products(Serving *serving, Client *client, const ProductSet *eligible,
			  const int64 *exclude, int64 exclude_count, bool bought,
			  int64 n, TopN *top)
{
	Scorer		scorer = list_scorer(serving, client, !eligible->everything);
	bool		by_chance = bought && again_ranks_by_chance(&scorer);
	Listing		list = {
		.scorer = &scorer,.eligible = eligible,.top = top,
		.exclude = exclude,.exclude_count = exclude_count
	};

	if (client && (!bought || by_chance))
		list.had = client_history(serving, client, rank_source(serving));
	n = Min(n, serving->image->products + eligible->unknown_count);
	topn_init(top, MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(TopEntry)), n);
	list_make(&list);
	if (by_chance)
	{
		Eligibility eligibility = {.set = eligible};

		again_add(serving, &scorer, list.had, &eligibility, exclude, exclude_count, top);
	}
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
		list_make(&list);
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
	Scorer		scorer = list_scorer(serving, client, false);
	Listing		order = {.scorer = &scorer};
	bool		lifted = scorer.lift > 0;
	bool		by_chance = bought && again_ranks_by_chance(&scorer);
	bool		asked = true;

	serving_begin_among(serving, among);
	if (lifted && client && client->has_floor)
		scorer.floor = client->floor;
	else if (lifted)
	{
		asked = ask_list(serving, &order, false, false, 1, top);
		if (asked)
			scorer.floor = list_floor(top);
		if (asked && client)
		{
			client->has_floor = true;
			client->floor = scorer.floor;
		}
	}
	if (client && (!bought || by_chance))
		order.had = client_history(serving, client, rank_source(serving));
	order.exclude = exclude;
	order.exclude_count = exclude_count;
	if (!asked || !ask_list(serving, &order, true, lifted, n, top))
		rank_products(serving, client, serving_eligibility(serving, true, 0, 0).set,
					  exclude, exclude_count, bought, n, top);
	else if (by_chance)
	{
		Eligibility eligibility = serving_eligibility(serving, true, n, Max(order.had->count, 1));

		again_add(serving, &scorer, order.had, &eligibility, exclude, exclude_count, top);
	}
}
