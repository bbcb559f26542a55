/*
 * share.h - blocks of memory that all backends of a server share
 */
#ifndef RECO_SHARE_H
#define RECO_SHARE_H

#include "reco.h"

#include "utils/uuid.h"

/*
 * What a block starts with.  Its maker sets checked, the bytes from the start
 * on that must be as they were written for a block to be believed; the rest
 * of the struct is share.c's.
 */
typedef struct ShareHeader
{
	uint64		magic;
	Size		size;			/* of the block, with this */
	Size		checked;
	int64		server_started;
	Oid			database;
	int32		kind;
	pg_uuid_t	uuid;
	uint32		checksum;
	uint32		unused;			/* zero */
} ShareHeader;

/* A block in the making. */
typedef struct ShareMaking
{
	int			file;			/* -1: it cannot be shared */
	pg_uuid_t	uuid;
	int32		kind;
} ShareMaking;

extern ShareHeader *share_attach(const pg_uuid_t *uuid, int32 kind);
extern void share_detach(ShareHeader *block);
extern bool share_exists(const pg_uuid_t *uuid, int32 kind);
extern ShareHeader *share_start(ShareMaking *making, const pg_uuid_t *uuid, int32 kind);
extern ShareHeader *share_finish(ShareMaking *making, ShareHeader *block);
extern void share_sweep(const pg_uuid_t *wanted, int count);

#endif							/* RECO_SHARE_H */
