"""What models/ is written in: a class a table, its columns as annotated attributes.

    class EnvVectors(Table, key="pathway_id"):
        '''The environment of each pathway. One row a pathway.'''

        pathway_id: Annotated[str, References("core.pathways.pathway_id")]
        '''KEGG id, for instance map00010.'''
        temperature: Annotated[float | None, Unit("K"), Between(0, 2000)]
        '''Optimal temperature; null where no rule matched.'''

The class in models/features.py named EnvVectors promises the table features.env_vectors, which
sql/features/env_vectors.sql makes. A class in models/seeds.py promises seeds/<name>.csv, table seeds.<name>. A layer of
many tables is a folder: the classes of every file below models/core/ are of the layer core.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.util
import re
import sys
import types
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from lake import marks, sealed
from lake.errors import ConfigError
from lake.marks import ALL as ALL_MARKS
from lake.marks import (
    Between,
    DateFormat,
    Impute,
    Mark,
    Normalise,
    OneOf,
    Pattern,
    References,
    Rule,
    Split,
    SqlType,
    Term,
    Unit,
    misfit,
)

__all__ = [
    "Between",
    "Column",
    "Contract",
    "DateFormat",
    "Impute",
    "Normalise",
    "OneOf",
    "Pattern",
    "References",
    "Rule",
    "Split",
    "SqlType",
    "Table",
    "Term",
    "Unit",
    "load",
]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str  # SQL
    nullable: bool
    unit: str | None
    doc: str
    marks: tuple[Mark, ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms of ontologies that it names."""
        return tuple(mark.id for mark in self.marks if isinstance(mark, Term))


@dataclass(frozen=True, slots=True)
class Contract:
    """One table's promise, read off its class."""

    table: str  # "core.edges"
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sort: tuple[str, ...]
    rules: tuple[Rule, ...]
    timestamp: str | None  # the column that says how old a row's fact is, for quality.metrics' timeliness
    empty: bool  # whether it may have no rows
    materialized: Literal["table", "view"] = "table"
    incremental: tuple[str, ...] = ()  # columns by whose values it may be rebuilt in part
    partition: tuple[str, ...] = ()  # columns by whose values its Parquet files are partitioned
    row_group_size: int | None = None  # rows
    compression: str | None = None  # of the Parquet files: snappy, zstd, lz4, ...
    tags: tuple[str, ...] = ()  # for selecting: tag:kegg
    where: str = field(compare=False, default="")  # file:line

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


_SQL = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    bytes: "BLOB",
    datetime.date: "DATE",
    datetime.datetime: "TIMESTAMP",
}


class Table(BaseModel):
    """Base of every contract. The class arguments, all optional, each a column's name or several:

    key            what identifies a row; checked
    rules          conditions that every row meets
    timestamp      the column that says how old a row's fact is
    empty          True where the table may have no rows
    tags           names to select it by: tag:kegg
    materialized   "table" (the usual) or "view"
    incremental    rebuild only the rows of those values of these columns that changed in what it reads
    partition      part the Parquet files by the values of these columns
    sort           order of the rows in the files; row_group_size (rows) and compression of the Parquet files
    """

    model_config = ConfigDict(extra="forbid")
    contract: ClassVar[Contract]

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(cls, **arguments: Any) -> None:
        layer, file = _place(cls.__module__)
        where = f"models/{file}.py:{_line_of(cls)}"
        if unknown := sorted(arguments.keys() - _ARGUMENTS):
            raise ConfigError(f"class {cls.__name__} has an unknown argument {unknown[0]!r}", where=where)
        columns = tuple(_columns(cls, where))
        _refuse_names(cls, layer, [column.name for column in columns], where)
        listed: dict[str, Any] = {name: _as_tuple(arguments.get(name, ())) for name in _LISTS}
        _refuse_unknown(cls, {column.name for column in columns}, arguments, listed, where)
        rules = _rules(cls, arguments.get("rules", ()), where)
        cls.contract = Contract(
            table=f"{layer}.{snake_case(cls.__name__)}",
            doc=_one_line(cls.__doc__),
            columns=columns,
            rules=rules,
            timestamp=arguments.get("timestamp"),
            empty=arguments.get("empty", False),
            **{name: arguments[name] for name in _PHYSICAL if name in arguments},
            **listed,
            where=where,
        )


