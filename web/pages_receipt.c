/* Receipts: to show, to print on a narrow roll, and as plain text to send by phone. */
#include <string.h>

#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field receipt_query[] = {
	{"id", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "sold|refunded", NULL},
	{0}
};

/* A receipt, as the database has it. */
typedef struct Receipt
{
	const char *id;
	const Rows *head;			/* HEAD_... */
	const Rows *lines;			/* name, quantity, unit, price, amount */
} Receipt;

enum
{
	HEAD_SHOP,
	HEAD_ADDRESS,
	HEAD_PHONE,
	HEAD_NOTE,
	HEAD_TIME,
	HEAD_CLIENT,
	HEAD_SELLER,
	HEAD_METHOD,
	HEAD_GIVEN,
	HEAD_CHANGE,
	HEAD_REFERENCE,
	HEAD_RATE,
	HEAD_DOLLARS,
	HEAD_TOTAL,
	HEAD_REFUND					/* of which sale goods were given back, or NULL */
};

/* Reads the receipt of a sale. */
static Receipt
read_receipt(Request *r)
{
	Receipt		receipt = {.id = form_value(r, "id")};

	receipt.head = query(r,
						 "SELECT w.shop_name, w.address, w.phone, w.receipt_note, s.sold_at, c.name, u.name, m.method, m.given,"
						 " CASE WHEN m.method <> 'mobile' THEN"
						 "   round(m.given * CASE m.method WHEN 'dollars' THEN m.rate ELSE 1 END, 2) - t.total END,"
						 " m.reference, m.rate, t.total / m.rate, t.total, t.refund"
						 " FROM sale s CROSS JOIN web_setting w LEFT JOIN client c ON c.id = s.client_id"
						 " LEFT JOIN web_payment m ON m.sale_id = s.id LEFT JOIN web_user u ON u.id = m.user_id"
						 " CROSS JOIN LATERAL (SELECT coalesce(sum(l.quantity * l.unit_price), 0) AS total, min(o.sale_id) AS refund"
						 "   FROM sale_line l LEFT JOIN sale_line o ON o.id = l.refund_of WHERE l.sale_id = s.id) AS t"
						 " WHERE s.id = $1", receipt.id);
	if (rows_count(receipt.head) == 0)
		request_fail(r, 404);
	receipt.lines = query(r,
						  "SELECT p.name, l.quantity, p.unit, l.unit_price, l.quantity * l.unit_price"
						  " FROM sale_line l JOIN product p ON p.id = l.product_id WHERE l.sale_id = $1 ORDER BY l.id", receipt.id);
	return receipt;
}

/* How it was paid, in words. */
static const char *
method_name(Request *r, const char *method)
{
	return say(r, strcmp(method, "dollars") == 0 ? _("cash, in dollars")
			   : strcmp(method, "mobile") == 0 ? _("mobile money") : _("cash, in francs"));
}

/* What it is: the receipt of a sale, or that of goods given back. */
static const char *
receipt_title(Request *r, const Receipt *receipt)
{
	if (cell_is_null(receipt->head, 0, HEAD_REFUND))
		return say_with(r, _("Receipt no. %1"), receipt->id, NULL, NULL);
	return say_with(r, _("Refund no. %1, of receipt no. %2"), receipt->id, cell(receipt->head, 0, HEAD_REFUND), NULL);
}

/* An amount of money that was given: in the currency it was given in. */
static const char *
given_amount(Request *r, const Receipt *receipt)
{
	const char *given = cell(receipt->head, 0, HEAD_GIVEN);

	return strcmp(cell(receipt->head, 0, HEAD_METHOD), "dollars") == 0 ? say_part(r, DOLLARS(given)) : say_part(r, MONEY(given));
}

/* A line of the plain text: its pieces, the last one NULL, and an end of line. */
#define text_line(r, buf, ...) buf_puts(buf, request_join(r, __VA_ARGS__, "\n", NULL))

/* The receipt as plain text. */
static const char *
receipt_text(Request *r, const Receipt *receipt)
{
	const Rows *head = receipt->head;
	Buf			buf = {0};
	const char *text;

	text_line(r, &buf, cell(head, 0, HEAD_SHOP));
	if (!cell_is_null(head, 0, HEAD_ADDRESS))
		text_line(r, &buf, cell(head, 0, HEAD_ADDRESS));
	if (!cell_is_null(head, 0, HEAD_PHONE))
		text_line(r, &buf, cell(head, 0, HEAD_PHONE));
	text_line(r, &buf, receipt_title(r, receipt), ", ", say_part(r, TIME(cell(head, 0, HEAD_TIME))));
	if (!cell_is_null(head, 0, HEAD_CLIENT))
		text_line(r, &buf, say_with(r, _("Client: %1"), cell(head, 0, HEAD_CLIENT), NULL, NULL));
	for (int i = 0; i < rows_count(receipt->lines); i++)
		text_line(r, &buf, say_part(r, NUMBER(cell(receipt->lines, i, 1))), " x ", cell(receipt->lines, i, 0), " = ",
				  say_part(r, MONEY(cell(receipt->lines, i, 4))));
	text_line(r, &buf, say_with(r, _("Total: %1"), say_part(r, MONEY(cell(head, 0, HEAD_TOTAL))), NULL, NULL));
	if (!cell_is_null(head, 0, HEAD_RATE))
		text_line(r, &buf, say_with(r, _("%1 at %2 FC for 1 $"), say_part(r, DOLLARS(cell(head, 0, HEAD_DOLLARS))),
									say_part(r, NUMBER(cell(head, 0, HEAD_RATE))), NULL));
	if (!cell_is_null(head, 0, HEAD_NOTE))
		text_line(r, &buf, cell(head, 0, HEAD_NOTE));
	text = request_copy(r, buf.data);
	buf_free(&buf);
	return text;
}

