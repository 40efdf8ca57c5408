from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lake.cli import _output

if TYPE_CHECKING:
    from lake.check.leaks import Leak

FOUND = 1  # exit code


@click.command(epilog="Example: lake leaks --target features.planet_params.radius")
@click.option(
    "--target", "targets", multiple=True, metavar="COLUMN", help="schema.table.column that a model is to predict."
)
@click.option("--at", metavar="SNAPSHOT", help="An older snapshot, by number or tag.")
@click.option("--rules", is_flag=True, help="List the rules and their reasons.")
@_output.common
def command(path: str, targets: tuple[str, ...], at: str | None, rules: bool) -> None:
    """Find what leaks across the splits of a snapshot, and features that give a target away.

    Exit code 1 where something is found. What is intended is waived in lake.toml, by name and reason:

    \b
    [[leaks.allow]]
    leak = "near_duplicate:features.planet_params"
    because = "..."
    """
    from lake import config, contract, progress, reader
    from lake.astro.leaks import RULES
    from lake.check import leaks

    if rules:
        _output.table(["rule", "why it matters"], [(name, rule.why) for name, rule in RULES.items()])
        if _output.as_json:
            _output.json_out({name: rule.why for name, rule in RULES.items()})
        return
    settings = config.load(path)
    contracts = contract.load(settings.root / "models")
    targets_asked = tuple(dict.fromkeys((*settings.leaks.targets, *targets)))
    with reader.Lake(settings, at) as opened, progress.bar("leaks", len(RULES)) as advance:
        leaks_found = leaks.find(opened, contracts, targets_asked, advance, rules=RULES)
        snapshot = opened.snapshot
    stand, waived, unmet = leaks.judge(leaks_found, settings.leaks.allow)
    if _output.as_json:
        _output.json_out(
            {
                "snapshot": snapshot,
                "targets": targets_asked,
                "leaks": [leak.as_dict() for leak in stand],
                "waived": [{**leak.as_dict(), "because": allow.because} for leak, allow in waived],
                "unmet": [allow.leak for allow in unmet],
            }
        )
    for leak in stand:
        _show(leak, RULES[leak.rule].why)
    for allow in unmet:
        _output.say(f"lake.toml waives {allow.leak}, which does not exist (any more)")
    _output.say(
        f"snapshot {snapshot}: {len(stand)} leak(s), {len(waived)} waived in lake.toml, {len(targets_asked)} target(s)"
    )
    if stand:
        raise SystemExit(FOUND)


def _show(leak: Leak, why: str) -> None:
    _output.say(f"{_output.style(leak.name, bold=True)}: {leak.what} ({leak.count:,})")
    for example in leak.examples:
        _output.say(f"  {example}")
    _output.say(f"  why:  {why}")
    if leak.query:
        query = " ".join(leak.query.split()).replace('"', '\\"')
        _output.say(f'  next: lake sql "{query}"')
