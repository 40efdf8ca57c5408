"""Readers of records in XML, JSON and flat files: what they refuse, and that blocks make no difference."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from lake.errors import Unreadable
from lake.formats import flat_records, json_records, text, xml_records
from lake.formats.answer import Answer
from lake.formats.list_columns import Ragged


@pytest.fixture
def write(tmp_path):
    def write(body: str | bytes):
        path = tmp_path / "answer"
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
        return path

    return write


def titles(path) -> list[str | None]:
    found = []
    for block in xml_records.blocks(Answer(path), ("S",), "here"):
        assert block.first == len(found) + 1
        found += block.texts_of(block.at("t")).first(block.n).to_pylist()
    return found


ODD = [
    "<r><t>plain</t></r>",
    "<r ><t a='>' b=\"'/>\">quoted</t ><x/></r>",
    "<r><!-- <r> --><t>a &lt; b &#x26; <b>c</b></t><t>second</t></r>",
    "<r><t><![CDATA[<not> & a tag]]></t></r>",
    "<r><u><t>deeper</t></u></r>",
    "<r><t/></r>",
    "<r>\n <t>\n two\n lines </t></r>",
    "<r><t>üñí</t></r>",
]
SAID = ["plain", "quoted", "a < b &", "<not> & a tag", None, None, "two lines", "üñí"]


@pytest.mark.parametrize("size", [1, 7, 60, 10**6])
def test_xml_in_blocks_of_any_size(write, monkeypatch, size):
    monkeypatch.setattr(xml_records, "BLOCK", size)
    path = write('<?xml version="1.0" encoding="UTF-8"?>\n<!-- <r> --><S x="1>">' + "\n".join(ODD) + "<c>end</c></S>\n")
    assert titles(path) == SAID


def test_xml_records_that_end_otherwise(write):
    assert titles(write("<S><r><t>a</t></r ><r/><r\n><t>b</t></r\n></S>")) == ["a", None, "b"]
    assert titles(write("<S><r/></S>")) == [None]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<S><r></r>", "truncated"),
        ("<S><r></S>", "damaged"),
        ("<T><r/></T>", "root is <T>"),
        ('<!DOCTYPE S [<!ENTITY a "b">]><S><r><t>&a;</t></r></S>', "DOCTYPE"),
        ('<!DOCTYPE S SYSTEM "file:///etc/passwd"><S><r/></S>', "DOCTYPE"),
        ("<S><r><t>&undeclared;</t></r></S>", "damaged"),
        ("<S><?run this?><r/></S>", "instruction"),
        ('<?xml version="1.0" encoding="latin-1"?><S><r/></S>', "latin-1"),
        ('<?xml version="1.0" encoding="UTF-16"?><S><r/></S>'.encode("utf-16"), "UTF-8"),
        ("<S><r></r><other/><r></r></S>", "not every child"),
        ("<S></S>", "no record"),
        ("<S/>", "no record"),
        (b"<S><r><t>\xff</t></r></S>", "damaged"),
    ],
)
def test_xml_that_is_not_taken(write, body, says):
    with pytest.raises(Unreadable, match=says):
        titles(write(body))


def test_xml_below_and_tags(write):
    (block,) = xml_records.blocks(Answer(write("<S><r><p><a><e>1</e></a><e>2</e></p><e>3</e></r></S>")), ("S",), "here")
    assert block.texts_of(block.below("e", "p")).values.to_pylist() == ["1", "2"]
    assert block.tags(block.at("*")).values.to_pylist() == ["p", "e"]


def test_xml_attributes_in_any_spelling(write):
    tags = [
        '<t a="1"/>',
        "<t a='2'/>",
        '<t\n\ta = "3"></t>',
        "<t a = '>4'/>",
        '<t b="5\' a=" a="5>"/>',
        """<t b=' a="no"' a="6"/>""",
        """<t b=' a="no"'/>""",
        '<t b=" a="/>',
        '<t ab="no" b="a"/>',
        '<t a="7 &lt; &#56;">> a="no" </t>',
        '<t a=""/>',
        "<t/>",
        "<ta a='no'/>",
    ]
    body = f"<S>{''.join(f'<r>{tag}</r>' for tag in tags)}</S>"
    wanted = [element.get("a") for element in ElementTree.fromstring(body).iter("t")]
    assert wanted[:7] == ["1", "2", "3", ">4", "5>", "6", None]
    (block,) = xml_records.blocks(Answer(write(body)), ("S",), "here")
    assert block.attribute("a", block.at("t")).to_pylist() == wanted
    assert block.attribute("a", block.at("no")).to_pylist() == []


SCHEMA = pa.schema([("a", pa.string()), ("n", pa.int64())])
OBJECTS = [{"a": 'x"}]', "n": 1}, {"a": "\\", "z": [{"a": "]"}]}, {"a": '\\"{[', "n": 3}, {"n": 4}, {"a": "üñ\\\\"}]


def objects(path) -> tuple[list[dict], list[dict]]:
    rows, broken = [], []
    for block in json_records.blocks(Answer(path), SCHEMA, "here"):
        assert block.seen == len(block.rows) + len(block.broken)
        rows += block.rows.to_pylist()
        broken += block.broken.to_pylist()
    return rows, broken


@pytest.mark.parametrize("size", [1, 5, 33, 10**6])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("wrap", [False, True])
def test_json_in_blocks_of_any_size(write, monkeypatch, size, indent, wrap):
    monkeypatch.setattr(json_records, "BLOCK", max(size, 1 if not wrap else 40))
    body = json.dumps({"results": OBJECTS} if wrap else OBJECTS, indent=indent, ensure_ascii=False)
    rows, broken = objects(write(body))
    assert rows == [{"a": one.get("a"), "n": one.get("n")} for one in OBJECTS]
    assert broken == []


def test_json_of_one_object_and_of_another_form(write):
    assert objects(write('{"a": "x", "n": 1}\n')) == ([{"a": "x", "n": 1}], [])
    rows, broken = objects(write('[{"a": "x", "n": 1}, {"a": 5, "n": 2}, {"n": "many"}, {"a": "y"}]'))
    assert [row["a"] for row in rows] == ["x", "y"]
    assert [(one["_record"], one["content"]) for one in broken] == [(2, '{"a": 5, "n": 2}'), (3, '{"n": "many"}')]


@pytest.mark.parametrize(
    "body",
    [
        '[{"a": "x"}',
        '[{"a": "x"}, {"a": ',
        '[{"a": "x"} junk {"a": "y"}]',
        "[1, 2]",
        '[["a"]]',
        "[]",
        '{"results": []}',
        '{"a": "x"',
        "",
        b'[{"a": "\xff"}]',
    ],
)
def test_json_that_is_not_taken(write, body):
    with pytest.raises(Unreadable):
        objects(write(body))


FLAT = "ID   one\nXX\nDE   first\nDE   line\n//\nID   two\nSQ   x\n     acgt\n//\n\nID   three\nDE   third\n//\n"


@pytest.mark.parametrize("size", [1, 6, 40, 10**6])
def test_flat_files_in_blocks_of_any_size(write, monkeypatch, size):
    monkeypatch.setattr(text, "BLOCK", size)
    found = []
    for block in flat_records.blocks(Answer(write(FLAT)), "DE ", "here"):
        assert block.first == len(found) + 1
        pairs = zip(block.lines("ID").first(block.n), block.lines("DE").joined(block.n), strict=True)
        found += [(id.as_py(), said.as_py()) for id, said in pairs]
    assert found == [("one", "first line"), ("two", None), ("three", "third")]


@pytest.mark.parametrize("size", [1, 40, 10**6])
def test_flat_files_know_whose_line_is_not_utf_8(write, monkeypatch, size):
    monkeypatch.setattr(text, "BLOCK", size)
    body = FLAT.encode().replace(b"third", b"\xff")
    blocks = list(flat_records.blocks(Answer(write(body)), "DE ", "here"))
    assert [bad for block in blocks for bad in block.undecodable.tolist()] == [False, False, True]


@pytest.mark.parametrize("body", [FLAT[:-3], FLAT + "ID   four\n", "ID   one\n", "\n"])
def test_flat_files_that_break_off(write, body):
    with pytest.raises(Unreadable):
        list(flat_records.blocks(Answer(write(body)), "DE ", "here"))


def test_ragged_values():
    some = Ragged.split(pa.array(["b; a; b", None, "", "c;"]), ";")
    assert some.first(4).to_pylist() == ["b", None, None, "c"]
    assert some.lists(4).to_pylist() == [["b", "a", "b"], [], [], ["c"]]
    assert some.distinct().lists(4).to_pylist() == [["a", "b"], [], [], ["c"]]
    assert some.joined(4, "+").to_pylist() == ["b+a+b", None, None, "c"]
