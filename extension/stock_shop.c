/*
 * stock_shop.c - levels and alerts of a shop
 *
 * One row of stock_level says all there is to know of a product's stock:
 * on_hand, the running sum of the ledger; reserved, on_order, reorder_point
 * and active, which follow from other tables.  It is the only row that is
 * locked, and only by what is here and in stock_triggers.c; and every change
 * that matters to an alert is a new version of that row, so that a transaction
 * with an old snapshot fails (could not serialize) instead of going by what
 * is no longer so.
 *
 * The statements run as the owner of the shop's tables, as the server's own
 * foreign-key triggers do: who may insert a move needs no right on levels.
 */
#include "stock_shop.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "trusted.h"

/* The table of levels that we are writing to: its guard lets us pass. */
static Oid	levels_written = InvalidOid;

/*
 * Who tends a shop: its owner, if the current user may act for the owner.
 * The merchant may have triggers on these tables, which are not to run with
 * the rights of a superuser who does the merchant a favour.
 */
static Shop *
shop_open_to_tend(const char *schema)
{
	Shop	   *shop = shop_open(get_namespace_oid(schema, false), GetUserId());
	Oid			owner = relation_owner(shop->levels);

	if (has_privs_of_role(GetUserId(), owner))
		shop->role = owner;
	return shop;
}

Shop *
shop_open(Oid namespace, Oid role)
{
	Shop	   *shop = palloc(sizeof(Shop));

	shop->name = get_namespace_name(namespace);
	shop->schema = quote_identifier(shop->name);
	shop->role = role;
	shop->levels = get_relname_relid("stock_level", namespace);
	if (!OidIsValid(shop->levels))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("schema \"%s\" holds no shop", shop->name),
				 errhint("Make one with reco.create_shop().")));
	return shop;
}

/* Runs a statement of ours that writes levels. */
void
shop_write_levels(const Shop *shop, const char *sql, int nargs, const Oid *types, Datum *values)
{
	Oid			before = levels_written;

	levels_written = shop->levels;
	PG_TRY();
	{
		stock_run(sql, nargs, types, values, NULL);
	}
	PG_FINALLY();
	{
		levels_written = before;
	}
	PG_END_TRY();
}

/* ---- levels ---- */

/* Does a level l differ from what it follows from, n? */
#define DIFFERENT "l.product_id = n.id AND (l.reserved, l.on_order, l.reorder_point, l.active)" \
	" IS DISTINCT FROM (n.reserved, n.on_order, n.reorder_point, n.active)"

/* The parts of levels that follow from other tables: of the products in $1, or of all. */
static char *
derived_sql(const Shop *shop, bool some)
{
	return psprintf(
					"SELECT p.id, p.active, coalesce(r.quantity, 0)::numeric(14,3) AS reserved,"
					"       coalesce(o.quantity, 0)::numeric(14,3) AS on_order,"
					"       coalesce(CASE WHEN p.policy = 'manual' THEN p.threshold END,"
					"                f.reorder_point, p.threshold)::numeric(14,3) AS reorder_point"
					" FROM %1$s.product p"
					" LEFT JOIN %1$s.forecast f ON f.product_id = p.id"
					" LEFT JOIN %2$s (SELECT v.product_id, sum(v.quantity) AS quantity"
					"                 FROM %1$s.reservation v %3$s GROUP BY v.product_id) r ON r.product_id = p.id"
					" LEFT JOIN %2$s (SELECT b.product_id, sum(b.ordered - b.received) AS quantity"
					"                 FROM %1$s.purchase_order_line b"
					"                 JOIN %1$s.purchase_order c ON c.id = b.purchase_order_id"
					"                 WHERE b.received < b.ordered AND c.status = 'ordered' %4$s"
					"                 GROUP BY b.product_id) o ON o.product_id = p.id"
					" %5$s",
					shop->schema,
					some ? "LATERAL" : "",
					some ? "WHERE v.product_id = p.id" : "",
					some ? "AND b.product_id = p.id" : "",
					some ? "WHERE p.id = ANY ($1)" : "");
}

/* Computes these parts anew; levels that are right stay as they are. */
void
shop_sync_levels(const Shop *shop, ArrayType *ids)
{
	shop_write_levels(shop,
					  psprintf("UPDATE %s.stock_level l"
							   " SET reserved = n.reserved, on_order = n.on_order,"
							   "     reorder_point = n.reorder_point, active = n.active"
							   " FROM (%s) n WHERE %s",
							   shop->schema, derived_sql(shop, ids != NULL), DIFFERENT),
					  ids != NULL ? 1 : 0, (Oid[]) {INT8ARRAYOID}, (Datum[]) {PointerGetDatum(ids)});
}

