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

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"

#include "random.h"

#define FOLDS 10
#define TEST_FOLD 0
#define TRIAL_FOLD 1

/* ---- which pairs are held out ---- */

/* The lines of a pair; a rating is one line, which is made in rating. */
PairLines
fit_lines_of(const Interactions *from, int64 entry, PairLine *rating)
{
	PairLines	lines = {rating, 1};

	if (from->line_start)
		return interactions_lines(from, entry);
	rating->at = from->at ? from->at[entry] : PG_INT64_MIN;
	rating->quantity = 1;
	return lines;
}

/* Is an entry on the earlier side of its client's time, or on the later one? */
static bool
on_side_in_time(const Interactions *from, int64 entry, const FitSide *side, bool later)
{
	int64		time = side->held_from[from->client[entry]];
	PairLine	rating;
	PairLines	lines = fit_lines_of(from, entry, &rating);
	bool		before = lines_bought(lines, PG_INT64_MIN, time);

	if (!later)
		return before;
	return (side->repeats || !before) && time < PG_INT64_MAX &&
		lines_bought(lines, time, PG_INT64_MAX);
}

/* Is an entry of the side asked for?  An EntryFilter. */
bool
fit_on_side(const Interactions *from, int64 entry, void *argument)
{
	const FitSide *side = argument;
	uint64		client = from->clients->ids[from->client[entry]];
	uint64		product = from->products->ids[from->product[entry]];
	uint64		client_bits = side->seed + random_mix(client);
	int			fold = random_bits(client_bits, product) % FOLDS;
	bool		test = side->which == FIT_TEST || side->which == FIT_TRIAL_TEST;
	bool		trial = side->which == FIT_TRIAL_TRAINING || side->which == FIT_TRIAL_TEST;

	if (side->share < 1 && (random_mix(client_bits) >> 11) > side->share * 9007199254740992.0)
		return false;
	if (side->held_from)
		return !(trial && fold == TEST_FOLD) && on_side_in_time(from, entry, side, test);
	if (test)
		return fold == (trial ? TRIAL_FOLD : TEST_FOLD);
	return fold != TEST_FOLD && !(trial && fold == TRIAL_FOLD);
}

static int
compare_times(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/*
 * The time from which the last part of some times is held out; PG_INT64_MAX
 * if that leaves nothing before it.  Sorts them.
 */
static int64
split_times(int64 *times, int64 count, double part)
{
	int64		held = Max((int64) rint(count * part), 1);

	if (count < 2)
		return PG_INT64_MAX;
	qsort(times, count, sizeof(int64), compare_times);
	return times[0] < times[count - held] ? times[count - held] : PG_INT64_MAX;
}

/* Enough to find a day by. */
#define MAX_CALENDAR_TIMES 100000

/*
 * For FitSide.held_from: the day after which the last part of all rows came,
 * the same for each client.  Rows without a time are never held out.
 */
int64 *
fit_calendar_split(const Interactions *from, double part, Budget *budget)
{
	int64	   *held_from = budget_alloc(budget, from->clients->used, sizeof(int64));
	int64		lines = from->line_start ? from->line_start[from->used] : from->at ? from->used : 0;
	int64		step = lines / MAX_CALENDAR_TIMES + 1;
	int64		count = 0;
	int64	   *times = budget_alloc(budget, lines / step + 1, sizeof(int64));
	int64		time;

	for (int64 i = 0; i < lines; i += step)
	{
		times[count] = from->line_start ? from->lines[i].at : from->at[i];
		count += times[count] != PG_INT64_MIN;
	}
	time = split_times(times, count, part);
	budget_free(budget, times, lines / step + 1, sizeof(int64));
	for (int64 client = 0; client < from->clients->used; client++)
		held_from[client] = time;
	return held_from;
}

/* For FitSide.held_from: where the last part of each client's own rows begins. */
int64 *
fit_history_split(const Interactions *from, double part, Budget *budget)
{
	int64	   *held_from = budget_alloc(budget, from->clients->used, sizeof(int64));
	int64		entry = 0;

	for (int64 client = 0; client < from->clients->used; client++)
	{
		int64		capacity = 0;
		int64		count = 0;
		int64	   *times;

		CHECK_FOR_INTERRUPTS();
		for (int64 e = entry; e < from->used && from->client[e] == client; e++)
			capacity += from->line_start ? from->line_start[e + 1] - from->line_start[e] : 1;
		times = budget_alloc(budget, capacity, sizeof(int64));
		for (; entry < from->used && from->client[entry] == client; entry++)
		{
			PairLine	rating;
			PairLines	lines = fit_lines_of(from, entry, &rating);

			for (int64 i = 0; i < lines.count; i++)
			{
				times[count] = lines.lines[i].at;
				count += times[count] != PG_INT64_MIN;
			}
		}
		held_from[client] = split_times(times, count, part);
		budget_free(budget, times, capacity, sizeof(int64));
	}
	return held_from;
}

/* ---- memory and workers ---- */

FactorMatrix
fit_alloc_factors(Budget *budget, int64 rows, int width)
{
	FactorMatrix m = {.rows = rows,.width = width,.stride = factor_stride(width)};

	m.data = budget_alloc_lines(budget, rows, m.stride * sizeof(float));
	return m;
}

void
fit_free_factors(Budget *budget, FactorMatrix *m)
{
	budget_free_lines(budget, m->data, m->rows, m->stride * sizeof(float));
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

/* As many workers, for what takes no scratch memory and is no part of a fit's progress. */
Workers
fit_judges(const FitRun *run)
{
	return (Workers) {.participants = run->workers.participants,.nice = run->workers.nice};
}

void
fit_end_workers(FitRun *run)
{
	budget_free(run->budget, run->workers.scratch, run->workers.participants,
				run->workers.scratch_size);
	run->workers.scratch = NULL;
}

/* A fit begins, in so many iterations that pass over all pairs twice. */
void
fit_phase(FitRun *run, ProgressPhase phase, int64 pairs, int iterations)
{
	run->progress = (WorkersProgress) {.report = progress_done,.all = 2 * pairs * iterations};
	run->workers.progress = &run->progress;
	progress_phase(phase, run->progress.all);
}
