"""Damage that cannot be mended and that somebody has said to be known: ``<data>/lost.json``, path -> how."""

from __future__ import annotations

from collections.abc import Iterable

from lake import sealed
from lake.config import Config
from lake.store import durable
from lake.store.damage import Damage

FILE = "lost.json"


def known(config: Config) -> dict[str, str]:
    """The paths that were said to be lost, each with how."""
    return sealed.read(config.data / FILE) or {}


def accept(config: Config, damages: Iterable[Damage]) -> None:
    """Say of these that it is known: `lake verify` names them still, and no longer fails for them."""
    with durable.locked(config.data):
        accepted = known(config) | {one.path: one.how for one in damages}
        durable.write(config.data / FILE, sealed.dumps(accepted))
