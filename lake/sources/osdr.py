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
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lake.errors import Refused, Unreadable
from lake.sources.source import Answer, Facts, Part, Resource

FACTS = Facts(
    name="osdr",
    title="NASA Open Science Data Repository, GeneLab",
    homepage="https://osdr.nasa.gov",
    licence="public; cite each study",
    citation="Berrios DC et al. (2021) Nucleic Acids Res, doi:10.1093/nar/gkaa887",
    rate=1,
    refresh=90,
)
READER = 1
OPTIONS: Mapping[str, Any] = {"studies": [], "sheets": []}
_STUDY = re.compile(r"(?:GLDS|OSD)-\d+")
_LARGEST = 64 * 2**20  # bytes of a table within an archive


def __getattr__(name: str) -> Any:  # the schemas need pyarrow, which light commands do without
    if name == "TABLES":
        from lake.sources.osdr_tables import TABLES

        return TABLES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def resources(options: Mapping[str, Any], answer: Answer) -> Iterator[Resource]:
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


def read(resource: Resource, path: Path) -> Iterator[Part]:
    """The rows of a table of studies; or the cells of a runsheet or of an ISA archive's study and assay tables.

    Raises:
        Unreadable: an archive is damaged or holds no such table; a sheet has no column of samples.
    """
    from lake.sources import delimited, osdr_tables

    if resource.kind == "studies":
        layout = delimited.Layout("osdr_studies", osdr_tables.TABLES["osdr_studies"], ("study", "technology"))
        yield from delimited.read(layout, path, resource.url)
        return
    name = resource.id.rpartition("/")[2]
    if resource.expects != "zip":
        yield _sheet(name, name, path.read_text("utf-8-sig", "replace"), ",", resource.url)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            tables = [one for one in archive.infolist() if re.search(r"(?:^|/)[as]_[^/]*\.txt$", one.filename)]
            if not tables:
                raise Unreadable("the archive has no table a_*.txt or s_*.txt", where=resource.url)
            for one in tables:
                if one.file_size > _LARGEST:
                    raise Unreadable(f"{one.filename} has {one.file_size:,} bytes", where=resource.url)
                text = archive.read(one).decode("utf-8", "replace")
                yield _sheet(one.filename, name, text, "\t", resource.url)
    except zipfile.BadZipFile as error:
        raise Unreadable(f"the archive is cut short or damaged: {error}", where=resource.url) from None


def _sheet(name: str, said: str, text: str, delimiter: str, where: str) -> Part:
    """A table of samples, a cell a row; one without a sample's name, or of another width, is a reject as a whole."""
    import pyarrow as pa

    from lake.sources import osdr_tables
    from lake.sources import text as rejected

    lines = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = next(lines, [])
    if "Sample Name" not in header:
        raise Unreadable(f"{name} has no column 'Sample Name'", where=where, why="it is no table of samples")
    at, study = header.index("Sample Name"), _STUDY.search(name) or _STUDY.search(said)
    rows, bad = [], []
    for cells in lines:
        fault = _fault(cells, header, at)
        if fault and any(cells):
            bad.append((lines.line_num, fault, delimiter.join(cells)))
        elif any(cells):
            known = (study and study[0], name, cells[at])
            rows += [
                (lines.line_num, *known, column, number, value)
                for number, (column, value) in enumerate(zip(header, cells, strict=True), 1)
                if value and number != at + 1
            ]
    columns: Sequence[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[]] * 7
    landed = pa.table(columns, schema=osdr_tables.TABLES["osdr_values"])
    aside = None
    if bad:
        record, reason, content = (list(column) for column in zip(*bad, strict=True))
        aside = rejected.rejects(pa.array(record, pa.int64()), pa.array(reason), content)
    return Part("osdr_values", len(landed) + len(bad), landed, aside)


def _fault(cells: Sequence[str], header: Sequence[str], at: int) -> str:
    if len(cells) != len(header):
        return f"{len(cells)} cells where the header has {len(header)}"
    return "" if cells[at].strip() else "it has no sample's name"
