"""Queries of every construct of DuckDB's SQL that a model may be made of; core.s and core.o are made here."""

from __future__ import annotations

import duckdb

TABLES = """
CREATE SCHEMA core;
CREATE TABLE core.s AS SELECT * FROM (VALUES
    (1::BIGINT, 'a', 2.5::DOUBLE, [1::BIGINT, 2], {'x': 1::BIGINT, 'y': 'p'}, DATE '2024-01-01'),
    (2, 'b', NULL, [3], {'x': 2, 'y': 'q'}, DATE '2024-02-01'),
    (3, 'a', 7.5, NULL, NULL, NULL)) t(id, k, v, l, st, d);
CREATE TABLE core.o AS SELECT * FROM (VALUES (1::BIGINT, 'w1'), (3, 'w3')) t(id, w);
CREATE MACRO kelvin(c) AS c + 273.15;
CREATE MACRO spread(lo, hi := 3) AS TABLE SELECT unnest(range(lo, hi)) AS n;
"""

# Names in them reach values: to_json() and UNPIVOT write them out.
NAMES_ARE_DATA = {
    "struct_key": "SELECT to_json({Foo: 1, 'Bar': 2}) AS j",
    "struct_key_keyword": "SELECT to_json({Year: 1, Values: 2, Range: 3, Over: 4, Filter: 5, Interval: 6}) AS j",
    "struct_pack": "SELECT to_json(struct_pack(Foo := id, bar := k)) AS j FROM core.s",
    "struct_nested": "SELECT to_json({A: {B: {C: id}}}) AS j FROM core.s",
    "row_of_table": "SELECT to_json(t) AS j FROM (SELECT 1 AS Mass, 2 AS radius) t",
    "row_of_cte": "WITH T AS (SELECT id AS Id, k AS K FROM core.s) SELECT to_json(T) AS j FROM T",
    "row_with_columns": "SELECT to_json(t) AS j FROM core.o AS t(Id, W)",
    "unpivot": "UNPIVOT (SELECT 1 AS Mass, 2 AS Radius) ON COLUMNS(*) INTO NAME what VALUE v",
    "unpivot_from": "SELECT name, value FROM (SELECT id AS Id, v AS V FROM core.s) UNPIVOT (value FOR name IN (Id, V))",
    "unpivot_as": "FROM (SELECT 1 AS Mass) UNPIVOT (x FOR n IN (Mass AS Weight)) SELECT n, x",
    "pivot_in": "PIVOT core.s ON k IN ('a', 'b') USING sum(v) AS Total, max(id) AS Most GROUP BY d",
    "pivot_row": "SELECT to_json(p) AS j FROM (PIVOT core.s ON k IN ('a', 'B') USING max(id) AS M GROUP BY d) p",
    "columns_regex": "SELECT to_json(t) AS j FROM (SELECT COLUMNS('^(id|k)$') AS 'x_\\0' FROM core.s) t",
    "star_rename": "SELECT to_json(t) AS j FROM (SELECT * EXCLUDE (l, st, d) RENAME (k AS Kk) FROM core.s) t",
    "star_replace": "SELECT to_json(t) AS j FROM (SELECT * EXCLUDE (l, st, d) REPLACE (v * 2 AS V) FROM core.s) t",
    "unnamed_column": "SELECT to_json(t) AS j FROM (SELECT id + 1, upper(K) FROM core.s) t",
    "qualified_column": "SELECT to_json(t) AS j FROM (SELECT S.Id, S.K FROM core.s S) t",
    "map_of_names": "SELECT MAP {'Foo': id, 'foo': 2} AS m FROM core.s",
    "struct_insert": "SELECT to_json(struct_insert(st, Z := id)) AS j FROM core.s",
    "struct_keys": "SELECT struct_keys({Foo: 1}) AS n",
    "alias_of": "SELECT alias(Id) AS a FROM core.s",
    "cast_struct": "SELECT to_json(CAST({'a': 1} AS STRUCT(A INTEGER))) AS j",
    "by_name": "SELECT to_json(t) AS j FROM (SELECT 1 AS A UNION ALL BY NAME SELECT 2 AS A, 3 AS B) t",
    "values_alias": "SELECT to_json(t) AS j FROM (VALUES (1, 2)) AS t(Aa, bB)",
    "prefix_alias": "SELECT to_json(t) AS j FROM (SELECT Ii: id FROM Ss: core.s) t",
    "unnest_struct": "SELECT to_json(t) AS j FROM (SELECT unnest({Foo: 1, Bar: [1]})) t",
    "lateral_table": "SELECT to_json(u) AS j FROM core.s, unnest(l) AS u(Ee)",
    "column_case": 'SELECT "ID" AS "Id", CORE.S.K AS Kk FROM Core.S',
}

