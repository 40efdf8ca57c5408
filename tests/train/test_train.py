"""Planet-runs to torch: each row once, in an order that the seed alone decides, nothing made up where it is missing."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import toy

import lake
from lake import config, fetch, land
from lake import project as project_files
from lake.build import run as building
from lake.errors import ConfigError

torch = pytest.importorskip("torch")

from lake.astro import demo, keys, plot  # noqa: E402
from lake.train import PlanetRuns, order  # noqa: E402

STARS, PLANETS = 40, 3
FILES = {
    "seeds/stars.csv": "star,teff\n" + "".join(f"Star {i},{3000 + 100 * i}\n" for i in range(STARS)),
    "models/core.py": '''
from typing import Annotated
from lake.contract import References, Table, Unit

class PlanetRuns(Table, key="planet_run_key"):
    """Planet-runs, one a row."""
    planet_run_key: int
    planet: str
    star: Annotated[str, References("seeds.stars.star")]
    kind: str
    split: str
''',
    "sql/core/planet_runs.sql": f"""
SELECT planet_run_key(star || ' ' || n, 'observed', NULL, NULL, NULL) AS planet_run_key, star || ' ' || n AS planet,
       star, CASE n WHEN 1 THEN 'observed' ELSE 'simulation' END AS kind,
       ['train', 'train', 'train', 'validation', 'test'][1 + ascii(md5(star)) % 5] AS split
FROM seeds.stars, range(1, {PLANETS + 1}) AS t(n)""",
    "models/features.py": '''
from typing import Annotated
from lake.contract import Table, Unit

class PlanetParams(Table, key="planet_run_key"):
    """One row a planet-run."""
    planet_run_key: int
    planet: str
    teff: Annotated[float, Unit("K")]
    """Effective temperature of the star."""
    mass: Annotated[float | None, Unit("earth_mass")]
    """Mass; null in one of three."""
    count: int

class Climate(Table, key="planet_run_key"):
    planet_run_key: int
    surface: Annotated[float | None, Unit("K")]
    """Global mean."""
''',
    "sql/features/planet_params.sql": """
SELECT planet_run_key, planet, teff, CASE WHEN planet NOT LIKE '%1' THEN teff / 1000 END AS mass, 7::BIGINT AS count
FROM core.planet_runs JOIN seeds.stars USING (star)""",
    "sql/features/climate.sql": """
SELECT planet_run_key, CASE WHEN planet LIKE '%2' THEN 288.0::DOUBLE END AS surface
FROM core.planet_runs WHERE planet NOT LIKE '%3'""",
    "sql/core/planets.sql": None,
    "sql/core/heat.sql": None,
}


def build(folder: Path) -> int:
    settings = config.load(folder)
    fetch.run(settings)
    land.run(settings)
    return building.run(settings).snapshot


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = toy.make(tmp_path_factory.mktemp("train") / "lake", **FILES)
    build(folder)
    return folder


@pytest.fixture(scope="module")
def names(project) -> dict[int, str]:
    """planet_run_key -> planet, through Python's own key."""
    planets = [f"Star {i} {n}" for i in range(STARS) for n in range(1, PLANETS + 1)]
    return {keys.planet_run_key(planet, "observed"): planet for planet in planets}


def runs(project, **options):
    options = {"tables": {"planet": "features.planet_params", "climate": "features.climate"}, **options}
    return PlanetRuns(project, **{"batch_size": 8, **options})


def order_of(batches) -> list[int]:
    return [key for batch in batches for key in batch["planet_run_key"].tolist()]


def in_order(data, seed: int, epoch: int) -> list[int]:
    return data.keys[order.shuffled(data.keys, seed, epoch)].tolist()


@pytest.mark.long
def test_a_batch_is_what_the_tables_hold(project, names):
    data = runs(project, split=None)
    seen = set()
    for batch in data:
        planets = [names[key] for key in batch["planet_run_key"].tolist()]
        teff = [3000 + 100 * float(planet.split()[1]) for planet in planets]
        has_mass = [not planet.endswith("1") for planet in planets]
        assert batch["planet_run_key"].dtype == torch.int64
        assert batch["planet"].dtype == torch.float32
        assert batch["planet"][:, 0].tolist() == teff
        assert batch["planet_known"][:, 1].tolist() == has_mass
        assert batch["planet"][:, 1].tolist() == pytest.approx(
            [t / 1000 if m else 0 for t, m in zip(teff, has_mass, strict=True)]
        )
        assert batch["planet"][:, 2].eq(7).all()
        seen.update(planets)
    assert seen == set(names.values())


