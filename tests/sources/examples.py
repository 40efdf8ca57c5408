"""A small answer of each kind that a reader takes: what the tests of all readers start from.

To have another reader tried too, add its line to EXAMPLES: its source, kind and parameters, and bytes that it takes.
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from sources import array_examples as arrays

from lake import sources
from lake.formats.answer import Answer
from lake.sources.contract import Resource

SAMPLE = Path(__file__).resolve().parents[2] / "sample"
MD5 = "0123456789abcdef" * 2
LINEAGE = "d__Bacteria;p__P;c__C;o__O;f__F;g__G;s__G s"


@dataclass(frozen=True)
class Example:
    """An answer.

    Attributes:
        form: how it may be taken apart: csv, tsv, xml, json, zip, fits, netcdf, or bytes: none of these.
    """

    source: str
    kind: str
    make: Callable[[], bytes]
    form: str = "bytes"
    params: Mapping[str, Any] = field(default_factory=dict)
    name: str = "example.org/a"
    expects: str = "text"

    @property
    def resource(self) -> Resource:
        return Resource(self.name, f"https://{self.name}", self.kind, self.expects, self.params)

    @cached_property
    def body(self) -> bytes:
        return self.make()

    def read(self, path: Path) -> list:
        """What its reader gives."""
        return list(sources.get(self.source).read(self.resource, Answer(path)))


def table(source: str, name: str, delimiter: str = "\t", only: Iterable[str] = (), **values: str) -> bytes:
    """A table with every column of a schema, in the archive's names, and three rows; or only with some columns."""
    schema = sources.get(source).TABLES[name]
    wanted = [one for one in schema if one.name != "_record" and (not only or one.name in only)]
    titles = [(one.metadata or {}).get(b"source", one.name.encode()).decode().split("|")[0] for one in wanted]
    kinds = {pa.int64(): "{}", pa.float64(): "{}.5", pa.bool_(): "t", pa.string(): "text {}"}
    rows = [
        [values.get(one.name, kinds.get(one.type, "")).replace("{}", str(number)) for one in wanted]
        for number in (1, 2, 3)
    ]
    return ("\n".join(delimiter.join(row) for row in [titles, *rows]) + "\n").encode()


def _sample(*names: str) -> Callable[[], bytes]:
    return SAMPLE.joinpath(*names).read_bytes


def _few(*names: str) -> Callable[[], bytes]:
    return lambda: b"".join(SAMPLE.joinpath(*names).read_bytes().splitlines(True)[:5])


