/* Advice: what to offer a client, whom to call about a product, and where to begin. */
#include "advice.h"
#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field advice_query[] = {
	{"who", _("For a client"), FIELD_TEXT, 0, 100, FIELD_TYPED, "off", _("name or phone")},
	{"what", _("For a product"), FIELD_TEXT, 0, 100, FIELD_TYPED, "off", _("name or barcode")},
	{"client", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{"product", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{0}
};

/* Clients to choose from. */
static void
put_clients(Request *r, const char *title, const Rows *rows)
{
	if (rows_count(rows) == 0)
		return;
	put(r, LIT("<h2>"), MSG(title), LIT("</h2><ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
		put(r, LIT("<li><a href=\"/recommendations?client="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)),
			LIT("</a> <small class=\"n\">"), TEXT(cell(rows, i, 2)), LIT("</small></li>"));
	put(r, LIT("</ul>"));
}

/* Products to choose from, with what is left of them. */
static void
put_products(Request *r, const char *title, const Rows *rows)
{
	if (rows_count(rows) == 0)
		return;
	put(r, LIT("<h2>"), MSG(title), LIT("</h2><ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
		put(r, LIT("<li><a href=\"/recommendations?product="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)),
			LIT("</a> <small class=\"n\">"), NUMBER(cell(rows, i, 2)), LIT(" "), UNIT(cell(rows, i, 3), cell(rows, i, 2)), LIT("</small></li>"));
	put(r, LIT("</ul>"));
}

/* What was looked for. */
static void
put_found(Request *r)
{
	const Rows *clients = query(r,
								"SELECT id, name, phone FROM client WHERE strpos(lower(name), lower($1)) > 0"
								" OR strpos(phone, substring(regexp_replace($1, '\\D', '', 'g') FROM '^0?([0-9]{4,})$')) > 0"
								" ORDER BY name, id LIMIT 12", form_or_null(r, "who"));
	const Rows *products = query(r,
								 "SELECT p.id, p.name, coalesce(l.on_hand - l.reserved, 0), p.unit"
								 " FROM product p LEFT JOIN stock_level l ON l.product_id = p.id"
								 " WHERE p.active AND (strpos(lower(p.name), lower($1)) > 0 OR p.barcode = $1)"
								 " ORDER BY p.name, p.id LIMIT 12", form_or_null(r, "what"));

	if (rows_count(clients) + rows_count(products) == 0)
		put(r, LIT("<p>"), MSG(_("Nothing fits.")), LIT("</p>"));
	put_clients(r, _("Clients"), clients);
	put_products(r, _("Products"), products);
}

/* Where to begin: goods that lie too long, and the clients of late. */
static void
put_suggestions(Request *r)
{
	/* what is too much has its cost in it, and is the owner's to see */
	if (r->user.role == ROLE_OWNER)
		put_products(r, _("Too much in stock: whom to offer it?"),
					 query(r,
						   "SELECT s.product_id, s.product, s.surplus, p.unit FROM surplus s JOIN product p ON p.id = s.product_id"
						   " WHERE p.active ORDER BY s.value DESC, p.id LIMIT 8"));
	put_clients(r, _("Clients of late"),
				query(r,
					  "SELECT c.id, c.name, c.phone FROM (SELECT client_id, max(sold_at) AS last FROM sale"
					  "   WHERE client_id IS NOT NULL AND sold_at >= current_date - 30 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 8) AS s"
					  " JOIN client c ON c.id = s.client_id ORDER BY s.last DESC, c.id"));
}

/* The page. */
void
advice_show(Request *r)
{
	const Rows *client = query(r, "SELECT name, phone FROM client WHERE id = $1", form_or_null(r, "client"));
	const Rows *product = query(r, "SELECT name FROM product WHERE id = $1", form_or_null(r, "product"));

	if ((form_given(r, "client") && rows_count(client) == 0) || (form_given(r, "product") && rows_count(product) == 0))
		request_fail(r, 404);
	page_begin(r, _("Advice"));
	form_filter_begin(r, "/recommendations");
	form_field(r, "who", NULL);
	form_field(r, "what", NULL);
	form_end(r, _("Search"));
	if (rows_count(client) > 0)
	{
		put(r, LIT("<ul class=\"rows\"><li><a href=\"/client?id="), URL(form_value(r, "client")), LIT("\">"), TEXT(cell(client, 0, 0)), LIT("</a> "));
		put_phone(r, cell(client, 0, 1));
		put(r, LIT("</li></ul>"));
		put_recommendations(r, form_value(r, "client"));
	}
	if (rows_count(product) > 0)
	{
		put(r, LIT("<ul class=\"rows\"><li><a href=\"/product?id="), URL(form_value(r, "product")), LIT("\">"), TEXT(cell(product, 0, 0)),
			LIT("</a></li></ul>"));
		put_audience(r, form_value(r, "product"), "20");
	}
	if (form_given(r, "who") || form_given(r, "what"))
		put_found(r);
	else if (rows_count(client) + rows_count(product) == 0)
		put_suggestions(r);
	page_end(r);
}
