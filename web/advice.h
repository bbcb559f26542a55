/* What the model has to say, as parts of pages. */
#ifndef RECO_ADVICE_H
#define RECO_ADVICE_H

#include "request.h"

void		put_recommendations(Request *r, const char *client_id);
void		put_audience(Request *r, const char *product_id, const char *count);
void		put_similar_clients(Request *r, const char *client_id);

#endif
