"""Nothing that is built, compared, checked or read depends on the zone of the machine; TIMESTAMPTZ works everywhere."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lake

ZONES = ("UTC", "America/New_York", "Asia/Tokyo", "Pacific/Apia")
MODELS = """
import datetime
from typing import Annotated
from lake.contract import Rule, SqlType, Table

Moment = Annotated[datetime.datetime, SqlType("TIMESTAMP WITH TIME ZONE")]

class Events(Table, key="moment"):
    moment: Moment
    n: int

class Days(Table):
    moment: Moment
    day: datetime.date
    text: str
    wall: datetime.datetime
    back: Moment
    hour: int
    midnight: Moment

class Counts(Table, key="moment", incremental="moment", partition="moment"):
    moment: Moment
    n: int

class Late(Table, rules=(Rule("after 2030", "moment > '2030-01-01'", severity="warn"),)):
    moment: Moment
"""
FILES = {
    "lake.toml": '[lake]\nname = "zones"\n',
    "seeds/moments.csv": "moment\n2024-01-01 00:00:00+05:30\n2024-07-01 12:00:00+00\n",
    "models/seeds.py": MODELS.split("class Events")[0] + "\nclass Moments(Table):\n    moment: Moment\n",
    "models/core.py": MODELS,
    "sql/core/events.sql": """
    SELECT TIMESTAMPTZ '2024-03-10 02:30:00+00' + INTERVAL (i) HOUR AS moment, i AS n FROM range(9) t(i)""",
    "sql/core/days.sql": """
    SELECT moment, CAST(moment AS DATE) AS day, CAST(moment AS VARCHAR) AS text, CAST(moment AS TIMESTAMP) AS wall,
    CAST(CAST(moment AS TIMESTAMP) AS TIMESTAMPTZ) AS back, extract(hour FROM moment) AS hour,
    date_trunc('day', moment) AS midnight
    FROM core.events""",
    "sql/core/counts.sql": "SELECT moment, sum(n)::BIGINT AS n FROM core.events GROUP BY moment",
    "sql/core/late.sql": "SELECT moment FROM seeds.moments",
    "sql/core/days.test.toml": """
[[test]]
name = "a moment"
given.core.events = [{ moment = 2024-03-10T02:30:00Z, n = 1 }]
expect = [{ moment = 2024-03-10T02:30:00Z, day = 2024-03-10, text = "2024-03-10 02:30:00+00", hour = 2 }]
""",
}  # fmt: skip
WORK = """
import json, sys
import lake
from lake import config
from lake.build import diff, preview, run, unit
from lake.build import status
from pathlib import Path

project = config.load(sys.argv[1])
told = []
run.run(project)
events = Path(sys.argv[1], "sql/core/events.sql")
events.write_text(events.read_text().replace("i AS n", "i // 8 AS n"))
told.append([d.as_dict() for d in preview.data(project).differences])
run.run(project)
told.append([d.as_dict() for d in diff.snapshots(project, 1, "latest")])
told.append([{"name": o.name, "differences": list(map(str, o.differences))} for o in unit.run(project).outcomes])
told.append(status.run(project).results)
with lake.open(sys.argv[1]) as here:
    for table in ("events", "days", "counts", "late"):
        told.append(here.sql(f"FROM core.{table} ORDER BY ALL").fetchall())
    told.append(here.table("core.events").to_pyarrow().to_pylist())
    told.append(here.sql("SELECT CAST(moment AS VARCHAR), CAST(moment AS DATE) FROM core.days").fetchall())
print(json.dumps(told, default=str))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What each zone's process says of the same work, and whether it went well."""
    running = {}
    for zone in ZONES:
        folder = tmp_path_factory.mktemp("zone") / "lake"
        for path, text in FILES.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        script = folder.parent / "work.py"  # with -c DuckDB would take it for a session and draw its own progress
        script.write_text(WORK)
        command = [sys.executable, script, folder]
        running[zone] = subprocess.Popen(
            command, env={**os.environ, "TZ": zone}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    return {zone: (*process.communicate(timeout=120), process.returncode) for zone, process in running.items()}


@pytest.mark.long
@pytest.mark.parametrize("zone", ZONES)
def test_work_on_timestamps_with_a_zone_goes_well_in_every_zone(told, zone):
    out, err, code = told[zone]
    assert code == 0, err
    plan, changes, tests, checks, *_ = json.loads(out)
    assert [d["table"] for d in plan] == ["core.counts", "core.days", "core.events"]
    assert [d["table"] for d in changes] == ["core.counts", "core.events"]
    assert [test["differences"] for test in tests] == [[]]
    assert {c["check"]: c["failing"] for c in checks if c["failing"]} == {"core.late after 2030": 2}


@pytest.mark.long
@pytest.mark.parametrize("zone", ZONES[1:])
def test_results_are_those_of_utc(told, zone):
    assert json.loads(told[zone][0]) == json.loads(told["UTC"][0])


def test_connections_are_made_in_one_place():
    root = Path(lake.__file__).parent
    made = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "duckdb.connect"
    ]
    assert made == ["store/sql.py"]
