"""Which variables of a NetCDF file are its latitude, longitude, level and time, whatever their names.

Evidence, the strongest first, by the CF conventions (1.11, chapter 4): units and standard_name, then ``axis`` (FMS:
``cartesian_axis``) and ``positive``, then the variable's name. Nothing is renamed, flipped or assumed: an axis without
evidence is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr

_STANDARD = {
    **dict.fromkeys(("latitude", "grid_latitude"), "lat"),
    **dict.fromkeys(("longitude", "grid_longitude"), "lon"),
    **dict.fromkeys(("projection_y_coordinate", "projection_y_angular_coordinate"), "y"),
    **dict.fromkeys(("projection_x_coordinate", "projection_x_angular_coordinate"), "x"),
    **dict.fromkeys(
        ("air_pressure", "altitude", "depth", "height", "model_level_number", "geopotential_height"), "level"
    ),
    "time": "time",
}
_STANDARD_LEVEL = re.compile(r"(atmosphere|ocean)_.*_coordinate|.*_(pressure|level)_?(number)?")
_UNITS = {
    "lat": re.compile(r"degrees?_?(n|north)", re.I),
    "lon": re.compile(r"degrees?_?(e|east)", re.I),
    "time": re.compile(r"\S+ +since +\S.*", re.I | re.S),
}
_PRESSURE = re.compile(r"(h|m|k|d)?pa(scals?)?|(m|milli|d|c|µ|u)?bars?|atm(ospheres?)?|mb", re.I)
_LENGTH = re.compile(r"(k|c)?m|(kilo)?met(er|re)s?", re.I)
_LAYERS = re.compile(r"(sigma_)?levels?|layers?", re.I)
_ANGLE = re.compile(r"(arc)?deg(ree)?s?|rad(ian)?s?", re.I)
_AXES = {"X": "lon", "Y": "lat", "Z": "level", "T": "time"}
_NAMES = {
    "lat": re.compile(
        r"(.*_)?([grstuv]?s?lat|latitudes?|xlat(_m)?|gr?id_yt|yt_ocean|nav_lat|yc|lats|rlat|lat\d)(_\w+)?", re.I
    ),
    "lon": re.compile(
        r"(.*_)?([grstuv]?s?lon|longitudes?|xlong?(_m)?|gr?id_xt|xt_ocean|nav_lon|xc|lons|rlon|lon\d)(_\w+)?", re.I
    ),
    "level": re.compile(
        r"([im]?lev(el)?s?|plev\d*|plm|ple|p(full|half|ressure|res)?|levels?_?\w*|model_level\w*|z(_?(full|half|c|g))?"
        r"|sigma|hybrid|(hybrid_)?height|alt(itude)?|depth|deptht?|bottom_top\w*|layers?|isobaric\w*|pressure\w*)",
        re.I,
    ),
    "time": re.compile(r"times?\d*|t|time_counter|month|season", re.I),
}
_TEXTS = {
    "lat": re.compile(r"\b(latitudes?|degrees north)\b", re.I),
    "lon": re.compile(r"\b(longitudes?|degrees east)\b", re.I),
}
_NDIM = {**dict.fromkeys(("lat", "lon"), (0, 1, 2)), **dict.fromkeys(("y", "x", "level"), (1,)), "time": (0, 1)}
_DOWNWARD = {"pressure": True, "sigma": True, "depth": True, "height": False}
_BOUNDS = re.compile(r"(?P<of>.+)_(bnds|bounds)|(bnds|bounds)_(?P<of2>.+)", re.I)
_CONNECTIVITY = re.compile(r"mesh_topology|\w+[_ ]connectivity")


@dataclass(frozen=True, slots=True)
class Level:
    """A vertical coordinate as it is in the file; its order is never reversed."""

    name: str
    kind: str  # pressure | height | depth | sigma | hybrid | index
    unit: str | None
    order: str  # which end comes first: "top first" | "bottom first" | "not known"


@dataclass(frozen=True, slots=True)
class Grid:
    """The horizontal grid, axes and levels of a file."""

    kind: str  # rectilinear | rotated | projected | curvilinear | unstructured | zonal | none
    axes: Mapping[str, str]  # {"lat": variable, "lon": ..., "level": ..., "time": ...}: those in the file
    horizontal: tuple[str, ...]  # dimensions
    levels: tuple[Level, ...] = ()
    ancillary: frozenset[str] = field(
        default=frozenset()
    )  # variables of coordinates, bounds, areas and mappings, not of data


def axis_of(name: str, variable: xr.Variable) -> str | None:
    """Which axis a variable's values measure: "lat", "lon", "y", "x", "level", "time", or None."""
    attrs = {key: _text(variable.attrs.get(key)) for key in ("units", "standard_name", "long_name", "positive")}
    units, standard = attrs["units"], attrs["standard_name"]
    if standard.startswith("forecast_"):  # start and length of a forecast
        return None
    for axis, pattern in _UNITS.items():
        if pattern.fullmatch(units):
            return axis
    if standard in _STANDARD:
        return _STANDARD[standard]
    if variable.ndim == 1 and _STANDARD_LEVEL.fullmatch(standard):
        return "level"
    return _by_axis(variable, units) or _by_name(name, variable, attrs)


