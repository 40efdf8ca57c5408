"""The key of a planet-run: the same number in Python, in SQL (macros/keys.sql) and on every machine."""

from __future__ import annotations

import hashlib

_SEPARATOR = "\x1f"  # ASCII unit separator: in no archive's names


def planet_run_key(
    planet: str, kind: str, model: str | None = None, scenario: str | None = None, run: str | None = None
) -> int:
    """A signed 64-bit integer >= 0: the first 63 of the low bits of the first 16 hex digits of an MD5 (RFC 1321).

    Missing parts count as empty text. Among n planet-runs a collision has a probability of about n^2 / 2^64:
    5e-8 for a million.

    >>> planet_run_key("Earth", "observed")
    6379076229043953608
    """
    text = _SEPARATOR.join(part or "" for part in (planet, kind, model, scenario, run))
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:16], 16) & (2**63 - 1)
