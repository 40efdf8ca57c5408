"""Planets that are in several splits under two names, by where they stand in the sky."""

from __future__ import annotations

from collections.abc import Iterator

from lake.check import leaks
from lake.check.leaks import EXAMPLES, Leak, Rule, Snapshot

ARCSECONDS = 5  # within which two entries of a sky position are one


def _twin(snapshot: Snapshot) -> Iterator[Leak]:
    yield from leaks.RULES["twin"].find(snapshot)
    yield from _same_place(snapshot)


def _same_place(snapshot: Snapshot) -> Iterator[Leak]:
    """Planets at one place of the sky with one period, under two names."""
    runs, key = snapshot.roles.runs, snapshot.roles.key
    needs = {
        runs: {"planet"},
        "core.planets": {"planet", "right_ascension", "declination"},
        "features.planet_params": {"orbital_period"},
    }
    if not all(columns <= snapshot.columns.get(table, {}).keys() for table, columns in needs.items()):
        return
    query = f"""
        WITH p AS (
            SELECT DISTINCT r.planet, r.split, c.right_ascension AS ra, c.declination AS de, f.orbital_period AS period,
                   CAST(floor(c.declination * 3600 / {ARCSECONDS}) AS BIGINT) AS band
            FROM {runs} AS r JOIN core.planets AS c USING (planet) JOIN features.planet_params AS f USING ({key})
            WHERE f.orbital_period > 0 AND c.right_ascension IS NOT NULL AND c.declination IS NOT NULL
        )
        SELECT a.planet, b.planet AS other, a.split, b.split AS other_split
        FROM p AS a JOIN (SELECT *, unnest([band - 1, band, band + 1]) AS near FROM p) AS b ON a.band = b.near
        WHERE a.planet < b.planet AND a.split <> b.split AND abs(a.period / b.period - 1) < 0.001
          AND abs(a.de - b.de) * 3600 < {ARCSECONDS}
          AND abs(a.ra - b.ra) * cos(radians(a.de)) * 3600 < {ARCSECONDS}
        ORDER BY 1, 2"""
    if rows := snapshot.rows(query):
        examples = tuple(f"{one} ({split}) = {other} ({its})" for one, other, split, its in rows[:EXAMPLES])
        what = f"planets of one place (within {ARCSECONDS} arcsec) and one period (within 0.1 %) are in several splits"
        yield Leak("twin", "core.planets", what, len(rows), examples, query)


RULES = leaks.RULES | {"twin": Rule(_twin, leaks.RULES["twin"].why)}
"""Those of every lake, with what is known of planets."""
