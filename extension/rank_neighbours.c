/*
 * rank_neighbours.c - the products, or clients, most like one
 *
 * Two are alike if their factors point the same way: the score is the cosine
 * of their rows, of purchases where the model has them, else of ratings,
 * without the biases.
 *
 * Where the model has neighbours in place of factors, products are alike by
 * what having the one adds to the score of the other, and clients of the
 * version by what they bought: the cosine of their purchases, each of which
 * weighs the less the more clients made it.
 */
#include "rank.h"

#include <math.h>

#include "miscadmin.h"

/* The part of a row that says what it is like: all of it, less its biases. */
static int
first_factor(const Image *image)
{
	return image->has_purchases ? 0 : SVD_BIAS_COLUMNS;
}

/* Cosine of two rows; 0 if one of them is zero. */
static double
cosine(const float *a, const float *b, int first, int width)
{
	double		product = 0;
	double		a_squares = 0;
	double		b_squares = 0;

	for (int i = first; i < width; i++)
	{
		product += (double) a[i] * b[i];
		a_squares += (double) a[i] * a[i];
		b_squares += (double) b[i] * b[i];
	}
	if (a_squares == 0 || b_squares == 0)
		return 0;
	return product / sqrt(a_squares * b_squares);
}

/* The n rows most like the one of own_id; if visible is given, of these only. */
static void
rank_neighbours(const Image *image, const float *row, int64 own_id,
				const FactorMatrix *rows, const int64 *ids,
				const int64 *visible, int64 visible_count, int64 n, TopN *top)
{
	int			first = first_factor(image);

	n = Min(n, rows->rows);
	topn_init(top, MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(TopEntry)), n);
	for (int64 i = 0; i < rows->rows; i++)
	{
		check_interrupts_at(i);
		if (ids[i] != own_id && (!visible || ids_find(visible, visible_count, ids[i]) >= 0))
			topn_offer(top, cosine(row, factor_row(rows, i), first, rows->width), ids[i]);
	}
	topn_sort(top);
}

/* All products, by what having one adds to the score of the other, the mean of both ways. */
static void
rank_by_weight(const Image *image, int64 number, int64 n, TopN *top)
{
	const Neighbours *m = &image->neighbours;

	n = Min(n, image->products);
	topn_init(top, MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(TopEntry)), n);
	for (int64 i = 0; i < image->products; i++)
	{
		check_interrupts_at(i);
		if (i != number)
			topn_offer(top, ((double) neighbours_weight(m, number, i) +
							 neighbours_weight(m, i, number)) / 2, image->product_ids[i]);
	}
	topn_sort(top);
}

/* How much a purchase of a product tells of a client. */
static double
purchase_weight(const Image *image, const History *history, int64 i)
{
	double		weight = 1 / sqrt(Max(image->popularity[history->products[i]], 1));

	return history->weights ? history->weights[i] * weight : weight;
}

static void
rank_by_purchases(Serving *serving, Client *client, int64 n, TopN *top)
{
	const Image *image = serving->image;
	const History *own = client_history(serving, client, SOURCE_PURCHASES);
	double	   *weights = MemoryContextAllocHuge(CurrentMemoryContext,
												 image->products * sizeof(double));
	int64		own_id = client->id;
	double		own_squares = 0;
	int64		count;
	int64	   *ids;
	int64	   *known_ids;
	Budget		budget;

	memset(weights, 0, image->products * sizeof(double));
	for (int64 i = 0; i < own->known; i++)
	{
		weights[own->products[i]] = purchase_weight(image, own, i);
		own_squares += weights[own->products[i]] * weights[own->products[i]];
	}
	/* may forget the clients that are there */
	ids = serving_all_clients(serving, &count);
	budget_init(&budget, CurrentMemoryContext);
	known_ids = image_read_client_ids(image, &budget);
	n = Min(n, count);
	topn_init(top, MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(TopEntry)), n);
	for (int64 c = 0; c < count; c++)
	{
		const History *other = client_history(serving, serving_client(serving, ids[c]),
											  SOURCE_PURCHASES);
		double		product = 0;
		double		squares = 0;

		CHECK_FOR_INTERRUPTS();
		if (ids[c] == own_id || ids_find(known_ids, image->clients, ids[c]) < 0)
			continue;
		for (int64 i = 0; i < other->known; i++)
		{
			double		weight = purchase_weight(image, other, i);

			product += weight * weights[other->products[i]];
			squares += weight * weight;
		}
		topn_offer(top, own_squares * squares > 0 ? product / sqrt(own_squares * squares) : 0, ids[c]);
	}
	topn_sort(top);
	pfree(weights);
}

static bool
has_factors(const Image *image)
{
	return image->personal &&
		(image->has_purchases || image->rating_products.width > SVD_BIAS_COLUMNS);
}

/* The products most like one; none if the model does not know it. */
void
rank_similar_products(Serving *serving, int64 product_id, int64 n, TopN *top)
{
	const Image *image = serving->image;
	const FactorMatrix *m = image->has_purchases ? &image->purchase_products : &image->rating_products;
	int64		number = image_product(image, product_id);

	topn_init(top, NULL, 0);
	if (number >= 0 && image->neighbours.rows > 0)
		rank_by_weight(image, number, n, top);
	else if (number >= 0 && has_factors(image))
		rank_neighbours(image, factor_row(m, number), product_id, m, image->product_ids, NULL, 0,
						n, top);
}

/*
 * The clients most like one, by factors as of the training; none if nothing is
 * known.  Where rows are hidden from the caller, so are the clients of these
 * rows.
 */
void
rank_similar_clients(Serving *serving, Client *client, int64 n, TopN *top)
{
	const Image *image = serving->image;
	Budget		budget;
	FactorMatrix clients;
	int64	   *ids;
	int64	   *visible = NULL;
	int64		visible_count = 0;

	topn_init(top, NULL, 0);
	if (!has_factors(image) || client_method(serving, client) == METHOD_POPULAR)
		return;
	if (image->neighbours.rows > 0)
	{
		rank_by_purchases(serving, client, n, top);
		return;
	}
	if (serving->traits.unsteady || serving->traits.restricted)
		visible = serving_all_clients(serving, &visible_count);
	budget_init(&budget, CurrentMemoryContext);
	clients = image_read_client_factors(image, &budget);
	ids = image_read_client_ids(image, &budget);
	rank_neighbours(image, image->has_purchases ? client_purchase_row(serving, client)
					: client_rating_row(serving, client), client->id, &clients, ids,
					visible, visible_count, n, top);
}
