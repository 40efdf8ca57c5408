"""A real HTTP server on the loopback that answers as well or as badly as a test wants, path by path.

with Server() as server:
    server.on("/list", status(503), entity(b"..."))    # the first request, then all that follow
    server.url + "/list"; server.seen                  # the requests, with headers and times
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple, Self

Answer = Callable[["Handler"], None]


class Seen(NamedTuple):
    path: str
    headers: dict[str, str]
    at: float  # monotonic seconds
    body: bytes = b""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    owner: Server

    def do_GET(self) -> None:
        server = self.owner
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with server.lock:
            server.seen.append(Seen(self.path, dict(self.headers), time.monotonic(), body))
            turn = server.turns[self.path]
            server.turns[self.path] += 1
        answers = server.answers.get(self.path, (status(404),))
        answers[min(turn, len(answers) - 1)](self)

    do_POST = do_GET

    def do_HEAD(self) -> None:
        server = self.owner
        server.heads.append(self.path)
        answers = server.answers.get(self.path, (status(404),))
        answers[min(server.turns[self.path], len(answers) - 1)](self)

    def reply(self, code: int, body: bytes = b"", length: int | None = None, **headers: str) -> None:
        """Send an answer; ``length`` is a Content-Length other than the body's, ``Content_Range`` is Content-Range."""
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if code != 304:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that was killed, or that hung up


class Server:
    """
    Args:
        folder: serve its files, as any web server would; otherwise what `on` says, and 404.
    """

    def __init__(self, folder: Path | None = None):
        files = type("Files", (_Files,), {"owner": self})
        handler = partial(files, directory=str(folder)) if folder else type("Paths", (Handler,), {"owner": self})
        self._http = _Quiet(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self.lock = threading.Lock()
        self.answers: dict[str, tuple[Answer, ...]] = {}
        self.turns: Counter[str] = Counter()
        self.seen: list[Seen] = []
        self.heads: list[str] = []  # paths whose size was asked for

    def on(self, path: str, *answers: Answer) -> str:
        """Answer requests for a path with these, in turn; the last one stays. Returns the URL."""
        self.answers[path], self.turns[path] = answers, 0
        return self.url + path

    def asked(self, path: str) -> list[Seen]:
        """The requests for a path."""
        return [seen for seen in self.seen if seen.path == path]

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Files(SimpleHTTPRequestHandler):
    """A folder as any web server would show it: no ETag, no ranges."""

    protocol_version = "HTTP/1.1"

    owner: Server

    def do_GET(self) -> None:
        self.owner.seen.append(Seen(self.path, dict(self.headers), time.monotonic()))
        super().do_GET()

    def log_message(self, *args: object) -> None:
        pass


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """This status, with a body and headers."""
    return lambda handler: handler.reply(code, body, None, **headers)


def page(body: bytes, **headers: str) -> Answer:
    """200 with these bytes, and nothing to validate or resume by."""
    return lambda handler: handler.reply(200, body, None, **headers)


def redirect(to: str) -> Answer:
    """302 to another URL."""
    return lambda handler: handler.reply(302, Location=to)


def entity(body: bytes, etag: str = "", modified: str = "", stop: int | None = None, pause: float = 0) -> Answer:
    """A file as a good server sends it: 304, 206, 200. With ``stop`` the connection dies after that byte of the body
    (after ``pause`` seconds of silence)."""

    def answer(handler: Handler) -> None:
        headers = {**({"ETag": etag} if etag else {}), **({"Last_Modified": modified} if modified else {})}
        requested, start, code = handler.headers, 0, 200
        if etag and requested.get("If-None-Match") == etag:
            return handler.reply(304, b"", None, **headers)
        if modified and "If-None-Match" not in requested and requested.get("If-Modified-Since") == modified:
            return handler.reply(304, b"", None, **headers)
        if requested.get("Range") and requested.get("If-Range") in (etag, modified):
            start, code = int(requested["Range"][6:-1]), 206
            headers["Content_Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        handler.reply(code, body[start:stop], len(body) - start, **headers)
        if stop is not None:
            time.sleep(pause)
            handler.hang_up()

    return answer


def slow(body: bytes, seconds: float, etag: str = "") -> Answer:
    """The whole body, in pieces, over so many seconds."""

    def answer(handler: Handler) -> None:
        handler.reply(200, b"", len(body), **({"ETag": etag} if etag else {}))
        step = max(1, len(body) // 50)
        for at in range(0, len(body), step):
            handler.wfile.write(body[at : at + step])
            time.sleep(seconds / 50)

    return answer
