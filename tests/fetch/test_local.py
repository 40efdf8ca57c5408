"""Files of this machine as answers, and folders that are mirrors: also those that cannot be read."""

from __future__ import annotations

import os

import pytest
import toy
from click.testing import CliRunner
from fetching import lake_in, rows, source, stored

from lake import cli, fetch, sources
from lake.fetch import probe
from lake.sources.contract import Resource
from lake.testing.server import Server, page, redirect, status


@pytest.fixture(params=["", "mirror"], ids=["no mirror", "a folder"])
def get(request, tmp_path, monkeypatch):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "a b.txt").write_text("hi\n")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    def get(url):
        resource = Resource("a", url.format(here=tmp_path), "k", "text")
        monkeypatch.setattr(sources, "get", lambda name: source(resource, refresh=0))
        get.config = lake_in(tmp_path, mirror=request.param, attempts=2)
        fetch.run(get.config)
        return rows(get.config, "a")[-1]

    return get


@pytest.mark.parametrize(
    "url",
    ["file://{here}/a%20b.txt", "file://localhost{here}/a%20b.txt", "{here}/a b.txt", "a b.txt", "./a%20b.txt"],
)
def test_a_local_file_is_an_answer_like_any(get, url):
    row = get(url)
    assert (row.outcome, row.status, stored(get.config, row)) == ("fetched", 200, b"hi\n")
    assert get(url).outcome == "unchanged"


@pytest.mark.parametrize(
    "url",
    [
        "file://{here}/none",
        "file://{here}/folder",
        "file://{here}/pipe",
        "file:///dev/zero",
        "file:///proc/self/mem",
        "file://elsewhere{here}/a%20b.txt",
        "{here}/none",
        "none",
        "",
        "a\0b",
        "ftp://archive.example/a",
    ],
)
def test_what_is_no_local_file_is_a_failure_with_its_reason(get, url):
    row = get(url)
    assert (row.outcome, row.sha256) == ("failed", None)
    assert row.reason
    assert "defect" not in row.reason


def test_a_file_that_may_not_be_read_is_a_failure(get, monkeypatch):
    from lake.fetch import mirror

    def denied(*of):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(mirror, "_FromFile", denied)  # root may read all
    row = get("a b.txt")
    assert (row.outcome, row.reason) == ("failed", "the file cannot be read: Permission denied (2 attempts)")


def test_a_redirect_leads_to_no_local_file(get, tmp_path):
    with Server() as server:
        for to in (f"file://{tmp_path}/a%20b.txt", f"file://localhost{tmp_path}/a%20b.txt"):
            server.on("/a", redirect(to))
            assert get(server.url + "/a").sha256 is None


def test_a_probe_of_a_folder_mirror(tmp_path):
    (tmp_path / "mirror/archive.example").mkdir(parents=True)
    (tmp_path / "mirror/archive.example/index.html").write_bytes(b"x" * 10_000)
    config = lake_in(tmp_path, mirror="mirror")
    found = probe.probe(config, [("here", "https://archive.example/"), ("not here", "https://other.example/")])
    assert [(one["outcome"], one["status"]) for one in found] == [("answers", 200), ("fails", 404)]


@pytest.mark.long
def test_controls_of_an_archives_answer_do_not_reach_the_terminal(tmp_path):
    project = toy.make(tmp_path)
    settings = (project / "lake.toml").read_text()
    with Server() as server:
        odd = "gone \x1b[2J\x1b]8;;http://evil.example\x07 away\r"
        server.on("/a", status(404, odd.encode(), Content_Type="text/plain"))
        server.on("/b", page(b"<html><title>\x1b[31mred\x9b2J</title>"))
        text = f'{settings}\n[[sources.spectra.files]]\nurl = "{server.url}/a"\nplanet = "x"\nkind = "transmission"\n'
        text += f'[[sources.spectra.files]]\nurl = "{server.url}/b"\nplanet = "x"\nkind = "transmission"\n'
        (project / "lake.toml").write_text(text)
        for command in (["fetch"], ["status", "--failed"], ["fetch", "--plan"]):
            shown = CliRunner().invoke(cli.lake, [*command, "-C", str(project)])
            assert not set("\x1b\x07\x9b\r") & set(shown.output), shown.output
            if command[0] == "fetch" and len(command) == 1:
                assert "gone ?[2J" in shown.output
