"""What is built and why: selectors, early cut-off, mistakes told before anything runs, views, parts, failures."""

from __future__ import annotations

import json
import random
from pathlib import Path

import duckdb
import pytest
import toy
import typed

import lake
from lake import config
from lake.build import graph, preview, unit_files
from lake.build import run as building
from lake.build.select import select
from lake.errors import CheckFailed, ConfigError, ModelError
from lake.store import catalog, metadata

HEAD = "from typing import Annotated\nfrom lake.contract import Between, References, Rule, Table, Unit\n"
CHAIN = {
    "seeds/numbers.csv": "n,x\n" + "".join(f"{n},{n * 10}\n" for n in range(6)),
    "models/seeds.py": HEAD + 'class Numbers(Table, key="n", tags=("source",)):\n    n: int\n    x: int\n',
    "models/core.py": HEAD
    + 'class Parity(Table, key="n", tags=("kept", "small")):\n    n: int\n    odd: bool\n'
    + 'class Odd(Table, key="n", tags="kept"):\n    n: int\n'
    + "class Total(Table):\n    x: int\n",
    "models/features.py": HEAD + "class Count(Table):\n    n: int\n",
    "sql/core/parity.sql": "SELECT n, n % 2 = 1 AS odd FROM seeds.numbers",
    "sql/core/odd.sql": "SELECT n FROM core.parity WHERE odd",
    "sql/core/total.sql": "SELECT CAST(sum(x) AS BIGINT) AS x FROM seeds.numbers",
    "sql/features/count.sql": "SELECT count(*) AS n FROM core.odd",
    "sql/core/planets.sql": None,
    "sql/core/heat.sql": None,
    "macros/heat.sql": None,
    "seeds/stars.csv": None,
}


@pytest.fixture
def chain(tmp_path) -> Path:
    return toy.make(tmp_path / "chain", **CHAIN)


def build(folder: Path, *given: str, **options) -> building.Summary:
    return building.run(config.load(folder), given, **options)


def names(summary: building.Summary) -> list[str]:
    return sorted(built.table for built in summary.built)


def rows(folder: Path, query: str) -> list[tuple]:
    with lake.open(folder) as here:
        return here.sql(query).fetchall()


def steps(folder: Path, *given: str, **options) -> dict[str, tuple[str, str]]:
    found = preview.steps(config.load(folder), given, **options)
    return {step["table"]: (step["verdict"], step["reason"]) for step in found.steps}


# Early cut-off


@pytest.mark.long
def test_what_comes_out_the_same_rebuilds_nothing_that_reads_it(chain):
    build(chain)
    path = chain / "seeds/numbers.csv"
    path.write_text(path.read_text().replace("3,30", "3,31"))
    planned = steps(chain)
    assert planned["seeds.numbers"] == ("build", "its SQL changed")
    assert planned["core.odd"] == ("perhaps", "if core.parity comes out different")
    assert names(build(chain)) == ["core.parity", "core.total", "seeds.numbers"]
    assert rows(chain, "SELECT x FROM core.total") == [(151,)]
    assert {verdict for verdict, _ in steps(chain).values()} == {"fresh"}
    found = rows(
        chain, """SELECT table_name, changed FROM ops.runs WHERE snapshot = (SELECT max(snapshot) FROM ops.runs)"""
    )
    assert dict(found)["core.parity"] is False


@pytest.mark.long
def test_the_same_rows_in_another_order_are_the_same(chain):
    build(chain)
    (chain / "sql/core/parity.sql").write_text("SELECT n, n % 2 = 1 AS odd FROM seeds.numbers ORDER BY n DESC")
    assert names(build(chain)) == ["core.parity"]


@pytest.mark.long
@pytest.mark.quick(2)
@pytest.mark.parametrize("change", ["n % 2 = 0", "n % 2 = 1 AND n < 5", "NULL::BOOLEAN"])
def test_one_cell_that_differs_is_seen(chain, change):
    build(chain)
    (chain / "models/core.py").write_text(CHAIN["models/core.py"].replace("odd: bool", "odd: bool | None"))
    build(chain)
    (chain / "sql/core/parity.sql").write_text(f"SELECT n, {change} AS odd FROM seeds.numbers")
    (chain / "models/core.py").write_text(
        CHAIN["models/core.py"]
        .replace("odd: bool", "odd: bool | None")
        .replace('Odd(Table, key="n"', "Odd(Table, empty=True")
    )
    assert "core.odd" in names(build(chain))


