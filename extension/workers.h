/*
 * workers.h - spreading independent rows over threads
 */
#ifndef RECO_WORKERS_H
#define RECO_WORKERS_H

#include <stddef.h>
#include <stdint.h>

/* Work on one item.  May touch arrays only: it can run in a thread. */
typedef void (*WorkFunction) (void *argument, int64_t item, void *scratch);

/*
 * Where somebody wants to know how far the work is: a number between from and
 * to, for each stretch of work that workers_stretch announces.
 */
typedef struct WorkersProgress
{
	void		(*report) (int64_t done);
	int64_t		all;			/* reported when all is done */
	double		from;			/* shares of it: the stretch in hand */
	double		to;
} WorkersProgress;

typedef struct Workers
{
	int			participants;	/* threads; 1 works in the backend itself */
	int			nice;			/* how much threads give way to others; if not
								 * 0 all work is done in threads */
	size_t		scratch_size;	/* bytes of scratch memory for each */
	char	   *scratch;		/* participants * scratch_size */
	WorkersProgress *progress;	/* NULL: nobody wants to know */
} Workers;

extern void workers_run(const Workers *workers, WorkFunction work, void *argument, int64_t items);
extern void workers_stretch(const Workers *workers, double from, double to);
extern void workers_check_interrupts(void);

#endif							/* RECO_WORKERS_H */
