"""Figures drawn with matplotlib, an optional dependency."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lake.errors import LakeError, StorageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, without pyplot: no global state, no window.

    Raises:
        LakeError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise LakeError(
            "matplotlib, which draws pictures, is not installed", next="pip install 'astrolake[plot]'"
        ) from None
    return Figure(figsize=(width, height), layout="constrained")


def save(drawing: Figure, file: Path) -> None:
    """Write a figure in the format of the file's extension.

    Raises:
        StorageError: the file cannot be written, or its extension is not an image format.
    """
    try:
        drawing.savefig(file, dpi=150)
    except (OSError, ValueError) as error:
        raise StorageError(
            f"the picture cannot be written: {error}", where=str(file), next="name another file, such as picture.png"
        ) from None
