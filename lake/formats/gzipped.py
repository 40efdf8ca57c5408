"""Files decompressed: out of gzip, and out of a tar archive of one file. Expansion is bounded."""

from __future__ import annotations

import io
import tarfile
from typing import BinaryIO, cast

from lake.errors import Unreadable
from lake.formats.answer import Answer

RATIO, FREE = 250, 64 * 2**20  # bytes out per byte in, beyond the first 64 MiB; tables and genomes have 3 to 40
LARGEST = 2**37  # bytes: the largest known genome, in one FASTA file, has about 2**36.5

_MAGIC = b"\x1f\x8b"
_TAR = slice(257, 262)  # where a tar archive has "ustar" (POSIX.1-1988)


def open_file(answer: Answer) -> BinaryIO:
    """A file to read from, decompressed if it is gzip, whatever its name.

    ISA-L decompresses at about three times the speed of zlib.

    Raises:
        Unreadable: now or while it is read: truncated, damaged, or it expands beyond RATIO or LARGEST.
    """
    file = answer.open()
    magic = file.read(2)
    file.seek(0)
    if magic != _MAGIC:
        return file
    plain = io.BufferedReader(cast(io.RawIOBase, _Gzip(file, answer)), 2**20)
    if plain.peek(512)[_TAR] == b"ustar":
        return _first_member(plain, answer)
    return plain


def read_all(answer: Answer, largest: int, where: str) -> bytes:
    """All bytes of a file, decompressed. Memory grows with the content; `read(largest)` would allocate it beforehand.

    Raises:
        Unreadable: there are more than `largest` bytes; or as `open_file`.
    """
    pieces, size = [], 0
    with open_file(answer) as file:
        while piece := file.read(2**20):
            size += len(piece)
            if size > largest:
                raise Unreadable(f"it has more than {largest:,} bytes; no file of its kind does", where=where)
            pieces.append(piece)
    return b"".join(pieces)


def check_expansion(expanded: int, size: int, where: str) -> None:
    """Refuse a file that expands far more than any file of an archive does.

    Args:
        expanded: bytes decompressed so far.
        size: compressed bytes, of the whole file.

    Raises:
        Unreadable: more than RATIO to 1, beyond the first FREE bytes, or more than LARGEST.
    """
    if expanded > min(max(FREE, RATIO * size), LARGEST):
        raise Unreadable(
            f"its {size:,} compressed bytes expand to more than {expanded - 1:,}",
            where=where,
            why=f"no archive serves a file that expands more than {RATIO} to 1, or beyond {LARGEST:,} bytes",
        )


def _first_member(file: BinaryIO, answer: Answer) -> BinaryIO:
    """The first file of a tar archive, ready to read."""
    try:
        archive = tarfile.open(fileobj=file, mode="r|")  # noqa: SIM115
        member = next((member for member in archive if member.isreg()), None)
        content = member and archive.extractfile(member)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise Unreadable(f"the tar archive is truncated or damaged: {error}", where=str(answer)) from None
    if not content:
        raise Unreadable("the tar archive has no file in it", where=str(answer))
    return io.BufferedReader(cast(io.RawIOBase, _Checked(cast(BinaryIO, content), answer)), 2**20)


class _Checked(io.RawIOBase):
    """A stream that raises Unreadable where it is truncated or damaged."""

    kind = "tar archive"

    def __init__(self, stream: BinaryIO, answer: Answer):
        self.stream, self.where = stream, str(answer)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io calls it with this alone
        from isal import isal_zlib

        try:
            content = self.stream.read(len(buffer))
        except (EOFError, OSError, tarfile.TarError, isal_zlib.error) as error:  # type: ignore[misc]  # isal's stub is wrong
            raise Unreadable(f"the {self.kind} is truncated or damaged: {error}", where=self.where) from None
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self.stream.close()
        super().close()


class _Gzip(_Checked):
    """A gzip stream of bounded expansion."""

    kind = "gzip"

    def __init__(self, packed: BinaryIO, answer: Answer):
        from isal import igzip

        super().__init__(igzip.open(packed, "rb"), answer)  # type: ignore[no-untyped-call]  # it has no types
        self.packed, self.size, self.expanded = packed, answer.size, 0

    def close(self) -> None:
        super().close()
        self.packed.close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io calls it with this alone
        count = super().readinto(buffer)
        self.expanded += count
        check_expansion(self.expanded, self.size, self.where)
        return count
