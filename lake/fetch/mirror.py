"""The one way to be offline: requests go to ``<mirror>/<host>/<path>``, in a folder or at an http(s) URL.

Which file answers a URL:
1. the one that MANIFEST.tsv or ALIASES.tsv at the mirror's root names for it: tab separated, with the columns ``url``
   and ``file`` (others are ignored). The scheme does not matter, nor how characters are escaped;
2. otherwise ``<host>/<path>``, unescaped; ``?<query>`` follows as it stands in the URL, with "/" as "%2F"; a path that
   ends in "/" gets ``index.html``. These are the names that ``wget -x`` gives, so that it can make a mirror.
"""

from __future__ import annotations

import email.utils
import os
import posixpath
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote, unquote_plus, urlsplit

import httpx

MAPS = ("ALIASES.tsv", "MANIFEST.tsv")  # the later one counts where both name a URL
_CHUNK = 1 << 18
Index = dict[str, str]


def index(texts: list[str]) -> Index:
    """The maps' texts as one: normalised URL -> file."""
    files: Index = {}
    for text in texts:
        head, *lines = text.splitlines() or [""]
        columns = head.split("\t")
        if "url" not in columns or "file" not in columns:
            continue
        url, file = columns.index("url"), columns.index("file")
        for cells in (line.split("\t") for line in lines):
            if len(cells) > max(url, file):
                files[_key(cells[url])] = cells[file]
    return files


def _key(url: str) -> str:
    parts = urlsplit(url)
    query = f"?{unquote_plus(parts.query)}" if parts.query else ""
    return f"{_host_port(parts.netloc)}{unquote(parts.path)}{query}"


def _host_port(netloc: str) -> str:
    """The host and port, without credentials."""
    return netloc.rpartition("@")[2].lower()


def file_of(url: str, files: Index) -> str:
    """The file that answers a URL, relative to the mirror's root; it may not exist."""
    if file := files.get(_key(url)):
        return file
    parts = urlsplit(url)
    path = unquote(parts.path) + ("index.html" if parts.path.endswith("/") else "")
    query = f"?{parts.query.replace('/', '%2F')}" if parts.query else ""
    return f"{_host_port(parts.netloc)}{path}{query}"


def rewriter(root: str, files: Index) -> Callable[[httpx.Request], None]:
    """A hook for httpx that sends each request to the mirror at the URL ``root``, redirects of its own excepted."""
    home = httpx.URL(root)

    def rewrite(request: httpx.Request) -> None:
        if request.url.netloc != home.netloc and request.url.scheme != "file":
            request.url = httpx.URL(f"{root}/{quote(file_of(str(request.url), files))}")
            request.headers["Host"] = request.url.netloc.decode("ascii")
            request.headers.pop("Authorization", None)  # that was for the archive

    return rewrite


class Folder(httpx.BaseTransport):
    """Answers from a folder as a web server would: validators, 304, ranges, 404."""

    def __init__(self, root: str | Path):
        self.root = str(root)
        maps = [Path(root, name) for name in MAPS]
        self._files = index([file.read_text(encoding="utf-8") for file in maps if file.is_file()])

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        relative = posixpath.normpath(file_of(str(request.url), self._files))
        path = os.path.join(self.root, relative)
        if relative.startswith(("..", "/")) or not os.path.isfile(path):
            return _not_found(f"the mirror has no file {relative}")
        return _answer(request, path)


class Local(httpx.BaseTransport):
    """Answers ``file:`` URLs of this machine, as a folder that is a mirror does.

    A redirect leads to none: httpx gives it the host of the server that sent it, and a file with a host is not here.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = unquote(urlsplit(str(request.url)).path)
        if request.url.host or not os.path.isfile(path):
            return _not_found(f"there is no file {path}")
        return _answer(request, path)


def _not_found(text: str) -> httpx.Response:
    return httpx.Response(404, headers={"Content-Type": "text/plain; charset=utf-8"}, stream=_Text(text))


class _Text(httpx.SyncByteStream):
    def __init__(self, text: str):
        self._text = text

    def __iter__(self) -> Iterator[bytes]:
        yield self._text.encode(errors="replace")


def _answer(request: httpx.Request, path: str) -> httpx.Response:
    stat = os.stat(path)
    headers = {
        "ETag": f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"',
        "Last-Modified": email.utils.formatdate(stat.st_mtime, usegmt=True),
        "Accept-Ranges": "bytes",
    }
    if _unchanged(request.headers, headers):
        return httpx.Response(304, headers=headers)
    start = _start(request.headers, headers, stat.st_size)
    if start is None:
        return httpx.Response(416, headers={"Content-Range": f"bytes */{stat.st_size}"})
    headers["Content-Length"] = str(stat.st_size - start)
    if start:
        headers["Content-Range"] = f"bytes {start}-{stat.st_size - 1}/{stat.st_size}"
    try:
        return httpx.Response(206 if start else 200, headers=headers, stream=_FromFile(path, start))
    except OSError as error:
        raise httpx.ReadError(f"the file cannot be read: {error.strerror}") from None


def _unchanged(requested: httpx.Headers, now: dict[str, str]) -> bool:
    if "If-None-Match" in requested:
        return now["ETag"] in str(requested["If-None-Match"])
    return bool(requested.get("If-Modified-Since") == now["Last-Modified"])


def _start(requested: httpx.Headers, now: dict[str, str], size: int) -> int | None:
    """Where to begin: 0 for the whole file, None where the range lies outside it. Only ``bytes=N-`` is understood."""
    range = requested.get("Range", "")
    if not range.startswith("bytes=") or not range[6:].removesuffix("-").isdigit():
        return 0
    if requested.get("If-Range", now["ETag"]) not in (now["ETag"], now["Last-Modified"]):
        return 0
    start = int(range[6:].removesuffix("-"))
    return start if start < size else None


class _FromFile(httpx.SyncByteStream):
    def __init__(self, path: str, start: int):
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 (httpx calls `close`)
        self._file.seek(start)

    def __iter__(self) -> Iterator[bytes]:
        try:
            while chunk := self._file.read(_CHUNK):
                yield chunk
        except OSError as error:  # of this disk, not of the one that is written to
            raise httpx.ReadError(f"the file cannot be read: {error.strerror}") from None

    def close(self) -> None:
        self._file.close()
