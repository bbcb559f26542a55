/* Products with quantities, as a form brings them; see basket.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basket.h"
#include "db.h"
#include "form.h"
#include "html.h"

/* What was typed beside products, without the fields that were left empty, and without zeros unless these count. */
Basket
basket_read(Request *r, const char *name, bool zeros)
{
	Basket		basket = {0};
	Buf			ids = {0},
				quantities = {0};

	buf_byte(&ids, '{');
	buf_byte(&quantities, '{');
	for (const Value *value = form_each(r, name, NULL); value != NULL; value = form_each(r, name, value))
	{
		char		digits[24];

		if (value->value[0] == '\0' || (!zeros && strtod(value->value, NULL) == 0))
			continue;
		if (basket.count++ > 0)
		{
			buf_byte(&ids, ',');
			buf_byte(&quantities, ',');
		}
		snprintf(digits, sizeof(digits), "%lld", value->id);
		buf_puts(&ids, digits);
		buf_puts(&quantities, value->value);
	}
	buf_byte(&ids, '}');
	buf_byte(&quantities, '}');
	basket.ids = arena_copy(&r->arena, ids.data, ids.len);
	basket.quantities = arena_copy(&r->arena, quantities.data, quantities.len);
	buf_free(&ids);
	buf_free(&quantities);
	return basket;
}

/* Refuses fractions of what is sold in whole units, and products that do not exist. */
void
basket_check(Request *r, const char *name, const Basket *basket)
{
	const Rows *rows = query(r,
							 "SELECT b.id, p.id IS NOT NULL FROM unnest($1::bigint[], $2::numeric[]) AS b (id, quantity)"
							 " LEFT JOIN product p ON p.id = b.id"
							 " WHERE p.id IS NULL OR (b.quantity <> trunc(b.quantity) AND NOT p.divisible)",
							 basket->ids, basket->quantities);

	for (int i = 0; i < rows_count(rows); i++)
	{
		if (!cell_true(rows, i, 1))
			request_fail(r, 404);
		form_error_each(r, name, cell_int(rows, i, 0), say(r, _("Sold in whole units.")));
	}
}
