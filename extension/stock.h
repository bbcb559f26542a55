/*
 * stock.h - the rule of stock alerts, and the tables that hold them
 */
#ifndef RECO_STOCK_H
#define RECO_STOCK_H

#include "reco.h"

#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "utils/array.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"

/* Where an item stands with regard to one kind of alert. */
typedef enum StockSide
{
	SIDE_CLOSED,				/* an open alert is to be closed */
	SIDE_BETWEEN,				/* what is open stays open, what is closed closed */
	SIDE_OPEN					/* there is to be an open alert */
} StockSide;

typedef enum AlertKind
{
	ALERT_OUT,					/* nothing left to sell */
	ALERT_LOW,					/* no more than the threshold left, and on order */
	ALERT_LATE,					/* an order has not come when it was due */
	ALERT_DRIFT,				/* the level is not the sum of the ledger */
	ALERT_KINDS
} AlertKind;

typedef struct StockItem
{
	int64		product_id;
	bool		offered;		/* false: gone, or no longer sold */
	Numeric		available;		/* NULL: unknown, not watched */
	Numeric		position;		/* available, and on order */
	Numeric		threshold;		/* NULL: none */
	Numeric		late;			/* on order and overdue; NULL: not looked at */
	Numeric		drift;			/* level less ledger; NULL: not looked at */
} StockItem;

extern bool stock_crossed(const StockItem *before, const StockItem *after);

/*
 * A table of alerts.  Of the statements, the first reads items: product_id,
 * offered, available, position, threshold, late, drift.  "some" have the ids
 * as $1, "all" have none.  The others read and write alerts; their $1 is the
 * relation, and ids, kinds and so on follow as arrays.
 */
typedef struct AlertBook
{
	Oid			relation;		/* a watched table; invalid: a shop's book */
	const char *shop;			/* the shop's schema, for notifications */
	Oid			reader;			/* the role that reads the items */
	Oid			writer;			/* and that writes alerts; invalid: the engine */
	const char *items_some;
	const char *items_all;
	const char *find_some;		/* id, product_id, kind, threshold of open alerts */
	const char *find_all;
	const char *open;			/* $2 product_id[], $3 kind[], $4 quantity[], $5 threshold[] */
	const char *close;			/* $2 id[], $3 reason[] */
} AlertBook;

extern int64 stock_evaluate(const AlertBook *book, ArrayType *products);
extern ArrayType *stock_due(const AlertBook *book);

/* ---- what the two kinds of stock share ---- */

extern int	stock_run(const char *sql, int nargs, const Oid *types, Datum *values, const char *nulls);
extern void stock_prefer_indexes(void);
extern ArrayType *stock_id_array(const int64 *ids, int count);
extern Numeric stock_number(uint64 row, int column);
extern Numeric stock_nullable_number(uint64 row, int column);
extern int64 stock_id(uint64 row, int column);
extern bool stock_flag(uint64 row, int column);

/* The rows of a transition table, in the order of the statement. */
typedef struct RowReader
{
	Tuplestorestate *rows;
	TupleTableSlot *slot;
} RowReader;

extern void rows_begin(RowReader *reader, Relation relation, Tuplestorestate *rows);
extern bool rows_next(RowReader *reader);
extern void rows_end(RowReader *reader);

/* stock_level.c: a shop's levels, locked and written without statements */
#define MAX_LEVELS_BY_HAND 32

typedef struct StockLevel
{
	Numeric		available;
	Numeric		on_order;
	Numeric		reorder_point;	/* NULL: none */
	bool		active;
	bool		allow_backorder;
	bool		some_reserved;
} StockLevel;

typedef struct LevelTable LevelTable;

extern LevelTable *levels_open(Oid relation);
extern int	levels_lock(LevelTable *table, const int64 *ids, int count, StockLevel *levels);
extern void levels_add(LevelTable *table, const Numeric *quantities);
extern void levels_close(LevelTable *table);

/* stock_watch.c: an app's own table */
extern void watch_statement(TriggerData *trigger);
extern int64 watch_refresh(Oid relation);
extern int64 watch_close(Oid relation);

/* stock_triggers.c: what changes the stock of a shop */
extern void shop_moves(TriggerData *trigger);
extern void shop_reservations(TriggerData *trigger);
extern void shop_products(TriggerData *trigger);
extern void shop_orders(TriggerData *trigger);

/* stock_shop.c: its levels and alerts */
extern void shop_guard_levels(TriggerData *trigger);
extern int64 shop_refresh(const char *schema, ArrayType *products);
extern int64 shop_rebuild(const char *schema);

#endif							/* RECO_STOCK_H */
