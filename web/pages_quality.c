/* How good the recommendations are: version by version against what guesses without learning, and the last nights. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "form.h"
#include "html.h"
#include "layout.h"
#include "pages.h"

const Field quality_query[] = {
	{"done", NULL, FIELD_CHOICE, 0, 0, 0, "back", NULL},
	{0}
};

/* Columns of web_model_versions(), as they are read here. */
enum
{
	VERSION, TRAINED, RMSE, MAE, BASE_RMSE, BASE_MAE, RECALL, NDCG, BASE_RECALL, BASE_NDCG, ACTIVE, CLIENTS, PRODUCTS, RATINGS
};

/* The drawing: margins keep the marks of the first and last version inside. */
#define WIDTH 280.0
#define HEIGHT 100.0
#define MARGIN 6.0

/* A number of the drawing. */
static void
put_coordinate(Request *r, double value)
{
	char		text[32];

	snprintf(text, sizeof(text), "%.1f", value);
	put(r, ATTR(text));
}

/* Rows come with the latest version first; the drawing goes from left to right. */
static double
across(int count, int row)
{
	return count > 1 ? MARGIN + (WIDTH - 2 * MARGIN) * (count - 1 - row) / (count - 1) : WIDTH / 2;
}

/* A measure of the versions as a line, dashed when it is what the model is compared with. */
static void
put_line(Request *r, const Rows *rows, int column, double least, double most, bool dashed)
{
	put(r, dashed ? LIT("<polyline class=\"base\" points=\"") : LIT("<polyline points=\""));
	for (int i = rows_count(rows) - 1; i >= 0; i--)
	{
		if (cell_is_null(rows, i, column))
			continue;
		put_coordinate(r, across(rows_count(rows), i));
		put(r, LIT(","));
		put_coordinate(r, HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (strtod(cell(rows, i, column), NULL) - least) / (most - least));
		put(r, LIT(" "));
	}
	put(r, LIT("\"/>"));
}

/* Its marks, round or square, each with its figure. */
static void
put_marks(Request *r, const Rows *rows, int column, double least, double most, bool square, const char *name)
{
	for (int i = rows_count(rows) - 1; i >= 0; i--)
	{
		double		x = across(rows_count(rows), i);
		double		y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (strtod(cell(rows, i, column), NULL) - least) / (most - least);

		if (cell_is_null(rows, i, column))
			continue;
		put(r, square ? LIT("<rect width=\"6\" height=\"6\" x=\"") : LIT("<circle r=\"3\" cx=\""));
		put_coordinate(r, square ? x - 3 : x);
		put(r, square ? LIT("\" y=\"") : LIT("\" cy=\""));
		put_coordinate(r, square ? y - 3 : y);
		put(r, LIT("\"><title>"), MSG(_("version %1"), cell(rows, i, VERSION)), LIT(": "), TEXT(name), LIT(" "),
			NUMBER_TO(cell(rows, i, column), 3), square ? LIT("</title></rect>") : LIT("</title></circle>"));
	}
}

/* Two measures of all versions, with what they are compared with. One version alone makes no line. */
static void
put_measures(Request *r, const Rows *rows, const char *title, const char *summary, const int columns[4], const char *const names[2])
{
	double		least = HUGE_VAL,
				most = -HUGE_VAL;

	for (int i = 0; i < rows_count(rows); i++)
	{
		for (int j = 0; j < 4; j++)
		{
			double		value = strtod(cell(rows, i, columns[j]), NULL);

			if (cell_is_null(rows, i, columns[j]))
				continue;
			least = value < least ? value : least;
			most = value > most ? value : most;
		}
	}
	if (least > most)
		return;
	if (rows_count(rows) == 1)
	{
		put(r, LIT("<h2>"), TEXT(title), LIT("</h2><p>"), TEXT(summary), LIT("</p>"));
		return;
	}
	if (most - least < 1e-6)
		most = least + 1e-6;
	put(r, LIT("<figure><figcaption>"), TEXT(title), LIT("</figcaption><svg role=\"img\" viewBox=\"0 0 280 100\" aria-label=\""), ATTR(summary), LIT("\">"));
	for (int j = 0; j < 4; j++)
		put_line(r, rows, columns[j], least, most, j >= 2);
	for (int j = 0; j < 2; j++)
		put_marks(r, rows, columns[j], least, most, j == 1, names[j]);
	put(r, LIT("</svg><p class=\"hint\">&#9679; "), TEXT(names[0]), LIT(" &#9632; "), TEXT(names[1]), LIT(" - - "), MSG(_("without learning who likes what")),
		LIT("</p><p>"), TEXT(summary), LIT("</p></figure>"));
}

