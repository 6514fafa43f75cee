"""What is changed of a module, one thing at a time: conditions, limits, statements, operands, calls.

Each change is one that a tired person could make. Texts for people are left alone: what they say is tested where they
are made, word for word only where that matters. So is what stands in f-strings, of which Python 3.11 does not tell the
places, in annotations and in decorators.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_SHIFTED: Final = {ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">")}
_NEGATED: Final = {
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: (r"is\s+not", "is"),
    ast.In: ("in", "not in"), ast.NotIn: (r"not\s+in", "in"),
}  # fmt: skip
_ARITHMETIC: Final = {
    ast.Add: (r"\+", "-"), ast.Sub: ("-", "+"), ast.Mult: (r"\*", "//"), ast.FloorDiv: ("//", "*"), ast.Mod: ("%", "*"),
    ast.BitOr: (r"\|", "&"), ast.BitAnd: ("&", "|"),
}  # fmt: skip
_FUNCTIONS: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_METHODS: Final = {
    "startswith": "endswith", "endswith": "startswith", "partition": "rpartition", "rpartition": "partition",
    "lstrip": "rstrip", "rstrip": "lstrip", "removeprefix": "removesuffix", "removesuffix": "removeprefix",
    "fullmatch": "match", "match": "search", "search": "match", "index": "rindex", "rindex": "index",
}  # fmt: skip
#: Methods that give a text or a number back in another form; without them it stays as it is.
_FORMS: Final = ("strip", "lower", "upper", "casefold", "normalize", "copy")
_FUNCTION: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one thing changed.

    Args:
        file: Its path below the package.
        scope: The classes and functions in which it is, by their names; empty outside of any.
        text: The line of the change, without blanks around it.
        lines: First and last line of the statement in which it is; None where no function has to run for it.
        line: Of the change itself.
        span: Where in the file the text begins and ends that is replaced, in bytes.
        before: That text.
        after: What stands there instead.
    """

    file: str
    scope: str
    text: str
    lines: tuple[int, int] | None
    line: int
    span: tuple[int, int]
    before: str
    after: str

    @property
    def change(self) -> str:
        """The change in one line, by which it is known as long as nobody changes the code there."""
        before, after = (" ".join(text.split()) for text in (self.before, self.after))
        return f"{before.strip(', ')} → {after or 'nothing'}"

    def applied_to(self, source: bytes) -> bytes:
        """Return the module's text with the change."""
        return source[: self.span[0]] + self.after.encode() + source[self.span[1] :]


def mutants_of(file: str, source: bytes) -> list[Mutant]:
    """Return all mutants of a module, in the order in which they stand; each can be compiled.

    Args:
        file: Its path below the package.
        source: Its text.
    """
    # A constant that is a condition, as in `while True`, is changed twice alike.
    found = {(mutant.span, mutant.after): mutant for mutant in _Reader(file, source).read()}
    return [mutant for mutant in found.values() if _compiles(mutant.applied_to(source))]


def _compiles(source: bytes) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


