/*
 * store.c - the arrays of a version of a model, in a table
 *
 * A version's arrays are cut into blocks of whole rows that fit in one page
 * (reco.model_array, data STORAGE PLAIN): an order of magnitude cheaper to
 * dump and restore than one SQL array a row, and replicated, backed up and
 * rolled back like any table.  Each block carries a checksum over its place
 * and its bytes; a damaged or missing block is an error, never a wrong list.
 *
 * Rows in memory may be padded (row_stride), in the table they are not.
 */
#include "store.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "utils/builtins.h"

#include "neighbours.h"
#include "options.h"
#include "trusted.h"

/* A tuple with it, its keys and headers stays below a page's 8160 bytes. */
#define BLOCK_BYTES 7800

static const char *const array_names[] = {
	[STORE_HEADER] = "header",
	[STORE_CLIENT_ID] = "client_id",
	[STORE_PRODUCT_ID] = "product_id",
	[STORE_POPULARITY] = "popularity",
	[STORE_RATING_BASELINE] = "rating_baseline",
	[STORE_RATING_CLIENTS] = "rating_clients",
	[STORE_RATING_PRODUCTS] = "rating_products",
	[STORE_RATING_FEATURES] = "rating_features",
	[STORE_RATING_PRIOR] = "rating_prior",
	[STORE_RATING_SPREAD] = "rating_spread",
	[STORE_PURCHASE_CLIENTS] = "purchase_clients",
	[STORE_PURCHASE_PRODUCTS] = "purchase_products",
	[STORE_PURCHASE_GRAM] = "purchase_gram",
	[STORE_NEIGHBOUR_PRODUCT] = "neighbour_product",
	[STORE_NEIGHBOUR_WEIGHT] = "neighbour_weight",
	[STORE_ATTRIBUTE_VALUE] = "attribute_value",
	[STORE_ATTRIBUTE_FEATURES] = "attribute_features",
	[STORE_PURCHASE_HABIT] = "purchase_habit",
};

static int64
rows_per_block(Size row_size)
{
	Assert(row_size > 0 && row_size <= BLOCK_BYTES);
	return BLOCK_BYTES / row_size;
}

static int64
block_checksum(const pg_uuid_t *version, StoreArray array, int32 block,
			   const char *bytes, Size length)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, version, sizeof(*version));
	COMP_CRC32C(crc, array_names[array], strlen(array_names[array]));
	COMP_CRC32C(crc, &block, sizeof(block));
	COMP_CRC32C(crc, bytes, length);
	FIN_CRC32C(crc);
	return (int64) crc;
}

static Statement insert_block = {
	"INSERT INTO reco.model_array (version, name, block, data, checksum)"
	" VALUES ($1, $2, $3, $4, $5)", NULL
};

/*
 * Writes count rows of an array of a version, from row first on, which is the
 * first of a block, to the end of a block or of the array.
 */
static void
write_rows(const pg_uuid_t *version, StoreArray array, const void *data, int64 first, int64 count,
		   Size row_size, Size row_stride)
{
	int64		per_block = rows_per_block(row_size);
	bytea	   *bytes = palloc(VARHDRSZ + BLOCK_BYTES);
	const Oid	types[] = {UUIDOID, TEXTOID, INT4OID, BYTEAOID, INT8OID};
	Scope		scope;
	Datum		name;

	Assert(first % per_block == 0);
	scope_begin_engine(&scope);
	name = CStringGetTextDatum(array_names[array]);
	for (int64 done = 0; done < count; done += per_block)
	{
		int64		length = Min(per_block, count - done);
		int32		block = (int32) ((first + done) / per_block);
		Datum		values[5];

		for (int64 r = 0; r < length; r++)
			memcpy(VARDATA(bytes) + r * row_size,
				   (const char *) data + (done + r) * row_stride, row_size);
		SET_VARSIZE(bytes, VARHDRSZ + length * row_size);
		values[0] = UUIDPGetDatum(version);
		values[1] = name;
		values[2] = Int32GetDatum(block);
		values[3] = PointerGetDatum(bytes);
		values[4] = Int64GetDatum(block_checksum(version, array, block, VARDATA(bytes),
												 length * row_size));
		statement_run(&insert_block, 5, types, values, NULL, false, 0);
		CHECK_FOR_INTERRUPTS();
	}
	scope_end(&scope);
	pfree(bytes);
}

/* Writes an array of a version; the caller has written the version's row. */
void
store_write(const pg_uuid_t *version, StoreArray array, const void *data,
			int64 rows, Size row_size, Size row_stride)
{
	write_rows(version, array, data, 0, rows, row_size, row_stride);
}

static Statement blocks_of_clients = {
	"SELECT FROM reco.model_array a"
	" WHERE a.version = $1 AND a.name IN ('client_id', 'rating_clients', 'purchase_clients')", NULL
};

