"""Reports on the quality of assemblies: BUSCO, CheckM, CheckM2, QUAST, GTDB-Tk, NCBI's FCS. lake.toml names them:

    [[sources.assembly_reports.reports]]
    url = "https://.../short_summary.txt"
    accession = "GCF_000005845.2"     # optional: where the report names its assembly otherwise

The tool is recognised by the report's content, not by its name. Each report becomes tab-separated lines with a header,
which delimited.py reads: BUSCO's text becomes one line, QUAST's columns become lines, CheckM's fixed widths cells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from lake.errors import ConfigError, Refused, Unreadable
from lake.sources.assembly_reports import tables
from lake.sources.contract import Answer, Answers, Facts, Part, Resource

if TYPE_CHECKING:
    import pyarrow as pa

    from lake.formats.text import Lines

FACTS = Facts(
    name="assembly_reports",
    title="Reports on the quality of assemblies",
    homepage="https://www.ncbi.nlm.nih.gov/assembly/",
    licence="each report's own",
    citation="BUSCO doi:10.1093/molbev/msab199; CheckM doi:10.1101/gr.186072.114; "
    "CheckM2 doi:10.1038/s41592-023-01940-w; QUAST doi:10.1093/bioinformatics/btt086; "
    "GTDB-Tk doi:10.1093/bioinformatics/btac672; FCS-GX doi:10.1186/s13059-024-03198-7",
    rate=1,
    refresh=90,
    domain="genomics",
    sized=True,
)
READER = 2
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {"reports": []}
_LARGEST = 64 * 2**20  # bytes of a report
_FIELDS = {"url", "accession", "size", "md5", "sha256"}
_SUMMARY = re.compile(r"C:([\d.]+)%\[(?:S:[\d.]+%,)?D:([\d.]+)%\],F:([\d.]+)%,M:([\d.]+)%,n:(\d+)")


def resources(options: Mapping[str, Any], answers: Answers) -> Iterable[Resource]:
    """One for each report of lake.toml, named by its host and path.

    Raises:
        ConfigError: a report has no url, or an unknown field.
    """
    for number, report in enumerate(options["reports"], 1):
        if not isinstance(report.get("url"), str) or (unknown := sorted(report.keys() - _FIELDS)):
            what = "url is missing" if not isinstance(report.get("url"), str) else f"{unknown[0]!r} is unknown"
            raise ConfigError(
                f"report {number} of [[sources.assembly_reports.reports]] is not valid: {what}",
                where="lake.toml",
                next=f"it takes {', '.join(sorted(_FIELDS))}",
            )
        parts = urlsplit(report["url"])
        sums = {name: report.get(name) for name in ("size", "md5", "sha256")}
        params = {"accession": report.get("accession")}
        yield Resource(f"{parts.netloc}{unquote(parts.path)}", report["url"], "report", "text", params=params, **sums)


def check(resource: Resource, head: bytes) -> None:
    """Refuse an HTML page instead of a report.

    Raises:
        Refused: it is HTML.
    """
    if head.lstrip()[:1] == b"<":
        raise Refused("the answer is an HTML page, not a report", where=resource.url)


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """One row an assembly, or, of FCS, one a contaminant. A truncated report, or of an unknown tool, is a reject."""
    from lake.formats import delimited, text

    with answer.open() as file:
        head = file.read(2**16).decode("utf-8", "replace")
    tool = next((name for name, (_, recognises) in _TOOLS.items() if recognises(head)), None)
    if tool is None:
        yield _rejected(head, "it is no report of BUSCO, CheckM, CheckM2, QUAST, GTDB-Tk or FCS")
        return
    title, version = _TOOLS[tool][0], _version(head)
    tabs = "\t" in head.partition("\n")[0]
    if answer.size > _LARGEST:
        raise Unreadable(f"the report has more than {_LARGEST:,} bytes", where=resource.url)
    to_lines = _TO_LINES.get(tool) if not (tool == "checkm" and tabs) else None
    blocks = to_lines(resource, answer) if to_lines else text.lines(answer)
    if isinstance(blocks, str):
        yield _rejected(head, blocks)
        return
    table = "assembly_contaminants" if tool.startswith("fcs") else "assembly_reports"
    layout = delimited.Layout(
        table,
        _with_sources(TABLES[table], tables.NAMES.get(tool, {}), head),
        ("sequence",) if tool.startswith("fcs") else ("assembly",),
        comment="#" if tool.startswith("fcs") else "",
        nulls=("", "-", "N/A", "NA", "None"),
        extra=lambda name: None,
        why="the tool's report has a form that this reader does not know",
    )
    fixed = {"tool": title, "version": version, "accession": resource.params.get("accession")}
    for part in delimited.rows(layout, blocks, resource.url, **fixed):
        yield part._replace(rows=_percent(part.rows, tables.FRACTIONS.get(tool, ())))


def _rejected(head: str, reason: str) -> Part:
    import pyarrow as pa

    from lake.formats import text

    rejects = text.rejects(pa.array([1]), reason, [head[:2000]])
    return Part("assembly_reports", 1, TABLES["assembly_reports"].empty_table(), rejects)


def _with_sources(schema: pa.Schema, names: Mapping[str, str], head: str) -> pa.Schema:
    """The schema with the tool's own name for each column; of several synonyms, the one in the report."""
    own: dict[str, str] = {}
    for in_report, name in names.items():
        if name not in own or in_report in head:
            own[name] = in_report
    import pyarrow as pa

    fields = [
        field.with_metadata({**(field.metadata or {}), "source": own[field.name]}) if field.name in own else field
        for field in schema
    ]
    return pa.schema(fields)


