/*
 * idmap.c - ids of clients or products to dense numbers, and back
 *
 * While rows are read an open-addressing hash table gives each new id the
 * next number.  idmap_sort then renumbers in the order of ids, so that the
 * numbers, and with them the trained model, do not depend on the order in
 * which rows arrived; looking up becomes a binary search and the table goes.
 *
 * The one place that knows that ids are 64-bit integers.
 */
#include "idmap.h"

#include "miscadmin.h"

#include "random.h"

#define START_CAPACITY 32
#define MAX_CAPACITY ((uint32) 1 << 30)

void
idmap_init(IdMap *map, Budget *budget)
{
	map->budget = budget;
	map->used = 0;
	map->capacity = START_CAPACITY;
	map->ids = budget_alloc(budget, map->capacity, sizeof(int64));
	map->table = budget_alloc(budget, 2 * (Size) map->capacity, sizeof(uint32));
	memset(map->table, 0, 2 * (Size) map->capacity * sizeof(uint32));
}

/* The slot that holds the id, or the empty one where it belongs. */
static uint32 *
find_slot(const IdMap *map, int64 id)
{
	uint32		mask = 2 * map->capacity - 1;
	uint32		slot = random_mix((uint64) id) & mask;

	while (map->table[slot] != 0 && map->ids[map->table[slot] - 1] != id)
		slot = (slot + 1) & mask;
	return &map->table[slot];
}

/*
 * Has the memory ready in which these ids are looked up next: one after the
 * other each would wait for it twice.
 */
void
idmap_fetch(const IdMap *map, const int64 *ids, int count)
{
	uint32		mask = 2 * map->capacity - 1;

	for (int i = 0; i < count; i++)
		__builtin_prefetch(&map->table[random_mix((uint64) ids[i]) & mask]);
	for (int i = 0; i < count; i++)
	{
		uint32		number = map->table[random_mix((uint64) ids[i]) & mask];

		if (number != 0)
			__builtin_prefetch(&map->ids[number - 1]);
	}
}

static void
grow(IdMap *map)
{
	uint32		capacity = map->capacity * 2;

	if (map->capacity >= MAX_CAPACITY)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many different ids"),
				 errdetail("A model can hold %u clients and as many products.", MAX_CAPACITY)));
	map->ids = budget_resize(map->budget, map->ids, map->capacity, capacity, sizeof(int64));
	budget_free(map->budget, map->table, 2 * (Size) map->capacity, sizeof(uint32));
	map->table = budget_alloc(map->budget, 2 * (Size) capacity, sizeof(uint32));
	memset(map->table, 0, 2 * (Size) capacity * sizeof(uint32));
	map->capacity = capacity;
	for (uint32 number = 0; number < map->used; number++)
		*find_slot(map, map->ids[number]) = number + 1;
}

/* The number of an id, a new one if it was not seen before. */
uint32
idmap_number(IdMap *map, int64 id)
{
	uint32	   *slot = find_slot(map, id);

	if (*slot == 0)
	{
		if (map->used == map->capacity)
		{
			grow(map);
			slot = find_slot(map, id);
		}
		map->ids[map->used++] = id;
		*slot = map->used;
	}
	return *slot - 1;
}

typedef struct IdAndNumber
{
	int64		id;
	uint32		number;
} IdAndNumber;

#define ST_SORT sort_by_id
#define ST_ELEMENT_TYPE IdAndNumber
#define ST_COMPARE(a, b) ((a)->id < (b)->id ? -1 : (a)->id > (b)->id)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Renumbers in the order of ids.  Returns the new number of each old one,
 * map->used of them, which the caller frees with budget_free.  No id can be
 * added afterwards.
 */
uint32 *
idmap_sort(IdMap *map)
{
	uint32	   *renumbered;
	IdAndNumber *pairs;

	budget_free(map->budget, map->table, 2 * (Size) map->capacity, sizeof(uint32));
	map->table = NULL;
	renumbered = budget_alloc(map->budget, map->used, sizeof(uint32));
	pairs = budget_alloc(map->budget, map->used, sizeof(IdAndNumber));
	for (uint32 i = 0; i < map->used; i++)
	{
		pairs[i].id = map->ids[i];
		pairs[i].number = i;
	}
	sort_by_id(pairs, map->used);
	for (uint32 i = 0; i < map->used; i++)
	{
		map->ids[i] = pairs[i].id;
		renumbered[pairs[i].number] = i;
	}
	budget_free(map->budget, pairs, map->used, sizeof(IdAndNumber));
	return renumbered;
}

static int
compare_ids(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* Puts ids in ascending order. */
void
ids_sort(int64 *ids, int64 count)
{
	qsort(ids, count, sizeof(int64), compare_ids);
}

/* The position of an id in a sorted array, or -1. */
int64
ids_find(const int64 *ids, int64 count, int64 id)
{
	int64		low = 0;
	int64		high = count;

	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && ids[low] == id ? low : -1;
}
