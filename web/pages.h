/* The pages, one file for each group of them; main.c has the table. */
#ifndef RECO_PAGES_H
#define RECO_PAGES_H

#include "request.h"

/* pages_login.c */
extern const Field login_fields[], setup_fields[], language_fields[];
void		login_show(Request *r);
void		login_act(Request *r);
void		setup_show(Request *r);
void		setup_act(Request *r);
void		logout_act(Request *r);
void		language_act(Request *r);

/* pages_files.c */
extern const Field picture_query[];
void		style_show(Request *r);
void		picture_show(Request *r);

/* pages_today.c */
void		today_show(Request *r);

/* pages_products.c */
extern const Field products_query[], product_query[], product_fields[];
void		products_show(Request *r);
void		product_show(Request *r);
void		product_new_show(Request *r);
void		product_new_act(Request *r);
void		product_edit_show(Request *r);
void		product_edit_act(Request *r);

#endif
