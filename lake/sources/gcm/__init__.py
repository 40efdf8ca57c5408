"""Climate runs as sets of CF NetCDF files: simulations (GCM), reanalyses of the Earth, idealised runs; to cubes.

Which run, and its files, is for the project to say: one TOML file a run, named in lake.toml by a pattern,

    [sources.gcm]
    runs = "gcm/*.toml"          # or a list of such: ["gcm/a.toml", "gcm/b.toml"]

or a table a run in lake.toml itself, [[sources.gcm.runs]]. The fields of both:

    planet = "Proxima Cen b"     # as core.planets knows it
    model = "ROCKE-3D"
    scenario = "aquaplanet"
    run = "r1"
    url = "https://.../one.nc"   # or a local path; classic, 64-bit offset, CDF-5 or NetCDF-4; or, of several files,
    # folder = "https://.../"
    # files = ["ANN*.aij*.nc"]   # names; where one is a pattern, the folder's listing is read first
    # kind = "simulation"        # or "reanalysis", "observed"
    # synthetic = false          # true where the numbers were made up to show the software
    # title, citation, licence   # else the file's own title and references
    # size, md5, sha256          # of url, where the archive gives them
    # [conditions]               # what was set: the columns of raw.gcm_runs, in their units
    # [gases]                    # moles in one mole of dry air: N2 = 0.79
    # [variables]                # which variable tells a quantity: surface_temperature = "air"
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from lake.errors import ConfigError, Refused, Unreadable
from lake.formats.netcdf import CLASSIC, HDF5
from lake.redact import redact
from lake.sources.contract import Answer, Answers, Cube, Facts, Part, Resource
from lake.sources.gcm import tables

if TYPE_CHECKING:
    import xarray as xr

    from lake.formats.netcdf.file import Omitted

FACTS = Facts(
    name="gcm",
    title="GCM simulations as CF NetCDF",
    homepage="https://cfconventions.org",
    licence="each run's own: see its citation",
    citation="each run's own",
    rate=1.0,
    refresh=90.0,
    domain="climate",
    cubes=True,
    sized=True,
)
READER = 6
TABLES = tables.TABLES  # beside the cubes
OPTIONS: dict[str, Any] = {"runs": []}

_NEEDED = ("planet", "model", "scenario", "run")
_OPTIONAL: Mapping[str, type] = {
    **dict.fromkeys(("url", "folder", "kind", "title", "citation", "licence", "md5", "sha256", "described_in"), str),
    **dict.fromkeys(("conditions", "gases", "variables"), dict),
    "files": list,
    "synthetic": bool,
    "size": int,
}
_KINDS = ("simulation", "reanalysis", "observed")
_SHOWN = (*tables.NAMES, "synthetic", "title", "citation", "licence", "described_in")
_TOLD = ("conditions", "gases", "variables")
_TYPES: Mapping[str, type | tuple[type, ...]] = {"text": str, "bigint": int, "double": (int, float)}
_PATTERN = re.compile(r"[*?\[]")


def resources(options: Mapping[str, Any], answers: Answers) -> Iterable[Resource]:
    """One for each file, named "planet/model/scenario/run/file"; first the listings of the folders that patterns need.

    Raises:
        ConfigError: a run has a field too few, too many or of another type, two files are the same, or no file of a
            folder has a name that was asked for.
    """
    found: dict[str, Resource] = {}
    for number, run in enumerate(options["runs"], 1):
        _fits(number, run)
        for one in _files(number, run, answers):
            if one.kind == "netcdf" and one.id in found:
                raise ConfigError(f"[[sources.gcm.runs]] names {one.id!r} twice", where=_where(run))
            found[one.id] = one
    return list(found.values())


def _files(number: int, run: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    if "url" in run:
        yield _file(run, _url(run["url"]), {name: run.get(name) for name in ("size", "md5", "sha256")})
        return
    folder = run["folder"].rstrip("/") + "/"
    names = list(run["files"])
    if patterns := [name for name in names if _PATTERN.search(name)]:
        shown = redact(folder)
        listing = Resource(f"listing/{shown}", folder, "listing", "html", {"folder": shown, "files": names})
        yield listing
        if (page := answers(listing.id)) is None:
            return
        there = _listed(page, folder)
        for pattern in patterns:
            if not fnmatch.filter(there, pattern):
                raise _unfit(number, run, f"no file of {redact(folder)} is called {pattern}")
        names = [name for name in there if _asked(name, names)]
    for name in names:
        yield _file(run, folder + quote(name), {})


def _url(text: str) -> str:
    """A URL; of an absolute path its file: URL. A relative one is for the fetcher, who knows lake.toml's folder."""
    return Path(text).as_uri() if text.startswith("/") else text


