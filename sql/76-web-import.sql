/*
 * Products and clients from a spreadsheet, for the web front: what its lines would do is tried, kept until the
 * owner has seen it, and done, all of it or nothing. All but the keeping runs with the rights of whoever calls.
 */

CREATE FUNCTION reco.create_shop_import(schema_name name)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    EXECUTE format($ddl$
CREATE TABLE IF NOT EXISTS %1$I.web_import (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     bigint NOT NULL,
    what        text NOT NULL CHECK (what IN ('products', 'clients')),
    lines       jsonb NOT NULL,
    report      jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE %1$I.web_import IS 'tables of spreadsheets between being sent and being stored: their lines, and what each would do';

CREATE OR REPLACE FUNCTION %1$I.web_import_product(cells jsonb)
RETURNS TABLE (id bigint, outcome text)
LANGUAGE plpgsql VOLATILE SET search_path = %1$I, pg_temp
AS $body$
#variable_conflict use_column
DECLARE
    one record;
    known bigint[];
    shelf bigint;
    maker bigint;
BEGIN
    SELECT * INTO one FROM jsonb_to_record(cells) AS l (
        name text, category text, supplier text, price numeric, unit_cost numeric, unit text, divisible boolean, pack_size numeric,
        moq numeric, threshold numeric, target numeric, barcode text, stock numeric);
    known := ARRAY(SELECT p.id FROM product p WHERE p.barcode = one.barcode);
    IF known = '{}' THEN
        known := ARRAY(SELECT p.id FROM product p WHERE lower(p.name) = lower(one.name) LIMIT 2);
    END IF;
    IF cardinality(known) > 1 THEN
        outcome := 'ambiguous';
        RETURN NEXT;
        RETURN;
    END IF;
    IF one.category IS NOT NULL THEN
        SELECT c.id INTO shelf FROM category c WHERE lower(c.name) = lower(one.category) ORDER BY c.id LIMIT 1;
        IF shelf IS NULL THEN
            INSERT INTO category AS c (name) VALUES (one.category) RETURNING c.id INTO shelf;
        END IF;
    END IF;
    IF one.supplier IS NOT NULL THEN
        SELECT s.id INTO maker FROM supplier s WHERE lower(s.name) = lower(one.supplier) ORDER BY s.id LIMIT 1;
        IF maker IS NULL THEN
            INSERT INTO supplier AS s (name) VALUES (one.supplier) RETURNING s.id INTO maker;
        END IF;
    END IF;
    id := known[1];
    IF id IS NOT NULL THEN
        /* an empty cell leaves what there is */
        UPDATE product AS p
        SET (name, category_id, supplier_id, price, unit_cost, unit, divisible, pack_size, moq, threshold, target, barcode) =
            (one.name, coalesce(shelf, p.category_id), coalesce(maker, p.supplier_id), coalesce(one.price, p.price),
             coalesce(one.unit_cost, p.unit_cost), coalesce(one.unit, p.unit), coalesce(one.divisible, p.divisible),
             coalesce(one.pack_size, p.pack_size), coalesce(one.moq, p.moq), coalesce(one.threshold, p.threshold),
             coalesce(one.target, p.target), coalesce(one.barcode, p.barcode))
        WHERE p.id = known[1]
          AND (p.name, p.category_id, p.supplier_id, p.price, p.unit_cost, p.unit, p.divisible, p.pack_size, p.moq,
               p.threshold, p.target, p.barcode) IS DISTINCT FROM
              (one.name, coalesce(shelf, p.category_id), coalesce(maker, p.supplier_id),
               coalesce(round(one.price, 2), p.price), coalesce(round(one.unit_cost, 2), p.unit_cost),
               coalesce(one.unit, p.unit), coalesce(one.divisible, p.divisible), coalesce(one.pack_size, p.pack_size),
               coalesce(one.moq, p.moq), coalesce(one.threshold, p.threshold), coalesce(one.target, p.target),
               coalesce(one.barcode, p.barcode));
        outcome := CASE WHEN FOUND THEN 'changed' ELSE 'same' END;
        RETURN NEXT;
        RETURN;
    END IF;
    INSERT INTO product AS p (name, category_id, supplier_id, price, unit_cost, unit, divisible, pack_size, moq, threshold,
                              target, barcode)
    VALUES (one.name, shelf, maker, one.price, one.unit_cost, coalesce(one.unit, 'piece'),
            coalesce(one.divisible, one.stock <> trunc(one.stock) OR one.pack_size <> trunc(one.pack_size), false),
            coalesce(one.pack_size, 1), coalesce(one.moq, 0), one.threshold, one.target, one.barcode)
    RETURNING p.id INTO id;
    IF one.stock > 0 THEN
        PERFORM count_stock(ARRAY[id], ARRAY[one.stock]);
    END IF;
    outcome := 'new';
    RETURN NEXT;
END
$body$;
COMMENT ON FUNCTION %1$I.web_import_product(jsonb) IS 'store a product of a spreadsheet: new, changed, same or ambiguous';

CREATE OR REPLACE FUNCTION %1$I.web_import_client(cells jsonb)
RETURNS TABLE (id bigint, outcome text)
LANGUAGE plpgsql VOLATILE SET search_path = %1$I, pg_temp
AS $body$
#variable_conflict use_column
DECLARE
    one record;
    known bigint[];
BEGIN
    SELECT * INTO one FROM jsonb_to_record(cells) AS l (name text, phone text, address text);
    /* a phone number is the same with and without spaces */
    known := ARRAY(SELECT c.id FROM client c
                   WHERE lower(c.name) = lower(one.name)
                     AND (one.phone IS NULL OR c.phone IS NULL OR regexp_replace(c.phone, '[^+0-9]', '', 'g') = one.phone)
                   ORDER BY c.phone IS NULL, c.id LIMIT 1);
    id := known[1];
    IF id IS NULL THEN
        INSERT INTO client AS c (name, phone, address) VALUES (one.name, one.phone, one.address) RETURNING c.id INTO id;
        outcome := 'new';
    ELSE
        UPDATE client AS c SET phone = coalesce(c.phone, one.phone), address = coalesce(one.address, c.address)
        WHERE c.id = known[1]
          AND (c.phone, c.address) IS DISTINCT FROM (coalesce(c.phone, one.phone), coalesce(one.address, c.address));
        outcome := CASE WHEN FOUND THEN 'changed' ELSE 'same' END;
    END IF;
    RETURN NEXT;
END
$body$;
COMMENT ON FUNCTION %1$I.web_import_client(jsonb) IS 'store a client of a spreadsheet: new, changed or same';

/* Without apply, or when a line is bad, all that was done is undone; what would have come of it is returned. */
CREATE OR REPLACE FUNCTION %1$I.web_import_try(what text, lines jsonb, apply boolean)
RETURNS TABLE (line integer, name text, outcome text, problem text)
LANGUAGE plpgsql VOLATILE SET search_path = %1$I, pg_temp
AS $body$
#variable_conflict use_column
DECLARE
    cells jsonb;
    made record;
    refused text;
    empty text;
    result text;
    seen bigint[] := '{}';
    outcomes text[] := '{}';
    problems text[] := '{}';
BEGIN
    BEGIN
        FOR cells IN SELECT l.value FROM jsonb_array_elements(lines) WITH ORDINALITY AS l (value, place) ORDER BY l.place LOOP
            refused := NULL;
            BEGIN
                IF what = 'clients' THEN
                    SELECT * INTO made FROM web_import_client(cells);
                ELSE
                    SELECT * INTO made FROM web_import_product(cells);
                END IF;
                IF made.outcome = 'ambiguous' THEN
                    refused := 'ambiguous';
                ELSIF made.id = ANY (seen) THEN
                    refused := 'twice';
                END IF;
                seen := seen || made.id;
                result := made.outcome;
            EXCEPTION WHEN integrity_constraint_violation OR data_exception THEN
                GET STACKED DIAGNOSTICS refused = CONSTRAINT_NAME, empty = COLUMN_NAME;
                refused := coalesce(nullif(refused, ''), nullif(empty, ''), SQLSTATE);
            END;
            outcomes := outcomes || CASE WHEN refused IS NULL THEN result ELSE 'bad' END;
            problems := problems || refused;
        END LOOP;
        IF NOT apply OR 'bad' = ANY (outcomes) THEN
            RAISE EXCEPTION USING ERRCODE = 'RC001', MESSAGE = 'undo';
        END IF;
    EXCEPTION WHEN SQLSTATE 'RC001' THEN
        NULL;
    END;
    RETURN QUERY
    SELECT (l.value ->> 'line')::integer, l.value ->> 'name', outcomes[l.place], problems[l.place]
    FROM jsonb_array_elements(lines) WITH ORDINALITY AS l (value, place) ORDER BY l.place;
END
$body$;
COMMENT ON FUNCTION %1$I.web_import_try(text, jsonb, boolean) IS 'what the lines of a spreadsheet do; apply: does it, all or nothing';

CREATE OR REPLACE FUNCTION %1$I.web_import_keep(what text, lines jsonb, report jsonb)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = %1$I, pg_temp
AS $body$
#variable_conflict use_column
DECLARE
    kept bigint;
BEGIN
    DELETE FROM web_import i WHERE i.created_at < now() - interval '1 day';
    INSERT INTO web_import AS i (user_id, what, lines, report)
    VALUES (current_setting('web.user_id')::bigint, web_import_keep.what, web_import_keep.lines, web_import_keep.report)
    RETURNING i.id INTO kept;
    RETURN kept;
END
$body$;
COMMENT ON FUNCTION %1$I.web_import_keep(text, jsonb, jsonb) IS 'keep a spreadsheet until its owner has looked at what it would do';
$ddl$, schema_name);
END
$function$;
COMMENT ON FUNCTION reco.create_shop_import(name) IS
    'Makes what the import of spreadsheets needs of a shop; called by reco.create_shop_web()';
