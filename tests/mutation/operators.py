"""What is changed: a source text to its mutants, each with one small fault."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
CALCULATED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
SQL = re.compile(r"\b(SELECT|WHERE|JOIN|DELETE FROM|UPDATE|HAVING|FILTER)\b")
IN_SQL = (
    (r"\bAND\b", "OR"),
    (r"\bOR\b(?! REPLACE)", "AND"),
    (r" = ", " <> "),
    (r" <> ", " = "),
    (r" < ", " <= "),
    (r" > ", " >= "),
    (r" <= ", " < "),
    (r" >= ", " > "),
    (r"\bIS NULL\b", "IS NOT NULL"),
    (r"\bIS NOT NULL\b", "IS NULL"),
    (r"\bNOT (IN|EXISTS)\b", r"\1"),
    (r"\bLEFT JOIN\b", "JOIN"),
    (r"\bUNION ALL\b", "UNION"),
    (r"\bDISTINCT ", ""),
    (r"\bmax\(", "min("),
    (r"\bmin\(", "max("),
    (r" DESC\b", ""),
)
Piece = tuple[ast.AST, str, str]  # where, what stands there instead, and how the change is called


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one change. Function and change name it, so that it keeps its name when lines move."""

    file: str  # lake/store/leases.py
    function: str  # Lease.close
    change: str  # a < b -> a <= b
    lines: tuple[int, ...]  # that run when the change matters, the likeliest first
    source: str  # the whole module

    @property
    def name(self) -> tuple[str, str, str]:
        return self.file, self.function, self.change


def mutants(file: str, source: str) -> list[Mutant]:
    """Every mutant of a module that still compiles."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    made, names = [], Counter()
    for function, statement, (node, text, change) in _pieces(ast.parse(source)):
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        if source.encode()[begin:end].startswith(b"0o"):  # the rights of a new file
            continue
        changed = source.encode()[:begin].decode() + text + source.encode()[end:].decode()
        try:
            compile(changed, file, "exec")
        except SyntaxError:
            continue
        if isinstance(node, ast.Constant) and not change.startswith("SQL"):  # "1 -> 2" alone says little
            change += f" in {_short(ast.unparse(statement).partition(chr(10))[0])}"
        names[function, change] += 1
        number = names[function, change]
        lines = dict.fromkeys([*range(node.lineno, node.end_lineno + 1), statement.lineno])
        mutant = Mutant(file, function, change, tuple(lines), changed)
        made.append(mutant if number == 1 else replace(mutant, change=f"{change} ({number})"))
    return made


def _pieces(tree: ast.Module) -> Iterator[tuple[str, ast.stmt, Piece]]:
    """Changes with the function and the statement that they are in."""

    def within(node: ast.AST, function: str, statement: ast.stmt | None) -> Iterator[tuple[str, ast.stmt, Piece]]:
        if _says_nothing(node):
            return
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            function = f"{function}.{node.name}".lstrip(".")
        statement = node if isinstance(node, ast.stmt) else statement
        for piece in _changes(node):
            yield function or "<module>", statement, piece
        if isinstance(node, ast.JoinedStr):  # the places of what is within are told wrongly before Python 3.12
            return
        for field, value in ast.iter_fields(node):
            if field not in ("annotation", "returns", "decorator_list", "type_params"):
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(child, ast.AST):
                        yield from within(child, function, statement)

    yield from within(tree, "", None)


def _says_nothing(node: ast.AST) -> bool:
    """Docstrings, imports, and what only a type checker reads."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
    return False


def _changes(node: ast.AST) -> Iterator[Piece]:
    for kind, change in OPERATORS.items():
        if isinstance(node, kind):
            yield from change(node)


def _piece(node: ast.AST, new: str, what: ast.AST | None = None) -> Piece:
    return node, new, f"{_short(ast.unparse(what or node))} -> {_short(new)}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:60]} ... {line[-36:]}"


def _compare(node: ast.Compare) -> Iterator[Piece]:
    for place, operator in enumerate(node.ops):
        ops = [*node.ops[:place], COMPARED[type(operator)](), *node.ops[place + 1 :]]
        yield _piece(node, f"({ast.unparse(ast.Compare(node.left, ops, node.comparators))})")


def _boolean(node: ast.BoolOp) -> Iterator[Piece]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield _piece(node, f"({ast.unparse(ast.BoolOp(other, node.values))})")


def _unary(node: ast.UnaryOp) -> Iterator[Piece]:
    yield _piece(node, f"({ast.unparse(node.operand)})")


