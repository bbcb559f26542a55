/*
 * Pictures that users send: read whatever claims to be a JPEG or PNG picture, and make new, small JPEG ones of
 * it. Nothing of the bytes that came in is kept: no metadata, no place where it was taken, nothing hidden.
 */
#ifndef RECO_IMG_H
#define RECO_IMG_H

#include "mem.h"

typedef struct Image
{
	unsigned char *rgb;			/* rows without padding, three bytes a pixel */
	int			width;
	int			height;
} Image;

/* Returns NULL, or the id of the message that says what is wrong. */
const char *image_read(Arena *arena, const char *bytes, size_t len, int wanted, Image *image);
void		image_shrink(Arena *arena, const Image *image, int side, Image *small);
bool		image_write(Arena *arena, const Image *image, unsigned char **bytes, size_t *len);

#endif
