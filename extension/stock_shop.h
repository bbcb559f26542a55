/*
 * stock_shop.h - the levels of a shop, for its triggers
 */
#ifndef RECO_STOCK_SHOP_H
#define RECO_STOCK_SHOP_H

#include "stock.h"

typedef struct Shop
{
	const char *name;
	const char *schema;			/* quoted */
	Oid			role;			/* whose rights our statements have */
	Oid			levels;			/* the table stock_level */
} Shop;

extern Shop *shop_open(Oid namespace, Oid role);

/* With ids: of these products; NULL: of all.  SPI is connected, the shop's role runs. */
extern void shop_lock_levels(const Shop *shop, ArrayType *ids);
extern void shop_make_levels(const Shop *shop, ArrayType *ids);
extern void shop_sync_levels(const Shop *shop, ArrayType *ids);
extern void shop_write_levels(const Shop *shop, const char *sql, int nargs, const Oid *types, Datum *values);
extern int64 shop_evaluate(const Shop *shop, ArrayType *ids);

#endif							/* RECO_STOCK_SHOP_H */
