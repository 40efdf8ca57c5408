"""A lake in one picture: its planets, where life's chemistry could run, a climate, a pathway, and what was learnt."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lake.errors import LakeError, StorageError

if TYPE_CHECKING:
    import networkx as nx
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from lake.reader import Lake

TARGET = "equilibrium_temperature"  # what `lake demo` learns to tell
INK, FAINT, BLUE, GREEN, RED, SAND = "#22303c", "#c9d1d9", "#2f6f9f", "#3a9a5b", "#c8553d", "#d9a441"
_STYLE: dict[Any, Any] = {  # matplotlib's types list every key there is
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#edf0f2",
    "font.size": 9.5,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def draw(lake: Lake, file: str | Path, losses: Sequence[float] = ()) -> Path:
    """Write the picture as a PNG. A panel whose table is empty says so.

    Args:
        losses: as :func:`lake.astro.demo.fit` gives them, for the last panel.

    Raises:
        LakeError: matplotlib is not installed. StorageError: the file cannot be written.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise LakeError("matplotlib is not installed", next="pip install matplotlib") from None
    file = Path(file)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(15.5, 9), dpi=110, layout="constrained")  # no pyplot: nothing global, no window
        axes = figure.subplots(2, 3).flat
        for panel, ax in zip((_light, _masses, _climate, _feasible, _pathway), axes, strict=False):
            panel(lake, figure, ax)
        _losses(axes[5], losses)
        title = f"{lake.config.lake.name}, snapshot {lake.snapshot}"
        figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold", color=INK)
        _save(figure, file)
    return file


