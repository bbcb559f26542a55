/* What every page has around its own part. */
#ifndef RECO_LAYOUT_H
#define RECO_LAYOUT_H

#include "db.h"

/* Titles are messages, unless it is the name of something (page_begin_named). */
void		page_begin(Request *r, const char *title);
void		page_begin_named(Request *r, const char *name);
void		page_end(Request *r);
void		page_error(Request *r, int status);

/* Rows of a list on one page; its query asks for one more, which tells that there are more. */
#define PAGE_ROWS 25

int			rows_on_page(const Rows *rows);
const char *page_after_name(Request *r);
const char *page_after_id(Request *r);
const char *page_last_row(Request *r, const Rows *rows);

void		put_note(Request *r, const char *text);
void		put_pager(Request *r, const char *path, const char *params, const char *after, const Rows *rows);
void		put_stars(Request *r, int stars);
void		put_rate(Request *r, const char *action, const char *product_id, const char *stars);
void		put_phone(Request *r, const char *phone);
void		put_picture(Request *r, const char *hash, const char *name, bool large);

/* A column of a chart: what it is called, and its height. */
typedef struct Bar
{
	const char *label;			/* in words, for the list of figures */
	const char *value;			/* in words */
	double		height;
} Bar;

void		put_chart(Request *r, const char *title, const char *summary, const Bar *bars, int count);

/* assets.c, made of reco.css when the program is built */
extern const char style_css[];
extern const unsigned style_css_len;
extern const char style_css_hash[];

#endif
