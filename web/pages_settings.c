/* Settings: the rate of the day, what receipts say of the shop, users, one's own password. */
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field settings_query[] = {
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "saved", NULL},
	{0}
};

const Field rate_fields[] = {
	{"rate", _("One dollar in francs"), FIELD_NUMBER, 1, 1000000, FIELD_REQUIRED, NULL, NULL},
	{"valid_from", _("From"), FIELD_DATE, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{0}
};

const Field shop_fields[] = {
	{"shop_name", _("Name of the shop"), FIELD_TEXT, 1, 100, FIELD_REQUIRED, "organization", NULL},
	{"address", _("Address"), FIELD_TEXT, 0, 200, 0, "off", NULL},
	{"phone", _("Phone"), FIELD_PHONE, 0, 0, 0, NULL, NULL},
	{"receipt_note", _("Words at the end of a receipt"), FIELD_TEXT, 0, 200, 0, "off", NULL},
	{0}
};

const Field user_new_fields[] = {
	{"name", _("Name"), FIELD_TEXT, 1, 100, FIELD_REQUIRED, "off", NULL},
	{"login", _("User name"), FIELD_TEXT, 2, 60, FIELD_REQUIRED, "off", _("a short word, or your phone number")},
	{"role", _("Role"), FIELD_CHOICE, 0, 0, FIELD_REQUIRED, "cashier|owner", NULL},
	{"password", _("Password"), FIELD_PASSWORD, PASSWORD_MIN, PASSWORD_MAX, FIELD_REQUIRED, "new-password",
	_("at least 8 characters; 15 and several words are better")},
	{0}
};

const Field user_query[] = {
	{"id", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{0}
};

const Field user_fields[] = {
	{"name", _("Name"), FIELD_TEXT, 1, 100, FIELD_REQUIRED, "off", NULL},
	{"role", _("Role"), FIELD_CHOICE, 0, 0, FIELD_REQUIRED, "cashier|owner", NULL},
	{"active", _("May come in"), FIELD_CHECK, 0, 0, 0, NULL, NULL},
	{"password", _("New password"), FIELD_PASSWORD, PASSWORD_MIN, PASSWORD_MAX, 0, "new-password",
	_("empty: stays as it is")},
	{0}
};

const Field password_fields[] = {
	{"old", _("Password until now"), FIELD_PASSWORD, 1, PASSWORD_MAX, FIELD_REQUIRED, "current-password", NULL},
	{"password", _("New password"), FIELD_PASSWORD, PASSWORD_MIN, PASSWORD_MAX, FIELD_REQUIRED, "new-password",
	_("at least 8 characters; 15 and several words are better")},
	{0}
};

static const char *const role_labels[] = {_("Cashier"), _("Owner")};

/* Where a change leads back to. */
static void
settings_saved(Request *r)
{
	request_redirect(r, "/settings", "done", "saved");
}

/* A way to another page of the settings. */
static void
put_way(Request *r, const char *path, const char *label)
{
	put(r, LIT("<li><a href=\""), ATTR(path), LIT("\">"), MSG(label), LIT("</a></li>"));
}

/* The settings: ways to their parts, and the users. */
void
settings_show(Request *r)
{
	const Rows *users = query(r, "SELECT id, name, login, role, active FROM web_user ORDER BY NOT active, name, id");

	page_begin(r, _("Settings"));
	if (form_given(r, "done"))
		put_note(r, say(r, _("Saved.")));
	put(r, LIT("<ul class=\"rows\">"));
	put_way(r, "/settings/rate", _("Rate of the day"));
	put_way(r, "/settings/shop", _("The shop and its receipts"));
	put_way(r, "/password", _("My password"));
	put_way(r, "/settings/import", _("Import (CSV)"));
	put_way(r, "/settings/export", _("Export (CSV)"));
	put_way(r, "/settings/journal", _("Who did what"));
	put(r, LIT("</ul><h2>"), MSG(_("Users")), LIT("</h2><ul class=\"rows\">"));
	for (int i = 0; i < rows_count(users); i++)
	{
		put(r, LIT("<li><a href=\"/settings/user?id="), URL(cell(users, i, 0)), LIT("\">"), TEXT(cell(users, i, 1)),
			LIT("</a> ("), TEXT(cell(users, i, 2)), LIT(") "), MSG(role_labels[strcmp(cell(users, i, 3), "owner") == 0]));
		if (!cell_true(users, i, 4))
			put(r, LIT(" <b class=\"badge\">"), MSG(_("may not come in")), LIT("</b>"));
		put(r, LIT("</li>"));
	}
	put(r, LIT("</ul><p><a class=\"button\" href=\"/settings/user/new\">"), MSG(_("New user")), LIT("</a></p>"));
	page_end(r);
}

/* The rate of the day and those before. */
void
rate_show(Request *r)
{
	const Rows *rates = query(r, "SELECT valid_from, rate, current_date FROM exchange_rate WHERE currency = 'USD'"
							  " ORDER BY valid_from DESC LIMIT 10");
	const Rows *today = query(r, "SELECT current_date");

	page_begin(r, _("Rate of the day"));
	form_begin(r, "/settings/rate");
	form_field(r, "rate", NULL);
	form_field(r, "valid_from", cell(today, 0, 0));
	form_end(r, _("Save"));
	if (rows_count(rates) > 0)
	{
		put(r, LIT("<h2>"), MSG(_("Last rates")), LIT("</h2><table><tbody>"));
		for (int i = 0; i < rows_count(rates); i++)
			put(r, LIT("<tr><th scope=\"row\">"), DATE(cell(rates, i, 0)), LIT("</th><td class=\"n\">1 $ = "),
				NUMBER(cell(rates, i, 1)), LIT(" FC</td></tr>"));
		put(r, LIT("</tbody></table>"));
	}
	page_end(r);
}

/* Notes a rate; a second one of the same day replaces the first. */
void
rate_act(Request *r)
{
	query(r, "INSERT INTO exchange_rate (currency, valid_from, rate) VALUES ('USD', $1, $2)"
		  " ON CONFLICT (currency, valid_from) DO UPDATE SET rate = excluded.rate",
		  form_value(r, "valid_from"), form_value(r, "rate"));
	settings_saved(r);
}

/* What pages and receipts say of the shop. */
void
shop_show(Request *r)
{
	const Rows *rows = query(r, "SELECT shop_name, address, phone, receipt_note FROM web_setting");

	page_begin(r, _("The shop and its receipts"));
	form_begin(r, "/settings/shop");
	form_field(r, "shop_name", cell(rows, 0, 0));
	form_field(r, "address", cell(rows, 0, 1));
	form_field(r, "phone", cell(rows, 0, 2));
	form_field(r, "receipt_note", cell(rows, 0, 3));
	form_end(r, _("Save"));
	page_end(r);
}

/* Stores it. */
void
shop_act(Request *r)
{
	query(r, "UPDATE web_setting SET shop_name = $1, address = $2, phone = $3, receipt_note = $4",
		  form_value(r, "shop_name"), form_or_null(r, "address"), form_or_null(r, "phone"),
		  form_or_null(r, "receipt_note"));
	settings_saved(r);
}

/* Refuses a password that everybody would try. */
static void
check_new_password(Request *r, const char *login)
{
	if (form_given(r, "password") && password_is_common(form_value(r, "password"), login, r->shop.name))
		form_error(r, "password", say(r, _("Everybody would try this one first. Choose another.")));
}

/* The page for a new user. */
void
user_new_show(Request *r)
{
	page_begin(r, _("New user"));
	form_begin(r, "/settings/user/new");
	form_field(r, "name", NULL);
	form_field(r, "login", NULL);
	form_select(r, "role", "cashier", role_labels);
	form_field(r, "password", NULL);
	form_end(r, _("Save"));
	page_end(r);
}

/* Makes the user. */
void
user_new_act(Request *r)
{
	Refusal		refusal;

	if (strpbrk(form_value(r, "login"), " \t") != NULL)
		form_error(r, "login", say(r, _("One word, without spaces.")));
	check_new_password(r, form_value(r, "login"));
	if (r->form_bad)
		return;
	if (attempt(r, &refusal, "SELECT web_save_user(NULL, $1, $2, $3, true, $4)", form_value(r, "login"),
				form_value(r, "name"), form_value(r, "role"), password_hash(r, form_value(r, "password"))) == NULL)
	{
		form_error(r, "login", say(r, _("This name is taken.")));
		return;
	}
	request_log(r, "user made", form_value(r, "login"));
	settings_saved(r);
}

/* The page of a user. */
void
user_show(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *rows = find(r, "SELECT name, login, role, active FROM web_user WHERE id = $1", id);

	page_begin_named(r, cell(rows, 0, 0));
	put(r, LIT("<p>"), MSG(_("%1: %2"), say(r, _("User name")), cell(rows, 0, 1)), LIT("</p>"));
	form_begin(r, request_join(r, "/settings/user?id=", id, NULL));
	form_field(r, "name", cell(rows, 0, 0));
	form_select(r, "role", cell(rows, 0, 2), role_labels);
	form_field(r, "active", cell(rows, 0, 3));
	form_field(r, "password", NULL);
	form_end(r, _("Save"));
	page_end(r);
}

/* Changes the user, whose sessions end with a new password or without the right to come in. */
void
user_act(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *rows = find(r, "SELECT login FROM web_user WHERE id = $1", id);
	Refusal		refusal;

	check_new_password(r, cell(rows, 0, 0));
	if (r->form_bad)
		return;
	if (attempt(r, &refusal, "SELECT web_save_user($1, NULL, $2, $3, $4 = '1', $5)", id, form_value(r, "name"),
				form_value(r, "role"), form_value(r, "active"),
				form_given(r, "password") ? password_hash(r, form_value(r, "password")) : NULL) == NULL)
	{
		form_error_all(r, say(r, _("The shop needs an owner who may come in.")));
		return;
	}
	request_log(r, "user changed", cell(rows, 0, 0));
	settings_saved(r);
}

/* The page for one's own password. */
void
password_show(Request *r)
{
	page_begin(r, _("My password"));
	form_begin(r, "/password");
	form_field(r, "old", NULL);
	form_field(r, "password", NULL);
	form_end(r, _("Save"));
	page_end(r);
}

/* Changes it, for whoever knows the one until now; wrong ones are counted as at the login, and cost as much time. */
void
password_act(Request *r)
{
	const char *session = auth_hash(r, r->token);
	const Rows *rows;

	db_as_itself(r);
	rows = query(r, "SELECT web_own_password($1), web_wait($2)", session, r->user.login);
	check_new_password(r, r->user.login);
	if (strtol(cell(rows, 0, 1), NULL, 10) > 0)
	{
		form_error_all(r, say_part(r, COUNT(_("Too many attempts. Try again in %1 second."),
											_("Too many attempts. Try again in %1 seconds."), cell_int(rows, 0, 1))));
		return;
	}
	if (!password_matches(cell(rows, 0, 0), form_value(r, "old")))
	{
		query(r, "SELECT web_login_failed($1)", r->user.login);
		r->keep = true;
		form_error(r, "old", say(r, _("This is not your password.")));
		request_log(r, "password bad", "");
	}
	if (r->form_bad)
		return;
	query(r, "SELECT web_change_password($1, $2)", session, password_hash(r, form_value(r, "password")));
	request_log(r, "password changed", "");
	request_redirect(r, r->user.role == ROLE_OWNER ? "/settings?done=saved" : "/", NULL, NULL);
}