/* How well stars are guessed. */
static void
put_stars_quality(Request *r, const Rows *rows)
{
	static const int columns[] = {RMSE, MAE, BASE_RMSE, BASE_MAE};
	static const char *const names[] = {"RMSE", "MAE"};

	if (!cell_is_null(rows, 0, RMSE))
		put_measures(r, rows, say(r, _("Stars: how far off the guess is")),
					 say_with(r, _("Version %1 is off by %2 stars on average; without learning: %3. Less is better."), cell(rows, 0, VERSION),
							  say_part(r, NUMBER_TO(cell(rows, 0, MAE), 3)), say_part(r, NUMBER_TO(cell(rows, 0, BASE_MAE), 3))),
					 columns, names);
}

/* How good lists are. */
static void
put_lists_quality(Request *r, const Rows *rows)
{
	static const int columns[] = {NDCG, RECALL, BASE_NDCG, BASE_RECALL};
	static const char *const names[] = {"NDCG@10", "recall@10"};
	const Rows *percent;

	if (cell_is_null(rows, 0, RECALL))
		return;
	percent = query(r, "SELECT 100 * $1::numeric, 100 * $2::numeric", cell(rows, 0, RECALL), cell(rows, 0, BASE_RECALL));
	put_measures(r, rows, say(r, _("Lists: how much of what was bought next was among 10 recommendations")),
				 say_with(r, _("Version %1: %2 in a hundred; a list of the most popular: %3. More is better."), cell(rows, 0, VERSION),
						  say_part(r, NUMBER_TO(cell(percent, 0, 0), 0)), say_part(r, NUMBER_TO(cell(percent, 0, 1), 0))),
				 columns, names);
}

/* One measure with what it is compared with. */
static void
put_figure(Request *r, const Rows *rows, int i, const char *name, int column, int base)
{
	if (cell_is_null(rows, i, column))
		return;
	put(r, TEXT(name), LIT(" "), NUMBER_TO(cell(rows, i, column), 3), LIT(" <small>("), NUMBER_TO(cell(rows, i, base), 3), LIT(")</small> "));
}

/* The versions in figures. */
static void
put_versions(Request *r, const Rows *rows)
{
	put(r, LIT("<h2>"), MSG(_("Versions")), LIT("</h2><p class=\"hint\">"), MSG(_("In brackets: without learning who likes what.")),
		LIT("</p><table class=\"stack\"><thead><tr><th>"), MSG(_("Version")), LIT("</th><th>"), MSG(_("Stars")), LIT("</th><th>"),
		MSG(_("Lists")), LIT("</th><th>"), MSG(_("Learnt from")), LIT("</th></tr></thead><tbody>"));
	for (int i = 0; i < rows_count(rows) && i < 10; i++)
	{
		put(r, LIT("<tr><td><b>"), MSG(_("version %1"), cell(rows, i, VERSION)), LIT("</b>, "), TIME(cell(rows, i, TRAINED)));
		if (cell_true(rows, i, ACTIVE))
			put(r, LIT(" <b class=\"badge\">"), MSG(_("serves")), LIT("</b>"));
		put(r, LIT("</td><td>"));
		put_figure(r, rows, i, "RMSE", RMSE, BASE_RMSE);
		put_figure(r, rows, i, "MAE", MAE, BASE_MAE);
		put(r, LIT("</td><td>"));
		put_figure(r, rows, i, "NDCG", NDCG, BASE_NDCG);
		put_figure(r, rows, i, "recall", RECALL, BASE_RECALL);
		put(r, LIT("</td><td><small>"), COUNT(_("%1 client"), _("%1 clients"), cell_int(rows, i, CLIENTS)), LIT(", "),
			COUNT(_("%1 product"), _("%1 products"), cell_int(rows, i, PRODUCTS)), LIT(", "),
			COUNT(_("%1 opinion"), _("%1 opinions"), cell_int(rows, i, RATINGS)), LIT("</small></td></tr>"));
	}
	put(r, LIT("</tbody></table>"));
}

/* What became of a run, in words. */
static const char *
outcome_words(const char *outcome)
{
	static const char *const words[][2] = {
		{"running", _("is running")},
		{"activated", _("a better version serves")},
		{"kept", _("no better: the version before goes on serving")},
		{"unchanged", _("nothing new to learn")},
		{"refitted", _("thresholds and orders computed anew")},
		{"skipped", _("left out")},
		{"failed", _("failed")},
		{"lost", _("was interrupted")},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strcmp(words[i][0], outcome) == 0)
			return words[i][1];
	}
	return _("failed");
}

