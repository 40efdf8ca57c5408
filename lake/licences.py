"""What archives' licences come to, taken together: as free as the strictest of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

# From the freest to the strictest. Each licence is of the last class of which one of the words stands in it; one in
# which none does is of the class "ask".
CLASSES = {
    "public domain": r"public domain|\bcc0\b|^public\b",
    "attribution": r"\bcc[ -]by[ -]4\.0|\bmit\b|\bcite\b|^open\b|free to use",
    "share alike": r"\bcc[ -]by-sa",
    "ask": r"\bown\b|\bmost\b|\bsome\b|not known|policy",
    "restricted": r"academic|research|contract|\bnc\b|-nc\b|-nc-|-nd\b",
}
FREE = ("public domain", "attribution", "share alike")


def kind(licence: str) -> str:
    """The class of a licence, by its text.

    >>> kind("CC BY 4.0"), kind("free for academic use, otherwise by contract"), kind("")
    ('attribution', 'restricted', 'ask')
    """
    kinds = [name for name, words in CLASSES.items() if re.search(words, licence, re.IGNORECASE)]
    return kinds[-1] if kinds else "ask"


def strictest(licences: Iterable[str]) -> str:
    """The strictest class among licences; "public domain", where there are none.

    >>> strictest(["public", "free for academic use"])
    'restricted'
    """
    order = list(CLASSES)
    return max((kind(one) for one in licences), key=order.index, default=order[0])
