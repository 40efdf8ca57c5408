"""SQL constructs, each as a query over core.s and core.o, with the columns that name a row and those that are traced.

Beside each the verdict that tracing is to reach for all of its cells: exact, larger or refused.
"""

# ruff: noqa: E501 - a query stays in one line
from __future__ import annotations

S = """(VALUES (0, 1, 'a', 2.5::DOUBLE, [1, 2], {'x': 1, 'y': 'p'}, 10), (1, 2, 'b', NULL, [3], {'x': 2, 'y': 'q'}, 20),
                (2, 3, 'a', 7.5, NULL, NULL, 30), (3, 4, 'c', 1.25, [4, 5], {'x': 4, 'y': 'r'}, NULL),
                (4, 5, 'b', 3.5, [], {'x': 5, 'y': NULL}, 50), (5, 6, NULL, 9.0, [6], {'x': 6, 'y': 's'}, 60))
       AS t(_row, id, k, v, l, st, d)"""
OTHER = """(VALUES (0, 1, 'w1', 2.0::DOUBLE), (1, 3, 'w3', 8.0), (2, 3, 'w4', 1.0), (3, 7, 'w7', 4.0), (4, 5, 'w5', NULL))
       AS t(_row, id, w, z)"""
TABLES = {"core.s": f"SELECT * FROM {S}", "core.o": f"SELECT * FROM {OTHER}"}
MACROS = [
    "CREATE MACRO kelvin(c) AS c + 273.15",
    "CREATE MACRO spread(lo, hi := 3) AS TABLE SELECT unnest(range(lo, hi)) AS n",
    "CREATE MACRO total(x) AS sum(x) * 2",
]

