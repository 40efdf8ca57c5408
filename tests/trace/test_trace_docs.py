"""The ten questions of docs/trace.md, over the demo's lake; and what is said when something is missing."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import duckdb
import pytest
import typed
from conftest import ROOT

from lake import config, licences, project
from lake.errors import ConfigError
from lake.store import blobs
from lake.trace import citation, sample, show, summary, tree

PAGE = (ROOT / "docs/trace.md").read_text()
QUESTIONS = [line[2:] for line in PAGE.splitlines() if line.startswith("$ lake")]
RADIUS = ("features.planet_params", "radius")
KEY = "2290516172302520275"


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = project.copy(tmp_path_factory.mktemp("home") / "demo-lake", sample=True)
    assert typed.lake("run", "-q", "-C", folder).returncode == 0
    return folder


def test_the_page_has_ten_questions():
    assert [f"{i}. " in PAGE for i in range(1, 11)] == [True] * 10
    assert len(QUESTIONS) >= 10


@pytest.mark.long
@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_has_an_answer(home, question):
    done = typed.lake(*shlex.split(question)[1:], "-C", home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() or "tag" in question


def test_a_cell_is_traced_to_its_bytes_and_proved(home):
    found = tree.trace(config.load(home), *RADIUS, key=KEY, verify=True)
    assert found.value == 12.2
    (record,) = found.records()
    blob = blobs.path(config.load(home).data, record.blob).read_bytes()
    assert blob[record.start : record.end].decode().startswith("11 Com b,")
    assert record.verified
    assert found.proved
    assert {row.table for row in found.row.walk()} >= {"core.planet_runs", "staging.exoplanets_pscomppars"}


def test_the_page_in_python(home, monkeypatch):
    monkeypatch.chdir(home.parent)
    (block,) = [part.split("```")[0] for part in PAGE.split("```python\n")[1:]]
    names: dict = {}
    exec(compile(block, "trace.md", "exec"), names)
    assert names["found"].value == 12.42988881


def test_a_trace_as_text_html_dot_and_prov(home):
    found = tree.trace(config.load(home), *RADIUS, key=KEY)
    assert "bit for bit" in str(found)
    assert found._repr_html_().count("<details") >= 5
    assert show.dot(found).startswith("digraph trace {")
    graph = json.loads(json.dumps(show.prov(found), default=str))["@graph"]
    kinds = {node["@type"] for node in graph}
    assert kinds == {"prov:Entity", "prov:Activity", "prov:PrimarySource", "prov:Organization"}
    named = {node["@id"] for node in graph}
    assert all(one["@id"] in named for node in graph for one in node.get("prov:wasDerivedFrom", []))


@pytest.mark.long
def test_a_seed_is_traced_to_its_line(home):
    found = tree.trace(config.load(home), "features.env_vectors", "temperature_low", key="map00680")
    (rule,) = [row for row in found.row.walk() if row.table == "seeds.environment_rules" and row.values.get("low")][:1]
    file, _, line = rule.where.partition(":")
    assert rule.key["pathway_id" if "pathway_id" in rule.key else next(iter(rule.key))] is not None
    text = (home / file).read_text().splitlines()[int(line) - 1]
    assert str(next(iter(rule.key.values()))) in text


@pytest.mark.long
def test_a_row_that_is_not_one_is_refused(home):
    known = config.load(home)
    for asked in ({"where": "radius > 0"}, {"where": "radius = -1"}, {"key": "1,2"}, {"where": "radius >"}):
        with pytest.raises(ConfigError):
            tree.trace(known, *RADIUS, **asked)
    with pytest.raises(ConfigError, match="no column"):
        tree.trace(known, "features.planet_params", "radios", key=KEY)


@pytest.mark.long
def test_the_summary_counts_what_the_tree_follows(home):
    known = config.load(home)
    found = summary.of(known, *RADIUS, where=f"planet_run_key = {KEY}")
    assert found.proved
    assert found.tables["raw.exoplanets_pscomppars"] == 1
    assert [archive.source for archive in found.archives] == ["exoplanets"]
    everything = summary.of(known, "core.edges")
    with duckdb.connect(str(home / "lake.duckdb"), read_only=True) as door:
        assert everything.rows == door.execute("SELECT count(*) FROM core.edges").fetchone()[0]
    assert [archive.source for archive in everything.archives] == ["kegg"]


@pytest.mark.long
def test_what_is_not_free_is_not_called_free(home):
    found = summary.of(config.load(home), "core.edges")
    assert "Not free: KEGG" in citation.use(found)
    assert citation.csl(found)[0]["DOI"] == "10.1093/nar/28.1.27"
    assert citation.bibtex(found).startswith("@misc{kegg,")
    assert licences.strictest(["CC BY 4.0", "each run's own"]) == "ask"
    assert licences.kind("CC BY-NC-ND 4.0") == "restricted"


def test_random_cells_are_proved(home):
    known = config.load(home)
    cells = list(sample.cells(known, 1, tables=["core.edges", "core.planets", "features.planet_params"], verify=True))
    assert [cell.table for cell in cells] == ["features.planet_params", "core.edges", "core.planets"] or len(cells) == 3
    assert [cell.problems for cell in cells] == [()] * 3


@pytest.mark.long
def test_verify_traces_a_sample(home):
    done = typed.lake("verify", "--sample", "1", "--seed", "4", "--json", "-C", home)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["proved"] == told["sampled"] >= 30


def test_a_lost_file_says_where_it_belongs(home, tmp_path):
    import shutil

    (file,) = (home / "data/tables/core/edges").glob("*.parquet")
    lost = shutil.copy(file, tmp_path / "found.parquet")
    done = typed.lake("whence", lost, "--json", "-C", home)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["table"], told["lake"]) == ("core.edges", "astrobiology demo")
    assert told["sources"].keys() == {"kegg"}
    assert "contract" in told["sources"]["kegg"]
    assert home / "data" / told["path"] == file
    assert told["intact"]
    assert len(told["snapshots"]) >= 1
    other = tmp_path / "other.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS a) TO '{other}'")
    assert "names no lake" in typed.lake("whence", other, "-C", home).stdout
    (tmp_path / "text.parquet").write_text("no")
    assert typed.lake("whence", tmp_path / "text.parquet", "-C", home).returncode == 2


@pytest.mark.long
def test_a_blob_that_is_changed_or_gone_is_said_with_since_when(home, tmp_path):
    import shutil

    folder = tmp_path / "lake"
    shutil.copytree(home, folder, symlinks=True)
    known = config.load(folder)
    (record,) = tree.trace(known, *RADIUS, key=KEY).records()
    blob = blobs.path(known.data, record.blob).resolve()
    blob.chmod(0o644)
    content = bytearray(blob.read_bytes())
    content[record.start] ^= 1
    blob.write_bytes(content)
    (problem,) = tree.trace(known, *RADIUS, key=KEY, verify=True).problems()
    assert "has other bytes" in problem
    assert ", since 20" in problem
    assert typed.lake("trace", ".".join(RADIUS), "--key", KEY, "--verify", "-C", folder).returncode == 1
    blob.unlink()
    blobs.path(known.data, record.blob).unlink(missing_ok=True)
    (problem,) = tree.trace(known, *RADIUS, key=KEY).problems()
    assert "is gone since 20" in problem


@pytest.mark.long
def test_a_parquet_file_that_is_changed_is_said_with_since_when(home, tmp_path):
    import shutil

    folder = tmp_path / "lake"
    shutil.copytree(home, folder, symlinks=True)
    file = next((folder / "data/tables/core/planet_runs").glob("*.parquet"))
    with duckdb.connect() as connection:  # the same rows, written by somebody else
        connection.execute(f"CREATE TABLE t AS FROM '{file}'; COPY t TO '{file}' (FORMAT parquet, COMPRESSION gzip)")
    known = config.load(folder)
    assert not [p for p in tree.trace(known, *RADIUS, key=KEY).problems() if "other bytes" in p]
    problems = tree.trace(known, *RADIUS, key=KEY, verify=True).problems()
    assert any("planet_runs" in problem and "since 20" in problem for problem in problems)


def test_a_table_whose_file_is_gone_says_so(home, tmp_path):
    import shutil

    folder = tmp_path / "lake"
    shutil.copytree(home, folder, symlinks=True)
    for file in (folder / "data/tables/core/planet_runs").glob("*.parquet"):
        file.unlink()
    done = typed.lake("trace", ".".join(RADIUS), "--key", KEY, "-C", folder)
    assert done.returncode != 0
    assert "core.planet_runs" in done.stdout + done.stderr


def test_a_model_that_changed_since_is_not_explained_by_another_sql(home, tmp_path):
    import shutil

    folder = tmp_path / "lake"
    shutil.copytree(home, folder, symlinks=True)
    file = next(folder.glob("sql/core/**/planets.sql"))
    file.write_text(file.read_text().replace("'nasa.pscomppars'", "'nasa'"))
    found = tree.trace(config.load(folder), "core.planets", "distance", key="TRAPPIST-1 e")
    assert "another SQL" in found.problems()[0]
