from __future__ import annotations

import click

from lake.cli import _complete, _output


@click.command(epilog="Example: lake remove gcm/Earth/ROCKE-3D/hot/1/ANN.nc")
@click.argument("what", metavar="SOURCE[/RESOURCE]", shell_complete=_complete.sources)
@_output.waiting
@_output.common
def command(path: str, what: str, wait: float) -> None:
    """Take a source or resource out of the raw tables, and keep it out even if lake.toml names it.

    Its bytes stay, and older snapshots keep its rows. The next build publishes the lake without it; `lake keep` undoes
    it, `lake status` lists it.
    """
    from lake import config
    from lake.land import withdrawal

    away = withdrawal.remove(config.load(path), what, wait=wait)
    if _output.as_json:
        _output.json_out(
            {"removed": what, "withdrawn": [dict(zip(("source", "resource"), one, strict=True)) for one in away]}
        )
    _output.say(f"{what} is removed: {len(away)} resource(s) left the raw tables; publish it: lake build")
