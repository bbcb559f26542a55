/*
 * serving.c - what one statement serves: a model, and clients folded in
 *
 * A client's factors are not looked up but computed, from the rows that the
 * caller's snapshot sees, against the products' factors of the version: a
 * purchase made a moment ago, even in this transaction, counts.  For a client
 * whose rows have not changed since the training this gives the very factors
 * that the training ended with.
 *
 * The state hangs on the calling expression (fn_extra), so a statement that
 * asks for many clients or many products pays for each client once.  It is
 * rebuilt when the snapshot, the role or a setting that the model's queries,
 * or policies of row security, read is another one, and for every call if they
 * depend on more: on functions that may return something else at any time.  Rows are read client
 * by client as long as that is the cheaper way, by the planner's own costs;
 * then all at once, as in a training.
 */
#include "serving.h"

#include <math.h>

#include "access/transam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "fit.h"
#include "select.h"

/* Folded-in clients kept in a statement, before they are forgotten. */
#define MAX_CLIENT_BYTES ((Size) 64 * 1024 * 1024)

/* Bytes of one row read in bulk, to foresee what the budget would refuse. */
#define BULK_ROW_BYTES 64

static SnapshotKey
current_snapshot_key(void)
{
	Snapshot	snapshot = GetActiveSnapshot();
	SnapshotKey key;

	memset(&key, 0, sizeof(key));
	key.xmin = snapshot->xmin;
	key.xmax = snapshot->xmax;
	key.curcid = snapshot->curcid;
	key.running = snapshot->xcnt + snapshot->subxcnt;
	key.completions = snapshot->snapXactCompletionCount;
	key.transaction = MY_LOCAL_TRANSACTION;
	/* what an aborted subtransaction wrote is gone, and nothing else tells */
	key.subtransaction = GetCurrentSubTransactionId();
	key.user = GetUserId();
	return key;
}

static void
unpin_image(void *argument)
{
	image_unpin(argument);
}

/* An empty table of clients, in their own memory context. */
static void
make_client_table(Serving *serving)
{
	HASHCTL		control = {
		.keysize = sizeof(int64),.entrysize = sizeof(Client),.hcxt = serving->clients_context
	};

	serving->clients = hash_create("reco clients", 64, &control,
								   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static Serving *
serving_build(FunctionCallInfo fcinfo, const char *model_name, SnapshotKey key)
{
	MemoryContext context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "reco serving",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);
	Serving    *serving = palloc0(sizeof(Serving));
	MemoryContextCallback *unpin = palloc(sizeof(MemoryContextCallback));

	serving->context = context;
	serving->key = key;
	serving->model = model_get(model_name);
	source_check_rights(serving->model, &serving->traits);
	serving->settings = select_settings_digest(serving->traits.settings);
	serving->image = image_pin(serving->model);
	unpin->func = unpin_image;
	unpin->arg = serving->image;
	MemoryContextRegisterResetCallback(context, unpin);

	budget_init(&serving->budget, context);
	serving->scratch = palloc(client_scratch_size(serving->image));
	serving->clients_context = AllocSetContextCreate(context, "reco clients",
													 ALLOCSET_DEFAULT_SIZES);
	make_client_table(serving);
	MemoryContextSwitchTo(before);
	return serving;
}

static bool
is_model_named(const Model *model, const text *name)
{
	if (name == NULL)
		return strcmp(model->name, model_name_or_default(NULL)) == 0;
	return strlen(model->name) == VARSIZE_ANY_EXHDR(name) &&
		memcmp(model->name, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)) == 0;
}

/* The state of this call's expression, for a model or (NULL) the default one. */
Serving *
serving_get(FunctionCallInfo fcinfo, const text *model_name)
{
	Serving    *serving = fcinfo->flinfo->fn_extra;
	SnapshotKey key = current_snapshot_key();

	if (serving && !serving->traits.unsteady && memcmp(&serving->key, &key, sizeof(key)) == 0 &&
		serving->settings == select_settings_digest(serving->traits.settings) &&
		is_model_named(serving->model, model_name))
		return serving;
	if (serving)
	{
		fcinfo->flinfo->fn_extra = NULL;
		MemoryContextDelete(serving->context);
	}
	serving = serving_build(fcinfo, model_name ? text_to_cstring(model_name) : NULL, key);
	fcinfo->flinfo->fn_extra = serving;
	return serving;
}

