/*
 * rank_explain.c - what each product that a client has adds to a score
 *
 * With neighbours a score is such a sum to begin with.  By factors the
 * folded-in client is linear in what they have, so the score of a product is a
 * sum over these: the weights of the product are pulled back through the
 * equations that the client was solved from, and one dot product for each is
 * its contribution.  Where both make the score, so they do each contribution.
 */
#include "rank.h"

#include <math.h>

static int
compare_contributions(const void *a, const void *b)
{
	const Contribution *x = a;
	const Contribution *y = b;

	if (x->contribution != y->contribution)
		return x->contribution > y->contribution ? -1 : 1;
	return x->product_id < y->product_id ? -1 : x->product_id > y->product_id;
}

/*
 * What one unit of a rated product's features adds to the score whose weights
 * these are, if is_bayes: precision weights times feature_weight.
 */
static float *
prior_weights(const Image *image, const float *weights, int64 n)
{
	int			stride = image->rating_products.stride;
	float	   *result = palloc0(stride * sizeof(float));

	for (int i = 0; i < stride; i++)
	{
		const float *row = image->rating_prior.precision + i * stride;

		for (int j = i; j < stride; j++)
		{
			result[i] += row[j] * weights[j];
			if (j > i)
				result[j] += row[j] * weights[i];
		}
	}
	for (int i = 0; i < stride; i++)
		result[i] *= feature_weight(n);
	return result;
}

/* What stars make of the sum, they make of its parts. */
static void
correct_contributions(const Liking *liking, int64 product, double total,
					  Contribution *contributions, int64 count)
{
	if (liking == NULL || total == 0)
		return;
	for (int64 i = 0; i < count; i++)
		contributions[i].contribution *= liking_correct(liking, product, total) / total;
}

/* One for each product that the client has and the model knows, of 0. */
static Contribution *
begin_contributions(const Image *image, const History *history)
{
	Contribution *contributions = palloc(history->known * sizeof(Contribution) + 1);

	for (int64 i = 0; i < history->known; i++)
	{
		contributions[i].product_id = image->product_ids[history->products[i]];
		contributions[i].contribution = 0;
	}
	return contributions;
}

static void
add_by_neighbours(const Image *image, const History *history, int64 number,
				  Contribution *contributions)
{
	for (int64 i = 0; i < history->known; i++)
	{
		double		weight = neighbours_weight(&image->neighbours, history->products[i], number);

		contributions[i].contribution += history->weights ? history->weights[i] * weight : weight;
	}
}

/* False if the equations cannot be solved. */
static bool
add_by_factors(Serving *serving, const History *history, int64 number, double factor_weight,
			   Contribution *contributions)
{
	const Image *image = serving->image;
	const FactorMatrix *m = &image->purchase_products;
	float	   *weights = palloc0(m->stride * sizeof(float));

	memcpy(weights, factor_row(m, number), m->width * sizeof(float));
	if (!solve_weights(m, image->purchase_gram, SVD_CLIENT_BIAS, history->products, history->known,
					   NULL, NULL, &image->purchase_penalty, history->weights, serving->scratch,
					   weights))
		return false;
	for (int64 i = 0; i < history->known; i++)
	{
		const float *row = factor_row(m, history->products[i]);
		double		sum = 0;

		for (int f = 0; f < m->width; f++)
			sum += (double) weights[f] * row[f];
		if (history->weights)
			sum *= history->weights[i];
		contributions[i].contribution += factor_weight * sum;
	}
	return true;
}

static Contribution *
purchase_contributions(Serving *serving, Client *client, int64 number)
{
	const Image *image = serving->image;
	const History *history = client_history(serving, client, SOURCE_PURCHASES);
	Contribution *contributions = begin_contributions(image, history);
	double		total = 0;

	if (image->neighbours.rows > 0)
		add_by_neighbours(image, history, number, contributions);
	if (image->purchase_products.rows > 0 &&
		!add_by_factors(serving, history, number, image->factor_weight > 0 ? image->factor_weight : 1,
						contributions))
		return NULL;
	for (int64 i = 0; i < history->known; i++)
		total += contributions[i].contribution;
	correct_contributions(client_liking(serving, client), number, total, contributions,
						  history->known);
	return contributions;
}

static Contribution *
rating_contributions(Serving *serving, Client *client, int64 number)
{
	const Image *image = serving->image;
	const FactorMatrix *m = &image->rating_products;
	const History *history = client_history(serving, client, SOURCE_RATINGS);
	Contribution *contributions = begin_contributions(image, history);
	float	   *weights = palloc0(m->stride * sizeof(float));
	const float *feature_weights = NULL;
	int			constant = 1 - SVD_CLIENT_BIAS;

	memcpy(weights, factor_row(m, number), m->width * sizeof(float));
	weights[constant] = 0;
	if (!solve_weights(m, NULL, SVD_CLIENT_BIAS, history->products, history->known,
					   image->is_bayes ? NULL : &image->rating_penalty,
					   image->is_bayes ? &image->rating_prior : NULL, NULL, NULL,
					   serving->scratch, weights))
		return NULL;
	if (image->rating_features.data)
		feature_weights = image->is_bayes ? prior_weights(image, weights, history->known) : weights;
	for (int64 i = 0; i < history->known; i++)
	{
		const float *row = factor_row(m, history->products[i]);
		double		expected = row[constant];
		double		sum = 0;

		for (int f = 0; f < m->width; f++)
		{
			if (f == constant)
				continue;
			sum += (double) weights[f] * row[f];
			if (image->is_bayes)
				expected += (double) image->rating_mean[f] * row[f];
		}
		sum *= history->standardised[i] - expected;
		if (feature_weights)
		{
			const float *features = factor_row(&image->rating_features, history->products[i]);

			if (image->is_bayes)
				sum *= image->rating_prior.noise_precision;
			for (int f = 0; f < m->width; f++)
				sum += (double) feature_weights[f] * features[f];
		}
		contributions[i].contribution = finite_number(image->scale.deviation * sum);
	}
	return contributions;
}

/*
 * What each product that the client has adds to the score of another, best
 * first.  For purchases the contributions add up to the score, before any lift;
 * for ratings to the stars of this client less those of an unknown one, before
 * both are cut off at the ends of the scale.  None where the list is not
 * personal.
 */
Contribution *
rank_contributions(Serving *serving, Client *client, int64 product_id, int64 *count)
{
	ClientMethod method = client_method(serving, client);
	int64		number = image_product(serving->image, product_id);
	Contribution *contributions;

	*count = 0;
	if (method == METHOD_POPULAR || number < 0)
		return NULL;
	contributions = method == METHOD_RATINGS ? rating_contributions(serving, client, number)
		: purchase_contributions(serving, client, number);
	if (contributions == NULL)
		return NULL;
	*count = client_history(serving, client,
							method == METHOD_RATINGS ? SOURCE_RATINGS : SOURCE_PURCHASES)->known;
	qsort(contributions, *count, sizeof(Contribution), compare_contributions);
	return contributions;
}
