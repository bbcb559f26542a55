/*
 * stock_level.c - a shop's levels locked and written by hand
 *
 * From the lock of a level to the end of the transaction everybody else who
 * sells the product waits, so this time is what limits a busy shop.  For the
 * few products of a basket the rows are found, locked and written without
 * statements, in a third of the time.  What an UPDATE would do besides is done
 * here too: constraints, indexes, triggers for each row.  Where it would do
 * more, for a statement's triggers that somebody added or for rules, there is
 * no writing by hand and the caller uses statements.
 */
#include "stock.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* our own statement trigger, which keeps others from writing levels */
#define GUARD_TRIGGER "guard_levels"

/* columns of stock_level, in the order of column_names */
enum
{
	PRODUCT_ID,
	ON_HAND,
	RESERVED,
	ON_ORDER,
	REORDER_POINT,
	ACTIVE,
	ALLOW_BACKORDER,
	LEVEL_COLUMNS
};

static const char *const column_names[LEVEL_COLUMNS] = {
	"product_id", "on_hand", "reserved", "on_order", "reorder_point", "active", "allow_backorder"
};

static const Oid column_types[LEVEL_COLUMNS] = {
	INT8OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, BOOLOID, BOOLOID
};

struct LevelTable
{
	Relation	relation;
	Relation	index;			/* by product_id */
	AttrNumber	columns[LEVEL_COLUMNS];
	TupleTableSlot *rows[MAX_LEVELS_BY_HAND];
	int			count;
};

/* Would an UPDATE do anything that we do not? */
static bool
needs_statement(Relation relation)
{
	TriggerDesc *triggers = relation->trigdesc;

	/* rights and row security are not asked about here: it must be our role's own */
	if (relation->rd_rel->relkind != RELKIND_RELATION || relation->rd_rel->relhassubclass ||
		relation->rd_rules != NULL || relation->rd_rel->relrowsecurity ||
		relation->rd_rel->relowner != GetUserId())
		return true;
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (!TRIGGER_FOR_ROW(trigger->tgtype) && TRIGGER_FOR_UPDATE(trigger->tgtype) &&
			strcmp(trigger->tgname, GUARD_TRIGGER) != 0)
			return true;
	}
	return triggers != NULL && (triggers->trig_update_old_table || triggers->trig_update_new_table);
}

/* The column by that name, if it is as create_shop made it. */
static AttrNumber
level_column(TupleDesc columns, int column)
{
	for (int a = 0; a < columns->natts; a++)
	{
		Form_pg_attribute attribute = TupleDescAttr(columns, a);

		if (!attribute->attisdropped && attribute->atttypid == column_types[column] &&
			(attribute->attnotnull || column == REORDER_POINT) &&
			strcmp(NameStr(attribute->attname), column_names[column]) == 0)
			return attribute->attnum;
	}
	return InvalidAttrNumber;
}

/* Opens a table of levels; NULL: it is to be written by statements. */
LevelTable *
levels_open(Oid relation)
{
	LevelTable *table = palloc0(sizeof(LevelTable));
	Oid			index;

	table->relation = table_open(relation, RowExclusiveLock);
	/* fills in rd_pkindex */
	list_free(RelationGetIndexList(table->relation));
	index = table->relation->rd_pkindex;
	if (OidIsValid(index) && !needs_statement(table->relation))
	{
		TupleDesc	columns = RelationGetDescr(table->relation);
		bool		all = true;

		for (int i = 0; i < LEVEL_COLUMNS; i++)
		{
			table->columns[i] = level_column(columns, i);
			all &= table->columns[i] != InvalidAttrNumber;
		}
		table->index = index_open(index, RowExclusiveLock);
		if (all && table->index->rd_index->indnkeyatts == 1 &&
			table->index->rd_index->indkey.values[0] == table->columns[PRODUCT_ID])
			return table;
		index_close(table->index, NoLock);
	}
	table_close(table->relation, NoLock);
	return NULL;
}

/*
 * Finds a product's level and locks it as it is now, for an UPDATE; false: it
 * has none.
 */
static bool
lock_level(LevelTable *table, IndexScanDesc scan, int64 product_id, Snapshot snapshot, TupleTableSlot *row)
{
	bool		old_snapshot = IsolationUsesXactSnapshot();
	ScanKeyData key;
	TM_FailureData failure;
	TM_Result	result;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(product_id));
	index_rescan(scan, &key, 1, NULL, 0);
	if (!index_getnext_slot(scan, ForwardScanDirection, row))
		return false;
	result = table_tuple_lock(table->relation, &row->tts_tid, snapshot, row, GetCurrentCommandId(false),
							  LockTupleNoKeyExclusive, LockWaitBlock,
							  old_snapshot ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
	switch (result)
	{
		case TM_Ok:
			return true;
		case TM_Updated:
		case TM_Deleted:
			if (old_snapshot)
				ereport(ERROR,
						(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						 errmsg("could not serialize access due to concurrent update")));
			return false;
		default:
			elog(ERROR, "unexpected result %d of locking a stock level", (int) result);
	}
	return false;
}

