"""What models avoid, though DuckDB would run it: what another engine, or the same one tomorrow, answers differently.

A model is compared by content, and the same SELECT is to give the same table on any engine. Each rule has its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

_FILE = re.compile(
    r"(read|scan)_\w+|\w+_scan|glob|sniff_csv|.*\.(csv|tsv|parquet|json|jsonl|ndjson|txt)(\.\w+)?", re.IGNORECASE
)
_WORD = re.compile(r"\w+")
_CALLED = re.compile(r"\w+\s*\(\s*(distinct\s+)?(\w+\s*\.\s*)*$", re.IGNORECASE)
_AS_READ = frozenset(
    "ARRAYAGG GROUPCONCAT FIRST LAST ANYVALUE ARGMAX ARGMIN ROWNUMBER NTILE LEAD LAG "
    "FIRSTVALUE LASTVALUE NTHVALUE".split()
)
_MOMENT = re.compile(  # aggregates that add doubles, whatever they are given
    r"(stddev(_samp|_pop)?|variance|var_(samp|pop)|corr|covar_(samp|pop)|regr_(?!count)\w+|skewness|kurtosis(_pop)?|sem"
    r"|geomean|geometric_mean|product|entropy|fsum|sumkahan|kahan_sum|favg)\(\)"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A SELECT, or a macro's body, with what rules ask of it."""

    sql: str
    query: exp.Expr
    typed: exp.Expr  # the same with the types of its columns, where they are known
    key: frozenset[str]  # of the contract: ordered by it, rows are in a total order

    def calls(self) -> Iterator[tuple[exp.Func, str, str]]:
        """Each call of a function, with its name as sqlglot has it (LIST is ARRAYAGG), and as it is written."""
        from sqlglot import exp

        for call in self.query.find_all(exp.Func):
            function = call.name.upper() if isinstance(call, exp.Anonymous) else type(call).__name__.upper()
            written = _WORD.match(self.sql, self.place(call))
            yield call, function, f"{(written[0] if written else function).lower()}()"

    def place(self, start_node: exp.Expr) -> int:
        """Where a node stands in the text: its first word that sqlglot remembers, a call's name, or what holds it."""
        from sqlglot import exp

        node: exp.Expr | None = start_node
        while node is not None:
            starts = [one.meta["start"] for one in node.walk() if "start" in one.meta]
            if starts:
                start = min(starts)
                called = _CALLED.search(self.sql, max(start - 99, 0), start) if isinstance(node, exp.Func) else None
                return called.start() if called and "start" not in node.meta else start
            node = node.parent
        return 0


Found = Iterator[tuple["exp.Expr", str]]  # a node that breaks a rule, and what to say of it


@dataclass(frozen=True, slots=True)
class Rule:
    reason: str
    find: Callable[[Text], Found]


# Rules


def _hash(text: Text) -> Found:
    for call, function, _ in text.calls():
        if function == "HASH":
            yield call, "hash() gives other numbers in another version: take md5(), or a macro made of it"


def _approximate(text: Text) -> Found:
    from sqlglot import exp

    for call, _, written in text.calls():
        if written.startswith(("approx_", "reservoir_quantile")):
            yield call, f"{written} estimates: take the exact function"
    for sample in text.query.find_all(exp.TableSample):
        yield sample, "a sample is other rows each time: choose them by a digest of the key"


def _joins(text: Text) -> Found:
    from sqlglot import exp

    for join in text.query.find_all(exp.Join):
        match join.method:
            case "ASOF":
                yield join, "not every engine has ASOF: join on the range, and keep the last row by row_number()"
            case "POSITIONAL":
                yield join, "POSITIONAL pairs rows in the order in which they are read: join on a key"


def _mode(text: Text) -> Found:
    for call, function, _ in text.calls():
        if function == "MODE":
            yield call, "mode() takes any of the values that are as frequent: count them, order by count and value"


def _unordered(text: Text) -> Found:
    from sqlglot import exp

    for call, function, written in text.calls():
        over = call.find_ancestor(exp.Window, exp.Select)
        ordered = call.find(exp.Order) or (isinstance(over, exp.Window) and (over.args.get("order") or over.alias))
        if function in _AS_READ and not ordered and not isinstance(call.parent, exp.SortArray):
            yield call, f"{written} takes rows in the order in which they are read: say ORDER BY in it"


