"""Which columns each column is computed from, read off the models' SQL.

A column's origins are the columns that its expression names, through CTEs, subqueries, unions and stars, with the
conditions (CASE, FILTER) and windows in it; not what joins and filters its rows, so that count(*) has no origin. Of a
subquery in an expression all columns count, and of a lateral one those around it: they decide a cell, not a row. A
macro is not expanded: its result is taken to depend on all of its arguments. Where the SQL does not say which column of
a table is meant (a star over a table of which nothing is known, PIVOT), the origin is that table's "*".
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from lake import sources
from lake.build import graph
from lake.build.model import Model, Project
from lake.config import Config
from lake.errors import ConfigError
from lake.store import catalog, metadata

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

_VERSION = 3  # raise it when the same SQL gives other origins
HOWS = ("identity", "transformation", "aggregation")  # each stronger than those before it


class Place(NamedTuple):
    """A column of a table; "*" where it is not known which."""

    table: str  # layer.table
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


Origins = Mapping[Place, str]  # and how they are used: one of HOWS


@dataclass(frozen=True, slots=True)
class Lineage:
    """Every column of a project's models and of the landed tables that they read."""

    columns: Mapping[Place, Origins]
    ends: Mapping[str, Mapping[str, Any]]  # what is known of the tables that no model makes: raw ones and seeds

    def direct_origins(self, column: Place) -> Origins:
        """The columns that a column is computed from directly; none if it is landed, of a seed, or constant."""
        return self.columns.get(column, {})

    def users(self) -> dict[Place, dict[Place, str]]:
        """Each column with those that are computed from it themselves."""
        users: dict[Place, dict[Place, str]] = {}
        for column, origins in self.columns.items():
            for origin, how in origins.items():
                users.setdefault(origin, {})[column] = how
        return users

    def ends_of(self, column: Place) -> list[Place]:
        """The columns of landed tables and seeds that a column comes from, through all others."""
        return sorted(origin for origin in reach([column], self.direct_origins) if origin.table in self.ends)

    def of(self, table: str) -> list[Place]:
        """A table's columns in their order."""
        return [column for column in self.columns if column.table == table]

    def find(self, name: str) -> list[Place]:
        """The columns of "layer.table", or the one of "layer.table.column".

        Raises:
            ConfigError: there is none of that name.
        """
        matches = self.of(name.lower()) or [column for column in self.columns if str(column).lower() == name.lower()]
        if not matches:
            table = ".".join(name.split(".")[:2])
            names = [str(column) for column in self.of(table)] or sorted({column.table for column in self.columns})
            similar = difflib.get_close_matches(name, names, 1)
            raise ConfigError(
                f"no table or column {name!r}",
                why=f"did you mean {similar[0]}?" if similar else "a column is <layer>.<table>.<column>",
                next="lake lineage --help",
            )
        return matches


def reach(start: Iterable[Place], neighbours: Callable[[Place], Iterable[Place]]) -> dict[Place, None]:
    """The columns and all that they lead to, nearest first."""
    reached = dict.fromkeys(start)
    queue = list(reached)
    for column in queue:
        new = [neighbour for neighbour in neighbours(column) if neighbour not in reached]
        reached.update(dict.fromkeys(new))
        queue.extend(new)
    return reached


def load(config: Config, project: Project | None = None) -> Lineage:
    """The lineage of a project's columns; what was read from a model's SQL is cached until it changes.

    Raises:
        ModelError, ConfigError: the project cannot be read.
    """
    project = project or graph.load(config)
    landed = _landed(config, project)
    names = {t: [column.name for column in m.contract.columns] for t, m in project.models.items()}
    names |= {table: columns for table, columns in landed.items() if table not in names}
    columns: dict[Place, Origins] = {Place(table, column): {} for table, listed in names.items() for column in listed}
    with graph.Cache(config.data / "cache" / "lineage.json") as cache:
        for model in project.models.values():
            if not model.seed:
                columns |= _model(model, names, cache)
    return Lineage(columns, _ends(config, project, landed))