/* A copy, for the row is let go before we are done. */
static Numeric
number_of(const LevelTable *table, TupleTableSlot *row, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(row, table->columns[column], &isnull);

	return isnull ? NULL : DatumGetNumericCopy(value);
}

static bool
flag_of(const LevelTable *table, TupleTableSlot *row, int column)
{
	bool		isnull;

	return DatumGetBool(slot_getattr(row, table->columns[column], &isnull));
}

/*
 * Locks levels one after the other: the ids are in ascending order, and no
 * more than MAX_LEVELS_BY_HAND.  Returns for how many of them there was one.
 */
int
levels_lock(LevelTable *table, const int64 *ids, int count, StockLevel *levels)
{
	Numeric		zero = int64_to_numeric(0);
	int			locked = 0;
	IndexScanDesc scan;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	scan = begin_index_scan(table->relation, table->index, GetActiveSnapshot(), 1);
	for (int i = 0; i < count; i++)
	{
		TupleTableSlot *row = table_slot_create(table->relation, NULL);
		Numeric		reserved;

		table->rows[table->count++] = row;
		if (!lock_level(table, scan, ids[i], GetActiveSnapshot(), row))
			continue;
		reserved = number_of(table, row, RESERVED);
		levels[i].available = numeric_sub_opt_error(number_of(table, row, ON_HAND), reserved, NULL);
		levels[i].on_order = number_of(table, row, ON_ORDER);
		levels[i].reorder_point = number_of(table, row, REORDER_POINT);
		levels[i].active = flag_of(table, row, ACTIVE);
		levels[i].allow_backorder = flag_of(table, row, ALLOW_BACKORDER);
		levels[i].some_reserved = DatumGetBool(DirectFunctionCall2(numeric_ne, NumericGetDatum(reserved),
																   NumericGetDatum(zero)));
		locked++;
	}
	index_endscan(scan);
	PopActiveSnapshot();
	return locked;
}

/* What the executor needs to know of the one table that is written to. */
static EState *
begin_update(const LevelTable *table, ResultRelInfo *target)
{
	EState	   *state = CreateExecutorState();
	RangeTblEntry *entry = makeNode(RangeTblEntry);

	entry->rtekind = RTE_RELATION;
	entry->relid = RelationGetRelid(table->relation);
	entry->relkind = table->relation->rd_rel->relkind;
	entry->rellockmode = RowExclusiveLock;
	init_range_table(state, entry,
					 bms_make_singleton(table->columns[ON_HAND] - FirstLowInvalidHeapAttributeNumber));
	state->es_output_cid = GetCurrentCommandId(true);
	state->es_snapshot = GetActiveSnapshot();
	InitResultRelInfo(target, table->relation, 1, NULL, 0);
	state->es_opened_result_relations = lappend(state->es_opened_result_relations, target);
	ExecOpenIndices(target, false);
	AfterTriggerBeginQuery();
	return state;
}

/* Adds to on_hand of the locked levels, in their order. */
void
levels_add(LevelTable *table, const Numeric *quantities)
{
	TupleDesc	columns = RelationGetDescr(table->relation);
	int			on_hand = table->columns[ON_HAND] - 1;
	Datum		typmod = Int32GetDatum(TupleDescAttr(columns, on_hand)->atttypmod);
	ResultRelInfo *target = makeNode(ResultRelInfo);
	TupleTableSlot *row = MakeSingleTupleTableSlot(columns, &TTSOpsVirtual);
	EPQState	recheck;
	EState	   *state;

	PushActiveSnapshot(GetTransactionSnapshot());
	state = begin_update(table, target);
	init_recheck(&recheck, state);
	for (int i = 0; i < table->count; i++)
	{
		Numeric		sum = numeric_add_opt_error(number_of(table, table->rows[i], ON_HAND), quantities[i],
												NULL);

		ExecCopySlot(row, table->rows[i]);
		row->tts_values[on_hand] = DirectFunctionCall2(numeric, NumericGetDatum(sum), typmod);
		ExecSimpleRelationUpdate(target, state, &recheck, table->rows[i], row);
		ExecClearTuple(row);
	}
	AfterTriggerEndQuery(state);
	EvalPlanQualEnd(&recheck);
	ExecCloseIndices(target);
	ExecResetTupleTable(state->es_tupleTable, false);
	FreeExecutorState(state);
	ExecDropSingleTupleTableSlot(row);
	PopActiveSnapshot();
	CommandCounterIncrement();
}

/* The locks stay until the transaction ends. */
void
levels_close(LevelTable *table)
{
	for (int i = 0; i < table->count; i++)
		ExecDropSingleTupleTableSlot(table->rows[i]);
	index_close(table->index, NoLock);
	table_close(table->relation, NoLock);
}
