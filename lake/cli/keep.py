from __future__ import annotations

import click

from lake.cli import _complete, _output


@click.command(epilog="Example: lake keep gcm")
@click.argument("what", metavar="SOURCE[/RESOURCE]", shell_complete=_complete.sources)
@_output.waiting
@_output.common
def command(path: str, what: str, wait: float) -> None:
    """Keep a source or resource in the lake that lake.toml no longer names; undo `lake remove`.

    The next `lake run` or `lake land` withdraws what lake.toml no longer names, unless it is kept.
    """
    from lake import config
    from lake.land import withdrawal

    withdrawal.keep(config.load(path), what, wait=wait)
    if _output.as_json:
        _output.json_out({"kept": what})
    _output.say(f"{what} is kept; next, to bring back what was removed of it: lake run")
