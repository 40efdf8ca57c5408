"""A project of another field, examples/weather: built, checked and trained by what its [roles] say."""

from __future__ import annotations

import hashlib
import pickle
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typed

import lake
from lake import config
from lake.build import run as building
from lake.errors import ConfigError

torch = pytest.importorskip("torch")

from lake.train import PlanetRuns  # noqa: E402

EXAMPLE = Path(__file__).parents[2] / "examples" / "weather"
KEY = "station_day_key"
EDGES = {"around": "features.neighbours"}
TOMORROW = "features.tomorrow.temperature"


def copy(folder: Path) -> Path:
    return shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("data", "lake.duckdb", "__pycache__"))


@pytest.fixture(scope="module")
def weather(tmp_path_factory) -> Path:
    folder = copy(tmp_path_factory.mktemp("weather") / "lake")
    building.run(config.load(folder))
    return folder


def key_of(station: str, day: str) -> int:
    """As macros/keys.sql has it, by Python."""
    return int(hashlib.md5(f"{station}\x1f{day}".encode()).hexdigest()[:16], 16) & (2**63 - 1)


def test_the_seeds_are_what_their_script_writes(tmp_path):
    runpy.run_path(str(EXAMPLE / "make_seeds.py"))["write"](tmp_path)
    for name in ("stations.csv", "observations.csv"):
        assert (tmp_path / name).read_bytes() == (EXAMPLE / "seeds" / name).read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("command", ["check", "test", "lint", "format --check", "leaks", "status", "plan"])
def test_the_commands_take_it_like_any_lake(weather, command):
    done = typed.lake(*command.split(), cwd=weather)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "planet" not in done.stdout + done.stderr


def test_a_batch_is_what_the_tables_hold_under_the_projects_own_key(weather):
    with lake.open(weather) as here:
        columns = "day, station, temperature, rain"
        query = f"SELECT {KEY}, {columns} FROM core.station_days JOIN features.weather USING ({KEY})"
        rows = {key: values for key, *values in here.sql(query).fetchall()}
    assert all(key == key_of(station, str(day)) for key, (day, station, *_) in rows.items())
    data = PlanetRuns(weather, None, batch_size=64, graphs=EDGES)
    assert list(data.schema) == ["weather", "season", "place", "past_week", "around"]
    seen = set()
    for batch in data:
        assert batch.origin.keys is batch[KEY]
        for key, values, known in zip(
            batch[KEY].tolist(), batch["weather"].tolist(), batch["weather_known"].tolist(), strict=True
        ):
            _, _, temperature, rain = rows[key]
            assert values[0] == pytest.approx(temperature)
            assert known[2] == (rain is not None)
        seen.update(batch[KEY].tolist())
    assert seen == rows.keys()


@pytest.mark.long
def test_all_ways_of_reading_give_the_same_batches(weather):
    options = {"split": "train", "batch_size": 50, "graphs": EDGES, "target": TOMORROW, "normalise": True}
    data = PlanetRuns(weather, **options)
    streamed = PlanetRuns(weather, **options, cache=False, block=70)
    sent = pickle.loads(pickle.dumps(data))
    for one, *others in zip(data, streamed, sent, data.loader(num_workers=1), strict=True):
        for other in others:
            assert torch.equal(one[KEY], other[KEY])
            assert torch.equal(one["weather"], other["weather"])
            assert torch.equal(one["past_week"], other["past_week"])
            assert torch.equal(one["target"], other["target"])
            assert torch.equal(one["around"]["edge_index"], other["around"]["edge_index"])
            assert torch.equal(one["around"]["edge_attr"], other["around"]["edge_attr"])


@pytest.mark.long
def test_a_split_has_its_stations_a_condition_and_a_balance_are_of_the_runs(weather):
    with lake.open(weather) as here:
        query = f"SELECT split, list({KEY} ORDER BY {KEY}) FROM core.station_days GROUP BY 1"
        splits = dict(here.sql(query).fetchall())
    for split, keys in splits.items():
        assert PlanetRuns(weather, split).keys.tolist() == keys
    some = PlanetRuns(weather, None, where="day < '2020-03-03'", balance="core.station_days.station")
    assert len(some.keys) == 2 * 24
    mean, deviation = PlanetRuns(weather, "test").statistics()["weather"]
    values = torch.cat([batch["weather"][:, 0] for batch in PlanetRuns(weather, "train")])
    assert mean[0].item() == pytest.approx(values.mean().item(), rel=1e-6)
    assert deviation[0].item() == pytest.approx(values.std(correction=0).item(), rel=1e-4)


