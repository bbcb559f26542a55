/*
 * source.c - the queries of a model, run as the caller
 *
 * They run through the executor with a receiver of our own: any SELECT works,
 * rights and row security are the caller's, and no row is copied.  Plans are
 * kept, one for each model, query and way of using it, up to MAX_KEPT_PLANS.
 *
 * A query is its owner's: who may not see the model's row does not read it in
 * an error either.
 */
#include "source.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/timestamp.h"

#include "select.h"
#include "trusted.h"

/* How a query is used; each way has a plan of its own. */
typedef enum SourceUse
{
	USE_ALL,					/* all its rows */
	USE_CLIENT,					/* the rows of client $1 */
	USE_PRODUCTS,				/* the rows of products $1, an array */
	USE_RIGHTS,					/* no rows: may the caller run it? */
	USE_FUNCTIONS,				/* a whole row: and what its functions do? */
	USE_COUNT					/* how many rows it returns */
} SourceUse;

typedef struct PlanKey
{
	uint32		owner;			/* a model's id; of KIND_AMONG, a relation */
	int32		kind;
	int32		use;
} PlanKey;

#define KIND_AMONG SOURCE_KINDS

typedef struct KeptPlan
{
	PlanKey		key;			/* hash key of entry - MUST BE FIRST */
	char	   *query;			/* as it was when the plan was made */
	Oid			author;			/* a model's owner; of KIND_AMONG, InvalidOid */
	SPIPlanPtr	plan;
	int			running;		/* times; a query may use another model */
} KeptPlan;

#define MAX_KEPT_PLANS 64

static HTAB *kept_plans = NULL;

/* May the role that runs a query of this author's see its text? */
static bool
may_see_query(Oid author)
{
	return !OidIsValid(author) || has_privs_of_role(GetUserId(), author);
}

/* Does the query call functions that are not the server's? */
static bool
calls_functions(const KeptPlan *kept)
{
	ListCell   *cell;

	foreach(cell, SPI_plan_get_plan_sources(kept->plan))
	{
		CachedPlanSource *source = lfirst(cell);

		if (select_calls_functions(source->query_list))
			return true;
	}
	return false;
}

/* The plan as the tables are now, to be released. */
static CachedPlan *
current_plan(KeptPlan *kept)
{
	MemoryContext context = CurrentMemoryContext;
	bool		may_see = may_see_query(kept->author);
	CachedPlan *plan = NULL;

	kept->running++;
	PG_TRY();
	{
		plan = SPI_plan_get_cached_plan(kept->plan);
	}
	PG_CATCH();
	{
		kept->running--;
		scope_rethrow(may_see, context);
	}
	PG_END_TRY();
	kept->running--;
	if (plan == NULL)
		elog(ERROR, "no single plan for a query of a model");
	return plan;
}

/*
 * May the query return other rows though snapshot and role are the same?
 * What it depends on is added to traits, in memory of this context; the
 * policies of row security are part of the query by now.
 */
static Steadiness
steadiness(KeptPlan *kept, MemoryContext context, SourceTraits *traits)
{
	MemoryContext before = MemoryContextSwitchTo(context);
	Steadiness	result = STEADY;
	ListCell   *cell;

	/* then what the plan is made of is as the tables are now */
	ReleaseCachedPlan(current_plan(kept), CurrentResourceOwner);
	foreach(cell, SPI_plan_get_plan_sources(kept->plan))
	{
		CachedPlanSource *source = lfirst(cell);

		if (contain_volatile_functions((Node *) source->query_list))
			result = VOLATILE;
		else if (select_is_unsteady(source->query_list, &traits->settings))
			result = Max(result, UNSTEADY);
		traits->restricted |= source->dependsOnRLS;
	}
	traits->restricted |= traits->settings != NIL;
	MemoryContextSwitchTo(before);
	return result;
}

/*
 * Raises the error that running the plan would raise for want of rights on
 * tables.  Returns whether that is all: of foreign tables, only running tells.
 */
static bool
check_plan_rights(KeptPlan *kept)
{
	CachedPlan *current = current_plan(kept);
	bool		is_all = true;
	ListCell   *cell;

	foreach(cell, current->stmt_list)
	{
		PlannedStmt *statement = lfirst_node(PlannedStmt, cell);
		ListCell   *table;

		(void) check_statement_rights(statement);
		foreach(table, statement->rtable)
		{
			const RangeTblEntry *entry = lfirst(table);

			is_all &= entry->rtekind != RTE_RELATION || entry->relkind != RELKIND_FOREIGN_TABLE;
		}
	}
	ReleaseCachedPlan(current, CurrentResourceOwner);
	return is_all;
}

