/* What the shop has, as tables for a spreadsheet. */
#include <string.h>

#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field export_query[] = {
	{"what", _("Table"), FIELD_CHOICE, 0, 0, 0, "products|clients|stock|sales", NULL},
	{"from", _("From"), FIELD_DATE, 0, 0, 0, NULL, NULL},
	{"to", _("Until"), FIELD_DATE, 0, 0, 0, NULL, NULL},
	{0}
};

static const char *const product_head[] = {_("Name"), _("Shelf"), _("Supplier"), _("Price"), _("Cost"), _("Unit"),
	_("Sold in fractions"), _("Units in the supplier's pack"), _("Least quantity per order"), _("Alert threshold"), _("Wanted stock"), _("Barcode"), NULL};
static const char *const client_head[] = {_("Name"), _("Phone"), _("Address"), NULL};
static const char *const stock_head[] = {_("Product"), _("Unit"), _("In stock"), _("Set aside"), _("On the way"), _("Alert threshold"),
	_("Cost"), _("Value at cost"), NULL};
static const char *const sale_head[] = {_("Date"), _("Sale"), _("Client"), _("Product"), _("Quantity"), _("Price"), _("Total"),
	_("Cost"), NULL};

/* A number, as a spreadsheet of the user's country reads it. The database has written it, so it is no formula. */
static void
put_number_cell(Request *r, const char *number)
{
	for (const char *p = number; *p != '\0'; p++)
		buf_byte(&r->out, *p == '.' && r->language != LANGUAGE_EN ? ',' : *p);
}

/*
 * A table: its head in the user's language, then the rows. kinds has a letter for each column: t text, which may
 * begin like a formula and is quoted then, n number, y yes or no.
 */
static void
put_table(Request *r, const char *file, const char *const *head, const char *kinds, const Rows *rows)
{
	r->headers = NULL;
	r->content_type = "text/csv; charset=utf-8";
	request_header(r, "Content-Disposition", request_join(r, "attachment; filename=\"", file, ".csv\"", NULL));
	buf_clear(&r->out);
	/* by these bytes a spreadsheet knows that it is UTF-8 */
	buf_puts(&r->out, "\xEF\xBB\xBF");
	for (int i = 0; head[i] != NULL; i++)
	{
		if (i > 0)
			buf_byte(&r->out, ';');
		csv_cell(&r->out, say(r, head[i]));
	}
	buf_puts(&r->out, "\r\n");
	for (int row = 0; row < rows_count(rows); row++)
	{
		for (int i = 0; kinds[i] != '\0'; i++)
		{
			if (i > 0)
				buf_byte(&r->out, ';');
			if (kinds[i] == 'n')
				put_number_cell(r, cell(rows, row, i));
			else if (kinds[i] == 'y')
				csv_cell(&r->out, say(r, cell_true(rows, row, i) ? _("yes") : _("no")));
			else
				csv_cell(&r->out, cell(rows, row, i));
		}
		buf_puts(&r->out, "\r\n");
	}
}

/* The page that leads to the tables. */
static void
put_page(Request *r)
{
	static const char *const tables[] = {_("Products"), _("Clients"), _("Stock"), _("Sales")};
	const Rows *days = query(r, "SELECT current_date - 30, current_date");

	page_begin(r, _("Export (CSV)"));
	form_filter_begin(r, "/settings/export");
	form_select(r, "what", "products", tables);
	form_field(r, "from", cell(days, 0, 0));
	form_field(r, "to", cell(days, 0, 1));
	form_end(r, _("Fetch the table"));
	put(r, LIT("<p class=\"hint\">"), MSG(_("The days count for sales alone. The table opens in any spreadsheet; that of products and that of clients can be changed there and imported again.")),
		LIT("</p>"));
	page_end(r);
}

/* The page, or a table. */
void
export_show(Request *r)
{
	const char *what = form_value(r, "what");

	if (what[0] == '\0')
		put_page(r);
	else if (strcmp(what, "products") == 0)
		put_table(r, "products", product_head, "tttnntynnnnt",
				  query(r, "SELECT p.name, c.name, s.name, trim_scale(p.price), trim_scale(p.unit_cost), p.unit, p.divisible, trim_scale(p.pack_size),"
						" trim_scale(p.moq), trim_scale(p.threshold), trim_scale(p.target), p.barcode"
						" FROM product p JOIN category c ON c.id = p.category_id LEFT JOIN supplier s ON s.id = p.supplier_id"
						" WHERE p.active ORDER BY p.name, p.id"));
	else if (strcmp(what, "clients") == 0)
		put_table(r, "clients", client_head, "ttt", query(r, "SELECT name, phone, address FROM client ORDER BY name, id"));
	else if (strcmp(what, "stock") == 0)
		put_table(r, "stock", stock_head, "ttnnnnnn",
				  query(r, "SELECT p.name, p.unit, trim_scale(l.on_hand), trim_scale(l.reserved), trim_scale(l.on_order),"
						" trim_scale(l.reorder_point), trim_scale(p.unit_cost), trim_scale(l.on_hand * p.unit_cost)"
						" FROM stock_level l JOIN product p ON p.id = l.product_id WHERE p.active ORDER BY p.name, p.id"));
	else
		put_table(r, "sales", sale_head, "tnttnnnn",
				  query(r, "SELECT to_char(s.sold_at, 'YYYY-MM-DD HH24:MI'), s.id, c.name, p.name, trim_scale(l.quantity),"
						" trim_scale(l.unit_price), trim_scale(l.quantity * l.unit_price), trim_scale(l.unit_cost)"
						" FROM sale s JOIN sale_line l ON l.sale_id = s.id JOIN product p ON p.id = l.product_id"
						" LEFT JOIN client c ON c.id = s.client_id"
						" WHERE s.sold_at >= coalesce($1::date, current_date - 30) AND s.sold_at < coalesce($2::date, current_date) + 1"
						" ORDER BY s.sold_at, l.id LIMIT 100000", form_or_null(r, "from"), form_or_null(r, "to")));
}
