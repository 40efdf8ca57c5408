from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lake.cli import _output, _summaries

if TYPE_CHECKING:
    from lake.config import Config


@click.command(epilog="Example: lake demo my-demo")
@click.argument("folder", metavar="[DIR]", default="demo-lake", type=click.Path(file_okay=False))
@_output.speaking
def command(folder: str) -> None:
    """The whole pipeline on the embedded sample, offline, in DIR.

    Fetch, land, build, check, publish; then one training epoch of a tiny model, and a plot. Run again, it does nothing.
    """
    from lake import config, project

    if not (Path(folder) / config.FILE).exists():
        project.copy(folder, sample=True)
        _output.say(f"created a lake on the embedded sample in {folder}\n")
    settings = config.load(folder)
    code, steps = _summaries.run(settings)
    trained = _train(settings)
    if _output.as_json:
        _output.json_out({**steps, "train": trained})
    _output.say("\nnext:")
    _output.say(f'  lake -C {folder} sql "SELECT planet, radius, equilibrium_temperature FROM features.planet_params"')
    _output.say(f"  lake -C {folder} status")
    _output.say(f"  lake -C {folder} shell")
    if code:
        raise SystemExit(code)


def _train(settings: Config) -> dict[str, Any] | None:
    """One epoch of a tiny model on the planets of the train split, once a snapshot; None where torch is missing."""
    from importlib.util import find_spec

    from lake import sealed
    from lake.store import published_file

    if missing := [name for name in ("torch", "matplotlib") if find_spec(name) is None]:
        _output.warn(f"nothing is trained without {' and '.join(missing)}: pip install {' '.join(missing)}")
        return None
    _output.heading("train")
    note, picture = settings.data / "demo.json", settings.root / "demo.png"
    info = published_file.read_info(published_file.path(settings))
    snapshot = info and info.snapshot
    result: dict[str, Any] = (picture.is_file() and sealed.read(note)) or {}
    if result.get("snapshot") == snapshot:
        _output.say(f"nothing to do: trained at snapshot {snapshot}")
    else:
        result = {"snapshot": snapshot, **_epoch(settings.root, picture)}
        sealed.write(note, result)
    result["plot"] = str(picture)
    for name, shape in result["shapes"].items():
        _output.say(f"  {name:<28} {shape}")
    _output.say(f"loss over one epoch: {result['losses'][0]:.3f} -> {result['losses'][-1]:.3f}")
    _output.say(f"a plot of all of it: {picture}")
    return result


def _epoch(root: Path, picture: Path) -> dict[str, Any]:
    import lake
    from lake.astro import demo

    with lake.open(root) as opened:
        return demo.run(opened, picture)
