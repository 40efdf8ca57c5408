"""The house: who may import whom, and that every command is documented and answers --help."""

from __future__ import annotations

import ast
import graphlib
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
from click.testing import CliRunner

import lake.cli

ENGINE = Path(lake.cli.__file__).parent.parent
# From the bottom up: a room imports only rooms that stand before it. `lake` itself is the door to all of them.
ROOMS = (
    *(
        "errors",
        "signals",
        "redact",
        "progress",
        "sealed",
        "quoting",
        "licences",
        "marks",
        "databases",
        "contract",
        "config",
    ),
    *("store", "formats", "sources", "fetch", "land", "reader", "project", "check", "build", "repair"),
    *("trace", "opened", "pipeline", "export", "train", "astro", "testing", "cli", "__main__"),
)
# Imports inside a function that go back to a module which imports this one, and why.
ALLOWED = {
    ("lake.store.fetch_log", "lake.store.copies"): "closing the log renews its copy, which is made by the log's schema",
}


def test_every_folder_of_tests_is_collected(pytestconfig):
    folders = {path.parent.name for path in Path(__file__).parent.rglob("test_*.py")}
    passed_over = pytestconfig.getini("norecursedirs")
    assert [folder for folder in folders if any(fnmatch(folder, pattern) for pattern in passed_over)] == []


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lake":
            rooms = [node.module.split(".")[1]] if "." in node.module else [alias.name for alias in node.names]
            yield from ((room, node.lineno) for room in rooms)
        elif isinstance(node, ast.Import):
            yield from ((a.name.split(".")[1], node.lineno) for a in node.names if a.name.startswith("lake."))


def test_a_room_imports_rooms_below_it_only():
    """Wherever in a file the import stands: inside a function and for types alone, too."""
    wrong = []
    for path in ENGINE.rglob("*.py"):
        room = path.relative_to(ENGINE).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for other, line in imports(path):
            if other in ROOMS and other != room and ROOMS.index(other) > ROOMS.index(room):
                wrong.append(f"{path.relative_to(ENGINE)}:{line} imports lake.{other}")
    assert wrong == []


def test_every_room_has_its_place():
    rooms = {path.relative_to(ENGINE).parts[0].removesuffix(".py") for path in ENGINE.rglob("*.py")}
    assert rooms - {"__init__"} == set(ROOMS)


def test_no_modules_import_each_other_in_a_circle():
    """Also not inside functions, but for those that ALLOWED gives a reason for."""
    modules = {_module(path): path for path in ENGINE.rglob("*.py") if path != ENGINE / "__init__.py"}
    graph = {name: {other for other in _imported(path, modules) if other != name} for name, path in modules.items()}
    for importer, imported in ALLOWED:
        assert imported in graph[importer], "it is not there any more: take it out of ALLOWED"
        graph[importer].discard(imported)
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names them


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
    from lake.build import graph, normalisation, ops_tables
    from lake.land.engine_tables import ENGINE as LANDED
    from lake.store import decisions, failures, landings

    tables = {table: schema.names for one in sources.names() for table, schema in sources.get(one).TABLES.items()}
    tables |= {table: schema.names for table, schema in LANDED.items()}
    tables |= {one.TABLE: [*one.COLUMNS] for one in (decisions, failures, landings, normalisation)}
    own = ("CHECKS", "FAILURES", "FETCHES", "MACROS", "METRICS", "PROVENANCE", "RUNS", "VIEWS")
    tables |= {one: [*getattr(ops_tables, one)] for one in own}
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


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ENGINE.parent).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, modules) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            within = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (within & modules.keys()) or ({node.module} & modules.keys())
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & modules.keys()
    return found


def test_the_engine_names_no_table_of_the_project_and_no_key_of_it():
    """Outside lake/astro and the archives' own rooms; what a docstring shows is an example."""
    project = re.compile(r"\bcore\.planet|planet_run")
    named = []
    for path in ENGINE.rglob("*.py"):
        if path.relative_to(ENGINE).parts[0] in ("astro", "sources"):
            continue
        if not project.search(text := path.read_text()):
            continue
        tree = ast.parse(text)
        docs = {id(node.body[0].value) for node in ast.walk(tree) if _documented(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                named += [f"{path.relative_to(ENGINE)}:{node.lineno}"] if project.search(node.value) else []
            elif isinstance(node, ast.Name | ast.Attribute | ast.FunctionDef | ast.ClassDef):
                name = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "name", "")
                named += [f"{path.relative_to(ENGINE)}:{node.lineno}"] if project.search(name) else []
    assert named == []


def _documented(node: ast.AST) -> bool:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None
