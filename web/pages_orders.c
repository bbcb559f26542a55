/* Orders to suppliers: the list, one order with its text to send, what came of it, cancelling the rest. */
#include <string.h>

#include "basket.h"
#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field orders_query[] = {
	{"state", _("Show"), FIELD_CHOICE, 0, 0, 0, "open|late|all", NULL},
	{"supplier", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{"after", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{0}
};

const Field order_query[] = {
	{"id", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "ordered|received|cancelled", NULL},
	{0}
};

const Field order_fields[] = {
	{"quantity", _("Arrived"), FIELD_NUMBER, 0, 99999999, FIELD_EACH, NULL, NULL},
	{0}
};

/* The state of an order, in words. */
static void
put_status(Request *r, const char *status, bool late)
{
	if (late)
		put(r, LIT("<b class=\"badge bad\">"), MSG(_("Late")), LIT("</b>"));
	else if (strcmp(status, "ordered") == 0)
		put(r, LIT("<b class=\"badge\">"), MSG(_("On the way")), LIT("</b>"));
	else if (strcmp(status, "received") == 0)
		put(r, MSG(_("Received")));
	else if (strcmp(status, "cancelled") == 0)
		put(r, MSG(_("Cancelled")));
	else
		put(r, MSG(_("Draft")));
}

/* The list, latest first. */
void
orders_show(Request *r)
{
	static const char *const states[] = {_("On the way"), _("Late"), _("All")};
	const char *state = form_given(r, "state") ? form_value(r, "state") : "open";
	const char *supplier = form_value(r, "supplier");
	const Rows *rows;
	int			count;

	rows = query(r,
				 "SELECT o.id, s.name, o.ordered_at, o.expected_on, o.status, coalesce(o.expected_on < current_date AND o.status = 'ordered', false),"
				 " (SELECT count(*) FROM purchase_order_line l WHERE l.purchase_order_id = o.id),"
				 " (SELECT sum(l.ordered * coalesce(l.unit_cost, 0)) FROM purchase_order_line l WHERE l.purchase_order_id = o.id)"
				 " FROM purchase_order o JOIN supplier s ON s.id = o.supplier_id"
				 " WHERE ($1::bigint IS NULL OR o.id < $1) AND ($2::bigint IS NULL OR o.supplier_id = $2)"
				 " AND CASE $3 WHEN 'open' THEN o.status = 'ordered'"
				 "   WHEN 'late' THEN o.status = 'ordered' AND o.expected_on < current_date ELSE true END"
				 " ORDER BY o.id DESC LIMIT 26", form_or_null(r, "after"), form_or_null(r, "supplier"), state);
	count = rows_on_page(rows);
	page_begin(r, _("Orders made"));
	form_filter_begin(r, "/orders");
	if (supplier[0] != '\0')
		form_hidden(r, "supplier", supplier);
	form_select(r, "state", "open", states);
	form_end(r, _("Show"));
	if (count == 0)
		put(r, LIT("<p>"), MSG(_("No order.")), LIT("</p>"));
	else
	{
		put(r, LIT("<table class=\"stack\"><thead><tr><th>"), MSG(_("Order")), LIT("</th><th>"), MSG(_("State")), LIT("</th><th>"),
			MSG(_("Expected")), LIT("</th><th class=\"n\">"), MSG(_("Total")), LIT("</th></tr></thead><tbody>"));
		for (int i = 0; i < count; i++)
		{
			put(r, LIT("<tr><td><a href=\"/order?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)), LIT("</a> <small>"),
				MSG(_("no. %1"), cell(rows, i, 0)), LIT(", "), COUNT(_("%1 product"), _("%1 products"), cell_int(rows, i, 6)),
				LIT("</small></td><td>"));
			put_status(r, cell(rows, i, 4), cell_true(rows, i, 5));
			put(r, LIT("</td><td>"));
			if (!cell_is_null(rows, i, 3))
				put(r, DATE(cell(rows, i, 3)));
			put(r, LIT("</td><td class=\"n\">"), MONEY(cell(rows, i, 7)), LIT("</td></tr>"));
		}
		put(r, LIT("</tbody></table>"));
		put_pager(r, "/orders", form_params(r, (const char *const[]) {"state", "supplier", NULL}, ""),
				  cell(rows, count - 1, 0), rows);
	}
	page_end(r);
}

/* The digits of a phone number, with its country code if it has one. */
static const char *
phone_digits(Request *r, const char *phone)
{
	char	   *digits = request_copy(r, phone);
	char	   *to = digits;

	for (const char *p = phone; *p != '\0'; p++)
	{
		if (*p >= '0' && *p <= '9')
			*to++ = *p;
	}
	*to = '\0';
	return digits;
}

/* The order as the supplier gets it: what is still to come of it. */
static void
put_text_to_send(Request *r, const char *id, const char *phone, const Rows *lines)
{
	Buf			buf = {0};
	const char *text;
	const char *digits;

	buf_puts(&buf, r->shop.name);
	buf_puts(&buf, ": ");
	buf_puts(&buf, say_with(r, _("order no. %1"), id, NULL, NULL));
	for (int i = 0; i < rows_count(lines); i++)
	{
		if (!cell_true(lines, i, 6))
			continue;
		buf_puts(&buf, "\n- ");
		buf_puts(&buf, cell(lines, i, 1));
		buf_puts(&buf, ": ");
		buf_puts(&buf, say_part(r, NUMBER(cell(lines, i, 5))));
		buf_byte(&buf, ' ');
		buf_puts(&buf, say_part(r, UNIT(cell(lines, i, 2), cell(lines, i, 5))));
	}
	text = arena_copy(&r->arena, buf.data, buf.len);
	buf_free(&buf);
	put(r, LIT("<h2>"), MSG(_("To send to the supplier")), LIT("</h2>"));
	digits = phone_digits(r, phone);
	put(r, LIT("<p>"));
	if (digits[0] != '\0')
		put(r, LIT("<a class=\"button\" href=\"sms:"), ATTR(phone[0] == '+' ? "+" : ""), URL(digits), LIT("?body="), URL(text),
			LIT("\">SMS</a>"));
	/* without a number, WhatsApp asks whom to send it to */
	put(r, LIT("<a class=\"button\" href=\"https://wa.me/"), URL(digits), LIT("?text="), URL(text), LIT("\">WhatsApp</a></p>"));
	put(r, LIT("<details><summary>"), MSG(_("Text of the order")), LIT("</summary><textarea readonly rows=\"8\" aria-label=\""),
		MSG(_("Text of the order")), LIT("\">\n"), TEXT(text), LIT("</textarea></details>"));
}

/* Lines of an order that is on its way, with what came of them to be typed. */
static void
put_receiving(Request *r, const char *id, const Rows *lines)
{
	form_begin(r, request_join(r, "/order?id=", id, NULL));
	put(r, LIT("<table><thead><tr><th>"), MSG(_("Product")), LIT("</th><th>"), MSG(_("Arrived")), LIT("</th></tr></thead><tbody>"));
	for (int i = 0; i < rows_count(lines); i++)
	{
		put(r, LIT("<tr><td><a href=\"/product?id="), URL(cell(lines, i, 0)), LIT("\">"), TEXT(cell(lines, i, 1)), LIT("</a><br><small>"),
			MSG(_("%1 ordered, %2 arrived"), say_part(r, NUMBER(cell(lines, i, 3))), say_part(r, NUMBER(cell(lines, i, 4)))),
			LIT("</small></td><td>"));
		form_each_field(r, "quantity", cell_int(lines, i, 0), cell(lines, i, 1), cell_true(lines, i, 6) ? cell(lines, i, 5) : NULL);
		put(r, LIT("<br><small>"), UNIT(cell(lines, i, 2), cell(lines, i, 3)), LIT("</small></td></tr>"));
	}
	put(r, LIT("</tbody></table><p class=\"hint\">"), MSG(_("Type what really came. The rest stays on the way.")), LIT("</p>"));
	form_end(r, _("Receive"));
	put(r, LIT("<p><a href=\"/order/cancel?id="), URL(id), LIT("\">"), MSG(_("Cancel the rest of the order")), LIT("</a></p>"));
}

/* Lines of an order to which nothing more comes. */
static void
put_lines(Request *r, const Rows *lines)
{
	put(r, LIT("<table><thead><tr><th>"), MSG(_("Product")), LIT("</th><th class=\"n\">"), MSG(_("Ordered")), LIT("</th><th class=\"n\">"),
		MSG(_("Arrived")), LIT("</th></tr></thead><tbody>"));
	for (int i = 0; i < rows_count(lines); i++)
		put(r, LIT("<tr><td><a href=\"/product?id="), URL(cell(lines, i, 0)), LIT("\">"), TEXT(cell(lines, i, 1)), LIT("</a> <small>"),
			UNIT(cell(lines, i, 2), cell(lines, i, 3)), LIT("</small></td><td class=\"n\">"), NUMBER(cell(lines, i, 3)), LIT("</td><td class=\"n\">"),
			NUMBER(cell(lines, i, 4)), LIT("</td></tr>"));
	put(r, LIT("</tbody></table>"));
}

/* An order's own columns; 404 where there is none. */
static const Rows *
read_order(Request *r)
{
	const Rows *order = find(r,
							 "SELECT s.name, s.phone, o.status, o.ordered_at, o.expected_on,"
							 " coalesce(o.expected_on < current_date AND o.status = 'ordered', false),"
							 " (SELECT sum(l.ordered * coalesce(l.unit_cost, 0)) FROM purchase_order_line l WHERE l.purchase_order_id = o.id)"
							 " FROM purchase_order o JOIN supplier s ON s.id = o.supplier_id WHERE o.id = $1", form_value(r, "id"));

	return order;
}

/* One order. */
void
order_show(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *order = read_order(r);
	const Rows *lines = query(r,
							  "SELECT p.id, p.name, p.unit, l.ordered, l.received, trim_scale(l.ordered - l.received), l.received < l.ordered"
							  " FROM purchase_order_line l JOIN product p ON p.id = l.product_id"
							  " WHERE l.purchase_order_id = $1 ORDER BY p.name, p.id", id);

	page_begin_named(r, say_with(r, _("Order no. %1"), id, NULL, NULL));
	if (strcmp(form_value(r, "done"), "ordered") == 0)
		put_note(r, say(r, _("Ordered. Send it to the supplier now.")));
	else if (form_given(r, "done"))
		put_note(r, say(r, _("Saved.")));
	put(r, LIT("<p>"), TEXT(cell(order, 0, 0)), LIT(" "));
	put_phone(r, cell(order, 0, 1));
	put(r, LIT("</p><dl class=\"figures\"><div><dt>"), MSG(_("State")), LIT("</dt><dd>"));
	put_status(r, cell(order, 0, 2), cell_true(order, 0, 5));
	put(r, LIT("</dd></div>"));
	if (!cell_is_null(order, 0, 3))
		put(r, LIT("<div><dt>"), MSG(_("Ordered")), LIT("</dt><dd>"), DATE(cell(order, 0, 3)), LIT("</dd></div>"));
	if (!cell_is_null(order, 0, 4))
		put(r, LIT("<div><dt>"), MSG(_("Expected")), LIT("</dt><dd>"), DATE(cell(order, 0, 4)), LIT("</dd></div>"));
	put(r, LIT("<div><dt>"), MSG(_("Total")), LIT("</dt><dd>"), MONEY(cell(order, 0, 6)), LIT("</dd></div></dl>"));
	if (strcmp(cell(order, 0, 2), "ordered") == 0)
	{
		put_text_to_send(r, id, cell(order, 0, 1), lines);
		put(r, LIT("<h2>"), MSG(_("When it arrives")), LIT("</h2>"));
		put_receiving(r, id, lines);
	}
	else
		put_lines(r, lines);
	put(r, LIT("<p><a class=\"button\" href=\"/orders\">"), MSG(_("Orders made")), LIT("</a></p>"));
	page_end(r);
}

/* Notes what came. */
void
order_act(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *order = read_order(r);
	Basket		basket = basket_read(r, "quantity", false);
	Refusal		refusal;

	if (strcmp(cell(order, 0, 2), "ordered") != 0)
		form_error_all(r, say(r, _("Nothing more comes of this order.")));
	else if (basket.count == 0)
		form_error_all(r, say(r, _("Nothing was typed.")));
	else
		basket_check(r, "quantity", &basket);
	if (r->form_bad)
		return;
	if (attempt(r, &refusal, "SELECT receive($1, $2, $3)", id, basket.ids, basket.quantities) == NULL)
		form_error_all(r, say(r, _("One of these products is not in the order.")));
	else
		request_redirect(r, "/order?done=received", "id", id);
}

/* Asks once more before the rest of an order is cancelled. */
void
order_cancel_show(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *order = read_order(r);

	page_begin_named(r, say_with(r, _("Cancel order no. %1"), id, NULL, NULL));
	put(r, LIT("<p>"), TEXT(cell(order, 0, 0)), LIT(" "));
	put_phone(r, cell(order, 0, 1));
	put(r, LIT("</p><p>"), MSG(_("What has arrived stays. Tell the supplier that the rest is not wanted.")), LIT("</p>"));
	form_begin(r, request_join(r, "/order/cancel?id=", id, NULL));
	form_end(r, _("Cancel the rest of the order"));
	put(r, LIT("<p><a href=\"/order?id="), URL(id), LIT("\">"), MSG(_("Leave it")), LIT("</a></p>"));
	page_end(r);
}

/* Cancels it. */
void
order_cancel_act(Request *r)
{
	Refusal		refusal;

	read_order(r);
	if (attempt(r, &refusal, "SELECT cancel_order($1)", form_value(r, "id")) == NULL)
		form_error_all(r, say(r, _("Nothing more comes of this order.")));
	else
		request_redirect(r, "/order?done=cancelled", "id", form_value(r, "id"));
}
