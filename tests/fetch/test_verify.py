"""Judging an answer takes time in proportion to its length, whatever it holds."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from conftest import ROOT

from lake.errors import Refused
from lake.fetch.verify import check_format
from lake.testing.server import Server, page

# Of each, its beginning, what is repeated, and its end.
REPEATED = [
    (b"<a>", b"<!-- -->", b"x"),
    (b"<a/>", b" <!---->", b"<"),
    (b"<a></a>", b"\n<!-- x -->\n", b"</b>"),
    (b"<a></a>", b"<!--", b"-->"),
    (b"<a></a>", b"-", b""),
    (b"<a></a>", b" ", b"x"),
    (b"", b"<!--", b""),
    (b"", b"<!-->", b""),
    (b"", b"<!-- -", b"-->"),
    (b"<!--", b"-", b""),
    (b"<!--", b"a-", b"--"),
    (b"", b"</a ", b""),
    (b"<a>", b"</a \t", b""),
    (b"<a>", b"<a", b"/>"),
    (b"<", b"a", b""),
    (b"", b"<a", b">"),
    (b"<html><title>", b" ", b"x"),
    (b"<html><title>", b" a", b""),
    (b"<html><title", b" ", b""),
    (b"<html>", b"<title", b""),
    (b"<html>", b"<title>", b""),
    (b"<html>", b"<title> ", b"<"),
    (b"<!doctype", b" ", b"x"),
    (b"", b"<!doctype ", b"x"),
    (b"x", b"<!doctype ", b""),
    (b"", b" ", b""),
    (b"{", b"[", b""),
    (b"ERROR", b" ", b"\n"),
    (b"#", b",", b"\n"),
    (b'"', b'""', b""),
    (b"x\t", b"\t", b"\n"),
    (b">", b"A", b""),
    (b'{"messages":', b" ", b""),
    (b"", b'"messages" : [', b""),
    (b"", b"<title>", b"Index of"),
    (b"", b"<h1> ", b"Index"),
]
JUDGES = """
    import json, sys, time
    from contextlib import suppress
    from types import SimpleNamespace
    from lake import sources
    from lake.errors import LakeError
    from lake.fetch import verify
    from lake.sources.contract import Resource

    kinds = ("xml", "html", "json", "text", "csv", "netcdf", "other")
    for begin, again, end in json.loads(sys.stdin.read()):
        for times in (1_000, 10_000, 100_000):
            body = (begin + again * times + end).encode("latin-1")
            began = time.thread_time()
            for expects in kinds:
                with suppress(LakeError):
                    verify.check_format(expects, body, body)
            print(json.dumps([begin[:9] + again, times, len(body), time.thread_time() - began]), flush=True)
"""


def _python(code: str, given: bytes = b"", *arguments: str) -> list[list]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], input=given, capture_output=True, timeout=100
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_answer_is_judged_in_linear_time():
    """In a process of its own: a match that does not end cannot be interrupted."""
    given = json.dumps([[part.decode("latin-1") for part in one] for one in REPEATED]).encode()
    took = _python(JUDGES, given)
    assert len(took) == 3 * len(REPEATED)
    assert [one for one in took if one[3] > 0.3] == []


SOURCES = """
    import inspect, json, re, sys, time
    from lake import sources
    from lake.errors import LakeError
    from lake.sources.contract import Resource

    bodies = [(begin + again * (2**16 // len(again)) + end).encode("latin-1")[: 2**16]
              for begin, again, end in json.loads(sys.stdin.read())]
    for name in sources.names():
        module = sources.get(name)
        for kind in sorted(set(re.findall(r'"([a-z][a-z_]{1,30})"', inspect.getsource(module)))):  # and other words
            for body in bodies:
                resource = Resource("x", "https://example.org/x", kind, "text", {})
                began = time.thread_time()
                try:
                    module.check(resource, body)
                except Exception:
                    pass
                took = time.thread_time() - began
                if took > 0.2:
                    print(json.dumps([name, kind, body[:40].decode("latin-1"), took]), flush=True)
"""


@pytest.mark.slow
def test_every_source_checks_an_answer_in_linear_time():
    given = json.dumps([[part.decode("latin-1") for part in one] for one in REPEATED]).encode()
    assert _python(SOURCES, given) == []


@pytest.mark.parametrize(
    ("whole", "body"),
    [
        (True, b"<a></a>"),
        (True, b"<a></a >  <!-- one --> <!-- <b> - -- -->\n"),
        (True, b"<!-- <b> --><a><b></b></a>"),
        (True, b"<!-- <b> --><a x='1'/>"),
        (True, b"<a></a><!---->"),
        (False, b"<a></a><!-- one"),
        (False, b"<a></a>text"),
        (False, b"<a></a><!-- one --><b/>"),
        (False, b"<a><b/>"),
        (False, b"<a"),
        (False, b"<!-- only <a></a> -->"),
        (False, b"<!-- never closed <a></a>"),
        (False, b"<" + b"a" * 1000 + b">"),
    ],
)
def test_xml_ends_with_its_root_and_comments(whole, body):
    if whole:
        check_format("xml", body, body)
    else:
        with pytest.raises(Refused):
            check_format("xml", body, body)


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (b"<html><TITLE lang='en'>\n  Log in \n</title>", ", titled 'Log in'"),
        (b"<html><title></title>", ""),
        (b"<html><title>   <b>", ""),
        (b"<html><title>never closed", ""),
        (b"<html><title" + b" " * 60_000 + b">x</title>", ", titled 'x'"),
    ],
)
def test_the_title_of_a_page_is_told(page, title):
    with pytest.raises(Refused) as refused:
        check_format("text", page, page)
    assert refused.value.what == f"received an HTML page instead of text{title}"


@pytest.mark.long
def test_a_fetch_of_a_hostile_answer_ends_and_hears_ctrl_c(tmp_path):
    """Such an answer is refused at once, and a second one, which takes long to come, is left at Ctrl-C."""
    code = f"""
        import sys
        sys.path.insert(0, {str(ROOT / "tests")!r})
        from fetching import lake_in, source
        from pathlib import Path
        from lake import fetch, sources
        from lake.errors import Interrupted
        from lake.sources.contract import Resource
        names = [("a", "xml"), ("b", "text"), ("c", "text")]
        asked = [Resource(name, f"{{sys.argv[1]}}/{{name}}", "k", expects) for name, expects in names]
        sources.get = lambda name: source(*asked)
        try:
            fetch.run(lake_in(Path(sys.argv[2]), connections=1))
        except Interrupted:
            sys.exit(130)
    """

    def silent(handler):
        handler.reply(200, b"", length=5)
        time.sleep(20)

    with Server() as server:
        server.on("/a", page(b"<a></a>" + b"<!-- -->" * 40 + b"x"))
        server.on("/b", page(b"<html><title>" + b" " * 60_000))
        server.on("/c", silent)
        command = [sys.executable, "-c", textwrap.dedent(code), server.url, str(tmp_path)]
        process = subprocess.Popen(command)
        try:
            until = time.monotonic() + 30
            while not server.asked("/c") and time.monotonic() < until:
                time.sleep(0.05)
            assert server.asked("/c"), "the first answers are not judged yet"
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
        finally:
            process.kill()
