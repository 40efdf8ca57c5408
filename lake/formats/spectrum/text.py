"""Spectra in text: columns of numbers between blanks, tabs, commas, semicolons or bars, with or without a header.

The layout follows from the first line of numbers and the lines before it; Arrow splits the rest, a block at a time. A
cell that is empty or marks a missing value (`--`, `n/a`, `null`) is NaN; a line that does not fit the table is rejected
with its number.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import Refused, Unreadable
from lake.formats import gzipped
from lake.formats.answer import Answer
from lake.formats.spectrum.columns import USUAL, Spectrum, from_columns, rejected, without_unit
from lake.formats.units import SPECTRA, unit

_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eEdD][-+]?\d+)?|[-+]?(?i:nan|inf|infinity)"
_NOTHING = r"(?i:-*|\.\.+|n/?a|none|null|masked|<na>)"
_CELL = re.compile(f"{_NUMBER}|{_NOTHING}")
_COMMA = re.compile(r"[-+]?\d*,\d+([eEdD][-+]?\d+)?")
_BESIDE = re.compile(r"[^\s(\[]+(?:\s*(?:\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\])[^\s(\[]*)*")
_SEPARATORS = {"\t": r"\t", ";": ";", "|": r"\|", ",": ",", " ": r"\s+"}
_COMMENT = ("#", "%", "!", "\\", "//")
_NAMES = 4096  # characters of a line of names, at most
_HEAD, _BLOCK = 2**20, 2**24  # bytes in which a table must begin; bytes that are split at once


@dataclass(slots=True)
class _Layout:
    """How to split the lines of a table, and what its columns are."""

    separator: str
    decimal: str
    width: int
    bars: bool = False  # whether lines begin and end with the separator
    open_ended: bool = False  # whether the first line ends with a separator
    names: list[str] = field(default_factory=list)
    units: dict[str, str | None] = field(default_factory=dict)
    index: bool = False  # whether the first column has no name: row numbers


def spectra(answer: Answer, where: str, options: Mapping[str, Any]) -> Iterator[Spectrum]:
    """The spectrum of a file, after its rejected lines.

    Raises:
        Unreadable: it is not a table of numbers.
    """
    blocks: list[np.ndarray] = []
    rejects: list[Spectrum] = []
    with gzipped.open_file(answer) as file:
        try:
            layout, first = _layout(file, options)
        except Refused as fault:
            raise Unreadable(fault.what, where=where, why="it is not a table of a spectrum") from None
    with gzipped.open_file(answer) as file:
        for number, lines in _lines(file, first):
            numbers, bad = _split(lines, number, layout)
            blocks.append(numbers)
            rejects += bad
    numbers = np.concatenate(blocks)
    if len(rejects) > len(numbers):
        raise Unreadable(
            f"{len(rejects)} lines are not lines of {layout.width} numbers: {rejects[0].fault}",
            where=f"{where} line {rejects[0].line}",
        )
    yield from rejects
    if layout.index and not np.array_equal(np.diff(numbers[:, 0]), np.ones(len(numbers) - 1)):
        yield rejected(f"it has {layout.width} columns, but {layout.width - 1} names: {', '.join(layout.names[1:])}")
        return
    columns = dict(options.get("columns", {}))
    yield from_columns(layout.names, layout.units, lambda position: numbers[:, position], columns)


# Text


def _encoding(head: bytes) -> str:
    """UTF-16 or UTF-8; else Latin-1, in which µ and Å are single bytes."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def _blocks(file: BinaryIO) -> Iterator[str]:
    """The text, in blocks of complete lines, each with a line feed."""
    head = file.read(_HEAD)
    decoder = codecs.getincrementaldecoder(_encoding(head))("replace")
    # A carriage return ends a line only in a text without line feeds: elsewhere a line with one is a reject.
    feeds = "\n" in decoder.decode(head)
    decoder.reset()
    newlines = decoder if feeds else io.IncrementalNewlineDecoder(decoder, translate=True)
    rest, block = "", head
    while block:
        text = rest + newlines.decode(block)
        complete, feed, rest = text.replace("\r\n", "\n").rpartition("\n")
        if len(rest) > _BLOCK:
            raise Unreadable("a line of it is longer than 16 MiB")
        if feed:
            yield complete + feed
        block = file.read(_BLOCK)
    if rest := (rest + newlines.decode(b"", final=True)).removesuffix("\r" if feeds else ""):
        yield rest


