"""ops.provenance says how freely a table's rows may be used: as those of the strictest archive they come from."""

from __future__ import annotations

import json

import duckdb
import odd
import pytest
import toy

import lake

CONTRACT = "\n\nclass {}(Table, empty=True):\n    n: int\n"
MODELS = {
    "sql/core/free.sql": "SELECT n FROM raw.free_rows",
    "sql/core/both.sql": "SELECT n FROM core.free UNION ALL SELECT n FROM raw.odd_rows",
    "sql/core/nothing.sql": "SELECT n FROM core.free WHERE n < 0",
    "models/core.py": toy.FILES["models/core.py"] + "".join(map(CONTRACT.format, ("Free", "Both", "Nothing"))),
}


@pytest.mark.long
def test_a_table_is_as_free_as_the_strictest_archive_of_its_rows(tmp_path):
    folder = toy.make(tmp_path / "toy", **MODELS)
    for name, licence in (("free", "CC BY 4.0"), ("odd", "free for academic use, otherwise by contract")):
        odd.add(folder, name)
        source = folder / "sources" / f"{name}.py"
        source.write_text(source.read_text().replace('"none", "nobody"', f'"{licence}", "nobody"'))
    odd.mirror(folder, {"a": "rows 3"})
    odd.describe(folder, free={"names": ["a"]}, odd={"names": ["a"]})
    lake.run(folder)
    with lake.open(folder) as here:
        rows = here.sql(
            "SELECT table_name, licence FROM ops.provenance WHERE NOT starts_with(table_name, 'ops.')"
        ).fetchall()
    licences = dict(rows)
    assert licences["core.free"] == licences["raw.free_rows"] == "attribution"
    assert licences["core.both"] == licences["raw.odd_rows"] == "restricted"
    assert licences["core.planets"] is None


@pytest.mark.long
def test_a_file_names_the_archives_that_its_table_may_come_from(tmp_path):
    folder = toy.make(tmp_path / "toy", **MODELS)
    for name in ("free", "odd"):
        odd.add(folder, name)
    odd.mirror(folder, {"a": "rows 3"})
    odd.describe(folder, free={"names": ["a"]}, odd={"names": ["a"]})
    lake.run(folder)
    with lake.open(folder) as here:
        assert here.sql("SELECT source FROM ops.fetches ORDER BY 1").fetchall() == [("free",), ("odd",)]
    assert archives(folder, "free") == {"free"}
    assert archives(folder, "both") == {"free", "odd"}
    assert archives(folder, "planets") == set()


def archives(folder, table):
    (file,) = (folder / "data/tables/core" / table).glob("*.parquet")
    query = f"SELECT decode(value) FROM parquet_kv_metadata('{file}') WHERE decode(key) = 'lake.sources'"
    with duckdb.connect() as connection:
        return set(json.loads(connection.execute(query).fetchone()[0]))
