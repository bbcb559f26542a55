/*
 * Sessions, the token of forms, passwords; see auth.h.
 *
 * A session is a cookie of 128 random bits; the database keeps its SHA-256. Whoever is not logged in has a
 * cookie too, so that forms are tied to a browser before the login as well, and gets another one at login.
 */
#include <argon2.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>
#include <strings.h>
#include <stdlib.h>
#include <sys/random.h>

#include "auth.h"
#include "db.h"
#include "html.h"

/* argon2id with 46 MiB and one pass, the least that OWASP asks for: a twentieth of a second here. */
#define ARGON2_PASSES 1
#define ARGON2_KIB 47104
#define ARGON2_LANES 1
#define ARGON2_SALT 16
#define ARGON2_BYTES 32

/* What an account that does not exist is checked against, so that its answer takes as long. */
static const char no_hash[] =
	"$argon2id$v=19$m=47104,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/* Bytes as hexadecimal digits. */
static void
to_hex(const unsigned char *bytes, size_t len, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++)
	{
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * len] = '\0';
}

/* Bytes that nobody can guess. */
static bool
random_bytes(unsigned char *bytes, size_t len)
{
	while (len > 0)
	{
		ssize_t		n = getrandom(bytes, len, 0);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
		{
			bytes += n;
			len -= (size_t) n;
		}
	}
	return true;
}

/* A new secret: 128 random bits as 32 digits. */
const char *
auth_new_token(Request *r)
{
	unsigned char bytes[16];
	char	   *text = arena_alloc(&r->arena, 33);

	if (!random_bytes(bytes, sizeof(bytes)))
		request_fail(r, 500);
	to_hex(bytes, sizeof(bytes), text);
	return text;
}

/* The SHA-256 of a secret, as the database takes it: \x0123... */
const char *
auth_hash(Request *r, const char *secret)
{
	unsigned char sum[SHA256_DIGEST_LENGTH];
	char	   *text = arena_alloc(&r->arena, 2 + 2 * sizeof(sum) + 1);

	SHA256((const unsigned char *) secret, strlen(secret), sum);
	text[0] = '\\';
	text[1] = 'x';
	to_hex(sum, sizeof(sum), text + 2);
	return text;
}

/* A cookie of ours; under TLS one that came without is not believed. */
const char *
auth_cookie(Request *r, const char *name)
{
	return http_pair(&r->cookies, r->tls ? request_join(r, "__Host-", name, NULL) : name);
}

