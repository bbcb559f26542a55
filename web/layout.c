/* What every page has around its own part: head, menu, notes, footer; charts; the pages of errors. */
#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "form.h"
#include "html.h"
#include "layout.h"

/*
 * The menu, in the order of a day's work. A narrow screen shows what is needed all day, in one row; a tap on the
 * word above it shows the rest.
 */
static const struct
{
	const char *path;
	const char *label;
	Role		role;
	bool		all_day;
}			menu[] = {
	{"/", _("Home"), ROLE_CASHIER, true},
	{"/sell", _("Sell"), ROLE_CASHIER, true},
	{"/products", _("Products"), ROLE_CASHIER, true},
	{"/stock", _("Stock"), ROLE_CASHIER, true},
	{"/clients", _("Clients"), ROLE_CASHIER, false},
	{"/sales", _("Sales"), ROLE_CASHIER, false},
	{"/recommendations", _("Advice"), ROLE_CASHIER, false},
	{"/reorder", _("To order"), ROLE_OWNER, false},
	{"/suppliers", _("Suppliers"), ROLE_OWNER, false},
	{"/quality", _("Quality"), ROLE_OWNER, false},
	{"/settings", _("Settings"), ROLE_OWNER, false},
};

/* The menu of a user, with the number of alerts to look at beside the stock. */
static void
put_menu(Request *r)
{
	put(r, LIT("<nav aria-label=\""), MSG(_("Menu")), LIT("\"><details><summary>"), MSG(_("Menu")), LIT("</summary></details><ul>"));
	for (size_t i = 0; i < sizeof(menu) / sizeof(menu[0]); i++)
	{
		if (r->user.role < menu[i].role)
			continue;
		if (menu[i].all_day)
			put(r, LIT("<li><a href=\""), ATTR(menu[i].path), LIT("\""));
		else
			put(r, LIT("<li class=\"more\"><a href=\""), ATTR(menu[i].path), LIT("\""));
		if (strcmp(r->path, menu[i].path) == 0)
			put(r, LIT(" aria-current=\"page\""));
		put(r, LIT(">"), MSG(menu[i].label));
		if (strcmp(menu[i].path, "/stock") == 0 && r->shop.alerts[0] != '\0' && strcmp(r->shop.alerts, "0") != 0)
			put(r, LIT(" <b class=\"badge\">"), NUMBER(r->shop.alerts), LIT("<span class=\"sr\"> "), MSG(_("alerts")),
				LIT("</span></b>"));
		put(r, LIT("</a></li>"));
	}
	put(r, LIT("</ul></nav>"));
}

/* The head of a page, its menu, its title. */
static void
put_head(Request *r, const char *title)
{
	buf_clear(&r->out);
	put(r, LIT("<!DOCTYPE html>\n<html lang=\""), ATTR(language_codes[r->language]),
		LIT("\"><head><meta charset=\"utf-8\"><title>"), TEXT(title), LIT(" - "), TEXT(r->shop.name),
		LIT("</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
			"<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/style.css?v="),
		ATTR(style_css_hash), LIT("\"></head><body><a class=\"sr\" href=\"#main\">"), MSG(_("To the content")),
		LIT("</a><header><p class=\"shop\">"), TEXT(r->shop.name), LIT("</p>"));
	if (r->user.role >= ROLE_CASHIER)
		put_menu(r);
	put(r, LIT("</header><main id=\"main\"><h1>"), TEXT(title), LIT("</h1>"));
	form_errors(r);
}

/* Begins a page whose title is a message. */
void
page_begin(Request *r, const char *title)
{
	put_head(r, say(r, title));
}

/* Begins a page that is about something with a name. */
void
page_begin_named(Request *r, const char *name)
{
	put_head(r, name);
}

/* Where the language switch comes back to: this page, unless it was posted to. */
static const char *
back_path(Request *r)
{
	if (r->method == METHOD_POST || r->page == NULL || r->query_string[0] == '\0')
		return r->path;
	return request_join(r, r->path, "?", r->query_string, NULL);
}

