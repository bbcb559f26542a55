/* Movements of the stock: the list, goods in or out without a sale, and undoing a mistake. */
#include <string.h>

#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field moves_query[] = {
	{"product", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{"kind", _("Show"), FIELD_CHOICE, 0, 0, 0, "all|receipt|writeoff|count|sale|refund|opening|transfer|void", NULL},
	{"after", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "saved|counted|agreed|undone", NULL},
	{0}
};

const Field move_query[] = {
	{"product", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{0}
};

const Field move_fields[] = {
	{"reason", _("What happened"), FIELD_CHOICE, 0, 0, FIELD_REQUIRED, "arrived|broken|expired|stolen|own use|sent back|other", NULL},
	{"quantity", _("Quantity"), FIELD_NUMBER, 0, 99999999, FIELD_REQUIRED, NULL, NULL},
	{0}
};

const Field undo_query[] = {
	{"id", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{0}
};

/* The kinds, in the order of the filter. */
static const char *const kinds[] = {"all", "receipt", "writeoff", "count", "sale", "refund", "opening", "transfer", "void"};
static const char *const kind_labels[] = {_("All"), _("Goods received"), _("Loss"), _("Stock count"), _("Sale"), _("Taken back"), _("First stock"),
_("Transfer"), _("Undone")};

/* The reasons of a movement; the first is for goods that come, the others go. */
static const char *const reasons[] = {"arrived", "broken", "expired", "stolen", "own use", "sent back", "other"};
static const char *const reason_labels[] = {_("Goods came"), _("Broken"), _("Spoilt or expired"), _("Stolen or lost"),
_("Used by ourselves"), _("Sent back to the supplier"), _("Gone for another reason")};

/* A word of a list in the user's language; what is not in it as it stands. */
static void
put_word(Request *r, const char *word, const char *const *words, const char *const *labels, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (strcmp(words[i], word) == 0)
		{
			put(r, MSG(labels[i]));
			return;
		}
	}
	put(r, TEXT(word));
}

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

/* What kind of movement it is, and why. */
static void
put_kind(Request *r, const char *kind, const char *note)
{
	put_word(r, kind, kinds, kind_labels, COUNT_OF(kinds));
	if (note[0] != '\0')
	{
		put(r, LIT(", "));
		put_word(r, note, reasons, reason_labels, COUNT_OF(reasons));
	}
}

/* One movement. */
static void
put_move(Request *r, const Rows *rows, int i)
{
	const char *quantity = cell(rows, i, 3);

	put(r, LIT("<tr><td>"), TIME(cell(rows, i, 1)), LIT("</td><td><a href=\"/stock/moves?product="), URL(cell(rows, i, 8)),
		LIT("\">"), TEXT(cell(rows, i, 2)), LIT("</a></td><td class=\"n\"><b>"));
	if (quantity[0] != '-')
		put(r, LIT("+"));
	put(r, NUMBER(quantity), LIT("</b> "), UNIT(cell(rows, i, 4), quantity), LIT("</td><td>"));
	put_kind(r, cell(rows, i, 5), cell(rows, i, 6));
	if (cell(rows, i, 9)[0] != '\0')
		put(r, LIT(" <small>("), TEXT(cell(rows, i, 9)), LIT(")</small>"));
	if (cell_true(rows, i, 7))
		put(r, LIT(" <a href=\"/stock/undo?id="), URL(cell(rows, i, 0)), LIT("\">"), MSG(_("Undo")), LIT("</a>"));
	put(r, LIT("</td></tr>"));
}

/*
 * Movements, latest first. Who made them is in the journal, which the owner alone reads. Those of sales and
 * orders are undone where these are.
 */
static const Rows *
read_moves(Request *r)
{
	const char *product = form_or_null(r, "product"),
			   *kind = form_given(r, "kind") ? form_value(r, "kind") : "all",
			   *after = form_or_null(r, "after");

	if (r->user.role == ROLE_OWNER)
		return query(r,
					 "SELECT m.id, m.moved_at, p.name, m.quantity, p.unit, m.kind, m.note,"
					 " m.source IS NULL AND m.kind IN ('receipt', 'writeoff', 'count')"
					 "  AND NOT EXISTS (SELECT FROM stock_move v WHERE v.reverses = m.id), m.product_id,"
					 " (SELECT u.name FROM web_journal j JOIN web_user u ON u.id = j.user_id"
					 "  WHERE j.relation = 'stock_move' AND j.row_id = m.id::text AND j.action = 'insert' LIMIT 1)"
					 " FROM stock_move m JOIN product p ON p.id = m.product_id"
					 " WHERE ($1::bigint IS NULL OR m.product_id = $1) AND ($2 = 'all' OR m.kind = $2)"
					 " AND ($3::bigint IS NULL OR m.id < $3) ORDER BY m.id DESC LIMIT 26", product, kind, after);
	return query(r,
				 "SELECT m.id, m.moved_at, p.name, m.quantity, p.unit, m.kind, m.note, false, m.product_id, ''"
				 " FROM stock_move m JOIN product p ON p.id = m.product_id"
				 " WHERE ($1::bigint IS NULL OR m.product_id = $1) AND ($2 = 'all' OR m.kind = $2)"
				 " AND ($3::bigint IS NULL OR m.id < $3) ORDER BY m.id DESC LIMIT 26", product, kind, after);
}

/* What has just been done. */
static void
put_done(Request *r)
{
	const char *done = form_value(r, "done");

	if (strcmp(done, "counted") == 0)
		put_note(r, say(r, _("Saved. What differed is below.")));
	else if (strcmp(done, "agreed") == 0)
		put_note(r, say(r, _("Saved. Everything was there as it should be.")));
	else if (strcmp(done, "undone") == 0)
		put_note(r, say(r, _("Undone.")));
	else if (done[0] != '\0')
		put_note(r, say(r, _("Saved.")));
}

/* The list: of all products or of one, of all kinds or of one. */
void
moves_show(Request *r)
{
	const char *product = form_value(r, "product");
	const Rows *rows = read_moves(r);
	int			count = rows_on_page(rows);

	page_begin(r, _("Movements"));
	put_done(r);
	if (product[0] != '\0' && r->user.role == ROLE_OWNER)
		put(r, LIT("<p><a class=\"button\" href=\"/stock/move?product="), URL(product), LIT("\">"), MSG(_("In or out")), LIT("</a></p>"));
	form_filter_begin(r, "/stock/moves");
	if (product[0] != '\0')
		form_hidden(r, "product", product);
	form_select(r, "kind", "all", kind_labels);
	form_end(r, _("Show"));
	if (count == 0)
		put(r, LIT("<p>"), MSG(_("Nothing has moved.")), LIT("</p>"));
	else
	{
		put(r, LIT("<table class=\"stack\"><thead><tr><th>"), MSG(_("When")), LIT("</th><th>"), MSG(_("Product")), LIT("</th><th class=\"n\">"),
			MSG(_("Quantity")), LIT("</th><th>"), MSG(_("What happened")), LIT("</th></tr></thead><tbody>"));
		for (int i = 0; i < count; i++)
			put_move(r, rows, i);
		put(r, LIT("</tbody></table>"));
		put_pager(r, "/stock/moves", form_params(r, (const char *const[]) {"kind", "product", NULL}, ""),
				  cell(rows, count - 1, 0), rows);
	}
	if (product[0] != '\0')
		put(r, LIT("<p><a href=\"/stock/moves\">"), MSG(_("Movements of all products")), LIT("</a></p>"));
	page_end(r);
}

/* The page for goods that come or go without a sale or an order. */
void
move_show(Request *r)
{
	const char *product = form_value(r, "product");
	const Rows *rows = find(r, "SELECT p.name, p.unit, l.on_hand, nullif(l.reserved, 0)"
							" FROM product p JOIN stock_level l ON l.product_id = p.id WHERE p.id = $1", product);

	page_begin_named(r, cell(rows, 0, 0));
	put(r, LIT("<p>"), MSG(_("In stock")), LIT(" <b>"), NUMBER(cell(rows, 0, 2)), LIT("</b> "), UNIT(cell(rows, 0, 1), cell(rows, 0, 2)));
	if (!cell_is_null(rows, 0, 3))
		put(r, LIT(" ("), MSG(_("%1 set aside"), say_part(r, NUMBER(cell(rows, 0, 3)))), LIT(")"));
	put(r, LIT("</p>"));
	form_begin(r, request_join(r, "/stock/move?product=", product, NULL));
	form_select(r, "reason", "arrived", reason_labels);
	form_field(r, "quantity", NULL);
	form_end(r, _("Save"));
	put(r, LIT("<p class=\"hint\">"), MSG(_("What arrives of an order is received at the order.")),
		LIT("</p><p><a class=\"button\" href=\"/stock/moves?product="), URL(product), LIT("\">"), MSG(_("Movements")), LIT("</a></p>"));
	page_end(r);
}

/* Notes it. */
void
move_act(Request *r)
{
	const char *product = form_value(r, "product"),
			   *quantity = form_value(r, "quantity"),
			   *reason = form_value(r, "reason");
	const Rows *rows = find(r, "SELECT $2::numeric > 0, p.divisible OR $2::numeric = trunc($2::numeric) FROM product p WHERE p.id = $1",
							product, quantity);
	Refusal		refusal;

	if (!cell_true(rows, 0, 0))
		form_error(r, "quantity", say(r, _("More than nothing.")));
	else if (!cell_true(rows, 0, 1))
		form_error(r, "quantity", say(r, _("Sold in whole units.")));
	if (r->form_bad)
		return;
	if (strcmp(reason, reasons[0]) == 0)
		query(r, "SELECT receive(NULL, ARRAY[$1::bigint], ARRAY[$2::numeric])", product, quantity);
	else if (attempt(r, &refusal, "SELECT write_off(ARRAY[$1::bigint], ARRAY[$2::numeric], $3)", product, quantity, reason) == NULL)
	{
		form_error(r, "quantity", say(r, _("There is not as much.")));
		return;
	}
	request_redirect(r, "/stock/moves?done=saved", "product", product);
}

/* Asks once more before a movement is undone. */
void
undo_show(Request *r)
{
	const Rows *rows = find(r,
							"SELECT m.moved_at, p.name, m.quantity, p.unit, m.kind, m.note"
							" FROM stock_move m JOIN product p ON p.id = m.product_id"
							" WHERE m.id = $1 AND m.source IS NULL AND m.kind IN ('receipt', 'writeoff', 'count')"
							" AND NOT EXISTS (SELECT FROM stock_move v WHERE v.reverses = m.id)", form_value(r, "id"));

	page_begin(r, _("Undo a movement"));
	put(r, LIT("<p><b>"), TEXT(cell(rows, 0, 1)), LIT("</b>, "), NUMBER(cell(rows, 0, 2)), LIT(" "), UNIT(cell(rows, 0, 3), cell(rows, 0, 2)), LIT(", "));
	put_kind(r, cell(rows, 0, 4), cell(rows, 0, 5));
	put(r, LIT(", "), TIME(cell(rows, 0, 0)), LIT("</p><p>"),
		MSG(_("It stays in the list, with a second one that takes it back.")), LIT("</p>"));
	form_begin(r, request_join(r, "/stock/undo?id=", form_value(r, "id"), NULL));
	form_end(r, _("Undo"));
	put(r, LIT("<p><a href=\"/stock/moves\">"), MSG(_("Leave it")), LIT("</a></p>"));
	page_end(r);
}

/* Undoes it. */
void
undo_act(Request *r)
{
	Refusal		refusal;
	const Rows *rows = attempt(r, &refusal,
							   "SELECT void_move(m.id) FROM stock_move m WHERE m.id = $1 AND m.source IS NULL"
							   " AND m.kind IN ('receipt', 'writeoff', 'count')", form_value(r, "id"));

	if (rows == NULL)
		form_error_all(r, say(r, _("This cannot be undone: the goods have gone since.")));
	else if (rows_count(rows) == 0)
		request_fail(r, 404);
	else
		request_redirect(r, "/stock/moves", "done", "undone");
}
