"""How much of a sphere cells cover, from their centres, edges or corners. Degrees in, shares of the sphere out.

Overlaps count once: a column that a file repeats at its seam (0 and 360) has no share of its own.
"""

from __future__ import annotations

import numpy as np

POLE, CIRCLE = 90.0, 360.0
_WIDER = 1.5  # times the second widest gap: from there on the widest is the end of a region
_BREAK = 3.0  # times the gaps beside it: from there on any other gap is
_SAME = 0.02  # of a step: centres that are closer belong to one column


def row_shares(centres: np.ndarray, edges: np.ndarray | None = None) -> np.ndarray | None:
    """The share of a sphere in each row, in the order of `centres`.

    The area between two latitudes of a sphere is proportional to the difference of their sines.

    Args:
        centres: latitudes of the rows, in any order.
        edges: two latitudes for each row. Without them rows meet half way; the outer ones are as wide outwards as
            inwards, and extend to the pole if they come within half a row of it.

    Returns:
        None if edges cannot be derived: there is one row.
    """
    if edges is None:
        order = np.argsort(centres, kind="stable")
        between = _between(centres[order], np.inf)
        if between is None:
            return None
        edges = np.empty((centres.size, 2))
        edges[order] = _to_the_poles(centres[order], between)
    low, high = _once(np.clip(edges.min(axis=1), -POLE, POLE), np.clip(edges.max(axis=1), -POLE, POLE))
    shares: np.ndarray = (np.sin(np.radians(high)) - np.sin(np.radians(low))) / 2
    return shares


def column_shares(centres: np.ndarray, edges: np.ndarray | None = None) -> np.ndarray | None:
    """The share of a circle of latitude in each column, in the order of `centres`.

    Args:
        centres: longitudes of the columns, in any order and convention (-180 to 180, 0 to 360 ...).
        edges: two longitudes for each column. Without them columns meet half way around the circle; a region ends at
            a gap much wider than the others.

    Returns:
        None if edges cannot be derived: there is one column.
    """
    if edges is None:
        edges = _column_edges(centres)
        if edges is None:
            return None
        start: np.ndarray = edges[:, 0]
        width: np.ndarray = edges[:, 1] - start
    else:
        start, width = _eastward(centres, edges)
    if not width.any():
        return width
    west = (start - (start % CIRCLE)[width > 0].min()) % CIRCLE
    low, high = _once(west, np.minimum(west + width, CIRCLE))
    shares: np.ndarray = (high - low) / CIRCLE
    return shares


