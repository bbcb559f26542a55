/*
 * The only writer of pages. Each piece of a page says what it is, and is escaped for the place it goes to:
 *
 *     put(r, LIT("<a href=\"/product?id="), URL(id), LIT("\">"), TEXT(name), LIT("</a>"));
 *
 * LIT takes a string literal and nothing else, so that what a user typed cannot get in by mistake.
 */
#ifndef RECO_HTML_H
#define RECO_HTML_H

#include "request.h"

typedef enum PartKind
{
	PART_LITERAL,				/* markup, as it stands */
	PART_TEXT,					/* between tags */
	PART_ATTRIBUTE,				/* inside the quotes of an attribute */
	PART_URL,					/* a value in an address */
	PART_INTEGER,
	PART_MESSAGE,				/* translated; text and attributes alike */
	PART_COUNT,					/* translated, one of two by the number */
	PART_NUMBER,				/* a number of the database, as the language writes it */
	PART_UNIT,					/* the word for a quantity of a unit */
	PART_MONEY,					/* the same in the shop's currency */
	PART_DOLLARS,
	PART_DATE,					/* 2026-11-23... as 23/11/2026 */
	PART_TIME					/* and with the time of day */
} PartKind;

typedef struct Part
{
	PartKind	kind;
	const char *text;
	const char *args[3];
	long long	number;
} Part;

#define LIT(literal) ((Part) {.kind = PART_LITERAL, .text = "" literal ""})
#define TEXT(value) ((Part) {.kind = PART_TEXT, .text = (value)})
#define ATTR(value) ((Part) {.kind = PART_ATTRIBUTE, .text = (value)})
#define URL(value) ((Part) {.kind = PART_URL, .text = (value)})
#define INT(value) ((Part) {.kind = PART_INTEGER, .number = (value)})
/* A message, with up to three values for %1, %2, %3, which are escaped with it. */
#define MSG(id, ...) ((Part) {.kind = PART_MESSAGE, .text = (id), .args = {__VA_ARGS__}})
/* "%1 product", "%1 products": by the number, which is %1. */
#define COUNT(one, many, value) ((Part) {.kind = PART_COUNT, .args = {(one), (many)}, .number = (value)})
#define NUMBER(value) ((Part) {.kind = PART_NUMBER, .text = (value), .number = -1})
#define NUMBER_TO(value, decimals) ((Part) {.kind = PART_NUMBER, .text = (value), .number = (decimals)})
/* "sacs" for "sac" and "3" */
#define UNIT(unit, quantity) ((Part) {.kind = PART_UNIT, .text = (unit), .args = {(quantity)}})
#define MONEY(value) ((Part) {.kind = PART_MONEY, .text = (value)})
#define DOLLARS(value) ((Part) {.kind = PART_DOLLARS, .text = (value)})
#define DATE(value) ((Part) {.kind = PART_DATE, .text = (value)})
#define TIME(value) ((Part) {.kind = PART_TIME, .text = (value)})

#define put(r, ...) \
	put_parts(r, (const Part[]) {__VA_ARGS__}, (int) (sizeof((const Part[]) {__VA_ARGS__}) / sizeof(Part)))

void		put_parts(Request *r, const Part *parts, int count);

/* One function for each context. */
void		html_text(Buf *buf, const char *text);
void		html_attribute(Buf *buf, const char *text);
void		html_url(Buf *buf, const char *text);
void		csv_cell(Buf *buf, const char *text);

/* Words in the user's language, not yet escaped: for places that take a string. */
const char *say(Request *r, const char *id);
const char *say_with(Request *r, const char *id, const char *a, const char *b, const char *c);
const char *say_part(Request *r, Part part);

#endif
