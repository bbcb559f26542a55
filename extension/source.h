/*
 * source.h - the queries of a model: checked once, run as the caller
 */
#ifndef RECO_SOURCE_H
#define RECO_SOURCE_H

#include "model.h"

#include "access/tupdesc.h"

/* A row of a query, as it arrives. */
typedef struct SourceRow
{
	bool		null_id;		/* client_id or product_id is NULL */
	bool		null_product;	/* not set for candidates */
	bool		null_value;
	int64		client;			/* not set for candidates */
	int64		product;
	double		value;			/* for candidates: the surplus */
	bool		null_at;
	int64		at;				/* a TimestampTz */

	int			attributes;		/* of ratings, what else is told: */
	const Datum *attribute;		/* text or arrays of it */
	const bool *null_attribute;
	TupleDesc	description;	/* of the whole row */
} SourceRow;

/* The columns of a query of ratings or purchases, as it is stored. */
#define CLIENT_COLUMN 1
#define PRODUCT_COLUMN 2
#define VALUE_COLUMN 3
#define AT_COLUMN 4				/* and behind it the attributes */

/* Those of candidates. */
#define SURPLUS_COLUMN 2

#define MAX_ATTRIBUTES 32

/* What the name of an attribute tells, if it is one. */
static inline bool
is_attribute_of_client(const char *name)
{
	return strncmp(name, "client_", strlen("client_")) == 0;
}

static inline bool
is_attribute_of_product(const char *name)
{
	return strncmp(name, "product_", strlen("product_")) == 0;
}

/* Does a query return the same rows as long as snapshot, role and the settings it reads are the same? */
typedef enum Steadiness
{
	STEADY,
	UNSTEADY,					/* not surely: functions */
	VOLATILE					/* not even twice in a statement */
} Steadiness;

/* What the rows of queries depend on besides snapshot and role. */
typedef struct SourceTraits
{
	bool		unsteady;		/* on what may be something else at the next call */
	bool		restricted;		/* on row security, or settings */
	List	   *settings;		/* on these, by name */
} SourceTraits;

/* A relation of the caller's choice, whose column product_id is wanted. */
typedef struct Among
{
	Oid			relation;
	char	   *query;
} Among;

typedef void (*SourceReceiver) (void *state, const SourceRow *row);

/* source_check.c */
extern char *source_check(SourceKind kind, const char *query, int *columns);

/* source.c */
extern void source_read(const Model *model, SourceKind kind, const int64 *only_client,
						SourceReceiver receiver, void *state);
extern bool source_attribute_of_client(const SourceRow *row, int attribute);
extern bool source_attribute_is_array(const SourceRow *row, int attribute);
extern void source_check_rights(const Model *model, SourceTraits *traits);
extern int64 source_count(const Model *model);
extern double source_cost(const Model *model, SourceKind kind, bool one_client, double *rows);

/* candidates, or what argument among says (NULL: not given) */
extern Among *source_among(Oid relation);
extern Steadiness source_products_steadiness(const Model *model, const Among *among,
											 SourceTraits *traits);
extern void source_read_products(const Model *model, const Among *among, const int64 *only,
								 int64 count, SourceReceiver receiver, void *state);
extern double source_products_cost(const Model *model, const Among *among, bool some,
								   double *rows);

#endif							/* RECO_SOURCE_H */
