"""kill -9 and Ctrl-C at random moments, from the start of a process to its normal end: old or new, never between."""

from __future__ import annotations

import random
import shutil
import signal
import time

import interrupt
import pytest
from interrupt import contents, done, end, opened, orphans, start, whole

from lake import config, project
from lake.store import catalog, gc, metadata

# A few kills each in the ordinary run; the rest on demand: pytest -m slow tests/test_kills.py
SERIES = pytest.mark.parametrize(
    ("number", "times"),
    [
        pytest.param(signal.SIGKILL, 3, id="kill"),
        pytest.param(signal.SIGKILL, 50, id="kill-50", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, 50, id="ctrl-c-50", marks=pytest.mark.slow),
    ],
)


@pytest.mark.long
@SERIES
def test_a_killed_build_shows_the_old_or_the_new(tmp_path, number, times):
    models, rows = (60, 20_000) if times > 3 else (10, 1_000)
    folder = interrupt.make(tmp_path / "lake", models=models, rows=rows)
    done(folder, "build")
    interrupt.update(folder, 2)
    normal = done(folder, "build")
    chance, version = random.Random(7), 2
    for turn in range(times):
        interrupt.update(folder, turn + 3)
        process = start(folder, "build")
        time.sleep(normal * (turn + chance.random()) / times)
        end(process, number)
        seen = opened(folder, rows)
        assert seen in (version, turn + 3)
        whole(folder)
        version = seen
        if number == signal.SIGINT:  # it has time to clear up
            assert orphans(folder) == set()
        if turn % 5 == 2:  # the next run needs no help
            done(folder, "build")
            version = turn + 3
            assert opened(folder, rows) == version
    done(folder, "build")
    assert opened(folder, rows) == times + 2
    undisturbed = interrupt.make(tmp_path / "other", models=models, rows=rows)
    interrupt.update(undisturbed, times + 2)
    done(undisturbed, "build")
    assert contents(folder) == contents(undisturbed)
    door = interrupt.read(folder)
    assert len(door) > models
    assert not door & {f"/{file}" for file in orphans(folder)}
    done(folder, "gc", "--apply")
    assert orphans(folder) == set()
    assert opened(folder, rows) == times + 2


@pytest.fixture(scope="module")
def fetched(tmp_path_factory):
    """The embedded sample's answers, fetched and not landed."""
    folder = project.copy(tmp_path_factory.mktemp("sample") / "lake", sample=True)
    done(folder, "fetch")
    return folder


def raw(folder) -> tuple[dict[str, int], list[tuple]]:
    """How many rows the newest state of each raw table has, and what ops.landings counts."""
    settings = config.load(folder)
    if not catalog.exists(settings):
        return {}, []
    with catalog.session(settings) as connection:
        tables = metadata.tables(connection, metadata.latest(connection).id)
        raw = [table for table in tables if table.startswith("raw.")]
        rows = {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in raw}
        if "ops.landings" not in tables:
            return rows, []
        counted = """SELECT table_name, CAST(sum(landed) AS BIGINT) FROM ops.landings GROUP BY 1 ORDER BY 1"""
        landed = connection.execute(counted).fetchall()
    for table, n in landed:
        assert table is None or rows[f"raw.{table}"] == n, table
    return rows, landed


@pytest.mark.long
@SERIES
@pytest.mark.parametrize(
    "force", [pytest.param(False, id="first"), pytest.param(True, id="anew", marks=pytest.mark.slow)]
)
def test_a_killed_landing_has_all_rows_of_an_answer_or_none(fetched, tmp_path, number, times, force):
    folder = shutil.copytree(fetched, tmp_path / "lake")
    normal = done(folder, "land")
    complete = raw(folder)
    if force:
        done(folder, "build")
        before = opened_tables(folder)
    chance = random.Random(11)
    for turn in range(times):
        if not force:
            shutil.rmtree(folder / "data")
            shutil.copytree(fetched / "data", folder / "data")
        process = start(folder, "land", *(["--force"] if force else []))
        time.sleep(normal * (turn + chance.random()) / times)
        end(process, number)
        if catalog.exists(config.load(folder)):
            whole(folder)
        if force:
            assert raw(folder) == complete
            assert opened_tables(folder) == before
    done(folder, "land")
    assert raw(folder) == complete
    assert gc.run(config.load(folder), apply=True).applied
    assert orphans(folder) == set()
    assert raw(folder) == complete


def opened_tables(folder) -> dict[str, int]:
    """What a reader sees: how many rows each table has."""
    import lake

    with lake.open(folder) as here:
        return {table: here.sql(f"SELECT count(*) FROM {table}").fetchone()[0] for table in here.tables()}
