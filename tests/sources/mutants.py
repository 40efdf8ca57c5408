"""Bytes changed in many ways: cut, flipped, doubled, spliced; and by what they are: a cell, a tag, a card, a length.

`mutant(example, name, number)` gives the same bytes each time, on every machine.
"""

from __future__ import annotations

import copy
import gzip
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from typing import Any

from sources.examples import EXAMPLES, Example

SEED = 20261130
Change = Callable[[random.Random, bytes], bytes]

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


def _cells(delimiter: bytes) -> Change:
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


def _fits(random: random.Random, body: bytes) -> bytes:
    """A card of a header changed, taken from another, repeated, or left out; what follows it stays in its place."""
    cards = [m.start() for m in re.finditer(rb"[A-Z0-9_-]{1,8} *= ", body) if m.start() % 80 == 0]
    if not cards:
        return _flip(random, body)
    place, other = random.choice(cards), random.choice(cards)
    card = body[place : place + 80]
    values = [b"-1", b"0", b"3", b"2147483648", b"1E999", b"T", b"'PD()'", b"'1000000D'", b"' '"]
    value = random.choice(values * 2 + _TOKENS)
    match random.randrange(4):
        case 0 | 1:
            card = card[:10] + value
        case 2:
            card = card[:10] + body[other + 10 : other + 80]
        case 3:
            card = random.choice([b"COMMENT", body[other : other + 80], b"END"])
    return body[:place] + card[:80].ljust(80) + body[place + 80 :]


def _netcdf(random: random.Random, body: bytes) -> bytes:
    """A number of the header made large, small or another: of 4 bytes in classic files, of 8 in HDF5."""
    if body[:3] == b"CDF":
        place = 4 * random.randrange(1, max(2, min(len(body), 1200) // 4))
        number = random.choice([b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\0\x0b", b"\0\1\0\0", bytes(4)])
    else:
        place = random.randrange(max(1, min(len(body), 8192)))
        number = random.choice([b"\xff" * 8, b"\xff\xff\xff\x7f", b"\0\0\0\0\1\0\0\0", bytes(8)])
    return body[:place] + number + body[place + len(number) :]


_PLAIN: list[Change] = [_cut, _without, _flip, _insert, _double, _splice]
_STRUCTURED: dict[str, Change] = {
    "csv": _cells(b","),
    "tsv": _cells(b"\t"),
    "json": _json,
    "xml": _xml,
    "zip": _zip,
    "fits": _fits,
    "netcdf": _netcdf,
}


def mutant(example: Example, name: str, number: int) -> bytes:
    """An example's bytes after one to three changes, half of them by what it is; one in twenty is packed as gzip."""
    chance = random.Random(f"{SEED} {name} {number}")
    body, own = example.body, _STRUCTURED.get(example.form)
    for _ in range(chance.choice([1, 1, 2, 3])):
        try:
            body = own(chance, body) if own and chance.random() < 0.5 else chance.choice(_PLAIN)(chance, body)
        except Exception:  # it has lost its structure already
            body = chance.choice(_PLAIN)(chance, body)
    return _packed(chance, body) if chance.random() < 0.05 else body
