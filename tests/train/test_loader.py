"""The loader's promises: each row once, one order for all workers and ranks, resumed at the exact row, damage found."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import resource
import subprocess
import sys
import textwrap
import time
import warnings
from collections import Counter
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
import toy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lake
from lake import config
from lake.build import run as building
from lake.errors import ConfigError
from lake.store import gc

torch = pytest.importorskip("torch")

from lake.train import Batch, CacheWarning, PlanetRuns, order, pack  # noqa: E402
from lake.train.loader import _ahead  # noqa: E402

PLACES = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]  # what another process imports from
EXAMPLES = int(os.environ.get("EXAMPLES", "15"))  # 1000 for a release
RUNS = 203
FILES = {
    "models/core.py": '''
from lake.contract import Table

class PlanetRuns(Table, key="planet_run_key"):
    """Planet-runs, one a row."""
    planet_run_key: int
    n: int
    split: str
    family: str
''',
    "sql/core/planet_runs.sql": f"""
SELECT CAST(planet_run_key('Planet ' || n, 'observed', NULL, NULL, NULL) AS BIGINT) AS planet_run_key, n,
       CASE WHEN n % 10 = 0 THEN 'test' ELSE 'train' END AS split,
       CASE WHEN n % 10 < 7 THEN 'a' WHEN n % 10 < 9 THEN 'b' ELSE 'c' END AS family
FROM range({RUNS}) AS t(n)""",
    "models/features.py": '''
from typing import Annotated
from lake.contract import SqlType, Table, Unit

class Params(Table, key="planet_run_key"):
    """Scalars, some unknown."""
    planet_run_key: int
    mass: Annotated[float | None, Unit("earth_mass")]
    radius: Annotated[float, Unit("earth_radius")]
    count: int

class Codes(Table, key="planet_run_key"):
    """Whole numbers, of half of the planet-runs."""
    planet_run_key: int
    first: int
    second: int

class Spectra(Table, key="planet_run_key"):
    """A list of one length."""
    planet_run_key: int
    flux: Annotated[list[float], SqlType("FLOAT[]")]

class Lines(Table, key="planet_run_key"):
    """Lists of several lengths."""
    planet_run_key: int
    wavelength: Annotated[list[float], SqlType("FLOAT[]")]
    depth: Annotated[list[float], SqlType("FLOAT[]")]
''',
    "sql/features/params.sql": """
SELECT planet_run_key, CASE WHEN n % 3 > 0 THEN n / 2.0 END AS mass, sqrt(n) AS radius, n AS count
FROM core.planet_runs""",
    "sql/features/codes.sql": """
SELECT planet_run_key, n AS first, 9007199254740993 + n AS second FROM core.planet_runs WHERE n % 2 = 0""",
    "sql/features/spectra.sql": """
SELECT planet_run_key, list_transform(range(8), lambda i: CAST(n * 8 + i AS FLOAT)) AS flux FROM core.planet_runs""",
    "sql/features/lines.sql": """