/* Does it look like a token of ours? */
static bool
is_token(const char *text)
{
	return text != NULL && strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

/* What a form of this session brings back. */
static void
set_token(Request *r, const char *token)
{
	r->token = token;
	r->csrf = arena_copy(&r->arena, auth_hash(r, request_join(r, "form:", token, NULL)) + 2, 32);
}

/* Finds out who is asking, and takes on the rights of that user for the rest of the transaction. */
void
auth_begin(Request *r)
{
	const char *cookie = auth_cookie(r, COOKIE_SESSION);
	const char *link = auth_cookie(r, COOKIE_LINK);
	const Rows *rows;

	if (is_token(cookie))
		set_token(r, cookie);
	else
	{
		set_token(r, auth_new_token(r));
		request_cookie(r, COOKIE_SESSION, r->token, -1);
	}
	rows = query(r, "SELECT user_id, user_role, user_name, login, client_id, shop_name, currency, usd_rate, usd_from,"
				 " alerts, db_role, time_zone, client_name FROM web_begin($1, $2)",
				 is_token(cookie) ? auth_hash(r, cookie) : NULL, is_token(link) ? auth_hash(r, link) : NULL);
	r->shop = (Shop) {
		.name = cell(rows, 0, 5),
		.currency = cell(rows, 0, 6),
		.usd_rate = cell(rows, 0, 7),
		.usd_rate_from = cell(rows, 0, 8),
		.alerts = cell(rows, 0, 9),
	};
	r->user = (User) {.role = ROLE_NONE, .name = "", .login = ""};
	if (!cell_is_null(rows, 0, 0))
	{
		r->user.id = cell(rows, 0, 0);
		r->user.role = strcmp(cell(rows, 0, 1), "owner") == 0 ? ROLE_OWNER : ROLE_CASHIER;
		r->user.name = cell(rows, 0, 2);
		r->user.login = cell(rows, 0, 3);
	}
	if (!cell_is_null(rows, 0, 4))
	{
		r->user.client_id = cell(rows, 0, 4);
		r->user.client_name = cell(rows, 0, 12);
		if (r->user.role == ROLE_NONE)
		{
			r->user.role = ROLE_CLIENT;
			r->user.name = r->user.client_name;
		}
	}
	db_act_as(r, cell(rows, 0, 10), cell(rows, 0, 11));
}

/*
 * Does the form that was posted come from a page of ours, shown in this browser? Its token says so; a browser
 * that also tells where it comes from must not tell otherwise.
 */
bool
auth_form_is_ours(Request *r)
{
	const char *sent = http_pair(&r->body, "csrf");

	if (r->fetch_site != NULL && strcmp(r->fetch_site, "same-origin") != 0)
		return false;
	if (r->origin != NULL)
	{
		const char *host = strstr(r->origin, "://");

		if (host == NULL || strcasecmp(host + 3, r->host) != 0)
			return false;
	}
	return sent != NULL && strlen(sent) == strlen(r->csrf) && CRYPTO_memcmp(sent, r->csrf, strlen(r->csrf)) == 0;
}

/* Opens a session for a user, with a cookie that nobody had before. */
void
auth_open_session(Request *r, const char *user_id)
{
	const char *old = auth_hash(r, r->token);

	set_token(r, auth_new_token(r));
	query(r, "SELECT web_login_done($1, $2, $3)", user_id, auth_hash(r, r->token), old);
	r->headers = NULL;
	request_cookie(r, COOKIE_SESSION, r->token, 1);
	request_log(r, "login ok", user_id);
}

/* Hashes a password, outside of any request too. */
bool
password_hash_plain(const char *password, char *hash, size_t size)
{
	unsigned char salt[ARGON2_SALT];

	return random_bytes(salt, sizeof(salt)) &&
		argon2id_hash_encoded(ARGON2_PASSES, ARGON2_KIB, ARGON2_LANES, password, strlen(password), salt,
							  sizeof(salt), ARGON2_BYTES, hash, size) == ARGON2_OK;
}

/* The hash of a password, as it is stored. */
const char *
password_hash(Request *r, const char *password)
{
	char	   *hash = arena_alloc(&r->arena, 256);

	if (!password_hash_plain(password, hash, 256))
		request_fail(r, 500);
	return hash;
}

/* Is it the password of that hash? With "" for a hash it never is, which takes as long to find out. */
bool
password_matches(const char *hash, const char *password)
{
	bool		known = hash[0] != '\0';

	return argon2id_verify(known ? hash : no_hash, password, strlen(password)) == ARGON2_OK && known;
}

/* How many different bytes there are in it. */
static int
different_bytes(const char *password)
{
	bool		seen[256] = {false};
	int			count = 0;

	for (; *password != '\0'; password++)
	{
		count += !seen[(unsigned char) *password];
		seen[(unsigned char) *password] = true;
	}
	return count;
}

/* Compares a word, of that length, with one of the list. */
typedef struct Word
{
	const char *text;
	size_t		len;
} Word;

static int
compare_word(const void *key, const void *row)
{
	const Word *word = key;
	const char *listed = *(const char *const *) row;
	int			order = strncmp(word->text, listed, word->len);

	return order != 0 ? order : listed[word->len] != '\0' ? -1 : 0;
}

/* Is it in the list of passwords that everybody tries? */
static bool
is_listed(const char *text, size_t len)
{
	Word		word = {text, len};

	return bsearch(&word, common_passwords, (size_t) common_password_count, sizeof(common_passwords[0]), compare_word) != NULL;
}

/* Is that part of it a word of the shop's name? */
static bool
is_word_of(const char *text, size_t len, const char *name)
{
	for (const char *p = name; *p != '\0';)
	{
		size_t		n = strcspn(p, " ");

		if (n == len && strncasecmp(p, text, len) == 0)
			return true;
		p += n + strspn(p + n, " ");
	}
	return len > 0 && strlen(name) == len && strncasecmp(name, text, len) == 0;
}

/*
 * Is it one of those that are tried first: a listed one, or one with a few digits and signs around it; the name of
 * the shop, likewise; a number (of a phone, a birthday); the same few signs again and again; or the name of the
 * account with little around it?
 */
bool
password_is_common(const char *password, const char *login, const char *shop)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	char		lower[PASSWORD_MAX + 1];
	size_t		len = strlen(password),
				start = 0,
				end = len;

	if (different_bytes(password) < 4 || (strspn(password, "0123456789 +-./") == len && len < 15))
		return true;
	if (login[0] != '\0' && strcasestr(password, login) != NULL && len < strlen(login) + 6)
		return true;
	if (len > PASSWORD_MAX)
		return false;
	for (size_t i = 0; i <= len; i++)
		lower[i] = (char) tolower((unsigned char) password[i]);
	while (start < end && (unsigned char) lower[start] < 0x80 && strchr(letters, lower[start]) == NULL)
		start++;
	while (end > start && (unsigned char) lower[end - 1] < 0x80 && strchr(letters, lower[end - 1]) == NULL)
		end--;
	return is_listed(lower, len) ||
		(len - (end - start) <= 6 && (is_listed(lower + start, end - start) || is_word_of(lower + start, end - start, shop)));
}
