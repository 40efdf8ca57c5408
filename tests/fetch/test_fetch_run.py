"""Whole runs: several sources and hosts, politeness, Ctrl-C, kill -9, full disks, two at once."""

from __future__ import annotations

import itertools
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from types import SimpleNamespace

import pytest
from conftest import ROOT
from fetching import lake_in, left, rows, source, stored

from lake import fetch
from lake.errors import ConfigError, Interrupted, Locked, StorageError
from lake.fetch import rate_limit
from lake.sources.contract import Resource
from lake.store import blobs, fetch_log
from lake.testing.server import Server, entity, page, slow, status

TESTS = ROOT / "tests"
LONG = b"0123456789abcdef" * 500_000  # 8 MB


@pytest.fixture
def server():
    with Server() as running:
        yield running


def texts(server, n, prefix="t"):
    return [Resource(f"{prefix}{i}", server.on(f"/{prefix}{i}", page(b"%d\n" % i)), "k", "text") for i in range(n)]


def test_a_list_first_then_each_that_it_names(server, archives, tmp_path):
    listed = Resource("list", server.on("/list", page(b"a\nb\n"), page(b"b\nc\n")), "list", "text")
    for name in "abc":
        server.on(f"/{name}", page(name.encode()))

    def more(options, answer):
        if file := answer("list"):
            for name in file.read_text().split():
                yield Resource(name, f"{server.url}/{name}", "item", "text")

    archives["fake"] = source(listed, more=more, refresh=0)
    config = lake_in(tmp_path)
    assert fetch.run(config).counts == {"fake": {"fetched": 3}}
    assert fetch.run(config).counts == {"fake": {"fetched": 2, "unchanged": 1}}
    assert [seen.path for seen in server.seen][3] == "/list"
    assert len(server.asked("/a")) == 1  # the old list is not followed before the new one is here


def test_a_list_that_fails_leaves_the_old_one_to_go_by_and_the_failure_is_told(server, archives, tmp_path):
    listed = Resource("list", server.on("/list", page(b"a"), status(404)), "list", "text")
    server.on("/a", page(b"1"), page(b"2"))

    def more(options, answer):
        if file := answer("list"):
            yield Resource(file.read_text(), f"{server.url}/a", "item", "text")

    archives["fake"] = source(listed, more=more, refresh=0)
    config = lake_in(tmp_path)
    fetch.run(config)
    summary = fetch.run(config)
    assert summary.counts == {"fake": {"failed": 1, "fetched": 1}}
    assert [failure["resource"] for failure in summary.failures] == ["list"]
    assert summary.failed


def test_one_source_fails_and_the_other_does_not_notice(server, archives, tmp_path):
    bad = Resource("bad", server.on("/bad", status(503)), "k", "text")
    archives["one"] = source(bad, name="one")
    archives["two"] = source(*texts(server, 5), name="two")
    summary = fetch.run(lake_in(tmp_path, "one", "two"))
    assert summary.counts == {"one": {"failed": 1}, "two": {"fetched": 5}}
    assert [(f["source"], f["resource"], f["status"]) for f in summary.failures] == [("one", "bad", 503)]
    assert summary.as_dict()["sources"] == {"one": {"failed": 1}, "two": {"fetched": 5}}


@pytest.mark.parametrize(
    ("problem", "reason"),
    [(ConfigError("the list has no ids in it"), "the list has no ids in it"), (KeyError("id"), "KeyError: 'id'")],
)
def test_a_source_that_cannot_read_its_own_list(server, archives, tmp_path, problem, reason):
    def more(options, answer):
        if answer("t0"):
            raise problem
        return []

    archives["one"] = source(*texts(server, 1), name="one", more=more)
    archives["two"] = source(*texts(server, 2, "u"), name="two")
    summary = fetch.run(lake_in(tmp_path, "one", "two"))
    assert summary.counts == {"one": {"fetched": 1, "failed": 1}, "two": {"fetched": 2}}
    assert summary.failures[0]["reason"].endswith(reason)


def test_only_what_is_asked_for_and_only_what_is_configured(server, archives, tmp_path):
    archives["one"] = source(*texts(server, 1), name="one")
    archives["two"] = source(*texts(server, 1, "u"), name="two")
    assert list(fetch.run(lake_in(tmp_path, "one", "two"), ["two"]).counts) == ["two"]
    with pytest.raises(ConfigError, match="not configured"):
        fetch.run(lake_in(tmp_path, "one"), ["two"])


