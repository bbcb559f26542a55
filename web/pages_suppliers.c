/* Suppliers: the list, and the form of one. */

#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field suppliers_query[] = {
	{"after", NULL, FIELD_TEXT, 1, 250, 0, NULL, NULL},
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "saved", NULL},
	{0}
};

const Field supplier_query[] = {
	{"id", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{0}
};

const Field supplier_fields[] = {
	{"name", _("Name"), FIELD_TEXT, 1, 200, FIELD_REQUIRED, "off", NULL},
	{"phone", _("Phone"), FIELD_PHONE, 0, 0, 0, NULL, NULL},
	{"city", _("City"), FIELD_TEXT, 0, 100, 0, "off", NULL},
	{"lead_days", _("Days from order to delivery"), FIELD_INTEGER, 0, 365, FIELD_REQUIRED, NULL, NULL},
	{"lead_sd_days", _("Days that this varies by"), FIELD_NUMBER, 0, 365, 0, NULL, _("0: always on time")},
	{"review_days", _("Days between two orders"), FIELD_INTEGER, 1, 365, FIELD_REQUIRED, NULL, _("7: you order once a week")},
	{0}
};

/* The list by name. */
void
suppliers_show(Request *r)
{
	const Rows *rows = query(r,
							 "SELECT s.id, s.name, s.phone, s.city, s.lead_days,"
							 " (SELECT count(*) FROM product p WHERE p.supplier_id = s.id AND p.active),"
							 " (SELECT count(*) FROM purchase_order o WHERE o.supplier_id = s.id AND o.status = 'ordered')"
							 " FROM supplier s WHERE s.name > $1 ORDER BY s.name LIMIT 26", form_value(r, "after"));
	int			count = rows_on_page(rows);

	page_begin(r, _("Suppliers"));
	if (form_given(r, "done"))
		put_note(r, say(r, _("Saved.")));
	put(r, LIT("<p><a class=\"button\" href=\"/supplier/new\">"), MSG(_("New supplier")), LIT("</a></p>"));
	if (count == 0)
		put(r, LIT("<p>"), MSG(_("No supplier yet.")), LIT("</p>"));
	else
	{
		put(r, LIT("<table class=\"stack\"><thead><tr><th>"), MSG(_("Supplier")), LIT("</th><th>"), MSG(_("Phone")), LIT("</th><th>"),
			MSG(_("Delivery")), LIT("</th><th>"), MSG(_("Products")), LIT("</th><th>"), MSG(_("Orders made")), LIT("</th></tr></thead><tbody>"));
		for (int i = 0; i < count; i++)
		{
			put(r, LIT("<tr><td><a href=\"/supplier/edit?id="), URL(cell(rows, i, 0)), LIT("\">"), TEXT(cell(rows, i, 1)), LIT("</a> <small>"),
				TEXT(cell(rows, i, 3)), LIT("</small></td><td>"));
			put_phone(r, cell(rows, i, 2));
			put(r, LIT("</td><td>"), COUNT(_("%1 day"), _("%1 days"), cell_int(rows, i, 4)), LIT("</td><td><a href=\"/reorder?all=1&amp;from="),
				URL(cell(rows, i, 0)), LIT("\">"), COUNT(_("%1 product"), _("%1 products"), cell_int(rows, i, 5)), LIT("</a></td><td>"));
			if (cell_int(rows, i, 6) > 0)
				put(r, LIT("<a href=\"/orders?supplier="), URL(cell(rows, i, 0)), LIT("\">"),
					COUNT(_("%1 order on the way"), _("%1 orders on the way"), cell_int(rows, i, 6)), LIT("</a>"));
			put(r, LIT("</td></tr>"));
		}
		put(r, LIT("</tbody></table>"));
		put_pager(r, "/suppliers", "", cell(rows, count - 1, 1), rows);
	}
	page_end(r);
}

/* The form of a supplier; values are those of a row with the fields in their order, or of a new one. */
static void
put_supplier_form(Request *r, const char *action, const Rows *values)
{
	bool		is_new = values == NULL;

	form_begin(r, action);
	form_field(r, "name", cell(values, 0, 0));
	form_field(r, "phone", cell(values, 0, 1));
	form_field(r, "city", cell(values, 0, 2));
	form_field(r, "lead_days", is_new ? "7" : cell(values, 0, 3));
	form_field(r, "lead_sd_days", is_new ? "0" : cell(values, 0, 4));
	form_field(r, "review_days", is_new ? "1" : cell(values, 0, 5));
	form_end(r, _("Save"));
	put(r, LIT("<p class=\"hint\">"), MSG(_("Alert thresholds follow these days from the next night on.")), LIT("</p>"));
}

/* The page for a new supplier. */
void
supplier_new_show(Request *r)
{
	page_begin(r, _("New supplier"));
	put_supplier_form(r, "/supplier/new", NULL);
	page_end(r);
}

/* Stores a new supplier. */
void
supplier_new_act(Request *r)
{
	Refusal		refusal;

	if (attempt(r, &refusal,
				"INSERT INTO supplier (name, phone, city, lead_days, lead_sd_days, review_days)"
				" VALUES ($1, $2, $3, $4, coalesce($5::numeric, 0), $6)",
				form_value(r, "name"), form_or_null(r, "phone"), form_or_null(r, "city"), form_value(r, "lead_days"),
				form_or_null(r, "lead_sd_days"), form_value(r, "review_days")) == NULL)
		form_error(r, "name", say(r, _("This name is taken.")));
	else
		request_redirect(r, "/suppliers", "done", "saved");
}

/* The page that changes a supplier. */
void
supplier_edit_show(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *rows = find(r, "SELECT name, phone, city, lead_days, trim_scale(lead_sd_days), review_days FROM supplier WHERE id = $1", id);

	page_begin_named(r, cell(rows, 0, 0));
	put(r, LIT("<p><a class=\"button\" href=\"/reorder?all=1&amp;from="), URL(id), LIT("\">"), MSG(_("Order something")),
		LIT("</a><a class=\"button\" href=\"/orders?state=all&amp;supplier="), URL(id), LIT("\">"), MSG(_("Orders made")), LIT("</a></p>"));
	put_supplier_form(r, request_join(r, "/supplier/edit?id=", id, NULL), rows);
	page_end(r);
}

/* Stores what was changed. */
void
supplier_edit_act(Request *r)
{
	Refusal		refusal;
	const Rows *rows = attempt(r, &refusal,
							   "UPDATE supplier SET name = $1, phone = $2, city = $3, lead_days = $4,"
							   " lead_sd_days = coalesce($5::numeric, 0), review_days = $6 WHERE id = $7 RETURNING id",
							   form_value(r, "name"), form_or_null(r, "phone"), form_or_null(r, "city"), form_value(r, "lead_days"),
							   form_or_null(r, "lead_sd_days"), form_value(r, "review_days"), form_value(r, "id"));

	if (rows == NULL)
		form_error(r, "name", say(r, _("This name is taken.")));
	else if (rows_count(rows) == 0)
		request_fail(r, 404);
	else
		request_redirect(r, "/suppliers", "done", "saved");
}
