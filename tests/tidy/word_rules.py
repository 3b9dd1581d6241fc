"""Rules on names and explanations: module names, opening paragraphs, public docstrings, unfinished work.

Called by `test_words`, which also shows each rule a bad sample.
"""

import ast
import re
from collections.abc import Iterable, Iterator

from tests.tidy.source import PRODUCT, Function, Source

PARAGRAPH_WORDS_MIN = 12
SHAPELESS = ("utils", "util", "helpers", "helper", "common", "manager", "base", "misc")
# Written in pieces so that this file does not find itself.
_MARKS = "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK"))
# Three X may also be a team that does not exist; as a mark they open a comment.
UNFINISHED = re.compile(rf"\b(?:{_MARKS})\b|(?:#|//|<!--)\s*X" + r"XX\b")


def shapeless_name(source: Source) -> Iterable[str]:
    """A module is called after what it holds; these names say that nobody knew."""
    for part in source.path.removesuffix(".py").split("/"):
        if part in SHAPELESS or part.endswith(tuple(f"_{name}" for name in SHAPELESS)):
            yield f"{source.path}:1: a module is named after what it holds, not {part!r}"


def no_opening_paragraph(source: Source) -> Iterable[str]:
    """What the module is and who calls it; in tests at least what is being shown."""
    opening = ast.get_docstring(source.tree)
    if opening is None:
        yield f"{source.path}:1: the module does not say what it is"
        return
    words = len(opening.split())
    if source.package in PRODUCT and words < PARAGRAPH_WORDS_MIN:
        yield f"{source.path}:1: {words} words are not a paragraph on what the module is and who calls it"


def undocumented(source: Source) -> Iterable[str]:
    """Public classes, functions and methods say what they mean; what overrides inherits its explanation."""
    if source.package not in PRODUCT or source.path.startswith("migrations/versions/"):
        return
    for node, name in _public(source.tree.body, ""):
        if ast.get_docstring(node) is None:
            yield source.at(node, f"{name} is public and does not say what it means")


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
                if not name.startswith("_") and not _is_explained_elsewhere(node):
                    yield node, prefix + name
            case _:
                pass


def _is_explained_elsewhere(function: Function) -> bool:
    names = {ast.unparse(decorator).split(".")[-1] for decorator in function.decorator_list}
    return bool(names & {"override", "overload", "setter"})
