/*
 * idmap.h - ids of clients or products to dense numbers, and back
 */
#ifndef RECO_IDMAP_H
#define RECO_IDMAP_H

#include "budget.h"

typedef struct IdMap
{
	Budget	   *budget;
	uint32		used;
	uint32		capacity;		/* of ids; the table has twice as many slots */
	int64	   *ids;			/* by number, in order of arrival until sorted */
	uint32	   *table;			/* number + 1, or 0 for an empty slot */
} IdMap;

extern void idmap_init(IdMap *map, Budget *budget);
extern void idmap_fetch(const IdMap *map, const int64 *ids, int count);
extern uint32 idmap_number(IdMap *map, int64 id);
extern uint32 *idmap_sort(IdMap *map);
extern void ids_sort(int64 *ids, int64 count);
extern int64 ids_find(const int64 *ids, int64 count, int64 id);

#endif							/* RECO_IDMAP_H */
