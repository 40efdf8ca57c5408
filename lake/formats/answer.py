"""The bytes of one answer, wherever they are stored: what a reader gets instead of a path."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO


class Answer:
    """The bytes of one answer.

    Args:
        path: the file that has them.
        memory: bytes that its reader may hold, [limits] reader_memory: what a file declares is compared with it.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     _ = file.write(b"a\\n"), file.flush()
    ...     answer = Answer(file.name)
    ...     answer.size, answer.read_bytes(), answer.open().readline()
    (2, b'a\\n', b'a\\n')
    """

    def __init__(self, path: str | os.PathLike[str], memory: int = 2 * 10**9):
        self._path, self.memory = Path(path), memory

    def __str__(self) -> str:
        return str(self._path)

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self._path.stat().st_size

    def open(self) -> BinaryIO:
        """A new seekable file object at the first byte; the caller closes it."""
        return open(self._path, "rb")

    def read_bytes(self) -> bytes:
        """All bytes: for answers that are always small."""
        with self.open() as file:
            return file.read()

    def read_text(self) -> str:
        """All of it as UTF-8, with invalid bytes replaced; every line end is a line feed."""
        with io.TextIOWrapper(self.open(), "utf-8", "replace") as file:
            return file.read()

    def path(self) -> Path:
        """A local file with these bytes, for a library that takes nothing but a path. Never write to it."""
        return self._path
