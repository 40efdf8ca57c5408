"""The source keeps what every source promises, and lands from an archive that fails at first."""

import astrolake_variable_stars as source

import lake
from lake.sources.contract import Resource
from lake.testing import Server, check_source, page, status

STARS = b"Name\tPeriod(d)\tType\ndelta Cep\t5.366\tDCEP\nMira\t331.96\tM\nno period\tunknown\tM\n"


def test_it_keeps_what_every_source_promises():
    resource = Resource("stars", "https://example.org/stars.tsv", "list", "text")
    assert check_source(source, [(resource, STARS)]) == []


def test_its_rows_land(tmp_path):
    with Server() as server:
        url = server.on("/stars.tsv", status(503), page(STARS))
        (tmp_path / "lake.toml").write_text(f'[fetch]\nbackoff = 0.01\n[sources.variable_stars]\nurl = "{url}"\n')
        assert not lake.fetch(tmp_path).failed
    lake.land(tmp_path)
    with lake.open(tmp_path, "landed") as stars:
        rows = stars.sql("SELECT name, period FROM raw.variable_stars ORDER BY name").fetchall()
        rejects = stars.sql("SELECT column_name, content FROM raw.rejects").fetchall()
    assert rows == [("Mira", 331.96), ("delta Cep", 5.366), ("no period", None)]
    assert rejects == [("period", "unknown")]
