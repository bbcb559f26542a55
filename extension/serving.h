/*
 * serving.h - what one statement serves: a model, and clients folded in
 */
#ifndef RECO_SERVING_H
#define RECO_SERVING_H

#include "image.h"
#include "interactions.h"
#include "source.h"

#include "utils/hsearch.h"
#include "utils/snapshot.h"

/* A client's own rows of one query, as the statement's snapshot sees them. */
typedef struct History
{
	int64		count;
	int64	   *product_ids;	/* ascending */
	double	   *values;
	PairLines  *lines;			/* of purchases, when; NULL: the query does not
								 * tell */

	uint32	   *times;			/* of purchases without times, how often; NULL:
								 * once each */

	int64		known;			/* of them in the model */
	uint32	   *products;		/* their numbers there, ascending */
	float	   *standardised;	/* ratings only */
	float	   *weights;		/* of purchases, by their age; NULL: 1 */

	int			told;			/* of the client, values known to the model */
	uint32	   *told_values;	/* their numbers there, ascending */
	float	   *told_weights;
} History;

/* How a client's list is made. */
typedef enum ClientMethod
{
	METHOD_POPULAR,
	METHOD_PURCHASES,
	METHOD_RATINGS
} ClientMethod;

typedef struct Client
{
	int64		id;				/* hash key of entry - MUST BE FIRST */
	bool		has_history[SOURCE_CANDIDATES];
	History		history[SOURCE_CANDIDATES];
	float	   *rating_row;		/* NULL until folded in */
	float	   *purchase_row;	/* factors; with neighbours, all scores */
	const struct Liking *liking;	/* NULL until asked for */
	bool		has_floor;
	double		floor;			/* products that score less are not lifted */
} Client;

/* All clients' rows of one query, read when single reads cost more. */
typedef struct BulkRows
{
	bool		loaded;
	int64		single_reads;
	double		single_cost;
	double		bulk_cost;		/* 0: not asked the planner yet */
	IdMap		clients;
	IdMap		products;
	Interactions rows;
	int64	   *start;			/* clients.used + 1: entries of each client */
} BulkRows;

/* What a snapshot sees is the same as long as this is. */
typedef struct SnapshotKey
{
	TransactionId xmin;
	TransactionId xmax;
	CommandId	curcid;
	uint32		running;
	uint64		completions;
	LocalTransactionId transaction;
	SubTransactionId subtransaction;
	Oid			user;
} SnapshotKey;

typedef struct ProductSet
{
	bool		everything;		/* all products of the model, nothing else */
	bool	   *products;		/* by number in the model */
	float	   *surplus;		/* by number, 0 .. 1; NULL: nobody told */
	int64		unknown_count;
	int64	   *unknown_ids;	/* not in the model, ascending */
} ProductSet;

/* What says which products may be offered. */
typedef enum FilterKind
{
	FILTER_CANDIDATES,			/* the model's query */
	FILTER_AMONG				/* the caller's relation */
} FilterKind;

#define FILTERS 2

typedef struct Filter
{
	bool		given;
	bool		examined;		/* what follows is known */
	bool		is_volatile;	/* to be read once, not asked in parts */
	bool		steady;			/* read, it need not be read again */
	double		read_cost;		/* of all of it, to the planner */
	double		ask_cost;		/* of one product */
	double		rate;			/* the part of products that passes, to the planner */
	double		asked;			/* cost of all that was asked in this statement */
	bool		read;			/* set is whole */
	ProductSet	set;
} Filter;

/* A product that may be offered if the filters say so. */
typedef struct AskedProduct
{
	int64		id;
	double		score;
	float		surplus;		/* 0 .. 1, if the candidates tell */
	bool		passed;
} AskedProduct;

/* Which products may be offered, as far as it is known without asking. */
typedef struct Eligibility
{
	const ProductSet *set;
	bool		ask[FILTERS];	/* these filters must be asked besides */
	bool		asking;			/* any of them */
	double		rate;			/* the part of set that passes them, to the planner */
} Eligibility;

/* Lives as long as the calling expression, rebuilt when the snapshot moves. */
typedef struct Serving
{
	MemoryContext context;
	SnapshotKey key;
	SourceTraits traits;		/* of its queries */
	uint64		settings;		/* the values of those that traits names */
	const Model *model;
	Image	   *image;
	Budget		budget;
	void	   *scratch;		/* for solve_* */
	HTAB	   *clients;
	MemoryContext clients_context;
	bool		hold_clients;	/* none of them may be forgotten */
	struct Scorer *scorer;		/* of the client scored last */
	bool		has_scorer;
	bool		scorer_unknown; /* of nobody known */
	int64		scorer_client;
	BulkRows	bulk[SOURCE_CANDIDATES];

	Filter		filters[FILTERS];
	Among	   *among;			/* what the second filter is of */
	bool		has_both;		/* of both filters, both read */
	ProductSet	both;
} Serving;

extern Serving *serving_get(FunctionCallInfo fcinfo, const text *model_name);
extern Client *serving_client(Serving *serving, int64 id);
extern const History *client_history(Serving *serving, Client *client, SourceKind kind);
extern void client_prepare(Serving *serving, Client *client);
extern void client_fold(const Image *image, const Client *client, void *scratch);
extern Size client_scratch_size(const Image *image);
extern void serving_hold_clients(Serving *serving, bool hold);
extern bool serving_has_room(const Serving *serving);
extern const float *client_rating_row(Serving *serving, Client *client);
extern const float *client_purchase_row(Serving *serving, Client *client);
extern float client_purchase_score(Serving *serving, const History *history, const float *column,
								   int64 product);
extern ClientMethod client_method(Serving *serving, Client *client);
extern int64 *serving_all_clients(Serving *serving, int64 *count);

/* eligible.c */
extern const ProductSet *serving_candidates(Serving *serving);
extern void serving_begin_among(Serving *serving, Oid relation);
extern Eligibility serving_eligibility(Serving *serving, bool among, int64 n, int64 more);
extern int64 serving_depth(int64 n, double rate);
extern void serving_ask(Serving *serving, const Eligibility *eligibility,
						AskedProduct *products, int64 count);

#endif							/* RECO_SERVING_H */
