"""Which rows of a group decide what its aggregates give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.trace.why import syntax

if TYPE_CHECKING:
    from lake.trace.why.syntax import Node
    from lake.trace.why.tracer import Tracer


_EXTREMES = ("min", "max", "bool_or", "bool_and")


_ARG_EXTREMES = {
    **dict.fromkeys(("arg_max", "argmax", "max_by"), "max"),
    **dict.fromkeys(("arg_min", "argmin", "min_by"), "min"),
}


_FIRST = ("first", "any_value", "arbitrary")


_WITHOUT_NULL = frozenset(
    "sum avg mean count fsum kahan_sum favg product string_agg group_concat listagg median quantile quantile_cont "
    "quantile_disc mode stddev stddev_samp stddev_pop variance var_samp var_pop skewness kurtosis entropy mad "
    "approx_count_distinct bit_and bit_or bit_xor histogram geomean sumkahan".split()
)


def ignores_null(function: str) -> bool:
    """Whether an aggregate gives the same without the rows whose argument is null."""
    return function.lower() in _WITHOUT_NULL


def chooses(tracer: Tracer, node: Node) -> bool:
    """Whether a SELECT takes some of the rows behind its FROM, by comparing them."""
    calls = tracer.relations.aggregated(node["select_list"], node["having"])
    choosing = {*_EXTREMES, *_ARG_EXTREMES, *_FIRST}
    picked = any(call["function_name"].lower() in choosing or call["distinct"] for call in calls)
    return bool(picked or node["modifiers"] or node["having"] or node["group_expressions"] or node["qualify"])


def picks(tracer: Tracer, trees: list[Node], keys: list[Node]) -> list[Node]:
    """The conditions of the rows that decide what the aggregates give; none, where all do."""
    calls = tracer.relations.aggregated(trees)
    if not tracer.choose or not calls or syntax.subqueries(calls):
        return []
    conditions = [_pick(call, keys) for call in calls]
    if any(pick is None for pick in conditions):
        return []
    alone = _over("bool_or", [syntax.expression("true")], None, keys)
    alone["children"] = (
        [_any(syntax.clone({"p": conditions})["p"])] if not syntax.windows(conditions) else [syntax.expression("true")]
    )
    if syntax.windows(conditions):
        return [pick for pick in conditions if pick is not None]
    none = syntax.expression("NOT a")  # a group of which no row decides anything is there for all of them
    coalesced = syntax.expression("coalesce(a, false)")
    coalesced["children"][0] = alone
    none["children"] = [coalesced]
    return [*(pick for pick in conditions if pick is not None), none]


def _any(nodes: list[Node]) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    either = syntax.expression("a OR b")
    either["children"] = nodes
    return either


def _pick(call: Node, keys: list[Node]) -> Node | None:
    function, children, condition = call["function_name"].lower(), call["children"], call["filter"]
    ordered = call["order_bys"]["orders"] if call.get("order_bys") else []
    conditions = [condition] if condition else []
    if function in _EXTREMES and len(children) == 1:
        return syntax.both([*conditions, _is_extreme(function, children[0], condition, keys)])
    if function in _ARG_EXTREMES and len(children) == 2 and not ordered:
        is_value = is_there(children[0])
        return syntax.both(
            [
                *conditions,
                is_value,
                _is_extreme(_ARG_EXTREMES[function], children[1], syntax.both([*conditions, is_value]), keys),
            ]
        )
    if function in _FIRST and len(children) == 1 and ordered:
        if function != "first":
            conditions.append(is_there(children[0]))
        return syntax.both([*conditions, _is_first(conditions, ordered, keys)])
    if function in _WITHOUT_NULL and children and not call["distinct"]:
        return syntax.both([*conditions, is_there(children[0])])
    if function == "count" and children:
        return syntax.both([*conditions, is_there(children[0])])
    picked: Node | None = condition
    return picked  # None: all rows


def is_there(value: Node) -> Node:
    node = syntax.expression("a IS NOT NULL")
    node["children"] = [syntax.clone(value)]
    return node


def _is_extreme(function: str, value: Node, condition: Node | None, keys: list[Node]) -> Node:
    """The value is the group's; a group without any has all rows."""
    node = syntax.expression("a IS NOT DISTINCT FROM b")
    node["left"], node["right"] = syntax.clone(value), _over(function, [value], condition, keys)
    return node


def _is_first(conditions: list[Node], orders: list[Node], keys: list[Node]) -> Node:
    node = syntax.expression("rank() OVER (PARTITION BY a ORDER BY b) = 1")
    window = node["left"]
    window["partitions"] = syntax.clone({"k": [*keys, *conditions]})["k"]
    window["orders"] = syntax.clone({"o": orders})["o"]
    return node


def _over(function: str, children: list[Node], condition: Node | None, keys: list[Node]) -> Node:
    window = syntax.expression(f"{function}(a) FILTER (WHERE true) OVER (PARTITION BY b)")
    window["children"] = syntax.clone({"c": children})["c"]
    window["filter_expr"] = syntax.clone(condition) if condition else None
    window["partitions"] = syntax.clone({"k": keys})["k"]
    return window
