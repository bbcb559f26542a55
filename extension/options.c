/*
 * options.c - the options of create_model
 *
 * A table says which options there are, of which type and in which range;
 * what the table does not know is an error that lists what it does.
 */
#include "options.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

typedef enum OptionType
{
	OPTION_INTEGER,
	OPTION_BIGINT,
	OPTION_NUMBER,
	OPTION_METHOD
} OptionType;

typedef struct Option
{
	const char *group;			/* "" at the top level */
	const char *name;
	OptionType	type;
	double		lowest;
	double		highest;
	const char *const *methods; /* the valid values of an OPTION_METHOD */
	size_t		offset;			/* in ModelOptions */
} Option;

/* how far the score of a product in surplus may be lifted, as a part of it */
#define DEFAULT_LIFT 0.2
#define MAX_LIFT 0.5

#define MAX_SEED 9007199254740991.0 /* exact in any JSON implementation */

static const char *const rating_methods[] = {"bayes", "svd", NULL};
const char *const purchase_methods[] = {"als", "ease", "items", "blend", NULL};

static const Option known_options[] = {
	{"", "seed", OPTION_BIGINT, 0, MAX_SEED, NULL, offsetof(ModelOptions, seed)},
	{"", "lift", OPTION_NUMBER, 0, MAX_LIFT, NULL, offsetof(ModelOptions, lift)},
	{"ratings", "method", OPTION_METHOD, 0, 0, rating_methods,
	offsetof(ModelOptions, rating_method)},
	{"ratings", "factors", OPTION_INTEGER, MIN_FACTORS, MAX_FACTORS, NULL,
	offsetof(ModelOptions, rating_factors)},
	{"ratings", "regularization", OPTION_NUMBER, 1e-6, 1e6, NULL,
	offsetof(ModelOptions, rating_regularization)},
	{"ratings", "bias_regularization", OPTION_NUMBER, 1e-6, 1e6, NULL,
	offsetof(ModelOptions, rating_bias_regularization)},
	{"ratings", "iterations", OPTION_INTEGER, MIN_ITERATIONS, MAX_ITERATIONS, NULL,
	offsetof(ModelOptions, rating_iterations)},
	{"purchases", "method", OPTION_METHOD, 0, 0, purchase_methods,
	offsetof(ModelOptions, purchase_method)},
	{"purchases", "factors", OPTION_INTEGER, MIN_FACTORS, MAX_FACTORS, NULL,
	offsetof(ModelOptions, purchase_factors)},
	{"purchases", "regularization", OPTION_NUMBER, 1e-6, 1e6, NULL,
	offsetof(ModelOptions, purchase_regularization)},
	{"purchases", "unobserved_weight", OPTION_NUMBER, 1e-6, 1e3, NULL,
	offsetof(ModelOptions, purchase_unobserved_weight)},
	{"purchases", "iterations", OPTION_INTEGER, MIN_ITERATIONS, MAX_ITERATIONS, NULL,
	offsetof(ModelOptions, purchase_iterations)},
};

static const char *const groups[] = {"ratings", "purchases"};

/* "seed, ratings, purchases", or the options of one group. */
static char *
list_options(const char *group)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < lengthof(known_options); i++)
	{
		if (strcmp(known_options[i].group, group) == 0)
			appendStringInfo(&list, "%s\"%s\"", list.len ? ", " : "", known_options[i].name);
	}
	for (int i = 0; group[0] == '\0' && i < lengthof(groups); i++)
		appendStringInfo(&list, ", \"%s\"", groups[i]);
	return list.data;
}

static char *
option_path(const char *group, const char *name)
{
	return group[0] == '\0' ? psprintf("\"%s\"", name) : psprintf("\"%s\" of \"%s\"", name, group);
}

