/*
 * reco.cgi: the web front of a shop. One program, plain CGI or FastCGI: it looks which of the two it was
 * started as.
 *
 * Settings, from the environment it is started with:
 *
 *   RECO_DSN       connection string of libpq, for the role <shop>_web
 *   RECO_SCHEMA    schema of the shop, "shop" if not set
 *   RECO_TLS       "on" where a proxy in front speaks TLS to the browser
 *
 * Layers: main.c knows the pages and the order of things in a request; pages_*.c are the pages; form.c
 * checks what was typed, html.c writes, db.c calls PostgreSQL, auth.c knows who is asking, http.c and
 * multipart.c take apart what came in.
 *
 *   reco.cgi hash < PASSWORD     prints the hash of a password, to be stored in web_user
 */
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

extern char **environ;

/* Every page there is. What is not in here is 404, a method that is not is 405. */
static const Page pages[] = {
	/* path, who, fields of the address, fields of the form, show, act, counts once */
	{"/login", ROLE_NONE, NULL, login_fields, login_show, login_act, false},
	{"/setup", ROLE_NONE, NULL, setup_fields, setup_show, setup_act, false},
	{"/logout", ROLE_NONE, NULL, NULL, NULL, logout_act, false},
	{"/language", ROLE_NONE, NULL, language_fields, NULL, language_act, false},
	{"/style.css", ROLE_NONE, NULL, NULL, style_show, NULL, false},
	{"/picture", ROLE_NONE, picture_query, NULL, picture_show, NULL, false},
	{"/", ROLE_CASHIER, NULL, NULL, today_show, NULL, false},
	{"/products", ROLE_CASHIER, products_query, NULL, products_show, NULL, false},
	{"/product", ROLE_CASHIER, product_query, NULL, product_show, NULL, false},
	{"/product/new", ROLE_OWNER, NULL, product_fields, product_new_show, product_new_act, true},
	{"/product/edit", ROLE_OWNER, product_query, product_fields, product_edit_show, product_edit_act, true},
	{"/product/picture", ROLE_OWNER, product_query, product_picture_fields, product_picture_show, product_picture_act, false},
	{"/stock", ROLE_CASHIER, stock_query, NULL, stock_show, NULL, false},
	{"/stock/slow", ROLE_OWNER, NULL, NULL, stock_slow_show, NULL, false},
	{"/alerts", ROLE_OWNER, alerts_query, alerts_fields, alerts_show, alerts_act, false},
	{"/alert", ROLE_OWNER, alert_query, alert_fields, alert_show, alert_act, false},
	{"/stock/count", ROLE_CASHIER, stock_count_query, stock_count_fields, stock_count_show, stock_count_act, true},
	{"/stock/moves", ROLE_CASHIER, moves_query, NULL, moves_show, NULL, false},
	{"/stock/move", ROLE_OWNER, move_query, move_fields, move_show, move_act, true},
	{"/stock/undo", ROLE_OWNER, undo_query, NULL, undo_show, undo_act, true},
	{"/reorder", ROLE_OWNER, reorder_query, reorder_fields, reorder_show, reorder_act, true},
	{"/orders", ROLE_OWNER, orders_query, NULL, orders_show, NULL, false},
	{"/order", ROLE_OWNER, order_query, order_fields, order_show, order_act, true},
	{"/order/cancel", ROLE_OWNER, order_query, NULL, order_cancel_show, order_cancel_act, true},
	{"/suppliers", ROLE_OWNER, suppliers_query, NULL, suppliers_show, NULL, false},
	{"/supplier/new", ROLE_OWNER, NULL, supplier_fields, supplier_new_show, supplier_new_act, true},
	{"/supplier/edit", ROLE_OWNER, supplier_query, supplier_fields, supplier_edit_show, supplier_edit_act, true},
	{"/sell", ROLE_CASHIER, sell_fields, sell_fields, sell_show, sell_act, true},
	{"/receipt", ROLE_CASHIER, receipt_query, NULL, receipt_show, NULL, false},
	{"/receipt/text", ROLE_CASHIER, receipt_query, NULL, receipt_text_show, NULL, false},
	{"/sales", ROLE_CASHIER, sales_query, NULL, sales_show, NULL, false},
	{"/sale", ROLE_CASHIER, sale_query, NULL, sale_show, NULL, false},
	{"/sale/refund", ROLE_OWNER, sale_query, refund_fields, refund_show, refund_act, true},
	{"/recommendations", ROLE_CASHIER, advice_query, NULL, advice_show, NULL, false},
	{"/clients", ROLE_CASHIER, clients_query, NULL, clients_show, NULL, false},
	{"/client", ROLE_CASHIER, client_query, client_rate_fields, client_show, client_act, false},
	{"/client/new", ROLE_CASHIER, client_new_query, client_fields, client_new_show, client_new_act, true},
	{"/client/edit", ROLE_CASHIER, client_query, client_fields, client_edit_show, client_edit_act, true},
	{"/client/link", ROLE_CASHIER, client_link_query, NULL, client_link_show, client_link_act, false},
	{"/quality", ROLE_OWNER, quality_query, NULL, quality_show, NULL, false},
	{"/quality/back", ROLE_OWNER, NULL, NULL, quality_back_show, quality_back_act, true},
	{"/settings", ROLE_OWNER, settings_query, NULL, settings_show, NULL, false},
	{"/settings/rate", ROLE_OWNER, NULL, rate_fields, rate_show, rate_act, false},
	{"/settings/shop", ROLE_OWNER, NULL, shop_fields, shop_show, shop_act, false},
	{"/settings/user", ROLE_OWNER, user_query, user_fields, user_show, user_act, false},
	{"/settings/user/new", ROLE_OWNER, NULL, user_new_fields, user_new_show, user_new_act, true},
	{"/settings/export", ROLE_OWNER, export_query, NULL, export_show, NULL, false},
	{"/settings/import", ROLE_OWNER, import_query, import_fields, import_show, import_act, false},
	{"/settings/import/check", ROLE_OWNER, import_check_query, NULL, import_check_show, import_check_act, true},
	{"/settings/journal", ROLE_OWNER, journal_query, NULL, journal_show, NULL, false},
	{"/password", ROLE_CASHIER, NULL, password_fields, password_show, password_act, false},
	{"/c", ROLE_NONE, link_query, NULL, link_show, NULL, false},
	{"/me", ROLE_CLIENT, me_query, NULL, me_show, NULL, false},
	{"/me/rate", ROLE_CLIENT, NULL, me_rate_fields, NULL, me_rate_act, false},
};

