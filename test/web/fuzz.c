/*
 * Feeds bytes to the parsers and writers of the web front, for a fuzzer: libFuzzer, or mutate.c beside this file.
 * The first byte chooses which. What they promise is checked, what they do wrong in memory the sanitizers tell.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../web/csv.h"
#include "../../web/html.h"
#include "../../web/http.h"
#include "../../web/img.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run: a promise was not kept. */
static void
promise(bool kept, const char *what)
{
	if (!kept)
	{
		fprintf(stderr, "not kept: %s\n", what);
		abort();
	}
}

/* What came out of a parser: valid text, within what went in. */
static void
check_pairs(const Pairs *pairs, size_t size)
{
	int			count = 0;
	size_t		total = 0;

	for (const Pair *pair = pairs->first; pair != NULL; pair = pair->next)
	{
		promise(http_is_utf8(pair->name, strlen(pair->name)), "a name is UTF-8");
		promise(pair->is_file || http_is_utf8(pair->value, pair->len), "a value is UTF-8");
		promise(pair->is_file || strlen(pair->value) == pair->len, "a value has its length");
		total += strlen(pair->name) + pair->len;
		count++;
	}
	promise(count == pairs->count && count <= HTTP_MAX_PAIRS, "the pairs are counted");
	promise(total <= size, "nothing comes out that did not go in");
}

/* What a writer makes of a text has none of the signs that mean something there. */
static void
check_writers(const char *text)
{
	Buf			buf = {0};

	buf_add(&buf, "", 0);
	html_text(&buf, text);
	promise(strpbrk(buf.data, "<>\"'") == NULL, "text is text");
	buf_clear(&buf);
	buf_add(&buf, "", 0);
	html_attribute(&buf, text);
	promise(strpbrk(buf.data, "<>\"'\n") == NULL, "an attribute stays in its quotes");
	buf_clear(&buf);
	buf_add(&buf, "", 0);
	html_url(&buf, text);
	promise(strspn(buf.data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") == buf.len,
			"an address has no other signs");
	buf_clear(&buf);
	buf_add(&buf, "", 0);
	csv_cell(&buf, text);
	promise(buf.len == 0 || strchr("=+@\t\r", buf.data[0]) == NULL, "a cell is no formula");
	buf_free(&buf);
}

/* A table has no more than it may, and all of it is text. */
static void
check_table(Arena *arena, const char *text, size_t size)
{
	Csv			csv;
	size_t		total = 0;

	if (!csv_parse(arena, text, size, &csv))
		return;
	promise(csv.count <= CSV_ROWS, "a table has so many rows at most");
	for (int i = 0; i < csv.count; i++)
	{
		promise(csv.rows[i].count >= 1 && csv.rows[i].count <= CSV_COLUMNS, "a row has so many cells at most");
		for (int j = 0; j < CSV_COLUMNS; j++)
		{
			promise(http_is_utf8(csv.rows[i].cells[j], strlen(csv.rows[i].cells[j])), "a cell is UTF-8");
			total += strlen(csv.rows[i].cells[j]);
		}
	}
	promise(total <= 3 * size, "nothing comes out of a table that did not go in");
}

/* One input. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const languages[] = {"fr", "en", "sw"};
	Arena		arena = {0};
	Pairs		pairs = {0};
	char	   *text;

	if (size < 1 || size > 100000)
		return 0;
	text = arena_copy(&arena, (const char *) data + 1, size - 1);
	switch (data[0] % 8)
	{
		case 0:
			if (http_parse_form(&arena, text, size - 1, &pairs))
				check_pairs(&pairs, size);
			break;
		case 1:
			if (http_parse_cookies(&arena, text, &pairs))
				check_pairs(&pairs, size);
			break;
		case 2:
			{
				int			best = http_pick_language(text, languages, 3);

				promise(best >= -1 && best < 3, "a language is one of ours");
				break;
			}
		case 3:
			if (http_parse_multipart(&arena, "multipart/form-data; boundary=B", text, size - 1, &pairs))
				check_pairs(&pairs, size);
			break;
		case 4:
			{
				/* The type of the content is the sender's too: the first line of the input. */
				char	   *line = strchrnul(text, '\n');

				if (*line == '\n')
				{
					*line++ = '\0';
					http_parse_multipart(&arena, text, line, size - 1 - (size_t) (line - text), &pairs);
				}
				break;
			}
		case 5:
			check_writers(text);
			break;
		case 6:
			{
				Image		image = {0},
							small = {0};

				if (image_read(&arena, text, size - 1, 64, &image) == NULL)
				{
					image_shrink(&arena, &image, 64, &small);
					promise(small.width <= 64 && small.height <= 64, "a picture becomes small");
				}
				break;
			}
		case 7:
			check_table(&arena, text, size - 1);
			break;
	}
	arena_free(&arena);
	return 0;
}
