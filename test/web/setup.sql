-- A small shop for the tests of the web front: a year of nobody's trade, an owner, a cashier, and a shop next door.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT reco.create_shop(), reco.demo_shop(clients => 150, products => 120, days => 90) \g /dev/null
SELECT reco.train('shop') \g /dev/null
SELECT reco.create_web_roles() \g /dev/null
INSERT INTO shop.web_user (login, name, role, password_hash)
VALUES ('owner', 'Kavira', 'owner', :'owner_hash'),
       ('cashier', 'Muhindo', 'cashier', :'cashier_hash'),
       ('other', 'Kambale', 'cashier', :'cashier_hash');
-- something that was broken, and that may turn out not to be
SELECT shop.write_off(ARRAY[(SELECT min(product_id) FROM shop.stock_level WHERE on_hand > 1)], ARRAY[1], 'broken') \g /dev/null
UPDATE shop.web_setting SET shop_name = 'Chez Kavira';
