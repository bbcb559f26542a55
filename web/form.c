/* Forms: checking what was typed, and writing fields; see form.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "form.h"
#include "html.h"

/* The fields that every form of ours may bring. */
static const Field common_fields[] = {
	{"csrf", NULL, FIELD_HEX, 32, 32, 0, NULL, NULL},
	{"once", NULL, FIELD_HEX, 32, 32, 0, NULL, NULL},
	{0}
};

/* The field of a name in a table; of a FIELD_EACH the id behind the name too. */
static const Field *
find_field(const Field *fields, const char *name, long long *id)
{
	*id = 0;
	for (const Field *field = fields; field != NULL && field->name != NULL; field++)
	{
		size_t		len = strlen(field->name);

		if (!(field->flags & FIELD_EACH))
		{
			if (strcmp(field->name, name) == 0)
				return field;
		}
		else if (strncmp(field->name, name, len) == 0)
		{
			const char *digits = name + len;

			if (digits[0] >= '1' && digits[0] <= '9' && strspn(digits, "0123456789") == strlen(digits) &&
				strlen(digits) <= 18)
			{
				*id = strtoll(digits, NULL, 10);
				return field;
			}
		}
	}
	return NULL;
}

/* How many characters a text has; it is known to be UTF-8. */
static long long
characters(const char *text)
{
	long long	n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char) *text & 0xC0) != 0x80;
	return n;
}