static void
forget_clients(Serving *serving)
{
	MemoryContextReset(serving->clients_context);
	serving->has_scorer = false;
	make_client_table(serving);
}

/* May more clients be kept? */
bool
serving_has_room(const Serving *serving)
{
	return MemoryContextMemAllocated(serving->clients_context, true) <= MAX_CLIENT_BYTES;
}

/*
 * hold: forgets all clients so far, and none from here on, to make room for
 * others, until hold is off.
 */
void
serving_hold_clients(Serving *serving, bool hold)
{
	if (hold)
		forget_clients(serving);
	serving->hold_clients = hold;
}

/* A client of this statement, folded in when asked what it likes. */
Client *
serving_client(Serving *serving, int64 id)
{
	Client	   *client;
	bool		found;

	if (!serving->hold_clients && !serving_has_room(serving))
		forget_clients(serving);
	client = hash_search(serving->clients, &id, HASH_ENTER, &found);
	if (!found)
	{
		memset(client, 0, sizeof(Client));
		client->id = id;
	}
	return client;
}

/* ---- a client's own rows ---- */

/* The lines of entries first .. last - 1 of reduced rows, if they have any. */
static PairLines *
copy_lines(const Interactions *rows, int64 first, int64 last, MemoryContext context)
{
	PairLines  *copies;
	PairLine   *next;
	int64		count;

	if (rows->line_start == NULL)
		return NULL;
	count = rows->line_start[last] - rows->line_start[first];
	copies = MemoryContextAllocHuge(context, (last - first) * sizeof(PairLines) + 1);
	next = MemoryContextAllocHuge(context, count * sizeof(PairLine) + 1);
	memcpy(next, rows->lines + rows->line_start[first], count * sizeof(PairLine));
	for (int64 i = first; i < last; i++)
	{
		copies[i - first] = interactions_lines(rows, i);
		copies[i - first].lines = next;
		next += copies[i - first].count;
	}
	return copies;
}

/* Entries first .. last - 1 of reduced rows, as the history of their client. */
static void
make_history(Serving *serving, SourceKind kind, const Interactions *rows,
			 int64 first, int64 last, History *history)
{
	const Image *image = serving->image;
	MemoryContext context = serving->clients_context;
	int64		count = last - first;

	history->count = count;
	history->product_ids = MemoryContextAlloc(context, count * sizeof(int64) + 1);
	history->values = MemoryContextAlloc(context, count * sizeof(double) + 1);
	history->products = MemoryContextAlloc(context, count * sizeof(uint32) + 1);
	history->standardised = MemoryContextAlloc(context, count * sizeof(float) + 1);
	history->known = 0;
	history->lines = copy_lines(rows, first, last, context);
	if (kind == SOURCE_PURCHASES && history->lines && image->purchase_half_life > 0)
		history->weights = MemoryContextAlloc(context, count * sizeof(float) + 1);
	history->times = NULL;
	if (rows->times)
	{
		history->times = MemoryContextAlloc(context, count * sizeof(uint32) + 1);
		memcpy(history->times, rows->times + first, count * sizeof(uint32));
	}
	for (int64 i = 0; i < count; i++)
	{
		int64		id = rows->products->ids[rows->product[first + i]];
		int64		number = image_product(image, id);

		history->product_ids[i] = id;
		history->values[i] = rows->value[first + i];
		if (number >= 0)
		{
			if (history->weights)
				history->weights[history->known] =
					sqrt(lines_weight(history->lines[i], PG_INT64_MAX, image->purchase_origin,
									  image->purchase_half_life));
			history->products[history->known] = (uint32) number;
			history->standardised[history->known++] =
				kind == SOURCE_RATINGS ? rating_standardise(&image->scale, history->values[i]) : 1;
		}
	}
}