def test_a_missing_modality_is_masked_and_a_missing_cell_is_not_known(project, names):
    for batch in runs(project, split=None):
        planets = [names[key] for key in batch["planet_run_key"].tolist()]
        assert batch["mask"]["planet"].all()
        assert batch["mask"]["climate"].tolist() == [not planet.endswith("3") for planet in planets]
        assert batch["climate_known"][:, 0].tolist() == [planet.endswith("2") for planet in planets]
        assert batch["climate"][~batch["climate_known"]].eq(0).all()
        assert batch["climate"][batch["climate_known"]].eq(288).all()


def test_the_schema_names_columns_and_units(project):
    data = runs(project)
    assert [(f.name, f.unit, f.doc) for f in data.schema["planet"].features] == [
        ("teff", "K", "Effective temperature of the star."),
        ("mass", "earth_mass", "Mass; null in one of three."),
        ("count", None, ""),
    ]
    assert data.snapshot == lake.open(project).snapshot
    assert "PlanetRuns train at snapshot" in repr(data)


def test_what_is_not_a_finite_float32_is_not_known(project):
    select = """SELECT planet_run_key, CASE kind WHEN 'observed' THEN 1e300 ELSE 'nan'::DOUBLE END AS bad,
                '-inf'::DOUBLE AS worse, 1e30 AS good, true AS yes, 2.5::DECIMAL(9, 2) AS money, ['x'] AS left_out
                FROM core.planet_runs"""
    data = runs(project, tables={"odd": select})
    batch = next(iter(data))
    assert [f.name for f in data.schema["odd"].features] == ["bad", "worse", "good", "yes", "money"]
    assert batch["odd_known"].tolist() == [[False, False, True, True, True]] * 8
    assert batch["odd"].tolist() == [pytest.approx([0, 0, 1e30, 1, 2.5])] * 8


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_each_row_once_in_the_same_order_for_any_workers_and_ranks(project, workers, world_size):
    data = [runs(project, batch_size=7, rank=rank, world_size=world_size, seed=3) for rank in range(world_size)]
    ranks = [list(each.loader(num_workers=workers)) for each in data]
    assert [len(batches) for batches in ranks] == [len(each) for each in data]
    assert max(map(len, ranks)) == min(map(len, ranks))
    steps = [batch for step in zip(*ranks, strict=True) for batch in step]
    assert order_of(steps) == in_order(data[0], 3, 0)
    assert sorted(order_of(steps)) == data[0].keys.tolist()


@pytest.mark.parametrize("block", [1, 20, 10_000])
def test_the_size_of_a_block_changes_nothing(project, block):
    plain, cut = runs(project), runs(project, block=block, cache=False)
    for one, other in zip(plain, cut, strict=True):
        assert torch.equal(one["planet_run_key"], other["planet_run_key"])
        assert torch.equal(one["planet"], other["planet"])
        assert torch.equal(one["mask"]["climate"], other["mask"]["climate"])


def test_the_seed_and_the_epoch_decide_the_order(project):
    first, again, other = (runs(project, seed=seed) for seed in (1, 1, 2))
    assert order_of(first) == order_of(again)
    assert order_of(first) != order_of(other)
    before = order_of(first)
    first.set_epoch(1)
    assert order_of(first) != before
    first.set_epoch(0)
    assert order_of(first) == before
    assert order_of(runs(project, shuffle=False)) == sorted(before)


def test_workers_that_are_kept_learn_of_the_next_epoch(project):
    data = runs(project)
    loader = data.loader(num_workers=1, persistent_workers=True)
    before = order_of(loader)
    data.set_epoch(1)
    after = order_of(loader)
    assert before != after
    assert sorted(before) == sorted(after)
    assert after == in_order(data, 0, 1)


@pytest.mark.long
def test_a_spawned_worker_opens_the_same_snapshot(project):
    data = runs(project, rank=1, world_size=2)
    loader = data.loader(num_workers=1, multiprocessing_context="spawn")
    assert order_of(loader) == order_of(data)