def _zip(members: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(rows: Iterable[Iterable[str]] = (), sheet: str = "") -> bytes:
    """A workbook of one sheet: with these rows of text, or as the XML says."""
    cells = (
        "".join(f'<c r="{chr(65 + n)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>' for n, cell in enumerate(row))
        for number, row in enumerate(rows, 1)
    )
    data = sheet or "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(cells, 1))
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    return _zip(
        {
            "[Content_Types].xml": f'<Types xmlns="{types}"/>',
            "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" '
            f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" '
            f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>',
        }
    )


def _strains() -> bytes:
    lines = table("agora", "agora_strains").decode().splitlines()
    return workbook(line.split("\t")[:26] for line in lines)


UNIPROT_TXT = """ID   ABCA_TESTX              Reviewed;         3 AA.
AC   P00001; Q00002;
DT   01-MAR-2005, integrated into UniProtKB/Swiss-Prot.
DT   23-JAN-2007, sequence version 2.
DT   11-DEC-2019, entry version 48.
DE   RecName: Full=Test lyase {ECO:0000303|PubMed:1};
DE            EC=4.1.1.1;
DE   Flags: Fragment;
GN   Name=abc;2 {ECO:0000303|PubMed:1}; OrderedLocusNames=t0002, t0001;
OS   Testus example (Common test).
OX   NCBI_TaxID=7;
DR   EMBL; X00001; CAA00001.1; -; Genomic_DNA.
DR   KEGG; tst:t0002; -.
PE   3: Inferred from homology;
SQ   SEQUENCE   3 AA;  345 MW;  0123456789ABCDEF CRC64;
     MKV
//
"""
UNIPROT_XML = """<?xml version='1.0' encoding='UTF-8'?>
<uniprot xmlns="http://uniprot.org/uniprot">
<entry dataset="Swiss-Prot" created="2005-03-01" modified="2019-12-11" version="48">
<accession>P00001</accession><accession>Q00002</accession><name>ABCA_TESTX</name>
<protein><recommendedName><fullName>Test &lt;lyase&gt;</fullName><ecNumber>4.1.1.1</ecNumber>
</recommendedName></protein>
<gene><name type="primary">abc;2</name><name type="ordered locus">t0002</name></gene>
<organism><name type="scientific">Testus example</name><dbReference type="NCBI Taxonomy" id="7"/></organism>
<dbReference type="EMBL" id="X00001"><property type="protein sequence ID" value="CAA00001.1"/></dbReference>
<dbReference type="KEGG" id='tst:t0002'/><!-- a comment -->
<proteinExistence type="inferred from homology"/>
<sequence length="3" mass="345" checksum="0123456789ABCDEF" modified="2007-01-23" version="2">MKV</sequence>
</entry>
</uniprot>
"""
UNIPROT_ENTRY = {
    "entryType": "UniProtKB reviewed (Swiss-Prot)",
    "primaryAccession": "P00001",
    "secondaryAccessions": ["Q00002"],
    "uniProtkbId": "ABCA_TESTX",
    "entryAudit": {"firstPublicDate": "2005-03-01", "entryVersion": 48, "sequenceVersion": 2},
    "organism": {"scientificName": "Testus example", "commonName": "Common test", "taxonId": 7, "synonyms": ["x"]},
    "proteinExistence": "3: Inferred from homology",
    "proteinDescription": {
        "recommendedName": {"fullName": {"value": "Test lyase"}, "ecNumbers": [{"value": "4.1.1.1"}]},
        "contains": [{"recommendedName": {"fullName": {"value": "Part"}}}],
        "flag": "Fragment",
    },
    "genes": [{"geneName": {"value": "abc;2"}, "orderedLocusNames": [{"value": "t0002"}]}],
    "uniProtKBCrossReferences": [
        {"database": "EMBL", "id": "X00001", "properties": [{"key": "ProteinId", "value": "CAA00001.1"}]},
        {"database": "KEGG", "id": "tst:t0002"},
    ],
    "sequence": {"value": "MKV", "length": 3, "molWeight": 345, "crc64": "0123456789ABCDEF"},
}
UNIPROT_TSV = (
    "Entry\tEntry Name\tReviewed\tGene Names (primary)\tOrganism (ID)\tLength\tMass\tEC number\tEMBL\tSequence\n"
    "P00001\tABCA_TESTX\treviewed\tabcA\t7\t3\t345\t1.1.1.1; 2.-.-.-\tX00001;X00002;\tMKV\n"
    "P00002\tABCB_TESTX\tunreviewed\tHv2;8\t7\t4\t1,345\t\tX00003;\tMKVM\n"
)
RUN = {
    "run_accession": "SRR000001",
    "experiment_accession": "SRX000001",
    "secondary_study_accession": "SRP000001",
    "description": "A title & more",
    "base_count": "600",
    "fastq_ftp": "ftp.example.org/1.fastq.gz;ftp.example.org/2.fastq.gz",
    "fastq_bytes": "10;20",
    "fastq_md5": f"{MD5};{MD5}",
}
ENA_XML = """<?xml version="1.0" encoding="utf-8"?>
<SAMPLE_SET>
<SAMPLE accession="SRS000001" alias="x" center_name="A centre">
<IDENTIFIERS><PRIMARY_ID>SRS000001</PRIMARY_ID>
<EXTERNAL_ID namespace="BioSample">SAMN00000001</EXTERNAL_ID></IDENTIFIERS>
<TITLE>A title &amp; more</TITLE><SAMPLE_NAME><TAXON_ID>7</TAXON_ID></SAMPLE_NAME>
<SAMPLE_LINKS><SAMPLE_LINK><XREF_LINK><DB>ENA-RUN</DB><ID><![CDATA[SRR1]]></ID></XREF_LINK></SAMPLE_LINK>
</SAMPLE_LINKS>
<SAMPLE_ATTRIBUTES>
<SAMPLE_ATTRIBUTE><TAG>depth</TAG><VALUE>10</VALUE><UNITS>m</UNITS></SAMPLE_ATTRIBUTE>
<SAMPLE_ATTRIBUTE><TAG>ENA-SPOT-COUNT</TAG><VALUE>2</VALUE></SAMPLE_ATTRIBUTE>
</SAMPLE_ATTRIBUTES>
</SAMPLE>
</SAMPLE_SET>
"""
EMBL = """ID   X00001; SV 1; linear; genomic DNA; STD; PRO; 12 BP.
AC   X00001; X00002;
PR   Project:PRJNA1;
DT   01-JAN-1990 (Rel. 22, Created)
DE   A made-up sequence
OS   Testus example
DR   BioSample; SAMN00000001.
FT   source          1..12
FT                   /db_xref="taxon:7"
SQ   Sequence 12 BP; 3 A; 3 C; 3 G; 3 T; 0 other;
     acgtacgtac gt                                                            12
//
"""
SYSTEM = """<?xml version="1.0" encoding="UTF-8"?>
<system><name>Test</name><rightascension>01 02 03</rightascension>
<binary><name>Test</name><separation unit="arcsec">1.5</separation>
<star><name>Test A</name><temperature lowerlimit="1000" upperlimit="2000"/>
<planet><name>Test A b</name><name>Other b</name><mass errorminus="0.1" errorplus="">1.2</mass><list>Confirmed</list>
</planet></star><star><name>Test B</name></star></binary></system>
"""
LISTING = """<html><head><title>Index of /vol1/ftp/a</title></head><body><h1>Index of /vol1/ftp/a</h1><pre>
<a href="../">Parent Directory</a>
<a href="b/">b/</a>      2020-01-02 03:04    -
<a href="c.index">c.index</a> 2020-01-02 03:04  1.2M
</pre></body></html>
"""
PAGE = """<html><head><title>KEGG PATHWAY: map01220</title></head><body><map name="m">
<area shape="poly" coords="1,2,3" href="/entry/K00055+R01763" title="K00055, R01763"/>
<area shape="rect" coords="1,2,3,4" href="/pathway/map00010"></map></body></html>
"""
GROUP = """<?xml version="1.0"?>
<!DOCTYPE pathway SYSTEM "https://www.kegg.jp/kegg/xml/KGML_v0.7.2_.dtd">
<pathway name="path:hsa04010" org="hsa" number="04010" title="A pathway"><entry id="1" name="hsa:1 hsa:2" type="gene">
<graphics name="A, B" x="1" y="2" type="rectangle" width="3" height="4"/></entry>
<entry id="2" name="undefined" type="group"><graphics type="rectangle" x="1" y="2"/><component id="1"/></entry>
<relation entry1="1" entry2="2" type="PPrel"><subtype name="activation" value="--&gt;"/></relation></pathway>
"""
HIERARCHY = {
    "name": "br08901",
    "children": [{"name": "09100 Metabolism", "children": [{"name": "00010  Glycolysis"}, {"name": "No id"}]}],
}
KEG = "+C\tMap\n#x\n!\nA<b>Metabolism</b>\nB  Carbohydrates\nC    00010  Glycolysis\n!\n"
REPORT = """# Assembly name:  ASM1v1
# Organism name:  Testus example (bacteria)
# Taxid:          7
# RefSeq assembly accession: GCF_000000001.1
#
# Sequence-Name\tSequence-Role\tAssigned-Molecule\tAssigned-Molecule-Location/Type\tGenBank-Accn\tRelationship\t\
RefSeq-Accn\tAssembly-Unit\tSequence-Length\tUCSC-style-name
ANONYMOUS\tassembled-molecule\tna\tChromosome\tCP1.1\t=\tNZ_CP1.1\tPrimary Assembly\t4000\tna
"""
BUSCO = """# BUSCO version is: 5.4.3
# The lineage dataset is: bacteria_odb10 (Creation date: 2020-03-06, number of genomes: 4085)
# Summarized benchmarking in BUSCO notation for file /x/genome.fna
\tC:98.4%[S:97.6%,D:0.8%],F:0.8%,M:0.8%,n:124
"""
QUAST = "Assembly\tone\ttwo\n# contigs\t1\t2\nTotal length\t4000\t5000\nN50\t4000\t3000\nGC (%)\t50.5\t40\n"
TURNED = "Assembly\t# contigs\tTotal length\tN50\tGC (%)\none\t1\t4000\t4000\t50.5\ntwo\t2\t5000\t3000\t40\n"
CHECKM = """-------------------------------------------------------
  Bin Id   Marker lineage   # genomes   Completeness   Contamination   Strain heterogeneity
-------------------------------------------------------
  one      k__Bacteria      5449           98.28            0.00               0.00
-------------------------------------------------------
"""
FCS = '##[["FCS genome report", 2, 1], {"git-rev": "v0.5.0"}]\n#seq_id\tstart_pos\tend_pos\tseq_len\taction\tdiv\n' + (
    "one\t1\t10\t100\tEXCLUDE\tprok:x\n"
)

_TAP = "exoplanetarchive.ipac.caltech.edu/TAP"
_LISTS = {
    "list/pathway.tsv": ("pathways", {}),
    "list/pathway/eco": ("organism_pathways", {"organism": "eco"}),
    "list/eco": ("genes", {"organism": "eco"}),
    "list/compound": ("compounds", {}),
    "list/reaction": ("reactions", {}),
    "link/compound/pathway": ("links", {}),
}
OBO = """format-version: 1.4
default-namespace: x
[Term]
id: X:1 ! one
name: a \\{b\\} {source="c {d}"}
def: "e \\"f\\" \\
g" [H:1 "i"] {j="k"}
synonym: "l "m" n" EXACT o [P:1]
xref: Q:1 "r"
is_a: X:2 {minCardinality="1"} ! two
relationship: part_of X:3
is_obsolete: false
"""
_LEVEL3, _PURL = "http://www.sbml.org/sbml/level3/version1", "http://purl.obolibrary.org/obo/"
OWL = f"""<?xml version="1.0"?>
<rdf:RDF xml:base="{_PURL}x.owl" xmlns:owl="http://www.w3.org/2002/07/owl#" xmlns:obo="{_PURL}"
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"
 xmlns:oboInOwl="http://www.geneontology.org/formats/oboInOwl#"><!-- a --><owl:Class rdf:about="{_PURL}X_1">
<rdfs:label xml:lang="en">one</rdfs:label><oboInOwl:hasExactSynonym>uno</oboInOwl:hasExactSynonym>
<rdfs:subClassOf><owl:Restriction><owl:onProperty rdf:resource="{_PURL}BFO_0000050"/><owl:minQualifiedCardinality>1
</owl:minQualifiedCardinality><owl:onClass rdf:resource="#X"/></owl:Restriction></rdfs:subClassOf>
<rdfs:subClassOf><owl:Class rdf:ID="Y"><owl:deprecated>1</owl:deprecated></owl:Class></rdfs:subClassOf></owl:Class>
<rdf:Description rdf:about="X_2"><rdf:type rdf:resource="http://www.w3.org/2002/07/owl#Class"/></rdf:Description>
</rdf:RDF>"""
GRAPH = {
    "graphs": [
        {
            "nodes": [
                {
                    "id": f"{_PURL}X_1",
                    "lbl": "one",
                    "type": "CLASS",
                    "meta": {
                        "definition": {"val": "d"},
                        "synonyms": [{"pred": "hasExactSynonym", "val": "uno"}],
                        "xrefs": [{"val": "Q:1"}],
                        "comments": ["c"],
                        "deprecated": True,
                        "basicPropertyValues": [{"pred": f"{_PURL}IAO_0100001", "val": f"{_PURL}X_2"}],
                    },
                },
                {"id": f"{_PURL}X_3", "type": "INDIVIDUAL"},
            ],
            "edges": [{"sub": f"{_PURL}X_1", "pred": "is_a", "obj": f"{_PURL}X_2"}],
        }
    ]
}
SBML = f"""<sbml xmlns="{_LEVEL3}/core" xmlns:fbc="{_LEVEL3}/fbc/version2" xmlns:groups="{_LEVEL3}/groups/version1"
 level="3" version="1"><model id="m"><listOfCompartments><compartment id="c"/></listOfCompartments><listOfSpecies>
<species id="M_a" compartment="c" boundaryCondition="1" fbc:charge="-1"><annotation><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:b="http://biomodels.net/biology-qualifiers/"><b:is>
<rdf:Bag><rdf:li rdf:resource="https://identifiers.org/CHEBI:1"/></rdf:Bag></b:is></rdf:RDF></annotation></species>
</listOfSpecies>
<listOfParameters><parameter id="lb" value="-10"/></listOfParameters><fbc:listOfObjectives fbc:activeObjective="o">
<fbc:objective fbc:id="o" fbc:type="maximize"><fbc:fluxObjective fbc:reaction="R_x" fbc:coefficient="1"/>
</fbc:objective></fbc:listOfObjectives><listOfReactions><reaction id="R_x" reversible="0" fbc:lowerFluxBound="lb">
<notes>
<p>KEGG Reaction: R00001</p></notes><listOfReactants><speciesReference species="M_a" stoichiometry="1"/>
</listOfReactants>
<fbc:geneProductAssociation><fbc:and><!-- b --><fbc:geneProductRef fbc:geneProduct="G_1"/></fbc:and>
</fbc:geneProductAssociation></reaction></listOfReactions><fbc:listOfGeneProducts><fbc:geneProduct fbc:id="G_1"
 fbc:label="one"/></fbc:listOfGeneProducts></model></sbml>"""
NAMES = "7\t|\tAbc def\t|\t\t|\tscientific name\t|\n7\t|\tabc\t|\t\t|\tcommon name\t|\n"


def _taxonomy() -> bytes:
    """names.dmp and delnodes.dmp in an archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in (("names.dmp", NAMES.encode()), ("delnodes.dmp", b"9\t|\n")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


EXAMPLES: dict[str, Example] = {
    **{
        f"kegg {kind}": Example("kegg", kind, _few("rest.kegg.jp", *path.split("/")), "tsv", params)
        for path, (kind, params) in _LISTS.items()
    },
    "kegg terms": Example("kegg", "terms", lambda: b"ko:K1\ta, b; one [EC:1.1.1.1]\n", "tsv", {"database": "ko"}),
    "kegg kgml": Example("kegg", "kgml", _sample("rest.kegg.jp", "get", "eco00920", "kgml"), "xml"),
    "kegg group": Example("kegg", "kgml", GROUP.encode, "xml"),
    "kegg hierarchy": Example("kegg", "hierarchy", lambda: json.dumps(HIERARCHY).encode(), "json", {"brite": "br1"}),
    "kegg keg": Example("kegg", "hierarchy", KEG.encode, params={"brite": "br1"}),
    "kegg page": Example("kegg", "map_areas", PAGE.encode, "xml", {"pathway_id": "map01220"}),
    **{
        f"exoplanets {kind}": Example("exoplanets", kind, _few(*_TAP.split("/"), f"{kind}.csv"), "csv")
        for kind in ("ps", "pscomppars", "toi", "cumulative")
    },
    "exoplanet_eu": Example(
        "exoplanet_eu", "catalogue", lambda: table("exoplanet_eu", "exoplanet_eu_planets", ","), "csv"
    ),
    "open_exoplanets table": Example(
        "open_exoplanets", "table", lambda: table("open_exoplanets", "open_exoplanets_planets", ","), "csv"
    ),
    "open_exoplanets systems": Example("open_exoplanets", "systems", SYSTEM.encode, "xml"),
    "ncbi summary": Example("ncbi", "summary", lambda: table("ncbi", "ncbi_assemblies"), "tsv"),
    "ncbi report": Example("ncbi", "report", REPORT.encode, "tsv", {"accession": "GCF_000000001.1"}),
    "ncbi stats": Example(
        "ncbi", "stats", lambda: table("ncbi", "ncbi_assembly_statistics"), "tsv", {"accession": "GCF_000000001.1"}
    ),
    "ncbi ani": Example("ncbi", "ani", lambda: table("ncbi", "ncbi_ani"), "tsv"),
    "ncbi fasta": Example(
        "ncbi", "fasta", lambda: b">s1 title\nACGTN\nAC\n>s2\nacgt\n", params={"accession": "GCF_1.1"}
    ),
    "gtdb taxonomy": Example("gtdb", "taxonomy", f"RS_GCF_1.1\t{LINEAGE}\n".encode, "tsv", {"release": "1"}),
    "gtdb metadata": Example(
        "gtdb", "metadata", lambda: table("gtdb", "gtdb_metadata", lineage=LINEAGE), "tsv", {"release": "1"}
    ),
    "jgi_gems": Example(
        "jgi_gems", "genomes", lambda: table("jgi_gems", "jgi_gems_genomes", lineage=LINEAGE, genome_id="1_{}"), "tsv"
    ),
    "igsr index": Example("igsr", "list", lambda: table("igsr", "igsr_sequences", md5=MD5), "tsv", {"list": "a"}),
    "igsr samples": Example(
        "igsr", "list", b"sample\tpop\tsuper_pop\tgender\t\t\nHG1\tGBR\tEUR\tmale\t\t\n".__bytes__, "tsv", {"list": "a"}
    ),
    "igsr tree": Example(
        "igsr", "list", f"ftp/a\tdirectory\t10\tMon\nftp/a/b\tfile\t12\tMon\t{MD5}\n".encode, "tsv", {"list": "a"}
    ),
    "igsr files": Example(
        "igsr", "list", f"a/b.cram\t{MD5}\ta/b.cram.crai\t{MD5}\n".encode, "tsv", {"list": "a.alignment.index"}
    ),
    "igsr listing": Example("igsr", "listing", LISTING.encode, "xml", {"list": "a"}),
    "osdr studies": Example("osdr", "studies", lambda: table("osdr", "osdr_studies"), "tsv"),
    "osdr sheet": Example(
        "osdr", "sheet", b'Sample Name,Organism\ns1,"A, b"\ns2,B\n'.__bytes__, "csv", name="x/OSD-1.csv"
    ),
    "osdr archive": Example(
        "osdr",
        "sheet",
        lambda: _zip({"i_x.txt": "x", "s_x.txt": 'Sample Name\tUnit\tUnit\ns1\t"a\nb"\tm\n'}),
        "zip",
        name="x/OSD-1.zip",
        expects="zip",
    ),
    "ena search": Example("ena", "search", lambda: json.dumps([RUN, RUN]).encode(), "json", {"result": "read_run"}),
    "ena files": Example(
        "ena",
        "files",
        lambda: "\n".join("\t".join(row) for row in (RUN, RUN.values())).encode(),
        "tsv",
        {"result": "read_run"},
    ),
    "ena xml": Example("ena", "xml", ENA_XML.encode, "xml", {"accession": "SRS000001"}),
    "ena embl": Example("ena", "embl", EMBL.encode, params={"accession": "X00001"}),
    "uniprot tsv": Example("uniprot", "tsv", UNIPROT_TSV.encode, "tsv"),
    "uniprot txt": Example("uniprot", "txt", UNIPROT_TXT.encode),
    "uniprot xml": Example("uniprot", "xml", UNIPROT_XML.encode, "xml"),
    "uniprot json": Example("uniprot", "json", lambda: json.dumps({"results": [UNIPROT_ENTRY] * 2}).encode(), "json"),
    "busco": Example("assembly_reports", "report", BUSCO.encode),
    "quast": Example("assembly_reports", "report", QUAST.encode, "tsv"),
    "quast turned": Example("assembly_reports", "report", TURNED.encode, "tsv"),
    "checkm": Example("assembly_reports", "report", CHECKM.encode),
    "checkm2": Example(
        "assembly_reports", "report", b"Name\tCompleteness\tContamination\none\t99.1\t0.2\n".__bytes__, "tsv"
    ),
    "gtdb-tk": Example("assembly_reports", "report", f"user_genome\tclassification\none\t{LINEAGE}\n".encode, "tsv"),
    "fcs": Example("assembly_reports", "report", FCS.encode, "tsv"),
    "agora strains": Example("agora", "strains", _strains, "zip", {"collection": "AGORA"}),
    "agora model": Example("agora", "model", SBML.encode, "xml", {"model": "m"}),
    "ontology obo": Example("ontologies", "ontology", OBO.encode),
    "ontology owl": Example("ontologies", "ontology", OWL.encode, "xml"),
    "ontology graph": Example("ontologies", "ontology", lambda: json.dumps(GRAPH).encode(), "json"),
    "taxonomy names": Example("ontologies", "taxonomy", NAMES.encode, name="example.org/names.dmp"),
    "taxonomy merged": Example("ontologies", "taxonomy", b"12\t|\t7\t|\n".__bytes__, name="example.org/merged.dmp"),
    "taxonomy archive": Example("ontologies", "taxonomy", _taxonomy),
    "taxonomy deleted": Example("ontologies", "taxonomy", b"9\t|\n".__bytes__, name="example.org/delnodes.dmp"),
    "spectrum text": Example("spectra", "spectrum", arrays.TEXT.encode, "tsv", arrays.SPECTRUM),
    "spectrum ecsv": Example("spectra", "spectrum", arrays.ECSV.encode, "csv", arrays.SPECTRUM),
    "spectrum table": Example("spectra", "spectrum", arrays.fits_table, "fits", arrays.SPECTRUM, expects="fits"),
    "spectrum image": Example("spectra", "spectrum", arrays.fits_image, "fits", arrays.FLUXES, expects="fits"),
    "spectrum columns": Example("spectra", "spectrum", arrays.REDUCTION.encode, "csv", arrays.COLUMNS),
    "spectrum settings": Example("spectra", "spectrum", arrays.SETTINGS.encode, params={"kind": "configuration"}),
    **{
        f"gcm {format}": Example("gcm", "netcdf", partial(arrays.netcdf, format), "netcdf", arrays.RUN)
        for format in arrays.NETCDF
    },
    "gcm listing": Example(
        "gcm", "listing", LISTING.encode, "xml", {"folder": "https://example.org/vol1/ftp/a/", "files": ["*.index"]}
    ),
}
