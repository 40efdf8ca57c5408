"""The documentation of a lake as a static site: its graph, a page for each table and layer, and one for the macros."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lake.config import Config
from lake.errors import ConfigError, StorageError
from lake.export.site import content, drawings, highlight, layout
from lake.export.site.tables import Site, Table

DRAWN = 80  # tables in one drawing; more are drawn by layer
_MARK = ".lake-docs"  # lists the files of a site, so that only pages of dropped tables are deleted


@dataclass(frozen=True, slots=True)
class Summary:
    folder: Path
    pages: int
    tables: int
    snapshot: int | None  # None where nothing is published yet

    def as_dict(self) -> dict[str, Any]:
        index = str(self.folder / "index.html")
        return {"index": index, "pages": self.pages, "tables": self.tables, "snapshot": self.snapshot}


def write(config: Config, folder: str | Path, at: int | str | None = None) -> Summary:
    """Write the site of the newest snapshot, or of an older one; of the project alone if nothing is published yet.

    Raises:
        ConfigError: the folder holds something else, the project cannot be read, or there is no such snapshot.
        StorageError: the folder cannot be written.
    """
    target = Path(folder).absolute()
    previous = _previous_files(target)
    site = content.gather(config, at)
    pages = _pages(site)
    files = {**pages, "search-index.js": f"window.SITE_INDEX = {json.dumps(_index(site))};\n"}
    try:
        for path, text in files.items():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_text(text, encoding="utf-8")
        for asset in ("style.css", "site.js"):
            with resources.as_file(resources.files(__package__) / "static" / asset) as file:
                shutil.copyfile(file, target / asset)
        for old in previous - files.keys():
            (target / old).unlink(missing_ok=True)
        (target / _MARK).write_text("\n".join(sorted(files)), encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"the site cannot be written: {error.strerror or error}",
            where=str(target),
            why="the folder is read-only, or the disk is full",
            next="lake docs ANOTHER_DIR",
        ) from None
    return Summary(target, len(pages), len(site.tables), site.snapshot.get("snapshot"))


def _previous_files(target: Path) -> set[str]:
    """The files that an earlier call wrote to the folder."""
    if (target / _MARK).is_file():
        return set((target / _MARK).read_text(encoding="utf-8").splitlines())
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(
            "the folder holds something else",
            where=str(target),
            why="lake docs writes to a new or an empty folder, or over a site of its own",
            next="lake docs ANOTHER_DIR",
        )
    return set()


def _pages(site: Site) -> dict[str, str]:
    """Every page by its path."""
    reads = {table.name: [name for name in table.reads if name in site.tables] for table in site.tables.values()}
    readers = {table.name: sorted(table.read_by) for table in site.tables.values()}
    layers = site.layers()
    render = _renderer(site, layers)
    few = len(site.tables) <= DRAWN
    drawing = drawings.of_tables(site, reads) if few else drawings.of_layers(layers, reads)
    pages = {"index.html": render("index.html", "", few=few, drawing=drawing)}
    for layer, tables in layers.items():
        neighbours = {table.name for table in tables} | {name for table in tables for name in reads[table.name]}
        drawing = drawings.of_tables(site, drawings.among(reads, neighbours)) if len(neighbours) <= DRAWN else None
        path = f"layers/{drawings.file(layer)}"
        pages[path] = render("layer.html", "../", layer=layer, tables=tables, drawing=drawing)
    links = {macro.name: f"../macros.html#{macro.name}" for macros in site.macros.values() for macro in macros}
    addresses = {name: f"../tables/{quote(drawings.file(name))}" for name in site.tables}
    for table in site.tables.values():
        shown = drawings.around(table.name, reads, readers)
        drawing = drawings.of_tables(site, drawings.among(reads, shown), table.name)
        left_out = len({*reads[table.name], *readers[table.name]} - shown)
        sql = highlight.sql(table.sql, addresses, links) if table.sql else ""
        path = f"tables/{drawings.file(table.name)}"
        pages[path] = render("table.html", "../", table=table, drawing=drawing, left_out=left_out, sql=sql)
    if site.macros:
        own = {name: f"#{name}" for name in links}
        files = [
            (file, [(macro, highlight.sql(macro.sql, {}, own)) for macro in ms]) for file, ms in site.macros.items()
        ]
        callers = {name: [t.name for t in site.tables.values() if name in t.macros] for name in links}
        pages["macros.html"] = render("macros.html", "", files=files, callers=callers)
    return pages


def _renderer(site: Site, layers: Mapping[str, list[Table]]) -> Callable[..., str]:
    """Renders a template for a page that is ``root`` away from the site's root."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("lake.export.site"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "file": lambda name: quote(drawings.file(name)),
        "share": _share,
        "chart": _chart,
        "part": quote,
    }
    environment.globals |= {"site": site, "layers": layers, "HEIGHT": layout.HEIGHT, "WIDTH": layout.WIDTH}

    def render(template: str, root: str, **variables: Any) -> str:
        return environment.get_template(template).render(root=root, **variables)

    return render


def _share(value: float | None) -> str:
    """
    >>> _share(1.0), _share(0.99996), _share(0.5), _share(None)
    ('100 %', '99.99 %', '50 %', '')
    """
    if value is None:
        return ""
    return f"{int(value * 10_000) / 100:g} %"  # rounded down: only 1.0 reads as 100 %


def _chart(values: list[int], width: int = 240, height: int = 44) -> str:
    """Numbers as the points of an SVG polyline, from 0 at the bottom to the greatest at the top."""
    top = max([*values, 1])
    step = width / max(len(values) - 1, 1)
    return " ".join(f"{i * step:.1f},{height - 2 - value / top * (height - 4):.1f}" for i, value in enumerate(values))


def _index(site: Site) -> list[list[Any]]:
    """The entries of the search box: name, address, kind, description, columns."""
    entries: list[list[Any]] = []
    for table in site.tables.values():
        address = f"tables/{quote(drawings.file(table.name))}"
        entries.append([table.name, address, table.kind, table.doc[:120], [column.name for column in table.columns]])
    for macros in site.macros.values():
        entries += [[macro.name, f"macros.html#{macro.name}", "macro", "", []] for macro in macros]
    return entries
