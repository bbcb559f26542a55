/*
 * forget.h - taking a client out of what a model learnt
 */
#ifndef RECO_FORGET_H
#define RECO_FORGET_H

#include "model.h"

extern int	forget_client(const Model *model, int64 client);

#endif							/* RECO_FORGET_H */
