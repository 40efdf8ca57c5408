"""OBO: what a conforming writer escapes comes back; what stands behind a value is no part of it; nothing is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import fastobo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.formats import text
from lake.formats.answer import Answer
from lake.sources import ontologies
from lake.sources.contract import Resource

HEADER = "format-version: 1.4\ndata-version: made-up/1\ndefault-namespace: made_up\n"
ESCAPES = {"\n": r"\n", "\t": r"\t", "\\": r"\\"} | {mark: f"\\{mark}" for mark in '{}"!:,()[]'}
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\x0b\x0c\x00\x1c\x1d\x1e\x1f\x85"), min_size=1, max_size=40
)
SCOPES = st.sampled_from(["exact", "broad", "narrow", "related"])


def escaped(value: str) -> str:
    r"""As OBO 1.4 writes a text; a blank at either end as \W."""
    plain = "".join(ESCAPES.get(letter, letter) for letter in value)
    inner = plain.strip(" ")
    before, after = (len(plain) - len(plain.lstrip(" ")), len(plain) - len(plain.rstrip(" ")))
    return r"\W" * before + inner + r"\W" * (after if inner else 0)


def read(path: Path, content: str) -> tuple[dict, list]:
    """table -> rows; and the rejects."""
    path.write_text(content, "utf-8", newline="")
    rows: dict = {}
    rejects = []
    for part in ontologies.read(Resource("x", "https://example.org/x.obo", "ontology", "text"), Answer(path)):
        bad = part.rejects.to_pylist() if part.rejects is not None else []
        assert part.seen == len(part.rows) + len(bad)
        rows.setdefault(part.table.removeprefix("ontologies_"), []).extend(part.rows.to_pylist())
        rejects += bad
    return rows, rejects


def one(path: Path, *lines: str) -> tuple[dict, list]:
    """A file of one term, X:1."""
    return read(path, "\n".join([HEADER, "[Term]", "id: X:1", *lines, ""]))


BEHIND = ["", ' {source="PMID:1"}', " ! a comment", ' {a="b {c} ! d", e="f\\"g"} ! a {comment="x"}', "  "]


@settings(deadline=None, max_examples=60)
@given(name=TEXTS, definition=TEXTS, comment=TEXTS, synonym=TEXTS, scope=SCOPES, behind=st.sampled_from(BEHIND))
def test_any_text_that_is_escaped_comes_back(tmp_path_factory, name, definition, comment, synonym, scope, behind):
    rows, rejects = one(
        tmp_path_factory.getbasetemp() / "x.obo",
        f"name: {escaped(name)}{behind}",
        f'def: "{escaped(definition)}" [A:1 "said [here]", B:2]{behind}',
        f"comment: {escaped(comment)}{behind}",
        f'synonym: "{escaped(synonym)}" {scope.upper()} some_type [A:1]{behind}',
        f"xref: DB:{escaped(name)}{behind}",
        f'xref: DB:{escaped(name)} "what {escaped(comment)} is"{behind}',
    )
    assert rejects == []
    (term,) = rows["terms"]
    assert (term["name"], term["definition"], term["comment"]) == (name, definition, comment)
    assert [(row["synonym"], row["scope"]) for row in rows["synonyms"]] == [(synonym, scope)]
    assert [row["xref"] for row in rows["xrefs"]] == [f"DB:{name}"] * 2


IDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


@settings(deadline=None, max_examples=60)
@given(ids=st.lists(IDS, min_size=3, max_size=3), behind=st.sampled_from(BEHIND))
def test_any_identifier_that_is_escaped_comes_back(tmp_path_factory, ids, behind):
    own, other, relation = ids
    rows, rejects = read(
        tmp_path_factory.getbasetemp() / "x.obo",
        f"{HEADER}\n[Term]\nid: {escaped(own)}{behind}\nis_a: {escaped(other)}{behind}\n"
        f"relationship: {escaped(relation)} {escaped(other)}{behind}\nalt_id: {escaped(other)}{behind}\n",
    )
    assert rejects == []
    assert [row["term"] for row in rows["terms"]] == [own]
    stated = {"is_a", "alternative_id", relation}
    assert {(row["term"], row["predicate"], row["target"]) for row in rows["relations"]} == {
        (own, each, other) for each in stated
    }


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (
            r"6,6'-dithiodi\{1-[4,6-O-[(1R)-1-carboxyethylidene]]hexane}",
            "6,6'-dithiodi{1-[4,6-O-[(1R)-1-carboxyethylidene]]hexane}",
        ),
        ("2,2'-bis{4-hydroxyphenyl}", "2,2'-bis{4-hydroxyphenyl}"),
        ("N(4)-{beta-D-GlcNAc-(1->2)}-Asn residue", "N(4)-{beta-D-GlcNAc-(1->2)}-Asn residue"),
        ("a {b}", "a {b}"),
        ("set {n=3}", "set {n=3}"),
        ("X!Tandem", "X!Tandem"),
        (r"(?<=[KR])(?!P)", "(?<=[KR])(?!P)"),
        ('plain {source="PMID:1"}', "plain"),
        ('plain {source="PMID:1 {x}", note="a } b"} ! said', "plain"),
        ("plain ! said", "plain"),
        (r"plain \! said", "plain ! said"),
        (r"C:\\new\\table", r"C:\new\table"),
        (r"a\Wb\tc\nd", "a b\tc\nd"),
        ("ends in a backslash \\\\", "ends in a backslash \\"),
    ],
)
def test_names_as_they_are_written(tmp_path, written, name):
    rows, rejects = one(tmp_path / "x.obo", f"name: {written}")
    assert (rows["terms"][0]["name"], rejects) == (name, [])


@pytest.mark.parametrize(
    ("written", "target", "qualifiers"),
    [
        (
            'CL:1 {source="PMID:2 {a} b", is_inferred="true"} ! parent',
            "CL:1",
            'source="PMID:2 {a} b", is_inferred="true"',
        ),
        ('CL:2 {cardinality="1"} ! other {parent}', "CL:2", 'cardinality="1"'),
        ('CL:3 {minCardinality="1", note="a } b"} ! thing', "CL:3", 'minCardinality="1", note="a } b"'),
        ("CL:4 ! a {name}", "CL:4", None),
        ("CL:5!name", "CL:5", None),
        ('CL:6{a="b"}', "CL:6", 'a="b"'),
        ("CL:7 {date=2011-09-14, lang=eng}", "CL:7", "date=2011-09-14, lang=eng"),
        (r"http\://example.org/a\ b", "http://example.org/a b", None),
    ],
)
def test_targets_without_their_qualifiers(tmp_path, written, target, qualifiers):
    rows, rejects = one(tmp_path / "x.obo", f"is_a: {written}", f"relationship: part_of {written}")
    found = [(row["predicate"], row["target"], row["qualifiers"]) for row in rows["relations"]]
    assert (found, rejects) == ([("is_a", target, qualifiers), ("part_of", target, qualifiers)], [])


@pytest.mark.parametrize("written", ["CL:1 CL:2", "", "! nothing", "CL:1 two words ! x"])
def test_a_target_that_is_none_is_a_reject(tmp_path, written):
    rows, rejects = one(tmp_path / "x.obo", f"is_a: {written}", f"relationship: part_of {written}")
    assert (rows["relations"], len(rejects)) == ([], 2)


@pytest.mark.parametrize(
    ("written", "synonym"),
    [
        (
            '"3,3\',3"-phosphanetriyltripropanoic acid" EXACT IUPAC_NAME [IUPAC:]',
            "3,3',3\"-phosphanetriyltripropanoic acid",
        ),
        (r'"alpha-GalCer-6\"-(4-pyridyl)carbamate" EXACT [ChEBI]', 'alpha-GalCer-6"-(4-pyridyl)carbamate'),
        ('"a" exact []', "a"),
        ('"a" EXACT', "a"),
        ('"embri\\&oforo" EXACT Spanish [POC:M_A {date=2011-09-14, lang=eng}] {a="b"}', "embri&oforo"),
        ('"a "b" EXACT [] c" EXACT []', 'a "b" EXACT [] c'),
        ('"a" b" []', None),
        ("a EXACT []", None),
    ],
)
def test_a_synonym_is_whole_or_a_reject(tmp_path, written, synonym):
    rows, rejects = one(tmp_path / "x.obo", f"synonym: {written}")
    expected = [] if synonym is None else [(synonym, "exact")]
    assert [(row["synonym"], row["scope"]) for row in rows["synonyms"]] == expected
    assert len(rejects) == (synonym is None)


@pytest.mark.parametrize(
    ("written", "definition"),
    [
        ('"a "b" c" [X:1]', 'a "b" c'),
        ('"a" {source="x"}', "a"),
        ('"a" [X:1 "b", Y:2 "[c]"] ! d', "a"),
        ('"a" [X:1] "b" [Y:1]', 'a" [X:1] "b'),
        ('"a" [X:1', None),
        ("a []", None),
    ],
)
def test_a_definition_is_whole_or_a_reject_that_costs_not_its_term(tmp_path, written, definition):
    rows, rejects = one(tmp_path / "x.obo", "name: one", f"def: {written}")
    assert [(row["name"], row["definition"]) for row in rows["terms"]] == [("one", definition)]
    assert [row["reason"] for row in rejects] == [
        "the definition is not in quotes, or one within it is not escaped"
    ] * (definition is None)


def test_the_default_namespace_is_that_of_each_without_its_own(tmp_path):
    stanzas = "\n[Term]\nid: X:1\n\n[Term]\nid: X:2\nnamespace: other ! said\n\n[Typedef]\nid: part_of\n"
    rows, _ = read(tmp_path / "x.obo", HEADER + stanzas)
    assert [row["namespace"] for row in rows["terms"]] == ["made_up", "other", "made_up"]


def test_lines_that_are_broken_or_indented(tmp_path, monkeypatch):
    written = [
        "  name: a long \\",
        "name of it",
        'synonym: "long \\',
        'continued" EXACT []',
        "comment: of \\",
        "[three] \\",
        "lines",
        "\tis_a: X:2 ! two",
        "xref: DB:ends\\\\",
        "is_obsolete: false",
    ]
    for block in (16 * 2**20, 1, 30):
        monkeypatch.setattr(text, "BLOCK", block)
        rows, rejects = one(tmp_path / "x.obo", *written)
        (term,) = rows["terms"]
        assert (term["name"], term["comment"], rejects) == ("a long name of it", "of [three] lines", [])
        assert [row["synonym"] for row in rows["synonyms"]] == ["long continued"]
        assert [row["target"] for row in rows["relations"]] == ["X:2"]
        assert [row["xref"] for row in rows["xrefs"]] == ["DB:ends\\"]


def test_what_a_stanza_may_have_once_is_not_dropped_in_silence(tmp_path):
    rows, rejects = one(tmp_path / "x.obo", "name: one", "name: two", "is_obsolete: perhaps")
    assert rows["terms"] == []
    assert [row["reason"] for row in rejects] == [
        "is_obsolete is neither true nor false",
        "its stanza has this tag before, and may have it once",
    ]


TARGETS = ("is_a", "replaced_by", "consider", "alt_id", "disjoint_from", "inverse_of")
NAMES = {"alt_id": "alternative_id"}


def clauses(path: Path) -> Iterator[tuple]:
    """What fastobo, a parser by the grammar of OBO 1.4, makes of a file: id, what of it, and what was said."""
    document = fastobo.load(str(path))
    space = next((str(each.namespace) for each in document.header if each.raw_tag() == "default-namespace"), None)
    for frame in document:
        if isinstance(frame, fastobo.instance.InstanceFrame):
            continue
        own, comments, namespace, obsolete = str(frame.id), [], space, False
        for clause in frame:
            tag = clause.raw_tag()
            if tag == "comment":
                comments.append(clause.comment.strip(" "))
            elif tag == "namespace":
                namespace = str(clause.namespace)
            elif tag == "is_obsolete":
                obsolete = clause.obsolete
            elif tag in ("name", "def"):
                yield own, tag, (clause.name.strip(" ") if tag == "name" else clause.definition)
            elif tag == "synonym":
                yield own, tag, (clause.synonym.desc, clause.synonym.scope.lower())
            elif tag == "xref":
                yield own, tag, str(clause.xref.id).replace("\\", "")
            elif tag == "relationship":
                yield own, str(clause.typedef), str(clause.term)
            elif tag in TARGETS:
                yield (
                    own,
                    NAMES.get(tag, tag),
                    str(getattr(clause, "alt_id", None) or getattr(clause, "term", None) or clause.typedef),
                )
        yield own, "comment", "\n".join(comments) or None
        yield own, "namespace", namespace
        yield own, "obsolete", obsolete


def facts(rows: dict) -> Iterator[tuple]:
    """The same of our rows."""
    for row in rows["terms"]:
        for name, tag in (("name", "name"), ("definition", "def")):
            if row[name] is not None:
                yield row["term"], tag, row[name]
        yield from ((row["term"], name, row[name]) for name in ("comment", "namespace", "obsolete"))
    yield from ((row["term"], "synonym", (row["synonym"], row["scope"])) for row in rows["synonyms"])
    yield from ((row["term"], "xref", row["xref"]) for row in rows["xrefs"])
    yield from ((row["term"], row["predicate"], row["target"]) for row in rows["relations"])


@pytest.mark.long
def test_real_files_as_fastobo_reads_them(upstream, tmp_path):
    files = sorted(upstream.rglob("*.obo"))
    differences = {}
    for path in files:
        rows, rejects = read(tmp_path / path.name, path.read_text("utf-8"))
        assert {row["reason"] for row in rejects} <= {"its stanza has this tag before, and may have it once"}
        try:
            theirs = Counter(clauses(path))
        except SyntaxError:  # it refuses a whole file for one line
            continue
        again = {row["content"].partition(": ")[0] for row in rejects}  # fastobo keeps all of them
        ours = Counter(facts(rows))
        differences[path.name] = [
            found
            for found in [*(ours - theirs), *(theirs - ours)]
            if found[1] not in again
            and "!" not in path.read_text("utf-8").partition(f"id: {found[0]}\n")[2].partition("\n")[0]
        ]  # to fastobo "X!Tandem" is X and a comment
    assert len(differences) >= len(files) // 2
    assert differences == {name: [] for name in differences}
