-- Three models of setup/tastes.sql, trained: bought, of purchases; rated, of ratings; both, of both.

SELECT reco.create_model('bought',
    purchases => 'SELECT client, product, quantity, bought_at FROM taste.purchase',
    candidates => 'SELECT id FROM taste.product WHERE stock > 0') \gset
SELECT reco.create_model('rated',
    ratings => 'SELECT client, product, stars, rated_at FROM taste.rating',
    candidates => 'SELECT id FROM taste.product WHERE stock > 0') \gset
SELECT reco.create_model('both',
    ratings => 'SELECT client, product, stars, rated_at FROM taste.rating',
    purchases => 'SELECT client, product, quantity, bought_at FROM taste.purchase',
    candidates => 'SELECT id FROM taste.product WHERE stock > 0') \gset
SELECT version FROM reco.train('bought') \gset
SELECT version FROM reco.train('rated') \gset
SELECT version FROM reco.train('both') \gset
