/* The picture of a product: sent by the owner, made small, shown in lists and on the product's page. */
#include "db.h"
#include "form.h"
#include "html.h"
#include "img.h"
#include "layout.h"
#include "pages.h"

#define LARGE_SIDE 640
#define SMALL_SIDE 160

const Field product_picture_fields[] = {
	{"picture", _("Picture"), FIELD_FILE, 1, 5 << 20, FIELD_REQUIRED, "image/jpeg,image/png",
	_("JPEG or PNG, 5 MB at most")},
	{0}
};

/* The page that asks for it. */
void
product_picture_show(Request *r)
{
	const char *id = form_value(r, "id");
	const Rows *rows = find(r, "SELECT p.name, i.hash FROM product p LEFT JOIN product_image i"
							" ON i.product_id = p.id AND i.size = 'large' WHERE p.id = $1", id);

	page_begin_named(r, cell(rows, 0, 0));
	put_picture(r, cell(rows, 0, 1), cell(rows, 0, 0), true);
	form_begin_files(r, request_join(r, "/product/picture?id=", id, NULL));
	form_field(r, "picture", NULL);
	form_end(r, _("Send"));
	page_end(r);
}

/* Makes two pictures of it, and stores them. */
void
product_picture_act(Request *r)
{
	const char *id = form_value(r, "id");
	size_t		len = 0;
	const char *bytes = form_file(r, "picture", &len);
	Image		image,
				large,
				small;
	unsigned char *jpeg;
	size_t		jpeg_len;
	const char *problem;

	if (rows_count(query(r, "SELECT FROM product WHERE id = $1", id)) == 0)
		request_fail(r, 404);
	problem = image_read(&r->arena, bytes, len, LARGE_SIDE, &image);
	if (problem != NULL)
	{
		form_error(r, "picture", say(r, problem));
		return;
	}
	image_shrink(&r->arena, &image, LARGE_SIDE, &large);
	image_shrink(&r->arena, &large, SMALL_SIDE, &small);
	if (!image_write(&r->arena, &large, &jpeg, &jpeg_len))
		request_fail(r, 500);
	db_save_picture(r, id, "large", jpeg, jpeg_len);
	if (!image_write(&r->arena, &small, &jpeg, &jpeg_len))
		request_fail(r, 500);
	db_save_picture(r, id, "small", jpeg, jpeg_len);
	request_redirect(r, "/product?done=saved", "id", id);
}
