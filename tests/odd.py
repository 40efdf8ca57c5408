"""A source whose answers say what their reader is to do, installed or in the lake's own folder; and lakes of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from lake import config, fetch
from lake.config import Config

MODULE = '''
"""An archive of answers that trip their reader."""
import json, os, signal, time
import pyarrow as pa
from lake.errors import Unreadable
from lake.formats.text import REJECTS
from lake.sources.contract import Facts, Part, Resource

FACTS = Facts("{name}", "Odd answers", "https://odd.example/", "none", "nobody", 1000.0, 1000.0)
READER = 1
TABLES = {{
    "{name}_rows": pa.schema([("n", pa.int64()), ("word", pa.string()), ("_record", pa.int64())]),
    "{name}_others": pa.schema([("word", pa.string()), ("_record", pa.int64())]),
}}
OPTIONS = {{"names": [], "words": {{}}, "urls": [], "colour": "red", "list": ""}}

def resources(options, answers):
    names = list(options["names"])
    if options["list"]:
        yield Resource("list", f"https://odd.example/{{options['list']}}", "list", "text")
        if (answer := answers("list")) is None:
            return
        names += answer.read_text().split()
    for name in names:
        params = {{"word": options["words"].get(name, name)}}
        yield Resource(name, f"https://odd.example/{{name}}", "odd", "text", params)

def check(resource, head):
    pass

class Panic(BaseException):
    pass

def rows(word, numbers):
    numbers = list(numbers)
    return pa.Table.from_pylist([{{"n": n, "word": word, "_record": n}} for n in numbers], TABLES["{name}_rows"])

def deep(n):
    return deep(n + 1) + 1

def read(resource, answer):
    text = answer.read_text()
    word = resource.params.get("word", "")
    for line in text.splitlines():
        match line.split():
            case ["rows", n]:
                yield Part("{name}_rows", int(n), rows(word, range(int(n))))
            case ["others", n]:
                table = [{{"word": word, "_record": i}} for i in range(int(n))]
                yield Part("{name}_others", int(n), pa.Table.from_pylist(table, TABLES["{name}_others"]))
            case ["rejects", n]:
                bad = [{{"_record": i, "reason": "odd", "content": str(i)}} for i in range(int(n))]
                yield Part("{name}_rows", int(n), rows(word, []), pa.Table.from_pylist(bad, REJECTS))
            case ["cells", column]:
                bad = pa.table({{"_record": [1], "column": [column], "reason": ["odd"], "content": ["inf"]}})
                yield Part("{name}_rows", 2, rows(word, range(2)), cells=bad)
            case ["lost", n]:
                yield Part("{name}_rows", int(n) + 1, rows(word, range(int(n))))
            case ["column", column, type, *cells]:
                cells = [None if cell == "-" else json.loads(cell) for cell in cells]
                more = pa.array(cells, getattr(pa, type)())
                yield Part("{name}_rows", len(cells), rows(word, range(len(cells))).append_column(column, more))
            case ["wide", n]:
                more = {{f"c{{i}}": pa.array([i]) for i in range(int(n))}}
                yield Part("{name}_rows", 1, pa.table({{**rows(word, [0]).to_pydict(), **more}}))
            case ["unreadable"]:
                raise Unreadable("it is odd", where=resource.url)
            case ["error"]:
                raise ValueError("an odd value")
            case ["unpicklable"]:
                raise type("Local", (Exception,), {{"__reduce__": lambda self: 1 / 0, "__str__": lambda self: 1 / 0}})()
            case ["deep"]:
                deep(0)
            case ["memory"]:
                held = [bytearray(10**7) for _ in range(10**5)]
            case ["panic"]:
                raise Panic("as a library in Rust does")
            case ["interrupt"]:
                raise KeyboardInterrupt
            case ["exit"]:
                raise SystemExit(0)
            case ["leave"]:
                os._exit(0)
            case ["abort"]:
                os.abort()
            case ["kill"]:
                os.kill(os.getpid(), signal.SIGKILL)
            case ["fault"]:
                import ctypes
                ctypes.string_at(0)
            case ["full"]:
                import resource as limits
                limits.setrlimit(limits.RLIMIT_FSIZE, (0, limits.getrlimit(limits.RLIMIT_FSIZE)[1]))
            case ["hang"]:
                time.sleep(600)
            case ["spin"]:
                while True:
                    pass
            case ["noise"]:
                print("noise " * 100_000)
            case ["nothing"]:
                pass
            case ["list"] | []:
                yield Part("{name}_others", 0, pa.Table.from_pylist([], TABLES["{name}_others"]))
            case _ if resource.kind == "list":
                yield Part("{name}_others", 0, pa.Table.from_pylist([], TABLES["{name}_others"]))
'''

MANY = """
def read_many(pairs):
    for resource, answer in pairs:
        try:
            for part in read(resource, answer):
                yield resource, part
        except Unreadable as error:
            yield resource, error
"""


def install(folder: Path, monkeypatch, name: str = "odd", *, many: bool = False, **changes: str) -> None:
    """Put a source of that name on the path, with texts of its module replaced."""
    text = MODULE.format(name=name) + (MANY if many else "")
    for old, new in changes.items():
        text = text.replace(old, new)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}_source.py").write_text(text)
    info = folder / f"{name}-1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[lake.sources]\n{name} = {name}_source\n")
    monkeypatch.syspath_prepend(str(folder))
    forget(name)
    monkeypatch.setattr("lake.sources._OWN", dict(_own()))  # undone with it: what was cached meanwhile goes


def add(folder: Path, name: str = "odd") -> None:
    """Make it an archive of the lake in this folder, which other processes find there too."""
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "sources" / f"{name}.py").write_text(MODULE.format(name=name))


def _own() -> Mapping[str, str]:
    from lake import sources

    return sources._OWN


def forget(name: str = "odd") -> None:
    """Let the source be imported again."""
    from lake import sources

    sys.modules.pop(f"{name}_source", None)
    sources.names.cache_clear()
    sources.get.cache_clear()


def lake(folder: Path, answers: Mapping[str, str], limits: str = "", source: str = "odd", **options) -> Config:
    """A lake that has fetched these answers, by name, from a mirror beside it."""
    mirror(folder, answers)
    describe(folder, limits, **{source: {"names": list(answers), **options}})
    settings = config.load(folder)
    fetch.run(settings)
    return settings


def mirror(folder: Path, answers: Mapping[str, str]) -> None:
    host = folder / "mirror" / "odd.example"
    host.mkdir(parents=True, exist_ok=True)
    for name, text in answers.items():
        (host / name).write_text(text)


def describe(folder: Path, limits: str = "", **sources: Mapping) -> None:
    """Write lake.toml."""
    text = f'[lake]\nmirror = "mirror"\n[limits]\n{limits}\n'
    for source, options in sources.items():
        text += f"[sources.{source}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in options.items())
    (folder / "lake.toml").write_text(text)


def _toml(value) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)
