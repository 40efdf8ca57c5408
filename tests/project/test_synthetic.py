"""Series made from formulas: none until they are asked for, and each row says what it is."""

from __future__ import annotations

import pytest

import lake
from lake import config, fetch, land, project
from lake.build import run as building

MODELS = ["+features.ancient_insolation", "+features.interior_profiles"]
COUNT = "SELECT count(*), count(*) FILTER (synthetic) FROM features."


@pytest.mark.long
def test_a_generator_makes_nothing_until_it_is_running(tmp_path):
    folder = project.copy(tmp_path / "lake", sample=True)
    settings = config.load(folder)
    fetch.run(settings)
    land.run(settings)
    building.run(settings, MODELS)
    with lake.open(folder) as here:
        assert here.sql(COUNT + "ancient_insolation").fetchone() == (0, 0)
        assert here.sql(COUNT + "interior_profiles").fetchone() == (0, 0)
    seed = folder / "seeds" / "generators.csv"
    seed.write_text(seed.read_text().replace(",false,", ",true,"))
    building.run(config.load(folder), MODELS)
    with lake.open(folder) as here:
        planets = here.sql("SELECT count(*) FROM seeds.solar_system").fetchone()[0]
        assert here.sql(COUNT + "ancient_insolation").fetchone() == (48 * planets, 48 * planets)
        rocky, synthetic = here.sql(COUNT + "interior_profiles").fetchone()
        assert rocky == synthetic
        assert rocky % 51 == 0
        assert rocky > 0
        ordered = here.sql(
            "SELECT bool_and(pressure <= above) FROM (SELECT pressure, lag(pressure) OVER "
            "(PARTITION BY planet_run_key ORDER BY step) AS above FROM features.interior_profiles)"
        ).fetchone()
        assert ordered == (True,)
