"""NASA's Open Science Data Repository (OSDR, GeneLab): the table of studies, runsheets and ISA archives of studies.

    [sources.osdr]
    studies = ["https://osdr.nasa.gov/bio/repo/genelab_osd.txt"]       # exports of the repository's table
    sheets = ["https://.../GLDS-120_bulkRNASeq_v1_runsheet.csv", "https://.../GLDS-428_metadata_GLDS-428-ISA.zip"]

Columns of samples differ from study to study: a cell is a row of raw.osdr_values.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

from lake.errors import Refused, Unreadable
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.osdr import tables

FACTS = Facts(
    name="osdr",
    title="NASA Open Science Data Repository, GeneLab",
    homepage="https://osdr.nasa.gov",
    licence="public; cite each study",
    citation="Berrios DC et al. (2021) Nucleic Acids Res, doi:10.1093/nar/gkaa887",
    rate=1,
    refresh=90,
    domain="astrobiology",
)
READER = 2
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {"studies": [], "sheets": []}
_STUDY = re.compile(r"(?:GLDS|OSD)-\d+")
_LARGEST = 64 * 2**20  # bytes of a table
_WIDEST, _CELLS = 5_000, 200_000  # columns of a table; cells that become rows together
_UNDECODABLE = re.compile("[\udc80-\udcff]")  # what bytes that are not UTF-8 become


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """The tables of studies and the sheets, by host and path."""
    for kind, urls in (("studies", options["studies"]), ("sheet", options["sheets"])):
        for url in dict.fromkeys(urls):
            place = urlsplit(url)
            archive = place.path.lower().endswith(".zip")
            yield Resource(f"{place.netloc}{unquote(place.path)}", url, kind, "zip" if archive else "text")


def check(resource: Resource, head: bytes) -> None:
    """Refuse a page, and what is no archive where one was asked for.

    Raises:
        Refused: with how it begins.
    """
    if resource.expects == "zip" and not head.startswith(b"PK"):
        raise Refused(f"it is no zip archive: it begins with {head[:40]!r}", where=resource.url)
    if head.lstrip()[:1] == b"<":
        raise Refused("the answer is a page, not a table", where=resource.url)


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """The rows of a table of studies; or the cells of a runsheet or of an ISA archive's study and assay tables.

    Raises:
        Unreadable: an archive is damaged or holds no such table; a sheet has no column of samples.
    """
    from lake.formats import delimited

    if resource.kind == "studies":
        layout = delimited.Layout("osdr_studies", TABLES["osdr_studies"], ("study", "technology"))
        yield from delimited.read(layout, answer, resource.url)
        return
    name = resource.id.rpartition("/")[2]
    if resource.expects != "zip":
        if answer.size > _LARGEST:
            raise Unreadable(f"it has more than {_LARGEST:,} bytes", where=resource.url)
        yield from _sheet(name, name, answer.read_bytes(), ",", resource.url)
        return
    from lake.formats import zipped

    with zipped.open_archive(answer, resource.url) as archive:
        tables = [one for one in archive.infolist() if re.search(r"(?:^|/)[as]_[^/]*\.txt$", one.filename)]
        if not tables:
            raise Unreadable("the archive has no table a_*.txt or s_*.txt", where=resource.url)
        for one in tables:
            raw = zipped.read_member(archive, one, _LARGEST, resource.url)
            yield from _sheet(one.filename, name, raw, "\t", resource.url)


def _sheet(name: str, said: str, raw: bytes, delimiter: str, where: str) -> Iterator[Part]:
    """A table of samples, a cell a row; one without a sample's name, or of another width, is a reject as a whole."""
    rows = _rows(raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape"), delimiter)
    header = [_plain(cell) for cell in next(rows, (0, [], ""))[1]]
    if "Sample Name" not in header:
        raise Unreadable(f"{name} has no column 'Sample Name'", where=where, why="it is no table of samples")
    if len(header) > _WIDEST:
        raise Unreadable(f"{name} has {len(header):,} columns, and at most {_WIDEST:,} are read", where=where)
    study = _STUDY.search(name) or _STUDY.search(said)
    yield _part([], header, study and study[0], _plain(name))  # a table without a sample is one too
    while some := list(islice(rows, max(1, _CELLS // len(header)))):
        yield _part(some, header, study and study[0], _plain(name))


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Of each row: the line that it ends on, its cells, and why it is none."""
    csv.field_size_limit(_LARGEST)  # of this process: by itself the module takes 131,072
    line = ""

    def lines() -> Iterator[str]:
        nonlocal line
        for line in io.StringIO(text):  # noqa: UP028 - the line is kept
            yield line

    cells = csv.reader(lines(), delimiter=delimiter)
    while True:
        try:
            row, fault = next(cells), ""
        except StopIteration:
            return
        except csv.Error as error:
            row, fault = [line], f"it is no row: {error}"
        yield cells.line_num, row, fault


def _part(some: Sequence[tuple[int, list[str], str]], header: list[str], study: str | None, name: str) -> Part:
    import pyarrow as pa

    from lake.formats import text

    at = header.index("Sample Name")
    rows, bad = [], []
    for line, cells, odd in some:
        fault = odd or _fault(cells, header, at)
        if fault and any(cells):
            bad.append((line, fault, _plain("\t".join(cells))))
        elif any(cells):
            known = (study, name, cells[at])
            rows += [
                (line, *known, column, number, value)
                for number, (column, value) in enumerate(zip(header, cells, strict=True), 1)
                if value and number != at + 1
            ]
    columns: Sequence[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[]] * 7
    landed = pa.table(columns, schema=TABLES["osdr_values"])
    record, reason, content = ([row[n] for row in bad] for n in range(3))
    aside = text.rejects(pa.array(record, pa.int64()), pa.array(reason, pa.string()), content)
    return text.make_part("osdr_values", len(landed) + len(bad), landed, aside)


def _plain(text: str) -> str:
    """Without what is not UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _fault(cells: Sequence[str], header: Sequence[str], at: int) -> str:
    if len(cells) != len(header):
        return f"{len(cells)} cells where the header has {len(header)}"
    if any(map(_UNDECODABLE.search, cells)):
        return "not UTF-8"
    return "" if cells[at].strip() else "it has no sample's name"
