"""IGSR and the 1000 Genomes Project: indexes of files, lists of samples, listings of folders. lake.toml names them:

    [sources.igsr]
    files = [                  # paths below the archive's root, or URLs
        "data_collections/1000G_2504_high_coverage/1000G_2504_high_coverage.sequence.index",
        "release/20130502/integrated_call_samples_v3.20130502.ALL.panel",
        "https://www.internationalgenome.org/data-portal/igsr_samples.tsv",
    ]
    listings = ["release/20130502/"]
    depth = 0                  # how many levels of folders below them

A file is recognised by its header, or without one by its first row; not by its name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lake.errors import Refused
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.igsr import tables

if TYPE_CHECKING:
    from lake.formats.text import Lines

FACTS = Facts(
    name="igsr",
    title="International Genome Sample Resource (1000 Genomes)",
    homepage="https://www.internationalgenome.org",
    licence="open for most collections; each says its own: https://www.internationalgenome.org/IGSR_disclaimer",
    citation="Fairley S et al. (2020) Nucleic Acids Res, doi:10.1093/nar/gkz836",
    rate=1,
    refresh=90,
    domain="genomics",
    sized=True,
)
READER = 2
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {
    "files": [],
    "listings": [],
    "depth": 0,
    "root": "https://ftp.1000genomes.ebi.ac.uk/vol1/ftp",
}
_PAGE = 64 * 2**20  # bytes of a listing: some 500,000 files
_FOLDER = re.compile(r'<a\s[^>]*href="(?:\./)?(?!\.\./)([^"/?#:]+/)"', re.IGNORECASE)


# What to ask for


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """Each file and listing, without duplicates, even if lake.toml spells them differently."""
    root = options["root"].rstrip("/")
    for url in dict.fromkeys(_url(name, root) for name in options["files"]):
        yield Resource(_id(url, root), url, "list", "text", {"list": _id(url, root)})
    top = dict.fromkeys(_url(name, root).rstrip("/") + "/" for name in options["listings"])
    folders = {url: f"listing/{_id(url, root)}" for url in top}  # each with the listing of lake.toml that it belongs to
    for level in range(options["depth"], -1, -1):
        below: dict[str, str] = {}
        for url, top_listing in folders.items():
            listing = f"listing/{_id(url, root)}"
            yield Resource(listing, url, "listing", "html", {"list": top_listing})
            if level and (answer := answers(listing)):
                below |= {url + html.unescape(name): top_listing for name in _FOLDER.findall(_page(answer))}
        folders = {url: top_listing for url, top_listing in below.items() if url not in top}


def _url(name: str, root: str) -> str:
    """One spelling for each address.

    >>> _url("release/20130502/", "https://host/ftp"), _url("ftp:/host/ftp//data", "https://host/ftp")
    ('https://host/ftp/release/20130502/', 'https://host/ftp/data')
    """
    scheme, _, address = (name if re.match("(?:ftp|https?):/", name) else f"{root}/{name}").partition(":")
    address = re.sub("/{2,}", "/", address.lstrip("/"))
    root_scheme, _, root_address = root.partition("://")
    if address.partition("/")[0] == root_address.partition("/")[0]:
        scheme = root_scheme
    return f"{'http' if scheme == 'http' else 'https'}://{address}"


def _id(url: str, root: str) -> str:
    """
    >>> _id("https://host/ftp/a.index", "https://host/ftp"), _id("https://other/b.tsv", "https://host/ftp")
    ('a.index', 'other/b.tsv')
    """
    return unquote(re.sub("^https?://", "", url.removeprefix(f"{root}/")))


def check(resource: Resource, head: bytes) -> None:
    """Refuse an HTML page that is not a listing, and text that is neither an index, a list of samples nor a tree.

    Raises:
        Refused: with how it begins.
    """
    if resource.kind == "listing":
        matches = bool(re.search(rb"<(?:title|h1)>\s*Index of\b", head, re.IGNORECASE))
    else:
        from lake.sources.igsr.dialect import shape

        matches = head[:2] == b"\x1f\x8b" or bool(shape(head.decode("utf-8", "replace")))
    if not matches:
        expected = (
            "a listing of a folder" if resource.kind == "listing" else "an index, list of samples or tree of files"
        )
        begins = head[:60].decode("utf-8", "replace")
        raise Refused(f"the answer is not {expected}: it begins with {begins!r}", where=resource.url)


# What an answer holds


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """The rows of one file or listing.

    Raises:
        Unreadable: it is of an unknown kind, or empty.
    """
    if resource.kind == "listing":
        from lake.formats import html_listing

        yield html_listing.read(_page(answer), resource.url, TABLES.table("igsr_tree"), list=resource.params["list"])
        return
    from lake.formats import delimited
    from lake.sources.igsr import dialect

    shape = dialect.of(answer, resource.url)
    blocks = (dialect.even(shape, block) for block in _lines(answer))
    yield from delimited.rows(dialect.layout(shape), blocks, resource.url, list=resource.params["list"])


def _lines(answer: Answer) -> Iterator[Lines]:
    from lake.formats import text

    return text.lines(answer)


def _page(answer: Answer) -> str:
    from lake.formats import gzipped

    return gzipped.read_all(answer, _PAGE, str(answer)).decode("utf-8", "replace")
