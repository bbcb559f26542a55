/*
 * train.c - a training run
 *
 * Phases: read (the model's queries, as the caller, into arrays), fit (each
 * part of the model, in the trainer library, by threads of their own), and
 * publish (publish.c: decide, write, switch); at last what serves is laid out
 * for lists.  Reading and publishing are ordinary SQL in the caller's
 * transaction; fitting touches arrays only.  An error or a cancel anywhere
 * leaves what was there before: the memory goes with its context, what was
 * written with the transaction.
 */
#include "train.h"

#include <stdlib.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "image.h"
#include "progress.h"
#include "random.h"
#include "store.h"

/*
 * What a training takes at its peak for each row read, about: for the message
 * that refuses it, which comes long before the peak.
 */
#define BYTES_PER_ROW 80

/*
 * The trainer library, loaded at the first training of a backend.  OpenBLAS
 * starts a thread for each core as it is loaded, with signals open, unless
 * told before; we use one thread of it.
 */
const Trainer *
training_trainer(void)
{
	static TrainerEntry entry = NULL;

	if (entry == NULL)
	{
		const char *before = getenv("OPENBLAS_NUM_THREADS");

		if (before == NULL)
			setenv("OPENBLAS_NUM_THREADS", "1", 1);
		entry = (TrainerEntry) load_external_function(TRAINER_LIBRARY, TRAINER_ENTRY, true, NULL);
		if (before == NULL)
			unsetenv("OPENBLAS_NUM_THREADS");
	}
	return entry();
}

/* Starts a run; the caller has checked that it may train the model. */
Training *
training_begin(const Model *model)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "reco training",
												  ALLOCSET_DEFAULT_SIZES);
	Training   *training = MemoryContextAllocZero(context, sizeof(Training));

	training->model = model;
	training->context = context;
	training->started = GetCurrentTimestamp();
	budget_init(&training->budget, context);
	progress_begin(model, training->started);
	return training;
}

static uint64
digest_double(uint64 digest, double value)
{
	uint64		bits;

	memcpy(&bits, &value, sizeof(bits));
	return random_bits(digest, bits);
}

/* The times of a pair are in order, whatever the order of rows. */
static uint64
digest_lines(uint64 digest, PairLines lines)
{
	for (int64 i = 0; i < lines.count; i++)
	{
		if (i == 0 || lines.lines[i].at != lines.lines[i - 1].at)
			digest = random_bits(digest, lines.lines[i].at);
	}
	return digest;
}

/*
 * A number that is the same whenever a training would learn the same: from
 * the same pairs (of purchases when, but not how many), ratings, ids and
 * options.  The order of rows does not matter.
 */
static uint64
digest_rows(const Training *training)
{
	const ModelOptions *options = &training->model->options;
	uint64		digest = random_mix(STORE_FORMAT);

	for (int kind = SOURCE_RATINGS; kind <= SOURCE_PURCHASES; kind++)
	{
		const Interactions *read = &training->interactions[kind];
		uint64		sum = 0;

		for (int64 i = 0; i < read->used; i++)
		{
			uint64		pair = random_bits(training->clients.ids[read->client[i]],
										   training->products.ids[read->product[i]]);

			check_interrupts_at(i);
			sum += kind == SOURCE_RATINGS ? digest_double(pair, read->value[i]) : pair;
			if (read->line_start)
				sum += digest_lines(pair, interactions_lines(read, i));
		}
		digest = random_bits(digest, sum);
		if (read->attributes)
		{
			digest = random_bits(digest, attributes_digest(&read->attributes->clients,
														   training->clients.ids));
			digest = random_bits(digest, attributes_digest(&read->attributes->products,
														   training->products.ids));
		}
	}
	digest = random_bits(digest, training->clients.used);
	digest = random_bits(digest, training->products.used);
	digest = random_bits(digest, options->seed);
	digest = random_bits(digest, options->rating_method);
	digest = random_bits(digest, options->rating_factors);
	digest = digest_double(digest, options->rating_regularization);
	digest = digest_double(digest, options->rating_bias_regularization);
	digest = random_bits(digest, options->rating_iterations);
	digest = random_bits(digest, options->purchase_method);
	digest = random_bits(digest, options->purchase_factors);
	digest = digest_double(digest, options->purchase_regularization);
	digest = digest_double(digest, options->purchase_unobserved_weight);
	return random_bits(digest, options->purchase_iterations);
}

/*
 * Reads the model's queries.  Errors: whatever the queries raise,
 * numeric_value_out_of_range for NaN, configuration_limit_exceeded above
 * reco.max_memory.
 */
