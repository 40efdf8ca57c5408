"""Climate simulations (GCM) as CF NetCDF, one file a run or a part of one, to cubes.

Which files is for the project to say, in lake.toml:

    [[sources.gcm.runs]]
    url = "https://..."          # classic, 64-bit offset, CDF-5 or NetCDF-4
    planet = "Proxima Cen b"     # as core.planets knows it
    model = "ROCKE-3D"
    scenario = "aquaplanet"
    run = "r1"
    # kind = "simulation"        # or "observed"
    # synthetic = false          # true where the numbers were made up to show the software
    # title, citation            # else the file's own title and references
    # size, md5, sha256          # where the archive gives them
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from lake.errors import ConfigError, Refused, Unreadable
from lake.sources import classic
from lake.sources.source import Answer, Cube, Facts, Part, Resource

if TYPE_CHECKING:
    import netCDF4
    import xarray as xr

FACTS = Facts(
    name="gcm",
    title="GCM simulations as CF NetCDF",
    homepage="https://cfconventions.org",
    licence="each run's own: see its citation",
    citation="each run's own",
    rate=1.0,
    refresh=90.0,
    domain="climate",
    sized=True,
)
READER = 1
TABLES: dict[str, Any] = {}  # cubes only
OPTIONS: dict[str, Any] = {"runs": []}

_NEEDED = ("url", "planet", "model", "scenario", "run")
_OPTIONAL = {"kind": str, "synthetic": bool, "title": str, "citation": str, "size": int, "md5": str, "sha256": str}
_KINDS = ("simulation", "observed")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_FAILURES = (OSError, RuntimeError, ValueError, KeyError, IndexError, AttributeError, TypeError)  # of the C library


def resources(options: Mapping[str, Any], answer: Answer) -> Iterable[Resource]:
    """One for each run of lake.toml, named "planet/model/scenario/run/file".

    Raises:
        ConfigError: a run has a field too few, too many or of another type, or two runs are the same.
    """
    found = [_resource(number, run) for number, run in enumerate(options["runs"], 1)]
    twice = [name for name, count in Counter(one.id for one in found).items() if count > 1]
    if twice:
        raise ConfigError(f"[[sources.gcm.runs]] names {twice[0]!r} twice", where="lake.toml")
    return found


def _resource(number: int, run: Mapping[str, Any]) -> Resource:
    fields = {**dict.fromkeys(_NEEDED, str), **_OPTIONAL}
    for name, kind in fields.items():
        if (name in run or name in _NEEDED) and (not isinstance(run.get(name), kind) or run[name] == ""):
            problem = f"is {run[name]!r}, but must be of type {kind.__name__}" if name in run else "is missing"
            raise _unfit(number, f"{name} {problem}")
    if unknown := sorted(run.keys() - fields.keys()):
        raise _unfit(number, f"{unknown[0]!r} is not known; it takes {', '.join(fields)}")
    if run.get("kind", _KINDS[0]) not in _KINDS:
        raise _unfit(number, f"kind is {run['kind']!r}, but must be {' or '.join(_KINDS)}")
    file = unquote(urlsplit(run["url"]).path).rpartition("/")[2]
    params = {name: run[name] for name in ("planet", "kind", "model", "scenario", "run", *_SHOWN) if name in run}
    return Resource(
        id="/".join([*(run[name] for name in ("planet", "model", "scenario", "run")), file]),
        url=run["url"],
        kind="netcdf",
        expects="netcdf",
        params=params,
        **{name: run.get(name) for name in ("size", "md5", "sha256")},
    )


_SHOWN = ("synthetic", "title", "citation")


def _unfit(number: int, what: str) -> ConfigError:
    return ConfigError(
        f"run {number} of [[sources.gcm.runs]] does not fit: {what}",
        where="lake.toml",
        next="the fields stand at the top of lake/sources/gcm.py",
    )


def check(resource: Resource, head: bytes) -> None:
    """Refuse what does not begin like NetCDF.

    Raises:
        Refused: with the reason.
    """
    if not head.startswith((*classic.MAGIC, _HDF5)):
        start = head[:1024].lstrip().lower()
        page = start.startswith((b"<!doctype html", b"<html")) or b"<html" in start
        what = "an HTML page" if page else f"bytes that begin with {head[:8]!r}"
        raise Refused(f"{what} came where NetCDF was asked for", where=resource.url)


def read(resource: Resource, path: Path) -> Iterator[Part | Cube]:
    """The file as one cube: its variables under their own names, as stored, what only says where set as coordinates.

    Facts beside those of lake.toml: ``dims`` {dimension: length}; ``grid`` (rectilinear, rotated, projected,
    curvilinear, unstructured, zonal, none); ``axes`` {"lat": variable ...}; ``levels`` [{name, kind, unit, order}];
    ``areas`` (where the weights come from, or why there are none).

    Raises:
        Unreadable: it is cut short, damaged, not NetCDF, or holds nothing that lies on a grid.
    """
    from lake.sources import cells, cf

    _whole(path)
    with _opened(path) as dataset:
        with _damage(path):
            grid = cf.grid(dataset)
            ancillary = grid.ancillary.union(cells.areas(dataset, grid))
            dataset = dataset.set_coords(sorted(ancillary & set(dataset.data_vars)))
            weights, areas = cells.weights(dataset, grid)
        _gridded(dataset)
        facts = {
            "kind": _KINDS[0],
            **resource.params,
            "synthetic": bool(resource.params.get("synthetic")) or _says_yes(dataset.attrs.get("synthetic")),
            "title": resource.params.get("title") or _text(dataset.attrs.get("title")),
            "citation": resource.params.get("citation") or _text(dataset.attrs.get("references")),
            "dims": {str(name): int(length) for name, length in dataset.sizes.items()},
            "grid": grid.kind,
            "axes": dict(grid.axes),
            "levels": [{key: getattr(level, key) for key in level.__slots__} for level in grid.levels],
            "areas": areas,
        }
        yield Cube(dataset, facts, weights)


def _whole(path: Path) -> None:
    """Refuse what is cut short before the C library sees it; of HDF5 it checks the length itself."""
    with path.open("rb") as file:
        magic = file.read(8)
    if magic[:4] in classic.MAGIC:
        size, needed = path.stat().st_size, classic.needed(path)
        if size < needed:
            raise Unreadable(
                f"the NetCDF file is cut short: it has {size:,} bytes and needs {needed:,}", where=str(path)
            )
    elif magic != _HDF5:
        raise Unreadable(f"this is not NetCDF: it begins with {magic!r}", where=str(path))


@contextmanager
def _opened(path: Path) -> Iterator[xr.Dataset]:
    import netCDF4
    import xarray as xr

    with _damage(path):
        with netCDF4.Dataset(path) as file:
            _suitable(file)
        dataset = xr.open_dataset(path, engine="netcdf4", cache=False, decode_cf=False, create_default_indexes=False)
    with dataset:
        yield dataset


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    try:
        yield
    except _FAILURES as error:
        raise Unreadable(f"it cannot be read as NetCDF: {error}", where=str(path), why="it is damaged") from None


def _suitable(file: netCDF4.Dataset) -> None:
    held = [path for path, group in _groups(file) if group.variables]
    if held:
        raise Unreadable(
            f"it keeps variables in groups ({', '.join(held[:3])}), and a cube is flat",
            next="split it into one file a group (ncks -G : -g GROUP in.nc out.nc)",
        )
    if file.dimensions and all(name.startswith("phony_dim") for name in file.dimensions):
        raise Unreadable("this is HDF5, but not NetCDF: none of its datasets has a dimension")


def _groups(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, child in group.groups.items():
        yield f"{path}/{name}", child
        yield from _groups(child, f"{path}/{name}")


def _gridded(dataset: xr.Dataset) -> None:
    """Refuse a file in which no numbers depend on a dimension."""
    if not any(v.dtype.kind in "iuf" and v.ndim and v.size > 1 for v in dataset.data_vars.values()):
        names = ", ".join(map(str, dataset.data_vars)) or "none"
        raise Unreadable(f"no variable of it lies on a grid (besides coordinates it has: {names})")


def _says_yes(value: Any) -> bool:
    return str(value).strip().lower() in ("yes", "true", "1")


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
