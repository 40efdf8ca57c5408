"""An answer on its way: ``<folder>/partial/<digest>``, and beside it what is needed to go on after a break. The folder
is its domain's, or data/."""

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

LEAST = 1 << 20  # bytes: a shorter answer is asked for again sooner than remembered
_RANGE = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19})")
_LENGTH = re.compile(r"[0-9]{1,19}")


class Kept(NamedTuple):
    """The first part of an answer, and what its server said of the whole."""

    size: int  # bytes that are here
    etag: str | None
    last_modified: str | None
    total: int | None  # bytes

    def conditions(self) -> dict[str, str]:
        """Headers that ask for the rest, if what it belongs to is still the same."""
        return {"Range": f"bytes={self.size}-", "If-Range": _validator(self.etag, self.last_modified) or ""}

    def goes_on(self, response: httpx.Response) -> bool:
        """Whether a 206 holds what comes after these bytes, of the same version: servers do ignore If-Range, and then
        send the rest of another one. So it must repeat the validator, as RFC 9110, 15.3.7 asks, contradict none, and
        begin where these end; one whose total length is not told ends nobody knows where."""
        place = _range(response)
        if place is None or is_encoded(response) or place.start != self.size:
            return False
        etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
        pairs = ((self.etag, etag), (self.last_modified, modified), (self.total, place.total))
        differs = any(old is not None and new is not None and old != new for old, new in pairs)
        return not differs and _validator(etag, modified) == _validator(self.etag, self.last_modified)


class Partial(NamedTuple):
    file: Path
    note: Path  # JSON: etag, last_modified, total, boot

    @classmethod
    def of(cls, folder: Path, *names: str) -> Partial:
        """The place for the answer to what ``names`` tell apart."""
        name = hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
        return cls(folder / PARTIAL / name, folder / PARTIAL / f"{name}.json")

    def kept(self) -> Kept | None:
        """What is here and can be gone on with."""
        try:
            note = json.loads(self.note.read_bytes())
            kept = Kept(self.file.stat().st_size, note["etag"], note["last_modified"], note["total"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        if not kept.size or note.get("boot") != _boot():  # after a power cut, a file can have holes where bytes were
            return None
        return kept

    def begin(self, response: httpx.Response, length: int | None) -> None:
        """Start anew. The note goes first and comes back after the file is empty: it never speaks of other bytes."""
        self.note.unlink(missing_ok=True)
        etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
        if _validator(etag, modified) and (length is None or length >= LEAST) and not is_encoded(response):
            self.file.unlink(missing_ok=True)
            note = {"etag": etag, "last_modified": modified, "total": length, "boot": _boot()}
            self.note.write_text(json.dumps(note))

    def size(self) -> int:
        with suppress(FileNotFoundError):
            return self.file.stat().st_size
        return 0

    def drop(self) -> int:
        """Remove it; gives the bytes that this frees."""
        size = self.size()
        self.note.unlink(missing_ok=True)
        self.file.unlink(missing_ok=True)
        return size


class _Range(NamedTuple):
    start: int
    end: int  # the byte after the last one
    total: int


def _range(response: httpx.Response) -> _Range | None:
    """What a 206 says that it holds; None where that is nothing sensible, also for several ranges at once."""
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if not found:
        return None
    start, last, total = map(int, found.groups())
    return _Range(start, last + 1, total) if start <= last < total else None


def total(response: httpx.Response) -> int | None:
    """The length of the whole answer, when the server says it; an encoded length says nothing about the bytes."""
    if is_encoded(response):
        return None
    if response.status_code == 206:
        place = _range(response)
        return place.total if place else None
    length = response.headers.get("Content-Length", "")
    return int(length) if _LENGTH.fullmatch(length) else None


def length_now(response: httpx.Response) -> int | None:
    """How long the file is when this answer is in it; None where the server does not say."""
    place = _range(response) if response.status_code == 206 else None
    return place.end if place else total(response)


def is_encoded(response: httpx.Response) -> bool:
    """Whether the server compressed the answer although it was asked not to."""
    return bool(content_encoding.codings(response.headers.get("Content-Encoding", "")))


def tidy(folder: Path) -> None:
    """Remove what nothing can go on with: files whose note is missing, notes whose file is."""
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
