"""What NCBI's reports, GTDB and summaries say of genomes, from the real files to core.genomes."""

from __future__ import annotations

import pytest

import lake
from lake import config, fetch, land, project
from lake.build import run as building

NCBI = "ftp.ncbi.nlm.nih.gov/genomes/all"


@pytest.mark.slow
def test_the_real_reports_and_genomes_that_gtdb_alone_has(upstream, tmp_path):
    reports = sorted((upstream / NCBI).rglob("*_assembly_report.txt"))[:12]
    names = [path.parent.name for path in reports]
    older = "release89/89.0/bac120_taxonomy_r89.tsv"
    folder = project.copy(tmp_path / "lake")
    (folder / "lake.toml").write_text(
        f'[lake]\nname = "genomes"\nmirror = "{upstream}"\n[sources.ncbi]\ngenomes = {names}\nparts = ["report"]\n'
        f'[sources.gtdb]\nfiles = ["{older}"]\n'
    )
    settings = config.load(folder)
    fetch.run(settings)
    land.run(settings)
    building.run(settings, ["+core.genomes", "+core.assembly_sequences"])
    alone = {
        line.split("\t")[0]
        for line in (upstream / "data.gtdb.ecogenomic.org/releases" / older).read_text().splitlines()
        if not line.startswith(("RS_", "GB_"))
    }
    with lake.open(folder) as opened:
        rows = opened.sql("SELECT genome, organism, taxid, genome_size, genome_size_from FROM core.genomes").fetchall()
        found = {row[0]: row[1:] for row in rows}
        sequences = dict(opened.sql("SELECT accession, count(*) FROM core.assembly_sequences GROUP BY ALL").fetchall())
    assert alone <= found.keys()
    for path in reports:
        said = dict(
            line[2:].rstrip().partition(":")[::2] for line in path.read_text().splitlines() if line.startswith("# ")
        )
        cells = [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#")]
        organism, taxid, size, whose = found[path.name.split("_")[1].split(".")[0]]
        assert taxid == int(said["Taxid"])
        assert said["Organism name"].strip().startswith(organism)
        assert (size, whose) == (sum(int(row[8]) for row in cells if row[7] == "Primary Assembly"), "NCBI report")
        assert sequences["_".join(path.name.split("_")[:2])] == len(cells)
