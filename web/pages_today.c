/* The first page of the day: what was sold, what sells best, what needs a look. */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

#define DAYS 14

/* One figure with what it is. */
static void
put_figure(Request *r, const char *label, Part value)
{
	put(r, LIT("<div><dt>"), MSG(label), LIT("</dt><dd>"), value, LIT("</dd></div>"));
}

/* Sales of the last days as a chart. */
static void
put_sales(Request *r)
{
	const Rows *rows = query(r,
							 "SELECT d::date, coalesce(s.total, 0), sum(s.total) OVER (),"
							 " first_value(d::date) OVER (ORDER BY s.total DESC NULLS LAST), max(s.total) OVER ()"
							 " FROM generate_series(current_date - 13, current_date, interval '1 day') AS d"
							 " LEFT JOIN (SELECT v.sold_at::date AS day, sum(l.quantity * l.unit_price) AS total"
							 "            FROM sale v JOIN sale_line l ON l.sale_id = v.id"
							 "            WHERE v.sold_at >= current_date - 13 GROUP BY 1) AS s ON s.day = d::date"
							 " ORDER BY d");
	Bar			bars[DAYS];
	int			count = rows_count(rows) < DAYS ? rows_count(rows) : DAYS;
	const char *summary;

	for (int i = 0; i < count; i++)
	{
		bars[i].label = say_part(r, DATE(cell(rows, i, 0)));
		bars[i].value = say_part(r, MONEY(cell(rows, i, 1)));
		bars[i].height = strtod(cell(rows, i, 1), NULL);
	}
	if (cell_is_null(rows, 0, 2))
		summary = say(r, _("Nothing was sold in these 14 days."));
	else
		summary = say_with(r, _("%1 in 14 days; the best day was %2 with %3."), say_part(r, MONEY(cell(rows, 0, 2))),
						   say_part(r, DATE(cell(rows, 0, 3))), say_part(r, MONEY(cell(rows, 0, 4))));
	put_chart(r, say(r, _("Sales of 14 days")), summary, bars, count);
}

/* Today's figures. */
static void
put_figures(Request *r)
{
	const Rows *rows = query(r,
							 "SELECT coalesce(sum(l.quantity * l.unit_price), 0), count(DISTINCT s.id)"
							 " FROM sale s JOIN sale_line l ON l.sale_id = s.id WHERE s.sold_at >= current_date");
	bool		is_owner = r->user.role == ROLE_OWNER;

	put(r, LIT("<dl class=\"figures\">"));
	put_figure(r, _("Sold today"), MONEY(cell(rows, 0, 0)));
	put_figure(r, _("Sales today"), NUMBER(cell(rows, 0, 1)));
	put(r, LIT("<div><dt>"), MSG(_("Alerts to look at")), LIT("</dt><dd><a href=\""), ATTR(is_owner ? "/alerts" : "/stock?state=alert"), LIT("\">"),
		NUMBER(r->shop.alerts), LIT("</a></dd></div>"));
	if (is_owner)
	{
		rows = query(r, "SELECT coalesce(sum(greatest(l.on_hand, 0) * p.unit_cost), 0)"
					 " FROM stock_level l JOIN product p ON p.id = l.product_id");
		put(r, LIT("<div><dt>"), MSG(_("Stock at cost")), LIT("</dt><dd>"), MONEY(cell(rows, 0, 0)));
		if (r->shop.usd_rate[0] != '\0')
			put(r, LIT(" <small>"), DOLLARS(cell(query(r, "SELECT $1::numeric / $2::numeric", cell(rows, 0, 0), r->shop.usd_rate), 0, 0)),
				LIT("</small>"));
		put(r, LIT("</dd></div>"));
		rows = query(r, "SELECT count(*), coalesce(sum(cost), 0), (SELECT coalesce(sum(value), 0) FROM surplus) FROM to_order");
		put(r, LIT("<div><dt>"), MSG(_("Products to order")), LIT("</dt><dd><a href=\"/reorder\">"), NUMBER(cell(rows, 0, 0)), LIT("</a></dd></div>"));
		put_figure(r, _("Cost of that order"), MONEY(cell(rows, 0, 1)));
		put_figure(r, _("Surplus at cost"), MONEY(cell(rows, 0, 2)));
	}
	put(r, LIT("</dl>"));
	if (r->shop.usd_rate[0] != '\0')
		put(r, LIT("<p class=\"hint\">"), MSG(_("1 $ = %1 FC, rate of %2"), say_part(r, NUMBER(r->shop.usd_rate)),
									   say_part(r, DATE(r->shop.usd_rate_from))), LIT("</p>"));
}