@pytest.mark.long
def test_back_to_what_it_was_is_what_it_was(chain):
    build(chain)
    then = rows(chain, """SELECT table_name, content FROM ops.provenance ORDER BY ALL""")
    (chain / "sql/core/parity.sql").write_text("SELECT n, n % 2 = 0 AS odd FROM seeds.numbers")
    assert names(build(chain)) == ["core.odd", "core.parity", "features.count"]
    (chain / "sql/core/parity.sql").write_text(CHAIN["sql/core/parity.sql"])
    build(chain)
    assert rows(chain, """SELECT table_name, content FROM ops.provenance ORDER BY ALL""") == then


# Selectors


@pytest.mark.parametrize(
    ("selectors", "tables"),
    [
        ("core.odd", "core.odd"),
        ("core.*", "core.odd core.parity core.total"),
        ("+core.odd", "core.odd core.parity seeds.numbers"),
        ("1+core.odd", "core.odd core.parity"),
        ("core.parity+", "core.parity core.odd features.count"),
        ("core.parity+1", "core.parity core.odd"),
        ("1+core.odd+1", "core.parity core.odd features.count"),
        ("@core.total", "core.total seeds.numbers"),
        ("tag:kept", "core.parity core.odd"),
        ("tag:kept+1", "core.parity core.odd features.count"),
        ("tag:kept,tag:small", "core.parity"),
        ("core.total features.count", "core.total features.count"),
    ],
)
def test_selectors(chain, selectors, tables):
    project = graph.load(config.load(chain))
    assert select(project, selectors.split(), (), lambda what: None) == set(tables.split())


@pytest.mark.long
def test_exclude_changed_and_since_a_snapshot(chain):
    first = build(chain).snapshot
    (chain / "sql/core/total.sql").write_text("SELECT CAST(max(x) AS BIGINT) AS x FROM seeds.numbers")
    (chain / "sql/core/odd.sql").write_text("SELECT n FROM core.parity WHERE odd AND n > 1")
    assert names(build(chain, "changed", exclude=["core.odd+"])) == ["core.total"]
    assert names(build(chain, "changed+")) == ["core.odd", "features.count"]
    assert names(build(chain, f"@{first}", force=True)) == ["core.odd", "core.total", "features.count"]


def test_a_selected_model_does_not_take_along_what_it_reads(chain):
    with pytest.raises(ModelError, match=r"core.odd reads core.parity, which was never built") as error:
        build(chain, "core.odd")
    assert error.value.next == "lake build +core.odd"
    assert names(build(chain, "+core.odd")) == ["core.odd", "core.parity", "seeds.numbers"]


@pytest.mark.parametrize(
    ("selector", "says"),
    [
        ("core.od", "no model is called 'core.od'.*did you mean core.odd"),
        ("tag:smal", "no model has the tag 'smal'.*did you mean tag:small"),
        ("+", "invalid selector '\\+'"),
        ("@99", "99"),
    ],
)
def test_a_selector_that_means_nothing(chain, selector, says):
    build(chain)
    with pytest.raises(ConfigError, match=f"(?s){says}"):
        build(chain, selector)


# Mistakes before anything runs


def test_all_mistakes_are_told_at_once_and_nothing_ran(chain):
    build(chain)
    (chain / "seeds/numbers.csv").write_text("n,x\n1,10\n")
    (chain / "sql/core/parity.sql").write_text("SELECT n,\n       od AS odd\nFROM seeds.numbers")
    (chain / "sql/core/odd.sql").write_text("SELECT CAST(n AS VARCHAR) AS n FROM core.parity")
    files = sorted((chain / "data/tables").rglob("*"))
    with pytest.raises(ModelError) as error:
        build(chain)
    assert 'Referenced column "od" not found' in error.value.what
    assert "core.odd and its contract disagree: n is VARCHAR, but BIGINT is promised" in error.value.what
    assert error.value.where.endswith("sql/core/parity.sql:2")
    assert "^" in error.value.why
    assert sorted((chain / "data/tables").rglob("*")) == files