/* Without white space at its ends, in which U+00A0, which phones like to put in, counts. */
static char *
trim(Request *r, const char *text)
{
	size_t		len;

	for (;;)
	{
		if (strchr(" \t\r\n", *text) != NULL && *text != '\0')
			text++;
		else if (strncmp(text, "\xC2\xA0", 2) == 0)
			text += 2;
		else
			break;
	}
	len = strlen(text);
	for (;;)
	{
		if (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
			len--;
		else if (len > 1 && memcmp(text + len - 2, "\xC2\xA0", 2) == 0)
			len -= 2;
		else
			break;
	}
	return arena_copy(&r->arena, text, len);
}

/* Text: no control characters, but line ends where there may be several lines. */
static const char *
check_text(Request *r, const Field *field, Value *value)
{
	char	   *text = trim(r, value->typed);
	char	   *to = text;
	long long	n;

	for (const char *p = text; *p != '\0'; p++)
	{
		unsigned char c = (unsigned char) *p;

		if (c == '\r' && field->type == FIELD_LINES)
			continue;
		if (c == 0x7F || (c < ' ' && !(c == '\n' && field->type == FIELD_LINES)))
			return say(r, _("Characters that cannot be read were typed."));
		*to++ = *p;
	}
	*to = '\0';
	n = characters(text);
	if (n < field->min)
		return say_part(r, COUNT(_("At least %1 character."), _("At least %1 characters."), field->min));
	if (n > field->max)
		return say_part(r, COUNT(_("At most %1 character."), _("At most %1 characters."), field->max));
	value->value = text;
	return NULL;
}

/* The bounds of a number in words. */
static const char *
check_bounds(Request *r, const Field *field, long double number)
{
	char		digits[32];
	const char *bound;

	if (number < (long double) field->min)
	{
		snprintf(digits, sizeof(digits), "%lld", field->min);
		bound = say_part(r, NUMBER(digits));
		return say_with(r, _("At least %1."), bound, NULL, NULL);
	}
	if (number > (long double) field->max)
	{
		snprintf(digits, sizeof(digits), "%lld", field->max);
		bound = say_part(r, NUMBER(digits));
		return say_with(r, _("At most %1."), bound, NULL, NULL);
	}
	return NULL;
}

/* A number as people type it: 12 500,50 or 12500.5; stored as 12500.50. */
static const char *
check_number(Request *r, const Field *field, Value *value)
{
	char	   *text = trim(r, value->typed);
	char	   *to = text;
	int			whole = 0,
				decimals = -1;

	for (const char *p = text; *p != '\0'; p++)
	{
		if (*p == ' ')
			continue;
		if (strncmp(p, "\xC2\xA0", 2) == 0)
		{
			p++;
			continue;
		}
		if (strncmp(p, "\xE2\x80\xAF", 3) == 0)
		{
			p += 2;
			continue;
		}
		if (*p == '-' && to == text)
			*to++ = '-';
		else if ((*p == '.' || *p == ',') && decimals < 0 && field->type == FIELD_NUMBER)
		{
			decimals = 0;
			*to++ = '.';
		}
		else if (*p >= '0' && *p <= '9')
		{
			if (decimals >= 0)
				decimals++;
			else
				whole++;
			*to++ = *p;
		}
		else
			return say(r, field->type == FIELD_NUMBER ? _("Type a number, such as 12 or 4,5.")
					   : _("Type a whole number, such as 12."));
	}
	*to = '\0';
	if (whole == 0 || whole > 15 || decimals == 0)
		return say(r, field->type == FIELD_NUMBER ? _("Type a number, such as 12 or 4,5.")
				   : _("Type a whole number, such as 12."));
	if (decimals > 3)
		return say(r, _("At most three decimals."));
	value->value = text;
	return check_bounds(r, field, strtold(text, NULL));
}

/* An id: digits alone. */
static const char *
check_id(Request *r, Value *value)
{
	size_t		len = strlen(value->typed);

	if (len == 0 || len > 18 || strspn(value->typed, "0123456789") != len || value->typed[0] == '0')
		return say(r, _("Choose one of the list."));
	value->value = value->typed;
	return NULL;
}

/* A phone number: of Congo without its country code, or of anywhere with one. */
static const char *
check_phone(Request *r, Value *value)
{
	char	   *digits = arena_alloc(&r->arena, strlen(value->typed) + 8);
	char	   *to = digits;
	const char *p = trim(r, value->typed);

	if (strncmp(p, "00", 2) == 0)
		p += 2, *to++ = '+';
	else if (*p == '+')
		p++, *to++ = '+';
	else if (*p == '0')
		p++, to = stpcpy(to, "+243");
	else if (strncmp(p, "243", 3) == 0)
		*to++ = '+';
	else
		to = stpcpy(to, "+243");
	for (; *p != '\0'; p++)
	{
		if (*p >= '0' && *p <= '9')
			*to++ = *p;
		else if (strchr(" .-/()", *p) == NULL && *p != '\xC2' && *p != '\xA0')
			return say(r, _("Type a phone number, such as 0997 123 456."));
	}
	if (strlen(digits) < 9 || strlen(digits) > 16)
		return say(r, _("Type a phone number, such as 0997 123 456."));
	value->value = digits;
	return NULL;
}

/* One of a few words. */
static const char *
check_choice(Request *r, const Field *field, Value *value)
{
	size_t		len = strlen(value->typed);
	const char *p = field->options;

	while (len > 0)
	{
		size_t		word = strcspn(p, "|");

		if (word == len && strncmp(p, value->typed, len) == 0)
		{
			value->value = value->typed;
			return NULL;
		}
		if (p[word] == '\0')
			break;
		p += word + 1;
	}
	return say(r, _("Choose one of the list."));
}

/* A date, by a date picker (2026-11-23) or typed (23/11/2026). */
static const char *
check_date(Request *r, Value *value)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned	year,
				month,
				day;
	int			end = 0;
	char		text[32];
	const char *typed = trim(r, value->typed);
	bool		leap;

	if (!(sscanf(typed, "%4u-%2u-%2u%n", &year, &month, &day, &end) == 3 && typed[end] == '\0') &&
		!(sscanf(typed, "%2u/%2u/%4u%n", &day, &month, &year, &end) == 3 && typed[end] == '\0'))
		return say(r, _("Type a date, such as 23/11/2026."));
	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (year < 1990 || year > 2199 || month < 1 || month > 12 || day < 1 || day > (unsigned) days[month - 1] ||
		(month == 2 && day == 29 && !leap))
		return say(r, _("Type a date, such as 23/11/2026."));
	snprintf(text, sizeof(text), "%04u-%02u-%02u", year, month, day);
	value->value = request_copy(r, text);
	return NULL;
}

/* A password: bytes, as many as one likes within reason, none of them changed. */
static const char *
check_password(Request *r, const Field *field, Value *value)
{
	if (characters(value->typed) < field->min)
		return say_part(r, COUNT(_("At least %1 character."), _("At least %1 characters."), field->min));
	if ((long long) value->len > field->max)
		return say_part(r, COUNT(_("At most %1 character."), _("At most %1 characters."), field->max));
	value->value = value->typed;
	return NULL;
}

