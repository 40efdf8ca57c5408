"""Whether an answer is what was asked for: size and checksums as published, the format, then the source's check."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

from lake.errors import Refused, Unreadable
from lake.formats import gzipped
from lake.formats.answer import Answer
from lake.sources.contract import Resource, Source

HEAD = 1 << 16  # what a source's check gets to see
_TAIL = 1 << 12
# Patterns meet whatever a server sends, and a match holds the interpreter's lock: none may take more than linear time.
# So what is repeated is possessive (never tried again shorter), and what does not end takes all that is left.
_IN_COMMENT = rb"<!--(?:[^-]++|-(?!->))*+"
_HTML = re.compile(rb"<(!doctype\s++html|html|head|body|title)\b", re.IGNORECASE)
_OPENING = re.compile(_IN_COMMENT + rb"|<([A-Za-z_][^\s<>/]{0,255}+)")  # names of elements are not longer
_NOTHING_MORE = re.compile(rb"(?:\s*+" + _IN_COMMENT + rb"-->)*+\s*+")
_TITLE = re.compile(rb"<title[^<>]*+>([^<]*+)<", re.IGNORECASE)
_NETCDF = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF\r\n\x1a\n")


def check_answer(source: Source, resource: Resource, file: Path, sha256: str, size: int) -> None:
    """Check the bytes of a complete answer.

    Raises:
        Refused: with the reason.
    """
    _check_sums(resource, file, sha256, size)
    head, tail = _ends(file, urlsplit(resource.url).path.endswith(".gz"))
    check_format(resource.expects, head, tail)
    source.check(resource, head)


def _ends(file: Path, gzip: bool) -> tuple[bytes, bytes]:
    """The first and the last bytes; of gzip those of what it holds, read whole: so one that is truncated is found."""
    try:
        with gzipped.open_file(Answer(file)) if gzip else file.open("rb") as handle:
            head = handle.read(HEAD)
            if not gzip:
                handle.seek(max(0, file.stat().st_size - _TAIL))
            tail = head
            while block := handle.read(1 << 20):
                tail = (tail + block)[-_TAIL:]
            return head, tail[-_TAIL:]
    except Unreadable as error:
        raise Refused(error.what) from None


def _check_sums(resource: Resource, file: Path, sha256: str, size: int) -> None:
    if resource.size is not None and resource.size != size:
        raise Refused(f"received {size:,} bytes, and the archive lists {resource.size:,}")
    if resource.sha256 and resource.sha256.lower() != sha256:
        raise Refused(f"the sha256 is {sha256}, and the archive lists {resource.sha256}")
    if resource.md5:
        with file.open("rb") as handle:
            md5 = hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if md5 != resource.md5.lower():
            raise Refused(f"the md5 is {md5}, and the archive lists {resource.md5}")


def check_format(expects: str, head: bytes, tail: bytes) -> None:
    """Check the first and the last bytes against the format that the resource expects; of others, that it is not empty.

    Raises:
        Refused: with the reason.
    """
    head, tail = head[:HEAD], tail[-_TAIL:]
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise Refused("the answer is empty")
    if expects != "html" and expects != "netcdf" and start[:1] == b"<" and _is_page(start, expects):
        raise Refused(f"received an HTML page instead of {expects}{_title(start)}")
    if expects in _FORMATS:
        _FORMATS[expects](start, tail.rstrip())


def _is_page(start: bytes, expects: str) -> bool:
    """Whether it is HTML; other XML may hold some, as the notes of SBML do."""
    if expects == "xml" and (root := _root(start)):
        return bool(_HTML.match(start) or _HTML.match(b"<" + root + b" "))
    return bool(_HTML.search(start[:2048]))


def _root(start: bytes) -> bytes:
    """The name of the first element that is not in a comment; empty where there is none."""
    return next((match[1] for match in _OPENING.finditer(start) if match[1]), b"")


def _xml(start: bytes, end: bytes) -> None:
    root = _root(start)
    if start[:1] != b"<" or not root:
        raise Refused(f"it does not begin like XML but with {_shown(start)}")
    if not _is_closed(end, root):
        raise Refused(f"the XML is truncated: it does not end with </{root.decode(errors='replace')}>")


def _is_closed(end: bytes, root: bytes) -> bool:
    """Whether only comments follow the root's last closing tag; without one, whether its own tag is ``<root .../>``."""
    name = re.escape(root)
    closing = list(re.finditer(rb"</" + name + rb"\s*+>", end))
    if closing:
        return bool(_NOTHING_MORE.fullmatch(end, closing[-1].end()))
    opening = list(re.finditer(rb"<" + name + rb"\b", end))
    rest = end[opening[-1].end() :] if opening else b""
    return rest.endswith(b"/>") and b"<" not in rest


def _text(start: bytes, end: bytes) -> None:
    if start.startswith(b"ERROR"):
        raise Refused(f"the archive answered with an error: {_shown(start, 200)}")
    if b"\0" in start:
        raise Refused(f"it is not text: it begins with {_shown(start)} and holds zero bytes")


def _csv(start: bytes, end: bytes) -> None:
    _text(start, end)
    if start[:1] == b"<":
        raise Refused(f"it is markup, not CSV: it begins with {_shown(start, 200)}")


def _json(start: bytes, end: bytes) -> None:
    if start[:1] not in (b"{", b"["):
        raise Refused(f"it does not begin like JSON but with {_shown(start)}")
    if end[-1:] != {b"{": b"}", b"[": b"]"}[start[:1]]:
        raise Refused(f"the JSON is truncated: it ends with {_shown(end[-40:])}")


def _html(start: bytes, end: bytes) -> None:
    if not _HTML.search(start):
        raise Refused(f"it is not HTML: it begins with {_shown(start)}")


def _netcdf(start: bytes, end: bytes) -> None:
    if not start.startswith(_NETCDF):
        page = "an HTML page" if _HTML.search(start[:2048]) else _shown(start)
        raise Refused(f"it is neither classic NetCDF (CDF) nor NetCDF4 (HDF5): it begins with {page}")


_FORMATS = {"xml": _xml, "text": _text, "csv": _csv, "json": _json, "html": _html, "netcdf": _netcdf}


def _shown(content: bytes, most: int = 40) -> str:
    line = content[:most].split(b"\n")[0]
    return repr(line.decode("utf-8", errors="backslashreplace").strip())


def _title(page: bytes) -> str:
    match = _TITLE.search(page)
    title = match[1].strip() if match else b""
    return f", titled {_shown(title, 80)}" if title else ""