@pytest.mark.parametrize(
    "call", ["random() > 0.5", "now() > TIMESTAMP '2020-01-01'", "current_date > DATE '2020-01-01'"]
)
@pytest.mark.parametrize("in_macro", [False, True])
def test_what_differs_each_time_is_refused(chain, call, in_macro):
    body = f"SELECT n,\n {'chance()' if in_macro else call} AS odd FROM seeds.numbers"
    (chain / "sql/core/parity.sql").write_text(f"-- not {call}\n{body}")
    if in_macro:
        (chain / "macros/chance.sql").write_text(f"CREATE MACRO chance() AS\n {call};")
    with pytest.raises(ModelError, match=r"is non-deterministic") as error:
        build(chain)
    assert error.value.where.endswith("chance.sql:2" if in_macro else "parity.sql:3")
    assert "^" in error.value.why


@pytest.mark.parametrize("value", ["sum(n)", "[1, 2, 3]::INTEGER[3]", "INTERVAL 1 DAY", "'a'::ENUM('a')"])
def test_types_that_the_record_cannot_hold(chain, value):
    (chain / "sql/core/total.sql").write_text(f"SELECT {value} AS x FROM seeds.numbers")
    with pytest.raises(ModelError, match="which its files would return as another type"):
        build(chain)


def test_a_macro_called_with_the_wrong_arguments(chain):
    (chain / "macros/half.sql").write_text("CREATE MACRO half(x) AS x / 2;")
    (chain / "sql/core/total.sql").write_text("SELECT\n half(1, 2) AS x")
    with pytest.raises(ModelError, match=r"half\(\)|half") as error:
        build(chain)
    assert error.value.where.endswith("total.sql:2")


# Plan and why


def test_a_plan_needs_no_right_to_write_and_changes_nothing(chain):
    assert {verdict for verdict, _ in steps(chain).values()} == {"build"}
    assert not (chain / "data").exists()
    build(chain)
    (chain / "sql/core/odd.sql").write_text("SELECT n FROM core.parity WHERE odd AND n > 1")
    with catalog.writing(config.load(chain)):
        assert steps(chain)["core.odd"] == ("build", "its SQL changed")


@pytest.mark.long
def test_why(chain):
    settings = config.load(chain)
    assert preview.why(settings, "core.odd")["now"]["reason"] == "never built"
    build(chain)
    (chain / "sql/core/total.sql").write_text("SELECT CAST(max(x) AS BIGINT) AS x FROM seeds.numbers")
    number = build(chain).snapshot
    found = preview.why(settings, "core.total")
    assert (found["last"]["reason"], found["last"]["verdict"], found["snapshot"]) == (
        "its SQL changed",
        "built",
        number,
    )
    found = preview.why(settings, "core.odd")
    assert (found["last"]["reason"], found["last"]["verdict"], found["now"]["verdict"]) == (
        "never built",
        "fresh",
        "fresh",
    )
    with pytest.raises(ConfigError, match=r"(?s)no model is called.*core.odd"):
        preview.why(settings, "core.od")


@pytest.mark.long
def test_commands(chain):
    def lakes(*arguments: str) -> dict | list:
        return json.loads(typed.lake(*arguments, "-C", chain, "--json").stdout)

    assert {step["verdict"] for step in lakes("plan")["steps"]} == {"build"}
    assert len(lakes("build")["built"]) == 5
    assert lakes("why", "core.odd")["now"]["verdict"] == "fresh"
    runs = lakes("log", "--models")
    assert [run["seconds"] for run in runs] == sorted((run["seconds"] for run in runs), reverse=True)
    assert {run["table"]: (run["rows_in"], run["rows"]) for run in runs}["core.parity"] == (6, 6)
    assert all(run["bytes"] > 0 and run["memory"] > 0 for run in runs)


# Materialisations


@pytest.mark.long
def test_a_view_has_no_files_and_opens_in_any_shell(chain):
    (chain / "models/core.py").write_text(
        CHAIN["models/core.py"].replace(
            'class Odd(Table, key="n", tags="kept")', 'class Odd(Table, key="n", materialized="view")'
        )
    )
    (chain / "macros/half.sql").write_text("CREATE MACRO is_odd(n) AS n % 2 = 1;")
    (chain / "sql/core/odd.sql").write_text("SELECT n FROM core.parity WHERE is_odd(n);")
    build(chain)
    assert not (chain / "data/tables/core/odd").exists()
    with duckdb.connect(str(chain / "lake.duckdb"), read_only=True) as plain:
        assert plain.execute("SELECT n FROM core.odd ORDER BY n").fetchall() == [(1,), (3,), (5,)]
    assert rows(chain, "SELECT n FROM features.count") == [(3,)]
    assert names(build(chain)) == []
    (chain / "models/core.py").write_text(CHAIN["models/core.py"])  # and a table again
    assert "core.odd" in names(build(chain))
    assert rows(chain, "SELECT count(*) FROM core.odd") == [(3,)]