# Of the classes derived from it, not of Table itself: to look for docstrings pydantic parses the whole file, 20 ms.
Table.model_config["use_attribute_docstrings"] = True

_COLUMNS = ("key", "sort", "incremental", "partition")  # arguments that name columns
_LISTS = (*_COLUMNS, "tags")
_PHYSICAL = ("materialized", "row_group_size", "compression")
_ARGUMENTS = {*_LISTS, *_PHYSICAL, "rules", "timestamp", "empty"}
_COMPRESSIONS = ("uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4", "lz4_raw")


def _as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


_MODELS = "_lake_models_"  # begins the name of a module that is a file of models/


def _place(module: str) -> tuple[str, str]:
    """The layer of a module's classes, and its file in models/: of core.planets, core and core/planets."""
    *above, name = module.split(".")
    below = [*above, name][1:] if above and above[0].startswith(_MODELS) else [name]
    return below[0], "/".join(below)


def _line_of(cls: type) -> int:
    """The line of the file of models/ that is being run: its class statement."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame and frame.f_globals.get("__name__") != cls.__module__:
        frame = frame.f_back
    return frame.f_lineno if frame else 1


# Names of DuckDB's own, and of what the engine keeps, which no layer of models can have.
_TAKEN = {"main", "temp", "memory", "system", "information_schema", "pg_catalog", "lake", "raw", "ops", "before"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _refuse_names(cls: type, layer: str, columns: list[str], where: str) -> None:
    """Names become folders, views and words of SQL: ASCII letters, digits and _, and no two of them alike to SQL."""
    if layer in _TAKEN or layer.lower() in reserved_words():
        what = f"{layer!r} cannot name a layer: DuckDB or the lake itself has that name"
        raise ConfigError(what, where=where, next="name the file in models/ and the folder in sql/ otherwise")
    for name in (layer, cls.__name__, *columns):
        if not _NAME.fullmatch(name):
            what = f"class {cls.__name__}: the name {name!r} has more than letters of ASCII, digits and _"
            raise ConfigError(what, where=where, next="choose another name")
    if not columns:
        raise ConfigError(f"class {cls.__name__} promises no column", where=where)
    lower = [name.lower() for name in columns]
    if twice := [name for name in columns if lower.count(name.lower()) > 1]:
        what = f"class {cls.__name__}: {' and '.join(map(repr, twice[:2]))} are one column to SQL"
        raise ConfigError(what, where=where, next="rename one of them")


@cache
def reserved_words() -> frozenset[str]:
    """The words of DuckDB's SQL that no column, table or schema can be called without quotes."""
    import duckdb

    rows = duckdb.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'").fetchall()
    return frozenset(word for (word,) in rows)


def _rules(cls: type, value: Rule | tuple[Rule, ...], where: str) -> tuple[Rule, ...]:
    rules = (value,) if isinstance(value, Rule) else tuple(value)
    for rule in rules:
        if not isinstance(rule, Rule):
            raise ConfigError(f"class {cls.__name__}: {rule!r} is not a Rule", where=where)
    names = [rule.name for rule in rules]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ConfigError(f"class {cls.__name__} has two rules named {twice[0]!r}", where=where)
    return rules


def _refuse_unknown(
    cls: type, columns: set[str], arguments: dict[str, Any], listed: dict[str, tuple[str, ...]], where: str
) -> None:
    referred = [
        *(name for argument in _COLUMNS for name in listed[argument]),
        *filter(None, [arguments.get("timestamp")]),
    ]
    for name in referred:
        if name not in columns:
            raise ConfigError(f"class {cls.__name__} names a column {name!r} that it does not have", where=where)
    for argument, allowed in (("materialized", ("table", "view")), ("compression", _COMPRESSIONS)):
        if arguments.get(argument, allowed[0]) not in allowed:
            what = f"class {cls.__name__}: {argument} is {arguments[argument]!r}"
            raise ConfigError(what, where=where, why=f"it is one of {', '.join(allowed)}")
    size = arguments.get("row_group_size", 1)
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ConfigError(f"class {cls.__name__}: row_group_size is {size!r}, and not a number of rows", where=where)
    if not isinstance(arguments.get("empty", False), bool):
        raise ConfigError(f"class {cls.__name__}: empty is {arguments['empty']!r}, and not True or False", where=where)
    if arguments.get("materialized") == "view" and any(listed[name] for name in ("sort", "incremental", "partition")):
        what = f"class {cls.__name__} is a view, which has no files to sort, part or build in part"
        raise ConfigError(what, where=where, next='leave sort, incremental and partition out, or materialized="table"')


