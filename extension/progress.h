/*
 * progress.h - how far a training is, for other sessions to see
 */
#ifndef RECO_PROGRESS_H
#define RECO_PROGRESS_H

#include "model.h"

#include "utils/timestamp.h"

typedef enum ProgressPhase
{
	PROGRESS_READING_RATINGS,	/* rows */
	PROGRESS_READING_PURCHASES, /* rows */
	PROGRESS_SORTING,			/* rows */
	PROGRESS_AVERAGES,			/* pairs passed over, here and below */
	PROGRESS_MEASURED_RATINGS,
	PROGRESS_RATINGS,
	PROGRESS_PURCHASE_TRIALS,	/* trials */
	PROGRESS_REPEATS,
	PROGRESS_MEASURED_PURCHASES,
	PROGRESS_PURCHASES,
	PROGRESS_WRITING,			/* parts: all or nothing */
	PROGRESS_PHASES
} ProgressPhase;

extern void progress_begin(const Model *model, TimestampTz started);
extern void progress_phase(ProgressPhase phase, int64 total);
extern void progress_done(int64 done);
extern void progress_end(void);

#endif							/* RECO_PROGRESS_H */
