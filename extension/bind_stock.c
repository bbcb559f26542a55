/*
 * bind_stock.c - the triggers of stock, and functions that evaluate alerts anew
 */
#include "stock.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(reco_watch_statement);
PG_FUNCTION_INFO_V1(reco_refresh_stock);
PG_FUNCTION_INFO_V1(reco_close_stock_alerts);
PG_FUNCTION_INFO_V1(reco_shop_moves);
PG_FUNCTION_INFO_V1(reco_shop_reservations);
PG_FUNCTION_INFO_V1(reco_shop_products);
PG_FUNCTION_INFO_V1(reco_shop_orders);
PG_FUNCTION_INFO_V1(reco_guard_moves);
PG_FUNCTION_INFO_V1(reco_guard_levels);
PG_FUNCTION_INFO_V1(reco_evaluate_shop);
PG_FUNCTION_INFO_V1(reco_rebuild_levels);

/* The trigger that calls us; anybody may put our functions on a table. */
static TriggerData *
statement_trigger(FunctionCallInfo fcinfo, bool after)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function %s is only for triggers", get_func_name(fcinfo->flinfo->fn_oid))));
	if (!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) ||
		after != (TRIGGER_FIRED_AFTER(trigger->tg_event) != 0) ||
		(after && !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) &&
		 ((trigger->tg_newtable == NULL && !TRIGGER_FIRED_BY_DELETE(trigger->tg_event)) ||
		  (trigger->tg_oldtable == NULL && !TRIGGER_FIRED_BY_INSERT(trigger->tg_event)))))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" cannot call function %s", trigger->tg_trigger->tgname,
						get_func_name(fcinfo->flinfo->fn_oid)),
				 errdetail("The function is for %s.",
						   after ? "triggers after a statement with its transition tables" :
						   "triggers before a statement"),
				 errhint("Use reco.watch_stock() or reco.upgrade_shop(), which make the triggers.")));
	return trigger;
}

/* AFTER ... triggers of a watched table */
Datum
reco_watch_statement(PG_FUNCTION_ARGS)
{
	watch_statement(statement_trigger(fcinfo, true));
	return PointerGetDatum(NULL);
}

/*
 * refresh_stock(relation regclass) returns bigint
 *
 * Errors: insufficient_privilege, object_not_in_prerequisite_state.
 */
Datum
reco_refresh_stock(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(watch_refresh(PG_GETARG_OID(0)));
}

/*
 * close_stock_alerts(relation regclass) returns bigint
 *
 * Errors: insufficient_privilege.
 */
Datum
reco_close_stock_alerts(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(watch_close(PG_GETARG_OID(0)));
}

Datum
reco_shop_moves(PG_FUNCTION_ARGS)
{
	shop_moves(statement_trigger(fcinfo, true));
	return PointerGetDatum(NULL);
}

Datum
reco_shop_reservations(PG_FUNCTION_ARGS)
{
	shop_reservations(statement_trigger(fcinfo, true));
	return PointerGetDatum(NULL);
}

Datum
reco_shop_products(PG_FUNCTION_ARGS)
{
	shop_products(statement_trigger(fcinfo, true));
	return PointerGetDatum(NULL);
}

Datum
reco_shop_orders(PG_FUNCTION_ARGS)
{
	shop_orders(statement_trigger(fcinfo, true));
	return PointerGetDatum(NULL);
}

/* BEFORE UPDATE, DELETE, TRUNCATE ON stock_move */
Datum
reco_guard_moves(PG_FUNCTION_ARGS)
{
	(void) statement_trigger(fcinfo, false);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("stock moves are only ever added"),
			 errdetail("The ledger keeps what happened, mistakes too."),
			 errhint("Reverse a wrong move with void_move(id).")));
}

Datum
reco_guard_levels(PG_FUNCTION_ARGS)
{
	shop_guard_levels(statement_trigger(fcinfo, false));
	return PointerGetDatum(NULL);
}

/*
 * evaluate_shop(schema_name name, product_ids bigint[]) returns bigint
 *
 * Errors: undefined_schema, undefined_table.
 */
Datum
reco_evaluate_shop(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the schema name of a shop must not be null")));
	PG_RETURN_INT64(shop_refresh(NameStr(*PG_GETARG_NAME(0)),
								 PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1)));
}

/*
 * rebuild_levels(schema_name name) returns bigint
 *
 * Errors: those of evaluate_shop.
 */
Datum
reco_rebuild_levels(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(shop_rebuild(NameStr(*PG_GETARG_NAME(0))));
}
