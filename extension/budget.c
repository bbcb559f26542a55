/*
 * budget.c - memory that is counted before it is taken
 *
 * An out-of-memory kill would restart the whole server, so a training adds up
 * what it needs and is refused above reco.max_memory.
 */
#include "budget.h"

#include "storage/shmem.h"
#include "utils/memutils.h"

#define CACHE_LINE 64

void
budget_init(Budget *budget, MemoryContext context)
{
	budget->context = context;
	budget->used = 0;
	budget->peak = 0;
	budget->limit = (Size) reco_max_memory * 1024;
	budget->expected = 0;
}

static void
take(Budget *budget, Size bytes)
{
	budget->used += bytes;
	budget->peak = Max(budget->peak, budget->used);
}

/* Raises an error if this many bytes more would exceed the budget. */
void
budget_check(const Budget *budget, Size more)
{
	Size		needed = add_size(budget->used, more);

	if (needed > budget->limit)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("not enough memory allowed by reco.max_memory"),
				 budget->expected > needed
				 ? errdetail("About %zu kB are needed, reco.max_memory is %d kB.",
							 budget->expected / 1024 + 1, reco_max_memory)
				 : errdetail("At least %zu kB are needed, reco.max_memory is %d kB.",
							 needed / 1024 + 1, reco_max_memory),
				 errhint("Raise reco.max_memory, or let the model's queries return fewer rows.")));
}

void *
budget_alloc(Budget *budget, Size count, Size size)
{
	Size		bytes = mul_size(count, size);

	budget_check(budget, bytes);
	take(budget, bytes);
	return MemoryContextAllocHuge(budget->context, Max(bytes, 1));
}

/* Bytes of an array that starts at a line of the cache, and where it is kept. */
static Size
lines_size(Size count, Size size)
{
	return add_size(mul_size(count, size), CACHE_LINE + sizeof(void *));
}

/* The same, starting at a line of the cache. */
void *
budget_alloc_lines(Budget *budget, Size count, Size size)
{
	char	   *memory = budget_alloc(budget, 1, lines_size(count, size));
	char	   *array = (char *) TYPEALIGN(CACHE_LINE, memory + sizeof(void *));

	((void **) array)[-1] = memory;
	return array;
}

void
budget_free_lines(Budget *budget, void *array, Size count, Size size)
{
	if (array)
		budget_free(budget, ((void **) array)[-1], 1, lines_size(count, size));
}

/* Resizes an array; while it is copied both copies count. */
void *
budget_resize(Budget *budget, void *array, Size old_count, Size count, Size size)
{
	Size		bytes = mul_size(count, size);

	if (array == NULL)
		return budget_alloc(budget, count, size);
	budget_check(budget, bytes);
	take(budget, bytes);
	budget->used -= mul_size(old_count, size);
	return repalloc_huge(array, Max(bytes, 1));
}

void
budget_free(Budget *budget, void *array, Size count, Size size)
{
	if (array == NULL)
		return;
	budget->used -= mul_size(count, size);
	pfree(array);
}
