"""Small wrong things that can be done to a function: another comparison, sum, connective, number or bound.

Made on the syntax tree, one at a time. A mutant is named by what it makes of what (not by a line), so that
its name lives as long as the code that it is about.
"""

import ast
from collections import Counter
from collections.abc import Iterator
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
    path: str
    function: str
    line: int
    code: CodeType


def mutants(path: str, text: str, filename: str) -> Iterator[Mutant]:
    """Every mutant of a file, compiled under `filename`; functions and methods only."""
    tree = ast.parse(text, filename=path)
    named: Counter[str] = Counter()
    for qualified, function in _functions(tree, ""):
        first = _first_line(function)
        for node, within, field, value in _changes(function):
            # A number by itself says nothing; what it stands in does.
            shown = within if isinstance(node, ast.Constant) else node
            before, right = ast.unparse(shown), getattr(node, field)
            setattr(node, field, value)
            ast.fix_missing_locations(function)
            after = ast.unparse(shown)
            code = _code_of(compile(tree, filename, "exec", dont_inherit=True), qualified, first)
            setattr(node, field, right)
            name = f"{path} {qualified}: {_short(before)} -> {_short(after)}"
            named[name] += 1
            number = f" ({named[name]})" if named[name] > 1 else ""
            yield Mutant(name + number, path, qualified, first, code)


def marked(path: str, text: str, filename: str, mark: str) -> Iterator[tuple[str, int, CodeType]]:
    """The functions of a file: name, line, and code that first adds its place to the built-in set `mark`."""
    tree = ast.parse(text, filename=path)
    found = list(_functions(tree, ""))
    for qualified, function in found:
        telling = ast.parse(f"{mark}.add({(path, qualified, _first_line(function))!r})").body[0]
        for node in ast.walk(telling):
            ast.copy_location(node, function.body[0])
        # Behind the docstring, which stays what it is only in the first place.
        function.body.insert(1 if ast.get_docstring(function, clean=False) is not None else 0, telling)
    module = compile(tree, filename, "exec", dont_inherit=True)
    for qualified, function in found:
        line = _first_line(function)
        yield qualified, line, _code_of(module, qualified, line)


def _first_line(function: Function) -> int:
    """Where its code says that it begins: at its first decorator."""
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    """The functions that have code of their own in the module: not those within another."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")


def _changes(function: Function) -> Iterator[tuple[ast.AST, ast.AST, str, object]]:
    """Node, what it stands in, field and wrong value of everything that can be done to a function's body."""
    for statement in function.body:
        for node, within in _walk(statement, function):
            for changed, field, value in _changes_of(node):
                yield changed, within, field, value


def _walk(node: ast.AST, within: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    if isinstance(node, _PASSED_OVER):
        return
    yield node, within
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, node)


def _changes_of(node: ast.AST) -> Iterator[tuple[ast.AST, str, object]]:
    match node:
        case ast.Compare(ops=ops):
            for place, op in enumerate(ops):
                yield node, "ops", [*ops[:place], COMPARISONS[type(op)](), *ops[place + 1 :]]
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in SUMS:
            yield node, "op", SUMS[type(op)]()
        case ast.BoolOp(op=ast.And()):
            yield node, "op", ast.Or()
        case ast.BoolOp(op=ast.Or()):
            yield node, "op", ast.And()
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield node, "operand", ast.UnaryOp(ast.Not(), operand)
        case ast.UnaryOp(op=ast.USub()):
            yield node, "op", ast.UAdd()
        case ast.Constant(value=bool(value)):
            yield node, "value", not value
        case ast.Constant(value=int(value)):
            yield node, "value", value + 1
        case ast.Call(func=ast.Name(id=name)) if name in BOUNDS:
            yield node, "func", ast.Name(BOUNDS[name], ast.Load())
        case ast.Expr(value=ast.Call()):
            yield node, "value", ast.Constant(None)
        case _:
            pass


def _code_of(module: CodeType, qualified: str, line: int) -> CodeType:
    for constant in module.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == qualified and constant.co_firstlineno == line:
                return constant
            if qualified.startswith(constant.co_qualname + "."):
                return _code_of(constant, qualified, line)
    raise LookupError(f"{qualified} at line {line}")


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 120 else flat[:117] + "..."
