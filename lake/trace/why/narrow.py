"""coalesce() and CASE: only what decided the value counts, where the asked row alone says which it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.trace.why import blocks, syntax

if TYPE_CHECKING:
    from lake.trace.why.blocks import Block
    from lake.trace.why.points import Points
    from lake.trace.why.relations import Relation
    from lake.trace.why.syntax import Node
    from lake.trace.why.tracer import Tracer


def narrowed(tracer: Tracer, block: Block, relation: Relation, points: Points, needs: list[Node]) -> list[Node]:
    """The expressions that count, without the parts that the asked row did not come to."""
    choices = [node for node in needs if _branches(node)]
    if not choices or syntax.subqueries(needs):
        return needs
    own = syntax.clone(block.node)
    own["select_list"] = blocks.aliased(own, relation.columns)
    own["select_list"] += [_which(node, f"_b{i}") for i, node in enumerate(choices)]
    listed = ", ".join(f"_b{i}" for i in range(len(choices)))
    rows = tracer.connection.execute(
        f"SELECT DISTINCT * FROM ({tracer.matching(syntax.text(own), points, listed)}) LIMIT 2"
    ).fetchall()
    if len(rows) != 1:
        return needs
    needed = [node for node in needs if not any(node is choice for choice in choices)]
    for node, branch in zip(choices, rows[0], strict=True):
        needed += _taken(tracer, block, node, branch)
    return needed


def _branches(node: Node) -> list[Node]:
    """The conditions by which an expression chooses, but for the last; none where it does not choose."""
    if node.get("type") == "OPERATOR_COALESCE":
        return [_is_there(child) for child in node["children"]]
    if node.get("type") == "CASE_EXPR":
        return [check["when_expr"] for check in node["case_checks"]]
    return []


def _is_there(value: Node) -> Node:
    node = syntax.expression("a IS NOT NULL")
    node["children"] = [value]
    return node


def _which(node: Node, alias: str) -> Node:
    """The number of the branch that is taken."""
    case = syntax.expression("CASE WHEN a THEN 1 END")
    check, branches = case["case_checks"][0], _branches(node)
    case["case_checks"] = [
        {**syntax.clone(check), "when_expr": syntax.clone(branch), "then_expr": syntax.expression(str(i))}
        for i, branch in enumerate(branches)
    ]
    case["else_expr"] = syntax.expression(str(len(branches)))
    return blocks.named_as(case, alias)


def _taken(tracer: Tracer, block: Block, node: Node, branch: int) -> list[Node]:
    if node["type"] == "CASE_EXPR":
        checks = node["case_checks"]
        value = checks[branch]["then_expr"] if branch < len(checks) else node["else_expr"]
        return [*(check["when_expr"] for check in checks[: branch + 1]), value]
    passed = [child for child in node["children"][:branch] if not _stays_null(tracer, block, child)]
    return [*passed, *node["children"][branch : branch + 1]] if branch < len(node["children"]) else node["children"]


def _stays_null(tracer: Tracer, block: Block, value: Node) -> bool:
    """Whether a value that is null is so with fewer rows, too: a column of what may be absent, and never changes."""
    one = blocks.owner(block, value)
    return one is not None and one[0].optional and tracer.relations.monotone(one[0].relation)