def _by_axis(variable: xr.Variable, units: str) -> str | None:
    axis = _AXES.get(_text(variable.attrs.get("axis") or variable.attrs.get("cartesian_axis")).upper())
    if axis in ("lat", "lon") and units and not _ANGLE.fullmatch(units):
        return {"lat": "y", "lon": "x"}[axis]
    return axis


def _by_name(name: str, variable: xr.Variable, attrs: Mapping[str, str]) -> str | None:
    if variable.ndim > 2 or variable.dtype.kind not in "iuf":
        return None
    level = variable.ndim == 1 and (name in variable.dims or attrs["positive"].lower() in ("up", "down"))
    if level and (attrs["positive"].lower() in ("up", "down") or _PRESSURE.fullmatch(attrs["units"])):
        return "level"
    if level and (_LAYERS.fullmatch(attrs["units"]) or _NAMES["level"].fullmatch(name)):
        return "level"
    if name in variable.dims and _NAMES["time"].fullmatch(name):
        return "time"
    for axis in ("lat", "lon"):
        description = " ".join((attrs["units"], attrs["long_name"]))
        if _NAMES[axis].fullmatch(name) and (_ANGLE.fullmatch(attrs["units"]) or not attrs["units"]):
            return axis
        if _TEXTS[axis].search(description) and (name in variable.dims or _NAMES[axis].fullmatch(name)):
            return axis
    return None


def grid(dataset: xr.Dataset) -> Grid:
    """The axes of a file that was opened without decoding.

    Of several variables for one axis, the one whose dimensions carry most data is taken: cell edges and staggered grids
    come after it.
    """
    referenced = _referenced(dataset)
    detected = {
        str(name): axis_of(str(name), variable)
        for name, variable in dataset.variables.items()
        if name not in referenced
    }
    coordinates = {
        name: axis for name, axis in detected.items() if axis and dataset.variables[name].ndim in _NDIM[axis]
    }
    data = [v for name, v in dataset.variables.items() if name not in referenced and name not in coordinates and v.ndim]
    axes = {}
    for axis in ("lat", "lon", "y", "x", "level", "time"):
        names = [name for name, kind in coordinates.items() if kind == axis] + _auxiliary(dataset, referenced, axis)
        if names:
            axes[axis] = max(sorted(names), key=lambda name: _use(dataset, name, data))
    kind, horizontal = _kind(dataset, axes)
    levels = tuple(
        _level(name, dataset.variables[name]) for name, axis in sorted(coordinates.items()) if axis == "level"
    )
    return Grid(kind, axes, horizontal, levels, frozenset(referenced | set(coordinates)))


def time_problem(dataset: xr.Dataset, grid: Grid) -> str | None:
    """Why the file's times cannot be decoded to dates; None if they can, or if there are none."""
    import xarray as xr

    name = grid.axes.get("time")
    if name is None or not dataset.variables[name].size:
        return None
    variable = dataset.variables[name]
    units, calendar = _text(variable.attrs.get("units")), _text(variable.attrs.get("calendar"))
    description = f"{name} has {f'the unit {units!r}' if units else 'no unit'}" + (
        f", the calendar {calendar!r}" if calendar else ""
    )
    if "since" not in units.lower():
        return description
    try:
        xr.decode_cf(xr.Dataset({"t": ("t", variable.values.ravel()[[0, -1]], variable.attrs)})).load()
    except Exception as error:  # cftime and numpy raise several kinds
        return f"{description}: {error}".splitlines()[0][:200]
    return None


