"""Fetch against curl: many small files and one long one, from a server on this machine that makes them on the fly.

    python bench/fetch.py [--files 2000] [--size 60000] [--long 2000000000] [--json FILE]

Both keep the bytes on the same disk. Fetch also hashes them, makes each file durable (fsync of file and folder), and
writes a durable row; curl does none of that. Both run in processes of their own; CPU is theirs alone, user and system.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PIECE = bytes(range(1, 256)) * 4112  # about 1 MiB of no text in particular
_CONNECTIONS = 4


class _Answers(socketserver.BaseRequestHandler):
    """GET /<bytes>/<name>: so many bytes. As little work as can be, so that the clients are what is measured."""

    def handle(self) -> None:
        rest = b""
        while True:
            while b"\r\n\r\n" not in rest:
                got = self.request.recv(65536)
                if not got:
                    return
                rest += got
            head, _, rest = rest.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1]
            size = int(path.split(b"/")[1])
            name = path.rpartition(b"/")[2]
            header = b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: "%s"\r\n\r\n' % (size, name)
            first = name.ljust(64, b".")[: min(64, size)]  # so that no two files are the same
            self.request.sendall(header + first + _PIECE[: min(len(_PIECE), size - len(first))])
            left = size - len(first) - min(len(_PIECE), size - len(first))
            while left > 0:
                left -= self.request.send(memoryview(_PIECE)[:left])


def serve() -> None:
    """Print the port, then answer until standard input ends."""
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()


def fetch(folder: str, *urls: str) -> None:
    """Our side: a lake in ``folder`` whose one source is these URLs."""
    from types import SimpleNamespace

    from lake import fetch, sources
    from lake.config import Config
    from lake.sources.contract import Facts, Resource

    facts = Facts("bench", "bench", "", "", "", rate=0, refresh=1)
    resources = [Resource(url.rpartition("/")[2], url, "k", "any") for url in urls]
    source = SimpleNamespace(
        FACTS=facts, OPTIONS={}, resources=lambda options, answer: resources, check=lambda resource, head: None
    )
    sources.get = lambda name: source
    config = Config.model_validate({"sources": {"bench": {}}, "fetch": {"connections": _CONNECTIONS}})
    config._root = Path(folder)
    summary = fetch.run(config)
    assert summary.counts == {"bench": {"fetched": len(urls)}}, summary.failures[:3]


def measure(command: list[str], given: str = "") -> dict[str, float]:
    """Wall seconds, CPU seconds and peak memory (MB) of a process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT)
    process.stdin.write(given.encode())
    process.stdin.close()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    assert status == 0, f"{command[:3]} ended with {status}"
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "rss": used.ru_maxrss / 1024}


def ours(folder: Path, urls: list[str]) -> dict[str, float]:
    return measure([sys.executable, __file__, "--fetch", str(folder)], "\n".join(urls))


def curl(folder: Path, urls: list[str], *options: str) -> dict[str, float]:
    given = "".join(f'url = "{url}"\noutput = "{folder / url.rpartition("/")[2]}"\n' for url in urls)
    return measure(["curl", "-sS", "--no-progress-meter", "--fail", *options, "--config", "-"], given)


def compare(urls: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """The best of some rounds for each, taken in turn."""
    parallel = ("--parallel", "--parallel-max", str(_CONNECTIONS)) if len(urls) > 1 else ()
    sides = {"lake fetch": lambda at: ours(at, urls), "curl": lambda at: curl(at, urls)}
    if parallel:
        sides["curl --parallel"] = lambda at: curl(at, urls, *parallel)
    best: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for name, side in sides.items():
            with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR") or ROOT) as folder:
                got = side(Path(folder))
            if name not in best or got["wall"] < best[name]["wall"]:
                best[name] = got
    return best


def show(title: str, best: dict[str, dict[str, float]]) -> None:
    print(f"\n{title}\n{'':18}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'wall x':>9}{'CPU x':>9}")
    us = best["lake fetch"]
    for name, got in best.items():
        ratios = "" if got is us else f"{us['wall'] / got['wall']:9.2f}{us['cpu'] / got['cpu']:9.2f}"
        print(f"{name:18}{got['wall']:9.2f}{got['cpu']:9.2f}{got['rss']:9.0f}{ratios}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--size", type=int, default=60_000)
    parser.add_argument("--long", type=int, default=2_000_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--fetch", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        return serve()
    if given.fetch:
        return fetch(given.fetch, *sys.stdin.read().split())
    if not shutil.which("curl"):
        sys.exit("curl is not installed")
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        root = f"http://127.0.0.1:{int(server.stdout.readline())}"
        many = compare([f"{root}/{given.size}/f{i}" for i in range(given.files)], given.rounds)
        show(f"{given.files:,} files of {given.size:,} bytes", many)
        long = compare([f"{root}/{given.long}/long"], given.rounds)
        show(f"one file of {given.long:,} bytes", long)
    finally:
        server.stdin.close()
        server.wait()
    print("\nx: lake fetch over curl; below 1 it takes less")
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(
            json.dumps({"settings": vars(given) | {"json": str(given.json)}, "many": many, "long": long})
        )


if __name__ == "__main__":
    main()
