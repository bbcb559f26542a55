/*
 * Memory of one request: an arena, freed as a whole at its end, and a growable buffer in which the answer is
 * built before a byte of it is sent, so that the status and Content-Length are known.
 */
#ifndef RECO_MEM_H
#define RECO_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* The most that a page or a file sent to the browser may weigh. */
#define BUF_MAX ((size_t) 16 << 20)

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena
{
	ArenaChunk *chunks;
} Arena;

void	   *arena_alloc(Arena *arena, size_t size);
char	   *arena_copy(Arena *arena, const char *bytes, size_t len);
void		arena_free(Arena *arena);

typedef struct Buf
{
	char	   *data;			/* always ends in a NUL once something was added */
	size_t		len;
	size_t		size;
} Buf;

void		buf_add(Buf *buf, const void *bytes, size_t len);
void		buf_puts(Buf *buf, const char *text);
void		buf_byte(Buf *buf, char byte);
void		buf_clear(Buf *buf);
void		buf_free(Buf *buf);

#endif
