"""Areas of cells and what they cover: random grids in every order, turn and cut, against plain formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from arrays import MEMORY
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lake.formats.netcdf import cell_area, cf, sphere
from lake.sources.contract import Cube
from lake.store import cubes


def measured(folder, dataset: xr.Dataset, name: str = "t", **more) -> dict:
    """A variable's row as a lake keeps it."""
    areas = cell_area.weights(dataset, cf.grid(dataset), **more)
    written = cubes.write(folder, Cube(dataset, {}, areas.weights, areas.covers), memory=MEMORY)
    return {row["variable"]: row for row in written.variables}[name] | {"areas": areas.how}


@st.composite
def grids(draw, bounds: bool | None = None):
    """Rows and columns of a whole globe or a cut of one, as files have them; the dataset, and what it covers."""
    ny, nx = draw(st.integers(4, 24)), draw(st.integers(4, 24))
    lat_edges, lon_edges = (
        np.linspace(-90, 90, ny + 1),
        draw(st.sampled_from([-180.0, 0.0, -7.5])) + np.linspace(0, 360, nx + 1),
    )
    rows, columns = np.arange(ny), np.arange(nx)
    if draw(st.booleans()):  # a region, perhaps across the seam
        first, size = draw(st.integers(0, ny - 2)), draw(st.integers(2, ny))
        rows = rows[first : first + size]
        size = draw(st.integers(2, max(2, (nx - 1) // 2)))
        columns = (draw(st.integers(0, nx - 1)) + np.arange(size)) % nx
    covers = sum(np.diff(np.sin(np.radians(lat_edges)))[rows]) / 2 * columns.size / nx
    lat, lon = (lat_edges[1:] + lat_edges[:-1])[rows] / 2, (lon_edges[1:] + lon_edges[:-1])[columns] / 2
    lat_b = np.stack([lat_edges[:-1], lat_edges[1:]], axis=1)[rows]
    lon_b = np.stack([lon_edges[:-1], lon_edges[1:]], axis=1)[columns]
    repeated = draw(st.integers(0, 2)) if columns.size == nx else 0
    turn = draw(st.sampled_from([0.0, 360.0, 1e-4]))
    lon, lon_b = np.append(lon, lon[:repeated] + turn), np.concatenate([lon_b, lon_b[:repeated] + turn])
    order_y, order_x = draw(st.permutations(range(lat.size))), draw(st.permutations(range(lon.size)))
    if draw(st.booleans()):  # not shuffled, but north first
        order_y, order_x = list(range(lat.size))[::-1], list(range(lon.size))
    lat, lat_b, lon, lon_b = lat[order_y], lat_b[order_y], lon[order_x], lon_b[order_x]
    kind = draw(st.sampled_from(["f8", "f4"]))
    turned = lon % 360 if draw(st.booleans()) else lon
    dataset = xr.Dataset(
        {"t": (("lat", "lon"), np.full((lat.size, lon.size), 7.25))},
        {
            "lat": ("lat", lat.astype(kind), {"units": "degrees_north"}),
            "lon": ("lon", turned.astype(kind), {"units": "degrees_east"}),
        },
    )
    if draw(st.booleans()) if bounds is None else bounds:
        side = draw(st.sampled_from([slice(None), slice(None, None, -1)]))
        dataset["lat"].attrs["bounds"], dataset["lon"].attrs["bounds"] = "lat_b", "lon_b"
        dataset = dataset.assign_coords(
            lat_b=(("lat", "two"), lat_b[:, side].astype(kind)), lon_b=(("lon", "two"), lon_b[:, side].astype(kind))
        )
    return dataset, covers


@pytest.mark.long
@settings(deadline=None, max_examples=150)
@given(grids())
def test_a_constant_field_has_itself_as_mean_and_the_area_of_its_grid_as_coverage(tmp_path_factory, drawn):
    dataset, covers = drawn
    whole_rows = np.abs(dataset.lat.values).max() > 90 - 180 / dataset.lat.size  # edges that end at a pole are known
    row = measured(tmp_path_factory.mktemp("c"), dataset)
    assert row["weighted_mean"] == 7.25
    assert math.isclose(row["coverage"], covers, rel_tol=2e-3 if "lat_b" not in dataset.coords else 1e-4), whole_rows
    assert row["coverage"] <= 1


@pytest.mark.long
@settings(deadline=None, max_examples=60)
@given(grids(), st.randoms(use_true_random=False))
def test_what_is_missing_is_not_covered(tmp_path_factory, drawn, random):
    dataset, _ = drawn
    areas = cell_area.weights(dataset, cf.grid(dataset))
    share = (xr.ones_like(dataset.t) * areas.weights).transpose("lat", "lon").values
    share *= areas.covers / share.sum()
    known = np.array([[random.random() < 0.7 for _ in range(share.shape[1])] for _ in range(share.shape[0])])
    assume(known.any() and share[known].any())
    dataset["t"] = dataset.t.where(xr.DataArray(known, dims=("lat", "lon")))
    row = measured(tmp_path_factory.mktemp("c"), dataset)
    assert math.isclose(row["coverage"], share[known].sum(), rel_tol=1e-12)
    assert row["weighted_mean"] == 7.25


@pytest.mark.parametrize("ny", [18, 90, 360])
def test_the_mean_of_the_squared_sine_comes_to_a_third(tmp_path, ny):
    lat = -90 + (np.arange(ny) + 0.5) * 180 / ny
    dataset = globe(lat, np.arange(8) * 45.0, np.sin(np.radians(lat)) ** 2)
    row = measured(tmp_path, dataset)
    assert math.isclose(row["weighted_mean"], 1 / 3, abs_tol=2 / ny**2)
    assert row["coverage"] == pytest.approx(1, rel=1e-14)


def test_areas_of_regular_rows_are_exact(tmp_path):
    """Of the sine the mean over the sphere is 0, and 1/2 over the northern half: to the last bits."""
    edges = np.linspace(-90, 90, 37)
    middle = (np.sin(np.radians(edges[1:])) + np.sin(np.radians(edges[:-1]))) / 2  # what it is over a band
    row = measured(tmp_path, globe((edges[1:] + edges[:-1]) / 2, np.arange(72) * 5.0, middle))
    assert abs(row["weighted_mean"]) < 1e-15
    north = np.where(middle > 0, middle, 0)
    row = measured(tmp_path, globe((edges[1:] + edges[:-1]) / 2, np.arange(72) * 5.0, north))
    assert math.isclose(row["weighted_mean"], 0.25, rel_tol=1e-15)


def globe(lat, lon, rows, **attrs) -> xr.Dataset:
    values = np.repeat(np.asarray(rows, "f8")[:, None], len(lon), axis=1)
    return xr.Dataset(
        {"t": (("lat", "lon"), values, attrs)},
        {"lat": ("lat", lat, {"units": "degrees_north"}), "lon": ("lon", lon, {"units": "degrees_east"})},
    )


def test_a_longitude_at_both_ends_counts_once(tmp_path):
    dataset = globe([-60.0, 0, 60], [0.0, 90, 180, 270, 360], [0, 0, 0])
    dataset["t"][:] = [100, 0, 0, 0, 100]
    row = measured(tmp_path, dataset)
    assert (row["weighted_mean"], row["coverage"]) == (25, pytest.approx(1, rel=1e-14))


@pytest.mark.parametrize(
    ("lat", "lon", "covers"),
    [
        (np.arange(15.0, 60.1, 1.25), np.arange(225, 315.1, 1.875), 0.08),  # North America
        (np.arange(-80.0, 81, 10), np.arange(0, 360, 10.0), math.sin(math.radians(85))),  # no polar rows
        (np.linspace(-90, 90, 19), np.arange(0, 360, 10.0), 1),
        (np.linspace(-85, 85, 18), [0.0, 180], 1),
        (np.linspace(-85, 85, 18), [0.0, 90, 180], 0.75),
        (np.linspace(-85, 85, 18), [0.0, 10, 20, 180, 190, 200], 60 / 360),  # two sectors
        (np.linspace(-85, 85, 18), [350.0, 0, 10], 30 / 360),
        ([60.0, 70, 80], np.arange(0, 360, 10.0), (math.sin(math.radians(85)) - math.sin(math.radians(55))) / 2),
    ],
)
def test_regions_are_known_as_such(tmp_path, lat, lon, covers):
    row = measured(tmp_path, globe(np.asarray(lat), np.asarray(lon), np.ones(len(lat))))
    assert math.isclose(row["coverage"], covers, rel_tol=0.02 if covers == 0.08 else 1e-12)


def test_a_zonal_mean_goes_all_round_and_a_section_is_not_known_to(tmp_path):
    lat = np.linspace(-85, 85, 18)
    section = globe(lat, [10.0], np.ones(18))
    row = measured(tmp_path, section)
    assert (row["coverage"], row["weighted_mean"]) == (None, 1)
    assert "the width of its one column is not known" in row["areas"]
    assert measured(tmp_path, globe(lat, [10.0], np.ones(18), cell_methods="lon: mean time: mean"))[
        "coverage"
    ] == pytest.approx(1, rel=1e-14)
    bounded = section.assign_coords(lon_b=(("lon", "two"), [[0.0, 360]]))
    bounded["lon"].attrs["bounds"] = "lon_b"
    assert measured(tmp_path, bounded)["coverage"] == pytest.approx(1, rel=1e-14)
    assert measured(tmp_path, section.isel(lon=0, drop=True))["coverage"] == pytest.approx(1, rel=1e-14)


# Polygons


def boxes(lat_edges, lon_edges):
    """The corners of rows and columns, [cell, 4], and their centres."""
    south, west = (a.ravel() for a in np.meshgrid(lat_edges[:-1], lon_edges[:-1], indexing="ij"))
    north, east = (a.ravel() for a in np.meshgrid(lat_edges[1:], lon_edges[1:], indexing="ij"))
    corners = np.stack([south, south, north, north], 1), np.stack([west, east, east, west], 1)
    return corners, ((south + north) / 2, (west + east) / 2)


def triangles(parts: int) -> np.ndarray:
    """The faces of an octahedron, each cut into parts**2 triangles: corners [cell, 3, xyz]."""
    found = []
    for x, y, z in np.array(np.meshgrid([1, -1], [1, -1], [1, -1])).reshape(3, -1).T:
        a, b, c = np.array([[x, 0, 0], [0, y, 0], [0, 0, z]], float)
        for i in range(parts):
            for j in range(parts - i):
                p = lambda i, j: a + (b - a) * i / parts + (c - a) * j / parts  # noqa: B023, E731
                found.append([p(i, j), p(i + 1, j), p(i, j + 1)])
                if i + j < parts - 1:
                    found.append([p(i + 1, j), p(i + 1, j + 1), p(i, j + 1)])
    corners = np.array(found)
    return corners / np.linalg.norm(corners, axis=-1, keepdims=True)


@settings(deadline=None, max_examples=60)
@given(st.floats(-90, 89), st.floats(0.5, 90), st.floats(-720, 720), st.floats(0.5, 170), st.booleans())
def test_a_box_by_its_corners_is_a_box_by_its_edges(south, height, west, width, turned):
    north = min(south + height, 90)
    (lat, lon), _ = boxes(np.array([south, north]), np.array([west, west + width]))
    side = slice(None, None, -1 if turned else 1)
    expected = (math.sin(math.radians(north)) - math.sin(math.radians(south))) / 2 * width / 360
    assert math.isclose(
        sphere.polygon_shares(lat[:, side], lon[:, side] % 360)[0], expected, rel_tol=1e-9, abs_tol=1e-15
    )


@pytest.mark.parametrize("tilt", [0.0, 0.3, 1.1])
def test_triangles_fill_the_sphere(tilt):
    corners = triangles(6) @ np.array(
        [[math.cos(tilt), 0, math.sin(tilt)], [0, 1, 0], [-math.sin(tilt), 0, math.cos(tilt)]]
    )
    lat, lon = np.degrees(np.arcsin(corners[..., 2])), np.degrees(np.arctan2(corners[..., 1], corners[..., 0]))
    shares = sphere.polygon_shares(lat, lon)
    assert math.isclose(shares.sum(), 1, rel_tol=1e-12)
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    triple = np.abs(np.einsum("ij,ij->i", a, np.cross(b, c)))
    expected = np.arctan2(triple, 1 + (a * b).sum(1) + (b * c).sum(1) + (c * a).sum(1)) / (2 * np.pi)  # Oosterom
    np.testing.assert_allclose(shares, expected, rtol=1e-9)


def test_corners_that_a_cell_has_not():
    lat, lon = np.array([[0.0, 0, 10, np.nan, np.nan]]), np.array([[0.0, 10, 10, np.nan, np.nan]])
    assert sphere.polygon_shares(lat, lon)[0] == sphere.polygon_shares(lat[:, :3], lon[:, :3])[0] > 0


def curvilinear(rows=18, columns=36, repeated=0) -> xr.Dataset:
    (lat_b, lon_b), (lat, lon) = boxes(np.linspace(-90, 90, rows + 1), np.linspace(0, 360, columns + 1))
    shape, with_seam = (rows, columns), np.arange(columns + repeated) % columns
    pick = lambda a: a.reshape(*shape, *a.shape[1:])[:, with_seam]  # noqa: E731
    attrs = {"bounds": "lat_v", "units": "degrees_north"}, {"bounds": "lon_v", "units": "degrees_east"}
    return xr.Dataset(
        {"t": (("j", "i"), np.sin(np.radians(pick(lat))) ** 2, {"coordinates": "lat lon"})},
        {
            "lat": (("j", "i"), pick(lat), attrs[0]),
            "lon": (("j", "i"), pick(lon), attrs[1]),
            "lat_v": (("j", "i", "v"), pick(lat_b)),
            "lon_v": (("j", "i", "v"), pick(lon_b)),
        },
    )


@pytest.mark.parametrize("repeated", [0, 2])
def test_a_curvilinear_grid_by_its_corners(tmp_path, repeated):
    dataset = curvilinear(repeated=repeated)
    row = measured(tmp_path, dataset)
    assert math.isclose(row["coverage"], 1, rel_tol=1e-12)
    assert math.isclose(row["weighted_mean"], 1 / 3, abs_tol=5e-3)
    dataset["t"] = dataset.t.where(dataset.lat > 0)
    assert math.isclose(measured(tmp_path, dataset)["coverage"], 0.5, rel_tol=1e-12)


def test_the_same_without_an_order_and_in_radians(tmp_path):
    flat = curvilinear().stack(cell=("j", "i")).reset_index("cell").transpose("cell", ...)
    flat = flat.drop_vars(["i", "j"], errors="ignore")
    for name in ("lat", "lon", "lat_v", "lon_v"):
        flat[name] = flat[name].copy(data=np.radians(flat[name].values))
    for name in ("lat", "lon"):
        flat[name].attrs |= {"units": "radian", "standard_name": {"lat": "latitude", "lon": "longitude"}[name]}
    row = measured(tmp_path, flat)
    assert math.isclose(row["coverage"], 1, rel_tol=1e-12)
    assert math.isclose(row["weighted_mean"], 1 / 3, abs_tol=5e-3)


def test_faces_of_a_mesh(tmp_path):
    corners = triangles(5).reshape(-1, 3)
    nodes, place = np.unique(corners.round(12), axis=0, return_inverse=True)
    middle = corners.reshape(-1, 3, 3).sum(axis=1)
    angles = {
        "node": nodes,
        "face": middle / np.linalg.norm(middle, axis=1, keepdims=True),
    }
    dataset = xr.Dataset(
        {
            "t": ("face", angles["face"][:, 2] ** 2, {"mesh": "m", "coordinates": "face_lat face_lon"}),
            "m": (
                (),
                0,
                {
                    "cf_role": "mesh_topology",
                    "topology_dimension": 2,
                    "node_coordinates": "node_lon node_lat",
                    "face_coordinates": "face_lon face_lat",
                    "face_node_connectivity": "faces",
                },
            ),
            "faces": (
                ("face", "three"),
                place.reshape(-1, 3).astype("i4") + 1,
                {"cf_role": "face_node_connectivity", "start_index": np.int32(1)},
            ),
        }
    )
    for of, xyz in angles.items():
        dataset[f"{of}_lat"] = (of, np.degrees(np.arcsin(xyz[:, 2])), {"units": "degrees_north"})
        dataset[f"{of}_lon"] = (of, np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0])), {"units": "degrees_east"})
    row = measured(tmp_path, dataset)
    assert math.isclose(row["coverage"], 1, rel_tol=1e-9)
    assert math.isclose(row["weighted_mean"], 1 / 3, abs_tol=1e-2)


