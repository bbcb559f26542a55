/*
 * bind_recommend.c - predict, score, recommend, recommend_all, explain,
 * audience, likely_buyers, similar_products, similar_clients
 *
 * Arguments in, rows out; what they mean is in rank.c and serving.c.  All of
 * these need a model that was trained (object_not_in_prerequisite_state), and
 * rights on the tables behind it (insufficient_privilege).  A client_id of
 * NULL is somebody unknown.
 */
#include "reco.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "rank.h"

PG_FUNCTION_INFO_V1(reco_predict);
PG_FUNCTION_INFO_V1(reco_score);
PG_FUNCTION_INFO_V1(reco_recommend);
PG_FUNCTION_INFO_V1(reco_recommend_all);
PG_FUNCTION_INFO_V1(reco_explain);
PG_FUNCTION_INFO_V1(reco_audience);
PG_FUNCTION_INFO_V1(reco_likely_buyers);
PG_FUNCTION_INFO_V1(reco_similar_products);
PG_FUNCTION_INFO_V1(reco_similar_clients);

/* The state for the model named by an argument, or the default model. */
static Serving *
get_serving(FunctionCallInfo fcinfo, int argument)
{
	return serving_get(fcinfo, PG_ARGISNULL(argument) ? NULL : PG_GETARG_TEXT_PP(argument));
}

/* Argument n of the functions that return lists. */
static int64
get_n(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument) || PG_GETARG_INT32(argument) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("n must be zero or more"),
				 errhint("n is the number of rows wanted.")));
	return PG_GETARG_INT32(argument);
}

static Client *
get_client(FunctionCallInfo fcinfo, Serving *serving, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : serving_client(serving, PG_GETARG_INT64(argument));
}

static void
put_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * predict(client_id bigint, product_id bigint, model text)
 *		returns double precision
 *
 * The stars that the client would give, inside the scale of the ratings.
 * NULL for a NULL id.  object_not_in_prerequisite_state if the model has no
 * ratings.
 */
Datum
reco_predict(PG_FUNCTION_ARGS)
{
	Serving    *serving;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	serving = get_serving(fcinfo, 2);
	if (!serving->image->has_ratings)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has not learnt from ratings", serving->model->name),
				 errhint("Only a model with ratings predicts stars; reco.score ranks by purchases.")));
	PG_RETURN_FLOAT8(rank_stars(serving, serving_client(serving, PG_GETARG_INT64(0)),
								PG_GETARG_INT64(1)));
}

/*
 * score(client_id bigint, product_id bigint, model text)
 *		returns double precision
 *
 * What recommend() ranks by; NULL for a NULL product_id.
 */
Datum
reco_score(PG_FUNCTION_ARGS)
{
	Serving    *serving;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	serving = get_serving(fcinfo, 2);
	PG_RETURN_FLOAT8(rank_score_of(serving, PG_ARGISNULL(0), PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0),
								   PG_GETARG_INT64(1)));
}

/* The ids of a bigint[], ascending; NULLs are ignored. */
static int64 *
get_ids(ArrayType *array, int64 *count)
{
	Datum	   *elements;
	bool	   *nulls;
	int			length;
	int64	   *ids;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &elements, &nulls, &length);
	ids = palloc(Max(length, 1) * sizeof(int64));
	*count = 0;
	for (int i = 0; i < length; i++)
	{
		if (!nulls[i])
			ids[(*count)++] = DatumGetInt64(elements[i]);
	}
	ids_sort(ids, *count);
	return ids;
}

/*
 * recommend(client_id bigint, n integer, model text, among regclass,
 *			 exclude bigint[], bought boolean)
 *		returns table (rank integer, product_id bigint, score double precision,
 *					   stars double precision, method text)
 *
 * The exact n best products for the client, as this snapshot sees it.
 * Errors: invalid_parameter_value for n, undefined_column for among.
 */
