"""What feeds a model in bench/loader.py: each side's own format, made once, and its batches of an epoch.

``make_*(data, out)`` writes the rows into a folder; the function of the side's name opens that folder and returns a
function that gives an epoch's batches: dicts of tensors by name. Each is written for speed, as far as the library's
documented ways go; those "row by row" are written as most of their users do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from peers.sets import KEY, LABEL, Data
from torch.utils.data import DataLoader, TensorDataset

BATCH = 1024
BUFFER = 10_000  # rows that are shuffled together, where a side has a buffer
Batches = Iterator[dict[str, torch.Tensor]]
Feed = Callable[[int], Batches]


def permuted(rows: int, epoch: int) -> Iterator[np.ndarray]:
    order = np.random.default_rng(epoch).permutation(rows)
    return (order[start : start + BATCH] for start in range(0, rows, BATCH))


def tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(values) for name, values in arrays.items()}


# Ours


def lake(data: Data, out: Path, **options) -> Feed:
    import lake
    from lake.train import PlanetRuns

    table = f"features.{data.set.lower()}"
    tables = {name: f"SELECT {KEY}, {', '.join(part.columns)} FROM {table}" for name, part in data.parts.items()}
    here = lake.open(data.lake)
    runs = PlanetRuns(here, split=None, tables=tables, target=f"{table}.{LABEL}", batch_size=BATCH, seed=7)

    def epoch(number: int) -> Batches:
        runs.set_epoch(number)
        return iter(runs.loader(**options))

    return epoch


def lake_workers(data: Data, out: Path) -> Feed:
    return lake(data, out, num_workers=2)


# The limit


def make_raw(data: Data, out: Path) -> None:
    files = {name: (out / name).open("wb") for name in data.arrays}
    for block in data.blocks():
        for name, values in block.items():
            values.tofile(files[name])
    for file in files.values():
        file.close()


def mapped(data: Data, out: Path) -> dict[str, np.ndarray]:
    whole = {n: np.memmap(out / n, d, "r", shape=(data.rows, *shape)) for n, (d, shape) in data.arrays.items()}
    return {name: np.asarray(values) for name, values in whole.items()}


def limit(data: Data, out: Path) -> Feed:
    """Into the same memory each time: a batch is gone with the next one, so nobody could train so."""
    arrays = mapped(data, out)
    kept = {name: np.empty((BATCH, *values.shape[1:]), values.dtype) for name, values in arrays.items()}

    def epoch(number: int) -> Batches:
        for rows in permuted(data.rows, number):
            taken = ((name, kept[name][: len(rows)]) for name in arrays)
            yield tensors({name: np.take(arrays[name], rows, 0, at, "clip") for name, at in taken})

    return epoch


def numpy_mapped(data: Data, out: Path) -> Feed:
    arrays = mapped(data, out)

    def epoch(number: int) -> Batches:
        for rows in permuted(data.rows, number):
            yield tensors({name: np.take(values, rows, 0, mode="clip") for name, values in arrays.items()})

    return epoch


# Arrow and Parquet


def unlisted(batch, data: Data) -> dict[str, np.ndarray]:
    """Columns of lists of a fixed size as arrays, not copied."""
    found = {}
    for name, (_, shape) in data.arrays.items():
        column = batch.column(name)
        column = column.combine_chunks() if hasattr(column, "combine_chunks") else column
        found[name] = (column.flatten() if shape else column).to_numpy().reshape(-1, *shape)
    return found


def make_arrow(data: Data, out: Path) -> None:
    import pyarrow as pa

    whole = pa.Table.from_batches(data.tables()).combine_chunks()
    with pa.ipc.new_file(out / "data.arrow", whole.schema) as file:
        file.write_table(whole)


def arrow(data: Data, out: Path) -> Feed:
    import pyarrow as pa

    batch = pa.ipc.open_file(pa.memory_map(str(out / "data.arrow"))).get_batch(0)

    def epoch(number: int) -> Batches:
        for rows in permuted(data.rows, number):
            yield tensors(unlisted(batch.take(pa.array(rows)), data))

    return epoch


def make_parquet(data: Data, out: Path, batches=None) -> None:
    """Row groups of about 16 MB, without what random numbers gain nothing from."""
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.Table.from_batches(batches or data.tables())
    size = 65_536 if data.set == "A" else 4096
    parquet.write_table(table, out / "data.parquet", row_group_size=size, compression="none", use_dictionary=False)


def make_parquet_columns(data: Data, out: Path) -> None:
    make_parquet(data, out, data.record_batches())


def parquet_list(data: Data, out: Path, packed=unlisted) -> Feed:
    from pyarrow import parquet

    file = parquet.ParquetFile(out / "data.parquet", memory_map=True)

    def epoch(number: int) -> Batches:
        random = np.random.default_rng(number)
        for group in random.permutation(file.num_row_groups):
            block = packed(file.read_row_group(group), data)
            order = random.permutation(len(block[KEY]))
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                yield tensors({name: np.take(values, rows, 0, mode="clip") for name, values in block.items()})

    return epoch


def parquet_columns(data: Data, out: Path) -> Feed:
    return parquet_list(data, out, lambda table, data: data.packed(table.combine_chunks().to_batches()[0]))


def duckdb(data: Data, out: Path) -> Feed:
    """Straight from the lake, in the order that its rows come in."""
    import lake

    here = lake.open(data.lake)

    def epoch(number: int) -> Batches:
        for batch in here.connection.execute(data.select()).to_arrow_reader(8 * BATCH):
            block = {name: torch.from_numpy(values.copy()) for name, values in data.packed(batch).items()}
            for start in range(0, batch.num_rows, BATCH):
                yield {name: values[start : start + BATCH] for name, values in block.items()}

    return epoch


# Torch


def make_tensordict(data: Data, out: Path) -> None:
    from tensordict import MemoryMappedTensor, TensorDict

    types = {"int64": torch.int64, "float32": torch.float32, "int32": torch.int32}
    whole = TensorDict(
        {
            name: MemoryMappedTensor.empty((data.rows, *shape), dtype=types[d])
            for name, (d, shape) in data.arrays.items()
        },
        batch_size=[data.rows],
    ).memmap_(out / "memmap", copy_existing=True)
    at = 0
    for block in data.blocks():
        stop = at + len(block[KEY])
        for name, values in block.items():
            whole[name][at:stop] = torch.tensor(values)
        at = stop


def tensordict(data: Data, out: Path) -> Feed:
    from tensordict import TensorDict

    whole = TensorDict.load_memmap(out / "memmap")

    def epoch(number: int) -> Batches:
        order = torch.randperm(data.rows, generator=torch.Generator().manual_seed(number))
        for rows in order.split(BATCH):
            yield whole[rows]

    return epoch


def in_memory(data: Data, out: Path) -> TensorDataset:
    return TensorDataset(
        *(torch.from_numpy(np.fromfile(out / n, d).reshape(-1, *s)) for n, (d, s) in data.arrays.items())
    )


def tensor_dataset(data: Data, out: Path) -> Feed:
    dataset = in_memory(data, out)

    def epoch(number: int) -> Batches:
        order = torch.randperm(data.rows, generator=torch.Generator().manual_seed(number))
        for batch in DataLoader(dataset, sampler=order.split(BATCH), batch_size=None):
            yield dict(zip(data.arrays, batch, strict=True))

    return epoch


def tensor_dataset_rows(data: Data, out: Path) -> Feed:
    loader = DataLoader(in_memory(data, out), batch_size=BATCH, shuffle=True)
    return lambda number: (dict(zip(data.arrays, batch, strict=True)) for batch in loader)


# Formats of their own


def make_lance(data: Data, out: Path) -> None:
    import lance

    batches = data.tables()
    first = next(batches)
    lance.write_dataset(chain([first], batches), out / "lance", schema=first.schema)


def lance_take(data: Data, out: Path) -> Feed:
    import lance

    dataset = lance.dataset(out / "lance")

    def epoch(number: int) -> Batches:
        for rows in permuted(data.rows, number):
            yield tensors(unlisted(dataset.take(rows), data))

    return epoch


def lance_scan(data: Data, out: Path) -> Feed:
    from lance.torch.data import LanceDataset

    dataset = LanceDataset(out / "lance", BATCH)
    return lambda number: iter(dataset)


def make_hf(data: Data, out: Path) -> None:
    import datasets
    import pyarrow as pa

    datasets.disable_progress_bars()
    datasets.Dataset(pa.Table.from_batches(data.tables())).save_to_disk(out / "hf")


def hf_batched(data: Data, out: Path) -> Feed:
    import datasets

    datasets.disable_progress_bars()
    dataset = datasets.load_from_disk(out / "hf").with_format("arrow")

    def epoch(number: int) -> Batches:
        for rows in permuted(data.rows, number):
            yield tensors(unlisted(dataset[rows], data))

    return epoch


def hf_stream(data: Data, out: Path) -> Feed:
    """Shards in an order of chance, and a buffer of rows: Arrow throughout, which is its quickest way by far."""
    import datasets

    datasets.disable_progress_bars()
    dataset = datasets.load_from_disk(out / "hf").with_format("arrow").to_iterable_dataset(num_shards=16)
    shuffled = dataset.shuffle(seed=1, buffer_size=BUFFER)

    def epoch(number: int) -> Batches:
        shuffled.set_epoch(number)
        return (tensors(unlisted(table, data)) for table in shuffled.iter(BATCH))

    return epoch


def hf_rows(data: Data, out: Path) -> Feed:
    import datasets

    loader = DataLoader(datasets.load_from_disk(out / "hf").with_format("torch"), batch_size=BATCH, shuffle=True)
    return lambda number: iter(loader)


def samples(data: Data) -> Iterator[dict]:
    for block in data.blocks():
        for at in range(len(block[KEY])):
            yield {name: values[at] for name, values in block.items()}


def make_webdataset(data: Data, out: Path) -> None:
    """A sample is one pickled member: a member for each array takes several times as long to read."""
    import webdataset

    with webdataset.ShardWriter(str(out / "%05d.tar"), maxcount=5000, verbose=0) as writer:
        for number, sample in enumerate(samples(data)):
            writer.write({"__key__": f"{number:08}", "row.pyd": sample})


def webdataset(data: Data, out: Path) -> Feed:
    import webdataset as wds

    shards = sorted(map(str, out.glob("*.tar")))

    def epoch(number: int) -> Batches:
        rows = wds.WebDataset(shards, shardshuffle=len(shards), seed=number).shuffle(BUFFER).decode()
        return iter(rows.map(lambda sample: sample["row.pyd"]).batched(BATCH, collation_fn=stacked))

    return epoch


def stacked(rows: list[dict]) -> dict[str, torch.Tensor]:
    return tensors({name: np.stack([row[name] for row in rows]) for name in rows[0] if name[:2] != "__"})


def split(block: dict[str, np.ndarray]) -> Iterator[dict[str, torch.Tensor]]:
    for at in range(len(block[KEY])):
        yield {name: torch.tensor(values[at]) for name, values in block.items()}


def make_litdata(data: Data, out: Path) -> None:
    import litdata

    blocks = [{name: values.copy() for name, values in block.items()} for block in data.blocks()]
    litdata.optimize(split, blocks, str(out / "litdata"), chunk_bytes="64MB", num_workers=1, verbose=False)


def litdata(data: Data, out: Path) -> Feed:
    import litdata

    # its batch_decode decodes the neighbours of a row too, which a shuffled epoch then does again for each of them
    dataset = litdata.StreamingDataset(str(out / "litdata"), shuffle=True, batch_decode=False)
    loader = litdata.StreamingDataLoader(dataset, batch_size=BATCH)
    return lambda number: iter(loader)


def without_vision() -> None:
    """streaming imports torchvision, which a CPU build of torch may not load: two of its operators, by name alone."""
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    KEPT.append(library)


KEPT: list[torch.library.Library] = []  # what it defines ends with it


def make_mosaic(data: Data, out: Path) -> None:
    from streaming import MDSWriter

    scalar = {"int64": "int64", "int32": "int32"}
    kinds = {n: f"ndarray:{d}:{s[0]}" if s else scalar[d] for n, (d, s) in data.arrays.items()}
    with MDSWriter(out=str(out / "mds"), columns=kinds) as writer:
        for sample in samples(data):
            writer.write(sample)


def mosaic(data: Data, out: Path) -> Feed:
    from streaming import StreamingDataset
    from streaming.base.util import clean_stale_shared_memory

    clean_stale_shared_memory()
    loader = DataLoader(StreamingDataset(local=str(out / "mds"), shuffle=True, batch_size=BATCH), batch_size=BATCH)
    return lambda number: iter(loader)


@dataclass(frozen=True)
class Side:
    name: str
    feed: Callable[[Data, Path], Feed]
    make: Callable[[Data, Path], None] | None = None
    """Writes what it reads; sides of one make share its folder."""
    shuffle: str = "whole"
    modules: tuple[str, ...] = ()
    """Imported before the clock runs."""
    packages: tuple[str, ...] = ()
    """What pip installs for it, into an environment of its own."""
    slow: bool = False
    """Measured on a subset of a large set."""
    sets: str = "AB"
    before: Callable[[], None] | None = None
    """Called before the imports."""


OURS = ("lake", "lake.train")
SIDES = {
    side.name: side
    for side in (
        Side("lake", lake, modules=OURS),
        Side("lake, 2 workers", lake_workers, modules=OURS),
        Side("limit", limit, make_raw),
        Side("numpy memmap", numpy_mapped, make_raw),
        Side("Arrow file, take", arrow, make_arrow, modules=("pyarrow",)),
        Side("Parquet, list column", parquet_list, make_parquet, "row group", ("pyarrow.parquet",)),
        Side("Parquet, 64 columns", parquet_columns, make_parquet_columns, "row group", ("pyarrow.parquet",), sets="A"),
        Side("DuckDB stream", duckdb, None, "none", ("duckdb", "lake")),
        Side("TensorDict", tensordict, make_tensordict, modules=("tensordict",), packages=("tensordict",)),
        Side("TensorDataset", tensor_dataset, make_raw),
        Side("TensorDataset, by row", tensor_dataset_rows, make_raw, slow=True),
        Side("Lance, take", lance_take, make_lance, modules=("lance",), packages=("pylance",)),
        Side("Lance, scan", lance_scan, make_lance, "none", ("lance.torch.data",), ("pylance",)),
        Side("HF datasets", hf_batched, make_hf, modules=("datasets",), packages=("datasets",)),
        Side("HF datasets, stream", hf_stream, make_hf, "10,000", ("datasets",), packages=("datasets",)),
        Side("HF datasets, by row", hf_rows, make_hf, modules=("datasets",), packages=("datasets",), slow=True),
        Side("WebDataset", webdataset, make_webdataset, "10,000", ("webdataset",), ("webdataset",), slow=True),
        Side("LitData", litdata, make_litdata, "chunks", ("litdata",), ("litdata",), slow=True),
        Side(
            "MosaicML streaming",
            mosaic,
            make_mosaic,
            "blocks",
            ("streaming",),
            ("mosaicml-streaming",),
            slow=True,
            before=without_vision,
        ),
    )
}
