"""Normalisation by contract: measured on the train split alone, kept in the snapshot, undone by one call."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import duckdb
import numpy as np
import pytest
import toy
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import lake
from lake import config
from lake.build import normalisation
from lake.build import run as building
from lake.errors import CheckFailed, ConfigError, ModelError
from lake.store.sql import values

torch = pytest.importorskip("torch")

from lake.train import PlanetRuns, scale  # noqa: E402

RUNS = 90
FILES = {
    "models/core.py": '''
from lake.contract import Table

class PlanetRuns(Table, key="planet_run_key"):
    """Planet-runs, one a row."""
    planet_run_key: int
    split: str
''',
    "sql/core/planet_runs.sql": f"""
SELECT CAST(n AS BIGINT) AS planet_run_key, CASE WHEN n % 3 = 0 THEN 'test' ELSE 'train' END AS split
FROM range({RUNS}) AS t(n)""",
    "models/features.py": '''
from typing import Annotated
from lake.contract import Impute, Normalise, Table, Unit

class Params(Table, key="planet_run_key"):
    """One row a planet-run."""
    planet_run_key: int
    mass: Annotated[float | None, Unit("earth_mass"), Normalise("log")]
    heat: Annotated[float | None, Unit("K"), Normalise("standard"), Impute()]
    size: Annotated[float, Unit("earth_radius"), Normalise("robust")]
    same: Annotated[float, Normalise("standard")]
    count: Annotated[int | None, Impute()]
    raw: float

class Other(Table, key="planet_run_key"):
    """Another, marked too."""
    planet_run_key: int
    a: Annotated[float, Normalise("standard")]
''',
    "sql/features/params.sql": """
SELECT planet_run_key, CASE WHEN planet_run_key % 5 > 0 THEN 10::DOUBLE ** (planet_run_key % 9 - 4) ELSE -1 END AS mass,
       CASE WHEN planet_run_key % 4 > 0 THEN 200::DOUBLE + planet_run_key END AS heat,
       sqrt(planet_run_key) AS size, 7.0::DOUBLE AS same,
       CASE WHEN planet_run_key % 2 > 0 THEN planet_run_key END AS count, planet_run_key::DOUBLE AS raw
