"""What unit tests say: <table>.test.toml beside a model's <table>.sql, macros/<file>.test.toml beside macros.

    [[test]]
    name = "the same pair twice is one edge"
    given.staging.kgml_pairs = [
        { reaction_id = "R00001", substrate = "C00001", product = "C00002", reversible = false },
        { reaction_id = "R00001", substrate = "C00001", product = "C00002", reversible = true },
    ]
    expect = [{ reaction_id = "R00001", reversible = true }]

A column that a row leaves out is NULL in it, given or expected; a table that is not given has no rows. Compared are the
columns that any expected row names, and those of ``null = ["column"]``, NULL in every row. The rows of the result are
the expected ones, in any order, no more and no fewer; ``expect_rows = N`` counts them instead. Floats may differ by a
relative ``tolerance``, 1e-9 where nothing is said; a macro's test is the same with a call:

    [[test]]
    call = "kelvin(value, unit)"
    cases = [
        { value = 15.0, unit = "degC", expect = 288.15 },
        { value = 15.0, unit = "furlong" },  # NULL
    ]

A call without arguments of its own has one ``expect``; that of a table macro has rows.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lake.build import parse
from lake.build.model import Project, files
from lake.build.preflight import together
from lake.config import Config
from lake.errors import ConfigError

ENDING = ".test.toml"
MACROS = "macros."  # what a macro's name is under: macros.kelvin

Row = dict[str, Any]
_HEADER = re.compile(r"\s*\[\[\s*test\s*\]\]")


class _Said(BaseModel):
    """A [[test]] as it stands in the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = ""
    given: dict[str, dict[str, list[Row]]] = {}
    expect: Any = None
    expect_rows: int | None = Field(default=None, ge=0)
    null: list[str] = []
    tolerance: float = Field(default=1e-9, ge=0, lt=1)
    call: str = ""
    cases: list[Row] | None = None


@dataclass(frozen=True, slots=True)
class UnitTest:
    """One test. ``subjects``: the model, or the macros that it calls, as macros.<name>."""

    subjects: tuple[str, ...]
    name: str
    path: Path
    line: int
    text: str  # of this test alone
    given: Mapping[str, list[Row]]  # by table
    call: str
    cases: list[Row] | None
    expect: Any
    expect_rows: int | None
    null: tuple[str, ...]
    tolerance: float

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are compared, in the order in which they are named."""
        rows = self.expect if is_rows(self.expect) else ()
        return tuple(dict.fromkeys([*(column for row in rows for column in row), *self.null]))

    def mistake(self, what: str, *, at: str = "", why: str = "") -> ConfigError:
        """An error at the first of the test's lines that names a thing."""
        pattern = re.compile(rf"(?<!\w){re.escape(at)}(?!\w)") if at else _HEADER
        lines = [i for i, line in enumerate(self.text.splitlines()) if pattern.search(line)]
        return ConfigError(what, where=f"{self.path}:{self.line + min(lines, default=0)}", why=why)


def load(config: Config, project: Project) -> list[UnitTest]:
    """Every unit test of a project, models' first.

    Raises:
        ConfigError: a file is not what it should be; it names the other mistakes.
    """
    tests: list[UnitTest] = []
    problems: list[ConfigError] = []
    beside_macros = sorted((config.root / "macros").glob(f"*{ENDING}"))
    about: list[tuple[Path, Callable[[Path, Project], list[str]]]]
    about = [*((path, partial(_model, table)) for table, path in files(config.root, ENDING))]
    about += [(path, _macros) for path in beside_macros]
    for path, subjects in about:
        try:
            tests += _tests(path, subjects(path, project))
        except ConfigError as problem:
            problems.append(problem)
    for test in tests:
        problems += _mistakes(test, project)
    if problems:
        raise together(problems)
    return tests


def _tests(path: Path, subjects: list[str]) -> Iterator[UnitTest]:
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except (OSError, ValueError) as error:  # of TOML and of UTF-8 too
        line = re.search(r"at line (\d+)", str(error))
        raise ConfigError(f"{path.name} cannot be read: {error}", where=f"{path}:{line[1] if line else 1}") from None
    tests = document.pop("test", None)
    if document or not isinstance(tests, list):
        raise ConfigError(
            f"{path.name} holds {', '.join(document) or 'no test'}",
            where=f"{path}:1",
            why="a file of unit tests holds [[test]] entries only",
            next="see docs/models.md",
        )
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if _HEADER.match(line)] + [len(lines)]
    for entry, start, end in zip(tests, starts, starts[1:], strict=False):
        yield _test(path, subjects, entry, start + 1, "\n".join(lines[start:end]))


