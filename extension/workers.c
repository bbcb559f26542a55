/*
 * workers.c - spreading independent rows over threads
 *
 * The only file of the trainer library that knows the server, and part of the
 * serving library as well, for lists of all clients.  A run hands
 * out items to threads, a few at a time, by an atomic counter.  The threads
 * block all signals, touch nothing but the arrays they are given and never
 * call the server, whose API is not made for threads; the backend's own
 * thread meanwhile waits, and looks for a cancel or a shutdown every 20 ms.
 * If one comes, the threads are told to stop, which they do after the item in
 * hand, and are joined before the error leaves this file: the memory they
 * work on belongs to the caller and may be freed by the error.
 *
 * Each item writes its own result only, so results do not depend on the
 * number of threads.  With one participant, or if no thread can be started,
 * the backend does the items itself, checking for interrupts between them.
 */
#include "postgres.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"

#include "workers.h"

#define ITEMS_PER_CLAIM 8
#define WAIT_NANOSECONDS 20000000L

typedef struct Run
{
	int			nice;
	WorkersProgress *progress;
	WorkFunction work;
	void	   *argument;
	int64		items;
	pg_atomic_uint64 next;		/* first item nobody has claimed */
	pg_atomic_uint32 stop;		/* set: finish the item in hand and leave */

	int			started;		/* threads that were started, to be joined */
	pthread_t  *threads;

	pthread_mutex_t mutex;		/* guards finished */
	pthread_cond_t all_finished;
	int			finished;
} Run;

typedef struct Thread
{
	Run		   *run;
	void	   *scratch;
} Thread;

/* Tells how far the work is. */
static void
report(Run *run)
{
	WorkersProgress *progress = run->progress;
	double		share = (double) pg_atomic_read_u64(&run->next) / run->items;

	if (progress && run->items > 0)
		progress->report((int64_t) (progress->all * (progress->from +
													 Min(share, 1) * (progress->to - progress->from))));
}

/* Claims and does items until none is left or the run is stopped. */
static void
do_items(Run *run, void *scratch, bool in_backend)
{
	for (;;)
	{
		int64		first = pg_atomic_fetch_add_u64(&run->next, ITEMS_PER_CLAIM);
		int64		last = Min(first + ITEMS_PER_CLAIM, run->items);

		if (first >= run->items)
			return;
		if (in_backend)
			report(run);
		for (int64 item = first; item < last; item++)
		{
			if (in_backend)
				CHECK_FOR_INTERRUPTS();
			else if (pg_atomic_read_u32(&run->stop))
				return;
			run->work(run->argument, item, scratch);
		}
	}
}

static void *
thread_main(void *argument)
{
	Thread	   *thread = argument;
	Run		   *run = thread->run;

#ifdef __linux__
	/* there, of this thread alone; it holds no lock that anybody waits for */
	if (run->nice > 0)
		(void) setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + run->nice);
#endif
	do_items(run, thread->scratch, false);
	pthread_mutex_lock(&run->mutex);
	run->finished++;
	pthread_cond_signal(&run->all_finished);
	pthread_mutex_unlock(&run->mutex);
	return NULL;
}

/* Stops the threads and waits for them; also the cleanup on error and exit. */
static void
stop_and_join(int code, Datum argument)
{
	Run		   *run = (Run *) DatumGetPointer(argument);

	pg_atomic_write_u32(&run->stop, 1);
	for (int i = 0; i < run->started; i++)
		pthread_join(run->threads[i], NULL);
	run->started = 0;
}

/* Starts up to participants threads, as many as the system allows. */
static void
start_threads(Run *run, Thread *threads, const Workers *workers)
{
	sigset_t	all;
	sigset_t	before;

	/* a thread inherits the mask: no handler of the server may run in one */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (int i = 0; i < workers->participants; i++)
	{
		threads[i].run = run;
		threads[i].scratch = workers->scratch + i * workers->scratch_size;
		if (pthread_create(&run->threads[run->started], NULL, thread_main, &threads[i]) != 0)
			break;
		run->started++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Waits until all started threads have finished, answering interrupts. */
static void
wait_for_threads(Run *run)
{
	bool		done = false;

	while (!done)
	{
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += WAIT_NANOSECONDS;
		if (until.tv_nsec >= 1000000000L)
		{
			until.tv_nsec -= 1000000000L;
			until.tv_sec++;
		}
		pthread_mutex_lock(&run->mutex);
		if (run->finished < run->started)
			pthread_cond_timedwait(&run->all_finished, &run->mutex, &until);
		done = run->finished >= run->started;
		pthread_mutex_unlock(&run->mutex);
		report(run);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Calls work(argument, item, scratch) once for each item of 0 .. items - 1.
 * Raises what an interrupt raises, with no thread left behind.
 */
void
workers_run(const Workers *workers, WorkFunction work, void *argument, int64_t items)
{
	Run			run = {
		.nice = workers->nice,.progress = workers->progress,
		.work = work,.argument = argument,.items = items
	};
	Thread	   *threads;

	pg_atomic_init_u64(&run.next, 0);
	pg_atomic_init_u32(&run.stop, 0);
	if ((workers->participants > 1 || workers->nice > 0) && items > ITEMS_PER_CLAIM)
	{
		threads = palloc(workers->participants * sizeof(Thread));
		run.threads = palloc(workers->participants * sizeof(pthread_t));
		pthread_mutex_init(&run.mutex, NULL);
		pthread_cond_init(&run.all_finished, NULL);
		/* before_shmem_exit callbacks make this hold for FATAL as well */
		PG_ENSURE_ERROR_CLEANUP(stop_and_join, PointerGetDatum(&run));
		{
			start_threads(&run, threads, workers);
			wait_for_threads(&run);
		}
		PG_END_ENSURE_ERROR_CLEANUP(stop_and_join, PointerGetDatum(&run));
		stop_and_join(0, PointerGetDatum(&run));
		pthread_cond_destroy(&run.all_finished);
		pthread_mutex_destroy(&run.mutex);
		pfree(run.threads);
		pfree(threads);
	}
	/* all of it, or nothing if the threads have claimed every item */
	do_items(&run, workers->scratch, true);
}

/* The runs to come are work from this share of the whole to that. */
void
workers_stretch(const Workers *workers, double from, double to)
{
	if (workers->progress)
	{
		workers->progress->from = from;
		workers->progress->to = to;
	}
}

/* For loops of the trainer that do not run through workers_run. */
void
workers_check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}
