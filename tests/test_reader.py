"""One open lake, from several threads at once."""

from __future__ import annotations

import threading

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
