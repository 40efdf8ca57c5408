"""One cell that is not of its type costs that cell: its row lands without it, and says so."""

from __future__ import annotations

import pyarrow as pa
import pytest
from sources.examples import EXAMPLES, table

from lake import sources
from lake.formats import text
from lake.formats.answer import Answer
from lake.sources import exoplanet_eu
from lake.sources.contract import Resource

BAD = {pa.int64(): ["x", "1.5", "1e3"], pa.float64(): ["x", "inf", "nan", "-inf", "1e999"], pa.bool_(): ["maybe"]}
TABLES = {
    ("exoplanet_eu", "catalogue", "exoplanet_eu_planets", ","): {},
    ("open_exoplanets", "table", "open_exoplanets_planets", ","): {},
    ("ncbi", "summary", "ncbi_assemblies", "\t"): {},
    ("ncbi", "ani", "ncbi_ani", "\t"): {},
    ("gtdb", "metadata", "gtdb_metadata", "\t"): {"lineage": "d__B;p__P;c__C;o__O;f__F;g__G;s__S s"},
    ("jgi_gems", "genomes", "jgi_gems_genomes", "\t"): {
        "lineage": "d__B;p__P;c__C;o__O;f__F;g__G;s__S s",
        "genome_id": "1_{}",
    },
    ("igsr", "list", "igsr_sequences", "\t"): {},
    ("osdr", "studies", "osdr_studies", "\t"): {},
}


@pytest.mark.long
@pytest.mark.parametrize("which", TABLES, ids=lambda which: which[2])
def test_of_every_column_that_is_no_text(tmp_path, which):
    source, kind, name, delimiter = which
    schema = sources.get(source).TABLES[name]
    resource = Resource("a", "https://example.org/a", kind, "text", {"list": "a", "release": "1"})
    fields = [one for one in schema if one.type != pa.string() and one.name != "_record"]
    assert fields
    for field in fields:
        for bad in BAD[field.type]:
            path = tmp_path / "a"
            good = table(source, name, delimiter, **TABLES[which])
            odd = table(source, name, delimiter, **TABLES[which], **{field.name: bad})
            lines, spoilt = good.splitlines(True), odd.splitlines(True)
            path.write_bytes(b"".join([*lines[:2], spoilt[2], *lines[3:]]))
            (part,) = sources.get(source).read(resource, Answer(path))
            assert part.rejects is None
            rows = part.rows.to_pylist()
            assert [row[field.name] is None for row in rows] == [False, True, False]
            assert all(row[one.name] is not None for row in rows for one in fields if one is not field)
            (cell,) = part.cells.to_pylist()
            assert (cell["_record"], cell["column"], cell["content"]) == (3, field.name, bad)
            assert part.cells.schema.equals(text.CELLS)


def planets(tmp_path, *lines: str):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    (resource,) = exoplanet_eu.resources(exoplanet_eu.OPTIONS, None)
    exoplanet_eu.check(resource, path.read_bytes())
    parts = list(exoplanet_eu.read(resource, Answer(path)))
    cells = [cell for part in parts if part.cells is not None for cell in part.cells.to_pylist()]
    return [row for part in parts for row in part.rows.to_pylist()], cells


OLD = (
    "# name,planet_status,mass,mass_error_min,mass_sini,radius,orbital_period,semi_major_axis,star_name,star_age,"
    "star_age_error_min,mass_detection_type,radius_detection_type,publication_status"
)


def test_the_older_layout_of_exoplanet_eu(tmp_path):
    rows, cells = planets(
        tmp_path,
        OLD,
        'A b,Confirmed,2.5,inf,,1.1,3.5,0.04,A,5.0,nan,Theoretical,"Primary, Transit",Published in a refereed paper',
    )
    (row,) = rows
    said = {name: row[name] for name in ("name", "mass", "mass_error_min", "star_age", "star_age_error_min")}
    assert said == {"name": "A b", "mass": 2.5, "mass_error_min": None, "star_age": 5.0, "star_age_error_min": None}
    assert (row["mass_measurement_type"], row["radius_measurement_type"]) == ("Theoretical", "Primary, Transit")
    assert row["publication"] == "Published in a refereed paper"
    assert [(cell["column"], cell["content"]) for cell in cells] == [
        ("mass_error_min", "inf"),
        ("star_age_error_min", "nan"),
    ]


def test_the_real_catalogue_of_exoplanet_eu_in_its_older_layout(upstream, tmp_path):
    """With the names of before, and "# " before them, the same rows."""
    path = next((upstream / "exoplanet.eu/catalog/csv").glob("*.csv"))
    header, _, rest = path.read_text("utf-8-sig").partition("\n")
    older = header.replace("_measurement_type", "_detection_type").replace("publication,", "publication_status,")
    now, of_now = planets(tmp_path, header, rest.rstrip("\n"))
    before, of_before = planets(tmp_path, f"# {older}", rest.rstrip("\n"))
    assert older != header
    assert (before, of_before) == (now, of_now)
    assert len(now) > 5000


def test_examples_have_no_cell_aside(tmp_path):
    for example in EXAMPLES.values():
        path = tmp_path / "answer"
        path.write_bytes(example.body)
        assert all(getattr(part, "cells", None) is None for part in example.read(path))
