"""The catalogue of scientific databases, whether this lake uses them or not.

Tab-separated files under catalogue/, as deep as one likes; the first folder or file name is the domain. Columns: name,
homepage, access, formats, size, licence, update, credentials, topics, status, note; an empty cell is what nobody looked
up yet.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lake.errors import ConfigError

FOLDER = "catalogue"
DOMAINS = (
    *("astronomy", "astrophysics", "climate", "spectroscopy", "astrobiology", "genomics", "geochemistry"),
    *("planetary_interior", "software_and_operations"),
)
ACCESS = ("TAP", "REST", "files", "portal")
STATUSES = ("active", "proposed", "disabled")
CREDENTIALS = ("none", "optional", "account", "key", "")


@dataclass(frozen=True, slots=True)
class Database:
    name: str
    homepage: str
    access: tuple[str, ...]  # of ACCESS
    formats: str
    size: str
    licence: str
    update: str
    credentials: str  # of CREDENTIALS
    topics: tuple[str, ...]
    status: str  # of STATUSES
    note: str  # another name, who maintains it
    domain: str  # of DOMAINS
    where: str  # file:line

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"score": score(self)}


def score(database: Database) -> float:
    """How easily a database can be taken into a lake, 0 to 10; never a feature to train on.

    4 for TAP, or 3 for REST, or 2 for files; 2 for a known licence; 1 for known formats; 1 for known updates;
    1 where no credentials are needed; 1 for being active.
    """
    ways = {"TAP": 4, "REST": 3, "files": 2}
    best = max((ways.get(way, 0) for way in database.access), default=0)
    complete = 2 * bool(database.licence) + bool(database.formats) + bool(database.update)
    return float(best + complete + (database.credentials in ("none", "optional")) + (database.status == "active"))


def load(root: Path) -> list[Database]:
    """Every database of the catalogue, in the order of domains and names.

    Raises:
        ConfigError: a file or a row is not as it should be, or a database is there twice; file and line are named.
    """
    folder = root / FOLDER
    databases = [one for path in sorted(folder.rglob("*.tsv")) for one in _file(path, folder)]
    _refuse_duplicates(databases, "name", lambda one: _plain_name(one.name))
    _refuse_duplicates(databases, "homepage", lambda one: address(one.homepage))
    return sorted(databases, key=lambda one: (DOMAINS.index(one.domain), one.name.lower()))


_COLUMNS = tuple(field.name for field in fields(Database))[:-2]


def _file(path: Path, folder: Path) -> Iterator[Database]:
    parts = path.relative_to(folder).with_suffix("").parts
    if parts[0] not in DOMAINS:
        raise ConfigError(f"{parts[0]!r} is not a domain", where=str(path), why=f"they are {', '.join(DOMAINS)}")
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        header = next(rows, [])
        if tuple(header) != _COLUMNS:
            raise ConfigError("unexpected header", where=f"{path}:1", why=f"it has to be {', '.join(_COLUMNS)}")
        for row in rows:
            where = f"{path}:{rows.line_num}"
            if len(row) != len(_COLUMNS):
                raise ConfigError(f"{len(row)} cells where the header has {len(_COLUMNS)}", where=where)
            yield _database([cell.strip() for cell in row], parts, where)


def _database(cells: list[str], parts: tuple[str, ...], where: str) -> Database:
    name, homepage, access, formats, size, licence, update, credentials, topics, status, note = cells
    ways = _items(access)
    url_parts = urlsplit(homepage)
    faults = {
        "a database needs a name": not name,
        f"{homepage!r} is not an http(s) address": url_parts.scheme not in ("http", "https")
        or "." not in url_parts.netloc,
        f"access is {access!r}, and may be {', '.join(ACCESS)}": not ways or not set(ways) <= set(ACCESS),
        f"credentials is {credentials!r}, and may be {', '.join(CREDENTIALS[:-1])}": credentials not in CREDENTIALS,
        f"status is {status!r}, and may be {', '.join(STATUSES)}": status not in STATUSES,
    }
    if fault := next((what for what, wrong in faults.items() if wrong), None):
        raise ConfigError(fault, where=where)
    facts = (formats, size, licence, update, credentials)
    return Database(name, homepage, ways, *facts, _items(topics), status, note, parts[0], where)


def _items(cell: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in cell.split(",") if word.strip())


def _refuse_duplicates(databases: Iterable[Database], what: str, key: Any) -> None:
    first: dict[str, Database] = {}
    for one in databases:
        before = first.setdefault(key(one), one)
        if before is not one:
            raise ConfigError(
                f"{one.name} is a duplicate, by its {what}",
                where=one.where,
                why=f"{before.name} is in {before.where}",
                next="leave one of them out",
            )


def _plain_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def address(url: str) -> str:
    """A URL as what it leads to, however it is written.

    >>> address("http://www.Example.org/a/") == address("https://example.org/a")
    True
    """
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return f"{parts.netloc.lower().removeprefix('www.')}{path}" + (f"?{parts.query}" if parts.query else "")
