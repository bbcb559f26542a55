/*
 * transfer.c - a version of a model as bytes that can be taken elsewhere
 *
 * Layout, numbers in the byte order of the machine that wrote them:
 *
 *	magic	8 bytes
 *	order	4 bytes, 0x01020304: tells the byte order
 *	format	4 bytes
 *	length	8 bytes, of everything
 *	digest	32 bytes, SHA-256 of everything that follows
 *	size	4 bytes, of the description
 *	description		JSON in UTF-8: queries, options, row of the version
 *	header			StoreHeader
 *	arrays			as the header implies, in the order of StoreArray, whole rows
 *
 * Reading trusts nothing: whoever hands the bytes in may have made them, with
 * a digest that is right.  Each length is checked before it is used, the
 * parts must add up to the whole, ids must ascend, numbers must be numbers,
 * before a row is written.  The queries are for create_model to judge.
 */
#include "transfer.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "metrics.h"
#include "trusted.h"

#define TRANSFER_MAGIC "RECOMODL"
#define TRANSFER_ORDER 0x01020304
#define TRANSFER_FORMAT 1

typedef struct TransferHead
{
	char		magic[8];
	uint32		order;
	uint32		format;
	uint64		length;
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
} TransferHead;

/* MAX_FACTOR, squared */
#define MAX_SQUARE 1e18

/* Hashed between two looks for a cancel. */
#define DIGEST_STEP ((Size) 1024 * 1024)

/* ---- which arrays there are ---- */

/* The arrays that go with a header, without the header itself. */
int
array_shapes(const StoreHeader *header, ArrayShape *shapes)
{
	int			count = 0;
	Size		rating = header->rating_width * sizeof(float);
	Size		purchase = header->purchase_width * sizeof(float);

	shapes[count++] = (ArrayShape) {STORE_CLIENT_ID, header->clients, sizeof(int64)};
	shapes[count++] = (ArrayShape) {STORE_PRODUCT_ID, header->products, sizeof(int64)};
	shapes[count++] = (ArrayShape) {STORE_POPULARITY, header->products, sizeof(float)};
	if (header->rating_width > 0)
		shapes[count++] = (ArrayShape) {STORE_RATING_BASELINE, header->products,
		SVD_BIAS_COLUMNS * sizeof(float)};
	if (header->rating_width > SVD_BIAS_COLUMNS)
	{
		int			stride = factor_stride(header->rating_width);

		shapes[count++] = (ArrayShape) {STORE_RATING_CLIENTS, header->clients, rating};
		shapes[count++] = (ArrayShape) {STORE_RATING_PRODUCTS, header->products, rating};
		shapes[count++] = (ArrayShape) {STORE_RATING_FEATURES, header->products, rating};
		shapes[count++] = (ArrayShape) {STORE_RATING_PRIOR, stride + 2, stride * sizeof(float)};
		if (header->rating_method == RATING_BAYES)
			shapes[count++] = (ArrayShape) {STORE_RATING_SPREAD, header->products, sizeof(float)};
		if (header->attribute_values > 0)
		{
			shapes[count++] = (ArrayShape) {STORE_ATTRIBUTE_VALUE, header->attribute_values, sizeof(int64)};
			shapes[count++] = (ArrayShape) {STORE_ATTRIBUTE_FEATURES, header->attribute_values, rating};
		}
	}
	if (header->purchase_width > 0)
	{
		int			stride = factor_stride(header->purchase_width);

		shapes[count++] = (ArrayShape) {STORE_PURCHASE_CLIENTS, header->clients, purchase};
		shapes[count++] = (ArrayShape) {STORE_PURCHASE_PRODUCTS, header->products, purchase};
		shapes[count++] = (ArrayShape) {STORE_PURCHASE_GRAM, stride, stride * sizeof(float)};
	}
	if (header->neighbour_width > 0)
	{
		shapes[count++] = (ArrayShape) {STORE_NEIGHBOUR_PRODUCT, header->products,
		header->neighbour_width * sizeof(uint32)};
		shapes[count++] = (ArrayShape) {STORE_NEIGHBOUR_WEIGHT, header->products,
		header->neighbour_width * sizeof(float)};
	}
	if (header->repeat.kind != REPEAT_NEVER)
		shapes[count++] = (ArrayShape) {STORE_PURCHASE_HABIT, header->products, sizeof(float)};
	return count;
}