def test_sort_row_groups_compression_and_parts_reach_the_files(chain):
    arguments = 'key="n", sort=("odd", "n"), row_group_size=2048, compression="zstd", partition="odd"'
    (chain / "models/core.py").write_text(CHAIN["models/core.py"].replace('key="n", tags=("kept", "small")', arguments))
    (chain / "sql/core/parity.sql").write_text("SELECT 10000 - i AS n, i % 2 = 1 AS odd FROM range(10000) t(i)")
    build(chain)
    files = sorted((chain / "data/tables/core/parity").rglob("*.parquet"))
    values = [duckdb.sql(f"SELECT DISTINCT odd FROM '{file}'").fetchall() for file in files]
    assert sorted(values) == [[(False,)], [(True,)]]
    for file in files:
        groups = duckdb.sql(
            f"SELECT DISTINCT row_group_id, row_group_num_rows, compression FROM parquet_metadata('{file}')"
        )
        found = groups.fetchall()
        assert max(n for _, n, _ in found) == 2048
        assert {compression for *_, compression in found} == {"ZSTD"}
        column = [n for (n,) in duckdb.sql(f"SELECT n FROM '{file}'").fetchall()]
        assert column == sorted(column)
    assert rows(chain, "SELECT odd, count(*) FROM core.parity GROUP BY odd ORDER BY odd") == [
        (False, 5000),
        (True, 5000),
    ]
    with catalog.session(config.load(chain)) as record:
        assert record.execute("SELECT count(*) FROM core.parity WHERE odd").fetchone() == (5000,)


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ('partition="no"', "names a column 'no'"),
        ('materialized="heap"', "it is one of table, view"),
        ('compression="rar"', "it is one of"),
        ('materialized="view", sort="n"', "has no files"),
        ("colour=1", "unknown argument 'colour'"),
    ],
)
def test_a_contract_that_cannot_be(chain, argument, says):
    (chain / "models/core.py").write_text(CHAIN["models/core.py"].replace('key="n", tags="kept"', argument))
    with pytest.raises(ConfigError, match=f"(?s){says}"):
        build(chain)


PARTS = {
    **CHAIN,
    "seeds/rates.csv": "unit,rate\na,1\n",
    "models/seeds.py": HEAD
    + 'class Numbers(Table, empty=True):\n    release: str | None\n    id: int\n    x: int\n'
    + "class Rates(Table):\n    unit: str\n    rate: int\n",
    "models/core.py": HEAD + "class Sums(Table, empty=True, {}):\n    release: str | None\n    id: int\n    x: int\n",
    "sql/core/sums.sql": "SELECT release, id, CAST(sum(x * rate) AS BIGINT) AS x "
    "FROM seeds.numbers, seeds.rates GROUP BY ALL",
    "models/features.py": None,
    **dict.fromkeys(("sql/core/parity.sql", "sql/core/odd.sql", "sql/core/total.sql", "sql/features/count.sql")),
}  # fmt: skip


def write(folder: Path, table: list[tuple]) -> None:
    lines = (f"{release or ''},{id},{x}\n" for release, id, x in table)
    (folder / "seeds/numbers.csv").write_text("release,id,x\n" + "".join(lines))


def expected(table: list[tuple], rate: int = 1) -> list[tuple]:
    sums: dict[tuple, int] = {}
    for release, id, x in table:
        sums[release, id] = sums.get((release, id), 0) + x * rate
    return sorted(((release, id, x) for (release, id), x in sums.items()), key=repr)


@pytest.mark.long
@pytest.mark.quick(2)
@pytest.mark.parametrize("by", ["release", "id", "partition"])
def test_incremental_is_what_a_full_build_gives_whatever_changes(tmp_path, by):
    """Late rows, corrections, deletes, new and vanished values, nulls: after each, what a full build would hold."""
    argument = 'incremental="release", partition="release"' if by == "partition" else f'incremental="{by}"'
    files = {**PARTS, "models/core.py": PARTS["models/core.py"].format(argument)}
    folder = toy.make(tmp_path / "parts", **files)
    chance = random.Random(3)
    table = [(chance.choice(["r1", "r2", "r3", None]), chance.randrange(5), chance.randrange(100)) for _ in range(60)]
    for turn in range(5):
        write(folder, table)
        build(folder)
        assert sorted(rows(folder, "SELECT release, id, x FROM core.sums"), key=repr) == expected(table), turn
        with catalog.session(config.load(folder)) as connection:
            assert connection.execute(f"SELECT count(*) FROM {metadata.META}.ducklake_delete_file").fetchone() == (0,)
        for _ in range(3):
            number = chance.randrange(len(table))
            table[number] = (table[number][0], table[number][1], chance.randrange(100))
        del table[chance.randrange(len(table))]
        table.append((f"r{turn}" if turn % 2 else None, 7, turn))


