"""What the tests say they hold: promises, faults and limits, by the markers on them.

Called by `conf.py`, which shows the names of the tests on the pages, by `docs/bounds.py`, and by the tests
of the manual. A test that is moved or renamed takes its marker along, so that no page has to follow it.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from docutils import nodes
from docutils.parsers.rst.states import Inliner

TESTS: Final = Path(__file__).resolve().parent.parent / "tests"
KINDS: Final = ("promise", "fault", "limit")
"""`@pytest.mark.promise("KEY")`, and so on; a test may carry several, and a marker several keys."""
NOBODY: Final = "no test says so"


@lru_cache(maxsize=1)
def held_by() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Kind of marker to key to the names of its tests (file and function, as pytest names them), in order."""
    found: dict[str, dict[str, list[str]]] = {kind: defaultdict(list) for kind in KINDS}
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text("utf-8")
        if not any(f"pytest.mark.{kind}(" in text for kind in KINDS):
            continue
        for kind, key, name in marks_of(text):
            found[kind][key].append(f"{path.relative_to(TESTS.parent).as_posix()}::{name}")
    return {kind: {key: tuple(names) for key, names in keys.items()} for kind, keys in found.items()}


def marks_of(text: str) -> Iterator[tuple[str, str, str]]:
    """Kind, key and test of every marker in the text of a test module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for kind, keys in filter(None, map(_marker, node.decorator_list)):
                yield from ((kind, key, node.name) for key in keys)


def _marker(decorator: ast.expr) -> tuple[str, list[str]] | None:
    """The kind and keys of a decorator; None if it is no marker of ours."""
    match decorator:
        case ast.Call(func=ast.Attribute(value=ast.expr() as mark, attr=kind), args=args) if (
            kind in KINDS and ast.unparse(mark) == "pytest.mark"
        ):
            return kind, [str(arg.value) for arg in args if isinstance(arg, ast.Constant)]
        case _:
            return None


def role(
    kind: str, _rawtext: str, key: str, _lineno: int, _inliner: Inliner
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """The role of the pages: in the place of a key the names of the tests that hold it."""
    names = held_by()[kind].get(key, ())
    if not names:
        return [nodes.strong(text=NOBODY)], []
    shown: list[nodes.Node] = []
    for name in names:
        shown += [nodes.Text(", ")] * bool(shown)
        shown.append(nodes.literal(text=name))
    return shown, []
