"""Members of zip archives, of bounded size; whatever is wrong with an archive raises Unreadable."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from lake.errors import Unreadable
from lake.formats import gzipped
from lake.formats.answer import Answer

MOST, SMALL = 10_000, 2**20  # members of an archive; bytes of a member up to which any ratio is allowed


@contextmanager
def open_archive(answer: Answer, where: str) -> Iterator[zipfile.ZipFile]:
    """A zip archive; errors while its members are read are Unreadable too.

    Raises:
        Unreadable: damaged, truncated, encrypted, compressed by a method that Python lacks, or with too many members.
    """
    try:
        with answer.open() as file, zipfile.ZipFile(file) as archive:
            if len(archive.infolist()) > MOST:
                raise Unreadable(f"the archive has more than {MOST:,} members", where=where)
            yield archive
    except NotImplementedError as error:
        raise Unreadable(f"the archive is compressed by an unknown method: {error}", where=where) from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError) as error:
        raise Unreadable(f"the archive is truncated or damaged: {error}", where=where) from None


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, largest: int, where: str) -> bytes:
    """A member's bytes: at most `largest`, and no more per packed byte than gzipped files may have.

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
            why=f"at most {largest:,} bytes, and at most {gzipped.RATIO} to 1, are read",
        )
    with archive.open(member) as file:
        return file.read(size)
