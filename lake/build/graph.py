"""The project's models, macros and seeds, and what reads what: from parsing their SQL, cached by its content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from lake import contract as contracts
from lake import sealed, sources
from lake.build import parse, seeds
from lake.build.model import Macro, Model, Project, Uses, content, files, reached, read, unknown_table
from lake.config import Config
from lake.contract import Contract, class_name
from lake.errors import ModelError

T = TypeVar("T")
_PARSER = 4  # raise it when what is read off a text changes


def load(config: Config) -> Project:
    """Read sql/, models/, macros/ and seeds/.

    Raises:
        ModelError: a file does not parse, has no contract or names an unknown table; a dependency cycle.
        ConfigError: a contract cannot be read.
    """
    sources.use(config.root)
    root = config.root
    promised = contracts.load(root / "models", config.data / "cache" / "contracts.json")
    with Cache(config.data / "cache" / "sql.json") as cache:
        macros = _macros(root, cache)
        listed = [*_seeds(root, promised), *_models(root, promised, macros, cache)]
    models: dict[str, Model] = {}
    for model in listed:
        if model.table in models:
            raise ModelError(f"duplicate model {model.table}", where=f"{model.path} and {models[model.table].path}")
        models[model.table] = model
    for table, contract in promised.items():
        if table not in models:
            layer, _, stem = table.partition(".")
            expected = f"seeds/{stem}.csv" if layer == "seeds" else f"sql/{layer}/{stem}.sql"
            raise ModelError(f"contract {table} has no model", where=contract.where, next=f"write {expected}")
    _check_inputs(models)
    return Project({table: models[table] for table in _order(models)}, macros, config.roles)


def promises(project: Project, config: Config) -> dict[str, Contract]:
    """Each model's contract; a table may have no rows where it reads sources that lake.toml does not name."""
    others = {
        f"raw.{table}" for name in sources.names() if name not in config.sources for table in sources.get(name).TABLES
    }

    def promise(table: str) -> Contract:
        contract = project.models[table].contract
        inputs = {name for one in project.upstream([table]) for name in project.models[one].inputs}
        return replace(contract, empty=True) if inputs & others else contract

    return {table: promise(table) for table in project.models}


def _models(root: Path, promised: Mapping[str, Contract], macros: Mapping[str, Macro], cache: Cache) -> Iterator[Model]:
    for table, path in files(root):
        if not path.stem.isascii() or not path.stem.isidentifier():
            raise ModelError(
                f"{table}: a table's name is letters of ASCII, digits and _",
                where=str(path),
                next="rename the file",
            )
        if table not in promised:
            facts = cache.facts(read(path), path)
            raise _no_contract(table, path, facts, promised, macros)
        facts = cache.facts(read(path), path)
        used = _closure(facts["calls"], macros, cache)
        if reading := [macro for macro in used if macros[macro].reads]:
            raise ModelError(
                f"{table} calls {reading[0]}, which reads {macros[reading[0]].reads[0]}",
                where=str(path),
                why="what a model reads must be named in its own SQL, so that it is built after it",
                next="join the table",
            )
        uses = Uses.of(facts)
        yield Model(table, facts["sql"], facts["canonical"], uses.tables, used, promised[table], path, uses=uses)


def _no_contract(
    table: str, path: Path, facts: Mapping[str, Any], promised: Mapping[str, Contract], macros: Mapping[str, Macro]
) -> ModelError:
    """What is wrong with the SELECT, as far as its inputs have contracts; or that it has none, and what it gives."""
    from lake.build import preflight

    others = {name: Model(name, "", "", (), (), contract, path) for name, contract in promised.items()}
    none = Contract(table, "", (), (), (), (), None, empty=True)
    model = Model(table, facts["sql"], "", tuple(facts["tables"]), (), none, path, uses=Uses.of(facts))
    columns = preflight.result_columns(Project(others, macros), model)
    if isinstance(columns, ModelError):
        return columns
    text = ", ".join(f"{column} {type}" for column, type in columns)
    layer = table.partition(".")[0]
    return ModelError(
        f"{table} has no contract",
        where=str(path),
        why=f"no class of models/{layer}.py, or of a file in models/{layer}/, is for it",
        next=f"add one: class {class_name(path.stem)}(Table, key=...): ..." + (f" of {text}" if text else ""),
    )


