/*
 * trainer.c - entry point of the trainer library
 */
#include "postgres.h"

#include "fmgr.h"

#include "matrix.h"
#include "trainer.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT const Trainer *reco_trainer(void);

static const Trainer trainer = {
	.svd_fit = svd_fit,
	.bayes_memory_size = bayes_memory_size,
	.bayes_fit = bayes_fit,
	.ials_memory_size = ials_memory_size,
	.ials_fit = ials_fit,
	.ials_scaled_penalty = ials_scaled_penalty,
	.workers_run = workers_run,
	.metrics_ratings = metrics_ratings,
	.metrics_ratings_gain = metrics_ratings_gain,
	.metrics_ranking_scratch_size = metrics_ranking_scratch_size,
	.metrics_ranking = metrics_ranking,
	.neighbours_width = neighbours_width,
	.neighbours_memory_size = neighbours_memory_size,
	.neighbours_scratch_size = neighbours_scratch_size,
	.neighbours_fit = neighbours_fit,
	.neighbours_divide = neighbours_divide,
};

const Trainer *
reco_trainer(void)
{
	matrix_init();
	return &trainer;
}
