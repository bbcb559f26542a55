/* Products with quantities, as a form brings them: what is counted, ordered, received. */
#ifndef RECO_BASKET_H
#define RECO_BASKET_H

#include "request.h"

typedef struct Basket
{
	const char *ids;			/* arrays, as PostgreSQL writes them */
	const char *quantities;
	int			count;
} Basket;

Basket		basket_read(Request *r, const char *name, bool zeros);
void		basket_check(Request *r, const char *name, const Basket *basket);

#endif
