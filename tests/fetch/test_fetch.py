"""One resource at a time, from a server that behaves and from one that does not."""

from __future__ import annotations

import email.utils
import gzip
import hashlib
import os
import time
from pathlib import Path

import pytest
from fetching import lake_in, left, rows, source, stored

from lake import fetch, sources
from lake.errors import Refused
from lake.fetch import retry
from lake.sources.contract import Resource
from lake.testing.server import Server, entity, page, redirect, slow, status

XML = b'<?xml version="1.0"?>\n<!-- made <today> -->\n<pathway name="p">\n<entry id="1"/>\n</pathway>\n'
BIG = b"".join(hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(100_000))  # 3.2 MB, text to nobody
TEXT = BIG.hex().encode()[:3_000_000]
LOGIN = b"<!DOCTYPE html>\n<html><head><title>Please log in</title></head><body>...</body></html>"
MODIFIED = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def get(server, tmp_path, monkeypatch):
    """Fetch one path of the server once; gives its newest row. Settings and the resource's fields by name."""

    def get(path="/a", expects="text", *, check=None, refresh=0.0, settings=None, **fields):
        resource = Resource("a", server.url + path, "kind", expects, **fields)
        monkeypatch.setattr(sources, "get", lambda name: source(resource, check=check, refresh=refresh))
        get.config = lake_in(tmp_path, **(settings or {}))
        get.summary = fetch.run(get.config)
        return rows(get.config, "a")[-1]

    return get


def test_exact_bytes_arrive_with_their_facts(server, get):
    body = bytes(range(1, 256)) * 300
    server.on("/a", entity(body, etag='"v1"', modified=MODIFIED))
    row = get(params={"organism": "hsa"}, settings={"contact": "me@example.org"})
    assert stored(get.config, row) == body
    assert (row.outcome, row.status, row.bytes, row.reason) == ("fetched", 200, len(body), "")
    assert (row.etag, row.last_modified) == ('"v1"', MODIFIED)
    assert row.params == {"organism": "hsa"}
    assert row.seconds > 0
    assert get.summary.counts == {"fake": {"fetched": 1}}
    assert get.summary.bytes == len(body)
    assert not get.summary.failed
    assert left(get.config) == []
    [asked] = server.seen
    assert asked.headers["Accept-Encoding"] == "identity"
    assert "me@example.org" in asked.headers["User-Agent"]


@pytest.mark.parametrize("validators", [{"etag": '"v1"'}, {"etag": 'W/"v1"'}, {"modified": MODIFIED}])
def test_what_did_not_change_is_not_sent_again(server, get, validators):
    server.on("/a", entity(b"same\n", **validators))
    first, second = get(), get()
    assert (second.outcome, second.status, second.sha256, second.bytes) == ("unchanged", 304, first.sha256, 5)
    assert (second.etag, second.last_modified) == (first.etag, first.last_modified)
    assert get.summary.bytes == 0


def test_without_validators_the_same_bytes_are_unchanged_too(server, get):
    server.on("/a", page(b"same\n"))
    get()
    assert (get().outcome, get().status) == ("unchanged", 200)


def test_what_changed_is_fetched_and_the_old_bytes_stay(server, get):
    server.on("/a", entity(b"old\n", etag='"1"'), entity(b"new\n", etag='"2"'))
    old, new = get(), get()
    assert (new.outcome, stored(get.config, new), stored(get.config, old)) == ("fetched", b"new\n", b"old\n")


def test_what_is_fresh_is_not_asked_for(server, get):
    server.on("/a", page(b"x\n"))
    get(refresh=1)
    row = get(refresh=1)
    assert len(server.seen) == 1
    assert row.outcome == "fetched"
    assert get.summary.counts == {"fake": {"fresh": 1}}
    assert get.summary.asked == 0


@pytest.mark.parametrize("change", ["path", "kind of reading", "blob gone", "listed sha256"])
def test_what_is_fresh_is_asked_for_when_something_about_it_changed(server, get, change):
    server.on("/a", page(b"x\n"))
    server.on("/b", page(b"y\n"))
    row = get(refresh=1)
    if change == "path":
        get("/b", refresh=1)
    elif change == "kind of reading":
        get(refresh=1, params={"new": True})
    elif change == "blob gone":
        (get.config.data / "blobs" / row.sha256[:2] / row.sha256).unlink()
        assert stored(get.config, get(refresh=1)) == b"x\n"
    else:
        assert get(refresh=1, sha256="0" * 64).outcome == "refused"
    assert len(server.seen) == 2


