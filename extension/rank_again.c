/*
 * rank_again.c - lists that may offer again what the client bought
 *
 * They rank by the chance that the client buys a product, if the log of
 * purchases repeats (repeat.c): the new products in the order of their scores,
 * and among them what the client has a habit of buying.  The new ones are
 * found as for any other list; what the client bought is little, and looked
 * at one by one.
 */
#include "rank.h"

#include <math.h>

#include "access/xact.h"

#include "rank_list.h"

/* Do lists of what was bought, too, rank by chances? */
bool
again_ranks_by_chance(const Scorer *scorer)
{
	return scorer->method == METHOD_PURCHASES && scorer->image->repeat.kind != REPEAT_NEVER;
}

/*
 * The time from which days are counted back: of the last purchase, be it the
 * client's or of the training.  Purchases that are yet to come do not tell.
 */
static int64
last_purchase(const Image *image, const History *history, int64 now)
{
	int64		latest = image->repeat.latest;

	for (int64 i = 0; history->lines && i < history->count; i++)
		latest = Max(latest, lines_latest(history->lines[i], now));
	return latest;
}

/*
 * The chance that the client buys what stands at a place of their history
 * again.  What changes the score of a product changes its odds.
 */
static double
chance_again(const Scorer *scorer, const History *history, int64 place, int64 now, float surplus)
{
	const Image *image = scorer->image;
	int64		product = image_product(image, history->product_ids[place]);
	double		habit = image->repeat.habit_unknown;
	double		more = 1;
	double		times = history->times ? history->times[place] : 1;
	double		days = 0;

	if (history->lines)
	{
		int64		last;

		times = lines_days(history->lines[place], PG_INT64_MAX, &last);
		days = repeat_days_since(last, now);
	}
	if (product >= 0)
	{
		habit = image->habit[product];
		if (scorer->liking)
			more = liking_factor_of(scorer->liking, product);
		if (surplus > 0 && list_plain_score(scorer, product) >= scorer->floor)
			more *= 1 + scorer->lift * surplus;
	}
	return repeat_chance(&image->repeat, habit, times, days, log(more));
}

/* Makes a finished list of what would be new to the client one that more can be offered to. */
static void
begin_chances(const RepeatModel *model, TopN *top)
{
	/* with the worst first it is a heap */
	for (int64 i = 0, j = top->used - 1; i <= j; i++, j--)
	{
		TopEntry	entry = top->entries[i];

		top->entries[i] = top->entries[j];
		top->entries[j] = entry;
	}
	for (int64 i = 0; i < top->used; i++)
		top->entries[i].score = repeat_new_chance(model, top->entries[i].score);
}

/*
 * Takes a list of what would be new to the client, and leaves one of that and
 * of what they bought of the model's products, by chance.  For threads, too.
 */
void
again_add_known(const Scorer *scorer, const History *had, int64 now, TopN *top)
{
	const Image *image = scorer->image;

	now = last_purchase(image, had, now);
	begin_chances(&image->repeat, top);
	for (int64 i = 0; i < had->count; i++)
	{
		if (image_product(image, had->product_ids[i]) >= 0)
			topn_offer(top, chance_again(scorer, had, i, now, 0), had->product_ids[i]);
	}
	topn_sort(top);
}

/* Is a product in a set, or may it pass the filters that are still to be asked? */
static bool
may_be_eligible(const Eligibility *eligibility, const Image *image, int64 product_id)
{
	const ProductSet *set = eligibility->set;
	int64		product = image_product(image, product_id);

	if (product >= 0)
		return set->everything || set->products[product];
	if (set->everything)
		return eligibility->asking;
	return ids_find(set->unknown_ids, set->unknown_count, product_id) >= 0;
}

/* The same of what may be offered, and is not in exclude (ascending). */
void
again_add(Serving *serving, const Scorer *scorer, const History *had,
		  const Eligibility *eligibility, const int64 *exclude, int64 exclude_count, TopN *top)
{
	const Image *image = scorer->image;
	int64		now = last_purchase(image, had, GetCurrentTransactionStartTimestamp());
	AskedProduct *products = palloc(had->count * sizeof(AskedProduct) + 1);
	int64	   *places = palloc(had->count * sizeof(int64) + 1);
	int64		count = 0;

	begin_chances(&image->repeat, top);
	for (int64 i = 0; i < had->count; i++)
	{
		int64		id = had->product_ids[i];

		if (may_be_eligible(eligibility, image, id) && ids_find(exclude, exclude_count, id) < 0)
		{
			products[count] = (AskedProduct) {.id = id,.passed = true};
			places[count++] = i;
		}
	}
	if (eligibility->asking)
		serving_ask(serving, eligibility, products, count);
	for (int64 i = 0; i < count; i++)
	{
		int64		number = image_product(image, products[i].id);
		float		surplus = products[i].surplus;

		if (eligibility->set->surplus && number >= 0)
			surplus = Max(surplus, eligibility->set->surplus[number]);
		if (products[i].passed)
			topn_offer(top, chance_again(scorer, had, places[i], now, surplus), products[i].id);
	}
	pfree(products);
	pfree(places);
	topn_sort(top);
}

/* What a product is ranked by in a list of what was bought, too. */
double
again_score(Serving *serving, const Scorer *scorer, Client *client, int64 product_id)
{
	double		score = list_score(scorer, product_id);
	int64		number = image_product(serving->image, product_id);
	const History *had;
	int64		place;

	if (!again_ranks_by_chance(scorer))
		return score;
	had = client_history(serving, client, SOURCE_PURCHASES);
	place = ids_find(had->product_ids, had->count, product_id);
	if (place < 0)
		return repeat_new_chance(&serving->image->repeat, score);
	return chance_again(scorer, had, place,
						last_purchase(serving->image, had, GetCurrentTransactionStartTimestamp()),
						scorer->surplus && number >= 0 ? scorer->surplus[number] : 0);
}
