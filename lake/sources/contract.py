"""What every archive keeps to. A source is a module with these names, and nothing else:

    FACTS                                who the archive is, its licence, how often it may be asked
    READER                               version of `read`: raise it when the same bytes give other rows
    TABLES                               {raw table: pyarrow schema}; field metadata: {"unit": ..., "doc": ...}
    OPTIONS                              {option of [sources.<name>] in lake.toml: default value}
    resources(options, answer)           what to ask for; `answer(id)` gives an earlier answer's file, or None
                                         (`answer.missing(id)`: it was asked for, and cannot be had)
    check(resource, head)                raises Refused when the first 64 KiB are not what was asked for
    read(resource, path)                 one answer's bytes as Parts and Cubes; reads that file and nothing else

`resources` may be called again after each round of answers, until it names nothing new: a list first, then each id.
Other packages add a source with an entry point in the group ``lake.sources``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import pyarrow as pa
    import xarray as xr


@dataclass(frozen=True, slots=True)
class Facts:
    name: str  # "kegg": the module's name, and the first word of its tables'
    title: str
    homepage: str
    licence: str
    citation: str
    rate: float  # requests a second that a host of this archive may be asked
    refresh: float  # days after which an answer is asked for again (conditionally)
    domain: str = "other"  # [domains.<domain>] of lake.toml: its folder, priority and budget
    cubes: bool = False  # whether its answers are Cubes, beside the tables that it names
    sized: bool = False  # whether a HEAD tells a size: it serves files, and does not make its answers on request


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing to ask an archive for."""

    id: str  # its name within the source, stable over time: "kgml/hsa00010"
    url: str
    kind: str  # which of the source's readers takes it: "kgml"
    expects: str  # what the bytes must be: "xml" | "html" | "json" | "text" | "csv" | "netcdf"
    params: Mapping[str, Any] = field(default_factory=dict)  # what is known without the answer; goes to `read`
    size: int | None = None  # bytes and checksum, where the archive publishes them
    md5: str | None = None
    sha256: str | None = None
    optional: bool = False  # a failure is a reported gap, not a failed run


class Part(NamedTuple):
    """Some rows of one raw table, out of one answer. Always: seen == len(rows) + len(rejects).

    A record of which one cell cannot be taken need not be lost: give its row with null in that cell, and say so in
    ``cells``. Its reason and its text then stand in raw.rejects with the name of the ``column`` (null there means: the
    whole record). Such a row counts as landed, so cells are no part of the sum above.

        rows = [{"_record": 7, "planet": "GJ 667 C b", "mass_error": None}]
        aside = [{"_record": 7, "column": "mass_error", "reason": "not a finite number", "content": "inf"}]
        yield Part("planets", 1, pa.Table.from_pylist(rows, TABLES["planets"]),
                   cells=pa.Table.from_pylist(aside, text.CELLS))

    ``lake.formats.text.cells_aside`` makes that table from arrays.
    """

    table: str
    seen: int  # records that the answer holds for this table, counted before any is judged
    rows: pa.Table  # TABLES[table]; column `_record` (int64) says which record of the answer
    rejects: pa.Table | None = None  # text.REJECTS: records that could not be taken, and why
    cells: pa.Table | None = None  # text.CELLS: cells of `rows` that are null because they could not be taken, and why


class Cube(NamedTuple):
    """One answer as arrays; the store writes it as Zarr and measures each variable on the way."""

    dataset: xr.Dataset  # lazy: opened on the blob's file
    facts: Mapping[str, Any]  # planet, kind, model, scenario, run, synthetic ...
    weights: xr.DataArray | None = None  # area weights over the horizontal dimensions, for global means
    covers: float | None = None  # the share of the sphere that the weighted cells cover; None: not known
    rejects: pa.Table | None = None  # of raw.cube_variables, as a Part's: what of the answer no cube holds, and why


class Answer(Protocol):
    def __call__(self, id: str) -> Path | None: ...
    def missing(self, id: str) -> bool: ...


class Source(Protocol):
    FACTS: Facts
    READER: int
    TABLES: Mapping[str, pa.Schema]
    OPTIONS: Mapping[str, Any]

    def resources(self, options: Mapping[str, Any], answer: Answer) -> Iterable[Resource]: ...
    def check(self, resource: Resource, head: bytes) -> None: ...
    def read(self, resource: Resource, path: Path) -> Iterator[Part | Cube]: ...