/* Where a request comes from and its answer goes to. */
typedef struct Gate
{
	char	  **environment;
	FCGX_Stream *in;			/* NULL: standard input */
	FCGX_Stream *out;
	FCGX_Stream *err;
} Gate;

static Gate gate;				/* of the request at hand, for the log */
static bool tls_in_front;

/* The page of a path. */
static const Page *
find_page(const char *path)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
	{
		if (strcmp(pages[i].path, path) == 0)
			return &pages[i];
	}
	return NULL;
}

/* A variable of the request, "" when it is not set. */
static const char *
variable(const char *name)
{
	const char *value = FCGX_GetParam(name, gate.environment);

	return value != NULL ? value : "";
}

/* The same, NULL when it is not set or empty. */
static const char *
variable_or_null(const char *name)
{
	const char *value = variable(name);

	return value[0] != '\0' ? value : NULL;
}

/* Writes a line to the log of the server in front. */
static void
write_log(const char *line)
{
	if (gate.err != NULL)
	{
		FCGX_PutS("reco web: ", gate.err);
		FCGX_PutS(line, gate.err);
		FCGX_PutS("\n", gate.err);
	}
	else
		fprintf(stderr, "reco web: %s\n", line);
}

/* Reads the body, all of what was promised or nothing. */
static char *
read_body(Request *r, size_t len)
{
	char	   *bytes = arena_alloc(&r->arena, len + 1);
	size_t		got = 0;

	while (got < len)
	{
		int			n = gate.in != NULL ? FCGX_GetStr(bytes + got, (int) (len - got), gate.in)
			: (int) read(STDIN_FILENO, bytes + got, len - got);

		if (n <= 0)
			return NULL;
		got += (size_t) n;
	}
	return bytes;
}