def test_a_pickled_dataset_reads_on(project):
    data = runs(project, batch_size=5, seed=4)
    data.set_epoch(2)
    copy = pickle.loads(pickle.dumps(data))
    assert order_of(copy) == order_of(data)
    assert copy.snapshot == data.snapshot


def test_the_planets_of_a_star_are_in_one_split(project, names):
    stars = {
        split: {names[key].rpartition(" ")[0] for key in order_of(runs(project, split=split))}
        for split in ("train", "validation", "test")
    }
    assert sum(map(len, stars.values())) == STARS
    assert len(set.union(*stars.values())) == STARS


@pytest.mark.long
def test_a_build_in_between_changes_nothing(tmp_path):
    folder = toy.make(tmp_path / "lake", **FILES)
    old = build(folder)
    with lake.open(folder) as here:
        data = PlanetRuns(here, tables={"planet": "features.planet_params"}, batch_size=9)
    iterator = iter(data)
    first = next(iterator)
    before = [first]
    file = folder / "seeds" / "stars.csv"
    file.write_text("".join(line for line in file.read_text().splitlines(True) if "Star 1" not in line))
    sql = folder / "sql" / "features" / "planet_params.sql"
    sql.write_text(sql.read_text().replace("7::BIGINT", "8::BIGINT"))
    assert build(folder) != old
    before += iterator
    after = list(data)
    assert order_of(before) == order_of(after) == order_of(data.loader(num_workers=1))
    assert {value for batch in before + after for value in batch["planet"][:, 2].tolist()} == {7.0}
    assert data.snapshot == old
    new = PlanetRuns(folder, tables={"planet": "features.planet_params"})
    assert len(new.keys) < len(data.keys)
    assert next(iter(new))["planet"][:, 2].eq(8).all()


def test_where_chooses_planet_runs(project, names):
    data = runs(project, split=None, where="kind = 'simulation' -- not the observed ones")
    assert {names[key][-1] for key in data.keys.tolist()} == {"2", "3"}


def test_statistics_are_those_of_the_train_split(project, names):
    train = runs(project)
    values = torch.cat([batch["planet"] for batch in train])
    known = torch.cat([batch["planet_known"] for batch in train])
    for split in ("train", "test"):
        mean, deviation = runs(project, split=split).statistics()["planet"]
        assert mean[0].item() == pytest.approx(values[:, 0].mean().item())
        assert mean[1].item() == pytest.approx(values[:, 1][known[:, 1]].mean().item())
        assert deviation[1].item() == pytest.approx(values[:, 1][known[:, 1]].std(correction=0).item())


def test_drop_last_gives_full_batches_only(project):
    data = runs(project, batch_size=7, last="drop", rank=0, world_size=2)
    sizes = [len(batch["planet_run_key"]) for batch in data]
    assert sizes == [7] * (len(data.keys) // 14)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tables": {"planet": "features.nothing"}}, "nothing"),
        ({"tables": {"planet": "SELECT 1 AS x"}}, "has no planet_run_key"),
        ({"tables": {"planet": "SELECT planet_run_key, planet FROM core.planet_runs"}}, "no numeric column"),
        ({"tables": {"t": "SELECT planet_run_key, n FROM core.planet_runs, range(2) AS r(n)"}}, "repeat"),
        ({"tables": {"t": "SELECT planet_run_key, 1 AS a, [2] AS b FROM core.planet_runs"}}, "each is a tensor"),
        ({"tables": {"mask": "features.climate"}}, "'mask'"),
        ({"split": "training"}, "train has "),
        ({"where": "nothing > 1"}, "nothing"),
        ({"cubes": {"slab": ["ts"]}}, "no cube of this snapshot"),
        ({"rank": 2, "world_size": 2}, "rank 2 of 2"),
        ({"rank": 2}, "give both"),
        ({"batch_size": 0}, "1 or more"),
    ],
)
def test_what_cannot_be_is_refused_by_name(project, options, message):
    with pytest.raises(ConfigError) as error:
        runs(project, **options)
    assert message in str(error.value)


