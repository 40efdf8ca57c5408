from __future__ import annotations

from pathlib import Path

import click

from lake.cli import _output, _report


@click.command(epilog="Example: lake demo my-demo")
@click.argument("folder", metavar="[DIR]", default="demo-lake", type=click.Path(file_okay=False))
@_output.speaking
def command(folder: str) -> None:
    """The whole way on the embedded sample, offline, in DIR.

    Fetch, land, build, check, publish; then one training epoch of a tiny model, and a plot.
    """
    from lake import config, project

    if not (Path(folder) / config.FILE).exists():
        project.copy(folder, sample=True)
        _output.say(f"a lake on the embedded sample lies in {folder}\n")
    settings = config.load(folder)
    code, steps = _report.everything(settings)
    trained = _train(settings)
    if _output.as_json:
        _output.json_out({**steps, "train": trained})
    _output.say("\nnext:")
    _output.say(f'  lake -C {folder} sql "SELECT planet, radius, equilibrium_temperature FROM features.planet_params"')
    _output.say(f"  lake -C {folder} status")
    _output.say(f"  lake -C {folder} shell")
    if code:
        raise SystemExit(code)


def _train(settings) -> dict | None:
    """One epoch of a tiny model on the planets of the train split; None where torch is not installed."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        _output.warn("torch is not installed, so nothing is trained: pip install 'astrolake[torch]'")
        return None
    import lake
    from lake.train import demo

    _output.heading("train")
    with lake.open(settings.root) as here:
        result = demo.run(here, settings.root / "demo.png")
    for name, shape in result["shapes"].items():
        _output.say(f"  {name:<28} {shape}")
    _output.say(f"loss over one epoch: {result['losses'][0]:.3f} -> {result['losses'][-1]:.3f}")
    _output.say(f"a picture of it all: {result['plot']}")
    return result
