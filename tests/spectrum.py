"""Reading a made spectrum, for the tests of each form."""

from __future__ import annotations

from pathlib import Path

from lake.formats.answer import Answer
from lake.sources import spectra
from lake.sources.contract import Resource


def read(path: Path, content: bytes | str | None = None, **params):
    """rows and rejects of a file, which is written first where its content is given."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    resource = Resource(path.name, "https://example.org/x", "spectrum", "text", {"kind": "model", **params})
    rows, rejects = [], []
    for part in spectra.read(resource, Answer(path)):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        rows += part.rows.to_pylist()
        rejects += bad
    return rows, rejects
