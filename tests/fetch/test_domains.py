"""Domains: a folder, a priority and a budget each; the plan before a fetch, and the acquisition after it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from fetching import lake_in, rows, source, stored

from lake import fetch
from lake.cli import lake
from lake.config import Config
from lake.errors import ConfigError
from lake.fetch.budget import Budget
from lake.sources.contract import Resource
from lake.store import blobs
from lake.testing.server import Server, entity, page, slow


@pytest.fixture
def server():
    with Server() as running:
        yield running


def with_domains(folder, domains: dict, *names: str, **settings) -> Config:
    config = lake_in(folder, *names, **settings)
    made = Config.model_validate(config.model_dump() | {"domains": domains})
    made._root = folder
    return made


def files(server, sizes: dict[str, int], **fields) -> list[Resource]:
    return [
        Resource(name, server.on(f"/{name}", entity(name.encode() * (size // len(name)))), "file", "text", **fields)
        for name, size in sizes.items()
    ]


def planned(config, **how) -> fetch.Plan:
    plans = []
    fetch.run(config, on_plan=plans.append, **how)
    return plans[0]


def test_the_plan_asks_for_sizes_and_says_what_does_not_fit(server, archives, tmp_path):
    archives["fake"] = source(*files(server, {"a": 600, "b": 500, "c": 300}), domain="genomics", sized=True)
    config = with_domains(tmp_path, {"genomics": {"storage": 1000}})
    plan = planned(config, only_plan=True)
    assert [(one.resource, one.need, one.size_from) for one in plan.planned] == [
        ("a", 600, "HEAD"),
        ("b", 500, "HEAD"),
        ("c", 300, "HEAD"),
    ]
    assert [one.resource for one in plan.refused] == ["b"]
    assert plan.refused[0].no_room == "it needs 500 bytes, and 400 of the 1,000 of [domains.genomics] storage are free"
    assert plan.by_domain() == [
        {
            "domain": "genomics",
            "priority": 1,
            "resources": 3,
            "bytes": 1400,
            "size_unknown": 0,
            "no_room": 1,
            "free": 1000,
        }
    ]
    assert (server.seen, sorted(server.heads)) == ([], ["/a", "/b", "/c"])
    assert rows(config) == []


def test_what_has_no_room_is_skipped_and_fetched_when_there_is_some(server, archives, tmp_path):
    archives["fake"] = source(*files(server, {"a": 600, "b": 500, "c": 300}), domain="genomics", sized=True)
    summary = fetch.run(with_domains(tmp_path, {"genomics": {"storage": 1000}}))
    assert summary.counts == {"fake": {"fetched": 2, "skipped": 1}}
    assert summary.failed
    assert summary.by_domain() == [
        {
            "domain": "genomics",
            "planned": 3,
            "fetched": 2,
            "unchanged": 0,
            "skipped": 1,
            "failed": 0,
            "gaps": 0,
            "bytes": 900,
        }
    ]
    [failure] = summary.failures
    assert failure["verdict"] == "skipped"
    assert "[domains.genomics] storage" in failure["reason"]
    assert server.asked("/b") == []
    tight = with_domains(tmp_path, {"genomics": {"storage": 1000}})
    assert fetch.run(tight).counts == {"fake": {"fresh": 2, "skipped": 1}}
    assert len(rows(tight, "b")) == 1  # told again, not written down again
    wide = with_domains(tmp_path, {"genomics": {"storage": 2000}})
    assert fetch.run(wide).counts == {"fake": {"fetched": 1, "fresh": 2}}
    assert stored(wide, rows(wide, "b")[-1]) == b"b" * 500


def test_a_domain_keeps_its_bytes_in_its_folder(server, archives, tmp_path):
    archives["one"] = source(*files(server, {"a": 600}), name="one", domain="genomics")
    archives["two"] = source(*files(server, {"b": 500}), name="two", domain="climate")
    archives["three"] = source(*files(server, {"c": 300}), name="three")
    away = tmp_path / "slow disk"
    config = with_domains(tmp_path / "lake", {"genomics": {}, "climate": {"folder": str(away)}}, "one", "two", "three")
    fetch.run(config)
    [[a], [b], [c]] = [rows(config, source=name) for name in ("one", "two", "three")]
    assert [len(stored(config, row)) for row in (a, b, c)] == [600, 500, 300]
    inside = config.data / "genomics" / a.sha256[:2] / a.sha256
    assert inside.is_file()
    assert not inside.is_symlink()
    assert (away / b.sha256[:2] / b.sha256).is_file()
    assert not blobs.path(config.data, c.sha256).is_symlink()
    moved = tmp_path / "moved"
    config.root.rename(moved)  # the lake moves with what lies in it; what lies elsewhere stays where it is
    config._root = moved
    assert [len(stored(config, row)) for row in (a, b, c)] == [600, 500, 300]
    assert fetch.run(config).asked == 0


def test_a_budget_counts_what_is_there_and_the_lakes_own_limit_holds_too(server, archives, tmp_path):
    archives["fake"] = source(*files(server, {"a": 600}), domain="genomics")
    fetch.run(with_domains(tmp_path, {}))  # before it was a domain
    archives["fake"] = source(*files(server, {"a": 600, "b": 500}, size=None), domain="genomics", sized=True)
    tight = with_domains(tmp_path, {"genomics": {"storage": 1000}})
    assert [one.resource for one in planned(tight, only_plan=True).refused] == ["b"]
    used = blobs.usage(tight.data)
    whole = with_domains(tmp_path, {"genomics": {"storage": 10**9}}, storage=used + 400)
    [one] = planned(whole, only_plan=True).refused
    assert "of [limits] storage are free" in one.no_room


def test_the_first_priority_is_asked_before_the_second(server, archives, tmp_path):
    listed = Resource("list", server.on("/list", page(b"a\nb\n")), "list", "text")
    items = files(server, {"a": 60, "b": 60})

    def more(options, answer):
        if answer("list"):
            yield from items

    archives["late"] = source(*files(server, {"z": 60}), name="late", domain="climate")
    archives["early"] = source(listed, more=more, name="early", domain="genomics")
    config = with_domains(tmp_path, {"genomics": {"priority": 1}, "climate": {"priority": 2}}, "late", "early")
    fetch.run(config)
    assert [seen.path for seen in server.seen][-1] == "/z"
    assert {seen.path for seen in server.seen} == {"/list", "/a", "/b", "/z"}


def test_a_domain_of_unknown_sizes_pauses_at_its_limit(server, archives, tmp_path):
    def unsized(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(b"x" * 100_000)

    names = [f"u{i}" for i in range(6)]
    archives["fake"] = source(
        *(Resource(name, server.on(f"/{name}", unsized), "file", "text") for name in names), domain="genomics"
    )
    config = with_domains(tmp_path, {"genomics": {"storage": 150_000}}, connections=1)
    summary = fetch.run(config)
    assert summary.counts == {"fake": {"fetched": 1, "skipped": 5}}
    assert len(server.seen) == 2  # the third and those after it were not even begun
    assert blobs.usage(config.data / "genomics") == 100_000


def test_what_is_on_its_way_keeps_its_room(server, archives, tmp_path):
    """Nothing is refused for good because of what was only planned, and has failed."""
    gone = Resource("gone", server.url + "/gone", "file", "text", size=700)
    body = b"y" * 800
    late = Resource("late", server.on("/late", slow(body, 0.2)), "file", "text", size=800)
    archives["fake"] = source(gone, late, domain="genomics")
    summary = fetch.run(with_domains(tmp_path, {"genomics": {"storage": 1000}}))
    assert summary.counts == {"fake": {"failed": 1, "fetched": 1}}


def test_a_few_of_a_kind_stand_for_the_others(server, archives, tmp_path):
    archives["fake"] = source(*files(server, {f"f{i:03}": 400 for i in range(40)}), domain="genomics", sized=True)
    plan = planned(lake_in(tmp_path), only_plan=True)
    assert len(server.heads) == 16
    assert {request.size_from for request in plan.planned} == {"HEAD", "estimate"}
    assert plan.by_domain()[0]["bytes"] == 16_000


def test_a_silent_host_does_not_hold_up_the_plan(archives, tmp_path):
    resources = [Resource(f"r{i}", f"http://127.0.0.1:9/{i}", "file", "text") for i in range(30)]
    archives["fake"] = source(*resources, sized=True)
    plan = planned(lake_in(tmp_path), only_plan=True)
    assert {(one.need, one.size_from) for one in plan.planned} == {(None, "unknown")}


def test_an_answer_that_may_not_have_changed_needs_no_room(server, archives, tmp_path):
    resource = Resource("a", server.on("/a", entity(b"a" * 600, etag='"1"')), "file", "text")
    archives["fake"] = source(resource, domain="genomics", refresh=0, sized=True)
    fetch.run(lake_in(tmp_path))
    config = with_domains(tmp_path, {"genomics": {"storage": 100}})
    assert fetch.run(config).counts == {"fake": {"unchanged": 1}}


def test_an_unknown_domain_is_refused_with_the_one_that_was_meant(tmp_path):
    with pytest.raises(ConfigError, match=r"\[domains.genomic\] is not a domain of any source") as error:
        fetch.run(with_domains(tmp_path, {"genomic": {}}, "kegg"))
    assert "genomics" in error.value.why


def test_budgets_of_two_levels():
    whole = Budget(0, 100)
    part = Budget(0, 60, "[domains.x] storage", whole)
    part.take(50)
    whole.take(45)
    assert (whole.used, part.free, whole.free) == (95, 5, 5)
    assert part.no_room(6) == "it needs 6 bytes, and 5 of the 100 of [limits] storage are free"
    assert "of the 60 of [domains.x] storage" in part.no_room(11)
    part.give_back(50)
    assert (whole.used, part.used) == (45, 0)


def test_the_plan_as_json(server, archives, tmp_path):
    archives["fake"] = source(*files(server, {"a": 600}), domain="genomics", sized=True)
    said = json.loads(json.dumps(planned(lake_in(tmp_path), only_plan=True).as_dict()))
    assert said["resources"][0]["need"] == 600


def test_what_came_before_a_break_needs_no_room_again(server, archives, tmp_path):
    body = b"z" * 3_000_000
    cut = entity(body, etag='"1"', stop=2_000_000)
    resource = Resource("a", server.on("/a", cut), "file", "text")
    archives["fake"] = source(resource, domain="genomics", sized=True)
    config = with_domains(tmp_path, {"genomics": {"storage": 3_500_000}}, attempts=1)
    assert fetch.run(config).counts == {"fake": {"failed": 1}}
    assert blobs.usage(config.data / "genomics" / "partial") > 2_000_000
    server.on("/a", entity(body, etag='"1"'))
    assert fetch.run(config).counts == {"fake": {"resumed": 1}}  # 2 of 3 MB are here: the third fits


def test_the_command_plans_and_stops(server, tmp_path):
    url = server.on("/a.nc", page(b"CDF\x01" + bytes(600)))
    run = f'[[sources.gcm.runs]]\nplanet = "P"\nmodel = "M"\nscenario = "S"\nrun = "R"\nurl = "{url}"\n'
    (tmp_path / "lake.toml").write_text(f'[domains.climate]\nstorage = "500 B"\n{run}')
    done = CliRunner().invoke(lake, ["fetch", "--plan", "-C", str(tmp_path)])
    assert (done.exit_code, server.seen, server.heads) == (0, [], ["/a.nc"])
    assert "no room: gcm/P/M/S/R/a.nc: it needs 604 bytes, and 500 of the 500 of [domains.climate]" in done.output
    (tmp_path / "lake.toml").write_text('[[sources.gcm.runs]]\nplanet = "P"\n')
    wrong = CliRunner().invoke(lake, ["fetch", "--plan", "-C", str(tmp_path)])
    assert wrong.exit_code == 3
    assert "model is missing" in wrong.output
    (tmp_path / "lake.toml").write_text("[sources.gcm]\n")
    nothing = CliRunner().invoke(lake, ["fetch", "--plan", "-C", str(tmp_path)])
    assert (nothing.exit_code, nothing.output) == (0, "nothing to fetch: everything is fresh\n")
