"""The description of a climate run as rows, besides its cube."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from lake.sources.contract import Part
from lake.sources.gcm.tables import NAMES, TABLES


def of_run(params: Mapping[str, Any]) -> Iterator[Part]:
    """The rows of a run's file besides its cube.

    Args:
        params: the resource's: the run's names, title, conditions, gases, variables.
    """
    run = {name: params.get(name) for name in NAMES}
    details = {name: params.get(name) for name in ("file", "title", "citation", "licence", "described_in")}
    yield _part("gcm_runs", [run | details | dict(params.get("conditions", {}))])
    if gases := params.get("gases"):
        yield _part("gcm_gases", [run | {"gas": gas, "fraction": share} for gas, share in gases.items()])
    if variables := params.get("variables"):
        yield _part("gcm_variables", [run | {"quantity": name, "variable": v} for name, v in variables.items()])


def listing(folder: str, selected: Mapping[str, bool]) -> Part:
    """The files of a folder, and whether a run names them."""
    return _part(
        "gcm_listings", [{"folder": folder, "name": name, "asked": chosen} for name, chosen in selected.items()]
    )


def omitted(items: Sequence[tuple[str, str]]) -> pa.Table:
    """Variables and attributes that a cube cannot hold, (name, reason) each, as rejects."""
    return pa.table(
        {
            "_record": pa.array(range(1, len(items) + 1), pa.int64()),
            "reason": pa.array([reason for _, reason in items], pa.string()),
            "content": pa.array([name for name, _ in items], pa.string()),
        }
    )


def _part(table: str, rows: list[dict[str, Any]]) -> Part:
    numbered = [row | {"_record": i} for i, row in enumerate(rows, 1)]
    return Part(table, len(rows), pa.Table.from_pylist(numbered, TABLES[table]))