/* A token or hash: hexadecimal digits. */
static const char *
check_hex(Request *r, const Field *field, Value *value)
{
	if ((long long) value->len != field->max || strspn(value->typed, "0123456789abcdef") != value->len)
		return say(r, _("Choose one of the list."));
	value->value = value->typed;
	return NULL;
}

/* An address of ours, to come back to: never one of another site. */
static const char *
check_path(Request *r, const Field *field, Value *value)
{
	const char *p = value->typed;

	if (p[0] != '/' || p[1] == '/' || p[1] == '\\' || (long long) value->len > field->max)
		return say(r, _("Choose one of the list."));
	for (; *p != '\0'; p++)
	{
		if (*p <= ' ' || *p == 0x7F || *p == '\\' || *p == '<' || *p == '"')
			return say(r, _("Choose one of the list."));
	}
	value->value = value->typed;
	return NULL;
}

/* Checks one value; returns what is wrong with it, or NULL. */
static const char *
check_value(Request *r, const Field *field, Value *value, const Pair *pair)
{
	value->len = pair->len;
	if (pair->is_file != (field->type == FIELD_FILE) && !(pair->is_file && pair->len == 0))
		return say(r, _("Choose a file."));
	if (pair->len == 0 || (field->type != FIELD_PASSWORD && field->type != FIELD_FILE &&
						   trim(r, value->typed)[0] == '\0'))
		return field->flags & FIELD_REQUIRED ? say(r, _("This is needed.")) : NULL;
	switch (field->type)
	{
		case FIELD_TEXT:
		case FIELD_LINES:
			return check_text(r, field, value);
		case FIELD_INTEGER:
		case FIELD_NUMBER:
			return check_number(r, field, value);
		case FIELD_ID:
			return check_id(r, value);
		case FIELD_PHONE:
			return check_phone(r, value);
		case FIELD_CHOICE:
			return check_choice(r, field, value);
		case FIELD_CHECK:
			value->value = "1";
			return strcmp(value->typed, "1") == 0 ? NULL : say(r, _("Choose one of the list."));
		case FIELD_DATE:
			return check_date(r, value);
		case FIELD_PASSWORD:
			return check_password(r, field, value);
		case FIELD_HEX:
			return check_hex(r, field, value);
		case FIELD_PATH:
			return check_path(r, field, value);
		case FIELD_FILE:
			if ((long long) pair->len > field->max)
				return say(r, _("This file is too large."));
			if ((long long) pair->len < field->min)
				return say(r, _("This file is empty or damaged."));
			value->value = value->typed;
			return NULL;
	}
	return NULL;
}

/* The value of a field, NULL when there was none. */
static Value *
find_value(Request *r, const char *name, long long id)
{
	for (Value *value = r->values; value != NULL; value = value->next)
	{
		if (strcmp(value->field->name, name) == 0 && value->id == id)
			return value;
	}
	return NULL;
}

/* Remembers a value, in the order of the form. */
static Value *
add_value(Request *r, const Field *field, long long id, const char *typed)
{
	Value	   *value = arena_alloc(&r->arena, sizeof(Value));
	Value	  **end = &r->values;

	value->field = field;
	value->id = id;
	value->typed = typed;
	while (*end != NULL)
		end = &(*end)->next;
	*end = value;
	return value;
}

/*
 * Checks what was sent against a table of fields. False: a field that the table does not have (where that
 * is strict, as in forms that change something), one that is there twice, or in an address a wrong one that is
 * not FIELD_TYPED: nobody types that, so there is nothing to explain beside a field. What is merely wrong is
 * noted with its value, and in r->form_bad.
 */
