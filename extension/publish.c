/*
 * publish.c - the end of a training run: decide, write, switch
 *
 * A version goes live only if it is better than its baseline on held-out
 * rows, and no worse than the active version by more than one standard error.
 * The rest is kept, inactive, with a note that says why.  Rows and arrays are
 * written and the active version is switched in one transaction: every
 * snapshot sees either the old version or the new one, whole.
 */
#include "train.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "store.h"
#include "trusted.h"
#include "version.h"

/* What a version is judged by: less is better for ratings, more for purchases. */
typedef struct Verdict
{
	bool		active;
	bool		ratings_useful; /* better than the baseline of biases */
	StringInfoData note;
} Verdict;

static void
add_note(Verdict *verdict, const char *format,...) pg_attribute_printf(2, 3);

static void
add_note(Verdict *verdict, const char *format,...)
{
	va_list		arguments;
	char		text[512];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	appendStringInfo(&verdict->note, "%s%s", verdict->note.len ? "; " : "", text);
}

static Statement active_metrics = {
	"SELECT v.version, v.ndcg_at_10, v.rmse FROM reco.model_version v"
	" WHERE v.model = $1 AND v.active", NULL
};

/*
 * Compares with the metric of the active version, if there is one that has
 * it: column 2 or 3 of active_metrics.
 */
static bool
no_worse_than_active(Verdict *verdict, const Training *training, int column, const char *name,
					 double metric, double error, bool more_is_better)
{
	Scope		scope;
	Datum		model;
	bool		isnull = true;
	double		active = 0;
	int32		version = 0;
	double		loss;

	scope_begin_engine(&scope);
	model = CStringGetTextDatum(training->model->name);
	if (statement_run(&active_metrics, 1, (Oid[]) {TEXTOID}, &model, NULL, false, 1) == 1)
	{
		HeapTuple	row = SPI_tuptable->vals[0];
		TupleDesc	description = SPI_tuptable->tupdesc;

		version = DatumGetInt32(SPI_getbinval(row, description, 1, &isnull));
		active = DatumGetFloat8(SPI_getbinval(row, description, column, &isnull));
	}
	scope_end(&scope);
	if (isnull)
		return true;
	loss = more_is_better ? active - metric : metric - active;
	if (loss <= error)
		return true;
	add_note(verdict, "kept inactive: %s %.4f is worse than %.4f of active version %d", name,
			 metric, active, version);
	return false;
}

/* How factors that are not useful compare with their baseline, in words. */
static const char *
ratings_shortfall(const RatingFit *ratings)
{
	const char *how = "is no better than";
	const char *by = "";

	if (ratings->held_out.rmse < ratings->held_out_baseline.rmse * (1 - FIT_MARGIN))
	{
		how = "is better than";
		by = ", but not by more than one standard error";
	}
	else if (ratings->held_out.rmse < ratings->held_out_baseline.rmse)
	{
		how = "is better than";
		by = ", but not by a thousandth";
	}
	return psprintf("rmse %.4f %s %.4f of the biases alone%s", ratings->held_out.rmse, how,
					ratings->held_out_baseline.rmse, by);
}

/* Decides whether the version goes live, and what is to be said of it. */
static void
judge(const Training *training, Verdict *verdict)
{
	const RatingFit *ratings = &training->ratings;
	const PurchaseFit *purchases = &training->purchases;

	verdict->active = false;
	verdict->ratings_useful = training->has_ratings && fit_ratings_useful(ratings);
	initStringInfo(&verdict->note);
	if (training->has_purchases)
	{
		if (purchases->held_out.clients == 0)
			add_note(verdict, "kept inactive: too few purchases to measure");
		else if (!(purchases->held_out.ndcg > purchases->held_out_popularity.ndcg * (1 + FIT_MARGIN)))
			add_note(verdict, "kept inactive: ndcg %.4f is no better than %.4f of the most popular products",
					 purchases->held_out.ndcg, purchases->held_out_popularity.ndcg);
		else
			verdict->active = no_worse_than_active(verdict, training, 2, "ndcg",
												   purchases->held_out.ndcg,
												   purchases->held_out.ndcg_error, true);
		if (training->has_ratings && !verdict->ratings_useful)
			add_note(verdict, "stars are those of the biases: %s", ratings->held_out.rows == 0
					 ? "too few ratings to measure more" : ratings_shortfall(ratings));
		return;
	}
	if (ratings->held_out.rows == 0)
		add_note(verdict, "kept inactive: too few ratings to measure");
	else if (!verdict->ratings_useful)
		add_note(verdict, "kept inactive: %s", ratings_shortfall(ratings));
	else
		verdict->active = no_worse_than_active(verdict, training, 3, "rmse", ratings->held_out.rmse,
											   ratings->held_out.rmse_error, false);
}

