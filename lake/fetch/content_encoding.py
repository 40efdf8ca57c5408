"""Decode answers that a server compressed although it was asked not to, piece by piece and within a bound."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from lake.errors import Refused, Unreadable
from lake.formats import gzipped

_STEP = 1 << 20  # bytes at once
_ZLIB = {"gzip": 47, "x-gzip": 47, "deflate": 47}  # wbits: detect zlib or gzip by the header


def encodings(header: str) -> list[str]:
    """What a Content-Encoding names, in the order in which it was applied."""
    names = (name.strip().lower() for name in header.split(","))
    return [name for name in names if name not in ("", "identity")]


def decode(body: Iterable[bytes], header: str, url: str) -> Iterator[bytes]:
    """The body as it was before its Content-Encoding.

    Raises:
        Refused: an unknown encoding, several of them, damaged or truncated data, or data that expands beyond what
            archives' files do; see `gzipped.check_expansion`.
    """
    names = encodings(header)
    if not names:
        yield from body
        return
    if len(names) > 1 or names[0] not in _ZLIB:
        raise Refused(f"its Content-Encoding is {', '.join(names)[:80]!r}, and it was asked to have none")
    received = decoded = 0
    decoder = _Decoder()
    try:
        for chunk in body:
            received += len(chunk)
            for piece in decoder(chunk):
                decoded += len(piece)
                gzipped.check_expansion(decoded, received, url)
                yield piece
    except zlib.error as error:
        raise Refused(f"its {names[0]} is damaged: {error}") from None
    except Unreadable as error:
        raise Refused(error.what, why=error.why) from None
    if not decoder.complete:
        raise Refused(f"its {names[0]} is truncated")


class _Decoder:
    """Decodes one member of gzip after another; deflate with zlib's header or, as some servers have it, without."""

    def __init__(self) -> None:
        self._zlib, self._started = zlib.decompressobj(_ZLIB["gzip"]), False

    @property
    def complete(self) -> bool:
        return self._zlib.eof or not self._started

    def __call__(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self._zlib.eof:
                self._zlib, self._started = zlib.decompressobj(_ZLIB["gzip"]), False
            try:
                piece = self._zlib.decompress(chunk, _STEP)
            except zlib.error:
                if self._started:
                    raise
                self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
                piece = self._zlib.decompress(chunk, _STEP)
            self._started = True
            if piece:
                yield piece
            chunk = self._zlib.unused_data if self._zlib.eof else self._zlib.unconsumed_tail