def test_a_second_run_does_nothing_and_force_asks_again(server, archives, tmp_path):
    archives["fake"] = source(*texts(server, 20))
    config = lake_in(tmp_path)
    assert fetch.run(config).asked == 20
    second = fetch.run(config)
    assert (second.asked, second.fresh, len(server.seen)) == (0, 20, 20)
    assert fetch.run(config, force=True).counts == {"fake": {"unchanged": 20}}
    assert len(rows(config)) == 20


def test_a_known_gap_is_told_again_but_not_asked_for_again(server, archives, tmp_path):
    gap = Resource("gap", server.on("/gap", status(404)), "k", "text", optional=True)
    broken = Resource("broken", server.on("/broken", status(500)), "k", "text", optional=True)
    needed = Resource("needed", server.on("/needed", status(404)), "k", "text")
    archives["fake"] = source(gap, broken, needed)
    config = lake_in(tmp_path, attempts=1)
    first = fetch.run(config)
    second = fetch.run(config)
    assert first.counts == {"fake": {"gap": 2, "failed": 1}}
    assert second.counts == {"fake": {"gap": 1, "failed": 1, "fresh": 1}}
    assert {f["resource"] for f in second.failures} == {f["resource"] for f in first.failures}
    assert [len(server.asked(path)) for path in ("/gap", "/broken", "/needed")] == [1, 2, 2]
    fetch.run(config, force=True)
    assert len(server.asked("/gap")) == 2


@pytest.fixture
def turns(monkeypatch):
    """When the limiter lets requests go, by its own clock: under load they may reach the server together."""
    local, turns = threading.local(), []

    def monotonic():
        local.now = time.monotonic()
        return local.now

    def wait(self, host, rate):
        real(self, host, rate)
        turns.append(local.now)

    real = rate_limit.RateLimiter.wait
    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=monotonic))
    monkeypatch.setattr(rate_limit.RateLimiter, "wait", wait)
    return turns


@pytest.mark.parametrize("late", [0, 0.04])
def test_politeness_holds_for_all_threads_of_a_host_together(server, archives, tmp_path, turns, monkeypatch, late):
    """Nowhere a burst, also where threads wake late, some more and some less."""
    sleep, number = rate_limit.stoppable_sleep, itertools.count()

    def lazy(stop):
        return lambda seconds: sleep(stop)(seconds + late * (next(number) % 2) if seconds else 0)

    monkeypatch.setattr(rate_limit, "stoppable_sleep", lazy)
    archives["fake"] = source(*texts(server, 12), rate=20)
    fetch.run(lake_in(tmp_path, connections=6))
    assert len(turns) == len(server.seen) == 12
    turns.sort()
    assert min(b - a for a, b in itertools.pairwise(turns)) >= 1 / 20 - 1e-9


def test_retries_are_polite_too(server, archives, tmp_path):
    archives["fake"] = source(Resource("a", server.on("/a", status(503)), "k", "text"), rate=10)
    fetch.run(lake_in(tmp_path, attempts=4, backoff=0.001))
    times = [seen.at for seen in server.seen]
    assert len(times) == 4
    assert times[-1] - times[0] >= 0.3 * 0.97


@pytest.mark.long
def test_one_429_makes_the_whole_host_wait(server, archives, tmp_path):
    first = Resource("first", server.on("/first", status(429, Retry_After="1"), page(b"x")), "k", "text")
    rest = texts(server, 8)
    archives["fake"] = source(first, *rest, rate=20)
    assert not fetch.run(lake_in(tmp_path, connections=2)).failed
    start = next(seen.at for seen in server.seen if seen.path == "/first")
    assert [seen for seen in server.seen if 0.2 < seen.at - start < 0.9] == []  # what was under way may still arrive


def test_hosts_are_asked_at_the_same_time(archives, tmp_path):
    """One host that takes its time does not hold up another: the quick one is done before the slow one."""
    with Server() as quick, Server() as lazy:
        late = [Resource(f"s{i}", lazy.on(f"/s{i}", slow(b"x" * 50, 0.5)), "k", "text") for i in range(2)]
        archives["fake"] = source(*late, *texts(quick, 10))
        config = lake_in(tmp_path, connections=1)
        assert fetch.run(config).counts == {"fake": {"fetched": 12}}
        order = [row.resource for row in sorted(rows(config), key=lambda row: row.id)]
    assert set(order[-2:]) == {"s0", "s1"}
    assert len(lazy.seen) == 2


