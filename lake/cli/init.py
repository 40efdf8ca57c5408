from __future__ import annotations

import click

from lake.cli import _output


@click.command(epilog="Example: lake init my-lake --with kegg,exoplanets && cd my-lake && lake run")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@click.option("--with", "archives", metavar="NAMES", help="The archives for lake.toml: kegg,exoplanets.")
@click.option("--empty", is_flag=True, help="No archives and no models: for another field.")
@click.option("--sample", is_flag=True, help="With the embedded sample as mirror: works offline.")
@_output.speaking
def command(folder: str, archives: str | None, empty: bool, sample: bool) -> None:
    """Make a new lake in DIR: a copy of the astrobiology project.

    lake.toml, sql/, models/, macros/ and seeds/ are yours to change.
    """
    from lake import config, project

    names = None if archives is None else [name for name in map(str.strip, archives.split(",")) if name]
    if names == []:
        raise click.UsageError("--with names archives: --with kegg,exoplanets. `lake sources` lists them.")
    if empty + sample + (archives is not None) > 1:
        raise click.UsageError("--with, --empty and --sample exclude each other.")
    created = project.empty(folder) if empty else project.copy(folder, sample=sample, archives=names)
    if _output.as_json:
        _output.json_out({"lake": str(created), "files": sum(path.is_file() for path in created.rglob("*"))})
    says = "lake.toml is to name its archives" if empty else "lake.toml names its archives"
    _output.say(f"created a lake in {created}: {says}, sql/ and models/ its tables")
    if unset := sorted(set(names or ()) - config.load(created).sources.keys()):
        _output.say(f"{', '.join(unset)}: lake.toml has an example to fill in, for it needs addresses of your own")
    _output.say(f"next: cd {folder} && lake run")
