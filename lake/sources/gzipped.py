"""Files as the archive meant them: out of gzip, and out of a tar archive of one file."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import BinaryIO, cast

from lake.errors import Unreadable

_MAGIC = b"\x1f\x8b"
_TAR = slice(257, 262)  # where a tar archive says "ustar" (POSIX.1-1988)


def open_file(path: Path) -> BinaryIO:
    """A file's bytes to read; decompressed where it is gzip, whatever its name.

    ISA-L decompresses at about three times the speed of zlib.
    """
    with open(path, "rb") as file:
        if file.read(2) != _MAGIC:
            return open(path, "rb")
    from isal import igzip

    plain = io.BufferedReader(cast(io.RawIOBase, _Whole(igzip.open(path, "rb"), path)), 2**20)
    if plain.peek(512)[_TAR] == b"ustar":
        return _only(plain, path)
    return plain


def _only(file: BinaryIO, path: Path) -> BinaryIO:
    """The first file of a tar archive."""
    archive = tarfile.open(fileobj=file, mode="r|")  # noqa: SIM115
    for member in archive:
        if member.isfile():
            return cast(BinaryIO, archive.extractfile(member))
    raise Unreadable("the archive holds no file", where=str(path))


class _Whole(io.RawIOBase):
    """A gzip stream that tells when it is cut short or damaged."""

    def __init__(self, stream: BinaryIO, path: Path):
        self.stream, self.path = stream, path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        from isal import isal_zlib

        try:
            content = self.stream.read(len(buffer))
        except (EOFError, OSError, isal_zlib.error) as error:
            raise Unreadable(f"the gzip is cut short or damaged: {error}", where=str(self.path)) from None
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self.stream.close()
        super().close()
