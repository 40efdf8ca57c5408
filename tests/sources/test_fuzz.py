"""Whatever the bytes are: rows and rejects, or Unreadable. Never another exception, never more memory or time.

Every example of `examples.py` is changed in many ways by a generator with a fixed seed; `pytest -m slow` tries
thousands. A failure names its example and number: `_mutant(example, number)` gives the same bytes again.
"""

from __future__ import annotations

import copy
import gzip
import io
import json
import random
import re
import resource
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sources.examples import EXAMPLES, Example

from lake import sources
from lake.errors import Refused, Unreadable
from lake.sources import text
from lake.sources.source import Part

SEED = 20261130
QUICK, MANY = 8, 400  # mutants of each example
SECONDS, MEGABYTES = 10, 1024  # that one mutant may take

_TOKENS = [
    *(
        b"\r",
        b"\n",
        b"\t",
        b",",
        b'"',
        b"'",
        b"\0",
        b"\xff",
        b"\xc3",
        b"\xef\xbb\xbf",
        b"\x1a",
        b"\x85",
        b"\xe2\x80\xa8",
    ),
    *(b"&", b"<", b">", b"&amp;", b"&x;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x y?>", b"<!DOCTYPE x>", b"</"),
    *(b"{", b"}", b"[", b"]", b":", b"null", b"\\ud800", b"\\", b"//", b"#", b";", b"_record", b"_blob", b"_RESOURCE"),
    *(
        b"1e999",
        b"-inf",
        b"nan",
        b"9" * 25,
        b"-1",
        b"0x1F",
        b"1,5",
        b"\xce\xbc",
        b"\xf0\x9f\xa7\xac",
        b"=",
        b"$",
        b"{ECO:",
    ),
]
_VALUES: list[Any] = [None, [], {}, "", "x", 0, -1, 1.5, True, 2**70, [None], [[]], {"a": None}, "\ud800", "a\0b"]


def _cut(random: random.Random, body: bytes) -> bytes:
    return body[: random.randrange(len(body) + 1)]


def _without(random: random.Random, body: bytes) -> bytes:
    start = random.randrange(len(body) + 1)
    return body[:start] + body[start + random.randrange(40) :]


def _flip(random: random.Random, body: bytes) -> bytes:
    found = bytearray(body)
    for _ in range(random.choice([1, 1, 4])):
        if found:
            found[random.randrange(len(found))] ^= 1 << random.randrange(8)
    return bytes(found)


def _insert(random: random.Random, body: bytes) -> bytes:
    place = random.randrange(len(body) + 1)
    return body[:place] + random.choice(_TOKENS) + body[place:]


def _double(random: random.Random, body: bytes) -> bytes:
    start = random.randrange(len(body) + 1)
    end = min(len(body), start + random.choice([1, 10, 100, 1000]))
    return body[:end] + body[start:end] * random.choice([1, 2, 50]) + body[end:]


def _splice(random: random.Random, body: bytes) -> bytes:
    other = random.choice(sorted(EXAMPLES))
    piece = EXAMPLES[other].body
    start = random.randrange(len(piece) + 1)
    place = random.randrange(len(body) + 1)
    return body[:place] + piece[start : start + random.randrange(200)] + body[place:]


def _cells(delimiter: bytes) -> Callable[[random.Random, bytes], bytes]:
    def change(random: random.Random, body: bytes) -> bytes:
        rows = [line.split(delimiter) for line in body.split(b"\n")]
        row = random.choice(rows)
        place = random.randrange(len(row))
        match random.randrange(6):
            case 0:
                row[place] = random.choice(_TOKENS)
            case 1:
                del row[place]
            case 2:
                row.insert(place, random.choice(row))
            case 3:
                row[place] += random.choice(_TOKENS)
            case 4:
                rows.insert(random.randrange(len(rows)), row)
            case 5:
                other = random.randrange(len(row))
                row[place], row[other] = row[other], row[place]
        return b"\n".join(delimiter.join(row) for row in rows)

    return change


def _json(random: random.Random, body: bytes) -> bytes:
    tree = json.loads(body)
    places: list[tuple[Any, Any]] = []
    todo = [tree]
    while todo:
        node = todo.pop()
        items = (
            list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
        )
        places += [(node, key) for key, _ in items]
        todo += [value for _, value in items]
    if places:
        node, key = random.choice(places)
        match random.randrange(5):
            case 0 | 1:
                node[key] = copy.deepcopy(random.choice(_VALUES))
            case 2:
                del node[key]
            case 3:
                node[key] = [node[key]] * random.choice([1, 3])
            case 4 if isinstance(node, dict):
                node[f"{key}x"] = node.pop(key)
    return json.dumps(tree).encode()


