-- station_day_key(station, day) -> BIGINT >= 0: the key of a day at a station, a function of the two alone.
CREATE MACRO station_day_key(station, day) AS
    CAST(CAST('0x' || left(md5(station || chr(31) || strftime(CAST(day AS DATE), '%Y-%m-%d')), 16) AS UBIGINT)
        & CAST(9223372036854775807 AS UBIGINT) AS BIGINT);

-- split_of(station) -> 'train' (70 %), 'validation' (15 %) or 'test' (15 %): a station is in one split for good.
CREATE MACRO split_of(station) AS
    CASE
        WHEN CAST('0x' || left(md5('split:' || station), 8) AS UBIGINT) % 100 < 70 THEN 'train'
        WHEN CAST('0x' || left(md5('split:' || station), 8) AS UBIGINT) % 100 < 85 THEN 'validation'
        ELSE 'test'
    END;
