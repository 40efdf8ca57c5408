"""Random cells of published tables, traced and proved: how far one can trust every number's way back."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lake.config import Config
from lake.errors import LakeError
from lake.trace import stored, tree


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that was traced."""

    table: str
    column: str
    row: int
    proved: bool
    verdict: str
    problems: tuple[str, ...]
    records: int
    seconds: float


def cells(
    config: Config,
    count: int,
    *,
    tables: Iterable[str] = (),
    at: int | str | None = None,
    seed: int = 0,
    verify: bool = False,
) -> Iterator[Cell]:
    """Trace random cells of each table that a model makes.

    Args:
        count: of each table; ``tables``, which, where they are given.
        seed: the same cells for the same seed and snapshot.
        verify: read the records again, too.
    """
    with stored.opened(config, at) as snapshot:
        chosen = [
            t for t, m in snapshot.project.models.items() if t in snapshot.columns and (not tables or t in tables)
        ]
        for table in chosen:
            chance = random.Random(f"{seed} {table}")
            columns = [column for column, _ in snapshot.columns[table]]
            numbers = snapshot.connection.execute(
                f"SELECT list(_row ORDER BY _row) FROM ({snapshot.rows(table)})"
            ).fetchone()
            rows = numbers[0] if numbers and numbers[0] else []
            for _ in range(min(count, len(rows) * len(columns))):
                yield _cell(config, snapshot, table, chance.choice(rows), chance.choice(columns), verify)


def _cell(config: Config, snapshot: stored.Snapshot, table: str, row: int, column: str, verify: bool) -> Cell:
    started = time.perf_counter()
    try:
        traced = tree.of(config, snapshot, table, row, column, verify=verify)
        problems, verdict, records = tuple(traced.problems()), traced.row.verdict, len(traced.records())
    except LakeError as error:
        problems, verdict, records = (str(error.what),), "refused", 0
    return Cell(table, column, row, not problems, verdict, problems, records, time.perf_counter() - started)