def test_cut_short_then_resumed_in_the_same_run(server, get):
    server.on("/a", entity(TEXT, etag='"v1"', stop=1_500_000), entity(TEXT, etag='"v1"'))
    row = get()
    assert (row.outcome, row.status, row.bytes) == ("resumed", 206, len(TEXT))
    assert stored(get.config, row) == TEXT
    second = server.seen[1].headers
    assert 0 < int(second["Range"][6:-1]) <= 1_500_000
    assert second["If-Range"] == '"v1"'
    assert left(get.config) == []


def test_a_server_that_dies_is_resumed_by_the_next_run(server, get):
    server.on("/a", entity(TEXT, modified=MODIFIED, stop=2_000_000))
    row = get(settings={"attempts": 1})
    assert (row.outcome, row.sha256) == ("failed", None)
    assert get.summary.failed
    assert len(left(get.config)) == 2
    server.on("/a", entity(TEXT, modified=MODIFIED))
    row = get()
    assert (row.outcome, stored(get.config, row)) == ("resumed", TEXT)
    assert server.seen[-1].headers["If-Range"] == MODIFIED
    assert server.seen[-1].headers["Range"] == "bytes=2000000-"


def test_what_changed_during_a_break_starts_again(server, get):
    new = TEXT[::-1]
    server.on("/a", entity(TEXT, etag='"v1"', stop=2_000_000), entity(new, etag='"v2"'))
    row = get()
    assert server.seen[1].headers["If-Range"] == '"v1"'
    assert (row.outcome, row.status, stored(get.config, row)) == ("fetched", 200, new)


def test_a_weak_etag_is_not_resumed_by(server, get):
    server.on("/a", entity(TEXT, etag='W/"v1"', stop=2_000_000), entity(TEXT, etag='W/"v1"'))
    row = get()
    assert "Range" not in server.seen[1].headers
    assert stored(get.config, row) == TEXT


def test_a_server_that_sends_another_range_is_not_believed(server, get):
    def wrong(handler):
        handler.reply(206, TEXT[5:], Content_Range=f"bytes 5-{len(TEXT) - 1}/{len(TEXT)}", ETag='"v1"')

    server.on("/a", entity(TEXT, etag='"v1"', stop=2_000_000), wrong, entity(TEXT, etag='"v1"'))
    row = get()
    assert (row.outcome, stored(get.config, row)) == ("fetched", TEXT)


def test_a_range_that_is_gone_starts_again(server, get):
    server.on("/a", entity(TEXT, etag='"v1"', stop=2_000_000), status(416), entity(TEXT, etag='"v1"'))
    row = get()
    assert (row.outcome, stored(get.config, row)) == ("fetched", TEXT)


def test_always_cut_short(server, get):
    server.on("/a", entity(XML, stop=20))
    row = get(expects="xml")
    assert (row.outcome, row.sha256) == ("failed", None)
    assert "3 attempts" in row.reason
    assert len(server.seen) == 3
    assert left(get.config) == []


def test_a_length_that_is_too_short_cuts_and_is_seen(server, get):
    server.on("/a", lambda handler: handler.reply(200, XML, length=len(XML) - 12))
    row = get(expects="xml")
    assert (row.outcome, row.reason) == ("refused", "the XML is truncated: it does not end with </pathway>")
    assert stored(get.config, row) == XML[:-12]


def test_a_stalled_answer_is_tried_again(server, get):
    server.on("/a", entity(b"abc\n", stop=2, pause=0.6), entity(b"abc\n"))
    row = get(settings={"timeout": 0.2})
    assert (row.outcome, stored(get.config, row)) == ("fetched", b"abc\n")
    server.on("/a", entity(b"abd\n", stop=2, pause=0.4))
    row = get(settings={"timeout": 0.1, "attempts": 2})
    assert row.outcome == "failed"
    assert "no byte received for 0.1 s" in row.reason


def test_not_found_is_asked_once(server, get):
    server.on("/a", status(404, b"No such pathway", Content_Type="text/plain"))
    row = get(optional=True)
    assert (row.outcome, row.status, row.reason) == ("failed", 404, "404 Not Found: No such pathway")
    assert len(server.seen) == 1
    assert get.summary.failures == [
        {
            "source": "fake",
            "resource": "a",
            "url": server.url + "/a",
            "outcome": "failed",
            "status": 404,
            "reason": row.reason,
            "optional": True,
            "verdict": "gap",
        }
    ]
    assert not get.summary.failed


def test_nobody_there(get, server, tmp_path):
    with Server() as gone:
        url = gone.url
    server.url = url
    row = get()
    assert (row.outcome, row.status) == ("failed", None)
    assert "refused" in row.reason


