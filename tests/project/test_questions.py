"""docs/questions.md: each query, asked of the real files, gives the table below it."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

import lake
from lake import config, fetch, land, project
from lake.build import run as building

SOURCES = """
[sources.kegg]
organisms = ["eco", "hsa"]
kgml = ["ko", "ec", "rn"]
overview = ["map01220"]
[sources.exoplanets]
tables = ["ps", "pscomppars", "toi", "cumulative"]
[sources.ncbi]
summaries = ["genbank", "refseq"]
[sources.gtdb]
files = [
    "release207/207.0/ar53_metadata_r207.tsv.gz", "release207/207.0/ar53_taxonomy_r207.tsv.gz",
    "release207/207.0/bac120_taxonomy_r207.tsv.gz", "latest/ar53_metadata.tsv.gz", "latest/bac120_metadata.tsv.gz"
]
[sources.agora]
collections = ["AGORA", "AGORA2"]
models = ["AGORA/1.03/reconstructions/sbml/Bifidobacterium_longum_NCC_2705.xml"]
urls = ["http://bigg.ucsd.edu/static/models/e_coli_core.xml"]
"""
PAGE = (ROOT / "docs" / "questions.md").read_text("utf-8")
ASKED = re.findall(r"```sql\n-- (\w+)\n(.*?)```\n\n((?:\|[^\n]*\n)+)", PAGE, re.S)
TABLES = ["+core.strains", "+core.reconstruction_reactions", "+features.feasible_pathways", "+features.planet_params"]


@pytest.fixture(scope="module")
def asked(upstream, tmp_path_factory):
    folder = project.copy(tmp_path_factory.mktemp("questions") / "lake")
    text = (folder / "lake.toml").read_text().replace('mirror = ""', f'mirror = "{upstream}"')
    (folder / "lake.toml").write_text(text[: text.index("[sources.kegg]")] + SOURCES)
    settings = config.load(folder)
    fetch.run(settings)
    land.run(settings)
    building.run(settings, TABLES)
    with lake.open(folder) as here:
        yield here


def test_the_page_asks_three():
    assert [name for name, _, _ in ASKED] == ["strains", "aromatic", "planets"]


@pytest.mark.parametrize(("query", "table"), [found[1:] for found in ASKED], ids=[found[0] for found in ASKED])
@pytest.mark.slow
def test_the_answer_is_the_pages(asked, query, table):
    head, _, *rows = (line.strip().strip("|").split("|") for line in table.strip().splitlines())
    found = asked.sql(query)
    assert found.columns == [cell.strip() for cell in head]
    shown = [["null" if cell is None else str(cell) for cell in row] for row in found.fetchall()]
    assert shown == [[cell.strip().replace(",", "") for cell in row] for row in rows]
