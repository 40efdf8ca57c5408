"""The 1000 Genomes Project and IGSR: lists of samples, runs and files (https://www.internationalgenome.org/data).

    [sources.igsr]
    lists = ["data_collections/1000G_2504_high_coverage/1000G_2504_high_coverage.sequence.index", ...]
    samples = true                                  # the sample table of IGSR's data portal
    listings = ["data_collections/"]                # folders of the archive, or current.tree

A list is taken for what its header says it is: an index of runs or of alignments, a panel, a pedigree. One without a
header is an index of runs if it has 23 columns. What is none of these is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.errors import Refused, Unreadable
from lake.sources.source import Answer, Facts, Part, Resource

if TYPE_CHECKING:
    from lake.sources.text import Lines

FACTS = Facts(
    name="igsr",
    title="1000 Genomes Project, International Genome Sample Resource",
    homepage="https://www.internationalgenome.org",
    licence="open; Fort Lauderdale and Toronto agreements for what is not published: see each collection",
    citation="Fairley S et al. (2020) Nucleic Acids Res, doi:10.1093/nar/gkz836",
    rate=2,
    refresh=90,
)
READER = 1
_HIGH = "data_collections/1000G_2504_high_coverage"
OPTIONS: Mapping[str, Any] = {
    "lists": [
        f"{_HIGH}/1000G_2504_high_coverage.sequence.index",
        f"{_HIGH}/additional_698_related/1000G_698_related_high_coverage.sequence.index",
        f"{_HIGH}/20130606_g1k_3202_samples_ped_population.txt",
        "release/20130502/integrated_call_samples_v3.20130502.ALL.panel",
    ],
    "samples": True,
    "listings": [],
}
ROOT = "https://ftp.1000genomes.ebi.ac.uk/vol1/ftp"
PORTAL = "https://www.internationalgenome.org/data-portal/igsr_samples.tsv"
_WHEN = re.compile(r"(\d{4}-\d{2}-\d{2}|\d{2}-\w{3}-\d{4}) \d{2}:\d{2}")
_SIZE = re.compile(r"\s(\d[\d.]*[KMGT]?)\s*$")


def __getattr__(name: str) -> Any:  # the schemas need pyarrow, which light commands do without
    if name == "TABLES":
        from lake.sources.igsr_tables import TABLES

        return TABLES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def resources(options: Mapping[str, Any], answer: Answer) -> Iterator[Resource]:
    """The lists, each once, whatever way they are named."""
    if options["samples"]:
        yield Resource("samples", PORTAL, "list", "text")
    for path in dict.fromkeys(map(_path, options["lists"])):
        yield Resource(f"list/{path}", f"{ROOT}/{path}", "list", "text")
    for path in dict.fromkeys(map(_path, options["listings"])):
        tree = path.endswith(".tree")
        yield Resource(f"files/{path}", f"{ROOT}/{path}", "tree" if tree else "listing", "text" if tree else "html")


def _path(named: str) -> str:
    """A path under the archive's root, however it is named.

    >>> _path("ftp://ftp.1000genomes.ebi.ac.uk/vol1/ftp/current.tree"), _path("/data_collections//x/")
    ('current.tree', 'data_collections/x/')
    """
    return re.sub(r"/+", "/", re.sub(r"^[a-z]+:/+ftp\.1000genomes\.ebi\.ac\.uk/vol1/ftp/", "", named)).lstrip("/")


def check(resource: Resource, head: bytes) -> None:
    """Refuse a page instead of a list.

    Raises:
        Refused: it is HTML.
    """
    if resource.kind != "listing" and head.lstrip()[:1] == b"<":
        raise Refused("the answer is a page, not a list", where=resource.url)


def read(resource: Resource, path: Path) -> Iterator[Part]:
    """The rows of a list.

    Raises:
        Unreadable: it is no list that this reader knows.
    """
    from lake.sources import text

    if resource.kind == "listing":
        yield _listing(path.read_text("utf-8", "replace"), resource)
    elif resource.kind == "tree":
        yield from _tree(text.lines(path), resource.url)
    else:
        yield from _list(path, resource.url)


_KINDS = (  # table, the list's name, columns that it has; the first is its key
    ("igsr_runs", "", ("run", "sample", "platform")),
    ("igsr_alignments", "", ("file", "md5")),
    ("igsr_samples", "samples", ("sample", "biosample")),
    ("igsr_samples", "pedigree", ("sample", "father", "mother")),
    ("igsr_samples", "panel", ("sample", "population", "superpopulation")),
)


def _list(path: Path, where: str) -> Iterator[Part]:
    from lake.sources import delimited, gzipped, igsr_tables, text

    with gzipped.open_file(path) as file:
        head = file.read(2**16).decode("utf-8", "replace").splitlines()
    plain = [line for line in head if line.strip() and not line.startswith("##")]
    first = (plain or [""])[0].lstrip("#")
    delimiter = "\t" if "\t" in first else " "
    for table, name, required in _KINDS:
        layout = delimited.Layout(
            table,
            igsr_tables.TABLES[table],
            required,
            delimiter=delimiter,
            quoted=name == "samples",
            names=lambda width: igsr_tables.RELATED if width == len(igsr_tables.RELATED) else None,
        )
        headless = table == "igsr_runs" and first.count("\t") + 1 == len(igsr_tables.RELATED) and "://" in first
        if headless or set(required) <= set(delimited.split(layout, first)):
            yield from delimited.rows(layout, text.lines(path), where, **({"list": name} if name else {}))
            return
    raise Unreadable(
        f"it is neither an index of runs or alignments, a panel, a pedigree nor a table of samples: {first[:80]!r}",
        where=where,
        why="none of its lines is a header that this reader knows",
    )


# Files


def _tree(blocks: Iterable[Lines], where: str) -> Iterator[Part]:
    """current.tree: path, kind, bytes, date and, of files, md5; a line each."""
    import pyarrow.compute as pc

    from lake.sources import delimited, igsr_tables

    layout = delimited.Layout(
        "igsr_files",
        igsr_tables.TABLES["igsr_files"],
        ("path", "kind"),
        names=lambda width: ("path", "kind", "bytes", "modified", "md5") if width in (4, 5) else None,
        patterns={"kind": "^(file|directory)$"},
    )
    padded = (
        block._replace(
            text=pc.if_else(
                pc.equal(pc.count_substring(block.text, "\t"), 3),
                pc.binary_join_element_wise(block.text, "", "\t"),
                block.text,
            )
        )
        for block in blocks
    )
    yield from delimited.rows(layout, padded, where)


def _listing(page: str, resource: Resource) -> Part:
    """A folder as Apache's autoindex shows it, as text or as a table: name, date, size, rounded above 999.

    Raises:
        Unreadable: it has no entry.
    """
    import pyarrow as pa
    from lxml import html

    from lake.sources import igsr_tables, text

    folder = resource.id.removeprefix("files/").rstrip("/")
    links = [link for link in html.fromstring(page).iter("a") if re.match(r"[^?/.]", link.get("href", ""))]
    if not links:
        raise text.nothing_found("entry", resource.url)
    rows = []
    for number, link in enumerate(links, 1):
        name, beside = link.get("href"), _beside(link)
        when, size = _WHEN.search(beside), _SIZE.search(beside)
        exact = int(size[1]) if size and size[1].isdigit() else None
        path = f"{folder}/{name.rstrip('/')}".lstrip("/")
        kind = "directory" if name.endswith("/") else "file"
        rows.append((number, path, kind, exact, size and size[1], when and when[0], None))
    columns = [list(column) for column in zip(*rows, strict=True)]
    return Part("igsr_files", len(rows), pa.table(columns, schema=igsr_tables.TABLES["igsr_files"]))


def _beside(link: Any) -> str:
    """What a listing shows beside a name: after the link, or in the other cells of its row."""
    row = next(link.iterancestors("tr"), None)
    if row is None:
        return (link.tail or "").rstrip()
    return " ".join(cell.text_content().strip() for cell in row.iter("td") if link not in cell.iter("a")).rstrip()
