/*
 * The words of the pages. A message is known by its English text; web/po/LANGUAGE.po has it in each
 * language, compile.pl makes messages.c of these when the program is built. A translation that is missing
 * or has other places %1, %2 than the English one fails the build.
 */
#ifndef RECO_I18N_H
#define RECO_I18N_H

typedef enum Language
{
	LANGUAGE_FR,
	LANGUAGE_EN,
	LANGUAGE_SW
} Language;

#define LANGUAGES 3

extern const char *const language_codes[LANGUAGES];
extern const char *const language_names[LANGUAGES];

typedef struct Message
{
	const char *id;
	const char *text[LANGUAGES];
} Message;

/* messages.c, sorted by id */
extern const Message messages[];
extern const int message_count;

/* Marks a message in a table; whoever shows it calls message(). */
#define _(id) id

const char *message(Language language, const char *id);

#endif
