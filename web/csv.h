/*
 * Tables as spreadsheets write them. Knows bytes alone, within bounds, so that it can be fuzzed by itself.
 */
#ifndef RECO_CSV_H
#define RECO_CSV_H

#include "mem.h"

#define CSV_ROWS 2001			/* the head counts */
#define CSV_COLUMNS 24

typedef struct CsvRow
{
	int			line;			/* of the file, from 1 */
	int			count;
	const char *cells[CSV_COLUMNS]; /* "" behind the last one that the line has */
} CsvRow;

typedef struct Csv
{
	CsvRow	   *rows;			/* those that hold anything */
	int			count;
} Csv;

bool		csv_parse(Arena *arena, const char *bytes, size_t len, Csv *csv);

#endif
