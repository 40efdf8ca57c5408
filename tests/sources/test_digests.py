"""A reader that gives other rows has another READER: its rows over small answers are kept as a digest beside it.

Landed rows are remembered by the number, so a change without a new one would leave every lake as it was. Where this
fails, raise READER of that source if it was not, and rewrite the digests:

    python tests/sources/test_digests.py
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lake import config, fetch, sources
from lake.errors import LakeError
from lake.formats.answer import Answer
from lake.sources.contract import Cube, Part, Resource
from lake.store import blobs, fetch_log

HERE = Path(__file__).parent
KEPT = HERE / "digests.json"
SAMPLE = HERE.parent.parent / "sample"
URL = "https://example.org/answer"

OBO = """format-version: 1.2
ontology: x
[Term]
id: X:1
name: hot \\{brace\\}
def: "A \\"quoted\\" one." [PMID:1]
synonym: "warm" EXACT []
xref: Y:2
[Term]
id: X:2
name: cold
is_a: X:1 {source="PMID:2"} ! hot
is_obsolete: true
[Typedef]
id: part_of
name: part of
"""
SYSTEMS = """<systems><system><name>Sol x</name><distance errorplus="0.1">3.2</distance>
<star><name>S</name><mass>1.1</mass>
<planet><name>S b</name><mass upperlimit="2.0"/><period>12.5</period><discoverymethod>RV</discoverymethod></planet>
</star></system></systems>"""
SBML = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core"
 xmlns:fbc="http://www.sbml.org/sbml/level3/version1/fbc/version2"
 level="3" version="1" fbc:required="false"><model id="m" fbc:strict="true">
<listOfCompartments><compartment id="c" constant="true"/></listOfCompartments>
<listOfSpecies><species id="M_a_c" name="a" compartment="c" fbc:charge="-1" fbc:chemicalFormula="C2H3"
 hasOnlySubstanceUnits="false" boundaryCondition="1" constant="false"/></listOfSpecies>
<listOfParameters><parameter id="lo" value="-10" constant="true"/>
<parameter id="up" value="20" constant="true"/></listOfParameters>
<listOfReactions><reaction id="R_x" name="x" reversible="1" fast="false"
 fbc:lowerFluxBound="lo" fbc:upperFluxBound="up">
<listOfReactants><speciesReference species="M_a_c" stoichiometry="1" constant="true"/></listOfReactants>
</reaction></listOfReactions>
</model></sbml>"""
ENA = """<?xml version="1.0" encoding="UTF-8"?><EXPERIMENT_SET><EXPERIMENT accession="SRX1" alias="e"><TITLE>t</TITLE>
<STUDY_REF accession="SRP1"/><DESIGN><LIBRARY_DESCRIPTOR><LIBRARY_STRATEGY>WGS</LIBRARY_STRATEGY></LIBRARY_DESCRIPTOR>
</DESIGN><PLATFORM><ILLUMINA><INSTRUMENT_MODEL>HiSeq</INSTRUMENT_MODEL></ILLUMINA></PLATFORM></EXPERIMENT>
</EXPERIMENT_SET>"""
BUSCO = """# BUSCO version is: 5.4.3
# The lineage dataset is: bacteria_odb10 (Creation date: 2020-03-06, number of genomes: 4085, number of BUSCOs: 124)
# Summarized benchmarking in BUSCO notation for file /x/genome.fna
C:98.4%[S:97.6%,D:0.8%],F:0.8%,M:0.8%,n:124
"""
UNIPROT = "\n".join(
    "\t".join(cells)
    for cells in (
        ("Entry", "Entry Name", "Reviewed", "Protein names", "Gene Names (primary)", "Organism", "Length", "EC number"),
        ("P0A7D4", "PURA_ECOLI", "reviewed", "Adenylosuccinate synthetase", "purA", "E. coli", "432", "6.3.4.4"),
    )
)
TAXONOMY = "RS_GCF_1.1\td__Archaea;p__H;c__M;o__M;f__M;g__Methanosarcina;s__Methanosarcina mazei\nbad line\n"
GENOMES = """genome_id metagenome_id genome_length num_contigs n50 num_16s num_5s num_23s num_trna completeness
 contamination quality_score mimag_quality otu_id ecosystem ecosystem_category ecosystem_type habitat taxonomy
 longitude latitude
33_1 33 2100000 12 51000 1 1 1 45 98.5 0.4 96.5 HQ O-1 Env Aquatic Marine S d__Bacteria;p__P;c__C;o__;f__;g__;s__ 12 -3
33_2 33 many 12 1 0 0 0 2 50.1 NA 1 MQ OTU-2 Env Aquatic Marine Sea d__Archaea;p__;c__;o__;f__;g__;s__ -200 95
""".replace("\n ", " ").replace(" ", "\t")
ANSWERS: dict[str, list[tuple[Resource, str]]] = {
    "agora": [(Resource("m", URL, "model", "xml", {"model": "m"}), SBML)],
    "assembly_reports": [(Resource("r", URL, "report", "text", {"accession": "GCF_1.1"}), BUSCO)],
    "ena": [(Resource("x", URL, "xml", "xml", {}), ENA)],
    "exoplanet_eu": [
        (
            Resource("catalogue", URL, "catalogue", "csv"),
            "name,planet_status,mass,mass_error_min,mass_sini,radius,orbital_period,semi_major_axis,star_name\n"
            "A b,Confirmed,1.5,inf,,1.2,3.5,0.05,A\nB b,Candidate,x,0.1,,,,,B\n",
        )
    ],
    "gtdb": [(Resource("t", f"{URL}_taxonomy.tsv", "taxonomy", "text", {"release": "207"}), TAXONOMY)],
    "igsr": [
        (
            Resource("p", f"{URL}.panel", "file", "text", {"list": "x.panel"}),
            "sample\tpop\tsuper_pop\tgender\nHG1\tGBR\tEUR\tmale\n",
        )
    ],
    "jgi_gems": [(Resource("genome_metadata", f"{URL}.tsv", "genomes", "text"), GENOMES)],
    "ncbi": [
        (Resource("f", URL, "fasta", "text", {"accession": "GCF_1.1"}), ">NC_1.1 chromosome\nACGTN\nACG\n>x\nGG\n")
    ],
    "ontologies": [(Resource("x", f"{URL}.obo", "ontology", "text"), OBO)],
    "open_exoplanets": [(Resource("s", URL, "systems", "xml"), SYSTEMS)],
    "osdr": [
        (
            Resource("example.org/OSD-1.csv", "https://example.org/OSD-1.csv", "sheet", "text"),
            'Sample Name,Organism,Factor Value[Spaceflight]\ns1,"A, b",Space Flight\ns2,B,\n',
        )
    ],
    "spectra": [
        (
            Resource("s", f"{URL}.csv", "spectrum", "text", {"planet": "A b", "kind": "transmission"}),
            "wavelength (um),depth (percent)\n1.0,1.5\n2.0,nan\n",
        )
    ],
    "uniprot": [(Resource("p", URL, "tsv", "text", {"accessions": ["P0A7D4", "P00000"]}), UNIPROT)],
}
SAMPLED = ("exoplanets", "gcm", "kegg")


