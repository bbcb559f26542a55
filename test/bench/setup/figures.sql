-- The figures of a benchmark, which run.sh makes the table at the end of. It runs this in the benchmark's database.
--
--   bench.figure('what', figure, '<=', 4.5, 's', 'peer and its figure (source)')
--
-- adds a line; the bound may be NULL (then the figure is told, not judged), and so may what others have. A figure that
-- misses its bound is marked in the table; it does not make the benchmark fail, as seconds depend on what else runs.
CREATE SCHEMA bench;
CREATE TABLE bench.figures (
    place integer GENERATED ALWAYS AS IDENTITY,
    what text, figure double precision, relation text, bound double precision, unit text, others text);

CREATE FUNCTION bench.figure(what text, figure double precision, relation text, bound double precision, unit text,
                             others text DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO bench.figures (what, figure, relation, bound, unit, others) VALUES (what, figure, relation, bound, unit, others)
$$;