@pytest.mark.long
@pytest.mark.parametrize("date", [False, True], ids=["seconds", "date"])
def test_too_many_requests_waits_as_long_as_it_is_asked_to(server, get, date):
    after = email.utils.formatdate(time.time() + 2, usegmt=True) if date else "1"
    server.on("/a", status(429, Retry_After=after), page(b"now\n"))
    row = get()
    assert stored(get.config, row) == b"now\n"
    first, second = server.seen
    assert second.at - first.at >= (0.9 if date else 1.0)  # a date has whole seconds


def test_an_archive_that_asks_to_come_back_tomorrow(server, get):
    server.on("/a", status(503, Retry_After="86400"))
    row = get()
    assert (row.outcome, row.status, len(server.seen)) == ("failed", 503, 1)
    assert "86,400" in row.reason


@pytest.mark.parametrize(("after", "asked"), [(1, 2), (2, 1)])
def test_a_wait_as_long_as_the_patience_is_waited_for_and_no_longer_one(server, get, monkeypatch, after, asked):
    monkeypatch.setattr(retry, "MAX_RETRY_AFTER", 1.0)
    server.on("/a", status(503, Retry_After=str(after)))
    row = get(settings={"attempts": 2})
    assert (row.outcome, len(server.seen)) == ("failed", asked)
    assert ("asks to wait" in row.reason) == (asked == 1)


def test_503_for_ever(server, get):
    server.on("/a", status(503))
    row = get()
    assert (row.outcome, row.status, len(server.seen)) == ("failed", 503, 3)
    assert row.reason == "503 Service Unavailable (3 attempts)"


REFUSED = [
    ("text", LOGIN, "received an HTML page instead of text, titled 'Please log in'"),
    ("csv", LOGIN, "received an HTML page instead of csv, titled 'Please log in'"),
    ("json", LOGIN, "received an HTML page instead of json, titled 'Please log in'"),
    ("xml", b'<?xml version="1.0"?>' + LOGIN, "received an HTML page instead of xml, titled 'Please log in'"),
    ("xml", b"<html><body></body></html>", "received an HTML page instead of xml"),
    ("xml", XML[:60], "the XML is truncated: it does not end with </pathway>"),
    ("xml", XML[: XML.index(b"</pathway")], "the XML is truncated: it does not end with </pathway>"),
    ("xml", b"pathway\n", "it does not begin like XML but with 'pathway'"),
    ("netcdf", LOGIN, "it is neither classic NetCDF (CDF) nor NetCDF4 (HDF5): it begins with an HTML page"),
    ("netcdf", b"PK\x03\x04", "it is neither classic NetCDF (CDF) nor NetCDF4 (HDF5): it begins with 'PK"),
    ("text", b'ERROR\nERROR: "x" is not a valid table\n', "the archive answered with an error: 'ERROR'"),
    ("csv", b"ERROR: no such table\n", "the archive answered with an error: 'ERROR: no such table'"),
    ("csv", b'<?xml version="1.0"?><VOTABLE/>', """it is markup, not CSV: it begins with '<?xml version="1.0"?><VO"""),
    ("text", gzip.compress(b"text"), "it is not text: it begins with"),
    ("text", b"", "the answer is empty"),
    ("csv", b"\xef\xbb\xbf \r\n\n", "the answer is empty"),
    ("xml", b"", "the answer is empty"),
    ("json", b'{"a": [1, 2', "the JSON is truncated: it ends with"),
    ("json", b"null", "it does not begin like JSON but with 'null'"),
    ("html", b"not found", "it is not HTML: it begins with 'not found'"),
]


def fetch_all(server, tmp_path, monkeypatch, bodies):
    """One run that asks for each of (expects, body); gives the settings and the rows in that order."""
    asked = [
        Resource(f"{i:03}", server.on(f"/{i}", page(body)), "k", expects) for i, (expects, body) in enumerate(bodies)
    ]
    monkeypatch.setattr(sources, "get", lambda name: source(*asked))
    config = lake_in(tmp_path)
    fetch.run(config)
    return config, rows(config)


def test_200_with_something_else_is_refused_and_kept(server, tmp_path, monkeypatch):
    config, found = fetch_all(server, tmp_path, monkeypatch, [case[:2] for case in REFUSED])
    for row, (expects, body, reason) in zip(found, REFUSED, strict=True):
        assert (row.outcome, row.status) == ("refused", 200), (expects, body)
        assert row.reason.startswith(reason)
        assert stored(config, row) == body