# name: (query, columns that name a row, verdict)
CONSTRUCTS: dict[str, tuple[str, str, str]] = {
    "star": ("SELECT * FROM core.s", "id", "exact"),
    "filter": ("SELECT id, v FROM core.s WHERE v > 2", "id", "exact"),
    "expression": ("SELECT id, v * 2 + d AS x FROM core.s", "id", "exact"),
    "case": (
        "SELECT id, CASE WHEN v > 3 THEN 'high' WHEN v IS NULL THEN NULL ELSE k END AS c FROM core.s",
        "id",
        "exact",
    ),
    "macro": ("SELECT id, kelvin(v) AS t FROM core.s", "id", "exact"),
    "lateral_alias": ("SELECT id, v * 2 AS v2, v2 + 1 AS v3 FROM core.s", "id", "exact"),
    "struct_field": ("SELECT id, st.x AS x, st['y'] AS y FROM core.s", "id", "exact"),
    "struct_star": ("SELECT id, st.* FROM core.s", "id", "exact"),
    "list_lambda": ("SELECT id, list_transform(l, lambda x: x + id) AS l2 FROM core.s", "id", "exact"),
    "list_comprehension": ("SELECT id, [x * 2 FOR x IN l IF x > 1] AS l2 FROM core.s", "id", "exact"),
    "map": ("SELECT id, MAP {k: v} AS m FROM core.s WHERE k IS NOT NULL", "id", "exact"),
    "from_first": ("FROM core.o", "w", "exact"),
    "star_exclude_replace": ("SELECT * EXCLUDE (l, st) REPLACE (v * 2 AS v) FROM core.s", "id", "exact"),
    "columns": ("SELECT COLUMNS('^(id|k)$') FROM core.s", "id", "exact"),
    "inner_join": ("SELECT s.id, o.w, o.z FROM core.s s JOIN core.o o ON o.id = s.id", "w", "exact"),
    "using_join": ("SELECT id, k, w FROM core.s JOIN core.o USING (id)", "w", "exact"),
    "natural_join": ("SELECT id, k, w FROM core.s NATURAL JOIN core.o", "w", "exact"),
    "left_join": ("SELECT s.id, s.k, o.w FROM core.s s LEFT JOIN core.o o ON o.id = s.id", "id w", "exact"),
    "right_join": ("SELECT o.id, o.w, s.k FROM core.s s RIGHT JOIN core.o o ON o.id = s.id", "w", "exact"),
    "full_join": ("SELECT id, k, w FROM core.s FULL JOIN core.o USING (id)", "id w", "larger"),
    "cross_join": ("SELECT s.id, o.w, s.v + o.z AS x FROM core.s s CROSS JOIN core.o o", "id w", "exact"),
    "comma_join": ("SELECT s.id, o.w FROM core.s s, core.o o WHERE s.v < o.z", "id w", "exact"),
    "self_join": (
        "SELECT a.id, b.id AS other FROM core.s a JOIN core.s b ON a.k = b.k AND a.id < b.id",
        "id other",
        "exact",
    ),
    "inequality_join": ("SELECT s.id, o.w FROM core.s s JOIN core.o o ON s.v >= o.z", "id w", "exact"),
    "semi_join": ("SELECT id, k FROM core.s SEMI JOIN core.o USING (id)", "id", "exact"),
    "anti_join": ("SELECT id, k FROM core.s ANTI JOIN core.o USING (id)", "id", "exact"),
    "asof_join": ("SELECT s.id, o.w FROM core.s s ASOF JOIN core.o o ON s.v >= o.z", "id", "exact"),
    "positional_join": ("SELECT s.id, o.w FROM core.s s POSITIONAL JOIN core.o o", "id w", "larger"),
    "left_join_of_nothing": (
        "SELECT s.id, s.k FROM core.s s LEFT JOIN core.o o ON o.id = s.id AND o.z > 100",
        "id",
        "exact",
    ),
    "union_all": ("SELECT id, k FROM core.s UNION ALL SELECT id, w FROM core.o", "id k", "exact"),
    "union": ("SELECT id FROM core.s UNION SELECT id FROM core.o", "id", "exact"),
    "union_by_name": ("SELECT id, k FROM core.s UNION ALL BY NAME SELECT w AS k, id, z FROM core.o", "id k z", "exact"),
    "except": ("SELECT id FROM core.s EXCEPT SELECT id FROM core.o", "id", "exact"),
    "except_all": ("SELECT k FROM core.s EXCEPT ALL SELECT 'a'", "k", "exact"),
    "intersect": ("SELECT id FROM core.s INTERSECT SELECT id FROM core.o", "id", "exact"),
    "intersect_all": ("(SELECT id FROM core.s) INTERSECT ALL (SELECT id FROM core.o)", "id", "exact"),
    "distinct": ("SELECT DISTINCT k FROM core.s", "k", "exact"),
    "distinct_on": ("SELECT DISTINCT ON (k) k, id FROM core.s ORDER BY k, id DESC", "k", "exact"),
    "group_sum": ("SELECT k, sum(v) AS s FROM core.s GROUP BY k", "k", "exact"),
    "group_count": ("SELECT k, count(*) AS n FROM core.s GROUP BY k", "k", "exact"),
    "group_count_column": ("SELECT k, count(v) AS n FROM core.s GROUP BY k", "k", "exact"),
    "group_max": ("SELECT k, max(v) AS m, min(id) AS i FROM core.s GROUP BY k", "k", "exact"),
    "group_arg_max": ("SELECT k, arg_max(id, v) AS i FROM core.s GROUP BY k", "k", "exact"),
    "group_first": ("SELECT k, first(v ORDER BY id DESC) AS f FROM core.s GROUP BY k", "k", "exact"),
    "group_list": (
        "SELECT k, list(id ORDER BY id DESC) AS ids, string_agg(id, ',' ORDER BY id) AS t FROM core.s GROUP BY k",
        "k",
        "exact",
    ),
    "group_filter": (
        "SELECT k, sum(v) FILTER (WHERE id > 1) AS s, count(*) FILTER (WHERE v > 2) AS n FROM core.s GROUP BY k",
        "k",
        "exact",
    ),
    "group_distinct": ("SELECT count(DISTINCT k) AS n FROM core.s", "", "exact"),
    "group_all": ("SELECT k, d > 20 AS late, max(v) AS m FROM core.s GROUP BY ALL", "k late", "exact"),
    "group_position": ("SELECT upper(k) AS u, avg(v) AS a FROM core.s GROUP BY 1", "u", "exact"),
    "group_alias": ("SELECT id // 2 AS half, sum(v) AS s FROM core.s GROUP BY half", "half", "exact"),
    "group_macro": ("SELECT k, total(v) AS t FROM core.s GROUP BY k", "k", "larger"),
    "global_aggregate": ("SELECT sum(v) AS s, max(d) AS m FROM core.s", "", "exact"),
    "having": ("SELECT k, max(v) AS m FROM core.s GROUP BY k HAVING count(*) > 1", "k", "larger"),
    "rollup": (
        "SELECT k, d > 20 AS late, count(*) AS n, grouping(k) AS g FROM core.s GROUP BY ROLLUP (k, late)",
        "k late g",
        "exact",
    ),
    "cube": (
        "SELECT k, id % 2 AS odd, sum(id) AS n, grouping(k, odd) AS g FROM core.s GROUP BY CUBE (k, odd)",
        "k odd g",
        "exact",
    ),
    "grouping_sets": (
        "SELECT k, id % 2 AS odd, sum(id) AS n, grouping(k, odd) AS g FROM core.s GROUP BY GROUPING SETS ((k), (odd), ())",
        "k odd g",
        "exact",
    ),
    "group_of_group": (
        "SELECT n, sum(m) AS m FROM (SELECT k, count(*) AS n, max(v) AS m FROM core.s GROUP BY k) GROUP BY n",
        "n",
        "larger",
    ),
    "group_over_join": (
        "SELECT s.k, count(o.w) AS n FROM core.s s LEFT JOIN core.o o ON o.id = s.id GROUP BY s.k",
        "k",
        "exact",
    ),
    "window_sum": ("SELECT id, sum(v) OVER (PARTITION BY k) AS s FROM core.s", "id", "exact"),
    "window_running": ("SELECT id, sum(id) OVER (ORDER BY id) AS s FROM core.s", "id", "exact"),
    "window_rows": (
        "SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM core.s",
        "id",
        "exact",
    ),
    "window_range": (
        "SELECT id, sum(id) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS n FROM core.s",
        "id",
        "exact",
    ),
    "window_exclude": (
        "SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) AS s FROM core.s",
        "id",
        "exact",
    ),
    "window_named": (
        "SELECT id, count(*) OVER w AS n FROM core.s WINDOW w AS (PARTITION BY k ORDER BY id)",
        "id",
        "exact",
    ),
    "window_rank": ("SELECT id, rank() OVER (ORDER BY v DESC NULLS LAST) AS r FROM core.s", "id", "exact"),
    "window_row_number": ("SELECT id, row_number() OVER (PARTITION BY k ORDER BY id) AS r FROM core.s", "id", "exact"),
    "window_ntile": ("SELECT id, ntile(2) OVER (ORDER BY id) AS n FROM core.s", "id", "larger"),
    "window_lag": (
        "SELECT id, lag(v) OVER (ORDER BY id) AS p, lead(id, 2) OVER (ORDER BY id) AS q FROM core.s",
        "id",
        "exact",
    ),
    "window_first_value": (
        "SELECT id, first_value(v) OVER (PARTITION BY k ORDER BY id) AS f FROM core.s",
        "id",
        "exact",
    ),
    "window_filter": ("SELECT id, sum(id) FILTER (WHERE v > 2) OVER (PARTITION BY k) AS s FROM core.s", "id", "exact"),
    "qualify": (
        "SELECT id, k, v FROM core.s QUALIFY row_number() OVER (PARTITION BY k ORDER BY id) = 1",
        "id",
        "exact",
    ),
    "qualify_alias": (
        "SELECT id, k, rank() OVER (PARTITION BY k ORDER BY id DESC) AS r FROM core.s QUALIFY r = 1",
        "id",
        "exact",
    ),
    "rank_filtered_outside": (
        "SELECT id, v FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY id DESC) AS r FROM core.s) WHERE r = 1",
        "id",
        "exact",
    ),
    "window_over_group": (
        "SELECT k, sum(id) AS s, rank() OVER (ORDER BY sum(id) DESC) AS r FROM core.s GROUP BY k",
        "k",
        "larger",
    ),
    "order_limit": ("SELECT id, v FROM core.s ORDER BY v DESC NULLS LAST LIMIT 2", "id", "exact"),
    "offset": ("SELECT id, v FROM core.s ORDER BY id LIMIT 2 OFFSET 1", "id", "larger"),
    "limit_percent": ("SELECT id FROM core.s ORDER BY id LIMIT 50%", "id", "larger"),
    "cte": (
        "WITH a AS (SELECT id AS i, k FROM core.s), b AS MATERIALIZED (SELECT i + 1 AS j, k FROM a) SELECT j, k FROM b",
        "j",
        "exact",
    ),
    "cte_columns": ("WITH a(p, q) AS (SELECT id, k FROM core.s) SELECT p, q FROM a", "p", "exact"),
    "cte_twice": (
        "WITH m AS (SELECT k, max(id) AS i FROM core.s GROUP BY k) SELECT a.k, a.i, b.i AS j FROM m a JOIN m b ON b.i > a.i",
        "i j",
        "exact",
    ),
    "recursive": (
        "WITH RECURSIVE r(n, a) AS (SELECT id, id FROM core.s WHERE id = 1 UNION SELECT s.id, r.a FROM r JOIN core.s s ON s.id = r.n + 1) SELECT n, a FROM r",
        "n",
        "exact",
    ),
    "recursive_all": (
        "WITH RECURSIVE r AS (SELECT id AS n, 0 AS depth FROM core.o WHERE id < 5 UNION ALL SELECT n + 1, depth + 1 FROM r WHERE depth < 2) SELECT n, depth FROM r",
        "n depth",
        "exact",
    ),
    "derived_table": (
        "SELECT x.i, x.w FROM (SELECT s.id AS i, o.w FROM core.s s JOIN core.o o USING (id)) x WHERE x.i > 1",
        "w",
        "exact",
    ),
    "correlated_scalar": (
        "SELECT id, (SELECT max(w) FROM core.o o WHERE o.id = s.id) AS w FROM core.s s",
        "id",
        "larger",
    ),
    "scalar_subquery": ("SELECT id, v - (SELECT sum(z) FROM core.o) AS x FROM core.s", "id", "exact"),
    "exists": ("SELECT id FROM core.s s WHERE EXISTS (SELECT 1 FROM core.o o WHERE o.id = s.id)", "id", "exact"),
    "not_exists": (
        "SELECT id FROM core.s s WHERE NOT EXISTS (SELECT 1 FROM core.o o WHERE o.id = s.id)",
        "id",
        "exact",
    ),
    "in": ("SELECT id, k FROM core.s WHERE id IN (SELECT id FROM core.o)", "id", "exact"),
    "not_in": ("SELECT id, k FROM core.s WHERE id NOT IN (SELECT id FROM core.o)", "id", "exact"),
    "exists_column": ("SELECT id, EXISTS (SELECT 1 FROM core.o o WHERE o.id = s.id) AS e FROM core.s s", "id", "exact"),
    "in_column": ("SELECT id, id IN (SELECT id FROM core.o) AS e FROM core.s", "id", "exact"),
    "all": ("SELECT id, id > ALL (SELECT id FROM core.o WHERE id < 5) AS most FROM core.s", "id", "larger"),
    "having_subquery": (
        "SELECT k, sum(id) AS n FROM core.s GROUP BY k HAVING sum(id) > (SELECT min(id) FROM core.o)",
        "k",
        "larger",
    ),
    "lateral": ("SELECT s.id, x.y FROM core.s s, LATERAL (SELECT s.v * 2 AS y) x", "id", "exact"),
    "lateral_rows": (
        "SELECT s.id, x.w FROM core.s s, LATERAL (SELECT o.w FROM core.o o WHERE o.id = s.id) x",
        "w",
        "exact",
    ),
    "lateral_group": (
        "SELECT s.id, x.n FROM core.s s, LATERAL (SELECT count(*) AS n FROM core.o o WHERE o.id = s.id) x",
        "id",
        "exact",
    ),
    "lateral_limit": (
        "SELECT s.id, x.w FROM core.s s, LATERAL (SELECT o.w FROM core.o o WHERE o.z < s.v ORDER BY o.z DESC LIMIT 1) x",
        "id",
        "larger",
    ),
    "unnest": ("SELECT id, unnest(l) AS e FROM core.s", "id e", "exact"),
    "unnest_lateral": ("SELECT s.id, u.e FROM core.s s, unnest(s.l) AS u(e)", "id e", "exact"),
    "series_lateral": ("SELECT s.id, g.i FROM core.s s, generate_series(1, s.id) g(i)", "id i", "exact"),
    "table_macro": ("SELECT id, n FROM core.s, spread(1)", "id n", "exact"),
    "values": (
        "SELECT s.id, t.name FROM core.s s JOIN (VALUES ('a', 'one'), ('b', 'two')) t(k, name) ON t.k = s.k",
        "id",
        "exact",
    ),
    "pivot": ("PIVOT core.s ON k IN ('a', 'b') USING sum(v) AS total GROUP BY id", "id", "exact"),
    "pivot_group": ("FROM (PIVOT core.s ON k IN ('a', 'b') USING max(id) GROUP BY d)", "d", "exact"),
    "unpivot": (
        "UNPIVOT (SELECT id, v, d::DOUBLE AS d FROM core.s) ON v, d INTO NAME what VALUE n",
        "id what",
        "exact",
    ),
    "coalesce_of_joins": (
        "SELECT s.id, coalesce(o.z, s.v) AS x FROM core.s s LEFT JOIN core.o o ON o.id = s.id AND o.w <> 'w4'",
        "id",
        "exact",
    ),
    "sample": ("SELECT id FROM core.s USING SAMPLE 100 PERCENT (bernoulli, 42)", "id", "larger"),
    "no_rows": ("SELECT 1 AS a, 'x' AS b", "a", "exact"),
}
