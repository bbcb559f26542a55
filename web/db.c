/*
 * The connection to PostgreSQL and its transactions, see db.h.
 *
 * One connection per process, kept between requests under FastCGI. Nothing of a request outlives its
 * transaction: role, time zone and read-only are set for the transaction alone. A connection that was lost
 * while idle is made anew when the next transaction begins, whatever the request: nothing was done yet. One
 * that is lost later ends the request; main.c tries a GET once more, and never a POST.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

#define MAX_PREPARED 400
#define MAX_RESULTS 200

/* What lives as long as the process. */
static struct
{
	char	   *conninfo;
	char	   *schema;
	bool		keep;			/* FastCGI: the connection serves many requests */
	PGconn	   *connection;
	const char *prepared[MAX_PREPARED];	/* statements by the address of their literal */
	int			prepared_count;
	PGresult   *results[MAX_RESULTS];	/* of the request at hand */
	int			result_count;
}			db;

/* What a connection is given at once. No statement of a page takes seconds, no lock is waited for longer. */
static const char *const session_keywords[] = {
	"dbname", "application_name", "client_encoding", "connect_timeout", "keepalives_idle", NULL};

/* Takes the settings, before the first request: libfcgi replaces the environment with each one. */
void
db_settings(const char *conninfo, const char *schema, bool keep)
{
	db.conninfo = strdup(conninfo);
	db.schema = strdup(schema);
	db.keep = keep;
	if (db.conninfo == NULL || db.schema == NULL)
		abort();
}

/* The schema of the shop. */
const char *
db_schema(void)
{
	return db.schema;
}

/* Writes an error of the server in the log, where it may be as technical as it likes. */
static void
log_error(Request *r, const char *what, const char *sqlstate, const char *text)
{
	request_log(r, what, request_join(r, sqlstate, " ", text, NULL));
}

/* Sets what holds for the whole connection. */
static bool
set_session(void)
{
	const char *values[] = {db.schema};
	PGresult   *result = PQexecParams(db.connection,
									  "SELECT pg_catalog.set_config('search_path',"
									  " pg_catalog.quote_ident($1) || ', pg_temp', false),"
									  " pg_catalog.set_config('statement_timeout', '20s', false),"
									  " pg_catalog.set_config('lock_timeout', '8s', false),"
									  " pg_catalog.set_config('idle_in_transaction_session_timeout', '60s', false),"
									  " pg_catalog.set_config('datestyle', 'ISO', false)",
									  1, NULL, values, NULL, NULL, 0);
	bool		done = PQresultStatus(result) == PGRES_TUPLES_OK;

	PQclear(result);
	return done;
}

/* Makes the connection, if there is none that works. */
static bool
connect_now(Request *r)
{
	const char *const values[] = {db.conninfo, "reco web", "UTF8", "5", "60", NULL};

	if (db.connection != NULL && PQstatus(db.connection) == CONNECTION_OK)
		return true;
	db.prepared_count = 0;
	if (db.connection != NULL)
		PQreset(db.connection);
	else
		db.connection = PQconnectdbParams(session_keywords, values, 1);
	if (PQstatus(db.connection) == CONNECTION_OK && set_session())
		return true;
	log_error(r, "no database", "", PQerrorMessage(db.connection));
	PQfinish(db.connection);
	db.connection = NULL;
	return false;
}

/* Runs one of the few statements that need no values. */
static bool
run(const char *words)
{
	PGresult   *result = PQexec(db.connection, words);
	bool		done = PQresultStatus(result) == PGRES_COMMAND_OK;

	PQclear(result);
	return done;
}

/* Begins the transaction of a request. */
void
db_begin(Request *r)
{
	for (int tries = 0; tries < 2; tries++)
	{
		if (!connect_now(r))
			request_fail(r, 503);
		if (run("BEGIN"))
			return;
		if (PQstatus(db.connection) == CONNECTION_OK)
		{
			/* A transaction that was left open: should not be, and is not believed. */
			PQfinish(db.connection);
			db.connection = NULL;
		}
	}
	request_fail(r, 503);
}

