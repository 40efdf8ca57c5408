"""Pictures: matplotlib where it is installed, and a file of theirs or an error that says why not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lake.errors import LakeError, StorageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(width: float, height: float) -> Figure:
    """An empty one, in inches; nothing global, no window.

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


def save(drawn: Figure, file: Path) -> None:
    """Write it as what the file's name ends in.

    Raises:
        StorageError: the file cannot be written, or its name ends in no kind of picture.
    """
    try:
        drawn.savefig(file, dpi=150)
    except (OSError, ValueError) as error:
        raise StorageError(
            f"the picture cannot be written: {error}", where=str(file), next="name another file, such as picture.png"
        ) from None
