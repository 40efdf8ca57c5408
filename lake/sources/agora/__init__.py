"""AGORA: genome-scale metabolic reconstructions of the human gut's microbes, from the Virtual Metabolic Human.

    [sources.agora]
    collections = ["AGORA2"]                            # tables of strains
    models = ["AGORA/1.03/reconstructions/sbml/Bifidobacterium_longum_NCC_2705.xml"]
    urls = ["http://bigg.ucsd.edu/static/models/e_coli_core.xml"]    # models in SBML elsewhere

A strain table is the first sheet of a workbook. The archive writes 0 into a cell of a text column that is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lake.errors import ConfigError, Refused
from lake.sources.agora import tables
from lake.sources.contract import Answer, Answers, Facts, Part, Resource

if TYPE_CHECKING:
    from lake.formats.text import Lines

FACTS = Facts(
    name="agora",
    title="AGORA and AGORA2, Virtual Metabolic Human",
    homepage="https://www.vmh.life",
    licence="CC BY-NC-ND 4.0 (AGORA 1.03), CC BY-NC 4.0 (AGORA2): see each model",
    citation="Heinken A et al. (2023) Nat Biotechnol, doi:10.1038/s41587-022-01628-0; "
    "Magnusdottir S et al. (2017) Nat Biotechnol, doi:10.1038/nbt.3703",
    rate=1,
    refresh=365,
    domain="genomics",
    sized=True,
)
READER = 3
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {"collections": [], "models": [], "urls": []}
ROOT = "https://www.vmh.life/files/reconstructions"


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """The strain tables and the models.

    Raises:
        ConfigError: a collection is neither AGORA nor AGORA2.
    """
    for name in options["collections"]:
        if name not in ("AGORA", "AGORA2"):
            raise ConfigError(f"[sources.agora] collections names {name!r}", next="it takes AGORA and AGORA2")
        url = f"{ROOT}/{name}/{name}_infoFile.xlsx"
        yield Resource(f"strains/{name}", url, "strains", "xlsx", {"collection": name})
    for url in [*(f"{ROOT}/{path}" for path in options["models"]), *options["urls"]]:
        parts = urlsplit(url)
        name = Path(parts.path).name.removesuffix(".gz").removesuffix(".xml")
        yield Resource(f"model/{parts.netloc}{parts.path}", url, "model", "xml", {"model": name})


def check(resource: Resource, head: bytes) -> None:
    """Refuse what is not the workbook or SBML that was asked for.

    Raises:
        Refused: with how it begins.
    """
    matches = {"strains": head[:2] == b"PK", "model": b"<sbml" in head}
    if not matches[resource.kind]:
        expected = {"strains": "a workbook (.xlsx)", "model": "SBML"}[resource.kind]
        raise Refused(
            f"the answer is not {expected}: it begins with {head[:60].decode('utf-8', 'replace')!r}", where=resource.url
        )


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """The rows of a strain table, or of a model."""
    if resource.kind == "model":
        from lake.formats.sbml import model

        yield from model.read(answer, resource.url, resource.params["model"], TABLES.with_prefix("agora_"))
        return
    from lake.formats import delimited

    layout = delimited.Layout(
        "agora_strains",
        TABLES["agora_strains"],
        ("strain_id", "strain", "species"),
        delimiter=_UNIT,
        comment="",
        nulls=("", "0", "n/a", "N/A"),
        extra=lambda name: None,
    )
    yield from delimited.rows(
        layout, _sheet(answer, resource.url), resource.url, collection=resource.params["collection"]
    )


_UNIT = "\x1f"  # ASCII's unit separator: not in any cell


def _sheet(answer: Answer, where: str) -> Iterator[Lines]:
    """A workbook's first sheet as lines of cells; white space within a cell is one blank."""
    import pyarrow as pa

    from lake.formats import workbook
    from lake.formats.text import REJECTS, Lines

    lines = [_UNIT.join(map(_cell, row)) for row in workbook.rows(answer, where)]
    yield Lines(pa.array(range(1, len(lines) + 1), pa.int64()), pa.array(lines, pa.string()), REJECTS.empty_table())


def _cell(value: Any) -> str:
    """
    >>> _cell("Genome Size   * assembled"), _cell(592010.0), _cell(592010.4)
    ('Genome Size * assembled', '592010', '592010.4')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())
