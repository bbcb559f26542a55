/* Forms: writing fields, with what was typed and what is wrong with it; see form.h. */
#include <string.h>

#include "db.h"
#include "form.h"
#include "html.h"

/* The id of a field in the page: its name, with the id of a FIELD_EACH. */
static void
put_field_id(Request *r, const Field *field, long long id)
{
	put(r, ATTR(field->name));
	if (field->flags & FIELD_EACH)
		put(r, INT(id));
}

/* What stands at the top of a page after a form that was wrong: each error, leading to its field. */
void
form_errors(Request *r)
{
	if (!r->form_bad)
		return;
	put(r, LIT("<div class=\"note bad\" role=\"alert\"><h2>"), MSG(_("Please check what was typed")), LIT("</h2>"));
	if (r->form_error != NULL)
		put(r, LIT("<p>"), TEXT(r->form_error), LIT("</p>"));
	for (const Value *value = r->values; value != NULL; value = value->next)
	{
		if (value->error == NULL || value->field->label == NULL)
			continue;
		put(r, LIT("<p><a href=\"#"));
		put_field_id(r, value->field, value->id);
		put(r, LIT("\">"), MSG(_("%1: %2"), say(r, value->field->label), value->error), LIT("</a></p>"));
	}
	put(r, LIT("</div>"));
}

/* Begins a form that changes something; it brings back who was given it, and is known when sent twice. */
static void
put_form_begin(Request *r, const char *action, bool files)
{
	put(r, LIT("<form method=\"post\" action=\""), ATTR(action), LIT("\""));
	if (files)
		put(r, LIT(" enctype=\"multipart/form-data\""));
	put(r, LIT("><input type=\"hidden\" name=\"csrf\" value=\""), ATTR(r->csrf), LIT("\">"));
	if (r->once != NULL)
		put(r, LIT("<input type=\"hidden\" name=\"once\" value=\""), ATTR(r->once), LIT("\">"));
}

/* Begins a form that changes something. */
void
form_begin(Request *r, const char *action)
{
	put_form_begin(r, action, false);
}

/* The same, for one with a file in it. */
void
form_begin_files(Request *r, const char *action)
{
	put_form_begin(r, action, true);
}

/* Begins a form that only looks for something. */
void
form_filter_begin(Request *r, const char *action)
{
	put(r, LIT("<form class=\"filter\" role=\"search\" action=\""), ATTR(action), LIT("\">"));
}

/* Its button and its end. */
void
form_end(Request *r, const char *button)
{
	put(r, LIT("<button type=\"submit\">"), MSG(button), LIT("</button></form>"));
}

/* A value that goes with the form. */
void
form_hidden(Request *r, const char *name, const char *value)
{
	put(r, LIT("<input type=\"hidden\" name=\""), ATTR(name), LIT("\" value=\""), ATTR(value), LIT("\">"));
}

/* The field of the page's form, or of its address, with that name. */
static const Field *
page_field(Request *r, const char *name)
{
	long long	id;
	const Field *field = form_find_field(r->page->form, name, &id);

	return field != NULL ? field : form_find_field(r->page->query, name, &id);
}

/* The label, the hint and the error of a field, and what ties them to it. */
static void
put_label(Request *r, const Field *field, const Value *value)
{
	put(r, LIT("<label for=\""), ATTR(field->name), LIT("\">"), MSG(field->label));
	if (field->hint != NULL)
		put(r, LIT(" <small>"), MSG(field->hint), LIT("</small>"));
	put(r, LIT("</label>"));
	if (value != NULL && value->error != NULL)
		put(r, LIT("<p class=\"error\" id=\""), ATTR(field->name), LIT("-error\">"), TEXT(value->error), LIT("</p>"));
}

/* The attributes that every control has. */
static void
put_control(Request *r, const Field *field, const Value *value)
{
	put(r, LIT(" id=\""), ATTR(field->name), LIT("\" name=\""), ATTR(field->name), LIT("\""));
	if (field->flags & FIELD_REQUIRED)
		put(r, LIT(" required"));
	if (value != NULL && value->error != NULL)
		put(r, LIT(" aria-invalid=\"true\" aria-describedby=\""), ATTR(field->name), LIT("-error\""));
}

/* What a control holds: what was typed, else what the page says. */
static const char *
shown(const Value *value, const char *fallback)
{
	return value != NULL && value->typed != NULL ? value->typed : fallback != NULL ? fallback : "";
}

/* The kind of keyboard and of help that a field asks the phone for. */
static void
put_input_type(Request *r, const Field *field)
{
	switch (field->type)
	{
		case FIELD_INTEGER:
			put(r, LIT(" type=\"text\" inputmode=\"numeric\" autocomplete=\"off\""));
			break;
		case FIELD_NUMBER:
			put(r, LIT(" type=\"text\" inputmode=\"decimal\" autocomplete=\"off\""));
			break;
		case FIELD_PHONE:
			put(r, LIT(" type=\"tel\" autocomplete=\"off\""));
			break;
		case FIELD_DATE:
			put(r, LIT(" type=\"date\""));
			break;
		case FIELD_PASSWORD:
			put(r, LIT(" type=\"password\" autocomplete=\""), ATTR(field->options), LIT("\""));
			break;
		case FIELD_FILE:
			put(r, LIT(" type=\"file\" accept=\""), ATTR(field->options), LIT("\""));
			break;
		default:
			put(r, LIT(" type=\"text\" maxlength=\""), INT(field->max), LIT("\""));
			if (field->options != NULL)
				put(r, LIT(" autocomplete=\""), ATTR(field->options), LIT("\""));
			break;
	}
}

