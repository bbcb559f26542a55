-- Where stock meets taste: alerts tell who waits, surplus is lifted in lists, audience() whom to call.
BEGIN;
SELECT plan(12);

SELECT reco.create_shop('boutique');
SELECT reco.demo_shop('boutique', clients => 300, products => 120, days => 200, seed => 7, ends => '2026-11-01');

SELECT is(reco.refresh_likely_buyers('boutique'), 0::bigint, 'before a training nobody in particular waits for anything');
SELECT ok((SELECT active FROM reco.train('boutique')), 'the shop''s model goes live');
SELECT cmp_ok(reco.refit_forecasts('boutique'), '>', 0, 'its demand is forecast');
SELECT cmp_ok(reco.refresh_likely_buyers('boutique'), '>', 20::bigint, 'many products have likely buyers');
SELECT is((SELECT sum(clients) FROM boutique.likely_buyers),
          (SELECT sum(clients)::numeric FROM reco.likely_buyers(10, 'boutique')),
          'they are those whose ten best it is among');
SELECT is(reco.refresh_likely_buyers('boutique'), (SELECT count(*) FROM boutique.likely_buyers), 'counting again changes nothing');
SELECT set_eq('SELECT id FROM boutique.open_alert', 'SELECT id FROM boutique.stock_alert WHERE closed_at IS NULL',
              'the open alerts are shown, all of them and no other');
SELECT is((SELECT count(*) FROM boutique.open_alert a LEFT JOIN boutique.likely_buyers b USING (product_id)
           WHERE a.likely_buyers IS DISTINCT FROM coalesce(b.clients, 0)), 0::bigint,
          'each with its product''s likely buyers');

-- a product that a client wants, and of which there is far too much
SELECT r.product_id AS wanted, r.score AS score
FROM boutique.client c, reco.recommend(c.id, 20, 'boutique') r
JOIN boutique.forecast f USING (product_id)
JOIN boutique.stock_level l USING (product_id)
WHERE c.id = 1 AND f.surplus_above IS NOT NULL AND l.on_hand - l.reserved <= f.surplus_above AND r.rank BETWEEN 2 AND 5
ORDER BY r.rank LIMIT 1 \gset
INSERT INTO boutique.stock_move (product_id, quantity, kind, note)
SELECT :wanted, 100000, 'receipt', 'far too much';
SELECT cmp_ok(reco.score(1, :wanted, 'boutique'), '>', :score::float8, 'a surplus that comes in lifts the score in this transaction');
SELECT cmp_ok(reco.score(1, :wanted, 'boutique'), '<=', 1.2 * :score::float8, 'by no more than a fifth');

SELECT reco.sell('boutique', NULL, ARRAY[:wanted], ARRAY[(SELECT on_hand - reserved FROM boutique.stock_level WHERE product_id = :wanted)]);
SELECT is((SELECT count(*) FROM boutique.client c, reco.recommend(c.id, 50, 'boutique') r WHERE r.product_id = :wanted), 0::bigint,
          'once it is sold out it is offered to nobody');
SELECT is((SELECT count(*) FROM reco.audience(:wanted, 10, 'boutique')), 10::bigint,
          'but who would want it is known all the same');

SELECT * FROM finish();
ROLLBACK;
