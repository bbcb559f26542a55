/*
 * rank_neighbours.c - the products, or clients, most like one
 *
 * Two are alike if their factors point the same way: the score is the cosine
 * of their rows, of purchases where the model has them, else of ratings,
 * without the biases.
 */
#include "rank.h"

#include <math.h>

#include "miscadmin.h"

#define ROWS_PER_CHECK 65536

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
		if (i % ROWS_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		if (ids[i] != own_id && (!visible || ids_find(visible, visible_count, ids[i]) >= 0))
			topn_offer(top, cosine(row, factor_row(rows, i), first, rows->width), ids[i]);
	}
	topn_sort(top);
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
	if (number >= 0 && has_factors(image))
		rank_neighbours(image, factor_row(m, number), product_id, m, image->product_ids, NULL, 0,
						n, top);
}

/*
 * The clients most like one, as of the training; none if nothing is known.
 * Where rows are hidden from the caller, so are the clients of these rows.
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
	if (serving->unsteady)
		visible = serving_all_clients(serving, &visible_count);
	budget_init(&budget, CurrentMemoryContext);
	clients = image_read_client_factors(image, &budget);
	ids = image_read_client_ids(image, &budget);
	rank_neighbours(image, image->has_purchases ? client_purchase_row(serving, client)
					: client_rating_row(serving, client), client->id, &clients, ids,
					visible, visible_count, n, top);
}
