"""A file under a second name: each file of the catalog belongs to one table of one making, and no bytes are copied."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lake.errors import StorageError
from lake.store import checksums, metadata

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@contextmanager
def made(
    connection: DuckDBPyConnection, data: Path, files: Mapping[str, Iterable[str]]
) -> Iterator[dict[str, list[Path]]]:
    """Second names, beside the first ones, for files of some tables. Where the body is left by an error those go that
    the catalog does not know: Ctrl-C may come with the commit done.

    Args:
        files: by table, relative to the data folder, as the catalog names them.

    Raises:
        StorageError: a file is missing, or the disk is full.
    """
    pairs: list[tuple[str, Path]] = []
    links: dict[str, list[Path]] = {}
    try:
        for table, some in files.items():
            links[table] = []
            for file in some:
                links[table].append(_link(data / file))
                pairs.append((file, links[table][-1]))
        checksums.same(data, [(file, str(link.relative_to(data))) for file, link in pairs])
        yield links
    except BaseException:
        catalogued = metadata.files(connection)
        for _, link in pairs:
            if str(link.relative_to(data)) not in catalogued:
                link.unlink(missing_ok=True)
        raise


def _link(file: Path) -> Path:
    target = file.with_name(f"{uuid.uuid4().hex}.parquet")
    try:
        with suppress(OSError):  # a file system without hard links
            os.link(file, target)
            return target
        shutil.copyfile(file, target)
        return target
    except FileNotFoundError:
        raise StorageError(
            "a file of the lake is missing; nothing was changed", where=str(file), next="lake verify"
        ) from None
    except OSError as error:
        target.unlink(missing_ok=True)
        raise StorageError(f"a file of the lake cannot be kept: {error.strerror}", where=str(file)) from None
