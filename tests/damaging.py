"""What the tests of damage share: how a file is hurt, what a lake holds, and doing what `lake verify` says."""

from __future__ import annotations

import hashlib
import json
import shlex
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT

import lake
from lake.cli import _output
from lake.cli import lake as command


def ask(folder: Path, *arguments: str, code: int | None = 0) -> str:
    _output.as_json = False  # of the command before, which in this process stays
    done = CliRunner().invoke(command, [*arguments, "-C", str(folder)])
    if code is not None:
        assert done.exit_code == code, (arguments, done.exit_code, done.output, done.exception)
    return done.output


def flip(file: Path) -> None:
    """One bit, in bytes that mean something."""
    content = bytearray(file.read_bytes())
    at = len(content) // 3
    while not content[at]:  # what no cell of a page uses is zero, and no loss
        at += 1
    content[at] ^= 4
    over(file, bytes(content))


def cut(file: Path) -> None:
    over(file, file.read_bytes()[: file.stat().st_size // 2])


def zero(file: Path) -> None:
    over(file, bytes(file.stat().st_size))


def gone(file: Path) -> None:
    file.unlink()


def over(file: Path, content: bytes) -> None:
    """In place, as a disk does it."""
    file.chmod(0o644)
    with file.open("r+b") as opened:
        opened.truncate()
        opened.write(content)


HURTS = {one.__name__: one for one in (flip, cut, zero, gone)}


def chosen_sources(*sources: str, mirror: str = str(ROOT / "sample")) -> str:
    """A lake.toml of some sources of the sample."""
    kept = tomllib.loads((ROOT / "sample/lake.toml").read_text())
    lines = ['[lake]\nname = "toy"', f'mirror = "{mirror}"']
    for source in sources:
        lines.append(f"[sources.{source}]")
        lines += [f"{key} = {_toml(value)}" for key, value in kept["sources"][source].items()]
    return "\n".join(lines) + "\n"


def _toml(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def state(folder: Path) -> dict[str, object]:
    """What the lake holds: every table of the newest snapshot and of the tagged one, tags, notes, fetch log."""
    found: dict[str, object] = {}
    for at in ("latest", "v1"):
        with lake.open(folder, at) as here:
            for table in here.tables():
                rows = here.sql(f"FROM {table}").fetchall()
                found[f"{at} {table}"] = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
    found["tags"] = ask(folder, "tag", "--json")
    found["notes"] = (folder / "seeds/process_notes.csv").read_text()
    with closing(sqlite3.connect(folder / "data/fetch_log.sqlite")) as log:
        found["fetches"] = len(log.execute("SELECT * FROM outcomes").fetchall())
        found["blobs"] = sorted(log.execute("SELECT DISTINCT sha256 FROM outcomes WHERE sha256 IS NOT NULL").fetchall())
    return found


def follow(folder: Path, place: Path) -> list[str]:
    """Do what verify says, to the letter, until it says no more; gives what it named first."""
    named = []
    for _ in range(4):
        done = CliRunner().invoke(command, ["verify", "--json", "-C", str(folder)])
        found = json.loads(done.stdout)["damaged"]
        assert done.exit_code == (8 if found else 0), done.output
        if not found:
            return named
        if not named:
            named = [one["path"] for one in found]
            at = {str(place.relative_to(folder)), str(place.relative_to(folder)).removeprefix("data/")}
            assert at & set(named) or any(str(place).startswith(str(folder / "data" / one)) for one in named), named
        for line in dict.fromkeys(line for one in found for line in one["next"]):
            program, *arguments = shlex.split(line)
            if program == "rm":
                (folder / arguments[0]).unlink()
            else:
                assert program == "lake"
                CliRunner().invoke(command, [*arguments, "-C", str(folder)])
    pytest.fail(f"verify does not come to an end: {found}")
