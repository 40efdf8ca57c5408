"""Answers that a server compressed although it was asked not to: expanded piece by piece, and not without bound."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from lake.errors import Refused, Unreadable
from lake.formats import gzipped

_STEP = 1 << 20  # bytes at once
_ZLIB = {"gzip": 47, "x-gzip": 47, "deflate": 47}  # zlib or gzip, told by the header


def codings(header: str) -> list[str]:
    """What a Content-Encoding names, in the order in which it was applied."""
    names = (name.strip().lower() for name in header.split(","))
    return [name for name in names if name not in ("", "identity")]


def plain(body: Iterable[bytes], header: str, url: str) -> Iterator[bytes]:
    """The body as it was before its Content-Encoding.

    Raises:
        Refused: it has a coding that is none of ours, several of them, is damaged or cut short, or expands beyond what
            archives' files do; see `gzipped.bound`.
    """
    names = codings(header)
    if not names:
        yield from body
        return
    if len(names) > 1 or names[0] not in _ZLIB:
        raise Refused(f"its Content-Encoding is {', '.join(names)[:80]!r}, and it was to have none")
    came = taken = 0
    expand = _Members()
    try:
        for chunk in body:
            came += len(chunk)
            for piece in expand(chunk):
                taken += len(piece)
                gzipped.bound(taken, came, url)
                yield piece
    except zlib.error as error:
        raise Refused(f"its {names[0]} is damaged: {error}") from None
    except Unreadable as error:
        raise Refused(error.what, why=error.why) from None
    if not expand.whole:
        raise Refused(f"its {names[0]} is cut short")


class _Members:
    """Expands one member of gzip after another; deflate with zlib's header or, as some servers have it, without."""

    def __init__(self) -> None:
        self._zlib, self._begun = zlib.decompressobj(_ZLIB["gzip"]), False

    @property
    def whole(self) -> bool:
        return self._zlib.eof or not self._begun

    def __call__(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self._zlib.eof:
                self._zlib, self._begun = zlib.decompressobj(_ZLIB["gzip"]), False
            try:
                piece = self._zlib.decompress(chunk, _STEP)
            except zlib.error:
                if self._begun:
                    raise
                self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
                piece = self._zlib.decompress(chunk, _STEP)
            self._begun = True
            if piece:
                yield piece
            chunk = self._zlib.unused_data if self._zlib.eof else self._zlib.unconsumed_tail
