/*
 * select.h - SELECTs given as text: checked, and run as the caller
 */
#ifndef RECO_SELECT_H
#define RECO_SELECT_H

#include "reco.h"

#include "executor/tuptable.h"
#include "nodes/parsenodes.h"

typedef void (*SlotReceiver) (void *state, TupleTableSlot *slot);

extern bool is_integer_type(Oid type);
extern bool is_number_type(Oid type);
extern bool is_time_type(Oid type);

extern Query *select_analyze(const char *what, const char *hint, const char *text);
extern char *select_qualified(Query *query);
extern bool select_is_unsteady(List *queries, List **settings);
extern uint64 select_settings_digest(const List *settings);
extern bool select_calls_functions(List *queries);
extern void select_run(const char *query, SlotReceiver receiver, void *state);

#endif							/* RECO_SELECT_H */
