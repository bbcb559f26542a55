/*
 * Forms. A page names its fields in a table; what was typed is checked against it before the page sees
 * anything, and the page sees values that passed and nothing else.
 */
#ifndef RECO_FORM_H
#define RECO_FORM_H

#include "request.h"

bool		form_check(Request *r, const Field *fields, const Pairs *pairs, bool strict);
const char *form_value(Request *r, const char *name);
const char *form_or_null(Request *r, const char *name);
bool		form_given(Request *r, const char *name);
const char *form_params(Request *r, const char *const *names, const char *without);
const char *form_file(Request *r, const char *name, size_t *len);
const char *form_check_cell(Request *r, const Field *field, const char *typed, const char **value);
const Value *form_each(Request *r, const char *name, const Value *after);

void		form_error(Request *r, const char *name, const char *text);
void		form_error_each(Request *r, const char *name, long long id, const char *text);
void		form_error_all(Request *r, const char *text);

/* Writers. value is what the field holds when nothing was typed yet. */
void		form_begin(Request *r, const char *action);
void		form_begin_files(Request *r, const char *action);
void		form_end(Request *r, const char *button);
void		form_errors(Request *r);
void		form_field(Request *r, const char *name, const char *value);
void		form_each_field(Request *r, const char *name, long long id, const char *label, const char *value);
void		form_hidden(Request *r, const char *name, const char *value);
void		form_select(Request *r, const char *name, const char *value, const char *const *labels);
void		form_select_rows(Request *r, const char *name, const char *value, const char *empty, const void *rows);
void		form_filter_begin(Request *r, const char *action);

/* For form_html.c alone. */
const Field *form_find_field(const Field *fields, const char *name, long long *id);
Value	   *form_find_value(Request *r, const char *name, long long id);

#endif