static void
wrong_value(const Option *option)
{
	char	   *path = option_path(option->group, option->name);

	if (option->type == OPTION_METHOD)
	{
		StringInfoData list;

		initStringInfo(&list);
		for (int i = 0; option->methods[i]; i++)
			appendStringInfo(&list, "%s\"%s\"", i > 0 ? ", " : "", option->methods[i]);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option %s", path),
				 errhint("Valid values are %s.", list.data)));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for option %s", path),
			 option->type == OPTION_NUMBER
			 ? errhint("It must be a number between %g and %g.", option->lowest, option->highest)
			 : errhint("It must be an integer between %.0f and %.0f.",
					   option->lowest, option->highest)));
}

/* Checks one value against its row of the table and stores it. */
static void
set_option(const Option *option, const JsonbValue *value, ModelOptions *options)
{
	char	   *field = (char *) options + option->offset;
	double		number;

	if (option->type == OPTION_METHOD)
	{
		if (value->type == jbvString)
		{
			char	   *method = pnstrdup(value->val.string.val, value->val.string.len);

			for (int i = 0; option->methods[i]; i++)
			{
				if (strcmp(option->methods[i], method) == 0)
				{
					*(int *) field = i;
					return;
				}
			}
		}
		wrong_value(option);
	}
	if (value->type != jbvNumeric)
		wrong_value(option);
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(value->val.numeric)));
	if (!(number >= option->lowest && number <= option->highest) ||
		(option->type != OPTION_NUMBER && number != floor(number)))
		wrong_value(option);
	switch (option->type)
	{
		case OPTION_INTEGER:
			*(int *) field = (int) number;
			break;
		case OPTION_BIGINT:
			*(int64 *) field = (int64) number;
			break;
		default:
			*(double *) field = number;
			break;
	}
}

static void
unknown_option(const char *group, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown option %s", option_path(group, name)),
			 errhint("Valid options are %s.", list_options(group))));
}

/* Reads one object of options; the values of groups are objects of their own. */
static void
parse_object(JsonbContainer *container, const char *group, ModelOptions *options)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		const Option *option = NULL;
		const char *subgroup = NULL;

		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		if (token != WJB_VALUE)
			continue;
		for (int i = 0; i < lengthof(known_options); i++)
		{
			if (strcmp(known_options[i].group, group) == 0 &&
				strcmp(known_options[i].name, name) == 0)
				option = &known_options[i];
		}
		for (int i = 0; group[0] == '\0' && i < lengthof(groups); i++)
		{
			if (strcmp(groups[i], name) == 0)
				subgroup = groups[i];
		}
		if (option)
			set_option(option, &value, options);
		else if (!subgroup)
			unknown_option(group, name);
		else if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid value for option \"%s\"", name),
					 errhint("It must be an object with the options %s.", list_options(name))));
		else
			parse_object(value.val.binary.data, subgroup, options);
	}
}

/* Fills options from json, with the defaults for what is not given. */
void
options_parse(Jsonb *json, ModelOptions *options)
{
	options->seed = 1;
	options->lift = DEFAULT_LIFT;
	options->rating_method = RATING_BAYES;
	options->purchase_method = OPTION_AUTO;
	options->rating_factors = OPTION_AUTO;
	options->rating_regularization = OPTION_AUTO;
	options->rating_bias_regularization = OPTION_AUTO;
	options->rating_iterations = OPTION_AUTO;
	options->purchase_factors = OPTION_AUTO;
	options->purchase_regularization = OPTION_AUTO;
	options->purchase_unobserved_weight = OPTION_AUTO;
	options->purchase_iterations = OPTION_AUTO;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options must be a JSON object"),
				 errhint("Valid options are %s.", list_options(""))));
	parse_object(&json->root, "", options);

	/* who sets anything else of purchases means the method it belongs to */
	if (options->purchase_method == OPTION_AUTO &&
		(options->purchase_factors != OPTION_AUTO || options->purchase_iterations != OPTION_AUTO ||
		 options->purchase_regularization != OPTION_AUTO ||
		 options->purchase_unobserved_weight != OPTION_AUTO))
		options->purchase_method = PURCHASE_ALS;
}
