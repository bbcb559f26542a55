/* Stock: what there is of each product, and counting it. */
#include <string.h>

#include "basket.h"
#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field stock_query[] = {
	{"q", _("Name or barcode"), FIELD_TEXT, 0, 100, 0, "off", NULL},
	{"state", _("Show"), FIELD_CHOICE, 0, 0, 0, "all|alert|out|low|late", NULL},
	{"after", NULL, FIELD_TEXT, 1, 300, 0, NULL, NULL},
	{0}
};

const Field stock_count_query[] = {
	{"category", _("Shelf"), FIELD_ID, 0, 0, 0, NULL, NULL},
	{"after", NULL, FIELD_TEXT, 1, 300, 0, NULL, NULL},
	{0}
};

const Field stock_count_fields[] = {
	{"quantity", _("Counted"), FIELD_NUMBER, 0, 99999999, FIELD_EACH, NULL, NULL},
	{0}
};

/* What is open about a product. */
static void
put_alerts(Request *r, const char *kinds)
{
	if (strstr(kinds, "out") != NULL)
		put(r, LIT(" <b class=\"badge bad\">"), MSG(_("Out of stock")), LIT("</b>"));
	else if (strstr(kinds, "low") != NULL)
		put(r, LIT(" <b class=\"badge\">"), MSG(_("Running short")), LIT("</b>"));
	if (strstr(kinds, "late") != NULL)
		put(r, LIT(" <b class=\"badge bad\">"), MSG(_("Delivery late")), LIT("</b>"));
}

