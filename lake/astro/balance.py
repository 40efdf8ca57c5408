"""A picture of core.sample_balance: how many people of each population a list of samples has."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from lake.errors import ConfigError
from lake.export import picture

if TYPE_CHECKING:
    from lake import Lake

_ROWS = """
    SELECT superpopulation, population, females, males, sex_not_said
    FROM core.sample_balance WHERE list = $list ORDER BY superpopulation, samples DESC, population
"""
_LISTS = "SELECT DISTINCT list FROM core.sample_balance ORDER BY list"
_SEXES = {"females": "#8c5aa8", "males": "#2f6f9f", "sex not said": "#c3ccd3"}


def draw(lake: Lake, file: Path, list: str = "all") -> int:
    """Draw a bar a population, by superpopulation and sex; gives how many there are.

    Args:
        list: of core.sample_balance; "all" is every sample that any list knows. A part of its name will do.

    Raises:
        ConfigError: no list, or more than one, is called so. LakeError: matplotlib is not installed.
        StorageError: the file cannot be written.
    """
    name = _match(list, [row[0] for row in lake.sql(_LISTS).fetchall()])
    rows = lake.sql(_ROWS, list=name).fetchall()
    figure = picture.figure(7.5, 1.4 + 0.25 * len(rows))
    ax = figure.subplots()
    height, ticks = 0.0, []
    for group, rows_of_group in groupby(rows, key=lambda row: row[0]):
        members = [*rows_of_group]
        total = sum(sum(row[2:]) for row in members)
        ax.text(1.0, height - 0.75, f"{group}  {total:,}", transform=ax.get_yaxis_transform(), ha="right", fontsize=8.5)
        for row in members:
            start = 0
            for count, colour in zip(row[2:], _SEXES.values(), strict=True):
                ax.barh(height, count, left=start, color=colour, height=0.78)
                start += count
            ticks.append((height, row[1]))
            height += 1
        height += 1
    ax.set_yticks([position for position, _ in ticks], [text for _, text in ticks], fontsize=8)
    ax.set_ylim(height + 0.5, -1.5)
    ax.set_xlabel("samples", fontsize=8.5)
    ax.set_title(f"population balance: {name}", loc="left", fontsize=9.5)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(axis="x", labelsize=8)
    sexes = [ax.barh(0, 0, color=colour, label=sex) for sex, colour in _SEXES.items()]
    ax.legend(handles=sexes, frameon=False, fontsize=8, ncols=3, loc="lower right")
    picture.save(figure, file)
    return len(rows)


def _match(part: str, names: list[str]) -> str:
    matches = [part] if part in names else [name for name in names if part in name]
    if len(matches) == 1:
        return matches[0]
    raise ConfigError(
        f"{len(matches) or 'no'} lists of samples are called {part!r}",
        why=f"there are {', '.join(matches or names) or 'none'}",
        next='lake sql "SELECT DISTINCT list FROM core.sample_balance"',
    )
