/*
 * interactions.h - ratings or purchases read into arrays, one entry a pair
 */
#ifndef RECO_INTERACTIONS_H
#define RECO_INTERACTIONS_H

#include "idmap.h"
#include "source.h"
#include "sparse.h"

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
	uint32	   *client;
	uint32	   *product;
	double	   *value;
	int64	   *at;				/* NULL as long as no row had one */

	/* Which rows came later than some time; of a pair, if all its rows did. */
	bool		marks_fresh;
	int64		fresh_since;
	bool	   *fresh;			/* NULL: not marked */

	int64		rows_read;
	int64		rows_null;		/* skipped for a NULL */
	int64		rows_not_finite;	/* NaN or infinity: an error at the end */
} Interactions;

extern void interactions_read(Interactions *read, const Model *model, SourceKind kind,
							  const int64 *only_client,
							  IdMap *clients, IdMap *products, Budget *budget);
extern void interactions_read_since(Interactions *read, const Model *model, SourceKind kind,
									int64 since, IdMap *clients, IdMap *products, Budget *budget);
extern void interactions_reduce(Interactions *read, const uint32 *client_numbers,
								const uint32 *product_numbers);
extern void interactions_free(Interactions *read);

/* Which entries of reduced interactions go into a matrix. */
typedef bool (*EntryFilter) (const Interactions *from, int64 entry, void *argument);

extern void interactions_by_client(const Interactions *from, EntryFilter filter, void *argument,
								   const float *values, SparseRows *result, Budget *budget);
extern void sparse_transpose(const SparseRows *from, SparseRows *result, Budget *budget);
extern void sparse_free(SparseRows *m, Budget *budget);

#endif							/* RECO_INTERACTIONS_H */