/* The last runs of the night. */
static void
put_nights(Request *r)
{
	const Rows *rows = query(r, "SELECT started, task, outcome FROM web_model_runs()");

	put(r, LIT("<h2>"), MSG(_("Last nights")), LIT("</h2>"));
	if (rows_count(rows) == 0)
	{
		put(r, LIT("<p>"), MSG(_("No night's work has been done yet.")), LIT("</p>"));
		return;
	}
	put(r, LIT("<ul class=\"rows\">"));
	for (int i = 0; i < rows_count(rows); i++)
	{
		const char *outcome = cell(rows, i, 2);
		bool		bad = strcmp(outcome, "failed") == 0 || strcmp(outcome, "lost") == 0;

		put(r, LIT("<li>"), TIME(cell(rows, i, 0)), LIT(" "),
			MSG(strcmp(cell(rows, i, 1), "training") == 0 ? _("recommendations") : _("forecasts")), LIT(" &#8211; "));
		if (bad)
			put(r, LIT("<b class=\"badge bad\">"), MSG(outcome_words(outcome)), LIT("</b>"));
		else
			put(r, MSG(outcome_words(outcome)));
		put(r, LIT("</li>"));
	}
	put(r, LIT("</ul>"));
}

/* Is all well? What the health says, in the user's words: each of its problems begins in its own way. */
static void
put_health(Request *r)
{
	static const char *const problems[][2] = {
		{"the last run failed", _("The last night's work failed. Whoever looks after the server should see its log.")},
		{"the last run was lost", _("The last night's work was interrupted. It is tried again next night.")},
		{"the forecasts", _("The thresholds were not computed anew. Whoever looks after the server should see its log.")},
		{"no run since", _("A night's work was due and has not been done. Was the server switched off?")},
		{"never trained", _("Nothing has been learnt yet: lists show the most popular products.")},
		{"on what came since", _("Tastes have changed: of late the most popular products would have been a better list.")},
		{"none of the last", _("The last versions were not good enough to serve.")},
	};
	const Rows *rows = query(r, "SELECT ok, problem, next_run FROM web_model_health()");
	const char *text = _("Something is wrong with the recommendations.");

	if (rows_count(rows) == 0)
		return;
	if (cell_true(rows, 0, 0))
		put_note(r, say(r, _("All is well.")));
	else
	{
		for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
		{
			if (strncmp(cell(rows, 0, 1), problems[i][0], strlen(problems[i][0])) == 0)
				text = problems[i][1];
		}
		put(r, LIT("<p class=\"note bad\">"), MSG(text), LIT("</p>"));
	}
	if (!cell_is_null(rows, 0, 2))
		put(r, LIT("<p class=\"hint\">"), MSG(_("Next night's work: %1"), say_part(r, TIME(cell(rows, 0, 2)))), LIT("</p>"));
}

/* The page. */
void
quality_show(Request *r)
{
	const Rows *rows = query(r,
							 "SELECT version, trained_at, rmse, mae, baseline_rmse, baseline_mae, recall_at_10, ndcg_at_10,"
							 " popular_recall_at_10, popular_ndcg_at_10, active, clients, products, ratings"
							 " FROM web_model_versions() ORDER BY version DESC");
	int			active = 0;

	page_begin(r, _("Quality"));
	while (active < rows_count(rows) && !cell_true(rows, active, ACTIVE))
		active++;
	if (form_given(r, "done") && active < rows_count(rows))
		put_note(r, say_with(r, _("Version %1 serves now."), cell(rows, active, VERSION), NULL, NULL));
	put_health(r);
	if (rows_count(rows) > 0)
	{
		put_stars_quality(r, rows);
		put_lists_quality(r, rows);
		put_versions(r, rows);
		if (active < rows_count(rows) && rows_count(rows) > 1)
			put(r, LIT("<p><a class=\"button\" href=\"/quality/back\">"), MSG(_("Back to the version before")), LIT("</a></p>"));
	}
	put_nights(r);
	page_end(r);
}

/* Asks once more before another version serves. */
void
quality_back_show(Request *r)
{
	page_begin(r, _("Back to the version before"));
	put(r, LIT("<p>"), MSG(_("If the recommendations have become odd, the version that served before can serve again. A better one takes over on a later night.")),
		LIT("</p>"));
	form_begin(r, "/quality/back");
	form_end(r, _("Back to the version before"));
	put(r, LIT("<p><a href=\"/quality\">"), MSG(_("Leave it")), LIT("</a></p>"));
	page_end(r);
}

/* Has it serve. */
void
quality_back_act(Request *r)
{
	Refusal		refusal;

	if (attempt(r, &refusal, "SELECT web_model_back()") == NULL)
		form_error_all(r, say(r, _("There is no version before.")));
	else
		request_redirect(r, "/quality", "done", "back");
}
