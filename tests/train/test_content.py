"""What a SELECT reads beside the snapshot is never served as it was; keys and columns are never lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import toy

import lake
from lake import config
from lake.build import run as building
from lake.errors import ConfigError

torch = pytest.importorskip("torch")

from lake.train import PlanetRuns, content  # noqa: E402

FILES = {
    "models/core.py": '''
from lake.contract import Table

class PlanetRuns(Table, key="planet_run_key"):
    """Planet-runs, one a row."""
    planet_run_key: int
    n: int
    split: str
    words: list[str]
''',
    "sql/core/planet_runs.sql": """
SELECT CAST(planet_run_key('Planet ' || n, 'observed', NULL, NULL, NULL) AS BIGINT) AS planet_run_key, n,
       'train' AS split, ['a'] AS words
FROM range(20) AS t(n)""",
    "sql/core/planets.sql": None,
    "sql/core/heat.sql": None,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = toy.make(tmp_path_factory.mktemp("content") / "lake", **FILES)
    building.run(config.load(folder))
    return folder


def values(here, source, **options) -> list[float]:
    data = PlanetRuns(here, tables={"mine": source}, require=["mine"], shuffle=False, **options)
    return [float(x) for batch in data for x in batch["mine"][:, -1]]


def csv(folder: Path, value: float) -> Path:
    path = folder / "own.csv"
    path.write_text("n,x\n" + "".join(f"{n},{value}\n" for n in range(20)))
    return path


def parquet(folder: Path, value: float) -> Path:
    path = folder / "own.parquet"
    pq.write_table(pa.table({"n": range(20), "x": np.full(20, value)}), path)
    return path


FILES_READ = {
    "read_csv": (csv, "read_csv('{}')"),
    "a CSV by its path": (csv, "'{}'"),
    "read_parquet": (parquet, "read_parquet('{}')"),
    "a Parquet by its path": (parquet, "'{}'"),
    "in a subquery": (csv, "(SELECT * FROM (FROM read_csv('{}')))"),
    "parquet_scan": (parquet, "parquet_scan('{}')"),
}


@pytest.mark.parametrize("how", FILES_READ)
def test_a_changed_file_gives_its_new_values(project, tmp_path, how):
    write, place = FILES_READ[how]
    for value in (1.5, 9.5, 1.5):
        source = f"SELECT planet_run_key, x FROM core.planet_runs JOIN {place.format(write(tmp_path, value))} USING (n)"
        with lake.open(project) as here:
            assert set(values(here, source)) == {value}


def test_a_file_that_is_read_in_a_with_clause(project, tmp_path):
    for value in (1.5, 9.5):
        file = csv(tmp_path, value)
        source = (
            f"WITH own AS (FROM read_csv('{file}')) SELECT planet_run_key, x FROM core.planet_runs JOIN own USING (n)"
        )
        with lake.open(project) as here:
            assert set(values(here, source)) == {value}


def test_a_registered_and_an_attached_table(project, tmp_path):
    registered = "SELECT planet_run_key, x FROM core.planet_runs JOIN mine USING (n)"
    attached = "SELECT planet_run_key, x FROM core.planet_runs JOIN other.main.t USING (n)"
    for value in (1.5, 9.5):
        with lake.open(project) as here:
            here.connection.register("mine", pa.table({"n": range(20), "x": np.full(20, value)}))
            assert set(values(here, registered)) == {value}
            here.connection.execute("ATTACH ':memory:' AS other")
            here.connection.execute(
                f"CREATE TABLE other.main.t AS SELECT range AS n, {value}::DOUBLE AS x FROM range(20)"
            )
            assert set(values(here, attached)) == {value}


def test_where_and_target_and_weight_count_too(project, tmp_path):
    for kept in (5, 9):
        (tmp_path / "some.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(kept)))
        where = f"n IN (SELECT n FROM read_csv('{tmp_path / 'some.csv'}'))"
        assert (
            len(PlanetRuns(project, tables="SELECT planet_run_key, n FROM core.planet_runs", where=where).keys) == kept
        )
    for value in (1.5, 9.5):
        target = f"SELECT planet_run_key, x FROM core.planet_runs JOIN read_csv('{csv(tmp_path, value)}') USING (n)"
        data = PlanetRuns(project, tables="SELECT planet_run_key, n FROM core.planet_runs", target=target)
        assert {float(x) for batch in data for x in batch["target"]} == {value}


def test_what_varies_is_not_kept(project):
    source = "SELECT planet_run_key, getvariable('mine')::DOUBLE AS x FROM core.planet_runs"
    for value in (1.5, 9.5):
        with lake.open(project) as here:
            here.connection.execute(f"SET VARIABLE mine = {value}")
            assert set(values(here, source)) == {value}


PURE = [
    "SELECT planet_run_key, n FROM core.planet_runs",
    "FROM core.planet_runs SELECT planet_run_key, n + 1 AS m",
    "WITH a AS (FROM core.planet_runs) SELECT planet_run_key, n FROM a",
    "SELECT planet_run_key, sum(i) AS s FROM core.planet_runs, range(4) AS t(i) GROUP BY ALL",
    "SELECT planet_run_key, n FROM lake.core.planet_runs",
    "SELECT k AS planet_run_key, n FROM (SELECT planet_run_key AS k, n FROM core.planet_runs)",
]


@pytest.mark.parametrize("source", PURE)
def test_what_the_snapshot_decides_is_named_by_it_alone(project, source):
    with lake.open(project) as here:
        assert content.identity(here, f"({source})") == {}


def test_a_digest_tells_apart_what_hash_does_not(project):
    with lake.open(project) as here:
        cells = ["NULL::DOUBLE[]", "[]::DOUBLE[]", "[NULL]::DOUBLE[]", "[0.0e0]", "[-0.0e0]", "['nan'::DOUBLE]"]
        names = {content.digest(here.connection, f"(SELECT 1 AS planet_run_key, {cell} AS x)") for cell in cells}
        assert len(names) == len(cells)
        rows = "(SELECT range AS planet_run_key FROM range(9) ORDER BY range {})"
        ways = {content.digest(here.connection, rows.format(way)) for way in ("", "DESC")}
        assert len(ways) == 1


@pytest.mark.parametrize("type", ["DOUBLE", "FLOAT", "VARCHAR", "HUGEINT", "DECIMAL(38,0)", "UBIGINT", "BOOLEAN"])
@pytest.mark.parametrize("part", ["tables", "target", "weight", "graphs"])
def test_a_key_of_another_type_is_refused(project, type, part):
    source = f"SELECT TRY_CAST(planet_run_key AS {type}) AS planet_run_key, n, 'a' AS source, 'b' AS target"
    source = (
        f"SELECT planet_run_key, {'n' if part != 'graphs' else 'source, target'} FROM ({source} FROM core.planet_runs)"
    )
    own = {"tables": "SELECT planet_run_key, n FROM core.planet_runs"}
    own |= {part: {"mine": source} if part in ("tables", "graphs") else source}
    with pytest.raises(ConfigError, match="planet_run_key is"):
        PlanetRuns(project, **own)


@pytest.mark.parametrize("column", ["split", "words"])
def test_a_named_column_that_is_no_number_is_refused(project, column):
    with pytest.raises(ConfigError, match=f"{column} is VARCHAR"):
        PlanetRuns(project, tables={"x": ("core.planet_runs", [column, "n"])})


@pytest.mark.parametrize(
    "options",
    [{"batch_size": 8.5}, {"batch_size": "8"}, {"batch_size": True}, {"seed": "7"}, {"block": None}, {"stages": 1.5}],
)
def test_a_number_that_is_none_is_refused(project, options):
    with pytest.raises(ConfigError, match="whole number"):
        PlanetRuns(project, tables="SELECT planet_run_key, n FROM core.planet_runs", **options)


def test_numpy_numbers_are_numbers(project):
    data = PlanetRuns(project, tables="SELECT planet_run_key, n FROM core.planet_runs", batch_size=np.int64(7))
    assert [len(batch["planet_run_key"]) for batch in data] == [7, 7, 6]


def test_a_validation_loop_of_lightning(project):
    lightning = pytest.importorskip("lightning")
    from lake.train.lightning import PlanetRunsModule

    class Net(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer, self.seen = torch.nn.Linear(1, 1), 0

        def training_step(self, batch, _):
            return self.layer(batch["x"].float()).mean()

        def validation_step(self, batch, _):
            self.seen += len(batch["x"])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    net, options = Net(), {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    module = PlanetRunsModule(project, tables={"x": "SELECT planet_run_key, n FROM core.planet_runs"}, batch_size=6)
    module.val_dataloader = module.train_dataloader
    trainer = lightning.Trainer(max_epochs=2, num_sanity_val_steps=1, accelerator="cpu", **options)
    trainer.fit(net, module)
    assert net.seen == 6 + 2 * 20


def test_a_loader_is_what_trainers_ask_for():
    from lake.train.loader import Loader

    assert Loader.batch_sampler is None
