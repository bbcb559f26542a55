/* The words for units of goods, see units.c. */
#ifndef RECO_UNITS_H
#define RECO_UNITS_H

#include "i18n.h"
#include "mem.h"

const char *unit_word(Arena *arena, Language language, const char *unit, const char *quantity);

#endif
