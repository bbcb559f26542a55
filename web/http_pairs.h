/* What http.c and multipart.c share. */
#ifndef RECO_HTTP_PAIRS_H
#define RECO_HTTP_PAIRS_H

#include "http.h"

bool		http_add_pair(Arena *arena, Pairs *pairs, const char *name, const char *value, size_t len,
						  bool is_file);

#endif
