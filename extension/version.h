/*
 * version.h - rows of reco.model_version
 */
#ifndef RECO_VERSION_H
#define RECO_VERSION_H

#include "model.h"

extern Datum version_row(const Model *model, int32 version);
extern int32 version_next(const Model *model);
extern void version_make_uuid(pg_uuid_t *uuid);

#endif							/* RECO_VERSION_H */
