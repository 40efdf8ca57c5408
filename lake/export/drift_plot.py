"""A plot of the columns whose distributions drifted between two snapshots."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lake.build.diff import TableDiff
from lake.export import picture

MAX_PANELS = 24
_BEFORE, _AFTER = "#9aa7b1", "#2f6f9f"


def draw(differences: Iterable[TableDiff], file: Path) -> int:
    """Plot the histogram of each numeric column that drifted, before and after. Returns the number of panels.

    Raises:
        LakeError: matplotlib is not installed. StorageError: the file cannot be written.
    """
    panels = [(d.table, drift) for d in differences for drift in d.moved if drift.edges][:MAX_PANELS]
    if not panels:
        return 0
    across = min(3, len(panels))
    down = -(-len(panels) // across)
    figure = picture.figure(4.2 * across, 2.6 * down)
    axes = figure.subplots(down, across, squeeze=False)
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    for ax, (table, drift) in zip(axes.flat, panels, strict=False):
        ax.stairs(drift.before, drift.edges, fill=True, color=_BEFORE, alpha=0.55, label="before")
        ax.stairs(drift.after, drift.edges, color=_AFTER, linewidth=1.6, label="after")
        ax.set_xscale("log" if drift.log else "linear")
        ax.set_title(f"{table}.{drift.column}", loc="left", fontsize=9.5)
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(labelsize=8)
    axes.flat[0].legend(frameon=False, fontsize=8)
    picture.save(figure, file)
    return len(panels)
