from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake repair")
@click.option("--accept", is_flag=True, help="Say of what cannot be mended that it is known: lake verify goes on.")
@_output.waiting
@_output.common
def command(path: str, accept: bool, wait: float) -> None:
    """Rebuild what is damaged: from second copies, equal files, the blobs, or the models. Say what cannot be.

    What is damaged is not read. It is put into data/damaged, which may be deleted.
    """
    from lake import config, repair
    from lake.errors import StorageError

    settings = config.load(path)
    if accept:
        lost = repair.accept(settings, wait=wait)
        if _output.as_json:
            _output.json_out([one.as_dict() for one in lost])
        for one in lost:
            _output.say(f"{one.path} is lost: {one.how}")
        _output.say(f"{len(lost)} said to be lost" if lost else "nothing is lost")
        return
    done = repair.run(settings, wait=wait)
    if _output.as_json:
        _output.json_out(done.as_dict())
    for mended_path, source in done.mended:
        _output.say(f"{mended_path}: rebuilt from {source}")
    for text in done.failed:
        _output.warn(text)
    for one in done.left:
        _output.warn(f"{one.path}: {one.how}")
        _output.say(f"  next:  {'; '.join(one.next)}")
    _output.say(
        f"{len(done.mended)} mended, {len(done.left)} damaged still" if done.left else f"{len(done.mended)} mended"
    )
    if done.left:
        raise SystemExit(StorageError.exit_code)
