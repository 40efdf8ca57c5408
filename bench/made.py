"""Made-up files in the forms of archives, for bench/archives.py: each function writes so many rows, always the same."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any


def ncbi(path: Path, rows: int) -> None:
    """NCBI's summary of assemblies, gzipped where the path says so."""
    _table(path, "ncbi_assemblies", rows, "##  See a README\n#", lambda n: f"GCA_{n:09d}.1")


def gtdb(path: Path, rows: int) -> None:
    """GTDB's metadata, with the 110 columns that it has."""
    _table(path, "gtdb_metadata", rows, "", lambda n: f"GB_GCA_{n:09d}.1", 110)


def _table(path: Path, table: str, rows: int, comment: str, key: Callable[[int], str], wide: int = 0) -> None:
    from lake.sources.gtdb import tables as gtdb_tables
    from lake.sources.ncbi import tables as ncbi_tables

    schema = {**ncbi_tables.TABLES, **gtdb_tables.TABLES}[table]
    fields = [field for field in schema if field.name not in ("_record", "release")]
    names = [(field.metadata.get(b"source", b"").decode() or field.name).split("|")[0] for field in fields]
    more = [f"other_{n}" for n in range(wide - len(names))]
    lineage = names.index("gtdb_taxonomy") if "gtdb_taxonomy" in names else None
    opened = gzip.open(path, "wt", 1) if path.suffix == ".gz" else open(path, "w")  # noqa: SIM115
    with opened as file:
        file.write(comment + "\t".join([*names, *more]) + "\n")
        kept = []
        for number in range(97):
            cells = [_cell(field, number) for field in fields] + ["none"] * len(more)
            if lineage is not None:
                cells[lineage] = "d__A;p__B;c__C;o__D;f__E;g__F;s__F g"
            kept.append("\t".join(cells[1:]) + "\n")
        for start in range(0, rows, 10_000):
            file.write("".join(f"{key(n)}\t{kept[n % 97]}" for n in range(start, min(start + 10_000, rows))))


def _cell(field: Any, number: int) -> str:
    """A cell of the field's type."""
    given = {"int64": str(number % 9_999_991), "double": f"{number % 1000 / 10}", "bool": "t"}
    return given.get(str(field.type), f"made up {field.name} {number % 97}")


def uniprot_tsv(path: Path, rows: int) -> None:
    """Entries of UniProt as TSV of nine columns."""
    with open(path, "w") as file:
        file.write("Entry\tEntry Name\tReviewed\tProtein names\tGene Names\tOrganism\tLength\tMass\tEC number\n")
        for n in range(rows):
            file.write(
                f"P{n:05d}\tX{n}_MADE\treviewed\tA protein {n}\tabc{n}\tMade up\t{n % 900 + 9}\t{n % 90000}\t"
                f"1.1.1.{n % 99}\n"
            )


def uniprot_xml(path: Path, rows: int) -> None:
    """Entries of UniProt as XML, of 5 to 11 kB: names, references, comments, cross-references, features, a sequence."""
    kept = [_entry(random.Random(number)) for number in range(97)]
    with open(path, "w") as file:
        file.write("<?xml version='1.0' encoding='UTF-8'?>\n<uniprot xmlns=\"http://uniprot.org/uniprot\">\n")
        for n in range(rows):
            file.write(kept[n % 97].replace("@", f"{n:07d}"))
        file.write("</uniprot>\n")


