"""lake plan tells what lake build will refuse, and what is wrong with a SELECT is told though it has no contract."""

from __future__ import annotations

from pathlib import Path

import pytest
import toy
from typed import lake

from lake import config
from lake.build import graph, preview, run
from lake.errors import ModelError

BARE = dict.fromkeys(toy.FILES.keys() - {"lake.toml"})
CONTRACT = "from lake.contract import Table\nclass X(Table):\n    v: int\nclass Y(Table):\n    v: int\n"


def project(folder: Path, sql: str) -> Path:
    files = {"models/core.py": CONTRACT, "sql/core/x.sql": "SELECT 10::BIGINT AS v", "sql/core/y.sql": sql}
    return toy.make(folder, **{**BARE, **files, "macros/m.sql": "CREATE MACRO twice(x) AS x * 2"})


MISTAKES = {
    "SELECT titel_of(v) AS v FROM core.x": "titel_of",
    "SELECT nosuch AS v FROM core.x": "nosuch",
    "SELECT twice(v, v) AS v FROM core.x": "twice",
    "SELECT v + random() AS v FROM core.x": r"calls random\(\)",
    "SELECT v::VARCHAR AS v FROM core.x": "v is VARCHAR, but BIGINT is promised",
    "SELECT v FROM core.x x JOIN core.x y USING (w)": "w",
}


@pytest.mark.long
@pytest.mark.quick(5)
@pytest.mark.parametrize("built", [False, True])
@pytest.mark.parametrize("sql", MISTAKES)
def test_a_plan_tells_what_a_build_will_refuse(tmp_path, sql, built):
    folder = project(tmp_path, "SELECT v FROM core.x")
    settings = config.load(folder)
    if built:
        run.run(settings)
        assert preview.steps(settings).problems == []
    (folder / "sql/core/y.sql").write_text(sql)
    (problem,) = preview.steps(settings).problems
    with pytest.raises(ModelError, match=MISTAKES[sql]) as refused:
        run.run(settings)
    assert str(refused.value) == str(problem)
    done = lake("plan", "-C", folder)
    assert done.returncode == 5
    assert "core.y" in done.stdout
    assert str(problem).splitlines()[0] in done.stderr


def test_what_is_wrong_with_a_select_is_told_though_it_has_no_contract(tmp_path):
    folder = project(tmp_path, "SELECT v FROM core.x")
    (folder / "sql/core/z.sql").write_text("SELECT nosuch AS v FROM core.x")
    with pytest.raises(ModelError, match=r"(?s)core.z cannot be built.*nosuch"):
        graph.load(config.load(folder))
    (folder / "sql/core/z.sql").write_text("SELECT v, 'a' AS name, v IS NULL AS lacks FROM core.x")
    with pytest.raises(ModelError, match=r"(?s)core.z has no contract.*class Z\(Table"):
        graph.load(config.load(folder))
