/*
 * evaluate.h - how good a model is, by rows that it did not see
 */
#ifndef RECO_EVALUATE_H
#define RECO_EVALUATE_H

#include "train.h"

/* Which rows are held out: the order of evaluate_splits. */
typedef enum EvaluateSplit
{
	SPLIT_RANDOM,
	SPLIT_CLIENT,
	SPLIT_LAST,
	SPLIT_TIME
} EvaluateSplit;

extern const char *const evaluate_splits[];

typedef struct EvaluateOptions
{
	EvaluateSplit split;
	bool		auto_split;		/* not chosen yet */
	int			folds;
	double		part;			/* of the rows, held out in each fold */
	int			n;				/* products in a list */
} EvaluateOptions;

#define MAX_EVALUATE_FOLDS 100
#define MAX_EVALUATE_N 1000
#define MAX_EVALUATE_PART 0.5
#define DEFAULT_EVALUATE_PART 0.1

/* Where an entry of the rows read stands in a fold. */
typedef enum EntrySide
{
	SIDE_TRAINING,
	SIDE_HELD,
	SIDE_NEITHER				/* later than what is held out */
} EntrySide;

/* A metric of the model and of its baseline; standard errors may be NaN: unknown. */
typedef struct EvaluateRow
{
	const char *part;
	const char *metric;
	double		value;
	double		baseline;
	double		error;
	double		baseline_error;
	double		difference_error;	/* of value - baseline */
	int64		samples;		/* ratings or lists */
} EvaluateRow;

#define MAX_EVALUATE_ROWS 8

extern int	evaluate_training(Training *training, const EvaluateOptions *options, EvaluateRow *rows);

/* evaluate_split.c */
extern bool evaluate_has_times(const Training *training);
extern void evaluate_split_fold(Training *training, const EvaluateOptions *options, int fold,
								Training *seen, uint8 **sides);

#endif							/* RECO_EVALUATE_H */
