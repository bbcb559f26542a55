-- What a trained model answers.
--
-- All are STABLE: they see the snapshot of the calling query.  They run the
-- model's queries, which may not be safe in a parallel worker; the rest of a
-- parallel query may still run in workers.

CREATE FUNCTION reco.predict(
    client_id bigint,
    product_id bigint,
    model text DEFAULT NULL)
RETURNS double precision
AS 'MODULE_PATHNAME', 'reco_predict'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;
COMMENT ON FUNCTION reco.predict(bigint, bigint, text) IS
'The stars that a client would give a product, inside the scale of the ratings';

CREATE FUNCTION reco.score(
    client_id bigint,
    product_id bigint,
    model text DEFAULT NULL)
RETURNS double precision
AS 'MODULE_PATHNAME', 'reco_score'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;
COMMENT ON FUNCTION reco.score(bigint, bigint, text) IS
'What recommend() ranks a product by, for a client';

CREATE FUNCTION reco.recommend(
    client_id bigint,
    n integer DEFAULT 10,
    model text DEFAULT NULL,
    among regclass DEFAULT NULL,
    exclude bigint[] DEFAULT NULL,
    bought boolean DEFAULT false)
RETURNS TABLE (rank integer, product_id bigint, score double precision, stars double precision, method text)
AS 'MODULE_PATHNAME', 'reco_recommend'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 10;
COMMENT ON FUNCTION reco.recommend(bigint, integer, text, regclass, bigint[], boolean) IS
'The n best products for a client, as this transaction sees it; with bought => true also what they bought, and where that is bought again and again score is the chance of being bought soon';

CREATE FUNCTION reco.recommend_all(
    n integer DEFAULT 10,
    model text DEFAULT NULL)
RETURNS TABLE (client_id bigint, rank integer, product_id bigint, score double precision)
AS 'MODULE_PATHNAME', 'reco_recommend_all'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10000;
COMMENT ON FUNCTION reco.recommend_all(integer, text) IS
'The n best products for every client who has bought or rated something';

CREATE FUNCTION reco.similar_products(
    product_id bigint,
    n integer DEFAULT 10,
    model text DEFAULT NULL)
RETURNS TABLE (rank integer, product_id bigint, score double precision)
AS 'MODULE_PATHNAME', 'reco_similar_products'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 10;
COMMENT ON FUNCTION reco.similar_products(bigint, integer, text) IS
'The products that the same clients like; score is a cosine of factors or, where the version has none, what having the one adds to the score of the other';

CREATE FUNCTION reco.similar_clients(
    client_id bigint,
    n integer DEFAULT 10,
    model text DEFAULT NULL)
RETURNS TABLE (rank integer, client_id bigint, score double precision)
AS 'MODULE_PATHNAME', 'reco_similar_clients'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10;
COMMENT ON FUNCTION reco.similar_clients(bigint, integer, text) IS
'The clients who like the same products; score is a cosine';

CREATE FUNCTION reco.explain(
    client_id bigint,
    product_id bigint,
    n integer DEFAULT 5,
    model text DEFAULT NULL)
RETURNS TABLE (product_id bigint, contribution double precision, share double precision)
AS 'MODULE_PATHNAME', 'reco_explain'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 5;
COMMENT ON FUNCTION reco.explain(bigint, bigint, integer, text) IS
'Which of the products that a client has speak for another one, and how much';

CREATE FUNCTION reco.audience(
    product_id bigint,
    n integer DEFAULT 10,
    model text DEFAULT NULL,
    bought boolean DEFAULT false)
RETURNS TABLE (rank integer, client_id bigint, score double precision)
AS 'MODULE_PATHNAME', 'reco_audience'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10;
COMMENT ON FUNCTION reco.audience(bigint, integer, text, boolean) IS
'The clients who would most like a product: whom to call about it';

CREATE FUNCTION reco.likely_buyers(
    n integer DEFAULT 10,
    model text DEFAULT NULL)
RETURNS TABLE (product_id bigint, clients bigint)
AS 'MODULE_PATHNAME', 'reco_likely_buyers'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000;
COMMENT ON FUNCTION reco.likely_buyers(integer, text) IS
'For each product, how many clients have it among the n that suit them best, in stock or not';
