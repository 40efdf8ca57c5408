"""lake docs: a site that opens from the disk, whole at any size, with nothing of the data taken for markup."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import lxml.html
import pytest
import toy
from click.testing import CliRunner

import lake.cli
from lake import config
from lake.build import run
from lake.errors import ConfigError
from lake.export import site
from lake.export.site import drawings, layout
from lake.testing.server import Server

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")


def written(folder: Path, **given) -> Path:
    return site.write(config.load(folder), folder / "site", **given).folder


def page(folder: Path, name: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring((folder / name).read_text(encoding="utf-8"))


def text(element: lxml.html.HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def broken(folder: Path) -> list[str]:
    """Every address in the site that leads nowhere, and everything that the site would ask of the network."""
    pages = {path: page(folder, str(path.relative_to(folder))) for path in folder.rglob("*.html")}
    ids = {path: {element.get("id") for element in tree.iter() if element.get("id")} for path, tree in pages.items()}
    wrong = []
    for path, tree in pages.items():
        for element, attribute, address, _ in tree.iterlinks():
            parts = urlsplit(address)
            if parts.scheme:
                if element.tag != "a":
                    wrong.append(f"{path}: {element.tag} {address}")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                wrong.append(f"{path.name}: {attribute} {address}")
            elif parts.fragment and unquote(parts.fragment) not in ids.get(target, ()):
                wrong.append(f"{path.name}: no {address}")
    for name, address, *_ in json.loads((folder / "search-index.js").read_text()[len("window.SITE_INDEX = ") : -2]):
        if not (folder / unquote(urlsplit(address).path)).is_file():
            wrong.append(f"search: {name}")
    return wrong


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The toy project's site at its second snapshot, with one more star."""
    folder = toy.make(tmp_path_factory.mktemp("toy"))
    run.run(config.load(folder))
    with (folder / "seeds/stars.csv").open("a") as file:
        file.write("Vega,9600\n")
    run.run(config.load(folder))
    return written(folder)


@pytest.mark.long
def test_every_link_leads_somewhere_and_nothing_is_asked_of_the_network(built):
    pages = {path.relative_to(built).as_posix() for path in built.rglob("*.html")}
    tables = {f"tables/{table}.html" for table in ("core.heat", "core.planets", "seeds.stars")}
    assert pages == {"index.html", "macros.html", "layers/core.html", "layers/seeds.html", *tables}
    assert broken(built) == []


def test_a_tables_page_tells_its_contract_sql_lineage_rows_and_checks(built):
    tree = page(built, "tables/core.heat.html")
    column = tree.get_element_by_id("c-kilo")
    assert "DOUBLE · kK" in text(column)
    assert "from seeds.stars.teff" in text(column)
    assert column.xpath(".//a/@href")[1].endswith("seeds.stars.html#c-teff")
    sql = tree.xpath("//pre[@class='sql']")[0]
    assert sql.text_content() == toy.FILES["sql/core/heat.sql"]
    assert [a.text_content() for a in sql.xpath(".//a")] == ["kilo", "core.planets", "seeds.stars"]
    assert [word.text_content() for word in sql.xpath(".//span[@class='k']")][:2] == ["SELECT", "AS"]
    assert [cell.text_content() for cell in tree.xpath("//table[@class='preview']//tr[1]/td")] == ["Sun", "5.772"]
    history = [[cell.text_content() for cell in row] for row in tree.xpath("//h2[@id='history']/..//tbody/tr")]
    assert [row[1] for row in history] == ["3", "2"]
    assert tree.xpath("//svg[@class='chart']")
    assert "passes" in text(tree.xpath("//table[contains(@class, 'checks')]")[0])
    assert text(page(built, "tables/seeds.stars.html").get_element_by_id("c-teff")).startswith("teff DOUBLE · K")
    assert "0 to 100000" in text(page(built, "tables/seeds.stars.html").get_element_by_id("c-teff"))