/* What ran out, is about to, or should have come: what nobody has seen yet. */
static void
put_alerts(Request *r)
{
	const Rows *rows = query(r,
							 "SELECT a.kind, a.product_id, a.product, a.available FROM web_alert a WHERE a.waits"
							 " ORDER BY array_position(ARRAY['out', 'late', 'low'], a.kind), a.likely_buyers DESC, a.opened_at DESC, a.id DESC"
							 " LIMIT 8");
	bool		is_owner = r->user.role == ROLE_OWNER;
	long		all = strtol(r->shop.alerts, NULL, 10);

	put(r, LIT("<h2>"), MSG(_("To look at")), LIT("</h2>"));
	if (rows_count(rows) == 0)
	{
		put(r, LIT("<p>"), MSG(_("Nothing is short.")), LIT("</p>"));
		if (is_owner)
			put(r, LIT("<p><a href=\"/alerts?state=all\">"), MSG(_("All alerts")), LIT("</a></p>"));
		return;
	}
	put(r, LIT("<ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		put(r, LIT("<li><a href=\"/product?id="), URL(cell(rows, i, 1)), LIT("\">"), TEXT(cell(rows, i, 2)), LIT("</a> "));
		if (strcmp(cell(rows, i, 0), "out") == 0)
			put(r, LIT("<b class=\"badge bad\">"), MSG(_("Out of stock")), LIT("</b>"));
		else if (strcmp(cell(rows, i, 0), "late") == 0)
			put(r, LIT("<b class=\"badge bad\">"), MSG(_("Delivery late")), LIT("</b>"));
		else
			put(r, LIT("<b class=\"badge\">"), MSG(_("%1 left"), say_part(r, NUMBER(cell(rows, i, 3)))), LIT("</b>"));
		put(r, LIT("</li>"));
	}
	put(r, LIT("</ul>"));
	if (is_owner)
		put(r, LIT("<p><a class=\"button\" href=\"/alerts\">"), COUNT(_("%1 alert in all"), _("%1 alerts in all"), all), LIT("</a></p>"));
	else if (all > rows_count(rows))
		put(r, LIT("<p><a href=\"/stock?state=alert\">"), COUNT(_("%1 alert in all"), _("%1 alerts in all"), all), LIT("</a></p>"));
}

/* What sold best. */
static void
put_best(Request *r)
{
	const Rows *rows = query(r,
							 "SELECT p.id, p.name, b.quantity, b.total, p.unit FROM ("
							 "   SELECT l.product_id, sum(l.quantity) AS quantity, sum(l.quantity * l.unit_price) AS total"
							 "   FROM sale s JOIN sale_line l ON l.sale_id = s.id"
							 "   WHERE s.sold_at >= current_date - 30 GROUP BY 1 ORDER BY 3 DESC LIMIT 5) AS b"
							 " JOIN product p ON p.id = b.product_id WHERE b.total > 0 ORDER BY b.total DESC, p.id");

	put(r, LIT("<h2>"), MSG(_("Best products of 30 days")), LIT("</h2>"));
	if (rows_count(rows) == 0)
	{
		put(r, LIT("<p>"), MSG(_("Nothing was sold yet.")), LIT("</p>"));
		return;
	}
	put(r, LIT("<table class=\"stack\"><thead><tr><th>"), MSG(_("Product")), LIT("</th><th class=\"n\">"), MSG(_("Quantity")), LIT("</th><th class=\"n\">"),
		MSG(_("Sold for")), LIT("</th></tr></thead><tbody>"));
	for (int i = 0; i < rows_count(rows); i++)
		put(r, LIT("<tr><td><a href=\"/product?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)),
			LIT("</a></td><td class=\"n\">"), NUMBER(cell(rows, i, 2)), LIT(" "), UNIT(cell(rows, i, 4), cell(rows, i, 2)), LIT("</td><td class=\"n\">"),
			MONEY(cell(rows, i, 3)), LIT("</td></tr>"));
	put(r, LIT("</tbody></table>"));
}

/* The page. */
void
today_show(Request *r)
{
	page_begin(r, _("Today"));
	put_figures(r);
	put_alerts(r);
	put_sales(r);
	put_best(r);
	page_end(r);
}