def of_sample(folder: Path, source: str) -> list[tuple[Resource, Path]]:
    """The answers of the sample, fetched as a lake fetches them."""
    shutil.copyfile(SAMPLE / "lake.toml", folder / "lake.toml")
    text = (folder / "lake.toml").read_text()
    (folder / "lake.toml").write_text("\n".join(_mirrored(line) for line in text.splitlines()))
    settings = config.load(folder)
    fetch.run(settings, [source])
    with closing(fetch_log.connect(settings.data)) as connection:
        answers = fetch_log.current(connection, source)
    return [
        (Resource(one.resource, one.url, one.kind, one.expects, one.params), blobs.path(settings.data, str(one.sha256)))
        for one in answers
    ]


def _mirrored(line: str) -> str:
    return f'mirror = "{SAMPLE}"' if line.startswith("mirror") else line


def answers(folder: Path, source: str) -> list[tuple[Resource, Path]]:
    if source in SAMPLED:
        return of_sample(folder, source)
    found = []
    for n, (resource, text) in enumerate(ANSWERS[source]):
        (folder / str(n)).write_text(text)
        found.append((resource, folder / str(n)))
    return found


def told(source: str, resource: Resource, path: Path) -> Iterator[Any]:
    """What a reader gives of an answer, as JSON can hold it."""
    try:
        for part in sources.get(source).read(resource, Answer(path)):
            yield from of_part(part) if isinstance(part, Part) else of_cube(part)
    except LakeError as error:
        yield ["unreadable", error.what]


def of_part(part: Part) -> Iterator[Any]:
    yield [part.table, part.seen, *(f"{field.name} {field.type}" for field in part.rows.schema)]
    for table in (part.rows, part.rejects, part.cells):
        yield table.to_pylist() if table is not None else None


def of_cube(cube: Cube) -> Iterator[Any]:
    yield ["cube", dict(cube.facts), dict(cube.dataset.sizes)]
    for name, variable in sorted(cube.dataset.variables.items()):
        yield [
            str(name),
            list(variable.dims),
            str(variable.dtype),
            hashlib.sha256(variable.values.tobytes()).hexdigest(),
        ]
    yield None if cube.weights is None else [round(float(value), 12) for value in cube.weights.values.ravel()]


def digest(folder: Path, source: str) -> tuple[str, int]:
    """A digest over all that the reader gives; and how many rows that is."""
    sha, rows = hashlib.sha256(), 0
    for resource, path in answers(folder, source):
        for value in told(source, resource, path):
            rows += len(value) if isinstance(value, list) and value and isinstance(value[0], dict) else 0
            rows += isinstance(value, list) and value[:1] == ["cube"]
            sha.update(json.dumps(value, sort_keys=True, default=str).encode())
    return sha.hexdigest(), rows


@pytest.mark.parametrize("source", [*ANSWERS, *SAMPLED])
def test_a_reader_that_gives_other_rows_has_another_number(source, tmp_path):
    kept = json.loads(KEPT.read_text())[source]
    found, rows = digest(tmp_path, source)
    assert rows, "its answer gives nothing to compare"
    number = sources.get(source).READER
    if found != kept["digest"] and number == kept["reader"]:
        pytest.fail(f"lake/sources/{source}.py gives other rows than READER {number} did: raise it; then {AGAIN}")
    assert {"reader": number, "digest": found} == kept, f"they are to be kept: {AGAIN}"


AGAIN = "python tests/sources/test_digests.py rewrites the digests"

if __name__ == "__main__":
    texts = {}
    for each in sorted([*ANSWERS, *SAMPLED]):
        with tempfile.TemporaryDirectory() as place:
            texts[each] = {"reader": sources.get(each).READER, "digest": digest(Path(place), each)[0]}
    KEPT.write_text(json.dumps(texts, indent=2) + "\n")
