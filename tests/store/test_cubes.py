"""The cube store: what comes out is what went in, bit for bit; damage, kills and full disks leave nothing half."""

from __future__ import annotations

import hashlib
import json
import math
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
import zarr
from arrays import MEMORY, edit, flip, lose, make, raw, store, tear
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.errors import StorageError, Unreadable
from lake.store import arrays, attributes, cf_packing, chunks, cubes
from lake.store.blocks import aligned, regions, tile
from lake.store.variable_statistics import Measure


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return make(tmp_path / "one.nc")


# What comes out


def test_every_bit_of_the_file_is_in_the_store(tmp_path, one):
    import zarr

    with raw(one) as dataset:
        written = store(tmp_path, dataset)
    group = zarr.open_group(written.path, mode="r")
    with netCDF4.Dataset(one) as file:
        file.set_auto_maskandscale(False)
        file.set_auto_chartostring(False)
        assert set(file.variables) == set(group.array_keys())
        for name, variable in file.variables.items():
            kept = np.asarray(group[name][...])
            assert kept.tobytes() == np.asarray(variable[...]).tobytes()
            assert (group[name].metadata.dimension_names or ()) == variable.dimensions


def test_open_is_what_xarray_reads_from_the_file(tmp_path, one):
    with raw(one) as dataset:
        written = store(tmp_path, dataset)
    with xr.open_dataset(one, decode_timedelta=False) as expected:
        del expected.t.encoding["missing_value"]  # of two marks xarray knows only how to warn
        xr.testing.assert_identical(cubes.open(tmp_path, written.digest).load(), expected.load())


def test_plain_zarr_readers_see_the_same(tmp_path, one):
    with raw(one) as dataset:
        written = store(tmp_path, dataset)
    with xr.open_dataset(one, decode_times=False) as expected:
        xr.testing.assert_equal(xr.open_zarr(written.path, consolidated=False, decode_times=False)["p"], expected["p"])


def test_open_is_lazy(tmp_path, one):
    with raw(one) as dataset:
        written = store(tmp_path, dataset)
    opened = cubes.open(tmp_path, written.digest)
    assert not opened.t.variable._in_memory
    assert opened.t[0].shape == (19, 24)


def test_strings_of_any_length(tmp_path):
    texts = np.array(["", "é", "a longer one"], dtype=object)
    with netCDF4.Dataset(tmp_path / "s.nc", "w") as file:
        file.createDimension("n", 3)
        file.createVariable("s", str, ("n",))[:] = texts
    with raw(tmp_path / "s.nc") as dataset:
        written = store(tmp_path, dataset)
    assert cubes.open(tmp_path, written.digest).s.values.tolist() == texts.tolist()
    cubes.verify(tmp_path, written.digest)
    assert written.variables[0]["dtype"] == "string"
    assert written.variables[0].get("min") is None


@pytest.mark.parametrize("units", ["months since 1990-01-01", "days since base date (nbdate)", "days since 0000-13-40"])
def test_times_without_a_date_stay_numbers(tmp_path, units):
    dataset = xr.Dataset({"x": ("time", [1.0, 2.0])}, {"time": ("time", [0.5, 1.5], {"units": units})})
    opened = cubes.open(tmp_path, store(tmp_path, dataset).digest)
    assert opened.time.values.tolist() == [0.5, 1.5]
    assert opened.time.attrs["units"] == units


def test_bounds_of_such_a_time_stay_numbers_too(tmp_path):
    attrs = {"units": "days since 2000-01-01", "calendar": "THIRTY_DAY_MONTHS", "bounds": "tb"}
    dataset = xr.Dataset({"x": ("time", [1.0]), "tb": (("time", "b"), [[0.0, 1.0]])}, {"time": ("time", [0.5], attrs)})
    assert cubes.open(tmp_path, store(tmp_path, dataset).digest).tb.values.tolist() == [[0.0, 1.0]]


def test_durations_stay_numbers(tmp_path):
    dataset = xr.Dataset({"dt": ("time", [31.0, 28.0], {"units": "days"})})
    assert cubes.open(tmp_path, store(tmp_path, dataset).digest).dt.values.tolist() == [31.0, 28.0]


def test_odd_names_and_empty_dimensions(tmp_path):
    dataset = xr.Dataset({"H2O+ (gas)": ("z", np.ones(3)), "e-": ("none", np.ones(0, "f4")), "0": ((), np.int8(3))})
    written = store(tmp_path, dataset)
    opened = cubes.open(tmp_path, written.digest)
    assert set(opened.variables) == {"H2O+ (gas)", "e-", "0"}
    assert opened["e-"].shape == (0,)
    cubes.verify(tmp_path, written.digest)


