/*
 * budget.h - memory that is counted before it is taken
 */
#ifndef RECO_BUDGET_H
#define RECO_BUDGET_H

#include "reco.h"

/*
 * Large arrays of one training, or of one statement that reads all clients,
 * come from here.  They live in the budget's memory context and vanish with
 * it.
 */
typedef struct Budget
{
	MemoryContext context;
	Size		used;
	Size		peak;			/* the most that was ever used */
	Size		limit;
	Size		expected;		/* by an estimate; 0: there is none */
} Budget;

extern void budget_init(Budget *budget, MemoryContext context);
extern void budget_check(const Budget *budget, Size more);
extern void *budget_alloc(Budget *budget, Size count, Size size);
extern void *budget_alloc_lines(Budget *budget, Size count, Size size);
extern void budget_free_lines(Budget *budget, void *array, Size count, Size size);
extern void *budget_resize(Budget *budget, void *array, Size old_count, Size count, Size size);
extern void budget_free(Budget *budget, void *array, Size count, Size size);

#endif							/* RECO_BUDGET_H */
