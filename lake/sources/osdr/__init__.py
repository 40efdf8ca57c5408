"""NASA's Open Science Data Repository (OSDR, GeneLab): the table of studies, runsheets and ISA archives of studies.

    [sources.osdr]
    studies = ["https://osdr.nasa.gov/bio/repo/genelab_osd.txt"]       # exports of the repository's table
    sheets = ["https://.../GLDS-120_bulkRNASeq_v1_runsheet.csv", "https://.../GLDS-428_metadata_GLDS-428-ISA.zip"]

Columns of samples differ from study to study: each cell is a row of raw.osdr_values.
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
_ISA_TABLE = re.compile(r"(?:^|/)[as]_[^/]*\.txt$")  # of a study or assay
_LARGEST = 64 * 2**20  # bytes of a table
_WIDEST, _CELLS = 5_000, 200_000  # columns of a table; cells in a part
_UNDECODABLE = re.compile("[\udc80-\udcff]")  # what bytes that are not UTF-8 become


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """The tables of studies and the sheets, by host and path."""
    for kind, urls in (("studies", options["studies"]), ("sheet", options["sheets"])):
        for url in dict.fromkeys(urls):
            split = urlsplit(url)
            archive = split.path.lower().endswith(".zip")
            yield Resource(f"{split.netloc}{unquote(split.path)}", url, kind, "zip" if archive else "text")


def check(resource: Resource, head: bytes) -> None:
    """Refuse an HTML page, and an answer that is not a zip archive if one was asked for.

    Raises:
        Refused: with the beginning of the answer.
    """
    if resource.expects == "zip" and not head.startswith(b"PK"):
        raise Refused(f"the answer is not a zip archive: it begins with {head[:40]!r}", where=resource.url)
    if head.lstrip()[:1] == b"<":
        raise Refused("the answer is an HTML page, not a table", where=resource.url)


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """The rows of a table of studies; or the cells of a runsheet or of an ISA archive's study and assay tables.

    Raises:
        Unreadable: an archive is damaged or has no such table; a sheet has no column 'Sample Name'.
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
        members = [member for member in archive.infolist() if _ISA_TABLE.search(member.filename)]
        if not members:
            raise Unreadable("the archive has no table a_*.txt or s_*.txt", where=resource.url)
        for member in members:
            raw = zipped.read_member(archive, member, _LARGEST, resource.url)
            yield from _sheet(member.filename, name, raw, "\t", resource.url)


def _sheet(name: str, file_name: str, raw: bytes, delimiter: str, where: str) -> Iterator[Part]:
    """A table of samples, a row for each cell; a line without a sample's name, or of another width, is a reject.

    Args:
        name: of the table; in an archive, of its member.
        file_name: of the answer: it has the study's id if the table's name does not.
    """
    rows = _rows(raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape"), delimiter)
    header = [_plain(cell) for cell in next(rows, (0, [], ""))[1]]
    if "Sample Name" not in header:
        raise Unreadable(f"{name} has no column 'Sample Name'", where=where, why="it is not a table of samples")
    if len(header) > _WIDEST:
        raise Unreadable(f"{name} has {len(header):,} columns; at most {_WIDEST:,} are read", where=where)
    study = _STUDY.search(name) or _STUDY.search(file_name)
    yield _part([], header, study and study[0], _plain(name))  # a table may have no samples
    while batch := list(islice(rows, max(1, _CELLS // len(header)))):
        yield _part(batch, header, study and study[0], _plain(name))


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """For each row: the number of its last line, its cells, and what is wrong with it, or ""."""
    csv.field_size_limit(_LARGEST)  # for the whole process; the default is 131,072
    line = ""

    def lines() -> Iterator[str]:
        nonlocal line
        for line in io.StringIO(text):  # noqa: UP028 - the line is kept for errors
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


def _part(batch: Sequence[tuple[int, list[str], str]], header: list[str], study: str | None, name: str) -> Part:
    import pyarrow as pa

    from lake.formats import text

    sample = header.index("Sample Name")
    rows, bad = [], []
    for line, cells, syntax_error in batch:
        fault = syntax_error or _fault(cells, header, sample)
        if fault and any(cells):
            bad.append((line, fault, _plain("\t".join(cells))))
        elif any(cells):
            rows += [
                (line, study, name, cells[sample], column, number, value)
                for number, (column, value) in enumerate(zip(header, cells, strict=True), 1)
                if value and number != sample + 1
            ]
    columns: Sequence[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[]] * 7
    landed = pa.table(columns, schema=TABLES["osdr_values"])
    record, reason, content = ([row[n] for row in bad] for n in range(3))
    rejected = text.rejects(pa.array(record, pa.int64()), pa.array(reason, pa.string()), content)
    return text.make_part("osdr_values", len(landed) + len(bad), landed, rejected)


def _plain(text: str) -> str:
    """The text with "?" for each byte that is not UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _fault(cells: Sequence[str], header: Sequence[str], sample: int) -> str:
    if len(cells) != len(header):
        return f"{len(cells)} cells where the header has {len(header)}"
    if any(map(_UNDECODABLE.search, cells)):
        return "not UTF-8"
    return "" if cells[sample].strip() else "it has no sample's name"
