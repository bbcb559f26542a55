/* Forms: checking what was typed; see form.h. The fields are written by form_html.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "form.h"
#include "html.h"

/* The fields that every form of ours may bring. */
static const Field common_fields[] = {
	{"csrf", NULL, FIELD_HEX, 32, 32, 0, NULL, NULL},
	{"once", NULL, FIELD_HEX, 32, 32, 0, NULL, NULL},
	{0}
};

/* The field of a name in a table; of a FIELD_EACH the id behind the name too. */
const Field *
form_find_field(const Field *fields, const char *name, long long *id)
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

/* Checks what no form has brought, such as a cell of a table; value: what is good in it, "" when it is empty. */
const char *
form_check_cell(Request *r, const Field *field, const char *typed, const char **value)
{
	Value		checked = {.field = field, .typed = typed};
	Pair		pair = {.name = field->name, .value = typed, .len = strlen(typed)};
	const char *error = check_value(r, field, &checked, &pair);

	*value = error == NULL && checked.value != NULL ? checked.value : "";
	return error;
}

/* The value of a field, NULL when there was none. */
Value *
form_find_value(Request *r, const char *name, long long id)
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
		const Field *field = form_find_field(fields, pair->name, &id);
		Value	   *value;

		if (field == NULL)
			field = form_find_field(strict ? common_fields : NULL, pair->name, &id);
		if (field == NULL && strict)
			return false;
		if (field == NULL)
			continue;
		if (form_find_value(r, field->name, id) != NULL)
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
		if ((field->flags & FIELD_REQUIRED) && !(field->flags & FIELD_EACH) && form_find_value(r, field->name, 0) == NULL)
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
	Value	   *value = form_find_value(r, name, 0);

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

/*
 * What was typed into the fields of these names (NULL ends them) as the rest of an address, with "&" at its
 * end; without one of them, to take that away, or none ("").
 */
const char *
form_params(Request *r, const char *const *names, const char *without)
{
	Buf			buf = {0};
	char	   *params;

	for (; *names != NULL; names++)
	{
		if (!form_given(r, *names) || strcmp(*names, without) == 0)
			continue;
		buf_puts(&buf, *names);
		buf_byte(&buf, '=');
		html_url(&buf, form_value(r, *names));
		buf_byte(&buf, '&');
	}
	params = arena_copy(&r->arena, buf.data != NULL ? buf.data : "", buf.len);
	buf_free(&buf);
	return params;
}

/* A file that was sent, NULL when there was none. */
const char *
form_file(Request *r, const char *name, size_t *len)
{
	Value	   *value = form_find_value(r, name, 0);

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
	Value	   *value = form_find_value(r, name, 0);

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
	Value	   *value = form_find_value(r, name, id);

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
