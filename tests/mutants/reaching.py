"""Which mutants a test could notice: it comes to their statement, and their comparison comes out otherwise.

Used by `rooms`. While the tests run as they are, the functions of a room tell so themselves: each statement
which mutants stand in it, and each comparison what its mutants would have answered to the same two values. A
test that has heard the same answer from both cannot tell them apart, and is not tried on that mutant.
"""

import ast
import operator
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from types import CodeType
from typing import TypeAlias

import attrs

from tests.mutants.operators import Change, changes, code_of, first_line, functions
from tests.tidy.source import Function

Answer: TypeAlias = Callable[[object, object], object]

ANSWERS: dict[type[ast.cmpop], Callable[..., object]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
COME_TO = "__tipoff_come_to__"
COMPARE = "__tipoff_compare__"


@attrs.frozen
class Comparison:
    """A comparison of two values, and what its mutants, by their number, answer instead."""

    right: Answer
    wrong: tuple[tuple[int, Answer], ...]


class Reached:
    """The numbers of the mutants that could have been noticed since `begin`."""

    def __init__(self) -> None:
        """Nothing has run yet."""
        self.numbers: set[int] = set()
        self._comparisons: list[Comparison] = []
        self._all_seen: set[int] = set()
        """The comparisons all of whose mutants are among the numbers: nothing is to be learnt of them."""

    def begin(self) -> None:
        """Another test begins."""
        self.numbers.clear()
        self._all_seen.clear()

    def names(self) -> dict[str, object]:
        """What the told functions call, by the names by which they do."""
        return {COME_TO: self.numbers.update, COMPARE: self.compare}

    def compare(self, place: int, left: object, right: object) -> object:
        """Answer what the comparison at `place` does; each mutant that would not is noted."""
        comparison = self._comparisons[place]
        if place in self._all_seen:
            return comparison.right(left, right)
        try:
            answer = comparison.right(left, right)
        except Exception:
            self.numbers.update(number for number, _ in comparison.wrong)
            raise
        all_seen = True
        for number, wrong in comparison.wrong:
            if number not in self.numbers:
                if _differs(wrong, left, right, answer):
                    self.numbers.add(number)
                else:
                    all_seen = False
        if all_seen:
            self._all_seen.add(place)
        return answer

    def telling(self, path: str, text: str, filename: str, first: int) -> Iterator[tuple[str, int, CodeType]]:
        """The functions of a file: name, line and code that tells, its mutants numbered from `first`."""
        number = first
        for qualified, function, alone in functions(ast.parse(text, filename=path)):
            numbered = list(enumerate(changes(function), number))
            number += len(numbered)
            line = first_line(function)
            self._make_tell(function, numbered)
            ast.fix_missing_locations(alone)
            yield (
                qualified,
                line,
                code_of(compile(alone, filename, "exec", dont_inherit=True), qualified, line),
            )

    def _make_tell(self, function: Function, numbered: Sequence[tuple[int, Change]]) -> None:
        comparisons: dict[ast.Compare, list[tuple[int, Answer]]] = defaultdict(list)
        statements: dict[ast.stmt, list[int]] = defaultdict(list)
        for number, change in numbered:
            compare, wrong = _wrong_answer(change)
            if compare is not None:
                comparisons[compare].append((number, wrong))
            else:
                statements[change.statement].append(number)
        _mark(function, statements)
        _Comparing(self._comparisons, comparisons).visit(function)


def _differs(wrong: Answer, left: object, right: object, answer: object) -> bool:
    try:
        return wrong(left, right) is not answer
    except Exception:  # noqa: BLE001 - whatever it raises, the right one does not
        return True


def _wrong_answer(change: Change) -> tuple[ast.Compare | None, Answer]:
    """The comparison of two values that a change is made to, if any, and what it makes of it."""
    value = change.value
    match change.node, change.within:
        case ast.Compare(ops=[_]) as node, _ if isinstance(value, list):
            return node, ANSWERS[type(value[0])]
        case ast.Constant() as number, ast.Compare(ops=[op]) as node:
            as_it_is = ANSWERS[type(op)]
            if number is node.left:
                return node, lambda _, right: as_it_is(value, right)
            return node, lambda left, _: as_it_is(left, value)
        case _:
            return None, operator.is_


def _mark(function: Function, statements: dict[ast.stmt, list[int]]) -> None:
    """Put before each statement a call that says which mutants stand in it."""
    for node in list(ast.walk(function)):
        for _, body in ast.iter_fields(node):
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                body[:] = [made for statement in body for made in (*_said(statements, statement), statement)]


def _said(statements: dict[ast.stmt, list[int]], statement: ast.stmt) -> Iterator[ast.stmt]:
    if statement in statements:
        numbers = ast.Tuple([ast.Constant(number) for number in statements[statement]], ast.Load())
        call = ast.Expr(ast.Call(ast.Name(COME_TO, ast.Load()), [numbers], []))
        for node in ast.walk(call):
            ast.copy_location(node, statement)
        yield call


class _Comparing(ast.NodeTransformer):
    """Puts a call in the place of each comparison that has mutants."""

    def __init__(self, known: list[Comparison], wrong: dict[ast.Compare, list[tuple[int, Answer]]]) -> None:
        """Adds to `known` what the calls find there by their first argument."""
        self._known = known
        self._wrong = wrong

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Replace it, and those within it."""
        self.generic_visit(node)
        if node not in self._wrong:
            return node
        place = ast.Constant(len(self._known))
        self._known.append(Comparison(ANSWERS[type(node.ops[0])], tuple(self._wrong[node])))
        arguments = [place, node.left, node.comparators[0]]
        return ast.copy_location(ast.Call(ast.Name(COMPARE, ast.Load()), arguments, []), node)