def _seeds(root: Path, promised: Mapping[str, Contract]) -> Iterator[Model]:
    for path in seeds.files(root / "seeds"):
        table = f"seeds.{path.stem}"
        if table not in promised:
            raise ModelError(f"{table} has no contract", where=str(path), next="add its class to models/seeds.py")
        digest = hashlib.sha256(content(path)).hexdigest()
        yield Model(table, "", digest, (), (), promised[table], path, seed=True)


def _macros(root: Path, cache: Cache) -> dict[str, Macro]:
    macros: dict[str, Macro] = {}
    for path in sorted((root / "macros").glob("*.sql")):
        for sql in cache.statements(read(path), path):
            facts = cache.macro(sql, path)
            macro = Macro(facts["name"], sql, facts["canonical"], Uses.of(facts), facts["table"], str(path))
            if macro.name in macros:
                raise ModelError(f"duplicate macro {macro.name}", where=f"{path}, {macros[macro.name].where}")
            macros[macro.name] = macro
    graph = {name: set(macro.calls) & macros.keys() - {name} for name, macro in macros.items()}
    return {name: macros[name] for name in _sorted(graph, "macros")}


def _closure(calls: Iterable[str], macros: Mapping[str, Macro], cache: Cache) -> tuple[str, ...]:
    """The macros that are called, through others too, and through DuckDB's own: some of its functions are macros."""
    own = cache.own_macros() if macros else {}

    def direct_calls(name: str) -> Iterable[str]:
        return macros[name].calls if name in macros else own[name]["calls"] if name in own else ()

    return tuple(sorted(reached(calls, None, direct_calls) & macros.keys()))


def _check_inputs(models: Mapping[str, Model]) -> None:
    for model in models.values():
        for table in model.inputs:
            if table not in models and not table.startswith(("raw.", "ops.")):
                raise unknown_table(model, table, models)


def _order(models: Mapping[str, Model]) -> list[str]:
    return _sorted({table: set(model.inputs) & models.keys() for table, model in models.items()}, "models")


def _sorted(graph: Mapping[str, set[str]], what: str) -> list[str]:
    try:
        return list(TopologicalSorter({key: sorted(graph[key]) for key in sorted(graph)}).static_order())
    except CycleError as error:
        raise ModelError(f"dependency cycle of {what}: {' -> '.join(error.args[1])}") from None


class Cache:
    """The facts that parsing gives of a text, cached by the text's digest."""

    def __init__(self, path: Path):
        self._path = path
        self._used: dict[str, Any] = {}
        self._known = sealed.read(path) or {}

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None and self._used != self._known and self._path.parent.parent.is_dir():
            try:
                self._path.parent.mkdir(exist_ok=True)
                sealed.write(self._path, self._used)
            except OSError:
                pass  # a read-only lake can still be read; it only parses again

    def get(self, kind: str, text: str, make: Callable[[], T]) -> T:
        key = hashlib.sha256(f"{_PARSER}\0{kind}\0{text}".encode()).hexdigest()
        value: T = self._known[key] if key in self._known else make()
        self._used[key] = value
        return value

    def facts(self, sql: str, path: Path) -> dict[str, Any]:
        return self.get("model", sql, lambda: parse.select(sql, path))

    def macro(self, sql: str, path: Path) -> dict[str, Any]:
        return self.get("macro", sql, lambda: parse.macro(sql, path))

    def own_macros(self) -> dict[str, dict[str, list[str]]]:
        return self.get("own macros", metadata.version("duckdb"), parse.own_macros)

    def statements(self, text: str, path: Path) -> list[str]:
        return self.get("statements", text, lambda: parse.statements(text, path))
