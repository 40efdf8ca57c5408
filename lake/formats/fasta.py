"""FASTA: the length and composition of each sequence, and its bases in pieces that can be read by range. In bounded
memory, however long a line or a sequence; no Python loop over sequences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lake.errors import Unreadable
from lake.formats import gzipped, text
from lake.formats.answer import Answer
from lake.formats.part import Part
from lake.formats.schema import Table

PIECE = 65_536  # bases
_BLOCK = 8 * 2**20
_LONGEST = 2**20  # bytes of a header
_NEWLINE, _RETURN, _HEADER = b"\n\r>"


def _table(letters: bytes) -> NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[list(letters + letters.lower())] = True
    return table


_BASE = _table(b"ACGTURYSWKMBDHVN-")  # IUPAC-IUB (Cornish-Bowden 1985, doi:10.1093/nar/13.9.3021), and gaps
_GC, _N = _table(b"GCS"), _table(b"N")


@dataclass(slots=True)
class _Open:
    """The sequence that continues in the next block."""

    record: int = 0  # line of its header; 0: no sequence yet
    header: str = ""
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(4, np.int64))  # bases, gc, unknown, wrong
    within: bool = False  # whether the last block ended within a line of bases
    start: int = 1  # position of the first base of the rest, from 1
    rest: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))  # its last bases: less than a piece


class _Output(NamedTuple):
    """The tables that a file's sequences go to."""

    table: Table
    pieces: Table
    accession: str | None  # of all rows


class _Pieces(NamedTuple):
    """Consecutive pieces of sequences; but for `bases`, one value per piece."""

    bases: NDArray[np.uint8]
    ends: NDArray[np.int64]  # in bases
    invalid: NDArray[np.int64]  # how many letters are not bases
    sequence: NDArray[np.int64]  # index of its sequence
    start: NDArray[np.int64]  # position of its first base in the sequence, from 1


def read(answer: Answer, where: str, table: Table, pieces: Table, accession: str | None) -> Iterator[Part]:
    """The sequences of a file, and their bases in pieces.

    Args:
        table: with the columns accession, sequence, title, length, gc, unknown.
        pieces: with the columns accession, sequence, start, bases.

    A sequence without bases, or with other letters than bases, is a reject, and so are its pieces with such letters.

    Raises:
        Unreadable: there is no sequence, or text before the first, or a header is longer than a megabyte.
    """
    output, sequence, line = _Output(table, pieces, accession), _Open(), 1
    with gzipped.open_file(answer) as file:
        while block := file.read(_BLOCK):
            if block[block.rfind(b"\n") + 1 :][:1] == b">" and (b"\n" in block or not sequence.within):
                block += text.rest_of_line(file, _LONGEST)  # so that no header is cut
            if sequence.record == 0 and block.lstrip()[:1] != b">":
                raise Unreadable("it does not begin with a sequence's header", where=where, why="it is not FASTA")
            parts, sequence = _block(np.frombuffer(block, np.uint8), line, sequence, output)
            line += block.count(b"\n")
            yield from parts
    if sequence.record == 0:
        raise text.no_records("sequence", where)
    sequence.within = False
    yield from _block(np.frombuffer(b">", np.uint8), line, sequence, output)[0]


def _block(block: NDArray[np.uint8], line: int, sequence: _Open, output: _Output) -> tuple[list[Part], _Open]:
    """Rows of the sequences that end in a block, and the sequence that is still open."""
    ends = np.flatnonzero(block == _NEWLINE)
    if not len(block) or block[-1] != _NEWLINE:
        ends = np.append(ends, len(block))
    starts = np.append(0, ends[:-1] + 1)
    lines = np.flatnonzero((starts < len(block)) & (block[np.minimum(starts, len(block) - 1)] == _HEADER))
    if sequence.within:
        lines = lines[lines > 0]
    headers = [sequence.header, *(bytes(block[starts[n] + 1 : ends[n]]).decode("utf-8", "replace") for n in lines)]
    records = np.append(sequence.record, line + lines)
    bases, counts = _bases(block, starts[lines], ends[lines])
    counts[0] += sequence.counts
    bases = np.concatenate([sequence.rest, bases])
    pieces, rest, start = _pieces(bases, counts[:, 0], sequence)
    closed = slice(0 if sequence.record else 1, -1)
    parts = [
        _sequences_part(records[closed], headers[closed], counts[closed], output),
        _pieces_part(pieces, records, headers, output),
    ]
    within = bool(len(block)) and block[-1] != _NEWLINE
    return parts, _Open(int(records[-1]), headers[-1], counts[-1], within, start, rest)


