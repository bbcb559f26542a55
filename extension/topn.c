/*
 * topn.c - the n best of many, exactly, in a fixed order
 *
 * A binary heap of at most n entries with the worst at the root.  The order
 * is total (score, then id), so the result does not depend on the order in
 * which entries are offered.
 */
#include <stdlib.h>

#include "topn.h"

void
topn_init(TopN *top, TopEntry *entries, int64_t capacity)
{
	top->capacity = capacity;
	top->used = 0;
	top->entries = entries;
}

/* Moves the entry at position down until no child is worse than it. */
static void
sift_down(TopEntry *entries, int64_t used, int64_t position)
{
	TopEntry	moving = entries[position];

	for (;;)
	{
		int64_t		child = 2 * position + 1;

		if (child >= used)
			break;
		if (child + 1 < used && top_before(&entries[child], &entries[child + 1]))
			child++;
		if (!top_before(&moving, &entries[child]))
			break;
		entries[position] = entries[child];
		position = child;
	}
	entries[position] = moving;
}

/* Adds an entry known to belong: use topn_offer. */
void
topn_insert(TopN *top, double score, int64_t id)
{
	TopEntry	entry = {score, id};
	int64_t		position;

	if (top->used == top->capacity)
	{
		top->entries[0] = entry;
		sift_down(top->entries, top->used, 0);
		return;
	}
	position = top->used++;
	while (position > 0)
	{
		int64_t		parent = (position - 1) / 2;

		if (!top_before(&top->entries[parent], &entry))
			break;
		top->entries[position] = top->entries[parent];
		position = parent;
	}
	top->entries[position] = entry;
}

/* Puts the entries in order, best first.  The heap is used up by it. */
void
topn_sort(TopN *top)
{
	for (int64_t last = top->used - 1; last > 0; last--)
	{
		TopEntry	worst = top->entries[0];

		top->entries[0] = top->entries[last];
		sift_down(top->entries, last, 0);
		top->entries[last] = worst;
	}
}
