"""KEGG's answers, real ones counted a second way, and bad ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lake.errors import Refused, Unreadable
from lake.sources import kegg
from lake.sources.source import Resource


def parts(path: Path, kind: str, **params):
    resource = Resource("x", f"https://rest.kegg.jp/{path.name}", kind, "text", params)
    found = list(kegg.read(resource, path))
    for part in found:
        rejected = 0 if part.rejects is None else len(part.rejects)
        assert part.seen == len(part.rows) + rejected
        assert part.rows.schema.equals(kegg.TABLES[part.table])
    return {part.table: part for part in found}


def test_every_real_kgml_file_lands_whole(upstream):
    files = sorted(upstream.glob("rest.kegg.jp/get/*/kgml"))
    assert len(files) >= 289
    totals: dict[str, int] = {}
    for file in files:
        text = file.read_text()
        found = parts(file, "kgml", pathway_id=file.parent.name)
        for table, tag in {"entries": "entry", "graphics": "graphics", "reactions": "reaction"}.items():
            part = found.get(f"kgml_{table}")
            assert (len(part.rows) if part else 0) == len(re.findall(rf"<{tag}\s", text)), (file, tag)
        n = len(re.findall(r"<(?:substrate|product)\s", text))
        part = found.get("kgml_participants")
        assert (len(part.rows) if part else 0) == n
        totals["participants"] = totals.get("participants", 0) + n
    assert totals["participants"] > 5_000


@pytest.mark.parametrize(
    ("file", "kind", "table", "params"),
    [
        ("list/pathway", "pathways", "kegg_pathways", {}),
        ("list/compound", "compounds", "kegg_compounds", {}),
        ("list/reaction", "reactions", "kegg_reactions", {}),
        ("list/hsa", "genes", "kegg_genes", {"organism": "hsa"}),
        ("link/compound/pathway", "links", "kegg_links", {}),
    ],
)
def test_real_lists_keep_every_line(upstream, file, kind, table, params):
    path = upstream / "rest.kegg.jp" / file
    found = parts(path, kind, **params)[table]
    assert len(found.rows) == sum(bool(line) for line in path.read_bytes().split(b"\n"))
    assert not any(":" in str(value)[:4] for value in found.rows.column(0).to_pylist()[:50] if table != "kegg_genes")


def test_a_gene_has_symbols_and_a_description(upstream):
    rows = parts(upstream / "rest.kegg.jp/list/hsa", "genes", organism="hsa")["kegg_genes"].rows.to_pylist()
    gene = next(row for row in rows if row["gene_id"] == "hsa:79501")
    assert gene["symbols"] == ["OR4F5"]
    assert gene["description"] == "olfactory receptor family 4 subfamily F member 5"
    assert gene["position"] == "1:65419..71585"


def test_the_hierarchy_is_the_same_from_json_and_keg_where_both_name_a_map(upstream):
    json = parts(upstream / "rest.kegg.jp/get/br_br08901/json", "hierarchy", brite="br08901")["kegg_hierarchy"]
    keg = parts(upstream / "www.genome.jp/kegg-bin/download_htext__br08901.keg", "hierarchy", brite="br08901")
    first = {row["id"]: row["path"] for row in json.rows.to_pylist()}
    second = {row["id"]: row["path"] for row in keg["kegg_hierarchy"].rows.to_pylist()}
    assert first["00010"] == second["00010"] == ["Metabolism", "Carbohydrate metabolism"]
    assert len(first) > 500


def test_every_id_of_every_area_of_an_overview_map(upstream):
    path = upstream / "www.kegg.jp/pathway/map01220.html"
    rows = parts(path, "map_areas", pathway_id="map01220")["kegg_map_areas"].rows.to_pylist()
    text = path.read_text()
    assert len({row["area"] for row in rows}) == len(re.findall("<area", text)) == 1385
    ids = sum(len(entry.split("+")) for entry in re.findall(r'<area[^>]*href="/entry/([^"]+)"', text))
    assert sum(row["id"] is not None for row in rows) == ids
    assert any(row["id"] is None and row["href"].startswith("javascript") for row in rows)


KGML = """<?xml version="1.0"?>
<!DOCTYPE pathway SYSTEM "https://www.kegg.jp/kegg/xml/KGML_v0.7.2_.dtd">
<pathway name="path:ko99999" org="ko" number="99999" title="It's; &quot;quoted&quot;">
  <entry id="1" name="ko:K1 ko:K2" type="ortholog" reaction="rn:R1 rn:R2"/>
  <reaction id="1" name="rn:R1 rn:R2" type="reversible">
    <substrate id="2" name="cpd:C1 cpd:C2"><alt name="cpd:C3"/></substrate><product id="3" name="cpd:C4"/>
  </reaction>
