-- One more model of setup/tastes.sql: svd, of ratings, by alternating least squares instead of the default.

SELECT reco.create_model('svd',
    ratings => 'SELECT client, product, stars, rated_at FROM taste.rating',
    candidates => 'SELECT id FROM taste.product WHERE stock > 0',
    options => '{"ratings": {"method": "svd"}}') \gset
SELECT version FROM reco.train('svd') \gset
