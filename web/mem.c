/*
 * The memory of a request, see mem.h. Running out of memory ends the process: under FastCGI the server
 * starts another one, and nothing of a half-made answer is sent.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define CHUNK_SIZE 16384

struct ArenaChunk
{
	ArenaChunk *next;
	size_t		used;
	size_t		size;
	max_align_t bytes[];
};

/* Ends the process: there is nobody left to tell but the log. */
static _Noreturn void
no_memory(void)
{
	fputs("reco web: out of memory\n", stderr);
	abort();
}

/* Zeroed memory that lives until arena_free(). */
void *
arena_alloc(Arena *arena, size_t size)
{
	ArenaChunk *chunk = arena->chunks;
	void	   *result;

	if (size > SIZE_MAX / 2)
		no_memory();
	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (chunk == NULL || chunk->size - chunk->used < size)
	{
		size_t		room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		chunk = calloc(1, sizeof(ArenaChunk) + room);
		if (chunk == NULL)
			no_memory();
		chunk->size = room;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	result = (char *) chunk->bytes + chunk->used;
	chunk->used += size;
	return result;
}

/* A copy of some bytes with a NUL behind them. */
char *
arena_copy(Arena *arena, const char *bytes, size_t len)
{
	char	   *copy = arena_alloc(arena, len + 1);

	if (len > 0)
		memcpy(copy, bytes, len);
	return copy;
}

/* Frees all that was allocated. */
void
arena_free(Arena *arena)
{
	while (arena->chunks != NULL)
	{
		ArenaChunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
}

/* Appends bytes. */
void
buf_add(Buf *buf, const void *bytes, size_t len)
{
	if (len > BUF_MAX || buf->len + len > BUF_MAX)
		no_memory();
	if (buf->len + len + 1 > buf->size)
	{
		size_t		size = buf->size > 0 ? buf->size : 16384;

		while (size < buf->len + len + 1)
			size *= 2;
		buf->data = realloc(buf->data, size);
		if (buf->data == NULL)
			no_memory();
		buf->size = size;
	}
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

/* Appends a string. */
void
buf_puts(Buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

/* Appends one byte. */
void
buf_byte(Buf *buf, char byte)
{
	buf_add(buf, &byte, 1);
}

/* Empties the buffer and keeps its memory. */
void
buf_clear(Buf *buf)
{
	buf->len = 0;
}

/* Gives the memory back. */
void
buf_free(Buf *buf)
{
	free(buf->data);
	*buf = (Buf) {0};
}
