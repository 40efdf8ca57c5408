"""lake.toml as typed settings."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from lake.contract import reserved_words
from lake.errors import ConfigError, NotALake

FILE = "lake.toml"
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def parse_size(value: object) -> object:
    """``"200 MB"`` as bytes; a number stays as it is.

    >>> parse_size("1.5 GB")
    1500000000
    """
    return size(value) if isinstance(value, str) else value


def size(text: str) -> int:
    """The bytes of a size that is written out.

    >>> size("512 MiB")
    536870912

    Raises:
        ValueError: it is not a number and a unit.
    """
    number = text.strip().rstrip("BKMGTIbkmgti ")
    unit = text.strip()[len(number) :].strip().upper() or "B"
    try:
        return int(float(number) * _UNITS[unit])
    except (ValueError, KeyError, OverflowError):
        raise ValueError(f"{text!r} is not a size like '20 GB' or '512 MiB'") from None


Bytes = Annotated[int, BeforeValidator(parse_size), Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LakeSection(_Section):
    """Where things are. Paths are relative to the folder of lake.toml, so that the folder can be moved."""

    name: str = "lake"
    data: str = "data"

    @field_validator("name", "data", "mirror", "catalog")
    @classmethod
    def _written(cls, text: str, info: ValidationInfo) -> str:
        if "\0" in text:
            raise ValueError("it holds a NUL byte")
        scheme = re.match(r"(\w+)://", text)
        if info.field_name == "data" and scheme:
            raise ValueError(f"a lake is a folder of this machine, not {scheme[0]}...; mount it, or copy it")
        return text

    mirror: str = ""  # a folder or http(s)://...: every request goes to <mirror>/<host>/<path>
    catalog: str = Field(default="sqlite", pattern=r"^(sqlite$|postgres:)")  # or "postgres:dbname=... host=..."


class Limits(_Section):
    storage: Bytes = 50 * 10**9  # all of data/
    memory: Bytes = 4 * 10**9  # what DuckDB and the cube writer may hold
    threads: int = Field(default=2, ge=1)
    reader_memory: Bytes = 2 * 10**9  # what the reader of one answer may hold
    reader_seconds: float = Field(default=60.0, gt=0)  # of CPU; as long again for each 10 MB


class Domain(_Section):
    """What belongs together: asked in order of priority, kept in a folder of its own, within a budget of its own."""

    folder: str = ""  # where its bytes lie; <data>/<name of the domain> where empty
    priority: int = 1  # 1 before 2: the next one begins when all of this is here, or cannot be had
    storage: Bytes | None = None  # none of its own where it is not given


class Fetch(_Section):
    contact: str = ""  # an e-mail address or page for the User-Agent: archives ask for it
    attempts: int = Field(default=5, ge=1)
    timeout: float = Field(default=60.0, gt=0)  # seconds without a byte
    deadline: float = Field(default=6 * 3600.0, gt=0)  # seconds that one answer may take; what is long goes on after it
    least_rate: float = Field(default=100.0, ge=0)  # bytes a second over any `timeout` seconds of an answer
    backoff: float = Field(default=1.0, gt=0)  # seconds before the second try; doubled with jitter for each more
    connections: int = Field(default=4, ge=1)  # at once, per host
    tokens: dict[str, str] = {}  # host -> the environment variable that holds its bearer token


class Train(_Section):
    """What training keeps beside the tables: packed columns, which can be made again at any time."""

    cache: Bytes = 20 * 10**9  # what is not used for longest goes first
    folder: str = ""  # where; data/cache where empty. A fast local disk, if data/ is not one
    modalities: dict[str, str] = {}  # what a batch holds by default: name -> "layer.table", or a SELECT with the key


_TABLE = re.compile(r"[A-Za-z_]\w*\.[A-Za-z_]\w*")
_COLUMN = re.compile(r"[A-Za-z_]\w*")
_OF_A_BATCH = {"mask", "source", "target"}  # what else a batch or a table of edges holds beside the key


class Roles(_Section):
    """Which table has the runs that models are trained on, a row each, and what its columns are for."""

    runs: str  # "layer.table"
    key: str  # a whole number of 64 bits, one a run: tables and cubes are joined by it
    split: str = "split"  # train, validation or test
    group: str = ""  # what a split keeps together, such as a station; lake leaks looks for one in several
    name: str = ""  # what people call the thing that a run is of; lake leaks looks for several spellings of one
    cube: str = ""  # SQL of the columns of raw.cubes: the key of the run that a cube is of; none where empty

    @property
    def identity(self) -> dict[str, str]:
        """What identifies the roles; empty if they are those of a lake.toml without [roles]."""
        usual = _defaults()["roles"]
        return {name: text for name in ("runs", "key", "split") if (text := getattr(self, name)) != usual[name]}

    @field_validator("runs")
    @classmethod
    def _table(cls, text: str) -> str:
        if not _TABLE.fullmatch(text):
            raise ValueError(f"{text!r} is not a table's name, layer.table")
        return text

    @field_validator("key", "split", "group", "name")
    @classmethod
    def _column(cls, text: str, info: ValidationInfo) -> str:
        if not text and info.field_name in ("group", "name"):
            return text
        if not _COLUMN.fullmatch(text):
            raise ValueError(f"{text!r} is not a column's name")
        if text not in _defaults()["roles"].values() and text.lower() in reserved_words():
            raise ValueError(f"{text!r} is a reserved word of SQL")
        if info.field_name == "key" and text in _OF_A_BATCH:
            raise ValueError(f"a batch holds something else by the name {text!r}")
        return text


@cache
def _defaults() -> Mapping[str, Any]:
    """The settings of lakes whose lake.toml is older than these sections."""
    return tomllib.loads((Path(__file__).parent / "astro" / "defaults.toml").read_text(encoding="utf-8"))


def default_roles() -> Roles:
    """Those of a lake whose lake.toml has no [roles]."""
    return Roles.model_validate(_defaults()["roles"])


class Allow(_Section):
    leak: str  # as lake leaks names it; * stands for any text
    because: str = Field(min_length=1)


class Leaks(_Section):
    """What lake leaks looks for, and what is meant to be so."""

    targets: tuple[str, ...] = ()  # columns that models are trained to predict: "features.planet_params.radius"
    allow: tuple[Allow, ...] = ()


Share = Annotated[float, Field(ge=0, le=1)]


class Rejects(_Section):
    """Which share of a source's records may be rejected before a build is not published."""

    limit: Share | None = None  # of each source; none where it is not given
    sources: dict[str, Share] = {}  # of one, instead


