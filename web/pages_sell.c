/*
 * The till. One form does it all: its buttons that look something up or put something into the basket send it
 * by GET, so that the basket is in the address, and going back or sending again does no harm; the one that
 * sells sends it by POST, and carries the token that a GET must not have.
 *
 * A sale is made for the total that was shown, and no other: whoever typed a quantity and sells at once sees
 * the new total first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

#define MAX_LINES 60
#define QUANTITY_MAX 1000000
#define MONEY_MAX 999999999999

/* Of the address and of the form alike. */
const Field sell_fields[] = {
	{"q", _("Name or barcode"), FIELD_TEXT, 0, 100, FIELD_TYPED, "off", NULL},
	{"quantity", _("Quantity"), FIELD_NUMBER, 0, QUANTITY_MAX, FIELD_EACH | FIELD_TYPED, NULL, NULL},
	{"who", _("Client"), FIELD_TEXT, 0, 100, FIELD_TYPED, "off", _("name or phone; may stay empty")},
	{"client", _("Client"), FIELD_ID, 0, 0, 0, NULL, NULL},
	{"method", _("Paid"), FIELD_CHOICE, 0, 0, 0, "cash|dollars|mobile", NULL},
	{"given", _("Money given"), FIELD_NUMBER, 0, MONEY_MAX, FIELD_TYPED, NULL, _("for the change; may stay empty")},
	{"reference", _("Reference"), FIELD_TEXT, 0, 60, FIELD_TYPED, "off", _("of the mobile money")},
	{"partial", _("Sell what is left, and note what was missing"), FIELD_CHECK, 0, 0, 0, NULL, NULL},
	{"total", NULL, FIELD_NUMBER, 0, MONEY_MAX * 100, 0, NULL, NULL},
	{"add", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{"drop", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{"pick", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "noted", NULL},
	{0}
};

/* What is in the basket: ids and quantities as PostgreSQL writes arrays, a quantity that is none as NULL. */
typedef struct Basket
{
	const char *products;
	const char *quantities;
	const Rows *rows;			/* LINE_... */
	bool		scanned;		/* the barcode that was looked for is in it now */
	bool		found;			/* what was looked for is, by its button or by barcode: look for the next */
} Basket;

enum
{
	LINE_ID,
	LINE_NAME,
	LINE_PRICE,
	LINE_UNIT,
	LINE_QUANTITY,
	LINE_COST,					/* quantity times price */
	LINE_TOTAL,					/* of the basket */
	LINE_LEFT,					/* NULL: may be sold before it is there */
	LINE_WHOLE					/* no fractions, please */
};

/* Adds one to what was typed for a product. */
static void
add_one(Request *r, Value *value)
{
	char		text[32];

	if (value->value == NULL)
		return;
	snprintf(text, sizeof(text), "%.15g", strtod(value->value, NULL) + 1);
	value->value = value->typed = request_copy(r, text);
}

/* The product that was asked for: by its button, or by the barcode that a scanner has typed. */
static const char *
product_to_add(Request *r, Basket *basket)
{
	const Rows *rows;

	basket->found = form_given(r, "add");
	if (basket->found)
		return form_value(r, "add");
	if (!form_given(r, "q"))
		return "";
	rows = query(r, "SELECT id FROM product WHERE barcode = $1 AND active", form_value(r, "q"));
	basket->scanned = basket->found = rows_count(rows) > 0;
	return cell(rows, 0, 0);
}

/* The basket of the form; what it holds of products that are not for sale is left out. */
static Basket
read_basket(Request *r)
{
	Basket		basket = {0};
	Buf			products = {0},
				quantities = {0};
	const char *add = r->method == METHOD_GET ? product_to_add(r, &basket) : "";
	long long	drop = strtoll(form_value(r, "drop"), NULL, 10);
	int			lines = 0;
	char		digits[32];

	buf_byte(&products, '{');
	buf_byte(&quantities, '{');
	for (Value *value = r->values; value != NULL && lines < MAX_LINES; value = value->next)
	{
		if (strcmp(value->field->name, "quantity") != 0 || value->id == drop)
			continue;
		if (value->id == strtoll(add, NULL, 10))
		{
			add_one(r, value);
			add = "";
		}
		if (value->error == NULL && strtod(value->value != NULL ? value->value : "0", NULL) == 0)
			continue;
		snprintf(digits, sizeof(digits), "%s%lld", lines > 0 ? "," : "", value->id);
		buf_puts(&products, digits);
		buf_puts(&quantities, lines++ > 0 ? "," : "");
		buf_puts(&quantities, value->value != NULL ? value->value : "NULL");
	}
	if (add[0] != '\0')
	{
		buf_puts(&products, lines > 0 ? "," : "");
		buf_puts(&products, add);
		buf_puts(&quantities, lines > 0 ? ",1" : "1");
	}
	buf_byte(&products, '}');
	buf_byte(&quantities, '}');
	basket.products = request_copy(r, products.data);
	basket.quantities = request_copy(r, quantities.data);
	buf_free(&products);
	buf_free(&quantities);
	basket.rows = query(r,
						"SELECT p.id, p.name, p.price, p.unit, b.quantity, b.quantity * p.price, coalesce(trim_scale(round(sum(b.quantity * p.price) OVER (), 2)), 0),"
						" CASE WHEN NOT p.allow_backorder THEN greatest(coalesce(l.on_hand - l.reserved, 0), 0) END, NOT p.divisible"
						" FROM unnest($1::bigint[], $2::numeric[]) WITH ORDINALITY AS b (id, quantity, place)"
						" JOIN product p ON p.id = b.id LEFT JOIN stock_level l ON l.product_id = p.id"
						" WHERE p.active ORDER BY b.place", basket.products, basket.quantities);
	return basket;
}

/* A product to tap, with its price and what is left of it. */
static void
put_choice(Request *r, const Rows *rows, int row)
{
	bool		there = cell_is_null(rows, row, 4) || strtod(cell(rows, row, 4), NULL) > 0;

	put(r, LIT("<li>"));
	if (there)
		put(r, LIT("<button type=\"submit\" class=\"pick\" name=\"add\" value=\""), ATTR(cell(rows, row, 0)), LIT("\">"));
	put(r, LIT("<span>"), TEXT(cell(rows, row, 1)), LIT("</span> <b>"), MONEY(cell(rows, row, 2)), LIT("</b> "));
	if (!there)
		put(r, LIT("<b class=\"badge bad\">"), MSG(_("Out of stock")), LIT("</b>"));
	else
	{
		put(r, LIT("<small>"));
		if (!cell_is_null(rows, row, 4))
			put(r, NUMBER(cell(rows, row, 4)), LIT(" "));
		put(r, UNIT(cell(rows, row, 3), cell_is_null(rows, row, 4) ? "1" : cell(rows, row, 4)), LIT("</small></button>"));
	}
	put(r, LIT("</li>"));
}

/* Products to tap under a title. */
static void
put_choices(Request *r, const char *title, const Rows *rows)
{
	if (rows_count(rows) == 0)
		return;
	put(r, LIT("<h2>"), TEXT(title), LIT("</h2><ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
		put_choice(r, rows, i);
	put(r, LIT("</ul>"));
}

/* What was looked for, or what sells most, and what would suit the client. */
static void
put_products(Request *r, const Basket *basket, const char *client)
{
	const Rows *rows;
	Refusal		refusal;

	if (form_given(r, "q") && !basket->found)
	{
		rows = query(r,
					 "SELECT p.id, p.name, p.price, p.unit,"
					 " CASE WHEN NOT p.allow_backorder THEN coalesce(l.on_hand - l.reserved, 0) END"
					 " FROM product p LEFT JOIN stock_level l ON l.product_id = p.id"
					 " WHERE p.active AND strpos(lower(p.name), lower($1)) > 0"
					 " ORDER BY strpos(lower(p.name), lower($1)), p.name, p.id LIMIT 12", form_value(r, "q"));
		if (rows_count(rows) == 0)
			put(r, LIT("<p>"), MSG(_("No product fits.")), LIT("</p>"));
		put_choices(r, say(r, _("Found")), rows);
		return;
	}
	if (client != NULL)
	{
		rows = attempt(r, &refusal,
					   "SELECT p.id, p.name, p.price, p.unit,"
					   " CASE WHEN NOT p.allow_backorder THEN coalesce(l.on_hand - l.reserved, 0) END"
					   " FROM reco.recommend($1, 4, $2, exclude => $3::bigint[]) s JOIN product p ON p.id = s.product_id"
					   " LEFT JOIN stock_level l ON l.product_id = p.id WHERE p.active ORDER BY s.rank",
					   client, db_schema(), basket->products);
		put_choices(r, say(r, _("To recommend to this client")), rows);
	}
	rows = query(r,
				 "SELECT p.id, p.name, p.price, p.unit, CASE WHEN NOT p.allow_backorder THEN l.on_hand - l.reserved END"
				 " FROM product p JOIN stock_level l ON l.product_id = p.id"
				 " LEFT JOIN (SELECT l.product_id, count(*) AS times FROM sale s JOIN sale_line l ON l.sale_id = s.id"
				 "            WHERE s.sold_at >= current_date - 30 GROUP BY 1) AS b ON b.product_id = p.id"
				 " WHERE p.active AND (p.allow_backorder OR l.on_hand > l.reserved) AND p.id <> ALL ($1::bigint[])"
				 " ORDER BY b.times DESC NULLS LAST, p.name, p.id LIMIT 12", basket->products);
	put_choices(r, say(r, _("Sold most")), rows);
}

/* One line of the basket. */
static void
put_line(Request *r, const Rows *rows, int i)
{
	put(r, LIT("<li><b>"), TEXT(cell(rows, i, LINE_NAME)), LIT("</b> "), MONEY(cell(rows, i, LINE_PRICE)), LIT(" / "),
		UNIT(cell(rows, i, LINE_UNIT), "1"), LIT("<div class=\"line\">"));
	form_each_field(r, "quantity", cell_int(rows, i, LINE_ID), cell(rows, i, LINE_NAME), cell(rows, i, LINE_QUANTITY));
	put(r, LIT(" <b>"), MONEY(cell(rows, i, LINE_COST)), LIT("</b><button type=\"submit\" class=\"plain\" name=\"drop\" value=\""),
		ATTR(cell(rows, i, LINE_ID)), LIT("\" aria-label=\""), MSG(_("Remove %1"), cell(rows, i, LINE_NAME)),
		LIT("\">\xC3\x97</button></div></li>"));
}

/* Who was chosen, with a tick to take away. */
static void
put_client(Request *r, const char *client)
{
	const Rows *rows = find(r, "SELECT name FROM client WHERE id = $1", client);

	put(r, LIT("<label class=\"check\"><input type=\"checkbox\" id=\"client\" name=\"client\" value=\""), ATTR(client),
		LIT("\" checked> "), MSG(_("Client: %1"), cell(rows, 0, 0)), LIT("</label>"));
}

/* The address of this basket, to come back to. */
static const char *
basket_address(Request *r, const Basket *basket)
{
	const char *address = "/sell?";

	for (int i = 0; i < rows_count(basket->rows); i++)
		address = request_join(r, address, i > 0 ? "&" : "", "quantity", cell(basket->rows, i, LINE_ID), "=",
							   cell(basket->rows, i, LINE_QUANTITY), NULL);
	return address;
}

/* A name or a number to look for, and the clients that it may mean; or a new one. */
static void
put_client_search(Request *r, const Basket *basket)
{
	const Rows *rows;

	form_field(r, "who", NULL);
	put(r, LIT("<button type=\"submit\" class=\"plain\">"), MSG(_("Search a client")), LIT("</button>"));
	if (!form_given(r, "who"))
		return;
	rows = query(r,
				 "SELECT id, name, phone FROM client"
				 " WHERE strpos(lower(name), lower($1)) > 0"
				 " OR strpos(phone, substring(regexp_replace($1, '\\D', '', 'g') FROM '^0?([0-9]{4,})$')) > 0"
				 " ORDER BY name, id LIMIT 8", form_value(r, "who"));
	put(r, LIT("<ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
		put(r, LIT("<li><button type=\"submit\" class=\"pick\" name=\"pick\" value=\""), ATTR(cell(rows, i, 0)), LIT("\"><span>"),
			TEXT(cell(rows, i, 1)), LIT("</span> <small>"), TEXT(cell(rows, i, 2)), LIT("</small></button></li>"));
	if (rows_count(rows) == 0)
		put(r, LIT("<li>"), MSG(_("No client fits.")), LIT("</li>"));
	put(r, LIT("<li><a href=\"/client/new?back="), URL(basket_address(r, basket)), LIT("\">"), MSG(_("New client")), LIT("</a></li></ul>"));
}

/* The basket, how it is paid, and the button that sells it. */
static void
put_basket(Request *r, const Basket *basket, const char *client)
{
	static const char *const methods[] = {_("cash, in francs"), _("cash, in dollars"), _("mobile money")};
	const Rows *rows = basket->rows;

	put(r, LIT("<h2>"), MSG(_("Basket")), LIT("</h2><ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
		put_line(r, rows, i);
	put(r, LIT("</ul><p class=\"total\">"), MSG(_("Total")), LIT(" <b>"), MONEY(cell(rows, 0, LINE_TOTAL)), LIT("</b>"));
	if (r->shop.usd_rate[0] != '\0')
		put(r, LIT(" <small>"), DOLLARS(cell(query(r, "SELECT $1::numeric / $2::numeric", cell(rows, 0, LINE_TOTAL), r->shop.usd_rate), 0, 0)),
			LIT("</small>"));
	put(r, LIT("</p>"));
	form_hidden(r, "total", cell(rows, 0, LINE_TOTAL));
	if (r->status == 422 && r->method == METHOD_POST)
		form_field(r, "partial", NULL);
	put(r, LIT("<button type=\"submit\" name=\"csrf\" value=\""), ATTR(r->csrf), LIT("\" formmethod=\"post\">"), MSG(_("Sell")),
		LIT("</button>"));
	if (client != NULL)
		put_client(r, client);
	put(r, LIT("<details"));
	if ((client == NULL && form_given(r, "who")) || form_given(r, "given") || r->form_bad)
		put(r, LIT(" open"));
	put(r, LIT("><summary>"), MSG(client != NULL ? _("Payment") : _("Client, payment")), LIT("</summary>"));
	if (client == NULL)
		put_client_search(r, basket);
	form_select(r, "method", "cash", methods);
	form_field(r, "given", NULL);
	form_field(r, "reference", NULL);
	put(r, LIT("</details>"));
}

/* The page. The first button is the one that Enter presses: it looks for a product and counts anew. */
void
sell_show(Request *r)
{
	Basket		basket = read_basket(r);
	const char *client = form_given(r, "pick") ? form_value(r, "pick") : form_or_null(r, "client");

	page_begin(r, _("Sell"));
	if (form_given(r, "done"))
		put_note(r, say(r, _("There was nothing left; that it was wanted is noted.")));
	put(r, LIT("<form action=\"/sell\">"));
	form_hidden(r, "once", r->once);
	put(r, LIT("<label for=\"q\">"), MSG(_("Name or barcode")),
		LIT("</label><div class=\"seek\"><input id=\"q\" name=\"q\" type=\"search\" maxlength=\"100\" autocomplete=\"off\" value=\""),
		ATTR(basket.found ? "" : form_value(r, "q")), LIT("\""));
	if (basket.scanned)
		put(r, LIT(" autofocus"));
	put(r, LIT("><button type=\"submit\">"), MSG(_("Search")), LIT("</button></div>"));
	if (rows_count(basket.rows) > 0)
		put_basket(r, &basket, client);
	else if (client != NULL)
		put_client(r, client);
	put_products(r, &basket, client);
	put(r, LIT("</form>"));
	page_end(r);
}

/* Says beside each line of the basket what stands in the way of its sale; false: nothing does. */
static bool
refuse_lines(Request *r, const Basket *basket)
{
	const Rows *rows = basket->rows;
	bool		refused = false;

	for (int i = 0; i < rows_count(rows); i++)
	{
		const char *left = cell(rows, i, LINE_LEFT);
		const char *why = NULL;

		if (cell_true(rows, i, LINE_WHOLE) && strtod(cell(rows, i, LINE_QUANTITY), NULL) != (double) cell_int(rows, i, LINE_QUANTITY))
			why = say(r, _("This is sold in whole units."));
		else if (!cell_is_null(rows, i, LINE_LEFT) && !form_given(r, "partial") &&
				 strtod(left, NULL) < strtod(cell(rows, i, LINE_QUANTITY), NULL))
			why = strtod(left, NULL) > 0 ? say_with(r, _("Only %1 left."), say_part(r, NUMBER(left)), NULL, NULL)
				: say(r, _("There is none left."));
		if (why != NULL)
			form_error_each(r, "quantity", cell_int(rows, i, LINE_ID), why);
		refused |= why != NULL;
	}
	return refused;
}

/* Is what was given enough for the total, at the rate of the day where it is dollars? */
static void
check_given(Request *r, const char *total)
{
	bool		dollars = strcmp(form_value(r, "method"), "dollars") == 0;
	const Rows *rows;

	if (dollars && r->shop.usd_rate[0] == '\0')
	{
		form_error(r, "method", say(r, _("There is no rate of the day yet.")));
		return;
	}
	if (!form_given(r, "given"))
		return;
	rows = query(r, "SELECT round($1::numeric * $2::numeric, 2) < $3::numeric", form_value(r, "given"),
				 dollars ? r->shop.usd_rate : "1", total);
	if (cell_true(rows, 0, 0))
		form_error(r, "given", say(r, _("This is less than the total.")));
}

/* Keeps how a sale was paid, and checks that against what was sold in the end. */
static void
keep_payment(Request *r, const char *sale)
{
	const Rows *rows = query(r, "SELECT sum(quantity * unit_price) FROM sale_line WHERE sale_id = $1", sale);

	check_given(r, cell(rows, 0, 0));
	if (r->form_bad)
		return;
	query(r, "INSERT INTO web_payment (sale_id, method, given, reference, rate) VALUES ($1, $2, $3, $4, $5)", sale,
		  form_given(r, "method") ? form_value(r, "method") : "cash", form_or_null(r, "given"), form_or_null(r, "reference"),
		  r->shop.usd_rate[0] != '\0' ? r->shop.usd_rate : NULL);
}

/* Sells the basket, all of it or nothing, for the prices and the total that were shown. */
void
sell_act(Request *r)
{
	Basket		basket = read_basket(r);
	const char *total = cell(basket.rows, 0, LINE_TOTAL);
	const Rows *rows;
	Refusal		refusal;

	if (rows_count(basket.rows) == 0)
	{
		form_error_all(r, say(r, _("Nothing is in the basket.")));
		return;
	}
	if (refuse_lines(r, &basket))
		return;
	rows = query(r, "SELECT $1::numeric IS DISTINCT FROM $2::numeric OR cardinality($3::bigint[]) <> $4::integer", form_or_null(r, "total"),
				 total, basket.products, say_part(r, INT(rows_count(basket.rows))));
	if (cell_true(rows, 0, 0))
	{
		form_error_all(r, say_with(r, _("The total is %1 now. Press Sell again if that is right."), say_part(r, MONEY(total)), NULL, NULL));
		return;
	}
	rows = attempt(r, &refusal,
				   "SELECT sell($1, $2::bigint[], $3::numeric[], partial => $4 = '1', unit_prices =>"
				   " (SELECT array_agg(p.price ORDER BY b.place) FROM unnest($2::bigint[]) WITH ORDINALITY AS b (id, place)"
				   "  JOIN product p ON p.id = b.id))",
				   form_or_null(r, "client"), basket.products, basket.quantities, form_value(r, "partial"));
	if (rows == NULL)
	{
		basket = read_basket(r);
		if (!refuse_lines(r, &basket))
			form_error_all(r, say(r, _("This basket cannot be sold. Check the quantities and the client.")));
	}
	else if (cell_is_null(rows, 0, 0))
		request_redirect(r, "/sell?done=noted", NULL, NULL);
	else
	{
		keep_payment(r, cell(rows, 0, 0));
		if (!r->form_bad)
			request_redirect(r, "/receipt?done=sold", "id", cell(rows, 0, 0));
	}
}
