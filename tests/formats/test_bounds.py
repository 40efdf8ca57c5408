"""What is small and would take all memory, or all time: each reader refuses it, or sets aside what it cannot take."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sources.examples import EXAMPLES, Example, table, workbook

from lake.errors import Unreadable
from lake.formats import delimited, fasta, gzipped, json_records, text, xml_elements, xml_records, zipped

SECONDS, MEGABYTES = 20, 900
GENOME = "RS_GCF_1.1\td__Bacteria;p__P;c__C;o__O;f__F;g__G;s__S s"


def _peak() -> int:
    """The largest resident memory since the last call, in kB; Linux alone tells it."""
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5")
    return int(peak.split()[1])


def _packed(unit: bytes, count: int) -> bytes:
    """A repeated text as gzip, without ever being in memory as a whole."""
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:
        for _ in range(count):
            packed.write(unit)
    return file.getvalue()


def _archive(members: dict[str, bytes], patch: Callable[[bytes], bytes] = bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return patch(file.getvalue())


def _flagged(flag: int, method: int) -> Callable[[bytes], bytes]:
    """The archive with other flags and another method, in both of its headers."""

    def patch(body: bytes) -> bytes:
        central = body.index(b"PK\x01\x02")
        found = bytearray(body)
        found[6:10] = struct.pack("<HH", flag, method)
        found[central + 8 : central + 12] = struct.pack("<HH", flag, method)
        return bytes(found)

    return patch


def _damaged(body: bytes) -> bytes:
    found = bytearray(body)
    found[40:50] = b"\xff" * 10
    return bytes(found)


def _tar(kind: bytes, link: str = "/etc/passwd") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.tsv")
        member.type, member.linkname = kind, link
        archive.addfile(member)
    return file.getvalue()


def _cells(header: str, row: str) -> bytes:
    return f"{header}\n{row}\n".encode()


def _wide(count: int) -> bytes:
    more = "\t".join(f"c{number}" for number in range(count))
    return _cells(f"accession\tgtdb_taxonomy\t{more}", GENOME + "\t1" * count)


def _deep(count: int, record: str = "entry", root: str = "uniprot") -> bytes:
    return f"<{root}><{record}>{'<a>' * count}{'</a>' * count}</{record}></{root}>".encode()


SHEET = b"Sample Name\tA\n"
KGML = '<!DOCTYPE pathway [{}]><pathway name="path:eco00010">{}</pathway>'
HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {  # name: (reader, bytes, what is said)
    "a gzip of one long line": ("gtdb metadata", lambda: _packed(b"A" * 2**20, 70), "a line has more"),
    "a gzip of short lines": (
        "kegg compounds",
        lambda: _packed(b"C00001\twater\n" * 2**16, 80),
        "expand to more than",
    ),
    "a header without end": ("ncbi fasta", lambda: b">" + b"A" * 20 * 2**20, "a line has more than 1,048,576"),
    "a gzip of a listing": ("igsr listing", lambda: _packed(b"A" * 2**20, 70), "expand|more than"),
    "a line that does not end": (
        "gtdb metadata",
        lambda: b"accession\tlineage\n" + b"A" * 40 * 2**20,
        "a line has more",
    ),
    "a list's line that does not end": ("kegg compounds", lambda: b"C00001\t" + b"A" * 40 * 2**20, "a line has more"),
    "a flat file's line that does not end": ("uniprot txt", lambda: b"ID   " + b"A" * 40 * 2**20, "a line has more"),
    "200,000 columns": ("gtdb metadata", lambda: _wide(200_000), "200,002 columns"),
    "2,000 columns": ("gtdb metadata", lambda: _wide(2_000), "2,002 columns"),
    "columns that differ in case": (
        "gtdb metadata",
        lambda: _cells("accession\tgtdb_taxonomy\tX\tx", GENOME + "\t1\t2"),
        "appears twice",
    ),
    "a tar that is none": (
        "gtdb taxonomy",
        lambda: gzip.compress(b"x" * 257 + b"ustar" + b"x" * 4000, mtime=0),
        "tar archive is truncated or damaged",
    ),
    "a tar with a link": ("gtdb taxonomy", lambda: _tar(tarfile.SYMTYPE), "has no file in it"),
    "a tar with a link to itself": ("gtdb taxonomy", lambda: _tar(tarfile.LNKTYPE, "a.tsv"), "has no file in it"),
    "a tar with a folder": ("gtdb taxonomy", lambda: _tar(tarfile.DIRTYPE, ""), "has no file in it"),
    "an encrypted zip": ("osdr archive", lambda: _archive({"s_x.txt": SHEET}, _flagged(1, 8)), "is encrypted"),
    "a zip of another method": (
        "osdr archive",
        lambda: _archive({"s_x.txt": SHEET}, _flagged(0, 99)),
        "unknown method",
    ),
    "a damaged zip": ("osdr archive", lambda: _archive({"s_x.txt": SHEET * 99}, _damaged), "truncated or damaged"),
    "a zip of short cells": (
        "osdr archive",
        lambda: _archive({"s_x.txt": SHEET + b"a\t1\n" * 12_000_000}),
        "expand to 48,000,014",
    ),
    "a zip of many zeros": ("osdr archive", lambda: _archive({"s_x.txt": bytes(2**26)}), "expand to 67,108,864"),
    "a sheet of many columns": ("osdr sheet", lambda: b"Sample Name" + b",a" * 100_000, "100,001 columns"),
    "JSON 100,000 deep": (
        "uniprot json",
        lambda: b'{"results":[{"genes":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
        "nested more than 64 deep",
    ),
    "a hierarchy 100,000 deep": (
        "kegg hierarchy",
        lambda: b'{"name":"a","children":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "truncated or damaged",
    ),
    "a hierarchy of 400 levels": (
        "kegg hierarchy",
        lambda: b'{"name":"a","children":[' * 400 + b'{"name":"b"}' + b"]}" * 400,
        "more than 64 deep",
    ),
    "XML 200,000 deep": ("uniprot xml", lambda: _deep(200_000), "more than 64 deep"),
    "a record of ENA 200,000 deep": ("ena xml", lambda: _deep(200_000, "RUN", "RUN_SET"), "more than 64 deep"),
    "XML with a comment that does not end": (
        "uniprot xml",
        lambda: b"<uniprot><!--" + b"x" * 24 * 2**20 + b"--></uniprot>",
        "before its first record is larger",
    ),
    "defaults of attributes": (
        "kegg kgml",
        lambda: KGML.format(f'<!ATTLIST entry x CDATA "{"x" * 50_000}">', '<entry id="1"/>' * 20_000).encode(),
        "more than 8 times as long",
    ),
    "KGML 200,000 deep": (
        "kegg kgml",
        lambda: KGML.format("", "<entry>" * 200_000 + "</entry>" * 200_000).encode(),
        "more than 64 deep",
    ),
    "KGML 200,000 deep, with an instruction": (
        "kegg kgml",
        lambda: KGML.format("", "<?x?>" + "<entry>" * 200_000 + "</entry>" * 200_000).encode(),
        "more than 64 deep",
    ),
    "a system of many values": (
        "open_exoplanets systems",
        lambda: b"<system><planet>" + b"<mass>1</mass>" * 200_000 + b"</planet></system>",
        "more than 100,000 elements",
    ),
    "a workbook's last cell": (
        "agora strains",
        lambda: workbook(sheet='<row r="1"><c r="A1"/></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "1,048,576 rows and 16,384 columns",
    ),
    "a cell beyond a workbook": (
        "agora strains",
        lambda: workbook(sheet='<row r="9999"><c r="ZZZZZZZZ9999"><v>1</v></c></row>'),
        "9,999 rows and",
    ),
    "a row beyond a workbook": (
        "agora strains",
        lambda: workbook(sheet='<row r="4294967299"><c r="A4294967299"><v>1</v></c></row>'),
        "1,000,000,000 rows",
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_soon_and_in_little_memory(name, tmp_path):
    reader, make, says = HOSTILE[name]
    path = tmp_path / "answer"
    path.write_bytes(make())
    _peak()
    before, started = _peak(), time.process_time()
    with pytest.raises(Unreadable, match=says):
        EXAMPLES[reader].read(path)
    assert time.process_time() - started < SECONDS
    assert (_peak() - before) / 1024 < MEGABYTES


def taken(example: Example, body: bytes, folder: Path) -> tuple[list[dict], list[dict]]:
    """Rows and rejects of an answer."""
    path = folder / "answer"
    path.write_bytes(body)
    rows, rejects = [], []
    for part in example.read(path):
        bad = [] if part.rejects is None else part.rejects.to_pylist()
        assert part.seen == len(part.rows) + len(bad)
        rows += part.rows.to_pylist()
        rejects += bad
    return rows, rejects


LINES_END = ("quast", "spectrum")  # QUAST's is turned, and in a spectrum's text a carriage return ends a line


@pytest.mark.parametrize(
    "name", [name for name, one in EXAMPLES.items() if one.form in ("tsv", "csv") and not name.startswith(LINES_END)]
)
@pytest.mark.parametrize("place", ["within", "end"])
def test_a_lone_carriage_return_costs_its_line_at_most(name, place, tmp_path):
    """In a cell of the last row: the other rows are as they were, whatever becomes of that one."""
    example = EXAMPLES[name]
    lines = example.body.rstrip(b"\n").split(b"\n")
    rows, _ = taken(example, b"\n".join(lines), tmp_path)
    if len(rows) < 2:
        lines.append(lines[-1])
        rows, _ = taken(example, b"\n".join(lines), tmp_path)
    last = lines[-1]
    cut = len(last) if place == "end" else last.rindex(b"," if example.form == "csv" else b"\t") + 1
    odd = last[:cut] + b"x\ry"[place == "end" :] + last[cut:]
    try:
        changed, rejects = taken(example, b"\n".join([*lines[:-1], odd, b""]), tmp_path)
    except Unreadable as error:
        assert "carriage return" in str(error)  # noqa: PT017 - it was the only row
        return
    records = {row["_record"] for row in changed} | {row["_record"] for row in rejects}
    assert records == {row["_record"] for row in rows}
    assert [row for row in changed if row["_record"] < len(lines)] == [
        row for row in rows if row["_record"] < len(lines)
    ]


@pytest.mark.parametrize("name", ["spectrum text", "spectrum ecsv", "spectrum columns", "spectrum settings"])
@pytest.mark.parametrize(("end", "every"), [(b"\r", 1), (b"\r\n", 1), (b"\r\n", 2)])
def test_a_spectrum_is_the_same_whatever_ends_its_lines(name, end, every, tmp_path):
    """Lone carriage returns all through the file; CRLF too, or at every second line."""
    example = EXAMPLES[name]
    lines = example.body.split(b"\n")
    ends = [end if number % every == 0 else b"\n" for number in range(len(lines) - 1)]
    body = b"".join(part for pair in zip(lines, [*ends, b""], strict=True) for part in pair)
    assert body != example.body
    assert repr(taken(example, body, tmp_path)) == repr(taken(example, example.body, tmp_path))  # NaN is NaN


@pytest.mark.parametrize("name", ["spectrum text", "spectrum columns", "spectrum settings"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_carriage_return_in_a_line_costs_that_line(name, end, tmp_path):
    """Not the half before it: of 0.31 that would be 0.3."""
    example = EXAMPLES[name]
    lines = example.body.rstrip(b"\n").split(b"\n")
    rows, _ = taken(example, end.join(lines[:-1]), tmp_path)
    changed, rejects = taken(example, end.join([*lines[:-1], lines[-1][:-1] + b"\r" + lines[-1][-1:]]), tmp_path)
    contents = [
        [{key: row[key] for key in sorted(row.keys() - {"_record"})} for row in part] for part in (changed, rows)
    ]
    assert repr(contents[0]) == repr(contents[1]), "what the file is without its last line"
    assert len(rejects) == 1
    assert "\r" in rejects[0]["content"]


def test_a_carriage_return_in_a_line_of_ecsv_is_refused(tmp_path):
    example = EXAMPLES["spectrum ecsv"]
    body = example.body.rstrip(b"\n")
    with pytest.raises(Unreadable, match="carriage return"):
        taken(example, body[:-1] + b"\r" + body[-1:], tmp_path)


@pytest.mark.parametrize("name", ["_blob", "_resource", "_record", "_BLOB", "Release", "Accession"])
def test_a_column_of_an_engine_s_or_another_name_gets_one_of_its_own(name, tmp_path):
    body = _cells(f"accession\tgtdb_taxonomy\t{name}", f"{GENOME}\tsaid")
    (row,), _ = taken(EXAMPLES["gtdb metadata"], body, tmp_path)
    assert row[f"{name}_"] == "said"
    assert (row["_record"], row["release"], row["accession"]) == (2, "1", "RS_GCF_1.1")


def test_as_many_columns_as_are_said_are_read(tmp_path):
    (row,), _ = taken(EXAMPLES["gtdb metadata"], _wide(delimited.WIDEST - 2), tmp_path)
    assert row["c997"] == "1"


def test_lone_surrogates_are_rejects(tmp_path):
    tree = {"name": "br", "children": [{"name": "00010  good"}, {"name": "00020  ba\ud800d"}]}
    rows, rejects = taken(EXAMPLES["kegg hierarchy"], json.dumps(tree).encode(), tmp_path)
    assert [row["id"] for row in rows] == ["00010"]
    assert [(row["content"], row["reason"][:4]) for row in rejects] == [("00020  ba?d", "half")]
    body = b'[{"run_accession":"SRR1"},{"run_accession":"SRR2","description":"\\ud800"}]'
    rows, rejects = taken(EXAMPLES["ena search"], body, tmp_path)
    assert [row["accession"] for row in rows] == ["SRR1"]
    assert "surrogate" in rejects[0]["reason"]


def test_long_cells_and_quotes_that_stay_open(tmp_path):
    long = "x" * 200_000
    example = EXAMPLES["osdr sheet"]
    rows, rejects = taken(example, f'Sample Name,A\ns1,"{long}"\ns2,b\n'.encode(), tmp_path)
    assert [row["value"] for row in rows] == [long, "b"]
    assert rejects == []
    rows, rejects = taken(example, ('Sample Name,A,B\ns1,a,b\ns2,"' + "y\n" * 90_000).encode(), tmp_path)
    assert [row["sample"] for row in rows] == ["s1", "s1"]
    assert [(row["reason"], len(row["content"])) for row in rejects] == [
        ("2 cells where the header has 3", 180_003),
    ]


def test_a_carriage_return_and_other_bytes_in_a_sheet_cost_their_row(tmp_path):
    rows, rejects = taken(EXAMPLES["osdr sheet"], b"Sample Name,A\ns1,a\rb\ns2,\xff\ns3,c\n", tmp_path)
    assert [row["sample"] for row in rows] == ["s3"]
    assert [row["_record"] for row in rejects] == [2, 3]
    assert rejects[1]["reason"] == "not UTF-8"


def test_one_line_of_bases_is_read_in_blocks(tmp_path, monkeypatch):
    """A chromosome may be one line, however long; a ">" within it begins no sequence."""
    monkeypatch.setattr(fasta, "_BLOCK", 1000)
    body = b">one\n" + b"ACGTN" * 5000 + b"\n>two\n" + b"A" * 999 + b">" + b"C" * 5000
    path = tmp_path / "a"
    path.write_bytes(body)
    sequences = [row for part in EXAMPLES["ncbi fasta"].read(path) if part.table == "ncbi_sequences" for row in [part]]
    rows = [row for part in sequences for row in part.rows.to_pylist()]
    rejects = [row for part in sequences if part.rejects is not None for row in part.rejects.to_pylist()]
    assert [(row["sequence"], row["length"], row["unknown"]) for row in rows] == [("one", 25_000, 5000)]
    assert [(row["content"], row["reason"]) for row in rejects] == [("two", "it holds what is no base")]


def test_what_archives_serve_is_within_the_bounds(upstream):
    """No real gzip or zip expands to a quarter of what is refused."""
    found = 0
    for path in upstream.rglob("*"):
        if path.suffix in (".gz", ".tgz"):
            with gzip.open(path) as file:
                size = sum(map(len, iter(lambda file=file: file.read(2**20), b"")))
            found += 1
            assert size / path.stat().st_size < gzipped.RATIO / 4, path
        elif path.suffix in (".zip", ".xlsx"):
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist():
                    found += 1
                    assert member.file_size <= max(zipped.SMALL, gzipped.RATIO / 4 * member.compress_size), path
    assert found > 10


def test_the_bounds_are_those_of_the_formats():
    """Each stands in one place; this test holds what the pages say."""
    assert (text.LONGEST, delimited.WIDEST, gzipped.RATIO) == (16 * 2**20, 1000, 250)
    assert {json_records.DEEPEST, xml_records.DEEPEST, xml_elements.DEEPEST} == {64}


def test_a_table_of_one_line_more_than_is_read_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 64)
    example = replace(EXAMPLES["ncbi summary"])
    rows, rejects = taken(example, table("ncbi", "ncbi_assemblies"), tmp_path)
    assert len(rows) == 3
    assert rejects == []
