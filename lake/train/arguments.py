"""The arguments of a dataset, checked by name: whole numbers, choices, ranks, sources of rows."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from lake import config
from lake.errors import ConfigError

if TYPE_CHECKING:
    import ibis

Source: TypeAlias = "str | ibis.Table | tuple[str, Sequence[str]]"
"""A table's name, it and its columns, a SELECT, or an ibis expression."""
Rows: TypeAlias = "str | tuple[str, Sequence[str]]"
"""A table's name, it and its columns, or a SELECT."""

_CHOICES = {"shuffle": (True, False, "blocks"), "last": ("share", "drop", "repeat")}


def whole(name: str, value: int) -> int:
    """A whole number, also one of numpy's."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ConfigError(f"{name} is {value!r}: it has to be a whole number")
    return operator.index(value)


def positive(name: str, value: int) -> int:
    """A whole number above 0."""
    value = whole(name, value)
    if value < 1:
        raise ConfigError(f"{name} is {value}: it has to be 1 or more")
    return value


def size(name: str, value: int | str) -> int:
    """A number of bytes above 0, such as "8 MB"."""
    try:
        return positive(name, config.size(value) if isinstance(value, str) else int(value))
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None


def choice(name: str, value: Any) -> Any:
    """One of the values that an argument can have."""
    if value not in _CHOICES[name]:
        raise ConfigError(f"{name} is {value!r}", why=f"it is one of {', '.join(map(repr, _CHOICES[name]))}")
    return value


def ranks(rank: int | None, world_size: int | None) -> tuple[int, int] | None:
    """Rank and world size; None where neither is given."""
    if rank is None and world_size is None:
        return None
    if rank is None or world_size is None or not 0 <= rank < world_size:
        raise ConfigError(f"rank {rank} of {world_size} ranks", next="give both, with 0 <= rank < world_size")
    return rank, world_size


def distinct(key: str, names: Sequence[str]) -> None:
    """Refuse names of modalities by which a batch would have two tensors of one name."""
    used = {key, "mask"}
    for name in names:
        tensors = {name, f"{name}_known", f"{name}_offsets"}
        if used & tensors:
            raise ConfigError(f"two parts of a batch would be called {name!r}", next="give each modality its name")
        used |= tensors


def rows_of(source: Source) -> Rows:
    """A source of rows as SQL: an ibis expression becomes a SELECT."""
    if isinstance(source, (str, tuple)):
        return source
    import ibis

    return str(ibis.to_sql(source, dialect="duckdb"))
