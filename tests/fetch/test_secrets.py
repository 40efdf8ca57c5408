"""What is secret goes to whom it is for, and nowhere else: not over http, not to another host, not into a record."""

from __future__ import annotations

import base64
import json
from contextlib import closing

import httpx
import pytest
import toy
from fetching import lake_in, rows, source, stored
from hypothesis import given
from hypothesis import strategies as st

from lake import config, fetch, sources
from lake.cli import _summaries
from lake.fetch import hosts, probe
from lake.fetch.rate_limit import RateLimiter
from lake.land import configured
from lake.redact import redact
from lake.sources.contract import Resource
from lake.store import fetch_log
from lake.testing.server import Server, page, redirect, status


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def proxy(server, monkeypatch):
    """A proxy on the loopback: what is asked of http://<any name> comes to it, by its whole URL."""
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return server


def ask(monkeypatch, folder, url, **settings):
    monkeypatch.setattr(sources, "get", lambda name: source(Resource("a", url, "k", "text"), refresh=0))
    ask.config = lake_in(folder, **settings)
    ask.summary = fetch.run(ask.config)
    return rows(ask.config, "a")[-1]


# Tokens


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://archive.example/a", True),
        ("https://ARCHIVE.example:443/a", True),
        ("http://archive.example/a", False),
        ("http://archive.example:443/a", False),
        ("https://archive.example:8443/a", False),
        ("https://archive.example.org/a", False),
        ("https://x.archive.example/a", False),
        ("https://archive.example@evil.example/a", False),
        ("https://evil.example/archive.example", False),
        ("http://127.0.0.1:8000/a", True),
        ("http://localhost:8000/a", True),
        ("http://10.0.0.1/a", False),
    ],
)
def test_a_token_goes_over_https_or_to_this_machine(monkeypatch, url, sent):
    monkeypatch.setenv("A_TOKEN", "secret-7")
    named = ("archive.example", "127.0.0.1:8000", "localhost:8000", "10.0.0.1")
    request = httpx.Request("GET", url, headers={"Authorization": "Bearer of-another"})
    hosts.bearer(dict.fromkeys(named, "A_TOKEN"))(request)
    assert request.headers.get("Authorization") == ("Bearer secret-7" if sent else None)


def test_a_token_does_not_go_over_http(proxy, tmp_path, monkeypatch):
    monkeypatch.setenv("A_TOKEN", "secret-7")
    proxy.on("http://archive.example/a", status(401))
    row = ask(monkeypatch, tmp_path, "http://archive.example/a", tokens={"archive.example": "A_TOKEN"})
    assert "Authorization" not in proxy.seen[0].headers
    assert row.reason == "401 Unauthorized; its token is sent over https alone, and this URL is http"


def test_a_token_does_not_come_back_after_a_redirect(proxy, tmp_path, monkeypatch):
    """From this machine, which is told, to http of another host, which has a token of its own."""
    monkeypatch.setenv("A_TOKEN", "secret-7")
    proxy.on("/a", redirect("http://archive.example/b"))
    proxy.on("http://archive.example/b", page(b"x\n"))
    mine = proxy.url.removeprefix("http://")
    row = ask(monkeypatch, tmp_path, proxy.url + "/a", tokens={mine: "A_TOKEN", "archive.example": "A_TOKEN"})
    assert row.good
    assert [seen.headers.get("Authorization") for seen in proxy.seen] == ["Bearer secret-7", None]


# Credentials in a URL


SECRET = "s3cr3t-of-mine"
URLS = [
    "http://me:{s}@{host}/a",
    "http://{s}@{host}/a?x=1",
    "http://me:{s}%40x@{host}/a",
    *(f"http://{{host}}/a?format=csv&{name}={{s}}" for name in ("token", "api_key", "apikey", "key", "Access_Token")),
    "http://{host}/a?X-Amz-Signature={s}&X-Amz-Security-Token={s}",
    "http://{host}/a?TOKEN={s}",
]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("good", [True, False], ids=["good", "bad"])
def test_what_is_stored_and_shown_of_a_url_has_no_secret(server, tmp_path, monkeypatch, capsys, url, good):
    url = url.format(s=SECRET, host=server.url.removeprefix("http://"))
    path = httpx.URL(url).raw_path.decode()
    server.on(path, page(b"x\n") if good else redirect(f"/gone?token={SECRET}"))
    server.on(f"/gone?token={SECRET}", page(b"<html><title>Log in</title>"))
    row = ask(monkeypatch, tmp_path, url)
    assert row.good is good
    asked = server.seen[0]
    in_header = base64.b64decode(asked.headers.get("Authorization", "").removeprefix("Basic "))
    assert SECRET in asked.path or SECRET.encode() in in_header
    told = json.dumps([ask.summary.as_dict(), row.url, row.reason])
    _summaries.fetch(ask.summary)
    shown = capsys.readouterr()
    assert SECRET not in told + shown.out + shown.err
    for file in filter(lambda file: file.is_file(), tmp_path.rglob("*")):
        assert SECRET.encode() not in file.read_bytes(), file
    again = fetch.run(ask.config, only_plan=True, on_plan=lambda plan: print(plan.as_dict()))
    assert SECRET not in json.dumps(again.as_dict()) + capsys.readouterr().out


