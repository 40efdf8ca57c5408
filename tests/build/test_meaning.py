"""What a model's SQL means: nothing that reaches a value is folded, and all that it reads and calls is seen."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import queries
import toy
from queries import NAMES_ARE_DATA, QUERIES

from lake import config
from lake.build import determinism, graph, parse, run
from lake.build.model import Uses
from lake.errors import LakeError, ModelError

HEAD = "from typing import Annotated\nfrom lake.contract import SqlType, Table\n"
BARE = dict.fromkeys(toy.FILES.keys() - {"lake.toml"})


@pytest.fixture(scope="module")
def database():
    with queries.database() as connection:
        yield connection


def project(folder: Path, **files: str | None) -> Path:
    """A lake of core.x(v), core.y(v) and a model core.m(v), and these files."""
    contract = HEAD + "".join(f"class {name}(Table):\n    v: int\n" for name in "XYM")
    base = {"models/core.py": contract, "sql/core/x.sql": "SELECT 10::BIGINT AS v", "sql/core/y.sql": "FROM core.x"}
    return toy.make(folder, **{**BARE, **base, **files})


def used(sql: str) -> Uses:
    return Uses.of(parse.select(sql, Path("core/m.sql")))


# The fingerprint


def flipped(word: str) -> str:
    return word.lower() if word != word.lower() else word.upper()


@pytest.mark.parametrize("query", QUERIES)
def test_what_reaches_a_value_is_in_the_fingerprint(database, query):
    """Each word in another case, one at a time: where the answer is another one, so is the fingerprint."""
    sql = QUERIES[query]
    before, meant = queries.answer(database, sql), parse.canonical(sql)
    for word in parse.words(parse.bare(sql))[:60]:
        other = sql[: word.start] + flipped(word.text) + sql[word.end :]
        if queries.answer(database, other) != before:
            assert parse.canonical(other) != meant, other


@pytest.mark.parametrize("query", QUERIES)
def test_comments_and_layout_mean_nothing(query):
    sql = QUERIES[query]
    spaced, last = "", 0
    for word in parse.words(sql):
        gap = sql[last : word.start]
        spaced += (f" /* {last} -- */\n\t-- it's \"\n" if gap and not word.text.startswith("'") else gap) + word.text
        last = word.end
    assert parse.canonical(spaced + " -- end") == parse.canonical(sql)
    assert parse.canonical(f"SELECT 1, * FROM ({parse.bare(sql)})") != parse.canonical(sql)


def test_the_case_of_keywords_and_functions_means_nothing():
    assert parse.canonical("SELECT Count(*) AS n FROM core.s") == parse.canonical("select COUNT(*) as n from core.s")


@pytest.mark.parametrize("query", NAMES_ARE_DATA)
def test_another_case_of_a_name_that_is_data_rebuilds(database, query):
    sql = NAMES_ARE_DATA[query]
    before = queries.answer(database, sql)
    changed = [sql[: w.start] + flipped(w.text) + sql[w.end :] for w in parse.words(sql)]
    assert any(queries.answer(database, other) not in (before, None) for other in changed)


@pytest.mark.long
def test_a_name_that_is_data_makes_a_model_stale(tmp_path):
    folder = project(
        tmp_path,
        **{
            "sql/core/m.sql": "SELECT to_json({Foo: v})::VARCHAR AS j FROM core.x",
            "macros/m.sql": "CREATE MACRO named(a) AS {Foo: a}",
            "sql/core/y.sql": "SELECT to_json(named(v))::VARCHAR AS j FROM core.x",
            "models/core.py": HEAD
            + "class X(Table):\n    v: int\nclass Y(Table):\n    j: str\nclass M(Table):\n    j: str\n",
        },
    )
    settings = config.load(folder)
    run.run(settings)
    (folder / "sql/core/m.sql").write_text("select To_Json({foo: v})::varchar AS j -- a comment\nFROM core.x;")
    (folder / "macros/m.sql").write_text("/* a comment */ create macro NAMED(a) as {foo: a};")
    assert sorted(built.table for built in run.run(settings).built) == ["core.m", "core.y"]
    with duckdb.connect(str(folder / "lake.duckdb"), read_only=True) as door:
        assert door.execute("FROM core.m UNION ALL FROM core.y").fetchall() == [('{"foo":10}',)] * 2
    (folder / "sql/core/m.sql").write_text("SELECT\n  to_json({foo: v})::VARCHAR AS j\nFROM core.x")
    (folder / "macros/m.sql").write_text("CREATE MACRO named(a) AS {foo: a}")
    assert run.run(settings).built == []


# What is called and read

CALLS = {
    'SELECT "f"(2)::BIGINT AS v': "scalar",
    'SELECT "F" (2)::BIGINT AS v': "scalar",
    "SELECT f /* c */ (2)::BIGINT AS v": "scalar",
    "SELECT main.f(2)::BIGINT AS v": "scalar",
    "SELECT (2).f()::BIGINT AS v": "scalar",
    "SELECT x.f()::BIGINT AS v FROM (SELECT 2 AS x)": "scalar",
    'SELECT list_transform([2], lambda x: "f"(x))[1]::BIGINT AS v': "scalar",
    "SELECT [f(x) FOR x IN [2]][1]::BIGINT AS v": "scalar",
    'SELECT "g"(2)::BIGINT AS v': "through another",
    "SELECT h()::BIGINT AS v": "in a default",
    'SELECT n::BIGINT AS v FROM "t"(2)': "table",
    "SELECT n::BIGINT AS v FROM T(2)": "table",
    "SELECT 3::BIGINT AS v ORDER BY f(1)": "scalar",
    "SELECT sum(1) OVER (ORDER BY f(1))::BIGINT AS v": "scalar",
    "SELECT array_append([1], 2)[2]::BIGINT AS v": "DuckDB's own macro calls one of ours",
}


@pytest.mark.parametrize("sql", CALLS)
def test_a_macro_that_is_called_is_seen_however_it_is_written(tmp_path, sql):
    macros = """CREATE MACRO f(x) AS x * 10; CREATE MACRO g(x) AS "f"(x) + 1; CREATE MACRO h(x := f(2)) AS x;
        CREATE MACRO t(x) AS TABLE SELECT f(x) AS n; CREATE MACRO list_append(a, b) AS list_concat(a, [f(b)]);"""
    folder = project(tmp_path, **{"macros/m.sql": macros, "sql/core/m.sql": sql})
    assert "f" in graph.load(config.load(folder)).models["core.m"].macros


READS = {
    "SELECT v FROM core.x": ["core.x"],
    'SELECT v FROM "core"."X"': ["core.x"],
    "SELECT max(v) AS v FROM (SELECT 1) one, core . x": ["core.x"],
    "SELECT max(v) AS v FROM /* the */ core.x": ["core.x"],
    "FROM core.x SELECT v": ["core.x"],
    "TABLE core.x": ["core.x"],
    "SELECT core.x.v FROM core.x": ["core.x"],
    "WITH x AS (SELECT v FROM core.x) SELECT v FROM x": ["core.x"],
    "WITH x AS (SELECT 5::BIGINT AS v) SELECT core.x.v FROM core.x": ["core.x"],
    "SELECT list_transform([1], i -> (SELECT max(v) FROM core.x))[1] AS v": ["core.x"],
    "SELECT count(*) AS v FROM (DESCRIBE core.x)": ["core.x"],
    "SELECT max::BIGINT AS v FROM (SUMMARIZE core.x)": ["core.x"],
    "SELECT x.v FROM core.x SEMI JOIN core.y USING (v)": ["core.x", "core.y"],
    "SELECT l.v FROM (SELECT 1), LATERAL (SELECT v FROM core.x) l": ["core.x"],
    "SELECT extract(year FROM s.d) AS v FROM core.x s": ["core.x"],
    "FROM (PIVOT core.x ON v IN (1) USING count(*))": ["core.x"],
    "FROM (UNPIVOT core.x ON v)": ["core.x"],
}


@pytest.mark.parametrize("sql", READS)
def test_a_table_that_is_read_is_seen_however_it_is_written(sql):
    assert used(sql).tables == tuple(READS[sql])


HIDDEN = {
    "SELECT v FROM query_table('core.x')": r"(?s)hides what it reads.*FROM layer.table",
    "SELECT v FROM query('SELECT * FROM core.x')": "hides what it reads",
    "SELECT v FROM through('core.x')": r"(?s)hides what it reads.*macro through",
    "SELECT count(*) AS v FROM histogram('core.x', 'v')": r"histogram\(\)",
    "SELECT v FROM memory.core.x": r"(?s)another database.*write core.x",
    "SELECT v FROM x": "without its layer",
    "SELECT v FROM 'x.parquet'": "reads the file",
    "SELECT v FROM read_csv('x.csv')": "reads a file",
    "SELECT count(*) AS v FROM glob('*')": "reads a file",
    "SELECT count(*) AS v FROM duckdb_tables()": r"duckdb_tables\(\)",
    "SELECT count(*) AS v FROM (SHOW ALL TABLES)": "show",
    "SELECT count(*) AS v FROM information_schema.tables": "information_schema.tables, which nothing makes",
    "SELECT v FROM reading()": r"(?s)reads core.x.*join the table",
}


@pytest.mark.parametrize("sql", HIDDEN)
def test_what_hides_what_it_reads_is_refused(tmp_path, sql):
    macros = """CREATE MACRO through(t) AS TABLE SELECT v FROM query_table(t);
        CREATE MACRO reading() AS TABLE SELECT v FROM (SELECT 1) one, core.x;"""
    with pytest.raises(LakeError, match=HIDDEN[sql]):
        run.run(config.load(project(tmp_path, **{"macros/m.sql": macros, "sql/core/m.sql": sql})))


MACROS = {
    "/* c */ CREATE MACRO g(x) AS x * 10": False,
    "-- c\nCREATE OR REPLACE FUNCTION g(x) AS x * 10": False,
    'CREATE MACRO "g"(x) AS x * 10': False,
    "CREATE MACRO IF NOT EXISTS G(x, y := 10) AS x * y": False,
    "CREATE MACRO g(x) AS x * 10, (x, y) AS x * y": False,
    "CREATE MACRO g(s) AS extract(year FROM s.d)": False,
    "CREATE MACRO g(s) AS s || ' -- no comment FROM core.x'": False,
    "CREATE MACRO g(x) AS (SELECT max(v) FROM (SELECT 1), core.x)": True,
    'CREATE MACRO g(x) AS TABLE (SELECT 1 AS a), (x, y) AS TABLE (FROM "core"."x")': True,
}


@pytest.mark.parametrize("sql", MACROS)
def test_what_a_macro_is(sql):
    found = parse.macro(sql, Path("macros/m.sql"))
    assert (found["name"], found["tables"]) == ("g", ["core.x"] if MACROS[sql] else [])


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("CREATE TEMP MACRO g(x) AS x", r"(?s)temporary.*CREATE MACRO g\("),
        ("CREATE MACRO core.g(x) AS x", "(?s)has no layer.*call it g"),
        ("SELECT 1", "CREATE MACRO statements only"),
        ("CREATE TABLE g(x INT)", "CREATE MACRO statements only"),
        ("CREATE MACRO g() AS TABLE FROM edges", "without its layer"),
    ],
)
def test_what_is_no_macro_is_told(sql, says):
    with pytest.raises(ModelError, match=says):
        parse.macro(sql, Path("macros/m.sql"))


@pytest.mark.parametrize("end", ["; -- done", " ;\n/* done */\n", "\n-- done", ";;"])
def test_a_comment_may_follow_the_last_word(tmp_path, end):
    contract = HEAD + "class X(Table):\n    v: int\nclass Y(Table, materialized='view'):\n    v: int\n"
    files = {"models/core.py": contract, "sql/core/x.sql": f"SELECT 10::BIGINT AS v{end}"}
    folder = project(tmp_path, **files, **{"sql/core/y.sql": f"SELECT v FROM core.x{end}"})
    assert len(run.run(config.load(folder)).built) == 2
    with duckdb.connect(str(folder / "lake.duckdb"), read_only=True) as door:
        assert door.execute("FROM core.y").fetchall() == [(10,)]


# What gives another thing each time

VARYING = [
    *("localtimestamp", "localtime", "CURRENT_TIMESTAMP", "current_date", '"user"', "current_user", "session_user"),
    *("current_localtimestamp()", "current_localtime()", "now()", "today()", "random()", "uuid()", "gen_random_uuid()"),
    *("age(TIMESTAMP '2000-01-01')", "main.age(DATE '2000-01-01')", "(TIMESTAMP '2000-01-01').age()", "t.d.age()"),
    *("ago(INTERVAL 1 DAY)", "uuidv7()", "setseed(0.5)", "nextval('s')", "version()", "current_setting('threads')"),
    *("getvariable('x')", "current_role", "current_schema()", "current_database()", "txid_current()"),
    *("current_query()", "pg_postmaster_start_time()", "get_block_size('x')"),
]
CONSISTENT = [
    *("age(TIMESTAMP '2001-04-10', TIMESTAMP '2000-01-01')", "t.d.age(t.e)", "error('x')", "md5('x')", "pg_typeof(1)"),
    *(
        "json_group_object(1, 2)",
        "histogram(1)",
        "DATE '2000-01-01' + 1",
        "t.user",
        "list_sum([1])",
        "array_append([1], 2)",
    ),
]


@pytest.fixture(scope="module")
def varying(database):
    return determinism.varying(database)


def refused(sql: str, varying: frozenset[str]) -> bool:
    return any(determinism.non_deterministic(used(f"SELECT {sql} AS v"), varying))


@pytest.mark.parametrize("sql", VARYING)
def test_what_asks_the_clock_chance_or_the_session_is_refused(varying, sql):
    assert refused(sql, varying)


@pytest.mark.parametrize("sql", CONSISTENT)
def test_what_gives_the_same_is_let_be(varying, sql):
    assert not refused(sql, varying)


def test_the_refusal_says_where_and_what_to_write(tmp_path):
    folder = project(
        tmp_path, **{"sql/core/m.sql": "SELECT v\nFROM core.x\nWHERE localtimestamp > TIMESTAMP '2020-01-01'"}
    )
    with pytest.raises(ModelError, match=r"(?s)core.m calls localtimestamp.*m.sql:3.*t.localtimestamp"):
        run.run(config.load(folder))


ARGUMENTS = {
    "VARCHAR": "'a'",
    "BIGINT": "3",
    "INTEGER": "3",
    "DOUBLE": "0.5::DOUBLE",
    "BOOLEAN": "true",
    "DATE": "DATE '2020-02-03'",
    "TIMESTAMP": "TIMESTAMP '2020-02-03 04:05:06'",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ '2020-02-03 04:05:06+00'",
    "INTERVAL": "INTERVAL 3 DAY",
    "BLOB": "'a'::BLOB",
    "TIME": "TIME '01:02:03'",
    "VARCHAR[]": "['a']",
    "ANY[]": "[1, 2]",
    "T[]": "[1, 2]",
    "JSON": "'[1]'::JSON",
    "UUID": "'6b1f3a60-0000-4000-8000-000000000001'::UUID",
    "BIT": "'0101'::BIT",
    "ANY": "2",
    "T": "2",
    "DOUBLE[]": "[0.5::DOUBLE]",
    "HUGEINT": "3::HUGEINT",
}


def calls(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Every function with a call of it, for each of its lists of parameters."""
    rows = connection.execute(
        """SELECT DISTINCT function_name, CASE WHEN function_type = 'macro' THEN len(parameters) ELSE 0 END AS any,
                  coalesce(parameter_types, []) AS types
           FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate', 'macro') AND internal ORDER BY ALL"""
    ).fetchall()
    found = []
    for name, of_any, types in rows:
        kinds = ["BIGINT", "VARCHAR", "TIMESTAMP", "ANY[]", "INTERVAL"] if of_any else [""]
        for kind in kinds:
            given = [kind] * of_any if of_any else types
            found.append((name, f'"{name}"({", ".join(ARGUMENTS.get(type, "1") for type in given)})'))
    return found


@pytest.mark.long
def test_of_all_of_duckdbs_functions_those_let_be_give_the_same_in_any_session(tmp_path, varying):
    with duckdb.connect() as one, duckdb.connect(str(tmp_path / "other.duckdb"), config={"threads": 1}) as other:
        other.execute("CREATE SCHEMA s; USE s; CREATE TABLE t(a INT); SET VARIABLE a = 1")
        other.execute("BEGIN")
        asked = answered = 0
        differing = []
        for name, call in calls(one):
            asked += 1
            if name in varying or refused(call, varying):
                continue
            answers = [
                queries.answer(connection, f"SELECT CAST({call} AS VARCHAR) AS v") for connection in (one, other, one)
            ]
            if answers[1] is None:
                other.execute("ROLLBACK; BEGIN")
            answered += None not in answers
            differing += [call] if answers[0] != answers[1] or answers[0] != answers[2] else []
        assert differing == []
        assert answered > 600 < asked
