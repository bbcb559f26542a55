/* What pages refer to: the style sheet and pictures, each named by its content and so kept for good. */
#include <string.h>

#include "db.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

#define FOREVER "public, max-age=31536000, immutable"

const Field picture_query[] = {
	{"hash", NULL, FIELD_HEX, 64, 64, FIELD_REQUIRED, NULL, NULL},
	{0}
};

/* The style sheet. */
void
style_show(Request *r)
{
	r->content_type = "text/css; charset=utf-8";
	r->cache = strstr(r->query_string, style_css_hash) != NULL ? FOREVER : "no-cache";
	buf_add(&r->out, style_css, style_css_len);
}

/* A picture. The headers of every page keep a browser from taking it for anything else. */
void
picture_show(Request *r)
{
	size_t		len;
	const char *media_type;
	const char *bytes = db_bytes(r, http_pair(&r->query, "hash"), &len, &media_type);

	if (bytes == NULL)
		request_fail(r, 404);
	r->headers = NULL;
	r->content_type = media_type;
	r->cache = "private, max-age=31536000, immutable";
	buf_add(&r->out, bytes, len);
}
