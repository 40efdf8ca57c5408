"""The areas of a grid's cells, for means over a planet: the file's own, or those that follow from its latitudes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from lake.sources import cf
from lake.store import packing

if TYPE_CHECKING:
    import xarray as xr

_NAMES = re.compile(r"area|areacell[ao]?|axyp|dxyp|(grid_?)?cell_?area|grid_area|gw|gauss_?(wgt|weights?)", re.I)
_TEXTS = re.compile(
    r"(surface )?area of (a |the )?grid ?(cell|box)e?s?|(atmosphere )?grid[- ]?(cell|box) area|cell area"
    r"|gauss(ian)? weights?|latitude weights?",
    re.I,
)
_EVEN = 1e-4  # relative


def weights(dataset: xr.Dataset, grid: cf.Grid) -> tuple[xr.DataArray | None, str]:
    """Weights in proportion to cell area, finite and >= 0, over horizontal dimensions; and where they come from.

    From the first of: a variable of areas; the bounds of the latitudes; edges half way between them. The area between
    two latitudes of a sphere is in proportion to the difference of their sines. None, with the reason, where no such
    thing is there: a mean would then be of another quantity than it says.
    """
    for name in areas(dataset, grid):
        if (values := _own(dataset.variables[name])) is not None:
            return _array(dataset.variables[name].dims, values), f"the variable {name}"
    if grid.kind not in ("rectilinear", "rotated", "zonal"):
        where = "it has no horizontal grid" if grid.kind == "none" else f"none follow from its {grid.kind} grid"
        return None, f"not known: the file gives no cell areas, and {where}"
    return _from_latitudes(dataset, grid)


def areas(dataset: xr.Dataset, grid: cf.Grid) -> list[str]:
    """Variables that give the areas of cells, the most detailed first."""
    told = list(cf.measures(dataset))
    for name, variable in dataset.variables.items():
        standard, long = (str(variable.attrs.get(key, "")) for key in ("standard_name", "long_name"))
        if standard == "cell_area" or _NAMES.fullmatch(str(name)) or _TEXTS.fullmatch(long.strip()):
            told.append(str(name))
    fit = [
        name for name in dict.fromkeys(told) if dataset[name].ndim and set(dataset[name].dims) <= set(grid.horizontal)
    ]
    return sorted(fit, key=lambda name: -dataset[name].ndim)  # an area of each cell before one of each latitude


def _own(variable: xr.Variable) -> np.ndarray | None:
    if variable.dtype.kind not in "iuf":
        return None
    values = packing.of(variable.attrs, variable.dtype).decode(variable.values)
    values[np.isnan(values)] = 0.0  # cells that are not of this model: land in an ocean's file
    usable = np.isfinite(values).all() and (values >= 0).all() and values.any()
    return values if usable else None


def _from_latitudes(dataset: xr.Dataset, grid: cf.Grid) -> tuple[xr.DataArray | None, str]:
    name = grid.axes["lat"]
    radians = str(dataset.variables[name].attrs.get("units", "")).lower().startswith("rad")
    pole = np.pi / 2 if radians else 90.0
    edges, how = _edges(dataset, name, pole)
    if edges is None:
        return None, f"not known: {how}"
    if not np.isfinite(edges).all() or np.abs(edges).max() > pole * 1.001:
        return None, f"not known: {name} is not between the poles"
    edges = np.clip(edges / pole, -1, 1) * np.pi / 2
    bands = np.abs(np.diff(np.sin(edges), axis=-1)).reshape(-1)
    dims = tuple(dataset.variables[name].dims)
    widths = _widths(dataset, grid.axes.get("lon"))
    if widths is None:
        return _array(dims, bands), f"sines of {how}"
    return _array(
        (*dims, *dataset.variables[grid.axes["lon"]].dims), np.outer(bands, widths)
    ), f"sines of {how}, and widths of its longitudes"


def _edges(dataset: xr.Dataset, name: str, pole: float) -> tuple[np.ndarray | None, str]:
    """Pairs (n, 2) or n + 1 edges of a coordinate's cells, in its unit."""
    variable = dataset.variables[name]
    centres = _decoded(variable)
    for key in ("bounds", "edges"):
        bounds = dataset.variables.get(str(variable.attrs.get(key, "")))
        if bounds is not None and bounds.shape in ((variable.size, 2), (variable.size + 1,)):
            edges = _decoded(bounds)
            pairs = edges if edges.ndim == 2 else np.stack([edges[:-1], edges[1:]], axis=1)
            if np.isfinite(pairs).all() and np.all((pairs.min(axis=1) <= centres) & (centres <= pairs.max(axis=1))):
                return pairs, f"the bounds of {name}"
    steps = np.diff(centres)
    if not (np.all(steps > 0) or np.all(steps < 0)):
        return None, f"{name} neither rises nor falls throughout"
    return _between(centres, pole), f"{name}, edges half way between its values"


def _between(centres: np.ndarray, pole: float) -> np.ndarray:
    """Edges half way; the outer ones as far out as in, but at the pole where they come within half a step of it."""
    if centres.size == 1:
        return np.array([max(centres[0] - pole / 90, -pole), min(centres[0] + pole / 90, pole)])
    middle = (centres[1:] + centres[:-1]) / 2
    outer = []
    for centre, inner in ((centres[0], middle[0]), (centres[-1], middle[-1])):
        edge, half = 2 * centre - inner, abs(centre - inner)
        outer.append(np.copysign(pole, edge) if abs(edge) > pole - half else edge)
    return np.array([outer[0], *middle, outer[1]])


def _widths(dataset: xr.Dataset, name: str | None) -> np.ndarray | None:
    """Widths of the longitudes' cells where they are not all the same."""
    if name is None or dataset.variables[name].size < 3:
        return None
    edges, _ = _edges(dataset, name, np.inf)
    if edges is None:
        return None
    widths = np.abs(np.diff(edges, axis=-1)).reshape(-1)
    rounding = np.abs(edges).max() * np.finfo(np.float32).eps * 4  # of longitudes kept as float32
    return None if np.ptp(widths) <= max(_EVEN * widths.max(), rounding) else widths


def _decoded(variable: xr.Variable) -> np.ndarray:
    return packing.of(variable.attrs, variable.dtype).decode(variable.values)


def _array(dims: tuple, values: np.ndarray) -> xr.DataArray:
    import xarray as xr

    return xr.DataArray(values / values.mean(), dims=dims)