def test_gzip_is_judged_by_what_it_holds(server, tmp_path, monkeypatch):
    whole = gzip.compress(b"name\n" + os.urandom(200_000).hex().encode())
    bodies = [whole, whole[:-5], gzip.compress(LOGIN), gzip.compress(XML[:-3]), b"name\nno gzip after all\n"]
    kinds = ["text", "text", "text", "xml", "text"]
    asked = [Resource(f"{i}", server.on(f"/{i}.gz", page(body)), "k", kinds[i]) for i, body in enumerate(bodies)]
    monkeypatch.setattr(sources, "get", lambda name: source(*asked))
    config = lake_in(tmp_path)
    fetch.run(config)
    found = rows(config)
    assert [row.outcome for row in found] == ["fetched", "refused", "refused", "refused", "fetched"]
    assert found[1].reason.startswith("the gzip is truncated or damaged")
    assert found[2].reason.startswith("received an HTML page instead of text")
    assert found[3].reason.startswith("the XML is truncated")


TAKEN = [
    ("xml", XML),
    ("xml", b"\xef\xbb\xbf<a>\n</a>\n<!-- end -->\n"),
    ("xml", b"<?xml version='1.0'?><nothing x='1'/>"),
    ("xml", b'<!DOCTYPE pathway SYSTEM "https://x/KGML.dtd"><pathway><a/></pathway >'),
    ("xml", b"<?xml version='1.0'?><sbml><notes><body><h1>made up</h1></body></notes></sbml>"),
    ("csv", b'name,ref\nKepler-1,"<a refstr=X href=y>2019 <html></a>"\n'),
    ("text", b"no ERROR here\n"),
    ("text", b"caf\xe9 \xff\n"),
    ("json", b" [] \n"),
    ("json", b'\xef\xbb\xbf{"a": 1}'),
    ("html", LOGIN),
    ("html", b"<!-- hi --><HTML><BODY></BODY></HTML>"),
    ("netcdf", b"CDF\x01..."),
    ("netcdf", b"CDF\x05..."),
    ("netcdf", b"\x89HDF\r\n\x1a\n..."),
]


def test_what_was_asked_for_is_taken(server, tmp_path, monkeypatch):
    _, found = fetch_all(server, tmp_path, monkeypatch, TAKEN)
    assert [(row.good, row.reason) for row in found] == [(True, "")] * len(TAKEN)


def test_every_real_answer_has_the_shape_that_it_should(upstream):
    from lake.fetch.verify import check_format

    counted = 0
    for pattern, expects in [
        ("rest.kegg.jp/get/*/kgml", "xml"),
        ("rest.kegg.jp/l[i][sn][tk]/*", "text"),
        ("exoplanetarchive.ipac.caltech.edu/TblView/*.csv", "csv"),
        ("www.kegg.jp/**/*.html", "html"),
        ("**/*.json", "json"),
        ("**/*.nc", "netcdf"),
    ]:
        for file in filter(Path.is_file, upstream.glob(pattern)):
            body = file.read_bytes()
            check_format(expects, body[:65536], body[-4096:])
            counted += 1
    assert counted > 300
    for error in upstream.glob("exoplanetarchive.ipac.caltech.edu/cgi-bin/nstedAPI/*ERROR.txt"):
        with pytest.raises(Refused, match="ERROR"):
            check_format("csv", error.read_bytes(), error.read_bytes())


def test_a_redirect_to_a_login_page_is_refused_and_named(server, get):
    login = server.on("/login", page(LOGIN))
    server.on("/a", redirect("/login"))
    row = get()
    assert row.outcome == "refused"
    assert row.reason.endswith(f"'Please log in' (after a redirect to {login})")


def test_a_redirect_to_what_was_asked_for_is_followed(server, get):
    server.on("/moved", page(b"here\n"))
    server.on("/a", redirect(server.url + "/moved"))
    row = get()
    assert stored(get.config, row) == b"here\n"


def test_a_redirect_in_a_circle(server, get):
    server.on("/a", redirect("/a"))
    row = get()
    assert (row.outcome, len(server.seen)) == ("failed", 6)
    assert "redirect" in row.reason


def test_the_source_has_a_say_and_what_it_sees_is_the_head(server, get):
    seen = []

    def check(resource, head):
        seen.append(len(head))
        raise Refused("fewer columns than there should be", why="the archive changed")

    server.on("/a", page(TEXT))
    row = get(check=check)
    assert (row.outcome, row.reason) == ("refused", "fewer columns than there should be; the archive changed")
    assert seen == [65536]


def test_a_check_that_breaks_is_a_refusal_not_a_crash(server, get):
    server.on("/a", page(b"\xff\n"))
    row = get(check=lambda resource, head: head.decode())
    assert row.outcome == "refused"
    assert "UnicodeDecodeError" in row.reason


