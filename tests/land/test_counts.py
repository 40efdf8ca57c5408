"""Rows in = landed + rejected: a reader that gives fewer than it saw is refused, by what it gave."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lake.errors import Unreadable
from lake.land import worker
from lake.land.job import Count, Job
from lake.land.landing import Tally
from lake.sources.contract import Part, Resource

JOB = Job("odd", Resource("x", "https://example.org/x", "kind", "text"), "0" * 64, 1, "2026-01-01T00:00:00Z")
ROWS = pa.table({"_record": [1, 2]})


@pytest.mark.parametrize("count", [Count(3, 2, 0, 0), Count(2, 2, 1, 0), Count(1, 2, 0, 0)])
def test_a_reader_that_loses_or_adds_rows_is_refused(count):
    with pytest.raises(Unreadable, match=f"saw {count.seen} records .* gave 2 rows and {count.rejected} rejects"):
        worker._adds_up(JOB, Part("t", count.seen, ROWS), count)
    worker._adds_up(JOB, Part("t", 2, ROWS), Count(2, 2, 0, 0))


def test_a_tally_is_the_sum_of_its_counts_and_the_number_of_cubes():
    tally = Tally("odd")
    for table, count in [("t", Count(5, 3, 2, 1)), ("cubes", Count(1, 1, 0, 0)), ("u", Count(7, 7, 0, 0))]:
        tally.add(table, count)
    assert (tally.seen, tally.landed, tally.rejected, tally.cells, tally.cubes) == (13, 11, 2, 1, 1)
