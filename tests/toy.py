"""A small lake project for tests of the engine: two seeds, three models, a macro; no archive."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lake.store import notes

FILES = {
    "lake.toml": '[lake]\nname = "toy"\n[limits]\nthreads = 1\n',  # small statements take a third less so
    "seeds/stars.csv": 'star,teff\nSun,5772\n"Barnard\'s; ""Star""",3195\n',
    "models/seeds.py": '''
from typing import Annotated
from lake.contract import Between, Table, Unit

class Stars(Table, key="star"):
    """Stars, one a row."""
    star: str
    """Name."""
    teff: Annotated[float, Unit("K"), Between(0, 100000)]
    """Effective temperature."""
''',
    "models/core.py": '''
from typing import Annotated
from lake.contract import References, Table, Unit

class Planets(Table, key="planet"):
    """Planets, one a row."""
    planet: str
    """Name."""
    star: Annotated[str, References("seeds.stars.star")]
    """Its star."""
    planet_run_key: int

class Heat(Table, key="star"):
    star: str
    kilo: Annotated[float, Unit("kK")]
''',
    "sql/core/planets.sql": """-- one planet a star
SELECT star || ' b' AS planet, star, planet_run_key(star || ' b', 'observed', NULL, NULL, NULL) AS planet_run_key
FROM seeds.stars
""",
    "sql/core/heat.sql": "SELECT s.star, kilo(s.teff) AS kilo FROM core.planets p JOIN seeds.stars s USING (star)",
    "macros/heat.sql": "-- thousands\nCREATE MACRO kilo(x) AS x / 1000.0::DOUBLE;\n",
}
NOTES = "\nclass ProcessNotes(Table, key='note', empty=True):\n" + "".join(
    f"    {name}: str\n" if name == "note" else f"    {name}: str | None\n" for name in notes.COLUMNS
)
KEYS = Path(__file__).parent.parent / "macros" / "keys.sql"


# Reserved by PostgreSQL, and not by DuckDB, which reads them as functions or takes them for names.
_POSTGRES = {
    *("current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp"),
    *("current_user", "grant", "localtime", "localtimestamp", "session_user", "system_user", "user"),
}


def reserved() -> set[str]:
    """The words that no column can be called without quotes, in DuckDB or in PostgreSQL."""
    import duckdb

    words = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')"
    return {word for (word,) in duckdb.sql(words).fetchall()} | _POSTGRES


def make(folder: Path, **changes: str | None) -> Path:
    """Write the project; ``changes`` replaces files by path, or leaves them out where None."""
    for path, text in {**FILES, "macros/keys.sql": KEYS.read_text(), **changes}.items():
        if text is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    return folder


def copy(lake: Path, folder: Path) -> Path:
    """A copy of a lake that was built, in which files of two names are files of two names."""
    subprocess.run(["cp", "-a", lake, folder], check=True)
    return folder