/* ---- writing ---- */

static Statement insert_version = {
	"INSERT INTO reco.model_version (model, version, uuid, trained_at, seconds, clients, products,"
	" ratings, purchases, rows_read, rows_skipped, rating_factors, purchase_factors,"
	" purchase_method,"
	" rmse, mae, baseline_rmse, baseline_mae,"
	" recall_at_10, ndcg_at_10, popular_recall_at_10, popular_ndcg_at_10, note, seed, rows_digest,"
	" active, bytes)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,"
	" $20, $21, $22, $23, $24, $25, false, 0)", NULL
};

static Statement switch_off = {
	"UPDATE reco.model_version SET active = false WHERE model = $1 AND active", NULL
};

static Statement finish_version = {
	"UPDATE reco.model_version SET bytes = $3, active = $4,"
	" activated_at = CASE WHEN $4 THEN clock_timestamp() END"
	" WHERE model = $1 AND version = $2", NULL
};

/* Not those of the active version, nor of the one that rollback goes to. */
static Statement drop_old_arrays = {
	"DELETE FROM reco.model_array a USING reco.model_version v"
	" WHERE a.version = v.uuid AND v.model = $1 AND v.version <= $2 AND NOT v.active"
	" AND v.version IS DISTINCT FROM"
	" (SELECT b.version FROM reco.model_version b WHERE b.model = $1 AND NOT b.active"
	" AND b.activated_at IS NOT NULL ORDER BY b.activated_at DESC LIMIT 1)", NULL
};

#define VERSION_COLUMNS 25

static void
insert_version_row(const Training *training, int32 version, const pg_uuid_t *uuid,
				   const Verdict *verdict)
{
	static const Oid types[VERSION_COLUMNS] = {
		TEXTOID, INT4OID, UUIDOID, TIMESTAMPTZOID, FLOAT8OID, INT8OID, INT8OID,
		INT8OID, INT8OID, INT8OID, INT8OID, INT4OID, INT4OID, TEXTOID,
		FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
		FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, TEXTOID, INT8OID, INT8OID
	};
	const RatingFit *ratings = &training->ratings;
	const PurchaseFit *purchases = &training->purchases;
	bool		has_ratings = training->has_ratings;
	bool		has_purchases = training->has_purchases;
	bool		rated = has_ratings && ratings->held_out.rows > 0;
	bool		ranked = has_purchases && purchases->held_out.clients > 0;
	TimestampTz now = GetCurrentTimestamp();
	Datum		values[VERSION_COLUMNS];
	char		nulls[VERSION_COLUMNS];

	statement_set(values, nulls, 1, true, CStringGetTextDatum(training->model->name));
	statement_set(values, nulls, 2, true, Int32GetDatum(version));
	statement_set(values, nulls, 3, true, UUIDPGetDatum(uuid));
	statement_set(values, nulls, 4, true, TimestampTzGetDatum(now));
	statement_set(values, nulls, 5, true, Float8GetDatum((now - training->started) / 1000000.0));
	statement_set(values, nulls, 6, true, Int64GetDatum(training->clients.used));
	statement_set(values, nulls, 7, true, Int64GetDatum(training->products.used));
	statement_set(values, nulls, 8, true, Int64GetDatum(training->interactions[SOURCE_RATINGS].used));
	statement_set(values, nulls, 9, true, Int64GetDatum(training->interactions[SOURCE_PURCHASES].used));
	statement_set(values, nulls, 10, true, Int64GetDatum(training->rows_read));
	statement_set(values, nulls, 11, true, Int64GetDatum(training->rows_null));
	statement_set(values, nulls, 12, has_ratings,
				  Int32GetDatum(verdict->ratings_useful
							? ratings->products.width - SVD_BIAS_COLUMNS : 0));
	statement_set(values, nulls, 13, has_purchases && method_has_factors(purchases->setting.method),
				  Int32GetDatum(purchases->products.width));
	statement_set(values, nulls, 14, has_purchases,
				  CStringGetTextDatum(purchase_methods[purchases->setting.method]));
	statement_set(values, nulls, 15, rated, Float8GetDatum(ratings->held_out.rmse));
	statement_set(values, nulls, 16, rated, Float8GetDatum(ratings->held_out.mae));
	statement_set(values, nulls, 17, rated, Float8GetDatum(ratings->held_out_baseline.rmse));
	statement_set(values, nulls, 18, rated, Float8GetDatum(ratings->held_out_baseline.mae));
	statement_set(values, nulls, 19, ranked, Float8GetDatum(purchases->held_out.recall));
	statement_set(values, nulls, 20, ranked, Float8GetDatum(purchases->held_out.ndcg));
	statement_set(values, nulls, 21, ranked, Float8GetDatum(purchases->held_out_popularity.recall));
	statement_set(values, nulls, 22, ranked, Float8GetDatum(purchases->held_out_popularity.ndcg));
	statement_set(values, nulls, 23, verdict->note.len > 0, CStringGetTextDatum(verdict->note.data));
	statement_set(values, nulls, 24, true, Int64GetDatum(training->model->options.seed));
	statement_set(values, nulls, 25, true, Int64GetDatum(training->rows_digest));
	statement_run(&insert_version, VERSION_COLUMNS, types, values, nulls, false, 0);
}