PLAIN = {
    "columns_lambda": "SELECT COLUMNS(lambda c: c = 'id') FROM core.s",
    "keywords": "SELECT COUNT(*) AS n, Sum(v) AS s FROM core.s WHERE v IS NOT NULL GROUP BY ALL HAVING count(*) > 0",
    "recursive": "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r",
    "union_by_name": "SELECT id, k FROM core.s UNION ALL BY NAME SELECT w AS k, id FROM core.o",
    "except": "SELECT id FROM core.s EXCEPT SELECT id FROM core.o",
    "intersect": "(SELECT id FROM core.s) INTERSECT ALL (SELECT id FROM core.o) ORDER BY id LIMIT 5",
    "qualify": "SELECT id, k FROM core.s QUALIFY row_number() OVER (PARTITION BY k ORDER BY id) = 1",
    "lateral_alias": "SELECT v * 2 AS v2, v2 + 1 AS v3, id FROM core.s",
    "structs": "SELECT st.x AS x, st['y'] AS y, struct_extract(st, 'x') AS x2 FROM core.s",
    "struct_star": "SELECT id, st.* FROM core.s",
    "unnest": "SELECT id, unnest(l) AS e FROM core.s",
    "unnest_lateral": "SELECT s.id, u.e FROM core.s s, unnest(s.l) AS u(e)",
    "join_lateral": "SELECT s.id, e FROM core.s s LEFT JOIN LATERAL (SELECT unnest(s.l) AS e) ON true",
    "correlated": "SELECT id, (SELECT max(w) FROM core.o o WHERE o.id = s.id) AS w FROM core.s s",
    "exists": "SELECT id, EXISTS (SELECT 1 FROM core.o o WHERE o.id = s.id) AS e FROM core.s s",
    "star": "SELECT * FROM core.s",
    "star_like": "SELECT * LIKE 'i%' FROM core.s",
    "using": "SELECT id, k, w FROM core.s FULL JOIN core.o USING (id)",
    "natural": "SELECT id, k, w FROM core.s NATURAL JOIN core.o",
    "semi": "SELECT id FROM core.s SEMI JOIN core.o USING (id)",
    "anti": "SELECT id FROM core.s ANTI JOIN core.o USING (id)",
    "asof": "SELECT s.id, o.w FROM core.s s ASOF JOIN core.o o ON s.id >= o.id",
    "positional": "SELECT s.id, o.w FROM core.s s POSITIONAL JOIN core.o o",
    "cross": "SELECT s.id, o.id AS i FROM core.s s CROSS JOIN core.o o",
    "named_window": "SELECT id, sum(v) OVER w AS s FROM core.s WINDOW w AS (PARTITION BY k ORDER BY id)",
    "frame": "SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE "
    "TIES) AS s FROM core.s",
    "range_frame": "SELECT id, count(*) OVER (ORDER BY d RANGE BETWEEN INTERVAL 40 DAY PRECEDING AND CURRENT "
    "ROW) AS n FROM core.s",
    "filter": "SELECT k, sum(v) FILTER (WHERE id > 1) AS s FROM core.s GROUP BY ALL",
    "rollup": "SELECT k, d, count(*) AS n, grouping(k) AS g FROM core.s GROUP BY ROLLUP (k, d)",
    "grouping_sets": "SELECT k, d, count(*) AS n FROM core.s GROUP BY GROUPING SETS ((k), (d), ())",
    "cube": "SELECT k, d, count(*) AS n FROM core.s GROUP BY CUBE (k, d)",
    "list_comprehension": "SELECT id, [x * 2 FOR x IN l IF x > 1] AS l2 FROM core.s",
    "lambda": "SELECT id, list_transform(l, lambda x: x + id) AS l2 FROM core.s",
    "arrow_lambda": "SELECT id, list_filter(l, x -> x > 1) AS l2 FROM core.s",
    "map": "SELECT MAP {k: id} AS m, MAP {k: id}[k] AS e FROM core.s",
    "from_first": "FROM core.s SELECT id WHERE id > 1",
    "from_only": "FROM core.o",
    "table": "TABLE core.o",
    "values": "SELECT a.id, b.z FROM core.s a JOIN (VALUES (1, 'zz')) b(id, z) ON a.id = b.id",
    "ctes": "WITH a AS (SELECT id AS i, k FROM core.s), b AS MATERIALIZED (SELECT i + 1 AS j, k FROM "
    "a) SELECT j, k FROM b",
    "nested_cte": "WITH a AS (WITH a AS (SELECT w AS q FROM core.o) SELECT q FROM a) SELECT q FROM a",
    "cte_columns": "WITH a(p, q) AS (SELECT id, k FROM core.s) SELECT p, q FROM a",
    "quoted": 'SELECT s."id" AS "select", s.k AS "Größe" FROM core.s AS s',
    "operators": "SELECT id // 2 AS h, id % 2 AS r, id ** 2 AS p, 2 ^ id AS q, ~id AS n, id << 1 AS f, id & 3 AS g, "
    "xor(id, 1) AS x, id | 8 AS o, @(-id) AS a FROM core.s",
    "texts": "SELECT id::VARCHAR || k AS a, k ^@ 'a' AS b, k SIMILAR TO 'a|b' AS c, k ~ 'a' AS e, k !~~ 'b%' AS f, "
    "k NOT LIKE 'b%' AS g, k ILIKE 'A' AS h, k GLOB 'a*' AS i FROM core.s",
    "literals": "SELECT $$it's -- \"x\" /* y */$$ AS t, $T$ a 'b' $T$ AS g, E'a\\n\\'b' AS u, 'x''y' AS w, 'a\\' AS b, "
    "'a'\n'b' AS c, '-- no' AS n, x'AB'::BLOB AS x",
    "braces": "SELECT '{{ x }} {% if %} {# c #}' AS s, {'a': {'b': id}} AS t FROM core.s",
    "numbers": "SELECT 1_000 AS a, .5 AS b, 1e-3 AS c, 5. AS f, 1.0 AS g, 1.00 AS h",
    "unary": "SELECT - id AS a, -(-id) AS b, - -id AS c, id - -1 AS e, NOT (id = 1) AS f FROM core.s",
    "slices": "SELECT l[1] AS a, l[-1:] AS b, l[1:2:2] AS e, k[1:1] AS c FROM core.s",
    "dot_calls": "SELECT k.upper() AS u, l.list_sum() AS s, k.upper().lower() AS w FROM core.s",
    "ordered_aggregates": "SELECT arg_max(k, v ORDER BY id) AS a, list(id ORDER BY id DESC) AS b, "
    "string_agg(k, ',' ORDER BY id) AS c FROM core.s",
    "ordinality": "SELECT id, e, o FROM core.s, unnest(l) WITH ORDINALITY AS u(e, o)",
    "series": "SELECT i FROM generate_series(1, 3) t(i)",
    "series_lateral": "SELECT s.id, g.i FROM core.s s, generate_series(1, s.id) g(i)",
    "in": "SELECT id, id IN (SELECT id FROM core.o) AS has, k IN ('a', 'c') AS b, id NOT IN (1, 2) AS c FROM core.s",
    "any": "SELECT id, 1 = ANY(l) AS has, id > ALL (SELECT id FROM core.o) AS most FROM core.s",
    "distinct_on": "SELECT DISTINCT ON (k) k, id FROM core.s ORDER BY k, id DESC",
    "order": "SELECT id, v FROM core.s ORDER BY v DESC NULLS LAST, id ASC LIMIT 2 OFFSET 1",
    "order_all": "SELECT * EXCLUDE (l, st) FROM core.s ORDER BY ALL DESC",
    "positions": "SELECT id, k FROM core.s ORDER BY 2, 1",
    "hash_position": "SELECT #1 AS a FROM core.o",
    "percent": "SELECT id FROM core.s ORDER BY id LIMIT 50%",
    "case": "SELECT CASE WHEN v > 3 THEN 'high' WHEN v IS NULL THEN NULL ELSE 'low' END AS c, "
    "CASE k WHEN 'a' THEN 1 END AS d FROM core.s",
    "casts": "SELECT TRY_CAST(k AS BIGINT) AS a, v::DECIMAL(9, 2) AS b, CAST(l AS INTEGER[]) AS c, TRY(ln(0)) AS e "
    "FROM core.s",
    "dates": "SELECT d + INTERVAL '1 month 2 days' AS t, d + INTERVAL (id) DAY AS u, extract(year FROM d) AS y, "
    "DATE '2024-03-01' - d AS n, date_trunc('month', d) AS m, TIMESTAMP '2024-01-01 10:00:00' AS z FROM core.s",
    "zone": "SELECT TIMESTAMP '2024-01-01 10:00:00' AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Tokyo' AS z",
    "json_arrows": "SELECT '{\"A\": {\"b\": 1}}'::JSON -> 'A' ->> 'b' AS a, '{\"A\": 1}'::JSON ->> '$.A' AS b",
    "sql_functions": "SELECT position('a' IN k) AS p, substring(k FROM 1 FOR 1) AS s, trim(BOTH 'x' FROM 'xax') AS t "
    "FROM core.s",
    "coalesce": "SELECT coalesce(v, 0) AS a, nullif(k, 'a') AS b, ifnull(v, 1) AS c, if(id > 1, 'x', 'y') "
    "AS e FROM core.s",
    "between": "SELECT id BETWEEN 1 AND 2 AS a, id NOT BETWEEN 1 AND 2 AS b, v IS DISTINCT FROM 2.5 AS c, "
    "v IS NOT DISTINCT FROM NULL AS e, v ISNULL AS f, v NOTNULL AS g FROM core.s",
    "macros": "SELECT kelvin(id) AS a, KELVIN(c := id) AS b, n FROM core.s, spread(1) ORDER BY ALL",
    "table_macro": "SELECT n FROM spread(0, hi := 2)",
    "collate": "SELECT k COLLATE NOCASE AS a FROM core.s ORDER BY k COLLATE NOCASE DESC, id",
    "trailing_commas": "SELECT id, k, FROM core.s,",
    "union_type": "SELECT union_value(num := 2) AS u",
    "describe": "SELECT column_name, column_type FROM (DESCRIBE core.s)",
    "sample": "SELECT id FROM core.s USING SAMPLE 100 PERCENT (bernoulli, 42)",
    "many": "SELECT id FROM core.s WHERE id IN (" + ", ".join(map(str, range(300))) + ")",
    "comments": "/* head\n-- */ SELECT -- hi\n id /* a, b */, k -- the key\nFROM core.s -- end",
    "semicolon": "SELECT id FROM core.s; -- done",
    "rows": "SELECT row(id, k) AS r, (id, k) AS p FROM core.s",
    "text_alias": "SELECT id AS 'Name' FROM core.s",
    "text_at_end": "SELECT 'a'\n-- and\n  'b'",
    "try_list": "SELECT [] AS e, [NULL] AS n, [[1], []] AS m, ARRAY[1, 2] AS a",
}
QUERIES = NAMES_ARE_DATA | PLAIN


def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(TABLES)
    return connection


def answer(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[str]] | None:
    """The names of a query's columns, and its rows in the order in which they come; None where DuckDB refuses it."""
    try:
        result = connection.execute(sql)
        return [column[0] for column in result.description], list(map(repr, result.fetchall()))
    except duckdb.Error:
        return None
