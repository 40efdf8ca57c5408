from __future__ import annotations

import click

from lake.cli import _complete, _output


@click.command(epilog="Example: lake why core.edges")
@click.argument("model", shell_complete=_complete.models)
@_output.common
def command(path: str, model: str) -> None:
    """Why MODEL was built or not the last time, and whether it is stale now."""
    from lake import config
    from lake.build import preview

    explained = preview.why(config.load(path), model)
    if _output.as_json:
        _output.json_out(explained)
    last, now = explained["last"], explained["now"]
    if last:
        _output.say(f"{model} was built for snapshot {last['snapshot']}, {last['built_at']}: {last['reason']}")
        _output.say(f"snapshot {explained['snapshot']}: {_VERDICTS.get(last['verdict'], last['verdict'])}")
    else:
        _output.say(f"{model} was never built")
    verdicts = {"build": f"stale: {now['reason']}", "perhaps": f"perhaps stale: {now['reason']}", "fresh": "up to date"}
    _output.say(f"now: {verdicts[now['verdict']]}")


_VERDICTS = {
    "built": "it was built",
    "fresh": "not built, because none of its inputs had changed",
    "left": "not built, because it was not selected",
    "failed": "unchanged, because it or one of its inputs failed",
}