/* Ends a page: who is logged in, the languages. */
void
page_end(Request *r)
{
	put(r, LIT("</main><footer>"));
	if (r->csrf != NULL)
	{
		if (r->user.id != NULL)
			put(r, LIT("<form method=\"post\" action=\"/logout\"><input type=\"hidden\" name=\"csrf\" value=\""), ATTR(r->csrf),
				LIT("\">"), TEXT(r->user.name), LIT(" <button type=\"submit\" class=\"plain\">"), MSG(_("Log out")), LIT("</button></form>"));
		put(r, LIT("<form method=\"post\" action=\"/language\"><input type=\"hidden\" name=\"csrf\" value=\""), ATTR(r->csrf),
			LIT("\"><input type=\"hidden\" name=\"back\" value=\""), ATTR(back_path(r)), LIT("\">"));
		for (int i = 0; i < LANGUAGES; i++)
			put(r, LIT("<button type=\"submit\" class=\"plain\" name=\"language\" value=\""), ATTR(language_codes[i]),
				LIT("\" lang=\""), ATTR(language_codes[i]), LIT("\">"), TEXT(language_names[i]), LIT("</button>"));
		put(r, LIT("</form>"));
	}
	put(r, LIT("</footer></body></html>\n"));
}

/* Says that something was done, or is worth knowing. */
void
put_note(Request *r, const char *text)
{
	put(r, LIT("<p class=\"note good\" role=\"status\">"), TEXT(text), LIT("</p>"));
}

/* How many of these are shown. */
int
rows_on_page(const Rows *rows)
{
	return rows_count(rows) < PAGE_ROWS ? rows_count(rows) : PAGE_ROWS;
}

/* A page of a list by name begins behind the last row of the one before, "id name": the name, "" at the start. */
const char *
page_after_name(Request *r)
{
	const char *space = strchr(form_value(r, "after"), ' ');

	return space != NULL ? space + 1 : "";
}

/* The same: the id, "0" at the start. */
const char *
page_after_id(Request *r)
{
	const char *after = form_value(r, "after");
	size_t		len = strspn(after, "0123456789");

	return len > 0 && len <= 18 && after[len] == ' ' ? arena_copy(&r->arena, after, len) : "0";
}

/* What the next page of such a list begins behind; its first columns are id and name. */
const char *
page_last_row(Request *r, const Rows *rows)
{
	int			last = rows_on_page(rows) - 1;

	return request_join(r, cell(rows, last, 0), " ", cell(rows, last, 1), NULL);
}

/*
 * The way to the rows that follow the page of these, and back to the first. params is the rest of the query,
 * escaped, with "&" at its end, or "" (see form_params()).
 */
void
put_pager(Request *r, const char *path, const char *params, const char *after, const Rows *rows)
{
	bool		more = rows_count(rows) > PAGE_ROWS;
	bool		later = r->query_string[0] != '\0' && strstr(r->query_string, "after=") != NULL;

	if (!more && !later)
		return;
	put(r, LIT("<nav class=\"pager\" aria-label=\""), MSG(_("Pages")), LIT("\">"));
	if (later)
		put(r, LIT("<a href=\""), ATTR(path), LIT("?"), ATTR(params), LIT("\">"), MSG(_("From the start")), LIT("</a>"));
	if (more)
		put(r, LIT("<a rel=\"next\" href=\""), ATTR(path), LIT("?"), ATTR(params), LIT("after="), URL(after), LIT("\">"),
			MSG(_("Next")), LIT("</a>"));
	put(r, LIT("</nav>"));
}

/* Stars as people draw them, and in words for those who hear them. */
void
put_stars(Request *r, int stars)
{
	put(r, LIT("<span class=\"stars\" role=\"img\" aria-label=\""), COUNT(_("%1 star"), _("%1 stars"), stars), LIT("\">"));
	for (int i = 0; i < stars && i < 5; i++)
		put(r, LIT("\xE2\x98\x85"));
	put(r, LIT("</span>"));
}

/* A form of five buttons, one for each number of stars that a product may be given; stars: those it was. */
void
put_rate(Request *r, const char *action, const char *product_id, const char *stars)
{
	static const char *const values[] = {"1", "2", "3", "4", "5"};

	put(r, LIT("<form method=\"post\" action=\""), ATTR(action),
		LIT("\" class=\"rate\"><input type=\"hidden\" name=\"csrf\" value=\""), ATTR(r->csrf),
		LIT("\"><input type=\"hidden\" name=\"product\" value=\""), ATTR(product_id), LIT("\">"));
	for (int i = 0; i < 5; i++)
	{
		put(r, LIT("<button type=\"submit\" class=\"plain\" name=\"stars\" value=\""), ATTR(values[i]), LIT("\" aria-label=\""),
			COUNT(_("%1 star"), _("%1 stars"), i + 1), LIT("\">"));
		if (stars[0] != '\0' && stars[0] >= values[i][0])
			put(r, LIT("\xE2\x98\x85</button>"));
		else
			put(r, LIT("\xE2\x98\x86</button>"));
	}
	put(r, LIT("</form>"));
}

