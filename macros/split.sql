-- split_of(group_name) -> 'train' (80 %), 'validation' (10 %) or 'test' (10 %)
-- A function of the name alone (first 8 hex digits of its MD5, modulo 100): the same on every machine, and everything
-- with the same name in the same split.
CREATE MACRO split_of(group_name) AS
    CASE
        WHEN CAST('0x' || left(md5('split:' || group_name), 8) AS UBIGINT) % 100 < 80 THEN 'train'
        WHEN CAST('0x' || left(md5('split:' || group_name), 8) AS UBIGINT) % 100 < 90 THEN 'validation'
        ELSE 'test'
    END;