def _arithmetic(node: ast.BinOp) -> Iterator[Piece]:
    texts = isinstance(node.left, ast.JoinedStr) or isinstance(node.right, ast.JoinedStr)
    texts |= any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (node.left, node.right))
    if type(node.op) in CALCULATED and not texts:
        other = ast.BinOp(node.left, CALCULATED[type(node.op)](), node.right)
        yield _piece(node, f"({ast.unparse(other)})")


def _constant(node: ast.Constant) -> Iterator[Piece]:
    if isinstance(node.value, bool):
        yield _piece(node, str(not node.value))
    elif isinstance(node.value, int | float):
        yield _piece(node, str(node.value + 1))


def _sql(node: ast.Constant | ast.JoinedStr) -> Iterator[Piece]:
    """The operators within an SQL text: one place each, as Python would write the text."""
    if isinstance(node, ast.Constant) and not isinstance(node.value, str):
        return
    text = ast.unparse(node)
    if SQL.search(text):
        for pattern, new in IN_SQL:
            for match in re.finditer(pattern, text):
                changed = text[: match.start()] + match.expand(new) + text[match.end() :]
                around = text[max(0, match.start() - 30) : match.end() + 30]
                yield node, changed, f"SQL: {_short(around)} : {match[0].strip()} -> {match.expand(new).strip()}"


def _condition(node: ast.If | ast.While | ast.IfExp) -> Iterator[Piece]:
    match node.test:
        case ast.UnaryOp(op=ast.Not()):  # `_unary` has it
            return
        case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()]):  # `_compare`
            return
    yield _piece(node.test, f"(not ({ast.unparse(node.test)}))")


def _filter(node: ast.comprehension) -> Iterator[Piece]:
    for test in node.ifs:
        yield _piece(test, "True")


def _call(node: ast.Expr) -> Iterator[Piece]:
    if isinstance(node.value, ast.Call):
        yield _piece(node, "pass")


def _augmented(node: ast.AugAssign | ast.Delete | ast.Raise | ast.Assert) -> Iterator[Piece]:
    yield _piece(node, "pass")


def _return(node: ast.Return) -> Iterator[Piece]:
    if node.value and not isinstance(node.value, ast.Constant):
        yield _piece(node, "return None")


def _jump(node: ast.Continue | ast.Break) -> Iterator[Piece]:
    yield _piece(node, "break" if isinstance(node, ast.Continue) else "continue")


def _body(node: ast.FunctionDef) -> Iterator[Piece]:
    """A function that returns at once; one that gives a value has this by its returns."""
    body = [part for part in node.body if not _says_nothing(part)]
    gives = any(isinstance(part, ast.Return | ast.Yield | ast.YieldFrom) for part in ast.walk(node))
    if len(body) > 1 and not gives:
        place = ast.Pass(lineno=body[0].lineno, col_offset=body[0].col_offset)
        place.end_lineno, place.end_col_offset = body[-1].end_lineno, body[-1].end_col_offset
        yield place, "return", "the body -> return"


def _handler(node: ast.ExceptHandler) -> Iterator[Piece]:
    """An exception is swallowed."""
    if not isinstance(node.body[0], ast.Pass | ast.Raise | ast.Continue):
        place = ast.Pass(lineno=node.body[0].lineno, col_offset=node.body[0].col_offset)
        place.end_lineno, place.end_col_offset = node.body[-1].end_lineno, node.body[-1].end_col_offset
        caught = ast.unparse(node.type) if node.type else "everything"
        yield place, "pass", f"except {caught}: {_short('; '.join(map(ast.unparse, node.body)))} -> pass"


def _manager(node: ast.With) -> Iterator[Piece]:
    """A lock that is not taken, an error that is not suppressed."""
    for item in node.items:
        if item.optional_vars is None:
            yield _piece(item.context_expr, '__import__("contextlib").nullcontext()')


OPERATORS = {
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.BinOp: _arithmetic,
    ast.Constant: _constant,
    (ast.Constant, ast.JoinedStr): _sql,
    (ast.If, ast.While, ast.IfExp): _condition,
    ast.comprehension: _filter,
    ast.Expr: _call,
    (ast.AugAssign, ast.Delete, ast.Raise, ast.Assert): _augmented,
    ast.Return: _return,
    (ast.Continue, ast.Break): _jump,
    (ast.FunctionDef, ast.AsyncFunctionDef): _body,
    ast.ExceptHandler: _handler,
    ast.With: _manager,
}
