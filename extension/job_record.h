/*
 * job_record.h - what the nightly runs leave in reco.job_record
 */
#ifndef RECO_JOB_RECORD_H
#define RECO_JOB_RECORD_H

#include "fresh.h"

extern void job_record_tidy(const Model *model);
extern int64 job_record_insert(const Model *model, const char *task, const char *outcome,
							   const char *phase, const char *message);
extern void job_record_phase(int64 id, const char *phase);
extern void job_record_rows(int64 id, int64 rows);
extern void job_record_fresh(int64 id, const Fresh *fresh);
extern void job_record_outcome(int64 id, const Model *model, const char *outcome,
							   const char *message, const char *sqlstate, int32 version,
							   Size memory);
extern bool job_record_expect(const char *model, const char *schedule, TimestampTz *due);

#endif							/* RECO_JOB_RECORD_H */
