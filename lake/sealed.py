"""Small JSON files that carry a digest of themselves: what a disk or a hand changed in one is never taken for true.

That is enough for what the lake can rebuild (caches, notes on packs): a file that is not what was written counts as
missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_DIGEST = "sha256"  # the last key of each file


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the JSON text with sorted keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def dumps(content: Mapping[str, Any]) -> str:
    """The text of a file that holds ``content``, whose keys are strings, and its digest."""
    return json.dumps({**content, _DIGEST: digest(content)})


def loads(text: str | bytes) -> dict[str, Any]:
    """The value that `dumps` wrote.

    Raises:
        ValueError: the text is not what `dumps` wrote.
    """
    try:
        content: dict[str, Any] = json.loads(text)
        own = content.pop(_DIGEST)
    except (AttributeError, KeyError, TypeError, RecursionError, ValueError) as error:
        raise ValueError(f"it is not what was written: {error}") from None
    if own != digest(content):
        raise ValueError("it is not what was written: its digest is another")
    return content


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Put a file in place whole. After a power cut it may be torn, which `read` sees.

    Raises:
        OSError: the disk is full, the folder is missing or read-only ...; the old file stands.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        temporary.write_text(dumps(content), encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> dict[str, Any] | None:
    """The value that `write` wrote; None where the file is missing or damaged."""
    try:
        return loads(path.read_bytes())
    except (OSError, ValueError):
        return None