/* Makes room: forgets all plans that are not running. */
static void
forget_plans(void)
{
	HASH_SEQ_STATUS scan;
	KeptPlan   *kept;

	hash_seq_init(&scan, kept_plans);
	while ((kept = hash_seq_search(&scan)) != NULL)
	{
		if (kept->running > 0)
			continue;
		SPI_freeplan(kept->plan);
		pfree(kept->query);
		hash_search(kept_plans, &kept->key, HASH_REMOVE, NULL);
	}
}

static SPIPlanPtr
prepare(const char *sql, int arguments, Oid *types, int cursor_options, Oid author)
{
	MemoryContext context = CurrentMemoryContext;
	bool		may_see = may_see_query(author);
	SPIPlanPtr	plan = NULL;

	PG_TRY();
	{
		plan = SPI_prepare_cursor(sql, arguments, types, cursor_options);
	}
	PG_CATCH();
	{
		scope_rethrow(may_see, context);
	}
	PG_END_TRY();
	if (plan == NULL)
		elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * The columns of a plan of ratings without the attributes of products, for a
 * query that then need not look them up; NULL: there are none.
 */
static char *
columns_of_client(SPIPlanPtr plan)
{
	TupleDesc	description = ((CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan)))->resultDesc;
	StringInfoData columns;
	bool		any = false;

	initStringInfo(&columns);
	for (int i = 0; i < description->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(description, i)->attname);

		if (i >= AT_COLUMN && !is_attribute_of_client(name))
			any = true;
		else
			appendStringInfo(&columns, "%sq.%s", i > 0 ? ", " : "", quote_identifier(name));
	}
	return any ? columns.data : NULL;
}

/* The plan of a query, used in some way; inside a caller scope. */
static KeptPlan *
kept_plan_of(PlanKey key, const char *query, Oid author)
{
	Oid			argument = key.use == USE_PRODUCTS ? INT8ARRAYOID : INT8OID;
	bool		has_argument = key.use == USE_CLIENT || key.use == USE_PRODUCTS;
	/* one plan for all ids: planning for each costs more than it can save */
	int			plan_options = CURSOR_OPT_PARALLEL_OK | (has_argument ? CURSOR_OPT_GENERIC_PLAN : 0);
	KeptPlan   *kept;
	bool		found;
	SPIPlanPtr	plan;
	char	   *sql;

	if (kept_plans == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(PlanKey),.entrysize = sizeof(KeptPlan)};

		kept_plans = hash_create("reco query plans", 16, &control, HASH_ELEM | HASH_BLOBS);
	}
	kept = hash_search(kept_plans, &key, HASH_FIND, NULL);
	if (kept && strcmp(kept->query, query) == 0)
		return kept;
	if (hash_get_num_entries(kept_plans) >= MAX_KEPT_PLANS)
		forget_plans();

	switch ((SourceUse) key.use)
	{
		case USE_PRODUCTS:
			sql = psprintf("SELECT * FROM (%s) q WHERE q.product_id = ANY ($1)", query);
			break;
		case USE_CLIENT:
			sql = psprintf("SELECT * FROM (%s) q WHERE q.client_id = $1", query);
			break;
		case USE_RIGHTS:
			sql = psprintf("SELECT FROM (%s) q LIMIT 0", query);
			break;
		case USE_FUNCTIONS:
			sql = psprintf("SELECT q FROM (%s) q LIMIT 1", query);
			break;
		case USE_COUNT:
			sql = psprintf("SELECT count(*) FROM (%s) q", query);
			break;
		default:
			sql = pstrdup(query);
			break;
	}
	plan = prepare(sql, has_argument ? 1 : 0, &argument, plan_options, author);
	if (key.kind == SOURCE_RATINGS && key.use == USE_CLIENT)
	{
		const char *columns = columns_of_client(plan);

		if (columns)
			plan = prepare(psprintf("SELECT %s FROM (%s) q WHERE q.client_id = $1", columns, query),
						   1, &argument, plan_options, author);
	}
	SPI_keepplan(plan);

	/* nothing below can fail but for lack of memory */
	kept = hash_search(kept_plans, &key, HASH_ENTER, &found);
	if (found)
	{
		SPI_freeplan(kept->plan);
		pfree(kept->query);
	}
	kept->plan = plan;
	kept->author = author;
	kept->query = MemoryContextStrdup(TopMemoryContext, query);
	kept->running = 0;
	return kept;
}