bool
form_check(Request *r, const Field *fields, const Pairs *pairs, bool strict)
{
	for (const Pair *pair = pairs->first; pair != NULL; pair = pair->next)
	{
		long long	id;
		const Field *field = find_field(fields, pair->name, &id);
		Value	   *value;

		if (field == NULL)
			field = find_field(strict ? common_fields : NULL, pair->name, &id);
		if (field == NULL && strict)
			return false;
		if (field == NULL)
			continue;
		if (find_value(r, field->name, id) != NULL)
			return false;
		value = add_value(r, field, id, pair->value);
		value->error = check_value(r, field, value, pair);
		if (value->error != NULL)
		{
			if (!strict && !(field->flags & FIELD_TYPED))
				return false;
			value->value = NULL;
			r->form_bad = true;
		}
	}
	for (const Field *field = fields; field != NULL && field->name != NULL; field++)
	{
		if ((field->flags & FIELD_REQUIRED) && !(field->flags & FIELD_EACH) && find_value(r, field->name, 0) == NULL)
		{
			if (!strict)
				return false;
			add_value(r, field, 0, "")->error = say(r, _("This is needed."));
			r->form_bad = true;
		}
	}
	return true;
}

/* A value that passed, "" when the field was left empty or not sent. */
const char *
form_value(Request *r, const char *name)
{
	Value	   *value = find_value(r, name, 0);

	return value != NULL && value->value != NULL ? value->value : "";
}

/* The same, NULL when it is empty: for statements. */
const char *
form_or_null(Request *r, const char *name)
{
	const char *value = form_value(r, name);

	return value[0] != '\0' ? value : NULL;
}

/* Was something good typed? */
bool
form_given(Request *r, const char *name)
{
	return form_value(r, name)[0] != '\0';
}

/* A file that was sent, NULL when there was none. */
const char *
form_file(Request *r, const char *name, size_t *len)
{
	Value	   *value = find_value(r, name, 0);

	if (value == NULL || value->value == NULL)
		return NULL;
	*len = value->len;
	return value->value;
}

/* The values of a FIELD_EACH one after the other, those that are not empty; begins with NULL. */
const Value *
form_each(Request *r, const char *name, const Value *after)
{
	const Value *value = after != NULL ? after->next : r->values;

	while (value != NULL && (strcmp(value->field->name, name) != 0 || value->value == NULL))
		value = value->next;
	return value;
}

/* Notes what is wrong with a field, in the user's language: the form is shown again with status 422. */
void
form_error(Request *r, const char *name, const char *text)
{
	Value	   *value = find_value(r, name, 0);

	if (value != NULL && value->error == NULL)
		value->error = text;
	else if (value == NULL && r->form_error == NULL)
		r->form_error = text;
	r->form_bad = true;
}

/* The same for one of a FIELD_EACH. */
void
form_error_each(Request *r, const char *name, long long id, const char *text)
{
	Value	   *value = find_value(r, name, id);

	if (value != NULL && value->error == NULL)
		value->error = text;
	r->form_bad = true;
}

/* The same for the form as a whole. */
void
form_error_all(Request *r, const char *text)
{
	if (r->form_error == NULL)
		r->form_error = text;
	r->form_bad = true;
}

/* The id of a field in the page: its name, with the id of a FIELD_EACH. */
static void
put_field_id(Request *r, const Field *field, long long id)
{
	put(r, ATTR(field->name));
	if (field->flags & FIELD_EACH)
		put(r, INT(id));
}

/* What stands at the top of a page after a form that was wrong: each error, leading to its field. */
void
form_errors(Request *r)
{
	if (!r->form_bad)
		return;
	put(r, LIT("<div class=\"note bad\" role=\"alert\"><h2>"), MSG(_("Please check what was typed")), LIT("</h2>"));
	if (r->form_error != NULL)
		put(r, LIT("<p>"), TEXT(r->form_error), LIT("</p>"));
	for (const Value *value = r->values; value != NULL; value = value->next)
	{
		if (value->error == NULL || value->field->label == NULL)
			continue;
		put(r, LIT("<p><a href=\"#"));
		put_field_id(r, value->field, value->id);
		put(r, LIT("\">"), MSG(value->field->label), LIT(": "), TEXT(value->error), LIT("</a></p>"));
	}
	put(r, LIT("</div>"));
}

/* Begins a form that changes something; it brings back who was given it, and is known when sent twice. */
static void
put_form_begin(Request *r, const char *action, bool files)
{
	put(r, LIT("<form method=\"post\" action=\""), ATTR(action), LIT("\""));
	if (files)
		put(r, LIT(" enctype=\"multipart/form-data\""));
	put(r, LIT("><input type=\"hidden\" name=\"csrf\" value=\""), ATTR(r->csrf), LIT("\">"));
	if (r->once != NULL)
		put(r, LIT("<input type=\"hidden\" name=\"once\" value=\""), ATTR(r->once), LIT("\">"));
}

