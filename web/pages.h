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

/* pages_picture.c */
extern const Field product_picture_fields[];
void		product_picture_show(Request *r);
void		product_picture_act(Request *r);

/* pages_stock.c */
extern const Field stock_query[], stock_count_query[], stock_count_fields[];
void		stock_show(Request *r);
void		stock_slow_show(Request *r);
void		stock_count_show(Request *r);
void		stock_count_act(Request *r);

/* pages_alerts.c */
extern const Field alerts_query[], alerts_fields[], alert_query[], alert_fields[];
void		alerts_show(Request *r);
void		alerts_act(Request *r);
void		alert_show(Request *r);
void		alert_act(Request *r);

/* pages_moves.c */
extern const Field moves_query[], move_query[], move_fields[], undo_query[];
void		moves_show(Request *r);
void		move_show(Request *r);
void		move_act(Request *r);
void		undo_show(Request *r);
void		undo_act(Request *r);

/* pages_reorder.c */
extern const Field reorder_query[], reorder_fields[];
void		reorder_show(Request *r);
void		reorder_act(Request *r);

/* pages_orders.c */
extern const Field orders_query[], order_query[], order_fields[];
void		orders_show(Request *r);
void		order_show(Request *r);
void		order_act(Request *r);
void		order_cancel_show(Request *r);
void		order_cancel_act(Request *r);

/* pages_suppliers.c */
extern const Field suppliers_query[], supplier_query[], supplier_fields[];
void		suppliers_show(Request *r);
void		supplier_new_show(Request *r);
void		supplier_new_act(Request *r);
void		supplier_edit_show(Request *r);
void		supplier_edit_act(Request *r);

/* pages_sell.c */
extern const Field sell_fields[];
void		sell_show(Request *r);
void		sell_act(Request *r);

/* pages_receipt.c */
extern const Field receipt_query[];
void		receipt_show(Request *r);
void		receipt_text_show(Request *r);

/* pages_clients.c */
extern const Field clients_query[], client_query[], client_new_query[], client_rate_fields[], client_fields[];
void		clients_show(Request *r);
void		client_show(Request *r);
void		client_act(Request *r);
void		client_new_show(Request *r);
void		client_new_act(Request *r);
void		client_edit_show(Request *r);
void		client_edit_act(Request *r);

/* pages_sales.c */
extern const Field sales_query[], sale_query[], refund_fields[];
void		sales_show(Request *r);
void		sale_show(Request *r);
void		refund_show(Request *r);
void		refund_act(Request *r);

/* pages_quality.c */
extern const Field quality_query[];
void		quality_show(Request *r);
void		quality_back_show(Request *r);
void		quality_back_act(Request *r);

/* pages_advice.c */
extern const Field advice_query[];
void		advice_show(Request *r);

/* pages_export.c */
extern const Field export_query[];
void		export_show(Request *r);

/* pages_import.c */
extern const Field import_query[], import_fields[], import_check_query[];
void		import_show(Request *r);
void		import_act(Request *r);
void		import_check_show(Request *r);
void		import_check_act(Request *r);

/* pages_settings.c */
extern const Field settings_query[], rate_fields[], shop_fields[], user_new_fields[], user_query[], user_fields[],
			password_fields[];
void		settings_show(Request *r);
void		rate_show(Request *r);
void		rate_act(Request *r);
void		shop_show(Request *r);
void		shop_act(Request *r);
void		user_new_show(Request *r);
void		user_new_act(Request *r);
void		user_show(Request *r);
void		user_act(Request *r);
void		password_show(Request *r);
void		password_act(Request *r);

/* pages_journal.c */
extern const Field journal_query[];
void		journal_show(Request *r);

/* pages_public.c */
extern const Field link_query[], me_query[], me_rate_fields[], client_link_query[];
void		link_show(Request *r);
void		me_show(Request *r);
void		me_rate_act(Request *r);
void		client_link_show(Request *r);
void		client_link_act(Request *r);

#endif
