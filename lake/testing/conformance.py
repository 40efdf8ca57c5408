"""What every source promises, as one check: of its description, of its resources, and of what it makes of any bytes."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.errors import LakeError, Refused
from lake.formats.answer import Answer
from lake.formats.part import Cube, Part
from lake.sources.contract import Facts, Resource, Source

if TYPE_CHECKING:
    import pyarrow as pa

ERROR_PAGE = b"<!DOCTYPE html><html><head><title>503 Service Unavailable</title></head><body>Try later</body></html>"
_NAMES = ("FACTS", "READER", "TABLES", "OPTIONS", "resources", "check", "read")


class _NoAnswers:
    def __call__(self, id: str) -> Answer | None:
        return None

    def missing(self, id: str) -> bool:
        return False


def check_source(
    source: Source, answers: Iterable[tuple[Resource, bytes]], *, mutants: int = 30, seed: int = 0
) -> list[str]:
    """Check what every source promises, without network, disk or catalog.

    - It has the names of the contract, and a description that is whole.
    - `resources` lists the same resources each time, each id once.
    - `check` accepts each answer and refuses an error page.
    - `read` gives the same parts each time; of each, records seen = rows + rejects, in a table of TABLES and with its
      columns and types.
    - Damaged bytes (truncated, flipped, repeated) give rows, rejects or an error of the lake, and no other exception.

    Args:
        source: the source's module.
        answers: one or more of its resources, each with a good answer, whole.
        mutants: damaged variants of each answer to read.
        seed: of the damage.

    Returns:
        One line for each promise that is broken; empty for a source that keeps all.
    """
    if missing := [name for name in _NAMES if not hasattr(source, name)]:
        return [f"the source has no {name}" for name in missing]
    problems = [*_description(source), *_resources(source)]
    for resource, content in answers:
        problems += _checks(source, resource, content)
        problems += _reading(source, resource, content)
        problems += _damage(source, resource, content, mutants, seed)
    return problems


def _description(source: Source) -> Iterator[str]:
    facts = source.FACTS
    if not isinstance(facts, Facts):
        yield f"FACTS is a {type(facts).__name__}, and not lake.sources.contract.Facts"
        return
    for field in ("name", "title", "homepage", "licence", "citation"):
        if not str(getattr(facts, field)).strip():
            yield f"FACTS.{field} is empty"
    if facts.rate <= 0 or facts.refresh < 0:
        yield "FACTS.rate is to be above 0 requests a second, FACTS.refresh 0 days or more"
    if not isinstance(source.READER, int) or source.READER < 1:
        yield "READER is to be a whole number from 1"
    for table, schema in source.TABLES.items():
        for name in (table, *schema.names):
            if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
                yield f"{table}: {name!r} needs quotes in SQL: use lower case letters, digits and _"


def _resources(source: Source) -> Iterator[str]:
    try:
        first, second = (list(source.resources(dict(source.OPTIONS), _NoAnswers())) for _ in range(2))
    except LakeError:  # its default options may ask for something that only a user can name
        return
    if first != second:
        yield "resources gives other resources the second time"
    ids = [resource.id for resource in first]
    if duplicates := sorted({id for id in ids if ids.count(id) > 1}):
        yield f"duplicate resources: {', '.join(duplicates)}"


def _checks(source: Source, resource: Resource, content: bytes) -> Iterator[str]:
    try:
        source.check(resource, content[: 1 << 16])
    except Refused as error:
        yield f"{resource.id}: check refuses a good answer: {error.what}"
    except Exception as error:
        yield f"{resource.id}: check raises {type(error).__name__} for a good answer: {error}"
    if resource.expects == "html":
        return
    try:
        source.check(resource, ERROR_PAGE)
    except Refused:
        return
    except Exception as error:
        yield f"{resource.id}: check raises {type(error).__name__} for an error page, and not Refused"


def _reading(source: Source, resource: Resource, content: bytes) -> Iterator[str]:
    try:
        first, second = (_read(source, resource, content) for _ in range(2))
    except Exception as error:
        yield f"{resource.id}: read raises {type(error).__name__} for a good answer: {error}"
        return
    if [_plain(part) for part in first] != [_plain(part) for part in second]:
        yield f"{resource.id}: read gives other rows the second time"
    if not any(isinstance(part, Cube) or part.rows.num_rows for part in first):
        yield f"{resource.id}: read gives no row of a good answer"
    for part in first:
        yield from (f"{resource.id}: {problem}" for problem in _part(source, part))


def _part(source: Source, part: Part | Cube) -> Iterator[str]:
    if isinstance(part, Cube):
        if not source.FACTS.cubes:
            yield "read gives a Cube, and FACTS.cubes is False"
        return
    if part.table not in source.TABLES:
        yield f"read gives rows of {part.table!r}, which is not in TABLES"
        return
    rejects = part.rejects.num_rows if part.rejects is not None else 0
    if part.seen != part.rows.num_rows + rejects:
        yield f"{part.table}: {part.seen} records seen, but {part.rows.num_rows} rows + {rejects} rejects"
    schema: pa.Schema = source.TABLES[part.table]
    for field in schema:
        if field.name not in part.rows.schema.names:
            yield f"{part.table}: the rows lack the column {field.name}"
        elif part.rows.schema.field(field.name).type != field.type:
            yield f"{part.table}.{field.name} is {part.rows.schema.field(field.name).type}, and {field.type} in TABLES"


def _damage(source: Source, resource: Resource, content: bytes, mutants: int, seed: int) -> Iterator[str]:
    dice = random.Random(seed)
    for number in range(mutants):
        damaged, where = _damaged(content, dice), f"{resource.id}, damaged bytes (seed {seed}, variant {number})"
        try:
            parts = _read(source, resource, damaged)
        except LakeError:
            continue
        except Exception as error:
            yield f"{where}: read raises {type(error).__name__}: {error}"
            continue
        for part in parts:
            yield from (f"{where}: {problem}" for problem in _part(source, part))


def _damaged(content: bytes, dice: random.Random) -> bytes:
    start, end = sorted(dice.randrange(len(content) + 1) for _ in range(2))
    ways = [
        content[:start],
        content[:start] + content[end:],
        content[:end] + content[start:],
        content[:start] + bytes([dice.randrange(256)]) + content[start + 1 :],
    ]
    return dice.choice(ways)


def _read(source: Source, resource: Resource, content: bytes) -> list[Part | Cube]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "answer")
        path.write_bytes(content)
        return list(source.read(resource, Answer(path)))


def _plain(part: Part | Cube) -> Any:
    if isinstance(part, Cube):
        return dict(part.facts), sorted(map(str, part.dataset.variables))
    rejects = part.rejects.to_pylist() if part.rejects is not None else []
    return part.table, part.seen, repr(part.rows.to_pylist()), repr(rejects)
