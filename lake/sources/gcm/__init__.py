"""Climate runs as sets of CF NetCDF files: simulations (GCM), reanalyses of the Earth, idealised runs; to cubes.

The project describes its runs and their files: one TOML file a run, which lake.toml names by a pattern,

    [sources.gcm]
    runs = "gcm/*.toml"          # or a list of such: ["gcm/a.toml", "gcm/b.toml"]

or a table a run in lake.toml itself, [[sources.gcm.runs]]. The fields of both:

    planet = "Proxima Cen b"     # as in core.planets
    model = "ROCKE-3D"
    scenario = "aquaplanet"
    run = "r1"
    url = "https://.../one.nc"   # or a local path; classic, 64-bit offset, CDF-5 or NetCDF-4; or, of several files,
    # folder = "https://.../"
    # files = ["ANN*.aij*.nc"]   # names or patterns; for a pattern the folder's listing is read first
    # kind = "simulation"        # or "reanalysis", "observed"
    # synthetic = false          # true if the numbers were made up to show the software
    # title, citation, licence   # else the file's own title and references
    # size, md5, sha256          # of url, if the archive publishes them
    # [conditions]               # the run's settings: columns of raw.gcm_runs, in their units
    # [gases]                    # moles in one mole of dry air: N2 = 0.79
    # [variables]                # which variable holds a quantity: surface_temperature = "air"
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
READER = 7
TABLES = tables.TABLES  # besides the cubes
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
_TABLES_OF_RUN = ("conditions", "gases", "variables")
_TYPES: Mapping[str, type | tuple[type, ...]] = {"text": str, "bigint": int, "double": (int, float)}
_PATTERN = re.compile(r"[*?\[]")


def resources(options: Mapping[str, Any], answers: Answers) -> Iterable[Resource]:
    """One for each file, named "planet/model/scenario/run/file"; first the listings that patterns need.

    Raises:
        ConfigError: a run has a missing, unknown or wrongly typed field, a file is named twice, or no file of a
            folder matches a pattern.
    """
    by_id: dict[str, Resource] = {}
    for number, run in enumerate(options["runs"], 1):
        _validate(number, run)
        for resource in _files(number, run, answers):
            if resource.kind == "netcdf" and resource.id in by_id:
                raise ConfigError(f"[[sources.gcm.runs]] names {resource.id!r} twice", where=_where(run))
            by_id[resource.id] = resource
    return list(by_id.values())


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
        listed = _listed(page, folder)
        for pattern in patterns:
            if not fnmatch.filter(listed, pattern):
                raise _invalid(number, run, f"no file of {redact(folder)} matches {pattern}")
        names = [name for name in listed if _matches(name, names)]
    for name in names:
        yield _file(run, folder + quote(name), {})


def _url(text: str) -> str:
    """A URL; an absolute path becomes a file: URL. The fetcher resolves a relative path against lake.toml's folder."""
    return Path(text).as_uri() if text.startswith("/") else text


def _listed(page: Answer, folder: str) -> list[str]:
    from lake.formats import html_listing

    names = html_listing.names(page.read_text(), folder)
    return [name for name in names if not name.endswith("/")]


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _file(run: Mapping[str, Any], url: str, facts: Mapping[str, Any]) -> Resource:
    file = unquote(urlsplit(url).path).rpartition("/")[2]
    return Resource(
        id="/".join([*(run[name] for name in _NEEDED), file]),
        url=url,
        kind="netcdf",
        expects="netcdf",
        params={name: run[name] for name in (*_SHOWN, *_TABLES_OF_RUN) if name in run} | {"file": file},
        **facts,
    )


def _validate(number: int, run: Mapping[str, Any]) -> None:
    """Refuse an invalid description of a run."""
    if not isinstance(run, Mapping):
        raise ConfigError(
            f"run {number} of [sources.gcm] runs is {run!r}, which is neither a table nor the path of a TOML file",
            where="lake.toml",
            next="docs/sources/gcm.md lists the fields",
        )
    fields = {**dict.fromkeys(_NEEDED, str), **_OPTIONAL}
    for name, kind in fields.items():
        if (name in run or name in _NEEDED) and (not isinstance(run.get(name), kind) or run[name] == ""):
            problem = f"is {run[name]!r}, but must be of type {kind.__name__}" if name in run else "is missing"
            raise _invalid(number, run, f"{name} {problem}")
    if unknown := sorted(run.keys() - fields.keys()):
        raise _invalid(number, run, f"{unknown[0]!r} is unknown; it takes {', '.join(fields)}")
    if ("url" in run) == ("folder" in run and bool(run.get("files"))):
        raise _invalid(number, run, "it needs a url, or a folder and files")
    if run.get("kind", _KINDS[0]) not in _KINDS:
        raise _invalid(number, run, f"kind is {run['kind']!r}, but must be {', '.join(_KINDS[:-1])} or {_KINDS[-1]}")
    for name, value in run.get("conditions", {}).items():
        if name not in (types := tables.CONDITIONS):
            raise _invalid(number, run, f"the condition {name!r} is unknown; the conditions are {', '.join(types)}")
        if isinstance(value, bool) or not isinstance(value, _TYPES[types[name]]):
            raise _invalid(number, run, f"the condition {name} is {value!r}, but must be of type {types[name]}")
    for name in (*run.get("files", ()), *run.get("variables", {}).values()):
        if not isinstance(name, str) or not name:
            raise _invalid(number, run, f"{name!r} is not the name of a file or variable")
    for gas, share in run.get("gases", {}).items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise _invalid(number, run, f"the share of {gas} is {share!r}, but must be between 0 and 1")


