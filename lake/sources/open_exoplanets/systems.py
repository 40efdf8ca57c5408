"""Systems of the Open Exoplanet Catalogue as XML, one in a file or all in one file, plain or gzip, as rows.

<system>, <binary>, <star>, <planet> ... are objects and stand in each other; what else stands in an object is a name
or a value of it. Every element is a record of one table. An object's first name may come after its values, so that
rows are made when a system ends: one system is in memory at a time, and some thousands of rows.

expat asks no network and opens no file. The catalogue has no document type: one that declares any is refused, and
with it every entity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

import pyarrow as pa

from lake.errors import Unreadable
from lake.formats import delimited, gzipped, text
from lake.sources.contract import Answer, Part, Resource
from lake.sources.open_exoplanets.tables import OBJECTS, TABLES, unit

BLOCK = 2**18  # bytes that expat is given at once
ROWS = 50_000  # of all tables together, before they are handed on
LARGEST = 2**30  # bytes when unpacked: all systems have some 10 MB
DEEPEST, LONGEST = 32, 2**20  # objects in objects; characters of one text
MOST = 100_000  # elements of one system
_NUMBERS = {
    "errorplus": "error_plus",
    "errorminus": "error_minus",
    "upperlimit": "upper_limit",
    "lowerlimit": "lower_limit",
}
_REALS = ("value", *_NUMBERS.values())
_Lost = tuple[int, str, str]  # the fields of REJECTS
_LOST = (pa.int64(), pa.string(), pa.string())
_TABLES = _OBJECTS, _NAMES, _VALUES = (
    "open_exoplanets_objects",
    "open_exoplanets_names",
    "open_exoplanets_values",
)


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """The objects, names and values of an answer's systems.

    Raises:
        Unreadable: damaged, cut short, without a system, far too large, or with a document type.
    """
    systems = _Systems(resource.url)
    seen = 0
    for block in _blocks(answer, resource.url):
        systems.feed(block)
        if systems.size >= ROWS:
            seen += systems.size
            yield from systems.parts()
    systems.feed(b"", final=True)
    seen += systems.size
    yield from systems.parts()
    if seen == 0:
        raise text.no_records("system", resource.url)


def _blocks(answer: Answer, where: str) -> Iterator[bytes]:
    size = 0
    with gzipped.open_file(answer) as file:
        while block := file.read(BLOCK):
            size += len(block)
            if size > LARGEST:
                raise Unreadable(f"it unpacks to more than {LARGEST:,} bytes", where=where, why="no such catalogue")
            yield block


@dataclass(slots=True)
class _Object:
    kind: str
    record: int
    within: _Object | None
    names: list[tuple[int, str]] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str | None:
        return self.names[0][1] if self.names else None

    @property
    def host(self) -> str | None:
        around = self.within
        while around and around.kind not in ("star", "binary"):
            around = around.within
        return around.name if around else None


class _Systems:
    """Objects as expat tells of them; rows of those whose system has ended."""

    def __init__(self, where: str):
        self._where, self._record = where, 0
        self._open: list[_Object] = []  # the objects around
        self._leaf: dict[str, Any] | None = None  # the name or value that is being read
        self._inside = 0  # elements that stand in it, and should not
        self._system: list[_Object] = []
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
        self._rejects: dict[str, list[_Lost]] = {name: [] for name in _TABLES}
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype

    @property
    def size(self) -> int:
        return sum(map(len, self._rows.values())) + sum(map(len, self._rejects.values()))

    def feed(self, block: bytes, *, final: bool = False) -> None:
        try:
            self._parser.Parse(block, final)
        except expat.ExpatError as error:
            what = f"the XML breaks off or is damaged: {expat.ErrorString(error.code)}"
            raise Unreadable(what, where=f"{self._where} line {error.lineno} column {error.offset + 1}") from None
        except (LookupError, ValueError) as error:  # an encoding that Python does not know
            raise Unreadable(f"the XML cannot be decoded: {error}", where=self._where) from None

    def parts(self) -> Iterator[Part]:
        """The rows so far, a part a table; they are then forgotten."""
        for name, rows in self._rows.items():
            if rows or self._rejects[name]:
                yield _part(name, rows, self._rejects[name])
        self._rows = {name: [] for name in _TABLES}
        self._rejects = {name: [] for name in _TABLES}

    # What expat tells

    def _refuse(self, what: str, why: str) -> NoReturn:
        at = f"{self._where} line {self._parser.CurrentLineNumber}"
        raise Unreadable(what, where=at, why=why)

    def _doctype(self, name: str, *_: object) -> None:
        self._refuse(f"it declares a document type, {name!r}", "the catalogue has none; one can declare entities")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._record += 1
        if self._open and self._record - self._open[0].record > MOST:
            self._refuse(f"a system has more than {MOST:,} elements", "no system is so")
        if tag in OBJECTS and self._leaf is None and (self._open or tag == "system"):
            if len(self._open) >= DEEPEST:
                self._refuse(f"its objects stand {DEEPEST} deep in each other", "no system is so")
            within = self._open[-1] if self._open else None
            self._open.append(_Object(tag, self._record, within))
            self._system.append(self._open[-1])
        elif self._leaf is not None:
            self._inside += 1
            self._rejects[_VALUES].append((self._record, f"<{tag}> stands within <{self._leaf['tag']}>", tag))
        elif self._open:
            self._leaf = {"tag": tag, "record": self._record, "attributes": attributes, "text": ""}
        elif self._record == 1 and tag != "systems":
            self._refuse(f"its root is <{tag}>, not <system> or <systems>", "an error page, or XML of another kind")
        elif self._record > 1:
            self._rejects[_VALUES].append((self._record, f"<{tag}> stands outside of every system", tag))

    def _text(self, data: str) -> None:
        if self._leaf is not None and not self._inside:
            self._leaf["text"] += data
            if len(self._leaf["text"]) > LONGEST:
                self._refuse(f"<{self._leaf['tag']}> has more than {LONGEST:,} characters", "no text of it is so long")

    def _end(self, tag: str) -> None:
        if self._inside:
            self._inside -= 1
        elif self._leaf is not None:
            self._close(self._leaf)
            self._leaf = None
        elif self._open:
            self._open.pop()
            if not self._open:
                self._finish()

    def _close(self, leaf: dict[str, Any]) -> None:
        said = " ".join(leaf["text"].split())
        if leaf["tag"] == "name" and said:
            self._open[-1].names.append((leaf["record"], said))
        elif leaf["tag"] == "name":
            self._rejects[_NAMES].append((leaf["record"], "the name is empty", "<name/>"))
        else:
            self._open[-1].values.append({**leaf, "text": said or None})

    def _finish(self) -> None:
        """A system has ended: its rows."""
        system = self._system[0].name
        for one in self._system:
            shared = {"system": system, "object": one.record, "kind": one.kind}
            about = {"within": one.within.record if one.within else None, "name": one.name, "host": one.host}
            self._rows[_OBJECTS].append({"_record": one.record, **shared, **about})
            for place, (record, name) in enumerate(one.names):
                self._rows[_NAMES].append({"_record": record, **shared, "of": one.name, "place": place, "name": name})
            for leaf in one.values:
                self._value({**shared, "of": one.name}, leaf)
        self._system = []

    def _value(self, shared: dict[str, Any], leaf: dict[str, Any]) -> None:
        attributes = leaf["attributes"]
        of = unit(shared["kind"], leaf["tag"], attributes.get("unit"))
        given = {"value": leaf["text"], **{column: attributes.get(name) or None for name, column in _NUMBERS.items()}}
        about = {"quantity": leaf["tag"], "text": leaf["text"], "unit": of, "type": attributes.get("type")}
        self._rows[_VALUES].append({"_record": leaf["record"], **shared, **about, **(given if of else {})})


def _part(name: str, rows: list[dict[str, Any]], lost: list[_Lost]) -> Part:
    """Rows of one table; a quantity that is no number is a reject, an uncertainty that is none costs itself alone."""
    schema = TABLES[name]
    texts = [one.with_type(pa.string()) if one.name in _REALS else one for one in schema]
    given = pa.Table.from_pylist(rows, pa.schema(texts)).combine_chunks()
    columns, faults, odd = {}, [], []
    for one in schema:
        cells = given[one.name].combine_chunks()
        columns[one.name], fault = delimited.typed(one, cells) if one.name in _REALS else (cells, (None, ""))
        if one.name in _NUMBERS.values():
            odd.append((one.name, fault[0], f"not {delimited.KINDS[one.type]}", cells))
        else:
            faults.append(fault)
    taken, rejected, good = text.partition_rejects(
        schema, columns["_record"], columns, faults, lambda bad: _told(given.filter(bad))
    )
    early = text.rejects(*(pa.array(column, type) for column, type in zip(_columns(lost), _LOST, strict=True)))
    part = text.make_part(name, len(rows) + len(lost), taken, early, rejected)
    return part._replace(cells=text.collect_cell_rejects(columns["_record"], good, odd))


def _columns(lost: list[_Lost]) -> list[list[Any]]:
    return [[fields[i] for fields in lost] for i in range(3)]


def _told(rows: pa.Table) -> list[str]:
    return [" ".join(f"{name}={said}" for name, said in row.items() if said is not None) for row in rows.to_pylist()]
