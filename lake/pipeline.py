"""Fetch, land, build, check and publish, in order: what ``lake run`` does, and ``lake.run`` and its steps in Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake import config as settings
from lake.config import Config
from lake.errors import CheckFailed, FetchError, ModelError, Unreadable
from lake.store import catalog, failures, landings, metadata

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from lake.build.status import Status
    from lake.build.summary import Summary as Built
    from lake.build.summary import Watch
    from lake.fetch import Summary as Fetched
    from lake.land import Summary as Landed

__all__ = ["Run", "build", "check", "fetch", "land", "run"]

Shown = Mapping[str, Callable[[Any], None]]  # "plan", "fetch", "land", "build": is given what that step came to


@dataclass(frozen=True, slots=True)
class Run:
    """The outcome of `run`. ``fetch`` is None where it ran offline."""

    fetch: Fetched | None
    land: Landed
    build: Built

    @property
    def idle(self) -> bool:
        """Whether everything was up to date."""
        fetched = self.fetch is not None and self.fetch.asked
        return not (self.build.built or self.build.dropped or self.land.changed or fetched)

    @property
    def exit_code(self) -> int:
        """The exit code of ``lake run``: that of the first incomplete step, else 0."""
        if self.fetch is not None and self.fetch.failed:
            return FetchError.exit_code
        if self.land.unreadable:
            return Unreadable.exit_code
        return ModelError.exit_code if self.build.failed else 0

    def as_dict(self) -> dict[str, Any]:
        """The three summaries as JSON has them."""
        fetched = self.fetch and self.fetch.as_dict()
        return {"fetch": fetched, "land": self.land.as_dict(), "build": self.build.as_dict()}


def fetch(lake: str | Path = ".", sources: Iterable[str] | None = None, *, force: bool = False) -> Fetched:
    """Ask the archives for what is missing or old, and keep the exact bytes.

    >>> lake.fetch("my-lake", ["kegg"]).failed  # doctest: +SKIP
    0

    Args:
        lake: the folder of lake.toml, or one below it.
        sources: names of lake.toml's [sources]; None for all.
        force: ask again (conditionally) for what is still fresh.

    Raises:
        NotALake: no lake.toml there. ConfigError: a source or an option is unknown.
    """
    from lake.fetch import run as fetching

    return fetching(settings.load(lake), _names(sources), force=force)


def land(
    lake: str | Path = ".", sources: Iterable[str] | None = None, *, force: bool = False, wait: float = 0
) -> Landed:
    """Read what was fetched into raw tables and cubes.

    >>> lake.land("my-lake").unreadable  # doctest: +SKIP
    []

    Args:
        lake, sources: as for `fetch`.
        force: make their raw tables again, from the stored bytes alone.
        wait: seconds to wait for another writer.

    Raises:
        NotALake, ConfigError: as for `fetch`. Locked: another process writes this lake.
    """
    from lake.land import run as landing

    config = settings.load(lake)
    with failures.kept(config, "lake.land"):
        return landing(config, _names(sources), force=force, wait=wait)


def build(lake: str | Path = ".", select: Iterable[str] = (), *, wait: float = 0, **options: Any) -> Built:
    """Build the models that are stale, check them, and publish one snapshot.

    >>> lake.build("my-lake", ["+core.edges"]).snapshot  # doctest: +SKIP
    12

    Args:
        lake: as for `fetch`.
        select: models as ``lake build`` takes them; none for all.
        wait: seconds to wait for another writer.
        options: exclude, force, full, keep_good, timeout [s]: as ``lake build`` has them.

    Raises:
        ModelError: a model cannot be built. CheckFailed: a check failed. Nothing is published then, unless keep_good.
        NotALake: no lake.toml there. ConfigError: nothing is selected. Locked: another process writes this lake.
    """
    from lake.build.run import run as building

    config = settings.load(lake)
    with failures.kept(config, "lake.build"), watching(config) as watch:
        return building(config, _names(select) or (), wait=wait, watch=watch, **options)


def check(lake: str | Path = ".") -> Status:
    """Check every contract on the newest published snapshot.

    >>> [one["check"] for one in lake.check("my-lake").results if one["failing"]]  # doctest: +SKIP
    []

    Raises:
        NotALake: no lake.toml there. ConfigError: nothing is published yet.
    """
    from lake import sources
    from lake.build import status

    config = settings.load(lake)
    sources.check_options(config)
    return status.run(config)


def run(lake: str | Path = ".", *, offline: bool = False, wait: float = 0, **options: Any) -> Run:
    """Fetch, land, build, check and publish; what is up to date stays as it is, what failed does not stop the rest.

    >>> lake.run("my-lake").exit_code  # doctest: +SKIP
    0

    Args:
        lake: as for `fetch`.
        offline: ask no archive; go on with what was fetched.
        wait: seconds to wait for another writer.
        options: of the build, as for `build`.

    Raises:
        FetchError: nothing is landed, and every request failed. Otherwise as for `build`.
    """
    config = settings.load(lake)
    with failures.kept(config, "lake.run"):
        return steps(config, offline=offline, wait=wait, **options)


def steps(
    config: Config,
    *,
    offline: bool = False,
    wait: float = 0,
    shown: Shown | None = None,
    warn: Callable[[str], None] | None = None,
    **options: Any,
) -> Run:
    """`run`; calls ``shown`` with the outcome of each step as soon as it ends."""
    from lake.build import run as building
    from lake.land import into

    show = {key: (shown or {}).get(key, lambda outcome: None) for key in ("plan", "fetch", "land", "build")}
    fetched = None
    if not offline:
        from lake.fetch import run as fetching

        fetched = fetching(config, on_plan=show["plan"])
        show["fetch"](fetched)
    with catalog.write_session(config, wait=wait) as connection:
        landed = into(connection, config)
        show["land"](landed)
        if fetched and fetched.failed and not landings.any(connection):
            raise _nothing_came(fetched)
        with _first_build(connection, fetched), watching(config, warn) as watch:
            built = building.into(connection, config, watch=watch, **options)
        show["build"](built)
    return Run(fetched, landed, built)


@contextmanager
def watching(config: Config, warn: Callable[[str], None] | None = None) -> Iterator[Watch | None]:
    """The observer that sends a build's OpenLineage events at its end, where lake.toml configures it."""
    if not config.openlineage.to:
        yield None
        return
    from lake.trace import openlineage

    with openlineage.watching(config, warn or _warn) as watch:
        yield watch


