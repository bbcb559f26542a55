/*
 * trainer.h - what the trainer library offers to the serving library
 *
 * reco_train.so is loaded when something is trained, and only then: it brings
 * OpenBLAS with it.  Its one entry point returns this table.
 */
#ifndef RECO_TRAINER_H
#define RECO_TRAINER_H

#include "bayes.h"
#include "ials.h"
#include "metrics.h"
#include "svd.h"

typedef struct Trainer
{
	void		(*svd_fit) (const SparseRows *by_client, const SparseRows *by_product,
							const SvdOptions *options, const Workers *workers,
							SvdModel *model);
	size_t		(*bayes_memory_size) (int64_t clients, int64_t products, int width, int sweeps,
									  int64_t client_values, int64_t product_values);
	void		(*bayes_fit) (const SparseRows *by_client, const SparseRows *by_product,
							  const BayesOptions *options, const Workers *workers,
							  void *memory, BayesModel *model);
	size_t		(*ials_memory_size) (int width);
	void		(*ials_fit) (const SparseRows *by_client, const SparseRows *by_product,
							 const IalsOptions *options, const Workers *workers, void *memory,
							 FactorMatrix *clients, FactorMatrix *products, float *gram);
	float		(*ials_scaled_penalty) (double scale, double unobserved,
										int64_t clients, int64_t products, int64_t pairs);
	void		(*metrics_ratings) (const SparseRows *held_out, const RatingScale *scale,
									const FactorMatrix *clients, const FactorMatrix *products,
									RatingMetrics *result);
	double		(*metrics_ratings_gain) (const SparseRows *held_out, const RatingScale *scale,
										 const FactorMatrix *clients, const FactorMatrix *products,
										 const FactorMatrix *baseline_clients,
										 const FactorMatrix *baseline_products);
	void		(*workers_run) (const Workers *workers, WorkFunction work, void *argument,
								int64_t items);
	size_t		(*metrics_ranking_scratch_size) (int64_t products, int stride);
	void		(*metrics_ranking) (const SparseRows *training, const SparseRows *held_out,
									int64_t max_clients, int top, const RankingModel *model,
									const Workers *workers, void *scratch, RankingMetrics *result);
	int			(*neighbours_width) (int64_t products);
	size_t		(*neighbours_memory_size) (int64_t products, const NeighbourOptions *options);
	size_t		(*neighbours_scratch_size) (int64_t products);
	bool		(*neighbours_fit) (const SparseRows *by_client, const SparseRows *by_product,
								   const NeighbourOptions *options, const Workers *workers,
								   void *memory, Neighbours *result);
	void		(*neighbours_divide) (Neighbours *m, const SparseRows *by_product, double power);
} Trainer;

typedef const Trainer *(*TrainerEntry) (void);

#define TRAINER_LIBRARY "$libdir/reco_train"
#define TRAINER_ENTRY "reco_trainer"

#endif							/* RECO_TRAINER_H */