def _listed(page: Answer, folder: str) -> list[str]:
    from lake.formats import html_listing  # for whom a pattern names files

    names = html_listing.names(page.read_text(), folder)
    return [name for name in names if not name.endswith("/")]


def _asked(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _file(run: Mapping[str, Any], url: str, facts: Mapping[str, Any]) -> Resource:
    file = unquote(urlsplit(url).path).rpartition("/")[2]
    return Resource(
        id="/".join([*(run[name] for name in _NEEDED), file]),
        url=url,
        kind="netcdf",
        expects="netcdf",
        params={name: run[name] for name in (*_SHOWN, *_TOLD) if name in run} | {"file": file},
        **facts,
    )


def _fits(number: int, run: Mapping[str, Any]) -> None:
    """Refuse a description that is not one."""
    if not isinstance(run, Mapping):
        raise ConfigError(
            f"run {number} of [sources.gcm] runs is {run!r}, which is neither a table nor the name of a TOML file",
            where="lake.toml",
            next="the fields stand in docs/sources/gcm.md",
        )
    fields = {**dict.fromkeys(_NEEDED, str), **_OPTIONAL}
    for name, kind in fields.items():
        if (name in run or name in _NEEDED) and (not isinstance(run.get(name), kind) or run[name] == ""):
            problem = f"is {run[name]!r}, but must be of type {kind.__name__}" if name in run else "is missing"
            raise _unfit(number, run, f"{name} {problem}")
    if unknown := sorted(run.keys() - fields.keys()):
        raise _unfit(number, run, f"{unknown[0]!r} is not known; it takes {', '.join(fields)}")
    if ("url" in run) == ("folder" in run and bool(run.get("files"))):
        raise _unfit(number, run, "it needs a url, or a folder and files")
    if run.get("kind", _KINDS[0]) not in _KINDS:
        raise _unfit(number, run, f"kind is {run['kind']!r}, but must be {', '.join(_KINDS[:-1])} or {_KINDS[-1]}")
    for name, value in run.get("conditions", {}).items():
        if name not in (known := tables.CONDITIONS):
            raise _unfit(number, run, f"the condition {name!r} is not known; there are {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, _TYPES[known[name]]):
            raise _unfit(number, run, f"the condition {name} is {value!r}, but must be of type {known[name]}")
    for name in (*run.get("files", ()), *run.get("variables", {}).values()):
        if not isinstance(name, str) or not name:
            raise _unfit(number, run, f"{name!r} is no name of a file or variable")
    for gas, share in run.get("gases", {}).items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise _unfit(number, run, f"the share of {gas} is {share!r}, and must be between 0 and 1")


def _where(run: Mapping[str, Any]) -> str:
    return str(run.get("described_in", "lake.toml"))


def _unfit(number: int, run: Mapping[str, Any], what: str) -> ConfigError:
    return ConfigError(
        f"run {number} of [[sources.gcm.runs]] does not fit: {what}",
        where=_where(run),
        next="the fields stand in docs/sources/gcm.md",
    )


def check(resource: Resource, head: bytes) -> None:
    """Refuse what does not begin like NetCDF; of a listing, what has no links.

    Raises:
        Refused: with the reason.
    """
    if resource.kind == "listing":
        if b"href" not in head.lower():
            raise Refused("this page has no links, and is no listing of a folder", where=resource.url)
        return
    if not head.startswith((*CLASSIC, HDF5)):
        start = head[:1024].lstrip().lower()
        page = start.startswith((b"<!doctype html", b"<html")) or b"<html" in start
        what = "an HTML page" if page else f"bytes that begin with {head[:8]!r}"
        raise Refused(f"{what} came where NetCDF was asked for", where=resource.url)


def read(resource: Resource, answer: Answer) -> Iterator[Part | Cube]:
    """The file as one cube: its variables under their own names, as stored, what only says where set as coordinates.

    Facts beside those of lake.toml: ``dims`` {dimension: length}; ``grid`` (rectilinear, rotated, projected,
    curvilinear, unstructured, zonal, none); ``axes`` {"lat": variable ...}; ``levels`` [{name, kind, unit, order}];
    ``areas`` (where the weights come from, or why there are none); ``undated`` (why times stay numbers, or None).

    Variables of a type that no cube holds (compounds, lists of any length, opaque bytes) are rejects, by name.

    Raises:
        Unreadable: it is cut short, damaged, not NetCDF, declares more than a file of its size can hold, or holds
            nothing that lies on a grid.
    """
    from lake.sources.gcm import rows

    if resource.kind == "listing":
        folder, asked = resource.params["folder"], resource.params["files"]
        yield rows.listed(folder, {name: _asked(name, asked) for name in _listed(answer, folder)})
        return
    from lake.formats.netcdf import cell_area, cf
    from lake.formats.netcdf import file as netcdf_file

    with netcdf_file.open_dataset(answer) as (dataset, left):
        with netcdf_file.translate_errors(answer):
            grid = cf.grid(dataset)
            ancillary = grid.ancillary.union(cell_area.area_variables(dataset, grid))
            dataset = dataset.set_coords(sorted(ancillary & set(dataset.data_vars)))
            areas = cell_area.weights(dataset, grid, _radius(resource.params))
            undated = cf.time_problem(dataset, grid)
        _gridded(dataset, left)
        facts = {
            "kind": _KINDS[0],
            **{name: value for name, value in resource.params.items() if name not in _TOLD},
            "synthetic": bool(resource.params.get("synthetic")) or _says_yes(dataset.attrs.get("synthetic")),
            "title": resource.params.get("title") or _text(dataset.attrs.get("title")),
            "citation": resource.params.get("citation") or _text(dataset.attrs.get("references")),
            "dims": {str(name): int(length) for name, length in dataset.sizes.items()},
            "grid": grid.kind,
            "axes": dict(grid.axes),
            "levels": [{key: getattr(level, key) for key in level.__slots__} for level in grid.levels],
            "areas": areas.how,
            "undated": undated,
        }
        yield Cube(dataset, facts, areas.weights, areas.covers, rows.left_out(left) if left else None)
    told = {name: facts[name] for name in ("kind", "title", "citation")}
    yield from rows.described({**resource.params, **told})


def _radius(params: Mapping[str, Any]) -> float | None:
    """Of the run's planet, in m, where the description says it, or it is the Earth (mean radius of IUGG, 1980)."""
    if radius := params.get("conditions", {}).get("radius"):
        return float(radius) * 1e3
    return 6_371_008.8 if params.get("planet") == "Earth" else None


def _gridded(dataset: xr.Dataset, omitted: list[Omitted]) -> None:
    """Refuse a file in which no numbers depend on a dimension."""
    if not any(v.dtype.kind in "iuf" and v.ndim and v.size > 1 for v in dataset.data_vars.values()):
        names = ", ".join(map(str, dataset.data_vars)) or "none"
        why = "; ".join(item.reason for item in omitted[:3])
        raise Unreadable(f"no variable of it lies on a grid (besides coordinates it has: {names})", why=why)


def _says_yes(value: Any) -> bool:
    return str(value).strip().lower() in ("yes", "true", "1")


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