def test_a_type_that_no_cube_holds_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="'c' is of a type"):
        store(tmp_path, xr.Dataset({"c": ("x", np.ones(2, complex))}))
    assert not [p for p in (tmp_path / "cubes").iterdir() if p.name != cubes.PARTIAL]


# The digest


def test_digest_knows_nothing_of_format_byte_order_memory_or_chunks(tmp_path, monkeypatch):
    digests = set()
    for number, (format, order) in enumerate(
        [("NETCDF4", "="), ("NETCDF4", ">"), ("NETCDF3_CLASSIC", "="), ("NETCDF3_64BIT_DATA", "=")]
    ):
        with raw(make(tmp_path / f"{number}.nc", format, order)) as dataset:
            digests.add(store(tmp_path / str(number), dataset).digest)
            shuffled = dataset[sorted(dataset.variables, reverse=True)].assign_attrs(dataset.attrs)
            digests.add(store(tmp_path / str(number), shuffled, memory=1).digest)
            for size in (1000, 10_000):
                monkeypatch.setattr(arrays, "CHUNK", size)
                digests.add(store(tmp_path / f"{number}-{size}", dataset).digest)
            monkeypatch.undo()
    assert len(digests) == 1
    for size in (1000, 10_000):
        cubes.verify(tmp_path / f"0-{size}", *digests)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.assign(t=d.t.copy(data=np.where(d.t == 1, -0.0, d.t))),
        lambda d: d.assign(t=d.t.astype("f8")),
        lambda d: d.assign(t=d.t.assign_attrs(units="C")),
        lambda d: d.assign(t=d.t.assign_attrs(scale=np.float64(1))),
        lambda d: d.assign_attrs(title="x"),
        lambda d: d.rename_dims(x="y"),
        lambda d: d.rename_vars(t="u"),
    ],
)
def test_digest_knows_everything_else(tmp_path, change):
    attrs = {"units": "K", "scale": np.float32(1)}
    dataset = xr.Dataset({"t": ("x", np.array([0.0, 1, 2], "f4"), attrs)})
    dataset["t"][1] = 1
    assert store(tmp_path, dataset).digest != store(tmp_path, change(dataset)).digest


def test_digest_is_the_same_on_every_machine(tmp_path):
    dataset = xr.Dataset({"t": (("x", "y"), np.arange(6, dtype="i2").reshape(2, 3), {"units": "K"})}, attrs={"n": 1.5})
    t = {
        "dtype": "int16",
        "dims": ["x", "y"],
        "shape": [2, 3],
        "attributes": {"units": "K"},
        "sha256": hashlib.sha256(bytes([0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0])).hexdigest(),
    }
    content = {"attributes": {"n": ["f8", 1.5]}, "format": "lake cube 1", "variables": {"t": t}}
    expected = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    assert store(tmp_path, dataset).digest == expected


# Damage


@pytest.mark.parametrize("damage", [flip, lose, edit, tear])
def test_verify_finds_damage_and_writing_again_mends_it(tmp_path, one, damage):
    with raw(one) as dataset:
        written = store(tmp_path, dataset)
        cubes.verify(tmp_path, written.digest)
        damage(written.path)
        with pytest.raises(StorageError, match="is not what it was"):
            cubes.verify(tmp_path, written.digest)
        assert store(tmp_path, dataset).digest == written.digest
    cubes.verify(tmp_path, written.digest)


@pytest.mark.parametrize("values", [np.arange(12.0), np.array(["a", "b"])])
def test_what_is_read_back_otherwise_than_written_is_no_cube(tmp_path, monkeypatch, values):
    """A disk or memory that changes a bit between the writing and the reading of a chunk."""
    packed, take = chunks._compressed, zarr.Array.__setitem__

    def flipped(whole):
        other = whole.copy()
        other.view(np.uint8).reshape(-1)[3] ^= 1
        return packed(other)

    monkeypatch.setattr(chunks, "_compressed", flipped)
    monkeypatch.setattr(zarr.Array, "__setitem__", lambda array, key, kept: take(array, key, np.roll(kept, 1)))
    with pytest.raises(StorageError, match="read back"):
        store(tmp_path, xr.Dataset({"v": ("x", values)}))
    assert [place.name for place in (tmp_path / "cubes").iterdir()] == [cubes.PARTIAL]