/* All of them together; the header's sizes have been checked. */
static Size
shapes_size(const ArrayShape *shapes, int count)
{
	Size		total = 0;

	for (int i = 0; i < count; i++)
		total = add_size(total, mul_size(shapes[i].rows, shapes[i].row_size));
	return total;
}

static void
compute_digest(const char *bytes, Size length, uint8 *digest)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);

	if (hash == NULL || pg_cryptohash_init(hash) < 0)
		elog(ERROR, "could not begin a digest");
	for (Size done = 0; done < length; done += DIGEST_STEP)
	{
		if (pg_cryptohash_update(hash, (const uint8 *) bytes + done,
								 Min(DIGEST_STEP, length - done)) < 0)
			elog(ERROR, "could not compute a digest: %s", pg_cryptohash_error(hash));
		CHECK_FOR_INTERRUPTS();
	}
	if (pg_cryptohash_final(hash, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute a digest: %s", pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
}

/* ---- writing ---- */

/*
 * The stored query of candidates has a column surplus, whether the author
 * gave one or not; what create_model is to see again is the author's.
 */
static Statement describe = {
	"SELECT jsonb_build_object("
	"'ratings', m.ratings, 'purchases', m.purchases, 'candidates',"
	" CASE WHEN m.has_surplus THEN m.candidates"
	" ELSE 'SELECT q.product_id FROM (' || m.candidates || ') q' END,"
	" 'options', m.options,"
	" 'version', to_jsonb(v) - '{model,version,uuid,activated_at,bytes}'::text[])::text"
	" FROM reco.model m JOIN reco.model_version v ON v.model = m.name AND v.version = $2"
	" WHERE m.id = $1", NULL
};

static Statement count_arrays = {
	"SELECT count(DISTINCT a.name) FROM reco.model_array a WHERE a.version = $1", NULL
};

/* All that the version consists of goes with it, or nothing does; what is missing shows when it is read. */
static void
check_complete(const Model *model, int count)
{
	Datum		uuid = UUIDPGetDatum(&model->uuid);
	Scope		scope;
	bool		isnull;

	scope_begin_engine(&scope);
	statement_run(&count_arrays, 1, (Oid[]) {UUIDOID}, &uuid, NULL, true, 1);
	if (DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)) > count)
		elog(ERROR, "version %d of model \"%s\" does not have only the arrays that its header says",
			 model->version, model->name);
	scope_end(&scope);
}

/* In UTF-8, in the current memory context. */
static char *
get_description(const Model *model)
{
	MemoryContext context = CurrentMemoryContext;
	Datum		values[2] = {Int32GetDatum(model->id), Int32GetDatum(model->version)};
	Scope		scope;
	char	   *text;

	scope_begin_engine(&scope);
	if (statement_run(&describe, 2, (Oid[]) {INT4OID, INT4OID}, values, NULL, true, 1) != 1)
		elog(ERROR, "version %d of model \"%s\" is gone", model->version, model->name);
	text = MemoryContextStrdup(context, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	scope_end(&scope);
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

static char *
append(char *to, const void *bytes, Size length)
{
	memcpy(to, bytes, length);
	return to + length;
}

/*
 * The version that serves the model, as bytes.  Errors:
 * object_not_in_prerequisite_state if it was never trained,
 * program_limit_exceeded if it does not fit in a bytea, data_corrupted.
 */
bytea *
transfer_export(const Model *model)
{
	TransferHead head = {.order = TRANSFER_ORDER,.format = TRANSFER_FORMAT};
	ArrayShape	shapes[MAX_ARRAYS];
	StoreHeader header;
	char	   *description;
	uint32		description_size;
	int			count;
	Size		size;
	bytea	   *result;
	char	   *to;

	model_check_trained(model);
	store_read_header(&model->uuid, model->name, model->version, &header);
	description = get_description(model);
	description_size = strlen(description);
	count = array_shapes(&header, shapes);
	check_complete(model, count + 1);
	size = sizeof(head) + sizeof(description_size) + description_size + sizeof(header);
	size = add_size(size, shapes_size(shapes, count));
	if (size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("version %d of model \"%s\" is too large to be exported", model->version,
						model->name),
				 errdetail("It takes %zu bytes, a value of type bytea at most %zu.", size,
						   (Size) MaxAllocSize - VARHDRSZ),
				 errhint("pg_dump takes models of any size along with the database.")));

	result = palloc(VARHDRSZ + size);
	SET_VARSIZE(result, VARHDRSZ + size);
	to = VARDATA(result) + sizeof(head);
	to = append(to, &description_size, sizeof(description_size));
	to = append(to, description, description_size);
	to = append(to, &header, sizeof(header));
	for (int i = 0; i < count; i++)
	{
		store_read(&model->uuid, shapes[i].array, to, shapes[i].rows, shapes[i].row_size,
				   shapes[i].row_size);
		to += shapes[i].rows * shapes[i].row_size;
	}
	Assert(to == VARDATA(result) + size);
	memcpy(head.magic, TRANSFER_MAGIC, sizeof(head.magic));
	head.length = size;
	compute_digest(VARDATA(result) + sizeof(head), size - sizeof(head), head.digest);
	memcpy(VARDATA(result), &head, sizeof(head));
	return result;
}

/* ---- reading ---- */

static void
damaged(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("exported model is damaged"),
			 errdetail("%s", why),
			 errhint("Export it again with reco.export_model, and compare the bytes after each step of their way.")));
}

