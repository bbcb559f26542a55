/*
 * fit.c - what fitting ratings and purchases has in common
 *
 * Each part of a model is fitted twice.  First to nine tenths of its pairs,
 * and measured on the tenth that it did not see, beside the baseline that it
 * has to beat.  Then to all pairs, which is the version that serves.  Which
 * pairs are held out is a hash of the seed and their ids: the same pairs every
 * night, so that successive versions can be compared.
 *
 * What the user did not choose is chosen by the size of the data, and where
 * that is not enough by trials on another tenth of the pairs: never on those
 * that the version is measured on.
 */
#include "fit.h"

#include "storage/shmem.h"

#include "random.h"

#define FOLDS 10
#define TEST_FOLD 0
#define TRIAL_FOLD 1

/* Is an entry of the side asked for?  An EntryFilter. */
bool
fit_on_side(const Interactions *from, int64 entry, void *argument)
{
	const FitSide *side = argument;
	uint64		client = from->clients->ids[from->client[entry]];
	uint64		product = from->products->ids[from->product[entry]];
	uint64		client_bits = side->seed + random_mix(client);
	int			fold = random_bits(client_bits, product) % FOLDS;

	if (side->share < 1 && (random_mix(client_bits) >> 11) > side->share * 9007199254740992.0)
		return false;
	switch (side->which)
	{
		case FIT_TRAINING:
			return fold != TEST_FOLD;
		case FIT_TEST:
			return fold == TEST_FOLD;
		case FIT_TRIAL_TRAINING:
			return fold != TEST_FOLD && fold != TRIAL_FOLD;
		default:
			return fold == TRIAL_FOLD;
	}
}

FactorMatrix
fit_alloc_factors(Budget *budget, int64 rows, int width)
{
	FactorMatrix m = {.rows = rows,.width = width,.stride = factor_stride(width)};

	m.data = budget_alloc(budget, rows, m.stride * sizeof(float));
	return m;
}

void
fit_free_factors(Budget *budget, FactorMatrix *m)
{
	budget_free(budget, m->data, m->rows, m->stride * sizeof(float));
	m->data = NULL;
}

/* Refuses a fit at its start if it could not be finished. */
void
fit_check_memory(FitRun *run, const Interactions *from, Size entry_size, int width, Size more)
{
	Size		rows = add_size(from->clients->used, from->products->used);
	Size		row = factor_stride(width) * sizeof(float);
	Size		needed = more;

	needed = add_size(needed, mul_size(2 * entry_size + sizeof(double) + sizeof(float), from->used));
	needed = add_size(needed, mul_size(sizeof(int64) + row, add_size(rows, 4)));
	needed = add_size(needed, mul_size(run->workers.participants, solve_scratch_size(width)));
	budget_check(run->budget, needed);
}

/* Gives the workers scratch memory for rows of this width, until the end. */
void
fit_start_workers(FitRun *run, int width)
{
	/* two rows besides, for those who prepare what is to be solved */
	run->workers.scratch_size = solve_scratch_size(width) + 2 * factor_stride(width) * sizeof(float);
	run->workers.scratch = budget_alloc(run->budget, run->workers.participants,
										run->workers.scratch_size);
}

void
fit_end_workers(FitRun *run)
{
	budget_free(run->budget, run->workers.scratch, run->workers.participants,
				run->workers.scratch_size);
	run->workers.scratch = NULL;
}
