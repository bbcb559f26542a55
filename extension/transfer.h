/*
 * transfer.h - a version of a model as bytes that can be taken elsewhere
 */
#ifndef RECO_TRANSFER_H
#define RECO_TRANSFER_H

#include "model.h"
#include "store.h"

typedef struct ArrayShape
{
	StoreArray	array;
	int64		rows;
	Size		row_size;
} ArrayShape;

#define MAX_ARRAYS (STORE_PURCHASE_HABIT + 1)

/* What import finds; points into the bytes. */
typedef struct Transfer
{
	Datum		description;	/* jsonb: the model's queries and options, the
								 * version's row */
	StoreHeader header;
	const char *arrays;			/* one after the other, unaligned */
	Size		bytes;			/* of header and arrays */
} Transfer;

extern int	array_shapes(const StoreHeader *header, ArrayShape *shapes);
extern bytea *transfer_export(const Model *model);
extern void transfer_open(bytea *data, Transfer *transfer);
extern void transfer_write(const Transfer *transfer, const pg_uuid_t *version);

#endif							/* RECO_TRANSFER_H */