/* What is told of a client, by number among the rows, as far as the model knows such values. */
static void
make_told(Serving *serving, const Interactions *rows, int64 client, History *history)
{
	const Image *image = serving->image;
	const AttributeSide *side = rows->attributes ? &rows->attributes->clients : NULL;
	int64		first;
	int64		count;
	int			next;

	history->told = 0;
	if (!side || image->attributes == 0 || client >= side->rows.rows)
		return;
	first = side->rows.start[client];
	count = side->rows.start[client + 1] - first;
	history->told_values = MemoryContextAlloc(serving->clients_context, count * sizeof(uint32) + 1);
	history->told_weights = MemoryContextAlloc(serving->clients_context, count * sizeof(float) + 1);
	for (int64 i = 0; i < count; i++)
	{
		int64		number = ids_find(image->attribute_values, image->attributes,
									  side->values.ids[side->rows.column[first + i]]);

		if (number >= 0)
			history->told_values[history->told++] = (uint32) number;
	}
	/* each attribute's values share its weight, as in the training */
	for (int i = 0; i < history->told; i = next)
	{
		int			attribute = attribute_of_value(image->attribute_values[history->told_values[i]]);

		for (next = i; next < history->told &&
			 attribute_of_value(image->attribute_values[history->told_values[next]]) == attribute; next++)
			;
		for (int j = i; j < next; j++)
			history->told_weights[j] = attribute_weight(next - i);
	}
}

/* Reads and reduces rows of a query: of one client, or all. */
static void
read_rows(const Model *model, SourceKind kind, const int64 *only_client, Budget *budget,
		  IdMap *clients, IdMap *products, Interactions *rows)
{
	uint32	   *client_numbers;
	uint32	   *product_numbers;

	idmap_init(clients, budget);
	idmap_init(products, budget);
	interactions_read(rows, model, kind, only_client, clients, products, budget);
	client_numbers = idmap_sort(clients);
	product_numbers = idmap_sort(products);
	interactions_reduce(rows, client_numbers, product_numbers);
	budget_free(budget, client_numbers, clients->used, sizeof(uint32));
	budget_free(budget, product_numbers, products->used, sizeof(uint32));
}

static void
load_bulk(Serving *serving, SourceKind kind)
{
	BulkRows   *bulk = &serving->bulk[kind];
	MemoryContext before = MemoryContextSwitchTo(serving->context);
	int64		next = 0;

	read_rows(serving->model, kind, NULL, &serving->budget, &bulk->clients, &bulk->products,
			  &bulk->rows);
	bulk->start = budget_alloc(&serving->budget, bulk->clients.used + 1, sizeof(int64));
	for (int64 i = 0; i < bulk->rows.used; i++)
	{
		while (next <= bulk->rows.client[i])
			bulk->start[next++] = i;
	}
	while (next <= bulk->clients.used)
		bulk->start[next++] = bulk->rows.used;
	bulk->loaded = true;
	MemoryContextSwitchTo(before);
}

/*
 * Would reading all rows have been cheaper than one client at a time?  Both
 * by the planner's costs; the second is a fair price once the first is spent.
 */
static bool
bulk_is_cheaper(Serving *serving, SourceKind kind)
{
	BulkRows   *bulk = &serving->bulk[kind];
	double		rows;

	if (bulk->bulk_cost == 0)
	{
		/* one read alone never needs to know */
		if (bulk->single_reads == 0)
			return false;
		bulk->single_cost = source_cost(serving->model, kind, true, &rows);
		bulk->bulk_cost = Max(1, source_cost(serving->model, kind, false, &rows));
		if (rows * BULK_ROW_BYTES > serving->budget.limit)
			bulk->bulk_cost = get_float8_infinity();
	}
	return bulk->single_cost * bulk->single_reads >= bulk->bulk_cost;
}

