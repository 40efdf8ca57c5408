"""Notes on how data was made: added once, imported whole or not at all, filled by Crossref and never emptied."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT

import lake.cli
from lake.errors import ConfigError
from lake.fetch import crossref
from lake.store import notes
from lake.testing.server import Server, page, status

NOTE = {"kind": "decision", "about": "core.planets", "statement": "made up", "doi": "https://doi.org/10.1000/ABC"}


def test_the_same_note_twice_is_one_and_only_empty_cells_are_filled(tmp_path):
    assert notes.add(tmp_path, [NOTE]) == {"added": 1, "filled": 0, "known": 0}
    before = (tmp_path / notes.FILE).read_bytes()
    assert notes.add(tmp_path, [NOTE | {"statement": "said otherwise"}]) == {"added": 0, "filled": 0, "known": 1}
    assert (tmp_path / notes.FILE).read_bytes() == before
    assert notes.add(tmp_path, [NOTE | {"year": "2030"}])["filled"] == 1
    (row,) = notes.read(tmp_path)
    assert (row["doi"], row["statement"], row["year"]) == ("10.1000/abc", "made up", "2030")
    assert notes.add(tmp_path, [NOTE | {"about": "core.genomes"}])["added"] == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "gossip"}, "kind is 'gossip'"),
        ({"statement": " "}, "it says nothing"),
        ({"about": ""}, "it is about nothing"),
        ({"doi": "abc"}, "'abc' is not a DOI"),
        ({"url": "ftp://x"}, "is not an http"),
        ({"year": "MMXX"}, "year is 'MMXX'"),
        ({"author": "me"}, "author is not known"),
    ],
)
def test_one_that_does_not_fit_adds_none(tmp_path, change, reason):
    with pytest.raises(ConfigError, match="note 2 does not fit") as error:
        notes.add(tmp_path, [NOTE, NOTE | change])
    assert reason in error.value.what
    assert notes.read(tmp_path) == []


def test_the_command_adds_imports_and_lists(tmp_path):
    folder = tmp_path / "lake"
    CliRunner().invoke(lake.cli.lake, ["init", str(folder)])

    def run(*arguments):
        done = CliRunner().invoke(lake.cli.lake, ["note", *arguments, "--json", "-C", str(folder)])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    asked = ("add", "tried and failed", "--kind", "failed_experiment", "--about", "core.genes")
    assert run(*asked)["added"] == 1
    assert run(*asked)["known"] == 1
    table = tmp_path / "some.csv"
    table.write_text(
        "kind,about,statement\nquality_control,core.genes,checked\nfailed_experiment,core.genes,tried and failed\n"
    )
    assert run("import", str(table)) == {"added": 1, "filled": 0, "known": 1}
    wrong = ["note", "add", "x", "--kind", "decision", "--about", "core.gens", "-C", str(folder)]
    done = CliRunner().invoke(lake.cli.lake, wrong)
    assert "did you mean core.genes?" in str(done.exception)
    assert run("add", "slow", "--kind", "failed_experiment", "--about", "kegg")["added"] == 1
    listed = run("list", "--about", "core.genes")
    assert [row["kind"] for row in listed["notes"]] == ["failed_experiment", "quality_control"]
    assert listed["kinds"]["failed_experiment"] == 1


def work(title: str, year: int) -> bytes:
    return json.dumps(
        {"message": {"title": [title], "issued": {"date-parts": [[year, 1]]}, "container-title": ["A Journal"]}}
    ).encode()


def test_crossref_fills_what_is_empty_and_a_failed_lookup_empties_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "lake"
    CliRunner().invoke(lake.cli.lake, ["init", str(folder)])
    (folder / notes.FILE).unlink()
    given = [
        NOTE | {"doi": "10.1000/good"},
        NOTE | {"doi": "10.1000/mine", "title": "As a person wrote it"},
        NOTE | {"doi": "10.1000/gone", "publisher": "Kept"},
        NOTE | {"doi": "10.1000/page"},
    ]
    notes.add(folder, given)
    with Server() as server:
        for name, answer in {
            "good": page(work("A  made-up\ntitle", 2030)),
            "mine": page(work("Another", 2031)),
            "gone": status(404, b"Resource not found."),
            "page": page(b"<html>busy</html>"),
        }.items():
            server.on(f"/works/10.1000/{name}", answer)
        monkeypatch.setattr(crossref, "WORKS", server.on("/works/", status(404, b"")))
        monkeypatch.setattr(crossref, "_RATE", 0)
        done = CliRunner().invoke(lake.cli.lake, ["note", "lookup", "--json", "-C", str(folder)])
    told = json.loads(done.stdout)
    assert (told["asked"], told["filled"], sorted(told["failed"])) == (4, 2, ["10.1000/gone", "10.1000/page"])
    rows = {row["doi"][8:]: (row["title"], row["year"], row["publisher"]) for row in notes.read(folder)}
    assert rows == {
        "good": ("A made-up title", "2030", "A Journal"),
        "mine": ("As a person wrote it", "2031", "A Journal"),
        "gone": ("", "", "Kept"),
        "page": ("", "", ""),
    }


def test_ours_are_as_the_command_would_write_them():
    rows = notes.read(ROOT)
    assert len(rows) >= 16
    digests = {notes._checked({k: v for k, v in row.items() if k != "note"}, 1)["note"]: row["note"] for row in rows}
    assert all(made == kept for made, kept in digests.items())
    paths = [path.relative_to(ROOT / "sql") for path in Path(ROOT / "sql").rglob("*.sql")]
    tables = {f"{path.parts[0]}.{path.stem}" for path in paths}  # a layer may have folders
    about = {".".join(row["about"].split(".")[:2]) for row in rows}
    assert {name for name in about if not name.startswith("raw.")} <= tables