def test_a_refused_answer_never_replaces_a_good_one(server, get):
    server.on("/a", page(b"good\n"), page(LOGIN), page(b"good\n"))
    good, bad = get(refresh=1), get()
    assert [row.outcome for row in (good, bad)] == ["fetched", "refused"]
    assert get(refresh=1).outcome == "unchanged"  # young, but the last was not good


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"md5": "0" * 32}, "the md5 is"),
        ({"sha256": "0" * 64}, "the sha256 is"),
        ({"size": 7}, "received 5 bytes, and the archive lists 7"),
    ],
)
def test_a_sum_that_does_not_fit(server, get, wrong, reason):
    server.on("/a", page(b"body\n"))
    row = get(**wrong)
    assert row.outcome == "refused"
    assert row.reason.startswith(reason)


def test_sums_that_fit(server, get):
    body = b"body\n"
    server.on("/a", entity(body, etag='"1"'))
    sums = {"md5": hashlib.md5(body).hexdigest().upper(), "sha256": hashlib.sha256(body).hexdigest(), "size": 5}
    assert get(**sums).outcome == "fetched"
    assert get(**sums).status == 304


def test_a_new_checksum_is_not_answered_by_304(server, get):
    server.on("/a", entity(b"body\n", etag='"1"'))
    get()
    row = get(md5="0" * 32)
    assert (row.outcome, row.status) == ("refused", 200)


@pytest.mark.parametrize("listed", [True, False], ids=["before", "during"])
def test_the_budget(server, get, listed):
    def without_length(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(TEXT)

    server.on("/a", entity(TEXT, etag='"1"') if listed else without_length)
    row = get(settings={"storage": 1_000_000})
    assert (row.outcome, len(server.seen)) == ("failed", 1)
    assert "keeping it would pass the storage limit" in row.reason
    assert left(get.config) == []
    total = sum(file.stat().st_size for file in get.config.data.rglob("*") if file.is_file())
    assert total < 1_000_000


def test_a_full_budget_asks_for_nothing(server, get):
    server.on("/a", page(b"x\n"))
    row = get(settings={"storage": 1})
    assert row.reason == "no room: its size is unknown, and [limits] storage is reached: 1 bytes"
    assert server.seen == []


def test_compressed_although_not_asked_for(server, get):
    server.on("/a", page(gzip.compress(TEXT), Content_Encoding="gzip", ETag='"z"'))
    row = get()
    assert (row.outcome, row.bytes, stored(get.config, row)) == ("fetched", len(TEXT), TEXT)


def test_compressed_and_cut_short_is_not_resumed(server, get):
    packed = gzip.compress(TEXT)

    def cut(handler):
        handler.reply(200, packed[:900_000], len(packed), Content_Encoding="gzip", ETag='"z"')
        handler.hang_up()

    server.on("/a", cut, page(packed, Content_Encoding="gzip"))
    row = get()
    assert "Range" not in server.seen[1].headers
    assert stored(get.config, row) == TEXT


def test_a_slow_server_is_waited_for_while_bytes_come(server, get):
    server.on("/a", slow(b"x" * 5000, 0.8))
    assert get(settings={"timeout": 0.3}).outcome == "fetched"


# Tokens


def test_a_token_goes_to_its_host_alone(server, get, monkeypatch):
    monkeypatch.setenv("A_TOKEN", "secret-7")
    with Server() as other:
        other.on("/b", page(b"x\n"))
        server.on("/a", redirect(other.url + "/b"))
        mine = server.url.removeprefix("http://")
        assert get(settings={"tokens": {mine: "A_TOKEN"}}).outcome == "fetched"
        assert server.seen[0].headers["Authorization"] == "Bearer secret-7"
        assert "Authorization" not in other.seen[0].headers
    log_file = get.config.data / "fetch_log.sqlite"
    assert b"secret-7" not in log_file.read_bytes()


@pytest.mark.parametrize(
    ("tokens", "value", "says"),
    [
        (True, "x", "is read from the variable A_TOKEN, which is set"),
        (True, "", "is read from the variable A_TOKEN, which is not set"),
        (False, "", "[fetch.tokens]"),
    ],
)
def test_an_archive_that_asks_who_one_is(server, get, monkeypatch, tokens, value, says):
    monkeypatch.setenv("A_TOKEN", value)
    server.on("/a", status(401))
    row = get(settings={"tokens": {server.url.removeprefix("http://"): "A_TOKEN"}} if tokens else {})
    assert (row.outcome, row.status) == ("failed", 401)
    assert says in row.reason
