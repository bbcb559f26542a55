-- Models, their versions, and what a version learnt.
--
-- Functions write these tables as their owner; 90-privileges.sql says who may
-- read them.  No foreign key stands between them: pg_restore fills the tables
-- of an extension in any order when it works in parallel, and they have their
-- constraints by then.  reco.drop_model() takes all rows of a model with it.

CREATE TABLE reco.model (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    owner regrole NOT NULL,
    ratings text,
    purchases text,
    candidates text,
    has_surplus boolean NOT NULL,
    options jsonb NOT NULL,
    last_version integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CHECK (ratings IS NOT NULL OR purchases IS NOT NULL)
);
COMMENT ON TABLE reco.model IS 'Models: the queries they learn from, with every name qualified, and their options';

CREATE TABLE reco.model_version (
    model text NOT NULL,
    version integer NOT NULL,
    uuid uuid NOT NULL UNIQUE,
    trained_at timestamptz NOT NULL,
    seconds double precision NOT NULL,
    clients bigint NOT NULL,
    products bigint NOT NULL,
    ratings bigint NOT NULL,
    purchases bigint NOT NULL,
    rows_read bigint NOT NULL,
    rows_skipped bigint NOT NULL,
    rating_factors integer,
    purchase_factors integer,
    purchase_method text,
    rmse double precision,
    mae double precision,
    baseline_rmse double precision,
    baseline_mae double precision,
    recall_at_10 double precision,
    ndcg_at_10 double precision,
    popular_recall_at_10 double precision,
    popular_ndcg_at_10 double precision,
    active boolean NOT NULL,
    note text,
    seed bigint NOT NULL,
    rows_digest bigint,
    bytes bigint NOT NULL,
    activated_at timestamptz,
    PRIMARY KEY (model, version)
);
CREATE UNIQUE INDEX model_version_active ON reco.model_version (model) WHERE active;

COMMENT ON TABLE reco.model_version IS 'One row for each training; at most one version of a model is active and serves';
COMMENT ON COLUMN reco.model_version.uuid IS 'names the version''s arrays and their copies in memory';
COMMENT ON COLUMN reco.model_version.seconds IS 'from the start of the training to the writing of this row';
COMMENT ON COLUMN reco.model_version.ratings IS 'pairs of client and product rated; repeated rows count once';
COMMENT ON COLUMN reco.model_version.purchases IS 'pairs of client and product bought; repeated rows count once';
COMMENT ON COLUMN reco.model_version.rows_skipped IS 'rows with a NULL where there must be none';
COMMENT ON COLUMN reco.model_version.rating_factors IS '0: stars are those of the biases; NULL: no ratings';
COMMENT ON COLUMN reco.model_version.purchase_factors IS 'NULL: no purchases, or a method without factors';
COMMENT ON COLUMN reco.model_version.purchase_method IS 'als: factors; ease, items: weights from product to product, by an inverse or by cosines; blend: als and ease, their scores added; NULL: no purchases';
COMMENT ON COLUMN reco.model_version.rmse IS 'root mean squared error in stars, on ratings that the model did not see';
COMMENT ON COLUMN reco.model_version.mae IS 'mean absolute error in stars, on ratings that the model did not see';
COMMENT ON COLUMN reco.model_version.baseline_rmse IS 'the same of the biases of client and product alone, or of the mean where that is better';
COMMENT ON COLUMN reco.model_version.baseline_mae IS 'the same of the biases of client and product alone, or of the mean where that is better';
COMMENT ON COLUMN reco.model_version.recall_at_10 IS 'part of the held-out purchases found among ten products of the full catalogue';
COMMENT ON COLUMN reco.model_version.ndcg_at_10 IS 'the same, weighted by rank; 1 is a perfect list';
COMMENT ON COLUMN reco.model_version.popular_recall_at_10 IS 'the same of a list of the most popular products';
COMMENT ON COLUMN reco.model_version.popular_ndcg_at_10 IS 'the same of a list of the most popular products';
COMMENT ON COLUMN reco.model_version.note IS 'why the version is not active, or what else is to be known';
COMMENT ON COLUMN reco.model_version.rows_digest IS 'equal for two versions that learnt from the same, by the same options';
COMMENT ON COLUMN reco.model_version.bytes IS 'what it learnt: factors, ids and the rest';
COMMENT ON COLUMN reco.model_version.activated_at IS 'when it last became the active version; NULL: never, or rolled back';

CREATE TABLE reco.model_trial (
    model text NOT NULL,
    version integer NOT NULL,
    trial integer NOT NULL,
    part text NOT NULL,
    method text NOT NULL,
    penalty double precision NOT NULL,
    unobserved_weight double precision,
    factors integer,
    iterations integer,
    popularity double precision,
    half_life interval,
    ndcg_at_20 double precision NOT NULL,
    seconds double precision NOT NULL,
    factor_penalty double precision,
    factor_weight double precision,
    PRIMARY KEY (model, version, trial)
);
COMMENT ON TABLE reco.model_trial IS 'What was tried to choose the settings of a version; trial 1 won';
COMMENT ON COLUMN reco.model_trial.method IS 'as reco.model_version.purchase_method';
COMMENT ON COLUMN reco.model_trial.penalty IS 'als: 1 would just keep pure noise out; ease, blend: of the squares of weights; items: clients added below the cosine';
COMMENT ON COLUMN reco.model_trial.unobserved_weight IS 'of als and blend, as factors and iterations: what was not bought weighs so much';
COMMENT ON COLUMN reco.model_trial.popularity IS 'of ease, items and blend: scores of neighbours are divided by this power of the clients of a product';
COMMENT ON COLUMN reco.model_trial.factor_penalty IS 'of blend: the penalty of its factors, as that of als';
COMMENT ON COLUMN reco.model_trial.factor_weight IS 'of blend: scores of factors, times this, are added to those of neighbours';
COMMENT ON COLUMN reco.model_trial.half_life IS 'after which a purchase counts half; NULL: purchases do not age';
COMMENT ON COLUMN reco.model_trial.ndcg_at_20 IS 'on purchases kept for trials alone, over all products: the latest where the query tells when, else a tenth of the pairs';

CREATE TABLE reco.model_array (
    version uuid NOT NULL,
    name text NOT NULL,
    block integer NOT NULL,
    data bytea NOT NULL,
    checksum bigint NOT NULL,
    PRIMARY KEY (version, name, block)
);
ALTER TABLE reco.model_array ALTER COLUMN data SET STORAGE PLAIN;
COMMENT ON TABLE reco.model_array IS 'What a version learnt: arrays, cut into blocks of one page each';

SELECT pg_catalog.pg_extension_config_dump('reco.model', '');
SELECT pg_catalog.pg_extension_config_dump('reco.model_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('reco.model_version', '');
SELECT pg_catalog.pg_extension_config_dump('reco.model_trial', '');
SELECT pg_catalog.pg_extension_config_dump('reco.model_array', '');
