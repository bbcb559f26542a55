/*
 * Products and clients from a spreadsheet. What a file would do is tried, shown line by line, and done when the
 * owner says so: all of it or nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csv.h"
#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

#define MONEY_MAX 999999999999

const Field import_query[] = {
	{"done", NULL, FIELD_INTEGER, 0, CSV_ROWS, 0, NULL, NULL},
	{0}
};

const Field import_fields[] = {
	{"what", _("Table"), FIELD_CHOICE, 0, 0, FIELD_REQUIRED, "products|clients", NULL},
	{"file", _("File"), FIELD_FILE, 1, 1 << 20, FIELD_REQUIRED, ".csv,text/csv", _("CSV, at most 2,000 lines")},
	{0}
};

const Field import_check_query[] = {
	{"id", NULL, FIELD_ID, 0, 0, FIELD_REQUIRED, NULL, NULL},
	{0}
};

/* The columns that a file may have: known by their label in any of our languages, or by their name. */
static const Field product_columns[] = {
	{"name", _("Name"), FIELD_TEXT, 1, 200, FIELD_REQUIRED, NULL, NULL},
	{"category", _("Shelf"), FIELD_TEXT, 1, 100, 0, NULL, NULL},
	{"supplier", _("Supplier"), FIELD_TEXT, 1, 200, 0, NULL, NULL},
	{"price", _("Price"), FIELD_NUMBER, 0, MONEY_MAX, 0, NULL, NULL},
	{"unit_cost", _("Cost"), FIELD_NUMBER, 0, MONEY_MAX, 0, NULL, NULL},
	{"unit", _("Unit"), FIELD_TEXT, 1, 30, 0, NULL, NULL},
	{"divisible", _("Sold in fractions"), FIELD_CHECK, 0, 0, 0, NULL, NULL},
	{"pack_size", _("Units in the supplier's pack"), FIELD_NUMBER, 0, 1000000, 0, NULL, NULL},
	{"moq", _("Least quantity per order"), FIELD_NUMBER, 0, 1000000, 0, NULL, NULL},
	{"threshold", _("Alert threshold"), FIELD_NUMBER, 0, 100000000, 0, NULL, NULL},
	{"target", _("Wanted stock"), FIELD_NUMBER, 0, 100000000, 0, NULL, NULL},
	{"barcode", _("Barcode"), FIELD_TEXT, 1, 60, 0, NULL, NULL},
	{"stock", _("In stock"), FIELD_NUMBER, 0, 100000000, 0, NULL, NULL},
	{0}
};

static const Field client_columns[] = {
	{"name", _("Name"), FIELD_TEXT, 1, 100, FIELD_REQUIRED, NULL, NULL},
	{"phone", _("Phone"), FIELD_PHONE, 0, 0, 0, NULL, NULL},
	{"address", _("Address"), FIELD_TEXT, 1, 200, 0, NULL, NULL},
	{0}
};

/* A text as a value of JSON. */
static void
put_json(Buf *buf, const char *text)
{
	char		escape[8];

	buf_byte(buf, '"');
	for (; *text != '\0'; text++)
	{
		if ((unsigned char) *text < ' ' || *text == '"' || *text == '\\')
		{
			snprintf(escape, sizeof(escape), "\\u%04x", (unsigned char) *text);
			buf_puts(buf, escape);
		}
		else
			buf_byte(buf, *text);
	}
	buf_byte(buf, '"');
}

/* Another name and value of an object of JSON. */
static void
put_json_pair(Buf *buf, const char *name, const char *value)
{
	buf_puts(buf, buf->len > 0 && buf->data[buf->len - 1] != '{' ? ",\"" : "\"");
	buf_puts(buf, name);
	buf_puts(buf, "\":");
	put_json(buf, value);
}

/* Is this the head of that column? */
static bool
is_head(const char *cell, const Field *field)
{
	for (int i = 0; i < LANGUAGES; i++)
	{
		if (strcasecmp(cell, message((Language) i, field->label)) == 0)
			return true;
	}
	return strcasecmp(cell, field->name) == 0;
}