void
training_read(Training *training)
{
	MemoryContext before = MemoryContextSwitchTo(training->context);
	uint32	   *client_numbers;
	uint32	   *product_numbers;
	double		expected[SOURCE_CANDIDATES] = {0};
	int64		sorted = 0;

	for (int kind = SOURCE_RATINGS; kind <= SOURCE_PURCHASES; kind++)
	{
		if (training->model->queries[kind])
			(void) source_cost(training->model, kind, false, &expected[kind]);
		training->budget.expected += (Size) (expected[kind] * BYTES_PER_ROW);
	}
	idmap_init(&training->clients, &training->budget);
	idmap_init(&training->products, &training->budget);
	for (int kind = SOURCE_RATINGS; kind <= SOURCE_PURCHASES; kind++)
	{
		Interactions *read = &training->interactions[kind];

		if (!training->model->queries[kind])
			continue;
		progress_phase(kind == SOURCE_RATINGS ? PROGRESS_READING_RATINGS : PROGRESS_READING_PURCHASES,
					   (int64) expected[kind]);
		if (training->marks_fresh)
			interactions_read_since(read, training->model, kind, training->fresh_since,
									&training->clients, &training->products, &training->budget);
		else
			interactions_read(read, training->model, kind, NULL, &training->clients,
							  &training->products, &training->budget);
		training->rows_read += read->rows_read;
		training->rows_null += read->rows_null;
	}
	progress_phase(PROGRESS_SORTING, training->rows_read);
	client_numbers = idmap_sort(&training->clients);
	product_numbers = idmap_sort(&training->products);
	for (int kind = SOURCE_RATINGS; kind <= SOURCE_PURCHASES; kind++)
	{
		Interactions *read = &training->interactions[kind];

		if (!training->model->queries[kind])
			continue;
		interactions_reduce(read, client_numbers, product_numbers);
		sorted += read->rows_read;
		progress_done(sorted);
	}
	budget_free(&training->budget, client_numbers, training->clients.used, sizeof(uint32));
	budget_free(&training->budget, product_numbers, training->products.used, sizeof(uint32));
	training->has_ratings = training->interactions[SOURCE_RATINGS].used > 0;
	training->has_purchases = training->interactions[SOURCE_PURCHASES].used > 0;
	training->rows_digest = (int64) digest_rows(training);
	MemoryContextSwitchTo(before);
}

/* Is there anything to learn from? */
bool
training_has_rows(const Training *training)
{
	return training->has_ratings || training->has_purchases;
}

/* Raises no_data_found if there is not one usable row. */
void
training_check_rows(const Training *training)
{
	if (!training_has_rows(training))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("model \"%s\" has nothing to learn from", training->model->name),
				 errdetail("Its queries returned %lld rows, %lld of them with a NULL%s.",
						   (long long) training->rows_read, (long long) training->rows_null,
						   training->rows_read > training->rows_null ? "; the quantities of each pair add up to zero or less" : ""),
				 errhint("Train it again when there are ratings or purchases.")));
}

/* What the phases of a fit work with. */
FitRun
training_run(Training *training)
{
	FitRun		run = {
		.trainer = training_trainer(),
		.options = &training->model->options,
		.budget = &training->budget,
		.workers = {.participants = allowed_threads(),.nice = reco_nice}
	};

	return run;
}

/* Fits and measures the parts that there are rows for. */
void
training_fit(Training *training)
{
	MemoryContext before = MemoryContextSwitchTo(training->context);
	FitRun		run = training_run(training);

	if (training->has_ratings)
		fit_ratings(&run, &training->interactions[SOURCE_RATINGS], &training->ratings);
	if (training->has_purchases)
	{
		fit_purchases(&run, &training->interactions[SOURCE_PURCHASES], &training->purchases);
		training->popularity = training->purchases.popularity;
	}
	else
		training->popularity = fit_liked(&run, &training->interactions[SOURCE_RATINGS],
										 &training->ratings.scale);
	MemoryContextSwitchTo(before);
}

void
training_end(Training *training)
{
	progress_end();
	MemoryContextDelete(training->context);
}

/*
 * Lays out the version that serves the model now, so that whoever asks for
 * the first list need not wait for it.  In a transaction that is rolled back
 * that leaves a file behind, until another version is laid out.
 */
void
training_lay_out(const char *model_name)
{
	const Model *model;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	model = model_get(model_name);
	if (model->version > 0)
		image_unpin(image_pin(model));
	PopActiveSnapshot();
}
