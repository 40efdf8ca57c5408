"""What is said of an answer is part of what it is: a changed description is landed and rebuilt, nothing else is."""

from __future__ import annotations

from dataclasses import replace

import odd
import pytest

from lake import config, land, sources
from lake.build import plan
from lake.land import configured
from lake.land.job import Job
from lake.sources.contract import Resource
from lake.store import catalog

URL = "https://odd.example/file"
EXAMPLES = {  # options with which a source names something before any answer is there
    "agora": {"collections": ["AGORA2"], "urls": [URL]},
    "assembly_reports": {"reports": [{"url": URL, "accession": "GCF_000005845.2"}]},
    "ena": {"files": ["PRJNA514051"], "records": ["SRX3517583"], "sequences": ["AE017046"]},
    "gcm": {
        "runs": [
            {
                **{"planet": "Earth", "model": "m", "scenario": "s", "run": "1", "url": f"{URL}.nc", "title": "t"},
                **{
                    "conditions": {"insolation": 1361.0},
                    "gases": {"N2": 0.7},
                    "variables": {"surface_temperature": "t"},
                },
                **{"kind": "simulation", "citation": "c", "licence": "l", "synthetic": False},
            }
        ]
    },
    "gtdb": {"files": ["release207/207.0/ar53_taxonomy_r207.tsv.gz"]},
    "igsr": {"files": ["release/x.panel"], "listings": ["release/"]},
    "jgi_gems": {"url": URL},
    "ncbi": {"summaries": ["refseq"]},
    "ontologies": {"names": ["envo"]},
    "open_exoplanets": {"table": True},
    "osdr": {"studies": ["OSD-47"]},
    "spectra": {
        "files": [
            {"url": URL, "planet": "WASP-39 b", "kind": "transmission", "wavelength_unit": "um", "reference": "r"}
        ]
    },
    "uniprot": {"accessions": ["P0A7D4"]},
}


def rows(settings, sql: str) -> list[tuple]:
    with catalog.session(settings) as connection:
        return connection.execute(sql).fetchall()


def contents(settings) -> dict[str, str]:
    with catalog.session(settings) as connection:
        return plan.raw_fingerprints(connection)


def other(value):
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case list():
            return [*value, "x"]
        case dict():
            return {**value, "x": 1}
    return "x"


@pytest.mark.parametrize("source", sources.names())
def test_everything_that_is_said_of_an_answer_is_in_its_digest(source):
    given = EXAMPLES.get(source, {})
    module, options = sources.get(source), sources.options(source, given)
    Nothing = type("Nothing", (), {"__call__": lambda self, id: None, "missing": lambda self, id: False})
    found = list(module.resources(options, Nothing()))
    assert found
    for resource in found:
        digest = Job(source, resource, "0" * 64, module.READER, "").given
        assert digest == Job(source, replace(resource, size=1, md5="x"), "1" * 64, 9, "now").given
        turned = replace(resource, params=dict(reversed(resource.params.items())))
        assert digest == Job(source, turned, "0" * 64, module.READER, "").given, "the order in which it is said"
        for key, value in resource.params.items():
            changed = replace(resource, params={**resource.params, key: other(value)})
            assert Job(source, changed, "0" * 64, module.READER, "").given != digest, key
        for field in ("kind", "url", "expects"):
            changed = replace(resource, **{field: "x"})
            assert Job(source, changed, "0" * 64, module.READER, "").given != digest, field


@pytest.mark.long
def test_a_description_that_changed_is_landed_anew_offline_and_nothing_else(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    answers = {"a": "rows 2", "b": "rows 1", "c": "others 1", "d": "error"}
    settings = odd.lake(tmp_path, answers)
    land.run(settings)
    before = contents(settings)
    odd.describe(tmp_path, odd={"names": list(answers), "words": {"a": "corrected"}})
    settings = config.load(tmp_path)
    summary = land.run(settings)
    assert (summary.tallies["odd"].blobs, summary.tallies["odd"].skipped) == (1, 3)
    assert rows(settings, "SELECT DISTINCT _resource, word FROM raw.odd_rows ORDER BY 1") == [
        ("odd/a", "corrected"),
        ("odd/b", "b"),
    ]
    after = contents(settings)
    assert {table for table in after if after[table] != before[table]} == {
        "raw.odd_rows",
        "raw.rejects",
        "ops.landings",
    }
    assert land.run(settings).tallies["odd"].blobs == 0
    odd.describe(tmp_path, odd={"names": list(answers), "words": {"a": "corrected"}, "colour": "blue"})
    assert land.run(config.load(tmp_path)).tallies["odd"].blobs == 0  # an option that reaches no reader
    assert contents(settings) == after


@pytest.mark.long
def test_an_answer_that_was_too_large_is_tried_again_when_the_limits_are_raised(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {"a": "rows 2", "b": "memory"}, 'reader_memory = "100 MB"')
    assert len(land.run(settings).unreadable) == 1
    odd.describe(tmp_path, 'reader_memory = "120 MB"', odd={"names": ["a", "b"]})
    summary = land.run(config.load(tmp_path))
    assert (summary.tallies["odd"].blobs, summary.tallies["odd"].skipped) == (1, 1)


@pytest.mark.long
def test_a_lake_made_before_lands_once_what_it_must(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {"a": "rows 2", "b": "rows 3"})
    land.run(settings)
    with catalog.write_session(settings) as connection:
        connection.execute("ALTER TABLE ops.landings DROP COLUMN given")
    assert "raw.odd_rows" in contents(settings)
    assert land.run(settings).tallies["odd"].blobs == 2
    assert land.run(settings).tallies["odd"].blobs == 0
    assert rows(settings, "SELECT count(*) FROM raw.odd_rows") == [(5,)]


def test_an_answer_to_another_request_keeps_its_own_description(tmp_path, monkeypatch):
    odd.install(tmp_path / "package", monkeypatch)
    settings = odd.lake(tmp_path, {"a": "rows 1"})
    now = configured.of(settings, "odd")
    assert now.certain
    from contextlib import closing

    from lake.store import fetch_log

    with closing(fetch_log.connect(settings.data)) as connection:
        [answer] = fetch_log.current(connection, "odd")
    assert configured.described(now, answer) == Resource("a", "https://odd.example/a", "odd", "text", {"word": "a"})
    moved = replace(answer, url="https://elsewhere.example/a", params={"word": "older"})
    assert configured.described(now, moved).params == {"word": "older"}