/* Which place each column has in the file, -1 for none; columns that are not ours are passed over. */
static bool
find_columns(Request *r, const Csv *csv, const Field *columns, int *places)
{
	for (int i = 0; columns[i].name != NULL; i++)
	{
		places[i] = -1;
		for (int j = 0; csv->count > 0 && j < csv->rows[0].count; j++)
		{
			if (!is_head(csv->rows[0].cells[j], &columns[i]))
				continue;
			if (places[i] >= 0)
			{
				form_error(r, "file", say_with(r, _("The column %1 is there twice."), say(r, columns[i].label), NULL, NULL));
				return false;
			}
			places[i] = j;
		}
		if (places[i] < 0 && (columns[i].flags & FIELD_REQUIRED))
		{
			form_error(r, "file", say_with(r, _("The first line must name the columns; %1 is missing."),
										   say(r, columns[i].label), NULL, NULL));
			return false;
		}
	}
	return true;
}

/* A cell without the apostrophe that keeps an exported one from being a formula. */
static const char *
plain_cell(const char *cell)
{
	return cell[0] == '\'' && cell[1] != '\0' && strchr("=+-@\t\r", cell[1]) != NULL ? cell + 1 : cell;
}

/* Yes or no, in any of our languages or as computers say it. Returns what is wrong with it, NULL when nothing is. */
static const char *
check_yes(Request *r, const char *cell, const char **value)
{
	static const char *const words[][2] = {{"1", "1"}, {"0", "0"}, {"x", "1"}, {"true", "1"}, {"false", "0"}};

	*value = cell;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && cell[0] != '\0'; i++)
	{
		if (strcasecmp(cell, words[i][0]) == 0)
			*value = words[i][1];
	}
	for (int i = 0; i < LANGUAGES; i++)
	{
		if (strcasecmp(cell, message((Language) i, _("yes"))) == 0)
			*value = "1";
		else if (strcasecmp(cell, message((Language) i, _("no"))) == 0)
			*value = "0";
	}
	return (*value)[0] == '\0' || strcmp(*value, "0") == 0 || strcmp(*value, "1") == 0 ? NULL : say(r, _("Type yes or no."));
}

/* One line of the file as an object of JSON. What is wrong with it is returned, NULL when nothing is. */
static const char *
read_line(Request *r, const CsvRow *row, const Field *columns, const int *places, Buf *json)
{
	char		digits[16];
	const char *problem = NULL;

	snprintf(digits, sizeof(digits), "%d", row->line);
	buf_puts(json, "{");
	put_json_pair(json, "line", digits);
	for (int i = 0; columns[i].name != NULL; i++)
	{
		const char *value;
		const char *error;

		if (places[i] < 0)
			continue;
		if (columns[i].type == FIELD_CHECK)
			error = check_yes(r, row->cells[places[i]], &value);
		else
			error = form_check_cell(r, &columns[i], plain_cell(row->cells[places[i]]), &value);
		if (error != NULL && problem == NULL)
			problem = say_with(r, _("%1: %2"), say(r, columns[i].label), error, NULL);
		if (error == NULL && value[0] != '\0')
			put_json_pair(json, columns[i].name, value);
	}
	buf_puts(json, "}");
	return problem;
}

/* What the database said against a line, in the user's words. */
static const char *
problem_words(Request *r, const char *problem)
{
	static const char *const words[][2] = {
		{"twice", _("The same is in two lines.")},
		{"ambiguous", _("Several have this name. Give the barcode.")},
		{"category_id", _("A new product needs a shelf.")},
		{"price", _("A new product needs a price.")},
		{"unit_cost", _("A new product needs a cost.")},
		{"product_barcode_key", _("Another product has this barcode.")},
		{"product_price_check", _("The price is more than nothing.")},
		{"product_pack_size_check", _("A pack holds more than nothing.")},
		{"product_check", _("What is sold in whole units comes in whole packs.")},
		{"23514", _("Sold in whole units.")},
		{"product_check1", _("The wanted stock is more than the threshold.")},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strcmp(words[i][0], problem) == 0)
			return say(r, words[i][1]);
	}
	return say(r, _("This line cannot be stored."));
}

/* Another line of the report. */
static void
put_report(Buf *report, const char *line, const char *name, const char *outcome, const char *problem)
{
	buf_puts(report, report->len > 1 ? ",{" : "{");
	put_json_pair(report, "line", line);
	put_json_pair(report, "name", name);
	put_json_pair(report, "outcome", outcome);
	put_json_pair(report, "problem", problem);
	buf_puts(report, "}");
}

