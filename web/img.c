/* Reads and writes pictures, see img.h. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>
#include <png.h>

#include "i18n.h"
#include "img.h"

/* A JPEG picture is made smaller while it is read, a PNG one is not, and takes three bytes a pixel. */
#define JPEG_MAX_PIXELS 25000000
#define PNG_MAX_PIXELS 8000000
#define JPEG_MEMORY (64L << 20)
#define JPEG_MAX_SCANS 60
#define JPEG_QUALITY 72

static const char unknown_kind[] = _("Send a JPEG or PNG picture.");
static const char damaged[] = _("This file is empty or damaged.");
static const char too_many_pixels[] = _("This picture has too many pixels. Make it smaller.");

/* What libjpeg is given instead of its own end of the process. */
typedef struct JpegErrors
{
	struct jpeg_error_mgr manager;
	jmp_buf		give_up;
} JpegErrors;

/* An error: back to where the reading began. */
static void
jpeg_give_up(j_common_ptr info)
{
	longjmp(((JpegErrors *) info->err)->give_up, 1);
}

/* A warning. A picture that ends too early counts as damaged; cameras make the others. */
static void
jpeg_warning(j_common_ptr info, int level)
{
	if (level < 0 && (info->err->msg_code == JWRN_JPEG_EOF || info->err->msg_code == JWRN_HIT_MARKER))
		jpeg_give_up(info);
}

/* Called as the reading goes on. Thousands of scans in a small file would keep us busy for hours. */
static void
jpeg_progress(j_common_ptr info)
{
	if (info->is_decompressor && ((j_decompress_ptr) info)->input_scan_number > JPEG_MAX_SCANS)
		jpeg_give_up(info);
}

/* Sets the errors up. */
static void
jpeg_errors(JpegErrors *errors)
{
	jpeg_std_error(&errors->manager);
	errors->manager.error_exit = jpeg_give_up;
	errors->manager.emit_message = jpeg_warning;
}

/* A number of two or four bytes in the order of the Exif block. */
static unsigned
exif_number(const unsigned char *p, int bytes, bool little)
{
	unsigned	n = 0;

	for (int i = 0; i < bytes; i++)
		n = n << 8 | p[little ? bytes - 1 - i : i];
	return n;
}

/* How the camera was held: 1 to 8, 1 if not said. Only in Exif, which the new picture will not have. */
static int
jpeg_orientation(const struct jpeg_decompress_struct *info)
{
	for (jpeg_saved_marker_ptr marker = info->marker_list; marker != NULL; marker = marker->next)
	{
		const unsigned char *tiff = marker->data + 6;
		unsigned	len = marker->data_length,
					offset,
					count;
		bool		little;

		if (len < 6 + 8 || memcmp(marker->data, "Exif\0\0", 6) != 0)
			continue;
		len -= 6;
		little = tiff[0] == 'I';
		offset = exif_number(tiff + 4, 4, little);
		if (offset > len - 2)
			continue;
		count = exif_number(tiff + offset, 2, little);
		for (unsigned i = 0; i < count && offset + 2 + 12 * (i + 1) <= len; i++)
		{
			const unsigned char *entry = tiff + offset + 2 + 12 * i;

			if (exif_number(entry, 2, little) == 0x0112)
			{
				unsigned	value = exif_number(entry + 8, 2, little);

				return value >= 1 && value <= 8 ? (int) value : 1;
			}
		}
	}
	return 1;
}

/* Turns a picture so that it stands as it was seen. */
static void
turn(Arena *arena, Image *image, int orientation)
{
	int			width = image->width,
				height = image->height;
	bool		swap = orientation >= 5;
	Image		turned = {.width = swap ? height : width, .height = swap ? width : height};

	if (orientation == 1)
		return;
	turned.rgb = arena_alloc(arena, (size_t) width * (size_t) height * 3);
	for (int y = 0; y < turned.height; y++)
	{
		for (int x = 0; x < turned.width; x++)
		{
			int			from_x = swap ? y : x,
						from_y = swap ? x : y;

			if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
				from_x = width - 1 - from_x;
			if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7)
				from_y = height - 1 - from_y;
			memcpy(turned.rgb + ((size_t) y * (size_t) turned.width + (size_t) x) * 3,
				   image->rgb + ((size_t) from_y * (size_t) width + (size_t) from_x) * 3, 3);
		}
	}
	*image = turned;
}

/* Reads a JPEG picture, at half, a quarter or an eighth of its size if that is still enough. */
static const char *
read_jpeg(Arena *arena, const char *bytes, size_t len, int wanted, Image *image)
{
	struct jpeg_decompress_struct info;
	struct jpeg_progress_mgr progress = {.progress_monitor = jpeg_progress};
	JpegErrors	errors;
	int			orientation;

	info.err = &errors.manager;
	jpeg_errors(&errors);
	if (setjmp(errors.give_up) != 0)
	{
		jpeg_destroy_decompress(&info);
		return damaged;
	}
	jpeg_create_decompress(&info);
	info.mem->max_memory_to_use = JPEG_MEMORY;
	info.progress = &progress;
	jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
	jpeg_mem_src(&info, (const unsigned char *) bytes, (unsigned long) len);
	jpeg_read_header(&info, TRUE);
	if ((double) info.image_width * (double) info.image_height > JPEG_MAX_PIXELS)
	{
		jpeg_destroy_decompress(&info);
		return too_many_pixels;
	}
	orientation = jpeg_orientation(&info);
	info.out_color_space = JCS_RGB;
	info.scale_num = 1;
	info.scale_denom = 8;
	while (info.scale_denom > 1 &&
		   (int) (info.image_width > info.image_height ? info.image_width : info.image_height) / (int) info.scale_denom < wanted)
		info.scale_denom /= 2;
	jpeg_start_decompress(&info);
	image->width = (int) info.output_width;
	image->height = (int) info.output_height;
	image->rgb = arena_alloc(arena, (size_t) info.output_width * info.output_height * 3);
	while (info.output_scanline < info.output_height)
	{
		JSAMPROW	row = image->rgb + (size_t) info.output_scanline * info.output_width * 3;

		jpeg_read_scanlines(&info, &row, 1);
	}
	jpeg_finish_decompress(&info);
	jpeg_destroy_decompress(&info);
	turn(arena, image, orientation);
	return NULL;
}

