"""Splits by contract, and lake leaks: each leak is planted and found, and a clean lake has none."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import toy
import typed

import lake
from lake import config, contract
from lake import project as project_files
from lake.astro.leaks import RULES
from lake.build import run as building
from lake.check import leaks
from lake.errors import CheckFailed, ConfigError

STARS = 300
FILES = {
    "seeds/extra.csv": "planet,star,split,ra,de,period,a,b,c,d\n",
    "models/seeds.py": '''
from lake.contract import Table

class Extra(Table, key="planet", empty=True):
    """Rows that a test plants."""
    planet: str
    star: str
    split: str
    ra: float
    de: float
    period: float
    a: float
    b: float
    c: float
    d: float

class Stars(Table, key="star"):
    star: str
    teff: float
''',
    "models/core.py": '''
from typing import Annotated
from lake.contract import Split, Table

class PlanetRuns(Table, key="planet_run_key"):
    """Planet-runs, one a row."""
    planet_run_key: int
    planet: str
    star: str
    split: str

class Planets(Table, key="planet"):
    planet: str
    right_ascension: float
    declination: float
''',
    "sql/core/planet_runs.sql": f"""
SELECT planet_run_key(planet, 'observed', NULL, NULL, NULL) AS planet_run_key, planet, star, split
FROM (
    SELECT 'Star ' || n || ' b' AS planet, 'Star ' || n AS star,
           CASE WHEN CAST('0x' || left(md5('split:Star ' || n), 8) AS UBIGINT) % 100 < 80 THEN 'train'
                WHEN CAST('0x' || left(md5('split:Star ' || n), 8) AS UBIGINT) % 100 < 90 THEN 'validation'
                ELSE 'test' END AS split
    FROM range({STARS}) AS t(n)
    UNION ALL SELECT planet, star, split FROM seeds.extra
)""",
    "sql/core/planets.sql": f"""
SELECT 'Star ' || n || ' b' AS planet, n * 0.7::DOUBLE AS right_ascension, n * 0.1::DOUBLE AS declination
FROM range({STARS}) AS t(n)
UNION ALL SELECT planet, ra, de FROM seeds.extra""",
    "models/features.py": '''
from typing import Annotated
from lake.contract import Table

class PlanetParams(Table, key="planet_run_key"):
    """One row a planet-run."""
    planet_run_key: int
    orbital_period: float
    a: float
    b: float | None
    c: float
    d: float
    kind: str
''',
    "sql/features/planet_params.sql": """
WITH n AS (SELECT *, CAST(regexp_extract(planet, '[0-9]+') AS DOUBLE) AS n FROM core.planet_runs)
SELECT planet_run_key, coalesce(e.period, 1 + n.n) AS orbital_period, coalesce(e.a, (n.n * 7919) % 1009) AS a,
       coalesce(e.b, (n.n * 104729) % 997) AS b, coalesce(e.c, (n.n * 1299709) % 991) AS c,
       coalesce(e.d, (n.n * 15485863) % 983) AS d,
       CASE WHEN (n.n * 31) % 97 < 40 THEN 'transit' ELSE 'other' END AS kind
