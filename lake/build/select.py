"""Which models are meant: selectors as dbt's users know them.

core.edges            one model; * and ? stand for anything: features.*
+core.edges           and everything that it reads; 2+core.edges: two steps up
core.edges+           and everything that reads it; core.edges+1: one step down
@core.edges           it, all that reads it, and all that those read
tag:kegg              the models whose contract has that tag
changed               those that are stale by themselves
@12, @v1              those that differ from a snapshot's, by number or tag
tag:kegg,features.*   both at once
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Set

from lake.build.model import Project
from lake.errors import ConfigError

_SELECTOR = re.compile(r"(?P<up>\d*\+)?(?P<what>[^+]+)(?P<down>\+\d*)?")

# Sets that only a plan knows: "changed", and "@snapshot" for the snapshot or tag named; None where there is none.
Known = Callable[[str], Set[str] | None]


def select(project: Project, patterns: Iterable[str], exclude: Iterable[str], planned_sets: Known) -> set[str]:
    """The tables meant; all of them where no pattern is given.

    Raises:
        ConfigError: a selector means nothing that the project has.
    """
    patterns = tuple(patterns)
    chosen = _union(project, patterns, planned_sets) if patterns else set(project.models)
    return chosen - _union(project, exclude, planned_sets)


def _union(project: Project, patterns: Iterable[str], planned_sets: Known) -> set[str]:
    return {table for pattern in patterns for table in _all_of(project, pattern.split(","), planned_sets)}


def _all_of(project: Project, parts: list[str], planned_sets: Known) -> set[str]:
    return set.intersection(*(_match(project, part.strip(), planned_sets) for part in parts))


def _match(project: Project, selector: str, planned_sets: Known) -> set[str]:
    match = _SELECTOR.fullmatch(selector)
    if not match:
        raise ConfigError(f"invalid selector {selector!r}", why="see the examples", next="lake build --help")
    tables = _named(project, match["what"], planned_sets)
    up = project.upstream(tables, _steps(match["up"])) if match["up"] else set()
    down = project.downstream(tables, _steps(match["down"])) if match["down"] else set()
    return tables | up | down


def _steps(sign: str) -> int | None:
    digits = sign.strip("+")
    return int(digits) if digits else None


def _named(project: Project, what: str, planned_sets: Known) -> set[str]:
    if what.startswith("tag:"):
        tables = {t for t, model in project.models.items() if what[4:] in model.contract.tags}
        return tables or _nothing(what, _tags(project), prefix="tag:")
    if (set_of := planned_sets(what)) is not None:
        return set(set_of)
    if what.startswith("@"):
        return project.upstream(project.downstream(_named(project, what[1:], planned_sets)))
    if tables := set(fnmatch.filter(project.models, what)):
        return tables
    if skipped := fnmatch.filter(project.skipped, what):
        archives = project.skipped[skipped[0]]
        raise ConfigError(
            f"{skipped[0]} is skipped: lake.toml names none of the archives that it reads",
            why=f"it reads {', '.join(archives)}",
            next=f"add [sources.{archives[0]}] to lake.toml, then lake run",
        )
    return _nothing(what, project.models)


def _tags(project: Project) -> set[str]:
    return {tag for model in project.models.values() for tag in model.contract.tags}


def _nothing(what: str, names: Iterable[str] | Mapping[str, object], prefix: str = "") -> set[str]:
    similar = difflib.get_close_matches(what.removeprefix(prefix), list(names), 1)
    raise ConfigError(
        f"no model is called {what!r}" if not prefix else f"no model has the tag {what.removeprefix(prefix)!r}",
        why=f"did you mean {prefix}{similar[0]}?"
        if similar
        else "a model is <layer>.<name> of a file in sql/ or seeds/",
        next="lake build --help",
    )
