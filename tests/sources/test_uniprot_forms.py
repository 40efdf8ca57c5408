"""One entry of UniProt, one answer: the same rows from TSV, flat file, XML and JSON, but for what TSV cannot have."""

from __future__ import annotations

import json
import textwrap
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.formats.answer import Answer
from lake.sources import uniprot
from lake.sources.contract import Resource

NOT_IN_TSV = {"secondary_accessions", "checksum", "protein_names"}
_LETTERS = "abcXYZ0189'()[]*&<>-+/.:_\"μé"
_INNER = st.text(_LETTERS + ";,", min_size=1, max_size=6)
_WORD = st.builds(lambda a, b, c: a + b + c, st.sampled_from("abXY1"), _INNER, st.sampled_from("abXY1)"))
_WORDS = (
    st.lists(_WORD, min_size=1, max_size=3).map(" ".join).filter(lambda name: "; " not in name and ", " not in name)
)


@st.composite
def _entries(draw):
    genes = draw(st.lists(st.tuples(_WORDS, st.lists(_WORD, max_size=3, unique=True)), max_size=3))
    return {
        "accession": "P12345",
        "secondary": draw(st.lists(st.sampled_from(["Q00001", "Q00002", "A0A000"]), unique=True, max_size=3)),
        "name": "AB_TEST",
        "reviewed": draw(st.booleans()),
        "protein": draw(_WORDS),
        "other": draw(st.none() | _WORDS),
        "ec": draw(st.lists(st.sampled_from(["1.1.1.1", "3.2.2.-", "2.3.1.n7"]), unique=True, max_size=2)),
        "genes": genes,
        "organism": draw(_WORDS),
        "common": draw(st.none() | _WORDS),
        "fragment": draw(st.booleans()),
        "existence": draw(st.integers(1, 5)),
        "kegg": draw(st.lists(st.sampled_from(["eco:b0002", "hsa:1", "ath:AT1G01010"]), unique=True, max_size=2)),
    }


EXISTENCE = {
    1: "Evidence at protein level",
    2: "Evidence at transcript level",
    3: "Inferred from homology",
    4: "Predicted",
    5: "Uncertain",
}


def _flat(entry) -> str:
    lines = [f"ID   {entry['name']}   {'Reviewed' if entry['reviewed'] else 'Unreviewed'};   3 AA."]

    def say(code: str, said: str) -> None:
        lines.extend(
            f"{code}   {line}" for line in textwrap.wrap(said, 60, break_long_words=False, break_on_hyphens=False)
        )

    say("AC", " ".join(f"{id};" for id in ("P12345", *entry["secondary"])))
    lines += ["DT   01-MAR-2005, integrated into UniProtKB/Swiss-Prot.", "DT   23-JAN-2007, sequence version 2."]
    lines += ["DT   11-DEC-2019, entry version 48.", f"DE   RecName: Full={entry['protein']} {{ECO:0000303|PubMed:1}};"]
    lines += [f"DE            EC={number} {{ECO:0000303|PubMed:1}};" for number in entry["ec"]]
    lines += [f"DE   AltName: Full={entry['other']};"] if entry["other"] else []
    lines += ["DE   Flags: Precursor; Fragment;"] if entry["fragment"] else ["DE   Flags: Precursor;"]
    for number, (name, loci) in enumerate(entry["genes"]):
        lines += ["GN   and"] if number else []
        more = f" OrderedLocusNames={', '.join(loci)} {{ECO:0000312|EMBL:X}};" if loci else ""
        say("GN", f"Name={name} {{ECO:0000303|PubMed:1, ECO:0000305}}; Synonyms=s1, s;2;{more} ORFNames=o;1;")
    say("OS", entry["organism"] + (f" ({entry['common']})" if entry["common"] else "") + ".")
    lines += ["OX   NCBI_TaxID=7 {ECO:0000312|EMBL:X};", *(f"DR   KEGG; {id}; -." for id in entry["kegg"])]
    lines += [f"PE   {entry['existence']}: {EXISTENCE[entry['existence']]};"]
    return "\n".join([*lines, "SQ   SEQUENCE   3 AA;  345 MW;  0123456789ABCDEF CRC64;", "     MKV", "//", ""])


