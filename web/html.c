/* The only writer of pages, see html.h; and how numbers, money and dates are written in each language. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "units.h"

/* What the writing of numbers differs in. U+202F is a thin space at which no line ends. */
static const struct
{
	const char *thousands;
	const char *point;
}			number_style[LANGUAGES] = {
	[LANGUAGE_FR] = {"\xE2\x80\xAF", ","},
	[LANGUAGE_EN] = {",", "."},
	[LANGUAGE_SW] = {"\xE2\x80\xAF", ","},	/* as Congo writes numbers in any language */
};

static const char *const english_months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Text between tags. */
void
html_text(Buf *buf, const char *text)
{
	for (;;)
	{
		size_t		plain = strcspn(text, "&<>\"'");

		buf_add(buf, text, plain);
		text += plain;
		switch (*text++)
		{
			case '\0':
				return;
			case '&':
				buf_puts(buf, "&amp;");
				break;
			case '<':
				buf_puts(buf, "&lt;");
				break;
			case '>':
				buf_puts(buf, "&gt;");
				break;
			case '"':
				buf_puts(buf, "&quot;");
				break;
			default:
				buf_puts(buf, "&#39;");
		}
	}
}

/* The value of an attribute, which always stands in double quotes; line ends survive in it. */
void
html_attribute(Buf *buf, const char *text)
{
	char		piece[2] = {0};

	for (; *text != '\0'; text++)
	{
		if (*text == '\n')
			buf_puts(buf, "&#10;");
		else
		{
			piece[0] = *text;
			html_text(buf, piece);
		}
	}
}

/* A value in the query of an address. */
void
html_url(Buf *buf, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text != '\0'; text++)
	{
		unsigned char c = (unsigned char) *text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c) != NULL)
			buf_byte(buf, (char) c);
		else
		{
			buf_byte(buf, '%');
			buf_byte(buf, digits[c >> 4]);
			buf_byte(buf, digits[c & 15]);
		}
	}
}

/*
 * A cell of a CSV file. One that a spreadsheet would take for a formula gets an apostrophe in front; a number
 * below zero is no formula.
 */
void
csv_cell(Buf *buf, const char *text)
{
	bool		number = text[0] == '-' && text[1] != '\0' && text[1 + strspn(text + 1, "0123456789.")] == '\0';

	if (text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL && !number)
	{
		buf_puts(buf, "\"'");
	}
	else if (text[strcspn(text, "\",;\r\n")] == '\0')
	{
		buf_puts(buf, text);
		return;
	}
	else
		buf_byte(buf, '"');
	for (; *text != '\0'; text++)
	{
		if (*text == '"')
			buf_byte(buf, '"');
		buf_byte(buf, *text);
	}
	buf_byte(buf, '"');
}

/*
 * A number as PostgreSQL writes it (-12500.50) as people do: -12 500,5. With decimals, that many; without (-1),
 * as many as say something. Anything that is no plain number stays as it is.
 */
static void
put_number(Buf *buf, Language language, const char *text, int decimals)
{
	char		rounded[64];
	const char *digits = text,
			   *point;
	size_t		whole,
				fraction;

	if (decimals >= 0 && text[strspn(text, "+-.0123456789eE")] == '\0' && text[0] != '\0')
	{
		/* Half a franc is rounded away from nothing, as people do, whatever its neighbour in binary. */
		snprintf(rounded, sizeof(rounded), "%.*f", decimals > 9 ? 9 : decimals, strtod(text, NULL) * (1 + 1e-13));
		text = digits = rounded;
	}
	if (*digits == '-')
	{
		digits++;
	}
	whole = strspn(digits, "0123456789");
	point = digits + whole;
	fraction = *point == '.' ? strspn(point + 1, "0123456789") : 0;
	if (whole == 0 || point[fraction > 0 ? fraction + 1 : 0] != '\0')
	{
		html_text(buf, text);
		return;
	}
	if (decimals < 0)
	{
		while (fraction > 0 && point[fraction] == '0')
			fraction--;
	}
	/* A minus before something that was rounded to nothing would be odd. */
	if (digits != text && strspn(digits, "0.") != strlen(digits))
		buf_puts(buf, "\xE2\x88\x92");
	for (size_t i = 0; i < whole; i++)
	{
		if (i > 0 && (whole - i) % 3 == 0)
			buf_puts(buf, number_style[language].thousands);
		buf_byte(buf, digits[i]);
	}
	if (fraction > 0)
	{
		buf_puts(buf, number_style[language].point);
		buf_add(buf, point + 1, fraction);
	}
}

