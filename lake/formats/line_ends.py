"""Line ends of a text."""

from __future__ import annotations


def split(text: str) -> list[str]:
    r"""Lines without their ends: LF or CRLF; a lone CR only where the text has no LF at all (as old Macs wrote).

    >>> split("a\r\nb\n"), split("a\rb"), split("a\rb\nc")
    (['a', 'b'], ['a', 'b'], ['a\rb', 'c'])
    """
    text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
    return text.removesuffix("\n").split("\n")