/* Levels of products that have none, with what the ledger says. */
void
shop_make_levels(const Shop *shop, ArrayType *ids)
{
	shop_write_levels(shop,
				 psprintf("INSERT INTO %1$s.stock_level (product_id, allow_backorder, on_hand)"
						  " SELECT p.id, p.allow_backorder,"
						  "        coalesce((SELECT sum(m.quantity) FROM %1$s.stock_move m WHERE m.product_id = p.id), 0)"
						  " FROM %1$s.product p"
						  " WHERE %2$s NOT EXISTS (SELECT FROM %1$s.stock_level l WHERE l.product_id = p.id)"
						  " ORDER BY p.id ON CONFLICT DO NOTHING",
						  shop->schema, ids != NULL ? "p.id = ANY ($1) AND" : ""),
				 ids != NULL ? 1 : 0, (Oid[]) {INT8ARRAYOID}, (Datum[]) {PointerGetDatum(ids)});
}

/* ---- alerts ---- */

/*
 * Items of the products in $1, or of all; with the ledger summed up, where it
 * is to be checked.
 */
static char *
items_sql(const Shop *shop, bool some, bool checked)
{
	char	   *drift = "NULL::numeric";
	char	   *sums = "";

	if (checked && some)
		drift = psprintf("l.on_hand - coalesce((SELECT sum(m.quantity) FROM %s.stock_move m"
						 " WHERE m.product_id = l.product_id), 0)", shop->schema);
	else if (checked)
	{
		drift = "l.on_hand - coalesce(m.quantity, 0)";
		sums = psprintf("LEFT JOIN (SELECT product_id, sum(quantity) AS quantity FROM %s.stock_move"
						" GROUP BY product_id) m ON m.product_id = l.product_id", shop->schema);
	}
	return psprintf(
					"SELECT l.product_id, l.active, l.on_hand - l.reserved, l.on_hand - l.reserved + l.on_order,"
					" l.reorder_point,"
					" coalesce((SELECT sum(b.ordered - b.received) FROM %1$s.purchase_order_line b"
					"           JOIN %1$s.purchase_order c ON c.id = b.purchase_order_id"
					"           WHERE b.product_id = l.product_id AND b.received < b.ordered"
					"             AND c.status = 'ordered' AND c.expected_on < current_date), 0),"
					" %2$s FROM %1$s.stock_level l %3$s %4$s",
					shop->schema, drift, sums, some ? "WHERE l.product_id = ANY ($1)" : "");
}

static AlertBook
alert_book(const Shop *shop, bool checked)
{
	return (AlertBook) {
		.relation = InvalidOid,
		.shop = shop->name,
		.reader = shop->role,
		.writer = shop->role,
		.items_some = items_sql(shop, true, checked),
		.items_all = items_sql(shop, false, checked),
		.find_some = psprintf("SELECT id, product_id, kind, threshold FROM %s.stock_alert"
							  " WHERE product_id = ANY ($2) AND closed_at IS NULL", shop->schema),
		.find_all = psprintf("SELECT id, product_id, kind, threshold FROM %s.stock_alert"
							 " WHERE closed_at IS NULL", shop->schema),
		.open = psprintf("INSERT INTO %s.stock_alert (product_id, kind, opened_at, quantity, threshold)"
						 " SELECT a.product_id, a.kind, clock_timestamp(), a.quantity, a.threshold"
						 " FROM unnest($2, $3, $4, $5) AS a (product_id, kind, quantity, threshold)"
						 " ORDER BY a.product_id, a.kind ON CONFLICT DO NOTHING RETURNING id", shop->schema),
		.close = psprintf("UPDATE %1$s.stock_alert a"
						  " SET closed_at = greatest(clock_timestamp(), a.opened_at), close_reason = c.reason,"
						  "     purchase_order_id = CASE WHEN c.reason = 'ordered' THEN"
						  "       (SELECT max(o.id) FROM %1$s.purchase_order_line b"
						  "        JOIN %1$s.purchase_order o ON o.id = b.purchase_order_id"
						  "        WHERE b.product_id = a.product_id AND b.received < b.ordered"
						  "          AND o.status = 'ordered') END"
						  " FROM unnest($2, $3) AS c (id, reason)"
						  " WHERE a.id = c.id AND a.closed_at IS NULL RETURNING a.id", shop->schema),
	};
}