def test_a_cube_that_is_there_stays_as_it_is(tmp_path, one):
    with raw(one) as dataset:
        first = store(tmp_path, dataset)
        before = {p: p.stat().st_mtime_ns for p in first.path.rglob("*")}
        assert store(tmp_path, dataset) == first
    assert before == {p: p.stat().st_mtime_ns for p in first.path.rglob("*")}
    assert list((tmp_path / "cubes" / cubes.PARTIAL).iterdir()) == []


def test_no_such_cube(tmp_path):
    for ask in (cubes.open, cubes.verify):
        with pytest.raises(StorageError, match="there is no cube"):
            ask(tmp_path, "0" * 64)


WRITE = """
import sys, resource
from pathlib import Path
import numpy as np, xarray as xr
from lake.sources.contract import Cube
from lake.store import cubes
data = Path(sys.argv[1])
{before}
dataset = xr.open_dataset({file!r}, engine="netcdf4", cache=False, decode_cf=False, create_default_indexes=False)
written = cubes.write(data, Cube(dataset, {{}}, None), memory={memory}, advance={advance})
print(written.digest)
{after}
"""


def script(data: Path, file: Path, *, memory=MEMORY, before="", after="", advance="None") -> list[str]:
    code = WRITE.format(file=str(file), memory=memory, before=before, after=after, advance=advance)
    return [sys.executable, "-c", textwrap.dedent(code), str(data)]


def big(path: Path, megabytes: int, **options) -> Path:
    """A file of float32 [time, lat, lon], a megabyte a time step."""
    with netCDF4.Dataset(path, "w", **options) as file:
        for name, length in (("time", megabytes), ("lat", 512), ("lon", 512)):
            file.createDimension(name, length)
        variable = file.createVariable("t", "f4", ("time", "lat", "lon"))
        step = np.random.default_rng(1).normal(280, 20, (512, 512)).astype("f4")
        for number in range(megabytes):
            variable[number] = step + np.float32(number)
    return path


def test_kill_9_leaves_nothing_to_see_and_the_next_write_completes(tmp_path):
    file = big(tmp_path / "big.nc", 48, format="NETCDF3_CLASSIC")
    slow = "lambda n: (print('slab', flush=True), __import__('time').sleep(60))"
    process = subprocess.Popen(script(tmp_path, file, memory=1, advance=slow), stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"slab\n"
    assert any((tmp_path / "cubes" / cubes.PARTIAL).rglob("c/*"))
    # another writer leaves alone what a living one is at
    store(tmp_path, xr.Dataset({"x": ("a", [1.0])}))
    assert any((tmp_path / "cubes" / cubes.PARTIAL).rglob("c/*"))
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    before = {p.name for p in (tmp_path / "cubes").iterdir()}
    assert len(before) == 2
    with raw(file) as dataset:
        written = store(tmp_path, dataset)
    cubes.verify(tmp_path, written.digest)
    assert {p.name for p in (tmp_path / "cubes").iterdir()} == before | {written.digest}
    assert list((tmp_path / "cubes" / cubes.PARTIAL).iterdir()) == []


@pytest.mark.slow
def test_processes_that_write_at_once_leave_each_other_alone(tmp_path):
    """Each begins by sweeping what others have left, also while another is just beginning."""
    many = "for n in range(150): cubes.write(data, Cube(xr.Dataset({'x': ('a', [1.0])}), {}, None), memory=1)"
    tiny = tmp_path / "tiny.nc"
    xr.Dataset({"x": ("a", [1.0])}).to_netcdf(tiny)
    running = [subprocess.Popen(script(tmp_path, tiny, before=many), stderr=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate()[1] for process in running] == [b""] * 3


def test_another_process_names_the_same_cube_first(tmp_path, monkeypatch):
    dataset, sync = xr.Dataset({"x": ("a", [1.0])}), cubes.durable.sync

    def late(place: Path) -> None:
        monkeypatch.undo()
        store(tmp_path, dataset)
        sync(place)

    monkeypatch.setattr(cubes.durable, "sync", late)
    written = store(tmp_path, dataset)
    cubes.verify(tmp_path, written.digest)
    assert {p.name for p in (tmp_path / "cubes").iterdir()} == {written.digest, cubes.PARTIAL}


def test_a_disk_that_takes_no_more(tmp_path, one):
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))"
    ran = subprocess.run(script(tmp_path, one, before=limit), capture_output=True, text=True)
    assert "StorageError: it cannot be written" in ran.stderr
    assert list((tmp_path / "cubes" / cubes.PARTIAL).iterdir()) == []
    assert [p.name for p in (tmp_path / "cubes").iterdir()] == [cubes.PARTIAL]


