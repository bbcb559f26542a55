/*
 * neighbours.c - scores of a client by the neighbours of what they have
 */
#include <string.h>

#include "neighbours.h"

/*
 * The scores of all products for somebody who has n of them (ascending, with
 * weights; NULL: 1): the sum of what each one adds, in their order.
 */
void
neighbours_scores(const Neighbours *m, const uint32_t *products, const float *weights,
				  int64_t n, float *scores)
{
	memset(scores, 0, m->rows * sizeof(float));
	for (int64_t i = 0; i < n; i++)
	{
		const uint32_t *product = m->product + (size_t) products[i] * m->width;
		const float *weight = m->weight + (size_t) products[i] * m->width;
		float		own = weights ? weights[i] : 1;

		for (int k = 0; k < m->width; k++)
			scores[product[k]] += own * weight[k];
	}
}

/* What having a product adds to the score of another. */
float
neighbours_weight(const Neighbours *m, int64_t product, uint32_t other)
{
	const uint32_t *products = m->product + (size_t) product * m->width;
	int			low = 0;
	int			high = m->width;

	/* entries that are none, at the end, come after all products */
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (products[middle] < other && (middle == 0 || products[middle] != 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->width && products[low] == other
		? m->weight[(size_t) product * m->width + low] : 0;
}

/* What having each product adds to the score of one. */
void
neighbours_column(const Neighbours *m, uint32_t other, float *column)
{
	for (int64_t product = 0; product < m->rows; product++)
		column[product] = neighbours_weight(m, product, other);
}

/* That product's score alone, the same as neighbours_scores has it. */
float
neighbours_sum(const float *column, const uint32_t *products, const float *weights, int64_t n)
{
	float		sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += (weights ? weights[i] : 1) * column[products[i]];
	return sum;
}
