"""The catalogue of databases: what it holds, what it refuses, and asking a few whether they answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT

import lake.cli
from lake import databases
from lake.errors import ConfigError
from lake.testing.server import Server, page, status

HEADER = "name\thomepage\taccess\tformats\tsize\tlicence\tupdate\tcredentials\ttopics\tstatus\tnote\n"


def write(root: Path, name: str, *rows: str) -> Path:
    path = root / "catalogue" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return root


def row(name: str, homepage: str, access: str = "REST", state: str = "proposed") -> str:
    return f"{name}\t{homepage}\t{access}\t\t\t\t\t\ta, b\t{state}\t"


def test_ours_has_five_hundred_databases_in_nine_domains():
    found = databases.load(ROOT)
    assert len(found) >= 500
    assert {one.domain for one in found} == set(databases.DOMAINS)
    assert sum("exoplanets" in one.topics for one in found) >= 85
    plan = ("habitability", "biosignatures", "field sites", "instruments", "missions", "extremophiles")
    assert all(any(category in one.topics for one in found) for category in plan)
    assert all(0 <= databases.score(one) <= 10 for one in found)


def test_files_are_read_however_deep(tmp_path):
    write(tmp_path, "climate.tsv", row("B", "https://b.example.org"))
    write(tmp_path, "astronomy/planets/far.tsv", row("A", "https://a.example.org", "TAP, files"))
    one, two = databases.load(tmp_path)
    assert (one.name, one.domain, one.topics, one.access) == ("A", "astronomy", ("a", "b"), ("TAP", "files"))
    assert (two.name, two.domain) == ("B", "climate")


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row("A", "https://a.example.org"), row("B", "http://www.a.example.org/")], "a duplicate, by its homepage"),
        ([row("The A", "https://a.example.org"), row("the-a", "https://b.example.org")], "a duplicate, by its name"),
        ([row("A", "ftp://a.example.org")], "is not an http"),
        ([row("A", "https://a.example.org", "mail")], "access is 'mail'"),
        ([row("A", "https://a.example.org", state="good")], "status is 'good'"),
        ([row("", "https://a.example.org")], "needs a name"),
        (["A\thttps://a.example.org\tREST\t\t\t\t\tmoney\t\tproposed\t"], "credentials is 'money'"),
        (["A\thttps://a.example.org"], "2 cells where the header has 11"),
    ],
)
def test_what_does_not_fit_is_named_by_file_and_line(tmp_path, rows, reason):
    write(tmp_path, "climate.tsv", *rows)
    with pytest.raises(ConfigError, match=reason) as error:
        databases.load(tmp_path)
    assert error.value.where.endswith(f"climate.tsv:{1 + len(rows)}")


def test_a_domain_and_a_header_that_are_not_known(tmp_path):
    write(tmp_path, "alchemy.tsv")
    with pytest.raises(ConfigError, match="is not a domain"):
        databases.load(tmp_path)
    (tmp_path / "catalogue/alchemy.tsv").rename(tmp_path / "catalogue/climate.tsv")
    (tmp_path / "catalogue/climate.tsv").write_text("name\thomepage\n")
    with pytest.raises(ConfigError, match="unexpected header"):
        databases.load(tmp_path)


def run(folder: Path, *arguments: str) -> dict:
    done = CliRunner().invoke(lake.cli.lake, ["sources", *arguments, "--json", "-C", str(folder)])
    return json.loads(done.stdout)


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def folder(tmp_path) -> Path:
    CliRunner().invoke(lake.cli.lake, ["init", str(tmp_path / "lake")])
    return tmp_path / "lake"


def test_the_command_filters_and_counts(folder):
    everything = run(folder, "--catalogue")
    assert everything["counts"]["all"] == len(everything["databases"]) >= 500
    climate = run(folder, "--catalogue", "--domain", "climate", "--access", "REST")["databases"]
    assert climate
    assert all(one["domain"] == "climate" and "REST" in one["access"] for one in climate)
    (kegg,) = run(folder, "--catalogue", "--search", "www.kegg.jp")["databases"]
    assert (kegg["name"], kegg["status"], kegg["last_probe"]) == ("KEGG", "proposed", None)
    assert run(folder, "--catalogue", "--topic", "exoplanets")["counts"]["all"] >= 85


def test_what_answers_is_active_and_what_does_not_stays_proposed(folder, server):
    for path in (folder / "catalogue").rglob("*.tsv"):
        path.unlink()
    good, gone = server.on("/good", page(b"x" * 100_000)), server.on("/gone", status(404, b"no"))
    shut = "http://127.0.0.1:9/"
    write(folder, "climate.tsv", row("Good", good), row("Gone", gone), row("Shut", shut))
    before = (folder / "catalogue/climate.tsv").read_bytes()
    probes = {one["name"]: one for one in run(folder, "--probe", "Good", "--limit", "5")["probes"]}
    assert {name: (one["outcome"], one["status"]) for name, one in probes.items()} == {
        "Good": ("answers", 200),
        "Gone": ("fails", 404),
        "Shut": ("fails", None),
    }
    shown = {one["name"]: one for one in run(folder, "--catalogue")["databases"]}
    assert {name: one["status"] for name, one in shown.items()} == {
        "Good": "active",
        "Gone": "proposed",
        "Shut": "proposed",
    }
    assert shown["Gone"]["last_probe"]
    assert (folder / "catalogue/climate.tsv").read_bytes() == before
    codes = {
        name: CliRunner().invoke(lake.cli.lake, ["sources", "--probe", name, "-C", str(folder)]).exit_code
        for name in probes
    }
    assert codes == {"Good": 0, "Gone": 3, "Shut": 3}
    (first,) = run(folder, "--limit", "1")["probes"]
    assert first["name"] in ("Good", "Gone", "Shut")
    wrong = CliRunner().invoke(lake.cli.lake, ["sources", "--probe", "Goood", "-C", str(folder)])
    assert wrong.exception.why == "did you mean 'Good'?"
