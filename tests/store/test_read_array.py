"""Reading one variable off its files: the bits that ``cubes.open`` gives, whatever the file was; damage is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from arrays import edit, flip, land, lose, make, raw, store, tear
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake.errors import ConfigError, StorageError
from lake.store import arrays, cf_packing, cubes, read_array

SAMPLE = ROOT / "sample"


@pytest.fixture(autouse=True)
def _forgotten():
    """What one test knew of a folder is nothing to another."""
    read_array._layout.cache_clear()


def direct(data: Path, digest: str, variable: str) -> bool:
    """Whether a variable is read here, and not by ``cubes.open``."""
    return read_array._layout_of(data, digest, variable) is not None


def agree(data: Path, digest: str) -> tuple[int, int]:
    """Compare every variable of a cube: how many there are, and how many were read directly."""
    with cubes.open(data, digest) as dataset:
        for name, variable in dataset.variables.items():
            expected, found = variable.to_numpy(), read_array.read(data, digest, name, check=True)
            assert (found.dtype, found.shape) == (expected.dtype, expected.shape), name
            if expected.dtype == object:
                assert found.tolist() == expected.tolist(), name
                continue
            assert found.tobytes() == expected.tobytes(), name
            assert read_array.dims(data, digest, name) == variable.dims
            out = np.full(expected.shape, 7, expected.dtype)
            assert read_array.read(data, digest, name, out) is out
            assert out.tobytes() == expected.tobytes(), name
        return len(dataset.variables), sum(direct(data, digest, name) for name in dataset.variables)


# What comes out


@pytest.mark.upstream
@pytest.mark.slow
def test_every_variable_of_every_real_file(upstream, tmp_path):
    paths = sorted((upstream / "raw.githubusercontent.com").rglob("*.nc"))
    counts = [agree(tmp_path, land(tmp_path, path)[2]) for path in paths]
    every, directly = map(sum, zip(*counts, strict=True))
    assert len(paths) == 15
    assert directly > 0.9 * every > 200


def test_every_variable_of_the_sample(tmp_path):
    for path in (SAMPLE / "climate.example.org").rglob("*.nc"):
        every, directly = agree(tmp_path, land(tmp_path, path)[2])
        assert directly == every - 1  # all but time


@pytest.mark.parametrize("chunk", [400, 10_000, 4 << 20])
def test_one_of_each_in_chunks_of_any_size(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(arrays, "CHUNK", chunk)
    with raw(make(tmp_path / "one.nc")) as dataset:
        digest = store(tmp_path, dataset).digest
    agree(tmp_path, digest)
    assert [name for name in dataset.variables if not direct(tmp_path, digest, name)] == ["name", "time"]


FILLS = st.one_of(
    st.sampled_from([np.float32(1e20), np.float64(1e20), np.float32(np.nan), np.int16(3), np.int64(-(2**63)), "-999"]),
    st.sampled_from(
        [np.array([1, 2], "f4"), np.array([3], "i2"), np.float64(cf_packing.UNWRITTEN), "none", np.int8(0)]
    ),
)
NUMBERS = st.sampled_from([np.float32(0.1), np.float64(0.01), np.int16(2), 1.0, np.float32(1), "0.5", np.array([10.0])])
ATTRS = st.fixed_dictionaries(
    {},
    optional={
        "_FillValue": FILLS,
        "missing_value": FILLS,
        "scale_factor": NUMBERS,
        "add_offset": NUMBERS,
        "_Unsigned": st.sampled_from(["true", "false"]),
        "units": st.sampled_from(["K", "days", "days since 2000-01-01", "months since 1990-01-01"]),
        "calendar": st.sampled_from(["noleap", "standard"]),
        "dtype": st.just("bool"),
    },
)
KINDS = ["f2", "f4", "f8", "i1", "u1", "i2", "u2", "i4", "i8", "u8"]


@pytest.mark.long
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(KINDS), attrs=ATTRS, shape=st.sampled_from([(), (0,), (7,), (3, 4)]))
def test_attributes_as_files_have_them(tmp_path, kind, attrs, shape):
    with np.errstate(all="ignore"):
        some = np.array([0, 1, 2, 3, 1e20, -999, cf_packing.UNWRITTEN, np.nan, np.inf, -0.0, 100, 250])
        stored = some.astype(kind)[: int(np.prod(shape))].reshape(shape)
        digest = store(tmp_path, xr.Dataset({"v": ([f"x{n}" for n in shape], stored, attrs)})).digest
        try:
            cubes.open(tmp_path, digest).v.to_numpy()
        except Exception as error:  # what xarray cannot decode, it says
            with pytest.raises(type(error)):
                read_array.read(tmp_path, digest, "v")
            return
        agree(tmp_path, digest)


def test_bounds_of_a_time_are_dates_though_they_say_no_unit(tmp_path):
    bounds, two = (("time", "b"), np.array([[0.0, 31.0]])), (("time", "b"), np.array([[0.0, 1.0]]))
    time = ("time", [15.0], {"units": "days since 2000-01-01", "bounds": "tb"})
    dataset = xr.Dataset({"tb": bounds, "other": two, "unit": (*two, {"units": "1"})}, {"time": time})
    digest = store(tmp_path, dataset).digest
    assert read_array.read(tmp_path, digest, "tb").dtype.kind == "M"
    assert read_array.read(tmp_path, digest, "other").dtype == np.float64
    assert agree(tmp_path, digest) == (4, 2)


def test_another_layout_is_read_the_long_way(tmp_path):
    import zarr

    values = np.arange(24, dtype="f4").reshape(4, 6)
    digest = store(tmp_path, xr.Dataset({"v": (("x", "y"), values)})).digest
    note = json.loads((tmp_path / "cubes" / digest / "v/zarr.json").read_text())["attributes"]
    options = {"shape": (4, 6), "dtype": "f4", "attributes": note, "dimension_names": ["x", "y"], "overwrite": True}
    group = zarr.open_group(cubes.path(tmp_path, digest))
    turned, big = zarr.codecs.TransposeCodec(order=(1, 0)), zarr.codecs.BytesCodec(endian="big")
    for other in ({"shards": (4, 6)}, {"compressors": None}, {"filters": [turned]}, {"serializer": big}):
        group.create_array("v", **{"chunks": (2, 3), **options, **other})[:] = values
        assert not direct(tmp_path, digest, "v")
        assert np.array_equal(read_array.read(tmp_path, digest, "v"), values)
    group.create_array("v", chunks=(3, 4), compressors=zarr.codecs.BloscCodec(cname="zstd"), **options)[:] = values
    assert direct(tmp_path, digest, "v")
    assert np.array_equal(read_array.read(tmp_path, digest, "v"), values)


# Into an array of the caller's


@pytest.fixture
def one(tmp_path) -> tuple[Path, str]:
    with raw(make(tmp_path / "one.nc")) as dataset:
        return tmp_path, store(tmp_path, dataset).digest


def test_out_is_a_slice_or_of_another_type(one):
    expected = read_array.read(*one, "t")
    batch = np.zeros((3, 6, 20, 30), np.float32)
    read_array.read(*one, "t", batch[1, :5, :19, :24])
    assert batch[1, :5, :19, :24].tobytes() == expected.tobytes()
    assert not batch[[0, 2]].any()
    assert not batch[1, 5:].any()
    wide = read_array.read(*one, "t", np.empty(expected.shape))
    assert np.array_equal(wide, expected, equal_nan=True)
    packed = read_array.read(*one, "p", np.empty(expected.shape, np.float32))
    assert np.array_equal(packed, read_array.read(*one, "p").astype(np.float32), equal_nan=True)


@pytest.mark.parametrize("name", ["t", "p", "name"])
def test_out_that_does_not_fit(one, name):
    with pytest.raises(ValueError, match=r"`out` is of the shape \(3,\)"):
        read_array.read(*one, name, np.empty(3))
    if name != "name":
        with pytest.raises(TypeError, match="same_kind"):
            read_array.read(*one, name, np.empty((5, 19, 24), np.int16))


# Damage


def cut(folder: Path) -> None:
    file = next(path for path in sorted((folder / "t/c").rglob("*")) if path.is_file())
    file.write_bytes(file.read_bytes()[:-5])


def empty(folder: Path) -> None:
    next(path for path in sorted((folder / "t/c").rglob("*")) if path.is_file()).write_bytes(b"")


def other(folder: Path) -> None:
    """A sound chunk of another length."""
    file = next(path for path in sorted((folder / "t/c").rglob("*")) if path.is_file())
    file.write_bytes(next(path for path in (folder / "lat/c").rglob("*") if path.is_file()).read_bytes())


@pytest.mark.parametrize("damage", [lose, cut, empty, other, tear])
def test_damage_is_named(one, damage):
    data, digest = one
    read_array.read(*one, "t")
    damage(data / "cubes" / digest)
    with pytest.raises(StorageError, match=r"the cube .* is not what it was: .*\bt\b"):
        read_array.read(*one, "t")


def test_a_flipped_bit_is_found_when_asked(one):
    data, digest = one
    read_array.read(*one, "t", check=True)
    flip(data / "cubes" / digest)
    with pytest.raises(StorageError, match="the values of t are not what was written"):
        read_array.read(*one, "t", check=True)
    edit(data / "cubes" / digest)
    with pytest.raises(StorageError, match="is not what it was"):
        read_array.read(*one, "name", check=True)  # by way of cubes.open


def test_a_cube_that_is_written_anew_in_other_chunks(one, monkeypatch):
    data, digest = one
    expected = read_array.read(*one, "t")
    lose(data / "cubes" / digest)
    monkeypatch.setattr(arrays, "CHUNK", 700)
    with raw(data / "one.nc") as dataset:
        assert store(data, dataset).digest == digest
    assert read_array.read(*one, "t").tobytes() == expected.tobytes()


def test_what_is_not_there(one):
    data, _ = one
    with pytest.raises(StorageError, match="there is no cube"):
        read_array.read(data, "0" * 64, "t")
    for ask in (read_array.read, read_array.dims):
        with pytest.raises(ConfigError, match=r"(?s)no variable 'scaler'.*did you mean 'scalar'"):
            ask(*one, "scaler")
