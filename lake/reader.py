"""One snapshot of a lake to read: in SQL, through ibis, as arrays."""

from __future__ import annotations

import difflib
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from lake import config as settings
from lake.config import Config
from lake.errors import ConfigError
from lake.store import leases, published_file
from lake.store.catalog import first_line
from lake.store.sql import connect, quote, scalar

if TYPE_CHECKING:
    import duckdb
    import ibis
    import xarray as xr


LANDED = "landed"


class Lake:
    """A lake at one snapshot. Open it with :func:`lake.open`; close it, or use it in a ``with``. Threads may share it.

    Attributes:
        snapshot: the snapshot's number. Everything that this object gives is of that snapshot, whatever is built since.
        lease: keeps `lake gc` from freeing that snapshot until `close`; none on a disk that cannot be written.
        connection: the DuckDB connection behind it, with the snapshot's tables as views; it writes to memory only.
            Each thread has one of its own, since DuckDB runs one query a connection at a time: what one thread
            registers or sets, another does not see.
    """

    def __init__(self, config: Config, snapshot: int | str | None):
        self.config, self.confined = config, False
        # Attached, not opened: DuckDB shares open databases by path, and would return the old one again.
        limits: dict[str, Any] = {"memory_limit": f"{config.limits.memory}B", "threads": config.limits.threads}
        self._database: duckdb.DuckDBPyConnection = connect(**limits)
        self._of_thread, self._connections = threading.local(), weakref.WeakSet([self._database])
        self._of_thread.connection = self._database
        self._database.execute(self._lake_root)
        with leases.opening(config):
            if snapshot == LANDED:
                path = published_file.ensure_landed(config)
            else:
                path = published_file.ensure(config, snapshot)
            self._database.execute(f"ATTACH {quote(str(path))} AS lake (READ_ONLY)")
            self.snapshot: int = scalar(self._database, "SELECT snapshot FROM lake.lake_info")
            self.lease = leases.hold(config, self.snapshot)
        self._database.execute("USE lake")

    @property
    def _lake_root(self) -> str:
        return f"SET VARIABLE lake_root = {quote(str(self.config.data))}"

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        if not hasattr(self._of_thread, "connection"):
            cursor = self._database.cursor()
            cursor.execute(f"{self._lake_root}; USE lake")
            self._of_thread.connection = cursor
            self._connections.add(cursor)
        own: duckdb.DuckDBPyConnection = self._of_thread.connection
        return own

    def interrupt(self) -> None:
        """Interrupt running queries of all threads: they raise duckdb.InterruptException there."""
        for connection in list(self._connections):
            connection.interrupt()

    def confine(self) -> None:
        """Let queries read nothing but this lake, and write nothing: for SQL that others wrote. It cannot be undone."""
        self.connection.execute(f"SET allowed_directories = [{quote(str(self.config.data))}]")
        self.connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        self.confined = True

    def sql(self, query: str, **parameters: Any) -> duckdb.DuckDBPyRelation:
        """A query as a DuckDB relation: lazy, and ready for ``.df()``, ``.arrow()``, ``.show()``, ``.fetchall()``.

        Raises:
            duckdb.Error: as DuckDB gives it.
        """
        return self.connection.sql(query, params=parameters or None)

    def table(self, name: str) -> ibis.Table:
        """A table such as "core.edges" as an ibis expression.

        Raises:
            ConfigError: the snapshot has no such table.
        """
        import ibis

        schema, _, table = name.rpartition(".")
        if name not in (names := self.tables()):
            similar = difflib.get_close_matches(name, names, 1)
            raise ConfigError(
                f"no table {name!r} at snapshot {self.snapshot}",
                why=f"did you mean {similar[0]!r}?" if similar else f"it has {len(names)} tables",
                next="`.tables()` lists them",
            )
        return ibis.duckdb.from_connection(self.connection).table(table, database=schema)

    def tables(self) -> list[str]:
        """The names of every table."""
        rows = self.connection.execute(
            "SELECT schema_name || '.' || view_name FROM duckdb_views() "
            "WHERE database_name = 'lake' AND NOT internal ORDER BY 1"
        )
        return [name for (name,) in rows.fetchall()]

    def cube(self, name: str | int) -> xr.Dataset:
        """A climate run's arrays, lazy: by its digest, or by the key of its run.

        Raises:
            ConfigError: the snapshot has no such cube.
        """
        import duckdb

        from lake.store import cubes

        cube = self.config.roles.cube or "NULL"
        try:
            rows = self.connection.execute(f"SELECT {cube}, digest FROM raw.cubes").fetchall()
        except duckdb.Error as error:
            raise ConfigError(
                f"the keys of the cubes cannot be computed: {first_line(error)}",
                where=self.config.where("roles", "cube"),
                why="[roles] cube is SQL of the columns of raw.cubes",
                next='lake sql "DESCRIBE raw.cubes"',
            ) from None
        digests: dict[Any, str] = dict(rows) | {digest: digest for _, digest in rows}
        if name not in digests:
            raise ConfigError(
                f"no cube {name!r} at snapshot {self.snapshot}",
                why=f"it has {len(rows)} cube(s)",
                next='lake sql "SELECT * FROM raw.cubes"',
            )
        return cubes.open(self.config.data, digests[name])

    def close(self) -> None:
        """Let go of the files."""
        for connection in list(self._connections):
            connection.close()
        self.lease.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Lake {self.config.lake.name!r} at snapshot {self.snapshot}: {len(self.tables())} tables>"


def open(path: str | Path = ".", at: int | str | None = None) -> Lake:
    """Open a lake at its newest published snapshot, or at an older one. Nothing is locked; builds may go on.

    Args:
        path: the folder of lake.toml, or one below it.
        at: the number of a published snapshot, as `lake log` lists them, or its tag; "landed", as long as nothing is
            published: the raw tables of the newest landing.

    Raises:
        NotALake: no lake.toml there. ConfigError: nothing is published yet, or not that snapshot.
    """
    return Lake(settings.load(path), at)