class OpenLineage(_Section):
    """Where lake build sends its events; nowhere if ``to`` is empty."""

    to: str = Field(default="", pattern=r"^(https?://.+|.+\.jsonl|)$")  # an endpoint, or a file to append to
    namespace: str = ""  # of jobs and datasets; the lake's name where empty
    key: str = "OPENLINEAGE_API_KEY"  # the environment variable that holds the endpoint's bearer token, if it asks one
    timeout: float = Field(default=5.0, gt=0)  # seconds


class Config(_Section):
    """lake.toml.

    ``sources`` keeps each archive's own table as it is: the source's module says which options it takes.
    """

    lake: LakeSection = LakeSection()
    limits: Limits = Limits()
    domains: dict[str, Domain] = {}
    fetch: Fetch = Fetch()
    train: Train = Train()
    roles: Roles = Field(default_factory=default_roles)  # those of lake/astro/defaults.toml where there is no [roles]
    leaks: Leaks = Leaks()
    rejects: Rejects = Rejects()
    openlineage: OpenLineage = OpenLineage()
    sources: dict[str, dict[str, Any]] = {}

    _root: Path = PrivateAttr(default=Path("."))

    @property
    def root(self) -> Path:
        """The project's folder: the one that holds lake.toml."""
        return self._root

    @property
    def data(self) -> Path:
        """The folder of everything that the lake stores."""
        return self._root / self.lake.data

    def where(self, *setting: str) -> str:
        """The place of a setting in lake.toml, for an error: file:line."""
        return position(self._root / FILE, setting)

    def folder(self, domain: str) -> Path | None:
        """The folder of a domain's bytes; None, the common one, where lake.toml does not name it."""
        if domain not in self.domains:
            return None
        return self._root / (self.domains[domain].folder or f"{self.lake.data}/{domain}")

    @property
    def cache(self) -> Path:
        """The folder of what can be made again at any time."""
        return self._root / (self.train.folder or f"{self.lake.data}/cache")

    @property
    def modalities(self) -> dict[str, str]:
        """What a batch holds by default; without [train.modalities] that of lake/astro/defaults.toml, for its runs."""
        default = default_roles()
        if self.train.modalities or (self.roles.runs, self.roles.key) != (default.runs, default.key):
            return self.train.modalities
        return dict(_defaults()["train"]["modalities"])

    @property
    def mirror(self) -> str:
        """The mirror as a URL or an absolute folder; empty when requests go to the archives themselves."""
        text = self.lake.mirror
        if not text or text.startswith(("http://", "https://")):
            return text.rstrip("/")
        return str((self._root / text).resolve())


def find(path: str | Path = ".") -> Path:
    """The folder at or above ``path`` that holds lake.toml.

    Raises:
        NotALake: when no folder on the way up has one.
    """
    start = Path(path).absolute()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise NotALake(
        "no lake here", where=str(start), why=f"no {FILE} in this folder or above it", next="lake init my-lake"
    )