def test_a_host_that_never_answers_is_left_alone(server, archives, tmp_path):
    down = [Resource(f"d{i}", server.on(f"/d{i}", status(503)), "k", "text") for i in range(30)]
    archives["fake"] = source(*down)
    summary = fetch.run(lake_in(tmp_path, attempts=2, backoff=0.001, connections=1))
    assert summary.counts == {"fake": {"failed": 30}}
    assert len(server.seen) == 20  # ten resources, two tries each
    assert sum(failure["reason"].startswith("not asked") for failure in summary.failures) == 20


def test_two_resources_at_one_url_do_not_mix(server, archives, tmp_path):
    url = server.on("/long", slow(LONG, 0.2, etag='"1"'))
    archives["fake"] = source(*[Resource(f"r{i}", url, "k", "text") for i in range(4)])
    config = lake_in(tmp_path)
    fetch.run(config)
    assert {stored(config, row) for row in rows(config)} == {LONG}


SCRIPT = """
    import sys
    sys.path.insert(0, {tests!r})
    from pathlib import Path
    from fetching import lake_in, source
    from lake import fetch, sources
    from lake.errors import LakeError
    from lake.sources.contract import Resource
    small = [Resource(f"t{{i}}", {url!r} + f"/t{{i}}", "k", "text") for i in range({n})]
    long = [Resource(f"long{{i}}", {url!r} + f"/long{{i}}", "k", "text") for i in range({long})]
    sources.get = lambda name: source(*long, *small)
    print("ready", flush=True)
    try:
        fetch.run(lake_in(Path({folder!r}), timeout=60))
        status = Path("/proc/self/status")
        print(status.read_text() if status.is_file() else "", flush=True)
    except LakeError as error:
        print(type(error).__name__, flush=True)
        sys.exit(error.exit_code)
"""


def start(folder, server, n=0, long=0) -> subprocess.Popen:
    """A fetch in a process of its own, at work."""
    script = textwrap.dedent(SCRIPT).format(tests=str(TESTS), url=server.url, folder=str(folder), n=n, long=long)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def wait_until(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.005)


def all_resources(server, n, long):
    found = [Resource(f"long{i}", f"{server.url}/long{i}", "k", "text") for i in range(long)]
    return found + [Resource(f"t{i}", f"{server.url}/t{i}", "k", "text") for i in range(n)]


def kill_and_go_on(server, archives, folder, kills, n=120):
    """Kill -9 at random moments; after each, what is recorded is whole; in the end everything is there."""
    for i in range(n):
        server.on(f"/t{i}", slow(b"%d\n" % i * 200, 0.01))
    server.on("/long0", slow(LONG, 1.0, etag='"1"'))
    archives["fake"] = source(*all_resources(server, n, 1))
    config = lake_in(folder)
    chance = random.Random(5)
    for _ in range(kills):
        before = len(server.seen)
        process = start(folder, server, n, 1)
        wait_until(lambda before=before, process=process: len(server.seen) > before or process.poll() is not None)
        time.sleep(chance.uniform(0, 0.25))
        process.kill()
        process.wait()
        for row in rows(config):
            assert row.good, row
            blobs.verify(config.data, row.sha256)
    done = len(rows(config))
    before = len(server.seen)
    summary = fetch.run(config)
    assert not summary.failed
    assert summary.fresh == done
    assert len(rows(config)) == n + 1
    assert len(server.seen) - before == n + 1 - done
    assert all(stored(config, row) for row in rows(config))
    assert left(config) == []
    return done


@pytest.mark.long
def test_kill_9_loses_nothing(server, archives, tmp_path):
    assert kill_and_go_on(server, archives, tmp_path, kills=3) > 0


@pytest.mark.slow
def test_fifty_kills_lose_nothing(server, archives, tmp_path):
    kill_and_go_on(server, archives, tmp_path, kills=50, n=2000)


def test_a_long_answer_that_was_killed_is_resumed(server, archives, tmp_path):
    server.on("/long0", slow(LONG, 4.0, etag='"1"'), entity(LONG, etag='"1"'))
    process = start(tmp_path, server, long=1)
    folder = tmp_path / "data" / "partial"
    wait_until(lambda: folder.is_dir() and any(f.stat().st_size > 1_000_000 for f in folder.iterdir()))
    process.kill()
    process.wait()
    archives["fake"] = source(*all_resources(server, 0, 1))
    config = lake_in(tmp_path)
    assert fetch.run(config).counts == {"fake": {"resumed": 1}}
    [row] = rows(config)
    assert stored(config, row) == LONG
    again = server.seen[-1].headers
    assert int(again["Range"][6:-1]) > 1_000_000
    assert again["If-Range"] == '"1"'