def test_what_is_normalised_is_measured_on_its_own_runs(weather):
    batches = list(PlanetRuns(weather, "train", normalise=True))
    values = torch.cat([batch["weather"][:, 0] for batch in batches])
    assert values.mean().item() == pytest.approx(0, abs=1e-5)
    assert values.std(correction=0).item() == pytest.approx(1, abs=1e-4)


@pytest.mark.long
def test_the_network_is_better_than_saying_that_tomorrow_is_as_today(weather):
    command = [sys.executable, EXAMPLE / "train.py", weather, "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    lines = done.stdout.splitlines()
    errors = {line[:18].strip(): float(line.split()[-2]) for line in lines[2:]}
    assert errors["the network"] < errors["tomorrow as today"]


@pytest.mark.long
def test_a_station_in_two_splits_or_under_two_names_is_a_leak(tmp_path):
    folder = copy(tmp_path / "lake")
    sql = folder / "sql/core/station_days.sql"
    text = sql.read_text()
    for change, leak in {
        "case when day < '2020-03-10' then 'test' else split_of(station) end": "parted:core.station_days.station",
        "case when station = 'W01' then 'test' else split_of(station) end": "twin:core.station_days.station",
    }.items():
        other = "case when station = 'W01' then 'w-00' else station end as station" if "twin" in leak else "station"
        before = " station, day, split_of(station) as split"
        assert before in text
        sql.write_text(text.replace(before, f" {other}, day, {change} as split"))
        models = folder / "models/core.py"
        models.write_text(
            models.read_text()
            .replace('Split("station", train=70, validation=15, test=15)', "OneOf('train', 'validation', 'test')")
            .replace("References, Split,", "OneOf, References,")
            .replace('station: Annotated[str, References("seeds.stations.station")]\n    """Where"""', "station: str")
        )
        building.run(config.load(folder))
        done = typed.lake("leaks", cwd=folder)
        assert done.returncode == 1
        assert leak in done.stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('runs = "core.station_days"', 'runs = "core.station_day"'), "there is no table core.station_day"),
        (('key = "station_day_key"', 'key = "station_key"'), "no column 'station_key'"),
        (("[train.modalities]", "split = 'part'\n[train.modalities]"), "no column 'part'"),
    ],
)
def test_roles_that_the_lake_does_not_have_are_shown_where_they_are_given(weather, tmp_path, change, message):
    folder = copy(tmp_path / "lake")
    shutil.copytree(weather / "data", folder / "data", dirs_exist_ok=True)
    shutil.copyfile(weather / "lake.duckdb", folder / "lake.duckdb") if (weather / "lake.duckdb").exists() else None
    settings = folder / "lake.toml"
    settings.write_text(settings.read_text().replace(*change))
    with pytest.raises(ConfigError) as caught:
        PlanetRuns(folder)
    assert message in str(caught.value)
    assert f"{settings}:" in str(caught.value)


def test_nothing_to_hold_and_no_cubes_are_said(weather, tmp_path):
    folder = copy(tmp_path / "lake")
    settings = folder / "lake.toml"
    settings.write_text(settings.read_text().partition("[train.modalities]")[0])
    building.run(config.load(folder))
    with pytest.raises(ConfigError, match="nothing says what a batch holds"):
        PlanetRuns(folder)
    with pytest.raises(ConfigError, match=r"\[roles\] cube"):
        PlanetRuns(folder, cubes=["ts"])
    assert len(PlanetRuns(folder, tables="features.weather", cache=False).keys) == 640


def test_a_cube_has_no_key_or_one_that_can_be_computed(weather, tmp_path):
    folder = copy(tmp_path / "lake")
    building.run(config.load(folder))
    settings = folder / "lake.toml"
    settings.write_text(settings.read_text().replace("[train.modalities]", "cube = 'nonsense('\n[train.modalities]"))
    with lake.open(folder) as here, pytest.raises(ConfigError) as caught:
        here.cube("x")
    assert caught.value.where.startswith(f"{settings}:")
