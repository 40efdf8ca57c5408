"""JGI's GEM catalogue, Genomes from Earth's Microbiomes: 52,515 genomes assembled from metagenomes, in one table.

    [sources.jgi_gems]
    url = "https://portal.nersc.gov/GEM/genomes/genome_metadata.tsv"      # or a copy of it

Written from what is published about the file, without the file itself: see docs/sources/jgi_gems.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lake.errors import Refused
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.jgi_gems import tables

FACTS = Facts(
    name="jgi_gems",
    title="JGI Genomes from Earth's Microbiomes (GEM)",
    homepage="https://portal.nersc.gov/GEM/",
    licence="free to use; JGI's data policy for the metagenomes: https://jgi.doe.gov/user-programs/pmo-overview/policies/",
    citation="Nayfach S et al. (2021) Nat Biotechnol, doi:10.1038/s41587-020-0718-6",
    rate=1,
    refresh=180,
    domain="genomics",
    sized=True,
)
READER = 2
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {"url": "https://portal.nersc.gov/GEM/genomes/genome_metadata.tsv"}


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """The table of genomes."""
    yield Resource("genome_metadata", options["url"], "genomes", "text")


def check(resource: Resource, head: bytes) -> None:
    """Refuse what does not begin like the table of genomes.

    Raises:
        Refused: with how it begins.
    """
    first = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
    if not first.startswith(b"genome_id\tmetagenome_id\t"):
        raise Refused(
            f"the answer is not GEM's table of genomes: it begins with {first[:60].decode('utf-8', 'replace')!r}",
            where=resource.url,
        )


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """The rows. "NULL" means missing. A file that lacks a column is unreadable; further columns are kept as text."""
    from lake.formats import delimited, gzipped

    with gzipped.open_file(answer) as file:
        header = file.readline().decode("utf-8", "replace").split("\t")
    schema = tables.genomes("taxonomy" if "taxonomy" in header else "ecosystem")
    layout = delimited.Layout(
        "jgi_gems_genomes",
        schema,
        tuple(name for name in schema.names if name not in ("_record", "ecosystem")),
        comment="",
        nulls=("", "NULL"),
        patterns=tables.PATTERNS,
    )
    yield from delimited.read(layout, answer, resource.url)