SELECT planet_run_key, list_transform(range(n % 5), lambda i: CAST(n + i AS FLOAT)) AS wavelength,
       list_transform(range(n % 5), lambda i: CAST(-i AS FLOAT)) AS depth FROM core.planet_runs WHERE n % 7 > 0""",
    "sql/core/planets.sql": None,
    "sql/core/heat.sql": None,
}
EDGES = """
    SELECT planet_run_key, 'm' || i AS source, 'm' || (i + 1) AS target, i / 4.0 AS weight
    FROM core.planet_runs, range(4) AS t(i) WHERE i < n % 4"""
TABLES = {
    "params": "features.params",
    "codes": "features.codes",
    "spectra": "features.spectra",
    "lines": "features.lines",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = toy.make(tmp_path_factory.mktemp("loader") / "lake", **FILES)
    building.run(config.load(folder))
    return folder


@pytest.fixture
def own(tmp_path) -> Path:
    """A lake that a test may break."""
    folder = toy.make(tmp_path / "lake", **FILES)
    building.run(config.load(folder))
    return folder


@pytest.fixture(scope="module")
def numbers(project) -> dict[int, int]:
    """planet_run_key -> n."""
    with lake.open(project) as here:
        return dict(here.sql("SELECT planet_run_key, n FROM core.planet_runs").fetchall())


def runs(project, **options) -> PlanetRuns:
    return PlanetRuns(project, **{"tables": TABLES, "graphs": {"net": EDGES}, "batch_size": 16, **options})


def keys_of(batches) -> list[int]:
    return [key for batch in batches for key in batch["planet_run_key"].tolist()]


def expected(data, epoch) -> list[int]:
    return data.keys[data.order(epoch)].tolist()


def check(batch, numbers) -> None:
    """Every tensor of a batch is what SQL says of its keys."""
    n = torch.tensor([numbers[key] for key in batch["planet_run_key"].tolist()])
    mask = batch["mask"]
    known = n % 3 > 0
    assert batch["params_known"].tolist() == [[k, True, True] for k in known.tolist()]
    assert torch.equal(batch["params"][:, 0], torch.where(known, n / 2, 0).float())
    assert torch.equal(batch["params"][:, 2], n.float())
    assert torch.equal(mask["codes"], n % 2 == 0)
    whole = torch.where(mask["codes"], n, 0), torch.where(mask["codes"], n + 9007199254740993, 0)
    assert torch.equal(batch["codes"], torch.stack(whole, 1))
    assert torch.equal(batch["spectra"], (n[:, None] * 8 + torch.arange(8)).float())
    assert torch.equal(mask["lines"], n % 7 > 0)
    for row, (m, there) in enumerate(zip(n.tolist(), mask["lines"].tolist(), strict=True)):
        length = m % 5 if there else 0
        wanted = [[float(m + i), float(-i)] for i in range(length)]
        assert batch["lines"][row][batch["lines_known"][row].all(1)].tolist() == wanted
        assert batch["lines"][row, length:].eq(0).all()
    graph = batch["net"]
    assert torch.equal(mask["net"], n % 4 > 0)
    assert torch.equal(graph["ptr"].diff(), torch.where(n % 4 > 0, n % 4 + 1, 0))
    assert torch.equal(graph["batch"], torch.repeat_interleave(torch.arange(len(n)), graph["ptr"].diff()))
    own = graph["batch"][graph["edge_index"]]
    assert torch.equal(own[0], own[1])
    assert torch.equal(graph["n_id"][graph["edge_index"][1]] - 1, graph["n_id"][graph["edge_index"][0]])
    assert torch.equal(graph["edge_attr"][:, 0], graph["n_id"][graph["edge_index"][0]] / 4)


@pytest.mark.quick(2)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cache": False, "block": 20},
        {"cache": False, "block": 20, "shuffle": "blocks"},
        {"shuffle": False, "split": None},
    ],
)
def test_a_batch_is_what_the_tables_hold(project, numbers, options):
    data = runs(project, **options)
    for batch in data:
        check(batch, numbers)
    assert data.unknown.get("params", {"mass": 68}) == {"mass": 68, "radius": 0, "count": 0} or data._packs == {}
    assert data.schema["net"].nodes == ("m0", "m1", "m2", "m3")
    assert [data.schema[name].dtype for name in ("params", "codes")] == ["float32", "int64"]


shapes = st.fixed_dictionaries(
    {
        "batch_size": st.integers(1, 240),
        "seed": st.integers(-(2**65), 2**65),
        "shuffle": st.sampled_from([True, False, "blocks"]),
        "last": st.sampled_from(["share", "drop", "repeat"]),
        "split": st.sampled_from(["train", "test", None]),
        "batch_bytes": st.sampled_from([None, None, 300, 2000, "8 kB"]),
        "block": st.integers(1, 300),
    }
)
places = st.tuples(st.integers(1, 5), st.sampled_from([0, 0, 1, 2, 4]))  # ranks, workers
unhurried = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def ranks_of(project, ranks, options, state=None, epoch=0):
    for rank in range(ranks):
        data = runs(project, tables={"lines": "features.lines"}, rank=rank, world_size=ranks, **options)
        data.set_epoch(epoch)
        if state:
            data.load_state_dict(json.loads(json.dumps(state)))
        yield data


def steps_of(project, ranks, workers, options, state=None, epoch=0):
    """For each step the batches of all ranks, and the state after it."""
    every = list(ranks_of(project, ranks, options, state, epoch))
    loaders = [data.loader(num_workers=workers) for data in every]
    assert len({len(data) for data in every}) == 1, "ranks have as many steps"
    result = [(batches, loaders[0].state_dict()) for batches in zip(*loaders, strict=True)]
    assert len(result) == (len(every[0]) if state is None else len(result))
    return result


@pytest.mark.long
@unhurried
@given(shapes, places, places, st.integers(0, 3), st.data())
def test_every_row_once_in_one_order_over_ranks_workers_and_interruptions(project, options, first, second, epoch, data):
    (ranks, workers), (other_ranks, other_workers) = first, second
    whole = next(ranks_of(project, ranks, options, epoch=epoch))
    wanted, plan = expected(whole, epoch), whole.steps(epoch)
    assert sorted(wanted) == whole.keys.tolist()
    steps = steps_of(project, ranks, workers, options, epoch=epoch)
    seen = [key for batches, _ in steps for key in keys_of(batches)]
    assert len(steps) == len(plan)
    assert seen == (wanted + wanted * (1 + len(seen) // len(wanted)))[: len(seen)], "one order, over all ranks"
    assert len(seen) == len(wanted) + plan.repeated - plan.dropped
    assert plan.dropped == 0 if options["last"] != "drop" else plan.repeated == 0
    if not steps:
        return
    # Interrupted after any step, and gone on with other ranks and workers: what is left, in the same order.
    cut = data.draw(st.integers(0, len(steps) - 1))
    state = steps[cut][1]
    before = [key for batches, _ in steps[: cut + 1] for key in keys_of(batches)]
    rest = steps_of(project, other_ranks, other_workers, options, state, epoch)
    after = [key for batches, _ in rest for key in keys_of(batches)]
    row = min(len(before), len(wanted))
    assert state["row"] == row
    left = wanted[row:]
    assert after[: len(left)] == left[: len(after)]
    if options["last"] != "drop":
        assert set(before) | set(after) == set(wanted)


@pytest.mark.long
@unhurried
@given(shapes, st.integers(1, 5))
def test_a_batch_of_bytes_keeps_its_budget(project, options, ranks):
    options = {**options, "batch_bytes": 500}
    every = list(ranks_of(project, ranks, options))
    sizes = every[0]._bytes()
    for data in every:
        for batch in data:
            rows = np.searchsorted(data.keys, batch["planet_run_key"].numpy())
            assert len(rows) == 1 or sizes[rows].sum() <= 500


@unhurried
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), st.integers(0, 2**64), st.integers(0, 9))
def test_a_row_comes_as_often_as_its_weight_to_within_one(weights, seed, epoch):
    weights = np.array(weights) + 1e-9
    counts = order.draws(weights, seed, epoch)
    assert counts.sum() == len(weights)
    assert (np.abs(counts - len(weights) * weights / weights.sum()) < 1 + 1e-6).all()


def test_weights_are_met_on_average():
    weights = np.array([1.0, 2.0, 3.0, 0.5, 0.0])
    mean = np.mean([order.draws(weights, 3, epoch) for epoch in range(2000)], axis=0)
    assert mean == pytest.approx(5 * weights / weights.sum(), abs=0.05)


def test_balance_weight_and_curriculum(project, numbers):
    family = "SELECT planet_run_key, family FROM core.planet_runs"
    data = runs(project, balance=family, batch_size=50, split=None)
    for epoch in range(3):
        data.set_epoch(epoch)
        keys = keys_of(data)
        count = Counter("a" if numbers[k] % 10 < 7 else "b" if numbers[k] % 10 < 9 else "c" for k in keys)
        assert sum(count.values()) == RUNS
        assert max(count.values()) - min(count.values()) <= RUNS * 0.1
    assert keys_of(data) == keys  # the same each time
    weighted = runs(project, weight="core.planet_runs.n", split=None)
    assert 0 not in {numbers[key] for key in keys_of(weighted)}
    curriculum = runs(project, curriculum="features.params.count", stages=7, split=None)
    stages = [numbers[key] * 7 // RUNS for key in keys_of(curriculum)]
    assert stages == sorted(stages)
    assert len(set(stages)) == 7
    assert [numbers[key] for key in keys_of(curriculum)] != sorted(range(RUNS))
    with pytest.raises(ConfigError, match="have no weight"):
        runs(project, weight="features.codes.first")
    with pytest.raises(ConfigError, match="not a number"):
        runs(project, weight="core.planet_runs.family")


def test_the_order_is_known_for_good():
    """Beside a plain reading of SplitMix64's published code."""

    def mix(word: int) -> int:
        word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        word = (word ^ (word >> 27)) * 0x94D049BB133111EB % 2**64
        return word ^ (word >> 31)

    golden = 0x9E3779B97F4A7C15
    keys = np.sort(np.random.default_rng(5).integers(0, 2**63, 1000))
    for seed, epoch in ((0, 0), (7, 3), (-1, 12)):
        stream = mix((mix((seed + golden) % 2**64) + epoch * golden + golden) % 2**64)
        words = [mix((int(key) + stream) % 2**64) >> 32 for key in keys]
        assert order.shuffled(keys, seed, epoch).tolist() == sorted(range(1000), key=lambda row: (words[row], row))


