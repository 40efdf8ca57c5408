"""A SQLite file where it can be read. On a read-only disk that is a copy: SQLite writes an index beside its WAL."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def readable(file: Path) -> Iterator[Path]:
    """The file itself, or a copy of it and its WAL that lasts as long as the body."""
    if not file.is_file() or os.access(file.parent, os.W_OK):
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        for part in (file, Path(f"{file}-wal")):
            with suppress(FileNotFoundError):
                shutil.copyfile(part, Path(folder, part.name))
        yield Path(folder, file.name)
