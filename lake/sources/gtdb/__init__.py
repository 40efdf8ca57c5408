"""GTDB, the Genome Taxonomy Database: taxonomy and metadata of any release. lake.toml names them:

    [sources.gtdb]
    releases = [226]                          # all tables of both domains; 0 means the latest
    tables = ["taxonomy", "metadata"]
    files = ["release207/207.0/ar53_metadata_r207.tsv.gz"]    # or single files, by the archive's paths

Every row has its release: from the file's name or, for the latest, from the archive's VERSION.txt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lake.errors import ConfigError, Refused
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.gtdb import tables

FACTS = Facts(
    name="gtdb",
    title="Genome Taxonomy Database",
    homepage="https://gtdb.ecogenomic.org",
    licence="CC BY-SA 4.0",
    citation="Parks DH et al. (2022) Nucleic Acids Res, doi:10.1093/nar/gkab776",
    rate=1,
    refresh=90,
    domain="genomics",
    sized=True,
)
READER = 2
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {
    "releases": [],
    "tables": ["taxonomy", "metadata"],
    "files": [],
    "root": "https://data.gtdb.ecogenomic.org/releases",
}
_KIND = re.compile(r"(?:ar\d+|bac\d+)_(taxonomy|metadata)[^/]*$")
_RELEASE = re.compile(r"release(\d+)|_r(\d+)")


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """The files of each release, and the single files.

    Raises:
        ConfigError: a file is neither a taxonomy nor metadata.
    """
    paths = dict.fromkeys(options["files"])
    for release in options["releases"]:
        paths |= dict.fromkeys(_paths(release, options["tables"]))
    version = "latest/VERSION.txt"
    if not all(map(_RELEASE.search, paths)):
        yield Resource(version, f"{options['root']}/{version}", "version", "text", optional=True)
    for path in paths:
        if release := _RELEASE.search(path):
            yield _resource(path, options["root"], release[1] or release[2])
        elif answers(version) or answers.missing(version):
            yield _resource(path, options["root"], _version(answers(version)))


def _paths(release: int, tables: list[str]) -> Iterator[str]:
    """The paths of a release's tables: https://data.gtdb.ecogenomic.org/releases/."""
    domains = ("ar53" if release == 0 or release >= 207 else "ar122", "bac120")
    for table in tables:
        ending = ".tsv.gz" if release == 0 or release >= 207 else ".tsv"
        if table == "metadata" and 95 <= release < 207:
            ending = ".tar.gz"
        for domain in domains:
            if release == 0:
                yield f"latest/{domain}_{table}{ending}"
            else:
                yield f"release{release}/{release}.0/{domain}_{table}_r{release}{ending}"


def _resource(path: str, root: str, release: str) -> Resource:
    kind = _KIND.search(path)
    if kind is None:
        raise ConfigError(
            f"[sources.gtdb] files names {path!r}, which is neither a taxonomy nor metadata",
            next='name it as the archive does: "release207/207.0/ar53_metadata_r207.tsv.gz"',
        )
    return Resource(path, f"{root}/{path}", kind[1], "text", {"release": release})


def _version(answer: Answer | None) -> str:
    number = re.search(r"\d+", answer.read_text()) if answer else None
    return number[0] if number else "latest"


def check(resource: Resource, head: bytes) -> None:
    """Refuse what is not a table of that kind.

    Raises:
        Refused: with how it begins.
    """
    beginnings = {
        "taxonomy": rb"^(RS|GB)_GC[AF]_\d+\.\d+\td__|^\S+\td__",
        "metadata": rb"^accession\t",
        "version": rb"\d",
    }
    first = head.partition(b"\n")[0]
    if not re.search(beginnings[resource.kind], first):
        raise Refused(
            f"the answer is not GTDB's {resource.kind}: it begins with {first[:60].decode('utf-8', 'replace')!r}",
            where=resource.url,
        )


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """The rows of a file. "none", "n/a" and an empty cell mean missing; a lineage without seven ranks is a reject."""
    from lake.formats import delimited

    if resource.kind == "version":
        return
    layout = delimited.Layout(
        f"gtdb_{resource.kind}",
        TABLES[f"gtdb_{resource.kind}"],
        ("accession", "lineage"),
        comment="",
        nulls=("", "none", "n/a", "na"),
        names=lambda width: ("accession", "lineage") if resource.kind == "taxonomy" and width == 2 else None,
        patterns=tables.PATTERNS,
    )
    yield from delimited.read(layout, answer, resource.url, release=str(resource.params["release"]))
