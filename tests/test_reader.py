"""One open lake, from several threads at once."""

from __future__ import annotations

import gc
import threading

import duckdb
import pytest
import toy

import lake


@pytest.mark.parametrize("confined", [False, True])
def test_eight_threads_share_a_lake(tmp_path, confined):
    toy.make(tmp_path)
    lake.build(tmp_path)
    wrong: list[object] = []
    with lake.open(tmp_path) as stars:
        if confined:
            stars.confine()
        expected = sorted(stars.sql("SELECT star FROM seeds.stars").fetchall())

        def ask(number: int) -> None:
            for turn in range(20):
                try:
                    rows = stars.sql(f"SELECT star, {number} AS n, {turn} AS t FROM seeds.stars").fetchall()
                    if sorted((row[0],) for row in rows) != expected or {row[1:] for row in rows} != {(number, turn)}:
                        wrong.append(rows)
                    if "seeds.stars" not in stars.tables():
                        wrong.append("no table")
                except Exception as error:
                    wrong.append(error)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_thread_that_ended_leaves_no_connection(tmp_path):
    toy.make(tmp_path)
    lake.build(tmp_path)
    with lake.open(tmp_path) as stars:
        for _ in range(20):
            thread = threading.Thread(target=stars.tables)
            thread.start()
            thread.join()
        gc.collect()
        assert len(stars._connections) == 1


def test_an_interrupt_reaches_the_query_of_another_thread(tmp_path):
    toy.make(tmp_path)
    lake.build(tmp_path)
    with lake.open(tmp_path) as stars:
        ended: list[BaseException] = []

        def ask() -> None:
            try:
                stars.sql("SELECT count(*) FROM range(10_000_000_000) a, range(1000)").fetchall()
            except BaseException as error:
                ended.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while thread.is_alive():
            stars.interrupt()
            thread.join(0.02)
    assert [type(error) for error in ended] == [duckdb.InterruptException]
