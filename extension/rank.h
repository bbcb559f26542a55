/*
 * rank.h - scores, and lists in their order
 */
#ifndef RECO_RANK_H
#define RECO_RANK_H

#include "liking.h"
#include "serving.h"
#include "topn.h"

/* One row of explain. */
typedef struct Contribution
{
	int64		product_id;
	double		contribution;
} Contribution;

/* The query that lists are made of. */
static inline SourceKind
rank_source(const Serving *serving)
{
	return serving->model->queries[SOURCE_PURCHASES] ? SOURCE_PURCHASES : SOURCE_RATINGS;
}

extern double rank_stars(Serving *serving, Client *client, int64 product_id);
extern double rank_score_of(Serving *serving, bool unknown, int64 client_id, int64 product_id);
extern void rank_recommended(Serving *serving, Client *client, Oid among,
							 const int64 *exclude, int64 exclude_count, bool bought,
							 int64 n, TopN *top);

/* rank_again.c */

/* rank_clients.c */

/* Takes one client's list, in order. */
typedef void (*ListReceiver) (void *state, int64 client_id, const TopN *top);

extern void rank_all(Serving *serving, int64 n, bool likely, ListReceiver receiver, void *state);
extern void rank_audience(Serving *serving, int64 product_id, bool bought, int64 n, TopN *top);
extern int64 *rank_likely_buyers(Serving *serving, int64 n);

/* rank_neighbours.c */
extern void rank_similar_products(Serving *serving, int64 product_id, int64 n, TopN *top);
extern void rank_similar_clients(Serving *serving, Client *client, int64 n, TopN *top);

/* rank_explain.c */
extern Contribution *rank_contributions(Serving *serving, Client *client, int64 product_id,
										int64 *count);

#endif							/* RECO_RANK_H */
