"""Exact bytes under the name of their sha256: ``<data>/blobs/ab/<sha256>``. Never changed, never lost.

A blob is written beside its place, made durable, made read-only and then named, in this order: so a name always has
its bytes, also after a power cut. Whoever writes the same bytes again changes nothing.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from lake.errors import StorageError
from lake.store import durable

BLOBS, PARTIAL = "blobs", "partial"
_CHUNK = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NEXT = {
    **dict.fromkeys(_FULL, "free some space, then run it again: it goes on where it stopped"),
    errno.EFBIG: "raise the limit of a file's size (ulimit -f), or use another file system",
    errno.EROFS: "mount it for writing, or set [lake] data in lake.toml to another folder",
    errno.EACCES: "chmod u+w that folder, or set [lake] data in lake.toml to another one",
}


def path(data: Path, sha256: str) -> Path:
    """Where the blob lies, or would lie.

    Raises:
        ValueError: this is not the 64 hex digits of a sha256.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError(f"{sha256!r} is not a sha256")
    return data / BLOBS / sha256[:2] / sha256


def put(data: Path, content: bytes | BinaryIO) -> str:
    """Keep bytes, or all that a stream gives, and return their sha256.

    Raises:
        StorageError: the disk is full, the folder is read-only ...; no partial file is left.
    """
    digest = hashlib.sha256()
    with storing(data):
        folder = data / PARTIAL
        durable.make(folder)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="put-", delete=False) as file:
            try:
                for chunk in [content] if isinstance(content, bytes) else iter(lambda: content.read(_CHUNK), b""):
                    digest.update(chunk)
                    file.write(chunk)
                file.close()
                adopt(data, Path(file.name), digest.hexdigest())
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    return digest.hexdigest()


def adopt(data: Path, temporary: Path, sha256: str, folder: Path | None = None) -> Path:
    """Make a finished file of the same file system the blob of that sha256 (which the caller has computed).

    With ``folder`` its bytes lie there, as ``<folder>/ab/<sha256>``, and the blob is a link to them.

    After the return the bytes and the name are on the disk: fsync of the file, rename, fsync of the folder. The
    temporary file is gone, also where the blob was there already.

    Raises:
        StorageError: the disk is full, the folder is read-only ...
    """
    blob = path(data, sha256)
    with storing(blob):
        with suppress(FileNotFoundError):
            if blob.stat().st_size == temporary.stat().st_size:
                temporary.unlink()
                return blob
        temporary.chmod(0o444)
        durable.sync(temporary)
        if folder is not None:
            home = folder / sha256[:2] / sha256
            _name(temporary, home)
            temporary = data / PARTIAL / f"link-{secrets.token_hex(8)}"
            durable.make(temporary.parent)
            temporary.symlink_to(_from(blob.parent, home, data))
        _name(temporary, blob)  # in place of a blob of another size: damaged, and these are its true bytes
    return blob


def _name(temporary: Path, final: Path) -> None:
    durable.make(final.parent)
    durable.put(temporary, final)


def _from(folder: Path, home: Path, data: Path) -> Path:
    """How a link at ``place`` names ``home``: relative within the data folder, so that this can be moved."""
    return Path(os.path.relpath(home, folder)) if home.is_relative_to(data) else home.absolute()


def verify(data: Path, sha256: str) -> None:
    """Read a blob and compare it with its name.

    Raises:
        StorageError: it is missing, unreadable, or its bytes are not what they were.
    """
    blob = path(data, sha256)
    try:
        with storing(blob), blob.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise StorageError(f"the blob {sha256} is missing", where=str(blob), next="lake fetch --force") from None
    if digest != sha256:
        raise StorageError(
            f"the blob {sha256} has other bytes than it was stored with",
            where=str(blob),
            why=f"their sha256 is now {digest}: a failing disk, or something wrote to the file",
            next="remove that file, then lake fetch --force",
        )


def usage(data: Path) -> int:
    """Bytes of all files under the data folder but its cache, which has a limit of its own; 0 where there is none."""
    total, folders, cache = 0, [str(data)], str(data / "cache")
    while folders:
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.path != cache:
                        folders.append(entry.path)
                    continue
                with suppress(FileNotFoundError):  # another process has just renamed it
                    total += entry.stat(follow_symlinks=False).st_size
    return total


@contextmanager
def storing(where: Path) -> Iterator[None]:
    """An OSError of the body as a StorageError that says what, where and what next. A missing file stays itself."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        full = error.errno in _FULL
        raise StorageError(
            "the disk is full" if full else f"it cannot be written: {error.strerror or error}",
            where=str(error.filename or where),
            why="no partial file was left; what was fetched before is safe",
            next=_NEXT.get(error.errno or 0, "look at that path, then run it again"),
        ) from None