def _xml(random: random.Random, body: bytes) -> bytes:
    tags = list(re.finditer(rb"<[^<>]*>", body))
    if not tags:
        return _insert(random, body)
    tag, other = random.choice(tags), random.choice(tags)
    start, end = sorted((tag.start(), other.end()))
    match random.randrange(6):
        case 0:
            return body[: tag.start()] + body[tag.end() :]
        case 1:
            return body[:end] + body[start:end] + body[end:]
        case 2:
            return body[: tag.end()] + other[0] + body[tag.end() :]
        case 3:
            return (
                body[: tag.start()]
                + re.sub(rb'"[^"]*"', lambda _: b'"' + random.choice(_TOKENS) + b'"', tag[0])
                + body[tag.end() :]
            )
        case 4:
            return body[: tag.start()] + re.sub(rb'\s[\w:]+="[^"]*"', b"", tag[0], count=1) + body[tag.end() :]
        case _:
            return body[: tag.end()] + random.choice(_TOKENS) + body[tag.end() :]


def _zip(random: random.Random, body: bytes) -> bytes:
    """One member changed, and packed again."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        members = before.infolist()
        chosen = random.choice(members)
        for member in members:
            content = before.read(member)
            after.writestr(member.filename, random.choice(_PLAIN)(random, content) if member is chosen else content)
    return made.getvalue()


def _packed(random: random.Random, body: bytes) -> bytes:
    """As gzip, whole or damaged."""
    packed = gzip.compress(random.choice(_PLAIN)(random, body), mtime=0)
    return packed if random.random() < 0.5 else _flip(random, packed)


_PLAIN = [_cut, _without, _flip, _insert, _double, _splice]
_STRUCTURED = {"csv": _cells(b","), "tsv": _cells(b"\t"), "json": _json, "xml": _xml, "zip": _zip}


def _mutant(name: str, number: int, body: bytes | None = None) -> bytes:
    example = EXAMPLES[name]
    chance = random.Random(f"{SEED} {name} {number}")
    body = example.body if body is None else body
    own = _STRUCTURED.get(example.form)
    for _ in range(chance.choice([1, 1, 2, 3])):
        try:
            body = own(chance, body) if own and chance.random() < 0.5 else chance.choice(_PLAIN)(chance, body)
        except Exception:  # it has lost its structure already
            body = chance.choice(_PLAIN)(chance, body)
    return _packed(chance, body) if chance.random() < 0.05 else body


def judge(example: Example, path: Path) -> str:
    """Have a file read. What came of it: "rows", "rejects" or "unreadable".

    Raises:
        AssertionError: what the reader gave is not what a reader may give; or whatever else it raised.
    """
    started = time.process_time()
    module = sources.get(example.source)
    with suppress(Refused):
        module.check(example.resource, path.read_bytes()[: 2**16])
    outcome = "unreadable"
    try:
        for part in module.read(example.resource, path):
            outcome = "rows" if _right(part, module.TABLES) or outcome == "rows" else "rejects"
    except Unreadable:
        outcome = "unreadable"
    assert time.process_time() - started < SECONDS
    return outcome


def _right(part: Part, tables: Any) -> bool:
    """Whether there are rows in a part; it can be landed."""
    own = tables[part.table]
    rejected = 0 if part.rejects is None else len(part.rejects)
    assert part.seen == len(part.rows) + rejected
    assert part.rows.schema.names[: len(own)] == own.names
    assert part.rows.schema.types[: len(own)] == own.types
    names = [name.lower() for name in part.rows.schema.names]
    assert len(set(names)) == len(names)
    assert not {"_blob", "_resource"} & set(names)
    assert all(name and name.isprintable() for name in names)
    part.rows.validate(full=True)
    if rejected:
        assert part.rejects.select(["_record", "reason", "content"]).schema.types == text.REJECTS.types[:3]
        part.rejects.validate(full=True)
        assert part.rejects["reason"].null_count == 0
    return len(part.rows) > 0


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_whole(name, tmp_path):
    example = EXAMPLES[name]
    path = tmp_path / "answer"
    path.write_bytes(example.body)
    assert judge(example, path) == "rows"


def _try(name: str, count: int, folder: Path, body: bytes | None = None) -> None:
    before, path = _peak(), folder / "answer"
    for number in range(count):
        path.write_bytes(_mutant(name, number, body))
        try:
            judge(EXAMPLES[name], path)
        except Exception as error:
            error.add_note(f"example {name!r}, mutant {number}")
            raise
    assert _peak() - before < MEGABYTES


@pytest.mark.parametrize("name", EXAMPLES)
def test_some_mutants(name, tmp_path):
    _try(name, QUICK, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_many_mutants(name, tmp_path):
    _try(name, MANY, tmp_path)