def _bases(
    block: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bases alone; and for the bases before each header and after the last, the counts of: all, GC, N, invalid."""
    edge = np.zeros(len(block) + 1, np.int8)
    np.add.at(edge, starts, 1)
    np.add.at(edge, ends, -1)
    plain = (np.cumsum(edge[:-1], dtype=np.int8) == 0) & (block != _NEWLINE) & (block != _RETURN)
    bases = block[plain]
    number = np.append(np.searchsorted(np.flatnonzero(plain), starts), len(bases))
    return bases, np.stack([_counted(kind, number) for kind in (None, _GC[bases], _N[bases], ~_BASE[bases])], axis=1)


def _counted(kind: NDArray[np.bool_] | None, ends: NDArray[np.int64]) -> NDArray[np.int64]:
    total = ends if kind is None else np.append(0, np.cumsum(kind))[ends]
    return np.diff(total, prepend=0)


def _pieces(
    bases: NDArray[np.uint8], lengths: NDArray[np.int64], sequence: _Open
) -> tuple[_Pieces, NDArray[np.uint8], int]:
    """Pieces that are full or end their sequence; the rest of the last sequence, and the position of its first base."""
    counts = lengths.copy()  # of the bases in memory
    counts[0] -= sequence.start - 1
    first = np.ones(len(counts), np.int64)
    first[0] = sequence.start
    number = -(-counts // PIECE)
    number[-1] = counts[-1] // PIECE
    owner = np.repeat(np.arange(len(counts)), number)
    within = (np.arange(len(owner)) - np.repeat(np.cumsum(number) - number, number)) * PIECE
    starts = np.repeat(np.cumsum(counts) - counts, number) + within
    ends = np.minimum(starts + PIECE, np.repeat(np.cumsum(counts), number))
    last = int(ends[-1]) if len(ends) else 0
    invalid = np.append(0, np.cumsum(~_BASE[bases[:last]]))
    rest = bases[int(np.cumsum(counts)[-1] - counts[-1] + number[-1] * PIECE) :]
    pieces = _Pieces(bases[:last], ends, invalid[ends] - invalid[starts], owner, first[owner] + within)
    return pieces, rest.copy(), int(first[-1] + number[-1] * PIECE)


def _pieces_part(pieces: _Pieces, records: NDArray[np.int64], headers: list[str], output: _Output) -> Part:
    count = len(pieces.ends)
    offsets = np.append(0, pieces.ends).astype(np.int32)
    safe = np.where(pieces.bases < 128, pieces.bases, np.uint8(ord("?")))
    cells = pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(safe)])
    names = pa.array([header.split(maxsplit=1)[0] if header.strip() else None for header in headers], pa.string())
    columns = {
        "accession": pa.repeat(pa.scalar(output.accession, pa.string()), count),
        "sequence": names.take(pa.array(pieces.sequence)),
        "start": pa.array(pieces.start),
        "bases": cells,
    }
    faults = [
        (pa.array(pieces.invalid > 0), "it holds what is no base"),
        (pc.is_null(columns["sequence"]), "its sequence has no name"),
    ]
    table, record = output.pieces, pa.array(records[pieces.sequence])
    rows, rejects, _ = text.partition_rejects(table.schema, record, columns, faults, cells.filter)
    return text.make_part(table.name, count, rows, rejects)


def _sequences_part(records: NDArray[np.int64], headers: list[str], counts: NDArray[np.int64], output: _Output) -> Part:
    lines = pa.array(headers, pa.string())
    name = pc.replace_substring_regex(lines, r"\s.*", "")
    title = pc.utf8_trim_whitespace(pc.replace_substring_regex(lines, r"^\S*\s*", ""))
    empty = pa.scalar(None, pa.string())
    columns = {
        "accession": pa.repeat(pa.scalar(output.accession, pa.string()), len(headers)),
        "sequence": pc.if_else(pc.equal(name, ""), empty, name),
        "title": pc.if_else(pc.equal(title, ""), empty, title),
        **{column: pa.array(counts[:, n]) for n, column in enumerate(("length", "gc", "unknown"))},
    }
    faults = [
        (pc.is_null(columns["sequence"]), "it has no name"),
        (pa.array(counts[:, 0] == 0), "it has no base"),
        (pa.array(counts[:, 3] > 0), "it holds what is no base"),
    ]
    table = output.table
    rows, rejects, _ = text.partition_rejects(table.schema, pa.array(records), columns, faults, lines.filter)
    return text.make_part(table.name, len(headers), rows, rejects)