/* The same of one of a model's queries. */
static KeptPlan *
kept_plan(const Model *model, SourceKind kind, SourceUse use)
{
	return kept_plan_of((PlanKey) {model->id, kind, use}, model->queries[kind], model->owner);
}

/* The same of candidates or, if it is given, among. */
static KeptPlan *
kept_products_plan(const Model *model, const Among *among, SourceUse use)
{
	if (among)
		return kept_plan_of((PlanKey) {among->relation, KIND_AMONG, use}, among->query, InvalidOid);
	return kept_plan(model, SOURCE_CANDIDATES, use);
}

/* Runs a plan that must not be forgotten meanwhile. */
static void
run_kept(KeptPlan *kept, const SPIExecuteOptions *options)
{
	MemoryContext context = CurrentMemoryContext;
	bool		may_see = may_see_query(kept->author);
	int			result = 0;

	kept->running++;
	PG_TRY();
	{
		result = SPI_execute_plan_extended(kept->plan, options);
	}
	PG_CATCH();
	{
		kept->running--;
		scope_rethrow(may_see, context);
	}
	PG_END_TRY();
	kept->running--;
	if (result < 0)
		elog(ERROR, "could not run a query: %s", SPI_result_code_string(result));
}

/* A DestReceiver that turns tuples into SourceRows. */
typedef struct RowReceiver
{
	DestReceiver pub;
	bool		only_products;	/* product_id and surplus */
	SourceReceiver receiver;
	void	   *state;
	Oid			client_type;
	Oid			product_type;
} RowReceiver;

static int64
integer_value(Datum value, Oid type)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		default:
			return DatumGetInt64(value);
	}
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *r = (RowReceiver *) self;
	SourceRow	row = {0};

	if (r->only_products)
	{
		slot_getsomeattrs(slot, SURPLUS_COLUMN);
		row.null_id = slot->tts_isnull[0];
		row.null_value = slot->tts_isnull[SURPLUS_COLUMN - 1];
		if (!row.null_id)
			row.product = integer_value(slot->tts_values[0], r->product_type);
		if (!row.null_value)
			row.value = DatumGetFloat8(slot->tts_values[SURPLUS_COLUMN - 1]);
	}
	else
	{
		slot_getallattrs(slot);
		row.null_product = slot->tts_isnull[PRODUCT_COLUMN - 1];
		row.null_id = slot->tts_isnull[CLIENT_COLUMN - 1] || row.null_product;
		row.null_value = slot->tts_isnull[VALUE_COLUMN - 1];
		row.null_at = slot->tts_isnull[AT_COLUMN - 1];
		if (!row.null_id)
			row.client = integer_value(slot->tts_values[CLIENT_COLUMN - 1], r->client_type);
		if (!row.null_product)
			row.product = integer_value(slot->tts_values[PRODUCT_COLUMN - 1], r->product_type);
		if (!row.null_value)
			row.value = DatumGetFloat8(slot->tts_values[VALUE_COLUMN - 1]);
		if (!row.null_at)
			row.at = DatumGetTimestampTz(slot->tts_values[AT_COLUMN - 1]);
		row.attributes = slot->tts_tupleDescriptor->natts - AT_COLUMN;
		if (row.attributes > 0)
		{
			row.description = slot->tts_tupleDescriptor;
			row.attribute = slot->tts_values + AT_COLUMN;
			row.null_attribute = slot->tts_isnull + AT_COLUMN;
		}
	}
	r->receiver(r->state, &row);
	return true;
}

/* Is an attribute of a row one of its client?  Else it is one of its product. */
bool
source_attribute_of_client(const SourceRow *row, int attribute)
{
	return is_attribute_of_client(NameStr(TupleDescAttr(row->description, AT_COLUMN + attribute)->attname));
}

bool
source_attribute_is_array(const SourceRow *row, int attribute)
{
	return TupleDescAttr(row->description, AT_COLUMN + attribute)->atttypid == TEXTARRAYOID;
}

