/* What the model has to say, as parts of pages. A model that was never trained says nothing. */
#include <string.h>

#include "advice.h"
#include "db.h"
#include "html.h"
#include "layout.h"

/* What to offer a client, each with its reason, and a way to sell it at once. */
void
put_recommendations(Request *r, const char *client_id)
{
	const Rows *rows;
	Refusal		refusal;

	rows = attempt(r, &refusal,
				   "SELECT p.id, p.name, p.price, p.unit, i.hash, s.method, b.name, coalesce(l.on_hand - l.reserved, 0)"
				   " FROM reco.recommend($1, 10, $2) s JOIN product p ON p.id = s.product_id"
				   " LEFT JOIN stock_level l ON l.product_id = p.id"
				   " LEFT JOIN product_image i ON i.product_id = p.id AND i.size = 'small'"
				   " LEFT JOIN LATERAL (SELECT q.name FROM reco.explain($1, p.id, 1, $2) e JOIN product q ON q.id = e.product_id"
				   "   WHERE s.method = 'personal') AS b ON true ORDER BY s.rank", client_id, db_schema());
	put(r, LIT("<h2>"), MSG(_("To recommend to this client")), LIT("</h2>"));
	if (rows_count(rows) == 0)
	{
		put(r, LIT("<p>"), MSG(_("There is no advice yet: it comes with the first sales and a night.")), LIT("</p>"));
		return;
	}
	if (strcmp(cell(rows, 0, 5), "personal") != 0)
		put(r, LIT("<p class=\"hint\">"), MSG(_("Little is known of this client yet: this is what sells well.")), LIT("</p>"));
	put(r, LIT("<ol class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		put(r, LIT("<li>"));
		put_picture(r, cell(rows, i, 4), cell(rows, i, 1), false);
		put(r, LIT("<a href=\"/product?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)), LIT("</a><br>"),
			MONEY(cell(rows, i, 2)), LIT(" <small>"), NUMBER(cell(rows, i, 7)), LIT(" "), UNIT(cell(rows, i, 3), cell(rows, i, 7)),
			LIT("</small> <a class=\"aside\" href=\"/sell?client="), URL(client_id), LIT("&amp;add="), URL(cell(rows, i, 0)), LIT("\">"),
			MSG(_("Sell")), LIT("<span class=\"sr\"> "), TEXT(cell(rows, i, 1)), LIT("</span></a>"));
		if (!cell_is_null(rows, i, 6))
			put(r, LIT("<br><span class=\"hint\">"), MSG(_("because of: %1"), cell(rows, i, 6)), LIT("</span>"));
		put(r, LIT("</li>"));
	}
	put(r, LIT("</ol>"));
}

/* Clients in a list, with their phones. */
static void
put_clients(Request *r, const Rows *rows)
{
	put(r, LIT("<ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		put(r, LIT("<li><a href=\"/client?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)), LIT("</a> "));
		put_phone(r, cell(rows, i, 2));
		put(r, LIT("</li>"));
	}
	put(r, LIT("</ul>"));
}

/* Whom to call about a product: clients whom it would suit best and who do not have it. */
void
put_audience(Request *r, const char *product_id, const char *count)
{
	const Rows *rows;
	Refusal		refusal;

	rows = attempt(r, &refusal,
				   "SELECT c.id, c.name, c.phone FROM reco.audience($1, $2, $3) a"
				   " JOIN client c ON c.id = a.client_id ORDER BY a.rank", product_id, count, db_schema());
	if (rows_count(rows) == 0)
		return;
	put(r, LIT("<h2>"), MSG(_("Whom to call about it")), LIT("</h2><p class=\"hint\">"),
		MSG(_("Clients whom it would suit and who have not bought it.")), LIT("</p>"));
	put_clients(r, rows);
}

/* Clients who like the same things. */
void
put_similar_clients(Request *r, const char *client_id)
{
	const Rows *rows;
	Refusal		refusal;

	rows = attempt(r, &refusal,
				   "SELECT c.id, c.name, c.phone FROM reco.similar_clients($1, 5, $2) s"
				   " JOIN client c ON c.id = s.client_id ORDER BY s.rank", client_id, db_schema());
	if (rows_count(rows) == 0)
		return;
	put(r, LIT("<h2>"), MSG(_("Similar clients")), LIT("</h2>"));
	put_clients(r, rows);
}