/* Tries all lines that are well formed, keeps what came of it, and returns where that is to be seen. */
static const char *
keep_import(Request *r, const char *what, const Csv *csv, const Field *columns, const int *places)
{
	Buf			lines = {0},
				report = {0};
	const char *texts[2];
	const Rows *rows;

	buf_puts(&lines, "[");
	buf_puts(&report, "[");
	for (int i = 1; i < csv->count; i++)
	{
		const CsvRow *row = &csv->rows[i];
		Buf			json = {0};
		const char *problem = read_line(r, row, columns, places, &json);
		char		digits[16];

		snprintf(digits, sizeof(digits), "%d", row->line);
		if (problem != NULL)
			put_report(&report, digits, row->cells[places[0]], "bad", problem);
		else
		{
			buf_puts(&lines, lines.len > 1 ? "," : "");
			buf_add(&lines, json.data, json.len);
		}
		buf_free(&json);
	}
	buf_puts(&lines, "]");
	texts[0] = arena_copy(&r->arena, lines.data, lines.len);
	buf_free(&lines);
	rows = query(r, "SELECT line, name, outcome, problem FROM web_import_try($1, $2, false)", what, texts[0]);
	for (int i = 0; i < rows_count(rows); i++)
		put_report(&report, cell(rows, i, 0), cell(rows, i, 1), cell(rows, i, 2),
				   cell_is_null(rows, i, 3) ? "" : problem_words(r, cell(rows, i, 3)));
	buf_puts(&report, "]");
	texts[1] = arena_copy(&r->arena, report.data, report.len);
	buf_free(&report);
	return cell(query(r, "SELECT web_import_keep($1, $2, $3)", what, texts[0], texts[1]), 0, 0);
}

/* The page that asks for a file. */
void
import_show(Request *r)
{
	static const char *const tables[] = {_("Products"), _("Clients")};

	page_begin(r, _("Import (CSV)"));
	if (form_given(r, "done"))
		put_note(r, say_part(r, COUNT(_("Saved: %1 line."), _("Saved: %1 lines."), strtoll(form_value(r, "done"), NULL, 10))));
	put(r, LIT("<p>"), MSG(_("A table of a spreadsheet, saved as CSV. Its first line names the columns.")), LIT("</p><ul><li>"),
		MSG(_("Products")), LIT(" &#8211; "));
	for (int i = 0; product_columns[i].name != NULL; i++)
		put(r, TEXT(i > 0 ? ", " : ""), MSG(product_columns[i].label));
	put(r, LIT("</li><li>"), MSG(_("Clients")), LIT(" &#8211; "));
	for (int i = 0; client_columns[i].name != NULL; i++)
		put(r, TEXT(i > 0 ? ", " : ""), MSG(client_columns[i].label));
	put(r, LIT("</li></ul><p class=\"hint\">"),
		MSG(_("Products that are there already are known by their barcode or name and changed; the stock counts for new ones alone. Nothing is stored before you have seen what would be.")),
		LIT("</p>"));
	form_begin_files(r, "/settings/import");
	form_select(r, "what", "products", tables);
	form_field(r, "file", NULL);
	form_end(r, _("Look at it"));
	page_end(r);
}

/* Takes a file in. */
void
import_act(Request *r)
{
	const char *what = form_value(r, "what");
	const Field *columns = strcmp(what, "clients") == 0 ? client_columns : product_columns;
	int			places[CSV_COLUMNS];
	size_t		len = 0;
	const char *bytes = form_file(r, "file", &len);
	Csv			csv;

	if (!csv_parse(&r->arena, bytes, len, &csv))
		form_error(r, "file", say(r, _("This is no CSV table, or it is too large.")));
	else if (find_columns(r, &csv, columns, places))
	{
		if (csv.count < 2)
			form_error(r, "file", say(r, _("There is no line below the first.")));
		else
			request_redirect(r, "/settings/import/check", "id", keep_import(r, what, &csv, columns, places));
	}
}

/* How many lines have one of the outcomes. */
static long long
count_lines(Request *r, const char *outcome)
{
	const Rows *rows = query(r, "SELECT count(*) FROM web_import i, jsonb_array_elements(i.report) e"
							 " WHERE i.id = $1 AND e ->> 'outcome' = $2", form_value(r, "id"), outcome);

	return cell_int(rows, 0, 0);
}

