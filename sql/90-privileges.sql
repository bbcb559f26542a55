-- Who may do what: the only part with GRANT and REVOKE.
--
-- Everybody may make models of tables they can read.  Using a model needs
-- rights on the tables behind it: its queries run as whoever calls.  Training,
-- activating and dropping need its owner's role.  Rows about a model are seen
-- by its owner's role only; what it learnt is read by functions alone.

GRANT USAGE ON SCHEMA reco TO PUBLIC;

GRANT SELECT ON reco.model, reco.model_version, reco.model_trial, reco.models, reco.train_progress, reco.job_run TO PUBLIC;

ALTER TABLE reco.model ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_models ON reco.model FOR SELECT
    USING (pg_catalog.pg_has_role(owner, 'USAGE'));

ALTER TABLE reco.model_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_versions ON reco.model_version FOR SELECT
    USING (EXISTS (SELECT FROM reco.model m WHERE m.name OPERATOR(pg_catalog.=) model));

ALTER TABLE reco.model_trial ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_trials ON reco.model_trial FOR SELECT
    USING (EXISTS (SELECT FROM reco.model m WHERE m.name OPERATOR(pg_catalog.=) model));

-- Alerts are seen by the owner of the table they are about, and by who may read all its rows; triggers write them.
GRANT SELECT ON reco.stock_alert TO PUBLIC;

ALTER TABLE reco.stock_alert ENABLE ROW LEVEL SECURITY;
CREATE POLICY alerts_of_readable_tables ON reco.stock_alert FOR SELECT
    USING (pg_catalog.has_table_privilege(relation, 'SELECT')
           AND (NOT pg_catalog.row_security_active(relation)
                OR EXISTS (SELECT FROM pg_catalog.pg_class c
                           WHERE c.oid OPERATOR(pg_catalog.=) relation AND pg_catalog.pg_has_role(c.relowner, 'USAGE'))));

-- When runs of one's own are due; reco.expect_run() writes it.
GRANT SELECT ON reco.job_schedule TO PUBLIC;
GRANT SELECT ON reco.health TO PUBLIC;

ALTER TABLE reco.job_schedule ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_runs ON reco.job_schedule FOR SELECT
    USING (pg_catalog.pg_has_role(role, 'USAGE'));
