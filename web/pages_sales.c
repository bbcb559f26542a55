/* Sales: the list, one sale, and goods that come back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

#define QUANTITY_MAX 1000000

const Field sales_query[] = {
	{"q", _("Client or product"), FIELD_TEXT, 0, 100, FIELD_TYPED, "off", NULL},
	{"day", _("Day"), FIELD_DATE, 0, 0, FIELD_TYPED, NULL, NULL},
	{"client", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{"product", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{"after", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{0}
};

const Field sale_query[] = {
	{"id", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{0}
};

const Field refund_fields[] = {
	{"back", _("Comes back"), FIELD_NUMBER, 0, QUANTITY_MAX, FIELD_EACH, NULL, NULL},
	{"all", _("All of it comes back"), FIELD_CHECK, 0, 0, 0, NULL, NULL},
	{"restock", _("It can be sold again: put it back on the shelf"), FIELD_CHECK, 0, 0, 0, NULL, NULL},
	{0}
};

/* The fields of the filter. */
static const char *const filter[] = {"q", "day", "client", "product", NULL};

/* Whose sales, or those of what, where the address says so; with a way to see all. */
static void
put_chosen(Request *r, const char *name, const Rows *rows, const char *text)
{
	if (!form_given(r, name))
		return;
	if (rows_count(rows) == 0)
		request_fail(r, 404);
	put(r, LIT("<p>"), MSG(text, cell(rows, 0, 0)), LIT(" <a href=\"/sales?"), ATTR(form_params(r, filter, name)), LIT("\">"),
		MSG(_("Show all")), LIT("</a></p>"));
}

/* What was sold in all on the day of the filter. */
static void
put_day(Request *r)
{
	const Rows *rows;

	if (!form_given(r, "day") || form_given(r, "client") || form_given(r, "product") || form_given(r, "q"))
		return;
	rows = query(r,
				 "SELECT count(DISTINCT s.id), coalesce(sum(l.quantity * l.unit_price), 0) FROM sale s JOIN sale_line l ON l.sale_id = s.id"
				 " WHERE s.sold_at >= $1::date AND s.sold_at < $1::date + 1", form_value(r, "day"));
	put(r, LIT("<p>"), DATE(form_value(r, "day")), LIT(": "), COUNT(_("%1 sale"), _("%1 sales"), cell_int(rows, 0, 0)), LIT(", <b>"),
		MONEY(cell(rows, 0, 1)), LIT("</b></p>"));
}

/* The form that narrows the list. */
static void
put_sales_filter(Request *r)
{
	form_filter_begin(r, "/sales");
	form_field(r, "q", NULL);
	form_field(r, "day", NULL);
	if (form_given(r, "client"))
		form_hidden(r, "client", form_value(r, "client"));
	if (form_given(r, "product"))
		form_hidden(r, "product", form_value(r, "product"));
	form_end(r, _("Search"));
	put_chosen(r, "client", query(r, "SELECT name FROM client WHERE id = $1", form_or_null(r, "client")), _("Client: %1"));
	put_chosen(r, "product", query(r, "SELECT name FROM product WHERE id = $1", form_or_null(r, "product")), _("Product: %1"));
	put_day(r);
}

