from __future__ import annotations

import click

from lake.cli import _complete, _output


@click.command(epilog="Example: lake keep gcm")
@click.argument("what", metavar="SOURCE[/RESOURCE]", shell_complete=_complete.sources)
@_output.waiting
@_output.common
def command(path: str, what: str, wait: float) -> None:
    """Let a source or a resource stay in the lake although lake.toml names it no more; undo `lake remove`.

    What lake.toml names no more is withdrawn by the next `lake run` or `lake land`, unless it is kept.
    """
    from lake import config
    from lake.land import withdrawal

    withdrawal.keep(config.load(path), what, wait=wait)
    if _output.as_json:
        _output.json_out({"kept": what})
    _output.say(f"{what} is kept; what was removed of it comes back: lake run")