static Statement insert_trial = {
	"INSERT INTO reco.model_trial (model, version, trial, part, method, penalty, unobserved_weight,"
	" factors, iterations, popularity, half_life, ndcg_at_20, seconds, factor_penalty, factor_weight)"
	" VALUES ($1, $2, $3, 'purchases', $4, $5, $6, $7, $8, $9, make_interval(days => $10), $11, $12,"
	" $13, $14)",
	NULL
};

#define TRIAL_COLUMNS 14

/* What was tried before the version was fitted, the best first. */
static void
insert_trials(const Training *training)
{
	static const Oid types[TRIAL_COLUMNS] = {
		TEXTOID, INT4OID, INT4OID, TEXTOID, FLOAT8OID, FLOAT8OID, INT4OID, INT4OID, FLOAT8OID,
		INT4OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID
	};
	const PurchaseFit *fit = &training->purchases;

	for (int i = 0; i < fit->trial_count; i++)
	{
		const PurchaseTrial *trial = &fit->trials[i];
		const PurchaseSetting *setting = &trial->setting;
		bool		factors = method_has_factors(setting->method);
		bool		neighbours = method_has_neighbours(setting->method);
		Datum		values[TRIAL_COLUMNS];
		char		nulls[TRIAL_COLUMNS];

		statement_set(values, nulls, 1, true, CStringGetTextDatum(training->model->name));
		statement_set(values, nulls, 2, true, Int32GetDatum(training->version));
		statement_set(values, nulls, 3, true, Int32GetDatum(i + 1));
		statement_set(values, nulls, 4, true, CStringGetTextDatum(purchase_methods[setting->method]));
		statement_set(values, nulls, 5, true, Float8GetDatum(neighbours ? setting->penalty
																   : setting->factor_penalty));
		statement_set(values, nulls, 6, factors, Float8GetDatum(setting->unobserved));
		statement_set(values, nulls, 7, factors, Int32GetDatum(setting->factors));
		statement_set(values, nulls, 8, factors, Int32GetDatum(setting->iterations));
		statement_set(values, nulls, 9, neighbours, Float8GetDatum(setting->popularity));
		statement_set(values, nulls, 10, setting->half_life > 0, Int32GetDatum(setting->half_life));
		statement_set(values, nulls, 11, true, Float8GetDatum(trial->ndcg));
		statement_set(values, nulls, 12, true, Float8GetDatum(trial->seconds));
		statement_set(values, nulls, 13, factors && neighbours, Float8GetDatum(setting->factor_penalty));
		statement_set(values, nulls, 14, factors && neighbours, Float8GetDatum(setting->factor_weight));
		statement_run(&insert_trial, TRIAL_COLUMNS, types, values, nulls, false, 0);
	}
}

