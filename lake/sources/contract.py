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
from typing import TYPE_CHECKING, Any, Protocol

from lake.formats.part import Cube, Part

if TYPE_CHECKING:
    import pyarrow as pa


__all__ = ["Answer", "Cube", "Facts", "Part", "Resource", "Source"]


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
