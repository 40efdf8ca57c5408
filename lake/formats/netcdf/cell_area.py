"""The areas of a grid's cells, for means over a planet: the file's own, or derived from its latitudes."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lake.formats.netcdf import cf, sphere
from lake.store import cf_packing

if TYPE_CHECKING:
    import xarray as xr

_NAMES = re.compile(r"area|areacell[ao]?|axyp|dxyp|(grid_?)?cell_?area|grid_area|gw|gauss_?(wgt|weights?)", re.I)
_TEXTS = re.compile(
    r"(surface )?area of (a |the )?grid ?(cell|box)e?s?|(atmosphere )?grid[- ]?(cell|box) area|cell area"
    r"|gauss(ian)? weights?|latitude weights?",
    re.I,
)
_EVEN = 1e-4  # relative
_MOST = 1 << 26  # cells whose areas are computed one by one, in memory
_SQUARES = {"m": 1.0, "km": 1e6, "cm": 1e-4}  # square metres
_SQUARE = re.compile(r"(k|c)?m(?:et(?:er|re)s?)?(?:\^|\*\*)?2|square (kilo)?m(?:et(?:er|re)s?)?", re.I)
_SOLID = re.compile(r"sr|steradians?|rad(ians?)?(\^|\*\*)?2|square radians?", re.I)
_ZONAL = re.compile(r"\b(lon\w*|zonal|grid_longitude): mean\b", re.I)
_RADII = ("earth_radius", "sphere_radius", "semi_major_axis")  # m: CF's grid mappings, MPAS


class Areas(NamedTuple):
    """The areas of the cells, as far as they are known.

    ``weights`` are proportional to area, finite and >= 0, over horizontal dimensions. ``covers`` is the share of the
    sphere that the cells with a weight cover together, None if unknown. ``how`` says how both were derived, or why they
    could not be.
    """

    weights: xr.DataArray | None
    covers: float | None
    how: str


_TOO_MANY = Areas(None, None, "not known: the grid has too many cells for areas of each")


def weights(dataset: xr.Dataset, grid: cf.Grid, radius: float | None = None) -> Areas:
    """Areas from the first of: a variable of areas; bounds; corners; edges half way between latitudes.

    Cells that a file repeats (the column at 360 is the one at 0) count once. Without any of these there are no weights,
    and the reason is given: an unweighted mean would be of another quantity.

    Args:
        radius: of the planet, in m; converts areas in m2 to a share of the sphere if the grid itself does not give it.
    """
    if grid.kind in ("rectilinear", "rotated", "zonal"):
        shares = _of_rows(dataset, grid)
    elif math.prod(dataset.sizes[dim] for dim in grid.horizontal) > _MOST:
        return _TOO_MANY
    elif grid.kind in ("curvilinear", "unstructured"):
        shares = _of_corners(dataset, grid)
    else:
        where = "it has no horizontal grid" if grid.kind == "none" else f"none follow from its {grid.kind} grid"
        shares = Areas(None, None, f"not known: the file gives no cell areas, and {where}")
    for name in area_variables(dataset, grid):
        if (values := _own(dataset.variables[name])) is not None:
            return _from_variable(dataset, grid, name, values, shares, radius)
    return shares


def area_variables(dataset: xr.Dataset, grid: cf.Grid) -> list[str]:
    """Variables with the areas of cells, the most detailed first."""
    candidates = list(cf.cell_area_names(dataset))
    for name, variable in dataset.variables.items():
        standard, long = (str(variable.attrs.get(key, "")) for key in ("standard_name", "long_name"))
        if standard == "cell_area" or _NAMES.fullmatch(str(name)) or _TEXTS.fullmatch(long.strip()):
            candidates.append(str(name))
    rows = set(grid.horizontal[:1])
    fit = [
        name for name in dict.fromkeys(candidates) if rows and rows <= set(dataset[name].dims) <= set(grid.horizontal)
    ]
    return sorted(fit, key=lambda name: -dataset[name].ndim)  # an area per cell before one per latitude


def _own(variable: xr.Variable) -> np.ndarray | None:
    if variable.dtype.kind not in "iuf" or variable.size > _MOST:
        return None
    values = cf_packing.of(variable.attrs, variable.dtype).decode(variable.values)
    values[np.isnan(values)] = 0.0  # cells outside the model: land in an ocean's file
    usable = np.isfinite(values).all() and (values >= 0).all() and values.any()
    return values if usable else None


def _from_variable(
    dataset: xr.Dataset, grid: cf.Grid, name: str, own: np.ndarray, shares: Areas, radius: float | None
) -> Areas:
    """The file's own areas; the share of the sphere follows from the grid, or from the planet's radius."""
    variable = dataset.variables[name]
    areas, how = _data(own, variable.dims), f"the variable {name}"
    if shares.weights is not None:
        if len(variable.dims) < len(grid.horizontal) and len(shares.weights.dims) > len(variable.dims):
            rows = shares.weights.sum([dim for dim in shares.weights.dims if dim not in variable.dims])
            areas = shares.weights * (areas / rows.where(rows > 0)).fillna(0.0)  # rows, over columns of any width
        else:
            areas = areas * (shares.weights > 0)
        covered = float(shares.weights.where(areas > 0, 0.0).mean() / shares.weights.mean()) if areas.any() else 0.0
        if covered:
            covers = None if shares.covers is None else shares.covers * covered
            return Areas(_array(areas), covers, how)
    areas = areas.where(~_repeated(dataset, grid), 0.0) if set(variable.dims) == set(grid.horizontal) else areas
    if not areas.any():
        return Areas(None, None, f"not known: {name} has no area")
    sphere_area = _sphere(str(variable.attrs.get("units", "")).strip(), radius or _radius(dataset))
    covers = float(areas.sum()) / sphere_area if sphere_area and set(variable.dims) == set(grid.horizontal) else None
    if covers is not None and covers > 1 + 1e-2:
        return Areas(_array(areas), None, f"{how}, which come to {covers:.3g} times the sphere")
    return Areas(_array(areas), covers if covers is None else min(covers, 1.0), how)


def _sphere(unit: str, radius: float | None) -> float | None:
    """The area of the sphere in the unit of a variable; None if it is relative, or the radius is unknown."""
    if _SOLID.fullmatch(unit):
        return 4 * math.pi
    if radius and (match := _SQUARE.fullmatch(unit)):
        length = "km" if match[2] else f"{match[1] or ''}m".lower()
        return 4 * math.pi * radius**2 / _SQUARES[length]
    return None


def _radius(dataset: xr.Dataset) -> float | None:
    """The radius of the planet in m, from the file's attributes."""
    for attrs in (dataset.attrs, *(v.attrs for v in dataset.variables.values() if "grid_mapping_name" in v.attrs)):
        for key in _RADII:
            value = attrs.get(key)
            if isinstance(value, (int, float, np.number)) and math.isfinite(value) and value > 0:
                return float(value)
    return None