/* One product: what there is, what comes, when to order. */
static void
put_stock_row(Request *r, const Rows *rows, int i)
{
	put(r, LIT("<tr><td><a href=\"/product?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)),
		LIT("</a></td><td><b>"), NUMBER(cell(rows, i, 3)), LIT("</b> "), UNIT(cell(rows, i, 2), cell(rows, i, 3)));
	put_alerts(r, cell(rows, i, 7));
	put(r, LIT("</td><td>"));
	if (!cell_is_null(rows, i, 4))
		put(r, MSG(_("%1 set aside"), say_part(r, NUMBER(cell(rows, i, 4)))), LIT(" "));
	if (!cell_is_null(rows, i, 5))
		put(r, MSG(_("%1 on the way"), say_part(r, NUMBER(cell(rows, i, 5)))));
	put(r, LIT("</td><td>"));
	if (!cell_is_null(rows, i, 6))
		put(r, MSG(_("threshold %1"), say_part(r, NUMBER(cell(rows, i, 6)))));
	put(r, LIT("</td><td>"));
	if (r->user.role == ROLE_OWNER)
		put(r, LIT("<a href=\"/stock/move?product="), URL(cell(rows, i, 0)), LIT("\">"), MSG(_("In or out")), LIT("</a>"));
	put(r, LIT("</td></tr>"));
}

/* Levels by name. */
static void
put_levels(Request *r)
{
	const Rows *rows;
	int			count;

	rows = query(r,
				 "SELECT p.id, p.name, p.unit, l.on_hand - l.reserved, nullif(l.reserved, 0), nullif(l.on_order, 0),"
				 " l.reorder_point, a.kinds"
				 " FROM product p JOIN stock_level l ON l.product_id = p.id"
				 " LEFT JOIN LATERAL (SELECT string_agg(s.kind, ' ') AS kinds FROM stock_alert s"
				 "   WHERE s.product_id = p.id AND s.closed_at IS NULL) AS a ON true"
				 " WHERE p.active AND (p.name, p.id) > ($1, $2::bigint)"
				 " AND ($3::text IS NULL OR strpos(lower(p.name), lower($3)) > 0 OR p.barcode = $3)"
				 " AND CASE $4 WHEN 'alert' THEN a.kinds ~ 'out|low|late'"
				 "   WHEN 'out' THEN a.kinds ~ 'out' WHEN 'low' THEN a.kinds ~ 'low'"
				 "   WHEN 'late' THEN a.kinds ~ 'late' ELSE true END"
				 " ORDER BY p.name, p.id LIMIT 26",
				 page_after_name(r), page_after_id(r), form_or_null(r, "q"), form_or_null(r, "state"));
	count = rows_on_page(rows);
	if (count == 0)
	{
		put(r, LIT("<p>"), MSG(_("No product fits.")), LIT("</p>"));
		return;
	}
	put(r, LIT("<table class=\"stack\"><thead><tr><th>"), MSG(_("Product")), LIT("</th><th>"), MSG(_("In stock")), LIT("</th><th>"),
		MSG(_("Set aside, on the way")), LIT("</th><th>"), MSG(_("Alert threshold")), LIT("</th><th><span class=\"sr\">"),
		MSG(_("Movement")), LIT("</span></th></tr></thead><tbody>"));
	for (int i = 0; i < count; i++)
		put_stock_row(r, rows, i);
	put(r, LIT("</tbody></table>"));
	put_pager(r, "/stock", form_params(r, (const char *const[]) {"q", "state", NULL}, ""), page_last_row(r, rows), rows);
}

/* The page of levels. */
void
stock_show(Request *r)
{
	static const char *const states[] = {_("All"), _("With an alert"), _("Out of stock"), _("Running short"), _("Delivery late")};

	page_begin(r, _("Stock"));
	put(r, LIT("<p>"));
	if (r->user.role == ROLE_OWNER)
		put(r, LIT("<a class=\"button\" href=\"/alerts\">"), MSG(_("Alerts")), LIT("</a>"));
	put(r, LIT("<a class=\"button\" href=\"/stock/count\">"), MSG(_("Count")), LIT("</a><a class=\"button\" href=\"/stock/moves\">"),
		MSG(_("Movements")), LIT("</a>"));
	if (r->user.role == ROLE_OWNER)
		put(r, LIT("<a class=\"button\" href=\"/stock/slow\">"), MSG(_("Sells slowly")), LIT("</a>"));
	put(r, LIT("</p>"));
	form_filter_begin(r, "/stock");
	form_field(r, "q", NULL);
	form_select(r, "state", "all", states);
	form_end(r, _("Search"));
	put_levels(r);
	page_end(r);
}

/* What lies too long, with the money that is in it: of all, the dearest. */
void
stock_slow_show(Request *r)
{
	const Rows *rows = query(r,
							 "SELECT s.product_id, s.product, s.available, p.unit, s.value, s.last_sold_on, s.cover_days,"
							 " sum(s.value) OVER (), count(*) OVER ()"
							 " FROM slow_movers s JOIN product p ON p.id = s.product_id ORDER BY s.value DESC, p.id LIMIT 25");

	page_begin(r, _("Sells slowly"));
	if (rows_count(rows) == 0)
	{
		put(r, LIT("<p>"), MSG(_("No product sells slowly.")), LIT("</p>"));
		page_end(r);
		return;
	}
	put(r, LIT("<p class=\"hint\">"), COUNT(_("%1 product that nobody has bought for 30 days, or that lasts for more than 180."),
						_("%1 products that nobody has bought for 30 days, or that last for more than 180."), cell_int(rows, 0, 8)),
		LIT(" "), MSG(_("Money in it: %1"), say_part(r, MONEY(cell(rows, 0, 7)))), LIT("</p>"));
	put(r, LIT("<table class=\"stack\"><thead><tr><th>"), MSG(_("Product")), LIT("</th><th>"), MSG(_("In stock")),
		LIT("</th><th class=\"n\">"), MSG(_("Value at cost")), LIT("</th><th>"), MSG(_("Last sale")), LIT("</th></tr></thead><tbody>"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		put(r, LIT("<tr><td><a href=\"/product?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)),
			LIT("</a></td><td><b>"), NUMBER(cell(rows, i, 2)), LIT("</b> "), UNIT(cell(rows, i, 3), cell(rows, i, 2)), LIT("</td><td class=\"n\">"),
			MONEY(cell(rows, i, 4)), LIT("</td><td>"));
		if (cell_is_null(rows, i, 5))
			put(r, MSG(_("never sold")));
		else
			put(r, MSG(_("sold last on %1"), say_part(r, DATE(cell(rows, i, 5)))));
		if (!cell_is_null(rows, i, 6))
			put(r, LIT(", "), MSG(_("lasts for %1 days"), say_part(r, NUMBER(cell(rows, i, 6)))));
		put(r, LIT("</td></tr>"));
	}
	put(r, LIT("</tbody></table>"));
	page_end(r);
}

/* The sheet at hand, where what was typed on it goes to. */
static const char *
count_address(Request *r)
{
	const char *address = request_join(r, "/stock/count?category=", form_value(r, "category"), NULL);
	Buf			buf = {0};

	if (!form_given(r, "after"))
		return address;
	html_url(&buf, form_value(r, "after"));
	address = request_join(r, address, "&after=", buf.data, NULL);
	buf_free(&buf);
	return address;
}

/* The sheet of a shelf, a field beside each product. It does not say what there should be: whoever counts, counts. */
static void
put_count_sheet(Request *r)
{
	const char *category = form_value(r, "category");
	const Rows *rows;
	int			count;

	rows = query(r,
				 "SELECT p.id, p.name, p.unit, (SELECT max(m.moved_at) FROM stock_move m WHERE m.product_id = p.id AND m.kind = 'count')"
				 " FROM product p WHERE p.active AND p.category_id = $1 AND (p.name, p.id) > ($2, $3::bigint)"
				 " ORDER BY p.name, p.id LIMIT 26", category, page_after_name(r), page_after_id(r));
	count = rows_on_page(rows);
	if (count == 0)
	{
		put(r, LIT("<p>"), MSG(_("No product fits.")), LIT("</p>"));
		return;
	}
	form_begin(r, count_address(r));
	put(r, LIT("<p class=\"hint\">"), MSG(_("Leave empty what you did not count. Save as soon as you have counted: what is sold before that would be missing.")),
		LIT("</p><table><thead><tr><th>"), MSG(_("Product")), LIT("</th><th>"), MSG(_("Counted")), LIT("</th></tr></thead><tbody>"));
	for (int i = 0; i < count; i++)
	{
		put(r, LIT("<tr><td>"), TEXT(cell(rows, i, 1)), LIT(" <small>"), UNIT(cell(rows, i, 2), "2"));
		if (!cell_is_null(rows, i, 3))
			put(r, LIT(", "), MSG(_("counted on %1"), say_part(r, DATE(cell(rows, i, 3)))));
		put(r, LIT("</small></td><td>"));
		form_each_field(r, "quantity", cell_int(rows, i, 0), cell(rows, i, 1), NULL);
		put(r, LIT("</td></tr>"));
	}
	put(r, LIT("</tbody></table>"));
	form_end(r, _("Save the count"));
	put_pager(r, "/stock/count", request_join(r, "category=", category, "&", NULL), page_last_row(r, rows), rows);
}

/* The page for counting: a shelf, then its sheet. */
void
stock_count_show(Request *r)
{
	const Rows *categories = query(r,
								   "SELECT c.id, c.name FROM category c WHERE EXISTS"
								   " (SELECT FROM product p WHERE p.category_id = c.id AND p.active) ORDER BY c.name");

	page_begin(r, _("Count the stock"));
	form_filter_begin(r, "/stock/count");
	form_select_rows(r, "category", "", _("Choose"), categories);
	form_end(r, _("Show"));
	if (form_given(r, "category"))
		put_count_sheet(r);
	else
		put(r, LIT("<p>"), MSG(_("Choose a shelf, count what is on it, type the numbers.")), LIT("</p>"));
	page_end(r);
}

/* Notes what was counted; what differs becomes a movement. */
void
stock_count_act(Request *r)
{
	Basket		basket = basket_read(r, "quantity", true);
	const Rows *rows;
	Refusal		refusal;

	if (basket.count == 0)
	{
		form_error_all(r, say(r, _("Nothing was typed.")));
		return;
	}
	basket_check(r, "quantity", &basket);
	rows = query(r, "SELECT b.id, l.reserved FROM unnest($1::bigint[], $2::numeric[]) AS b (id, quantity)"
				 " JOIN stock_level l ON l.product_id = b.id WHERE b.quantity < l.reserved AND NOT l.allow_backorder",
				 basket.ids, basket.quantities);
	for (int i = 0; i < rows_count(rows); i++)
		form_error_each(r, "quantity", cell_int(rows, i, 0),
						say_with(r, _("%1 are set aside for clients, so there must be as many."), say_part(r, NUMBER(cell(rows, i, 1))),
								 NULL, NULL));
	if (r->form_bad)
		return;
	rows = attempt(r, &refusal, "SELECT count_stock($1, $2)", basket.ids, basket.quantities);
	if (rows == NULL)
		form_error_all(r, say(r, _("The stock has changed meanwhile. Look again.")));
	else if (cell_int(rows, 0, 0) == 0)
		request_redirect(r, "/stock/moves?kind=count", "done", "agreed");
	else
		request_redirect(r, "/stock/moves?kind=count", "done", "counted");
}