/* The stored query cannot return other types, unless its tables have changed. */
static Oid
id_type(TupleDesc description, int column)
{
	Oid			type = getBaseType(TupleDescAttr(description, column - 1)->atttypid);

	if (!is_integer_type(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column %s has type %s", NameStr(TupleDescAttr(description, column - 1)->attname),
						format_type_be(type)),
				 errdetail("Ids must be smallint, integer or bigint.")));
	return type;
}

static void
receiver_start(DestReceiver *self, int operation, TupleDesc description)
{
	RowReceiver *r = (RowReceiver *) self;

	if (r->only_products)
		r->product_type = id_type(description, 1);
	else
	{
		r->client_type = id_type(description, CLIENT_COLUMN);
		r->product_type = id_type(description, PRODUCT_COLUMN);
	}
}

static void
receiver_nothing(DestReceiver *self)
{
}

/* Runs a plan, giving each row to receiver. */
static void
run_plan(KeptPlan *kept, ParamListInfo params, bool only_products,
		 SourceReceiver receiver, void *state)
{
	RowReceiver r = {
		.pub = {
			.receiveSlot = receive_row,
			.rStartup = receiver_start,
			.rShutdown = receiver_nothing,
			.rDestroy = receiver_nothing,
			/* anything but DestNone, with which SPI returns no rows */
			.mydest = DestTuplestore
		},
		.only_products = only_products,
		.receiver = receiver,
		.state = state
	};
	SPIExecuteOptions options = {
		.params = params,
		.read_only = true,
		.must_return_tuples = true,
		.dest = &r.pub
	};

	run_kept(kept, &options);
}

/* The receiver runs in the memory context that was current before. */
typedef struct ContextSwitch
{
	MemoryContext context;
	SourceReceiver receiver;
	void	   *state;
} ContextSwitch;

static void
receive_in_context(void *state, const SourceRow *row)
{
	ContextSwitch *s = state;
	MemoryContext before = MemoryContextSwitchTo(s->context);

	s->receiver(s->state, row);
	MemoryContextSwitchTo(before);
}

static ParamListInfo
one_parameter(Datum value, Oid type)
{
	ParamListInfo params = makeParamList(1);

	params->params[0].value = value;
	params->params[0].isnull = false;
	params->params[0].pflags = PARAM_FLAG_CONST;
	params->params[0].ptype = type;
	return params;
}

/*
 * Runs a query of the model as the caller, under the caller's snapshot, and
 * gives receiver each row: all, or those of one client.
 */
void
source_read(const Model *model, SourceKind kind, const int64 *only_client,
			SourceReceiver receiver, void *state)
{
	ContextSwitch in_context = {CurrentMemoryContext, receiver, state};
	ParamListInfo params = NULL;
	Scope		scope;

	if (only_client)
		params = one_parameter(Int64GetDatum(*only_client), INT8OID);
	scope_begin_caller(&scope, model->owner, model->as_owner);
	run_plan(kept_plan(model, kind, only_client ? USE_CLIENT : USE_ALL), params,
			 kind == SOURCE_CANDIDATES, receive_in_context, &in_context);
	scope_end(&scope);
}

/* A table or view of the caller's choice, checked: undefined_column. */
Among *
source_among(Oid relation)
{
	Among	   *among = palloc(sizeof(Among));
	char	   *name = get_rel_name(relation);
	AttrNumber	column;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	column = get_attnum(relation, "product_id");
	if (column == InvalidAttrNumber || !is_integer_type(getBaseType(get_atttype(relation, column))))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("\"%s\" has no integer column product_id", name),
				 errhint("Argument among takes a table or view with a column product_id "
						 "of type smallint, integer or bigint.")));
	among->relation = relation;
	among->query = psprintf("SELECT r.product_id, NULL::pg_catalog.float8 AS surplus FROM %s r",
							quote_qualified_identifier(get_namespace_name_or_temp(get_rel_namespace(relation)),
													   name));
	return among;
}

/* candidates: as whoever runs a model's queries; among: as the caller. */
static void
begin_products_scope(Scope *scope, const Model *model, const Among *among)
{
	if (among)
		scope_begin_caller(scope, GetUserId(), false);
	else
		scope_begin_caller(scope, model->owner, model->as_owner);
}

Steadiness
source_products_steadiness(const Model *model, const Among *among, SourceTraits *traits)
{
	MemoryContext context = CurrentMemoryContext;
	Steadiness	result;
	Scope		scope;

	begin_products_scope(&scope, model, among);
	result = steadiness(kept_products_plan(model, among, USE_ALL), context, traits);
	scope_end(&scope);
	return result;
}