/* Sends bytes. */
static void
send_bytes(const char *bytes, size_t len)
{
	if (gate.out != NULL)
		FCGX_PutStr(bytes, (int) len, gate.out);
	else
		fwrite(bytes, 1, len, stdout);
}

/* Sends the answer. The headers are the same for all pages but for the cache; what users have sent stays in a box. */
static void
send_answer(Request *r)
{
	Buf			head = {0};
	char		line[128];
	bool		is_page = strncmp(r->content_type, "text/html", 9) == 0 || strncmp(r->content_type, "text/css", 8) == 0;

	snprintf(line, sizeof(line), "Status: %d\r\nContent-Length: %zu\r\n", r->status, r->out.len);
	buf_puts(&head, line);
	if (r->location != NULL)
		request_header(r, "Location", r->location);
	if (r->status == 405)
		request_header(r, "Allow", r->page != NULL && r->page->act == NULL ? "GET, HEAD" :
					   r->page != NULL && r->page->show == NULL ? "POST" : "GET, HEAD, POST");
	if (r->status == 503)
		request_header(r, "Retry-After", "30");
	request_header(r, "Content-Type", r->content_type);
	request_header(r, "Cache-Control", r->cache != NULL ? r->cache : "no-store");
	request_header(r, "Content-Security-Policy", is_page ?
				   "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
				   " frame-ancestors 'none'; object-src 'none'" : "default-src 'none'; frame-ancestors 'none'; sandbox");
	request_header(r, "X-Content-Type-Options", "nosniff");
	request_header(r, "Referrer-Policy", "same-origin");
	request_header(r, "Cross-Origin-Opener-Policy", "same-origin");
	request_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	if (r->tls)
		request_header(r, "Strict-Transport-Security", "max-age=31536000");
	for (const Header *header = r->headers; header != NULL; header = header->next)
	{
		buf_puts(&head, header->name);
		buf_puts(&head, ": ");
		buf_puts(&head, header->value);
		buf_puts(&head, "\r\n");
	}
	buf_puts(&head, "\r\n");
	send_bytes(head.data, head.len);
	if (!r->head && r->out.len > 0)
		send_bytes(r->out.data, r->out.len);
	buf_free(&head);
}

/* The language: chosen, else the one the browser asks for, else French. */
static Language
choose_language(Request *r)
{
	const char *chosen = auth_cookie(r, COOKIE_LANGUAGE);
	int			best;

	for (int i = 0; chosen != NULL && i < LANGUAGES; i++)
	{
		if (strcmp(chosen, language_codes[i]) == 0)
			return (Language) i;
	}
	best = http_pick_language(variable("HTTP_ACCEPT_LANGUAGE"), language_codes, LANGUAGES);
	return best >= 0 ? (Language) best : LANGUAGE_FR;
}

/* Takes in the address and the headers. Returns the status of what is wrong with them, 0 when nothing is. */
static int
read_request(Request *r)
{
	const char *method = variable("REQUEST_METHOD");
	const char *path = variable("SCRIPT_NAME");

	r->tls = tls_in_front || strcmp(variable("HTTPS"), "on") == 0;
	r->save_data = strcmp(variable("HTTP_SAVE_DATA"), "on") == 0;
	r->query_string = variable("QUERY_STRING");
	r->fetch_site = variable_or_null("HTTP_SEC_FETCH_SITE");
	r->origin = variable_or_null("HTTP_ORIGIN");
	r->host = variable("HTTP_HOST");
	r->address = variable("REMOTE_ADDR");
	r->path = variable_or_null("PATH_INFO") != NULL ? variable("PATH_INFO") : path;
	if (r->path[0] != '/')
		r->path = "/";
	if (!http_parse_cookies(&r->arena, variable("HTTP_COOKIE"), &r->cookies))
		r->cookies = (Pairs) {0};
	r->language = choose_language(r);
	r->head = strcmp(method, "HEAD") == 0;
	if (r->head || strcmp(method, "GET") == 0)
		r->method = METHOD_GET;
	else if (strcmp(method, "POST") == 0)
		r->method = METHOD_POST;
	else
		return 405;
	r->page = find_page(r->path);
	if (r->page == NULL)
		return 404;
	if (r->method == METHOD_POST ? r->page->act == NULL : r->page->show == NULL)
		return 405;
	if (strlen(r->query_string) > HTTP_MAX_QUERY ||
		!http_parse_form(&r->arena, r->query_string, strlen(r->query_string), &r->query))
		return 400;
	return 0;
}

