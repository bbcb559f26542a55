/*
 * Bounded parsers of what a browser sends: query, form, cookies, Accept-Language; see http.h. Forms with
 * files are in multipart.c.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"
#include "http_pairs.h"

/* The value of a hexadecimal digit, -1 for anything else. */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Is this valid UTF-8 (no overlong form, no surrogate, nothing beyond U+10FFFF) without NUL? What is not
 * would be refused by the database, with an error that is nobody's fault but the sender's.
 */
bool
http_is_utf8(const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *) bytes;
	const unsigned char *end = p + len;

	while (p < end)
	{
		int			more;
		uint32_t	code;

		if (*p == 0)
			return false;
		if (*p < 0x80)
		{
			p++;
			continue;
		}
		if (*p >= 0xC2 && *p <= 0xDF)
			more = 1, code = *p & 0x1F;
		else if (*p >= 0xE0 && *p <= 0xEF)
			more = 2, code = *p & 0x0F;
		else if (*p >= 0xF0 && *p <= 0xF4)
			more = 3, code = *p & 0x07;
		else
			return false;
		if (end - p <= more)
			return false;
		for (int i = 1; i <= more; i++)
		{
			if ((p[i] & 0xC0) != 0x80)
				return false;
			code = code << 6 | (p[i] & 0x3F);
		}
		if ((more == 2 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) ||
			(more == 3 && (code < 0x10000 || code > 0x10FFFF)))
			return false;
		p += more + 1;
	}
	return true;
}

/* Adds a pair; false when there are too many. */
bool
http_add_pair(Arena *arena, Pairs *pairs, const char *name, const char *value, size_t len, bool is_file)
{
	Pair	   *pair;

	if (pairs->count >= HTTP_MAX_PAIRS)
		return false;
	pair = arena_alloc(arena, sizeof(Pair));
	pair->name = name;
	pair->value = value;
	pair->len = len;
	pair->is_file = is_file;
	if (pairs->last != NULL)
		pairs->last->next = pair;
	else
		pairs->first = pair;
	pairs->last = pair;
	pairs->count++;
	return true;
}

/* Decodes %41 and +; NULL when that gives no valid text. */
static char *
url_decode(Arena *arena, const char *bytes, size_t len)
{
	char	   *text = arena_alloc(arena, len + 1);
	size_t		n = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (bytes[i] == '%')
		{
			int			high,
						low;

			if (len - i < 3 || (high = hex_digit(bytes[i + 1])) < 0 || (low = hex_digit(bytes[i + 2])) < 0)
				return NULL;
			text[n++] = (char) (high << 4 | low);
			i += 2;
		}
		else
			text[n++] = bytes[i] == '+' ? ' ' : bytes[i];
	}
	return http_is_utf8(text, n) ? text : NULL;
}

/* Takes apart application/x-www-form-urlencoded: a query, or the body of a form. */
bool
http_parse_form(Arena *arena, const char *bytes, size_t len, Pairs *pairs)
{
	const char *end = bytes + len;

	while (bytes < end)
	{
		const char *stop = memchr(bytes, '&', (size_t) (end - bytes));
		const char *equals;
		char	   *name,
				   *value;

		if (stop == NULL)
			stop = end;
		if (stop > bytes)
		{
			equals = memchr(bytes, '=', (size_t) (stop - bytes));
			name = url_decode(arena, bytes, (size_t) ((equals != NULL ? equals : stop) - bytes));
			value = equals != NULL ? url_decode(arena, equals + 1, (size_t) (stop - equals - 1)) : "";
			if (name == NULL || value == NULL || !http_add_pair(arena, pairs, name, value, strlen(value), false))
				return false;
		}
		if (stop == end)
			break;
		bytes = stop + 1;
	}
	return true;
}

/*
 * Takes apart the header Cookie. Of a cookie that is there twice the first counts, as the browser puts the
 * one of the longest path first; broken ones, which other programs of the host may have set, are left out.
 */
bool
http_parse_cookies(Arena *arena, const char *header, Pairs *pairs)
{
	const char *p = header;

	if (strlen(header) > HTTP_MAX_COOKIES)
		return false;
	while (*p != '\0')
	{
		const char *stop = strchrnul(p, ';');
		const char *equals = memchr(p, '=', (size_t) (stop - p));

		while (p < stop && (*p == ' ' || *p == '\t'))
			p++;
		if (equals != NULL && equals > p && http_is_utf8(p, (size_t) (stop - p)))
		{
			char	   *name = arena_copy(arena, p, (size_t) (equals - p));
			char	   *value = arena_copy(arena, equals + 1, (size_t) (stop - equals - 1));

			if (http_pair(pairs, name) == NULL &&
				!http_add_pair(arena, pairs, name, value, strlen(value), false))
				return false;
		}
		if (*stop == '\0')
			break;
		p = stop + 1;
	}
	return true;
}

/* The weight behind ";q=" in thousandths; 1000 without one, -1 when it is none. */
static int
language_weight(const char *p, const char *stop)
{
	int			weight = 0,
				unit = 1000;

	while (p < stop && (*p == ' ' || *p == '\t' || *p == ';'))
		p++;
	if (p == stop)
		return 1000;
	if (stop - p < 3 || (*p != 'q' && *p != 'Q') || p[1] != '=')
		return -1;
	for (p += 2; p < stop && *p != ' '; p++)
	{
		if (*p == '.')
			continue;
		if (*p < '0' || *p > '9' || unit == 0)
			return -1;
		weight += (*p - '0') * unit;
		unit /= 10;
	}
	return weight <= 1000 ? weight : -1;
}

/*
 * Which of our languages the header Accept-Language wants most, -1 when none: "sw-CD, fr;q=0.8". A region
 * is ignored, of equal weights the first counts.
 */
int
http_pick_language(const char *header, const char *const *languages, int count)
{
	int			best = -1,
				best_weight = 0,
				seen = 0;
	const char *p = header;

	while (*p != '\0' && seen++ < 20)
	{
		const char *stop = strchrnul(p, ',');
		const char *word;
		size_t		len;

		while (p < stop && (*p == ' ' || *p == '\t'))
			p++;
		word = p;
		while (p < stop && *p != ';' && *p != '-' && *p != ' ')
			p++;
		len = (size_t) (p - word);
		while (p < stop && *p != ';')
			p++;
		for (int i = 0; i < count; i++)
		{
			if (strlen(languages[i]) == len && strncasecmp(languages[i], word, len) == 0)
			{
				int			weight = language_weight(p, stop);

				if (weight > best_weight)
				{
					best = i;
					best_weight = weight;
				}
			}
		}
		if (*stop == '\0')
			break;
		p = stop + 1;
	}
	return best;
}

/* The value of a name, NULL when it is not there. */
const char *
http_pair(const Pairs *pairs, const char *name)
{
	for (const Pair *pair = pairs->first; pair != NULL; pair = pair->next)
	{
		if (strcmp(pair->name, name) == 0)
			return pair->value;
	}
	return NULL;
}

/* Reads CONTENT_LENGTH: digits alone, no more than max. */
bool
http_parse_length(const char *text, size_t max, size_t *length)
{
	size_t		n = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
	{
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (size_t) (*text - '0');
		if (n > max)
			return false;
	}
	*length = n;
	return true;
}
