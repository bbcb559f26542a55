/*
 * forget.c - taking a client out of what a model learnt
 *
 * A version keeps an id and rows of factors for each client it learnt from.
 * forget_client writes every kept version of a model anew without those of
 * one client, under another uuid: whatever holds arrays of the old one in
 * memory or in files, here or on a standby, is no longer asked, as after a
 * training.  What products learnt from that client among all others stays.
 *
 * It holds the model's lock, so no training runs meanwhile; one that read its
 * rows before and writes after would bring the client back.  Trainings read
 * after they have the lock, and one with an older snapshot of its own, in a
 * repeatable read transaction, fails at the row of the model, which is
 * updated here for that.
 */
#include "forget.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "idmap.h"
#include "store.h"
#include "transfer.h"
#include "trusted.h"
#include "version.h"

static Statement touch_model = {
	"UPDATE reco.model SET last_version = last_version WHERE id = $1", NULL
};

static Statement kept_versions = {
	"SELECT v.version, v.uuid FROM reco.model_version v WHERE v.model = $1"
	" AND EXISTS (SELECT FROM reco.model_array a WHERE a.version = v.uuid) ORDER BY v.version", NULL
};

static Statement rename_version = {
	"UPDATE reco.model_version SET uuid = $3, clients = clients - 1, bytes = bytes - $4"
	" WHERE model = $1 AND version = $2", NULL
};

static Statement delete_arrays = {
	"DELETE FROM reco.model_array WHERE version = $1", NULL
};

typedef struct KeptVersion
{
	int32		version;
	pg_uuid_t	uuid;
} KeptVersion;

/* Those whose arrays are kept, in the current memory context. */
static KeptVersion *
find_versions(const Model *model, int *count)
{
	MemoryContext context = CurrentMemoryContext;
	KeptVersion *versions;
	Scope		scope;
	Datum		values[1];
	bool		isnull;

	scope_begin_engine(&scope);
	values[0] = Int32GetDatum(model->id);
	if (statement_run(&touch_model, 1, (Oid[]) {INT4OID}, values, NULL, false, 0) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" does not exist", model->name)));
	values[0] = CStringGetTextDatum(model->name);
	*count = statement_run(&kept_versions, 1, (Oid[]) {TEXTOID}, values, NULL, false, 0);
	versions = MemoryContextAlloc(context, (*count + 1) * sizeof(KeptVersion));
	for (int i = 0; i < *count; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	description = SPI_tuptable->tupdesc;

		versions[i].version = DatumGetInt32(SPI_getbinval(row, description, 1, &isnull));
		memcpy(&versions[i].uuid, DatumGetUUIDP(SPI_getbinval(row, description, 2, &isnull)),
			   sizeof(pg_uuid_t));
	}
	scope_end(&scope);
	return versions;
}

/* The row of the client, or -1. */
static int64
find_client(const KeptVersion *version, const StoreHeader *header, int64 client)
{
	Budget		budget;
	int64	   *ids;
	int64		row;

	budget_init(&budget, CurrentMemoryContext);
	ids = store_read_ids(&version->uuid, STORE_CLIENT_ID, header->clients, &budget);
	row = ids_find(ids, header->clients, client);
	budget_free(&budget, ids, header->clients, sizeof(int64));
	return row;
}

/* Copies the version's arrays, but for the row of one client, to a new uuid. */
static void
write_without(const Model *model, const KeptVersion *version, StoreHeader *header, int64 row)
{
	ArrayShape	shapes[MAX_ARRAYS];
	int			count = array_shapes(header, shapes);
	pg_uuid_t	uuid;
	int64		bytes = 0;
	Datum		values[4];
	Scope		scope;

	version_make_uuid(&uuid);
	for (int i = 0; i < count; i++)
	{
		if (store_is_of_clients(shapes[i].array))
			bytes += shapes[i].row_size;
	}
	scope_begin_engine(&scope);
	values[0] = CStringGetTextDatum(model->name);
	values[1] = Int32GetDatum(version->version);
	values[2] = UUIDPGetDatum(&uuid);
	values[3] = Int64GetDatum(bytes);
	statement_run(&rename_version, 4, (Oid[]) {TEXTOID, INT4OID, UUIDOID, INT8OID}, values, NULL,
				  false, 0);
	scope_end(&scope);

	header->clients--;
	store_write(&uuid, STORE_HEADER, header, 1, sizeof(*header), sizeof(*header));
	for (int i = 0; i < count; i++)
		store_copy(&version->uuid, &uuid, shapes[i].array, shapes[i].rows, shapes[i].row_size,
				   store_is_of_clients(shapes[i].array) ? row : -1);

	scope_begin_engine(&scope);
	values[0] = UUIDPGetDatum(&version->uuid);
	statement_run(&delete_arrays, 1, (Oid[]) {UUIDOID}, values, NULL, false, 0);
	scope_end(&scope);
}

/*
 * Takes a client out of all kept versions of a model that the caller has
 * locked; returns how many versions knew the client.  Errors: data_corrupted,
 * serialization_failure.
 */
int
forget_client(const Model *model, int64 client)
{
	KeptVersion *versions;
	int			count;
	int			forgotten = 0;

	versions = find_versions(model, &count);
	PushActiveSnapshot(GetTransactionSnapshot());
	for (int i = 0; i < count; i++)
	{
		StoreHeader header;
		int64		row;

		store_read_header(&versions[i].uuid, model->name, versions[i].version, &header);
		row = find_client(&versions[i], &header, client);
		if (row < 0)
			continue;
		write_without(model, &versions[i], &header, row);
		forgotten++;
	}
	PopActiveSnapshot();
	return forgotten;
}