/* Reads a PNG picture; what is transparent in it becomes white. */
static const char *
read_png(Arena *arena, const char *bytes, size_t len, Image *image)
{
	png_image	png = {.version = PNG_IMAGE_VERSION};
	png_color	white = {255, 255, 255};

	if (!png_image_begin_read_from_memory(&png, bytes, len))
		return damaged;
	if ((double) png.width * (double) png.height > PNG_MAX_PIXELS)
	{
		png_image_free(&png);
		return too_many_pixels;
	}
	png.format = PNG_FORMAT_RGB;
	image->width = (int) png.width;
	image->height = (int) png.height;
	image->rgb = arena_alloc(arena, PNG_IMAGE_SIZE(png));
	if (!png_image_finish_read(&png, &white, image->rgb, 0, NULL) || PNG_IMAGE_FAILED(png))
	{
		png_image_free(&png);
		return damaged;
	}
	return NULL;
}

/*
 * Reads a picture, whatever its name and its claimed type: the first bytes tell. Its longer side may come out
 * smaller than it was, but not smaller than what is wanted.
 */
const char *
image_read(Arena *arena, const char *bytes, size_t len, int wanted, Image *image)
{
	const char *problem;

	if (len > 3 && memcmp(bytes, "\xFF\xD8\xFF", 3) == 0)
		problem = read_jpeg(arena, bytes, len, wanted, image);
	else if (len > 8 && memcmp(bytes, "\x89PNG\r\n\x1A\n", 8) == 0)
		problem = read_png(arena, bytes, len, image);
	else
		return unknown_kind;
	if (problem == NULL && (image->width < 1 || image->height < 1))
		problem = damaged;
	return problem;
}

/* Makes the longer side that long at most; each new pixel is the mean of those it covers. */
void
image_shrink(Arena *arena, const Image *image, int side, Image *small)
{
	int			longer = image->width > image->height ? image->width : image->height;

	if (longer <= side)
	{
		*small = *image;
		return;
	}
	small->width = (int) ((long long) image->width * side / longer);
	small->height = (int) ((long long) image->height * side / longer);
	small->width = small->width > 0 ? small->width : 1;
	small->height = small->height > 0 ? small->height : 1;
	small->rgb = arena_alloc(arena, (size_t) small->width * (size_t) small->height * 3);
	for (int y = 0; y < small->height; y++)
	{
		int			top = (int) ((long long) y * image->height / small->height);
		int			bottom = (int) ((long long) (y + 1) * image->height / small->height);

		for (int x = 0; x < small->width; x++)
		{
			int			left = (int) ((long long) x * image->width / small->width);
			int			right = (int) ((long long) (x + 1) * image->width / small->width);
			unsigned long sum[3] = {0};
			unsigned long pixels;

			bottom = bottom > top ? bottom : top + 1;
			right = right > left ? right : left + 1;
			pixels = (unsigned long) (bottom - top) * (unsigned long) (right - left);
			for (int v = top; v < bottom; v++)
			{
				const unsigned char *p = image->rgb + ((size_t) v * (size_t) image->width + (size_t) left) * 3;

				for (int u = left; u < right; u++, p += 3)
				{
					sum[0] += p[0];
					sum[1] += p[1];
					sum[2] += p[2];
				}
			}
			for (int c = 0; c < 3; c++)
				small->rgb[((size_t) y * (size_t) small->width + (size_t) x) * 3 + (size_t) c] =
					(unsigned char) ((sum[c] + pixels / 2) / pixels);
		}
	}
}

/* Writes a picture as a progressive JPEG, which shows something before all of it has come. */
bool
image_write(Arena *arena, const Image *image, unsigned char **bytes, size_t *len)
{
	struct jpeg_compress_struct info;
	JpegErrors	errors;
	unsigned char *volatile made = NULL;
	unsigned char *made_bytes = NULL;
	unsigned long made_len = 0;

	info.err = &errors.manager;
	jpeg_errors(&errors);
	if (setjmp(errors.give_up) != 0)
	{
		jpeg_destroy_compress(&info);
		free(made);
		return false;
	}
	jpeg_create_compress(&info);
	jpeg_mem_dest(&info, &made_bytes, &made_len);
	info.image_width = (JDIMENSION) image->width;
	info.image_height = (JDIMENSION) image->height;
	info.input_components = 3;
	info.in_color_space = JCS_RGB;
	jpeg_set_defaults(&info);
	jpeg_set_quality(&info, JPEG_QUALITY, TRUE);
	jpeg_simple_progression(&info);
	info.optimize_coding = TRUE;
	jpeg_start_compress(&info, TRUE);
	while (info.next_scanline < info.image_height)
	{
		JSAMPROW	row = image->rgb + (size_t) info.next_scanline * info.image_width * 3;

		jpeg_write_scanlines(&info, &row, 1);
	}
	jpeg_finish_compress(&info);
	made = made_bytes;
	*bytes = (unsigned char *) arena_copy(arena, (const char *) made, made_len);
	*len = made_len;
	jpeg_destroy_compress(&info);
	free(made);
	return true;
}
