"""Which rows a cell depends on: for each construct of SQL, held against deleting rows, one by one and by the dozen."""

from __future__ import annotations

import random

import pytest
from constructs import CONSTRUCTS, TABLES
from witness import Database, check, idle

ORDER = ("exact", "larger", "refused")


def hold(construct: str, most: int) -> str:
    """Trace cells of a construct; gives the worst verdict. What is said to be exact has no idle row, but where a
    null hides what it comes from."""
    sql, key, _ = CONSTRUCTS[construct]
    database, chance = Database(TABLES), random.Random(construct)
    verdicts = set()
    cells = database.cells(sql, key.split())
    for columns, select in chance.sample(cells, min(most, len(cells))):
        said, found = check(database, sql, columns, select, chance)
        verdicts.add(said)
        if said == "exact" and len(found) <= 5 and not database.is_null(select):
            assert not idle(database, sql, columns, select, found), (columns, select, found)
    return max(verdicts, key=ORDER.index)


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_each_construct(construct):
    assert ORDER.index(hold(construct, 1)) <= ORDER.index(CONSTRUCTS[construct][2])


@pytest.mark.slow
@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_all_cells_of_each_construct(construct):
    assert hold(construct, 100) == CONSTRUCTS[construct][2]


def test_most_constructs_are_exact_and_none_is_refused():
    verdicts = [verdict for *_, verdict in CONSTRUCTS.values()]
    assert len(verdicts) >= 74
    assert verdicts.count("exact") >= 60
    assert "refused" not in verdicts
