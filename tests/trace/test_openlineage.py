"""OpenLineage events of a build: what they hold, where they go, and that nothing they meet fails a build."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

import pytest
import toy
from click.testing import CliRunner

import lake.cli
from lake import config
from lake.errors import CheckFailed
from lake.testing.server import Server, status
from lake.trace import openlineage


def project(folder, to: str, **changes: str | None):
    settings = f'[lake]\nname = "toy"\n[openlineage]\nto = "{to}"\ntimeout = 2\n'
    return toy.make(folder, **{"lake.toml": settings, **changes})


def build(folder, *arguments: str):
    return CliRunner().invoke(lake.cli.lake, ["build", "-C", str(folder), *arguments])


def events(folder):
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def of(found: list[dict], table: str, kind: str) -> dict:
    (one,) = [event for event in found if event["job"]["name"] == table and event["eventType"] == kind]
    return one


def test_each_built_model_has_a_start_and_a_completion_in_the_file(tmp_path):
    project(tmp_path, "events.jsonl")
    assert build(tmp_path).exit_code == 0
    found = events(tmp_path)
    assert sorted((e["job"]["name"], e["eventType"]) for e in found) == [
        (table, kind) for table in ("core.heat", "core.planets", "seeds.stars") for kind in ("COMPLETE", "START")
    ]
    for table in ("core.heat", "core.planets", "seeds.stars"):
        start, end = of(found, table, "START"), of(found, table, "COMPLETE")
        assert start["run"]["runId"] == end["run"]["runId"] == str(uuid.UUID(start["run"]["runId"]))
        assert datetime.fromisoformat(start["eventTime"]) <= datetime.fromisoformat(end["eventTime"])
    assert build(tmp_path).exit_code == 0
    assert len(events(tmp_path)) == len(found)  # nothing was built, so nothing is told

    holds_what_the_specification_asks(events(tmp_path))


def holds_what_the_specification_asks(found: list[dict]) -> None:
    done = of(found, "core.heat", "COMPLETE")
    assert done["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
    assert done["producer"].startswith("urn:astrolake:")
    assert done["job"]["facets"]["sql"]["query"] == toy.FILES["sql/core/heat.sql"]
    assert {i["name"] for i in done["inputs"]} == {"core.planets", "seeds.stars"}
    (output,) = done["outputs"]
    assert (output["namespace"], output["name"]) == ("toy", "core.heat")
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 2
    assert output["facets"]["schema"]["fields"][1] == {"name": "kilo", "type": "DOUBLE", "description": "[kK]"}
    lines = output["facets"]["columnLineage"]["fields"]
    made = [{"type": "DIRECT", "subtype": "TRANSFORMATION"}]
    origin = {"namespace": "toy", "name": "seeds.stars", "field": "teff", "transformations": made}
    assert lines["kilo"]["inputFields"] == [origin]
    for facet in [*output["facets"].values(), *output["outputFacets"].values(), *done["job"]["facets"].values()]:
        assert facet["_schemaURL"].startswith("https://openlineage.io/spec/facets/")
        assert facet["_producer"] == done["producer"]


def test_a_model_with_a_semi_join_is_told_with_the_columns_that_it_gives(tmp_path):
    select = "SELECT star, kilo(teff) AS kilo FROM seeds.stars SEMI JOIN core.planets USING (star)"
    project(tmp_path, "events.jsonl", **{"sql/core/heat.sql": select})
    assert build(tmp_path).exit_code == 0
    done = of(events(tmp_path), "core.heat", "COMPLETE")
    assert {one["name"] for one in done["inputs"]} == {"core.planets", "seeds.stars"}
    (output,) = done["outputs"]
    fields = output["facets"]["columnLineage"]["fields"]
    told = {name: [(one["name"], one["field"]) for one in field["inputFields"]] for name, field in fields.items()}
    assert told == {"star": [("seeds.stars", "star")], "kilo": [("seeds.stars", "teff")]}


def test_events_are_posted_with_the_key(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "secret")
    with Server() as server:
        project(tmp_path, server.on("/api/v1/lineage", status(201)))
        assert build(tmp_path, "seeds.stars").exit_code == 0
        asked = server.asked("/api/v1/lineage")
    assert [json.loads(one.body)["eventType"] for one in asked] == ["START", "COMPLETE"]
    assert asked[0].headers["Authorization"] == "Bearer secret"
    assert asked[0].headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("answer", [503, None])
def test_an_endpoint_that_fails_is_a_warning(tmp_path, answer):
    with Server() as server:
        to = server.on("/api/v1/lineage", status(answer or 201))
        if answer is None:
            server._http.server_close()  # nobody listens there now
        project(tmp_path, to)
        result = build(tmp_path, "seeds.stars")
    assert result.exit_code == 0
    assert "warning: OpenLineage events were not sent" in result.stderr
    assert (tmp_path / "lake.duckdb").is_file()


@pytest.mark.long
def test_a_file_that_cannot_be_written_is_a_warning(tmp_path):
    project(tmp_path, "nowhere/events.jsonl")
    result = build(tmp_path, "seeds.stars")
    assert result.exit_code == 0
    assert "warning: OpenLineage events were not sent to nowhere/events.jsonl" in result.stderr
    result = build(tmp_path, "seeds.stars", "--force", "--json")
    assert "warning: OpenLineage events were not sent" in result.stderr
    assert json.loads(result.stdout)["built"]
    project(tmp_path, "")  # and nothing is said where none are asked for
    assert build(tmp_path, "seeds.stars", "--force").stderr == ""


def test_a_model_that_fails_is_told_with_its_error_and_the_others_as_given_up(tmp_path):
    project(
        tmp_path,
        "events.jsonl",
        **{"sql/core/heat.sql": "SELECT star, CAST(error('too hot: ' || star) AS DOUBLE) AS kilo FROM seeds.stars"},
    )
    assert build(tmp_path).exit_code != 0
    found = events(tmp_path)
    failed = of(found, "core.heat", "FAIL")
    assert "too hot" in failed["run"]["facets"]["errorMessage"]["message"]
    assert failed["run"]["facets"]["errorMessage"]["programmingLanguage"] == "SQL"
    assert "outputFacets" not in failed["outputs"][0]
    assert "too hot" in of(found, "seeds.stars", "ABORT")["run"]["facets"]["errorMessage"]["message"]

    (tmp_path / "events.jsonl").unlink()
    build(tmp_path, "--keep-good")
    found = events(tmp_path)
    assert of(found, "core.heat", "FAIL")
    assert of(found, "core.planets", "COMPLETE")["outputs"][0]["facets"]["version"]["datasetVersion"]


def test_a_failed_check_fails_its_table_alone(tmp_path):
    seed = {"seeds/stars.csv": "star,teff\nSun,5772\nCold,-1\n"}
    project(tmp_path, "events.jsonl", **seed)
    assert isinstance(build(tmp_path).exception, CheckFailed)
    found = events(tmp_path)
    assert "check(s) failed" in of(found, "seeds.stars", "FAIL")["run"]["facets"]["errorMessage"]["message"]
    assert of(found, "core.planets", "ABORT")


def test_what_is_neither_a_file_nor_an_address_is_refused(tmp_path):
    project(tmp_path, "ftp://example.org")
    assert build(tmp_path).exit_code != 0


def test_a_key_goes_over_https_or_to_this_machine_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "secret")
    (tmp_path / "lake.toml").write_text('[openlineage]\nto = "http://lineage.example/api"\n')
    with pytest.raises(OSError, match="https only"):
        openlineage.send(config.load(tmp_path), [{}])