/* Begins a form that changes something. */
void
form_begin(Request *r, const char *action)
{
	put_form_begin(r, action, false);
}

/* The same, for one with a file in it. */
void
form_begin_files(Request *r, const char *action)
{
	put_form_begin(r, action, true);
}

/* Begins a form that only looks for something. */
void
form_filter_begin(Request *r, const char *action)
{
	put(r, LIT("<form class=\"filter\" role=\"search\" action=\""), ATTR(action), LIT("\">"));
}

/* Its button and its end. */
void
form_end(Request *r, const char *button)
{
	put(r, LIT("<button type=\"submit\">"), MSG(button), LIT("</button></form>"));
}

/* A value that goes with the form. */
void
form_hidden(Request *r, const char *name, const char *value)
{
	put(r, LIT("<input type=\"hidden\" name=\""), ATTR(name), LIT("\" value=\""), ATTR(value), LIT("\">"));
}

/* The field of the page's form, or of its address, with that name. */
static const Field *
page_field(Request *r, const char *name)
{
	long long	id;
	const Field *field = find_field(r->page->form, name, &id);

	return field != NULL ? field : find_field(r->page->query, name, &id);
}

/* The label, the hint and the error of a field, and what ties them to it. */
static void
put_label(Request *r, const Field *field, const Value *value)
{
	put(r, LIT("<label for=\""), ATTR(field->name), LIT("\">"), MSG(field->label));
	if (field->hint != NULL)
		put(r, LIT(" <small>"), MSG(field->hint), LIT("</small>"));
	put(r, LIT("</label>"));
	if (value != NULL && value->error != NULL)
		put(r, LIT("<p class=\"error\" id=\""), ATTR(field->name), LIT("-error\">"), TEXT(value->error), LIT("</p>"));
}

/* The attributes that every control has. */
static void
put_control(Request *r, const Field *field, const Value *value)
{
	put(r, LIT(" id=\""), ATTR(field->name), LIT("\" name=\""), ATTR(field->name), LIT("\""));
	if (field->flags & FIELD_REQUIRED)
		put(r, LIT(" required"));
	if (value != NULL && value->error != NULL)
		put(r, LIT(" aria-invalid=\"true\" aria-describedby=\""), ATTR(field->name), LIT("-error\""));
}

/* What a control holds: what was typed, else what the page says. */
static const char *
shown(const Value *value, const char *fallback)
{
	return value != NULL && value->typed != NULL ? value->typed : fallback != NULL ? fallback : "";
}

/* The kind of keyboard and of help that a field asks the phone for. */
static void
put_input_type(Request *r, const Field *field)
{
	switch (field->type)
	{
		case FIELD_INTEGER:
			put(r, LIT(" type=\"text\" inputmode=\"numeric\" autocomplete=\"off\""));
			break;
		case FIELD_NUMBER:
			put(r, LIT(" type=\"text\" inputmode=\"decimal\" autocomplete=\"off\""));
			break;
		case FIELD_PHONE:
			put(r, LIT(" type=\"tel\" autocomplete=\"off\""));
			break;
		case FIELD_DATE:
			put(r, LIT(" type=\"date\""));
			break;
		case FIELD_PASSWORD:
			put(r, LIT(" type=\"password\" autocomplete=\""), ATTR(field->options), LIT("\""));
			break;
		case FIELD_FILE:
			put(r, LIT(" type=\"file\" accept=\""), ATTR(field->options), LIT("\""));
			break;
		default:
			put(r, LIT(" type=\"text\" maxlength=\""), INT(field->max), LIT("\""));
			if (field->options != NULL)
				put(r, LIT(" autocomplete=\""), ATTR(field->options), LIT("\""));
			break;
	}
}

