/*
 * interactions.h - ratings or purchases read into arrays, one entry a pair
 */
#ifndef RECO_INTERACTIONS_H
#define RECO_INTERACTIONS_H

#include "attributes.h"

/* One row of a pair that was bought, where the query tells when. */
typedef struct PairLine
{
	int64		at;				/* a TimestampTz; PG_INT64_MIN: not told */
	double		quantity;
} PairLine;

/* The lines of a pair, in order of time. */
typedef struct PairLines
{
	const PairLine *lines;
	int64		count;
} PairLines;

/* Ids are looked up so many at a time. */
#define ROWS_PER_NUMBERING 64

/*
 * The rows of one query.  First as read, in order of arrival; after
 * interactions_reduce one entry for each pair, by client and then product.
 */
typedef struct Interactions
{
	Budget	   *budget;
	IdMap	   *clients;
	IdMap	   *products;
	SourceKind	kind;

	int64		used;
	int64		capacity;
	int64		numbered;		/* entries whose ids have got their numbers; of */
	int64		client_ids[ROWS_PER_NUMBERING]; /* the rest these are the ids */
	int64		product_ids[ROWS_PER_NUMBERING];
	uint32	   *client;
	uint32	   *product;
	double	   *value;
	int64	   *at;				/* NULL as long as no row had one; of purchases,
								 * once reduced, the lines tell it */

	/* Purchases with times, once reduced: entry e has the lines from
	 * line_start[e] to before line_start[e + 1]. */
	int64	   *line_start;		/* used + 1; NULL: no row had a time */
	PairLine   *lines;
	int64		line_capacity;

	Attributes *attributes;		/* of clients and products; NULL: none are told */

	uint32	   *times;			/* purchases without times, once reduced: rows of
								 * the pair; NULL: one each */

	/* Which rows came later than some time; of a pair, if all its rows did. */
	bool		marks_fresh;
	int64		fresh_since;
	bool	   *fresh;			/* NULL: not marked */

	int64		rows_read;
	int64		rows_null;		/* skipped for a NULL */
	int64		rows_not_finite;	/* NaN or infinity: an error at the end */
} Interactions;

/* Which entries of reduced interactions are taken. */
typedef bool (*EntryFilter) (const Interactions *from, int64 entry, void *argument);

extern void interactions_read(Interactions *read, const Model *model, SourceKind kind,
							  const int64 *only_client,
							  IdMap *clients, IdMap *products, Budget *budget);
extern void interactions_read_since(Interactions *read, const Model *model, SourceKind kind,
									int64 since, IdMap *clients, IdMap *products, Budget *budget);
extern void interactions_reduce(Interactions *read, const uint32 *client_numbers,
								const uint32 *product_numbers);
extern void interactions_select(const Interactions *from, EntryFilter filter, void *argument,
								const int64 *before, Interactions *result, Budget *budget);
extern PairLines interactions_lines(const Interactions *from, int64 entry);
extern int64 lines_latest(PairLines lines, int64 not_after);
extern bool lines_bought(PairLines lines, int64 since, int64 before);
extern int64 lines_days(PairLines lines, int64 before, int64 *last);
extern double lines_weight(PairLines lines, int64 before, int64 origin, double half_life);

extern void interactions_by_client(const Interactions *from, EntryFilter filter, void *argument,
								   const float *values, SparseRows *result, Budget *budget);
extern void sparse_transpose(const SparseRows *from, SparseRows *result, Budget *budget);
extern void sparse_free(SparseRows *m, Budget *budget);

#endif							/* RECO_INTERACTIONS_H */
