/*
 * One request, from the bytes that came in to the bytes that go out. Everything that lives no longer than
 * a request is in here; what lives longer is the connection of db.c and the settings of main.c.
 */
#ifndef RECO_REQUEST_H
#define RECO_REQUEST_H

#include <setjmp.h>

#include "http.h"
#include "i18n.h"

typedef enum Method
{
	METHOD_GET = 1,				/* HEAD too: the body is left out when the answer is sent */
	METHOD_POST = 2
} Method;

/* Who may: each may do what those before it may, but for CLIENT, who comes by a personal link. */
typedef enum Role
{
	ROLE_NONE,
	ROLE_CLIENT,
	ROLE_CASHIER,
	ROLE_OWNER
} Role;

typedef struct Request Request;

typedef enum FieldType
{
	FIELD_TEXT,					/* min to max characters, none of them a control character */
	FIELD_LINES,				/* the same, in several lines */
	FIELD_INTEGER,				/* min to max */
	FIELD_NUMBER,				/* min to max, comma or point, at most three decimals */
	FIELD_ID,					/* 1 to 2^63 - 1 */
	FIELD_PHONE,				/* +243 997 123 456, stored as +243997123456 */
	FIELD_CHOICE,				/* one of the words in options: "small|large" */
	FIELD_CHECK,				/* a box: "1" when ticked */
	FIELD_DATE,					/* 2026-11-23 or 23/11/2026, stored as the former */
	FIELD_PASSWORD,				/* min to max bytes, never shown again */
	FIELD_HEX,					/* a token: hexadecimal, exactly max digits */
	FIELD_PATH,					/* an address of ours: begins with a single slash */
	FIELD_FILE					/* min to max bytes */
} FieldType;

#define FIELD_REQUIRED 1		/* may not be empty */
#define FIELD_EACH 2			/* name, then an id: "quantity" stands for quantity12, quantity15, ... */
#define FIELD_TYPED 4			/* of an address: typed by hand, so what is wrong is said beside it */

/* A field of a form. Tables of these end in a row without a name. */
typedef struct Field
{
	const char *name;
	const char *label;			/* message id; NULL for what the user does not see */
	FieldType	type;
	long long	min;
	long long	max;
	int			flags;
	const char *options;		/* of a FIELD_CHOICE */
	const char *hint;			/* message id of a word of help, or NULL */
} Field;

/* A page: the one table of them is in main.c. */
typedef struct Page
{
	const char *path;
	Role		role;			/* the least that is needed */
	const Field *query;			/* fields of the address, or NULL */
	const Field *form;			/* fields of the form that is posted, or NULL */
	void		(*show) (Request *r);	/* GET; and after a form that was wrong, with status 422 */
	void		(*act) (Request *r);	/* POST; NULL: the page changes nothing */
	bool		once;			/* a form sent twice counts once */
} Page;

/* A value that was typed, and what came of checking it. */
typedef struct Value
{
	const Field *field;
	long long	id;				/* of a FIELD_EACH: the id behind its name */
	const char *typed;
	const char *value;			/* NULL while it is not known to be good */
	size_t		len;
	const char *error;			/* what is wrong with it, in the user's language, or NULL */
	struct Value *next;
} Value;

typedef struct Header
{
	const char *name;
	const char *value;
	struct Header *next;
} Header;

/* Who is asking. */
typedef struct User
{
	const char *id;				/* of web_user, or NULL */
	Role		role;
	const char *name;
	const char *login;
	const char *client_id;		/* who came by a personal link, which a user may have opened as well */
	const char *client_name;
} User;

/* What every page shows of the shop. */
typedef struct Shop
{
	const char *name;
	const char *currency;
	const char *usd_rate;		/* what one dollar is worth; empty when no rate is known */
	const char *usd_rate_from;
	const char *alerts;			/* how many are open */
} Shop;

struct Request
{
	Arena		arena;
	jmp_buf		give_up;		/* where request_fail() goes */

	/* what came in */
	Method		method;
	bool		head;
	const char *path;
	const char *query_string;
	const char *fetch_site;		/* Sec-Fetch-Site, or NULL */
	const char *origin;			/* or NULL */
	const char *host;
	const char *address;		/* of the sender; for the log alone */
	bool		tls;
	bool		save_data;		/* no pictures please */
	Pairs		query;
	Pairs		body;
	Pairs		cookies;
	const Page *page;

	/* what is known */
	Language	language;
	User		user;
	Shop		shop;
	const char *token;			/* of the session cookie: 32 hexadecimal digits */
	const char *csrf;			/* what a form must bring back */
	const char *once;			/* the token of the form that was sent */
	Value	   *values;
	const char *form_error;		/* what is wrong with the form as a whole, or NULL */
	bool		form_bad;

	/* the answer */
	int			status;
	const char *content_type;
	const char *cache;			/* Cache-Control, if not no-store */
	const char *location;
	Header	   *headers;
	Buf			out;
	bool		keep;			/* commit although the status says no: a failed login is counted */
	void		(*log) (const char *line);
};

/* What request_fail() is called with, kept in failed while the error page is made. */
_Noreturn void request_fail(Request *r, int status);
void		request_header(Request *r, const char *name, const char *value);
void		request_redirect(Request *r, const char *path, const char *name, const char *value);
void		request_cookie(Request *r, const char *name, const char *value, long max_age);
void		request_log(Request *r, const char *event, const char *detail);
char	   *request_copy(Request *r, const char *text);
char	   *request_join(Request *r, const char *first, ...) __attribute__((sentinel));

#endif