def _where(run: Mapping[str, Any]) -> str:
    return str(run.get("described_in", "lake.toml"))


def _invalid(number: int, run: Mapping[str, Any], what: str) -> ConfigError:
    return ConfigError(
        f"run {number} of [[sources.gcm.runs]] is not valid: {what}",
        where=_where(run),
        next="docs/sources/gcm.md lists the fields",
    )


def check(resource: Resource, head: bytes) -> None:
    """Refuse what does not begin like NetCDF, and a listing without links.

    Raises:
        Refused: with the reason.
    """
    if resource.kind == "listing":
        if b"href" not in head.lower():
            raise Refused("the page is not a listing of a folder: it has no links", where=resource.url)
        return
    if not head.startswith((*CLASSIC, HDF5)):
        start = head[:1024].lstrip().lower()
        page = start.startswith((b"<!doctype html", b"<html")) or b"<html" in start
        what = "an HTML page" if page else f"bytes that begin with {head[:8]!r}"
        raise Refused(f"the answer is not NetCDF but {what}", where=resource.url)


def read(resource: Resource, answer: Answer) -> Iterator[Part | Cube]:
    """The file as one cube: its variables under their own names, as stored; those that only locate become coordinates.

    Facts besides those of lake.toml: ``dims`` {dimension: length}; ``grid`` (rectilinear, rotated, projected,
    curvilinear, unstructured, zonal, none); ``axes`` {"lat": variable ...}; ``levels`` [{name, kind, unit, order}];
    ``areas`` (where the weights come from, or why it has none); ``undated`` (why times stay numbers, or None).

    Variables of a type that a cube cannot hold (compounds, lists of any length, opaque bytes) are rejects, by name.

    Raises:
        Unreadable: it is truncated, damaged, not NetCDF, declares more than a file of its size can hold, or holds
            nothing that is on a grid.
    """
    from lake.sources.gcm import rows

    if resource.kind == "listing":
        folder, patterns = resource.params["folder"], resource.params["files"]
        yield rows.listing(folder, {name: _matches(name, patterns) for name in _listed(answer, folder)})
        return
    from lake.formats.netcdf import cell_area, cf
    from lake.formats.netcdf import file as netcdf_file

    with netcdf_file.open_dataset(answer) as (dataset, omitted):
        with netcdf_file.translate_errors(answer):
            grid = cf.grid(dataset)
            ancillary = grid.ancillary.union(cell_area.area_variables(dataset, grid))
            dataset = dataset.set_coords(sorted(ancillary & set(dataset.data_vars)))
            areas = cell_area.weights(dataset, grid, _radius(resource.params))
            undated = cf.time_problem(dataset, grid)
        _check_gridded(dataset, omitted)
        facts = {
            "kind": _KINDS[0],
            **{name: value for name, value in resource.params.items() if name not in _TABLES_OF_RUN},
            "synthetic": bool(resource.params.get("synthetic")) or _is_yes(dataset.attrs.get("synthetic")),
            "title": resource.params.get("title") or _text(dataset.attrs.get("title")),
            "citation": resource.params.get("citation") or _text(dataset.attrs.get("references")),
            "dims": {str(name): int(length) for name, length in dataset.sizes.items()},
            "grid": grid.kind,
            "axes": dict(grid.axes),
            "levels": [{key: getattr(level, key) for key in level.__slots__} for level in grid.levels],
            "areas": areas.how,
            "undated": undated,
        }
        yield Cube(dataset, facts, areas.weights, areas.covers, rows.omitted(omitted) if omitted else None)
    described = {name: facts[name] for name in ("kind", "title", "citation")}
    yield from rows.of_run({**resource.params, **described})


def _radius(params: Mapping[str, Any]) -> float | None:
    """Of the run's planet, in m: from the description, or of the Earth (mean radius of IUGG, 1980); None if unknown."""
    if radius := params.get("conditions", {}).get("radius"):
        return float(radius) * 1e3
    return 6_371_008.8 if params.get("planet") == "Earth" else None


def _check_gridded(dataset: xr.Dataset, omitted: list[Omitted]) -> None:
    """Refuse a file in which no numbers depend on a dimension."""
    if not any(v.dtype.kind in "iuf" and v.ndim and v.size > 1 for v in dataset.data_vars.values()):
        names = ", ".join(map(str, dataset.data_vars)) or "none"
        why = "; ".join(item.reason for item in omitted[:3])
        raise Unreadable(f"none of its variables is on a grid (besides coordinates it has: {names})", why=why)


def _is_yes(value: Any) -> bool:
    return str(value).strip().lower() in ("yes", "true", "1")


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