def _save(figure: Figure, file: Path) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        figure.savefig(temporary, format="png", facecolor="white")
        os.replace(temporary, file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StorageError(f"the picture cannot be written: {error.strerror or error}", where=str(file)) from None


def _columns(lake: Lake, query: str) -> dict[str, NDArray[Any]]:
    """The columns of a query; NaN where one of floats is null."""
    columns = {name: np.ma.asarray(column) for name, column in lake.sql(query).fetchnumpy().items()}
    return {
        name: column.filled(np.nan) if column.dtype.kind == "f" else column.data for name, column in columns.items()
    }


def _nothing(ax: Axes, title: str, why: str) -> None:
    ax.set_title(title)
    ax.text(0.5, 0.5, why, ha="center", va="center", transform=ax.transAxes, color=INK, wrap=True)
    ax.set(xticks=[], yticks=[])


def _light(lake: Lake, figure: Figure, ax: Axes) -> None:
    columns = _columns(
        lake,
        "SELECT insolation, radius, equilibrium_temperature AS temperature FROM features.planet_params "
        "WHERE insolation > 0 AND radius > 0 ORDER BY temperature NULLS FIRST, planet_run_key",
    )
    if not len(columns["radius"]):
        return _nothing(ax, "Light and size", "no planet has an insolation and a radius")
    temperature = columns["temperature"].astype(float)
    measured = np.isfinite(temperature)
    insolation, radius, size = columns["insolation"], columns["radius"], _size(len(temperature))
    ax.scatter(insolation[~measured], radius[~measured], s=size, color=FAINT, linewidths=0)
    points = ax.scatter(
        insolation[measured],
        radius[measured],
        c=temperature[measured],
        s=size,
        cmap="plasma",
        norm="log",
        alpha=0.8,
        linewidths=0,
    )
    if measured.any():
        _bar(figure, points, ax, "equilibrium temperature [K]")
    _earth(ax, 1, 1)
    ax.set(xscale="log", yscale="log", xlabel="insolation [Earth = 1]", ylabel="radius [Earth = 1]")
    ax.invert_xaxis()
    ax.set_title(f"Light and size of {len(columns['radius']):,} planets")


def _size(points: int) -> float:
    """Of a dot in points^2: larger where there are few."""
    return 14 if points > 500 else 34


def _plain(axis: Any) -> None:
    """Ticks of a logarithmic axis as plain numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axis.set_minor_formatter(NullFormatter())


def _bar(figure: Figure, colours: Any, ax: Axes, label: str) -> None:
    bar = figure.colorbar(colours, ax=ax, label=label, pad=0.02)
    bar.outline.set_visible(False)
    if colours.norm.__class__.__name__ == "LogNorm":
        _plain(bar.ax.yaxis)


def _earth(ax: Axes, x: float, y: float) -> None:
    ax.scatter([x], [y], s=90, marker="o", facecolor="none", edgecolor=GREEN, linewidths=2, zorder=5)
    ax.annotate("Earth", (x, y), xytext=(9, -13), textcoords="offset points", color=GREEN, fontweight="bold", zorder=5)


def _masses(lake: Lake, figure: Figure, ax: Axes) -> None:
    """Those with error bars only: the archive fills in radii and masses that it computes, and gives those none."""
    columns = _columns(
        lake,
        "SELECT mass, radius, greatest(mass_upper, -mass_lower) AS mass_error, greatest(radius_upper, -radius_lower) "
        "AS radius_error FROM features.planet_params WHERE mass_kind = 'Mass' AND mass > 0 AND radius > 0 "
        "AND mass_error IS NOT NULL AND radius_error IS NOT NULL "
        "ORDER BY planet_run_key",
    )
    if not len(columns["mass"]):
        return _nothing(ax, "Mass and radius", "no planet has a measured mass and radius")
    mass, radius = columns["mass"], columns["radius"]
    if len(mass) < 200:  # more of them would hide the planets
        style: dict[str, Any] = {"fmt": "none", "ecolor": FAINT, "elinewidth": 1, "zorder": 1}
        ax.errorbar(mass, radius, xerr=columns["mass_error"], yerr=columns["radius_error"], **style)
    ax.scatter(mass, radius, s=_size(len(mass)), color=BLUE, alpha=0.55, linewidths=0)
    high = np.array([radius.min() / 2, radius.max() * 1.3])
    for density, text in ((1, "as dense as Earth"), (0.1, "a tenth")):
        ax.plot(
            density * high**3,
            high,
            color=SAND,
            linewidth=1.4,
            label=text,
            dashes=(None, None) if density == 1 else (4, 2),
        )
    ax.legend(loc="upper left")
    ax.set(xlim=(mass.min() / 2, mass.max() * 2), ylim=high)
    _earth(ax, 1, 1)
    ax.set(xscale="log", yscale="log", xlabel="mass [Earth = 1]", ylabel="radius [Earth = 1]")
    ax.set_title(f"Measured mass and radius of {len(columns['mass']):,} planets")


def _feasible(lake: Lake, figure: Figure, ax: Axes) -> None:
    columns = _columns(
        lake,
        "SELECT max(temperature) AS temperature, count(*) FILTER (feasible) AS yes, "
        "count(*) FILTER (feasible IS NULL) AS open FROM features.feasible_pathways GROUP BY planet_run_key",
    )
    temperature = columns["temperature"]
    if not len(temperature):
        return _nothing(ax, "Pathways by temperature", "no planet-run has a temperature")
    groups = {"a pathway is feasible": columns["yes"] > 0, "not known": (columns["yes"] == 0) & (columns["open"] > 0)}
    groups["none is feasible"] = ~(groups["a pathway is feasible"] | groups["not known"])
    groups = {name: rows for name, rows in groups.items() if rows.any()}
    colours = {"a pathway is feasible": GREEN, "not known": SAND, "none is feasible": FAINT}
    low, high = temperature.min() / 1.02, temperature.max() * 1.02
    ax.hist(
        [temperature[rows] for rows in groups.values()],
        bins=np.geomspace(low, max(high, low * 1.1), min(46, 13 + len(temperature) // 10)).tolist(),
        stacked=True,
        color=[colours[name] for name in groups],
        label=[f"{name} ({rows.sum():,})" for name, rows in groups.items()],
    )
    ax.set(xscale="log", xlabel="temperature, of equilibrium or surface [K]", ylabel="planet-runs")
    _plain(ax.xaxis)
    ax.legend(loc="upper left")
    ax.margins(y=0.25)
    ax.set_title(f"Where pathways could run: {len(temperature):,} planet-runs")


_SURFACE = """
    SELECT u.digest, v.variable, r.planet, r.model, r.scenario, r.synthetic
    FROM features.climate AS c
    JOIN core.planet_runs AS r USING (planet_run_key)
    JOIN raw.cubes AS u ON planet_run_key(u.planet, u.kind, u.model, u.scenario, u.run) = r.planet_run_key
    JOIN raw.cube_variables AS v ON v.digest = u.digest AND v.variable = c.surface_variable
    ORDER BY r.synthetic, c.surface_temperature_max - c.surface_temperature_min DESC, r.planet_run_key, u.digest
    LIMIT 1
"""


def _climate(lake: Lake, figure: Figure, ax: Axes) -> None:
    rows = lake.sql(_SURFACE).fetchall()
    if not rows:
        return _nothing(ax, "Climate", "no climate run has a surface temperature")
    digest, variable, planet, model, scenario, synthetic = rows[0]
    with lake.cube(digest) as cube:
        field = _map(cube, variable)
        if field is None:
            return _nothing(ax, f"Climate of {planet}", f"{variable} is not on a grid of latitudes and longitudes")
        longitude, latitude = (cube[dim] for dim in reversed(field.dims))
        mesh = ax.pcolormesh(longitude, latitude, field.to_numpy(), cmap="RdYlBu_r", shading="nearest")
    _bar(figure, mesh, ax, f"{variable} [{field.attrs.get('units', '')}]")
    ax.grid(False)
    about = ", ".join(filter(None, (model, scenario)))
    ax.set(xlabel=f"longitude [degrees east]; {about}", ylabel="latitude [degrees north]")
    ax.set_title(f"{'Synthetic climate' if synthetic else 'Climate'} of {planet}")


def _map(cube: xr.Dataset, variable: str) -> xr.DataArray | None:
    """The variable over (latitude, longitude), the mean of its other dimensions; None where it has not both."""
    field = cube[variable]
    dims: list[Hashable] = []
    for standard, unit in (("latitude", "degrees_north"), ("longitude", "degrees_east")):
        dims += [
            dim
            for dim in field.dims
            if dim in cube.coords
            and (cube[dim].attrs.get("standard_name") == standard or cube[dim].attrs.get("units") == unit)
        ][:1]
    if len(dims) < 2:
        return None
    return field.mean([dim for dim in field.dims if dim not in dims], keep_attrs=True).transpose(*dims)


_CHOICE = """
    SELECT pathway_id,
           any_value((temperature IS NOT NULL)::INT + (redox IS NOT NULL)::INT + (status = 'by rule')::INT) AS known,
           count(DISTINCT (substrate, product)) AS pairs
    FROM core.edges LEFT JOIN features.env_vectors USING (pathway_id)
    GROUP BY pathway_id
    HAVING pairs < 300
    ORDER BY known DESC NULLS LAST, abs(pairs - 30), pathway_id
    LIMIT 1
"""


def _pathway(lake: Lake, figure: Figure, ax: Axes) -> None:
    import warnings

    import networkx as nx

    from lake.astro.graph import graph

    chosen = lake.sql(_CHOICE).fetchone()
    if not chosen:
        return _nothing(ax, "A pathway", "no pathway has reactions, or all have too many")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the title says it
        network = graph(lake, chosen[0])
    positions = nx.spring_layout(
        network.to_undirected(), k=2.2 / len(network) ** 0.5, iterations=400, seed=1, method="force"
    )
    degree = np.array([network.degree(node) for node in network])
    nx.draw_networkx_edges(network, positions, ax=ax, edge_color="#9fb0bd", width=1, arrowsize=8, node_size=120)
    nx.draw_networkx_nodes(network, positions, ax=ax, node_size=30 + 25 * degree, node_color=BLUE, linewidths=0)
    labels = _labels(network, positions, [list(network)[i] for i in np.argsort(-degree, kind="stable")])
    raised = {node: (x, y + 0.08) for node, (x, y) in positions.items()}
    nx.draw_networkx_labels(network, raised, labels, ax=ax, font_size=7.5, font_color=INK)
    ax.grid(False)
    ax.margins(0.15, 0.1)
    environment = network.graph
    facts = list(filter(None, (_fact(environment, *fact) for fact in _FACTS)))
    ax.set_title(f"{environment.get('name', chosen[0])} ({chosen[0]})")
    ax.set_xlabel(f"{len(network)} compounds; environment:\n" + (", ".join(facts) or "not known"))
    for side in ax.spines.values():
        side.set_visible(False)


def _labels(network: nx.DiGraph[str], positions: dict[str, NDArray[Any]], nodes: list[str]) -> dict[str, str]:
    """Names of as many nodes as do not lie over each other, the first ones first."""
    labels: dict[str, str] = {}
    for node in nodes:
        apart = (np.abs(positions[node] - positions[other]) for other in labels)
        if all(across > 0.5 or up > 0.09 for across, up in apart):
            labels[node] = str(network.nodes[node].get("name", node))[:24]
    return labels


_FACTS = (("ph", "pH", ""), ("temperature", "T", " K"), ("o2", "O2", ""), ("redox", "redox", " V"))


def _fact(environment: dict[str, Any], name: str, label: str, unit: str) -> str:
    """A quantity of a pathway's environment, or its range; empty where neither is known."""
    value, low, high = (environment.get(f"{name}{end}") for end in ("", "_low", "_high"))
    if value is not None:
        return f"{label} = {value:g}{unit}"
    if low is not None and high is not None:
        return f"{label} {low:g} to {high:g}{unit}"
    return f"{label} ≥ {low:g}{unit}" if low is not None else f"{label} ≤ {high:g}{unit}" if high is not None else ""


def _losses(ax: Axes, losses: Sequence[float]) -> None:
    if not losses:
        return _nothing(ax, "Learning", "nothing was trained")
    ax.axhline(1, color=SAND, linewidth=1.2)
    ax.annotate("telling the mean", (len(losses) - 1, 1), xytext=(0, 4), textcoords="offset points", color=SAND,
                ha="right")  # fmt: skip
    ax.plot(range(len(losses)), losses, color=RED, linewidth=2.2)
    ax.annotate(f"{losses[-1]:.2f}", (len(losses) - 1, losses[-1]), xytext=(0, 7), textcoords="offset points",
                color=RED, ha="right", fontweight="bold")  # fmt: skip
    ax.set(xlabel="step of the epoch", ylabel="loss [variances of the target]", ylim=(0, max(*losses, 1) * 1.1))
    ax.set_title(f"Learning the {TARGET.replace('_', ' ')}")
