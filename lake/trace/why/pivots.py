"""PIVOT and UNPIVOT: the rows of their source that some of their rows depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.store.sql import name
from lake.trace.why import syntax
from lake.trace.why.points import Points

if TYPE_CHECKING:
    from lake.trace.why.relations import Relation
    from lake.trace.why.syntax import Node
    from lake.trace.why.tracer import Tracer


def trace(tracer: Tracer, relation: Relation, points: Points, bag: bool) -> None:
    node = relation.node or {}
    reference = syntax.clone(node["source"])
    source = tracer.relations.of(syntax.select(items=[syntax.expression("*")], source=reference))
    lower = {column.lower(): column for column in source.columns}
    if node["unpivot_names"]:
        _unpivot(tracer, node, source, points, lower, bag)
        return
    used = {
        part.lower() for n in syntax.walk([node["aggregates"], node["pivots"]]) for part in n.get("column_names", [])
    }
    groups = [c for c in points.columns if c.lower() in lower and c.lower() not in used]
    listed = ", ".join(f"{name(c)} AS {name(lower[c.lower()])}" for c in groups) or "1 AS _"
    table = tracer.table(f"SELECT DISTINCT {listed} FROM {points.table}")
    group_points = Points(table, tuple(lower[c.lower()] for c in groups))
    others = [column for column in points.columns if column not in groups]
    chosen = None if bag or not tracer.choose else _chosen(tracer, node, source, others)
    if chosen is None:
        tracer.ask(source, group_points, True)
        return
    where = " OR ".join(chosen) or "false"
    rows = tracer.matching(f"FROM {source.view} WHERE {where}", group_points)
    matching = tracer.table(f"SELECT DISTINCT * FROM ({rows})")
    if tracer.any(matching):
        tracer.ask(source, Points(matching, source.columns), True)
    else:  # the cell is null, and the group is there for other rows
        tracer.ask(source, group_points, True)


def _chosen(tracer: Tracer, node: Node, source: Relation, columns: list[str]) -> list[str] | None:
    """The conditions on the source that the pivoted columns stand for; None where that is not clear."""
    if len(node["pivots"]) != 1 or len(node["pivots"][0]["pivot_expressions"]) != 1:
        return None
    expression = syntax.text(syntax.select(items=node["pivots"][0]["pivot_expressions"])).removeprefix("SELECT ")
    entries = [entry for entry in node["pivots"][0]["entries"] if len(entry.get("values", [])) == 1]
    conditions = []
    for column in columns:
        for entry in entries:
            constant = syntax.expression("1")
            constant["value"] = entry["values"][0]
            value = syntax.text(syntax.select(items=[constant])).removeprefix("SELECT ")
            row = tracer.connection.execute(f"SELECT CAST({value} AS VARCHAR)").fetchone()
            label = entry.get("alias") or (row[0] if row else "")
            if column == label or column.startswith(f"{label}_"):
                conditions.append(f"({expression}) IS NOT DISTINCT FROM {value}")
    return conditions


def _unpivot(tracer: Tracer, node: Node, source: Relation, points: Points, lower: dict[str, str], bag: bool) -> None:
    """The source's rows that have the same values in the columns that stay; that other columns are taken up, too."""
    folded = {v["value"].lower() for pivot in node["pivots"] for e in pivot["entries"] for v in e.get("values", [])}
    stay = [c for c in points.columns if c.lower() in lower and c.lower() not in folded]
    pivot = node["pivots"][0]
    names, values = pivot["unpivot_names"], node["unpivot_names"]
    simple = len(node["pivots"]) == 1 and len(names) == 1 and len(values) == 1 and not bag
    if not simple or names[0] not in points.columns or not tracer.relations.monotone(source):
        staying = ", ".join(f"{name(c)} AS {name(lower[c.lower()])}" for c in stay) or "1 AS _"
        table = tracer.table(f"SELECT DISTINCT {staying} FROM {points.table}")
        tracer.ask(source, Points(table, tuple(lower[c.lower()] for c in stay)), True)
        return
    names_asked = tracer.connection.execute(f"SELECT DISTINCT {name(names[0])} FROM {points.table}").fetchall()
    for (column,) in names_asked:
        if column.lower() not in lower:
            raise LookupError(f"UNPIVOT gives {column} for a column of another name")
        listed = [f"{name(c)} AS {name(lower[c.lower()])}" for c in stay]
        own = [*stay]
        if values[0] in points.columns:
            listed.append(f"{name(values[0])} AS {name(lower[column.lower()])}")
            own.append(column)
        table = tracer.table(
            f"SELECT DISTINCT {', '.join(listed) or '1 AS _'} FROM {points.table} WHERE {name(names[0])} = '"
            + column.replace("'", "''")
            + "'"
        )
        tracer.ask(source, Points(table, tuple(lower[c.lower()] for c in own)))