/* A field with its label: a line to type in, several lines, or a box to tick. */
void
form_field(Request *r, const char *name, const char *value)
{
	const Field *field = page_field(r, name);
	const Value *sent = find_value(r, name, 0);

	if (field->type == FIELD_CHECK)
	{
		bool		ticked = r->method == METHOD_POST ? sent != NULL && sent->value != NULL : value != NULL && value[0] == 't';

		put(r, LIT("<label class=\"check\"><input type=\"checkbox\" value=\"1\""));
		put_control(r, field, sent);
		if (ticked)
			put(r, LIT(" checked"));
		put(r, LIT("> "), MSG(field->label), LIT("</label>"));
		return;
	}
	put_label(r, field, sent);
	if (field->type == FIELD_LINES)
	{
		put(r, LIT("<textarea rows=\"3\" maxlength=\""), INT(field->max), LIT("\""));
		put_control(r, field, sent);
		put(r, LIT(">\n"), TEXT(shown(sent, value)), LIT("</textarea>"));
		return;
	}
	put(r, LIT("<input"));
	put_control(r, field, sent);
	put_input_type(r, field);
	if (field->type != FIELD_PASSWORD && field->type != FIELD_FILE)
		put(r, LIT(" value=\""), ATTR(shown(sent, value)), LIT("\""));
	put(r, LIT(">"));
}

/*
 * One of a FIELD_EACH, in a row of a table that shows what it is about; label is the name of that, for those
 * who do not see the row.
 */
void
form_each_field(Request *r, const char *name, long long id, const char *label, const char *value)
{
	const Field *field = page_field(r, request_join(r, name, "1", NULL));
	const Value *sent = find_value(r, name, id);
	bool		wrong = sent != NULL && sent->error != NULL;

	put(r, LIT("<input class=\"each\" id=\""));
	put_field_id(r, field, id);
	put(r, LIT("\" name=\""));
	put_field_id(r, field, id);
	put(r, LIT("\" aria-label=\""), MSG(field->label), LIT(", "), ATTR(label), LIT("\""));
	put_input_type(r, field);
	put(r, LIT(" value=\""), ATTR(shown(sent, value)), LIT("\""));
	if (wrong)
	{
		put(r, LIT(" aria-invalid=\"true\" aria-describedby=\""));
		put_field_id(r, field, id);
		put(r, LIT("-error\""));
	}
	put(r, LIT(">"));
	if (wrong)
	{
		put(r, LIT("<p class=\"error\" id=\""));
		put_field_id(r, field, id);
		put(r, LIT("-error\">"), TEXT(sent->error), LIT("</p>"));
	}
}

/* One choice of a list. */
static void
put_option(Request *r, const char *value, size_t len, const char *chosen, const char *label)
{
	char	   *copy = arena_copy(&r->arena, value, len);

	put(r, LIT("<option value=\""), ATTR(copy), LIT("\""));
	if (strcmp(copy, chosen) == 0)
		put(r, LIT(" selected"));
	put(r, LIT(">"), TEXT(label), LIT("</option>"));
}

/* A list of the words of a FIELD_CHOICE; labels are messages, in the order of its options. */
void
form_select(Request *r, const char *name, const char *value, const char *const *labels)
{
	const Field *field = page_field(r, name);
	const Value *sent = find_value(r, name, 0);
	const char *p = field->options;

	put_label(r, field, sent);
	put(r, LIT("<select"));
	put_control(r, field, sent);
	put(r, LIT(">"));
	for (int i = 0;; i++)
	{
		size_t		len = strcspn(p, "|");

		put_option(r, p, len, shown(sent, value), say(r, labels[i]));
		if (p[len] == '\0')
			break;
		p += len + 1;
	}
	put(r, LIT("</select>"));
}

/* A list of rows of the database, id and name; before them an empty choice with a label, unless NULL. */
void
form_select_rows(Request *r, const char *name, const char *value, const char *empty, const void *rows)
{
	const Field *field = page_field(r, name);
	const Value *sent = find_value(r, name, 0);

	put_label(r, field, sent);
	put(r, LIT("<select"));
	put_control(r, field, sent);
	put(r, LIT(">"));
	if (empty != NULL)
		put_option(r, "", 0, shown(sent, value), say(r, empty));
	for (int i = 0; i < rows_count(rows); i++)
		put_option(r, cell(rows, i, 0), strlen(cell(rows, i, 0)), shown(sent, value), cell(rows, i, 1));
	put(r, LIT("</select>"));
}