@pytest.mark.long
def test_only_the_parts_that_changed_are_made_anew(tmp_path):
    files = {**PARTS, "models/core.py": PARTS["models/core.py"].format('incremental="release", partition="release"')}
    folder = toy.make(tmp_path / "parts", **files)
    table = [(f"r{n}", 1, n) for n in range(5)]
    write(folder, table)
    build(folder)
    then = set((folder / "data/tables/core/sums").rglob("*.parquet"))
    table[2] = ("r2", 1, 99)
    write(folder, table)
    assert names(build(folder)) == ["core.sums", "seeds.numbers"]
    new = set((folder / "data/tables/core/sums").rglob("*.parquet")) - then
    made = [file for file in new if file.stat().st_nlink == 1]  # the others are second names of the files of before
    assert [duckdb.sql(f"SELECT DISTINCT release FROM '{file}'").fetchall() for file in made] == [[("r2",)]]
    assert sorted(rows(folder, "FROM core.sums"), key=repr) == expected(table)
    build(folder, "core.sums", full=True, force=True)
    assert sorted(rows(folder, "FROM core.sums"), key=repr) == expected(table)
    (folder / "seeds/rates.csv").write_text("unit,rate\na,3\n")  # an input without the column
    build(folder)
    assert sorted(rows(folder, "FROM core.sums"), key=repr) == expected(table, 3)


# Failures


FAILING = {
    "sql/core/parity.sql": "SELECT n, CASE WHEN n > 4 THEN error('five is too much') ELSE n % 2 = 1 END AS odd "
    "FROM seeds.numbers",
}


@pytest.mark.long
def test_a_failure_stops_only_what_reads_it_and_keep_good_publishes_the_rest(chain):
    first = build(chain).snapshot
    for path, text in FAILING.items():
        (chain / path).write_text(text)
    (chain / "sql/core/total.sql").write_text("SELECT CAST(max(x) AS BIGINT) AS x FROM seeds.numbers")
    with pytest.raises(ModelError, match="five is too much"):
        build(chain)
    assert rows(chain, "SELECT x FROM core.total") == [(150,)]
    found = build(chain, keep_good=True)
    assert names(found) == ["core.total"]
    assert sorted(found.failed) == ["core.odd", "core.parity", "features.count"] or sorted(found.failed) == [
        "core.odd", "core.parity",
    ]  # fmt: skip
    assert rows(chain, "SELECT x FROM core.total") == [(50,)]
    assert rows(chain, "SELECT count(*) FROM core.odd") == [(3,)]
    kept = dict(rows(chain, """SELECT table_name, snapshot FROM ops.provenance WHERE verdict = 'failed'"""))
    assert kept["core.parity"] == first


@pytest.mark.long
def test_keep_good_puts_back_what_fails_a_check_and_all_that_reads_it(chain):
    build(chain)
    (chain / "models/core.py").write_text(CHAIN["models/core.py"].replace("odd: bool", "odd: bool | None"))
    (chain / "sql/core/parity.sql").write_text("SELECT n // 2 AS n, n % 2 = 1 AS odd FROM seeds.numbers")
    (chain / "sql/core/total.sql").write_text("SELECT CAST(max(x) AS BIGINT) AS x FROM seeds.numbers")
    with pytest.raises(CheckFailed, match=r"core.parity key"):
        build(chain)
    found = build(chain, keep_good=True)
    assert names(found) == ["core.total"]
    assert found.failed["core.parity"] == "core.parity fails core.parity key"
    assert rows(chain, "SELECT sum(n) FROM core.parity") == [(15,)]
    assert rows(chain, "SELECT count(*) FROM core.odd") == [(3,)]
    left = {file for file in (chain / "data/tables/core/parity").iterdir()}
    assert len(left) == 1