/* One figure of the receipt. */
static void
put_figure(Request *r, const char *label, const char *value)
{
	put(r, LIT("<tr><th scope=\"row\">"), MSG(label), LIT("</th><td class=\"n\">"), TEXT(value), LIT("</td></tr>"));
}

/* What was paid, how, and what was given back of it. */
static void
put_payment(Request *r, const Receipt *receipt)
{
	const Rows *head = receipt->head;

	if (cell_is_null(head, 0, HEAD_METHOD))
		return;
	put_figure(r, _("Paid"), method_name(r, cell(head, 0, HEAD_METHOD)));
	if (!cell_is_null(head, 0, HEAD_REFERENCE))
		put_figure(r, _("Reference"), cell(head, 0, HEAD_REFERENCE));
	if (cell_is_null(head, 0, HEAD_CHANGE))
		return;
	put_figure(r, _("Money given"), given_amount(r, receipt));
	put_figure(r, _("Change due"), say_part(r, MONEY(cell(head, 0, HEAD_CHANGE))));
}

/* The receipt itself: what is printed of the page. */
static void
put_receipt(Request *r, const Receipt *receipt)
{
	const Rows *head = receipt->head,
			   *lines = receipt->lines;

	put(r, LIT("<div class=\"receipt\"><p><b>"), TEXT(cell(head, 0, HEAD_SHOP)), LIT("</b><br>"), TEXT(cell(head, 0, HEAD_ADDRESS)),
		LIT(" "), TEXT(cell(head, 0, HEAD_PHONE)), LIT("</p><p>"), TIME(cell(head, 0, HEAD_TIME)));
	if (!cell_is_null(head, 0, HEAD_CLIENT))
		put(r, LIT("<br>"), MSG(_("Client: %1"), cell(head, 0, HEAD_CLIENT)));
	if (!cell_is_null(head, 0, HEAD_SELLER))
		put(r, LIT("<br>"), MSG(_("Served by %1"), cell(head, 0, HEAD_SELLER)));
	put(r, LIT("</p><table><thead><tr><th scope=\"col\">"), MSG(_("Product")), LIT("</th><th scope=\"col\" class=\"n\">"), MSG(_("Amount")),
		LIT("</th></tr></thead><tbody>"));
	for (int i = 0; i < rows_count(lines); i++)
		put(r, LIT("<tr><td>"), TEXT(cell(lines, i, 0)), LIT("<br><small>"), NUMBER(cell(lines, i, 1)), LIT(" "), UNIT(cell(lines, i, 2), cell(lines, i, 1)), LIT(" x "),
			MONEY(cell(lines, i, 3)), LIT("</small></td><td class=\"n\">"), MONEY(cell(lines, i, 4)), LIT("</td></tr>"));
	put(r, LIT("<tr class=\"total\"><th scope=\"row\">"), MSG(_("Total")), LIT("</th><td class=\"n\"><b>"),
		MONEY(cell(head, 0, HEAD_TOTAL)), LIT("</b></td></tr>"));
	put_payment(r, receipt);
	put(r, LIT("</tbody></table>"));
	if (!cell_is_null(head, 0, HEAD_RATE))
		put(r, LIT("<p class=\"hint\">"), MSG(_("%1 at %2 FC for 1 $"), say_part(r, DOLLARS(cell(head, 0, HEAD_DOLLARS))),
									   say_part(r, NUMBER(cell(head, 0, HEAD_RATE)))), LIT("</p>"));
	if (!cell_is_null(head, 0, HEAD_NOTE))
		put(r, LIT("<p>"), TEXT(cell(head, 0, HEAD_NOTE)), LIT("</p>"));
	put(r, LIT("</div>"));
}

/* The page: the receipt, and ways to send it and to go on. */
void
receipt_show(Request *r)
{
	Receipt		receipt = read_receipt(r);
	const char *done = form_value(r, "done");

	page_begin_named(r, receipt_title(r, &receipt));
	if (done[0] != '\0')
		put_note(r, say(r, strcmp(done, "sold") == 0 ? _("Sold.") : _("Taken back.")));
	put_receipt(r, &receipt);
	put(r, LIT("<p><a class=\"button\" href=\"/sell\">"), MSG(_("Next sale")), LIT("</a><a class=\"button\" href=\"https://wa.me/?text="),
		URL(receipt_text(r, &receipt)), LIT("\">WhatsApp</a><a class=\"button\" href=\"/receipt/text?id="), URL(receipt.id),
		LIT("\">"), MSG(_("As plain text")), LIT("</a><a class=\"button\" href=\"/sale?id="), URL(receipt.id), LIT("\">"),
		MSG(_("Details")), LIT("</a></p><p class=\"hint noprint\">"), MSG(_("To print it, use the menu of your browser.")), LIT("</p>"));
	page_end(r);
}

/* The same as a text to copy or share. */
void
receipt_text_show(Request *r)
{
	Receipt		receipt = read_receipt(r);

	r->content_type = "text/plain; charset=utf-8";
	buf_puts(&r->out, receipt_text(r, &receipt));
}
