"""Whatever a server sends, and however slowly: a fetch ends, in bounded memory, and says what was wrong."""

from __future__ import annotations

import datetime
import email.utils
import gzip
import resource as limits
import time
import zlib
from contextlib import closing

import pytest
from fetching import lake_in, left, rows, source, stored

from lake import fetch, sources
from lake.fetch import download, retry, sizes
from lake.sources.contract import Resource
from lake.store import fetch_log
from lake.testing.server import Server, page, status

TEXT = b"name,value\n" + b"abcdefgh,12345\n" * 10_000


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def get(server, tmp_path, monkeypatch):
    def get(refresh=0.0, **settings):
        asked = Resource("a", server.url + "/a", "kind", "text")
        monkeypatch.setattr(sources, "get", lambda name: source(asked, refresh=refresh, sized=True))
        get.config = lake_in(tmp_path, **settings)
        get.summary = fetch.run(get.config)
        return rows(get.config, "a")[-1]

    return get


# Retry-After

ODD = ["²", "-5", "1e9", "1" * 5000, "inf", "nan", "", " ", "tomorrow", "Wed, 21 Oct 99999 07:28:00 GMT", "0x10", "١"]


@pytest.mark.parametrize("value", [*ODD, "Fri, 31 Dec 9999 23:59:59 GMT", "Wed, 21 Oct 2015 07:28:00 +9999", "1 2 3"])
def test_any_retry_after_is_seconds_within_a_year_or_nothing(value):
    after = retry.retry_after(value)
    assert after is None or 0 <= after <= retry.YEAR