/* May this form bring a file? Then it may be large. */
static bool
takes_files(const Page *page)
{
	for (const Field *field = page->form; field != NULL && field->name != NULL; field++)
	{
		if (field->type == FIELD_FILE)
			return true;
	}
	return false;
}

/* Takes in the form that was posted. Returns the status of what is wrong with it, 0 when nothing is. */
static int
read_form(Request *r)
{
	const char *type = variable("CONTENT_TYPE");
	bool		files = takes_files(r->page);
	size_t		len;
	char	   *bytes;

	if (!http_parse_length(variable("CONTENT_LENGTH"), files ? HTTP_MAX_UPLOAD : HTTP_MAX_FORM, &len))
		return 413;
	bytes = read_body(r, len);
	if (bytes == NULL)
		return 400;
	if (files && strncmp(type, "multipart/form-data", 19) == 0)
		return http_parse_multipart(&r->arena, type, bytes, len, &r->body) ? 0 : 400;
	if (strncmp(type, "application/x-www-form-urlencoded", 33) != 0)
		return 400;
	return http_parse_form(&r->arena, bytes, len, &r->body) ? 0 : 400;
}

/* Shows the page, with a fresh token for its form. */
static void
show(Request *r)
{
	if (r->page->once)
		r->once = auth_new_token(r);
	r->page->show(r);
}

/*
 * Does what a form asks for. One that was sent before gets the answer of the first time; one that is wrong is
 * shown again as it was typed, and nothing of what it did is kept.
 */
static void
act(Request *r)
{
	const char *token = NULL;

	if (!auth_form_is_ours(r))
	{
		request_log(r, "refused", "a form that is not ours");
		request_fail(r, 403);
	}
	if (!form_check(r, r->page->form, &r->body, true))
		request_fail(r, 400);
	if (r->page->once)
	{
		const Rows *rows;

		if (!form_given(r, "once"))
			request_fail(r, 400);
		token = form_value(r, "once");
		if (!r->form_bad)
		{
			rows = query(r, "SELECT again, location FROM web_once($1, $2)", token, r->user.id);
			if (cell_true(rows, 0, 0))
			{
				request_redirect(r, cell_is_null(rows, 0, 1) ? "/" : cell(rows, 0, 1), NULL, NULL);
				return;
			}
		}
	}
	if (!r->form_bad)
		r->page->act(r);
	if (r->form_bad)
	{
		r->status = 422;
		if (r->page->show == NULL)
			request_fail(r, 400);
		show(r);
	}
	else if (token != NULL && r->location != NULL)
		query(r, "SELECT web_once_done($1, $2)", token, r->location);
}

/* May this user see this page? If not, says where to go instead. */
static bool
allowed(Request *r)
{
	if (r->user.role >= r->page->role)
		return true;
	if (r->page->role == ROLE_CLIENT)
		request_fail(r, 404);
	if (r->user.role >= ROLE_CASHIER)
	{
		request_log(r, "refused", "the role may not");
		request_fail(r, 403);
	}
	request_redirect(r, "/login", NULL, NULL);
	return false;
}

/* The whole of a request, in a transaction. */
static void
serve_page(Request *r)
{
	db_begin(r);
	auth_begin(r);
	r->status = 200;
	if (allowed(r))
	{
		if (!form_check(r, r->page->query, &r->query, false))
			request_fail(r, 404);
		if (r->form_bad)
			r->status = 422;
		if (r->method == METHOD_POST)
			act(r);
		else
			show(r);
	}
	if ((r->status < 400 || r->keep) && !db_commit(r))
		request_fail(r, 503);
}