def _percent(rows: pa.Table, columns: Iterable[str]) -> pa.Table:
    import pyarrow.compute as pc

    for name in columns:
        position = rows.schema.get_field_index(name)
        rows = rows.set_column(position, rows.schema.field(position), pc.round(pc.multiply(rows[name], 100.0), 9))
    return rows


def _version(head: str) -> str | None:
    version = re.search(r"BUSCO version is: (\S+)", head) or re.search(r'"git-rev": "v?([^"]+)"', head)
    return version[1] if version else None


# Reports that are not yet lines of cells


def _lines(rows: Iterable[Iterable[str]]) -> Iterator[Lines]:
    import numpy as np
    import pyarrow as pa

    from lake.formats.text import REJECTS, Lines

    lines = ["\t".join(row) for row in rows]
    yield Lines(pa.array(np.arange(len(lines))), pa.array(lines), REJECTS.empty_table())


def _texts(answer: Answer) -> list[str]:
    """The lines of a report; a carriage return within one does not end it."""
    return answer.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n").split("\n")


def _busco(resource: Resource, answer: Answer) -> Iterator[Lines] | str:
    """The summary in BUSCO's notation, C:..%[S:..%,D:..%],F:..%,M:..%,n:.., written by every version."""
    content = answer.read_text()
    summary = _SUMMARY.search(content)
    if summary is None:
        return "the report has no summary C:..%[..],F:..%,M:..%,n:..: the run ended before it was written"
    if content.lstrip().startswith("{"):
        file, dataset = _of_json(content)
    else:
        file = _first(r"[Bb]enchmarking (?:in BUSCO notation )?for file:? (\S+)", content)
        dataset = _first(r"lineage dataset is: (\S.*?) \(", content)
    name = (file or resource.url).rpartition("/")[2]
    header = ("assembly", "dataset", "completeness", "duplicated", "fragmented", "missing", "markers")
    return _lines([header, (name, dataset, *summary.groups())])


def _first(pattern: str, content: str) -> str:
    match = re.search(pattern, content)
    return match[1] if match else ""


def _of_json(content: str) -> tuple[str, str]:
    """The file and the lineage that BUSCO 5's JSON names; "" where it names none."""
    try:
        report = json.loads(content)
    except ValueError:
        return "", ""
    file, lineage = report.get("parameters", {}).get("in"), report.get("lineage_dataset", {}).get("name")
    return str(file or ""), str(lineage or "")


def _checkm(resource: Resource, answer: Answer) -> Iterator[Lines]:
    """Cells of fixed widths, two or more spaces apart, between lines of dashes; CheckM's log may be before or after."""
    content = _texts(answer)
    first = next(number for number, line in enumerate(content) if line.lstrip().startswith("Bin Id"))
    table_lines = [line.strip() for line in content[first:] if not line.startswith(("---", "["))]
    return _lines(re.split(r" {2,}", line) for line in table_lines if "  " in line)


def _quast(resource: Resource, answer: Answer) -> Iterator[Lines] | str:
    """Transposed: the report has a line a measure and a column an assembly. A transposed report stays as it is."""
    content = [line for line in _texts(answer) if line.strip()]
    rows = [line.split("\t") if "\t" in line else re.split(r" {2,}", line.strip()) for line in content]
    first = next((number for number, row in enumerate(rows) if row[0] == "Assembly"), None)
    if first is None or len(rows[first]) < 2:
        return "the report names no assembly"
    if any(cell.startswith("# contigs") for cell in rows[first]):
        return _lines(rows[first:])
    table = [row for row in rows[first:] if len(row) > 1]  # the others are headings
    if uneven := next((row for row in table if len(row) != len(rows[first])), None):
        return f"{uneven[0]!r} has {len(uneven) - 1} values, and there are {len(rows[first]) - 1} assemblies"
    return _lines(zip(*table, strict=True))


_TOOLS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "busco": ("BUSCO", lambda head: "BUSCO" in head[:4000] and ("ummarized" in head or '"results"' in head)),
    "checkm2": ("CheckM2", lambda head: head.startswith("Name\tCompleteness\tContamination")),
    "checkm": ("CheckM", lambda head: re.search(r"^[ ]*Bin Id(\t|  )", head, re.MULTILINE) is not None),
    "gtdbtk": ("GTDB-Tk", lambda head: head.startswith("user_genome\tclassification")),
    "quast": (
        "QUAST",
        lambda head: re.search(r"^Assembly(\t|  )", head, re.MULTILINE) is not None and "# contigs" in head,
    ),
    "fcs_gx": ("FCS-GX", lambda head: head.startswith('##[["FCS genome report"')),
    "fcs_adaptor": ("FCS-adaptor", lambda head: head.startswith("#accession\tlength\taction\trange\tname")),
}
_TO_LINES: Mapping[str, Callable[[Resource, Answer], Iterator[Lines] | str]] = {
    "busco": _busco,
    "checkm": _checkm,
    "quast": _quast,
}