/*
 * The products of the model's candidates or, if it is given, of among: all,
 * or those among only (count of them, in any order).
 */
void
source_read_products(const Model *model, const Among *among, const int64 *only, int64 count,
					 SourceReceiver receiver, void *state)
{
	ContextSwitch in_context = {CurrentMemoryContext, receiver, state};
	ParamListInfo params = NULL;
	Scope		scope;

	if (only)
	{
		Datum	   *ids = palloc(Max(count, 1) * sizeof(Datum));

		for (int64 i = 0; i < count; i++)
			ids[i] = Int64GetDatum(only[i]);
		params = one_parameter(PointerGetDatum(construct_array(ids, (int) count, INT8OID, sizeof(int64),
															   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
							   INT8ARRAYOID);
		pfree(ids);
	}
	begin_products_scope(&scope, model, among);
	run_plan(kept_products_plan(model, among, only ? USE_PRODUCTS : USE_ALL), params, true,
			 receive_in_context, &in_context);
	scope_end(&scope);
}

/*
 * Raises the error that reading the model's queries would raise for want of
 * rights, without reading a row: what a model learnt is worth what it was
 * learnt from.  Rights that a function of a query needs show when it is
 * called, so of such a query the first row is read.  Adds to traits what the
 * rows depend on.
 */
void
source_check_rights(const Model *model, SourceTraits *traits)
{
	MemoryContext context = CurrentMemoryContext;
	Scope		scope;

	scope_begin_caller(&scope, model->owner, model->as_owner);
	for (int kind = SOURCE_RATINGS; kind <= SOURCE_PURCHASES; kind++)
	{
		SPIExecuteOptions options = {.read_only = true};
		KeptPlan   *kept;

		if (!model->queries[kind])
			continue;
		/* of the plan that is needed soon, to make one less in a new session */
		kept = kept_plan(model, kind, USE_CLIENT);
		if (!check_plan_rights(kept))
			run_kept(kept_plan(model, kind, USE_RIGHTS), &options);
		traits->unsteady |= steadiness(kept, context, traits) != STEADY;
		if (calls_functions(kept))
			run_kept(kept_plan(model, kind, USE_FUNCTIONS), &options);
	}
	scope_end(&scope);
}

/* How many rows the ratings and purchases of the model have now. */
int64
source_count(const Model *model)
{
	int64		total = 0;
	Scope		scope;

	scope_begin_caller(&scope, model->owner, model->as_owner);
	for (int kind = SOURCE_RATINGS; kind <= SOURCE_PURCHASES; kind++)
	{
		SPIExecuteOptions options = {.read_only = true};
		bool		isnull;

		if (!model->queries[kind])
			continue;
		run_kept(kept_plan(model, kind, USE_COUNT), &options);
		total += DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
											 &isnull));
	}
	scope_end(&scope);
	return total;
}

/* The planner's cost and number of rows of running a plan. */
static double
cost_of_plan(KeptPlan *kept, double *rows)
{
	CachedPlan *plan = current_plan(kept);
	Plan	   *tree;
	double		cost;

	tree = linitial_node(PlannedStmt, plan->stmt_list)->planTree;
	cost = tree->total_cost;
	*rows = tree->plan_rows;
	ReleaseCachedPlan(plan, CurrentResourceOwner);
	return cost;
}

/* Of reading all of a query, or the rows of one client. */
double
source_cost(const Model *model, SourceKind kind, bool one_client, double *rows)
{
	Scope		scope;
	double		cost;

	scope_begin_caller(&scope, model->owner, model->as_owner);
	cost = cost_of_plan(kept_plan(model, kind, one_client ? USE_CLIENT : USE_ALL), rows);
	scope_end(&scope);
	return cost;
}

/* Elements that the planner takes an unknown array to have. */
#define ARRAY_GUESS 10

/* Of reading all candidates, or among; or, if some, for each product asked for. */
double
source_products_cost(const Model *model, const Among *among, bool some, double *rows)
{
	Scope		scope;
	double		cost;

	begin_products_scope(&scope, model, among);
	cost = cost_of_plan(kept_products_plan(model, among, some ? USE_PRODUCTS : USE_ALL), rows);
	scope_end(&scope);
	return some ? cost / ARRAY_GUESS : cost;
}