def test_the_graph_is_drawn_with_each_table_and_each_edge(built):
    graph = page(built, "index.html").xpath("//svg")[0]
    assert {node.get("data-node") for node in graph.xpath(".//a")} == {"seeds.stars", "core.planets", "core.heat"}
    edges = {(edge.get("data-from"), edge.get("data-to")) for edge in graph.xpath(".//path")}
    assert edges == {("seeds.stars", "core.planets"), ("seeds.stars", "core.heat"), ("core.planets", "core.heat")}


def test_a_drawing_goes_from_left_to_right_and_nothing_lies_on_another():
    reads = {f"t{i}": [f"t{j}" for j in range(max(0, i - 7), i, 3)] for i in range(40)}
    drawn = layout.draw(reads)
    for node, inputs in reads.items():
        assert all(drawn.nodes[near][0] + layout.WIDTH < drawn.nodes[node][0] for near in inputs)
    places = list(drawn.nodes.values())
    for i, (x, y) in enumerate(places):
        assert 0 <= x <= drawn.width - layout.WIDTH
        assert 0 <= y <= drawn.height - layout.HEIGHT
        assert all(x != a or abs(y - b) >= layout.HEIGHT for a, b in places[:i])


def test_an_edited_model_a_failing_check_and_a_lost_file_are_told(tmp_path):
    warn = toy.FILES["models/seeds.py"].replace("Between(0, 100000)", "Between(0, 4000, 'warn')")
    folder = toy.make(tmp_path, **{"models/seeds.py": warn})
    run.run(config.load(folder))
    (folder / "sql/core/heat.sql").write_text("SELECT star, kilo(teff) + 1 AS kilo FROM seeds.stars")
    next((folder / "data").rglob("core/planets/*.parquet")).unlink()
    out = written(folder)
    assert "It cannot be read:" in text(page(out, "tables/core.planets.html"))
    assert "have changed since these rows were made" in text(page(out, "tables/core.heat.html"))
    assert "have changed" not in text(page(out, "tables/core.planets.html"))
    assert "Rows fail checks in seeds.stars" in text(page(out, "index.html"))
    assert "1 fail" in text(page(out, "tables/seeds.stars.html"))
    assert '"teff": 5772.0' in text(page(out, "tables/seeds.stars.html"))


HOSTILE = "</code></pre><script>alert(1)</script><img src=x onerror=alert(2)>"


def test_hostile_names_comments_and_values_stay_text(tmp_path):
    folder = toy.make(
        tmp_path,
        **{
            "lake.toml": f"[lake]\nname = '{HOSTILE}'\n",
            "seeds/stars.csv": f'star,teff\n"{HOSTILE}",5772\n"{{{{ 7 * 7 }}}}",1\n',
            "models/seeds.py": toy.FILES["models/seeds.py"].replace("Effective temperature.", HOSTILE),
            "sql/core/heat.sql": f"-- {HOSTILE}\n" + toy.FILES["sql/core/heat.sql"],
            "macros/heat.sql": f"-- {HOSTILE}\n" + toy.FILES["macros/heat.sql"],
        },
    )
    run.run(config.load(folder))
    out = written(folder)
    assert broken(out) == []
    for path in out.rglob("*.html"):
        tree = page(out, str(path.relative_to(out)))
        assert [script.get("src").rpartition("/")[2] for script in tree.iter("script")] == ["site.js"], path
        assert not list(tree.iter("img")), path
    assert page(out, "index.html").xpath("//h1")[0].text_content() == HOSTILE
    assert HOSTILE in page(out, "tables/seeds.stars.html").get_element_by_id("c-teff").text_content()
    assert HOSTILE in page(out, "tables/core.heat.html").xpath("//pre")[0].text_content()
    cells = [cell.text_content() for cell in page(out, "tables/seeds.stars.html").xpath("//td")]
    assert HOSTILE in cells
    assert "{{ 7 * 7 }}" in cells


def test_a_project_that_was_never_built_has_its_site(tmp_path):
    out = written(toy.make(tmp_path))
    assert broken(out) == []
    assert "Nothing is published yet" in text(page(out, "index.html"))
    assert "not run" in text(page(out, "tables/core.heat.html"))
    assert "from seeds.stars.teff" in text(page(out, "tables/core.heat.html").get_element_by_id("c-kilo"))