def _model(table: str, path: Path, project: Project) -> list[str]:
    """The model beside a file of tests."""
    layer, _, stem = table.partition(".")
    names = [other.partition(".")[2] for other in project.models if other.startswith(f"{layer}.")]
    return [table] if table in project.models else _alone(path, stem, names)


def _macros(path: Path, project: Project) -> list[str]:
    """The macros of the file beside a file of tests."""
    stem = path.name.removesuffix(ENDING)
    files = {name: Path(macro.where).stem for name, macro in project.macros.items()}
    return [MACROS + name for name in files if files[name] == stem] or _alone(path, stem, files.values())


def _alone(path: Path, stem: str, stems: Iterable[str]) -> list[str]:
    raise ConfigError(f"{path.name} has no {stem}.sql beside it", where=str(path), why=perhaps(stem, stems))


def _test(path: Path, subjects: list[str], entry: Any, line: int, text: str) -> UnitTest:
    where = f"{path}:{line}"
    try:
        validated = _Said.model_validate(entry)
    except ValidationError as error:
        raise _unlike(error, where) from None
    if validated.call:
        called = dict.fromkeys(MACROS + name for name in parse.called(validated.call))
        subjects = [name for name in called if name in subjects] or subjects
    inputs = {f"{layer}.{table}": rows for layer, tables in validated.given.items() for table, rows in tables.items()}
    rest = validated.model_dump(include={"call", "cases", "expect", "expect_rows", "tolerance"})
    return UnitTest(
        tuple(subjects), validated.name or validated.call, path, line, text, inputs, null=tuple(validated.null), **rest
    )


def _unlike(error: ValidationError, where: str) -> ConfigError:
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return ConfigError(f"a test has no {field!r}", where=where, why=perhaps(field, _Said.model_fields))
    why = "given.<layer>.<table> = [{ column = value }]" if field.startswith("given") else ""
    return ConfigError(f"{field or 'a test'}: {first['msg'].lower()}", where=where, why=why)


def _mistakes(test: UnitTest, project: Project) -> Iterator[ConfigError]:
    about_macros = test.subjects[0].startswith(MACROS)
    yield from _misshapen(test, about_macros)
    if about_macros:
        yield from _miscalled(test)
        return
    model = project.models[test.subjects[0]]
    for table in test.given.keys() - set(model.inputs):
        what = f"{model.table} does not read {table}"
        yield test.mistake(what, at=table, why=perhaps(table, model.inputs))
    columns = [column.name for column in model.contract.columns]
    for column in test.columns:
        if column not in columns:
            yield test.mistake(f"{model.table} has no column {column}", at=column, why=perhaps(column, columns))


def _misshapen(test: UnitTest, about_macros: bool) -> Iterator[ConfigError]:
    """What a test of its kind must have, and what it must not."""
    ways = ("expect", "cases") if about_macros else ("expect", "expect_rows")
    not_its_own = ("given", "expect_rows") if about_macros else ("call", "cases")
    ways_taken = [way for way in ways if getattr(test, way) is not None]
    if not test.name:
        yield test.mistake(f"a test {'calls no macro' if about_macros else 'has no name'}")
    if len(ways_taken) != 1:
        yield test.mistake(
            f"{test.name!r} has {' and '.join(ways_taken) or f'neither {ways[0]} nor {ways[1]}'}: one is due"
        )
    for key in not_its_own:
        if getattr(test, key) not in (None, "", {}):
            kind = "macros" if about_macros else "models"
            yield test.mistake(f"{test.name!r} has {key}, which tests of {kind} do not", at=key)
    if not about_macros and test.expect is not None and (not is_rows(test.expect) or {} in test.expect):
        yield test.mistake(f"{test.name!r} expects no rows", at="expect", why="expect = [{ column = value }]")


def _miscalled(test: UnitTest) -> Iterator[ConfigError]:
    own = [name.removeprefix(MACROS) for name in test.subjects]
    called = parse.called(test.call)
    if test.call and not set(own) & set(called):
        what = f"{test.call} calls no macro of {test.path.name.removesuffix(ENDING)}.sql"
        yield test.mistake(what, at="call", why=perhaps(called[0] if called else test.call, own))


def is_rows(value: Any) -> bool:
    """Whether it is a list of tables of TOML."""
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def perhaps(word: str, words: Iterable[str]) -> str:
    """What a name was meant to be."""
    words = list(words)
    similar = difflib.get_close_matches(word, words, 1)
    return f"did you mean {similar[0]}?" if similar else f"there is {', '.join(words[:12]) or 'none'}"