/* The client's ratings or purchases; empty if the model has no such query. */
const History *
client_history(Serving *serving, Client *client, SourceKind kind)
{
	BulkRows   *bulk = &serving->bulk[kind];
	History    *history = &client->history[kind];

	if (client->has_history[kind])
		return history;
	client->has_history[kind] = true;
	if (!serving->model->queries[kind])
		return history;
	if (!bulk->loaded && bulk_is_cheaper(serving, kind))
		load_bulk(serving, kind);
	if (bulk->loaded)
	{
		int64		number = ids_find(bulk->clients.ids, bulk->clients.used, client->id);

		if (number >= 0)
		{
			make_history(serving, kind, &bulk->rows, bulk->start[number], bulk->start[number + 1],
						 history);
			make_told(serving, &bulk->rows, number, history);
		}
	}
	else
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "reco client rows",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext before = MemoryContextSwitchTo(context);
		Budget		budget;
		IdMap		clients;
		IdMap		products;
		Interactions rows;

		budget_init(&budget, context);
		read_rows(serving->model, kind, &client->id, &budget, &clients, &products, &rows);
		bulk->single_reads++;
		make_history(serving, kind, &rows, 0, rows.used, history);
		make_told(serving, &rows, 0, history);
		MemoryContextSwitchTo(before);
		MemoryContextDelete(context);
	}
	return history;
}

/*
 * The ids of all clients with rows of the kind that lists are made of, in
 * order; reads these rows at once.
 */
int64 *
serving_all_clients(Serving *serving, int64 *count)
{
	SourceKind	kind = serving->model->queries[SOURCE_PURCHASES] ? SOURCE_PURCHASES : SOURCE_RATINGS;

	if (!serving->bulk[kind].loaded)
		load_bulk(serving, kind);
	*count = serving->bulk[kind].clients.used;
	return serving->bulk[kind].clients.ids;
}

/* ---- folding in ---- */

/* Zeros but for the constant 1: a client of whom nothing is known. */
static float *
neutral_row(Serving *serving, const FactorMatrix *products)
{
	return MemoryContextAllocZero(serving->clients_context, products->stride * sizeof(float));
}

/* Factors, or where products have neighbours the scores of all products. */
static float *
new_purchase_row(Serving *serving)
{
	const Image *image = serving->image;

	if (image->neighbours.rows > 0)
		return MemoryContextAllocHuge(serving->clients_context, image->products * sizeof(float));
	return neutral_row(serving, &image->purchase_products);
}

static int
spare_width(const Image *image)
{
	return Max(image->rating_products.stride, image->purchase_products.stride);
}

/* Scratch memory for folding a client in. */
Size
client_scratch_size(const Image *image)
{
	return Max(solve_scratch_size(image->rating_products.width),
			   solve_scratch_size(image->purchase_products.width)) +
		spare_width(image) * sizeof(float);
}

/* The row at its end, of ratings or of purchases. */
static float *
spare_row(const Image *image, void *scratch)
{
	return (float *) ((char *) scratch + client_scratch_size(image)) - spare_width(image);
}

static void
fold_ratings(const Image *image, const History *history, void *scratch, float *row)
{
	float	   *mean = spare_row(image, scratch);

	if (image->is_bayes)
	{
		solve_prior_mean(&image->rating_features, image->rating_mean, history->products,
						 history->known, mean);
		for (int i = 0; i < history->told; i++)
			solve_add_value(&image->attribute_features, history->told_values[i],
							history->told_weights[i], mean);
		solve_bayes_row(&image->rating_products, SVD_CLIENT_BIAS, history->products,
						history->standardised, history->known, 0, &image->rating_prior,
						mean, NULL, scratch, row);
	}
	else
		solve_svd_row(&image->rating_products, SVD_CLIENT_BIAS, history->products,
					  history->standardised, history->known, 0, &image->rating_penalty,
					  scratch, row);
}

static void
fold_factors(const Image *image, const History *history, void *scratch, float *factors)
{
	solve_ials_row(&image->purchase_products, image->purchase_gram, history->products,
				   history->weights, history->known, 0, &image->purchase_penalty, scratch, factors);
}