def test_an_older_snapshot_has_its_site(built, tmp_path):
    settings = config.load(built)
    out = site.write(settings, tmp_path / "older", at=1).folder
    assert "rows 2" in text(page(out, "tables/seeds.stars.html").xpath("//dl")[0])
    assert "rows 3" in text(page(built, "tables/seeds.stars.html").xpath("//dl")[0])
    with pytest.raises(ConfigError):
        site.write(settings, tmp_path / "none", at=999)


def test_the_pages_of_dropped_tables_go_and_no_other_files(tmp_path):
    folder = toy.make(tmp_path)
    out = written(folder)
    (out / "notes.txt").write_text("mine")
    (folder / "sql/core/heat.sql").unlink()
    contract = (folder / "models/core.py").read_text()
    (folder / "models/core.py").write_text(contract[: contract.index("class Heat")])
    written(folder)
    assert not (out / "tables/core.heat.html").exists()
    assert (out / "notes.txt").read_text() == "mine"
    assert broken(out) == []


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    folder = toy.make(tmp_path)
    with pytest.raises(ConfigError, match="holds something else"):
        site.write(config.load(folder), folder)
    assert not (folder / "index.html").exists()


def test_the_command_tells_where_it_is(tmp_path):
    folder = toy.make(tmp_path)
    told = CliRunner().invoke(lake.cli.lake, ["docs", "-C", str(folder), "--json"], catch_exceptions=False)
    found = json.loads(told.output)
    assert Path(found["index"]) == folder / "site" / "index.html"
    assert Path(found["index"]).is_file()
    assert found["snapshot"] is None


# Hundreds of models, in layers of 60; 1,000 on demand


def many(folder: Path, n: int) -> Path:
    head = "from typing import Annotated\nfrom lake.contract import Table, Unit\n"
    contract = (
        '\nclass M{0:04}(Table, key="id"):\n    """Model {0}. One row an id."""\n    id: int\n    """The id."""\n'
        '    x: Annotated[float, Unit("m")]\n    """A length."""\n    s: str\n'
    )
    name = [f"l{i // 60}.m{i:04}" for i in range(n)]
    files = {"models/core.py": None, "sql/core/planets.sql": None, "sql/core/heat.sql": None, "macros/heat.sql": None}
    for layer in range(0, n, 60):
        files[f"models/l{layer // 60}.py"] = head + "".join(
            contract.format(i) for i in range(layer, min(layer + 60, n))
        )
    for i in range(n):
        a, b = name[max(0, i - 20 - i * 13 % 150)], name[max(0, i - 1 - i * 3 % 20)]
        sql = f"WITH one AS (SELECT id, x / 2 AS x FROM {a} WHERE x >= 0)\n"
        sql += "SELECT o.id, o.x + b.x / 2 AS x, upper(b.s) AS s\n"
        files[f"sql/{name[i].replace('.', '/')}.sql"] = sql + f"FROM one o JOIN {b} b ON b.id = o.id"
        if i < 20:
            files[f"sql/{name[i].replace('.', '/')}.sql"] = (
                "SELECT length(star) AS id, 1.5::DOUBLE AS x, star AS s FROM seeds.stars"
            )
    return toy.make(folder, **files)


def check_hundreds(out: Path, n: int) -> None:
    """Small pages that link; drawn by layer, and around each table, never as a whole."""
    pages = {path.relative_to(out).as_posix(): path.stat().st_size for path in out.rglob("*.html")}
    assert len(pages) > n
    assert max(size for name, size in pages.items() if not name.startswith("layers/")) < 60_000
    assert max(pages.values()) < 150_000
    assert broken(out) == []
    nodes = page(out, "index.html").xpath("//svg//a/@data-node")
    assert set(nodes) == {"seeds", *(f"l{i // 60}" for i in range(n))}
    around = page(out, "tables/l2.m0150.html").xpath("//svg//a/@data-node")
    assert "l2.m0150" in around
    assert 3 <= len(around) <= drawings.AROUND
    hub = page(out, "tables/l0.m0000.html")
    assert len(hub.xpath("//svg//a")) <= drawings.AROUND
    assert "more that it reads or that read it" in text(hub)