</pathway>"""


def write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "answer"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_ids_are_split_and_names_are_kept_to_the_letter(tmp_path):
    found = parts(write(tmp_path, KGML), "kgml", pathway_id="ko99999")
    assert found["kgml_pathways"].rows["title"].to_pylist() == ['It\'s; "quoted"']
    assert found["kgml_reactions"].rows["reactions"].to_pylist() == [["R1", "R2"]]
    assert found["kgml_participants"].rows["compounds"].to_pylist() == [["C1", "C2"], ["C4"]]
    assert found["kgml_participants"].rows["alternatives"].to_pylist() == [["C3"], []]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (KGML[: len(KGML) // 2], "(?i)line|cut|breaks|premature"),
        (KGML.replace("<!DOCTYPE pathway SYSTEM", '<!DOCTYPE pathway [<!ENTITY a SYSTEM "file:///etc/passwd">] ><!--')
         .replace('.dtd">', '.dtd" -->').replace('title="It', 'title="').replace("</pathway>", "&a;</pathway>"), "entity"),
        ('<!DOCTYPE pathway [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><pathway>&b;</pathway>',
         "entity"),
        ("<html><body>Not found</body></html>", "not KGML"),
        (KGML.replace("ko99999", "ko00010"), "ko99999 was asked"),
    ],
)  # fmt: skip
def test_bad_kgml_is_unreadable_with_its_reason(tmp_path, content, says):
    with pytest.raises(Unreadable, match=says):
        parts(write(tmp_path, content), "kgml", pathway_id="ko99999")


def test_lines_that_cannot_be_taken_are_rejects_with_their_reason(tmp_path):
    path = write(tmp_path, b'C00001\tWater; "H2O"\nC00002\nC00003\tbad \xff bytes\nC00004\ta\tb\n\nC00005\tok')
    part = parts(path, "compounds")["kegg_compounds"]
    assert part.seen == 5
    assert part.rows["names"].to_pylist() == [["Water", '"H2O"'], ["ok"]]
    rejects = part.rejects.to_pylist()
    assert {row["_record"] for row in rejects} == {2, 3, 4}
    reasons = {row["_record"]: row["reason"] for row in rejects}
    assert "UTF-8" in reasons[3]
    assert reasons[2].startswith("1 cells")


@pytest.mark.parametrize("kind", ["pathways", "kgml", "links", "environments"])
def test_what_is_not_the_answer_is_refused(kind):
    for head in (b"", b"\n", b"<html>Sorry</html>"):
        with pytest.raises(Refused):
            kegg.check(Resource("x", "https://rest.kegg.jp/x", kind, "text"), head)


def test_kgml_is_asked_for_every_listed_pathway(tmp_path):
    path = write(tmp_path, "".join(f"eco{n:05}\tname\n" for n in range(300)))
    options = {**kegg.OPTIONS, "organisms": ["eco"], "kgml": []}
    ids = [r.id for r in kegg.resources(options, lambda id: path if id == "list/pathway/eco" else None)]
    assert sum(id.startswith("kgml/eco") for id in ids) == 300