def _xml(entry) -> str:
    def tag(name: str, said: str, **more: str) -> str:
        return f"<{name}{''.join(f' {key}={quoteattr(value)}' for key, value in more.items())}>{escape(said)}</{name}>"

    genes = "".join(
        f"<gene>{tag('name', name, type='primary')}{tag('name', 's1', type='synonym')}"
        + "".join(tag("name", locus, type="ordered locus") for locus in loci)
        + "</gene>"
        for name, loci in entry["genes"]
    )
    common = tag("name", entry["common"], type="common") if entry["common"] else ""
    other = f"<alternativeName>{tag('fullName', entry['other'])}</alternativeName>" if entry["other"] else ""
    fragment = ' fragment="single"' if entry["fragment"] else ""
    accessions = "".join(tag("accession", id) for id in ("P12345", *entry["secondary"]))
    numbers = "".join(tag("ecNumber", number) for number in entry["ec"])
    references = "".join(f'<dbReference type="KEGG" id="{id}"/>' for id in entry["kegg"])
    dataset = "Swiss-Prot" if entry["reviewed"] else "TrEMBL"
    return f"""<uniprot xmlns="http://uniprot.org/uniprot"><entry dataset="{dataset}"
created="2005-03-01" modified="2019-12-11" version="48">{accessions}{tag("name", entry["name"])}
<protein><recommendedName>{tag("fullName", entry["protein"])}{numbers}</recommendedName>{other}</protein>{genes}
<organism>{tag("name", entry["organism"], type="scientific")}{common}
<dbReference type="NCBI Taxonomy" id="7"/></organism>{references}
<proteinExistence type="{EXISTENCE[entry["existence"]].lower()}"/>
<sequence length="3" mass="345" checksum="0123456789ABCDEF" modified="2007-01-23" version="2"{fragment}>MKV</sequence>
</entry></uniprot>"""


def _json(entry) -> str:
    kind = "reviewed (Swiss-Prot)" if entry["reviewed"] else "unreviewed (TrEMBL)"
    names = {"recommendedName": {"fullName": {"value": entry["protein"]}}}
    names["recommendedName"] |= {"ecNumbers": [{"value": number} for number in entry["ec"]]} if entry["ec"] else {}
    names |= {"alternativeNames": [{"fullName": {"value": entry["other"]}}]} if entry["other"] else {}
    return json.dumps(
        {
            "entryType": f"UniProtKB {kind}",
            "primaryAccession": "P12345",
            "secondaryAccessions": entry["secondary"],
            "uniProtkbId": entry["name"],
            "entryAudit": {
                "firstPublicDate": "2005-03-01",
                "lastAnnotationUpdateDate": "2019-12-11",
                "lastSequenceUpdateDate": "2007-01-23",
                "entryVersion": 48,
                "sequenceVersion": 2,
            },
            "organism": {"scientificName": entry["organism"], "taxonId": 7}
            | ({"commonName": entry["common"]} if entry["common"] else {}),
            "proteinExistence": f"{entry['existence']}: {EXISTENCE[entry['existence']]}",
            "proteinDescription": names | {"flag": "Precursor Fragment" if entry["fragment"] else "Precursor"},
            "genes": [
                {"geneName": {"value": name}, "orderedLocusNames": [{"value": locus} for locus in loci]}
                for name, loci in entry["genes"]
            ],
            "uniProtKBCrossReferences": [{"database": "KEGG", "id": id, "properties": []} for id in entry["kegg"]],
            "sequence": {"value": "MKV", "length": 3, "molWeight": 345, "crc64": "0123456789ABCDEF"},
        }
    )


