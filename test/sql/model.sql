-- create_model() and drop_model(): what they refuse, and in which words.
CREATE SCHEMA test_model;
SET search_path = test_model;
CREATE TABLE sold (client bigint, product integer, quantity numeric(10,2), at timestamptz, note text, sure boolean);
CREATE FUNCTION count_up() RETURNS integer LANGUAGE sql AS 'SELECT 1';
\pset tuples_only on
\set SHOW_CONTEXT errors

-- a model needs a name, and something to learn from
SELECT reco.create_model(NULL, purchases => 'SELECT client, product, quantity FROM sold');
SELECT reco.create_model('', purchases => 'SELECT client, product, quantity FROM sold');
SELECT reco.create_model('empty');
SELECT reco.create_model('empty', candidates => 'SELECT product FROM sold');

-- and its name only once
SELECT reco.create_model('twice', purchases => 'SELECT client, product, quantity FROM sold');
SELECT reco.create_model('twice', purchases => 'SELECT client, product, quantity FROM sold');
SELECT reco.create_model('Twice', purchases => 'SELECT client, product, quantity FROM sold');

-- columns: as many as there must be
SELECT reco.create_model('bad', purchases => 'SELECT client, product FROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity, at, sure FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product FROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM sold', candidates => 'SELECT product, quantity, client FROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM sold', candidates => 'SELECT');

-- columns: in their order
SELECT reco.create_model('bad', purchases => 'SELECT product AS product_id, client AS client_id, quantity FROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, at FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, quantity AS at, at AS value FROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM sold', candidates => 'SELECT product AS surplus FROM sold');

-- columns: of the right type
SELECT reco.create_model('bad', purchases => 'SELECT note, product, quantity FROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT client::numeric, product, quantity FROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT client, quantity * 2, quantity FROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, note FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, sure FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, quantity, product FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, quantity, at::time FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT NULL, NULL, NULL');
SELECT reco.create_model('bad', purchases => 'SELECT sold, product, quantity FROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM sold', candidates => 'SELECT note FROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM sold', candidates => 'SELECT product, note FROM sold');

-- attributes: of ratings, behind the columns that there must be, each by a name of its own, and not too many
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity, note AS client_note FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, note AS client_note, quantity FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, quantity, at, note FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, quantity, note AS client_note, at, product AS product_id FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, quantity, note AS client_note, sure AS client_note FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, quantity' || (SELECT string_agg(', sure AS product_' || i, '' ORDER BY i) FROM generate_series(1, 33) i) || ' FROM sold');

-- one SELECT
SELECT reco.create_model('bad', purchases => '');
SELECT reco.create_model('bad', purchases => ';');
SELECT reco.create_model('bad', purchases => '-- SELECT client, product, quantity FROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM sold; SELECT 1');
SELECT reco.create_model('bad', ratings => 'sold');
SELECT reco.create_model('bad', ratings => 'EXPLAIN SELECT client, product, quantity FROM sold');
SELECT reco.create_model('bad', ratings => 'DELETE FROM sold RETURNING client, product, quantity');
SELECT reco.create_model('bad', ratings => 'DROP TABLE sold');
SELECT reco.create_model('bad', ratings => 'EXECUTE something');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM sold', candidates => 'SHOW all');

-- that changes and locks nothing
SELECT reco.create_model('bad', ratings => 'WITH gone AS (DELETE FROM sold RETURNING *) SELECT client, product, quantity FROM gone');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, quantity INTO copy FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, quantity FROM sold FOR UPDATE');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, quantity FROM (SELECT * FROM sold FOR KEY SHARE) s');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, (SELECT quantity FROM sold FOR SHARE) FROM sold');
SELECT reco.create_model('bad', ratings => 'WITH s AS (SELECT * FROM sold FOR UPDATE) SELECT client, product, quantity FROM s');

-- without errors of its own, which are shown where they are
SELECT reco.create_model('bad', ratings => 'SELEC client, product, quantity FROM sold');
SELECT reco.create_model('bad', ratings => 'SELECT client, product, quantity FROM nowhere');
SELECT reco.create_model('bad', purchases => E'SELECT client, product,\n       amount\nFROM sold');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM sold', candidates => 'SELECT product FROM sold WHERE stock > 0');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM sold WHERE client = $1');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM sold /* open');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM sold) q; DROP TABLE sold; --');
SELECT reco.create_model('bad', purchases => 'SELECT client, product, sum(quantity) FROM sold');

-- what is refused leaves nothing behind
SELECT name, owner = current_user::regrole, options FROM reco.model ORDER BY name COLLATE "C";
SELECT count(*) FROM sold;

-- what is kept: the query with every name qualified, in columns of ours
CREATE VIEW sold_lines AS SELECT client, product, count_up() AS pieces FROM sold;
SELECT reco.create_model('kept',
    ratings => 'SELECT client, product, quantity AS "how many?", at FROM sold WHERE note <> ''it''''s; --'' -- and so on',
    purchases => 'TABLE sold_lines;',
    candidates => 'SELECT product, count_up() FROM sold WHERE sure ORDER BY at LIMIT 5');
RESET search_path;
SELECT array_agg(DISTINCT found[1] ORDER BY found[1]), has_surplus
FROM reco.model, regexp_matches(concat(ratings, purchases, candidates), '(\w+\.(?:sold|sold_lines|count_up))\M', 'g') found
WHERE name = 'kept' GROUP BY has_surplus;
SELECT * FROM (SELECT ratings AS query FROM reco.model WHERE name = 'kept') k WHERE query !~ 'note <> ''it''''s; --''' OR query ~ 'and so on';

-- dropping
SELECT reco.drop_model(NULL);
SELECT reco.drop_model('');
SELECT reco.drop_model('nothing');
SELECT reco.drop_model('TWICE');
SELECT reco.drop_model('twice');
SELECT reco.drop_model('twice');
SELECT reco.drop_model(name) FROM reco.model;
SELECT count(*) FROM reco.model;

BEGIN READ ONLY;
SELECT reco.create_model('bad', purchases => 'SELECT client, product, quantity FROM test_model.sold');
ROLLBACK;
BEGIN READ ONLY;
SELECT reco.drop_model('twice');
ROLLBACK;

SET client_min_messages = warning;
DROP SCHEMA test_model CASCADE;
