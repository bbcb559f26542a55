/*
 * init.c - the serving library's magic block and start
 */
#include "reco.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	guc_define();
}
