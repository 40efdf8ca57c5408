"""NetCDF files that no cube holds as they are, or that declare more than they are: one answer's own matter."""

from __future__ import annotations

import ctypes
import re
import struct
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
from arrays import land, resource
from conftest import ROOT

from lake.errors import Unreadable
from lake.formats.answer import Answer
from lake.formats.netcdf import declared_size
from lake.sources import gcm
from lake.store import cubes


def grid(path: Path, format: str = "NETCDF4") -> netCDF4.Dataset:
    file = netCDF4.Dataset(path, "w", format=format)
    for name, values, unit in (("lat", [-60.0, 0, 60], "degrees_north"), ("lon", [0.0, 90, 180, 270], "degrees_east")):
        file.createDimension(name, len(values))
        file.createVariable(name, "f8", (name,))[:] = values
        file[name].units = unit
    file.createVariable("ts", "f4", ("lat", "lon"))[:] = 280
    return file


def rejects(path: Path) -> dict[str, str]:
    [cube] = [part for part in gcm.read(resource(), Answer(path)) if hasattr(part, "dataset")]
    return (
        {}
        if cube.rejects is None
        else dict(zip(*(cube.rejects[k].to_pylist() for k in ("content", "reason")), strict=True))
    )


def test_a_variable_that_no_cube_holds_is_a_reject_and_the_others_land(tmp_path):
    with grid(tmp_path / "x.nc") as file:
        pair = file.createCompoundType(np.dtype([("re", "f4"), ("im", "f4")]), "pair")
        file.createVariable("z", pair, ("lat",))
        ragged = file.createVariable("r", file.createVLType(np.int32, "list"), ("lat",))
        ragged[0] = np.array([1, 2], "i4")
        file.createVariable("names", str, ("lat",))[:] = np.array(["a", "é", ""], object)
        cloud = file.createVariable("c", file.createEnumType(np.uint8, "cloud", {"no": 0, "yes": 1}), ("lat",))
        cloud[:] = [0, 1, 0]
    _, rows, digest = land(tmp_path, tmp_path / "x.nc")
    assert set(rows) == {"lat", "lon", "ts", "names", "c"}
    assert (rows["c"]["dtype"], rows["c"]["max"], rows["names"]["dtype"]) == ("uint8", 1, "string")
    said = rejects(tmp_path / "x.nc")
    assert said.keys() == {"z", "r"}
    assert "'z' is of a type that a cube cannot hold: a compound" in said["z"]
    assert "length of its own" in said["r"]
    assert set(cubes.open(tmp_path, digest).variables) == set(rows)


def opaque(file: netCDF4.Dataset, name: str) -> None:
    """A variable of opaque bytes, and an attribute `note` of such: netCDF4-python makes none, but its library does."""
    found = [Path(line.split()[-1]) for line in Path("/proc/self/maps").read_text().splitlines() if "libnetcdf" in line]
    if not found:
        pytest.skip("the NetCDF library is not a file of its own here")
    library, id = ctypes.CDLL(str(found[0])), file._grpid
    kind, variable, dim, content = ctypes.c_int(), ctypes.c_int(), ctypes.c_int(), ctypes.c_char_p(b"abc" * 5)
    assert library.nc_inq_dimid(id, b"lat", ctypes.byref(dim)) == 0
    assert library.nc_def_opaque(id, ctypes.c_size_t(5), b"blob", ctypes.byref(kind)) == 0
    assert library.nc_def_var(id, name.encode(), kind, 1, ctypes.byref(dim), ctypes.byref(variable)) == 0
    assert library.nc_put_var(id, variable, content) == 0
    assert library.nc_put_att(id, -1, b"note", kind, ctypes.c_size_t(1), content) == 0


def compound(file: netCDF4.Dataset, name: str) -> None:
    pair = np.dtype([("re", "f4"), ("im", "f4")])
    file.createVariable(name, file.createCompoundType(pair, "pair"), ("lat",))[:] = np.ones(3, pair)
    file.note = np.ones(1, pair)


def nested(file: netCDF4.Dataset, name: str) -> None:
    inner = np.dtype([("x", "i4"), ("y", "f8")])
    outer = np.dtype([("at", inner), ("many", "i2", (3,))])
    file.createCompoundType(inner, "inner")
    file.createVariable(name, file.createCompoundType(outer, "outer"), ("lat",))[:] = np.zeros(3, outer)


