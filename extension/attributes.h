/*
 * attributes.h - what a query of ratings tells of clients and products
 */
#ifndef RECO_ATTRIBUTES_H
#define RECO_ATTRIBUTES_H

#include "idmap.h"
#include "source.h"
#include "sparse.h"

/* That a value belongs to a client or product, by their numbers. */
typedef struct AttributePair
{
	uint32		row;
	uint32		value;
} AttributePair;

/*
 * The attributes of one side, clients or products.  The id of a value says
 * which attribute it is of, in its upper bits, and what the value is.
 */
typedef struct AttributeSide
{
	int			attributes;
	IdMap		values;			/* their ids */
	AttributePair *pairs;		/* while rows are read, some of them repeated */
	int64		used;
	int64		capacity;
	int64	   *last;			/* by row and attribute: what was told last */
	int64		last_rows;		/* as many have room */
	SparseRows	rows;			/* once reduced: the values of each */
} AttributeSide;

typedef struct Attributes
{
	AttributeSide clients;
	AttributeSide products;
	Budget	   *budget;
} Attributes;

/* The number of a value's attribute among those of its side. */
static inline int
attribute_of_value(int64 value_id)
{
	return (int) (value_id >> 58);
}

extern Attributes *attributes_begin(const SourceRow *row, Budget *budget);
extern void attributes_receive(Attributes *attributes, const SourceRow *row,
							   const uint32 *client, const uint32 *product);
extern void attributes_reduce(Attributes *attributes, const uint32 *client_numbers, int64 clients,
							  const uint32 *product_numbers, int64 products);
extern uint64 attributes_digest(const AttributeSide *side, const int64 *ids);

#endif							/* RECO_ATTRIBUTES_H */