/* An amount: francs have no cents in everyday life, other currencies two places. */
static void
put_money(Buf *buf, Language language, const char *amount, const char *currency)
{
	bool		francs = strcmp(currency, "CDF") == 0;

	if (amount[0] == '\0')
		return;
	put_number(buf, language, amount, francs ? 0 : 2);
	buf_puts(buf, "\xC2\xA0");
	html_text(buf, francs ? "FC" : strcmp(currency, "USD") == 0 ? "$" : currency);
}

/* A date "2026-11-23", maybe with a time behind it, "2026-11-23 08:30:00+02". */
static void
put_date(Buf *buf, Language language, const char *text, bool time)
{
	int			month = (int) strtol(strnlen(text, 8) >= 8 ? text + 5 : "0", NULL, 10);

	if (strnlen(text, 10) < 10 || text[4] != '-' || text[7] != '-' || month < 1 || month > 12)
	{
		html_text(buf, text);
		return;
	}
	buf_add(buf, text + 8, 2);
	if (language == LANGUAGE_EN)
	{
		buf_byte(buf, ' ');
		buf_puts(buf, english_months[month - 1]);
		buf_byte(buf, ' ');
	}
	else
	{
		buf_byte(buf, '/');
		buf_add(buf, text + 5, 2);
		buf_byte(buf, '/');
	}
	buf_add(buf, text, 4);
	if (time && strnlen(text, 16) == 16)
	{
		buf_puts(buf, "\xC2\xA0");
		buf_add(buf, text + 11, 5);
	}
}

/* A message with its values in place of %1, %2, %3; escaped as text when asked for. */
static void
put_message(Buf *buf, const char *text, const char *const args[3], bool escape)
{
	char		piece[2] = {0};

	for (; *text != '\0'; text++)
	{
		const char *value;

		if (text[0] == '%' && text[1] >= '1' && text[1] <= '3')
			value = args[*++text - '1'] != NULL ? args[*text - '1'] : "";
		else
		{
			piece[0] = *text;
			value = piece;
		}
		if (escape)
			html_text(buf, value);
		else
			buf_puts(buf, value);
	}
}

/* The form of a counted message: one, or many. Zero is one in French, many in the others. */
static const char *
count_form(Language language, const Part *part)
{
	bool		one = language == LANGUAGE_FR ? part->number < 2 && part->number > -2 : part->number == 1;

	return message(language, part->args[one ? 0 : 1]);
}

/* Writes one part. */
static void
put_part(Buf *buf, Request *r, const Part *part, bool escape)
{
	char		digits[32];
	Buf			number = {0};
	const char *text = part->text != NULL ? part->text : "";

	switch (part->kind)
	{
		case PART_LITERAL:
			buf_puts(buf, text);
			break;
		case PART_TEXT:
			html_text(buf, text);
			break;
		case PART_ATTRIBUTE:
			html_attribute(buf, text);
			break;
		case PART_URL:
			html_url(buf, text);
			break;
		case PART_INTEGER:
			snprintf(digits, sizeof(digits), "%lld", part->number);
			buf_puts(buf, digits);
			break;
		case PART_MESSAGE:
			put_message(buf, message(r->language, text), part->args, escape);
			break;
		case PART_COUNT:
			snprintf(digits, sizeof(digits), "%lld", part->number);
			put_number(&number, r->language, digits, 0);
			put_message(buf, count_form(r->language, part), (const char *const[3]) {number.data}, escape);
			buf_free(&number);
			break;
		case PART_NUMBER:
			put_number(buf, r->language, text, (int) part->number);
			break;
		case PART_UNIT:
			text = unit_word(&r->arena, r->language, text, part->args[0]);
			if (escape)
				html_text(buf, text);
			else
				buf_puts(buf, text);
			break;
		case PART_MONEY:
			put_money(buf, r->language, text, r->shop.currency);
			break;
		case PART_DOLLARS:
			put_money(buf, r->language, text, "USD");
			break;
		case PART_DATE:
		case PART_TIME:
			put_date(buf, r->language, text, part->kind == PART_TIME);
			break;
	}
}

/* Writes parts to the page. */
void
put_parts(Request *r, const Part *parts, int count)
{
	for (int i = 0; i < count; i++)
		put_part(&r->out, r, &parts[i], true);
}

/* A message as a string, not escaped. */
const char *
say(Request *r, const char *id)
{
	return message(r->language, id);
}

/* The same with values for %1, %2, %3, any of which may be NULL. */
const char *
say_with(Request *r, const char *id, const char *a, const char *b, const char *c)
{
	return say_part(r, MSG(id, a, b, c));
}

/* A part as a string: numbers, amounts, dates and messages for plain text and for places in messages. */
const char *
say_part(Request *r, Part part)
{
	Buf			buf = {0};
	char	   *text;

	put_part(&buf, r, &part, false);
	text = arena_copy(&r->arena, buf.data != NULL ? buf.data : "", buf.len);
	buf_free(&buf);
	return text;
}
