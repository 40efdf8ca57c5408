"""Values as their contracts normalise and impute them, by what quality.features measured on the split "train"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from lake.store import renames
from lake.store.sql import quote, scalar

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scale:
    """Of F columns each: a normalised value is (x - center) / scale; of log10(x), where ``logarithm`` is True.

    A column that is not normalised has center 0 and scale 1.
    """

    logarithm: tuple[bool, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]
    fill: tuple[float | None, ...]
    """What an unknown cell becomes, in the column's own unit; None: 0, whatever the others are scaled to."""


_PLAIN = (False, 0.0, 1.0, None)


def read(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], *, normalise: bool) -> Scale | None:
    """The scales of these columns at a snapshot; None where they are neither normalised nor imputed.

    Args:
        normalise: whether to scale; unknown cells are imputed in any case.
    """
    views = "duckdb_views() WHERE database_name = 'lake' AND schema_name = 'quality' AND view_name = 'features'"
    if not scalar(connection, f"SELECT count(*) FROM {views}"):
        return None
    cells = connection.execute(
        f"""SELECT column_name, method = 'log', center, scale, CASE WHEN imputed THEN fill END, method IS NOT NULL
            FROM {renames.relation(connection, "quality.features")} WHERE table_name = {quote(table)}"""
    ).fetchall()
    scales = {}
    for column, logarithm, center, scale, fill, scaled in cells:
        scaled = scaled and normalise and center is not None  # null: the split "train" has no known cell
        scales[column] = (logarithm, center, scale, fill) if scaled else (*_PLAIN[:3], fill)
    rows = [scales.get(column, _PLAIN) for column in columns]
    return Scale(*zip(*rows, strict=True)) if any(row != _PLAIN for row in rows) else None


def apply(
    scale: Scale, values: NDArray[np.float32], known: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    """Values [n, F] normalised, and which are known: not what was not, and no logarithm of what is not above 0.

    What float32 cannot hold once it is divided by ``scale`` is not known either. Unknown cells are ``fill``, normalised
    too, or 0.
    """
    known = np.ones(values.shape, bool) if known is None else known.copy()
    result = values.astype(np.float64)
    for column in np.flatnonzero(scale.logarithm):
        known[:, column] &= result[:, column] > 0
        np.log10(result[:, column], out=result[:, column], where=known[:, column])
    result = (result - scale.center) / scale.scale
    known &= np.abs(result) <= np.finfo(np.float32).max
    fill = [_scaled_fill(scale, column) for column in range(len(scale.fill))]
    scaled: NDArray[np.float32] = np.where(known, result, fill).astype(np.float32)
    return scaled, None if known.all() else known


def _scaled_fill(scale: Scale, column: int) -> float:
    fill = scale.fill[column]
    if fill is None:
        return 0.0
    value = np.log10(fill) if scale.logarithm[column] else fill
    return float((value - scale.center[column]) / scale.scale[column])


def undo(scale: Scale, values: torch.Tensor) -> torch.Tensor:
    """Normalised values [..., F] in the columns' own units again, float32."""
    result = values.double() * torch.tensor(scale.scale, dtype=torch.float64, device=values.device)
    result += torch.tensor(scale.center, dtype=torch.float64, device=values.device)
    logarithm = torch.tensor(scale.logarithm, device=values.device)
    return torch.where(logarithm, 10**result, result).float()
