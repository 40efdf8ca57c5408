"""Which rows a cell depends on: for each construct of SQL, held against deleting rows, one by one and by the dozen."""

from __future__ import annotations

import random

import pytest
from constructs import CONSTRUCTS, TABLES
from witness import Database, check, idle

CELLS = 6  # of each construct
ORDER = ("exact", "larger", "refused")


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_each_construct(construct):
    sql, key, verdict = CONSTRUCTS[construct]
    database, chance = Database(TABLES), random.Random(construct)
    verdicts = set()
    cells = database.cells(sql, key.split())
    for columns, select in chance.sample(cells, min(CELLS, len(cells))):
        said, found = check(database, sql, columns, select, chance)
        verdicts.add(said)
        if said == "exact" and len(found) <= 5:
            assert not idle(database, sql, columns, select, found), (columns, select, found)
    assert max(verdicts, key=ORDER.index) == verdict
