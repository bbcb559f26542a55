/*
 * source_check.c - the queries of a model, checked once
 *
 * create_model takes SELECTs as text.  source_check parses and analyses one
 * in its author's search_path, refuses what is not a plain SELECT with the
 * right columns, and returns it with every name qualified: whatever is in the
 * search_path later, it reads the same objects.  What is stored always has the
 * same columns, whatever the author called theirs.  Ratings and purchases:
 * client_id and product_id in their own integer types (so that an index on
 * client_id can be used), value as double precision, and at, which may be
 * NULL; of ratings then the attributes, which are known by their names, as
 * text or arrays of it.  Candidates: product_id, and surplus, which may be
 * NULL.
 */
#include "source.h"

#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "select.h"

/* What each query must return, in this order. */
static const char *const column_names[SOURCE_KINDS][AT_COLUMN + 1] = {
	{"client_id", "product_id", "value", "at", NULL},
	{"client_id", "product_id", "quantity", "at", NULL},
	{"product_id", "surplus", NULL}
};

static const char *const column_hints[SOURCE_KINDS] = {
	"The query returns client_id, product_id, value and, if wanted, at and attributes, whose names begin with client_ or product_.",
	"The query returns client_id, product_id, quantity and, if wanted, at.",
	"The query returns product_id and, if wanted, surplus."
};

/* Refuses a column of the wrong type, or one that stands in another's place. */
static void
check_column(SourceKind kind, int position, const TargetEntry *column)
{
	Oid			type = getBaseType(exprType((Node *) column->expr));
	const char *expected = column_names[kind][position - 1];
	const char *wanted;
	bool		fits;

	for (int other = 0; column_names[kind][other] && column->resname; other++)
	{
		if (other != position - 1 && strcmp(column_names[kind][other], column->resname) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_COLUMN_DEFINITION),
					 errmsg("column %d of %s is %s but must be %s", position,
							source_names[kind], column->resname, expected),
					 errhint("%s", column_hints[kind])));
	}
	if (position == CLIENT_COLUMN || (position == PRODUCT_COLUMN && kind != SOURCE_CANDIDATES))
	{
		fits = is_integer_type(type);
		wanted = "smallint, integer or bigint";
	}
	else if (position <= VALUE_COLUMN)
	{
		fits = is_number_type(type);
		wanted = "a number";
	}
	else
	{
		fits = is_time_type(type);
		wanted = "a date, timestamp or timestamp with time zone";
	}
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column %d of %s has type %s", position, source_names[kind],
						format_type_be(type)),
				 errdetail("Column %s must be %s.", expected, wanted),
				 errhint("%s", column_hints[kind])));
}

/* Is a column an attribute?  They come behind those which every query of ratings has. */
static bool
is_attribute_column(SourceKind kind, int columns_before, const TargetEntry *column)
{
	return kind == SOURCE_RATINGS && columns_before >= VALUE_COLUMN && column->resname &&
		(is_attribute_of_client(column->resname) || is_attribute_of_product(column->resname)) &&
		strcmp(column->resname, column_names[kind][CLIENT_COLUMN - 1]) != 0 &&
		strcmp(column->resname, column_names[kind][PRODUCT_COLUMN - 1]) != 0;
}

/* Refuses an attribute that has the name of a column before it. */
static void
check_name_is_new(SourceKind kind, const List *columns, const TargetEntry *column)
{
	ListCell   *cell;

	foreach(cell, columns)
	{
		const TargetEntry *other = lfirst_node(TargetEntry, cell);

		if (other == column)
			return;
		if (!other->resjunk && other->resname && strcmp(other->resname, column->resname) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("%s returns column %s twice", source_names[kind], column->resname),
					 errhint("Give each attribute a name of its own.")));
	}
}

/* An attribute as the query stored has it: text, or an array of it. */
static void
append_attribute(StringInfo list, const TargetEntry *column)
{
	Oid			type = getBaseType(exprType((Node *) column->expr));
	const char *name = quote_identifier(column->resname);

	appendStringInfo(list, ", q.%s::pg_catalog.text%s AS %s", name,
					 OidIsValid(get_base_element_type(type)) ? "[]" : "", name);
}

/*
 * Checks a query given to create_model and returns the one to store, and how
 * many columns the author gave.  Errors: syntax_error, feature_not_supported,
 * datatype_mismatch, invalid_column_definition, and whatever the parser finds.
 */
char *
source_check(SourceKind kind, const char *query, int *columns)
{
	Query	   *checked = select_analyze(source_names[kind], column_hints[kind], query);
	StringInfoData wrapped;
	StringInfoData names;		/* of columns behind value, in the author's order */
	StringInfoData attributes;
	int			attribute_count = 0;
	int			most = kind == SOURCE_CANDIDATES ? SURPLUS_COLUMN : AT_COLUMN;
	int			least = kind == SOURCE_CANDIDATES ? 1 : VALUE_COLUMN;
	ListCell   *cell;

	initStringInfo(&names);
	initStringInfo(&attributes);
	*columns = 0;
	foreach(cell, checked->targetList)
	{
		TargetEntry *column = lfirst_node(TargetEntry, cell);

		if (column->resjunk)
			continue;
		if (is_attribute_column(kind, *columns, column))
		{
			check_name_is_new(kind, checked->targetList, column);
			attribute_count++;
			appendStringInfo(&names, ", %s", quote_identifier(column->resname));
			append_attribute(&attributes, column);
			continue;
		}
		if (++*columns <= most)
			check_column(kind, *columns, column);
		if (*columns == AT_COLUMN)
			appendStringInfoString(&names, ", at");
	}
	if (*columns < least || *columns > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_DEFINITION),
				 errmsg("%s returns %d columns", source_names[kind], *columns + attribute_count),
				 errhint("%s", column_hints[kind])));
	if (attribute_count > MAX_ATTRIBUTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s returns %d attributes", source_names[kind], attribute_count),
				 errhint("Leave some out: there can be %d of them.", MAX_ATTRIBUTES)));

	initStringInfo(&wrapped);
	query = select_qualified(checked);
	if (kind == SOURCE_CANDIDATES)
		appendStringInfo(&wrapped,
						 "SELECT q.product_id, %s::pg_catalog.float8 AS surplus"
						 " FROM (%s) q(product_id%s)",
						 *columns == SURPLUS_COLUMN ? "q.surplus" : "NULL", query,
						 *columns == SURPLUS_COLUMN ? ", surplus" : "");
	else
		appendStringInfo(&wrapped,
						 "SELECT q.client_id, q.product_id,"
						 " q.value::pg_catalog.float8 AS value,"
						 " %s::pg_catalog.timestamptz AS at%s"
						 " FROM (%s) q(client_id, product_id, value%s)",
						 *columns == AT_COLUMN ? "q.at" : "NULL", attributes.data, query,
						 names.data);
	return select_qualified(select_analyze(source_names[kind], column_hints[kind], wrapped.data));
}
