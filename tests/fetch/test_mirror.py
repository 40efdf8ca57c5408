"""The mirror: a folder, and the same folder over http, through the code that speaks to archives."""

from __future__ import annotations

import shutil

import httpx
import pytest
from fetching import lake_in, rows, source, stored

from lake import fetch, sources
from lake.errors import ConfigError, Unreachable
from lake.fetch import hosts, mirror
from lake.sources.contract import Resource
from lake.testing.server import Server, redirect

QUERY = "https://archive.org/TAP/sync?query=select+*+from+ps&format=csv"
FILES = {
    "archive.org/list/all": b"a\nb\n",
    "archive.org/list__a": b"1\n",
    "archive.org/HD 189733.xml": b"<system></system>",
    "archive.org/tap/ps.csv": b"a,b\n1,2\n",
    "archive.org/search?q=a%2Fb": b"found\n",
    "archive.org/folder/index.html": b"<html></html>",
    "MANIFEST.tsv": (
        b"url\tfile\tbytes\n"
        + QUERY.encode()
        + b"\tarchive.org/tap/ps.csv\t8\nhttps://archive.org/list/all/a\tarchive.org/list__a\t2\n"
    ),
    "ALIASES.tsv": b"url\tfile\tdiffers\nhttps://archive.org/old\tarchive.org/list/all\tnot at all\n",
}
ASKED = {
    "plain": ("https://archive.org/list/all", "text", b"a\nb\n"),
    "below a file": ("https://archive.org/list/all/a", "text", b"1\n"),
    "escaped": ("https://archive.org/HD%20189733.xml", "xml", b"<system></system>"),
    "mapped": (QUERY, "csv", b"a,b\n1,2\n"),
    "mapped, escaped otherwise": (
        "http://archive.org/TAP/sync?query=select%20%2A%20from%20ps&format=csv",
        "csv",
        b"a,b\n1,2\n",
    ),
    "query": ("https://archive.org/search?q=a/b", "text", b"found\n"),
    "folder": ("https://archive.org/folder/", "html", b"<html></html>"),
    "alias": ("https://archive.org/old", "text", b"a\nb\n"),
}


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "mirror"
    for name, body in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(body)
    return root


@pytest.fixture
def archive(monkeypatch):
    """The source that asks for all of these, slowly: a mirror on this machine needs no politeness."""
    resources = [Resource(id, url, "k", expects) for id, (url, expects, _) in ASKED.items()]
    resources.append(Resource("absent", "https://archive.org/absent", "k", "text"))
    resources.append(Resource("outside", "https://archive.org/%2e%2e/%2e%2e/secret", "k", "text"))
    monkeypatch.setattr(sources, "get", lambda name: source(*resources, rate=0.5, refresh=0))


def check(config, summary):
    assert summary.counts == {"fake": {"fetched": len(ASKED), "failed": 2}}
    found = {row.resource: row for row in rows(config)}
    for id, (url, _, body) in ASKED.items():
        assert stored(config, found[id]) == body, id
        assert found[id].url == url
    assert [found[id].status for id in ("absent", "outside")] == [404, 404]


def test_a_folder(folder, archive, tmp_path):
    (tmp_path / "secret").write_text("not for you")
    config = lake_in(tmp_path, mirror="mirror")
    check(config, fetch.run(config))
    assert fetch.run(config).counts == {"fake": {"unchanged": len(ASKED), "failed": 2}}
    assert {row.status for row in rows(config)} == {304, 404}


def test_the_same_folder_over_http_gives_the_same_blobs(folder, archive, tmp_path):
    with Server(folder) as server:
        config = lake_in(tmp_path / "http", mirror=server.url)
        check(config, fetch.run(config))
        assert len(server.seen) == len(ASKED) + 2 + len(mirror.MAPS)
        assert {seen.headers["Host"] for seen in server.seen} == {server.url.removeprefix("http://")}
    other = lake_in(tmp_path, mirror="mirror")
    fetch.run(other)
    assert [row.sha256 for row in rows(config)] == [row.sha256 for row in rows(other)]