def test_an_order_is_even_and_known_for_good():
    some = np.arange(10_000, dtype=np.int64)
    first = order.shuffled(some, seed=0, epoch=0)
    places = np.argsort(first)
    assert abs(np.corrcoef(some, places)[0, 1]) < 0.03
    other = np.argsort(order.shuffled(some, seed=0, epoch=1))
    assert abs(np.corrcoef(other, places)[0, 1]) < 0.03
    assert np.array_equal(some[::-1][order.shuffled(some[::-1], 0, 0)], first)


@pytest.mark.long
def test_a_tiny_model_learns_in_one_epoch_and_the_same_each_time(project):
    data = runs(project, batch_size=2, tables={"planet": "SELECT * EXCLUDE (count) FROM features.planet_params"})
    state = torch.random.get_rng_state()
    losses = demo.fit(data, "mass", epochs=2)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert len(losses) <= 1 + 2 * len(data)
    assert losses[-1] < 0.2 * losses[0]
    assert demo.fit(data, "mass", epochs=2) == losses
    assert demo.fit(data, "mass", seed=1) != losses[: len(data)]


@pytest.mark.parametrize(("target", "message"), [("nothing", "no column 'nothing'"), ("count", "nothing to learn")])
def test_a_target_that_cannot_be_learnt_is_refused(project, target, message):
    with pytest.raises(ConfigError, match=message):
        demo.fit(runs(project), target)


# Slabs: real NetCDF files through the gcm source.


def climate(file: Path, shape: tuple[int, int, int], start: float, name: str = "ts", unit: str = "K") -> np.ndarray:
    """A small CF file with a surface temperature over time, latitude and longitude; its first value is missing."""
    import xarray as xr

    field = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) + start
    field[0, 0, 0] = np.nan
    times, latitudes, longitudes = (np.linspace(0, top, n) for top, n in zip((1, 80, 270), shape, strict=True))
    attributes = {"standard_name": "surface_temperature", "units": unit}
    xr.Dataset(
        {name: (("time", "lat", "lon"), field, attributes)},
        {
            "time": ("time", times, {"units": "days since 2000-01-01"}),
            "lat": ("lat", latitudes, {"units": "degrees_north"}),
            "lon": ("lon", longitudes, {"units": "degrees_east"}),
        },
    ).to_netcdf(file)
    return field


def simulated(folder: Path, *files: dict) -> tuple[Path, dict[int, np.ndarray]]:
    """A toy with these climate runs beside its planets."""
    mirror = folder / "mirror" / "climate.example"
    mirror.mkdir(parents=True)
    settings, fields = '[lake]\nname = "toy"\nmirror = "mirror"\n', {}
    for number, file in enumerate(files):
        planet = f"Star {number} 1"
        fields[keys.planet_run_key(planet, "simulation", "m", "s", "r")] = climate(mirror / f"{number}.nc", **file)
        settings += f"""[[sources.gcm.runs]]
url = "https://climate.example/{number}.nc"
planet = "{planet}"
model = "m"
scenario = "s"
run = "r"
"""
    runs = """
UNION ALL
SELECT planet_run_key(planet, kind, model, scenario, run), planet, left(planet, -2), kind, 'train' FROM raw.cubes"""
    changes = {"lake.toml": settings, "sql/core/planet_runs.sql": FILES["sql/core/planet_runs.sql"] + runs}
    toy.make(folder, **{**FILES, **changes})
    build(folder)
    return folder, fields


@pytest.mark.long
def test_a_slab_is_what_the_cube_holds_and_padding_is_not_known(tmp_path):
    sizes = ({"shape": (2, 3, 4), "start": 280}, {"shape": (2, 4, 5), "start": 100, "name": "tsurf"})
    folder, fields = simulated(tmp_path / "lake", *sizes)
    data = runs(folder, split=None, batch_size=50, cubes={"map": ["surface_temperature"]})
    assert (data.schema["map"].dims, data.schema["map"].shape) == (("time", "lat", "lon"), (2, 4, 5))
    assert [(f.name, f.unit) for f in data.schema["map"].features] == [("surface_temperature", "K")]
    seen = {}
    for batch in data.loader(num_workers=1):
        assert batch["map"].shape[1:] == (1, 2, 4, 5)
        assert batch["map"][~batch["map_known"]].eq(0).all()
        present = batch["mask"]["map"]
        assert not batch["map_known"][~present].any()
        for key, slab, known in zip(*(batch[k][present] for k in ("planet_run_key", "map", "map_known")), strict=True):
            seen[key.item()] = np.where(known[0], slab[0], np.nan)
    assert seen.keys() == fields.keys()
    for key, field in fields.items():
        padded = np.full((2, 4, 5), np.nan, np.float32)
        padded[tuple(map(slice, field.shape))] = field
        np.testing.assert_array_equal(seen[key], padded)