def _of_rows(dataset: xr.Dataset, grid: cf.Grid) -> Areas:
    """For a grid of rows and columns: each row's share of the sphere times each column's share of the circle."""
    name = grid.axes["lat"]
    latitudes = _angles(dataset, name)
    if not np.isfinite(latitudes).all() or latitudes.size == 0 or np.abs(latitudes).max() > sphere.POLE * 1.001:
        return Areas(None, None, f"not known: {name} is not between the poles")
    edges = _edges(dataset, name, latitudes)
    if edges is not None and np.abs(edges).max() > sphere.POLE * 1.001:
        return Areas(None, None, f"not known: {name} is not between the poles")
    bands = sphere.row_shares(latitudes, edges)
    how = (
        f"sines of the bounds of {name}" if edges is not None else f"sines of {name}, edges half way between its values"
    )
    if bands is None or not bands.any():
        return Areas(None, None, f"not known: {name} has one value and no bounds")
    arcs = _columns(dataset, grid)
    rows = _labelled(dataset, name, bands)
    if arcs is None or not arcs.any():
        return Areas(_array(rows), None, f"{how}; the width of its one column is not known")
    covers = min(float(math.fsum(bands) * math.fsum(arcs)), 1.0)
    rounding = 8 * np.finfo(np.float32).eps  # of longitudes stored as float32
    if np.ptp(arcs) <= max(_EVEN * arcs.max(), rounding):
        return Areas(_array(rows), covers, how)
    if bands.size * arcs.size > _MOST:
        return _TOO_MANY
    return Areas(
        _array(rows * _labelled(dataset, grid.axes["lon"], arcs)), covers, f"{how}, and widths of its longitudes"
    )


def _columns(dataset: xr.Dataset, grid: cf.Grid) -> np.ndarray | None:
    """The share of the circle in each column: all of it without columns, or after a zonal mean."""
    name = grid.axes.get("lon")
    if name is None:
        return np.ones(1)
    longitudes = _angles(dataset, name)
    if not np.isfinite(longitudes).all():
        return None
    shares = sphere.column_shares(longitudes, _edges(dataset, name, longitudes)) if longitudes.size else None
    if shares is None and any(_ZONAL.search(str(v.attrs.get("cell_methods", ""))) for v in dataset.variables.values()):
        return np.ones(1)
    return shares


def _of_corners(dataset: xr.Dataset, grid: cf.Grid) -> Areas:
    """For a grid of polygons: CF's bounds of two-dimensional coordinates, or UGRID's nodes of faces."""
    corners = _vertices(dataset, grid) or _nodes(dataset, grid)
    if corners is None:
        return Areas(None, None, f"not known: the file gives no cell areas, and none follow from its {grid.kind} grid")
    shares = sphere.polygon_shares(*(angles.reshape(-1, angles.shape[-1]) for angles in corners))
    repeated = _repeated(dataset, grid)
    shares = np.where(np.isfinite(shares), shares, 0.0).reshape(repeated.shape) * ~repeated
    covers = float(math.fsum(shares.ravel()))
    how = f"the corners of its cells, around {grid.axes['lat']} and {grid.axes['lon']}"
    if not 0 < covers <= 1 + 1e-2:
        return Areas(None, None, f"not known: {how} come to {covers:.3g} times the sphere")
    return Areas(_array(_data(shares, grid.horizontal)), min(covers, 1.0), how)


