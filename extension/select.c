/*
 * select.c - SELECTs given as text: checked, and run as the caller
 *
 * Functions that read an app's own tables are given a query.  It is parsed
 * and analysed in its author's search_path and refused unless it is a plain
 * SELECT; with every name qualified it then reads the same objects whatever
 * the search_path is.  It runs through the executor with a receiver of our
 * own: any SELECT works, rights and row security are the caller's, and no
 * row is copied.
 */
#include "select.h"

#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "trusted.h"

bool
is_integer_type(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

bool
is_number_type(Oid type)
{
	return is_integer_type(type) || type == NUMERICOID || type == FLOAT4OID || type == FLOAT8OID;
}

bool
is_time_type(Oid type)
{
	return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

/* Does a query, or one inside it, lock rows? */
static bool
locks_rows(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		if (((Query *) node)->rowMarks != NIL)
			return true;
		return query_tree_walker((Query *) node, locks_rows, context, 0);
	}
	return expression_tree_walker(node, locks_rows, context);
}

/* What an error inside the text of a query says. */
typedef struct QueryText
{
	const char *what;
	const char *text;
} QueryText;

/* Positions in the text are not positions in the statement that the user sent. */
static void
query_error(void *argument)
{
	QueryText  *query = argument;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(query->text);
	}
	errcontext("query for %s", query->what);
}

/*
 * Parses text that must be a single SELECT which changes nothing.  what names
 * it in errors, hint says which columns it returns.  Errors: syntax_error,
 * feature_not_supported, and whatever the parser finds.
 */
Query *
select_analyze(const char *what, const char *hint, const char *text)
{
	QueryText	query_text = {what, text};
	ErrorContextCallback callback = {error_context_stack, query_error, &query_text};
	List	   *statements;
	Query	   *query;

	error_context_stack = &callback;
	statements = raw_parser(text, RAW_PARSE_DEFAULT);
	if (list_length(statements) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s must be a single query", what),
				 errhint("%s", hint)));
	if (!IsA(linitial_node(RawStmt, statements)->stmt, SelectStmt))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s must be a SELECT", what),
				 errhint("%s", hint)));
	query = parse_analyze_fixedparams(linitial_node(RawStmt, statements), text, NULL, 0, NULL);
	if (query->commandType != CMD_SELECT || query->hasModifyingCTE || query->utilityStmt != NULL ||
		locks_rows((Node *) query, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s must be a SELECT that changes and locks nothing", what),
				 errhint("%s", hint)));
	error_context_stack = callback.previous;
	return query;
}

/*
 * The text of a query in which every name is qualified, and constants are
 * written so that they are read alike under any settings.
 */
char *
select_qualified(Query *query)
{
	static const char *const settings[][2] = {
		/* a name is printed qualified unless the search_path finds it */
		{"search_path", "pg_catalog"},
		{"datestyle", "ISO"},
		{"intervalstyle", "postgres"},
		{"extra_float_digits", "3"}
	};
	char	   *text;
	int			guc_level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	text = pg_get_querydef(query, false);
	AtEOXact_GUC(false, guc_level);
	return text;
}

/* ---- what a query calls ---- */

static bool
is_unsteady_function(Oid function, void *context)
{
	char		volatility = func_volatile(function);

	/* of the server's own stable functions only this one can change so soon */
	return volatility == PROVOLATILE_VOLATILE ||
		(volatility == PROVOLATILE_STABLE &&
		 (function >= FirstNormalObjectId || function == F_CURRENT_SETTING_TEXT ||
		  function == F_CURRENT_SETTING_TEXT_BOOL));
}

static bool
is_own_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

typedef struct CallSearch
{
	check_function_callback kind;
	List	  **settings;		/* NULL: those who read them are like others */
} CallSearch;

/* Does it read a setting whose name is known?  Then notes the name. */
static bool
reads_setting(const Node *node, const CallSearch *search)
{
	const FuncExpr *call = (const FuncExpr *) node;
	const Const *name;

	if (search->settings == NULL || !IsA(node, FuncExpr) ||
		(call->funcid != F_CURRENT_SETTING_TEXT && call->funcid != F_CURRENT_SETTING_TEXT_BOOL))
		return false;
	name = linitial(call->args);
	if (!IsA(name, Const) || name->constisnull)
		return false;
	*search->settings = list_append_unique(*search->settings,
										   makeString(TextDatumGetCString(name->constvalue)));
	return true;
}

/* Is there a function of a kind in a query, or in one inside it? */
static bool
has_function(Node *node, void *context)
{
	const CallSearch *search = context;

	if (node == NULL)
		return false;
	if (!reads_setting(node, search) && check_functions_in_node(node, search->kind, NULL))
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, has_function, context, 0);
	return expression_tree_walker(node, has_function, context);
}

/*
 * May functions in these queries return something else at the next call?
 * Apart from what the settings tell whose names are added to the list.
 */
bool
select_is_unsteady(List *queries, List **settings)
{
	CallSearch	search = {is_unsteady_function, settings};

	return has_function((Node *) queries, &search);
}

/* A number for the values of settings, given their names. */
uint64
select_settings_digest(const List *settings)
{
	uint64		digest = 0;
	ListCell   *cell;

	foreach(cell, settings)
	{
		const char *value = GetConfigOption(strVal(lfirst(cell)), true, false);

		digest = hash_combine64(digest, value ? hash_bytes_extended((const unsigned char *) value, strlen(value), 1) : 0);
	}
	return digest;
}

/* Do these queries call functions that are not the server's? */
bool
select_calls_functions(List *queries)
{
	CallSearch	search = {is_own_function, NULL};

	return has_function((Node *) queries, &search);
}

/* ---- running ---- */

typedef struct ForwardReceiver
{
	DestReceiver pub;
	MemoryContext context;		/* of the caller, for what receiver allocates */
	SlotReceiver receiver;
	void	   *state;
} ForwardReceiver;

static bool
forward_row(TupleTableSlot *slot, DestReceiver *self)
{
	ForwardReceiver *f = (ForwardReceiver *) self;
	MemoryContext before = MemoryContextSwitchTo(f->context);

	f->receiver(f->state, slot);
	MemoryContextSwitchTo(before);
	return true;
}

static void
forward_start(DestReceiver *self, int operation, TupleDesc description)
{
}

static void
forward_nothing(DestReceiver *self)
{
}

/*
 * Runs a qualified query as the caller, read-only, under the caller's
 * snapshot, and gives receiver each row.
 */
void
select_run(const char *query, SlotReceiver receiver, void *state)
{
	ForwardReceiver f = {
		.pub = {
			.receiveSlot = forward_row,
			.rStartup = forward_start,
			.rShutdown = forward_nothing,
			.rDestroy = forward_nothing,
			/* anything but DestNone, with which SPI returns no rows */
			.mydest = DestTuplestore
		},
		.context = CurrentMemoryContext,
		.receiver = receiver,
		.state = state
	};
	SPIExecuteOptions options = {
		.read_only = true,
		.must_return_tuples = true,
		.dest = &f.pub
	};
	Scope		scope;
	SPIPlanPtr	plan;
	int			result;

	scope_begin_caller(&scope, GetUserId(), false);
	plan = SPI_prepare_cursor(query, 0, NULL, CURSOR_OPT_PARALLEL_OK);
	if (plan == NULL)
		elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
	result = SPI_execute_plan_extended(plan, &options);
	if (result < 0)
		elog(ERROR, "could not run a query: %s", SPI_result_code_string(result));
	scope_end(&scope);
}