Datum
reco_recommend(PG_FUNCTION_ARGS)
{
	int64		n = get_n(fcinfo, 1);
	Serving    *serving = get_serving(fcinfo, 2);
	Oid			among = PG_ARGISNULL(3) ? InvalidOid : PG_GETARG_OID(3);
	bool		bought = !PG_ARGISNULL(5) && PG_GETARG_BOOL(5);
	Client	   *client = get_client(fcinfo, serving, 0);
	int64		exclude_count = 0;
	int64	   *exclude = NULL;
	const char *method;
	TopN		top;

	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(4))
		exclude = get_ids(PG_GETARG_ARRAYTYPE_P(4), &exclude_count);
	rank_recommended(serving, client, among, exclude, exclude_count, bought, n, &top);
	method = client_method(serving, client) == METHOD_POPULAR ? "popular" : "personal";
	for (int64 i = 0; i < top.used; i++)
	{
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = Int32GetDatum((int32) i + 1);
		values[1] = Int64GetDatum(top.entries[i].id);
		values[2] = Float8GetDatum(top.entries[i].score);
		nulls[3] = !serving->image->has_ratings || client == NULL;
		if (!nulls[3])
			values[3] = Float8GetDatum(rank_stars(serving, client, top.entries[i].id));
		values[4] = CStringGetTextDatum(method);
		put_row(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

static void
put_client_list(void *state, int64 client_id, const TopN *top)
{
	FunctionCallInfo fcinfo = state;

	for (int64 i = 0; i < top->used; i++)
	{
		Datum		values[4];
		bool		nulls[4] = {false};

		values[0] = Int64GetDatum(client_id);
		values[1] = Int32GetDatum((int32) i + 1);
		values[2] = Int64GetDatum(top->entries[i].id);
		values[3] = Float8GetDatum(top->entries[i].score);
		put_row(fcinfo, values, nulls);
	}
}

/*
 * recommend_all(n integer, model text)
 *		returns table (client_id bigint, rank integer, product_id bigint,
 *					   score double precision)
 *
 * recommend(client_id, n) of every client with rows of their own.
 */
Datum
reco_recommend_all(PG_FUNCTION_ARGS)
{
	int64		n = get_n(fcinfo, 0);
	Serving    *serving = get_serving(fcinfo, 1);

	InitMaterializedSRF(fcinfo, 0);
	rank_all(serving, n, false, put_client_list, fcinfo);
	return (Datum) 0;
}

/*
 * explain(client_id bigint, product_id bigint, n integer, model text)
 *		returns table (product_id bigint, contribution double precision,
 *					   share double precision)
 *
 * The n products that speak most for the product: share is the part of all
 * contributions, taken without their signs.
 */
Datum
reco_explain(PG_FUNCTION_ARGS)
{
	int64		n = get_n(fcinfo, 2);
	Serving    *serving = get_serving(fcinfo, 3);
	Contribution *contributions;
	int64		count;
	double		largest = 0;
	double		total = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	contributions = rank_contributions(serving, get_client(fcinfo, serving, 0),
									   PG_GETARG_INT64(1), &count);
	for (int64 i = 0; i < count; i++)
		largest = Max(largest, fabs(contributions[i].contribution));
	/* in parts of the largest: their sum may be beyond all numbers */
	for (int64 i = 0; i < count && largest > 0; i++)
		total += fabs(contributions[i].contribution) / largest;
	for (int64 i = 0; i < Min(n, count); i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};

		values[0] = Int64GetDatum(contributions[i].product_id);
		values[1] = Float8GetDatum(contributions[i].contribution);
		values[2] = Float8GetDatum(total > 0 ? contributions[i].contribution / largest / total : 0);
		put_row(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

/* Rows (rank, id, score). */
static void
put_neighbours(FunctionCallInfo fcinfo, const TopN *top)
{
	for (int64 i = 0; i < top->used; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};

		values[0] = Int32GetDatum((int32) i + 1);
		values[1] = Int64GetDatum(top->entries[i].id);
		values[2] = Float8GetDatum(top->entries[i].score);
		put_row(fcinfo, values, nulls);
	}
}

/*
 * similar_products(product_id bigint, n integer, model text)
 *		returns table (rank integer, product_id bigint, score double precision)
 *
 * The products that the same clients like; score is the cosine of factors or,
 * where products have neighbours, what having the one adds to the other's score.
 */
Datum
reco_similar_products(PG_FUNCTION_ARGS)
{
	int64		n = get_n(fcinfo, 1);
	Serving    *serving = get_serving(fcinfo, 2);
	TopN		top;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	rank_similar_products(serving, PG_GETARG_INT64(0), n, &top);
	put_neighbours(fcinfo, &top);
	return (Datum) 0;
}

/*
 * similar_clients(client_id bigint, n integer, model text)
 *		returns table (rank integer, client_id bigint, score double precision)
 *
 * The clients of the training who like what this client likes now; score is
 * the cosine of their factors or, where products have neighbours, of what they
 * bought.
 */
Datum
reco_similar_clients(PG_FUNCTION_ARGS)
{
	int64		n = get_n(fcinfo, 1);
	Serving    *serving = get_serving(fcinfo, 2);
	TopN		top;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	rank_similar_clients(serving, get_client(fcinfo, serving, 0), n, &top);
	put_neighbours(fcinfo, &top);
	return (Datum) 0;
}

/*
 * audience(product_id bigint, n integer, model text, bought boolean)
 *		returns table (rank integer, client_id bigint, score double precision)
 *
 * The clients who would most like the product; unless bought, without those
 * who have it.  score is that of recommend().
 */
Datum
reco_audience(PG_FUNCTION_ARGS)
{
	int64		n = get_n(fcinfo, 1);
	Serving    *serving = get_serving(fcinfo, 2);
	bool		bought = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
	TopN		top;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	rank_audience(serving, PG_GETARG_INT64(0), bought, n, &top);
	put_neighbours(fcinfo, &top);
	return (Datum) 0;
}

/*
 * likely_buyers(n integer, model text)
 *		returns table (product_id bigint, clients bigint)
 *
 * How many clients have each product among the n that suit them best, whether
 * or not it can be sold now and whether or not they bought it before.
 */
Datum
reco_likely_buyers(PG_FUNCTION_ARGS)
{
	int64		n = get_n(fcinfo, 0);
	Serving    *serving = get_serving(fcinfo, 1);
	int64	   *buyers;

	InitMaterializedSRF(fcinfo, 0);
	buyers = rank_likely_buyers(serving, n);
	for (int64 i = 0; i < serving->image->products; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false};

		if (buyers[i] == 0)
			continue;
		values[0] = Int64GetDatum(serving->image->product_ids[i]);
		values[1] = Int64GetDatum(buyers[i]);
		put_row(fcinfo, values, nulls);
	}
	return (Datum) 0;
}
