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

from lake.store.blobs import PARTIAL

if TYPE_CHECKING:
    import httpx

LEAST = 1 << 20  # bytes: a shorter answer is asked for again sooner than remembered
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Partial(NamedTuple):
    file: Path
    note: Path  # JSON: validator, boot

    @classmethod
    def of(cls, folder: Path, *names: str) -> Partial:
        """The place for the answer to what ``names`` tell apart."""
        name = hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
        return cls(folder / PARTIAL / name, folder / PARTIAL / f"{name}.json")

    def conditions(self) -> dict[str, str]:
        """Headers that ask for the rest, if what it belongs to is still the same; empty when there is nothing to go on
        with."""
        try:
            note = json.loads(self.note.read_bytes())
            have = self.file.stat().st_size
        except (FileNotFoundError, ValueError):
            return {}
        if not have or note.get("boot") != _boot():  # after a power cut, a file can have holes where its bytes were
            return {}
        return {"Range": f"bytes={have}-", "If-Range": note["validator"]}

    def begin(self, response: httpx.Response, length: int | None) -> None:
        """Start anew. The note goes first and comes back after the file is empty: it never speaks of other bytes."""
        self.note.unlink(missing_ok=True)
        validator = _validator(response.headers)
        if validator and (length is None or length >= LEAST) and not is_encoded(response):
            self.file.unlink(missing_ok=True)
            self.note.write_text(json.dumps({"validator": validator, "boot": _boot()}))

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


def continues(response: httpx.Response, have: int) -> bool:
    """Whether a 206 holds exactly what comes after the first ``have`` bytes."""
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return bool(found) and int(found.group(1)) == have and not is_encoded(response)


def total(response: httpx.Response) -> int | None:
    """The length of the whole answer, when the server says it; an encoded length says nothing about the bytes."""
    if is_encoded(response):
        return None
    if response.status_code == 206:
        last = _RANGE.fullmatch(response.headers["Content-Range"]).group(3)
        return None if last == "*" else int(last)
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def is_encoded(response: httpx.Response) -> bool:
    """Whether the server compressed the answer although it was asked not to."""
    return response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity")


def tidy(folder: Path) -> None:
    """Remove what nothing can go on with: files whose note is missing, notes whose file is."""
    folder = folder / PARTIAL
    folder.mkdir(parents=True, exist_ok=True)
    names = {file.name for file in folder.iterdir() if re.fullmatch(r"[0-9a-f]{32}(\.json)?", file.name)}
    for name in names:
        other = name.removesuffix(".json") if name.endswith(".json") else f"{name}.json"
        if other not in names:
            (folder / name).unlink(missing_ok=True)


def _validator(headers: httpx.Headers) -> str | None:
    """What If-Range takes (RFC 9110, 13.1.5): a strong ETag, else Last-Modified."""
    etag = headers.get("ETag", "")
    return etag if etag.startswith('"') else headers.get("Last-Modified")


@cache
def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""