/* What the lines would do, first those that are wrong; without those that would do nothing. */
static void
put_lines(Request *r)
{
	const Rows *rows = query(r,
							 "SELECT e ->> 'line', e ->> 'name', e ->> 'outcome', e ->> 'problem'"
							 " FROM web_import i, jsonb_array_elements(i.report) e WHERE i.id = $1 AND e ->> 'outcome' <> 'same'"
							 " ORDER BY array_position(ARRAY['bad', 'new', 'changed'], e ->> 'outcome'), (e ->> 'line')::integer LIMIT 25",
							 form_value(r, "id"));

	if (rows_count(rows) == 0)
		return;
	put(r, LIT("<table><thead><tr><th>"), MSG(_("Name")), LIT("</th><th class=\"n\">"), MSG(_("Line")), LIT("</th><th>"), MSG(_("What happens")),
		LIT("</th></tr></thead><tbody>"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		const char *outcome = cell(rows, i, 2);

		put(r, LIT("<tr><td>"), TEXT(cell(rows, i, 1)), LIT("</td><td class=\"n\">"), TEXT(cell(rows, i, 0)), LIT("</td><td>"));
		if (strcmp(outcome, "bad") == 0)
			put(r, LIT("<span class=\"error\">"), TEXT(cell(rows, i, 3)), LIT("</span>"));
		else
			put(r, MSG(strcmp(outcome, "new") == 0 ? _("new") : _("changes")));
		put(r, LIT("</td></tr>"));
	}
	put(r, LIT("</tbody></table>"));
}

/* The page that shows what a file would do. */
void
import_check_show(Request *r)
{
	const char *id = form_value(r, "id");
	long long	bad;

	if (rows_count(query(r, "SELECT FROM web_import WHERE id = $1 AND user_id = $2", id, r->user.id)) == 0)
		request_fail(r, 404);
	bad = count_lines(r, "bad");
	page_begin(r, _("Import (CSV)"));
	put(r, LIT("<dl class=\"figures\"><div><dt>"), MSG(_("New ones")), LIT("</dt><dd>"), INT(count_lines(r, "new")), LIT("</dd></div><div><dt>"),
		MSG(_("Changed ones")), LIT("</dt><dd>"), INT(count_lines(r, "changed")), LIT("</dd></div><div><dt>"),
		MSG(_("Unchanged ones")), LIT("</dt><dd>"), INT(count_lines(r, "same")), LIT("</dd></div><div><dt>"), MSG(_("Wrong lines")), LIT("</dt><dd>"), INT(bad),
		LIT("</dd></div></dl>"));
	if (bad > 0)
		put(r, LIT("<p class=\"note bad\">"), MSG(_("Correct these lines in the spreadsheet and send it again. Nothing has been stored.")), LIT("</p>"));
	else
		put(r, LIT("<p>"), MSG(_("Nothing has been stored yet.")), LIT("</p>"));
	put_lines(r);
	if (bad == 0)
	{
		form_begin(r, request_join(r, "/settings/import/check?id=", id, NULL));
		form_end(r, _("Store all of it"));
	}
	put(r, LIT("<p><a class=\"button\" href=\"/settings/import\">"), MSG(_("Another file")), LIT("</a></p>"));
	page_end(r);
}

/* Does what was shown. */
void
import_check_act(Request *r)
{
	const Rows *rows = query(r, "SELECT what, lines, jsonb_array_length(lines) = jsonb_array_length(report)"
							 " FROM web_import WHERE id = $1 AND user_id = $2", form_value(r, "id"), r->user.id);
	const Rows *done;

	if (rows_count(rows) == 0 || !cell_true(rows, 0, 2))
		request_fail(r, 404);
	done = query(r, "SELECT count(*) FILTER (WHERE outcome = 'bad'), count(*) FILTER (WHERE outcome IN ('new', 'changed'))"
				 " FROM web_import_try($1, $2, true)", cell(rows, 0, 0), cell(rows, 0, 1));
	if (cell_int(done, 0, 0) > 0)
		form_error_all(r, say(r, _("The shop has changed meanwhile. Send the file again.")));
	else
		request_redirect(r, "/settings/import", "done", cell(done, 0, 1));
}
