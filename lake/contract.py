"""What models/ is written in: a class a table, its columns as annotated attributes.

    class EnvVectors(Table, key="pathway_id"):
        '''The environment of each pathway. One row a pathway.'''

        pathway_id: Annotated[str, References("core.pathways.pathway_id")]
        '''KEGG id, for instance map00010.'''
        temperature: Annotated[float | None, Unit("K"), Between(0, 2000)]
        '''Optimal temperature; null where no rule matched.'''

The class in models/features.py named EnvVectors promises the table features.env_vectors, which
sql/features/env_vectors.sql makes. A class in models/seeds.py promises seeds/<name>.csv, table seeds.<name>.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.util
import json
import os
import re
import sys
import types
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from lake.errors import ConfigError

__all__ = [
    "Between",
    "Column",
    "Contract",
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

Severity = Literal["error", "warn"]
_METHODS = ("standard", "robust", "log")


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a number, as pint reads it: "K", "m/s^2", "earth_mass"; "1" for a pure number."""

    name: str


@dataclass(frozen=True, slots=True)
class Term:
    """The term of an ontology that says what the column is: "PATO:0000146". A build refuses one that is not there, or
    is obsolete, once core.ontology_terms holds its ontology.
    """

    id: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z][\w.-]*:[\w.-]+", self.id):
            raise ValueError(f"Term({self.id!r}): a term is like PATO:0000146")


@dataclass(frozen=True, slots=True)
class Between:
    """low <= value <= high, in the column's unit; None leaves an end open. NaN and infinity never pass."""

    low: float | None = None
    high: float | None = None
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Pattern:
    """The whole text matches this regular expression (RE2)."""

    regex: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these."""

    values: tuple[str, ...]
    severity: Severity = "error"

    def __init__(self, *values: str, severity: Severity = "error"):
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "severity", severity)


@dataclass(frozen=True, slots=True)
class References:
    """Each value stands in that column: "core.pathways.pathway_id"."""

    column: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Normalise:
    """How training scales the column, measured on the split "train" alone: see docs/training.md.

    "standard": (x - mean) / standard deviation; "robust": (x - median) / (quartile distance / 1.349); "log": "standard"
    of log10(x), where x <= 0 is not known.
    """

    method: Literal["standard", "robust", "log"]

    def __post_init__(self) -> None:
        if self.method not in _METHODS:
            raise ValueError(f"Normalise({self.method!r}): it is one of {', '.join(_METHODS)}")


@dataclass(frozen=True, slots=True)
class Impute:
    """A cell that is not known gets the median of the known cells of the split "train"; its mask says so still.

    Without this mark it is 0 and masked. A column that is not ``| None`` has no such cell: its build is refused.
    """


@dataclass(frozen=True, slots=True)
class Split:
    """The split is a function of another column of the row: rows of one group are in one split.

        split: Annotated[str, Split("star", train=80, validation=10, test=10)]

    Of each row u = md5(salt || group), its first 8 hex digits as a number, modulo 100; the shares, in percent and in
    their order, cut 0 to 99. The macro split_of(group) is this with the salt "split:" and these shares.
    """

    by: str
    shares: tuple[tuple[str, int], ...]
    salt: str = "split:"

    def __init__(self, by: str, *, salt: str = "split:", **shares: int):
        if sum(shares.values()) != 100 or not all(isinstance(share, int) and share > 0 for share in shares.values()):
            raise ValueError(f"Split({by!r}): its shares are {shares}, and not whole percents of 100 together")
        object.__setattr__(self, "by", by)
        object.__setattr__(self, "salt", salt)
        object.__setattr__(self, "shares", tuple(shares.items()))


@dataclass(frozen=True, slots=True)
class SqlType:
    """The column's SQL type, where it is not the usual one of its Python type (float -> DOUBLE, int -> BIGINT)."""

    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition in SQL that every row meets, for what the other marks cannot say."""

    name: str
    condition: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str  # SQL
    nullable: bool
    unit: str | None
    doc: str
    marks: tuple[Any, ...] = ()

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
    incremental: tuple[str, ...] = ()  # columns by whose values it may be built anew in part
    partition: tuple[str, ...] = ()  # columns by whose values its Parquet files are parted
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


_NUMBERS = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "DOUBLE", "FLOAT")


class Table(BaseModel):
    """Base of every contract. The class arguments, all optional, each a column's name or several:

    key            what tells the rows apart; checked
    rules          conditions that every row meets
    timestamp      the column that says how old a row's fact is
    empty          True where the table may have no rows
    tags           names to select it by: tag:kegg
    materialized   "table" (the usual) or "view"
    incremental    build anew only the rows of those values of these columns that changed in what it reads
    partition      part the Parquet files by the values of these columns
    sort           order of the rows in the files; row_group_size (rows) and compression of the Parquet files
    """

    model_config = ConfigDict(extra="forbid")
    contract: ClassVar[Contract]

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(cls, **given: Any) -> None:
        layer = cls.__module__.rpartition(".")[2]
        where = f"models/{layer}.py"
        if unknown := sorted(given.keys() - _ARGUMENTS):
            raise ConfigError(f"class {cls.__name__} has an unknown argument {unknown[0]!r}", where=where)
        columns = tuple(_columns(cls, where))
        listed = {name: _listed(given.get(name, ())) for name in _LISTS}
        _refuse_unknown(cls, {column.name for column in columns}, given, listed, where)
        cls.contract = Contract(
            table=f"{layer}.{snake_case(cls.__name__)}",
            doc=_one_line(cls.__doc__),
            columns=columns,
            rules=given.get("rules", ()),
            timestamp=given.get("timestamp"),
            empty=given.get("empty", False),
            **{name: given[name] for name in _PHYSICAL if name in given},
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


def _listed(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _refuse_unknown(cls: type, columns: set[str], given: dict, listed: dict[str, tuple], where: str) -> None:
    named = [*(name for argument in _COLUMNS for name in listed[argument]), *filter(None, [given.get("timestamp")])]
    for name in named:
        if name not in columns:
            raise ConfigError(f"class {cls.__name__} names a column {name!r} that it does not have", where=where)
    for argument, known in (("materialized", ("table", "view")), ("compression", _COMPRESSIONS)):
        if given.get(argument, known[0]) not in known:
            what = f"class {cls.__name__}: {argument} is {given[argument]!r}"
            raise ConfigError(what, where=where, why=f"it is one of {', '.join(known)}")
    if given.get("materialized") == "view" and any(listed[name] for name in ("sort", "incremental", "partition")):
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

    >>> class_name("env_vectors"), class_name("grouped_0_1")
    ('EnvVectors', 'Grouped_0_1')
    """
    return re.sub(r"(?:^|_)([a-z])", lambda match: match[1].upper(), table)