/* Inside an engine scope.  Servers that serve a part of the clients may lack what was learnt of them. */
static void
damaged(const pg_uuid_t *version, StoreArray array)
{
	Datum		value = UUIDPGetDatum(version);

	if (store_is_of_clients(array) &&
		statement_run(&blocks_of_clients, 1, (Oid[]) {UUIDOID}, &value, NULL, true, 1) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("what the model learnt of its clients is not on this server"),
				 errhint("Ask the server that trained the model, or train it here.")));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("array \"%s\" of a model is damaged", array_names[array]),
			 errhint("Train the model again, or activate another version.")));
}

static bool
is_count(int64 value)
{
	return value >= 0 && value < PG_UINT32_MAX;
}

static bool
is_penalty(double value)
{
	return isfinite(value) && value >= 0;
}

static bool
is_repeat_model(const RepeatModel *model)
{
	return model->kind >= REPEAT_NEVER && model->kind <= REPEAT_BY_DAY &&
		isfinite(model->intercept) && is_penalty(model->times) && isfinite(model->recency) &&
		isfinite(model->habit_unknown) && isfinite(model->new_intercept) &&
		is_penalty(model->new_slope);
}

/*
 * What is wrong with a header of this format, or NULL: such a version can be
 * served.  A checksum tells that bytes are as they were written, not by whom.
 */
const char *
store_header_fault(const StoreHeader *header)
{
	if (!is_count(header->clients) || !is_count(header->products) || header->products == 0 ||
		header->rating_width < 0 || header->rating_width > SVD_BIAS_COLUMNS + MAX_FACTORS ||
		(header->rating_width > 0 && header->rating_width < SVD_BIAS_COLUMNS) ||
		(header->rating_method != RATING_BAYES && header->rating_method != RATING_SVD) ||
		header->purchase_width < 0 || header->purchase_width > MAX_FACTORS ||
		header->neighbour_width < 0 || header->neighbour_width > MAX_NEIGHBOURS ||
		(header->purchase_width > 0 && header->neighbour_width > 0) != (header->factor_weight != 0) ||
		!is_count(header->attribute_values) ||
		(header->attribute_values > 0 && (header->rating_method != RATING_BAYES ||
										  header->rating_width <= SVD_BIAS_COLUMNS)) ||
		header->rating_width + header->purchase_width + header->neighbour_width == 0)
		return "Its sizes make no sense.";
	if (!isfinite(header->rating_mean) || !is_penalty(header->rating_deviation) ||
		!isfinite(header->rating_lowest) || !isfinite(header->rating_highest) ||
		header->rating_lowest > header->rating_highest ||
		!is_penalty(header->rating_noise_precision) || !is_penalty(header->rating_unknown_spread) ||
		!is_penalty(header->rating_penalty) || !is_penalty(header->rating_bias_penalty) ||
		!is_penalty(header->baseline_bias_penalty) || !is_penalty(header->purchase_unobserved) ||
		!is_penalty(header->purchase_penalty) || !is_penalty(header->purchase_half_life) ||
		!is_penalty(header->factor_weight) || header->factor_weight > MAX_FACTOR ||
		!is_repeat_model(&header->repeat) ||
		(header->repeat.kind != REPEAT_NEVER && !store_has_purchases(header)))
		return "Its parameters make no sense.";
	return NULL;
}

/* A whole header of another length: of another format, most likely. */
static void
check_format(const char *bytes, Size length)
{
	int32		format = STORE_FORMAT;

	if (length >= sizeof(format))
		memcpy(&format, bytes, sizeof(format));
	if (format != STORE_FORMAT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a version of the model has format %d", format),
				 errdetail("This library reads format %d.", STORE_FORMAT),
				 errhint("Train the model again.")));
}

