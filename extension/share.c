/*
 * share.c - blocks of memory that all backends of a server share
 *
 * A block never changes.  It is a file in the server's folder for temporary
 * statistics, named by database, uuid and kind, and mapped read-only by
 * whoever uses it: one copy in the system's page cache for all backends, taken
 * in microseconds by a new connection, with no word to the postmaster, on a
 * hot standby as well.  No backup and no standby copies that folder.
 *
 * Whoever misses a block makes it.  A maker writes to a file of another name,
 * on which it holds a lock, and renames it when it is whole: a file with the
 * block's own name is never written to again, so that nobody's mapping loses
 * its ground.  Others who miss the block meanwhile wait for it, but not for
 * ever: should the maker wait for a lock of theirs, they make one of their
 * own.  The lock of a maker that died is gone with it, and its file is taken
 * over by the next.
 *
 * A file is believed if the start of it is whole and it was made since this
 * server was started: only then is what was written surely still there.  A
 * crash of the server, but not of the machine, leaves the page cache alone.
 * If a file cannot be made, for want of space, say, the maker keeps its block
 * to itself: that costs memory, nothing else.
 *
 * A file that nobody asks for any more is swept away when another is made; the
 * memory goes when the last backend that had it mapped lets it go.
 */
#include "share.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_perm.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* To be changed whenever anything in a block is laid out in another way. */
#define SHARE_FORMAT 1
#define SHARE_MAGIC (UINT64CONST(0x7265636f73680000) + SHARE_FORMAT)

/* reco.<format>.<database>.<uuid>.<kind>, and .making until it is whole */
#define PREFIX "reco."
#define MAKING ".making"
#define UUID_DIGITS (2 * UUID_LEN)

#define WRITE_BYTES ((Size) 1024 * 1024)

/* How long one waits for another to make a block, and how often one looks. */
#define MOST_WAIT_MS 10000
#define LOOK_EVERY_MS 5

static void
uuid_digits(const pg_uuid_t *uuid, char *digits)
{
	for (int i = 0; i < UUID_LEN; i++)
		snprintf(digits + 2 * i, 3, "%02x", uuid->data[i]);
}

static void
block_path(char *path, const pg_uuid_t *uuid, int32 kind, const char *suffix)
{
	char		digits[UUID_DIGITS + 1];

	uuid_digits(uuid, digits);
	snprintf(path, MAXPGPATH, "%s/" PREFIX "%d.%u.%s.%d%s", PG_STAT_TMP_DIR, SHARE_FORMAT,
			 MyDatabaseId, digits, kind, suffix);
}

static uint32
header_checksum(const ShareHeader *block)
{
	ShareHeader header = *block;
	pg_crc32c	crc;

	header.checksum = 0;
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, &header, sizeof(header));
	COMP_CRC32C(crc, block + 1, block->checked - sizeof(header));
	FIN_CRC32C(crc);
	return crc;
}

static bool
is_whole(const ShareHeader *block, Size size, const pg_uuid_t *uuid, int32 kind)
{
	return block->magic == SHARE_MAGIC && block->size == size &&
		block->checked >= sizeof(ShareHeader) && block->checked <= size &&
		block->server_started == PgStartTime &&
		block->database == MyDatabaseId && block->kind == kind &&
		memcmp(&block->uuid, uuid, sizeof(pg_uuid_t)) == 0 &&
		block->checksum == header_checksum(block);
}

/* The block of this name, or NULL if there is none that can be believed. */
ShareHeader *
share_attach(const pg_uuid_t *uuid, int32 kind)
{
	char		path[MAXPGPATH];
	struct stat about;
	void	   *block = MAP_FAILED;
	int			file;

	block_path(path, uuid, kind, "");
	file = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	if (file < 0)
		return NULL;
	if (fstat(file, &about) == 0 && about.st_size >= sizeof(ShareHeader))
		block = mmap(NULL, about.st_size, PROT_READ, MAP_SHARED, file, 0);
	CloseTransientFile(file);
	if (block == MAP_FAILED)
		return NULL;
	if (is_whole(block, about.st_size, uuid, kind))
		return block;
	munmap(block, about.st_size);
	return NULL;
}

void
share_detach(ShareHeader *block)
{
	munmap(block, block->size);
}

/* Has the file of a block not been swept away? */
bool
share_exists(const pg_uuid_t *uuid, int32 kind)
{
	char		path[MAXPGPATH];

	block_path(path, uuid, kind, "");
	return access(path, F_OK) == 0;
}

