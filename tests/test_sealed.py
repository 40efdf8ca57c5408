"""A file that carries its digest is read as it was written, or not at all; so are the lake's caches."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as some

from lake import config, contract, sealed
from lake.build import graph

VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=5,
)
CONTENTS = some.dictionaries(some.text().filter(lambda key: key != "sha256"), VALUES)


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@given(CONTENTS, some.data())
@settings(max_examples=50, deadline=None)
def test_a_changed_bit_is_no_content(content, data):
    text = sealed.dumps(content).encode()
    assert repr(sealed.loads(text)) == repr(content)
    bit = data.draw(some.integers(0, 8 * len(text) - 1))
    try:
        read = sealed.loads(flipped(text, bit))
    except ValueError:
        return
    assert json.dumps(read, sort_keys=True) == json.dumps(content, sort_keys=True)  # white space, letters of an escape


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", "null", "{}", '{"sha256": 1}', '{"a": 1}', "[" * 100_000, "\0", "é"]
)
def test_what_was_not_written_is_refused(tmp_path, text):
    file = tmp_path / "one.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match="not what was written"):
        sealed.loads(file.read_bytes())
    assert sealed.read(file) is None


def test_a_file_is_put_in_place_whole(tmp_path, monkeypatch):
    file = tmp_path / "one.json"
    assert sealed.read(file) is None
    sealed.write(file, {"a": [1.5, None, "é"]})
    assert sealed.read(file) == {"a": [1.5, None, "é"]}
    with pytest.raises(TypeError):
        sealed.write(file, {"a": object()})
    assert sealed.read(file) == {"a": [1.5, None, "é"]}
    assert list(tmp_path.iterdir()) == [file]


def load_contracts(folder: Path) -> object:
    return contract.load(folder / "models", folder / "data/cache/contracts.json")


def load_project(folder: Path) -> object:
    return graph.load(config.load(folder))


@pytest.mark.parametrize(("name", "load"), [("contracts", load_contracts), ("sql", load_project)])
@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_flipped_bit_of_a_cache_is_used(tmp_path, name, load, count):
    folder = toy.make(tmp_path / "toy")
    (folder / "data").mkdir()
    wanted = repr(load_project(folder)), repr(load(folder))
    cache = folder / f"data/cache/{name}.json"
    content = cache.read_bytes()
    chosen = random.Random(1).sample(range(8 * len(content)), min(count, 8 * len(content)))
    for bit in chosen:
        cache.write_bytes(flipped(content, bit))
        assert (repr(load_project(folder)), repr(load(folder))) == wanted, bit
        assert sealed.read(cache), bit  # rebuilt


@pytest.mark.parametrize("hurt", ["number", "text"])
def test_a_changed_value_of_a_contract_is_never_used(tmp_path, hurt):
    folder = toy.make(tmp_path / "toy")
    (folder / "data").mkdir()
    wanted = load_contracts(folder)
    cache = folder / "data/cache/contracts.json"
    old, new = {"number": (b"100000", b"900000"), "text": (b'"kK"', b'"mK"')}[hurt]
    assert old in cache.read_bytes()
    cache.write_bytes(cache.read_bytes().replace(old, new))
    assert repr(load_contracts(folder)) == repr(wanted)
    assert old in cache.read_bytes()
