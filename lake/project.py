"""The astrobiology project that comes with the engine, for `lake init` to copy; and its embedded sample."""

from __future__ import annotations

import shutil
from pathlib import Path

from lake.config import FILE, refuse_name
from lake.errors import ConfigError, StorageError

_PARTS = ("sql", "models", "macros", "seeds", "catalogue", "gcm")


def home() -> Path:
    """Where the project's files lie: inside an installed package, or at the root of a checkout."""
    packaged = Path(__file__).parent / "project"
    return packaged if (packaged / FILE).is_file() else Path(__file__).parent.parent


def copy(folder: str | Path, *, sample: bool = False) -> Path:
    """Copy the project into a folder; with ``sample``, the sample too, and a lake.toml that asks nothing else.

    Raises:
        ConfigError: there is a lake already. StorageError: the folder cannot be written.
    """
    target = Path(folder).absolute()
    if (target / FILE).exists():
        raise ConfigError("there is a lake already", where=str(target), next=f"lake -C {folder} status")
    refuse_name(target)
    source = home()
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for part in _PARTS:
            shutil.copytree(source / part, target / part, dirs_exist_ok=True, ignore=ignore)
        if sample:
            shutil.copytree(source / "sample", target / "sample", dirs_exist_ok=True, ignore=ignore)
        # Last: a folder without it is no lake, so that a copy cut short can be made again.
        shutil.copyfile((source / "sample" if sample else source) / FILE, target / FILE)
    except OSError as error:
        raise StorageError(
            f"the project cannot be copied: {error.strerror or error}",
            where=str(target),
            why="the folder is read-only, is a file, or the disk is full",
            next="lake init ANOTHER_DIR",
        ) from None
    return target
