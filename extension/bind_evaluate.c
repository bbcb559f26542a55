/*
 * bind_evaluate.c - evaluate
 */
#include "reco.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "evaluate.h"

PG_FUNCTION_INFO_V1(reco_evaluate);

#define COLUMNS 8

static int
get_number(FunctionCallInfo fcinfo, int argument, const char *name, int highest)
{
	if (PG_ARGISNULL(argument) || PG_GETARG_INT32(argument) < 1 ||
		PG_GETARG_INT32(argument) > highest)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for \"%s\"", name),
				 errhint("It must be an integer between 1 and %d.", highest)));
	return PG_GETARG_INT32(argument);
}

static void
get_split(FunctionCallInfo fcinfo, int argument, EvaluateOptions *options)
{
	char	   *name;

	options->auto_split = PG_ARGISNULL(argument);
	if (options->auto_split)
		return;
	name = text_to_cstring(PG_GETARG_TEXT_PP(argument));
	for (int i = 0; evaluate_splits[i]; i++)
	{
		if (strcmp(evaluate_splits[i], name) == 0)
		{
			options->split = i;
			return;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for \"split\": \"%s\"", name),
			 errhint("Valid values are \"%s\", \"%s\", \"%s\", \"%s\", and NULL: \"time\" where rows tell when, else \"random\".",
					 evaluate_splits[0], evaluate_splits[1], evaluate_splits[2], evaluate_splits[3])));
}

static void
wrong_part(const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for \"held_out\""),
			 errhint("%s", hint)));
}

/*
 * What each fold holds out: of one fold a tenth, of several by chance all in
 * turn.  By time something must be left before the earliest of them.
 */
static void
set_part(FunctionCallInfo fcinfo, int argument, EvaluateOptions *options)
{
	bool		by_time = options->split >= SPLIT_LAST;

	if (PG_ARGISNULL(argument))
		options->part = by_time
			? Min(DEFAULT_EVALUATE_PART, MAX_EVALUATE_PART / options->folds)
			: options->folds == 1 ? DEFAULT_EVALUATE_PART : 1.0 / options->folds;
	else
		options->part = PG_GETARG_FLOAT8(argument);
	if (!(options->part > 0 && options->part <= MAX_EVALUATE_PART))
		wrong_part("It is the part of the rows that a fold holds out, more than 0 and at most 0.5.");
	if (options->part * options->folds > (by_time ? 0.9 : 1) + 1e-9)
		wrong_part(by_time ? "Times \"folds\" it must be at most 0.9: something must come before."
				   : "Times \"folds\" it must be at most 1: each row is held out once.");
}

static void
put_row(FunctionCallInfo fcinfo, const EvaluateRow *row)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	double		numbers[5] = {
		row->value, row->baseline, row->error, row->baseline_error, row->difference_error
	};
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS] = {false};

	values[0] = CStringGetTextDatum(row->metric);
	for (int i = 0; i < 5; i++)
	{
		nulls[1 + i] = isnan(numbers[i]);
		values[1 + i] = Float8GetDatum(numbers[i]);
	}
	values[6] = Int64GetDatum(row->samples);
	values[7] = CStringGetTextDatum(row->part);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * evaluate(model text, folds integer, n integer, split text, held_out double)
 *		returns table (metric text, value double, baseline double,
 *		error double, baseline_error double, difference_error double,
 *		samples bigint, part text)
 *
 * Trains on a part of the rows and measures on the rest, in each fold; what
 * the metrics are, evaluate.c tells.  Writes nothing.  Errors:
 * invalid_parameter_value, undefined_object, insufficient_privilege,
 * no_data_found if nothing can be held out, those of training_read.
 */
Datum
reco_evaluate(PG_FUNCTION_ARGS)
{
	EvaluateOptions options = {0};
	EvaluateRow rows[MAX_EVALUATE_ROWS];
	Training   *training;
	Model	   *model;
	int			count;

	model = model_get(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)));
	model_check_owner(model);
	model->as_owner = true;
	options.folds = get_number(fcinfo, 1, "folds", MAX_EVALUATE_FOLDS);
	options.n = get_number(fcinfo, 2, "n", MAX_EVALUATE_N);
	get_split(fcinfo, 3, &options);
	if (!options.auto_split)
		set_part(fcinfo, 4, &options);
	InitMaterializedSRF(fcinfo, 0);
	training = training_begin(model);
	training_read(training);
	training_check_rows(training);
	if (options.auto_split)
	{
		options.split = evaluate_has_times(training) ? SPLIT_TIME : SPLIT_RANDOM;
		set_part(fcinfo, 4, &options);
	}
	else if (options.split >= SPLIT_LAST && !evaluate_has_times(training))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows of model \"%s\" do not tell when", model->name),
				 errhint("Give its queries a fourth column, a timestamp; or split by \"%s\" or \"%s\".",
						 evaluate_splits[SPLIT_RANDOM], evaluate_splits[SPLIT_CLIENT])));
	count = evaluate_training(training, &options, rows);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("model \"%s\" has too few rows to hold any out", model->name),
				 errhint("Hold out more of them, or evaluate it when there are more.")));
	for (int i = 0; i < count; i++)
		put_row(fcinfo, &rows[i]);
	training_end(training);
	PG_RETURN_NULL();
}
