from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake repair")
@click.option("--accept", is_flag=True, help="Accept unrepairable damage, so that lake verify passes.")
@_output.waiting
@_output.common
def command(path: str, accept: bool, wait: float) -> None:
    """Rebuild what is damaged from second copies, equal files, blobs or models; report what cannot be rebuilt.

    Damaged files are not read. They are moved to data/damaged, which may be deleted.
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
        _output.say(f"{len(lost)} accepted as lost" if lost else "nothing is lost")
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
        f"{len(done.mended)} rebuilt, {len(done.left)} still damaged" if done.left else f"{len(done.mended)} rebuilt"
    )
    if done.left:
        raise SystemExit(StorageError.exit_code)
