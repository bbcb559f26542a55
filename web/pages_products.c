/* Products: the list, one product, and its form. */
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field products_query[] = {
	{"q", _("Name or barcode"), FIELD_TEXT, 0, 100, 0, "off", NULL},
	{"category", _("Shelf"), FIELD_ID, 0, 0, 0, NULL, NULL},
	{"state", _("Show"), FIELD_CHOICE, 0, 0, 0, "active|short|out|inactive", NULL},
	{"after", NULL, FIELD_TEXT, 1, 300, 0, NULL, NULL},
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "saved", NULL},
	{0}
};

const Field product_query[] = {
	{"id", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "saved", NULL},
	{0}
};

#define MONEY_MAX 999999999999

const Field product_fields[] = {
	{"name", _("Name"), FIELD_TEXT, 1, 200, FIELD_REQUIRED, "off", NULL},
	{"category", _("Shelf"), FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{"supplier", _("Supplier"), FIELD_ID, 0, 0, 0, NULL, NULL},
	{"price", _("Price"), FIELD_NUMBER, 0, MONEY_MAX, FIELD_REQUIRED, NULL, NULL},
	{"unit_cost", _("Cost"), FIELD_NUMBER, 0, MONEY_MAX, FIELD_REQUIRED, NULL, _("what one unit costs you")},
	{"unit", _("Unit"), FIELD_TEXT, 1, 30, FIELD_REQUIRED, "off", _("piece, kg, sac, ...")},
	{"divisible", _("Sold in fractions too (rice by weight)"), FIELD_CHECK, 0, 0, 0, NULL, NULL},
	{"pack_size", _("Units in the supplier's pack"), FIELD_NUMBER, 0, 1000000, FIELD_REQUIRED, NULL, NULL},
	{"moq", _("Least quantity per order"), FIELD_NUMBER, 0, 1000000, 0, NULL, NULL},
	{"threshold", _("Alert threshold"), FIELD_NUMBER, 0, 100000000, 0, NULL, _("empty: from what is sold")},
	{"target", _("Wanted stock"), FIELD_NUMBER, 0, 100000000, 0, NULL, _("empty: from what is sold")},
	{"barcode", _("Barcode"), FIELD_TEXT, 0, 60, 0, "off", NULL},
	{"active", _("For sale"), FIELD_CHECK, 0, 0, 0, NULL, NULL},
	{0}
};

/* The state of a product's stock, in words and colour. */
static void
put_stock(Request *r, const char *available, const char *unit, bool is_short)
{
	if (strtod(available, NULL) <= 0)
		put(r, LIT("<b class=\"badge bad\">"), MSG(_("Out of stock")), LIT("</b>"));
	else if (is_short)
		put(r, LIT("<b class=\"badge\">"), MSG(_("%1 left"), say_part(r, NUMBER(available))), LIT("</b>"));
	else
		put(r, NUMBER(available), LIT(" "), UNIT(unit, available));
}

/* The form that narrows the list. */
static void
put_products_filter(Request *r)
{
	static const char *const states[] = {_("For sale"), _("Running short"), _("Out of stock"), _("Not for sale")};
	const Rows *categories = query(r, "SELECT id, name FROM category ORDER BY name");

	form_filter_begin(r, "/products");
	form_field(r, "q", NULL);
	put(r, LIT("<button type=\"submit\">"), MSG(_("Search")), LIT("</button><details"));
	if (form_given(r, "category") || form_given(r, "state"))
		put(r, LIT(" open"));
	put(r, LIT("><summary>"), MSG(_("Shelf and stock")), LIT("</summary><div class=\"filter\">"));
	form_select_rows(r, "category", "", _("All shelves"), categories);
	form_select(r, "state", "active", states);
	put(r, LIT("</div></details></form>"));
}

/*
 * The list: by name, a page at a time. A page begins behind the last row of the one before ("id name"), so
 * that rows that come and go meanwhile neither show twice nor get lost.
 */
void
products_show(Request *r)
{
	const char *state = form_given(r, "state") ? form_value(r, "state") : "active";
	const Rows *rows;
	int			count;

	rows = query(r,
				 "SELECT p.id, p.name, c.name, p.price, coalesce(l.on_hand - l.reserved, 0), p.unit, i.hash,"
				 " EXISTS (SELECT FROM stock_alert a WHERE a.product_id = p.id AND a.closed_at IS NULL AND a.kind = 'low')"
				 " FROM product p JOIN category c ON c.id = p.category_id"
				 " LEFT JOIN stock_level l ON l.product_id = p.id"
				 " LEFT JOIN product_image i ON i.product_id = p.id AND i.size = 'small'"
				 " WHERE (p.name, p.id) > ($1, $2::bigint)"
				 " AND ($3::text IS NULL OR strpos(lower(p.name), lower($3)) > 0 OR p.barcode = $3)"
				 " AND ($4::bigint IS NULL OR p.category_id = $4)"
				 " AND CASE $5 WHEN 'inactive' THEN NOT p.active"
				 "   WHEN 'out' THEN p.active AND coalesce(l.on_hand - l.reserved, 0) <= 0"
				 "   WHEN 'short' THEN p.active AND EXISTS (SELECT FROM stock_alert a WHERE a.product_id = p.id"
				 "     AND a.closed_at IS NULL AND a.kind IN ('low', 'out'))"
				 "   ELSE p.active END"
				 " ORDER BY p.name, p.id LIMIT 26",
				 page_after_name(r), page_after_id(r), form_or_null(r, "q"), form_or_null(r, "category"), state);
	count = rows_on_page(rows);

	page_begin(r, _("Products"));
	if (r->user.role == ROLE_OWNER)
		put(r, LIT("<p><a class=\"button\" href=\"/product/new\">"), MSG(_("New product")), LIT("</a></p>"));
	put_products_filter(r);
	if (count == 0)
		put(r, LIT("<p>"), MSG(_("No product fits.")), LIT("</p>"));
	else
	{
		put(r, LIT("<table class=\"stack\"><thead><tr><th>"), MSG(_("Product")), LIT("</th><th>"), MSG(_("Shelf")),
			LIT("</th><th class=\"n\">"), MSG(_("Price")), LIT("</th><th class=\"n\">"), MSG(_("In stock")),
			LIT("</th></tr></thead><tbody>"));
		for (int i = 0; i < count; i++)
		{
			put(r, LIT("<tr><td>"));
			put_picture(r, cell(rows, i, 6), cell(rows, i, 1), false);
			put(r, LIT("<a href=\"/product?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)),
				LIT("</a></td><td><small>"), TEXT(cell(rows, i, 2)), LIT("</small></td><td class=\"n\">"), MONEY(cell(rows, i, 3)),
				LIT("</td><td class=\"n\">"));
			put_stock(r, cell(rows, i, 4), cell(rows, i, 5), cell_true(rows, i, 7));
			put(r, LIT("</td></tr>"));
		}
		put(r, LIT("</tbody></table>"));
		put_pager(r, "/products", form_params(r, (const char *const[]) {"q", "category", "state", NULL}, ""), page_last_row(r, rows), rows);
	}
	page_end(r);
}

/* Products that the same clients like. */
static void
put_similar(Request *r, const char *id)
{
	const Rows *rows;
	Refusal		refusal;

	rows = attempt(r, &refusal,
				   "SELECT p.id, p.name, p.price, i.hash FROM reco.similar_products($1, 6, $2) s"
				   " JOIN product p ON p.id = s.product_id"
				   " LEFT JOIN product_image i ON i.product_id = p.id AND i.size = 'small' WHERE p.active ORDER BY s.rank",
				   id, db_schema());
	if (rows_count(rows) == 0)
		return;
	put(r, LIT("<h2>"), MSG(_("Similar products")), LIT("</h2><ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		put(r, LIT("<li>"));
		put_picture(r, cell(rows, i, 3), cell(rows, i, 1), false);
		put(r, LIT("<a href=\"/product?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)), LIT("</a> "),
			MONEY(cell(rows, i, 2)), LIT("</li>"));
	}
	put(r, LIT("</ul>"));
}

/* How many stars it was given. */
static void
put_ratings(Request *r, const char *id)
{
	const Rows *rows = query(r, "SELECT count(*), round(avg(stars), 1), round(avg(stars)) FROM rating WHERE product_id = $1", id);

	put(r, LIT("<p>"));
	if (cell_int(rows, 0, 0) == 0)
		put(r, MSG(_("No stars yet.")));
	else
	{
		put_stars(r, (int) cell_int(rows, 0, 2));
		put(r, LIT(" "), NUMBER(cell(rows, 0, 1)), LIT(" ("), COUNT(_("%1 opinion"), _("%1 opinions"), cell_int(rows, 0, 0)), LIT(")"));
	}
	put(r, LIT("</p>"));
}

/* What only the owner sees: cost and margin. */
static void
put_owner_figures(Request *r, const char *id)
{
	const Rows *rows = query(r,
							 "SELECT p.unit_cost, round(100 * (p.price - p.unit_cost) / p.price), s.name"
							 " FROM product p LEFT JOIN supplier s ON s.id = p.supplier_id WHERE p.id = $1", id);

	put(r, LIT("<div><dt>"), MSG(_("Cost")), LIT("</dt><dd>"), MONEY(cell(rows, 0, 0)), LIT("</dd></div><div><dt>"),
		MSG(_("Margin")), LIT("</dt><dd>"), NUMBER(cell(rows, 0, 1)), LIT(" %</dd></div>"));
	if (!cell_is_null(rows, 0, 2))
		put(r, LIT("<div><dt>"), MSG(_("Supplier")), LIT("</dt><dd>"), TEXT(cell(rows, 0, 2)), LIT("</dd></div>"));
}

/* One product. */
void
product_show(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *rows = find(r,
							"SELECT p.name, c.name, p.price, p.unit, coalesce(l.on_hand - l.reserved, 0), p.active, i.hash,"
							" p.barcode, EXISTS (SELECT FROM stock_alert a WHERE a.product_id = p.id AND a.closed_at IS NULL"
							" AND a.kind = 'low')"
							" FROM product p JOIN category c ON c.id = p.category_id"
							" LEFT JOIN stock_level l ON l.product_id = p.id"
							" LEFT JOIN product_image i ON i.product_id = p.id AND i.size = 'large' WHERE p.id = $1", id);

	page_begin_named(r, cell(rows, 0, 0));
	if (form_given(r, "done"))
		put_note(r, say(r, _("Saved.")));
	put_picture(r, cell(rows, 0, 6), cell(rows, 0, 0), true);
	put_ratings(r, id);
	put(r, LIT("<dl class=\"figures\"><div><dt>"), MSG(_("Price")), LIT("</dt><dd>"), MONEY(cell(rows, 0, 2)),
		LIT("</dd></div><div><dt>"), MSG(_("In stock")), LIT("</dt><dd>"));
	put_stock(r, cell(rows, 0, 4), cell(rows, 0, 3), cell_true(rows, 0, 8));
	put(r, LIT("</dd></div><div><dt>"), MSG(_("Shelf")), LIT("</dt><dd>"), TEXT(cell(rows, 0, 1)), LIT("</dd></div>"));
	if (r->user.role == ROLE_OWNER)
		put_owner_figures(r, id);
	put(r, LIT("</dl>"));
	if (!cell_true(rows, 0, 5))
		put(r, LIT("<p><b class=\"badge\">"), MSG(_("Not for sale")), LIT("</b></p>"));
	put(r, LIT("<p>"));
	if (cell_true(rows, 0, 5))
		put(r, LIT("<a class=\"button\" href=\"/sell?add="), URL(id), LIT("\">"), MSG(_("Sell")), LIT("</a>"));
	if (r->user.role == ROLE_OWNER)
		put(r, LIT("<a class=\"button\" href=\"/stock/move?product="), URL(id), LIT("\">"), MSG(_("In or out")), LIT("</a>"),
			LIT("<a class=\"button\" href=\"/product/edit?id="), URL(id), LIT("\">"), MSG(_("Change")), LIT("</a>"),
			LIT("<a class=\"button\" href=\"/product/picture?id="), URL(id), LIT("\">"), MSG(_("Picture")), LIT("</a>"));
	put(r, LIT("</p><p><a href=\"/sales?product="), URL(id), LIT("\">"), MSG(_("Its sales")),
		LIT("</a> &#183; <a href=\"/stock/moves?product="), URL(id), LIT("\">"), MSG(_("Its movements")), LIT("</a></p>"));
	put_similar(r, id);
	put_audience(r, id, "8");
	page_end(r);
}

/* The form of a product; values are those of a row with the fields in their order, or of a new one. */
static void
put_product_form(Request *r, const char *action, const Rows *values)
{
	bool		is_new = values == NULL;
	const Rows *categories = query(r, "SELECT id, name FROM category ORDER BY name");
	const Rows *suppliers = query(r, "SELECT id, name FROM supplier ORDER BY name");

	form_begin(r, action);
	form_field(r, "name", cell(values, 0, 0));
	form_select_rows(r, "category", cell(values, 0, 1), _("Choose"), categories);
	form_select_rows(r, "supplier", cell(values, 0, 2), _("None"), suppliers);
	form_field(r, "price", cell(values, 0, 3));
	form_field(r, "unit_cost", cell(values, 0, 4));
	form_field(r, "unit", is_new ? say(r, _("piece")) : cell(values, 0, 5));
	form_field(r, "divisible", cell(values, 0, 6));
	form_field(r, "pack_size", is_new ? "1" : cell(values, 0, 7));
	form_field(r, "moq", cell(values, 0, 8));
	form_field(r, "threshold", cell(values, 0, 9));
	form_field(r, "target", cell(values, 0, 10));
	form_field(r, "barcode", cell(values, 0, 11));
	form_field(r, "active", is_new ? "t" : cell(values, 0, 12));
	form_end(r, _("Save"));
}

/* Says in the user's words which rule of the table a product broke. */
static void
explain_refusal(Request *r, const Refusal *refusal)
{
	if (strcmp(refusal->sqlstate, "23505") == 0)
		form_error(r, "barcode", say(r, _("Another product has this barcode.")));
	else if (strcmp(refusal->sqlstate, "23503") == 0)
		form_error_all(r, say(r, _("Choose one of the list.")));
	else if (strcmp(refusal->constraint, "product_price_check") == 0)
		form_error(r, "price", say(r, _("The price is more than nothing.")));
	else if (strcmp(refusal->constraint, "product_pack_size_check") == 0)
		form_error(r, "pack_size", say(r, _("A pack holds more than nothing.")));
	else if (strstr(refusal->constraint, "target") != NULL || strcmp(refusal->constraint, "product_check1") == 0)
		form_error(r, "target", say(r, _("The wanted stock is more than the threshold.")));
	else
		form_error(r, "pack_size", say(r, _("What is sold in whole units comes in whole packs.")));
}

/* The page for a new product. */
void
product_new_show(Request *r)
{
	page_begin(r, _("New product"));
	put_product_form(r, "/product/new", NULL);
	page_end(r);
}

/* Stores a new product. */
void
product_new_act(Request *r)
{
	Refusal		refusal;
	const Rows *rows = attempt(r, &refusal,
							   "INSERT INTO product (name, category_id, supplier_id, price, unit_cost, unit, divisible,"
							   " pack_size, moq, threshold, target, barcode, active) VALUES ($1, $2, $3, $4, $5, $6,"
							   " $7 = '1', $8, coalesce($9::numeric, 0), $10, $11, $12, $13 = '1') RETURNING id",
							   form_value(r, "name"), form_value(r, "category"), form_or_null(r, "supplier"),
							   form_value(r, "price"), form_value(r, "unit_cost"), form_value(r, "unit"),
							   form_value(r, "divisible"), form_value(r, "pack_size"), form_or_null(r, "moq"),
							   form_or_null(r, "threshold"), form_or_null(r, "target"), form_or_null(r, "barcode"),
							   form_value(r, "active"));

	if (rows == NULL)
		explain_refusal(r, &refusal);
	else
		request_redirect(r, "/product?done=saved", "id", cell(rows, 0, 0));
}

/* The page that changes a product. */
void
product_edit_show(Request *r)
{
	const Rows *rows = find(r,
							"SELECT name, category_id, supplier_id, trim_scale(price), trim_scale(unit_cost), unit, divisible,"
							" trim_scale(pack_size), trim_scale(moq), trim_scale(threshold), trim_scale(target), barcode, active"
							" FROM product WHERE id = $1", form_value(r, "id"));

	page_begin(r, _("Change a product"));
	put_product_form(r, request_join(r, "/product/edit?id=", form_value(r, "id"), NULL), rows);
	page_end(r);
}

/* Stores what was changed. */
void
product_edit_act(Request *r)
{
	Refusal		refusal;
	const Rows *rows = attempt(r, &refusal,
							   "UPDATE product SET name = $1, category_id = $2, supplier_id = $3, price = $4, unit_cost = $5,"
							   " unit = $6, divisible = $7 = '1', pack_size = $8, moq = coalesce($9::numeric, 0), threshold = $10,"
							   " target = $11, barcode = $12, active = $13 = '1' WHERE id = $14 RETURNING id",
							   form_value(r, "name"), form_value(r, "category"), form_or_null(r, "supplier"),
							   form_value(r, "price"), form_value(r, "unit_cost"), form_value(r, "unit"),
							   form_value(r, "divisible"), form_value(r, "pack_size"), form_or_null(r, "moq"),
							   form_or_null(r, "threshold"), form_or_null(r, "target"), form_or_null(r, "barcode"),
							   form_value(r, "active"), form_value(r, "id"));

	if (rows == NULL)
		explain_refusal(r, &refusal);
	else if (rows_count(rows) == 0)
		request_fail(r, 404);
	else
		request_redirect(r, "/product?done=saved", "id", cell(rows, 0, 0));
}