def _tsv(entry) -> str:
    names = entry["protein"] + "".join(f" (EC {number})" for number in entry["ec"])
    names += f" ({entry['other']})" if entry["other"] else ""
    cells = {
        "Entry": "P12345",
        "Entry Name": entry["name"],
        "Reviewed": "reviewed" if entry["reviewed"] else "unreviewed",
        "Protein names": names,
        "Gene Names (primary)": "; ".join(name for name, _ in entry["genes"]),
        "Gene Names (ordered locus)": "; ".join(" ".join(loci) for _, loci in entry["genes"] if loci),
        "Organism": entry["organism"] + (f" ({entry['common']})" if entry["common"] else ""),
        "Organism (ID)": "7",
        "Length": "3",
        "Mass": "345",
        "Fragment": "fragment" if entry["fragment"] else "",
        "Protein existence": EXISTENCE[entry["existence"]],
        "EC number": "; ".join(entry["ec"]),
        "Gene Ontology IDs": "",
        "KEGG": "".join(f"{id};" for id in entry["kegg"]),
        "Entry version": "48",
        "Sequence version": "2",
        "Date of creation": "2005-03-01",
        "Date of last modification": "2019-12-11",
        "Date of last sequence modification": "2007-01-23",
    }
    return "\t".join(cells) + "\n" + "\t".join(cells.values()) + "\n"


FORMS = {"txt": _flat, "xml": _xml, "json": _json, "tsv": _tsv}


def read(form: str, body: str | bytes, folder) -> tuple[dict, list[tuple]]:
    """The one entry, and its references."""
    path = folder / f"entry.{form}"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    rows: dict[str, list] = {"uniprot_entries": [], "uniprot_xrefs": []}
    for part in uniprot.read(Resource("a", "https://example.org/a", form, "text"), Answer(path)):
        assert part.rejects is None, part.rejects.to_pylist()
        rows[part.table] += part.rows.to_pylist()
    (entry,) = rows["uniprot_entries"]
    return entry | {"_record": 1}, sorted((row["database"], row["id"]) for row in rows["uniprot_xrefs"])


@pytest.mark.long
@settings(max_examples=100, deadline=None)
@given(entry=_entries())
def test_one_entry_one_answer(tmp_path_factory, entry):
    folder = tmp_path_factory.getbasetemp()
    found = {form: read(form, write(entry), folder) for form, write in FORMS.items()}
    wanted, references = found["xml"]
    assert wanted["gene"] == (entry["genes"][0][0] if entry["genes"] else None)
    assert set(wanted["ordered_loci"]) == {locus for _, loci in entry["genes"] for locus in loci}
    for form in ("txt", "json"):
        assert found[form] == (wanted, references), form
    said, of_tsv = found["tsv"]
    if said["protein_name"] is None:  # it cannot be told apart from the others of the cell
        assert any(mark in said["protein_names"] for mark in (" (", " ["))
        said["protein_name"] = wanted["protein_name"]
    assert {key: said[key] for key in wanted.keys() - NOT_IN_TSV} == {
        key: wanted[key] for key in wanted.keys() - NOT_IN_TSV
    }
    assert of_tsv == references


@pytest.mark.parametrize("accession", ["F2CXE6", "H2CNN8", "P62330"])
def test_a_real_entry_in_each_form_that_we_write(upstream, tmp_path, accession):
    """What the real XML says, written in the other forms, is read back the same."""
    path = upstream / f"rest.uniprot.org/uniprotkb/{accession}.xml"
    wanted, _ = read("xml", path.read_bytes(), tmp_path)
    entry = {
        "accession": "P12345",
        "secondary": wanted["secondary_accessions"],
        "name": wanted["entry_name"],
        "reviewed": wanted["reviewed"],
        "protein": wanted["protein_name"],
        "other": None,
        "ec": wanted["ec_numbers"],
        "genes": [(wanted["gene"], wanted["ordered_loci"])] if wanted["gene"] else [],
        "organism": wanted["organism"],
        "common": None,
        "fragment": wanted["fragment"],
        "existence": wanted["existence"],
        "kegg": wanted["kegg_ids"],
    }
    keys = {"entry_name", "protein_name", "gene", "organism", "existence", "fragment", "kegg_ids", "ec_numbers"}
    for form, write in FORMS.items():
        said, _ = read(form, write(entry), tmp_path)
        if form == "tsv" and said["protein_name"] is None:
            said["protein_name"] = wanted["protein_name"]
        assert {key: said[key] for key in keys} == {key: wanted[key] for key in keys}, form