def _entry(dice: random.Random) -> str:
    """An entry; its number goes where the @ are."""
    size, words = dice.randint(80, 900), "made up of words that say what it does &amp; where (PubMed:1234567) "
    lines = [
        '<entry dataset="Swiss-Prot" created="1998-07-15" modified="2025-06-18" version="123">',
        "<accession>A0A@</accession>\n<accession>B0B@</accession>\n<name>X@_MADE</name>",
        '<protein>\n<recommendedName>\n<fullName evidence="1">Protein @</fullName>\n<shortName>P@</shortName>',
        "<ecNumber>1.1.1.7</ecNumber>\n</recommendedName>\n</protein>",
        '<gene>\n<name type="primary">abc@</name>\n<name type="ordered locus">b@</name>\n</gene>',
        '<organism>\n<name type="scientific">Species made up</name>\n<name type="common">Example</name>',
        '<dbReference type="NCBI Taxonomy" id="562"/>\n<lineage>',
        *(f"<taxon>Taxon{n}</taxon>" for n in range(8)),
        "</lineage>\n</organism>",
    ]
    for n in range(dice.randint(1, 5)):
        lines += [
            f'<reference key="{n + 1}">',
            f'<citation type="journal article" date="2010" name="J. Bacteriol." volume="{n}" first="20" last="28">',
            f"<title>{words * 2}</title>\n<authorList>",
            *(f'<person name="Author{author} A."/>' for author in range(dice.randint(2, 12))),
            f'</authorList>\n<dbReference type="PubMed" id="2141{n}"/>\n<dbReference type="DOI" id="10.1/p.{n}"/>',
            f"</citation>\n<scope>NUCLEOTIDE SEQUENCE</scope>\n<source>\n<strain>K{n}</strain>\n</source>",
            "</reference>",
        ]
    for kind in ("function", "subunit", "similarity")[: dice.randint(1, 3)]:
        lines.append(f'<comment type="{kind}">\n<text evidence="1">{words * dice.randint(1, 5)}</text>\n</comment>')
    lines += [
        '<dbReference type="EMBL" id="AK@">\n<property type="protein sequence ID" value="BAJ@.1"/>',
        '<property type="molecule type" value="Genomic_DNA"/>\n</dbReference>',
        '<dbReference type="RefSeq" id="WP_@.1"/>\n<dbReference type="KEGG" id="eco:b@"/>',
    ]
    for n in range(dice.randint(8, 30)):
        database = ("GO", "InterPro", "Pfam", "PDB")[n % 4]
        lines.append(f'<dbReference type="{database}" id="{database}:{n:07d}">\n<property type="term" value="C:@"/>')
        lines.append('<property type="evidence" value="IEA:UniProtKB"/>\n</dbReference>')
    lines.append('<proteinExistence type="evidence at protein level"/>')
    lines += [f'<keyword id="KW-{n:04d}">Keyword {n}</keyword>' for n in range(dice.randint(3, 10))]
    for n in range(dice.randint(1, 12)):
        lines.append(f'<feature type="chain" id="PRO_{n}@" description="Part {n}" evidence="1">\n<location>')
        lines.append(f'<begin position="{n + 1}"/>\n<end position="{n + 9}"/>\n</location>\n</feature>')
    lines.append('<evidence key="1" type="ECO:0000256">\n<source>\n<dbReference type="RuleBase" id="RU1"/>\n</source>')
    lines.append(f'</evidence>\n<sequence length="{size}" mass="{size * 110}" checksum="07E95E632BD020E9"')
    lines.append('modified="1998-07-15" version="1">' + "".join(dice.choices("ACDEFGHIKLMNPQRSTVWY", k=size)))
    return "\n".join([*lines, "</sequence>\n</entry>\n"])


def kgml(folder: Path, documents: int) -> None:
    """Documents of 15 to 136 kB, 75 kB in the mean: 195 entries with graphics, 32 reactions, 64 relations."""
    folder.mkdir()
    for number in range(documents):
        (folder / f"{number}.kgml").write_text(_pathway(number))