/* What needs no database: the style sheet. */
static bool
is_static(const Page *page)
{
	return page->show == style_show;
}

/* Forgets what a try made of a request, but for who is asking. */
static void
forget_answer(Request *r)
{
	buf_clear(&r->out);
	r->values = NULL;
	r->form_bad = false;
	r->form_error = NULL;
	r->location = NULL;
	r->headers = NULL;
	r->cache = NULL;
	r->keep = false;
	r->content_type = "text/html; charset=utf-8";
}

/* Forgets who is asking. */
static void
forget_user(Request *r)
{
	r->user = (User) {.name = "", .login = ""};
	r->shop = (Shop) {.name = "reco", .currency = "CDF", .usd_rate = "", .usd_rate_from = "", .alerts = ""};
	r->csrf = NULL;
}

/* Makes the answer; returns the status of request_fail() when that was called, else 0. */
static int
try_page(Request *r)
{
	int			failure = setjmp(r->give_up);

	if (failure != 0)
		return failure;
	if (is_static(r->page))
	{
		r->status = 200;
		r->page->show(r);
	}
	else
		serve_page(r);
	return 0;
}

/* Answers one request. What it allocates lives until its end. */
static void
serve(void)
{
	Request		request = {0};
	Request    *r = &request;
	int			status;

	r->log = write_log;
	forget_user(r);
	forget_answer(r);
	status = read_request(r);
	if (status == 0 && r->method == METHOD_POST)
		status = read_form(r);
	if (status == 0)
		status = try_page(r);
	if (status == FAIL_LOST && r->method == METHOD_GET)
	{
		db_end(r);
		forget_user(r);
		forget_answer(r);
		status = try_page(r);
	}
	if (status != 0)
	{
		forget_answer(r);
		page_error(r, status == FAIL_LOST ? 503 : status);
	}
	send_answer(r);
	db_end(r);
	buf_free(&r->out);
	arena_free(&r->arena);
}

/* Prints the hash of the password on standard input. */
static int
print_hash(void)
{
	char		password[PASSWORD_MAX + 2];
	char		hash[256];

	if (fgets(password, sizeof(password), stdin) == NULL)
		return 1;
	password[strcspn(password, "\n")] = '\0';
	if (strlen(password) < PASSWORD_MIN || !password_hash_plain(password, hash, sizeof(hash)))
		return 1;
	puts(hash);
	return 0;
}

/*
 * A web server may hand the words of an address to a CGI program as arguments; so there are none for a request,
 * which GATEWAY_INTERFACE tells.
 */
int
main(int argc, char **argv)
{
	const char *dsn = getenv("RECO_DSN");
	const char *schema = getenv("RECO_SCHEMA");
	const char *tls = getenv("RECO_TLS");
	bool		cgi = FCGX_IsCGI();

	if (argc == 2 && getenv("GATEWAY_INTERFACE") == NULL && getenv("REQUEST_METHOD") == NULL)
	{
		if (strcmp(argv[1], "hash") == 0)
			return print_hash();
		fputs("usage: reco.cgi hash\n", stderr);
		return 2;
	}
	db_settings(dsn != NULL ? dsn : "", schema != NULL ? schema : "shop", !cgi);
	tls_in_front = tls != NULL && strcmp(tls, "on") == 0;
	if (cgi)
	{
		gate.environment = environ;
		serve();
		return fflush(stdout) == 0 ? 0 : 1;
	}
	else
	{
		FCGX_Request fcgi;

		if (FCGX_Init() != 0 || FCGX_InitRequest(&fcgi, 0, 0) != 0)
			return 1;
		while (FCGX_Accept_r(&fcgi) == 0)
		{
			gate = (Gate) {fcgi.envp, fcgi.in, fcgi.out, fcgi.err};
			serve();
			FCGX_Finish_r(&fcgi);
		}
	}
	return 0;
}