class _Reader:
    def __init__(self, file: str, source: bytes) -> None:
        self._file = file
        self._source = source
        self._starts = [0, *(place.end() for place in re.finditer(b"\n", source))]
        #: Of the statement in a function that is read; None outside of functions.
        self._lines: tuple[int, int] | None = None
        self._in_function = False
        self._scope: list[str] = []
        #: Statements that no test can miss: the last return of a function, and what `__init__` keeps.
        self._left: list[ast.stmt] = []

    def read(self) -> Iterator[Mutant]:
        for statement in ast.parse(self._source).body:
            yield from self._statement(statement)

    # --- where things stand ---

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: S101, PT018 - parsed, not made
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def _text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._span(node)
        return self._source[start:end].decode()

    def _mutant(self, node: ast.expr | ast.stmt, after: str) -> Mutant:
        return self._between(*self._span(node), after)

    def _between(self, start: int, end: int, after: str) -> Mutant:
        line = self._source.count(b"\n", 0, start) + 1
        before = self._source[start:end].decode()
        text = self._source.splitlines()[line - 1].decode().strip()
        return Mutant(self._file, ".".join(self._scope), text, self._lines, line, (start, end), before, after)

    def _operator(self, left: ast.expr, right: ast.expr, pattern: str, after: str) -> Iterator[Mutant]:
        """Replace what stands between two operands, as part of the whole, so that it can be read."""
        (start, left_end), (right_start, end) = self._span(left), self._span(right)
        gap = self._source[left_end:right_start].decode()
        whole = self._source[start:left_end].decode() + re.sub(pattern, after, gap, count=1)
        yield self._between(start, end, whole + self._source[right_start:end].decode())

    # --- statements ---

    def _statement(self, node: ast.stmt) -> Iterator[Mutant]:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from self._definition(node)
            return
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return  # it says for the type checker alone what others may import
        outer, self._lines = self._lines, _header(node) if self._in_function else None
        if self._in_function and node not in self._left and _can_go(node):
            yield self._mutant(node, "pass")
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from self._statement(child)
            elif isinstance(child, ast.expr):
                yield from self._part_of_statement(node, child)
            else:
                yield from self._other(child)
        self._lines = outer

    def _part_of_statement(self, node: ast.stmt, child: ast.expr) -> Iterator[Mutant]:
        if isinstance(node, ast.If | ast.While) and child is node.test:
            yield from self._condition(child, can_hold=isinstance(node, ast.If))
            return
        if isinstance(node, ast.AnnAssign) and child is node.annotation:
            return
        if not self._in_function and isinstance(node, ast.Assign | ast.AnnAssign) and child is node.value:
            yield from self._items(child)
        yield from self._expression(child)

    def _definition(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Mutant]:
        outer = self._in_function
        self._scope.append(node.name)
        if not isinstance(node, ast.ClassDef):
            self._left += node.body if node.name == "__init__" else node.body[-1:]
            for default in (*node.args.defaults, *node.args.kw_defaults):
                if default is not None:
                    yield from self._expression(default)
            self._in_function = True
        for statement in node.body:
            yield from self._statement(statement)
        self._scope.pop()
        self._in_function = outer

    def _other(self, node: ast.AST) -> Iterator[Mutant]:
        """Look into what is neither a statement nor an expression: handlers, arguments, parts of a comprehension."""
        if isinstance(node, ast.comprehension):
            for test in node.ifs:
                yield from self._condition(test)
            yield from self._expression(node.iter)
            return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from self._statement(child)
            elif isinstance(child, ast.expr):
                yield from self._expression(child)
            else:
                yield from self._other(child)

    # --- expressions ---

    def _condition(self, node: ast.expr, *, can_hold: bool = True) -> Iterator[Mutant]:
        """Have a condition hold always and never; of a compound one, leave each part out."""
        if not isinstance(node, ast.BoolOp):
            if can_hold:
                yield self._mutant(node, "True")
            yield self._mutant(node, "False")
        yield from self._expression(node, decides=True)

    def _expression(self, node: ast.expr, *, decides: bool = False) -> Iterator[Mutant]:
        if isinstance(node, ast.JoinedStr):
            return
        yield from self._changed(node, decides=decides)
        for child in ast.iter_child_nodes(node):
            if isinstance(node, ast.IfExp) and child is node.test:
                yield from self._condition(node.test)
            elif isinstance(child, ast.expr):
                yield from self._expression(child, decides=decides and isinstance(node, ast.BoolOp))
            else:
                yield from self._other(child)

    def _changed(self, node: ast.expr, *, decides: bool) -> Iterator[Mutant]:
        match node:
            case ast.BoolOp():
                yield from self._operands(node)
            case ast.Compare():
                yield from self._comparison(node, decides=decides)
            case ast.BinOp(op=ast.BitOr(), right=ast.Name() | ast.Subscript() | ast.Constant(value=None)):
                return  # one type or another
            case ast.BinOp() if type(node.op) in _ARITHMETIC:
                yield from self._operator(node.left, node.right, *_ARITHMETIC[type(node.op)])
            case ast.UnaryOp(op=ast.Not()) if not decides:
                yield self._mutant(node, f"({self._text(node.operand)})")
            case ast.UnaryOp(op=ast.USub(), operand=ast.Name() | ast.Attribute() | ast.Call()):
                yield self._mutant(node, self._text(node.operand))
            case ast.Constant(value=bool() as value):
                yield self._mutant(node, str(not value))
            case ast.Constant(value=int() as value):
                yield self._mutant(node, str(value + 1))
            case ast.Call():
                yield from self._call(node)

    def _operands(self, node: ast.BoolOp) -> Iterator[Mutant]:
        word = " and " if isinstance(node.op, ast.And) else " or "
        for left_out in node.values:
            rest = [self._text(value) for value in node.values if value is not left_out]
            yield self._mutant(node, f"({word.join(f'({one})' for one in rest) if len(rest) > 1 else rest[0]})")

    def _comparison(self, node: ast.Compare, *, decides: bool) -> Iterator[Mutant]:
        for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            if type(operator) in _SHIFTED:
                yield from self._operator(left, right, *_SHIFTED[type(operator)])
            elif not decides:
                yield from self._operator(left, right, *_NEGATED[type(operator)])
            if isinstance(operator, ast.In | ast.NotIn):
                yield from self._items(right)
            for operand in (left, right):
                if isinstance(operand, ast.Constant) and isinstance(operand.value, str | bytes) and operand.value:
                    yield self._mutant(operand, repr(operand.value[:0]))

    def _items(self, node: ast.expr) -> Iterator[Mutant]:
        """Leave out each item of what is looked up in."""
        if not isinstance(node, ast.Tuple | ast.List | ast.Set) or len(node.elts) < 2:  # noqa: PLR2004 - one is left
            return
        spans = [self._span(item) for item in node.elts]
        if isinstance(node, ast.Tuple) and len(spans) == 2:  # noqa: PLR2004 - a tuple of one needs its comma
            yield from (self._mutant(node, f"({self._text(item)},)") for item in node.elts)
            return
        yield self._between(spans[0][0], spans[1][0], "")
        for (_, before), (_, end) in pairwise(spans):
            yield self._between(before, end, "")

    def _call(self, node: ast.Call) -> Iterator[Mutant]:
        if isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
            yield self._mutant(node.func, _FUNCTIONS[node.func.id])
        if not isinstance(node.func, ast.Attribute):
            return
        name, of = node.func.attr, node.func.value
        if name in _METHODS:
            end = self._span(node.func)[1]
            yield self._between(end - len(name), end, _METHODS[name])
        if name in _FORMS and not node.args and not node.keywords:
            yield self._mutant(node, self._text(of))
        for argument in node.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value:
                yield self._mutant(argument, repr(argument.value[:-1]))


def _header(node: ast.stmt) -> tuple[int, int]:
    """Return the lines of a statement; of one that holds others, those up to the first of these."""
    body = getattr(node, "body", None)
    return node.lineno, max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno


def _can_go(node: ast.stmt) -> bool:
    """Tell whether a statement can be left out so that the rest still runs."""
    match node:
        case ast.Expr(value=ast.Constant() | ast.Yield() | ast.YieldFrom()):
            return False
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Break() | ast.Continue() | ast.Delete():
            return True
        case ast.Return():
            return True
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]):
            return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node.value))
    return False
