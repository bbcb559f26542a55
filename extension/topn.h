/*
 * topn.h - the n best of many, exactly, in a fixed order
 *
 * Knows arrays only.  Linked into both libraries.
 */
#ifndef RECO_TOPN_H
#define RECO_TOPN_H

#include <stdbool.h>
#include <stdint.h>

typedef struct TopEntry
{
	double		score;
	int64_t		id;
} TopEntry;

/* A bounded heap whose root is the worst entry kept. */
typedef struct TopN
{
	int64_t		capacity;
	int64_t		used;
	TopEntry   *entries;		/* capacity entries, the caller's memory */
} TopN;

extern void topn_init(TopN *top, TopEntry *entries, int64_t capacity);
extern void topn_insert(TopN *top, double score, int64_t id);
extern void topn_sort(TopN *top);

/* Does a come before b?  Higher scores first, then lower ids. */
static inline bool
top_before(const TopEntry *a, const TopEntry *b)
{
	return a->score > b->score || (a->score == b->score && a->id < b->id);
}

/* Offers an entry; most are refused by this one comparison. */
static inline void
topn_offer(TopN *top, double score, int64_t id)
{
	TopEntry	entry = {score, id};

	if (top->used < top->capacity || (top->capacity > 0 && top_before(&entry, &top->entries[0])))
		topn_insert(top, score, id);
}

#endif							/* RECO_TOPN_H */
