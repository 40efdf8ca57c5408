"""Members of zip archives, as streams of bounded size: whatever is wrong with an archive is told as Unreadable."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from lake.errors import Unreadable
from lake.formats import gzipped
from lake.formats.answer import Answer

MOST, SMALL = 10_000, 2**20  # members of an archive; bytes of one that no ratio is asked for


@contextmanager
def open_archive(answer: Answer, where: str) -> Iterator[zipfile.ZipFile]:
    """A zip archive; what goes wrong while its members are read is Unreadable too.

    Raises:
        Unreadable: damaged, cut short, encrypted, packed by a method that Python does not know, or of too many members.
    """
    try:
        with answer.open() as file, zipfile.ZipFile(file) as found:
            if len(found.infolist()) > MOST:
                raise Unreadable(f"the archive has more than {MOST:,} members", where=where)
            yield found
    except NotImplementedError as error:
        raise Unreadable(f"the archive is packed in an unknown way: {error}", where=where) from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError) as error:
        raise Unreadable(f"the archive is cut short or damaged: {error}", where=where) from None


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, largest: int, where: str) -> bytes:
    """A member's bytes: at most `largest`, and no more for each packed byte than archives' files have.

    Raises:
        Unreadable: it is larger, or encrypted.
    """
    size, packed = member.file_size, member.compress_size
    if member.flag_bits & 1:
        raise Unreadable(f"{member.filename} is encrypted", where=where)
    if size > min(largest, max(SMALL, gzipped.RATIO * packed)):
        raise Unreadable(
            f"the {packed:,} bytes of {member.filename} expand to {size:,}",
            where=where,
            why=f"more than {largest:,}, or than {gzipped.RATIO} to 1: no such member is read",
        )
    with archive.open(member) as file:
        return file.read(size)
