/* What is short or late: the owner has seen it, or wants to hear of it again on a later day. */
#include <string.h>

#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field alerts_query[] = {
	{"state", _("Show"), FIELD_CHOICE, 0, 0, 0, "waiting|later|seen|all", NULL},
	{"after", NULL, FIELD_TEXT, 1, 300, 0, NULL, NULL},
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "seen|later", NULL},
	{0}
};

const Field alerts_fields[] = {
	{"seen", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{"all", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{0}
};

const Field alert_query[] = {
	{"id", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{0}
};

const Field alert_fields[] = {
	{"until", _("Not before"), FIELD_DATE, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{0}
};

/* Columns of what is read about an alert. */
enum
{
	ALERT_ID, ALERT_PRODUCT, ALERT_NAME, ALERT_KIND, ALERT_OPENED, ALERT_LEFT, ALERT_UNIT, ALERT_ON_ORDER, ALERT_BUYERS, ALERT_UNTIL,
	ALERT_WAITS, ALERT_SUPPLIER
};

/* What kind it is, and how much is left. */
static void
put_kind(Request *r, const Rows *rows, int i)
{
	const char *kind = cell(rows, i, ALERT_KIND);

	if (strcmp(kind, "out") == 0)
		put(r, LIT("<b class=\"badge bad\">"), MSG(_("Out of stock")), LIT("</b>"));
	else if (strcmp(kind, "late") == 0)
		put(r, LIT("<b class=\"badge bad\">"), MSG(_("Delivery late")), LIT("</b>"));
	else
		put(r, LIT("<b class=\"badge\">"), MSG(_("%1 left"), say_part(r, NUMBER(cell(rows, i, ALERT_LEFT)))), LIT("</b>"));
}

/* Since when, what is on the way, who waits for it, and what was said of it. */
static void
put_circumstances(Request *r, const Rows *rows, int i)
{
	put(r, MSG(_("since %1"), say_part(r, DATE(cell(rows, i, ALERT_OPENED)))));
	if (!cell_is_null(rows, i, ALERT_ON_ORDER))
		put(r, LIT(", "), MSG(_("%1 on the way"), say_part(r, NUMBER(cell(rows, i, ALERT_ON_ORDER)))));
	if (cell_int(rows, i, ALERT_BUYERS) > 0)
		put(r, LIT(", "), COUNT(_("would suit %1 client"), _("would suit %1 clients"), cell_int(rows, i, ALERT_BUYERS)));
	if (!cell_is_null(rows, i, ALERT_UNTIL))
		put(r, LIT(", "), MSG(_("put off until %1"), say_part(r, DATE(cell(rows, i, ALERT_UNTIL)))));
	else if (!cell_true(rows, i, ALERT_WAITS))
		put(r, LIT(", "), MSG(_("seen")));
}

/* Those of a state, what ran out first, each kind by name. A page begins behind the last row of the one before, "kind id name". */
static const Rows *
read_alerts(Request *r, const char *state)
{
	const char *after = form_value(r, "after");
	const char *id = after[0] != '\0' && after[1] == ' ' ? after + 2 : "";
	size_t		digits = strspn(id, "0123456789");
	bool		known = after[0] >= '1' && after[0] <= '3' && digits > 0 && digits <= 18 && id[digits] == ' ';

	return query(r,
				 "SELECT a.id, a.product_id, a.product, a.kind, a.opened_at, a.available, p.unit, nullif(l.on_order, 0), a.likely_buyers,"
				 " CASE WHEN a.snoozed_until > now() THEN a.snoozed_until END, a.waits, p.supplier_id,"
				 " array_position(ARRAY['out', 'late', 'low'], a.kind)"
				 " FROM web_alert a JOIN product p ON p.id = a.product_id JOIN stock_level l ON l.product_id = a.product_id"
				 " WHERE CASE $1 WHEN 'waiting' THEN a.waits WHEN 'later' THEN a.snoozed_until > now()"
				 "   WHEN 'seen' THEN NOT a.waits AND (a.snoozed_until > now()) IS NOT TRUE ELSE true END"
				 " AND (array_position(ARRAY['out', 'late', 'low'], a.kind), a.product, a.id) > ($2::integer, $3, $4::bigint)"
				 " ORDER BY 13, a.product, a.id LIMIT 26",
				 state, known ? arena_copy(&r->arena, after, 1) : "0", known ? id + digits + 1 : "",
				 known ? arena_copy(&r->arena, id, digits) : "0");
}

/* One alert, with what can be done about it. */
static void
put_alert(Request *r, const Rows *rows, int i)
{
	put(r, LIT("<tr><td><a href=\"/product?id="), URL(cell(rows, i, ALERT_PRODUCT)), LIT("\">"), TEXT(cell(rows, i, ALERT_NAME)),
		LIT("</a> "));
	put_kind(r, rows, i);
	put(r, LIT("</td><td class=\"grow\"><small>"));
	put_circumstances(r, rows, i);
	put(r, LIT("</small></td><td class=\"acts\">"));
	if (cell_true(rows, i, ALERT_WAITS))
		put(r, LIT("<button type=\"submit\" class=\"plain\" name=\"seen\" value=\""), ATTR(cell(rows, i, ALERT_ID)), LIT("\">"),
			MSG(_("Seen")), LIT("<span class=\"sr\">: "), TEXT(cell(rows, i, ALERT_NAME)), LIT("</span></button>"));
	put(r, LIT(" <a href=\"/alert?id="), URL(cell(rows, i, ALERT_ID)), LIT("\">"), MSG(_("Later")), LIT("<span class=\"sr\">: "),
		TEXT(cell(rows, i, ALERT_NAME)), LIT("</span></a></td></tr>"));
}

/* The list, and the button for all that wait. */
static void
put_alerts(Request *r, const Rows *rows, int count, const char *state)
{
	const Rows *latest = query(r, "SELECT max(id), count(*) FROM web_alert WHERE waits");

	form_begin(r, "/alerts");
	put(r, LIT("<table class=\"stack\"><thead><tr><th>"), MSG(_("Product")), LIT("</th><th>"), MSG(_("Details")), LIT("</th><th><span class=\"sr\">"),
		MSG(_("Seen or later")), LIT("</span></th></tr></thead><tbody>"));
	for (int i = 0; i < count; i++)
		put_alert(r, rows, i);
	put(r, LIT("</tbody></table>"));
	if (cell_int(latest, 0, 1) > 1 && strcmp(state, "waiting") == 0)
		put(r, LIT("<button type=\"submit\" name=\"all\" value=\""), ATTR(cell(latest, 0, 0)), LIT("\">"),
			MSG(_("All %1 are seen"), say_part(r, NUMBER(cell(latest, 0, 1)))), LIT("</button>"));
	put(r, LIT("</form>"));
	put_pager(r, "/alerts", request_join(r, "state=", state, "&", NULL),
			  request_join(r, cell(rows, count - 1, 12), " ", cell(rows, count - 1, ALERT_ID), " ", cell(rows, count - 1, ALERT_NAME), NULL), rows);
}

/* The page. */
void
alerts_show(Request *r)
{
	static const char *const states[] = {_("To look at"), _("Put off"), _("Seen"), _("All")};
	const char *state = form_given(r, "state") ? form_value(r, "state") : "waiting";
	const Rows *rows = read_alerts(r, state);
	int			count = rows_on_page(rows);

	page_begin(r, _("Alerts"));
	if (strcmp(form_value(r, "done"), "later") == 0)
		put_note(r, say(r, _("It will be among those to look at again on that day.")));
	else if (form_given(r, "done"))
		put_note(r, say(r, _("Seen. It stays open until the stock is right again.")));
	form_filter_begin(r, "/alerts");
	form_select(r, "state", "waiting", states);
	form_end(r, _("Show"));
	if (count == 0)
		put(r, LIT("<p>"), MSG(_("No alert.")), LIT("</p>"));
	else
		put_alerts(r, rows, count, state);
	put(r, LIT("<p><a class=\"button\" href=\"/reorder\">"), MSG(_("To order")), LIT("</a></p>"));
	page_end(r);
}

/* Notes that one was seen, or all up to the latest that the page showed. */
void
alerts_act(Request *r)
{
	Refusal		refusal;
	const Rows *rows;

	if (!form_given(r, "seen") && !form_given(r, "all"))
		request_fail(r, 400);
	/* What is out was low before, and both are the same matter. */
	rows = attempt(r, &refusal,
				   "SELECT acknowledge_alert(a.id) FROM stock_alert a JOIN web_alert w ON w.product_id = a.product_id"
				   " AND (w.kind = 'late') = (a.kind = 'late')"
				   " WHERE a.closed_at IS NULL AND a.kind IN ('out', 'low', 'late') AND w.waits"
				   " AND CASE WHEN $1::bigint IS NULL THEN a.id <= $2::bigint ELSE w.id = $1 END",
				   form_or_null(r, "seen"), form_or_null(r, "all"));
	if (rows_count(rows) > 0)
		request_redirect(r, "/alerts", "done", "seen");
	else
		request_redirect(r, "/alerts", NULL, NULL);
}

/* The page of one: what is the matter, and the day on which to think of it again. */
void
alert_show(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *rows = find(r,
							"SELECT a.id, a.product_id, a.product, a.kind, a.opened_at, a.available, p.unit, nullif(l.on_order, 0),"
							" a.likely_buyers, CASE WHEN a.snoozed_until > now() THEN a.snoozed_until END, a.waits, p.supplier_id,"
							" current_date + 7"
							" FROM web_alert a JOIN product p ON p.id = a.product_id JOIN stock_level l ON l.product_id = a.product_id"
							" WHERE a.id = $1", id);

	page_begin_named(r, cell(rows, 0, ALERT_NAME));
	put(r, LIT("<p>"));
	put_kind(r, rows, 0);
	put(r, LIT(" "));
	put_circumstances(r, rows, 0);
	put(r, LIT("</p>"));
	form_begin(r, request_join(r, "/alert?id=", id, NULL));
	form_field(r, "until", cell(rows, 0, 12));
	form_end(r, _("Put off"));
	put(r, LIT("<p>"));
	if (!cell_is_null(rows, 0, ALERT_SUPPLIER))
		put(r, LIT("<a class=\"button\" href=\"/reorder?all=1&amp;from="), URL(cell(rows, 0, ALERT_SUPPLIER)), LIT("\">"),
			MSG(_("Order from the supplier")), LIT("</a>"));
	put(r, LIT("<a class=\"button\" href=\"/product?id="), URL(cell(rows, 0, ALERT_PRODUCT)), LIT("\">"), MSG(_("The product")),
		LIT("</a></p><p><a href=\"/alerts\">"), MSG(_("Leave it")), LIT("</a></p>"));
	page_end(r);
}

/* Puts it off. */
void
alert_act(Request *r)
{
	const char *id = form_value(r, "id"),
			   *until = form_value(r, "until");
	const Rows *rows = query(r, "SELECT $1::date <= current_date, $1::date > current_date + 366", until);
	Refusal		refusal;

	if (cell_true(rows, 0, 0))
		form_error(r, "until", say(r, _("A day after today.")));
	else if (cell_true(rows, 0, 1))
		form_error(r, "until", say(r, _("A year from now at most.")));
	if (r->form_bad)
		return;
	rows = attempt(r, &refusal,
				   "SELECT acknowledge_alert(a.id, $2::date::timestamptz) FROM stock_alert a JOIN web_alert w"
				   " ON w.product_id = a.product_id AND (w.kind = 'late') = (a.kind = 'late')"
				   " WHERE a.closed_at IS NULL AND a.kind IN ('out', 'low', 'late') AND w.id = $1", id, until);
	if (rows == NULL)
		form_error_all(r, say(r, _("The stock has changed meanwhile. Look again.")));
	else if (rows_count(rows) == 0)
		request_fail(r, 404);
	else
		request_redirect(r, "/alerts", "done", "later");
}