def test_an_answer_to_such_a_url_is_fresh_validated_and_landed_from(server, tmp_path, monkeypatch):
    url = f"{server.url}/a?api_key={SECRET}"
    server.on(f"/a?api_key={SECRET}", page(b"x\n"))
    ask(monkeypatch, tmp_path, url)
    monkeypatch.setattr(sources, "get", lambda name: source(Resource("a", url, "k", "text"), refresh=7))
    assert fetch.run(ask.config).counts == {"fake": {"fresh": 1}}
    monkeypatch.setattr(sources, "options", lambda *of: {})
    here = configured.of(ask.config, "fake")
    assert (here.certain, [one.url for one in here.answers]) == (True, [redact(url)])
    assert configured.described(here, here.answers[0]).url == redact(url)


def test_rows_of_older_versions_are_shown_without_secrets(tmp_path):
    outcome = fetch_log.Outcome(
        "r", "s", "a", "k", "text", f"http://h/?token={SECRET}", "2026-01-01T00:00:00Z", "failed"
    )
    with closing(fetch_log.connect(tmp_path, write=True)) as connection:
        fetch_log.record(connection, outcome)
        assert [row.url for row in fetch_log.last(connection)] == ["http://h/?token=***"]


def test_a_mirror_is_not_told_who_asks_the_archive(server, tmp_path, monkeypatch):
    server.on("/archive.example/a", page(b"x\n"))
    row = ask(monkeypatch, tmp_path, f"https://me:{SECRET}@archive.example/a", mirror=server.url)
    assert stored(ask.config, row) == b"x\n"
    assert SECRET not in str(server.seen)
    assert all("Authorization" not in seen.headers for seen in server.seen)


def test_a_probe_is_kept_without_secrets(server, tmp_path):
    settings = config.load(toy.make(tmp_path))
    [row] = probe.probe(settings, [("x", f"{server.url.replace('//', f'//me:{SECRET}@')}/a?key={SECRET}")])
    assert (row["status"], SECRET in json.dumps(row)) == (404, False)
    assert SECRET.encode() not in (settings.data / probe.FILE).read_bytes()


@given(
    user=st.text("ab:@%.", min_size=1, max_size=8),
    names=st.lists(st.sampled_from(["format", "query", "monkeys", "tokens", "cursor", "keyword"]), max_size=4),
    value=st.text("abc123+%/", min_size=1, max_size=8),
)
def test_redaction_takes_secrets_and_nothing_else(user, names, value):
    rest = "archive.example/a/b@c?" + "&".join(f"{name}={value}" for name in names)
    assert redact(f"https://{rest}") == f"https://{rest}"
    assert redact(f"see https://{user}@{rest} now") == f"see https://***@{rest} now"
    hidden = redact(f"https://{rest}&api_key={value}&x=1")
    assert hidden == f"https://{rest}&api_key=***&x=1"
    assert redact(hidden) == hidden


# Redirects inward


INNER = [
    "http://127.0.0.1:{port}/b",
    "http://localhost:{port}/b",
    "http://[::1]:{port}/b",
    "http://2130706433:{port}/b",
]
INNER += ["http://169.254.169.254/latest", "http://10.1.2.3/b", "http://192.168.1.1/b", "http://0.0.0.0:{port}/b"]
INNER += ["http://[::ffff:127.0.0.1]:{port}/b", "http://100.64.0.1/b", "http://127.1:{port}/b", "http://[fe80::1]/b"]


@pytest.mark.parametrize("inner", INNER)
def test_an_archive_does_not_send_us_to_an_inner_address(proxy, tmp_path, monkeypatch, inner):
    with Server() as other:
        inner = inner.format(port=other.url.rpartition(":")[2])
        other.on("/b", page(b"secret\n"))
        proxy.on(inner, page(b"secret\n"))
        proxy.on("http://archive.example/a", redirect(inner))
        row = ask(monkeypatch, tmp_path, "http://archive.example/a", attempts=1)
        assert (row.outcome, row.sha256) == ("failed", None)
        assert "on this machine or an inner network" in row.reason
        assert (len(proxy.seen), other.seen) == (1, [])


def test_redirects_within_the_world_and_within_a_machine_are_followed(proxy, tmp_path, monkeypatch):
    proxy.on("http://archive.example/a", redirect("http://other.example/b"))
    proxy.on("http://other.example/b", page(b"x\n"))
    assert ask(monkeypatch, tmp_path, "http://archive.example/a").good
    with Server() as other:
        other.on("/b", page(b"y\n"))
        proxy.on("/a", redirect(other.url + "/b"))
        assert ask(monkeypatch, tmp_path / "b", proxy.url + "/a").good


def test_politeness_still_sees_every_hop(proxy, tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(RateLimiter, "wait", lambda self, host, rate: waited.append(host))
    proxy.on("http://archive.example/a", redirect("http://other.example/b"))
    proxy.on("http://other.example/b", page(b"x\n"))
    ask(monkeypatch, tmp_path, "http://archive.example/a")
    assert waited == ["archive.example", "other.example"]
