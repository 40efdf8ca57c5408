"""Partial downloads: ``<folder>/partial/<digest>``, each with a note of what is needed to resume it. The folder is its
domain's, or data/."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lake.fetch import content_encoding
from lake.store.blobs import PARTIAL

if TYPE_CHECKING:
    import httpx

MIN_RESUMABLE = 1 << 20  # bytes: a shorter answer is asked for again, whole
_RANGE = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19})")
_LENGTH = re.compile(r"[0-9]{1,19}")


class Resumable(NamedTuple):
    """The first bytes of an answer, and what its server said of the whole."""

    size: int  # bytes on disk
    etag: str | None
    last_modified: str | None
    total: int | None  # bytes

    def conditions(self) -> dict[str, str]:
        """Headers that ask for the rest, if the whole has not changed."""
        return {"Range": f"bytes={self.size}-", "If-Range": _validator(self.etag, self.last_modified) or ""}

    def continues(self, response: httpx.Response) -> bool:
        """Whether a 206 continues these bytes, of the same version: some servers ignore If-Range, and then send
        the rest of another one. So it must repeat the validator, as RFC 9110, 15.3.7 asks, contradict none, start
        where these end, and state the total length."""
        content_range = _range(response)
        if content_range is None or is_encoded(response) or content_range.start != self.size:
            return False
        etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
        pairs = ((self.etag, etag), (self.last_modified, modified), (self.total, content_range.total))
        differs = any(old is not None and new is not None and old != new for old, new in pairs)
        return not differs and _validator(etag, modified) == _validator(self.etag, self.last_modified)


class Partial(NamedTuple):
    file: Path
    note: Path  # JSON: etag, last_modified, total, boot

    @classmethod
    def of(cls, folder: Path, *names: str) -> Partial:
        """The partial file identified by ``names``."""
        name = hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
        return cls(folder / PARTIAL / name, folder / PARTIAL / f"{name}.json")

    def resumable(self) -> Resumable | None:
        """The bytes on disk that a download can be resumed from."""
        try:
            note = json.loads(self.note.read_bytes())
            resumable = Resumable(self.file.stat().st_size, note["etag"], note["last_modified"], note["total"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        if not resumable.size or note.get("boot") != _boot():  # after a power cut, a file can have holes
            return None
        return resumable

    def begin(self, response: httpx.Response, length: int | None) -> None:
        """Start over. The note is removed first and written when the file is empty: it never describes other bytes."""
        self.note.unlink(missing_ok=True)
        etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
        if _validator(etag, modified) and (length is None or length >= MIN_RESUMABLE) and not is_encoded(response):
            self.file.unlink(missing_ok=True)
            note = {"etag": etag, "last_modified": modified, "total": length, "boot": _boot()}
            self.note.write_text(json.dumps(note))

    def size(self) -> int:
        with suppress(FileNotFoundError):
            return self.file.stat().st_size
        return 0

    def remove(self) -> int:
        """Remove it; return the bytes that this frees."""
        size = self.size()
        self.note.unlink(missing_ok=True)
        self.file.unlink(missing_ok=True)
        return size


class _Range(NamedTuple):
    start: int
    end: int  # the byte after the last one
    total: int


def _range(response: httpx.Response) -> _Range | None:
    """The Content-Range of a 206; None where it is invalid or names several ranges."""
    match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if not match:
        return None
    start, last, total = map(int, match.groups())
    return _Range(start, last + 1, total) if start <= last < total else None


def total(response: httpx.Response) -> int | None:
    """The length of the whole answer, when the server says it; an encoded length says nothing about the bytes."""
    if is_encoded(response):
        return None
    if response.status_code == 206:
        content_range = _range(response)
        return content_range.total if content_range else None
    length = response.headers.get("Content-Length", "")
    return int(length) if _LENGTH.fullmatch(length) else None


def end_position(response: httpx.Response) -> int | None:
    """How long the file is once this response has been appended; None where the server does not say."""
    content_range = _range(response) if response.status_code == 206 else None
    return content_range.end if content_range else total(response)


def is_encoded(response: httpx.Response) -> bool:
    """Whether the server compressed the answer although it was asked not to."""
    return bool(content_encoding.encodings(response.headers.get("Content-Encoding", "")))


def tidy(folder: Path) -> None:
    """Remove what cannot be resumed: files without a note, notes without a file."""
    folder = folder / PARTIAL
    folder.mkdir(parents=True, exist_ok=True)
    names = {file.name for file in folder.iterdir() if re.fullmatch(r"[0-9a-f]{32}(\.json)?", file.name)}
    for name in names:
        other = name.removesuffix(".json") if name.endswith(".json") else f"{name}.json"
        if other not in names:
            (folder / name).unlink(missing_ok=True)


def _validator(etag: str | None, modified: str | None) -> str | None:
    """What If-Range takes (RFC 9110, 13.1.5): a strong ETag, else Last-Modified."""
    return etag if etag and etag.startswith('"') else modified


@cache
def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""
