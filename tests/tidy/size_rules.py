"""Rules on how large things may be: files, functions, parameter lists, nesting.

Called by `test_size`, which also shows each rule a bad sample.
"""

import ast
from collections.abc import Iterable, Iterator

from tests.tidy.source import Function, Source

FILE_LINES_MAX = 600
FILE_LINES_GOOD = 400
FUNCTION_LINES_MAX = 50
PARAMETERS_MAX = 5
NESTING_MAX = 3

_BLOCKS = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.Try,
    ast.TryStar,
    ast.Match,
)
# Scopes within are functions of their own, and an expression holds no block.
_WITHOUT_BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)


def long_file(source: Source) -> Iterable[str]:
    """A file of more than 600 lines holds more than one thought."""
    lines = source.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield f"{source.path}:{lines}: {lines} lines, at most {FILE_LINES_MAX}"


def longish_file(source: Source) -> Iterable[str]:
    """A file of more than 400 lines may hold more than one thought: a person decides."""
    lines = source.text.count("\n")
    if FILE_LINES_GOOD < lines <= FILE_LINES_MAX:
        yield f"{source.path}:{lines}: {lines} lines, about {FILE_LINES_GOOD} are good"


def long_function(source: Source) -> Iterable[str]:
    """A function's lines without its docstring, so that nobody saves on explanations."""
    for function in source.functions:
        lines = _lines(function)
        if lines > FUNCTION_LINES_MAX:
            yield source.at(function, f"{function.name} has {lines} lines, at most {FUNCTION_LINES_MAX}")


def many_parameters(source: Source) -> Iterable[str]:
    """Parameters that a caller may give by position, the receiver not counted: those are what gets mixed up.

    One that must be named explains itself at the call. A test may ask for as many fixtures as it needs.
    """
    for function in source.functions:
        names = [parameter.arg for parameter in _parameters(function) if parameter.arg not in ("self", "cls")]
        if len(names) > PARAMETERS_MAX and not function.name.startswith("test_"):
            yield source.at(
                function, f"{function.name} has {len(names)} parameters, at most {PARAMETERS_MAX}"
            )


def deep_nesting(source: Source) -> Iterable[str]:
    """Blocks within blocks inside one function; `elif` is on the level of its `if`, `case` on its match's.

    `with` does not count: it holds a resource and decides nothing.
    """
    for function in source.functions:
        for node, depth in _blocks(function.body, 1):
            if depth == NESTING_MAX + 1:
                yield source.at(
                    node, f"{function.name} nests {depth} blocks or more here, at most {NESTING_MAX}"
                )


def _lines(function: Function) -> int:
    end = function.end_lineno or function.lineno
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is None:
        return end - function.lineno + 1
    return end - function.lineno + 1 - ((first.end_lineno or first.lineno) - first.lineno + 1)


def _parameters(function: Function) -> Iterator[ast.arg]:
    arguments = function.args
    yield from (*arguments.posonlyargs, *arguments.args)
    if arguments.vararg is not None:
        yield arguments.vararg


def _blocks(statements: Iterable[ast.AST], depth: int) -> Iterator[tuple[ast.AST, int]]:
    for node in statements:
        if isinstance(node, _WITHOUT_BLOCKS):
            continue
        if isinstance(node, ast.If):
            yield node, depth
            yield from _blocks(node.body, depth + 1)
            yield from _blocks(node.orelse, depth if _is_elif(node) else depth + 1)
        elif isinstance(node, _BLOCKS):
            yield node, depth
            yield from _blocks(ast.iter_child_nodes(node), depth + 1)
        else:
            yield from _blocks(ast.iter_child_nodes(node), depth)


def _is_elif(node: ast.If) -> bool:
    match node.orelse:
        case [ast.If(col_offset=column)]:
            return column == node.col_offset
        case _:
            return False