/* Nothing that is not a number goes live: it would spread into every list. */
static void
check_finite(const FactorMatrix *m)
{
	for (int64 row = 0; row < m->rows; row++)
	{
		for (int i = 0; i < m->width; i++)
		{
			if (!isfinite(factor_row(m, row)[i]))
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("training did not converge"),
						 errhint("Raise the regularization of the model, or leave it to its default.")));
		}
	}
}

static void
write_array(Training *training, const pg_uuid_t *uuid, StoreArray array, const void *data,
			int64 rows, Size row_size, Size row_stride)
{
	store_write(uuid, array, data, rows, row_size, row_stride);
	training->bytes += rows * row_size;
	progress_done(training->bytes);
}

static void
write_factors(Training *training, const pg_uuid_t *uuid, StoreArray array, const FactorMatrix *m)
{
	check_finite(m);
	write_array(training, uuid, array, m->data, m->rows, m->width * sizeof(float),
				m->stride * sizeof(float));
}

/* What folding a client in takes besides the products. */
static void
write_prior(Training *training, const pg_uuid_t *uuid, const RatingFit *fit)
{
	bool		bayes = fit->method == RATING_BAYES;
	int			stride = fit->products.stride;
	int64		values = fit->client_attributes.by_value.rows;
	float	   *prior = palloc0((stride + 2) * stride * sizeof(float));
	FactorMatrix features;

	if (bayes)
	{
		memcpy(prior, fit->bayes.mean, stride * sizeof(float));
		memcpy(prior + (stride + 1) * stride, fit->bayes.unrated, stride * sizeof(float));
	}
	memcpy(prior + stride, bayes ? fit->bayes.precision : fit->svd.gram,
		   stride * stride * sizeof(float));
	features = bayes ? fit->bayes.features : fit->svd.features;
	features.rows = fit->products.rows;
	write_factors(training, uuid, STORE_RATING_FEATURES, &features);
	if (values > 0)
	{
		features.data = factor_row(&fit->bayes.features, fit->products.rows);
		features.rows = values;
		write_array(training, uuid, STORE_ATTRIBUTE_VALUE, fit->client_values, values,
					sizeof(int64), sizeof(int64));
		write_factors(training, uuid, STORE_ATTRIBUTE_FEATURES, &features);
	}
	write_array(training, uuid, STORE_RATING_PRIOR, prior, stride + 2, stride * sizeof(float),
				stride * sizeof(float));
	if (bayes)
		write_array(training, uuid, STORE_RATING_SPREAD, fit->bayes.spread, fit->products.rows,
					sizeof(float), sizeof(float));
	pfree(prior);
}

static void
write_neighbours(Training *training, const pg_uuid_t *uuid, const Neighbours *m)
{
	FactorMatrix weights = {
		.rows = m->rows,.width = m->width,.stride = m->width,.data = m->weight
	};

	write_array(training, uuid, STORE_NEIGHBOUR_PRODUCT, m->product, m->rows,
				m->width * sizeof(uint32), m->width * sizeof(uint32));
	write_factors(training, uuid, STORE_NEIGHBOUR_WEIGHT, &weights);
}