def _pathway(number: int) -> str:
    pathway, entries, www = f"eco{number:05d}", random.Random(number).randint(40, 350), "https://www.kegg.jp"
    lines = [
        f'<?xml version="1.0"?>\n<!DOCTYPE pathway SYSTEM "{www}/kegg/xml/KGML_v0.7.2_.dtd">',
        "<!-- Creation date: Jan 20, 2022 09:02:12 +0900 (GMT+9) -->",
        f'<pathway name="path:{pathway}" org="{pathway[:-5]}" number="{pathway[-5:]}"',
        f'         title="Made up {number}"\n         image="{www}/kegg/pathway/{pathway}.png"',
        f'         link="{www}/kegg-bin/show_pathway?{pathway}">',
    ]
    for n in range(1, entries + 1):
        kind, of = ("compound", f"cpd:C{n:05d}") if n % 4 == 0 else ("gene", f"eco:b{n:04d} eco:b{number % 9999:04d}")
        reaction = f' reaction="rn:R{n:05d}"' if kind == "gene" else ""
        lines.append(f'    <entry id="{n}" name="{of}" type="{kind}"{reaction}')
        lines.append(f'        link="{www}/dbget-bin/www_bget?{of.replace(" ", "+")}">')
        lines.append(f'        <graphics name="ABC{n}, DEF{n}, Made up {n}..." fgcolor="#000000" bgcolor="#BFFFBF"')
        lines.append(
            f'             type="rectangle" x="{n * 7 % 999}" y="{n * 3}" width="46" height="17"/>\n    </entry>'
        )
    for n in range(1, entries // 3):
        kind = ("ECrel", "compound") if n % 2 else ("PPrel", "activation")
        lines.append(f'    <relation entry1="{n}" entry2="{n + 1}" type="{kind[0]}">')
        lines.append(f'        <subtype name="{kind[1]}" value="{n // 4 * 4 + 4}"/>\n    </relation>')
    for n in range(1, entries // 6):
        lines.append(f'    <reaction id="{n}" name="rn:R{n:05d}" type="{("reversible", "irreversible")[n % 2]}">')
        for role, at in (("substrate", n * 4), ("product", n * 4 + 4)):
            lines.append(f'        <{role} id="{at}" name="cpd:C{at:05d}"/>')
        lines.append("    </reaction>")
    return "\n".join([*lines, "</pathway>\n"])


def obo(path: Path, rows: int) -> None:
    """Terms with a definition, a synonym, a cross-reference and a parent."""
    with open(path, "w") as file:
        file.write("format-version: 1.2\nontology: x\n")
        for n in range(rows):
            file.write(
                f'\n[Term]\nid: X:{n:07d}\nname: term {n}\ndef: "What term {n} is." [ME:{n}]\n'
                f'synonym: "t{n}" EXACT []\nxref: DB:{n}\n'
            )
            if n:
                file.write(f"is_a: X:{n // 2:07d} ! another\n")


def sbml(folder: Path, reactions: int) -> None:
    """Models of 1,500 reactions, 1,000 metabolites and 750 genes, annotated as AGORA's are: 2 MB each."""
    folder.mkdir()
    for number, start in enumerate(range(0, reactions, 1500)):
        (folder / f"model{number}.xml").write_text(_model(number, min(1500, reactions - start)))


def _model(number: int, reactions: int) -> str:
    level, rdf = "http://www.sbml.org/sbml/level3/version1", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

    def annotated(id: str, resource: str) -> str:
        return (
            f'<annotation>\n<rdf:RDF xmlns:rdf="{rdf}" xmlns:bqbiol="http://biomodels.net/biology-qualifiers/">\n'
            f'<rdf:Description rdf:about="#{id}">\n<bqbiol:is>\n<rdf:Bag>\n<rdf:li rdf:resource="http://identifiers.org/'
            f'{resource}"/>\n</rdf:Bag>\n</bqbiol:is>\n</rdf:Description>\n</rdf:RDF>\n</annotation>'
        )

    lines = [
        f'<?xml version="1.0" encoding="UTF-8"?>\n<sbml xmlns="{level}/core" xmlns:fbc="{level}/fbc/version2" '
        f'xmlns:groups="{level}/groups/version1" level="3" version="1" fbc:required="false" groups:required="false">',
        f'<model metaid="made{number}" id="made{number}" name="Made up {number}" fbc:strict="true">',
        '<listOfCompartments>\n<compartment id="c" name="Cytoplasm" constant="true"/>\n</listOfCompartments>',
        "<listOfSpecies>",
    ]
    for n in range(1000):
        lines.append(
            f'<species metaid="M_m{n}__91__c__93__" id="M_m{n}__91__c__93__" name="Metabolite {n}" compartment="c" '
            'hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false" fbc:charge="-2" '
            f'fbc:chemicalFormula="C{n % 40 + 1}H45N11O19">\n'
            f"{annotated(f'M_m{n}__91__c__93__', f'kegg.compound/C{n:05d}')}\n</species>"
        )
    lines.append('</listOfSpecies>\n<listOfParameters>\n<parameter id="low" value="-1000" constant="true"/>')
    lines.append('<parameter id="high" value="1000" constant="true"/>\n</listOfParameters>\n<listOfReactions>')
    for n in range(reactions):
        lines.append(
            f'<reaction metaid="R_r{n}" id="R_r{n}" name="Reaction {n}" reversible="true" fast="false" '
            'fbc:lowerFluxBound="low" fbc:upperFluxBound="high">\n'
            f"{annotated(f'R_r{n}', f'ec-code/1.1.1.{n}')}"
        )
        for side, at in (("Reactants", n), ("Products", n + 2)):
            lines.append(f"<listOf{side}>")
            for more in (at, at + 1):
                species = f'species="M_m{more % 1000}__91__c__93__"'
                lines.append(f'<speciesReference {species} stoichiometry="1" constant="true"/>')
            lines.append(f"</listOf{side}>")
        genes = "\n".join(f'<fbc:geneProductRef fbc:geneProduct="G_g{(n + k) % 750}"/>' for k in range(2))
        lines.append(f"<fbc:geneProductAssociation>\n<fbc:and>\n{genes}\n</fbc:and>\n</fbc:geneProductAssociation>")
        lines.append("</reaction>")
    lines.append("</listOfReactions>\n<fbc:listOfGeneProducts>")
    lines += [f'<fbc:geneProduct fbc:id="G_g{n}" fbc:label="g{n}" fbc:name="gene {n}"/>' for n in range(750)]
    lines.append("</fbc:listOfGeneProducts>\n<groups:listOfGroups>")
    for group in range(0, reactions, 50):
        lines.append(f'<groups:group groups:id="g{group}" groups:name="Group {group}" groups:kind="partonomy">')
        lines.append("<groups:listOfMembers>")
        lines += [f'<groups:member groups:idRef="R_r{n}"/>' for n in range(group, min(group + 50, reactions))]
        lines.append("</groups:listOfMembers>\n</groups:group>")
    return "\n".join([*lines, "</groups:listOfGroups>\n</model>\n</sbml>\n"])