/* Checks what stands before the description; all bytes belong together. */
static void
check_head(const char *bytes, Size length)
{
	TransferHead head;
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	if (length < sizeof(head.magic) || memcmp(bytes, TRANSFER_MAGIC, sizeof(head.magic)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("data is not an exported model"),
				 errhint("It is what reco.export_model returns, byte for byte.")));
	if (length < sizeof(head))
		damaged("It ends too early.");
	memcpy(&head, bytes, sizeof(head));
	if (head.order != TRANSFER_ORDER)
	{
		if (head.order != pg_bswap32(TRANSFER_ORDER))
			damaged("Its beginning makes no sense.");
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("exported model is of a machine with another byte order"),
				 errhint("Train the model on this machine.")));
	}
	if (head.format < 1)
		damaged("Its beginning makes no sense.");
	if (head.format > TRANSFER_FORMAT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("exported model has format %u", head.format),
				 errdetail("This library reads formats up to %d.", TRANSFER_FORMAT),
				 errhint("Install the version of reco that exported it, or a later one.")));
	if (head.length != length)
		damaged(head.length > length ? "It ends too early." : "It goes on after its end.");
	compute_digest(bytes + sizeof(head), length - sizeof(head), digest);
	if (memcmp(digest, head.digest, sizeof(digest)) != 0)
		damaged("Its digest is not that of its bytes.");
}

/* Is this the header of a version that can be served? */
static void
check_header(const StoreHeader *header)
{
	const char *fault;

	if (header->format != STORE_FORMAT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("version in exported model has format %d", header->format),
				 errdetail("This library reads format %d.", STORE_FORMAT),
				 errhint("Train the model again.")));
	fault = store_header_fault(header);
	if (fault)
		damaged(fault);
}

static void
check_ids(const char *bytes, int64 count)
{
	int64		before = 0;

	for (int64 i = 0; i < count; i++)
	{
		int64		id;

		memcpy(&id, bytes + i * sizeof(id), sizeof(id));
		if (i > 0 && id <= before)
			damaged("Its ids are not in order.");
		before = id;
	}
	CHECK_FOR_INTERRUPTS();
}

static void
check_numbers(const char *bytes, int64 rows, Size row_size, double lowest, double highest)
{
	for (int64 row = 0; row < rows; row++)
	{
		for (Size i = 0; i < row_size; i += sizeof(float))
		{
			float		value;

			memcpy(&value, bytes + row * row_size + i, sizeof(value));
			if (!(value >= lowest && value <= highest))
				damaged("Its numbers make no sense.");
		}
		check_interrupts_at(row);
	}
}

