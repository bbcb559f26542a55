/*
 * Takes apart multipart/form-data (RFC 7578), the form that brings a file: a picture, a CSV file.
 *
 * The body is read as a whole before, so this works on one piece of memory. Of the headers of a part only
 * Content-Disposition matters; the file name says that the part is a file and is not kept: names of ours are
 * never made from it. The type that the browser claims is ignored, the bytes themselves tell.
 */
#include <string.h>
#include <strings.h>

#include "http.h"
#include "http_pairs.h"

#define MAX_PARTS 40
#define MAX_BOUNDARY 70			/* RFC 2046 */
#define MAX_HEADERS 4096

/* Where a word is in some bytes, NULL when it is not there. */
static const char *
find(const char *bytes, const char *end, const char *word, size_t len)
{
	return bytes <= end ? memmem(bytes, (size_t) (end - bytes), word, len) : NULL;
}

/* Takes the boundary out of "multipart/form-data; boundary=...", with "--" before it; 0 when there is none. */
static size_t
get_boundary(const char *content_type, char boundary[MAX_BOUNDARY + 3])
{
	const char *p;
	size_t		len;

	if (strncasecmp(content_type, "multipart/form-data", 19) != 0)
		return 0;
	p = strcasestr(content_type, "boundary=");
	if (p == NULL)
		return 0;
	p += 9;
	if (*p == '"')
	{
		p++;
		len = strcspn(p, "\"");
		if (p[len] != '"')
			return 0;
	}
	else
		len = strcspn(p, "; \t");
	if (len == 0 || len > MAX_BOUNDARY)
		return 0;
	memcpy(boundary, "--", 2);
	memcpy(boundary + 2, p, len);
	boundary[len + 2] = '\0';
	return len + 2;
}

/* One parameter of Content-Disposition; NULL when it is not there or not valid. */
static char *
get_parameter(Arena *arena, const char *p, const char *end, const char *name)
{
	size_t		name_len = strlen(name);

	while (p < end)
	{
		const char *start;
		char	   *value;
		size_t		n = 0;

		while (p < end && (*p == ';' || *p == ' ' || *p == '\t'))
			p++;
		start = p;
		while (p < end && *p != '=' && *p != ';')
			p++;
		if (p == end || *p == ';')
			continue;
		if ((size_t) (p - start) == name_len && strncasecmp(start, name, name_len) == 0)
		{
			p++;
			value = arena_alloc(arena, (size_t) (end - p) + 1);
			if (p < end && *p == '"')
			{
				for (p++; p < end && *p != '"'; p++)
				{
					if (*p == '\\' && p + 1 < end)
						p++;
					value[n++] = *p;
				}
				if (p == end)
					return NULL;
			}
			else
				while (p < end && *p != ';' && *p != ' ')
					value[n++] = *p++;
			return http_is_utf8(value, n) ? value : NULL;
		}
		/* Another parameter: skip its value, in which a quoted semicolon may stand. */
		p++;
		if (p < end && *p == '"')
		{
			for (p++; p < end && *p != '"'; p++)
				if (*p == '\\' && p + 1 < end)
					p++;
		}
		while (p < end && *p != ';')
			p++;
	}
	return NULL;
}

/* Reads the headers of a part: the name of its field, and whether it is a file. NULL: no name. */
static const char *
read_headers(Arena *arena, const char *p, const char *end, bool *is_file)
{
	static const char wanted[] = "Content-Disposition:";
	const char *name = NULL;

	*is_file = false;
	while (p < end)
	{
		const char *stop = find(p, end, "\r\n", 2);

		if (stop == NULL)
			stop = end;
		if ((size_t) (stop - p) > sizeof(wanted) - 1 && strncasecmp(p, wanted, sizeof(wanted) - 1) == 0)
		{
			if (name != NULL)
				return NULL;
			name = get_parameter(arena, p + sizeof(wanted) - 1, stop, "name");
			*is_file = get_parameter(arena, p + sizeof(wanted) - 1, stop, "filename") != NULL ||
				get_parameter(arena, p + sizeof(wanted) - 1, stop, "filename*") != NULL;
			if (name == NULL)
				return NULL;
		}
		p = stop + 2 < end ? stop + 2 : end;
	}
	return name;
}

/* Takes apart the body; false when it is not well-formed to its very end, as a cut-off upload is not. */
bool
http_parse_multipart(Arena *arena, const char *content_type, const char *bytes, size_t len, Pairs *pairs)
{
	char		boundary[MAX_BOUNDARY + 3];
	char		delimiter[MAX_BOUNDARY + 5] = "\r\n";
	size_t		boundary_len = get_boundary(content_type, boundary);
	const char *end = bytes + len;
	const char *p = bytes;

	if (boundary_len == 0 || len < boundary_len || memcmp(bytes, boundary, boundary_len) != 0)
		return false;
	memcpy(delimiter + 2, boundary, boundary_len + 1);
	p += boundary_len;
	for (int parts = 0; parts < MAX_PARTS; parts++)
	{
		const char *headers,
				   *body,
				   *stop,
				   *name;
		bool		is_file;

		if (end - p >= 2 && p[0] == '-' && p[1] == '-')
			return true;
		if (end - p < 2 || p[0] != '\r' || p[1] != '\n')
			return false;
		headers = p + 2;
		body = find(headers, end - headers > MAX_HEADERS ? headers + MAX_HEADERS : end, "\r\n\r\n", 4);
		if (body == NULL)
			return false;
		name = read_headers(arena, headers, body, &is_file);
		body += 4;
		stop = find(body, end, delimiter, boundary_len + 2);
		if (name == NULL || stop == NULL)
			return false;
		if (!is_file && !http_is_utf8(body, (size_t) (stop - body)))
			return false;
		if (!http_add_pair(arena, pairs, name, arena_copy(arena, body, (size_t) (stop - body)),
						   (size_t) (stop - body), is_file))
			return false;
		p = stop + boundary_len + 2;
	}
	return false;
}
