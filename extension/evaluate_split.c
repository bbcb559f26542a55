/*
 * evaluate_split.c - what a fold of an evaluation trains on, and what it holds out
 *
 * A fold copies the rows to train on, so that whatever a training chooses, its
 * own held-out rows and trials included, it chooses without the rows that the
 * fold is judged by.
 *
 *	 random   each pair by chance; folds do not overlap
 *	 client   of each client's pairs that part by chance, rounded up; a client
 *			  with one pair keeps it
 *	 last     of each client's rows the last in time
 *	 time     the last of all rows, from one day on
 *
 * By time, fold 0 holds out the last part of the rows, fold 1 the part before
 * it, and so on; what is later than the held-out part is in neither side.  A
 * pair that was also bought before is no news, and not held out.  A part of
 * the model whose rows have no time is split by chance.
 */
#include "evaluate.h"

#include <math.h>

#include "miscadmin.h"

#include "random.h"

/* Another stream of numbers than the one a training holds rows out by. */
#define SPLIT_SEED UINT64CONST(0x5eed0f5b117)

static uint64
pair_bits(const Training *training, const Interactions *from, int64 entry)
{
	uint64		seed = random_mix(training->model->options.seed ^ SPLIT_SEED);

	return random_bits(random_bits(seed, from->clients->ids[from->client[entry]]),
					   from->products->ids[from->product[entry]]);
}

static bool
has_times(const Interactions *from)
{
	return from->used > 0 && (from->line_start || from->at);
}

/* Do any rows tell when? */
bool
evaluate_has_times(const Training *training)
{
	return has_times(&training->interactions[SOURCE_RATINGS]) ||
		has_times(&training->interactions[SOURCE_PURCHASES]);
}

static void
split_randomly(const Training *training, const Interactions *from, const EvaluateOptions *options,
			   int fold, uint8 *sides)
{
	for (int64 i = 0; i < from->used; i++)
	{
		double		place = (pair_bits(training, from, i) >> 11) / 9007199254740992.0;

		check_interrupts_at(i);
		sides[i] = place >= fold * options->part && place < (fold + 1) * options->part
			? SIDE_HELD : SIDE_TRAINING;
	}
}

typedef struct Ticket
{
	uint64		bits;
	int64		entry;
} Ticket;

static int
compare_tickets(const void *a, const void *b)
{
	const Ticket *x = a;
	const Ticket *y = b;

	if (x->bits != y->bits)
		return x->bits < y->bits ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* So many of a client's pairs are held out by the folds before this one. */
static int64
held_before(int64 pairs, double part, int fold)
{
	return Min(pairs, (int64) ceil(pairs * part * fold - 1e-9));
}

static void
split_clients(const Training *training, const Interactions *from, const EvaluateOptions *options,
			  int fold, Budget *budget, uint8 *sides)
{
	Ticket	   *tickets = budget_alloc(budget, from->used, sizeof(Ticket));
	int64		next;

	for (int64 first = 0; first < from->used; first = next)
	{
		int64		pairs;

		for (next = first; next < from->used && from->client[next] == from->client[first]; next++)
		{
			tickets[next].bits = pair_bits(training, from, next);
			tickets[next].entry = next;
			sides[next] = SIDE_TRAINING;
		}
		CHECK_FOR_INTERRUPTS();
		pairs = next - first;
		if (pairs < 2)
			continue;
		qsort(tickets + first, pairs, sizeof(Ticket), compare_tickets);
		for (int64 i = held_before(pairs, options->part, fold);
			 i < held_before(pairs, options->part, fold + 1); i++)
			sides[tickets[first + i].entry] = SIDE_HELD;
	}
	budget_free(budget, tickets, from->used, sizeof(Ticket));
}

static void
split_by_time(const Interactions *from, const int64 *since, const int64 *before, uint8 *sides)
{
	for (int64 i = 0; i < from->used; i++)
	{
		uint32		client = from->client[i];
		PairLine	rating;
		PairLines	lines = fit_lines_of(from, i, &rating);

		check_interrupts_at(i);
		if (lines_bought(lines, PG_INT64_MIN, since[client]))
			sides[i] = SIDE_TRAINING;
		else if (lines_bought(lines, since[client], before ? before[client] : PG_INT64_MAX))
			sides[i] = SIDE_HELD;
		else
			sides[i] = SIDE_NEITHER;
	}
}

/* An EntryFilter. */
static bool
is_training(const Interactions *from, int64 entry, void *argument)
{
	const uint8 *sides = argument;

	return sides[entry] == SIDE_TRAINING;
}

/* From when on, for each client, this fold holds out; and until when, unless NULL. */
static void
find_times(const Interactions *from, const EvaluateOptions *options, int fold, Budget *budget,
		   int64 **since, int64 **before)
{
	int64	   *(*split) (const Interactions *, double, Budget *) =
		options->split == SPLIT_LAST ? fit_history_split : fit_calendar_split;

	*since = split(from, options->part * (fold + 1), budget);
	*before = fold > 0 ? split(from, options->part * fold, budget) : NULL;
}

/*
 * Sets seen, a training of its own budget and memory context, up with what
 * this fold trains on; sides[kind] tells it for each entry of the rows read.
 */
void
evaluate_split_fold(Training *training, const EvaluateOptions *options, int fold,
					Training *seen, uint8 **sides)
{
	/* both parts are cut at the same times: those of purchases where these have any */
	const Interactions *clock = NULL;
	int64	   *since = NULL;
	int64	   *before = NULL;

	for (int kind = SOURCE_PURCHASES; kind >= SOURCE_RATINGS && !clock; kind--)
	{
		if (has_times(&training->interactions[kind]))
			clock = &training->interactions[kind];
	}
	if (clock && options->split >= SPLIT_LAST)
		find_times(clock, options, fold, &seen->budget, &since, &before);
	for (int kind = SOURCE_RATINGS; kind <= SOURCE_PURCHASES; kind++)
	{
		const Interactions *from = &training->interactions[kind];

		if (from->used == 0)
			continue;
		sides[kind] = budget_alloc(&seen->budget, from->used, sizeof(uint8));
		if (since && has_times(from))
			split_by_time(from, since, before, sides[kind]);
		else if (options->split == SPLIT_CLIENT)
			split_clients(training, from, options, fold, &seen->budget, sides[kind]);
		else
			split_randomly(training, from, options, fold, sides[kind]);
		interactions_select(from, is_training, sides[kind], since && has_times(from) ? since : NULL,
							&seen->interactions[kind], &seen->budget);
	}
	seen->has_ratings = seen->interactions[SOURCE_RATINGS].used > 0;
	seen->has_purchases = seen->interactions[SOURCE_PURCHASES].used > 0;
}