def _warn(text: str) -> None:
    import warnings

    warnings.warn(text, stacklevel=2)


def _names(names: Iterable[str] | None) -> tuple[str, ...] | None:
    """One name alone is a list of it."""
    return (names,) if isinstance(names, str) else tuple(names) if names is not None else None


def _nothing_came(fetched: Fetched) -> FetchError:
    """Nothing is landed, and the archives were asked in vain: no model is the cause."""
    bad = [one for one in fetched.failures if one["verdict"] not in ("gap", "skipped")]
    reasons = Counter(one["reason"] for one in bad)
    reason, times = reasons.most_common(1)[0]
    return FetchError(
        f"nothing was fetched: {len(bad)} request(s) failed, so there is nothing to build",
        where=next(one["url"] for one in bad if one["reason"] == reason),
        why=f"{reason} ({times} of {len(bad)}); without a network, a mirror in lake.toml gives the answers",
        next="lake status --failed, then lake run",
    )


@contextmanager
def _first_build(connection: DuckDBPyConnection, fetched: Fetched | None) -> Iterator[None]:
    """A first build that fails on what was not fetched fails by that."""
    try:
        yield
    except (CheckFailed, ModelError) as error:
        if not (fetched and fetched.failed) or metadata.latest(connection, "publish"):
            raise
        came = _nothing_came(fetched)
        raise FetchError(
            f"what was not fetched is missing in the first build: {error.what}",
            where=came.where,
            why=came.why,
            next="lake status --failed, then lake run; lake build --keep-good publishes the rest",
        ) from error