def test_another_mirror_is_another_answer(folder, archive, tmp_path, monkeypatch):
    """What is fresh from one mirror is asked for again at another, without the first one's validators."""
    resource = Resource("a", "https://archive.org/list/all", "k", "text")
    monkeypatch.setattr(sources, "get", lambda name: source(resource, refresh=7))
    fetch.run(lake_in(tmp_path, mirror="mirror"))
    shutil.copytree(folder, tmp_path / "second")
    (tmp_path / "second/archive.org/list/all").write_bytes(b"c\n")
    config = lake_in(tmp_path, mirror="second")
    assert fetch.run(config).counts == {"fake": {"fetched": 1}}
    assert [row.via for row in rows(config, "a")] == ["mirror", "second"]
    assert fetch.run(config).counts == {"fake": {"fresh": 1}}


def test_a_folder_answers_like_a_server(folder):
    with httpx.Client(transport=mirror.Folder(folder)) as client:
        url = "https://archive.org/list/all"
        whole = client.get(url)
        assert (whole.status_code, whole.content, whole.headers["Content-Length"]) == (200, b"a\nb\n", "4")
        etag, modified = whole.headers["ETag"], whole.headers["Last-Modified"]
        assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
        assert client.get(url, headers={"If-Modified-Since": modified}).status_code == 304
        assert client.get(url, headers={"If-None-Match": '"x"', "If-Modified-Since": modified}).status_code == 200
        rest = client.get(url, headers={"Range": "bytes=2-", "If-Range": etag})
        assert (rest.status_code, rest.content, rest.headers["Content-Range"]) == (206, b"b\n", "bytes 2-3/4")
        assert client.get(url, headers={"Range": "bytes=2-", "If-Range": '"x"'}).status_code == 200
        assert client.get(url, headers={"Range": "bytes=4-"}).status_code == 416
        assert client.get("https://archive.org/list").status_code == 404


def test_a_mirror_that_is_not_there(archive, tmp_path):
    with pytest.raises(ConfigError, match="mirror folder not found"):
        fetch.run(lake_in(tmp_path, mirror="none"))
    with Server() as gone:
        url = gone.url
    with pytest.raises(Unreachable, match="the mirror does not answer"):
        fetch.run(lake_in(tmp_path, mirror=url, attempts=2))


def test_a_redirect_of_a_mirror_stays_on_it(archive, tmp_path, monkeypatch):
    resource = Resource("a", "https://archive.org/moved", "k", "text")
    monkeypatch.setattr(sources, "get", lambda name: source(resource))
    with Server() as server:
        from lake.testing.server import page

        server.on("/archive.org/moved", redirect(server.url + "/files/here"))
        server.on("/files/here", redirect("https://other.org/there"))
        server.on("/other.org/there", page(b"found\n"))
        config = lake_in(tmp_path, mirror=server.url)
        fetch.run(config)
        assert stored(config, rows(config)[0]) == b"found\n"


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:8000/x", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("https://mirror.example.org", False),
        ("http://10.0.0.1", False),
    ],
)
def test_which_mirrors_are_this_machine(url, loopback):
    assert hosts.is_loopback(url) is loopback


def test_every_real_file_is_found_at_its_url(upstream):
    known = mirror.index([(upstream / name).read_text() for name in mirror.MAPS])
    missing = []
    for line in (upstream / "MANIFEST.tsv").read_text().splitlines()[1:]:
        url, file = line.split("\t")[:2]
        if mirror.file_of(url, known) != file or not (upstream / file).is_file():
            missing.append(url)
    assert missing == []
    with httpx.Client(transport=mirror.Folder(upstream)) as client:
        assert len(client.get("https://rest.kegg.jp/get/br:br08901/json").content) > 10_000
        assert client.get(
            "https://exoplanetarchive.ipac.caltech.edu/TAP/sync?query=select+*+from+toi&format=csv"
        ).is_success
