/*
 * store.h - the arrays of a version of a model, in a table
 */
#ifndef RECO_STORE_H
#define RECO_STORE_H

#include "budget.h"
#include "factors.h"
#include "repeat.h"

#include "utils/uuid.h"

/* The arrays of a version; the names are in the table. */
typedef enum StoreArray
{
	STORE_HEADER,				/* one StoreHeader */
	STORE_CLIENT_ID,			/* int64, ascending */
	STORE_PRODUCT_ID,			/* int64, ascending */
	STORE_POPULARITY,			/* float: clients who bought or liked a product */
	STORE_RATING_BASELINE,		/* products x SVD_BIAS_COLUMNS floats */
	STORE_RATING_CLIENTS,		/* clients x rating_width floats */
	STORE_RATING_PRODUCTS,
	STORE_RATING_FEATURES,		/* products x rating_width floats */
	STORE_RATING_PRIOR,			/* 2 + stride rows of stride floats: mean,
								 * precision, and the row of a product without
								 * ratings; of an SVD, zero, gram of features, zero */
	STORE_RATING_SPREAD,		/* products floats */
	STORE_PURCHASE_CLIENTS,		/* clients x purchase_width floats */
	STORE_PURCHASE_PRODUCTS,
	STORE_PURCHASE_GRAM,		/* stride x stride floats */
	STORE_NEIGHBOUR_PRODUCT,	/* products x neighbour_width uint32 */
	STORE_NEIGHBOUR_WEIGHT,		/* as many floats */
	STORE_ATTRIBUTE_VALUE,		/* int64, ascending: ids of clients' values */
	STORE_ATTRIBUTE_FEATURES,	/* as many rows of rating_width floats */
	STORE_PURCHASE_HABIT		/* products floats, if RepeatModel has any */
} StoreArray;

/* No factor of a version that was trained comes near. */
#define MAX_FACTOR 1e9

#define STORE_FORMAT 6

/* Everything about a version that is not an array.  No padding. */
typedef struct StoreHeader
{
	int32		format;
	int32		rating_width;	/* 0: no ratings */
	int32		purchase_width; /* 0: no factors of purchases */
	int32		rating_method;	/* a RatingMethod */
	int64		clients;
	int64		products;
	double		rating_mean;
	double		rating_deviation;
	double		rating_lowest;
	double		rating_highest;
	float		rating_penalty;
	float		rating_bias_penalty;
	float		baseline_bias_penalty;
	float		purchase_unobserved;
	float		purchase_penalty;
	float		rating_noise_precision;
	float		rating_unknown_spread;
	float		factor_weight;	/* of purchases: beside neighbours; 0: not both */
	int64		neighbour_width;	/* 0: no neighbours */
	int64		attribute_values;	/* of clients, that the ratings tell of */
	int64		purchase_origin;	/* the time by which purchases age */
	double		purchase_half_life; /* in microseconds; 0: they do not */
	RepeatModel repeat;
} StoreHeader;

static inline bool
store_has_purchases(const StoreHeader *header)
{
	return header->purchase_width > 0 || header->neighbour_width > 0;
}

extern void store_write(const pg_uuid_t *version, StoreArray array, const void *data,
						int64 rows, Size row_size, Size row_stride);
extern void store_read(const pg_uuid_t *version, StoreArray array, void *data,
					   int64 rows, Size row_size, Size row_stride);
extern const char *store_header_fault(const StoreHeader *header);
extern void store_read_header(const pg_uuid_t *version, const char *model, int32 number,
							  StoreHeader *header);
extern int64 *store_read_ids(const pg_uuid_t *version, StoreArray array, int64 count, Budget *budget);
extern FactorMatrix store_read_factors(const pg_uuid_t *version, StoreArray array, int64 rows, int width,
									   Budget *budget);
extern void store_copy(const pg_uuid_t *from, const pg_uuid_t *to, StoreArray array,
					   int64 rows, Size row_size, int64 without);

/* Is a row of the array what was learnt of one client? */
static inline bool
store_is_of_clients(StoreArray array)
{
	return array == STORE_CLIENT_ID || array == STORE_RATING_CLIENTS ||
		array == STORE_PURCHASE_CLIENTS;
}

#endif							/* RECO_STORE_H */
