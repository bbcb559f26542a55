/*
 * retrain.h - the nightly run
 */
#ifndef RECO_RETRAIN_H
#define RECO_RETRAIN_H

#include "reco.h"

extern void retrain(const char *name, bool atomic);

#endif							/* RECO_RETRAIN_H */
