"""Window functions: of each asked row, the rows of its partition that its frame and its place among them needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lake.trace.why import aggregates, blocks, syntax
from lake.trace.why import rows as behind
from lake.trace.why.points import Points
from lake.trace.why.query import query_text

if TYPE_CHECKING:
    from lake.trace.why.blocks import Item
    from lake.trace.why.query import Query
    from lake.trace.why.syntax import Node

_SHIFTS = ("WINDOW_LAG", "WINDOW_LEAD")
_WHOLE = ("WINDOW_NTILE", "WINDOW_PERCENT_RANK", "WINDOW_CUME_DIST", "WINDOW_FILL")
_COPIED = ("start", "end", "start_expr", "end_expr", "exclude_clause")


def partitions(node: Node, ranked: Sequence[Node], on: Sequence[Node]) -> list[Node]:
    """The expressions by which all windows, and DISTINCT ON, part the rows."""
    parts = [window["partitions"] for window in [*ranked, *syntax.windows(node["qualify"])]]
    parts += [list(on)] if on else []
    if not parts:
        return []
    return [one for one in parts[0] if all(any(syntax.same(one, other) for other in part) for part in parts[1:])]


def rows(query: Query, points: Points) -> None:
    """Ask for the asked rows, and for those that their windows needed."""
    tracer, node = query.tracer, query.block.node
    items = behind.prepare(query)
    ranked = _own_windows(syntax.windows(query.needs))
    inner: list[Node] = []
    for i, window in enumerate(ranked):
        inner += [blocks.named_as(part, f"_p{i}_{j}") for j, part in enumerate(window["partitions"])]
        inner += [blocks.named_as(one["expression"], f"_o{i}_{j}") for j, one in enumerate(window["orders"])]
        inner += [blocks.named_as(_number(window), f"_n{i}"), blocks.named_as(_value(window), f"_v{i}")]
        inner.append(blocks.named_as(_counted(window), f"_w{i}"))
        for j, edge in enumerate(("start_expr", "end_expr")):
            if window[edge]:
                inner.append(blocks.named_as(window[edge], f"_f{i}_{j}"))
    if node["qualify"]:
        inner.append(blocks.named_as(node["qualify"], "_q"))
    qualified, node["qualify"] = bool(node["qualify"]), None
    query.more += inner
    text = query_text(query)
    spans = ", ".join(f"{low} AS _l{i}, {high} AS _h{i}" for i, w in enumerate(ranked) for low, high in [_span(w, i)])
    every = tracer.relations.fresh("w")
    tracer.connection.execute(f"CREATE TEMP VIEW {every} AS SELECT *, {spans} FROM ({text})")
    matching = tracer.table(tracer.matching(f"FROM {every}" + (" WHERE _q" if qualified else ""), points))
    strict = not all(tracer.relations.monotone(item.relation) for item in items)
    behind.take(query, matching, items, points)
    for i, window in enumerate(ranked):
        _frames(query, every, matching, items, i, window, strict)


def _own_windows(windows: Sequence[Node]) -> list[Node]:
    distinct: list[Node] = []
    for window in windows:
        if not any(syntax.same(window, other) for other in distinct):
            distinct.append(window)
    return distinct


def _counted(window: Node) -> Node:
    """Whether a row of the frame counts: one that the filter leaves out, or whose null is ignored, does not."""
    conditions = [window["filter_expr"]] if window["filter_expr"] else []
    if window["type"] == "WINDOW_AGGREGATE" and aggregates.ignores_null(window["function_name"]) and window["children"]:
        conditions.append(aggregates.is_there(window["children"][0]))
    return syntax.both(syntax.clone({"h": conditions})["h"]) or syntax.expression("true")


def _number(window: Node) -> Node:
    """A row's place in its partition."""
    node = syntax.expression("row_number() OVER (PARTITION BY a ORDER BY b)")
    node["partitions"], node["orders"] = window["partitions"], window["orders"]
    return node


def _value(window: Node) -> Node:
    """Whether a rank is the first, which fewer rows do not change; of other windows, false."""
    if window["type"] not in syntax.RANKS:
        return syntax.expression("false")
    node = syntax.expression("a = 1")
    node["left"] = {**window, "alias": ""}
    return node