def _model(model: Model, names: Mapping[str, list[str]], cache: graph.Cache) -> dict[Place, Origins]:
    inputs = {table: names.get(table, []) for table in model.inputs}
    text = json.dumps([_VERSION, model.canonical, inputs])
    outputs = cache.get("lineage", text, lambda: _of_select(model.sql, inputs))
    unknown = [[table, "*", HOWS[1]] for table in model.inputs]
    return {
        Place(model.table, column.name): {
            Place(table, name): how for table, name, how in outputs.get(column.name.lower(), unknown)
        }
        for column in model.contract.columns
    }


def _landed(config: Config, project: Project) -> dict[str, list[str]]:
    """Columns of the tables that models read and none makes: as their sources declare them, or as the catalog has them.

    Beside them those of the sources that nothing reads yet.
    """
    from lake.land.landing import schemas

    columns = {f"raw.{table}": schema.names for table, schema in schemas(config).items()}
    read = {table for model in project.models.values() for table in model.inputs} - project.models.keys()
    if read - columns.keys() and catalog.exists(config):
        with catalog.session(config) as connection:
            recorded = metadata.present(connection)[1]
        columns |= {t: [column for column, _ in recorded[t]] for t in read - columns.keys() if t in recorded}
    return columns


def _ends(config: Config, project: Project, landed: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Where the tables that no model makes come from: the sources that land them, or a seed's file."""
    sources.use(config.root)
    makers: dict[str, list[str]] = {}
    for name in config.sources:
        for table in sources.get(name).TABLES:
            makers.setdefault(f"raw.{table}", []).append(name)
    of_cubes = [name for name in config.sources if sources.get(name).FACTS.cubes]
    makers |= {"raw.cubes": of_cubes, "raw.cube_variables": of_cubes, "raw.rejects": list(config.sources)}
    ends: dict[str, dict[str, Any]] = {
        table: {"kind": "landed", "sources": [_source(name) for name in makers.get(table, [])]} for table in landed
    }
    for table, model in project.models.items():
        if model.seed:
            ends[table] = {"kind": "seed", "file": str(model.path.relative_to(config.root))}
    return ends


def _source(name: str) -> dict[str, Any]:
    module = sources.get(name)
    facts = module.FACTS
    about = {"title": facts.title, "homepage": facts.homepage, "licence": facts.licence}
    return {"name": name, **about, "reader": module.READER}


# From one SELECT. Its columns are looked up scope by scope, each scope once, after sqlglot has said which table each
# name belongs to.

_Origins = dict[tuple[str, str], str]
_Outputs = list[tuple[str, _Origins]]  # by column
_Visited = dict[int, _Outputs]  # by the id of a scope


def _of_select(sql: str, inputs: Mapping[str, list[str]]) -> dict[str, list[list[str]]]:
    """Each column of a SELECT, in lower case, with its [table, column, how]; without those that are unknown."""
    import sqlglot
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    layers: dict[str, dict[str, dict[str, str]]] = {}
    for table, columns in inputs.items():
        layer, _, stem = table.partition(".")
        layers.setdefault(layer, {})[stem] = {column.lower(): "unknown" for column in columns}
    try:
        query = _with_columns(_with_keys(sqlglot.parse_one(sql, dialect="duckdb")))
        query = qualify(
            _without_filters(query),
            dialect="duckdb",
            schema=dict(layers),
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        scope = build_scope(query)
        outputs = _outputs(scope, {}) if scope else []
    except Exception:  # sqlglot trips over some of DuckDB's SQL, not always with an error of its own: all is unknown
        return {}
    spelled = {(t, column.lower()): column for t, columns in inputs.items() for column in columns}
    by_column: dict[str, list[list[str]]] = {}
    for column, origins in outputs:
        places = sorted([t, spelled.get((t, name), "*"), how] for (t, name), how in origins.items())
        by_column.setdefault(column.lower(), places)  # of two of a name, the first keeps it
    return {column: places for column, places in by_column.items() if column != "*"}


def _without_filters(query: exp.Expr) -> exp.Expr:
    """The query without its SEMI and ANTI joins: they give no columns, and choose rows only."""
    from sqlglot import exp

    for join in list(query.find_all(exp.Join)):
        if join.kind in ("SEMI", "ANTI"):
            join.pop()
    return query


def _with_keys(query: exp.Expr) -> exp.Expr:
    """The query, with the keys of MAP {key: value} as the columns that DuckDB takes them for."""
    from sqlglot import exp

    for pair in [pair for struct in query.find_all(exp.ToMap) for pair in struct.find_all(exp.PropertyEQ)]:
        if isinstance(pair.this, exp.Identifier):
            pair.set("this", exp.column(pair.this.copy()))
    return query


def _with_columns(query: exp.Expr) -> exp.Expr:
    """The query, with the columns in calls by a dot, such as s.id.upper(), which sqlglot leaves mere identifiers."""
    from sqlglot import exp

    names = (exp.Column, exp.Alias, exp.TableAlias, exp.Table, exp.DataType, exp.Lambda, exp.PropertyEQ, exp.Kwarg)
    for head in list(query.find_all(exp.Identifier)):
        parent = head.parent
        field = isinstance(parent, exp.Dot) and head.arg_key == "expression"
        if field or isinstance(parent, names) or not head.find_ancestor(exp.Dot) or _is_argument(head):
            continue
        path: exp.Expr = head
        parts = [head]
        while isinstance(path.parent, exp.Dot) and isinstance(path.parent.expression, exp.Identifier):
            if path.arg_key != "this" or len(parts) == 4:
                break
            parts.append(path.parent.expression)
            path = path.parent
        path.replace(exp.column(*(part.copy() for part in reversed(parts))))
    return query


def _is_argument(name: exp.Identifier) -> bool:
    """Whether it is what a lambda around it calls its argument."""
    from sqlglot import exp

    around = name.find_ancestor(exp.Lambda, exp.Query)
    while isinstance(around, exp.Lambda):
        if name.name.lower() in {argument.name.lower() for argument in around.expressions}:
            return True
        around = around.find_ancestor(exp.Lambda, exp.Query)
    return False


def _outputs(scope: Scope, visited: _Visited) -> _Outputs:
    """The columns that a scope gives, with their origins."""
    if id(scope) in visited:
        return visited[id(scope)]
    visited[id(scope)] = []  # a recursive CTE meets itself
    if scope.union_scopes:
        first, second = (_outputs(branch, visited) for branch in scope.union_scopes)
        outputs = _both(first, second, bool(scope.expression.args.get("by_name")))
    elif hasattr(scope.expression, "selects") and not _is_function(scope):
        outputs = [(item.alias_or_name, _origins(item, scope, visited)) for item in scope.expression.selects]
    else:
        outputs = [
            ("*", _origins(scope.expression, scope, visited))
        ]  # a table function: each column from all arguments
    if around := _around(scope, visited):
        outputs = [(name, _merged([origins, around])) for name, origins in outputs]
    if scope.outer_columns and not _is_function(scope):
        renamed = zip(scope.outer_columns, outputs, strict=False)
        outputs = [(name, origins) for name, (_, origins) in renamed] + outputs[len(scope.outer_columns) :]
    visited[id(scope)] = outputs
    return outputs


def _around(scope: Scope, visited: _Visited) -> _Origins:
    """The columns of the scopes around that choose the rows of a lateral subquery."""
    from sqlglot import exp

    if not isinstance(scope.expression, exp.Select):
        return {}
    selected = {id(column) for item in scope.expression.selects for column in item.find_all(exp.Column)}
    outer = [column for column in scope.external_columns if id(column) not in selected]
    return _merged(_at_least(_column(column, scope, visited), HOWS[1]) for column in outer)


def _is_function(scope: Scope) -> bool:
    from sqlglot import exp

    return isinstance(scope.expression, exp.UDTF)


def _both(first: _Outputs, second: _Outputs, by_name: bool) -> _Outputs:
    """Of a union: by place, or by name."""
    if by_name:
        names = dict.fromkeys(name for name, _ in [*first, *second])
        return [(name, _merged([dict(first).get(name, {}), dict(second).get(name, {})])) for name in names]
    if len(second) != len(first):  # a recursive CTE's own part, or a star of what is not known
        return [(name, _merged([origins, *(o for n, o in second if n in (name, "*"))])) for name, origins in first]
    return [(name, _merged([a, b])) for (name, a), (_, b) in zip(first, second, strict=True)]


def _merged(groups: Iterable[_Origins]) -> _Origins:
    merged: _Origins = {}
    for origins in groups:
        for origin, how in origins.items():
            merged[origin] = max(merged.get(origin, how), how, key=HOWS.index)
    return merged


def _origins(expression: exp.Expr, scope: Scope, visited: _Visited) -> _Origins:
    """The origins of an expression: of its columns, and of what the subqueries in it give."""
    from sqlglot import exp

    inner = {id(subquery.expression): subquery for subquery in (*scope.subquery_scopes, *scope.derived_table_scopes)}
    plain = isinstance(expression.unalias(), exp.Column)
    parts: list[_Origins] = []
    for node in _nodes(expression, scope, inner):
        if id(node) in inner:
            parts += [_at_least(origins, HOWS[1]) for _, origins in _outputs(inner[id(node)], visited)]
            parts += [_at_least(_column(c, s, visited), HOWS[1]) for s in inner[id(node)].traverse() for c in s.columns]
        elif isinstance(node, exp.Columns):
            parts.append(_anything(scope, visited))
        elif isinstance(node, exp.Column):
            inside = node.find_ancestor(exp.AggFunc, exp.Filter, exp.Query)
            how = HOWS[0] if plain else HOWS[2] if isinstance(inside, (exp.AggFunc, exp.Filter)) else HOWS[1]
            parts.append(_at_least(_column(node, scope, visited), how))
    return _merged(parts)


def _nodes(expression: exp.Expr, scope: Scope, inner: Container[int]) -> Iterator[exp.Expr]:
    """The nodes of an expression, with those of the named windows that it uses; none of what is in its subqueries."""
    from sqlglot import exp

    window_of = {window.this.name.lower(): window for window in scope.expression.args.get("windows") or ()}
    for node in expression.walk(prune=lambda node: id(node) in inner):
        yield node
        if isinstance(node, exp.Window) and (window := window_of.get(node.alias.lower())) not in (None, expression):
            yield from _nodes(window, scope, inner)


def _at_least(origins: _Origins, how: str) -> _Origins:
    return {origin: max(own, how, key=HOWS.index) for origin, own in origins.items()}


def _column(column: exp.Column, start: Scope, visited: _Visited) -> _Origins:
    """The origins of a name within a scope, or in those around it where a subquery refers to them."""
    from sqlglot import exp

    scope: Scope | None = start
    while scope is not None:
        source = scope.sources.get(column.table) or _table(scope, column.table)
        if isinstance(source, exp.Table):
            if source.db:
                return {(f"{source.db}.{source.name}", column.name): HOWS[0]}
            return _of_function(source, scope, visited)
        if source is not None:
            outputs = _outputs(source, visited)
            matches = [origins for name, origins in outputs if name == column.name]
            return matches[0] if matches else _merged(origins for name, origins in outputs if name == "*")
        scope = scope.parent
    return _somewhere(column, start, visited)


def _of_function(source: exp.Table, scope: Scope, visited: _Visited) -> _Origins:
    """The origins of what a table function gives: its arguments; nothing, where it is a recursive CTE within itself."""
    from sqlglot import exp

    return _at_least(_origins(source.this, scope, visited), HOWS[1]) if isinstance(source.this, exp.Func) else {}


def _table(scope: Scope, alias: str) -> exp.Table | None:
    """A table of the scope; one without a layer is a recursive CTE within itself."""
    return next((table for table in scope.tables if table.alias_or_name == alias), None) if alias else None


def _somewhere(column: exp.Column, scope: Scope, visited: _Visited) -> _Origins:
    """A name that no source owns, as PIVOT gives them: from any column of the scope's sources."""
    from sqlglot import exp

    around = column.find_ancestor(exp.Comprehension, exp.Query)
    if isinstance(around, exp.Comprehension) and not column.table:
        return {}  # the name that [... for name in list] gives its elements
    return _anything(scope, visited)


def _anything(scope: Scope, visited: _Visited) -> _Origins:
    """All that the scope's sources have."""
    from sqlglot import exp

    parts: list[_Origins] = []
    tables = [source for _, source in scope.references if isinstance(source, exp.Table) and source.db]
    for source in (*scope.sources.values(), *tables):
        if not isinstance(source, exp.Table):
            parts += [_at_least(origins, HOWS[1]) for _, origins in _outputs(source, visited)]
        elif source.db:
            parts.append({(f"{source.db}.{source.name}", "*"): HOWS[1]})
        else:
            parts.append(_of_function(source, scope, visited))
    return _merged(parts)