/* Is the file that was opened still the one of this name? */
static bool
is_same_file(int file, const char *path)
{
	struct stat opened;
	struct stat named;

	return fstat(file, &opened) == 0 && stat(path, &named) == 0 &&
		opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/*
 * To be called before a block is made.  Returns the block if another backend
 * has made it meanwhile; else NULL: go on and make it, then call share_finish.
 */
ShareHeader *
share_start(ShareMaking *making, const pg_uuid_t *uuid, int32 kind)
{
	char		path[MAXPGPATH];

	making->uuid = *uuid;
	making->kind = kind;
	block_path(path, uuid, kind, MAKING);
	for (int waited = 0; waited < MOST_WAIT_MS; waited += LOOK_EVERY_MS)
	{
		ShareHeader *block;
		bool		busy;

		CHECK_FOR_INTERRUPTS();
		/* closed by the server, should an error come before share_finish */
		making->file = OpenTransientFile(path, O_RDWR | O_CREAT | PG_BINARY);
		if (making->file < 0)
			return NULL;
		busy = flock(making->file, LOCK_EX | LOCK_NB) != 0;
		/* a maker may have renamed, or a sweeper removed it, since */
		if (!busy && is_same_file(making->file, path))
		{
			block = share_attach(uuid, kind);
			if (block == NULL)
				return NULL;
			unlink(path);
			CloseTransientFile(making->file);
			return block;
		}
		CloseTransientFile(making->file);
		making->file = -1;
		block = share_attach(uuid, kind);
		if (block)
			return block;
		if (busy)
		{
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
							 LOOK_EVERY_MS, PG_WAIT_EXTENSION);
			ResetLatch(MyLatch);
		}
	}
	return NULL;
}

/* Writes it all; false, with errno set, if that cannot be. */
static bool
write_block(int file, const ShareHeader *block)
{
	if (ftruncate(file, 0) != 0)
		return false;
	for (Size done = 0; done < block->size;)
	{
		Size		count = Min(WRITE_BYTES, block->size - done);
		ssize_t		written;

		CHECK_FOR_INTERRUPTS();
		errno = 0;
		written = pg_pwrite(file, (const char *) block + done, count, done);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
		{
			if (errno == 0)
				errno = ENOSPC;
			return false;
		}
		done += written;
	}
	return true;
}

/*
 * Shares a block that was made: its size, and how much of it is to be
 * checked, are set.  Returns it as others have it, or NULL if it cannot be
 * shared.
 */
ShareHeader *
share_finish(ShareMaking *making, ShareHeader *block)
{
	char		unfinished[MAXPGPATH];
	char		path[MAXPGPATH];
	bool		done;

	if (making->file < 0)
		return NULL;
	block->magic = SHARE_MAGIC;
	block->server_started = PgStartTime;
	block->database = MyDatabaseId;
	block->kind = making->kind;
	block->uuid = making->uuid;
	block->unused = 0;
	block->checksum = header_checksum(block);
	block_path(unfinished, &making->uuid, making->kind, MAKING);
	block_path(path, &making->uuid, making->kind, "");
	done = write_block(making->file, block) && rename(unfinished, path) == 0;
	if (!done)
	{
		ereport(LOG,
				(errcode_for_file_access(),
				 errmsg("could not share a model by file \"%s\": %m", path),
				 errdetail("This session keeps a copy of its own.")));
		unlink(unfinished);
	}
	CloseTransientFile(making->file);
	making->file = -1;
	return done ? share_attach(&making->uuid, making->kind) : NULL;
}

/* ---- sweeping ---- */

/* Removes a file that a maker left, unless the maker is at work. */
static void
sweep_unfinished(const char *path)
{
	int			file = OpenTransientFile(path, O_RDWR | PG_BINARY);

	if (file < 0)
		return;
	if (flock(file, LOCK_EX | LOCK_NB) == 0 && is_same_file(file, path))
		unlink(path);
	CloseTransientFile(file);
}

/* Is this file, in part a name of our own, one that somebody may ask for? */
static bool
is_wanted(const char *name, const pg_uuid_t *wanted, int count)
{
	int			format;
	Oid			database;
	char		digits[UUID_DIGITS + 1];
	char		own[UUID_DIGITS + 1];

	if (sscanf(name, PREFIX "%d.%u.%32[0-9a-f]", &format, &database, digits) != 3)
		return true;
	if (database != MyDatabaseId)
		return SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(database));
	for (int i = 0; i < count && format == SHARE_FORMAT; i++)
	{
		uuid_digits(&wanted[i], own);
		if (strcmp(own, digits) == 0)
			return true;
	}
	return false;
}

/*
 * Removes the files of all blocks of this database but the wanted ones, and
 * of databases that are gone.  Whoever uses one goes on; whoever misses one
 * makes it again.
 */
void
share_sweep(const pg_uuid_t *wanted, int count)
{
	DIR		   *folder = AllocateDir(PG_STAT_TMP_DIR);
	struct dirent *entry;

	while ((entry = ReadDirExtended(folder, PG_STAT_TMP_DIR, LOG)) != NULL)
	{
		char		path[MAXPGPATH];
		Size		length = strlen(entry->d_name);

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
			is_wanted(entry->d_name, wanted, count))
			continue;
		snprintf(path, sizeof(path), "%s/%s", PG_STAT_TMP_DIR, entry->d_name);
		if (length > strlen(MAKING) && strcmp(entry->d_name + length - strlen(MAKING), MAKING) == 0)
			sweep_unfinished(path);
		else
			unlink(path);
	}
	FreeDir(folder);
}