def vlen(file: netCDF4.Dataset, name: str) -> None:
    variable = file.createVariable(name, file.createVLType(np.int32, "list"), ("lat",))
    for number in range(3):
        variable[number] = np.arange(number, dtype="i4")


def enum(file: netCDF4.Dataset, name: str) -> None:
    kind = file.createEnumType(np.uint8, "cloud", {"no": 0, "yes": 1})
    file.createVariable(name, kind, ("lat",))[:] = [0, 1, 0]


def texts(file: netCDF4.Dataset, name: str) -> None:
    file.createVariable(name, str, ("lat",))[:] = np.array(["a", "é", ""], object)
    file.note = ["one", "two"]


LEFT_OUT = {opaque: "unsupported .*datatype", compound: "a compound", nested: "a compound", vlen: "a length of its own"}
KEPT = {enum: "uint8", texts: "string"}


@pytest.mark.parametrize("make", LEFT_OUT)
@pytest.mark.parametrize("name", ["odd", "lev"])  # of data, and what an axis may be called
def test_a_type_that_no_cube_holds_is_said_with_its_reason(tmp_path, make, name):
    with grid(tmp_path / "x.nc") as file:
        make(file, name)
    cube, rows, digest = land(tmp_path, tmp_path / "x.nc")
    said = rejects(tmp_path / "x.nc")
    assert set(rows) == {"lat", "lon", "ts"} == set(cubes.open(tmp_path, digest).variables)
    assert re.search(LEFT_OUT[make], said[name])
    assert said.keys() == {name} | ({":note"} if make in (opaque, compound) else set())
    assert "note" not in cube.dataset.attrs


@pytest.mark.parametrize("make", LEFT_OUT)
def test_a_latitude_of_a_type_that_no_cube_holds(tmp_path, make):
    """What else is there lands, without a grid."""
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as file:
        file.createDimension("lat", 3)
        file.createVariable("ts", "f4", ("lat",))[:] = 280
        make(file, "lat")
    assert set(land(tmp_path, tmp_path / "x.nc")[1]) == {"ts"}
    assert re.search(LEFT_OUT[make], rejects(tmp_path / "x.nc")["lat"])


@pytest.mark.parametrize("make", KEPT)
def test_a_type_that_a_cube_holds(tmp_path, make):
    with grid(tmp_path / "x.nc") as file:
        make(file, "odd")
        expected = file["odd"][:].tolist()
    _, rows, digest = land(tmp_path, tmp_path / "x.nc")
    assert (rows["odd"]["dtype"], rejects(tmp_path / "x.nc")) == (KEPT[make], {})
    assert cubes.open(tmp_path, digest)["odd"].values.tolist() == expected


def test_a_file_of_nothing_else_says_so(tmp_path):
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as file:
        file.createDimension("x", 2)
        file.createVariable("r", file.createVLType(np.int32, "list"), ("x",))[0] = np.array([1, 2], "i4")
    with pytest.raises(Unreadable, match="none of its variables is on a grid") as error:
        list(gcm.read(resource(), Answer(tmp_path / "x.nc")))
    assert "'r' is of a type" in error.value.why


def test_booleans_that_xarray_wrote(tmp_path):
    with grid(tmp_path / "x.nc") as file:
        file.createVariable("land", "i1", ("lat", "lon"))[:] = np.arange(12).reshape(3, 4) % 2
        file["land"].setncattr("dtype", "bool")
    with xr.open_dataset(tmp_path / "x.nc") as theirs:
        expected = theirs.land.values
    _, rows, digest = land(tmp_path, tmp_path / "x.nc")
    assert (rows["land"]["dtype"], rows["land"]["mean"], rejects(tmp_path / "x.nc")) == ("int8", 0.5, {})
    opened = cubes.open(tmp_path, digest).land
    assert (opened.dtype, opened.values.tolist()) == (np.dtype(bool), expected.tolist())