def test_a_model_that_never_ends_is_stopped(chain):
    (chain / "sql/core/total.sql").write_text(
        "SELECT CAST(count(*) AS BIGINT) AS x FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3"
    )
    with pytest.raises(ModelError, match=r"core.total was stopped after 0.3 s"):
        build(chain, timeout=0.3)
    assert list((chain / "data/tables").rglob("*.parquet")) == []


@pytest.mark.long
def test_more_than_fits_in_memory_spills(chain):
    (chain / "lake.toml").write_text('[lake]\nname = "toy"\n[limits]\nmemory = "120 MB"\nthreads = 2\n')
    many = "SELECT i AS n, repeat('x', 40) || i AS t FROM range(3000000) t(i) ORDER BY t"
    (chain / "sql/core/total.sql").write_text(
        f"SELECT CAST(max(n) AS BIGINT) AS x FROM (SELECT *, row_number() OVER (ORDER BY t) AS r FROM ({many}))"
    )
    build(chain)
    spilled = rows(chain, """SELECT spilled FROM ops.runs WHERE table_name = 'core.total'""")
    assert spilled[0][0] > 0
    assert not any((chain / "data/tmp").glob("build-*"))


def test_a_check_that_cannot_run_names_itself(chain):
    rule = 'key="n", rules=(Rule("whole", "CAST(n || \'x\' AS BIGINT) > 0"),)'
    (chain / "models/core.py").write_text(CHAIN["models/core.py"].replace('key="n", tags="kept"', rule))
    with pytest.raises(ModelError, match=r"a check of core.odd cannot run"):
        build(chain)
    assert list((chain / "data/tables").rglob("*.parquet")) == []


def test_failing_rows_are_kept_with_their_check(chain):
    (chain / "models/core.py").write_text(
        CHAIN["models/core.py"].replace(
            "class Total(Table):\n    x: int", "class Total(Table):\n    x: Annotated[int, Between(0, 99)]"
        )
    )
    with pytest.raises(CheckFailed):
        build(chain)
    shown = json.loads(typed.lake("check", "-C", chain, "--json", "--show", "core.total.x between 0 and 99").stdout)
    assert [(row["table"], row["row"]) for row in shown] == [("core.total", {"x": 150})]


# Where a file lies


@pytest.mark.long
def test_a_model_its_contract_and_its_tests_may_lie_in_folders_of_their_layer_and_moving_them_makes_nothing_stale(
    chain,
):
    tested = '[[test]]\nname = "odd"\ngiven.core.parity = [{ n = 1, odd = true }]\nexpect = [{ n = 1 }]\n'
    (chain / "sql/core/odd.test.toml").write_text(tested)
    build(chain)
    before = rows(chain, """SELECT table_name, fingerprint, content FROM ops.provenance ORDER BY ALL""")
    for file in ("odd.sql", "odd.test.toml", "total.sql"):
        below = chain / "sql/core" / ("sums/all" if file == "total.sql" else "numbers")
        below.mkdir(parents=True, exist_ok=True)
        (chain / "sql/core" / file).rename(below / file)
    classes = CHAIN["models/core.py"].removeprefix(HEAD).split("class ")[1:]
    (chain / "models/core.py").unlink()
    (chain / "models/core/sums").mkdir(parents=True)
    for name, text in zip(("parity.py", "odd.py", "sums/total.py"), classes, strict=True):
        (chain / "models/core" / name).write_text(f"{HEAD}class {text}")
    assert {verdict for verdict, _ in steps(chain).values()} == {"fresh"}
    assert names(build(chain)) == []
    assert rows(chain, """SELECT table_name, fingerprint, content FROM ops.provenance ORDER BY ALL""") == before
    assert [test.subjects for test in unit_files.load(config.load(chain), graph.load(config.load(chain)))] == [
        ("core.odd",)
    ]


def test_a_mistake_in_a_contract_of_a_folder_names_its_file_and_line(chain):
    (chain / "models/core/more").mkdir(parents=True)
    (chain / "models/core/more/wrong.py").write_text(HEAD + 'class Other(Table, key="m"):\n    n: int\n')
    with pytest.raises(ConfigError) as caught:
        graph.load(config.load(chain))
    assert caught.value.where == "models/core/more/wrong.py:3"


def test_two_models_of_one_name_in_two_folders_of_a_layer_are_refused(chain):
    (chain / "sql/core/again").mkdir()
    (chain / "sql/core/again/odd.sql").write_text("SELECT n FROM core.parity WHERE odd")
    with pytest.raises(ModelError, match=r"duplicate model core\.odd"):
        graph.load(config.load(chain))
