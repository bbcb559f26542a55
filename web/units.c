/*
 * Units of goods. A unit is what the merchant typed: "sac". It is shown in the reader's language and in the number
 * of its quantity, "3 sacs", "3 bags", when it is one of those below in any of our languages; other words get the
 * ending that most have in French and in English, and stay as they are in Swahili, as do kg, cl and m.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "units.h"

static const struct
{
	const char *one;
	const char *many;
}			units[] = {
	{_("piece"), _("pieces")},
	{_("bag"), _("bags")},
	{_("packet"), _("packets")},
	{_("sachet"), _("sachets")},
	{_("box"), _("boxes")},
	{_("carton"), _("cartons")},
	{_("bottle"), _("bottles")},
	{_("flask"), _("flasks")},
	{_("jerrycan"), _("jerrycans")},
	{_("can"), _("cans")},
	{_("jar"), _("jars")},
	{_("bucket"), _("buckets")},
	{_("crate"), _("crates")},
	{_("tray"), _("trays")},
	{_("pair"), _("pairs")},
	{_("dozen"), _("dozens")},
	{_("bundle"), _("bundles")},
	{_("set"), _("sets")},
	{_("outfit"), _("outfits")},
	{_("roll"), _("rolls")},
	{_("reel"), _("reels")},
	{_("ream"), _("reams")},
	{_("sheet"), _("sheets")},
	{_("bar"), _("bars")},
	{_("tube"), _("tubes")},
	{_("spray"), _("sprays")},
	{_("case"), _("cases")},
	{_("card"), _("cards")},
	{_("tablet"), _("tablets")},
	{_("litre"), _("litres")},
	{_("metre"), _("metres")},
};

/* Does a quantity take the plural? From two on in French, whatever is not one in the others. */
static bool
is_many(Language language, const char *quantity)
{
	double		number = fabs(strtod(quantity, NULL));

	return language == LANGUAGE_FR ? number >= 2 : number != 1;
}

/* The plural of a word that is in no list; itself where there is no telling. */
static const char *
regular_plural(Arena *arena, const char *unit)
{
	size_t		len = strlen(unit);
	char	   *plural;

	/* kg, cl, m; several words; what ends in s, x or z, or in no letter */
	if (len < 4 || strchr(unit, ' ') != NULL || strchr("sxz", unit[len - 1]) != NULL || unit[len - 1] < 'a' || unit[len - 1] > 'z')
		return unit;
	plural = arena_alloc(arena, len + 2);
	memcpy(plural, unit, len);
	plural[len] = strcmp(unit + len - 3, "eau") == 0 ? 'x' : 's';
	plural[len + 1] = '\0';
	return plural;
}

/* The word for a quantity of a unit. */
const char *
unit_word(Arena *arena, Language language, const char *unit, const char *quantity)
{
	bool		many = is_many(language, quantity);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
	{
		for (int j = 0; j < LANGUAGES; j++)
		{
			if (strcasecmp(unit, message((Language) j, units[i].one)) == 0 || strcasecmp(unit, message((Language) j, units[i].many)) == 0)
				return message(language, many ? units[i].many : units[i].one);
		}
	}
	return many && language != LANGUAGE_SW ? regular_plural(arena, unit) : unit;
}
