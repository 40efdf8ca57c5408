"""`lake repair`: rebuild what is damaged from copies, blobs or models; report what cannot be rebuilt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lake.config import Config
from lake.errors import LakeError, StorageError
from lake.store import accepted_damage, blobs, catalog, cubes, damage, metadata, verify
from lake.store import repair as store
from lake.store.damage import Damage


@dataclass(slots=True)
class Repaired:
    """What was rebuilt and from what; what is still damaged, and what that needs."""

    mended: list[tuple[str, str]] = field(default_factory=list)
    left: list[Damage] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # what was tried, and why it did not work

    def as_dict(self) -> dict[str, Any]:
        remaining = [one.as_dict() for one in self.left]
        return {"mended": [list(one) for one in self.mended], "left": remaining, "failed": self.failed}


def run(config: Config, *, wait: float = 0) -> Repaired:
    """Mend a lake. What is damaged is never read; it is kept in data/damaged.

    Raises:
        StorageError: neither the catalog nor any copy of it is whole. Locked: another process writes this lake.
    """
    done = Repaired()
    with catalog.writing(config, wait=wait):
        done.mended += store.books(config)
        damaged = verify.run(config).damaged
        done.mended += store.files(config, damaged)
        done.mended += store.second(config, damaged)
        done.mended += store.doors(config)
    if _tables(damaged) and (damaged := _tables(verify.run(config).damaged)):  # those that have no equal
        done.mended += _rebuild(config, damaged, done, wait)
        with catalog.writing(config, wait=wait):
            done.mended += store.files(config, verify.run(config).damaged)  # from equal files of older snapshots
            done.mended += store.doors(config)
    try:
        with catalog.writing(config, wait=wait):
            store.publish(config)
    except StorageError as error:  # a table that it shows is damaged still
        done.failed.append(str(error))
    done.left = [_advised(one) for one in verify.run(config).damaged]
    return done


def accept(config: Config, *, wait: float = 0) -> list[Damage]:
    """Repair what can be repaired, and accept the remaining damage: `lake verify` no longer fails for it.
    Notes that were edited by hand stay as they are.

    Raises: as `run`.
    """
    edited = list(damage.of_notes(config, edited=True))
    accepted_damage.accept(config, edited)
    remaining = [one for one in run(config, wait=wait).left if one.tables or _is_blob(one)]
    accepted_damage.accept(config, remaining)
    return [*edited, *remaining]


def _is_blob(one: Damage) -> bool:
    return one.path.startswith(f"{blobs.BLOBS}/")


def _tables(damaged: Iterable[Damage]) -> list[Damage]:
    return [one for one in damaged if one.tables and not _is_blob(one)]


def _rebuild(config: Config, damaged: list[Damage], done: Repaired, wait: float) -> Iterator[tuple[str, str]]:
    """Land and build what the newest snapshot has of the damaged tables."""
    from lake.build import run as build
    from lake.land import run as land

    now = _newest(config)
    affected = {table for one in damaged for table in one.tables if one.path in now or one.path.startswith(cubes.CUBES)}
    models = sorted(table for table in affected if table.partition(".")[0] not in ("raw", "ops", "quality"))
    for one in damaged:
        if one.path in now:
            store.aside(config, config.data / one.path)
    try:
        if any(table.startswith("raw.") for table in affected):
            land(config, force=True, wait=wait)
            build.run(config, wait=wait)
            yield from ((table, "the blobs") for table in sorted(affected) if table.startswith("raw."))
        if models:
            build.run(config, models, force=True, wait=wait)
            yield from ((table, "its model") for table in models)
    except LakeError as error:
        done.failed.append(str(error))


def _newest(config: Config) -> set[str]:
    """The files of the newest snapshot."""
    with catalog.session(config) as connection:
        last = metadata.latest(connection)
        return {file for files in metadata.tables(connection, last.id).values() for file in files} if last else set()


def _advised(one: Damage) -> Damage:
    """The commands for what this command did not repair."""
    if _is_blob(one):
        return one
    return Damage(one.path, one.how, one.tables, one.snapshots, one.tags, ["lake repair --accept"])