@pytest.mark.long
def test_ctrl_c_stops_at_once_and_the_next_run_goes_on(server, archives, tmp_path):
    """The server is silent for a minute in the middle of a body; Ctrl-C does not wait for it."""
    server.on("/long0", entity(LONG, etag='"1"', stop=2_000_000, pause=60), entity(LONG, etag='"1"'))
    server.on("/t0", page(b"short\n"))
    process = start(tmp_path, server, n=1, long=1)
    config = lake_in(tmp_path)
    wait_until(lambda: rows(config) and any(f.stat().st_size >= 1_900_000 for f in (config.data / "partial").iterdir()))
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == Interrupted.exit_code
    assert time.monotonic() - asked < 10
    assert process.stdout.read() == "Interrupted\n"
    assert [(row.resource, row.outcome) for row in rows(config)] == [("t0", "fetched")]
    archives["fake"] = source(*all_resources(server, 1, 1))
    assert fetch.run(config).counts == {"fake": {"resumed": 1, "fresh": 1}}


def test_a_long_answer_takes_little_memory(server, tmp_path):
    """The peak of a process that keeps 200 MB."""
    piece = bytes(range(1, 129)) * 8192  # 1 MiB

    def long(handler):
        handler.reply(200, length=200 * len(piece))
        for _ in range(200):
            handler.wfile.write(piece)

    server.on("/long0", long)
    process = start(tmp_path, server, long=1)
    told, _ = process.communicate()
    assert process.returncode == 0
    assert [row.bytes for row in rows(lake_in(tmp_path))] == [200 << 20]
    peak = re.search(r"VmHWM:\s*(\d+) kB", told)
    assert peak is None or int(peak.group(1)) < 100_000


def test_ctrl_c_while_waiting_for_a_pause_to_end(server, tmp_path):
    server.on("/t0", status(429, Retry_After="300"))
    process = start(tmp_path, server, n=1)
    wait_until(lambda: server.seen)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == Interrupted.exit_code


def test_a_second_fetch_is_told_about_the_first(server, archives, tmp_path):
    server.on("/long0", slow(LONG, 5.0))
    process = start(tmp_path, server, long=1)
    try:
        wait_until(lambda: server.seen)
        archives["fake"] = source(*texts(server, 1))
        with pytest.raises(Locked, match="another process is fetching"):
            fetch.run(lake_in(tmp_path))
    finally:
        process.kill()
        process.wait()
    assert not fetch.run(lake_in(tmp_path)).failed  # a killed one leaves no lock


def test_a_file_where_the_folder_should_be(server, archives, tmp_path):
    archives["fake"] = source(*texts(server, 1))
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        fetch.run(lake_in(tmp_path))
    assert "data" in caught.value.where
    assert server.seen == []


def test_a_defect_of_ours_is_an_outcome_and_stops_nothing(server, archives, tmp_path):
    archives["fake"] = source(Resource("odd", "mailto:someone", "k", "text"), *texts(server, 2))
    summary = fetch.run(lake_in(tmp_path))
    assert summary.counts == {"fake": {"failed": 1, "fetched": 2}}
    assert summary.failures[0]["resource"] == "odd"


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 4 MB."""
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", tmp_path]).returncode:
        pytest.skip("mounting takes root")
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_full_disk_ends_the_run_and_loses_nothing(server, archives, small_disk):
    first = texts(server, 1)
    archives["fake"] = source(*first)
    config = lake_in(small_disk)
    fetch.run(config)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(3_000_000))
    body = LONG[:2_000_000]
    archives["fake"] = source(*first, Resource("long", server.on("/long", entity(body, etag='"1"')), "k", "text"))
    with pytest.raises(StorageError, match="the disk is full") as caught:
        fetch.run(config)
    assert "free some space" in caught.value.next
    assert left(config) == []
    assert [row.resource for row in rows(config) if row.good] == ["t0"]
    filler.unlink()
    assert fetch.run(config).counts == {"fake": {"fetched": 1, "fresh": 1}}
    assert {stored(config, row) for row in rows(config)} == {b"0\n", body}


def test_a_read_only_disk(server, archives, small_disk):
    archives["fake"] = source(*texts(server, 1))
    config = lake_in(small_disk)
    fetch.run(config)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StorageError, match="Read-only"):
        fetch.run(config)
    assert stored(config, rows(config)[0]) == b"0\n"


def test_status_reads_the_fetch_log_quickly():
    """`lake status` must not wait for an HTTP library."""
    heavy = "[m for m in ('httpx', 'tenacity', 'duckdb') if m in sys.modules]"
    script = f"import sys, lake.store.fetch_log, lake.fetch; print({heavy})"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "[]\n"
    assert fetch_log.FILE == "fetch_log.sqlite"