@pytest.mark.long
def test_runs_that_do_not_fit_together_are_refused(tmp_path):
    one = {"shape": (1, 3, 4), "start": 280}
    folder, _ = simulated(tmp_path / "lake", one, {**one, "unit": "degC"})
    with pytest.raises(ConfigError, match="'surface_temperature' is in K here, in degC there"):
        runs(folder, cubes={"map": ["surface_temperature"]})
    with pytest.raises(ConfigError, match=r"no cube of this snapshot has a variable .* 'pressure'"):
        runs(folder, cubes={"map": ["pressure"]})
    with pytest.raises(ConfigError, match=r"'lon' lies on \(lon\), another on \(lat\)"):
        runs(folder, cubes={"map": ["lat", "lon"]})


# The whole project on its embedded sample.


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    folder = project_files.copy(tmp_path_factory.mktemp("sample") / "lake", sample=True)
    build(folder)
    return folder


@pytest.mark.slow
def test_the_demo_learns_and_draws_every_panel(sample, tmp_path, monkeypatch):
    empty = []
    monkeypatch.setattr(plot, "_nothing", lambda ax, title, why: empty.append((title, why)))
    with lake.open(sample) as here:
        result = demo.run(here, tmp_path / "demo.png")
    assert result["losses"][-1] < 0.7 * result["losses"][0]
    assert set(result["shapes"]) > {"planet_run_key", "planet", "environment", "pathways", "climate"}
    assert (tmp_path / "demo.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["demo.png"]
    assert empty == []


@pytest.mark.long
def test_all_modalities_meet_on_the_sample(sample):
    with lake.open(sample) as here:
        data = PlanetRuns(here, split=None, batch_size=1000, cubes={"map": ["surface_temperature"]})
        (batch,) = data
        params = dict(here.sql("SELECT planet_run_key, radius FROM features.planet_params").fetchall())
        means = dict(here.sql("SELECT planet_run_key, surface_temperature FROM features.climate").fetchall())
        stars = here.sql("SELECT split, list(DISTINCT star) FROM core.planet_runs GROUP BY split").fetchall()
    units = {f.name: f.unit for f in data.schema["planet"].features}
    assert (units["radius"], units["mass"], units["insolation"]) == ("earth_radius", "earth_mass", "earth_insolation")
    radius = [f.name for f in data.schema["planet"].features].index("radius")
    surface = [f.name for f in data.schema["climate"].features].index("surface_temperature")
    for row, key in enumerate(batch["planet_run_key"].tolist()):
        assert batch["mask"]["planet"][row].item() == (key in params)
        assert batch["planet_known"][row, radius].item() == (params.get(key) is not None)
        if params.get(key) is not None:
            assert batch["planet"][row, radius].item() == pytest.approx(params[key])
        assert batch["mask"]["map"][row].item() == batch["mask"]["climate"][row].item() == (key in means)
        if key in means:
            slab = batch["map"][row][batch["map_known"][row]]
            assert batch["climate"][row, surface].item() == pytest.approx(means[key], rel=1e-6)
            assert slab.min() < means[key] < slab.max()
    assert sum(len(names) for _, names in stars) == len({name for _, names in stars for name in names})


def test_a_null_is_drawn_as_not_known_and_not_as_zero(project):
    with lake.open(project) as here:
        columns = plot._columns(here, "SELECT mass, count FROM features.planet_params ORDER BY mass NULLS FIRST")
        (nulls,) = here.sql("SELECT count(*) FROM features.planet_params WHERE mass IS NULL").fetchone()
    assert np.isnan(columns["mass"]).sum() == nulls > 0
    assert columns["count"].tolist() == [7] * len(columns["mass"])