def load(path: str | Path = ".") -> Config:
    """Read lake.toml at or above ``path``.

    Raises:
        NotALake: there is none.
        ConfigError: it is not valid TOML, or a setting is unknown or has a wrong value.
    """
    root = find(path)
    file = root / FILE
    try:
        config = Config.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except RecursionError:
        raise ConfigError(f"{FILE} is nested too deep", where=str(file), next=_NEXT) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{file}:{line[1]}" if line else str(file)
        raise ConfigError(f"{FILE} is not valid TOML: {error}", where=where, next=_NEXT) from None
    except ValidationError as error:
        raise ConfigError(
            f"{FILE} has {error.error_count()} setting(s) that do not fit: {'; '.join(map(_misfit, error.errors()))}",
            where=position(file, error.errors()[0]["loc"]),
            next=_NEXT,
        ) from None
    config._root = root
    for folder in (root, config.data):
        refuse_name(folder)
    return config


def refuse_name(folder: Path) -> None:
    """Refuse a folder that DuckDB could not write a database in: it puts the name of a write-ahead log before the first
    ``?`` of a path, and DuckLake makes no folder for a table below one with a backslash.

    Raises:
        ConfigError: its path has a ``?`` or a backslash, or is not UTF-8.
    """
    shown = folder.absolute().as_posix().encode(errors="backslashreplace").decode()
    if "?" in shown or "\\" in shown:  # also that of a byte that is not UTF-8
        raise ConfigError(
            "a lake cannot lie in a folder of this name",
            where=shown,
            why="DuckDB cannot write where a path has a '?' or a backslash, or is not UTF-8",
            next="rename the folder, or lake init ANOTHER_DIR",
        )


def position(file: Path, setting: Sequence[str | int]) -> str:
    """The place of a setting, ``lake.toml:12``: its line, else the line of its table, else the file alone."""
    text = file.read_text(encoding="utf-8")
    sought = tuple(map(str, setting))
    depth, line = 0, 0
    for number, path in _settings(text):
        if len(path) > depth and path == sought[: len(path)]:
            depth, line = len(path), number
    return f"{file}:{line}" if line else str(file)


_HEADER = re.compile(r"\s*(\[\[?.*\]\]?)")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


def _settings(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The lines that begin a table or give a setting, from 1, each with its path: ("leaks", "allow", "0", "leak")."""
    table: tuple[str, ...] = ()
    entries: dict[tuple[str, ...], int] = {}  # the number of tables so far of each array of tables
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if header := _HEADER.match(line):
                *parents, name = _path(tomllib.loads(header[1]))
                table = (*_indexed(parents, entries), name)
                if header[1].startswith("[["):
                    entries[table] = entries.get(table, -1) + 1
                table = _indexed((*parents, name), entries)
                yield number, table
            elif key := _KEY.match(line):
                yield number, (*table, *_path(tomllib.loads(f"{key[1]} = 0")))
        except ValueError:  # a line of a text or a list that goes on
            continue


def _indexed(names: Sequence[str], entries: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    """A path with the number of the newest entry after the name of each array of tables."""
    path: tuple[str, ...] = ()
    for name in names:
        path = (*path, name)
        if path in entries:
            path = (*path, str(entries[path]))
    return path


def _path(tree: Any) -> tuple[str, ...]:
    """The names on the way to the only leaf of a table."""
    if isinstance(tree, list):
        return _path(tree[0])
    if not isinstance(tree, dict) or not tree:
        return ()
    ((name, rest),) = tree.items()
    return (name, *_path(rest))


_NEXT = f"edit {FILE}; `lake init DIR` writes one with every setting explained"


def _section(path: Sequence[str]) -> type[BaseModel]:
    """The model of a table of lake.toml: leaks, domains.genomics, leaks.allow.0."""
    section: Any = Config
    for step in path:
        kinds = [kind for kind in get_args(section) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        section = kinds[0] if kinds else section.model_fields[step].annotation
    model: type[BaseModel] = section
    return model


def _misfit(error: Mapping[str, Any]) -> str:
    """What is wrong with one setting, in the words of lake.toml."""
    *section, key = map(str, error["loc"])
    name = f"[{'.'.join(section)}] {key}" if section else f"[{key}]"
    if error["type"] == "extra_forbidden":
        fields = _section(section).model_fields
        similar = difflib.get_close_matches(key, fields, 1)
        return f"{name} is not a setting; " + (
            f"did you mean {similar[0]!r}?" if similar else f"there are {', '.join(fields)}"
        )
    if error["type"] in ("model_type", "dict_type"):
        return f"{name} must be a table"
    return f"{name}: {error['msg'].removeprefix('Value error, ')}"
