/*
 * rank_clients.c - the lists of all clients, and of which clients they are
 */
#include "rank.h"

#include "access/xact.h"
#include "miscadmin.h"

#include "rank_list.h"
#include "workers.h"

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
	bool		bought;			/* may be in the lists, by chance */
	int64		now;
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
	scorer = list_plain_scorer(all->image, task->method, purchases ? client->purchase_row : client->rating_row,
							   purchases && liking_counts(all->image) ? &liking : NULL);
	if (all->lift > 0 && task->method != METHOD_RATINGS)
	{
		scorer.lift = all->lift;
		scorer.surplus = all->eligible->surplus;
		scorer.floor = list_relevance_floor(&scorer, all->eligible, true);
	}
	if (all->bought && again_ranks_by_chance(&scorer))
		list.had = &client->history[SOURCE_PURCHASES];
	list_make(&list);
	if (all->bought && again_ranks_by_chance(&scorer))
		again_add_known(&scorer, list.had, all->now, &task->top);
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
		.bought = likely,
		.now = GetCurrentTransactionStartTimestamp(),
		.lift = likely ? 0 : list_lift(serving->model, METHOD_PURCHASES)
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
			task->had = likely ? NULL : client_history(serving, task->client, rank_source(serving));
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
 * May there be too much of a product?  Only then its score depends on what
 * else a client would want.
 */
static bool
may_be_lifted(Serving *serving, int64 product)
{
	const ProductSet *candidates;

	if (list_lift(serving->model, METHOD_PURCHASES) == 0 || !serving->image->has_purchases)
		return false;
	candidates = serving_candidates(serving);
	return candidates->surplus && candidates->surplus[product] > 0;
}

/*
 * The n clients who would most like a product, of those with a personal list;
 * without those who have it, unless bought.  None if the model does not know
 * the product.
 *
 * Where products have neighbours a client's row is the scores of all products.
 * One of them is wanted here, so all clients share a row that has no other.
 */
void
rank_audience(Serving *serving, int64 product_id, bool bought, int64 n, TopN *top)
{
	const Image *image = serving->image;
	SourceKind	kind = rank_source(serving);
	int64		product = image_product(image, product_id);
	float	   *column = NULL;
	float	   *row = NULL;
	bool		lifted;
	int64		count;
	int64	   *ids;

	topn_init(top, NULL, 0);
	if (product < 0)
		return;
	ids = serving_all_clients(serving, &count);
	lifted = may_be_lifted(serving, product);
	if (image->neighbours.rows > 0 && !lifted)
	{
		column = MemoryContextAllocHuge(CurrentMemoryContext, image->products * sizeof(float));
		row = MemoryContextAllocHuge(CurrentMemoryContext, image->products * sizeof(float));
		neighbours_column(&image->neighbours, (uint32) product, column);
	}
	n = Min(n, count);
	topn_init(top, MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(TopEntry)), n);
	for (int64 i = 0; i < count; i++)
	{
		Client	   *client = serving_client(serving, ids[i]);
		const History *had = client_history(serving, client, kind);
		float	   *own_row = client->purchase_row;
		Scorer		scorer;

		CHECK_FOR_INTERRUPTS();
		if (client_method(serving, client) == METHOD_POPULAR ||
			(!bought && ids_find(had->product_ids, had->count, product_id) >= 0))
			continue;
		if (row)
		{
			row[product] = client_purchase_score(serving, had, column, product);
			client->purchase_row = row;
		}
		scorer = list_scorer(serving, client, lifted);
		topn_offer(top, bought ? again_score(serving, &scorer, client, product_id)
				   : list_score(&scorer, product_id), ids[i]);
		client->purchase_row = own_row;
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