def _auxiliary(dataset: xr.Dataset, referenced: set[str], axis: str) -> list[str]:
    """Auxiliary coordinates of an axis: a mesh's faces, a curvilinear grid's latitudes, the time of a mean."""
    edges = {name for v in dataset.variables.values() for name in _names(v.attrs, ("bounds", "climatology", "edges"))}
    return [name for name in sorted(referenced - edges) if axis_of(name, dataset.variables[name]) == axis]


def _use(dataset: xr.Dataset, name: str, data: list[xr.Variable]) -> tuple[int, bool]:
    """The number of values on a coordinate's dimensions; then whether it is a dimension coordinate."""
    dims = dataset.variables[name].dims
    return sum(v.size for v in data if dims and set(dims) <= set(v.dims)), name in dims


def _kind(dataset: xr.Dataset, axes: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    lat, lon = (dataset.variables[axes[axis]] if axis in axes else None for axis in ("lat", "lon"))
    if lat is not None and lon is not None:
        if lat.ndim == 2:
            return "curvilinear", tuple(map(str, lat.dims))
        if lat.ndim == 1 and lat.dims == lon.dims:
            return "unstructured", tuple(map(str, lat.dims))
        if lat.ndim == 1 and lon.ndim == 1:
            rotated = _text(lat.attrs.get("standard_name")) == "grid_latitude"
            return "rotated" if rotated else "rectilinear", (str(lat.dims[0]), str(lon.dims[0]))
    elif lat is not None and lat.ndim == 1:
        return "zonal", (str(lat.dims[0]),)
    if "y" in axes and "x" in axes:
        dims = [dataset.variables[axes[axis]].dims for axis in "yx"]
        return "projected", tuple(str(dim) for names in dims for dim in names)
    return "none", ()


def _level(name: str, variable: xr.Variable) -> Level:
    units = _text(variable.attrs.get("units"))
    names = " ".join([*(_text(variable.attrs.get(key)) for key in ("standard_name", "long_name")), name]).lower()
    evidence = {
        "hybrid": "hybrid" in names,
        "sigma": "sigma" in names,
        "pressure": bool(_PRESSURE.fullmatch(units)),
        "depth": "depth" in names and bool(_LENGTH.fullmatch(units)),
        "height": bool(_LENGTH.fullmatch(units)),
    }
    kind = next((kind for kind, matches in evidence.items() if matches), "index")
    return Level(name, kind, units or None, _order(variable, kind))


def _order(variable: xr.Variable, kind: str) -> str:
    positive = _text(variable.attrs.get("positive")).lower()
    down = {"up": False, "down": True}.get(positive, _DOWNWARD.get(kind))
    if down is None or variable.ndim != 1 or variable.size < 2:
        return "not known"
    first, last = variable[0].values, variable[-1].values
    if first == last:
        return "not known"
    return "top first" if (first < last) == down else "bottom first"


def _referenced(dataset: xr.Dataset) -> set[str]:
    """Variables that others name as their bounds, coordinates, mapping, areas or mesh."""
    names: set[str] = set()
    for name, variable in dataset.variables.items():
        names |= set(_names(variable.attrs, ("bounds", "climatology", "edges", "coordinates", "grid_mapping")))
        names |= set(_measures(variable.attrs).values())
        if "cf_role" in variable.attrs and _CONNECTIVITY.fullmatch(_text(variable.attrs["cf_role"])):
            names |= {
                str(name),
                *_names(variable.attrs, [key for key in variable.attrs if key.endswith("_coordinates")]),
            }
        if "grid_mapping_name" in variable.attrs:
            names.add(str(name))
        if match := _BOUNDS.fullmatch(str(name)):
            names |= {str(name)} if (match["of"] or match["of2"]) in dataset.variables else set()
    return {name for name in names if name in dataset.variables}


def cell_area_names(dataset: xr.Dataset) -> Iterator[str]:
    """Variables that others name as the area of their cells (CF 7.2)."""
    for variable in dataset.variables.values():
        name = _measures(variable.attrs).get("area")
        if name is not None and name in dataset.variables:
            yield name


def _measures(attrs: Mapping[str, Any]) -> dict[str, str]:
    return dict(re.findall(r"(\w+):\s+(\S+)", _text(attrs.get("cell_measures"))))


def _names(attrs: Mapping[str, Any], keys: Iterable[str]) -> list[str]:
    """The words of attributes; "crs: x y" of an extended grid_mapping without its colon."""
    return [word.rstrip(":") for key in keys for word in _text(attrs.get(key)).split()]


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
