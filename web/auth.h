/* Who is asking: sessions, the token of forms, passwords. */
#ifndef RECO_AUTH_H
#define RECO_AUTH_H

#include "request.h"

/* The cookies: the session of a user, the secret of a client's link, the language. */
#define COOKIE_SESSION "sid"
#define COOKIE_LINK "link"
#define COOKIE_LANGUAGE "lang"

/* Passwords are as long as one likes within reason; each is hashed as it is, nothing is cut or normalised. */
#define PASSWORD_MIN 8
#define PASSWORD_MAX 1000

void		auth_begin(Request *r);
bool		auth_form_is_ours(Request *r);
const char *auth_cookie(Request *r, const char *name);
const char *auth_new_token(Request *r);
const char *auth_hash(Request *r, const char *secret);
void		auth_open_session(Request *r, const char *user_id);

const char *password_hash(Request *r, const char *password);
bool		password_matches(const char *hash, const char *password);
bool		password_is_common(const char *password, const char *login, const char *shop);

/* assets.c, made of passwords.txt when the program is built: sorted, in small letters */
extern const char *const common_passwords[];
extern const int common_password_count;
bool		password_hash_plain(const char *password, char *hash, size_t size);

#endif
