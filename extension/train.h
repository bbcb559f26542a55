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

	/* what a nightly run wants to know besides (fresh.c) */
	bool		marks_fresh;
	TimestampTz fresh_since;

	/* read */
	IdMap		clients;
	IdMap		products;
	Interactions interactions[SOURCE_CANDIDATES];	/* ratings, purchases */
	int64		rows_read;
	int64		rows_null;
	int64		rows_digest;	/* equal rows, equal model */

	/* fitted */
	bool		has_ratings;
	bool		has_purchases;
	RatingFit	ratings;
	PurchaseFit purchases;
	const float *popularity;	/* what is offered to clients unknown */

	/* published */
	int32		version;
	bool		active;			/* it went live */
	const char *note;			/* why not, or what else is to be known; or "" */
	int64		bytes;			/* of the arrays written */
} Training;

extern Training *training_begin(const Model *model);
extern const Trainer *training_trainer(void);
extern void training_read(Training *training);
extern bool training_has_rows(const Training *training);
extern void training_check_rows(const Training *training);
extern FitRun training_run(Training *training);
extern void training_fit(Training *training);
extern void training_end(Training *training);
extern void training_lay_out(const char *model_name);

/* publish.c */
extern void training_publish(Training *training);

#endif							/* RECO_TRAIN_H */