/* The list: latest first, a page at a time, each page behind the last sale of the one before. */
void
sales_show(Request *r)
{
	const Rows *rows;
	int			count;

	page_begin(r, _("Sales"));
	put_sales_filter(r);
	rows = query(r,
				 "SELECT s.id, s.sold_at, c.name, t.total, t.lines, p.name FROM ("
				 " SELECT id, sold_at, client_id FROM sale s WHERE ($1::date IS NULL OR (sold_at >= $1::date AND sold_at < $1::date + 1))"
				 " AND ($2::bigint IS NULL OR client_id = $2)"
				 " AND ($3::bigint IS NULL OR EXISTS (SELECT FROM sale_line WHERE sale_id = s.id AND product_id = $3))"
				 " AND ($4::text IS NULL OR client_id IN (SELECT id FROM client WHERE strpos(lower(name), lower($4)) > 0)"
				 "   OR id IN (SELECT l.sale_id FROM sale_line l JOIN product p ON p.id = l.product_id"
				 "             WHERE strpos(lower(p.name), lower($4)) > 0))"
				 " AND ($5::bigint IS NULL OR (sold_at, id) < (SELECT sold_at, id FROM sale WHERE id = $5))"
				 " ORDER BY sold_at DESC, id DESC LIMIT 26) AS s"
				 " LEFT JOIN client c ON c.id = s.client_id"
				 " CROSS JOIN LATERAL (SELECT sum(quantity * unit_price) AS total, count(*) AS lines,"
				 "   (array_agg(product_id ORDER BY id))[1] AS first FROM sale_line WHERE sale_id = s.id) AS t"
				 " LEFT JOIN product p ON p.id = t.first ORDER BY s.sold_at DESC, s.id DESC",
				 form_or_null(r, "day"), form_or_null(r, "client"), form_or_null(r, "product"), form_or_null(r, "q"),
				 form_or_null(r, "after"));
	count = rows_on_page(rows);
	if (count == 0)
		put(r, LIT("<p>"), MSG(_("No sale fits.")), LIT("</p>"));
	else
	{
		put(r, LIT("<table class=\"stack\"><thead><tr><th>"), MSG(_("When")), LIT("</th><th>"), MSG(_("What")), LIT("</th><th>"),
			MSG(_("Client")), LIT("</th><th class=\"n\">"), MSG(_("Amount")), LIT("</th></tr></thead><tbody>"));
		for (int i = 0; i < count; i++)
		{
			put(r, LIT("<tr><td><a href=\"/sale?id="), URL(cell(rows, i, 0)), LIT("\">"), TIME(cell(rows, i, 1)),
				LIT("</a></td><td>"), TEXT(cell(rows, i, 5)));
			if (cell_int(rows, i, 4) > 1)
				put(r, LIT(" <small>"), COUNT(_("and %1 more line"), _("and %1 more lines"), cell_int(rows, i, 4) - 1), LIT("</small>"));
			put(r, LIT("</td><td>"), TEXT(cell(rows, i, 2)), LIT("</td><td class=\"n\">"), MONEY(cell(rows, i, 3)), LIT("</td></tr>"));
		}
		put(r, LIT("</tbody></table>"));
		put_pager(r, "/sales", form_params(r, filter, ""), cell(rows, count - 1, 0), rows);
	}
	page_end(r);
}

/* One thing to know of a sale. */
static void
put_fact(Request *r, const char *label, Part value)
{
	put(r, LIT("<div><dt>"), MSG(label), LIT("</dt><dd>"), value, LIT("</dd></div>"));
}

/* What was earned with a sale, as far as costs are known: for the owner. */
static void
put_margin(Request *r, const char *id)
{
	const Rows *rows = query(r, "SELECT sum(quantity * (unit_price - unit_cost)) FROM sale_line WHERE sale_id = $1", id);

	if (!cell_is_null(rows, 0, 0))
		put_fact(r, _("Margin"), MONEY(cell(rows, 0, 0)));
}