/*
 * Opens and closes the alerts of products whose levels are locked; of all with
 * NULL.  Returns how many.
 */
int64
shop_evaluate(const Shop *shop, ArrayType *ids)
{
	AlertBook	book = alert_book(shop, false);

	return stock_evaluate(&book, ids);
}

/*
 * BEFORE INSERT, UPDATE, DELETE, TRUNCATE ON stock_level: only the triggers
 * above write levels.  A level goes with its product, by the foreign key.
 */
void
shop_guard_levels(TriggerData *trigger)
{
	if (levels_written == RelationGetRelid(trigger->tg_relation))
		return;
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event) &&
		DatumGetInt32(OidFunctionCall0(F_PG_TRIGGER_DEPTH)) > 1)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("stock levels are not written directly"),
			 errdetail("They follow from stock_move, reservation, purchase_order and product."),
			 errhint("Add rows to stock_move, for example with receive() or count_stock().")));
}

/* ---- all of a shop ---- */

/* Locks levels in the order of their ids: of some products, or of all. */
void
shop_lock_levels(const Shop *shop, ArrayType *ids)
{
	stock_run(psprintf("SELECT FROM %s.stock_level %s ORDER BY product_id FOR NO KEY UPDATE", shop->schema,
					   ids != NULL ? "WHERE product_id = ANY ($1)" : ""),
			  ids != NULL ? 1 : 0, (Oid[]) {INT8ARRAYOID}, (Datum[]) {PointerGetDatum(ids)}, NULL);
}

/* The products whose levels are not what they follow from; NULL: none. */
static ArrayType *
stale_levels(const Shop *shop)
{
	int			count = stock_run(psprintf("SELECT l.product_id FROM %s.stock_level l, (%s) n WHERE %s",
										   shop->schema, derived_sql(shop, false), DIFFERENT), 0, NULL, NULL, NULL);
	int64	   *ids = palloc_extended(Max(count, 1) * sizeof(int64), MCXT_ALLOC_HUGE);

	for (int i = 0; i < count; i++)
		ids[i] = stock_id(i, 1);
	return count > 0 ? stock_id_array(ids, count) : NULL;
}

/*
 * Computes and evaluates levels, as the caller: of some products, or of all.
 * Returns how many alerts were opened or closed.
 *
 * Of all products only those are locked that are found to be different from
 * what they should be; sales of the others go on.  What changes after we have
 * looked is looked after by the triggers.
 */
int64
shop_refresh(const char *schema, ArrayType *products)
{
	Shop	   *shop = shop_open_to_tend(schema);
	AlertBook	book = alert_book(shop, true);
	ArrayType  *stale = products;
	int64		written = 0;
	Scope		scope;

	scope_begin_role(&scope, shop->role);
	shop_make_levels(shop, products);
	if (products == NULL)
		stale = stale_levels(shop);
	if (stale != NULL)
	{
		shop_lock_levels(shop, stale);
		shop_sync_levels(shop, stale);
		written = stock_evaluate(&book, stale);
	}
	if (products == NULL)
	{
		stale = stock_due(&book);
		if (stale != NULL)
		{
			shop_lock_levels(shop, stale);
			written += stock_evaluate(&book, stale);
		}
	}
	scope_end(&scope);
	return written;
}

/* Computes all levels, on_hand too, from the ledger, and evaluates them. */
int64
shop_rebuild(const char *schema)
{
	Shop	   *shop = shop_open_to_tend(schema);
	AlertBook	book = alert_book(shop, true);
	int64		written;
	Scope		scope;

	scope_begin_role(&scope, shop->role);
	shop_make_levels(shop, NULL);
	shop_lock_levels(shop, NULL);
	shop_write_levels(shop,
					  psprintf("UPDATE %1$s.stock_level l SET on_hand = n.on_hand"
							   " FROM (SELECT p.id, coalesce(sum(m.quantity), 0) AS on_hand"
							   "       FROM %1$s.product p LEFT JOIN %1$s.stock_move m ON m.product_id = p.id"
							   "       GROUP BY p.id) n"
							   " WHERE l.product_id = n.id AND l.on_hand <> n.on_hand", shop->schema),
					  0, NULL, NULL);
	shop_sync_levels(shop, NULL);
	written = stock_evaluate(&book, NULL);
	scope_end(&scope);
	return written;
}