@pytest.mark.parametrize("value", ["²", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_an_odd_retry_after_ends_no_thread(server, get, value):
    """Not of the HEAD that asks for the size, nor of the GET."""
    server.on("/a", status(503, Retry_After=value))
    row = get()
    assert (row.outcome, row.status) == ("failed", 503)
    assert row.reason.startswith("503 Service Unavailable")


# Any error in a thread


class Panic(BaseException):
    pass


def test_any_error_in_a_threads_work_is_that_resources_failure(server, get, monkeypatch):
    def broken(*of):
        raise Panic("at the disco")

    server.on("/a", page(b"x\n"))
    monkeypatch.setattr(download, "fetch", broken)
    row = get()
    assert (row.outcome, row.reason) == ("failed", "internal error in fetch: Panic: at the disco")


def test_an_error_while_a_size_is_asked_for_is_no_wait(server, get, monkeypatch):
    def broken(*of, **more):
        raise Panic

    server.on("/a", page(b"x\n"))
    import lake.fetch.client

    real = lake.fetch.client.stream
    monkeypatch.setattr(
        lake.fetch.client, "stream", lambda *of, **more: broken() if "method" in more else real(*of, **more)
    )
    assert sizes.SAMPLE
    assert get().good


def test_an_error_while_a_row_is_written_ends_the_run(server, get, monkeypatch):
    def broken(*of):
        raise Panic

    server.on("/a", page(b"x\n"))
    monkeypatch.setattr(fetch_log, "record", broken)
    with pytest.raises(Panic):
        get()


# Content-Encoding


def test_more_members_and_both_kinds_of_deflate(server, get):
    raw = zlib.compressobj(wbits=-15)
    for packed, name in [
        (gzip.compress(TEXT[:50_000]) + gzip.compress(TEXT[50_000:]), "gzip"),
        (gzip.compress(TEXT), " GZIP, identity"),
        (zlib.compress(TEXT), "deflate"),
        (raw.compress(TEXT) + raw.flush(), "deflate"),
        (TEXT, "identity"),
    ]:
        server.on("/a", page(packed, Content_Encoding=name))
        row = get()
        assert (row.good, row.reason) == (True, "")
        assert stored(get.config, row) == TEXT


@pytest.mark.parametrize(
    ("body", "name", "reason"),
    [
        (gzip.compress(gzip.compress(TEXT)), "gzip, gzip", "its Content-Encoding is 'gzip, gzip'"),
        (TEXT, "br", "its Content-Encoding is 'br'"),
        (TEXT, "zstd", "its Content-Encoding is 'zstd'"),
        (TEXT, "no-such", "its Content-Encoding is 'no-such'"),
        (TEXT, "gzip", "its gzip is damaged"),
        (gzip.compress(TEXT)[:-9], "gzip", "its gzip is truncated"),
        (gzip.compress(TEXT) + b"rest", "gzip", "its gzip is "),
    ],
)
def test_other_codings_and_broken_ones_are_no_answer(server, get, body, name, reason):
    server.on("/a", page(body, Content_Encoding=name))
    row = get()
    assert (row.outcome, row.status, row.sha256) == ("failed", 200, None)
    assert row.reason.startswith(reason)
    assert left(get.config) == []


def test_what_expands_without_end_is_no_answer_and_takes_no_memory(server, get):
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(150)) + packer.flush()
    server.on("/a", page(bomb, Content_Encoding="gzip"))
    before = limits.getrusage(limits.RUSAGE_SELF).ru_maxrss
    row = get(storage=10**10)
    assert (row.outcome, row.sha256) == ("failed", None)
    assert "expand to more than" in row.reason
    assert limits.getrusage(limits.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB
    assert left(get.config) == []


# Slow and endless answers


def drip(before: bytes, drop: bytes, pause: float = 0.05):
    def answer(handler):
        handler.wfile.write(before)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            handler.wfile.write(drop)
            handler.wfile.flush()
            time.sleep(pause)

    return answer


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("before", "drop", "reason"),
    [
        (OK + b"Content-Length: 100000\r\n\r\n", b"x", "the answer is too slow"),
        (OK + b"Connection: close\r\n\r\n", b"x", "the answer is too slow"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", "the answer is too slow"),
        (OK, b"X: y\r\n", "the answer"),
        (b"", b"H", "the answer"),
        (OK + b"X: ", b"y", "the answer"),
    ],
    ids=["body", "body without end", "chunks", "headers", "no status", "one header"],
)
def test_an_answer_that_drips_is_given_up(server, get, before, drop, reason):
    server.on("/a", drip(before, drop))
    began = time.monotonic()
    row = get(timeout=0.3, attempts=1, least_rate=1000)
    assert time.monotonic() - began < 8  # with a HEAD before the GET
    assert (row.outcome, row.sha256) == ("failed", None)
    assert row.reason.startswith(reason)


def test_an_answer_has_a_deadline(server, get):
    server.on("/a", drip(OK + b"Content-Length: 100000000\r\n\r\n", b"x" * 2000, 0.02))
    row = get(timeout=0.5, deadline=1.0, attempts=1)
    assert (row.outcome, row.reason) == ("failed", "the answer was not whole after 1 s (1 attempts)")


def test_a_slow_start_is_not_a_slow_answer(server, get):
    def thinks(handler):
        time.sleep(0.4)
        handler.reply(200, b"x\n")

    server.on("/a", thinks)
    assert get(timeout=0.6, least_rate=1000).good


@pytest.mark.parametrize(
    "before", [OK + b"A: b\r\n" * 200_000, OK + b"A: " + b"b" * 2_000_000, b"x" * 2_000_000, OK + b"A: b\r\n " * 99_999]
)
def test_a_flood_of_headers_is_no_answer(server, get, before):
    server.on("/a", lambda handler: (handler.wfile.write(before + b"\r\n\r\n"), handler.hang_up()))
    row = get(attempts=2)
    assert (row.outcome, row.sha256) == ("failed", None)


def test_an_endless_body_stops_at_the_budget_and_is_no_answer(server, get):
    server.on("/a", drip(OK + b"Connection: close\r\n\r\n", b"x" * 100_000, 0))
    row = get(storage=3_000_000)
    assert (row.outcome, row.verdict, row.sha256) == ("failed", "skipped", None)
    assert left(get.config) == []


# Clocks


@pytest.mark.parametrize(("days", "fresh"), [(50 * 365, False), (0.1, False), (-1, True), (-8, False)])
def test_an_answer_of_the_future_is_old(server, get, days, fresh):
    server.on("/a", page(b"x\n"))
    get(refresh=7)
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    with closing(fetch_log.connect(get.config.data, write=True)) as connection:
        connection.execute("UPDATE outcomes SET at = ?", [at.isoformat(timespec="milliseconds")])
    get(refresh=7)
    assert len(server.asked("/a")) == (1 if fresh else 2)


def test_a_retry_after_date_is_held_against_this_clock():
    date = email.utils.formatdate(time.time() + 100, usegmt=True)
    assert 90 < retry.retry_after(date) <= 100