def test_a_shuffle_by_blocks_reads_in_runs_and_misses_nothing():
    rows, block = 26 * order.RUN, 4 * order.RUN
    keys = np.arange(rows)
    stages = order.neighbours(rows, 1, 0, block)
    sequence = order.shuffled(keys, 1, 0, stages=stages)
    assert np.array_equal(np.sort(sequence), keys)
    for start in range(0, rows - block, block):
        assert len(np.unique(sequence[start : start + block] // order.RUN)) == 4
    pairs = sequence[: rows // 2 * 2].reshape(-1, 2) // order.RUN
    assert np.mean(pairs[:, 0] == pairs[:, 1]) == pytest.approx(order.neighbour_share(rows, block), rel=0.1)
    assert not np.array_equal(stages, order.neighbours(rows, 1, 1, block))


# Where it goes on


def test_a_state_is_of_one_order_only(project):
    data = runs(project, seed=1)
    state = data.state_dict()
    for other in ({"seed": 2}, {"seed": 1, "split": None}, {"seed": 1, "shuffle": False}):
        with pytest.raises(ConfigError, match="does not match this dataset"):
            runs(project, **other).load_state_dict(state)
    runs(project, seed=1, batch_size=3, rank=1, world_size=2).load_state_dict(state)


def test_an_epoch_that_was_resumed_is_followed_by_whole_ones(project):
    data = runs(project)
    first = [next(it := iter(data)), next(it)]
    state = data.state_dict()
    other = runs(project)
    other.load_state_dict(state)
    assert len(other.steps(0, state["row"])) == len(data) - 2
    assert keys_of(first) + keys_of(other) == expected(data, 0)
    assert keys_of(other) == expected(data, 0)
    other.load_state_dict(state)
    other.set_epoch(0)
    assert len(keys_of(other)) == len(data.keys) - 32
    other.load_state_dict(state)
    other.set_epoch(1)
    assert keys_of(other) == expected(data, 1)


def test_the_state_is_of_the_batch_that_was_given_whatever_is_read_ahead(project):
    data = runs(project)
    for number, batch in enumerate(loader := data.loader(ahead=5)):
        assert loader.state_dict()["row"] == data.state_dict()["row"] == batch.origin.after
        assert batch.origin.rows == (16 * number, min(16 * number + 16, len(data.keys)))
        if number == 3:
            break
    again = runs(project)
    again.load_state_dict(loader.state_dict())
    assert keys_of(again) == expected(data, 0)[64:]


def test_the_origin_of_a_batch_makes_it_again(project):
    data = runs(project, seed=9)
    data.set_epoch(4)
    batch = list(data.loader(num_workers=2))[5]
    origin = batch.origin
    again = runs(lake.open(project, at=origin.snapshot), seed=9)
    start, stop = origin.rows
    assert again.keys[again.order(origin.epoch)[start:stop]].tolist() == origin.keys.tolist()


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_stateful_dataloader_resumes(project, workers):
    stateful = pytest.importorskip("torchdata.stateful_dataloader").StatefulDataLoader
    data = runs(project)
    loader = stateful(data, batch_size=None, num_workers=workers)
    before, iterator = [], iter(loader)
    for _ in range(5):
        before.append(next(iterator))
    state = loader.state_dict()
    other = stateful(runs(project), batch_size=None, num_workers=workers)
    other.load_state_dict(state)
    assert keys_of(before) + keys_of(other) == expected(data, 0)


@pytest.mark.slow
def test_a_process_killed_in_an_epoch_goes_on_in_another(own, tmp_path):
    script = textwrap.dedent(f"""
        import json, os, signal, sys
        sys.path[:0] = {PLACES!r}
        from pathlib import Path
        import test_loader
        data = test_loader.runs({str(own)!r}, seed=3)
        seen, file = Path("seen"), Path("state")
        loader = data.loader(num_workers=int(sys.argv[1]))
        if file.exists():
            loader.load_state_dict(json.loads(file.read_text()))
        for number, batch in enumerate(loader):
            with seen.open("a") as out:
                out.writelines(f"{{key}}\\n" for key in batch["planet_run_key"].tolist())
            file.write_text(json.dumps(loader.state_dict()))
            if number == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
    """)
    for workers, kill in ((0, 2), (2, 3), (1, 1), (0, -1)):
        done = subprocess.run([sys.executable, "-c", script, str(workers), str(kill)], cwd=tmp_path, timeout=120)
        assert done.returncode == (0 if kill < 0 else -9)
    seen = [int(line) for line in (tmp_path / "seen").read_text().split()]
    assert seen == expected(runs(own, seed=3), 0)


@pytest.mark.long
def test_a_killed_worker_is_an_error_and_the_epoch_goes_on_after_it(project):
    data = runs(project, batch_size=4)
    loader = data.loader(num_workers=2)
    before = []

    def train() -> None:
        for batch in loader:
            before.append(batch)
            if len(before) == 5:
                multiprocessing.active_children()[0].kill()

    with pytest.raises(RuntimeError, match=r"exited unexpectedly|killed by signal"):
        train()
    again = runs(project, batch_size=4)
    again.load_state_dict(loader.state_dict())
    assert keys_of(before) + keys_of(again) == expected(data, 0)


def test_what_broke_is_not_asked_again():
    """torch's DataLoader, asked again after a worker died, waits for ever."""
    asked = []

    def source():
        return iter(give, None)

    def give():
        asked.append(len(asked))
        if len(asked) == 3:
            raise RuntimeError("a worker died")
        return len(asked)

    with pytest.raises(RuntimeError, match="a worker died"):
        list(_ahead(source(), lambda batch: (batch, None), 2))
    time.sleep(0.1)
    assert len(asked) == 3


@pytest.mark.long
def test_gc_lets_the_snapshot_be_that_is_trained_on(own, numbers):
    data = runs(own, cache=False, block=40)
    iterator = iter(data)
    check(next(iterator), numbers)
    for number in range(2):
        sql = own / "sql/features/params.sql"
        sql.write_text(sql.read_text().replace("sqrt(n)", f"sqrt(n) + {number}"))
        building.run(config.load(own))
    assert data.snapshot in gc.run(config.load(own), keep=1, apply=True).kept
    for batch in iterator:
        check(batch, numbers)
    old = data.snapshot
    del data, iterator
    assert old in gc.run(config.load(own), keep=1, apply=True).snapshots


# The cache


def files(project) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in (project / "data/cache/train").rglob("*.bin")}


@pytest.mark.long
def test_a_pack_is_made_once_and_shared_by_splits_and_ablations(own):
    runs(own)
    made = files(own)
    assert made
    runs(own, split="test", seed=3)
    runs(own, tables={"lines": "features.lines"})
    assert {file: when for file, when in files(own).items() if file in made} == made
    data = runs(own).only("params")
    assert set(next(iter(data))) == {"planet_run_key", "params", "params_known", "mask"}
    assert set(data.schema) == {"params"}
    assert keys_of(data) == keys_of(runs(own)) == keys_of(runs(own).without("net", "lines"))
    with pytest.raises(ConfigError, match="no modality 'nothing'"):
        data.only("nothing")


@pytest.mark.quick(2)
@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "notes", "one note"])
def test_a_damaged_pack_is_found_and_made_anew(own, numbers, damage):
    runs(own)
    file = next(
        file for file in (own / "data/cache/train").rglob("values.bin") if (file.parent / "lengths.bin").exists()
    )
    if damage == "flip":
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif damage == "cut":
        os.truncate(file, file.stat().st_size - 4)
    elif damage == "remove":
        file.unlink()
    elif damage == "notes":
        (file.parent / "pack.json").write_text("{")
    else:  # JSON still, and of the same form
        meta = file.parent / "pack.json"
        text = meta.read_text()
        meta.write_text(text.replace('"notes": {', '"notes": {"more": 1, ', 1))
        assert meta.read_text() != text
    with pytest.warns(CacheWarning, match="damaged and rebuilt"):
        data = runs(own)
    for batch in data:
        check(batch, numbers)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runs(own)


