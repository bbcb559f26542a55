/*
 * rank_list.h - scoring products for a client, and making a list of the best
 *
 * Between the files rank*.c alone.
 */
#ifndef RECO_RANK_LIST_H
#define RECO_RANK_LIST_H

#include "liking.h"
#include "topn.h"

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

static inline double
lifted_score(const Scorer *scorer, double score, float surplus)
{
	return surplus > 0 && score >= scorer->floor ? score * (1 + scorer->lift * surplus) : score;
}

extern double list_plain_score(const Scorer *scorer, int64 product);
extern void list_make(const Listing *list);
extern double list_floor(const TopN *best);
extern double list_relevance_floor(const Scorer *scorer, const ProductSet *candidates,
								   bool in_thread);
extern Scorer list_plain_scorer(const Image *image, ClientMethod method, const float *row,
								const Liking *liking);
extern double list_lift(const Model *model, ClientMethod method);
extern Scorer list_scorer(Serving *serving, Client *client, bool lifted);
extern double list_score(const Scorer *scorer, int64 product_id);

/* rank_again.c */
extern bool again_ranks_by_chance(const Scorer *scorer);
extern void again_add_known(const Scorer *scorer, const History *had, int64 now, TopN *top);
extern void again_add(Serving *serving, const Scorer *scorer, const History *had,
					  const Eligibility *eligibility,
					  const int64 *exclude, int64 exclude_count, TopN *top);
extern double again_score(Serving *serving, const Scorer *scorer, Client *client, int64 product_id);

#endif							/* RECO_RANK_LIST_H */
