"""Probes of databases: kept a line each, whatever stops them."""

from __future__ import annotations

import json

import pytest
import toy

from lake import config
from lake.fetch import probe
from lake.testing.server import Server, page


@pytest.mark.parametrize("torn", [b'{"name": "b", "ur', b"\xff\x00\n", b"[1, 2]\n", b"{}\n", b"null"])
def test_a_line_that_was_cut_hides_no_other_probe(tmp_path, torn):
    with Server() as server:
        server.on("/a", page(b"here"))
        settings = config.load(toy.make(tmp_path))
        settings.data.mkdir()
        row = {"name": "c", "url": "u", "at": "t", "status": 200, "outcome": "answers", "reason": ""}
        (settings.data / probe.FILE).write_bytes(json.dumps(row).encode() + b"\n" + torn)
        probe.probe(settings, [("a", f"{server.url}/a")])
    assert {name: one["outcome"] for name, one in probe.last(settings.data).items()} == {"c": "answers", "a": "answers"}