@pytest.mark.long
def test_another_snapshot_never_meets_an_old_pack(own):
    before = runs(own)
    sql = own / "sql/features/params.sql"
    sql.write_text(sql.read_text().replace("sqrt(n)", "sqrt(n) + 1"))
    building.run(config.load(own))
    after = runs(own)
    old, new = next(iter(before)), next(iter(after))
    assert torch.equal(old["planet_run_key"], new["planet_run_key"])
    assert torch.allclose(old["params"][:, 1] + 1, new["params"][:, 1])


@contextmanager
def full_disk():
    """No file of this process grows beyond 4 kB: what the system says then is an OSError, as of a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.long
@pytest.mark.parametrize("why", ["larger than the cache", "disk is full", "cannot be written"])
def test_without_room_for_a_pack_the_rows_are_read_each_time(own, numbers, why):
    wanted = expected(runs(own, graphs={}, cache=False), 0)
    if why == "larger than the cache":
        (own / "lake.toml").write_text((own / "lake.toml").read_text() + '\n[train]\ncache = "1 kB"\n')
    elif why == "cannot be written":
        (own / "data/cache").mkdir(exist_ok=True)
        (own / "data/cache/train").write_text("not a folder")
    with full_disk() if why == "disk is full" else nullcontext(), pytest.warns(CacheWarning, match=why):
        data = runs(own, block=30)
    for batch in data:
        check(batch, numbers)
    assert keys_of(data) == wanted
    assert keys_of(data.loader(num_workers=2)) == wanted
    assert not list((own / "data").rglob("*.new"))


def test_what_was_not_used_for_longest_goes_first(own):
    (own / "lake.toml").write_text((own / "lake.toml").read_text() + '\n[train]\ncache = "30 kB"\n')
    select = "SELECT planet_run_key, n + {} AS a FROM core.planet_runs"
    for number in range(12):
        runs(own, tables={"x": select.format(number)}, graphs={})
        total = sum(file.stat().st_size for file in (own / "data/cache/train").rglob("*") if file.is_file())
        assert total <= 30_000
    queries = [json.loads(meta.read_text())["of"] for meta in (own / "data/cache/train").glob("*/pack.json")]
    assert any("n + 11" in of.get("from", "") for of in queries)
    assert not any("n + 0 " in of.get("from", "") for of in queries)


@pytest.mark.long
def test_two_processes_make_one_pack(own):
    script = f"import sys; sys.path[:0] = {PLACES!r}; import test_loader; "
    script += f"print(sum(len(b['planet_run_key']) for b in test_loader.runs({str(own)!r})))"
    both = [subprocess.Popen([sys.executable, "-W", "error", "-c", script], stdout=subprocess.PIPE) for _ in range(3)]
    assert len({process.communicate(timeout=120)[0] for process in both}) == 1
    assert all(process.returncode == 0 for process in both)
    assert not list((own / "data/cache/train").glob("*.new"))


def test_what_a_killed_process_left_is_swept(own):
    left = own / "data/cache/train/abc.new"
    left.mkdir(parents=True)
    (left / "values.bin").write_bytes(b"half")
    runs(own)
    assert not left.exists()


# What is refused, and what is chosen


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tables": {"t": "SELECT planet_run_key, n FROM core.planet_runs, range(2) AS r(m)"}}, "planet_run_key"),
        ({"tables": {"t": "SELECT nullif(planet_run_key, planet_run_key) AS planet_run_key, n FROM core.planet_runs"}},
         "have no planet_run_key"),
        ({"tables": {"t": "SELECT planet_run_key, [1.0] AS a, [1.0, 2.0] AS b FROM core.planet_runs"}}, "differ in"),
        ({"graphs": {"net": "SELECT planet_run_key, 1 AS source FROM core.planet_runs"}}, "no target"),
        ({"target": "features.params.nothing"}, "it has the columns"),
        ({"target": "SELECT planet_run_key, [1] AS x FROM core.planet_runs"}, "neither a number nor text"),
        ({"require": ["nothing"]}, "require names 'nothing'"),
        ({"jagged": ["net"]}, "jagged names 'net'"),
        ({"shuffle": "rows"}, "shuffle is 'rows'"),
        ({"last": "pad"}, "last is 'pad'"),
        ({"batch_bytes": 0}, "batch_bytes is 0"),
        ({"split": "validation"}, "no run is in split 'validation'"),
        ({"tables": "SELECT * FROM features.codes WHERE first < 0"}, "no run of split 'train' has all of x"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(project, options, message):
    with pytest.raises(ConfigError) as error:
        runs(project, **options)
    assert message in str(error.value)


def test_a_batch_larger_than_the_split_is_the_split(project):
    (batch,) = runs(project, split="test", batch_size=10_000)
    assert len(batch["planet_run_key"]) == 21
    assert list(runs(project, split="test", batch_size=10_000, last="drop")) == []


def test_a_target_leaves_its_table_and_is_required(project, numbers):
    data = runs(project, target="features.params.mass")
    assert [f.name for f in data.schema["params"].features] == ["radius", "count"]
    assert data.skipped == {"target": sum(1 for n in numbers.values() if n % 10 and n % 3 == 0)}
    for batch in data:
        wanted = [numbers[key] / 2 for key in batch["planet_run_key"].tolist()]
        assert batch["target"].tolist() == wanted
        assert batch["target_known"].all()
    kept = runs(project, target="features.params.mass", require=[])
    assert len(kept.keys) == len(data.keys) + data.skipped["target"]
    assert "without target skipped" in repr(data)


def test_a_target_of_text_is_codes(project, numbers):
    data = runs(project, target="core.planet_runs.family")
    assert data.schema["target"].classes == ("a", "b", "c")
    batch = next(iter(data))
    assert batch["target"].dtype == torch.int64
    classes = [data.schema["target"].classes[code] for code in batch["target"].tolist()]
    wanted = [numbers[key] % 10 for key in batch["planet_run_key"].tolist()]
    assert classes == ["a" if m < 7 else "b" if m < 9 else "c" for m in wanted]


def test_a_query_or_an_expression_stands_for_the_tables(project, numbers):
    with lake.open(project) as here:
        table = here.table("features.codes")
        data = PlanetRuns(here, tables=table.filter(table.first > 50).select("planet_run_key", "first"), split=None)
    assert sorted(numbers[key] for key in data.keys.tolist()) == list(range(52, RUNS, 2))
    assert data.skipped == {"x": RUNS - len(data.keys)}
    for batch in data:
        assert batch["x"][:, 0].tolist() == [numbers[key] for key in batch["planet_run_key"].tolist()]


def test_columns_of_a_table_keep_their_units(project):
    data = runs(project, tables={"one": ("features.params", ["radius"]), "two": ("features.params", ["count", "mass"])})
    assert [(f.name, f.unit) for f in data.schema["one"].features] == [("radius", "earth_radius")]
    assert [(f.name, f.unit) for f in data.schema["two"].features] == [("count", None), ("mass", "earth_mass")]
    with pytest.raises(ConfigError, match="no column 'radii'"):
        runs(project, tables={"one": ("features.params", ["radii"])})


def test_jagged_lists_are_flat(project, numbers):
    for batch in runs(project, jagged=["lines"]):
        lengths = [numbers[k] % 5 if numbers[k] % 7 else 0 for k in batch["planet_run_key"].tolist()]
        assert batch["lines_offsets"].diff().tolist() == lengths
        assert batch["lines"].shape == (sum(lengths), 2)
        nested = torch.nested.nested_tensor_from_jagged(batch["lines"], batch["lines_offsets"])
        assert nested.size(0) == len(lengths)


def test_pytorch_geometric_takes_a_graph_as_it_is(project):
    data = pytest.importorskip("torch_geometric.data").Data
    from torch_geometric.nn import GCNConv, global_mean_pool

    batch = next(iter(runs(project)))
    graph = data.from_dict(batch["net"])
    assert graph.validate()
    assert graph.num_nodes == len(graph.n_id)
    out = GCNConv(1, 3)(graph.n_id[:, None].float(), graph.edge_index)
    assert global_mean_pool(out, graph.batch, size=16).shape == (16, 3)


def test_a_batch_as_a_tensordict(project):
    pytest.importorskip("tensordict")
    batch = next(iter(runs(project, jagged=["lines"])))
    whole = batch.tensordict()
    assert whole.batch_size == torch.Size([16])
    assert torch.equal(whole["params"], batch["params"])
    assert torch.equal(whole["mask", "codes"], batch["mask"]["codes"])
    assert torch.equal(whole[3:5]["spectra"], batch["spectra"][3:5])
    assert torch.equal(whole["net"]["edge_index"], batch["net"]["edge_index"])


def test_a_batch_moves_with_its_origin(project):
    batch = next(iter(runs(project).loader(device="meta")))
    assert {batch["params"].device.type, batch["net"]["ptr"].device.type, batch["mask"]["net"].device.type} == {"meta"}
    assert batch.origin.rows == (0, 16)


def test_a_pack_in_memory_finds_what_it_has():
    made = pack.gathered(lambda writer: writer.append("keys", np.array([5, 1, 9])) or {}, "it", "planet_run_key")
    assert made.find(np.array([1, 2, 5, 9, 10])).tolist() == [1, -1, 0, 2, -1]
    assert made.find(np.array([1, 5, 9])).tolist() == [1, 0, 2]
    assert pack.gathered(
        lambda writer: writer.append("keys", np.zeros(0, np.int64)) or {}, "it", "planet_run_key"
    ).find(np.array([3])).tolist() == [-1]


def test_lightning_trains_checkpoints_and_goes_on(project, tmp_path):
    lightning = pytest.importorskip("lightning")
    from lake.train.lightning import PlanetRunsModule

    class Model(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer, self.seen = torch.nn.Linear(3, 1), []

        def training_step(self, batch, _):
            self.seen.append(batch["planet_run_key"].tolist())
            return self.layer(batch["params"]).square().mean()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=1e-6)

    def module():
        return PlanetRunsModule(project, tables={"params": "features.params"}, batch_size=16)

    def trainer(**options):
        quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
        return lightning.Trainer(default_root_dir=tmp_path, limit_val_batches=0, **{**quiet, **options})

    model, data = Model(), module()
    trainer(max_epochs=2, enable_checkpointing=False).fit(model, data)
    wanted = [expected(data.data["train"], epoch) for epoch in range(2)]
    assert [key for keys in model.seen for key in keys] == wanted[0] + wanted[1]
    kept = lightning.pytorch.callbacks.ModelCheckpoint(tmp_path, "at", every_n_train_steps=7)
    stopped = Model()
    trainer(max_epochs=1, callbacks=[kept]).fit(stopped, module())
    rest = Model()
    trainer(max_epochs=2).fit(rest, module(), ckpt_path=tmp_path / "at.ckpt")
    assert stopped.seen[:7] + rest.seen == model.seen


def test_a_hugging_face_view_has_every_row(project, numbers):
    pytest.importorskip("datasets")
    from lake.train.huggingface import view

    data = runs(project, jagged=["lines"])
    rows = list(view(data, 1).with_format("numpy"))
    assert [int(row["planet_run_key"]) for row in rows] == expected(data, 1)
    assert set(rows[0]) & {"params", "params_known", "spectra", "codes_present"}
    assert not set(rows[0]) & {"lines", "net", "mask"}
    assert [float(row["params"][2]) for row in rows] == [numbers[int(row["planet_run_key"])] for row in rows]


def test_a_batch_survives_being_sent():
    values = {
        "planet_run_key": torch.arange(3),
        "small": torch.rand(3, 2),
        "turned": torch.rand(2, 3).T,
        "large": torch.rand(3, 2**18),
        "half": torch.rand(3).to(torch.bfloat16),
        "learned": torch.rand(3, requires_grad=True),
        "none": torch.empty(0, 4),
        "graph": {"edge_index": torch.arange(6).reshape(2, 3)},
    }
    batch = Batch(values | {"mask": {"small": torch.tensor([True, False, True])}}, (4, 5, 6, 9, 9), "planet_run_key")
    sent = pickle.loads(multiprocessing.reduction.ForkingPickler.dumps(batch))
    assert sent.origin.rows == (6, 9)
    assert list(sent) == list(batch)
    for one, other in ((sent, batch), (sent["graph"], batch["graph"]), (sent["mask"], batch["mask"])):
        for name, tensor in other.items():
            if isinstance(tensor, torch.Tensor):
                assert one[name].dtype is tensor.dtype, name
                assert torch.equal(one[name], tensor), name
    sent["small"] += 1  # it is the receiver's own memory
