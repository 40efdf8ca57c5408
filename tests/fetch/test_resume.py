"""After a break only the rest of the same version is added, whatever a server says and does."""

from __future__ import annotations

import hashlib
import itertools
import json

import pytest
from fetching import lake_in, left, rows, source, stored
from hypothesis import given, settings
from hypothesis import strategies as st

from lake import fetch, sources
from lake.sources.contract import Resource
from lake.testing.server import Server, entity

OLD, NEW = (b"".join(hashlib.sha256(b"%d %d" % (n, i)).hexdigest().encode() for i in range(25_000)) for n in (1, 2))
SIZE, BREAK = len(OLD), 1_200_000  # 1.6 MB: what is shorter than 1 MB is asked for again as a whole
MODIFIED, LATER = "Wed, 21 Oct 2015 07:28:00 GMT", "Thu, 22 Oct 2015 07:28:00 GMT"


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def get(server, tmp_path, monkeypatch):
    def get(folder="lake", **fields):
        resource = Resource("a", server.url + "/a", "kind", "text", **fields)
        monkeypatch.setattr(sources, "get", lambda name: source(resource, refresh=0))
        get.config = lake_in(tmp_path / folder, attempts=4, backoff=0.001)
        fetch.run(get.config)
        return rows(get.config, "a")[-1]

    return get


def rest(body, *, start=BREAK, end=SIZE, total=SIZE, chunked=False, code=206, **headers):
    """A 206 with these bytes, which says of itself what it is told to."""

    def answer(handler):
        if start is not None:
            headers.setdefault("Content_Range", f"bytes {start}-{end - 1}/{total}")
        if not chunked:
            return handler.reply(code, body, **headers)
        handler.send_response(code)
        for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        for at in range(0, len(body), 65536):
            block = body[at : at + 65536]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
        handler.wfile.write(b"0\r\n\r\n")

    return answer


