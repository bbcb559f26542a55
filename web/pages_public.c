/*
 * The page of a client of the shop, who comes by a personal link: what the shop would recommend, things to
 * discover, and stars to give.
 *
 * The link holds a secret of 128 bits. At the first visit it moves into a cookie and the address is left, so
 * that it is not in the history, in no other site's log and not over the shoulder of whoever looks on.
 */

#include "auth.h"
#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field link_query[] = {
	{"k", NULL, FIELD_HEX, 32, 32, FIELD_REQUIRED, NULL, NULL},
	{0}
};

const Field me_query[] = {
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "saved", NULL},
	{0}
};

const Field me_rate_fields[] = {
	{"product", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{"stars", NULL, FIELD_CHOICE, 0, 0, FIELD_REQUIRED, "1|2|3|4|5", NULL},
	{0}
};

const Field client_link_query[] = {
	{"id", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{0}
};

/* The hash of the client's cookie; without a client there is no such page. */
static const char *
link_hash(Request *r)
{
	if (r->user.client_id == NULL)
		request_fail(r, 404);
	return auth_hash(r, auth_cookie(r, COOKIE_LINK));
}

/* The link itself: keeps its secret and goes on to the page. */
void
link_show(Request *r)
{
	const char *secret = form_value(r, "k");
	const Rows *rows = query(r, "SELECT web_link_client($1)", auth_hash(r, secret));

	if (cell_is_null(rows, 0, 0))
	{
		request_log(r, "refused", "no such link");
		request_fail(r, 404);
	}
	request_cookie(r, COOKIE_LINK, secret, 1);
	request_redirect(r, "/me", NULL, NULL);
}

/* Products of a list, with price and reason. */
static void
put_products(Request *r, const Rows *rows)
{
	put(r, LIT("<ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		put(r, LIT("<li>"));
		put_picture(r, cell(rows, i, 4), cell(rows, i, 1), false);
		put(r, LIT("<b>"), TEXT(cell(rows, i, 1)), LIT("</b> "), MONEY(cell(rows, i, 2)), LIT(" / "), TEXT(cell(rows, i, 3)));
		if (!cell_is_null(rows, i, 5))
			put(r, LIT("<p class=\"hint\">"), MSG(_("because you bought %1"), cell(rows, i, 5)), LIT("</p>"));
		put_rate(r, "/me/rate", cell(rows, i, 0), cell(rows, i, 6));
		put(r, LIT("</li>"));
	}
	put(r, LIT("</ul>"));
}

/* What the client bought, to be given stars. */
static void
put_bought(Request *r, const Rows *rows)
{
	put(r, LIT("<h2>"), MSG(_("Your purchases: how were they?")), LIT("</h2><ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		put(r, LIT("<li>"));
		put_picture(r, cell(rows, i, 2), cell(rows, i, 1), false);
		put(r, LIT("<b>"), TEXT(cell(rows, i, 1)), LIT("</b>"));
		put_rate(r, "/me/rate", cell(rows, i, 0), cell(rows, i, 3));
		put(r, LIT("</li>"));
	}
	put(r, LIT("</ul>"));
}

/* The client's page. */
void
me_show(Request *r)
{
	const char *hash = link_hash(r);
	const Rows *rows;
	Refusal		refusal;

	page_begin_named(r, say_with(r, _("For %1"), r->user.client_name, NULL, NULL));
	if (form_given(r, "done"))
		put_note(r, say(r, _("Thank you, your stars are noted.")));
	rows = attempt(r, &refusal, "SELECT * FROM web_link_products($1, false)", hash);
	if (rows_count(rows) > 0)
	{
		put(r, LIT("<h2>"), MSG(_("We would recommend")), LIT("</h2>"));
		put_products(r, rows);
	}
	rows = attempt(r, &refusal, "SELECT * FROM web_link_products($1, true)", hash);
	if (rows_count(rows) > 0)
	{
		put(r, LIT("<h2>"), MSG(_("To discover")), LIT("</h2>"));
		put_products(r, rows);
	}
	rows = query(r, "SELECT product_id, name, picture, stars FROM web_link_bought($1)", hash);
	if (rows_count(rows) > 0)
		put_bought(r, rows);
	page_end(r);
}

/* Notes the stars that were given. */
void
me_rate_act(Request *r)
{
	const Rows *rows = query(r, "SELECT web_link_rate($1, $2, $3)", link_hash(r), form_value(r, "product"),
							 form_value(r, "stars"));

	if (!cell_true(rows, 0, 0))
		request_fail(r, 404);
	request_redirect(r, "/me?done=saved", NULL, NULL);
}

/* The page that makes a link for a client. */
void
client_link_show(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *rows = find(r, "SELECT name FROM client WHERE id = $1", id);

	page_begin_named(r, cell(rows, 0, 0));
	put(r, LIT("<p>"), MSG(_("With a personal link the client sees what the shop recommends, and gives stars. A new link ends the one before.")),
		LIT("</p>"));
	form_begin(r, request_join(r, "/client/link?id=", id, NULL));
	form_end(r, _("Make a link"));
	page_end(r);
}

/* Makes the link and shows it, this once: only its hash is kept. */
void
client_link_act(Request *r)
{
	const char *id = form_value(r, "id");
	const char *secret = auth_new_token(r);
	const Rows *rows = find(r, "SELECT name, regexp_replace(phone, '\\D', '', 'g') FROM client WHERE id = $1", id);
	const char *link;

	query(r, "SELECT web_make_link($1, $2)", id, auth_hash(r, secret));
	link = request_join(r, r->tls ? "https://" : "http://", r->host, "/c?k=", secret, NULL);
	page_begin_named(r, cell(rows, 0, 0));
	put(r, LIT("<p>"), MSG(_("Send this link to the client. It is shown only now.")), LIT("</p><p class=\"note\">"),
		TEXT(link), LIT("</p><p><a class=\"button\" href=\"https://wa.me/"), URL(cell(rows, 0, 1)), LIT("?text="), URL(link),
		LIT("\">WhatsApp</a>"));
	if (!cell_is_null(rows, 0, 1))
		put(r, LIT("<a class=\"button\" href=\"sms:+"), URL(cell(rows, 0, 1)), LIT("?body="), URL(link), LIT("\">SMS</a>"));
	put(r, LIT("<a class=\"button\" href=\"/client?id="), URL(id), LIT("\">"), MSG(_("Client")), LIT("</a></p>"));
	page_end(r);
}