/* Adds to the scores of some products what the factors of the client say of them, if there are any. */
static void
add_factors(const Image *image, const History *history, const FactorMatrix *products,
			void *scratch, float *scores)
{
	float	   *factors = spare_row(image, scratch);

	if (image->factor_weight == 0)
		return;
	fold_factors(image, history, scratch, factors);
	factor_add_scores(factors, products, image->factor_weight, scores);
}

static void
fold_purchases(const Image *image, const History *history, void *scratch, float *row)
{
	if (image->neighbours.rows == 0)
		fold_factors(image, history, scratch, row);
	else
	{
		neighbours_scores(&image->neighbours, history->products, history->weights, history->known, row);
		add_factors(image, history, &image->purchase_products, scratch, row);
	}
}

const float *
client_rating_row(Serving *serving, Client *client)
{
	if (client->rating_row == NULL)
	{
		const History *history = client_history(serving, client, SOURCE_RATINGS);
		float	   *row = neutral_row(serving, &serving->image->rating_products);

		fold_ratings(serving->image, history, serving->scratch, row);
		client->rating_row = row;
	}
	return client->rating_row;
}

const float *
client_purchase_row(Serving *serving, Client *client)
{
	if (client->purchase_row == NULL)
	{
		const History *history = client_history(serving, client, SOURCE_PURCHASES);
		float	   *row = new_purchase_row(serving);

		fold_purchases(serving->image, history, serving->scratch, row);
		client->purchase_row = row;
	}
	return client->purchase_row;
}

/*
 * One of the scores that client_purchase_row has where products have
 * neighbours, given what each product adds to it.
 */
float
client_purchase_score(Serving *serving, const History *history, const float *column, int64 product)
{
	const FactorMatrix *m = &serving->image->purchase_products;
	FactorMatrix one = {1, m->width, m->stride, m->data ? factor_row(m, product) : NULL};
	float		score = neighbours_sum(column, history->products, history->weights, history->known);

	add_factors(serving->image, history, &one, serving->scratch, &score);
	return score;
}

/*
 * Does all of folding a client in, for lists, that needs the server: the rest
 * is client_fold, which a thread may call, and has to be called.
 */
void
client_prepare(Serving *serving, Client *client)
{
	const Image *image = serving->image;
	ClientMethod method = client_method(serving, client);

	if (method == METHOD_POPULAR)
		return;
	if (image->has_purchases)
		client->purchase_row = new_purchase_row(serving);
	if (image->has_ratings)
	{
		(void) client_history(serving, client, SOURCE_RATINGS);
		client->rating_row = neutral_row(serving, &image->rating_products);
	}
}

void
client_fold(const Image *image, const Client *client, void *scratch)
{
	if (client->purchase_row)
		fold_purchases(image, &client->history[SOURCE_PURCHASES], scratch, client->purchase_row);
	if (client->rating_row)
		fold_ratings(image, &client->history[SOURCE_RATINGS], scratch, client->rating_row);
}

/* Does anything that the client bought say something of other products? */
static bool
has_neighbours(const Neighbours *m, const History *history)
{
	for (int64 i = 0; i < history->known; i++)
	{
		if (m->weight[(Size) history->products[i] * m->width] != 0)
			return true;
	}
	return false;
}

/* Personal if the version is and the client has rows that it can use. */
ClientMethod
client_method(Serving *serving, Client *client)
{
	const Image *image = serving->image;

	if (!image->personal || client == NULL)
		return METHOD_POPULAR;
	if (image->has_purchases)
	{
		const History *history = client_history(serving, client, SOURCE_PURCHASES);

		return (image->purchase_products.rows > 0 ? history->known > 0
				: has_neighbours(&image->neighbours, history)) ? METHOD_PURCHASES : METHOD_POPULAR;
	}
	return client_history(serving, client, SOURCE_RATINGS)->known > 0
		? METHOD_RATINGS : METHOD_POPULAR;
}