BOUNDARY = b"--x\r\nContent-Range: bytes 1200000-1599999/1600000\r\n\r\n"
LIES = {
    "another ETag": rest(NEW[BREAK:], ETag='"v2"'),
    "a weak one of the same text": rest(NEW[BREAK:], ETag='W/"v1"'),
    "no validator": rest(NEW[BREAK:]),
    "another date": rest(NEW[BREAK:], ETag='"v1"', Last_Modified=LATER),
    "another total": rest(NEW[BREAK:-1], ETag='"v1"', end=SIZE - 1, total=SIZE - 1),
    "a total that is not known": rest(NEW[BREAK:], ETag='"v1"', total="*"),
    "another start": rest(NEW[5:], ETag='"v1"', start=5),
    "a start too far on": rest(NEW[BREAK + 5 :], ETag='"v1"', start=BREAK + 5),
    "an end before its start": rest(NEW[BREAK:], ETag='"v1"', end=BREAK - 4),
    "an end after the total": rest(NEW[BREAK:] + b"x", ETag='"v1"', end=SIZE + 1),
    "no Content-Range": rest(NEW[BREAK:], ETag='"v1"', start=None),
    "several ranges": rest(BOUNDARY + NEW[BREAK:], ETag='"v1"', start=None, Content_Type="multipart/byteranges"),
    "a range of 5,000 digits": rest(NEW[BREAK:], ETag='"v1"', Content_Range=f"bytes {'1' * 5000}-2/3"),
    "digits of another script": rest(NEW[BREAK:], ETag='"v1"', Content_Range="bytes ²-³/¹"),
    "more than its range": rest(NEW[BREAK:] + b"more", ETag='"v1"', chunked=True),
    "more than a short range": rest(NEW[BREAK:], ETag='"v1"', end=BREAK + 9, chunked=True),
    "compressed": rest(NEW[BREAK:], ETag='"v1"', Content_Encoding="gzip"),
    "the range was not asked for so": rest(NEW, start=0, ETag='"v1"'),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("validators", [{"etag": '"v1"', "modified": MODIFIED}, {"etag": '"v1"'}], ids=["both", "etag"])
def test_the_rest_of_something_else_is_not_added(server, get, lie, validators):
    if lie == "another date" and "modified" not in validators:
        pytest.skip("there was no date to compare with")
    server.on("/a", entity(OLD, **validators, stop=BREAK), LIES[lie], entity(NEW, etag='"v2"'))
    row = get()
    assert (row.outcome, row.status, row.etag) == ("fetched", 200, '"v2"')
    assert stored(get.config, row) == NEW
    assert left(get.config) == []


@pytest.mark.parametrize("answer", [rest(NEW[BREAK:], Last_Modified=LATER), rest(NEW[BREAK:]), rest(NEW, code=200)])
def test_by_a_date_too(server, get, answer):
    server.on("/a", entity(OLD, modified=MODIFIED, stop=BREAK), answer, entity(NEW, modified=LATER))
    row = get()
    assert stored(get.config, row) == NEW


def test_the_rest_in_pieces_is_added(server, get):
    """A server may send less than was asked for."""
    at = BREAK + 100_000
    piece = rest(OLD[BREAK:at], ETag='"v1"', end=at)
    server.on("/a", entity(OLD, etag='"v1"', stop=BREAK), piece, entity(OLD, etag='"v1"'))
    row = get()
    assert (row.outcome, stored(get.config, row)) == ("resumed", OLD)
    assert [seen.headers.get("Range") for seen in server.seen] == [None, f"bytes={BREAK}-", f"bytes={at}-"]


def test_facts_that_the_rest_does_not_repeat_are_those_of_the_first_part(server, get):
    server.on("/a", entity(OLD, etag='"v1"', modified=MODIFIED, stop=BREAK), rest(OLD[BREAK:], ETag='"v1"'))
    row = get()
    assert (row.outcome, row.etag, row.last_modified) == ("resumed", '"v1"', MODIFIED)


@pytest.mark.parametrize("note", ["", "[]", "null", "{", "{}", '{"boot": "x", "validator": "y"}'])
def test_a_note_that_says_nothing_starts_anew(server, get, note):
    server.on("/a", *[entity(OLD, etag='"v1"', stop=BREAK)] * 4)
    get()
    [file] = (get.config.data / "partial").glob("*.json")
    assert json.loads(file.read_text())["etag"] == '"v1"'
    file.write_text(note)
    server.on("/a", entity(OLD, etag='"v1"'))
    row = get()
    assert (row.outcome, stored(get.config, row)) == ("fetched", OLD)


PARTS = st.fixed_dictionaries(
    {
        "ETag": st.sampled_from(['"v3"', '"v2"', 'W/"v1"', None]),
        "Last_Modified": st.sampled_from([MODIFIED, LATER, None]),
        "start": st.sampled_from([BREAK, 0, BREAK - 1, BREAK + 1]),
        "total": st.sampled_from([SIZE, SIZE - 1, SIZE + 1, "*"]),
        "code": st.sampled_from([206, 200, 416, 404, 304]),
        "chunked": st.booleans(),
    }
)


@pytest.mark.parametrize("examples", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_what_is_kept_is_one_version_whole(server, get, examples):
    """Whatever comes after the break is of the new version, and the old one's ETag does not come with it: nothing of
    the two together is kept."""
    number = itertools.count()

    @settings(max_examples=examples, deadline=None)
    @given(answers=st.lists(PARTS, min_size=1, max_size=2))
    def check(answers):
        lies = []
        for one in answers:
            marks = {key: one[key] for key in ("ETag", "Last_Modified") if one[key]}
            body = b"" if one["code"] == 304 else NEW if one["code"] == 200 else NEW[one["start"] :]
            facts = {key: one[key] for key in ("start", "total", "code", "chunked")}
            lies.append(rest(body, **facts, **marks))
        server.on("/a", entity(OLD, etag='"v1"', modified=MODIFIED, stop=BREAK), *lies, entity(NEW, etag='"v2"'))
        row = get(f"lake{next(number)}")
        assert row.outcome in ("fetched", "failed")
        assert row.sha256 in (None, hashlib.sha256(NEW).hexdigest())

    check()
