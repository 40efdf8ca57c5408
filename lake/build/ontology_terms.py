"""Whether the terms that contracts name, by Term("PATO:0000146"), are terms of the ontologies that the lake holds.

An ontology is held where its own file was landed: pato.obo for PATO. Other files may import some of its terms; of an
ontology that is known only so, an id that is not among them may still be right, and nothing is said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.build.preflight import together
from lake.contract import Contract
from lake.errors import ModelError
from lake.store.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = {"core.ontology_terms", "core.ontology_relations"}
_SAID = """
WITH named(id) AS (VALUES {ids}),
replacing AS (
    SELECT term AS id, predicate, target AS other FROM core.ontology_relations
    WHERE predicate IN ('replaced_by', 'consider')
    UNION ALL
    SELECT target, 'replaced_by', term FROM core.ontology_relations WHERE predicate = 'alternative_id'
)
SELECT
    named.id,
    t.name,
    t.obsolete IS TRUE OR r.others IS NOT NULL AS gone,
    coalesce(r.others, []) AS others
FROM named
LEFT JOIN core.ontology_terms AS t ON t.term = named.id
LEFT JOIN (
    SELECT
        id,
        list(
            concat_ws(' ', if(predicate = 'consider', 'perhaps', NULL), other, '(' || n.name || ')')
            ORDER BY predicate DESC, other
        ) AS others
    FROM replacing LEFT JOIN core.ontology_terms AS n ON n.term = other GROUP BY id
) AS r ON r.id = named.id
WHERE t.obsolete IS TRUE OR (
    t.term IS NULL
    AND (r.id IS NOT NULL OR split_part(named.id, ':', 1) IN (SELECT ontology FROM core.ontology_terms WHERE home))
)
"""


def named(contract: Contract) -> list[tuple[str, str]]:
    """(column, term) of each term that a contract names."""
    return [(column.name, id) for column in contract.columns for id in column.terms]


def problems(connection: DuckDBPyConnection, contracts: Iterable[Contract], root: Path) -> dict[str, ModelError]:
    """By table: the terms that are not there, or are obsolete, each with its place and what replaces it."""
    contracts = list(contracts)
    ids_named = sorted({id for contract in contracts for _, id in named(contract)})
    if not ids_named:
        return {}
    ids = ", ".join(f"({quote(id)})" for id in ids_named)
    wrong = {row[0]: row[1:] for row in connection.execute(_SAID.format(ids=ids)).fetchall()}
    by_table = {contract.table: list(_of(contract, wrong, root)) for contract in contracts}
    return {table: together(listed) for table, listed in by_table.items() if listed}


def _of(contract: Contract, wrong: dict[str, tuple[Any, ...]], root: Path) -> Iterator[ModelError]:
    for column, id in named(contract):
        if id in wrong:
            name, obsolete, others = wrong[id]
            ontology = id.partition(":")[0]
            yield ModelError(
                f"{contract.table}.{column} names {id}, which is "
                + (f"obsolete ({name})" if obsolete and name else "obsolete" if obsolete else f"no term of {ontology}"),
                where=f"{(file := root / contract.where.partition(':')[0])}:{_line(file, contract.table, column)}",
                why="" if obsolete else f"core.ontology_terms holds {ontology}, and not this term",
                next=f"name {', or '.join(others)}" if others else "name another term",
            )


def _line(path: Path, table: str, column: str) -> int:
    """Where the column stands in its file; the class's line, where it has it from another class."""
    from lake.contract import snake_case

    stem = table.partition(".")[2]
    classes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]
    owner = next((node for node in classes if snake_case(node.name) == stem), None)
    for node in owner.body if owner else ():
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "").removesuffix("_") == column:
            return node.lineno
    return owner.lineno if owner else 1