def unstructured(unit: str, area: np.ndarray) -> xr.Dataset:
    _, (lat, lon) = boxes(np.linspace(-90, 90, 19), np.linspace(0, 360, 37))
    return xr.Dataset(
        {
            "t": ("n", np.ones(lat.size), {"coordinates": "lat lon", "cell_measures": "area: a"}),
            "a": ("n", area, {"units": unit}),
        },
        {"lat": ("n", lat, {"units": "degrees_north"}), "lon": ("n", lon, {"units": "degrees_east"})},
    )


@pytest.mark.parametrize(
    ("unit", "size", "radius", "covers"),
    [
        ("sr", 4 * math.pi, None, 1),
        ("m2", 4 * math.pi * 6.371e6**2, 6.371e6, 1),
        ("km^2", 4 * math.pi * 6371**2, 6.371e6, 1),
        ("m2", 2 * math.pi * 6.371e6**2, 6.371e6, 0.5),
        ("m2", 1e14, None, None),  # of which planet?
        ("1", 1, 6.371e6, None),
        ("m2", 1e16, 6.371e6, None),  # twenty times the planet
    ],
)
def test_areas_alone_cover_what_the_planets_radius_says(tmp_path, unit, size, radius, covers):
    (lat_b, _), _ = boxes(np.linspace(-90, 90, 19), np.linspace(0, 360, 37))
    share = np.diff(np.sin(np.radians(lat_b[:, [0, 2]])), axis=1).ravel() / 72
    row = measured(tmp_path, unstructured(unit, share * size), radius=radius)
    assert row["weighted_mean"] == 1
    assert row["coverage"] is covers is None or math.isclose(row["coverage"], covers, rel_tol=1e-9)