/* Neighbours are products, in order; entries that are none are all zeros. */
static void
check_neighbours(const char *bytes, const StoreHeader *header)
{
	Size		row_size = header->neighbour_width * sizeof(uint32);

	for (int64 row = 0; row < header->products; row++)
	{
		int64		last = -1;
		bool		ended = false;

		for (int64 i = 0; i < header->neighbour_width; i++)
		{
			uint32		product;

			memcpy(&product, bytes + row * row_size + i * sizeof(product), sizeof(product));
			ended |= i > 0 && product == 0;
			if (product >= header->products || (ended ? product != 0 : product <= last))
				damaged("Its neighbours make no sense.");
			last = product;
		}
		if (row % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

static void
check_arrays(const StoreHeader *header, const char *bytes)
{
	ArrayShape	shapes[MAX_ARRAYS];
	int			count = array_shapes(header, shapes);

	for (int i = 0; i < count; i++)
	{
		int64		rows = shapes[i].rows;
		Size		row_size = shapes[i].row_size;

		switch (shapes[i].array)
		{
			case STORE_CLIENT_ID:
			case STORE_PRODUCT_ID:
			case STORE_ATTRIBUTE_VALUE:
				check_ids(bytes, rows);
				break;
			case STORE_NEIGHBOUR_PRODUCT:
				check_neighbours(bytes, header);
				break;
			case STORE_POPULARITY:
				check_numbers(bytes, rows, row_size, 0, PG_UINT32_MAX);
				break;
			case STORE_RATING_PRIOR:
			case STORE_RATING_SPREAD:
			case STORE_PURCHASE_GRAM:
				check_numbers(bytes, rows, row_size, -MAX_SQUARE, MAX_SQUARE);
				break;
			default:
				check_numbers(bytes, rows, row_size, -MAX_FACTOR, MAX_FACTOR);
				break;
		}
		bytes += rows * row_size;
	}
}

/*
 * Finds and checks the parts of an exported model; transfer points into data.
 * Errors: invalid_parameter_value if it is something else, data_corrupted,
 * feature_not_supported if it is of a later or another kind.
 */
void
transfer_open(bytea *data, Transfer *transfer)
{
	const char *bytes = VARDATA_ANY(data);
	Size		length = VARSIZE_ANY_EXHDR(data);
	ArrayShape	shapes[MAX_ARRAYS];
	const char *end = bytes + length;
	uint32		size;
	char	   *text;

	check_head(bytes, length);
	bytes += sizeof(TransferHead);
	if (end - bytes < sizeof(size))
		damaged("Its parts do not add up.");
	memcpy(&size, bytes, sizeof(size));
	bytes += sizeof(size);
	if (size > end - bytes)
		damaged("Its parts do not add up.");
	text = pnstrdup(bytes, size);
	if (strlen(text) != size)
		damaged("Its description makes no sense.");
	text = pg_any_to_server(text, size, PG_UTF8);
	transfer->description = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
	bytes += size;
	if (end - bytes < sizeof(StoreHeader))
		damaged("Its parts do not add up.");
	memcpy(&transfer->header, bytes, sizeof(StoreHeader));
	bytes += sizeof(StoreHeader);
	check_header(&transfer->header);
	transfer->arrays = bytes;
	if (shapes_size(shapes, array_shapes(&transfer->header, shapes)) != end - bytes)
		damaged("Its parts do not add up.");
	check_arrays(&transfer->header, bytes);
	transfer->bytes = sizeof(StoreHeader) + (end - bytes);
}

/* Writes the arrays of the version, whose row has been written. */
void
transfer_write(const Transfer *transfer, const pg_uuid_t *version)
{
	ArrayShape	shapes[MAX_ARRAYS];
	int			count = array_shapes(&transfer->header, shapes);
	const char *bytes = transfer->arrays;

	store_write(version, STORE_HEADER, &transfer->header, 1, sizeof(StoreHeader), sizeof(StoreHeader));
	for (int i = 0; i < count; i++)
	{
		store_write(version, shapes[i].array, bytes, shapes[i].rows, shapes[i].row_size,
					shapes[i].row_size);
		bytes += shapes[i].rows * shapes[i].row_size;
	}
}
