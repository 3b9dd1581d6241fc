"""Small wrong things that can be done to a function: another comparison, sum, connective, number or bound.

Made on the syntax tree, one at a time. A mutant is named by what it makes of what (not by a line), so that
its name lives as long as the code that it is about.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType

import attrs

from tests.tidy.source import Function

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
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
SUMS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
}
BOUNDS = {"min": "max", "max": "min", "any": "all", "all": "any"}

# What is said to people, and what the type checker reads, is no arithmetic.
_PASSED_OVER = (ast.JoinedStr, ast.Raise, ast.Assert, ast.AnnAssign, ast.arguments)


@attrs.frozen(eq=False)
class Mutant:
    """One wrong thing: `name` says what becomes of what, in which function of which file."""

    name: str
    number: int
    """Its place among all mutants of a room, the same as long as no file of it changes."""
    path: str
    function: str
    line: int
    make: Callable[[], CodeType]
    """Compiles it; most mutants are only named."""


@attrs.frozen(eq=False)
class Change:
    """What is done to one node of a function: `field` gets `value`."""

    node: ast.AST
    within: ast.AST
    statement: ast.stmt
    """The innermost one that it stands in."""
    field: str
    value: object


def mutants(path: str, text: str, filename: str, first: int = 0) -> Iterator[Mutant]:
    """Every mutant of a file's functions, compiled under `filename` and numbered from `first`."""
    tree = ast.parse(text, filename=path)
    named: Counter[str] = Counter()
    number = first
    for qualified, function, alone in functions(tree):
        line = first_line(function)
        for change in changes(function):
            node = change.node
            # A number by itself says nothing; what it stands in does.
            shown = change.within if isinstance(node, ast.Constant) else node
            before, right = ast.unparse(shown), getattr(node, change.field)
            setattr(node, change.field, change.value)
            after = ast.unparse(shown)
            setattr(node, change.field, right)
            name = f"{path} {qualified}: {_short(before)} -> {_short(after)}"
            named[name] += 1
            again = f" ({named[name]})" if named[name] > 1 else ""
            make = partial(_changed_code, change, alone, filename, (qualified, line))
            yield Mutant(name + again, number, path, qualified, line, make)
            number += 1


def number_of_mutants(path: str, text: str) -> int:
    """How many mutants a file has."""
    found = functions(ast.parse(text, filename=path))
    return sum(1 for _, function, _ in found for _ in changes(function))


def _changed_code(change: Change, alone: ast.Module, filename: str, place: tuple[str, int]) -> CodeType:
    right = getattr(change.node, change.field)
    setattr(change.node, change.field, change.value)
    ast.fix_missing_locations(alone)
    code = code_of(compile(alone, filename, "exec", dont_inherit=True), *place)
    setattr(change.node, change.field, right)
    return code


def first_line(function: Function) -> int:
    """Where its code says that it begins: at its first decorator."""
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def functions(tree: ast.Module) -> Iterator[tuple[str, Function, ast.Module]]:
    """The functions that have code of their own, not those within another, each with a module of it alone."""
    yield from _functions(tree, "", lambda only: ast.Module([only], []))


def _functions(
    node: ast.AST, prefix: str, alone: Callable[[ast.stmt], ast.Module]
) -> Iterator[tuple[str, Function, ast.Module]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, child, alone(child)
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.", partial(_within, child, alone))


def _within(outer: ast.ClassDef, alone: Callable[[ast.stmt], ast.Module], only: ast.stmt) -> ast.Module:
    """A module with nothing but a class's one statement, which is quick to compile."""
    return alone(ast.copy_location(ast.ClassDef(outer.name, [], [], [only], []), outer))


def changes(function: Function) -> Iterator[Change]:
    """Everything that can be done to a function's body, always in the same order."""
    for statement in function.body:
        for node, within, innermost in _walk(statement, function, statement):
            for field, value in _changes_of(node):
                yield Change(node, within, innermost, field, value)


def _walk(node: ast.AST, within: ast.AST, statement: ast.stmt) -> Iterator[tuple[ast.AST, ast.AST, ast.stmt]]:
    if isinstance(node, _PASSED_OVER):
        return
    innermost = node if isinstance(node, ast.stmt) else statement
    yield node, within, innermost
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, node, innermost)


def _changes_of(node: ast.AST) -> Iterator[tuple[str, object]]:
    match node:
        case ast.Compare(ops=ops):
            for place, op in enumerate(ops):
                yield "ops", [*ops[:place], COMPARISONS[type(op)](), *ops[place + 1 :]]
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in SUMS:
            yield "op", SUMS[type(op)]()
        case ast.BoolOp(op=ast.And()):
            yield "op", ast.Or()
        case ast.BoolOp(op=ast.Or()):
            yield "op", ast.And()
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "operand", ast.UnaryOp(ast.Not(), operand)
        case ast.UnaryOp(op=ast.USub()):
            yield "op", ast.UAdd()
        case ast.Constant(value=bool(value)):
            yield "value", not value
        case ast.Constant(value=int(value)):
            yield "value", value + 1
        case ast.Call(func=ast.Name(id=name)) if name in BOUNDS:
            yield "func", ast.Name(BOUNDS[name], ast.Load())
        case ast.Expr(value=ast.Call(func=ast.Name(id="assert_never"))):
            pass
        case ast.Expr(value=ast.Call()):
            yield "value", ast.Constant(None)
        case _:
            pass


def code_of(module: CodeType, qualified: str, line: int) -> CodeType:
    """The code of a function in that of its module. Raises LookupError if it has none."""
    for constant in module.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == qualified and constant.co_firstlineno == line:
                return constant
            if qualified.startswith(constant.co_qualname + "."):
                return code_of(constant, qualified, line)
    raise LookupError(f"{qualified} at line {line}")


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 120 else flat[:117] + "..."