def polygon_shares(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """The share of a sphere in each polygon, smaller than a hemisphere, from its corners [cell, corner] in order.

    NaN marks a corner that a polygon lacks. Edges are great circles, except for boxes of parallels and meridians, whose
    edges are those. The area is the line integral of sin(latitude) over longitude, which is the spherical excess of
    the quadrangle below an edge: 2 atan(tan(d/2) sin((a + b)/2) / cos((a - b)/2)) of a great circle. If a polygon
    goes around a pole, its area is the rest of the hemisphere.
    """
    exists = np.isfinite(latitudes) & np.isfinite(longitudes)
    first = np.argmax(exists, axis=1)[:, None]
    a, east = (
        np.radians(np.where(exists, angle, np.take_along_axis(angle, first, axis=1)))
        for angle in (latitudes, longitudes)
    )
    b = np.roll(a, -1, axis=1)
    d = (np.roll(east, -1, axis=1) - east + np.pi) % (2 * np.pi) - np.pi
    great = 2 * np.arctan2(np.sin(d / 2) * np.sin((a + b) / 2), np.cos(d / 2) * np.cos((a - b) / 2))
    level = np.abs(a - b) < 1e-9
    box = (level | (np.abs(d) < 1e-9)).all(axis=1, keepdims=True)
    below = np.where(level & box, d * np.sin(a), great)
    area = np.abs(below.sum(axis=1))
    round_a_pole = np.abs(d.sum(axis=1)) > np.pi
    shares: np.ndarray = np.where(round_a_pole, 2 * np.pi - area, area) / (4 * np.pi)
    return shares


def repeated_cells(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """Which cells have the centre of an earlier cell, as at the seam of an ocean grid."""
    centres = np.round(np.stack([latitudes, longitudes % CIRCLE], axis=1), 5) % CIRCLE
    _, first = np.unique(centres, axis=0, return_index=True)
    repeated = np.ones(len(centres), bool)
    repeated[first] = False
    return repeated


def _column_edges(centres: np.ndarray) -> np.ndarray | None:
    """Edges of columns half way between centres around the circle; a repeated column gets width 0."""
    turned = centres % CIRCLE
    order = np.argsort(turned, kind="stable")
    at = turned[order]
    gaps = np.diff(at, append=at[0] + CIRCLE)
    least = float(CIRCLE * 2 * np.finfo(np.float32).eps)
    steps = gaps[gaps > least]
    apart: np.ndarray = gaps > max(least, _SAME * float(np.median(steps)))  # from the next column
    group = np.concatenate([[0], np.cumsum(apart[:-1])])
    if not apart[-1] and group[-1] > 0:  # the last is the first again, 360 degrees later
        group[group == group[-1]] = 0
    _, first = np.unique(group, return_index=True)
    between = _between(at[first], CIRCLE)
    if between is None:
        return None
    edges = np.repeat(centres[:, None], 2, axis=1)
    by_group = np.lexsort((order, group))
    edges[order[by_group][np.unique(group[by_group], return_index=True)[1]]] = between
    return edges


def _between(at: np.ndarray, turn: float) -> np.ndarray | None:
    """Pairs of edges half way between ascending centres; the first follows the last after ``turn``."""
    if at.size < 2:
        return None
    gaps = np.diff(at, append=at[0] + turn)
    beside = np.maximum(np.roll(gaps, 1), np.roll(gaps, -1))
    ends = gaps > _BREAK * beside
    widest = int(np.argmax(gaps))
    ends[widest] |= gaps[widest] > _WIDER * np.delete(gaps, widest).max()
    upper = np.where(ends, np.nan, at + gaps / 2)
    upper[:-1] = np.where(ends[:-1], np.nan, (at[:-1] + at[1:]) / 2)
    lower = np.roll(upper, 1)
    lower[0] -= turn if np.isfinite(turn) else 0
    lower, upper = np.where(np.isnan(lower), 2 * at - upper, lower), np.where(np.isnan(upper), 2 * at - lower, upper)
    pairs = np.stack([lower, upper], axis=1)
    return pairs if np.isfinite(pairs).all() else None


def _to_the_poles(at: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Rows with the outer edges moved to a pole that is less than half a row away."""
    for row, side, pole in ((0, 0, -POLE), (-1, 1, POLE)):
        edge, half = edges[row, side], abs(edges[row, side] - at[row])
        if abs(edge) > POLE - half and np.sign(edge) == np.sign(pole):
            edges[row, side] = pole
    return edges


def _eastward(centres: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and width of each column: of the two arcs between its edges, the one that contains its centre."""
    west, east = edges[:, 0], edges[:, 1]
    width = (east - west) % CIRCLE
    swapped = (centres - west) % CIRCLE > width + CIRCLE * np.finfo(np.float32).eps
    start = np.where(swapped, east, west)
    width = np.where(swapped, (west - east) % CIRCLE, width)
    return start, np.where(np.abs(east - west) >= CIRCLE * (1 - np.finfo(np.float32).eps), CIRCLE, width)


def _once(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intervals without what an earlier one (by its start, then by position) covers."""
    order = np.argsort(low, kind="stable")
    begin, end = low[order], high[order]
    reached = np.concatenate([[-np.inf], np.maximum.accumulate(end)[:-1]])
    low, high = np.empty_like(begin), np.empty_like(end)
    low[order] = np.maximum(begin, reached)
    high[order] = np.maximum(end, low[order])
    return low, high
