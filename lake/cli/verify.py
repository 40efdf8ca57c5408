from __future__ import annotations

from dataclasses import asdict

import click

from lake.cli import _output


@click.command(epilog="Example: lake verify")
@click.option("--quick", is_flag=True, help="Only check that each file exists and has its size.")
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Trace and prove N random cells of each table.")
@click.option("--seed", default=0, metavar="N", help="Random seed: the same cells for the same N.", show_default=True)
@_output.common
def command(path: str, quick: bool, sample: int | None, seed: int) -> None:
    """Check every stored byte against its checksum; show what damage affects, and how to repair it.

    Blobs have their sha256 for a name, Parquet files have theirs in data/sums.sqlite and in the manifest of each
    snapshot, as the catalog's rows have; cubes have a digest over their values. --sample instead traces random cells of
    each published table back to the archives' bytes, as `lake trace --verify` does, and counts those that are proved.
    """
    if sample:
        _sample(path, sample, seed)
        return
    from lake import config
    from lake.errors import StorageError
    from lake.store import verify

    result = verify.run(config.load(path), quick=quick)
    if _output.as_json:
        _output.json_out(result.as_dict())
    for damage in result.damaged:
        hurt = [f"table {table}" for table in damage.tables]
        hurt += [f"snapshot {number}" for number in damage.snapshots] + [f"tag {tag}" for tag in damage.tags]
        _output.say(f"{damage.path}: {damage.how}")
        _output.say(f"  affects: {', '.join(hurt) or 'what is landed from it, when it is landed again'}")
        _output.say(f"  next:  {'; '.join(damage.next)}")
    for one in result.lost:
        _output.say(f"{one.path}: accepted as lost: {one.how}")
    if result.unknown:
        _output.warn(f"{len(result.unknown)} file(s) have no checksum yet; the next lake build adds it")
    counts = (
        f"{result.blobs:,} blobs, {result.files:,} Parquet files, {result.cubes:,} cubes, {_output.size(result.bytes)}"
    )
    _output.say(f"{counts}: {f'{len(result.damaged)} damaged' if result.damaged else 'all undamaged'}")
    if result.damaged:
        raise SystemExit(StorageError.exit_code)


def _sample(path: str, count: int, seed: int) -> None:
    from lake import config, progress
    from lake.errors import StorageError
    from lake.trace import sample

    settings = config.load(path)
    cells = []
    with progress.bar("trace") as advance:
        for cell in sample.cells(settings, count, seed=seed, verify=True):
            advance(note=cell.table)
            cells.append(cell)
    proved = sum(cell.proved for cell in cells)
    failed = [cell for cell in cells if not cell.proved]
    if _output.as_json:
        _output.json_out({"sampled": len(cells), "proved": proved, "cells": [asdict(cell) for cell in cells]})
    for cell in failed:
        _output.say(f"{cell.table}.{cell.column}, row {cell.row}: {'; '.join(cell.problems)}")
    larger = sum(cell.verdict != "exact" for cell in cells if cell.verdict)
    tables = len({cell.table for cell in cells})
    _output.say(
        f"{proved} of {len(cells)} cells of {tables} tables proved; of {larger}, more rows than they need are named"
    )
    if failed:
        raise SystemExit(StorageError.exit_code)