FROM core.planet_runs""",
    "sql/features/other.sql": "SELECT planet_run_key, planet_run_key / 2::DOUBLE AS a FROM core.planet_runs",
    "sql/core/planets.sql": None,
    "sql/core/heat.sql": None,
}


def build(folder: Path) -> int:
    return building.run(config.load(folder)).snapshot


def features(folder: Path, **options) -> dict[tuple[str, str], dict]:
    with lake.open(folder, **options) as here:
        rows = here.sql("SELECT * FROM quality.features").to_arrow_table().to_pylist()
    return {(row["table_name"], row["column_name"]): row for row in rows}


def table(folder: Path) -> dict[str, np.ndarray]:
    """The columns of features.params on the train split, NaN where null."""
    with lake.open(folder) as here:
        query = "SELECT * FROM features.params JOIN core.planet_runs USING (planet_run_key) WHERE split = 'train'"
        return {
            name: np.ma.filled(np.ma.asarray(v, dtype=object), np.nan)
            for name, v in here.sql(query).fetchnumpy().items()
        }


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = toy.make(tmp_path_factory.mktemp("normalise") / "lake", **FILES)
    build(folder)
    return folder


@pytest.fixture
def own(tmp_path) -> Path:
    folder = toy.make(tmp_path / "lake", **FILES)
    build(folder)
    return folder


def test_the_measures_are_numpys_of_the_train_split(project):
    rows, train = features(project), table(project)
    mass = train["mass"].astype(float)
    mass = np.log10(mass[mass > 0])
    heat, size = train["heat"].astype(float), train["size"].astype(float)
    heat = heat[~np.isnan(heat)]
    close = {"rel": 1e-6}
    assert rows["features.params", "mass"]["center"] == pytest.approx(mass.mean(), **close)
    assert rows["features.params", "mass"]["scale"] == pytest.approx(mass.std(), **close)
    assert rows["features.params", "mass"]["known"] == len(mass) < rows["features.params", "mass"]["rows"] == 60
    assert rows["features.params", "heat"]["center"] == pytest.approx(heat.mean(), **close)
    assert rows["features.params", "heat"]["fill"] == pytest.approx(np.median(heat), **close)
    q25, q50, q75 = np.quantile(size, [0.25, 0.5, 0.75])
    assert rows["features.params", "size"]["center"] == pytest.approx(q50, **close)
    assert rows["features.params", "size"]["scale"] == pytest.approx((q75 - q25) / 1.3489795, **close)
    assert rows["features.params", "same"]["scale"] == 1
    assert rows["features.params", "count"]["method"] is None
    assert ("features.params", "raw") not in rows


@pytest.mark.long
def test_rows_of_other_splits_change_nothing(own):
    before = features(own)
    sql = own / "sql/features/params.sql"
    sql.write_text(
        sql.read_text().replace(
            "sqrt(planet_run_key) AS size",
            "CASE WHEN planet_run_key % 3 = 0 THEN 1e6 ELSE sqrt(planet_run_key) END AS size",
        )
    )
    build(own)
    after = features(own)
    for key in before:
        assert {**before[key], "snapshot": 0} == {**after[key], "snapshot": 0}


@pytest.mark.long
def test_only_what_changed_is_measured_again_and_old_snapshots_keep_theirs(own):
    first = features(own)
    sql = own / "sql/features/other.sql"
    sql.write_text(sql.read_text().replace("/ 2::", "/ 4::"))
    number = build(own)
    after = features(own)
    assert after["features.other", "a"]["snapshot"] == number
    assert after["features.other", "a"]["scale"] == pytest.approx(first["features.other", "a"]["scale"] / 2)
    assert after["features.params", "heat"] == first["features.params", "heat"]
    assert features(own, at=first["features.other", "a"]["snapshot"]) == first
    assert build(own) == number, "nothing to do"
    runs = own / "sql/core/planet_runs.sql"
    runs.write_text(runs.read_text().replace("n % 3 = 0", "n % 2 = 0"))
    build(own)
    assert features(own)["features.params", "heat"] != first["features.params", "heat"]


@pytest.mark.slow
def test_the_bits_are_the_same_in_any_order_by_any_number_of_threads(tmp_path):
    # Of heat, all that is large cancels: the order in which doubles are summed would show in its mean.
    columns = """(sin(n * 1.7) + 1e-9) * 1e6 AS mass, (-1) ** n * exp(30 * sin(n // 2)) AS heat, exp(sin(n)) AS size,
                0.1::DOUBLE AS same, n::BIGINT AS count, 0.7::DOUBLE AS raw"""
    found = []
    for threads, order in ((1, "n"), (2, "n * 7919 % 300007"), (4, "-n")):
        folder = tmp_path / str(threads)
        sql = f"SELECT n::BIGINT AS planet_run_key, {columns} FROM range(300000) AS t(n) ORDER BY {order}"
        runs = "SELECT n::BIGINT AS planet_run_key, 'train' AS split FROM range(300000) AS t(n)"
        limits = f'[lake]\nname = "toy"\n[limits]\nthreads = {threads}\n'
        changes = {"sql/features/params.sql": sql, "sql/core/planet_runs.sql": runs, "lake.toml": limits}
        toy.make(folder, **{**FILES, **changes})
        build(folder)
        found.append(features(folder))
    assert found[0] == found[1] == found[2]
    assert found[0]["features.params", "same"]["scale"] == 1
    mass = np.array([(math.sin(n * 1.7) + 1e-9) * 1e6 for n in range(300_000)]).astype(np.float32).astype(float)
    logs = np.log10(mass[mass > 0])
    assert found[0]["features.params", "mass"]["center"] == pytest.approx(logs.mean(), rel=1e-6)
    assert found[0]["features.params", "mass"]["scale"] == pytest.approx(logs.std(), rel=1e-6)


@pytest.mark.long
def test_column_by_column_is_the_same(own, monkeypatch):
    together = features(own)
    monkeypatch.setattr(normalisation, "_AT_ONCE", 1)
    building.run(config.load(own), force=True)
    assert [{**row, "snapshot": 0} for row in features(own).values()] == [
        {**row, "snapshot": 0} for row in together.values()
    ]


@pytest.mark.long
@example(0.009709641358778713)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_is_written_out_keeps_its_bits(number):
    with duckdb.connect() as connection:
        (kept,) = connection.execute(values({"x": ("DOUBLE", "")}, [{"x": number}])).fetchone()
    assert struct.pack("d", kept) == struct.pack("d", number)


@pytest.mark.long
def test_only_what_is_there_is_measured(tmp_path):
    alone = "SELECT n::BIGINT AS planet_run_key, n / 2::DOUBLE AS a FROM range(90) AS t(n)"
    folder = toy.make(tmp_path / "lake", **{**FILES, "sql/features/other.sql": alone})
    settings = config.load(folder)
    building.run(settings, ["features.other"])
    with lake.open(folder) as here:
        assert "quality.features" not in here.tables(), "no table says yet what the train split is"
    building.run(settings, ["core.planet_runs"])
    assert set(features(folder)) == {("features.other", "a")}
    building.run(settings)
    assert len(features(folder)) == 6


@pytest.mark.long
def test_what_is_left_is_measured_as_it_was_made(own):
    models, runs = own / "models/features.py", own / "sql/core/planet_runs.sql"
    before = features(own)
    models.write_text(models.read_text().replace("    raw: float", '    extra: Annotated[float, Normalise("log")]'))
    runs.write_text(runs.read_text().replace("n % 3 = 0", "n % 2 = 0"))
    building.run(config.load(own), ["core.planet_runs"])
    after = features(own)
    assert after.keys() == before.keys()
    models.write_text(models.read_text().replace('a: Annotated[float, Normalise("standard")]', "a: float"))
    building.run(config.load(own), ["core.planet_runs"], force=True)
    assert features(own).keys() == before.keys()
    assert after["features.params", "heat"]["rows"] == RUNS / 2 != before["features.params", "heat"]["rows"]


@pytest.mark.long
def test_other_roles_are_measured_again_and_the_usual_ones_written_out_are_not(own):
    before, number = features(own), building.run(config.load(own)).snapshot
    settings = own / "lake.toml"
    usual = '[roles]\nruns = "core.planet_runs"\nkey = "planet_run_key"\n'
    settings.write_text(settings.read_text() + usual)
    assert build(own) == number, "they say the same"
    settings.write_text(settings.read_text() + 'split = "part"\n')
    with pytest.raises(ModelError, match=r"no model core\.planet_runs gives planet_run_key and part"):
        build(own)
    models, runs = own / "models/core.py", own / "sql/core/planet_runs.sql"
    models.write_text(models.read_text() + "    part: str\n")
    part = ", CASE WHEN n % 2 = 0 THEN 'test' ELSE 'train' END AS part\nFROM"
    runs.write_text(runs.read_text().replace("\nFROM", part))
    build(own)
    after = features(own)
    assert after["features.params", "heat"]["rows"] == RUNS / 2 != before["features.params", "heat"]["rows"]
    settings.write_text(settings.read_text().replace('"part"', '"split"'))
    build(own)
    assert {**features(own)["features.params", "heat"], "snapshot": 0} == {
        **before["features.params", "heat"],
        "snapshot": 0,
    }


@pytest.mark.long
def test_a_mark_that_goes_takes_its_row_along(own):
    models = own / "models/features.py"
    models.write_text(models.read_text().replace('a: Annotated[float, Normalise("standard")]', "a: float"))
    build(own)
    assert {table for table, _ in features(own)} == {"features.params"}


def test_a_batch_is_normalised_and_undone(project):
    plain = PlanetRuns(project, split=None, tables={"p": "features.params"}, shuffle=False, batch_size=RUNS)
    data = PlanetRuns(
        project, split=None, tables={"p": "features.params"}, shuffle=False, batch_size=RUNS, normalise=True
    )
    (raw,), (batch,) = plain, data
    columns = [f.name for f in data.schema["p"].features]
    mass, heat, size, same, count, untouched = (
        columns.index(c) for c in ("mass", "heat", "size", "same", "count", "raw")
    )
    rows = features(project)
    for column, name in ((heat, "heat"), (size, "size")):
        row = rows["features.params", name]
        wanted = (raw["p"][:, column].double() - row["center"]) / row["scale"]
        known = raw["p_known"][:, column]
        assert torch.allclose(batch["p"][known, column].double(), wanted[known], atol=1e-5)
    row = rows["features.params", "heat"]
    assert batch["p"][~batch["p_known"][:, heat], heat].unique().tolist() == pytest.approx(
        [(row["fill"] - row["center"]) / row["scale"]]
    )
    assert torch.equal(batch["p_known"][:, mass], raw["p"][:, mass] > 0)
    assert batch["p"][~batch["p_known"][:, mass], mass].eq(0).all()
    assert batch["p"][:, same].eq(0).all()
    assert torch.equal(batch["p"][:, untouched], raw["p"][:, untouched])
    odd = raw["planet_run_key"] % 2 > 0
    fill = rows["features.params", "count"]["fill"]
    assert torch.equal(batch["p"][:, count], torch.where(odd, raw["planet_run_key"], fill).float())
    assert torch.equal(raw["p"][:, count], batch["p"][:, count]), "imputed also where nothing is scaled"
    back = data.undo(batch)
    seen = batch["p_known"]
    assert torch.allclose(back["p"][seen], raw["p"][seen], rtol=1e-5, atol=1e-5)
    assert back.origin.rows == batch.origin.rows


def test_a_target_is_normalised_and_predictions_undone(project):
    data = PlanetRuns(
        project, tables={"o": "features.other"}, target="features.params.mass", normalise=True, batch_size=99
    )
    (batch,) = data
    known = batch["target_known"]
    assert batch["target"][known].mean().item() == pytest.approx(0, abs=1e-5)
    assert batch["target"][known].std(correction=0).item() == pytest.approx(1, abs=1e-5)
    keys = batch["planet_run_key"][known]
    assert torch.allclose(data.undo(batch["target"][known]), (10.0 ** (keys % 9 - 4)).float(), rtol=1e-5)
    assert (keys % 5 > 0).all()


numbers = arrays(np.float32, st.tuples(st.integers(1, 20), st.just(3)), elements=st.floats(2.0**-40, 2.0**40, width=32))


@given(numbers, st.floats(-20, 20, width=32), st.floats(2.0**-6, 2.0**6, width=32))
def test_what_is_undone_is_what_was(values, center, width):
    one = scale.Scale((True, False, False), (center, center, 0.0), (width, width, 1.0), (None, None, None))
    scaled, known = scale.apply(one, values, None)
    assert known is None
    back = scale.undo(one, torch.from_numpy(scaled)).numpy()
    # Of a logarithm, float32 keeps 24 bits of (log10 x - center) / scale: that error, back in x, is relative.
    lost = np.abs(np.log10(values[:, 0].astype(np.float64)) - center) * 2.0**-23 * math.log(10)
    assert (np.abs(back[:, 0] / values[:, 0].astype(np.float64) - 1) <= lost + 1e-6).all()
    assert np.allclose(back[:, 1], values[:, 1], rtol=1e-6, atol=2.0**-23 * (abs(center) + 1))
    assert np.array_equal(back[:, 2], values[:, 2])


def test_what_float32_cannot_hold_once_scaled_is_not_known():
    one = scale.Scale((False,), (0.0,), (1e-12,), (None,))
    scaled, known = scale.apply(one, np.array([[1e30], [1e-12]], np.float32), None)
    assert known.tolist() == [[False], [True]]
    assert scaled.tolist() == [[0], [1]]


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        ('Normalise("robust")', 'Normalise("minmax")', ConfigError, "it is one of 'standard', 'robust', 'log'"),
        ("raw: float", 'raw: Annotated[str, Normalise("log")]', ConfigError, "is of a number, and the column is"),
        ("raw: float", "raw: Annotated[list[float], Impute()]", ConfigError, "is of a number, and the column is"),
    ],
)
def test_a_mark_that_cannot_be_is_refused(own, old, new, error, message):
    models = own / "models/features.py"
    models.write_text(models.read_text().replace(old, new))
    with pytest.raises(error, match=message) as raised:
        build(own)
    assert "features.py" in str(raised.value)


def test_marks_without_a_train_split_are_refused(own):
    models = own / "models/core.py"
    models.write_text(models.read_text().replace("    split: str\n", ""))
    sql = own / "sql/core/planet_runs.sql"
    sql.write_text(f"SELECT CAST(n AS BIGINT) AS planet_run_key FROM range({RUNS}) AS t(n)")
    before = features(own)
    with pytest.raises(ModelError, match=r"no model core\.planet_runs gives planet_run_key and split"):
        build(own)
    assert features(own) == before


def test_the_marks_of_a_view_are_refused(own):
    models = own / "models/features.py"
    models.write_text(
        models.read_text().replace('Other(Table, key="planet_run_key"', 'Other(Table, materialized="view"')
    )
    with pytest.raises(ModelError, match=r"features\.other is a view"):
        build(own)


def test_a_column_that_must_be_known_refuses_the_build(own):
    sql = own / "sql/features/params.sql"
    sql.write_text(
        sql.read_text().replace(
            "planet_run_key::DOUBLE AS raw", "CASE WHEN planet_run_key = 8 THEN 'nan'::DOUBLE ELSE 1 END AS raw"
        )
    )
    before = features(own)
    with pytest.raises(CheckFailed, match="raw"):
        build(own)
    assert features(own) == before
