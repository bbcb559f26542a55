/*
 * The database, and the only file that calls libpq. Statements are string literals, values go beside them:
 *
 *     const Rows *rows = query(r, "SELECT name FROM product WHERE id = $1", form_value(r, "id"));
 *
 * A request is one transaction. A GET's is read-only. A statement that fails ends the request with an error
 * page; attempt() is for those that may be refused by a rule of the shop.
 */
#ifndef RECO_DB_H
#define RECO_DB_H

#include "request.h"

/* Statuses of request_fail() that only main.c sees: the connection was lost, or there is none. */
#define FAIL_LOST 10503

typedef struct Rows Rows;

/* Why a statement was refused. */
typedef struct Refusal
{
	const char *sqlstate;		/* "" when it was not */
	const char *constraint;
	const char *message;		/* for the log, and for rules of the shop whose words are made for users */
	const char *detail;
} Refusal;

#define QUERY_ARGS(...) ((const char *const[]) {NULL, ##__VA_ARGS__} + 1), \
	(int) (sizeof((const char *const[]) {NULL, ##__VA_ARGS__}) / sizeof(char *)) - 1

/* Runs a statement; every value is a string, NULL stands for NULL. */
#define query(r, sql, ...) db_query(r, "" sql "", NULL, QUERY_ARGS(__VA_ARGS__))
/* The same, for one that has to find something: where there is no row there is no such page, 404. */
#define find(r, sql, ...) db_find(r, "" sql "", QUERY_ARGS(__VA_ARGS__))
/* The same, for one that may be refused: returns NULL then and says why, the transaction goes on. */
#define attempt(r, refusal, sql, ...) db_query(r, "" sql "", refusal, QUERY_ARGS(__VA_ARGS__))

void		db_settings(const char *conninfo, const char *schema, bool keep);
void		db_begin(Request *r);
void		db_act_as(Request *r, const char *role, const char *time_zone);
void		db_as_itself(Request *r);
bool		db_commit(Request *r);
void		db_end(Request *r);
const char *db_schema(void);

const Rows *db_query(Request *r, const char *sql, Refusal *refusal, const char *const *values, int count);
const Rows *db_find(Request *r, const char *sql, const char *const *values, int count);
const char *db_bytes(Request *r, const char *hash, size_t *len, const char **media_type);
void		db_save_picture(Request *r, const char *product_id, const char *size, const void *bytes, size_t len);

int			rows_count(const Rows *rows);
const char *cell(const Rows *rows, int row, int column);
bool		cell_is_null(const Rows *rows, int row, int column);
long long	cell_int(const Rows *rows, int row, int column);
bool		cell_true(const Rows *rows, int row, int column);

#endif
