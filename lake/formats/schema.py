"""Tables as text, a line per column. The Arrow schema is built on first use, so that importing a source is cheap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # importing a source costs no pyarrow
    import pyarrow as pa

_TYPES = {"text": "string", "double": "float64", "bigint": "int64", "boolean": "bool"}
_RECORD = "_record  bigint  -  -  The line of the answer, from 1"


class Table(NamedTuple):
    """A raw table, which a caller passes to the reader of a format."""

    name: str
    schema: pa.Schema


class Tables(Mapping[str, "pa.Schema"]):
    """Raw tables by name, from ``{name: columns}``; see `schema` for the columns.

    >>> tables = Tables({"names": "name  text  -  -  A name"})
    >>> list(tables), tables["names"].names
    (['names'], ['_record', 'name'])
    """

    def __init__(self, columns: Mapping[str, str]):
        self._columns = dict(columns)
        self._schemas: dict[str, pa.Schema] = {}

    def __getitem__(self, name: str) -> pa.Schema:
        if name not in self._schemas:
            self._schemas[name] = schema(self._columns[name])
        return self._schemas[name]

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def table(self, name: str) -> Table:
        return Table(name, self[name])

    def with_prefix(self, prefix: str) -> dict[str, Table]:
        """The tables of a prefix, by the rest of their names: ``{"terms": Table("ontologies_terms", ...)}``."""
        return {name.removeprefix(prefix): self.table(name) for name in self if name.startswith(prefix)}


def schema(columns: str) -> pa.Schema:
    """A raw table's schema from lines of `name type unit source  doc`: "-" for none, two spaces after the source.

    ``type`` is one of DuckDB's: text, double, bigint, boolean, or a list of one, such as text[]. ``source`` is the
    column's name in the archive's header, if it differs; a|b if it may be either. `_record`, the number of the record
    in the answer, comes first in every table; give it a line where a record is not a line of the answer.

    >>> schema("gc  double  percent  GC (%)  Guanine and cytosine").field("gc").metadata
    {b'unit': b'percent', b'source': b'GC (%)', b'doc': b'Guanine and cytosine'}

    Raises:
        ValueError: a line is malformed, or a column appears twice.
    """
    import pyarrow as pa

    lines = [line.strip() for line in columns.strip().splitlines()]
    if not any(line.startswith("_record ") for line in lines):
        lines.insert(0, _RECORD)
    fields = [field(line) for line in lines]
    names = [field.name for field in fields]
    if duplicates := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"duplicate columns: {', '.join(duplicates)}")
    return pa.schema(fields)


def field(line: str) -> pa.Field:
    """One column, from its line.

    Raises:
        ValueError: the line is not `name type unit source  doc`.
    """
    import pyarrow as pa

    cells = line.split(maxsplit=3)
    kind = _TYPES.get(cells[1].removesuffix("[]")) if len(cells) == 4 else None
    if kind is None:
        raise ValueError(
            f"{line!r} is not `name type unit source  doc`, with a type of {', '.join(_TYPES)}, or a list: text[]"
        )
    name, type, unit, remainder = cells
    source, doc = (*re.split(r" {2,}", remainder, maxsplit=1), "")[:2]
    metadata = {"unit": "" if unit == "-" else unit, **({} if source == "-" else {"source": source}), "doc": doc}
    scalar = pa.type_for_alias(kind)
    return pa.field(name, pa.list_(scalar) if type.endswith("[]") else scalar, metadata=metadata)
