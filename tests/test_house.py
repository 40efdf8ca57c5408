"""The house: who may import whom, and that every command is documented and answers --help."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest
from click.testing import CliRunner

import lake.cli

ENGINE = Path(lake.cli.__file__).parent.parent
FLOORS = {
    0: ("errors", "config", "databases", "contract", "keys", "marks", "progress", "redact", "sealed"),
    1: ("store",),
    2: ("formats",),
    3: ("sources",),
    4: ("fetch", "land", "reader", "project"),
    5: ("build", "check", "trace", "train", "export", "repair"),
    6: ("pipeline",),
    7: ("cli", "__main__"),
}
FLOOR = {room: floor for floor, rooms in FLOORS.items() for room in rooms}


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lake":
            rooms = [node.module.split(".")[1]] if "." in node.module else [alias.name for alias in node.names]
            yield from ((room, node.lineno) for room in rooms)
        elif isinstance(node, ast.Import):
            yield from ((a.name.split(".")[1], node.lineno) for a in node.names if a.name.startswith("lake."))


def test_imports_go_down_only():
    wrong = []
    for path in ENGINE.rglob("*.py"):
        room = path.relative_to(ENGINE).parts[0].removesuffix(".py")
        if room in ("__init__", "project") and path.name != "project.py":
            continue
        for other, line in imports(path):
            if other in FLOOR and FLOOR[other] > FLOOR[room]:
                wrong.append(f"{path.relative_to(ENGINE)}:{line} imports lake.{other}")
    assert wrong == []


def test_every_room_has_a_floor():
    rooms = {path.relative_to(ENGINE).parts[0].removesuffix(".py") for path in ENGINE.rglob("*.py")}
    assert rooms - {"__init__"} <= FLOOR.keys()


@pytest.mark.parametrize("name", lake.cli._COMMANDS)
def test_every_command_is_listed_and_helps_with_an_example(name):
    assert name in lake.cli._HELP
    result = CliRunner().invoke(lake.cli.lake, [name, "--help"])
    assert result.exit_code == 0
    assert f"Example: lake {name}" in " ".join(result.output.split())


def test_every_listed_command_exists():
    assert lake.cli._HELP.keys() == set(lake.cli._COMMANDS)


def test_no_column_needs_quotes():
    """Of what a lake publishes: the engine's tables, each archive's, each model's."""
    import toy

    from lake import config, sources
    from lake.build import engine, graph, normalisation
    from lake.land.engine_tables import ENGINE as LANDED
    from lake.store import decisions, failures, landings

    tables = {table: schema.names for one in sources.names() for table, schema in sources.get(one).TABLES.items()}
    tables |= {table: schema.names for table, schema in LANDED.items()}
    tables |= {one.TABLE: [*one.COLUMNS] for one in (decisions, failures, landings, normalisation)}
    own = ("CHECKS", "FAILURES", "FETCHES", "MACROS", "METRICS", "PROVENANCE", "RUNS", "VIEWS")
    tables |= {one: [*getattr(engine, one)] for one in own}
    project = graph.load(config.load(ENGINE.parent))
    tables |= {t: [column.name for column in model.contract.columns] for t, model in project.models.items()}
    words = toy.reserved()
    assert [f"{t}.{column}" for t, columns in tables.items() for column in columns if column.lower() in words] == []


def test_a_name_of_a_package_is_not_hidden_by_a_file_in_it():
    """A name that is given late, by `__getattr__`, is not asked for any more once a file of that name is imported."""
    import importlib
    import pkgutil

    import lake

    for package in (one.name for one in pkgutil.walk_packages(lake.__path__, "lake.") if one.ispkg):
        module = importlib.import_module(package)
        files = {one.name for one in pkgutil.iter_modules(module.__path__)}
        if "__getattr__" in vars(module):  # lake.build and its like are one thing: a package that can be called
            hidden = files & set(getattr(module, "__all__", ()))
            assert all(callable(getattr(module, name)) for name in hidden), package


def test_formats_and_sources_import_each_other_in_no_circle():
    """Also not inside functions. A package stands for what its own file imports."""
    modules = {_module(path): path for room in ("formats", "sources") for path in (ENGINE / room).rglob("*.py")}
    graph = {name: {other for other in _imported(path, modules) if other != name} for name, path in modules.items()}
    order = graphlib.TopologicalSorter(graph)
    order.prepare()  # raises CycleError, which names them


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ENGINE.parent).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, modules) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            within = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (within & modules.keys()) or ({node.module} & modules.keys())
    return found
