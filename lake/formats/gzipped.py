"""Files as the archive meant them: out of gzip, and out of a tar archive of one file. The expansion is bounded."""

from __future__ import annotations

import io
import tarfile
from typing import BinaryIO, cast

from lake.errors import Unreadable
from lake.formats.answer import Answer

RATIO, FREE = 250, 64 * 2**20  # bytes out for each byte in, beyond the first 64 MiB; tables and genomes have 3 to 40
LARGEST = 2**37  # bytes: the largest genome known, in one FASTA file, has some 2**36.5

_MAGIC = b"\x1f\x8b"
_TAR = slice(257, 262)  # where a tar archive says "ustar" (POSIX.1-1988)


def open_file(answer: Answer) -> BinaryIO:
    """A file's bytes to read; decompressed where it is gzip, whatever its name.

    ISA-L decompresses at about three times the speed of zlib.

    Raises:
        Unreadable: here or while it is read: cut short, damaged, or it expands beyond RATIO or LARGEST.
    """
    file = answer.open()
    magic = file.read(2)
    file.seek(0)
    if magic != _MAGIC:
        return file
    plain = io.BufferedReader(cast(io.RawIOBase, _Whole(file, answer)), 2**20)
    if plain.peek(512)[_TAR] == b"ustar":
        return _only(plain, answer)
    return plain


def read_all(answer: Answer, largest: int, where: str) -> bytes:
    """All bytes of a file, decompressed. Memory grows with what is there: `read(largest)` would take it beforehand.

    Raises:
        Unreadable: there are more than `largest`; or as `open_file`.
    """
    pieces, size = [], 0
    with open_file(answer) as file:
        while piece := file.read(2**20):
            size += len(piece)
            if size > largest:
                raise Unreadable(f"it is larger than {largest:,} bytes, and nothing of its kind is", where=where)
            pieces.append(piece)
    return b"".join(pieces)


def check_expansion(taken: int, size: int, where: str) -> None:
    """Refuse what expands to far more than archives' files do.

    Args:
        taken: bytes that came out so far, of `size` bytes.

    Raises:
        Unreadable: more than RATIO for one, beyond the first FREE bytes, or more than LARGEST.
    """
    if taken > min(max(FREE, RATIO * size), LARGEST):
        raise Unreadable(
            f"its {size:,} compressed bytes expand to more than {taken - 1:,}",
            where=where,
            why=f"more than {RATIO} to 1, or than {LARGEST:,}: nothing that an archive serves is so",
        )


def _only(file: BinaryIO, answer: Answer) -> BinaryIO:
    """The first file of a tar archive."""
    try:
        archive = tarfile.open(fileobj=file, mode="r|")  # noqa: SIM115
        member = next((member for member in archive if member.isreg()), None)
        content = member and archive.extractfile(member)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise Unreadable(f"the tar archive is cut short or damaged: {error}", where=str(answer)) from None
    if not content:
        raise Unreadable("the archive holds no file", where=str(answer))
    return io.BufferedReader(cast(io.RawIOBase, _Guarded(cast(BinaryIO, content), answer)), 2**20)


class _Guarded(io.RawIOBase):
    """A stream out of an archive that tells when it is cut short or damaged."""

    kind = "tar archive"

    def __init__(self, stream: BinaryIO, answer: Answer):
        self.stream, self.where = stream, str(answer)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        from isal import isal_zlib

        try:
            content = self.stream.read(len(buffer))
        except (EOFError, OSError, tarfile.TarError, isal_zlib.error) as error:  # type: ignore[misc]  # a class, in truth
            raise Unreadable(f"the {self.kind} is cut short or damaged: {error}", where=self.where) from None
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self.stream.close()
        super().close()


class _Whole(_Guarded):
    """A gzip stream; what it expands to is bounded."""

    kind = "gzip"

    def __init__(self, packed: BinaryIO, answer: Answer):
        from isal import igzip

        super().__init__(igzip.open(packed, "rb"), answer)  # type: ignore[no-untyped-call]  # isal leaves it untyped
        self.packed, self.size, self.taken = packed, answer.size, 0

    def close(self) -> None:
        super().close()
        self.packed.close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = super().readinto(buffer)
        self.taken += count
        check_expansion(self.taken, self.size, self.where)
        return count
