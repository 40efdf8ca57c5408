"""Systems of the Open Exoplanet Catalogue as XML, one in a file or all in one file, plain or gzip, as rows.

<system>, <binary>, <star>, <planet> ... are objects, nested in each other; any other element in an object is a name or
a value of it. Every element is a record of one table. An object's first name may come after its values, so rows are
made when a system ends: one system is in memory at a time, and some thousands of rows.

expat uses no network and opens no file. The catalogue has no document type: a document that declares one is refused,
and with it every entity.
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

BLOCK = 2**18  # bytes that expat gets at once
ROWS = 50_000  # of all tables together, before they are yielded
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
        Unreadable: damaged, truncated, without a system, far too large, or with a document type.
    """
    systems = _Systems(resource.url)
    count = 0
    for block in _blocks(answer, resource.url):
        systems.feed(block)
        if systems.size >= ROWS:
            count += systems.size
            yield from systems.parts()
    systems.feed(b"", final=True)
    count += systems.size
    yield from systems.parts()
    if count == 0:
        raise text.no_records("system", resource.url)


def _blocks(answer: Answer, where: str) -> Iterator[bytes]:
    size = 0
    with gzipped.open_file(answer) as file:
        while block := file.read(BLOCK):
            size += len(block)
            if size > LARGEST:
                raise Unreadable(
                    f"it unpacks to more than {LARGEST:,} bytes", where=where, why="the catalogue is far smaller"
                )
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
        host = self.within
        while host and host.kind not in ("star", "binary"):
            host = host.within
        return host.name if host else None


class _Systems:
    """Handlers for expat's events: objects, and the rows of systems that have ended."""

    def __init__(self, where: str):
        self._where, self._record = where, 0
        self._open: list[_Object] = []  # the objects that are being read, outermost first
        self._leaf: dict[str, Any] | None = None  # the name or value that is being read
        self._inside = 0  # depth of elements in it, which should have none
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
            what = f"the XML is truncated or damaged: {expat.ErrorString(error.code)}"
            raise Unreadable(what, where=f"{self._where} line {error.lineno} column {error.offset + 1}") from None
        except (LookupError, ValueError) as error:  # an encoding that Python does not know
            raise Unreadable(f"the XML cannot be decoded: {error}", where=self._where) from None

    def parts(self) -> Iterator[Part]:
        """The rows so far, a part a table; they are then dropped from memory."""
        for name, rows in self._rows.items():
            if rows or self._rejects[name]:
                yield _part(name, rows, self._rejects[name])
        self._rows = {name: [] for name in _TABLES}
        self._rejects = {name: [] for name in _TABLES}

    # Handlers

    def _refuse(self, what: str, why: str) -> NoReturn:
        at = f"{self._where} line {self._parser.CurrentLineNumber}"
        raise Unreadable(what, where=at, why=why)

    def _doctype(self, name: str, *_: object) -> None:
        self._refuse(f"it declares a document type, {name!r}", "the catalogue has none; one can declare entities")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._record += 1
        if self._open and self._record - self._open[0].record > MOST:
            self._refuse(f"a system has more than {MOST:,} elements", "no system is so large")
        if tag in OBJECTS and self._leaf is None and (self._open or tag == "system"):
            if len(self._open) >= DEEPEST:
                self._refuse(f"its objects are nested more than {DEEPEST} deep", "no system is so deep")
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
                self._refuse(
                    f"<{self._leaf['tag']}> has more than {LONGEST:,} characters", "no text of the catalogue is so long"
                )

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
        text = " ".join(leaf["text"].split())
        if leaf["tag"] == "name" and text:
            self._open[-1].names.append((leaf["record"], text))
        elif leaf["tag"] == "name":
            self._rejects[_NAMES].append((leaf["record"], "the name is empty", "<name/>"))
        else:
            self._open[-1].values.append({**leaf, "text": text or None})

    def _finish(self) -> None:
        """Make the rows of a system that has ended."""
        system = self._system[0].name
        for item in self._system:
            shared = {"system": system, "object": item.record, "kind": item.kind}
            within = item.within.record if item.within else None
            about = {"within": within, "name": item.name, "host": item.host}
            self._rows[_OBJECTS].append({"_record": item.record, **shared, **about})
            for position, (record, name) in enumerate(item.names):
                row = {"_record": record, **shared, "of": item.name, "place": position, "name": name}
                self._rows[_NAMES].append(row)
            for leaf in item.values:
                self._value({**shared, "of": item.name}, leaf)
        self._system = []

    def _value(self, shared: dict[str, Any], leaf: dict[str, Any]) -> None:
        attributes = leaf["attributes"]
        of = unit(shared["kind"], leaf["tag"], attributes.get("unit"))
        numbers = {"value": leaf["text"], **{column: attributes.get(name) or None for name, column in _NUMBERS.items()}}
        about = {"quantity": leaf["tag"], "text": leaf["text"], "unit": of, "type": attributes.get("type")}
        self._rows[_VALUES].append({"_record": leaf["record"], **shared, **about, **(numbers if of else {})})


def _part(name: str, rows: list[dict[str, Any]], lost: list[_Lost]) -> Part:
    """Rows of one table. A quantity that is not a number is a reject; an uncertainty that is not is set aside."""
    schema = TABLES[name]
    texts = [column.with_type(pa.string()) if column.name in _REALS else column for column in schema]
    source = pa.Table.from_pylist(rows, pa.schema(texts)).combine_chunks()
    columns, faults, bad_cells = {}, [], []
    for column in schema:
        cells = source[column.name].combine_chunks()
        columns[column.name], fault = delimited.typed(column, cells) if column.name in _REALS else (cells, (None, ""))
        if column.name in _NUMBERS.values():
            bad_cells.append((column.name, fault[0], f"not {delimited.KINDS[column.type]}", cells))
        else:
            faults.append(fault)
    good_rows, rejected, good = text.partition_rejects(
        schema, columns["_record"], columns, faults, lambda bad: _content(source.filter(bad))
    )
    early = text.rejects(*(pa.array(values, type) for values, type in zip(_columns(lost), _LOST, strict=True)))
    part = text.make_part(name, len(rows) + len(lost), good_rows, early, rejected)
    return part._replace(cells=text.collect_cell_rejects(columns["_record"], good, bad_cells))


def _columns(lost: list[_Lost]) -> list[list[Any]]:
    return [[fields[i] for fields in lost] for i in range(3)]


def _content(rows: pa.Table) -> list[str]:
    return [" ".join(f"{name}={value}" for name, value in row.items() if value is not None) for row in rows.to_pylist()]