def _lines(file: BinaryIO, first: int) -> Iterator[tuple[int, pa.Array]]:
    """The lines from the number `first` on, in blocks: the number of the block's first line, and its lines."""
    number = 1
    for block in _blocks(file):
        lines = pc.split_pattern(pa.array([block.removesuffix("\n")], pa.large_string()), "\n").flatten()
        skipped = max(0, first - number)
        if skipped < len(lines):
            yield number + skipped, lines[skipped:]
        number += len(lines)


# The layout


def _layout(file: BinaryIO, options: Mapping[str, Any]) -> tuple[_Layout, int]:
    """The layout, and the number of the first line of numbers.

    Raises:
        Refused: there is no line of numbers.
    """
    decimal = options.get("decimal", ".")
    comments: list[str] = []
    headers: list[str] = []
    text = "".join(islice(_blocks(file), 2))  # the second is the text after the last line feed, at least
    for number, line in enumerate(text.split("\n"), 1):
        plain = line.strip()
        if not plain or set(plain) <= set("-=+|_ \t"):  # a rule below the names
            continue
        if layout := _numbers(plain, line, decimal):
            _set_names(layout, headers, comments)
            return layout, number
        if len(line) > _NAMES:
            continue
        if plain.startswith(_COMMENT):
            comments.append(plain.lstrip("#%!\\/ ").strip())
        else:
            headers.append(line)
    raise Refused("it has no line of numbers at its beginning")


def _numbers(plain: str, line: str, decimal: str) -> _Layout | None:
    """How a line splits into numbers; None if it does not."""
    for separator in _SEPARATORS:
        if separator not in (plain if separator == " " else line) or separator == decimal:
            continue
        cells, bars = _cells(plain if separator == " " else line, separator)
        numbers = [cell.replace(",", ".") if decimal == "," else cell for cell in cells]
        if len(numbers) > 1 and all(_CELL.fullmatch(cell) for cell in numbers) and any(map(_is_number, numbers)):
            return _Layout(separator, decimal, len(cells), bars, open_ended=not numbers[-1])
        commas = all(_CELL.fullmatch(cell.replace(",", ".")) for cell in cells)
        if commas and any(_COMMA.fullmatch(cell) for cell in cells):
            raise Refused(f'{plain[:60]!r} may have decimal commas: decimal = "," in lake.toml says so')
    return None


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(_NUMBER, cell))


def _cells(line: str, separator: str) -> tuple[list[str], bool]:
    """A line's cells, stripped of quotes and blanks; and whether it begins and ends with the separator |."""
    if separator == " ":
        return [cell.strip("\"'") for cell in line.split()], False
    try:
        cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    except csv.Error:  # a cell of more than 128 KiB
        cells = line.split(separator)
    cells = [cell.strip().strip("\"'") for cell in cells]
    bars = separator == "|" and len(cells) > 2 and not cells[0] and not cells[-1]
    return (cells[1:-1] if bars else cells), bars


def _set_names(layout: _Layout, headers: Sequence[str], comments: Sequence[str]) -> None:
    """Set the columns' names and units, from header lines or the last comments with as many names as columns."""
    lines = [names for line in headers[-20:] if (names := _split_names(line, layout))]
    row = lines[-1] if len(lines) > 1 and _are_units(lines[-1]) else None
    names = lines[-2] if row else lines[-1] if lines else None
    for comment in comments[:-3:-1] if not names else ():  # names, or names above units
        cells = _split_names(comment, layout)
        if cells and row is None and _are_units(cells) and comment is comments[-1]:
            row = cells
        else:
            names = cells
            break
    if not names:
        names, row = (row, None) if row else ([str(number + 1) for number in range(layout.width)], None)
    layout.index = layout.width > 2 and not names[0]
    layout.names = [name or str(number) for number, name in enumerate(names, 1)]
    layout.units = {name: text for name in layout.names if (text := _unit_in_name(name))}
    if row:
        layout.units |= {name: text for name, cell in zip(layout.names, row, strict=True) if (text := _bare(cell))}
    _set_units_of_comments(layout, comments)


def _split_names(line: str, layout: _Layout) -> list[str] | None:
    """A line's names, one per column; the first is empty if there is one name less (row names of R and pandas)."""
    splits = [_cells(line, layout.separator)[0]] if layout.separator != " " else []
    for pattern in (r"\s*,\s*", r"\t", r"\s{2,}", r"\s+"):
        splits.append([cell.strip().strip("\"'") for cell in re.split(pattern, line.strip()) if cell.strip()])
    splits.append([cell.strip() for cell in _BESIDE.findall(line)])  # Wavelength (um) Flux (erg/s/cm2 A)
    full = next((names for names in splits if len(names) == layout.width), None)
    short = next((names for names in splits if len(names) == layout.width - 1), None)
    if full is None and short and layout.width > 2:
        return [*short, ""] if layout.open_ended else ["", *short]
    return full


