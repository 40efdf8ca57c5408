"""The interface of a source. A source is a module, or a package, with these names:

    FACTS                                who the archive is, its licence, its rate limit
    READER                               version of `read`: raise it when the same bytes give different rows
    TABLES                               its raw tables, `lake.formats.schema.Tables`: a line of text for each column
    OPTIONS                              {option of [sources.<name>] in lake.toml: default value}
    resources(options, answers)          what to ask for; `answers(id)` gives an earlier Answer, or None
                                         (`answers.missing(id)`: it was asked for, but the archive does not have it)
    check(resource, head)                raises Refused when the first 64 KiB are not what was asked for
    read(resource, answer)               one answer's bytes as Parts and Cubes; reads nothing else
    read_many(pairs)                     optional: the same for many small answers at once; see ReadsMany

`resources` is called again after each round of answers, until it yields nothing new: a list first, then each id.
A lake's own archive is `sources/<name>.py` or `sources/<name>/__init__.py` in its folder; other packages add one with
an entry point in the group ``lake.sources``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from lake.errors import LakeError
from lake.formats.answer import Answer
from lake.formats.part import Cube, Part

if TYPE_CHECKING:
    import pyarrow as pa


__all__ = ["Answer", "Answers", "Cube", "Facts", "Part", "ReadsMany", "Resource", "Source"]


@dataclass(frozen=True, slots=True)
class Facts:
    name: str  # "kegg": the module's name, and the prefix of its tables' names
    title: str
    homepage: str
    licence: str
    citation: str
    rate: float  # requests a second to each host of this archive
    refresh: float  # days after which an answer is asked for again (conditionally)
    domain: str = "other"  # [domains.<domain>] of lake.toml: its folder, priority and budget
    cubes: bool = False  # whether its answers contain Cubes, besides its tables
    sized: bool = False  # whether a HEAD request gives a size: it serves files, and does not generate its answers


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing to ask an archive for."""

    id: str  # its name within the source, stable over time: "kgml/hsa00010"
    url: str
    kind: str  # which of the source's readers reads it: "kgml"
    expects: str  # what the bytes must be: "xml" | "html" | "json" | "text" | "csv" | "netcdf"
    params: Mapping[str, Any] = field(default_factory=dict)  # what `read` needs to know besides the answer
    size: int | None = None  # bytes and checksum, where the archive publishes them
    md5: str | None = None
    sha256: str | None = None
    optional: bool = False  # a failure is a reported gap, not a failed run


class Answers(Protocol):
    """Earlier answers of the source, by the ids of their resources."""

    def __call__(self, id: str) -> Answer | None: ...
    def missing(self, id: str) -> bool: ...


class Source(Protocol):
    __name__: str  # the module's
    FACTS: Facts
    READER: int
    TABLES: Mapping[str, pa.Schema]
    OPTIONS: Mapping[str, Any]

    def resources(self, options: Mapping[str, Any], answers: Answers) -> Iterable[Resource]: ...
    def check(self, resource: Resource, head: bytes) -> None: ...
    def read(self, resource: Resource, answer: Answer) -> Iterator[Part | Cube]: ...


@runtime_checkable
class ReadsMany(Protocol):
    """A source of many small answers, which are read faster in batches of a hundred or so."""

    def read_many(self, pairs: Iterable[tuple[Resource, Answer]]) -> Iterator[tuple[Resource, Part | Cube | LakeError]]:
        """What `read` gives, each with its resource; for an answer that cannot be read, its error and no part."""
        ...
