"""What tracing gives: a tree of rows, with the archives' records at its ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lake.trace.records import Record


@dataclass(frozen=True, slots=True)
class Inputs:
    """The rows of one table that a row depends on: how many, and the first of them.

    Attributes:
        count: deleting any others changes nothing.
        needed: how many of them alone give the same; fewer, where the others were only compared or counted.
    """

    table: str
    count: int
    needed: int
    rows: tuple[Row, ...]
    where: str = ""  # file:line of the SELECT that names the table


@dataclass(frozen=True, slots=True)
class Row:
    """A row, and what made it.

    Attributes:
        kind: "model", "seed", "raw" or "engine": what the table is.
        key: the values of its key; of a raw row, which record of which answer it is.
        values: those of its columns that counted.
        where: file:line of the model's SQL, or of the seed's line.
        verdict: whether its inputs are "exact", "larger" than they need be (``notes`` says why) or "refused".
        proved: whether the model's SQL over these inputs alone gives the same values, bit for bit; None: not a model.
        inputs: what it depends on.
        record: of a raw row, the record of the answer.
        problem: why it could not be followed.
    """

    table: str
    kind: str
    key: Mapping[str, Any]
    values: Mapping[str, Any]
    where: str = ""
    verdict: str = ""
    proved: bool | None = None
    notes: tuple[str, ...] = ()
    inputs: tuple[Inputs, ...] = ()
    record: Record | None = None
    problem: str = ""

    def walk(self) -> Iterator[Row]:
        """The row and all that it depends on, each once."""
        visited: set[int] = set()
        waiting = [self]
        while waiting:
            row = waiting.pop()
            if id(row) not in visited:
                visited.add(id(row))
                yield row
                waiting += [child for inputs in reversed(row.inputs) for child in reversed(inputs.rows)]


@dataclass(frozen=True, slots=True)
class Tree:
    """One cell, and where it comes from."""

    lake: str
    snapshot: int
    table: str
    column: str  # empty: the whole row
    value: Any
    row: Row

    def records(self) -> list[Record]:
        """The archives' records, each once, by source and resource."""
        by_place = {(r.source, r.resource, r.blob, r.number): r for one in self.row.walk() if (r := one.record)}
        return [by_place[key] for key in sorted(by_place, key=lambda k: (k[0], k[1], k[2], k[3] or 0))]

    def problems(self) -> list[str]:
        """What could not be followed, read or proved."""
        problems: list[str] = []
        for row in self.row.walk():
            problems += [row.problem] if row.problem else []
            problems += [f"{row.table} {row.key}: its SQL over these rows alone gives another value"] * (
                row.proved is False
            )
            problems += [row.record.problem] if row.record and row.record.problem else []
        return list(dict.fromkeys(problems))

    @property
    def proved(self) -> bool:
        """Whether every model's row was made again from what is shown, and nothing is missing."""
        return not self.problems()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
