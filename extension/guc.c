/*
 * guc.c - the settings reco.*
 */
#include "reco.h"

#include <limits.h>
#include <unistd.h>

#include "miscadmin.h"
#include "port.h"
#include "postmaster/bgworker_internals.h"
#include "utils/guc.h"

#define DEFAULT_MODEL "shop"
#define MIN_MAX_MEMORY 1024		/* kB */
#define DEFAULT_MAX_MEMORY (2 * 1024 * 1024)
#define DEFAULT_MAX_PARALLEL_WORKERS 4
#define MAX_MAX_PARALLEL_WORKERS 1024
#define MAX_NICE 19
#define MIN_KEEP_VERSIONS 1
#define DEFAULT_KEEP_VERSIONS 3
#define MAX_KEEP_VERSIONS 1000

/* the model an application means when it does not name one */
char	   *reco_default_model;

/* what one training, or one statement that reads all clients, may take */
int			reco_max_memory = DEFAULT_MAX_MEMORY;

/* how many cores a training may keep busy besides its own backend's */
int			reco_max_parallel_workers = DEFAULT_MAX_PARALLEL_WORKERS;

/* whether stock alerts that open or close are told to listening sessions */
bool		reco_notify_alerts = true;

/* how much a training gives way to others that want the cores */
int			reco_nice = 0;

/* how many versions of a model keep what they learnt, to go back to */
int			reco_keep_versions = DEFAULT_KEEP_VERSIONS;

void
guc_define(void)
{
	DefineCustomStringVariable("reco.default_model",
							   "Sets the model used by functions that are not given one.",
							   NULL,
							   &reco_default_model,
							   DEFAULT_MODEL,
							   PGC_USERSET,
							   0,
							   NULL, NULL, NULL);

	DefineCustomIntVariable("reco.max_memory",
							"Sets the maximum memory to be used by one training, or one statement that reads all clients.",
							"What needs more is refused before it takes the memory.",
							&reco_max_memory,
							DEFAULT_MAX_MEMORY,
							MIN_MAX_MEMORY,
							MAX_KILOBYTES,
							PGC_SUSET,
							GUC_UNIT_KB,
							NULL, NULL, NULL);

	DefineCustomIntVariable("reco.max_parallel_workers",
							"Sets the maximum number of cores that a training, or recommend_all, uses besides its own.",
							"Never more than max_parallel_workers nor than the machine has. "
							"The result does not depend on it.",
							&reco_max_parallel_workers,
							DEFAULT_MAX_PARALLEL_WORKERS,
							0,
							MAX_MAX_PARALLEL_WORKERS,
							PGC_USERSET,
							0,
							NULL, NULL, NULL);

	DefineCustomBoolVariable("reco.notify_alerts",
							 "Sends a notification when a stock alert is opened or closed.",
							 "On channel reco_stock_alert, with the id of the alert. "
							 "The tables of alerts hold the same, whether anybody listens or not.",
							 &reco_notify_alerts,
							 true,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomIntVariable("reco.nice",
							"Sets how much a training gives way to other processes that want the cores.",
							"As of the command nice, on Linux: 0 not at all, 19 as much as can be.",
							&reco_nice,
							0,
							0,
							MAX_NICE,
							PGC_USERSET,
							0,
							NULL, NULL, NULL);

	DefineCustomIntVariable("reco.keep_versions",
							"Sets how many of the newest versions of a model keep what they learnt.",
							"Besides them the active version keeps it, and the one that was active before.",
							&reco_keep_versions,
							DEFAULT_KEEP_VERSIONS,
							MIN_KEEP_VERSIONS,
							MAX_KEEP_VERSIONS,
							PGC_SUSET,
							0,
							NULL, NULL, NULL);

	MarkGUCPrefixReserved("reco");
}

/* How many threads may work: our own core and the workers allowed. */
int
allowed_threads(void)
{
	long		cores = sysconf(_SC_NPROCESSORS_ONLN);
	int			workers = Min(reco_max_parallel_workers, max_parallel_workers);

	return Max(1, Min(1 + workers, cores > 0 ? (int) Min(cores, INT_MAX) : 1));
}