/* A field with its label: a line to type in, several lines, or a box to tick. */
void
form_field(Request *r, const char *name, const char *value)
{
	const Field *field = page_field(r, name);
	const Value *sent = form_find_value(r, name, 0);

	if (field->type == FIELD_CHECK)
	{
		bool		ticked = r->method == METHOD_POST ? sent != NULL && sent->value != NULL : value != NULL && value[0] == 't';

		put(r, LIT("<label class=\"check\"><input type=\"checkbox\" value=\"1\""));
		put_control(r, field, sent);
		if (ticked)
			put(r, LIT(" checked"));
		put(r, LIT("> "), MSG(field->label), LIT("</label>"));
		return;
	}
	put_label(r, field, sent);
	if (field->type == FIELD_LINES)
	{
		put(r, LIT("<textarea rows=\"3\" maxlength=\""), INT(field->max), LIT("\""));
		put_control(r, field, sent);
		put(r, LIT(">\n"), TEXT(shown(sent, value)), LIT("</textarea>"));
		return;
	}
	put(r, LIT("<input"));
	put_control(r, field, sent);
	put_input_type(r, field);
	if (field->type != FIELD_PASSWORD && field->type != FIELD_FILE)
		put(r, LIT(" value=\""), ATTR(shown(sent, value)), LIT("\""));
	put(r, LIT(">"));
}

/*
 * One of a FIELD_EACH, in a row of a table that shows what it is about; label is the name of that, for those
 * who do not see the row.
 */
void
form_each_field(Request *r, const char *name, long long id, const char *label, const char *value)
{
	const Field *field = page_field(r, request_join(r, name, "1", NULL));
	const Value *sent = form_find_value(r, name, id);
	bool		wrong = sent != NULL && sent->error != NULL;

	put(r, LIT("<input class=\"each\" id=\""));
	put_field_id(r, field, id);
	put(r, LIT("\" name=\""));
	put_field_id(r, field, id);
	put(r, LIT("\" aria-label=\""), MSG(field->label), LIT(", "), ATTR(label), LIT("\""));
	put_input_type(r, field);
	put(r, LIT(" value=\""), ATTR(shown(sent, value)), LIT("\""));
	if (wrong)
	{
		put(r, LIT(" aria-invalid=\"true\" aria-describedby=\""));
		put_field_id(r, field, id);
		put(r, LIT("-error\""));
	}
	put(r, LIT(">"));
	if (wrong)
	{
		put(r, LIT("<p class=\"error\" id=\""));
		put_field_id(r, field, id);
		put(r, LIT("-error\">"), TEXT(sent->error), LIT("</p>"));
	}
}

/* One choice of a list. */
static void
put_option(Request *r, const char *value, size_t len, const char *chosen, const char *label)
{
	char	   *copy = arena_copy(&r->arena, value, len);

	put(r, LIT("<option value=\""), ATTR(copy), LIT("\""));
	if (strcmp(copy, chosen) == 0)
		put(r, LIT(" selected"));
	put(r, LIT(">"), TEXT(label), LIT("</option>"));
}

/* A list of the words of a FIELD_CHOICE; labels are messages, in the order of its options. */
void
form_select(Request *r, const char *name, const char *value, const char *const *labels)
{
	const Field *field = page_field(r, name);
	const Value *sent = form_find_value(r, name, 0);
	const char *p = field->options;

	put_label(r, field, sent);
	put(r, LIT("<select"));
	put_control(r, field, sent);
	put(r, LIT(">"));
	for (int i = 0;; i++)
	{
		size_t		len = strcspn(p, "|");

		put_option(r, p, len, shown(sent, value), say(r, labels[i]));
		if (p[len] == '\0')
			break;
		p += len + 1;
	}
	put(r, LIT("</select>"));
}

/* A list of rows of the database, id and name; before them an empty choice with a label, unless NULL. */
void
form_select_rows(Request *r, const char *name, const char *value, const char *empty, const void *rows)
{
	const Field *field = page_field(r, name);
	const Value *sent = form_find_value(r, name, 0);

	put_label(r, field, sent);
	put(r, LIT("<select"));
	put_control(r, field, sent);
	put(r, LIT(">"));
	if (empty != NULL)
		put_option(r, "", 0, shown(sent, value), say(r, empty));
	for (int i = 0; i < rows_count(rows); i++)
		put_option(r, cell(rows, i, 0), strlen(cell(rows, i, 0)), shown(sent, value), cell(rows, i, 1));
	put(r, LIT("</select>"));
}