def _span(window: Node, i: int) -> tuple[str, str]:
    """The first and the last place in the partition that a row's value needs, in SQL."""
    own, kind = f"_n{i}", window["type"]
    parts = ", ".join(f"_p{i}_{j}" for j in range(len(window["partitions"])))
    whole = ("1", f"count(*) OVER ({f'PARTITION BY {parts}' if parts else ''})")
    if kind in syntax.RANKS:
        return f"if(_v{i}, {own}, 1)", own
    if kind in _WHOLE or window["ignore_nulls"]:
        return whole
    if kind in _SHIFTS:
        step = _step(window)
        if step is None:
            return whole
        return (f"{own} - {step}", own) if kind == "WINDOW_LAG" else (own, f"{own} + {step}")
    simple = not window["filter_expr"] and window["exclude_clause"] == "NO_OTHER"
    if kind == "WINDOW_FIRST_VALUE" and simple and window["start"] == "UNBOUNDED_PRECEDING":
        return "1", "1"
    return _frame(window, i)


def _step(window: Node) -> int | None:
    offset = window["offset_expr"]
    if offset is None and len(window["children"]) > 1:
        offset = window["children"][1]
    if offset is None:
        return 1
    if offset.get("class") != "CONSTANT" or not isinstance(offset["value"]["value"], int):
        return None
    return offset["value"]["value"] if offset["value"]["value"] >= 0 else None


def _frame(window: Node, i: int) -> tuple[str, str]:
    """The ends of a row's frame, and where its offsets count rows, all between these and the row itself."""
    node = syntax.expression("min(a) OVER (PARTITION BY b ORDER BY c)")
    node["children"] = [syntax.column(f"_n{i}")]
    node["partitions"] = [syntax.column(f"_p{i}_{j}") for j in range(len(window["partitions"]))]
    node["orders"] = [{**one, "expression": syntax.column(f"_o{i}_{j}")} for j, one in enumerate(window["orders"])]
    for key in _COPIED:
        node[key] = syntax.clone({"v": window[key]})["v"]
    for j, edge in enumerate(("start_expr", "end_expr")):
        if window[edge]:
            node[edge] = window[edge] if window[edge].get("class") == "CONSTANT" else syntax.column(f"_f{i}_{j}")
    low = syntax.text(syntax.select(items=[node])).removeprefix("SELECT ")
    high = syntax.text(syntax.select(items=[{**node, "function_name": "max"}])).removeprefix("SELECT ")
    if _by_place(window):
        return f"least({low}, _n{i})", f"greatest({high}, _n{i})"
    return low, high


def _by_place(window: Node) -> bool:
    """Whether the ends of its frame are found by counting rows."""
    return "ROWS" in window["start"] + window["end"] or "GROUPS" in window["start"] + window["end"]


def _frames(query: Query, every: str, matching: str, items: Sequence[Item], i: int, window: Node, strict: bool) -> None:
    """Ask for the rows between the ends, in the partitions of the asked rows."""
    tracer = query.tracer
    parts = [f"_p{i}_{j}" for j in range(len(window["partitions"]))]
    if strict:
        partition_points = tracer.table(f"SELECT DISTINCT {', '.join(parts) or '1 AS _'} FROM {matching}")
        partition_columns = list(zip(parts, window["partitions"], strict=True))
        behind.region(tracer, query.block, partition_columns, Points(partition_points, tuple(parts)))
        return
    bounds = tracer.table(
        f"SELECT DISTINCT {', '.join([*parts, f'_l{i}', f'_h{i}'])} FROM {matching} WHERE _l{i} IS NOT NULL"
    )
    among = tracer.matching(f"FROM {every}", Points(bounds, tuple(parts)))
    equal = [f"e.{part} IS NOT DISTINCT FROM n.{part}" for part in parts]
    if not _by_place(window):
        equal.append(f"coalesce(e._w{i}, false)")
    if window["type"] in _WHOLE:
        tracer.notes["a place among all rows of a partition: all of these"] = None
    on = " AND ".join([*equal, f"e._n{i} BETWEEN n._l{i} AND n._h{i}"])
    listed = [item.id for item in items] + [value for item in items for value in item.requested.values()]
    listed += [value for pairs in query.absent.values() for _, value in pairs]
    rows = tracer.table(
        f"SELECT DISTINCT {', '.join(f'e.{one}' for one in listed) or '1 AS _'} "
        f"FROM ({among}) AS e SEMI JOIN {bounds} AS n ON {on}"
    )
    behind.take(query, rows, items, Points(matching, ()))
