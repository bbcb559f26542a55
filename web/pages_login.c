/* Coming in and going out: login, the first owner, the language. */
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field login_fields[] = {
	{"login", _("User name"), FIELD_TEXT, 1, 100, FIELD_REQUIRED, "username", NULL},
	{"password", _("Password"), FIELD_PASSWORD, 1, PASSWORD_MAX, FIELD_REQUIRED, "current-password", NULL},
	{0}
};

const Field setup_fields[] = {
	{"code", _("Setup code"), FIELD_TEXT, 16, 40, FIELD_REQUIRED, "one-time-code",
	_("four groups of four signs, given by who installed the shop")},
	{"name", _("Your name"), FIELD_TEXT, 1, 100, FIELD_REQUIRED, "name", NULL},
	{"login", _("User name"), FIELD_TEXT, 2, 60, FIELD_REQUIRED, "username", _("a short word, or your phone number")},
	{"password", _("Password"), FIELD_PASSWORD, PASSWORD_MIN, PASSWORD_MAX, FIELD_REQUIRED, "new-password",
	_("at least 8 characters; 15 and several words are better")},
	{0}
};

const Field language_fields[] = {
	{"language", NULL, FIELD_CHOICE, 0, 0, FIELD_REQUIRED, "fr|en|sw", NULL},
	{"back", NULL, FIELD_PATH, 1, 2000, FIELD_REQUIRED, NULL, NULL},
	{0}
};

/* What setup attempts are counted under: no user can be called so. */
#define SETUP_ACCOUNT ": setup"

/* The page of the login. */
void
login_show(Request *r)
{
	if (r->method == METHOD_GET && r->user.role >= ROLE_CASHIER)
	{
		request_redirect(r, "/", NULL, NULL);
		return;
	}
	page_begin(r, _("Log in"));
	form_begin(r, "/login");
	form_field(r, "login", NULL);
	form_field(r, "password", NULL);
	form_end(r, _("Log in"));
	page_end(r);
}

/* Says that there were too many attempts; true when there were. */
static bool
must_wait(Request *r, const char *seconds)
{
	long		wait = strtol(seconds, NULL, 10);

	if (wait <= 0)
		return false;
	form_error_all(r, say_part(r, COUNT(_("Too many attempts. Try again in %1 second."),
										_("Too many attempts. Try again in %1 seconds."), wait)));
	request_log(r, "login refused", "too many attempts");
	return true;
}

/*
 * Checks name and password. Which of the two was wrong is not said, neither in words nor by the time it takes;
 * while an account has to wait not even the right password is looked at.
 */
void
login_act(Request *r)
{
	const char *login = form_value(r, "login");
	const Rows *rows;

	db_as_itself(r);
	rows = query(r, "SELECT user_id, password_hash, wait FROM web_login($1)", login);
	if (must_wait(r, cell(rows, 0, 2)))
		return;
	if (password_matches(cell(rows, 0, 1), form_value(r, "password")))
	{
		auth_open_session(r, cell(rows, 0, 0));
		request_redirect(r, "/", NULL, NULL);
		return;
	}
	query(r, "SELECT web_login_failed($1)", login);
	request_log(r, "login bad", login);
	r->keep = true;
	form_error_all(r, say(r, _("User name or password is wrong.")));
}

/* The page where the first owner is made. */
void
setup_show(Request *r)
{
	page_begin(r, _("First owner"));
	put(r, LIT("<p>"), MSG(_("With the code you become an owner of this shop. It is good once.")), LIT("</p>"));
	form_begin(r, "/setup");
	form_field(r, "code", NULL);
	form_field(r, "name", NULL);
	form_field(r, "login", NULL);
	form_field(r, "password", NULL);
	form_end(r, _("Begin"));
	page_end(r);
}

/* The code as it was made: its letters and digits, whatever was typed between them. */
static const char *
plain_code(Request *r, const char *typed)
{
	char	   *code = arena_alloc(&r->arena, strlen(typed) + 1);
	size_t		n = 0;

	for (; *typed != '\0'; typed++)
	{
		char		c = *typed >= 'A' && *typed <= 'F' ? (char) (*typed - 'A' + 'a') : *typed;

		if (strchr("0123456789abcdef", c) != NULL)
			code[n++] = c;
	}
	return code;
}

/* Makes the owner and logs in. */
void
setup_act(Request *r)
{
	const char *login = form_value(r, "login");
	const char *password = form_value(r, "password");
	const Rows *rows;
	Refusal		refusal;

	db_as_itself(r);
	rows = query(r, "SELECT web_wait($1)", SETUP_ACCOUNT);
	if (must_wait(r, cell(rows, 0, 0)))
		return;
	if (strpbrk(login, " \t") != NULL)
		form_error(r, "login", say(r, _("One word, without spaces.")));
	if (password_is_common(password, login, r->shop.name))
		form_error(r, "password", say(r, _("Everybody would try this one first. Choose another.")));
	if (r->form_bad)
		return;
	rows = attempt(r, &refusal, "SELECT web_setup($1, $2, $3, $4)",
				   auth_hash(r, plain_code(r, form_value(r, "code"))), login, form_value(r, "name"),
				   password_hash(r, password));
	if (rows == NULL)
		form_error(r, "login", say(r, _("This name is taken.")));
	else if (cell_is_null(rows, 0, 0))
	{
		query(r, "SELECT web_login_failed($1)", SETUP_ACCOUNT);
		request_log(r, "setup bad", "");
		r->keep = true;
		form_error(r, "code", say(r, _("This code is wrong or was used already.")));
	}
	else
	{
		auth_open_session(r, cell(rows, 0, 0));
		request_redirect(r, "/", NULL, NULL);
	}
}

/* Ends the session, in the database and in the browser. */
void
logout_act(Request *r)
{
	const char *hash = auth_hash(r, r->token);

	if (r->user.id != NULL)
	{
		db_as_itself(r);
		query(r, "SELECT web_logout($1)", hash);
		request_log(r, "logout", "");
	}
	r->headers = NULL;
	request_cookie(r, COOKIE_SESSION, "", 0);
	request_header(r, "Clear-Site-Data", "\"cache\", \"storage\"");
	request_redirect(r, "/login", NULL, NULL);
}

/* Remembers the language for a year. */
void
language_act(Request *r)
{
	request_cookie(r, COOKIE_LANGUAGE, form_value(r, "language"), 1);
	request_redirect(r, form_value(r, "back"), NULL, NULL);
}
