/* Small things that every page needs of a request, see request.h. */
#include <stdarg.h>
#include <string.h>

#include "html.h"
#include "request.h"

/* Gives up: nothing of the page is kept, the transaction is rolled back, an error page is sent. */
void
request_fail(Request *r, int status)
{
	longjmp(r->give_up, status);
}

/* A copy that lives as long as the request. */
char *
request_copy(Request *r, const char *text)
{
	return arena_copy(&r->arena, text, strlen(text));
}

/* Strings in a row as one; the last argument is NULL. */
char *
request_join(Request *r, const char *first, ...)
{
	size_t		len = strlen(first);
	const char *part;
	char	   *text,
			   *p;
	va_list		args;

	va_start(args, first);
	while ((part = va_arg(args, const char *)) != NULL)
		len += strlen(part);
	va_end(args);
	text = arena_alloc(&r->arena, len + 1);
	p = stpcpy(text, first);
	va_start(args, first);
	while ((part = va_arg(args, const char *)) != NULL)
		p = stpcpy(p, part);
	va_end(args);
	return text;
}

/* Adds a header to the answer. What could end its line is left out of the value. */
void
request_header(Request *r, const char *name, const char *value)
{
	Header	   *header = arena_alloc(&r->arena, sizeof(Header));
	char	   *clean = request_copy(r, value);
	size_t		n = 0;

	for (const char *p = clean; *p != '\0'; p++)
	{
		if ((unsigned char) *p >= ' ' && *p != 0x7F)
			clean[n++] = *p;
	}
	clean[n] = '\0';
	header->name = name;
	header->value = clean;
	header->next = r->headers;
	r->headers = header;
}

/* Sends the browser to another page, by GET: "/product", "id", "12". The name may be NULL. */
void
request_redirect(Request *r, const char *path, const char *name, const char *value)
{
	r->status = 303;
	r->location = path;
	if (name != NULL)
	{
		Buf			buf = {0};

		html_url(&buf, value);
		r->location = request_join(r, path, strchr(path, '?') != NULL ? "&" : "?", name, "=",
								   buf.data != NULL ? buf.data : "", NULL);
		buf_free(&buf);
	}
}

/*
 * Sets a cookie that no script can read and no other site can send; max_age in seconds, 0 ends it, -1: until the
 * browser is closed. Under TLS its name says so, and the browser then keeps others from setting it.
 */
void
request_cookie(Request *r, const char *name, const char *value, long max_age)
{
	const char *age = max_age < 0 ? "" : max_age == 0 ? "; Max-Age=0" : "; Max-Age=31536000";

	request_header(r, "Set-Cookie",
				   request_join(r, r->tls ? "__Host-" : "", name, "=", value, "; Path=/; HttpOnly; SameSite=Lax",
								r->tls ? "; Secure" : "", age, NULL));
}

/* One line in the log. What came from outside may hold anything but is one line of printable text here. */
void
request_log(Request *r, const char *event, const char *detail)
{
	char	   *line = request_join(r, event, " user=", r->user.id != NULL ? r->user.id : "-", " from=", r->address,
									" path=", r->path, detail[0] != '\0' ? " " : "", detail, NULL);

	for (char *p = line; *p != '\0'; p++)
	{
		if ((unsigned char) *p < ' ' || *p == 0x7F)
			*p = '?';
	}
	if (strlen(line) > 500)
		line[500] = '\0';
	for (size_t len = strlen(line); len > 0 && (line[len - 1] == '?' || line[len - 1] == ' '); len--)
		line[len - 1] = '\0';
	r->log(line);
}
