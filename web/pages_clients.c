/* Clients: the list, one client with what is known and what to recommend, and the form. */
#include <string.h>

#include "advice.h"
#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field clients_query[] = {
	{"q", _("Name or phone"), FIELD_TEXT, 0, 100, FIELD_TYPED, "off", NULL},
	{"after", NULL, FIELD_TEXT, 1, 300, 0, NULL, NULL},
	{0}
};

const Field client_query[] = {
	{"id", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "saved|rated", NULL},
	{0}
};

const Field client_new_query[] = {
	{"back", NULL, FIELD_PATH, 1, 2000, 0, NULL, NULL},
	{0}
};

const Field client_rate_fields[] = {
	{"product", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{"stars", NULL, FIELD_CHOICE, 0, 0, FIELD_REQUIRED, "1|2|3|4|5", NULL},
	{0}
};

const Field client_fields[] = {
	{"name", _("Name"), FIELD_TEXT, 1, 200, FIELD_REQUIRED, "off", NULL},
	{"phone", _("Phone"), FIELD_PHONE, 0, 30, 0, "off", NULL},
	{"address", _("Address"), FIELD_TEXT, 0, 200, 0, "off", NULL},
	{0}
};

/* The list: by name, a page at a time, each page behind the last row ("id name") of the one before. */
void
clients_show(Request *r)
{
	const Rows *rows;
	int			count;

	rows = query(r,
				 "SELECT c.id, c.name, c.phone, s.times, s.last FROM ("
				 " SELECT id, name, phone FROM client WHERE (name, id) > ($1, $2::bigint)"
				 " AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0"
				 "   OR strpos(phone, substring(regexp_replace($3, '\\D', '', 'g') FROM '^0?([0-9]{4,})$')) > 0)"
				 " ORDER BY name, id LIMIT 26) AS c"
				 " CROSS JOIN LATERAL (SELECT count(*) AS times, max(sold_at) AS last FROM sale WHERE client_id = c.id) AS s"
				 " ORDER BY c.name, c.id",
				 page_after_name(r), page_after_id(r), form_or_null(r, "q"));
	count = rows_on_page(rows);

	page_begin(r, _("Clients"));
	put(r, LIT("<p><a class=\"button\" href=\"/client/new\">"), MSG(_("New client")), LIT("</a></p>"));
	form_filter_begin(r, "/clients");
	form_field(r, "q", NULL);
	form_end(r, _("Search"));
	if (count == 0)
		put(r, LIT("<p>"), MSG(_("No client fits.")), LIT("</p>"));
	else
	{
		put(r, LIT("<table class=\"stack\"><thead><tr><th>"), MSG(_("Client")), LIT("</th><th>"), MSG(_("Phone")),
			LIT("</th><th class=\"n\">"), MSG(_("Purchases")), LIT("</th><th class=\"n\">"), MSG(_("Last purchase")),
			LIT("</th></tr></thead><tbody>"));
		for (int i = 0; i < count; i++)
		{
			put(r, LIT("<tr><td><a href=\"/client?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)),
				LIT("</a></td><td>"));
			put_phone(r, cell(rows, i, 2));
			put(r, LIT("</td><td class=\"n\">"), COUNT(_("%1 purchase"), _("%1 purchases"), cell_int(rows, i, 3)),
				LIT("</td><td class=\"n\"><small>"), DATE(cell(rows, i, 4)), LIT("</small></td></tr>"));
		}
		put(r, LIT("</tbody></table>"));
		put_pager(r, "/clients", form_params(r, (const char *const[]) {"q", NULL}, ""), page_last_row(r, rows), rows);
	}
	page_end(r);
}

/* What the client bought of late, and the stars that it was given. */
static void
put_bought(Request *r, const char *id)
{
	const Rows *rows = query(r,
							 "SELECT p.id, p.name, i.hash, n.stars FROM ("
							 "   SELECT coalesce(b.id, n.product_id) AS id, b.last, n.stars, n.rated_at FROM ("
							 "     SELECT l.product_id AS id, max(s.sold_at) AS last FROM sale s JOIN sale_line l ON l.sale_id = s.id"
							 "     WHERE s.client_id = $1 GROUP BY 1 HAVING sum(l.quantity) > 0) AS b"
							 "   FULL JOIN (SELECT * FROM rating WHERE client_id = $1) AS n ON n.product_id = b.id) AS n"
							 " JOIN product p ON p.id = n.id LEFT JOIN product_image i ON i.product_id = p.id AND i.size = 'small'"
							 " ORDER BY greatest(n.last, n.rated_at) DESC, p.id LIMIT 15", id);

	if (rows_count(rows) == 0)
		return;
	put(r, LIT("<h2>"), MSG(_("Bought or rated of late")), LIT("</h2><p class=\"hint\">"),
		MSG(_("Ask how it was, and tap the stars.")), LIT("</p><ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		put(r, LIT("<li>"));
		put_picture(r, cell(rows, i, 2), cell(rows, i, 1), false);
		put(r, LIT("<a href=\"/product?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)), LIT("</a>"));
		put_rate(r, request_join(r, "/client?id=", id, NULL), cell(rows, i, 0), cell(rows, i, 3));
		put(r, LIT("</li>"));
	}
	put(r, LIT("</ul>"));
}

/* The last sales to the client. */
static void
put_history(Request *r, const char *id)
{
	const Rows *rows = query(r,
							 "SELECT s.id, s.sold_at, sum(l.quantity * l.unit_price), count(*) FROM ("
							 "   SELECT id, sold_at FROM sale WHERE client_id = $1 ORDER BY sold_at DESC, id DESC LIMIT 8) AS s"
							 " JOIN sale_line l ON l.sale_id = s.id GROUP BY s.id, s.sold_at ORDER BY s.sold_at DESC, s.id DESC", id);

	if (rows_count(rows) == 0)
		return;
	put(r, LIT("<h2>"), MSG(_("Last purchases")), LIT("</h2><ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
		put(r, LIT("<li><a href=\"/sale?id="), URL(cell(rows, i, 0)), LIT("\">"), TIME(cell(rows, i, 1)), LIT("</a> "),
			MONEY(cell(rows, i, 2)), LIT(" <small>"), COUNT(_("%1 line"), _("%1 lines"), cell_int(rows, i, 3)), LIT("</small></li>"));
	put(r, LIT("</ul><p><a href=\"/sales?client="), URL(id), LIT("\">"), MSG(_("All purchases")), LIT("</a></p>"));
}

/* One client. */
void
client_show(Request *r)
{
	const char *id = form_value(r, "id");
	const char *done = form_value(r, "done");
	const Rows *rows = find(r,
							"SELECT c.name, c.phone, c.address, count(DISTINCT s.id), coalesce(sum(l.quantity * l.unit_price), 0), max(s.sold_at)"
							" FROM client c LEFT JOIN sale s ON s.client_id = c.id LEFT JOIN sale_line l ON l.sale_id = s.id"
							" WHERE c.id = $1 GROUP BY c.id", id);

	page_begin_named(r, cell(rows, 0, 0));
	if (done[0] != '\0')
		put_note(r, say(r, strcmp(done, "saved") == 0 ? _("Saved.") : _("The stars are noted.")));
	put(r, LIT("<p>"));
	put_phone(r, cell(rows, 0, 1));
	put(r, LIT(" "), TEXT(cell(rows, 0, 2)), LIT("</p><p><a class=\"button\" href=\"/sell?client="), URL(id), LIT("\">"), MSG(_("Sell")),
		LIT("</a><a class=\"button\" href=\"/client/edit?id="), URL(id), LIT("\">"), MSG(_("Change")),
		LIT("</a><a class=\"button\" href=\"/client/link?id="), URL(id), LIT("\">"), MSG(_("Personal link")), LIT("</a></p>"));
	put(r, LIT("<dl class=\"figures\"><div><dt>"), MSG(_("Purchases")), LIT("</dt><dd>"), NUMBER(cell(rows, 0, 3)),
		LIT("</dd></div><div><dt>"), MSG(_("Bought for")), LIT("</dt><dd>"), MONEY(cell(rows, 0, 4)), LIT("</dd></div>"));
	if (!cell_is_null(rows, 0, 5))
		put(r, LIT("<div><dt>"), MSG(_("Last purchase")), LIT("</dt><dd>"), DATE(cell(rows, 0, 5)), LIT("</dd></div>"));
	put(r, LIT("</dl>"));
	put_recommendations(r, id);
	put_bought(r, id);
	put_history(r, id);
	put_similar_clients(r, id);
	page_end(r);
}

/* Notes the stars that a client gives a product, in place of those given before. */
void
client_act(Request *r)
{
	const char *id = form_value(r, "id");
	Refusal		refusal;

	if (attempt(r, &refusal,
				"INSERT INTO rating (client_id, product_id, stars) VALUES ($1, $2, $3)"
				" ON CONFLICT (client_id, product_id) DO UPDATE SET stars = excluded.stars, rated_at = now()",
				id, form_value(r, "product"), form_value(r, "stars")) == NULL)
		request_fail(r, 404);
	request_redirect(r, "/client?done=rated", "id", id);
}

/* The form of a client; values are those of a row with the fields in their order, or of a new one. */
static void
put_client_form(Request *r, const char *action, const Rows *values)
{
	form_begin(r, action);
	form_field(r, "name", cell(values, 0, 0));
	form_field(r, "phone", cell(values, 0, 1));
	form_field(r, "address", cell(values, 0, 2));
	form_end(r, _("Save"));
}

/* The page for a new client. */
void
client_new_show(Request *r)
{
	Buf			back = {0};

	html_url(&back, form_value(r, "back"));
	page_begin(r, _("New client"));
	put_client_form(r, form_given(r, "back") ? request_join(r, "/client/new?back=", back.data, NULL) : "/client/new", NULL);
	buf_free(&back);
	page_end(r);
}

/* Stores a new client, and goes on with whatever needed one. */
void
client_new_act(Request *r)
{
	const Rows *rows = query(r, "INSERT INTO client (name, phone, address) VALUES ($1, $2, $3) RETURNING id",
							 form_value(r, "name"), form_or_null(r, "phone"), form_or_null(r, "address"));

	if (form_given(r, "back"))
		request_redirect(r, form_value(r, "back"), "client", cell(rows, 0, 0));
	else
		request_redirect(r, "/client?done=saved", "id", cell(rows, 0, 0));
}

/* The page that changes a client. */
void
client_edit_show(Request *r)
{
	const Rows *rows = find(r, "SELECT name, phone, address FROM client WHERE id = $1", form_value(r, "id"));

	page_begin(r, _("Change a client"));
	put_client_form(r, request_join(r, "/client/edit?id=", form_value(r, "id"), NULL), rows);
	page_end(r);
}

/* Stores what was changed. */
void
client_edit_act(Request *r)
{
	const Rows *rows = find(r, "UPDATE client SET name = $1, phone = $2, address = $3 WHERE id = $4 RETURNING id",
							form_value(r, "name"), form_or_null(r, "phone"), form_or_null(r, "address"), form_value(r, "id"));

	request_redirect(r, "/client?done=saved", "id", cell(rows, 0, 0));
}
