"""What a file of IGSR is: which table, how its cells are parted, and its columns where it has no header."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc

from lake.errors import Unreadable
from lake.sources import delimited, gzipped
from lake.sources.igsr_tables import PATTERNS, TABLES, WITHOUT_HEADER
from lake.sources.text import Lines

_HEAD = 1 << 16
_MISSING = ("", "NULL", "not available")
_REQUIRED = {"igsr_sequences": ("run_id",), "igsr_files": ("path", "md5"), "igsr_samples": ("sample",)}
_ABOUT = {"sex", "population", "family", "father"}  # one of which says that a list of samples is one
_PATH, _MD5 = r"[^\t]*[/.][^\t]*", r"[0-9a-f]{32}"
_FIRST = {  # the first row of a file without a header
    "igsr_sequences": rf"{_PATH}\t{_MD5}\t[DES]RR\d+\t",
    "igsr_files": rf"{_PATH}\t{_MD5}(?:\t|$)",
    "igsr_tree": r"[^\t]+\t(?:file|directory|link)\t\d*\t",
    "igsr_samples": r"\S+\s[A-Z]{3}\s[A-Z]{3}(?:\s|$)|\S+\s+\S+\s+\S+\s+\S+\s+[0-2]\s+\S+(?:\s+[A-Z]{3})?$",
}


class Shape(NamedTuple):
    """How one file is written."""

    table: str
    delimiter: str
    width: int  # cells of a row
    header: bool


def of(path: Path, where: str) -> Shape:
    """The shape of a file.

    Raises:
        Unreadable: it is of no known kind.
    """
    with gzipped.open_file(path) as file:
        found = shape(file.read(_HEAD).decode("utf-8", "replace"))
    if found is None:
        raise Unreadable(
            "neither its header nor its first row is that of an index, a list of samples or a tree of files",
            where=where,
            why="the archive has other tables too, which this reader does not know",
        )
    return found


def shape(head: str) -> Shape | None:
    """The shape of what begins so; None where it is not known.

    >>> shape("sample\\tpop\\tsuper_pop\\tgender\\t\\t\\nHG00096\\tGBR\\tEUR\\tmale\\n")
    Shape(table='igsr_samples', delimiter='\\t', width=4, header=True)
    """
    lines = [line for line in head.removeprefix("\ufeff").splitlines()[:1000] if line]
    first = next((number for number, line in enumerate(lines) if line[0] != "#"), len(lines))
    for line in (*(line.lstrip("#").strip(" ") for line in reversed(lines[:first])), *lines[first : first + 1]):
        if found := _by_header(line):
            return found
    return _by_row(lines[first]) if first < len(lines) else None


def _by_header(line: str) -> Shape | None:
    delimiter = "\t" if "\t" in line else " "
    cells = re.sub(" +", " ", line.strip()) if delimiter == " " else line.rstrip("\t")
    for table, required in _REQUIRED.items():
        names = delimited.split(delimited.Layout(table, TABLES[table], required, delimiter), cells)
        if set(required) <= set(names) and (table != "igsr_samples" or _ABOUT & set(names)):
            return Shape(table, delimiter, len(names), header=True)
    return None


def _by_row(line: str) -> Shape | None:
    delimiter = "\t" if "\t" in line else " "
    for table, pattern in _FIRST.items():
        if re.match(pattern, line):
            width = len(line.split("\t")) if delimiter == "\t" else len(line.split())
            width = 5 if table == "igsr_tree" else width
            return Shape(table, delimiter, width, header=False) if width in WITHOUT_HEADER[table] else None
    return None


def layout(found: Shape) -> delimited.Layout:
    """How to read it. Without a header, columns are told by their number, and each row has to show that they are."""
    names = WITHOUT_HEADER[found.table].get(found.width)
    samples = found.table == "igsr_samples"
    key = _REQUIRED.get(found.table, ("path",))
    return delimited.Layout(
        found.table,
        TABLES[found.table],
        key if found.header else (*key, *(name for name in PATTERNS[found.table] if name in names and name not in key)),
        delimiter=found.delimiter,
        quoted=found.table in ("igsr_samples", "igsr_files") and found.delimiter == "\t",  # as the portal writes them
        nulls=(*_MISSING, "0") if samples else _MISSING,  # a pedigree's 0 is nobody
        names=lambda width: None if found.header else names,
        patterns={} if found.header else {k: v for k, v in PATTERNS[found.table].items() if k in names},
    )


def even(found: Shape, block: Lines) -> Lines:
    """Lines with as many cells as the header names: some end in tabs of columns that have neither name nor cell."""
    lines = block.text
    if found.delimiter == " ":
        lines = pc.replace_substring_regex(pc.utf8_trim(lines, " "), " +", " ")
    elif found.table == "igsr_tree":  # a directory may lack its MD5, with its tab
        lines = pc.replace_substring_regex(lines, r"^([^\t]*\t[^\t]*\t[^\t]*\t[^\t]*)$", r"\1" + "\t")
    else:
        wide = rf"^((?:[^\t]*\t){{{found.width - 1}}}[^\t]*)\t+$"
        lines = pc.replace_substring_regex(lines, wide, r"\1")
    return block._replace(text=lines)