FROM n LEFT JOIN seeds.extra AS e USING (planet)""",
    "sql/core/heat.sql": None,
}


def make(folder: Path, extra: str = "", **changes: tuple[str, str]) -> Path:
    """The toy with planted rows, and replacements in files by their path."""
    files = dict(FILES)
    files["seeds/extra.csv"] += extra
    for path, (old, new) in changes.items():
        assert old in files[path]
        files[path] = files[path].replace(old, new)
    toy.make(folder, **files)
    building.run(config.load(folder))
    return folder


def found(folder: Path, *targets: str) -> dict[str, leaks.Leak]:
    with lake.open(folder) as here:
        every = leaks.find(here, contract.load(folder / "models"), targets, rules=RULES)
    return {leak.name: leak for leak in every}


TARGETS = ("features.planet_params.a", "features.planet_params.kind")


def test_a_clean_lake_has_no_leak(tmp_path):
    assert found(make(tmp_path / "lake"), *TARGETS) == {}


PLANTED = {
    "parted": (
        "star 7 c,STAR-7,test,9,9,50,1,2,3,4\nstar 7 d,STAR-7,train,8,8,51,5,6,7,8\n",
        "parted:core.planet_runs.star",
    ),
    "twin by name": ("STAR-7B,Other,{other},9,9,50,1,2,3,4\n", "twin:core.planet_runs.planet"),
    "twin by place": ("HD 1 b,HD 1,{other},4.9001,0.7001,8.0001,1,2,3,4\n", "twin:core.planets"),
    "near duplicate": (
        "HD 1 b,HD 1,train,9,9,50,1.23456,20,30,40\nHD 2 b,HD 2,test,8,8,50.001,1.23461,20.001,30,40\n",
        "near_duplicate:features.planet_params",
    ),
}


@pytest.mark.long
@pytest.mark.quick(2)
@pytest.mark.parametrize("planted", PLANTED)
def test_what_crosses_splits_is_found(tmp_path, planted):
    rows, name = PLANTED[planted]
    folder = make(tmp_path / "lake")
    with lake.open(folder) as here:
        (split,) = here.sql("SELECT split FROM core.planet_runs WHERE planet = 'Star 7 b'").fetchone()
    other = "test" if split == "train" else "train"
    (folder / "seeds/extra.csv").write_text(FILES["seeds/extra.csv"] + rows.format(other=other))
    building.run(config.load(folder))
    leak = found(folder)[name]
    assert leak.count >= 1
    assert leak.examples
    with lake.open(folder) as here:
        assert len(here.sql(leak.query).fetchall()) >= 1
    same = rows.format(other=split).replace(",train,", f",{split},").replace(",test,", f",{split},")
    (folder / "seeds/extra.csv").write_text(FILES["seeds/extra.csv"] + same)
    building.run(config.load(folder))
    assert found(folder) == {}, "in one split it is no leak"


@pytest.mark.quick(3)
@pytest.mark.parametrize(
    ("sql", "type", "column", "name"),
    [
        ("CAST(n.n AS BIGINT)", "int", "place", "identifier:features.planet_params.place"),
        ("CAST(n.n % 7 AS BIGINT)", "int", "star_id", "identifier:features.planet_params.star_id"),
        ("n.n / 7", "float", "koi_score", "quality:features.planet_params.koi_score"),
        ("coalesce(e.a, (n.n * 7919) % 1009) ** 3", "float", "cube", "tells:{a} by features.planet_params.cube"),
        ("1 / (1 + coalesce(e.a, (n.n * 7919) % 1009))", "float", "x", "tells:{a} by features.planet_params.x"),
        ("((n.n * 31) % 97 < 40)::INTEGER + n.n / 1e6", "float", "y", "tells:{kind} by features.planet_params.y"),
    ],
)  # fmt: skip
def test_what_should_be_no_feature_is_found(tmp_path, sql, type, column, name):
    folder = make(
        tmp_path / "lake",
        **{
            "sql/features/planet_params.sql": (" AS kind", f" AS kind, {sql} AS {column}"),
            "models/features.py": ("    kind: str\n", f"    kind: str\n    {column}: {type}\n"),
        },
    )
    there = found(folder, *TARGETS)
    assert name.format(a=TARGETS[0], kind=TARGETS[1]) in there
    assert {leak.split(":")[0] for leak in there} == {name.split(":")[0]}


def test_what_a_column_tells_is_measured():
    rng = np.random.default_rng(3)
    x, noise = rng.normal(size=2000), rng.normal(size=2000)
    seen = np.ones(2000, bool)
    assert leaks.measure(x, seen, np.exp(x))[0] > 0.99
    assert leaks.measure(x, seen, np.cos(3 * x))[0] > 0.9
    assert leaks.measure(x, seen, noise)[0] < 0.05
    assert 0.4 < leaks.measure(x, seen, x + noise)[0] < 0.6
    assert leaks.measure(x, seen, (x > 0.3))[0] > 0.95
    assert leaks.measure(x, seen, np.where(x > 0.3, "a", "b").astype(object))[0] > 0.95
    assert leaks.measure(x, seen, noise > 0.3)[0] < 0.2
    assert leaks.measure(np.zeros(2000), seen, x)[0] == 0
    assert leaks.measure(x, np.arange(2000) < 49, x) == (0.0, 49)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return typed.lake("leaks", "-C", folder, *arguments)


def test_leaks_are_waived_by_name_and_reason(tmp_path):
    folder = make(tmp_path / "lake", PLANTED["near duplicate"][0])
    done = run(folder)
    assert done.returncode == 1
    assert "near_duplicate:features.planet_params: rows of several splits" in done.stdout
    assert "planet_run_key " in done.stdout
    settings = folder / "lake.toml"
    plain = settings.read_text()
    settings.write_text(f'{plain}\n[[leaks.allow]]\nleak = "near_*:features.planet_params"\nbecause = "planted"\n')
    done = run(folder, "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert told["leaks"] == told["unmet"] == []
    assert [(one["leak"], one["because"]) for one in told["waived"]] == [
        ("near_duplicate:features.planet_params", "planted")
    ]
    settings.write_text(f'{plain}\n[[leaks.allow]]\nleak = "twin:core.planets"\nbecause = "planted"\n')
    done = run(folder)
    assert done.returncode == 1
    assert "lake.toml waives twin:core.planets, which does not exist" in done.stdout
    settings.write_text(f'{plain}\n[[leaks.allow]]\nleak = "twin:core.planets"\nbecause = ""\n')
    assert run(folder).returncode == 2


@pytest.mark.long
def test_rules_targets_and_older_snapshots(tmp_path):
    folder = make(tmp_path / "lake")
    first = lake.open(folder).snapshot
    (folder / "seeds/extra.csv").write_text(FILES["seeds/extra.csv"] + PLANTED["near duplicate"][0])
    building.run(config.load(folder))
    assert run(folder).returncode == 1
    assert run(folder, "--at", str(first)).returncode == 0
    assert set(json.loads(run(folder, "--rules", "--json").stdout)) == set(leaks.RULES)
    wrong = run(folder, "--target", "features.planet_params.nothing")
    assert wrong.returncode == 2
    assert "not found in this snapshot" in wrong.stderr


def test_without_splits_it_says_so(tmp_path):
    folder = toy.make(tmp_path / "lake")
    from lake import fetch, land

    fetch.run(config.load(folder))
    land.run(config.load(folder))
    building.run(config.load(folder))
    done = run(folder)
    assert done.returncode == 2
    assert "no splits" in done.stderr


# Splits by contract


def test_a_split_that_is_not_its_groups_is_refused(tmp_path):
    mark = ("    split: str\n", '    split: Annotated[str, Split("star", train=80, validation=10, test=10)]\n')
    folder = make(tmp_path / "lake", **{"models/core.py": mark})
    (folder / "seeds/extra.csv").write_text(FILES["seeds/extra.csv"] + "X 1,X,nowhere,9,9,50,1,2,3,4\n")
    with pytest.raises(CheckFailed, match="split by star") as error:
        building.run(config.load(folder))
    assert "nowhere" in str(error.value)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ('Split("star", train=80, test=10)', "whole percents of 100 together"),
        ('Split("star", train=99.5, test=0.5)', "whole percents"),
        ('Split("sun", train=80, test=20)', "split by 'sun', a column that it does not have"),
    ],
)
def test_a_split_that_cannot_be_is_refused(tmp_path, mark, message):
    with pytest.raises(ConfigError, match=message) as error:
        make(tmp_path / "lake", **{"models/core.py": ("    split: str\n", f"    split: Annotated[str, {mark}]\n")})
    assert "core.py" in str(error.value)


@pytest.mark.slow
def test_the_sample_has_no_leak(tmp_path):
    folder = project_files.copy(tmp_path / "lake", sample=True)
    assert typed.lake("run", "-q", "-C", folder).returncode == 0
    done = run(folder)
    assert done.returncode == 0, done.stdout