def load(folder: Path, cache: Path | None = None) -> dict[str, Contract]:
    """Every contract of the files in a project's models/ folder, by table name.

    Args:
        folder: models/.
        cache: a file that keeps what came of the same bytes: importing a thousand classes takes seconds.

    Raises:
        ConfigError: a file cannot be imported, or two classes promise the same table.
    """
    files = sorted(folder.glob("*.py"))
    key = _digest(files) if cache else ""
    if cache and (known := _remembered(cache, key)) is not None:
        return known
    contracts: dict[str, Contract] = {}
    for file in files:
        for contract in _of_file(file):
            if contract.table in contracts:
                raise ConfigError(f"two contracts promise {contract.table}", where=contract.where)
            contracts[contract.table] = contract
    if cache:
        _remember(cache, key, contracts)
    return contracts


def _digest(files: list[Path]) -> str:
    """Of the files, this one, and the Python that runs them."""
    found = hashlib.sha256(sys.version.encode())
    for file in (Path(__file__), *files):
        found.update(f"{file.name} {file.stat().st_size}\n".encode() + file.read_bytes())
    return found.hexdigest()


def _remembered(cache: Path, key: str) -> dict[str, Contract] | None:
    with suppress(Exception):  # missing, cut short, of another version: it is made again
        kept = json.loads(cache.read_bytes())
        return {table: _made(one) for table, one in kept["contracts"].items()} if kept["of"] == key else None
    return None


def _remember(cache: Path, key: str, contracts: dict[str, Contract]) -> None:
    with suppress(OSError, TypeError):  # a mark that cannot be kept
        content = json.dumps({"of": key, "contracts": {table: _plain(one) for table, one in contracts.items()}})
        cache.parent.mkdir(exist_ok=True)  # in the lake's data folder, if there is one
        temporary = cache.with_name(f".{cache.name}.{os.getpid()}")
        temporary.write_text(content, "utf-8")
        os.replace(temporary, cache)


def _plain(value: Any) -> Any:
    """A contract as JSON has it: its own classes as objects with their name, tuples as lists.

    Raises:
        TypeError: a mark is of another class.
    """
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, list):  # as the class wrote it
        return {_CLASS: "list", "items": [_plain(item) for item in value]}
    if type(value).__name__ in _PARTS:
        kind, names = _PARTS[type(value).__name__]
        if type(value) is kind:
            return {_CLASS: kind.__name__} | {name: _plain(getattr(value, name)) for name in names}
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a {type(value).__name__} is no part of a contract that is kept")


def _made(value: Any) -> Any:
    """`_plain`, back. It names classes of this file alone, and calls nothing of them: their values are as they were."""
    if isinstance(value, list):
        return tuple(map(_made, value))
    if not isinstance(value, dict):
        return value
    if value[_CLASS] == "list":
        return list(map(_made, value["items"]))
    kind, names = _PARTS[value[_CLASS]]
    made = object.__new__(kind)
    for name in names:
        item = value[name]
        object.__setattr__(made, name, _made(item) if isinstance(item, list | dict) else item)
    return made


_CLASS = "class"  # a word that no field can have for a name
_PARTS = {
    kind.__name__: (kind, tuple(one.name for one in fields(kind)))
    for kind in (
        Between,
        Column,
        Contract,
        Impute,
        Normalise,
        OneOf,
        Pattern,
        References,
        Rule,
        Split,
        SqlType,
        Term,
        Unit,
    )
}


def _of_file(file: Path) -> Iterator[Contract]:
    name = f"_lake_models_{abs(hash(str(file.parent)))}.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
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
        explicit = next((m.name for m in marks if isinstance(m, SqlType)), None)
        sql = explicit or _sql_type(python)
        if sql is None:
            raise ConfigError(f"{cls.__name__}.{name} has type {python}, which has no SQL type here", where=where)
        if any(isinstance(mark, (Normalise, Impute)) for mark in marks) and sql not in _NUMBERS:
            raise ConfigError(f"{cls.__name__}.{name} is {sql}: only a number is normalised or imputed", where=where)
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