def test_a_file_that_fails_while_it_is_read(tmp_path):
    file = big(tmp_path / "big.nc", 4, format="NETCDF4")
    with netCDF4.Dataset(tmp_path / "z.nc", "w") as packed, raw(file) as dataset:
        packed.createDimension("n", 1 << 20)
        packed.createVariable("t", "f4", ("n",), zlib=True, fletcher32=True)[:] = dataset.t.values.ravel()
    content = bytearray((tmp_path / "z.nc").read_bytes())
    content[len(content) // 2] ^= 255
    (tmp_path / "z.nc").write_bytes(content)
    with raw(tmp_path / "z.nc") as dataset, pytest.raises(Unreadable, match="'t' cannot be read"):
        store(tmp_path, dataset)
    assert list((tmp_path / "cubes" / cubes.PARTIAL).iterdir()) == []


@pytest.mark.long
def test_memory_is_bounded(tmp_path):
    """Peak memory over that of the same program with a tiny file; 64 MiB were allowed."""
    after = "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"
    peaks = []
    for megabytes in (1, 200):
        file = big(tmp_path / f"{megabytes}.nc", megabytes, format="NETCDF3_CLASSIC")
        ran = subprocess.run(
            script(tmp_path, file, memory=64 << 20, after=after), capture_output=True, text=True, check=True
        )
        peaks.append(int(ran.stdout.split()[1]))
        file.unlink()
    assert peaks[1] - peaks[0] < 96 << 20


# Measures


def test_measures_against_numpy(tmp_path, one):
    area = xr.DataArray(np.cos(np.radians(np.linspace(-89, 89, 19))), dims="lat")
    with raw(one) as dataset:
        rows = {row["variable"]: row for row in store(tmp_path, dataset, area).variables}
    with netCDF4.Dataset(one) as file:
        file.set_auto_maskandscale(False)
        t = file["t"][:].astype("f8")
        t[(t == np.float32(1e20)) | (t == -999)] = np.nan
        p = np.where(file["p"][:] == -32768, np.nan, file["p"][:] * 0.01 + 250.0)
    for name, values in (("t", t), ("p", p)):
        good = np.isfinite(values)
        weights = np.broadcast_to(area.values[None, :, None], values.shape)
        row = rows[name]
        assert row["count"] == values.size
        assert row["missing"] == (~good).sum()
        assert row["min"] == values[good].min()
        assert row["max"] == values[good].max()
        assert math.isclose(row["mean"], values[good].mean(), rel_tol=1e-13)
        assert math.isclose(row["weighted_mean"], np.average(values[good], weights=weights[good]), rel_tol=1e-13)
    assert rows["t"]["infinite"] == 2
    assert rows["t"]["missing"] == 5
    assert rows["t"]["unit"] == "K"
    assert rows["scalar"]["mean"] == 7
    assert rows["name"]["dtype"] == "char"


def test_measures_do_not_depend_on_memory(tmp_path):
    file = big(tmp_path / "big.nc", 40, format="NETCDF4")
    weights = xr.DataArray(np.linspace(0.1, 1, 512), dims="lat")
    with raw(file) as dataset:
        one, other = (store(tmp_path / str(m), dataset, weights, m).variables for m in (1, 10**9))
    assert one == other


def test_no_block_is_lost_between_threads():
    """Each of two threads raises the maximum with every block: neither may put back an older one."""
    for _ in range(20):
        measure = Measure(cf_packing.Packing())
        with ThreadPoolExecutor(2) as pool:  # numpy lets the other thread run while it works on so large a block
            list(pool.map(measure.add, [np.full(20_000, n, "f8") for n in range(100)]))
        result = measure.result()
        assert (result["min"], result["max"], result["count"]) == (0, 99, 2_000_000)


def test_nothing_finite_has_no_mean():
    measure = Measure(cf_packing.Packing())
    measure.add(np.array([np.nan, np.inf]), np.ones(2))
    assert measure.result() == {
        **dict.fromkeys(("min", "max", "mean", "weighted_mean", "coverage")),
        "missing": 2,
        "infinite": 1,
        "count": 2,
    }


@pytest.mark.parametrize(
    ("dtype", "attrs", "stored", "meant"),
    [
        ("f4", {"_FillValue": np.float64(1e20)}, [1e20, 1], [np.nan, 1]),  # of another type than the data
        ("f4", {"missing_value": "-999.0"}, [-999, 1], [np.nan, 1]),  # as text
        ("f4", {"missing_value": "none"}, [-999, 1], [-999, 1]),
        (
            "f4",
            {"_FillValue": np.float32(1), "missing_value": np.array([2, 3], "f4")},
            [1, 2, 3, 4],
            [np.nan] * 3 + [4],
        ),
        ("f4", {}, [cf_packing.UNWRITTEN, 1], [np.nan, 1]),  # never written
        ("f8", {}, [cf_packing.UNWRITTEN, 1], [np.nan, 1]),
        ("i2", {"_FillValue": np.float32(np.nan)}, [0, 1], [0, 1]),
        ("i1", {"_FillValue": np.int16(-32768)}, [0, 1], [0, 1]),  # cannot be stored
        ("i1", {"_Unsigned": "true", "_FillValue": np.int8(-1)}, [-1, -2, 3], [np.nan, 254, 3]),
        ("i2", {"scale_factor": "0.5", "add_offset": np.array([10.0])}, [2, 4], [11, 12]),
        ("f4", {"_FillValue": np.float32(np.nan)}, [np.nan, 1], [np.nan, 1]),
        ("i8", {"missing_value": np.int64(-(2**63))}, [-(2**63), 5], [np.nan, 5]),
    ],
)
def test_packing_as_files_have_it(tmp_path, dtype, attrs, stored, meant):
    values = np.array(stored, dtype)
    assert np.array_equal(cf_packing.of(attrs, values.dtype).decode(values), meant, equal_nan=True)
    written = store(tmp_path, xr.Dataset({"v": ("x", values, attrs)}))
    opened = cubes.open(tmp_path, written.digest).v.values
    assert np.array_equal(opened.astype("f8"), np.array(meant, "f8"), equal_nan=True)
    assert written.variables[0]["missing"] == np.isnan(meant).sum()


# Attributes and slabs

numbers = st.one_of(
    st.floats(width=32).map(np.float32),
    st.floats(allow_nan=False).map(np.float64),
    st.integers(-(2**63), 2**63 - 1).map(np.int64),
    st.integers(0, 255).map(np.uint8),
    st.lists(st.integers(-(2**15), 2**15 - 1), max_size=4).map(lambda v: np.array(v, "i2")),
)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.text(min_size=1), st.one_of(numbers, st.text(), st.lists(st.text(), max_size=3))))
def test_attributes_come_back_as_they_were(given):
    back = attributes.restore(json.loads(json.dumps(attributes.exact(given), allow_nan=False)))
    assert back.keys() == given.keys()
    for name, value in given.items():
        assert type(back[name]) is type(value)
        if isinstance(value, np.ndarray):
            assert (back[name].dtype, back[name].tolist()) == (value.dtype, value.tolist())
        else:
            assert back[name] == value or (np.isnan(back[name]) and np.isnan(value))
    json.dumps(attributes.plain(given), allow_nan=False)


