/* What to order now, by supplier, why so much of it, and the button that orders it. */
#include <string.h>

#include "auth.h"
#include "basket.h"
#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

/* Suppliers whose lines no longer fit are led to. */

const Field reorder_query[] = {
	{"from", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{"all", NULL, FIELD_CHECK, 0, 0, 0, NULL, NULL},
	{0}
};

const Field reorder_fields[] = {
	{"supplier", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{"quantity", _("Quantity"), FIELD_NUMBER, 0, 99999999, FIELD_EACH, NULL, NULL},
	{0}
};

/* Columns of what can be ordered; those from QUANTITY on are NULL for what need not be. */
enum
{
	SUPPLIER, SUPPLIER_NAME, PHONE, PRODUCT, PRODUCT_NAME, SOLD_BY, PACK_SIZE, MOQ,
	QUANTITY, COST, RULE, ON_HAND, RESERVED, DUE, REORDER_POINT, ORDER_UP_TO, PER_WEEK, DAYS, EXPECTED
};

/* What to order now, of all suppliers; last what has no supplier. */
static const Rows *
read_all(Request *r)
{
	return query(r,
				 "SELECT t.supplier_id, t.supplier, t.supplier_phone, t.product_id, t.product, t.unit, t.pack_size,"
				 " (t.explanation ->> 'moq')::numeric, trim_scale(t.quantity), t.cost, t.rule, t.on_hand, t.reserved,"
				 " t.explanation ->> 'due', t.reorder_point, t.order_up_to, t.explanation ->> 'per_week',"
				 " (t.explanation ->> 'lead_days')::numeric + (t.explanation ->> 'review_days')::numeric,"
				 " t.explanation ->> 'expected'"
				 " FROM to_order t ORDER BY t.supplier, t.supplier_id, t.cost DESC, t.product_id");
}

/* Of one supplier: what to order now, or all of its products. */
static const Rows *
read_supplier(Request *r, const char *supplier, bool all)
{
	return query(r,
				 "SELECT s.id, s.name, s.phone, p.id, p.name, p.unit, p.pack_size, p.moq, trim_scale(t.quantity), t.cost, t.rule,"
				 " t.on_hand, t.reserved, t.explanation ->> 'due', t.reorder_point, t.order_up_to, t.explanation ->> 'per_week',"
				 " (t.explanation ->> 'lead_days')::numeric + (t.explanation ->> 'review_days')::numeric,"
				 " t.explanation ->> 'expected'"
				 " FROM supplier s LEFT JOIN (product p LEFT JOIN to_order t ON t.product_id = p.id)"
				 " ON p.supplier_id = s.id AND p.active AND ($2 OR t.product_id IS NOT NULL)"
				 " WHERE s.id = $1 ORDER BY t.cost DESC NULLS LAST, p.name, p.id LIMIT 200", supplier, all ? "true" : "false");
}

/* Why so much: each number that went into it, in words. */
static void
put_explanation(Request *r, const Rows *rows, int i)
{
	const char *rule = cell(rows, i, RULE);

	put(r, LIT("<details><summary>"), MSG(_("Why %1?"), say_part(r, NUMBER(cell(rows, i, QUANTITY)))), LIT("</summary><p>"));
	put(r, MSG(_("There are %1, of which %2 set aside; %3 come in time."), say_part(r, NUMBER(cell(rows, i, ON_HAND))),
			   say_part(r, NUMBER(cell(rows, i, RESERVED))), say_part(r, NUMBER(cell(rows, i, DUE)))), LIT(" "));
	if (strcmp(rule, "manual") == 0)
		put(r, MSG(_("Your own threshold holds.")), LIT(" "));
	else if (!cell_is_null(rows, i, PER_WEEK))
		put(r, MSG(_("About %1 are asked for in a week; in the %2 days until the next delivery about %3."),
				   say_part(r, NUMBER_TO(cell(rows, i, PER_WEEK), 1)), say_part(r, NUMBER(cell(rows, i, DAYS))),
				   say_part(r, NUMBER_TO(cell(rows, i, EXPECTED), 1))), LIT(" "));
	if (strcmp(rule, "tsb_season") == 0)
		put(r, MSG(_("The season of the year is counted.")), LIT(" "));
	put(r, MSG(_("To be ordered when %1 or less are left, up to %2."), say_part(r, NUMBER(cell(rows, i, REORDER_POINT))),
			   say_part(r, NUMBER(cell(rows, i, ORDER_UP_TO)))), LIT(" "),
		MSG(_("In packs of %1, at least %2: %3."), say_part(r, NUMBER(cell(rows, i, PACK_SIZE))), say_part(r, NUMBER(cell(rows, i, MOQ))),
			say_part(r, NUMBER(cell(rows, i, QUANTITY)))), LIT("</p></details>"));
}

/* A supplier's lines, from one row to before another, and the button. Each form counts by itself. */
static void
put_supplier(Request *r, const Rows *rows, int first, int end)
{
	put(r, LIT("<h2>"), TEXT(cell(rows, first, SUPPLIER_NAME)), LIT("</h2><p>"));
	put_phone(r, cell(rows, first, PHONE));
	put(r, LIT("</p>"));
	r->once = auth_new_token(r);
	form_begin(r, "/reorder");
	form_hidden(r, "supplier", cell(rows, first, SUPPLIER));
	put(r, LIT("<table><thead><tr><th>"), MSG(_("Product")), LIT("</th><th>"), MSG(_("Quantity")), LIT("</th></tr></thead><tbody>"));
	for (int i = first; i < end; i++)
	{
		put(r, LIT("<tr><td><a href=\"/product?id="), URL(cell(rows, i, PRODUCT)), LIT("\">"), TEXT(cell(rows, i, PRODUCT_NAME)),
			LIT("</a>"));
		if (!cell_is_null(rows, i, QUANTITY))
			put_explanation(r, rows, i);
		put(r, LIT("</td><td>"));
		form_each_field(r, "quantity", cell_int(rows, i, PRODUCT), cell(rows, i, PRODUCT_NAME), cell(rows, i, QUANTITY));
		put(r, LIT("<br><small>"), UNIT(cell(rows, i, SOLD_BY), "2"));
		if (strcmp(cell(rows, i, PACK_SIZE), "1.000") != 0)
			put(r, LIT(", "), MSG(_("by %1"), say_part(r, NUMBER(cell(rows, i, PACK_SIZE)))));
		if (!cell_is_null(rows, i, COST))
			put(r, LIT("<br>"), MONEY(cell(rows, i, COST)));
		put(r, LIT("</small></td></tr>"));
	}
	put(r, LIT("</tbody></table>"));
	form_end(r, _("Make the order"));
}

/* What ought to be ordered and has nobody to order it from. */
static void
put_without_supplier(Request *r, const Rows *rows, int first)
{
	put(r, LIT("<h2>"), MSG(_("Without a supplier")), LIT("</h2><p class=\"hint\">"), MSG(_("Choose a supplier for them first.")),
		LIT("</p><ul class=\"rows\">"));
	for (int i = first; i < rows_count(rows) && i < first + PAGE_ROWS; i++)
		put(r, LIT("<li><a href=\"/product/edit?id="), URL(cell(rows, i, PRODUCT)), LIT("\">"), TEXT(cell(rows, i, PRODUCT_NAME)),
			LIT("</a> "), NUMBER(cell(rows, i, QUANTITY)), LIT(" "), UNIT(cell(rows, i, SOLD_BY), cell(rows, i, QUANTITY)), LIT("</li>"));
	put(r, LIT("</ul>"));
}

/* All suppliers: the lines of the first ones, ways to the others. */
static void
put_suppliers(Request *r)
{
	const Rows *rows = read_all(r);
	int			count = rows_count(rows),
				next;
	bool		more = false;

	if (count == 0)
		put(r, LIT("<p>"), MSG(_("Nothing has to be ordered now.")), LIT("</p>"));
	for (int first = 0; first < count; first = next)
	{
		for (next = first + 1; next < count && strcmp(cell(rows, next, SUPPLIER), cell(rows, first, SUPPLIER)) == 0;)
			next++;
		if (more)
			put(r, LIT("<li>"));
		else if (!cell_is_null(rows, first, SUPPLIER) && (first == 0 || next <= PAGE_ROWS))
		{
			put_supplier(r, rows, first, next);
			continue;
		}
		else if (!cell_is_null(rows, first, SUPPLIER))
			put(r, LIT("<h2>"), MSG(_("Other suppliers")), LIT("</h2><ul class=\"rows\"><li>"));
		if (cell_is_null(rows, first, SUPPLIER))
		{
			if (more)
				put(r, LIT("</li></ul>"));
			more = false;
			put_without_supplier(r, rows, first);
			break;
		}
		more = true;
		put(r, LIT("<a href=\"/reorder?from="), URL(cell(rows, first, SUPPLIER)), LIT("\">"), TEXT(cell(rows, first, SUPPLIER_NAME)),
			LIT("</a> "), COUNT(_("%1 product"), _("%1 products"), next - first), LIT("</li>"));
	}
	if (more)
		put(r, LIT("</ul>"));
}

/* The page: all suppliers, or one. */
void
reorder_show(Request *r)
{
	const char *supplier = form_given(r, "supplier") ? form_value(r, "supplier") : form_value(r, "from");
	bool		all = form_given(r, "all");
	const Rows *rows;

	if (supplier[0] == '\0')
	{
		page_begin(r, _("To order"));
		put(r, LIT("<p><a class=\"button\" href=\"/orders\">"), MSG(_("Orders made")), LIT("</a></p>"));
		put_suppliers(r);
		page_end(r);
		return;
	}
	/* what was typed may be beside any product of the supplier */
	rows = read_supplier(r, supplier, all || r->form_bad);
	if (rows_count(rows) == 0)
		request_fail(r, 404);
	page_begin(r, _("To order"));
	if (cell_is_null(rows, 0, PRODUCT))
		put(r, LIT("<p>"), MSG(_("Nothing has to be ordered now.")), LIT("</p>"));
	else
		put_supplier(r, rows, 0, rows_count(rows));
	if (!all)
		put(r, LIT("<p><a class=\"button\" href=\"/reorder?all=1&amp;from="), URL(supplier), LIT("\">"), MSG(_("All products of this supplier")),
			LIT("</a></p>"));
	put(r, LIT("<p><a class=\"button\" href=\"/reorder\">"), MSG(_("All suppliers")), LIT("</a></p>"));
	page_end(r);
}

/* Orders what was typed. */
void
reorder_act(Request *r)
{
	Basket		basket = basket_read(r, "quantity", false);
	const Rows *rows;

	if (basket.count == 0)
	{
		form_error_all(r, say(r, _("Nothing was typed.")));
		return;
	}
	if (rows_count(query(r, "SELECT FROM supplier WHERE id = $1", form_value(r, "supplier"))) == 0)
		request_fail(r, 404);
	basket_check(r, "quantity", &basket);
	rows = query(r,
				 "SELECT b.id, p.pack_size, ceil(b.quantity / p.pack_size) * p.pack_size"
				 " FROM unnest($1::bigint[], $2::numeric[]) AS b (id, quantity) JOIN product p ON p.id = b.id"
				 " WHERE mod(b.quantity, p.pack_size) <> 0", basket.ids, basket.quantities);
	for (int i = 0; i < rows_count(rows); i++)
		form_error_each(r, "quantity", cell_int(rows, i, 0),
						say_with(r, _("Comes in packs of %1: order %2."), say_part(r, NUMBER(cell(rows, i, 1))),
								 say_part(r, NUMBER(cell(rows, i, 2))), NULL));
	if (r->form_bad)
		return;
	rows = query(r, "SELECT place_order($1, $2, $3)", form_value(r, "supplier"), basket.ids, basket.quantities);
	request_redirect(r, "/order?done=ordered", "id", cell(rows, 0, 0));
}
