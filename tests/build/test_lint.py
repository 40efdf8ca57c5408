"""lake format changes the layout and nothing else; lake lint finds what each rule is about, and only that."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import queries
import toy
from conftest import ROOT
from queries import QUERIES
from typed import lake

from lake import config
from lake.build import format, graph, lint, parse, run
from lake.build.lint_rules import RULES
from lake.build.model import Project
from lake.errors import ModelError

HOUSE = ROOT
COLUMNS = {"core.t": {"a": "VARCHAR", "n": "BIGINT", "x": "DOUBLE", "d": "DECIMAL(9,2)"}}


def findings(tmp_path, sql, columns=COLUMNS):
    file = tmp_path / "m.sql"
    file.write_text(sql)
    return lint.check(file, Project({}, {}), columns)


def rules(tmp_path, sql):
    return [finding.rule for finding in findings(tmp_path, sql)]


# lint

BROKEN = {
    "hash": ["SELECT hash(a) AS h FROM core.t", "CREATE MACRO key(a) AS hash(a);", "SELECT HASH (a) AS h FROM core.t"],
    "approximate": [
        "SELECT approx_count_distinct(a) AS n FROM core.t",
        "SELECT approx_quantile(x, 0.5) AS n FROM core.t",
        "SELECT reservoir_quantile(x, 0.5) AS n FROM core.t",
        "SELECT a FROM core.t USING SAMPLE 10",
        "SELECT a FROM core.t TABLESAMPLE 10%",
    ],
    "join": [
        "SELECT t.a FROM core.t t ASOF JOIN core.t u ON t.n >= u.n",
        "SELECT t.a FROM core.t t POSITIONAL JOIN core.t u",
    ],
    "mode": ["SELECT mode(a) AS m FROM core.t"],
    "unordered": [
        "SELECT list(a) AS l FROM core.t",
        "SELECT array_agg(DISTINCT a) AS l FROM core.t",
        "SELECT string_agg(a, ',') AS s FROM core.t",
        "SELECT first(a) AS f FROM core.t",
        "SELECT any_value(a) AS f FROM core.t",
        "SELECT arg_max(a, n) AS f FROM core.t",
        "SELECT list(a) FILTER (n > 1) AS l FROM core.t",
        "SELECT row_number() OVER () AS r FROM core.t",
        "SELECT lag(a) OVER (PARTITION BY n) AS r FROM core.t",
        "CREATE MACRO of(a) AS TABLE SELECT list(b) AS l FROM core.t",
    ],
    "fraction": [
        "SELECT CAST(x AS INTEGER) AS i FROM core.t",
        "SELECT d::BIGINT AS i FROM core.t",
        "SELECT TRY_CAST(n / 2 AS INTEGER) AS i FROM core.t",
        "WITH c AS (SELECT x * 2 AS y FROM core.t) SELECT coalesce(y, 0)::INT AS i FROM c",
        "SELECT CAST(2.5 AS INTEGER) AS i",
        "CREATE MACRO half(n) AS CAST(n / 2 AS INTEGER)",
    ],
    "sum": [
        "SELECT sum(x) AS s FROM core.t",
        "SELECT avg(x * n) AS s FROM core.t GROUP BY a",
        "SELECT sum(x) FILTER (n > 1) AS s FROM core.t",
        "SELECT sum(n / 2) AS s FROM core.t",
        "WITH c AS (SELECT x AS y FROM core.t) SELECT avg(y) AS s FROM c",
        *(
            f"SELECT {call}(x) AS s FROM core.t"
            for call in "stddev stddev_samp stddev_pop variance var_samp var_pop".split()
        ),
        *(
            f"SELECT {call}(n) AS s FROM core.t"
            for call in "skewness kurtosis kurtosis_pop sem geomean product".split()
        ),
        *(
            f"SELECT {call}(x) AS s FROM core.t"
            for call in "geometric_mean entropy fsum sumkahan kahan_sum favg".split()
        ),
        *(f"SELECT {call}(x, n) AS s FROM core.t" for call in "corr covar_samp covar_pop regr_slope regr_r2".split()),
        "SELECT a, Stddev(DISTINCT x) FILTER (n > 1) AS s FROM core.t GROUP BY a",
    ],
    "limit": [
        "SELECT a, n FROM core.t LIMIT 3",
        "SELECT a, n FROM core.t ORDER BY n LIMIT 3",
        "SELECT a FROM (SELECT * FROM core.t ORDER BY n LIMIT 1)",
        "SELECT a FROM core.t OFFSET 2",
        "SELECT DISTINCT ON (a) a, n FROM core.t",
    ],
    "file": [
        "SELECT a FROM 'a.parquet'",
        "SELECT a FROM read_csv('a.csv')",
        "SELECT t.a FROM core.t t JOIN 'https://x.org/b.csv.gz' u USING (a)",
        "SELECT a FROM parquet_scan('x')",
    ],
    "parse": ["SELECT a FROM (", "CREATE MACRO nothing(a)"],
}
FINE = """
    SELECT md5(a) AS h FROM core.t
    SELECT count(DISTINCT a) AS n, quantile_cont(x, 0.5) AS q FROM core.t
    SELECT t.a FROM core.t t JOIN core.t u ON t.n >= u.n
    SELECT list(a ORDER BY a) AS l, first(a ORDER BY n, a) AS f FROM core.t
    SELECT list_sort(list(DISTINCT a)) AS l, array_sort(array_agg(a)) AS m FROM core.t
    SELECT arg_max(a, n ORDER BY a) AS f FROM core.t
    SELECT row_number() OVER (ORDER BY a, n) AS r, lag(a) OVER w AS b FROM core.t WINDOW w AS (ORDER BY a, n)
    SELECT any_value(a) OVER (PARTITION BY n ORDER BY a) AS r FROM core.t
    SELECT CAST(floor(x) AS INTEGER) AS i, round(n / 2)::INT AS j, trunc(x)::INT AS k, ceil(d)::INT AS l FROM core.t
    SELECT CAST(a AS INTEGER) AS i, n::INTEGER AS j, (n * 2)::INT AS k, (n // 2)::INT AS l FROM core.t
    SELECT CAST(unknown AS INTEGER) AS i FROM core.other
    SELECT a, n FROM core.t ORDER BY a, n LIMIT 3
    SELECT a, n FROM core.t ORDER BY 2, 1 LIMIT 3
    SELECT a AS name, n FROM core.t ORDER BY ALL LIMIT 3
    SELECT a AS name, n + 1 AS m FROM core.t ORDER BY name, n + 1 LIMIT 3
    SELECT n, sum(d) AS s FROM core.t GROUP BY n ORDER BY n LIMIT 3
    SELECT sum(n) AS s, sum(x ORDER BY x) AS t, sum(CAST(x AS DECIMAL(18, 6))) AS u, avg(d) AS v FROM core.t
    SELECT stddev(x ORDER BY x) AS s, corr(x, n ORDER BY x, n) AS c, product(n ORDER BY n) AS p FROM core.t
    SELECT regr_count(x, n) AS n, median(x) AS m, mad(x) AS d FROM core.t
    SELECT DISTINCT ON (a) a, n FROM core.t ORDER BY a, n
    SELECT a FROM core.t UNION SELECT a FROM core.t
    SELECT unnest(range(3)) AS r, g FROM generate_series(1, 3) s(g)
    SELECT 'hash(a) LIMIT 3' AS text, "mode" FROM core.t -- list(a)
    CREATE MACRO key(a) AS md5(a)
"""


@pytest.mark.parametrize(("rule", "sql"), [(rule, sql) for rule, texts in BROKEN.items() for sql in texts])
def test_a_rule_finds_what_it_is_about(tmp_path, rule, sql):
    assert rules(tmp_path, sql) == [rule]


def test_every_rule_is_tried_here():
    assert BROKEN.keys() >= RULES.keys()


@pytest.mark.parametrize("sql", [line.strip() for line in FINE.strip().splitlines()])
def test_what_is_well_written_is_let_be(tmp_path, sql):
    assert findings(tmp_path, sql) == []


def test_what_sqlglot_cannot_type_is_linted_all_the_same(tmp_path):
    sql = "WITH u AS (SELECT a FROM core.t), v AS (FROM u SEMI JOIN core.t USING (a)) SELECT hash(a) AS h FROM v"
    assert rules(tmp_path, sql) == ["hash"]


def test_a_finding_says_where(tmp_path):
    one = "-- hash(a)\nCREATE MACRO one(a, b := 3) AS\n    hash(a);"
    two = "CREATE MACRO two(a) AS TABLE\n  SELECT any_value(a) AS x;"
    first, second = findings(tmp_path, f"{one}\n{two}")
    assert (first.line, first.column, first.text) == (3, 5, "    hash(a);")
    assert (second.line, second.column) == (5, 10)
    (late,) = findings(tmp_path, "SELECT a\nFROM core.t\nWHERE (a = 'x'")
    assert (late.rule, late.line) == ("parse", 3)


def test_ordered_by_the_contracts_key_is_a_total_order(tmp_path):
    project = toy.make(
        tmp_path, **{"sql/core/heat.sql": "SELECT star, teff AS kilo FROM seeds.stars ORDER BY star LIMIT 1"}
    )
    loaded = graph.load(config.load(project))
    assert lint.check(project / "sql/core/heat.sql", loaded, {}) == []
    assert [one.rule for one in lint.check(project / "sql/core/heat.sql", Project({}, {}), {})] == ["limit"]


@pytest.mark.parametrize(
    ("sql", "left"),
    [
        ("SELECT a -- lint: allow hash because it stays here\n, hash(a) AS h FROM core.t", ["hash", "waiver"]),
        ("SELECT a, hash(a) AS h -- lint: allow hash because it stays here\nFROM core.t", []),
        ("SELECT\n  -- lint: allow hash because it\n  -- stays here\n\n  hash(a) AS h FROM core.t", []),
        ("SELECT hash(a) AS h, hash(n) AS i -- LINT: allow Hash because both stay\nFROM core.t", []),
        ("-- lint: allow hash because it stays\nSELECT a,\n hash(a) AS h FROM core.t", ["waiver", "hash"]),
        ("SELECT hash(a) AS h -- lint: allow hash\nFROM core.t", ["waiver"]),
        ("SELECT hash(a) AS h -- lint: allow hush because x\nFROM core.t", ["hash", "waiver"]),
        ("SELECT a -- lint: allow hash because it was there\nFROM core.t", ["waiver"]),
    ],
)
def test_a_waiver_says_what_and_why(tmp_path, sql, left):
    assert sorted(rules(tmp_path, sql)) == sorted(left)


def test_a_waiver_of_no_rule_is_told_the_nearest(tmp_path):
    assert any(
        "did you mean hash?" in f.what for f in findings(tmp_path, "SELECT 1 AS x -- lint: allow hush because y")
    )


@pytest.mark.long
def test_the_command_tells_file_line_and_reason(tmp_path):
    project = toy.make(tmp_path, **{"sql/core/heat.sql": "SELECT star,\n  hash(star) AS kilo FROM seeds.stars"})
    done = lake("lint", cwd=project)
    assert done.returncode == 1
    assert "sql/core/heat.sql:2:3: hash: " in done.stdout
    assert f"\n    hash(star) AS kilo FROM seeds.stars\n    ^ {RULES['hash'].reason}\n" in done.stdout
    found = json.loads(lake("lint", "--json", cwd=project).stdout)["findings"]
    assert [(f["rule"], f["line"], f["column"]) for f in found] == [("hash", 2, 3)]
    assert lake("lint", "sql/core/planets.sql", cwd=project).returncode == 0
    assert set(json.loads(lake("lint", "--rules", "--json", cwd=project).stdout)) == set(RULES)


@pytest.mark.long
def test_the_project_itself_keeps_the_rules():
    for command in (["lint"], ["format", "--check"]):
        done = lake(*command, cwd=HOUSE)
        assert done.returncode == 0, done.stdout


# format


def comments(sql):
    """The words of all comments."""
    return " ".join(re.sub(r"--|\s", " ", found) for found in re.findall(r"--[^\n]*", sql)).split()


UGLY = "select   A.n,   -- how many\n  count( * ) as k from core.t a where n>1 -- few\ngroup by a.n"


@pytest.mark.parametrize("file", [*format.models(HOUSE), None], ids=lambda path: path.stem if path else "ugly")
def test_only_the_layout_changes(tmp_path, file):
    before = file.read_text() if file else UGLY
    ugly = tmp_path / "m.sql"
    ugly.write_text(re.sub(r"\n +", "\n", before))
    once = format.formatted(ugly)
    assert parse.canonical(once.after) == parse.canonical(before)
    assert comments(once.after) == comments(before)
    assert max(map(len, once.after.splitlines())) <= format.WIDTH
    format.write([once])
    assert not format.formatted(ugly).changed
    assert once.after == before or not file  # the project's own files are laid out


@pytest.mark.parametrize("query", QUERIES)
def test_a_formatted_query_gives_the_same_values_and_names(tmp_path, query):
    sql = QUERIES[query]
    file = tmp_path / "m.sql"
    file.write_text(sql)
    with queries.database() as connection:
        before = queries.answer(connection, sql)
        assert before is not None, "DuckDB refuses the query itself"
        if query == "struct_key_keyword":
            with pytest.raises(ModelError, match="Values would become values"):
                format.formatted(file)
            return
        once = format.formatted(file)
        assert queries.answer(connection, once.after) == before
    format.write([once])
    assert not format.formatted(file).changed


REFUSED = {
    "SELECT id,\n  to_json({Values: 1}) AS j FROM core.s": r"(?s)Values would become values.*m.sql:2.*write \"Values\"",
    "SELECT a FROM (": "cannot be laid out",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_what_cannot_be_laid_out_is_left_and_told_why(tmp_path, sql):
    file = tmp_path / "m.sql"
    file.write_text(sql)
    with pytest.raises(ModelError, match=REFUSED[sql]):
        format.formatted(file)
    done = lake("format", file)
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    assert file.read_text() == sql


@pytest.mark.long
def test_the_command_writes_what_changes_and_makes_nothing_stale(tmp_path):
    project = toy.make(tmp_path)
    run.run(config.load(project))
    heat = project / "sql/core/heat.sql"
    os.chmod(heat, 0o640)
    checked = lake("format", "--check", cwd=project)
    assert (checked.returncode, heat.read_text()) == (1, toy.FILES["sql/core/heat.sql"])
    assert "\n-FROM seeds.stars\n" in lake("format", "--diff", cwd=project).stdout
    done = json.loads(lake("format", "--json", cwd=project).stdout)
    assert {Path(path).name for path in done["changed"]} == {"heat.sql", "planets.sql"}
    assert heat.stat().st_mode & 0o777 == 0o640
    assert lake("format", "--check", cwd=project).returncode == 0
    assert run.run(config.load(project)).built == []
    assert sorted(path.name for path in heat.parent.iterdir()) == ["heat.sql", "planets.sql"]


def test_files_of_no_lake_are_laid_out_too(tmp_path):
    (tmp_path / "a.sql").write_text(UGLY)
    assert lake("format", "a.sql", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.sql").read_text().splitlines()[0] == "select"
    assert json.loads(lake("format", "--json", "a.sql", cwd=tmp_path).stdout)["changed"] == []


def test_hooks_run_commands_that_exist():
    hooks = (HOUSE / ".pre-commit-hooks.yaml").read_text()
    entries = re.findall(r"^  entry: lake (\w+)$", hooks, re.MULTILINE)
    assert entries == ["format", "lint"]
    for pattern in re.findall(r"^  files: (.*)$", hooks, re.MULTILINE):
        assert all(re.search(pattern, f"{below}sql/core/edges.sql") for below in ("", "lakes/mine/"))