@settings(deadline=None)
@given(
    shape=st.lists(st.integers(0, 9), max_size=4),
    chunk=st.integers(1, 400),
    target=st.integers(1, 4000),
    source=st.lists(st.integers(1, 9), min_size=4, max_size=4),
)
def test_slabs_in_turn_are_the_array(shape, chunk, target, source):
    values = np.arange(math.prod(shape), dtype="i4").reshape(shape)
    chunks = tile(shape, 4, chunk)
    step = aligned(shape, chunks, 4, target, source[: len(shape)], 2 * target)
    assert all(s % c == 0 or s >= max(1, n) for s, c, n in zip(step, chunks, shape, strict=True))
    assert math.prod(chunks) * 4 <= max(4, chunk)
    assert math.prod(step) <= max(math.prod(chunks), 2 * target // 4)
    pieces = [values[region].tobytes() for region in regions(shape, step)]
    assert b"".join(pieces) == values.tobytes()


def test_slabs_follow_the_chunks_of_the_file_where_memory_allows():
    shape, chunks = (1000, 100, 100), (25, 100, 100)
    assert aligned(shape, chunks, 4, 10**6, (200, 10, 10), 10**8) == (200, 100, 100)
    assert aligned(shape, chunks, 4, 10**6, (200, 10, 10), 10**6) == (25, 100, 100)
    assert aligned(shape, chunks, 4, 10**7, (10, 10, 10), 10**8) == (250, 100, 100)