def _fraction(text: Text) -> Found:
    from sqlglot import exp

    for cast in text.typed.find_all(exp.Cast):  # TryCast is one too
        if cast.to.this in exp.DataType.INTEGER_TYPES and _is_fraction(cast.this):
            yield cast, "a fraction is made an integer: say round(), floor(), ceil() or trunc() of it"


def _sum(text: Text) -> Found:
    from sqlglot import exp

    for aggregate in text.typed.find_all(exp.Sum, exp.Avg):
        if not isinstance(aggregate.this, (exp.Order, exp.Distinct)) and _is_double(aggregate.this):
            written = f"{type(aggregate).__name__.lower()}()"
            yield (
                aggregate,
                f"{written} of doubles ends in other digits each time: say ORDER BY in it, or CAST to DECIMAL",
            )
    for call, _, written in text.calls():
        if _MOMENT.fullmatch(written) and not call.find(exp.Order):
            yield call, f"{written} adds doubles, and ends in other digits each time: say ORDER BY in it"


def _limit(text: Text) -> Found:
    from sqlglot import exp

    for query in text.query.find_all(exp.Query):
        cut = query.args.get("limit") or query.args.get("offset")
        distinct = query.args.get("distinct")
        one_each = distinct.args.get("on") if isinstance(distinct, exp.Distinct) else None
        chooses: exp.Expr | None = cut or one_each
        if chooses and not _is_total(query, text.key if query is text.query else frozenset()):
            yield chooses, "no total order chooses the rows that stay: ORDER BY the key, or all columns"


def _file(text: Text) -> Found:
    from sqlglot import exp

    for table in text.query.find_all(exp.Table):
        name = table.this.sql("duckdb").split("(")[0].strip('"')
        if not table.db and _FILE.fullmatch(name):
            yield table, f"{name} reads a file: land it, or put it into seeds/"


RULES: Mapping[str, Rule] = {
    "hash": Rule("hash() is of one engine and version; a key made of it changes with them", _hash),
    "approximate": Rule("estimates differ between engines, and between runs", _approximate),
    "join": Rule("ASOF and POSITIONAL joins are not in every engine", _joins),
    "mode": Rule("which of the most frequent values is taken is not defined", _mode),
    "unordered": Rule("threads read rows in no order, so that it gives another value each time", _unordered),
    "fraction": Rule("DuckDB rounds 2.7 to 3 where Spark cuts it to 2", _fraction),
    "sum": Rule("threads add doubles in no order, and each order rounds otherwise", _sum),
    "limit": Rule("without a total order, which rows are left out is chance", _limit),
    "file": Rule("what a file holds is not in the fingerprint, and its bytes are not kept", _file),
}
# What the rules ask


def _is_fraction(node: exp.Expr) -> bool:
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, (exp.Round, exp.Floor, exp.Ceil, exp.Trunc)):
        return False
    if isinstance(node, exp.Div) or node.is_type(*exp.DataType.REAL_TYPES):
        return True
    return isinstance(node, (exp.Neg, exp.Add, exp.Sub, exp.Mul)) and any(map(_is_fraction, node.iter_expressions()))


def _is_double(node: exp.Expr) -> bool:
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.Div) or node.is_type(exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT):
        return True
    return isinstance(node, (exp.Neg, exp.Add, exp.Sub, exp.Mul)) and any(map(_is_double, node.iter_expressions()))


def _is_total(query: exp.Query, key: frozenset[str]) -> bool:
    """Whether a query is ordered by the key, by what it groups by, or by every column that it gives."""
    order = query.args.get("order")
    by = {one.this.sql("duckdb").lower() for one in order.expressions} if order else set()
    group = query.args.get("group")
    grouped = {one.sql("duckdb").lower() for one in group.expressions} if group else set()
    names_of = [
        {str(position), one.alias_or_name.lower(), one.unalias().sql("duckdb").lower()}
        for position, one in enumerate(query.selects, 1)
    ]
    starred = any(one.is_star for one in query.selects)
    all_given = not starred and all(names & by for names in names_of)
    return bool(by) and ("all" in by or all_given or any(names and names <= by for names in (key, grouped)))