/* From here on the transaction has the rights of a role; that of a GET may change nothing. */
void
db_act_as(Request *r, const char *role, const char *time_zone)
{
	query(r, "SELECT pg_catalog.set_config('timezone', $2, true),"
		  " pg_catalog.set_config('web.user_id', $4, true),"
		  " pg_catalog.set_config('role', $1, true),"
		  " pg_catalog.set_config('transaction_read_only', $3, true)",
		  role, time_zone, r->method == METHOD_GET ? "on" : "off", r->user.id != NULL ? r->user.id : "");
}

/* Back to the role that the program logs in as, which alone may call what opens and ends sessions. */
void
db_as_itself(Request *r)
{
	query(r, "SELECT pg_catalog.set_config('role', 'none', true)");
}

/* Keeps what was done. False: it is not known to be kept. */
bool
db_commit(Request *r)
{
	PGresult   *result = PQexec(db.connection, "COMMIT");
	bool		done = PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;

	if (!done)
		log_error(r, "commit failed", "", PQerrorMessage(db.connection));
	PQclear(result);
	return done;
}

/* Ends the request's use of the database: what was not committed is undone. */
void
db_end(Request *r)
{
	for (int i = 0; i < db.result_count; i++)
		PQclear(db.results[i]);
	db.result_count = 0;
	if (db.connection == NULL)
		return;
	if (PQstatus(db.connection) == CONNECTION_OK && PQtransactionStatus(db.connection) != PQTRANS_IDLE &&
		!run("ROLLBACK"))
		request_log(r, "rollback failed", "");
	if (!db.keep)
	{
		PQfinish(db.connection);
		db.connection = NULL;
	}
}

/*
 * Sends a statement. Under FastCGI it is prepared at its first use, and known by the address of its literal
 * afterwards; a CGI process, which lives for one request, would gain nothing by that.
 */
static PGresult *
execute(const char *sql, const char *const *values, int count)
{
	char		name[16];
	int			i = 0;

	while (i < db.prepared_count && db.prepared[i] != sql)
		i++;
	if (!db.keep || i == MAX_PREPARED)
		return PQexecParams(db.connection, sql, count, NULL, values, NULL, NULL, 0);
	snprintf(name, sizeof(name), "s%d", i);
	if (i == db.prepared_count)
	{
		PGresult   *result = PQprepare(db.connection, name, sql, 0, NULL);

		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			return result;
		PQclear(result);
		db.prepared[db.prepared_count++] = sql;
	}
	return PQexecPrepared(db.connection, name, count, values, NULL, NULL, 0);
}

/* A field of an error, never NULL, as long as the request lives. */
static const char *
error_field(Request *r, const PGresult *result, int field)
{
	const char *text = PQresultErrorField(result, field);

	return text != NULL ? request_copy(r, text) : "";
}

/*
 * A statement that failed. Those of a request that PostgreSQL asks to repeat, or that were in the way of
 * another one, end in 503: the user tries again and nothing was done.
 */
static void
failed(Request *r, PGresult *result, Refusal *refusal)
{
	Refusal		why = {
		.sqlstate = error_field(r, result, PG_DIAG_SQLSTATE),
		.constraint = error_field(r, result, PG_DIAG_CONSTRAINT_NAME),
		.message = error_field(r, result, PG_DIAG_MESSAGE_PRIMARY),
		.detail = error_field(r, result, PG_DIAG_MESSAGE_DETAIL),
	};

	PQclear(result);
	if (PQstatus(db.connection) != CONNECTION_OK || strncmp(why.sqlstate, "57P", 3) == 0)
	{
		log_error(r, "database lost", why.sqlstate, why.message);
		request_fail(r, FAIL_LOST);
	}
	if (strncmp(why.sqlstate, "40", 2) == 0 || strncmp(why.sqlstate, "57", 2) == 0 ||
		strncmp(why.sqlstate, "53", 2) == 0 || strcmp(why.sqlstate, "55P03") == 0 || why.sqlstate[0] == '\0')
	{
		log_error(r, "database busy", why.sqlstate, why.message);
		request_fail(r, 503);
	}
	if (refusal == NULL)
	{
		log_error(r, "statement failed", why.sqlstate, why.message);
		request_fail(r, strcmp(why.sqlstate, "42501") == 0 ? 403 : 500);
	}
	/* A rule of the shop is nobody's mistake; a missing right or a wrong statement is ours. */
	if (strncmp(why.sqlstate, "42", 2) == 0)
		log_error(r, "statement failed", why.sqlstate, why.message);
	*refusal = why;
}