def test_nothing_is_said_on_stderr(tmp_path):
    with grid(tmp_path / "x.nc") as file:
        file.createVariable("cov", "f8", ("lat", "lat"))[:] = np.eye(3)
        odd = file.createVariable("odd", "f4", ("lat",), fill_value=np.float32(-1))
        odd.missing_value = np.float32(-2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, rows, digest = land(tmp_path, tmp_path / "x.nc")
        cubes.open(tmp_path, digest).load()
    assert rows["cov"]["shape"] == [3, 3]


# Hostile


def hollow(path: Path, size: int, **options) -> Path:
    """A file in which nothing is written, of size x size doubles."""
    with netCDF4.Dataset(path, "w") as file:
        for name in ("lat", "lon"):
            file.createDimension(name, None if options.get("unlimited") else size)
        file.set_fill_off()
        variable = file.createVariable(
            "v", "f8", ("lat", "lon"), chunksizes=options.get("chunks"), zlib=bool(options.get("chunks"))
        )
        if options.get("unlimited"):
            variable[size - 1, size - 1] = 1.0
    return path


@pytest.mark.parametrize("options", [{"chunks": (1000, 1000)}, {"unlimited": True, "chunks": (1000, 1000)}])
def test_ten_kilobytes_do_not_hold_eighty_gigabytes(tmp_path, options):
    path = hollow(tmp_path / "x.nc", 100_000, **options)
    assert path.stat().st_size < 1 << 20
    started = time.perf_counter()
    with pytest.raises(Unreadable, match=r"it declares 80,000,000,000 bytes .* 'v' \(100,000 x 100,000\)"):
        list(gcm.read(resource(), Answer(path)))
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(("megabytes", "fits"), [(1, True), (300, False)])
def test_what_is_not_packed_is_no_more_than_its_file(tmp_path, megabytes, fits):
    """A contiguous variable that was never written: its file has no room for it."""
    path = tmp_path / "x.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.set_fill_off()
        file.createDimension("lat", megabytes << 10)
        file.createDimension("lon", 128)
        file.createVariable("v", "f8", ("lat", "lon"), contiguous=True)
        file.createDimension("lev", 1 << 17)  # a megabyte that is there: packed, it could be 1,100
        file.createVariable("lev", "f8", ("lev",))[:] = np.random.default_rng(1).random(1 << 17)
    assert 1_000_000 < path.stat().st_size < 1_200_000
    if fits:
        assert list(gcm.read(resource(), Answer(path)))
        return
    with pytest.raises(Unreadable, match=r"(?s)it declares 315,\d{3},\d{3} bytes .*at most 268,435,456"):
        list(gcm.read(resource(), Answer(path)))


@pytest.mark.long
def test_a_chunk_that_no_reader_can_hold_is_refused_before_it_is_unpacked(tmp_path):
    """One number, in a chunk of 480 MB that packs to half a megabyte."""
    path = tmp_path / "x.nc"
    with grid(path) as file:
        file.createDimension("n", None)
        file.createVariable("lev", "f8", ("n",), chunksizes=(60_000_000,), zlib=True)[0] = 1.0
    assert path.stat().st_size < 1 << 20
    with pytest.raises(Unreadable, match="'lev' is in chunks of 480,000,000 bytes") as error:
        list(gcm.read(resource(), Answer(path, memory=10**9)))
    assert "[limits] reader_memory" in error.value.what
    assert "2 GB" in error.value.next
    [cube] = [part for part in gcm.read(resource(), Answer(path, memory=2 * 10**9)) if hasattr(part, "dataset")]
    assert cube.dataset["lev"].values.tolist() == [1.0]


def test_more_chunks_than_a_file_can_list(tmp_path):
    """None of them was written; each would be looked for."""
    path = tmp_path / "x.nc"
    with grid(path) as file:
        file.createDimension("n", 200_000_000)
        file.createVariable("v", "i1", ("n",), chunksizes=(1,), zlib=True)
    with pytest.raises(Unreadable, match=r"'v' is in 200,000,000 chunks in a file of \d,\d{3} bytes"):
        list(gcm.read(resource(), Answer(path)))


@pytest.mark.long
def test_many_chunks_are_read_a_few_at_a_time(tmp_path):
    """HDF5 holds some kilobytes for each chunk that one call reads."""
    with grid(tmp_path / "x.nc") as file:
        file.createDimension("m", 250)
        file.createDimension("n", 200)
        file.createVariable("v", "i2", ("m", "n"), chunksizes=(1, 1))[:3] = np.arange(600).reshape(3, 200)
    code = PEAK.format(folders=[str(ROOT / "tests"), str(Path(__file__).parent)])
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    shape, missing, highest, megabytes = ran.stdout.split()
    assert (shape, missing, highest) == ("250x200", "49400", "599.0")
    assert int(megabytes) < 150


PEAK = """
import sys
from pathlib import Path
sys.path[:0] = {folders!r}
import arrays, numpy, xarray, zarr
from test_bounds import _peak
folder = Path(sys.argv[1])
before = _peak()
row = arrays.land(folder, folder / "x.nc")[1]["v"]
print("x".join(map(str, row["shape"])), row["missing"], float(row["max"]), (_peak() - before) // 1024)
"""


def test_a_field_that_was_hardly_written_is_taken(tmp_path):
    """What a model leaves empty is no attack: 32 MB of one number, in a file of a few kilobytes."""
    with grid(tmp_path / "x.nc") as file:
        file.createDimension("n", 4_000_000)
        file.createVariable("empty", "f8", ("n",), zlib=True)
    assert land(tmp_path, tmp_path / "x.nc")[1]["empty"]["missing"] == 4_000_000


def header(
    dims: list[int], version: int = 1, *, begin: int = 4096, kind: int = 6, count: int | None = None, of: str = "v"
) -> bytes:
    """A classic header of one variable over so many dimensions."""
    name = lambda text: struct.pack(">I", len(text)) + text.encode().ljust(-(-len(text) // 4) * 4, b"\0")  # noqa: E731
    body = b"CDF" + bytes([version]) + struct.pack(">I", 0) + struct.pack(">II", 10, len(dims))
    body += b"".join(name(f"d{i}") + struct.pack(">I", length) for i, length in enumerate(dims))
    body += struct.pack(">II", 0, 0) + struct.pack(">II", 11, 1) + name(of)
    body += struct.pack(">I", count or len(dims)) + b"".join(struct.pack(">I", i) for i in range(len(dims)))
    return body + struct.pack(">II", 0, 0) + struct.pack(">III", kind, 0, begin)


@pytest.mark.parametrize(
    "content",
    [
        header([100_000, 100_000]),
        header([2**31 - 1] * 40),
        header([4, 4], begin=2**32 - 1),
        header([4, 4], count=2**32 - 1),
        header([4, 4], kind=99),
        b"CDF\x05" + b"\x7f" * 4000,
        b"CDF\x05" + bytes(8) + struct.pack(">IQ", 10, 1) + struct.pack(">Q", 2**64 - 8) + bytes(64),
        b"CDF\x01" + bytes(4) + struct.pack(">II", 10, 2**32 - 1) + bytes(400_000),
        b"CDF\x01" + bytes(8) + struct.pack(">II", 0, 3),
    ],
)
def test_classic_headers_that_declare_more_than_the_file(tmp_path, content):
    (tmp_path / "x").write_bytes(content + bytes(max(0, 8192 - len(content))))
    started = time.perf_counter()
    with pytest.raises(Unreadable):
        list(gcm.read(resource(), Answer(tmp_path / "x")))
    assert time.perf_counter() - started < 5


def classic(path: Path, format: str, *, records: int) -> bytes:
    """A grid and a variable with records, as bytes."""
    with grid(path, format) as file:
        file.createDimension("time", None)
        file.createVariable("pr", "f4", ("time", "lat", "lon"))[:] = np.ones((records, 3, 4))
    return path.read_bytes()


CLASSIC_FORMATS = {"NETCDF3_CLASSIC": 4, "NETCDF3_64BIT_OFFSET": 4, "NETCDF3_64BIT_DATA": 8}  # bytes of a count


@pytest.mark.parametrize("format", CLASSIC_FORMATS)
@pytest.mark.parametrize("more", [1, 1000, 2**31 - 8])
def test_records_that_are_not_there(tmp_path, format, more):
    body, width = classic(tmp_path / "x.nc", format, records=5), CLASSIC_FORMATS[format]
    assert int.from_bytes(body[4 : 4 + width], "big") == 5
    path = tmp_path / "y.nc"
    path.write_bytes(body[:4] + (5 + more).to_bytes(width, "big") + body[4 + width :])
    with pytest.raises(Unreadable, match="truncated"):
        list(gcm.read(resource(), Answer(path)))


@pytest.mark.parametrize("format", CLASSIC_FORMATS)
def test_records_that_were_not_counted_are_those_that_are_there(tmp_path, format):
    """The writer was stopped, or writes on: all bits of the count are set."""
    body, width = classic(tmp_path / "x.nc", format, records=5), CLASSIC_FORMATS[format]
    path = tmp_path / "y.nc"
    path.write_bytes(body[:4] + b"\xff" * width + body[4 + width :])
    try:
        rows = land(tmp_path, path)[1]
    except Unreadable:
        return
    assert rows["pr"]["shape"] == [5, 3, 4]


@pytest.mark.parametrize("format", CLASSIC_FORMATS)
@pytest.mark.parametrize("factor", [100, 2**28])
def test_a_dimension_that_is_longer_than_the_file(tmp_path, format, factor):
    body, width = classic(tmp_path / "x.nc", format, records=1), CLASSIC_FORMATS[format]
    name = (3).to_bytes(width, "big") + b"lat\0"
    assert body.count(name + (3).to_bytes(width, "big")) == 1
    path = tmp_path / "y.nc"
    path.write_bytes(body.replace(name + (3).to_bytes(width, "big"), name + (3 * factor).to_bytes(width, "big")))
    with pytest.raises(Unreadable, match="truncated"):
        list(gcm.read(resource(), Answer(path)))


@pytest.mark.parametrize("records", [False, True])
def test_variables_that_lie_over_one_another(tmp_path, records):
    """Five variables have the same kilobytes of the file, which would be five times as large when read."""
    path = tmp_path / "x.nc"
    with grid(path, "NETCDF3_CLASSIC") as file:
        file.createDimension("n", 64 << 10)
        file.createDimension("time", None)
        shape = ("time", "n") if records else ("n",)
        for number in range(5):
            file.createVariable(f"v{number}", "f4", shape)[:] = np.ones((1, 64 << 10) if records else 64 << 10)
    body = path.read_bytes()
    begins = [begin for _, begin in begins_of(body, [f"v{number}" for number in range(5)])]
    for number, (place, _) in enumerate(begins_of(body, [f"v{number}" for number in range(5)])):
        assert begins[number] == begins[0] + number * (256 << 10)
        body = body[:place] + begins[0].to_bytes(4, "big") + body[place + 4 :]
    path.write_bytes(body[: begins[0] + (256 << 10)])
    with pytest.raises(Unreadable, match="the NetCDF file is truncated: it has 26"):
        list(gcm.read(resource(), Answer(path)))


def begins_of(body: bytes, names: list[str]) -> list[tuple[int, int]]:
    """Where a CDF-1 header says that variables without attributes begin, and what it says."""
    found = []
    for name in names:
        place = body.index(len(name).to_bytes(4, "big") + name.encode().ljust(4, b"\0")) + 8
        rank = int.from_bytes(body[place : place + 4], "big")
        place += 4 + 4 * rank + 8 + 4 + 4  # dimensions, no attributes, type, vsize
        found.append((place, int.from_bytes(body[place : place + 4], "big")))
    return found


@pytest.mark.parametrize("name", ["zarr.json", "x" * 240, "..", "a/../../b", ""])
def test_a_name_that_no_folder_can_have_leaves_the_variable_out(tmp_path, name):
    (tmp_path / "x").write_bytes(header([4, 4], begin=1024, of=name) + bytes(4096))
    with pytest.raises(Unreadable):  # by the C library, or since nothing else lies on a grid
        list(gcm.read(resource(), Answer(tmp_path / "x")))
    with grid(tmp_path / "y.nc") as file:
        file.createVariable("zarr.json", "f4", ("lat",))[:] = 1
    assert "a name that no folder can have" in rejects(tmp_path / "y.nc")["zarr.json"]


def test_too_many_variables(tmp_path, monkeypatch):
    monkeypatch.setattr(declared_size, "_MOST_VARIABLES", 2)
    grid(tmp_path / "x.nc").close()
    with pytest.raises(Unreadable, match="it has 3 variables; a cube takes at most 2"):
        list(gcm.read(resource(), Answer(tmp_path / "x.nc")))


@pytest.mark.long
def test_too_many_dimensions(tmp_path):
    with grid(tmp_path / "x.nc") as file:
        for number in range(declared_size._MOST_DIMENSIONS - 1):
            file.createDimension(f"d{number}", 1)
    with pytest.raises(Unreadable, match="it has 10,001 dimensions; a cube takes at most 10,000"):
        list(gcm.read(resource(), Answer(tmp_path / "x.nc")))


def test_groups_without_end(tmp_path):
    with grid(tmp_path / "x.nc") as file:
        group = file
        for _ in range(1_500):
            group = group.createGroup("g")
    with pytest.raises(Unreadable, match="its groups are nested too deep"):
        list(gcm.read(resource(), Answer(tmp_path / "x.nc")))


@pytest.mark.parametrize("format", ["NETCDF3_CLASSIC", "NETCDF3_64BIT_DATA", "NETCDF4"])
def test_a_huge_attribute_is_a_reject_and_the_file_lands(tmp_path, format):
    with grid(tmp_path / "x.nc", format) as file:
        file.history = "x" * 1_000_000
        file.text = "é" * 1_000_000
        file.numbers = np.zeros(20_000_000, "i1")
        file["ts"].setncattr("numbers", np.zeros(200_000, "f8"))
    started = time.perf_counter()
    cube, rows, _ = land(tmp_path, tmp_path / "x.nc")
    assert time.perf_counter() - started < 10
    assert set(rows) == {"lat", "lon", "ts"}
    assert set(cube.dataset.attrs) == {"history"}
    said = rejects(tmp_path / "x.nc")
    assert said.keys() == {":text", ":numbers", "ts:numbers"}
    assert said[":numbers"] == "the attribute 'numbers' has 20,000,000 bytes; a cube keeps at most 1,048,576 of one"


# Mutants: in a process of its own, since the C library may end it

MUTANTS = """
import random, resource, sys, tempfile, time
from pathlib import Path
sys.path[:0] = {folders!r}
import test_netcdf_file as here
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
folder = Path(sys.argv[1])
for seed in range(int(sys.argv[2]), int(sys.argv[3])):
    print(seed, flush=True)
    started = time.perf_counter()
    here.one_mutant(folder, seed)
    if (took := time.perf_counter() - started) > 20:
        sys.exit(f"seed {{seed}} took {{took:.0f}} s")
print("done")
"""


def seeds(folder: Path) -> list[Path]:
    """Files to mutate, one of each format and storage."""
    made = []
    for format in ("NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", "NETCDF4"):
        made.append(folder / f"{format}.nc")
        if not made[-1].exists():
            with grid(made[-1], format) as file:
                file.createDimension("time", None)
                file.createVariable("time", "f8", ("time",))[:] = [0, 1]
                file["time"].units = "days since 2000-01-01"
                file.createVariable("pr", "i2", ("time", "lat", "lon"), zlib=format == "NETCDF4", fill_value=-1)[:] = 3
                file["pr"].setncatts({"scale_factor": 0.5, "valid_range": np.array([0, 9], "i2"), "units": "mm/day"})
                if format == "NETCDF4":
                    file.createVariable("s", str, ("lat",))[:] = np.array(["a", "b", "c"], object)
    return made


def mutant(content: bytes, random) -> bytes:
    """Bytes flipped, cut, doubled or zeroed; numbers of the header made large or small."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(changed))
        match random.randrange(6):
            case 0:
                changed[place] ^= 1 << random.randrange(8)
            case 1:
                del changed[place:]
            case 2:
                changed[place:place] = changed[place : place + random.randrange(64)]
            case 3:
                changed[place : place + 8] = bytes(8)
            case 4 if changed[:3] == b"CDF" and len(changed) >= 8:  # a count, a length, a tag, an offset
                place = 4 * random.randrange(1, min(len(changed), 600) // 4)
                changed[place : place + 4] = random.choice(
                    [b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\0\x0b", b"\0\1\0\0"]
                )
            case _:  # sizes of HDF5 are little-endian and eight bytes long
                place = random.randrange(min(len(changed), 4096))
                changed[place : place + 8] = random.choice([b"\xff" * 8, b"\xff\xff\xff\x7f", b"\0\0\0\0\1\0\0\0"])
        if not changed:
            return b""
    return bytes(changed)


def one_mutant(folder: Path, seed: int) -> None:
    """Landed, or unreadable: nothing else."""
    import random

    chosen = random.Random(seed)
    files = seeds(folder)
    path = folder / "mutant"
    path.write_bytes(mutant(files[seed % len(files)].read_bytes(), chosen))
    with suppress(Unreadable):
        land(folder / "data", path)


def mutate(folder: Path, first: int, last: int) -> list[int]:
    """The seeds whose mutants ended the process: HDF5's own faults, which no reader can catch."""
    ended = []
    while first < last:
        code = MUTANTS.format(folders=[str(ROOT / "tests"), str(Path(__file__).parent)])
        ran = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, str(folder), str(first), str(until := min(last, first + 500))],
            capture_output=True,
            text=True,
            timeout=600,
        )
        if ran.returncode == 0:
            first = until
            continue
        assert ran.returncode < 0, ran.stderr[-3000:]
        ended.append(int(ran.stdout.split()[-1]))
        first = ended[-1] + 1
    return ended


@pytest.mark.slow
def test_mutants_land_or_are_unreadable(tmp_path):
    assert mutate(tmp_path, 0, 60) == []


@pytest.mark.slow
def test_thousands_of_mutants_land_or_are_unreadable(tmp_path):
    ended = mutate(tmp_path, 60, 4000)
    assert len(ended) <= 4, ended
