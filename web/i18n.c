/* Looks messages up, see i18n.h. */
#include <stdlib.h>
#include <string.h>

#include "i18n.h"

const char *const language_codes[LANGUAGES] = {"fr", "en", "sw"};
const char *const language_names[LANGUAGES] = {"Français", "English", "Kiswahili"};

/* Compares an id with a row of the table. */
static int
compare_message(const void *id, const void *row)
{
	return strcmp(id, ((const Message *) row)->id);
}

/* The text of a message in a language. Every id in the sources is in the table: compile.pl saw to it. */
const char *
message(Language language, const char *id)
{
	const Message *row = bsearch(id, messages, (size_t) message_count, sizeof(Message), compare_message);

	return row != NULL ? row->text[language] : id;
}
