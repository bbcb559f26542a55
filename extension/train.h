/*
 * train.h - a training run
 */
#ifndef RECO_TRAIN_H
#define RECO_TRAIN_H

#include "fit.h"

#include "utils/timestamp.h"

/*
 * A run and what it found.  All of it lives in one memory context and goes
 * with it.
 */
typedef struct Training
{
	const Model *model;
	MemoryContext context;
	Budget		budget;
	TimestampTz started;

	IdMap		clients;
	IdMap		products;
	Interactions interactions[SOURCE_CANDIDATES];	/* ratings, purchases */
	int64		rows_read;
	int64		rows_null;

	bool		has_ratings;
	bool		has_purchases;
	RatingFit	ratings;
	PurchaseFit purchases;
	const float *popularity;	/* what is offered to clients unknown */
} Training;

extern Training *training_begin(const Model *model);
extern void training_read(Training *training);
extern void training_fit(Training *training);
extern void training_end(Training *training);

/* publish.c */
extern int32 training_publish(Training *training);

#endif							/* RECO_TRAIN_H */