def _vertices(dataset: xr.Dataset, grid: cf.Grid) -> tuple[np.ndarray, np.ndarray] | None:
    """Corners of the cells, by CF's bounds of two-dimensional coordinates."""
    corners = []
    for axis in ("lat", "lon"):
        centre = dataset.variables[grid.axes[axis]]
        bounds = dataset.variables.get(str(centre.attrs.get("bounds", "")))
        if bounds is None or bounds.shape[:-1] != centre.shape or bounds.ndim != centre.ndim + 1:
            return None
        if not 3 <= bounds.shape[-1] <= 64 or bounds.dtype.kind not in "iuf" or bounds.size > 8 * _MOST:
            return None
        corners.append(_degrees(bounds, centre))
    lat, lon = corners
    return (lat, lon) if lat.shape == lon.shape else None


def _nodes(dataset: xr.Dataset, grid: cf.Grid) -> tuple[np.ndarray, np.ndarray] | None:
    """Corners of the faces of a UGRID mesh, by its face_node_connectivity."""
    for variable in dataset.variables.values():
        faces = dataset.variables.get(str(variable.attrs.get("face_node_connectivity", "")))
        nodes = str(variable.attrs.get("node_coordinates", "")).split()
        if faces is None or faces.ndim != 2 or not nodes or faces.dims[0] not in grid.horizontal:
            continue
        axes = {cf.axis_of(name, dataset.variables[name]): name for name in nodes if name in dataset.variables}
        if not {"lat", "lon"} <= axes.keys() or faces.size > 8 * _MOST:
            continue
        index = _decoded(faces)
        start = faces.attrs.get("start_index", 0)
        index = index - (float(start) if isinstance(start, (int, float, np.number)) else 0.0)
        exists = np.isfinite(index) & (index >= 0) & (index < dataset.variables[axes["lat"]].size)
        node = np.where(exists, index, 0).astype(np.int64)
        lat, lon = (np.where(exists, _angles(dataset, axes[axis])[node], np.nan) for axis in ("lat", "lon"))
        return lat, lon
    return None


def _repeated(dataset: xr.Dataset, grid: cf.Grid) -> np.ndarray:
    """Which cells of a curvilinear or unstructured grid repeat an earlier one."""
    if grid.kind not in ("curvilinear", "unstructured"):
        return np.zeros((), bool)
    lat, lon = (_angles(dataset, grid.axes[axis]) for axis in ("lat", "lon"))
    if lat.shape != lon.shape:
        return np.zeros(lat.shape, bool)
    return sphere.repeated_cells(lat.ravel(), lon.ravel()).reshape(lat.shape)


def _edges(dataset: xr.Dataset, name: str, centres: np.ndarray) -> np.ndarray | None:
    """Pairs of edges of a coordinate's cells, in degrees, if the file has edges that enclose its values."""
    variable = dataset.variables[name]
    for key in ("bounds", "edges"):
        bounds = dataset.variables.get(str(variable.attrs.get(key, "")))
        if bounds is None or bounds.dtype.kind not in "iuf":
            continue
        if bounds.shape in ((variable.size, 2), (variable.size + 1,)):
            edges = _degrees(bounds, variable)
            pairs = edges if edges.ndim == 2 else np.stack([edges[:-1], edges[1:]], axis=1)
            if np.isfinite(pairs).all() and _between(pairs, centres):
                return pairs
    return None


def _between(pairs: np.ndarray, centres: np.ndarray) -> bool:
    """Whether each centre lies between its edges, modulo 360 degrees."""
    offset = (centres - pairs.min(axis=1)) % sphere.CIRCLE
    width = np.ptp(pairs, axis=1)
    inside = (pairs.min(axis=1) <= centres) & (centres <= pairs.max(axis=1))
    return bool(np.all(inside | (offset <= width) | (width > sphere.CIRCLE / 2)))


def _angles(dataset: xr.Dataset, name: str) -> np.ndarray:
    """A coordinate's values in degrees."""
    return _degrees(dataset.variables[name], dataset.variables[name])


def _degrees(variable: xr.Variable, coordinate: xr.Variable) -> np.ndarray:
    """Angles in degrees; bounds without a unit have that of their coordinate."""
    unit = str(variable.attrs.get("units") or coordinate.attrs.get("units") or "").strip().lower()
    values = _decoded(variable)
    return np.degrees(values) if unit.startswith("rad") else values


def _decoded(variable: xr.Variable) -> np.ndarray:
    return cf_packing.of(variable.attrs, variable.dtype).decode(variable.values)


def _labelled(dataset: xr.Dataset, name: str, values: np.ndarray) -> xr.DataArray:
    return _data(values, dataset.variables[name].dims)


def _data(values: np.ndarray, dims: tuple[Hashable, ...]) -> xr.DataArray:
    import xarray as xr

    return xr.DataArray(values, dims=dims)


def _array(areas: xr.DataArray) -> xr.DataArray:
    """Areas relative to their mean."""
    relative: xr.DataArray = areas / areas.values.mean()
    return relative
