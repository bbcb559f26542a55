-- The CRC-32C of some bytes, as a block's checksum is.
CREATE FUNCTION taste.crc32c(bytes bytea) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    crc bigint := 4294967295;
BEGIN
    FOR i IN 0 .. length(bytes) - 1 LOOP
        crc := crc # get_byte(bytes, i);
        FOR bit IN 1 .. 8 LOOP
            crc := CASE WHEN crc & 1 = 1 THEN (crc >> 1) # 2197175160 ELSE crc >> 1 END;
        END LOOP;
    END LOOP;
    RETURN crc # 4294967295;
END
$$;