@pytest.fixture(scope="module")
def hundreds(tmp_path_factory) -> Path:
    return written(many(tmp_path_factory.mktemp("many"), 250))


@pytest.mark.long
def test_hundreds_of_models_stay_readable(hundreds):
    check_hundreds(hundreds, 250)


@pytest.mark.slow
def test_a_thousand_built_models_stay_readable(tmp_path):
    folder = many(tmp_path, 1000)
    run.run(config.load(folder))
    out = written(folder)
    check_hundreds(out, 1000)
    assert "rows 2" in text(page(out, "tables/l16.m0999.html").xpath("//dl")[0])


# In a browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not CHROMIUM:
        pytest.skip("no chromium here")

    def look(address: str, *options: str) -> str:
        profile = tmp_path_factory.mktemp("profile")
        flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking".split()
        command = [CHROMIUM, *flags, f"--user-data-dir={profile}", *options, address]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    return look


FRAMES = """<script>
const told = {}, wanted = PAGES.flatMap((name) => [375, 1280].map((width) => [name, width]));
for (const [name, width] of wanted) {
  const frame = document.createElement("iframe");
  frame.src = name; frame.width = width; frame.height = 800;
  frame.onload = () => {
    const page = frame.contentDocument, root = page.documentElement;
    told[name + " " + width] = {
      over: root.scrollWidth - root.clientWidth,
      wide: [...page.querySelectorAll("main *")].filter((one) => !one.closest(".scroll, pre, svg")
        && one.getBoundingClientRect().right > root.clientWidth + 1).map((one) => one.outerHTML.slice(0, 80)),
      font: getComputedStyle(page.querySelector("h1")).fontSize,
      box: page.querySelector("#search").getBoundingClientRect().width,
    };
    document.title = JSON.stringify(told);
  };
  document.documentElement.append(frame);
}
</script>"""


def test_nothing_is_wider_than_a_phone_or_a_desk(built, browser, tmp_path):
    folder = shutil.copytree(built, tmp_path / "site")
    pages = ["index.html", "tables/core.planets.html", "tables/seeds.stars.html", "layers/core.html", "macros.html"]
    (folder / "frames.html").write_text("<title></title>" + FRAMES.replace("PAGES", json.dumps(pages)))
    with Server(folder) as server:
        dom = browser(f"{server.url}/frames.html", "--virtual-time-budget=6000", "--dump-dom")
    told = json.loads(lxml.html.document_fromstring(dom).find(".//title").text)
    assert set(told) == {f"{name} {width}" for name in pages for width in (375, 1280)}
    for name, found in told.items():
        assert (name, found["over"], found["wide"]) == (name, 0, [])
        assert found["box"] >= 140
        assert found["font"] == ("22.4px" if name.endswith("375") else "27.2px")  # the phone has a layout of its own


def test_the_search_finds_a_column_from_the_disk(built, browser):
    dom = browser(f"{(built / 'index.html').as_uri()}?q=kilo", "--virtual-time-budget=4000", "--dump-dom")
    found = lxml.html.document_fromstring(dom).get_element_by_id("found")
    assert [link.get("href") for link in found.xpath(".//a")] == ["macros.html#kilo", "tables/core.heat.html#c-kilo"]
    assert found.get("hidden") is None


@pytest.mark.parametrize("size", ["390,844", "1280,900"])
def test_a_page_paints(built, browser, tmp_path, size):
    picture = tmp_path / "page.png"
    browser((built / "index.html").as_uri(), f"--window-size={size}", f"--screenshot={picture}")
    image = pytest.importorskip("matplotlib.image")  # of the extra for plots: it reads PNG
    pixels = image.imread(picture)
    assert len({tuple(pixel) for row in pixels[::8, ::8, :3] for pixel in row}) > 8  # text, lines and colours
