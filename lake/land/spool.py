"""Rows on their way into the record: in memory while they are few, in Parquet files beside the record when many."""

from __future__ import annotations

import shutil
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lake.errors import StorageError
from lake.store.sql import name, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection


class Spool:
    """Collects rows by table; give their resource's name to `discard` and they count as never added."""

    def __init__(self, folder: Path, memory: int):
        self._folder = folder / f"spool-{uuid.uuid4().hex}"
        self._memory = memory
        self._held: dict[str, list[pa.Table]] = defaultdict(list)
        self._files: dict[str, list[Path]] = defaultdict(list)
        self._bytes = 0
        self._discarded: Sequence[str] = ()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, table: str, rows: pa.Table, resource: str, blob: str) -> None:
        """Keep rows for a raw table, each marked with where it came from."""
        import pyarrow as pa

        n = len(rows)
        rows = rows.append_column("_resource", pa.repeat(resource, n)).append_column("_blob", pa.repeat(blob, n))
        self._held[table].append(rows)
        self._bytes += rows.nbytes
        if self._bytes > self._memory:
            self._spill()

    def _spill(self) -> None:
        import pyarrow.parquet as pq

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for table in list(self._held):
                file = self._folder / f"{table}-{len(self._files[table])}.parquet"
                pq.write_table(self._together(table), file, compression="lz4")
                self._files[table].append(file)
        except OSError as error:
            raise StorageError(
                f"rows cannot be spooled: {error.strerror or error}", where=str(self._folder), next="free some space"
            ) from None
        self._held.clear()
        self._bytes = 0

    def _together(self, table: str) -> pa.Table:
        import pyarrow as pa

        return pa.concat_tables(self._held[table], promote_options="permissive")

    def discard(self, resources: Sequence[str]) -> None:
        """Leave out the rows of these resources: they turned out unreadable half way."""
        self._discarded = resources

    def tables(self) -> list[str]:
        """The raw tables that have rows here."""
        return sorted(self._held.keys() | self._files.keys())

    @contextmanager
    def source(self, connection: DuckDBPyConnection, table: str) -> Iterator[str]:
        """A SQL relation with the rows for a raw table, usable within the ``with``."""
        parts = []
        if self._held[table]:
            connection.register("_spool", self._together(table))
            parts.append("SELECT * FROM _spool")
        if self._files[table]:
            files = ", ".join(quote(str(file)) for file in self._files[table])
            parts.append(f"SELECT * FROM read_parquet([{files}], union_by_name = true)")
        rows = " UNION ALL BY NAME ".join(parts)
        without = ", ".join(map(quote, self._discarded)) or "''"
        try:
            yield f"(SELECT * FROM ({rows}) WHERE {name('_resource')} NOT IN ({without}))"
        finally:
            if self._held[table]:
                connection.unregister("_spool")
