/* The journal: who did what through the pages, latest first. */
#include <string.h>

#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field journal_query[] = {
	{"after", NULL, FIELD_ID, 0, 0, 0, NULL, NULL},
	{0}
};

/* What was done, and what to. */
static const char *const deeds[][2] = {
	{"insert", _("added")},
	{"update", _("changed")},
	{"delete", _("removed")},
	{"login", _("logged in")},
	{"setup", _("became the first owner")},
	{"rollback", _("went back to the version before")},
	{"client", _("Client")},
	{"supplier", _("Supplier")},
	{"product", _("Product")},
	{"sale", _("Sale")},
	{"purchase_order", _("Order")},
	{"exchange_rate", _("Rate of the day")},
	{"stock_move", _("Movement")},
	{"stock_alert", _("Alert")},
	{"web_user", _("User")},
	{"web_setting", _("The shop and its receipts")},
	{"model", _("Advice")},
	{"password", _("changed the password")},
};

/* Columns of what it was done to. */
static const char *const columns[][2] = {
	{"name", _("Name")},
	{"login", _("User name")},
	{"role", _("Role")},
	{"category_id", _("Shelf")},
	{"supplier_id", _("Supplier")},
	{"product_id", _("Product")},
	{"client_id", _("Client")},
	{"price", _("Price")},
	{"unit_cost", _("Cost")},
	{"unit", _("Unit")},
	{"divisible", _("Sold in fractions")},
	{"pack_size", _("Units in the supplier's pack")},
	{"moq", _("Least quantity per order")},
	{"threshold", _("Alert threshold")},
	{"target", _("Wanted stock")},
	{"barcode", _("Barcode")},
	{"active", _("For sale")},
	{"phone", _("Phone")},
	{"address", _("Address")},
	{"quantity", _("Quantity")},
	{"kind", _("What happened")},
	{"status", _("State")},
	{"created_at", _("Date")},
	{"moved_at", _("Date")},
	{"sold_at", _("Date")},
	{"ordered_at", _("Ordered")},
	{"rate", _("Rate of the day")},
	{"valid_from", _("From")},
	{"expected_on", _("Expected")},
	{"snoozed_until", _("Not before")},
	{"acknowledged_at", _("Seen")},
	{"shop_name", _("Name of the shop")},
	{"receipt_note", _("Words at the end of a receipt")},
};

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

/* A word of a list in the user's language; what is not in it as it stands. */
static const char *
in_words(Request *r, const char *const words[][2], size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
	{
		if (strcmp(words[i][0], word) == 0)
			return say(r, words[i][1]);
	}
	return word;
}

/* A date, in the reader's writing; any other value as it is, cut where it goes on and on. */
static const char *
shown_value(Request *r, const char *value)
{
	size_t		len = strlen(value);

	if (strspn(value, "0123456789") == 4 && value[4] == '-' && strnlen(value, 10) == 10)
		return strchr(value, 'T') != NULL ? say_part(r, TIME(value)) : say_part(r, DATE(value));
	if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
		return say(r, value[0] == 't' ? _("yes") : _("no"));
	if (strspn(value, "-.0123456789") == len && strchr(value, '.') != NULL)
		return say_part(r, NUMBER(value));
	if (len <= 60)
		return value;
	for (len = 60; ((unsigned char) value[len] & 0xC0) == 0x80;)
		len--;
	return request_join(r, arena_copy(&r->arena, value, len), "\xE2\x80\xA6", NULL);
}

/* What the rows of some entries were and are, a line for each column that says something. */
static const Rows *
read_details(Request *r, const char *first, const char *last)
{
	return query(r,
				 "SELECT j.id, d.key, d.value ->> 0, d.value ->> 1, j.action = 'update' FROM web_journal j, jsonb_each("
				 " CASE WHEN j.action = 'update' THEN j.detail"
				 "   ELSE (SELECT jsonb_object_agg(e.key, jsonb_build_array(e.value)) FROM jsonb_each(j.detail) e"
				 "         WHERE e.key <> 'id' AND e.value <> 'null') END) d"
				 " WHERE j.id BETWEEN $2 AND $1 AND jsonb_typeof(j.detail) = 'object' ORDER BY j.id DESC, d.key", first, last);
}

/* Those of one entry, which begin at a row; returns where those of the next one do. */
static int
put_details(Request *r, const Rows *rows, int i, const char *entry)
{
	bool		any = strcmp(cell(rows, i, 0), entry) == 0;

	if (any)
		put(r, LIT("<details><summary>"), MSG(_("Details")), LIT("</summary><small>"));
	for (; strcmp(cell(rows, i, 0), entry) == 0; i++)
	{
		put(r, TEXT(in_words(r, columns, COUNT_OF(columns), cell(rows, i, 1))), LIT(" <b>"), TEXT(shown_value(r, cell(rows, i, 2))), LIT("</b>"));
		if (cell_true(rows, i, 4))
			put(r, LIT(" &#8594; <b>"), TEXT(shown_value(r, cell(rows, i, 3))), LIT("</b>"));
		put(r, LIT("<br>"));
	}
	if (any)
		put(r, LIT("</small></details>"));
	return i;
}

/* What was done, in words. */
static void
put_deed(Request *r, const char *action, const char *relation, const char *id)
{
	const char *deed = in_words(r, deeds, COUNT_OF(deeds), action);

	if (relation[0] == '\0')
		put(r, TEXT(deed));
	else
		put(r, MSG(_("%1 %2: %3"), in_words(r, deeds, COUNT_OF(deeds), relation), strchr(id, '-') != NULL ? shown_value(r, id) : id, deed));
}

/* The page. */
void
journal_show(Request *r)
{
	const Rows *rows = query(r,
							 "SELECT j.id, j.at, coalesce(u.name, ''), j.action, j.relation, j.row_id"
							 " FROM web_journal j LEFT JOIN web_user u ON u.id = j.user_id"
							 " WHERE $1::bigint IS NULL OR j.id < $1 ORDER BY j.id DESC LIMIT 26", form_or_null(r, "after"));
	int			count = rows_on_page(rows);
	const Rows *details = read_details(r, count > 0 ? cell(rows, 0, 0) : "0", count > 0 ? cell(rows, count - 1, 0) : "0");
	int			detail = 0;

	page_begin(r, _("Who did what"));
	put(r, LIT("<table class=\"stack\"><thead><tr><th>"), MSG(_("When")), LIT("</th><th>"), MSG(_("Who")), LIT("</th><th>"),
		MSG(_("What")), LIT("</th></tr></thead><tbody>"));
	for (int i = 0; i < count; i++)
	{
		put(r, LIT("<tr><td>"), TIME(cell(rows, i, 1)), LIT("</td><td>"), TEXT(cell(rows, i, 2)), LIT("</td><td>"));
		put_deed(r, cell(rows, i, 3), cell(rows, i, 4), cell(rows, i, 5));
		detail = put_details(r, details, detail, cell(rows, i, 0));
		put(r, LIT("</td></tr>"));
	}
	put(r, LIT("</tbody></table>"));
	if (count > 0)
		put_pager(r, "/settings/journal", "", cell(rows, count - 1, 0), rows);
	page_end(r);
}
