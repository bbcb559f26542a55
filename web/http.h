/*
 * What a browser sends, taken apart within bounds. The functions here know bytes alone: no database, no
 * page, no global state, so that each can be fuzzed by itself.
 */
#ifndef RECO_HTTP_H
#define RECO_HTTP_H

#include "mem.h"

/* More than any form of ours has; what goes beyond is refused as a whole. */
#define HTTP_MAX_PAIRS 500
#define HTTP_MAX_QUERY 4096
#define HTTP_MAX_COOKIES 4096
#define HTTP_MAX_FORM ((size_t) 64 << 10)
#define HTTP_MAX_UPLOAD ((size_t) 6 << 20)

/* One name with its value, both decoded, both valid UTF-8 without NUL; a file keeps its bytes. */
typedef struct Pair
{
	const char *name;
	const char *value;
	size_t		len;			/* of the value */
	bool		is_file;		/* sent with a file name, which nobody here reads */
	struct Pair *next;
} Pair;

typedef struct Pairs
{
	Pair	   *first;
	Pair	   *last;
	int			count;
} Pairs;

/* Each returns false when the bytes are not what they should be; nothing of them may be used then. */
bool		http_parse_form(Arena *arena, const char *bytes, size_t len, Pairs *pairs);
bool		http_parse_multipart(Arena *arena, const char *content_type, const char *bytes, size_t len,
								 Pairs *pairs);
bool		http_parse_cookies(Arena *arena, const char *header, Pairs *pairs);

int			http_pick_language(const char *header, const char *const *languages, int count);
const char *http_pair(const Pairs *pairs, const char *name);
bool		http_is_utf8(const char *bytes, size_t len);
bool		http_parse_length(const char *text, size_t max, size_t *length);

#endif
