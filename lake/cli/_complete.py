"""Shell completion of names, from the current lake or that of -C; none where it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

Names = Callable[[click.Context, click.Parameter, str], list[str]]


def _offered(names: Callable[[str], Iterable[str]]) -> Names:
    def complete(ctx: click.Context, _: click.Parameter, typed: str) -> list[str]:
        folders = [context.params.get("path") for context in (ctx, ctx.parent) if context]
        try:
            candidates = sorted(set(names(next((folder for folder in folders if folder not in (None, ".")), "."))))
        except Exception:  # a completion cannot show errors
            return []
        return [name for name in candidates if name.startswith(typed)]

    return complete


def _tables(path: str) -> Iterable[str]:
    import lake

    with lake.open(path) as opened:
        return opened.tables()


def _models(path: str) -> Iterable[str]:
    """From file names alone: contracts may be broken just now."""
    from lake import config

    root = config.load(path).root
    sql = (f"{file.parent.name}.{file.stem}" for file in root.glob("sql/*/*.sql"))
    return [*sql, *(f"seeds.{file.stem}" for file in root.glob("seeds/*.csv"))]


def _sources(path: str) -> Iterable[str]:
    from lake import config

    return config.load(path).sources


tables, models, sources = map(_offered, (_tables, _models, _sources))
