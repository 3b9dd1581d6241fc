"""Rules on names and explanations: module names, opening paragraphs, public docstrings, unfinished work.

Called by `test_words`, which also shows each rule a bad sample.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator

from tests.tidy.source import PRODUCT, Function, Source

SHAPELESS = ("utils", "util", "helpers", "helper", "common", "manager", "base", "misc")
# Written in pieces so that this file does not find itself.
_MARKS = "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK"))
# Three X may also be a team that does not exist; as a mark they open a comment.
_CITED = re.compile(r"(?<![\w.*/{}<-])[\w./-]*\w\.(?:md|py|toml|ya?ml|tsv|ini)\b(?!\.?\w)")
_COMMENT = re.compile(r"(?:^|\s)# (.*)$")
UNFINISHED = re.compile(rf"\b(?:{_MARKS})\b|(?:#|//|<!--)\s*X" + r"XX\b")


def shapeless_name(source: Source) -> Iterable[str]:
    """A module is called after what it holds; these names say that nobody knew."""
    for part in source.path.removesuffix(".py").split("/"):
        if part in SHAPELESS or part.endswith(tuple(f"_{name}" for name in SHAPELESS)):
            yield f"{source.path}:1: a module is named after what it holds, not {part!r}"


def no_opening_sentence(source: Source) -> Iterable[str]:
    """A module says what it is in one sentence on one line; whatever more there is to say stands below."""
    opening = ast.get_docstring(source.tree)
    if opening is None:
        yield f"{source.path}:1: the module does not say what it is"
        return
    first, _, below = opening.partition("\n")
    if not first.endswith((".", "?", "!", ":")) or below.partition("\n")[0].strip():
        yield f"{source.path}:1: the first line is not a sentence with an empty line below: {first!r}"


def undocumented(source: Source) -> Iterable[str]:
    """What others call says what it means: public classes, and public functions of more than one statement.

    What overrides inherits its explanation, and a single statement explains itself.
    """
    if source.package not in PRODUCT or source.path.startswith("migrations/versions/") or _is_private(source):
        return
    for node, name in _public(source.tree.body, ""):
        if ast.get_docstring(node) is None:
            yield source.at(node, f"{name} is public and does not say what it means")


def lost_citation(source: Source, names: Callable[[str], bool]) -> Iterable[str]:
    """A comment or docstring sends the reader to a file only if the reader has it; `names` tells."""
    for line, text in _prose(source):
        for cited in _CITED.findall(text):
            if not (cited.startswith("/") or names(cited)):
                yield f"{source.path}:{line}: cites {cited}, which is not in the repository"


def unfinished(text: tuple[str, str]) -> Iterable[str]:
    """What is not done belongs into an open question that somebody owns, not into the code."""
    path, content = text
    for number, line in enumerate(content.splitlines(), 1):
        if UNFINISHED.search(line):
            yield f"{path}:{number}: unfinished: {line.strip()[:80]}"


def _public(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[Function | ast.ClassDef, str]]:
    for node in body:
        match node:
            case ast.ClassDef(name=name) if not name.startswith("_"):
                yield node, prefix + name
                yield from _public(node.body, f"{prefix}{name}.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if not name.startswith("_") and not _explains_itself(node):
                    yield node, prefix + name
            case _:
                pass


def _explains_itself(function: Function) -> bool:
    names = {ast.unparse(decorator).split(".")[-1] for decorator in function.decorator_list}
    return bool(names & {"override", "overload", "setter"}) or _is_one_statement(function)


def _is_one_statement(function: Function) -> bool:
    (first, *others) = function.body
    return not others and isinstance(first, ast.Return | ast.Expr | ast.Assign | ast.AugAssign | ast.Raise)


def _is_private(source: Source) -> bool:
    return source.path.rpartition("/")[2].startswith("_") and not source.path.endswith("/__init__.py")


def _prose(source: Source) -> Iterator[tuple[int, str]]:
    """Comments and docstrings with the line on which they begin."""
    if not _CITED.search(source.text):
        return
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := _COMMENT.search(line):
            yield number, found[1]
    for node in source.nodes:
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text
            case _:
                pass
