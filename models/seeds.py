"""Small tables that are kept in the project."""

from typing import Annotated

from lake.contract import OneOf, Pattern, Rule, Table

_UNITS = Rule(
    "unit fits quantity",
    "unit = CASE quantity WHEN 'ph' THEN '1' WHEN 'o2' THEN '1' WHEN 'temperature' THEN 'K' WHEN 'redox' THEN 'V' END",
)
_RANGE = Rule("value within its range", "value BETWEEN coalesce(low, value) AND coalesce(high, value)")


class EnvironmentRules(Table, key="rule_id", rules=(_UNITS, _RANGE)):
    """Where a pathway's environment comes from: each value with its citation. docs/environment.md tells how they apply."""

    rule_id: Annotated[str, Pattern(r"[a-z0-9_]+")]
    """Name of the rule"""
    priority: int
    """The lowest that matches wins; then the first by name"""
    match_on: Annotated[str, OneOf("pathway", "name", "class", "subclass", "overview_map")]
    """What the pattern is held against"""
    pattern: str
    """RE2 pattern; for overview_map, the map's id"""
    quantity: Annotated[str, OneOf("ph", "temperature", "o2", "redox")]
    """What it tells"""
    value: float
    """In `unit`"""
    low: float | None
    """Lower end, where the source gives a range"""
    high: float | None
    """Upper end"""
    unit: str
    """1, K or V"""
    citation: Annotated[str, Pattern(r".{20,}")]
    """The source"""
    note: str
    """What the value is, and is not"""