/* A phone number to tap; nothing where there is none. */
void
put_phone(Request *r, const char *phone)
{
	char	   *digits = request_copy(r, phone);
	char	   *to = digits;

	if (phone[0] == '\0')
		return;
	for (const char *p = phone; *p != '\0'; p++)
	{
		if ((*p >= '0' && *p <= '9') || (*p == '+' && to == digits))
			*to++ = *p;
	}
	*to = '\0';
	put(r, LIT("<a href=\"tel:"), ATTR(digits), LIT("\">"));
	for (const char *p = phone; *p != '\0'; p++)
	{
		if (*p == ' ')
			put(r, LIT("&nbsp;"));
		else
			put(r, TEXT(((char[2]) {*p, '\0'})));
	}
	put(r, LIT("</a>"));
}

/* A picture by its hash; none where there is none, or the phone asks to spare data. */
void
put_picture(Request *r, const char *hash, const char *name, bool large)
{
	if (hash[0] == '\0' || r->save_data)
		return;
	put(r, LIT("<img src=\"/picture?hash="), URL(hash), LIT("\" alt=\""), ATTR(large ? name : ""), LIT("\" loading=\"lazy\""));
	if (large)
		put(r, LIT(" class=\"large\">"));
	else
		put(r, LIT(" width=\"48\" height=\"48\">"));
}

/* A number of the drawing: the database and the language have nothing to do with it. */
static void
put_coordinate(Request *r, double value)
{
	char		text[32];

	snprintf(text, sizeof(text), "%.1f", value);
	put(r, ATTR(text));
}

/*
 * A chart of columns: drawn for the eye, described in one sentence, and with its figures as a table for whoever
 * opens that. Labels stand beside the drawing, not in it, so that they can be read at any size.
 */
void
put_chart(Request *r, const char *title, const char *summary, const Bar *bars, int count)
{
	double		most = 0;
	double		width = count > 0 ? 280.0 / count : 280.0;

	for (int i = 0; i < count; i++)
		most = bars[i].height > most ? bars[i].height : most;
	put(r, LIT("<figure><figcaption>"), TEXT(title), LIT("</figcaption><svg role=\"img\" viewBox=\"0 0 280 90\" aria-label=\""),
		ATTR(summary), LIT("\">"));
	for (int i = 0; i < count; i++)
	{
		double		height = most > 0 && bars[i].height > 0 ? 88.0 * bars[i].height / most : 0.0;

		put(r, LIT("<rect x=\""));
		put_coordinate(r, i * width + 1);
		put(r, LIT("\" y=\""));
		put_coordinate(r, 90 - height);
		put(r, LIT("\" width=\""));
		put_coordinate(r, width > 3 ? width - 2 : width);
		put(r, LIT("\" height=\""));
		put_coordinate(r, height);
		put(r, LIT("\"><title>"), TEXT(bars[i].label), LIT(": "), TEXT(bars[i].value), LIT("</title></rect>"));
	}
	put(r, LIT("</svg><p class=\"hint\">"), TEXT(summary), LIT("</p><details><summary>"), MSG(_("Figures")),
		LIT("</summary><table class=\"figures\"><tbody>"));
	for (int i = 0; i < count; i++)
		put(r, LIT("<tr><th scope=\"row\">"), TEXT(bars[i].label), LIT("</th><td class=\"n\">"), TEXT(bars[i].value), LIT("</td></tr>"));
	put(r, LIT("</tbody></table></details></figure>"));
}

/* The page of an error: what happened, in words that help, and nothing of how. */
void
page_error(Request *r, int status)
{
	const char *title,
			   *text;

	switch (status)
	{
		case 400:
			title = _("This request makes no sense");
			text = _("Go back and try again.");
			break;
		case 403:
			title = _("Not allowed");
			text = _("You may not do this, or the page had been open for too long. Go back, load the page again and retry.");
			break;
		case 404:
			title = _("There is no such page");
			text = _("It may have been moved or deleted.");
			break;
		case 405:
			title = _("Not allowed");
			text = _("Go back and try again.");
			break;
		case 413:
			title = _("Too large");
			text = _("What was sent is too large. Choose a smaller file.");
			break;
		case 503:
			title = _("Not available for a moment");
			text = _("The shop's database does not answer. Try again in a minute. A form that you sent can be sent again, it counts once.");
			break;
		default:
			title = _("Something went wrong");
			text = _("It has been noted. Nothing was changed.");
			break;
	}
	r->status = status;
	r->form_bad = false;
	page_begin(r, title);
	put(r, LIT("<p>"), MSG(text), LIT("</p><p><a href=\""), ATTR(r->user.role == ROLE_CLIENT ? "/me" : "/"), LIT("\">"),
		MSG(_("To the start")), LIT("</a></p>"));
	page_end(r);
}