static void
write_arrays(Training *training, const pg_uuid_t *uuid, const Verdict *verdict)
{
	const RatingFit *ratings = &training->ratings;
	const PurchaseFit *purchases = &training->purchases;
	StoreHeader header = {
		.format = STORE_FORMAT,
		.clients = training->clients.used,
		.products = training->products.used
	};

	progress_phase(PROGRESS_WRITING,
				   (header.clients + header.products) *
				   (sizeof(int64) + sizeof(float) * (ratings->products.width + purchases->products.width)));
	if (training->has_ratings)
	{
		header.rating_width = verdict->ratings_useful ? ratings->products.width : SVD_BIAS_COLUMNS;
		header.rating_method = ratings->method;
		header.attribute_values = verdict->ratings_useful ? ratings->client_attributes.by_value.rows : 0;
		header.rating_noise_precision = ratings->bayes.noise_precision;
		header.rating_unknown_spread = ratings->bayes.unknown_spread;
		header.rating_mean = ratings->scale.mean;
		header.rating_deviation = ratings->scale.deviation;
		header.rating_lowest = ratings->scale.lowest;
		header.rating_highest = ratings->scale.highest;
		header.rating_penalty = ratings->penalty.factor;
		header.rating_bias_penalty = ratings->penalty.bias;
		header.baseline_bias_penalty = ratings->baseline_penalty;
	}
	if (training->has_purchases)
	{
		header.purchase_width = purchases->products.width;
		header.neighbour_width = purchases->neighbours.width;
		header.factor_weight = purchases->setting.factor_weight;
		header.purchase_origin = purchases->origin;
		header.purchase_half_life = fit_half_life(purchases->setting.half_life);
		header.purchase_unobserved = purchases->penalty.unobserved;
		header.purchase_penalty = purchases->penalty.factor;
		header.repeat = purchases->repeat.model;
	}
	write_array(training, uuid, STORE_HEADER, &header, 1, sizeof(header), sizeof(header));
	write_array(training, uuid, STORE_CLIENT_ID, training->clients.ids, header.clients,
				sizeof(int64), sizeof(int64));
	write_array(training, uuid, STORE_PRODUCT_ID, training->products.ids, header.products,
				sizeof(int64), sizeof(int64));
	write_array(training, uuid, STORE_POPULARITY, training->popularity, header.products,
				sizeof(float), sizeof(float));
	if (training->has_ratings)
	{
		write_factors(training, uuid, STORE_RATING_BASELINE, &ratings->baseline);
		if (verdict->ratings_useful)
		{
			write_factors(training, uuid, STORE_RATING_CLIENTS, &ratings->clients);
			write_factors(training, uuid, STORE_RATING_PRODUCTS, &ratings->products);
			write_prior(training, uuid, ratings);
		}
	}
	if (training->has_purchases && header.neighbour_width > 0)
		write_neighbours(training, uuid, &purchases->neighbours);
	if (training->has_purchases && header.purchase_width > 0)
	{
		int			stride = purchases->products.stride;

		write_factors(training, uuid, STORE_PURCHASE_CLIENTS, &purchases->clients);
		write_factors(training, uuid, STORE_PURCHASE_PRODUCTS, &purchases->products);
		write_array(training, uuid, STORE_PURCHASE_GRAM, purchases->gram, stride,
					stride * sizeof(float), stride * sizeof(float));
	}
	if (header.repeat.kind != REPEAT_NEVER)
		write_array(training, uuid, STORE_PURCHASE_HABIT, purchases->repeat.habit, header.products,
					sizeof(float), sizeof(float));
}

/*
 * Writes the version and, if it deserves it, makes it the active one.  Leaves
 * its number and what became of it in training.
 */
void
training_publish(Training *training)
{
	MemoryContext before = MemoryContextSwitchTo(training->context);
	Verdict		verdict;
	pg_uuid_t	uuid;
	Scope		scope;
	Datum		values[4];

	judge(training, &verdict);
	version_make_uuid(&uuid);
	training->version = version_next(training->model);
	if (training->version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" was dropped while it was trained", training->model->name)));
	training->active = verdict.active;
	training->note = verdict.note.data;

	scope_begin_engine(&scope);
	insert_version_row(training, training->version, &uuid, &verdict);
	insert_trials(training);
	scope_end(&scope);

	write_arrays(training, &uuid, &verdict);

	scope_begin_engine(&scope);
	values[0] = CStringGetTextDatum(training->model->name);
	if (verdict.active)
		statement_run(&switch_off, 1, (Oid[]) {TEXTOID}, values, NULL, false, 0);
	values[1] = Int32GetDatum(training->version);
	values[2] = Int64GetDatum(training->bytes);
	values[3] = BoolGetDatum(verdict.active);
	statement_run(&finish_version, 4, (Oid[]) {TEXTOID, INT4OID, INT8OID, BOOLOID}, values, NULL,
				  false, 0);
	values[1] = Int32GetDatum(training->version - reco_keep_versions);
	statement_run(&drop_old_arrays, 2, (Oid[]) {TEXTOID, INT4OID}, values, NULL, false, 0);
	scope_end(&scope);
	MemoryContextSwitchTo(before);
}
