/* Tables as spreadsheets write them; see csv.h. */
#include <string.h>

#include "csv.h"
#include "http.h"

/* What Windows has where Latin-1 has nothing. */
static const unsigned short windows[32] = {
	0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
	0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178
};

/* The text as UTF-8: what is none is from an old spreadsheet, which writes as Windows does. */
static char *
to_utf8(Arena *arena, const char *bytes, size_t len)
{
	char	   *text;
	char	   *to;

	if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
	{
		bytes += 3;
		len -= 3;
	}
	if (http_is_utf8(bytes, len))
		return arena_copy(arena, bytes, len);
	text = to = arena_alloc(arena, 3 * len + 1);
	for (size_t i = 0; i < len; i++)
	{
		unsigned	c = (unsigned char) bytes[i];

		if (c >= 0x80 && c < 0xA0)
			c = windows[c - 0x80];
		if (c >= 0x800)
		{
			*to++ = (char) (0xE0 | c >> 12);
			*to++ = (char) (0x80 | (c >> 6 & 0x3F));
			*to++ = (char) (0x80 | (c & 0x3F));
		}
		else if (c >= 0x80)
		{
			*to++ = (char) (0xC0 | c >> 6);
			*to++ = (char) (0x80 | (c & 0x3F));
		}
		else
			*to++ = (char) c;
	}
	*to = '\0';
	return text;
}

/* What stands between cells: whichever of the three the first line has most of. */
static char
find_separator(const char *text)
{
	static const char candidates[] = ";,\t";
	char		best = ';';
	int			most = 0;

	for (const char *candidate = candidates; *candidate != '\0'; candidate++)
	{
		int			count = 0;

		for (const char *p = text; *p != '\0' && *p != '\n' && *p != '\r'; p++)
			count += *p == *candidate;
		if (count > most)
		{
			most = count;
			best = *candidate;
		}
	}
	return best;
}

/*
 * Reads a cell, which is written back to where it stood. Returns what is behind it, NULL when its quotes do not
 * end or something follows them.
 */
static char *
read_cell(char *p, char separator, const char **cell, int *line)
{
	char	   *to = p;

	*cell = p;
	if (*p != '"')
	{
		p += strcspn(p, (char[]) {separator, '\r', '\n', '\0'});
		return p;
	}
	for (p++;; p++)
	{
		if (*p == '\0')
			return NULL;
		if (*p == '"' && *++p != '"')
			break;
		*line += *p == '\n';
		*to++ = *p;
	}
	if (*p != separator && *p != '\r' && *p != '\n' && *p != '\0')
		return NULL;
	/* the quotes have left room for the end; what is behind it is read by p */
	*to = '\0';
	return p;
}

/* Takes a file apart. False: it is no such table, or larger than a shop's may be. */
bool
csv_parse(Arena *arena, const char *bytes, size_t len, Csv *csv)
{
	char	   *p;
	char		separator;
	int			line = 1;

	if (memchr(bytes, '\0', len) != NULL)
		return false;
	p = to_utf8(arena, bytes, len);
	separator = find_separator(p);
	csv->rows = arena_alloc(arena, CSV_ROWS * sizeof(CsvRow));
	csv->count = 0;
	while (*p != '\0')
	{
		CsvRow		row = {.line = line};
		bool		empty = true;

		for (;;)
		{
			char		end;

			if (row.count == CSV_COLUMNS)
				return false;
			p = read_cell(p, separator, &row.cells[row.count], &line);
			if (p == NULL)
				return false;
			end = *p;
			*p = '\0';
			empty = empty && row.cells[row.count][0] == '\0';
			row.count++;
			if (end != separator)
			{
				if (end == '\0')
					break;
				p++;
				if (end == '\r' && *p == '\n')
					p++;
				line++;
				break;
			}
			p++;
		}
		for (int i = row.count; i < CSV_COLUMNS; i++)
			row.cells[i] = "";
		if (empty)
			continue;
		if (csv->count == CSV_ROWS)
			return false;
		csv->rows[csv->count++] = row;
	}
	return true;
}