def test_areas_of_an_ocean_cover_the_ocean(tmp_path):
    dataset = globe(np.linspace(-85, 85, 18), np.arange(36) * 10.0, np.ones(18))
    share = np.diff(np.sin(np.radians(np.linspace(-90, 90, 19)))) / 72
    area = np.repeat(share[:, None], 36, axis=1) * 5.1e14
    area[:9] = np.nan  # no cell there
    dataset["areacello"] = (("lat", "lon"), area, {"units": "m2"})
    row = measured(tmp_path, dataset)
    assert math.isclose(row["coverage"], 0.5, rel_tol=1e-12)


def test_weights_of_rows_over_columns_of_several_widths(tmp_path):
    lat = np.linspace(-85, 85, 18)
    dataset = globe(lat, [0.0, 10, 30, 180, 270], np.ones(18))
    dataset["gw"] = ("lat", np.diff(np.sin(np.radians(np.linspace(-90, 90, 19)))))
    dataset["t"][:] = [1, 0, 0, 0, 0]
    plain = measured(tmp_path, dataset.drop_vars("gw"))
    row = measured(tmp_path, dataset)
    assert row["areas"] == "the variable gw"
    assert math.isclose(row["weighted_mean"], plain["weighted_mean"], rel_tol=1e-12)
    assert row["coverage"] == plain["coverage"]


def test_a_grid_that_is_too_large_for_memory_has_no_areas_of_each_cell():
    lon = np.sort(np.random.default_rng(0).uniform(0, 360, 20_000))
    dataset = xr.Dataset(
        coords={
            "lat": ("lat", np.linspace(-89, 89, 20_000), {"units": "degrees_north"}),
            "lon": ("lon", lon, {"units": "degrees_east"}),
        }
    )
    assert cell_area.weights(dataset, cf.grid(dataset)).how.endswith("too many cells for areas of each")