/* Runs a statement, see query() and attempt(). The rows live as long as the request. */
const Rows *
db_query(Request *r, const char *sql, Refusal *refusal, const char *const *values, int count)
{
	PGresult   *result;
	ExecStatusType status;

	if (db.result_count == MAX_RESULTS)
		request_fail(r, 500);
	if (refusal != NULL)
	{
		*refusal = (Refusal) {"", "", "", ""};
		if (!run("SAVEPOINT attempt"))
			request_fail(r, FAIL_LOST);
	}
	result = execute(sql, values, count);
	status = PQresultStatus(result);
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
	{
		failed(r, result, refusal);
		if (!run("ROLLBACK TO attempt"))
			request_fail(r, FAIL_LOST);
		return NULL;
	}
	db.results[db.result_count++] = result;
	if (refusal != NULL && !run("RELEASE attempt"))
		request_fail(r, FAIL_LOST);
	return (const Rows *) result;
}

/* The same, see find(). */
const Rows *
db_find(Request *r, const char *sql, const char *const *values, int count)
{
	const Rows *rows = db_query(r, sql, NULL, values, count);

	if (rows_count(rows) == 0)
		request_fail(r, 404);
	return rows;
}

/* The picture of a hash, NULL when there is none. As bytes: as text it would be twice as long. */
const char *
db_bytes(Request *r, const char *hash, size_t *len, const char **media_type)
{
	const char *values[] = {hash};
	PGresult   *result = PQexecParams(db.connection, "SELECT data, media_type FROM web_picture($1)", 1, NULL, values,
									  NULL, NULL, 1);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		failed(r, result, NULL);
	db.results[db.result_count++] = result;
	if (PQntuples(result) == 0)
		return NULL;
	*len = (size_t) PQgetlength(result, 0, 0);
	*media_type = PQgetvalue(result, 0, 1);
	return PQgetvalue(result, 0, 0);
}

/* Stores a picture of a product, as bytes too. */
void
db_save_picture(Request *r, const char *product_id, const char *size, const void *bytes, size_t len)
{
	const char *values[] = {product_id, size, bytes};
	const int	lengths[] = {0, 0, (int) len};
	const int	formats[] = {0, 0, 1};
	PGresult   *result = PQexecParams(db.connection, "SELECT web_set_picture($1, $2, $3)", 3, NULL, values, lengths,
									  formats, 0);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		failed(r, result, NULL);
	PQclear(result);
}

/* How many rows there are; none where a statement was refused. */
int
rows_count(const Rows *rows)
{
	return rows != NULL ? PQntuples((const PGresult *) rows) : 0;
}

/* One value, "" for NULL and for what is not there. */
const char *
cell(const Rows *rows, int row, int column)
{
	const PGresult *result = (const PGresult *) rows;

	return row < rows_count(rows) && column < PQnfields(result) ? PQgetvalue(result, row, column) : "";
}

/* Is it NULL? */
bool
cell_is_null(const Rows *rows, int row, int column)
{
	const PGresult *result = (const PGresult *) rows;

	return row >= rows_count(rows) || column >= PQnfields(result) || PQgetisnull(result, row, column);
}

/* A value as a whole number. */
long long
cell_int(const Rows *rows, int row, int column)
{
	return strtoll(cell(rows, row, column), NULL, 10);
}

/* A value as a boolean. */
bool
cell_true(const Rows *rows, int row, int column)
{
	return cell(rows, row, column)[0] == 't';
}
