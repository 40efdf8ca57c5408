"""Directory listings of web servers: Apache's mod_autoindex, as text or as a table, and nginx's.

https://httpd.apache.org/docs/2.4/mod/mod_autoindex.html: a date and a size follow each link; Apache rounds the size.
"""

from __future__ import annotations

import html
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.formats import text
from lake.formats.part import Part
from lake.formats.schema import Table

_LINK = r'(?is)^[^>]*?href\s*=\s*"(?P<href>[^"]*)"[^>]*>.*?</a>(?P<rest>.*)$'
_DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?|\d{1,2}-[A-Z][a-z]{2}-\d{4} \d\d:\d\d(?::\d\d)?"
_FACTS = rf"(?s)^\s*(?P<modified>{_DATE})\s+(?P<size>-|\d+(?:\.\d+)?\s?[KMGTP]?)(?:\s|$)"


def read(page: str, url: str, table: Table, **fixed: str) -> Part:
    """The entries of a directory, without its parent and the links for sorting.

    Args:
        table: with the columns path, kind, bytes, size, modified, md5, and those of `fixed`, the same in each row.

    Raises:
        Unreadable: there is none.
    """
    links, href, rest = _entries(page, url)
    plain = pc.replace_substring_regex(pc.replace_substring_regex(rest, r"<[^>]*>", " "), "&nbsp;", " ")
    facts = pc.extract_regex(plain, _FACTS)
    columns = _columns(facts, url.rstrip("/") + "/", href) | {
        name: pa.repeat(value, len(href)) for name, value in fixed.items()
    }
    faults = [(pc.is_null(facts), "no date and size after the link")]
    record = pa.array(np.arange(1, len(href) + 1))
    rows, wrong, _ = text.partition_rejects(table.schema, record, columns, faults, links.filter)
    return text.make_part(table.name, len(href), rows, wrong)


def names(page: str, url: str) -> list[str]:
    """The names of a directory's entries; those of directories end in "/".

    Raises:
        Unreadable: there is none.
    """
    entries: list[str] = _entries(page, url)[1].to_pylist()
    return entries


def _entries(page: str, url: str) -> tuple[pa.Array, pa.Array, pa.Array]:
    """For each link to an entry: the link, the entry's name, the text after the link."""
    links = pc.split_pattern_regex(pa.array([page]), r"(?i)<a\s").flatten()[1:]
    cells = pc.extract_regex(links, _LINK)
    href = _relative(pc.struct_field(cells, "href"), urlsplit(url).path)
    child = pc.and_(pc.match_substring_regex(href, r"^[^/?#:][^/?#]*/?$"), pc.not_equal(href, "../"))
    if not pc.any(child).as_py():
        raise text.no_records("entry of a directory", url)
    return links.filter(child), href.filter(child), pc.struct_field(cells, "rest").filter(child)


def _relative(href: pa.Array, folder: str) -> pa.Array:
    """Links relative to the folder: some servers write them from the root, some begin them with "./"."""
    plain = [
        unquote(html.unescape(link)) if "%" in link or "&" in link else link for link in href.fill_null("").to_pylist()
    ]
    relative = [link.removeprefix(folder) if link != folder else "/" for link in plain]
    return pc.replace_substring_regex(pa.array(relative, pa.string()), r"^\./", "")


def _columns(facts: pa.Array, base: str, href: pa.Array) -> dict[str, pa.Array]:
    size = pc.utf8_trim_whitespace(pc.struct_field(facts, "size"))
    shown = pc.if_else(pc.equal(size, "-"), None, size)
    exact = pc.if_else(pc.match_substring_regex(shown, r"^\d+$"), shown, None)
    return {
        "path": pc.binary_join_element_wise(base, href, ""),
        "kind": pc.if_else(pc.ends_with(href, "/"), "directory", "file"),
        "bytes": exact.cast(pa.int64()),
        "size": shown,
        "modified": pc.struct_field(facts, "modified"),
        "md5": pa.nulls(len(href), pa.string()),
    }
