"""Rows of what a description of a climate run says beside its cube."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from lake.sources.contract import Part
from lake.sources.gcm.tables import NAMES, TABLES


def described(params: Mapping[str, Any]) -> Iterator[Part]:
    """The rows that a file of a run brings beside its cube.

    Args:
        params: of its resource: the run's names, title, conditions, gases, variables.
    """
    run = {name: params.get(name) for name in NAMES}
    told = {name: params.get(name) for name in ("file", "title", "citation", "licence", "described_in")}
    yield _part("gcm_runs", [run | told | dict(params.get("conditions", {}))])
    if gases := params.get("gases"):
        yield _part("gcm_gases", [run | {"gas": gas, "fraction": share} for gas, share in gases.items()])
    if variables := params.get("variables"):
        yield _part("gcm_variables", [run | {"quantity": name, "variable": v} for name, v in variables.items()])


def listed(folder: str, asked: Mapping[str, bool]) -> Part:
    """The files of a folder, and whether a run names them."""
    return _part("gcm_listings", [{"folder": folder, "name": name, "asked": yes} for name, yes in asked.items()])


def left_out(left: Sequence[tuple[str, str]]) -> pa.Table:
    """Variables and attributes that no cube holds, as rejects: (name, reason)."""
    return pa.table(
        {
            "_record": pa.array(range(1, len(left) + 1), pa.int64()),
            "reason": pa.array([reason for _, reason in left], pa.string()),
            "content": pa.array([name for name, _ in left], pa.string()),
        }
    )


def _part(table: str, rows: list[dict[str, Any]]) -> Part:
    numbered = [row | {"_record": i} for i, row in enumerate(rows, 1)]
    return Part(table, len(rows), pa.Table.from_pylist(numbered, TABLES[table]))