def _bare(text: str) -> str | None:
    """A unit in a row of units, without its brackets; None if there is none."""
    text = text.strip()
    while len(text) > 2 and text[0] + text[-1] in ("()", "[]", "{}") and without_unit(f"x{text}")[0] == "x":
        text = text[1:-1].strip()
    return None if text in ("", "-", "--") else text


def _are_units(cells: Sequence[str]) -> bool:
    texts = [text for cell in cells if (text := _bare(cell))]
    try:
        return bool(texts) and all(unit(text, SPECTRA) for text in texts)
    except Refused:
        return False


def _unit_in_name(name: str) -> str | None:
    text = without_unit(name)[1]
    usual = any(name.lower() in names for names in USUAL.values())  # sigma((Rp/Rs)^2)
    return None if usual or (text and re.match(r"\(?R_?p", text)) else text


def _set_units_of_comments(layout: _Layout, comments: Sequence[str]) -> None:
    """Set units from comment lines of PSG and of headers like FITS."""
    for comment in comments:
        if match := re.match(r"Spectral unit:.*\[([^\]]+)\]", comment):
            layout.units[layout.names[0]] = match[1]
        elif match := re.match(r"(X|Y)UNITS\s*=\s*'([^']*?)\s*'", comment):
            layout.units[layout.names[0 if match[1] == "X" else 1]] = match[2]
        elif "transmittance spectrum" in comment:
            layout.units |= dict.fromkeys(layout.names[1:], "1")


# Numbers


def _split(lines: pa.Array, first: int, layout: _Layout) -> tuple[np.ndarray, list[Spectrum]]:
    """The numbers of lines, float64 [lines, columns], and the lines that are rejected."""
    numbers = np.arange(first, first + len(lines))
    comment = pc.match_substring_regex(lines, r"^\s*(#|%|!|\\|//|$)|^[-=+|_\s]*$")
    lines, numbers = lines.filter(pc.invert(comment)), numbers[~comment.to_numpy(zero_copy_only=False)]
    plain = pc.utf8_trim_whitespace(lines) if layout.separator == " " else lines
    if layout.bars:
        plain = pc.replace_substring_regex(plain, r"^\s*\||\|\s*$", "")
    cells = pc.split_pattern_regex(plain, _SEPARATORS[layout.separator])
    widths = pc.list_value_length(cells).to_numpy(zero_copy_only=False)
    fits: np.ndarray = widths == layout.width
    flat = pc.replace_substring_regex(cells.filter(pa.array(fits)).flatten(), r"^[\s\"']+|[\s\"']+$", "")
    if layout.decimal == ",":
        flat = pc.replace_substring(flat, ",", ".")
    number = pc.match_substring_regex(flat, f"^(?:{_NUMBER})$")
    nothing = pc.match_substring_regex(flat, f"^(?:{_NOTHING})$")
    good = np.all(np.asarray(pc.or_(number, nothing)).reshape(-1, layout.width), axis=1)
    text = pc.replace_substring_regex(pc.if_else(number, flat, "nan"), "[dD]", "e")
    values = pc.cast(pc.utf8_lower(text), pa.float64()).to_numpy(zero_copy_only=False).reshape(-1, layout.width)
    return values[good], _rejects(lines, numbers, widths, fits, good, layout)


def _rejects(
    lines: pa.Array, numbers: np.ndarray, widths: np.ndarray, fits: np.ndarray, good: np.ndarray, layout: _Layout
) -> list[Spectrum]:
    """The rejected lines, and why."""
    bad = ~fits
    bad[np.flatnonzero(fits)[~good]] = True
    rejects = []
    for index in np.flatnonzero(bad):
        text = lines[int(index)].as_py()
        if fits[index]:
            cells = [
                cell.replace(",", ".") if layout.decimal == "," else cell for cell in _cells(text, layout.separator)[0]
            ]
            odd = next((cell for cell in cells if cell and not _CELL.fullmatch(cell)), text)
            fault = f"it is not a number: {odd[:60]!r}"
        else:
            fault = f"the line has {widths[index]} cells, and the first has {layout.width}"
        rejects.append(rejected(fault, text, int(numbers[index])))
    return rejects
