"""Rows on their way into the catalog: Arrow files that the process of the readers writes, and the landing maps.

Each batch of rows bears the number of its reading. Those of a reading that was not accepted count as never written: it
may have ended half way, with its process.
"""

from __future__ import annotations

import shutil
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lake.errors import StorageError
from lake.land.job import Job

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_NUMBER = b"reading"


@contextmanager
def _storing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"rows cannot be spooled: {error.strerror or error}", where=str(folder), next="free some space"
        ) from None


def tidy(folder: Path) -> None:
    """Remove what killed landings left. The caller has the right to write the lake, so there is no other landing."""
    for folder_left in folder.glob("spool-*"):
        shutil.rmtree(folder_left, ignore_errors=True)


class Writer:
    """Writes rows by table, a file for each form that they have."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._streams: dict[tuple[str, pa.Schema], pa.RecordBatchStreamWriter] = {}

    def __enter__(self) -> Writer:
        with _storing(self._folder):
            self._folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        with _storing(self._folder):
            for stream in self._streams.values():
                stream.close()

    def add(self, table: str, rows: pa.Table, number: int, job: Job) -> None:
        """Write rows for a raw table, each marked with where it came from.

        Raises:
            StorageError: the disk is full.
        """
        import pyarrow as pa

        n = len(rows)
        rows = rows.append_column("_resource", pa.repeat(job.origin, n)).append_column("_blob", pa.repeat(job.blob, n))
        with _storing(self._folder):
            stream = self._stream(table, rows.schema)
            for batch in rows.to_batches():
                stream.write_batch(batch, custom_metadata={_NUMBER: str(number).encode()})

    def _stream(self, table: str, schema: pa.Schema) -> pa.RecordBatchStreamWriter:
        import pyarrow as pa

        key = (table, schema)
        if key not in self._streams:
            file = self._folder / f"{table}.{len(self._streams)}.arrow"
            self._streams[key] = pa.ipc.new_stream(str(file), schema)
        return self._streams[key]


class Spool:
    """What the readers of some answers wrote. A context manager: its folder goes when it is left."""

    def __init__(self, folder: Path):
        self.folder = folder / f"spool-{uuid.uuid4().hex}"
        self._accepted: set[bytes] = set()

    def __enter__(self) -> Spool:
        with _storing(self.folder):
            self.folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def accept(self, number: int) -> None:
        """Count the rows of this reading."""
        self._accepted.add(str(number).encode())

    def tables(self) -> dict[str, pa.Table]:
        """The accepted rows by raw table, mapped, not read: they take no memory until somebody looks."""
        import pyarrow as pa

        by_table: dict[str, list[pa.Table]] = defaultdict(list)
        for file in sorted(self.folder.glob("*/*.arrow")):
            if rows := self._rows(file):
                by_table[file.name.partition(".")[0]].append(rows)
        return {table: pa.concat_tables(parts, promote_options="permissive") for table, parts in by_table.items()}

    def _rows(self, file: Path) -> pa.Table | None:
        import pyarrow as pa

        batches = []
        try:
            stream = pa.ipc.open_stream(pa.memory_map(str(file)))
            while True:
                batch, metadata = stream.read_next_batch_with_custom_metadata()
                if metadata and metadata[_NUMBER] in self._accepted:
                    batches.append(batch)
        except StopIteration:
            pass
        except (pa.ArrowInvalid, OSError):  # its process died while it wrote; that reading was not accepted
            pass
        return pa.Table.from_batches(batches) if batches else None


@contextmanager
def registered(connection: DuckDBPyConnection, rows: pa.Table) -> Iterator[str]:
    """The name of a SQL relation with these rows, usable within the ``with``."""
    connection.register("_spool", rows)
    try:
        yield "_spool"
    finally:
        connection.unregister("_spool")