/* The lines of a sale, and what of them came back. Returns whether something is left that could. */
static bool
put_sale_lines(Request *r, const char *id)
{
	const Rows *rows = query(r,
							 "SELECT p.id, p.name, l.quantity, p.unit, l.unit_price, l.quantity * l.unit_price,"
							 " (SELECT - sum(b.quantity) FROM sale_line b WHERE b.refund_of = l.id)"
							 " FROM sale_line l JOIN product p ON p.id = l.product_id WHERE l.sale_id = $1 ORDER BY l.id", id);
	bool		left = false;

	put(r, LIT("<table><thead><tr><th>"), MSG(_("Product")), LIT("</th><th class=\"n\">"), MSG(_("Amount")),
		LIT("</th></tr></thead><tbody>"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		put(r, LIT("<tr><td><a href=\"/product?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)), LIT("</a><br><small>"),
			NUMBER(cell(rows, i, 2)), LIT(" "), UNIT(cell(rows, i, 3), cell(rows, i, 2)), LIT(" x "), MONEY(cell(rows, i, 4)), LIT("</small>"));
		if (!cell_is_null(rows, i, 6))
			put(r, LIT(" <b class=\"badge\">"), MSG(_("%1 came back"), say_part(r, NUMBER(cell(rows, i, 6)))), LIT("</b>"));
		put(r, LIT("</td><td class=\"n\">"), MONEY(cell(rows, i, 5)), LIT("</td></tr>"));
		left |= strtod(cell(rows, i, 2), NULL) - strtod(cell(rows, i, 6), NULL) > 0;
	}
	put(r, LIT("</tbody></table>"));
	return left;
}

/* Sales of which this one takes something back, or that take something back of it. */
static void
put_related(Request *r, const char *id)
{
	const Rows *rows = query(r,
							 "SELECT DISTINCT o.sale_id, o.quantity < 0 FROM sale_line l"
							 " JOIN sale_line o ON o.id = l.refund_of OR o.refund_of = l.id WHERE l.sale_id = $1 ORDER BY 1", id);

	for (int i = 0; i < rows_count(rows); i++)
		put(r, LIT("<p><a href=\"/sale?id="), URL(cell(rows, i, 0)), LIT("\">"),
			MSG(cell_true(rows, i, 1) ? _("Came back: no. %1") : _("Comes back of sale no. %1"), cell(rows, i, 0)), LIT("</a></p>"));
}

/* One sale. */
void
sale_show(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *rows = find(r,
							"SELECT s.sold_at, s.client_id, c.name, u.name, m.reference,"
							" (SELECT coalesce(sum(l.quantity * l.unit_price), 0) FROM sale_line l WHERE l.sale_id = s.id)"
							" FROM sale s LEFT JOIN client c ON c.id = s.client_id LEFT JOIN web_payment m ON m.sale_id = s.id"
							" LEFT JOIN web_user u ON u.id = m.user_id WHERE s.id = $1", id);
	bool		left;

	page_begin_named(r, say_with(r, _("Sale no. %1"), id, NULL, NULL));
	put(r, LIT("<p>"), TIME(cell(rows, 0, 0)));
	if (!cell_is_null(rows, 0, 1))
		put(r, LIT(", <a href=\"/client?id="), URL(cell(rows, 0, 1)), LIT("\">"), TEXT(cell(rows, 0, 2)), LIT("</a>"));
	put(r, LIT("</p><dl class=\"figures\">"));
	put_fact(r, _("Total"), MONEY(cell(rows, 0, 5)));
	if (r->user.role == ROLE_OWNER)
		put_margin(r, id);
	if (!cell_is_null(rows, 0, 3))
		put_fact(r, _("Served by"), TEXT(cell(rows, 0, 3)));
	if (!cell_is_null(rows, 0, 4))
		put_fact(r, _("Reference"), TEXT(cell(rows, 0, 4)));
	put(r, LIT("</dl>"));
	left = put_sale_lines(r, id);
	put_related(r, id);
	put(r, LIT("<p><a class=\"button\" href=\"/receipt?id="), URL(id), LIT("\">"), MSG(_("Receipt")), LIT("</a>"));
	if (left && r->user.role == ROLE_OWNER)
		put(r, LIT("<a class=\"button\" href=\"/sale/refund?id="), URL(id), LIT("\">"), MSG(_("Take back")), LIT("</a>"));
	put(r, LIT("</p>"));
	page_end(r);
}

/* What could still come back of a sale: product, name, quantity, unit, in whole units only. */
static const Rows *
returnable(Request *r, const char *id)
{
	return query(r,
				 "SELECT p.id, p.name, trim_scale(sum(l.quantity + coalesce(b.quantity, 0))), p.unit, NOT p.divisible"
				 " FROM sale_line l JOIN product p ON p.id = l.product_id"
				 " LEFT JOIN LATERAL (SELECT sum(quantity) AS quantity FROM sale_line WHERE refund_of = l.id) AS b ON true"
				 " WHERE l.sale_id = $1 AND l.quantity > 0 GROUP BY p.id"
				 " HAVING sum(l.quantity + coalesce(b.quantity, 0)) > 0 ORDER BY min(l.id)", id);
}

/* The page for goods that come back. */
void
refund_show(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *rows = returnable(r, id);

	if (rows_count(query(r, "SELECT FROM sale WHERE id = $1", id)) == 0)
		request_fail(r, 404);
	page_begin_named(r, say_with(r, _("Take back of sale no. %1"), id, NULL, NULL));
	if (rows_count(rows) == 0)
	{
		put(r, LIT("<p>"), MSG(_("Nothing of this sale is left to come back.")), LIT("</p>"));
		page_end(r);
		return;
	}
	form_begin(r, request_join(r, "/sale/refund?id=", id, NULL));
	put(r, LIT("<table><thead><tr><th>"), MSG(_("Product")), LIT("</th><th>"), MSG(_("Comes back")), LIT("</th></tr></thead><tbody>"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		put(r, LIT("<tr><td>"), TEXT(cell(rows, i, 1)), LIT("<br><small>"),
			MSG(_("at most %1"), say_part(r, NUMBER(cell(rows, i, 2)))), LIT(" "), UNIT(cell(rows, i, 3), cell(rows, i, 2)), LIT("</small></td><td>"));
		form_each_field(r, "back", cell_int(rows, i, 0), cell(rows, i, 1), NULL);
		put(r, LIT("</td></tr>"));
	}
	put(r, LIT("</tbody></table>"));
	form_field(r, "all", NULL);
	form_field(r, "restock", "t");
	form_end(r, _("Take back"));
	page_end(r);
}

/* Says beside each quantity what is wrong with it. */
static void
check_back(Request *r, const Rows *rows)
{
	for (const Value *v = form_each(r, "back", NULL); v != NULL; v = form_each(r, "back", v))
	{
		double		back = strtod(v->value, NULL);
		int			i = 0;

		while (i < rows_count(rows) && cell_int(rows, i, 0) != v->id)
			i++;
		if (i == rows_count(rows))
			form_error_all(r, say(r, _("Nothing of this sale is left to come back.")));
		else if (back > strtod(cell(rows, i, 2), NULL))
			form_error_each(r, "back", v->id, say_with(r, _("At most %1."), say_part(r, NUMBER(cell(rows, i, 2))), NULL, NULL));
		else if (cell_true(rows, i, 4) && back != (double) (long long) back)
			form_error_each(r, "back", v->id, say(r, _("This is sold in whole units.")));
	}
}

/* Takes goods back: a sale of its own, with quantities below zero. */
void
refund_act(Request *r)
{
	const char *id = form_value(r, "id");
	const char *comma = "";
	Buf			products = {0},
				quantities = {0};
	const Rows *rows;
	Refusal		refusal;
	char		digits[32];

	if (!form_given(r, "all"))
		check_back(r, returnable(r, id));
	if (r->form_bad)
		return;
	buf_byte(&products, '{');
	buf_byte(&quantities, '{');
	for (const Value *v = form_each(r, "back", NULL); v != NULL; v = form_each(r, "back", v))
	{
		if (strtod(v->value, NULL) == 0)
			continue;
		snprintf(digits, sizeof(digits), "%s%lld", comma, v->id);
		buf_puts(&products, digits);
		buf_puts(&quantities, comma);
		buf_puts(&quantities, v->value);
		comma = ",";
	}
	buf_byte(&products, '}');
	buf_byte(&quantities, '}');
	rows = form_given(r, "all") || comma[0] != '\0'
		? attempt(r, &refusal, "SELECT refund($1, $2::bigint[], $3::numeric[], $4 = '1')", id,
				  form_given(r, "all") ? NULL : request_copy(r, products.data),
				  form_given(r, "all") ? NULL : request_copy(r, quantities.data), form_value(r, "restock"))
		: NULL;
	if (rows == NULL)
		form_error_all(r, say(r, comma[0] == '\0' && !form_given(r, "all") ? _("Say what comes back.")
							  : _("This cannot come back. Look at the sale again.")));
	else
		request_redirect(r, "/receipt?done=refunded", "id", cell(rows, 0, 0));
	buf_free(&products);
	buf_free(&quantities);
}