def snake_case(name: str) -> str:
    """
    >>> snake_case("EnvVectors")
    'env_vectors'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def class_name(table: str) -> str:
    """The class that promises a table of this name in its layer's file.

    >>> class_name("env_vectors"), class_name("grouped_0_1"), class_name("h_alpha")
    ('EnvVectors', 'Grouped_0_1', 'H_alpha')
    """
    name = re.sub(r"(?:^|_)([a-z])", lambda match: match[1].upper(), table)
    return name if snake_case(name) == table else table[:1].upper() + table[1:]


def load(folder: Path, cache: Path | None = None) -> dict[str, Contract]:
    """Every contract of the files in a project's models/ folder, and in the folders of its layers, by table name.

    Args:
        folder: models/.
        cache: a file that keeps what came of the same bytes: importing a thousand classes takes seconds.

    Raises:
        ConfigError: a file cannot be imported, or two classes promise the same table.
    """
    files = sorted(folder.rglob("*.py"))
    key = _digest(folder, files) if cache else ""
    if cache and (remembered := _cached(cache, key)) is not None:
        return remembered
    contracts: dict[str, Contract] = {}
    for file in files:
        for contract in _contracts_in(folder, file):
            if contract.table in contracts:
                raise ConfigError(f"two contracts promise {contract.table}", where=contract.where)
            contracts[contract.table] = contract
    _refuse_references(contracts)
    if cache:
        _remember(cache, key, contracts)
    return contracts


def _refuse_references(contracts: Mapping[str, Contract]) -> None:
    """Refuse what refers to a column that no contract promises, or that is of another type."""
    for contract in contracts.values():
        for column in contract.columns:
            for mark in (mark for mark in column.marks if isinstance(mark, References)):
                table, _, other = mark.column.rpartition(".")
                columns = {c.name: c for c in contracts[table].columns} if table in contracts else {}
                if other not in columns:
                    similar = get_close_matches(
                        mark.column, [f"{t}.{c.name}" for t in contracts for c in contracts[t].columns]
                    )
                    raise ConfigError(
                        f"{contract.table}.{column.name} refers to {mark.column}, which nothing promises",
                        where=contract.where,
                        why=f"did you mean {similar[0]}?" if similar else "",
                    )
                if columns[other].type != column.type.removesuffix("[]"):
                    raise ConfigError(
                        f"{contract.table}.{column.name} is {column.type}, and refers to {mark.column}, "
                        f"which is {columns[other].type}",
                        where=contract.where,
                    )


def _digest(folder: Path, files: list[Path]) -> str:
    """Of the files, this one, and the Python that runs them."""
    digest = hashlib.sha256(sys.version.encode())
    own = [Path(__file__), Path(marks.__file__)]
    sources = [*((file, file.name) for file in own), *((file, file.relative_to(folder).as_posix()) for file in files)]
    for file, name in sources:
        digest.update(f"{name} {file.stat().st_size}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _cached(cache: Path, key: str) -> dict[str, Contract] | None:
    with suppress(Exception):  # missing, damaged, of another version: it is made again
        stored = sealed.loads(cache.read_bytes())
        return {table: _decoded(one) for table, one in stored["contracts"].items()} if stored["of"] == key else None
    return None


def _remember(cache: Path, key: str, contracts: dict[str, Contract]) -> None:
    with suppress(OSError, TypeError):  # a mark that cannot be kept
        content = {"of": key, "contracts": {table: _encoded(one) for table, one in contracts.items()}}
        cache.parent.mkdir(exist_ok=True)  # in the lake's data folder, if that exists
        sealed.write(cache, content)


def _encoded(value: Any) -> Any:
    """A contract as JSON has it: its own classes as objects with their name, tuples as lists.

    Raises:
        TypeError: a mark is of another class.
    """
    if isinstance(value, tuple):
        return [_encoded(item) for item in value]
    if isinstance(value, list):  # as the class wrote it
        return {_CLASS: "list", "items": [_encoded(item) for item in value]}
    if type(value).__name__ in _PARTS:
        kind, names = _PARTS[type(value).__name__]
        if type(value) is kind:
            return {_CLASS: kind.__name__} | {name: _encoded(getattr(value, name)) for name in names}
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime.date):
        return {_CLASS: type(value).__name__, "text": value.isoformat()}
    raise TypeError(f"a {type(value).__name__} cannot be part of a cached contract")


def _decoded(value: Any) -> Any:
    """The inverse of `_encoded`. It only makes classes of this file, and calls no constructor."""
    if isinstance(value, list):
        return tuple(map(_decoded, value))
    if not isinstance(value, dict):
        return value
    if value[_CLASS] == "list":
        return list(map(_decoded, value["items"]))
    if value[_CLASS] in _DATES:
        return _DATES[value[_CLASS]].fromisoformat(value["text"])
    kind, names = _PARTS[value[_CLASS]]
    instance: Any = object.__new__(kind)
    for name in names:
        item = value[name]
        object.__setattr__(instance, name, _decoded(item) if isinstance(item, list | dict) else item)
    return instance


_DATES = {"date": datetime.date, "datetime": datetime.datetime}
_CLASS = "class"  # a word that no field can have for a name
_PARTS = {
    kind.__name__: (kind, tuple(one.name for one in fields(kind))) for kind in (*ALL_MARKS, Column, Contract, Rule)
}


def _contracts_in(folder: Path, file: Path) -> Iterator[Contract]:
    below = file.relative_to(folder).with_suffix("").parts
    name = ".".join([f"{_MODELS}{abs(hash(str(folder)))}", *below])
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{file.name} cannot be imported", where=str(file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pydantic looks annotations up there
    try:
        spec.loader.exec_module(module)
    except ConfigError:
        raise
    except Exception as error:
        line = getattr(error, "lineno", None) or _line_in(error, file)
        raise ConfigError(
            f"{file.name} cannot be imported: {type(error).__name__}: {error}", where=f"{file}:{line}"
        ) from error
    for called, value in vars(module).items():
        if called.startswith("_"):  # promises nothing itself: columns that several tables have
            continue
        if isinstance(value, type) and issubclass(value, Table) and value.__module__ == name:
            yield value.contract


def _line_in(error: BaseException, file: Path) -> int:
    line, trace = 1, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _columns(cls: type[Table], where: str) -> Iterator[Column]:
    for name, info in cls.model_fields.items():
        marks = tuple(info.metadata)
        python, nullable = _strip_optional(info.annotation)
        explicit = next((mark.canonical for mark in marks if isinstance(mark, SqlType)), None)
        sql = explicit or _sql_type(python)
        if sql is None:
            raise ConfigError(f"{cls.__name__}.{name} has type {python}, which has no SQL type here", where=where)
        if problem := misfit(marks, sql):
            raise ConfigError(f"{cls.__name__}.{name}: {problem}", where=where)
        for mark in (mark for mark in marks if isinstance(mark, Split)):
            if mark.by not in cls.model_fields:
                what = f"{cls.__name__}.{name} is split by {mark.by!r}, a column that it does not have"
                raise ConfigError(what, where=where)
        unit = next((m.name for m in marks if isinstance(m, Unit)), None)
        # `class_` promises the column `class`: Python keeps some words for itself.
        yield Column(name.removesuffix("_"), sql, nullable, unit, _one_line(info.description), marks)


def _sql_type(python: Any) -> str | None:
    if get_origin(python) is list:
        item = _sql_type(get_args(python)[0])
        return item and f"{item}[]"
    return _SQL.get(python)


def _strip_optional(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [a for a in get_args(annotation) if a is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return annotation, False


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
