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

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "utils/builtins.h"

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

/* Writes an array of a version; the caller has written the version's row. */
void
store_write(const pg_uuid_t *version, StoreArray array, const void *data,
			int64 rows, Size row_size, Size row_stride)
{
	int64		per_block = rows_per_block(row_size);
	bytea	   *bytes = palloc(VARHDRSZ + BLOCK_BYTES);
	const Oid	types[] = {UUIDOID, TEXTOID, INT4OID, BYTEAOID, INT8OID};
	Scope		scope;
	Datum		name;

	scope_begin_engine(&scope);
	name = CStringGetTextDatum(array_names[array]);
	for (int64 first = 0; first < rows; first += per_block)
	{
		int64		count = Min(per_block, rows - first);
		int32		block = (int32) (first / per_block);
		Datum		values[5];

		for (int64 r = 0; r < count; r++)
			memcpy(VARDATA(bytes) + r * row_size,
				   (const char *) data + (first + r) * row_stride, row_size);
		SET_VARSIZE(bytes, VARHDRSZ + count * row_size);
		values[0] = UUIDPGetDatum(version);
		values[1] = name;
		values[2] = Int32GetDatum(block);
		values[3] = PointerGetDatum(bytes);
		values[4] = Int64GetDatum(block_checksum(version, array, block, VARDATA(bytes),
												 count * row_size));
		statement_run(&insert_block, 5, types, values, NULL, false, 0);
		CHECK_FOR_INTERRUPTS();
	}
	scope_end(&scope);
	pfree(bytes);
}

static void
damaged(StoreArray array)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("array \"%s\" of a model is damaged", array_names[array]),
			 errhint("Train the model again, or activate another version.")));
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

	if (number != block || VARSIZE_ANY_EXHDR(bytes) != length ||
		checksum != block_checksum(version, array, number, VARDATA_ANY(bytes), length))
		damaged(array);
	return VARDATA_ANY(bytes);
}

static Statement read_blocks = {
	"SELECT a.block, a.data, a.checksum FROM reco.model_array a"
	" WHERE a.version = $1 AND a.name = $2 AND a.block >= $3 AND a.block < $4"
	" ORDER BY a.block", NULL
};

#define BLOCKS_PER_READ 256

/*
 * Reads an array of a version, under the caller's snapshot.  data_corrupted
 * if it is not whole.
 */
void
store_read(const pg_uuid_t *version, StoreArray array, void *data,
		   int64 rows, Size row_size, Size row_stride)
{
	int64		per_block = rows_per_block(row_size);
	int64		blocks = (rows + per_block - 1) / per_block;
	const Oid	types[] = {UUIDOID, TEXTOID, INT4OID, INT4OID};
	Scope		scope;

	scope_begin_engine(&scope);
	for (int64 first = 0; first < blocks; first += BLOCKS_PER_READ)
	{
		int64		last = Min(first + BLOCKS_PER_READ, blocks);
		Datum		values[4] = {UUIDPGetDatum(version), CStringGetTextDatum(array_names[array]),
		Int32GetDatum((int32) first), Int32GetDatum((int32) last)};

		CHECK_FOR_INTERRUPTS();
		if (statement_run(&read_blocks, 4, types, values, NULL, true, 0) != last - first)
			damaged(array);
		for (int64 block = first; block < last; block++)
		{
			int64		row = block * per_block;
			int64		count = Min(per_block, rows - row);
			const char *bytes = checked_block((int) (block - first), version, array, block,
											  count * row_size);

			for (int64 r = 0; r < count; r++)
				memcpy((char *) data + (row + r) * row_stride, bytes + r * row_size, row_size);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	scope_end(&scope);
}

/* Reads one row of an array of so many rows. */
void
store_read_row(const pg_uuid_t *version, StoreArray array, void *data,
			   int64 row, int64 rows, Size row_size)
{
	int64		per_block = rows_per_block(row_size);
	int64		block = row / per_block;
	int64		count = Min(per_block, rows - block * per_block);
	const Oid	types[] = {UUIDOID, TEXTOID, INT4OID, INT4OID};
	Scope		scope;
	Datum		values[4];

	scope_begin_engine(&scope);
	values[0] = UUIDPGetDatum(version);
	values[1] = CStringGetTextDatum(array_names[array]);
	values[2] = Int32GetDatum((int32) block);
	values[3] = Int32GetDatum((int32) block + 1);
	if (statement_run(&read_blocks, 4, types, values, NULL, true, 0) != 1)
		damaged(array);
	memcpy(data, checked_block(0, version, array, block, count * row_size) +
		   (row - block * per_block) * row_size, row_size);
	scope_end(&scope);
}
