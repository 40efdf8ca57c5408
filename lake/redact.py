"""What a URL holds that is nobody else's business, out of what is stored and shown."""

from __future__ import annotations

import re

HIDDEN = "***"
# user:password@ of the authority, up to its last @ (RFC 3986, 3.2: what follows ends it)
_USER = re.compile(r"(?<=://)[^/?#\s]+@")
_VALUE = re.compile(
    r"""(?P<name> [?&;\#]
        (?: [\w.-]*(?:token|secret|signature|credential|password|passwd)
          | (?:[\w.-]*(?:api|access|subscription))?[-_.]?key | pwd | sig | auth ) =)
        [^&;\#\s"'<>]+""",
    re.IGNORECASE | re.VERBOSE,
)


def redact(text: str) -> str:
    """A URL, or a text that may name some, without user names, passwords, tokens and keys.

    >>> redact("https://me:pass@example.org/a?format=csv&api_key=7f3a")
    'https://***@example.org/a?format=csv&api_key=***'
    """
    if "@" in text:
        text = _USER.sub(f"{HIDDEN}@", text)
    return _VALUE.sub(rf"\g<name>{HIDDEN}", text) if "=" in text else text