/* Checks the block in row number i of SPI_tuptable; returns its bytes. */
static const char *
checked_block(int i, const pg_uuid_t *version, StoreArray array, int64 block, Size length)
{
	HeapTuple	row = SPI_tuptable->vals[i];
	TupleDesc	description = SPI_tuptable->tupdesc;
	bool		isnull;
	int32		number = DatumGetInt32(SPI_getbinval(row, description, 1, &isnull));
	bytea	   *bytes = DatumGetByteaPP(SPI_getbinval(row, description, 2, &isnull));
	int64		checksum = DatumGetInt64(SPI_getbinval(row, description, 3, &isnull));

	if (number != block ||
		checksum != block_checksum(version, array, number, VARDATA_ANY(bytes),
								   VARSIZE_ANY_EXHDR(bytes)))
		damaged(version, array);
	if (VARSIZE_ANY_EXHDR(bytes) != length)
	{
		if (array == STORE_HEADER)
			check_format(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
		damaged(version, array);
	}
	return VARDATA_ANY(bytes);
}

static Statement read_blocks = {
	"SELECT a.block, a.data, a.checksum FROM reco.model_array a"
	" WHERE a.version = $1 AND a.name = $2 AND a.block >= $3 AND a.block < $4"
	" ORDER BY a.block", NULL
};

#define BLOCKS_PER_READ 256

/* Reads count rows, from row first on, of an array that has so many rows. */
static void
read_rows(const pg_uuid_t *version, StoreArray array, void *data, int64 first, int64 count,
		  int64 rows, Size row_size, Size row_stride)
{
	int64		per_block = rows_per_block(row_size);
	int64		end = (first + count + per_block - 1) / per_block;
	const Oid	types[] = {UUIDOID, TEXTOID, INT4OID, INT4OID};
	Scope		scope;

	scope_begin_engine(&scope);
	for (int64 from = first / per_block; from < end; from += BLOCKS_PER_READ)
	{
		int64		to = Min(from + BLOCKS_PER_READ, end);
		Datum		values[4] = {UUIDPGetDatum(version), CStringGetTextDatum(array_names[array]),
		Int32GetDatum((int32) from), Int32GetDatum((int32) to)};

		CHECK_FOR_INTERRUPTS();
		if (statement_run(&read_blocks, 4, types, values, NULL, true, 0) != to - from)
			damaged(version, array);
		for (int64 block = from; block < to; block++)
		{
			int64		start = block * per_block;
			int64		length = Min(per_block, rows - start);
			const char *bytes = checked_block((int) (block - from), version, array, block,
											  length * row_size);

			for (int64 row = Max(start, first); row < Min(start + length, first + count); row++)
				memcpy((char *) data + (row - first) * row_stride, bytes + (row - start) * row_size,
					   row_size);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	scope_end(&scope);
}

/*
 * Reads an array of a version, under the caller's snapshot.  data_corrupted
 * if it is not whole.
 */
void
store_read(const pg_uuid_t *version, StoreArray array, void *data,
		   int64 rows, Size row_size, Size row_stride)
{
	read_rows(version, array, data, 0, rows, rows, row_size, row_stride);
}

/*
 * Reads the header of a version, which errors call by its number and model:
 * data_corrupted, feature_not_supported if it is of another format.
 */
void
store_read_header(const pg_uuid_t *version, const char *model, int32 number, StoreHeader *header)
{
	store_read(version, STORE_HEADER, header, 1, sizeof(*header), sizeof(*header));
	if (header->format != STORE_FORMAT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("version %d of model \"%s\" has format %d", number, model, header->format),
				 errdetail("This library reads format %d.", STORE_FORMAT),
				 errhint("Train the model again.")));
	if (store_header_fault(header))
		damaged(version, STORE_HEADER);
}

/* The ids of clients or products. */
int64 *
store_read_ids(const pg_uuid_t *version, StoreArray array, int64 count, Budget *budget)
{
	int64	   *ids = budget_alloc(budget, count, sizeof(int64));

	store_read(version, array, ids, count, sizeof(int64), sizeof(int64));
	return ids;
}

/* Rows of factors, padded. */
FactorMatrix
store_read_factors(const pg_uuid_t *version, StoreArray array, int64 rows, int width, Budget *budget)
{
	FactorMatrix m = {.rows = rows,.width = width,.stride = factor_stride(width)};

	m.data = budget_alloc(budget, rows, m.stride * sizeof(float));
	memset(m.data, 0, rows * m.stride * sizeof(float));
	store_read(version, array, m.data, rows, width * sizeof(float), m.stride * sizeof(float));
	return m;
}

/*
 * Writes, as an array of version to, the rows of the same array of version
 * from, but for one of them; without below 0: all of them.  Holds a part of
 * the array at a time.
 */
void
store_copy(const pg_uuid_t *from, const pg_uuid_t *to, StoreArray array,
		   int64 rows, Size row_size, int64 without)
{
	int64		rows_to = without < 0 ? rows : rows - 1;
	int64		part = BLOCKS_PER_READ * rows_per_block(row_size);
	char	   *data = palloc((part + 1) * row_size);

	for (int64 first = 0; first < rows_to; first += part)
	{
		int64		count = Min(part, rows_to - first);

		if (without >= first && without < first + count)
		{
			char	   *gap = data + (without - first) * row_size;

			read_rows(from, array, data, first, count + 1, rows, row_size, row_size);
			memmove(gap, gap + row_size, (first + count - without) * row_size);
		}
		else
			read_rows(from, array, data, without >= 0 && without < first ? first + 1 : first, count,
					  rows, row_size, row_size);
		write_rows(to, array, data, first, count, row_size, row_size);
	}
	pfree(data);
}
