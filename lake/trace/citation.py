"""Whom to cite for some rows: the archives that they really come from, as text, BibTeX and CSL-JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lake import licences
from lake.trace.summary import Archive, Summary

_DOI = re.compile(r"10\.\d{4,9}/[^\s,;()]+")


def text(summary: Summary) -> str:
    """One paragraph an archive, and under which conditions all of it may be used."""
    lines = [f"{summary.of} at snapshot {summary.snapshot} comes from {len(summary.archives)} archive(s)."]
    for one in summary.archives:
        lines += [
            "",
            f"{one.title}, {one.homepage}",
            f"  {one.records:,} record(s) of {one.answers:,} answer(s), fetched {_dates(one)}",
            f"  licence: {one.licence}",
            f"  cite: {one.citation}",
        ]
    lines += ["", use(summary)]
    if summary.seeds:
        lines.append(f"and from this project's own {', '.join(summary.seeds)}")
    return "\n".join(lines)


def use(summary: Summary) -> str:
    """How freely the rows may be used: as freely as the strictest of their licences allows."""
    strictest = licences.strictest(one.licence for one in summary.archives)
    if strictest in licences.FREE:
        return f"Use: {strictest}, the strictest of their licences."
    closed = [one.title for one in summary.archives if licences.kind(one.licence) not in licences.FREE]
    return f"Use: {strictest}. Not free: {'; '.join(closed)}: read their licences before these rows are passed on."


def _dates(one: Archive) -> str:
    first, last = one.first[:10], one.last[:10]
    return first if first == last else f"{first} to {last}"


def bibtex(summary: Summary) -> str:
    """An entry for each archive."""
    return "\n\n".join(_entry(one) for one in summary.archives)


def _entry(one: Archive) -> str:
    fields = {
        "title": one.title,
        "howpublished": one.homepage,
        "doi": next(iter(_DOI.findall(one.citation)), ""),
        "note": f"{one.citation}. Licence: {one.licence}",
        "urldate": one.last[:10],
    }
    listed = ",\n".join(f"  {key} = {{{_escaped(value)}}}" for key, value in fields.items() if value)
    return f"@misc{{{one.source},\n{listed}\n}}"


def _escaped(text: str) -> str:
    return re.sub(r"([&%$#_])", r"\\\1", text.replace("{", "(").replace("}", ")"))


def csl(summary: Summary) -> list[dict[str, Any]]:
    """CSL-JSON: an item for each archive."""
    return [dict(_item(one)) for one in summary.archives]


def _item(one: Archive) -> Iterator[tuple[str, Any]]:
    yield from {"id": one.source, "type": "dataset", "title": one.title, "URL": one.homepage}.items()
    if doi := next(iter(_DOI.findall(one.citation)), ""):
        yield "DOI", doi
    if one.last:
        yield "accessed", {"date-parts": [[int(part) for part in one.last[:10].split("-")]]}
    yield "note", f"{one.citation}. Licence: {one.licence}"
