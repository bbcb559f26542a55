/*
 * version.h - rows of reco.model_version
 */
#ifndef RECO_VERSION_H
#define RECO_VERSION_H

#include "model.h"

/* bind_version.c */
extern Datum version_row(const Model *model, int32 version);

#endif							/* RECO_VERSION_H */
