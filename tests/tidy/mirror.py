"""Which tests stand for which module: the file of its name, or one that names it in a line of its docstring.

The tests mirror the tree: `engine/pricing/odds.py` has `tests/engine/pricing/test_odds.py`. A test of several
modules, or of one by another name, says so at the end of its docstring, "Covers: engine.pricing.odds". Used
by the rule of `test_mirror`, by `make quick`, and by nobody else.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tests.tidy.source import PRODUCT, Function, Source

# What is loaded by a name in a text, or as a program: no import leads there.
LOADED_BY_NAME = {
    "subprocess": ("tipoff.__main__",),
    "importlib.metadata.entry_points": ("engine.strategies.", "tipoff.sources.bundled."),
    "tipoff.cli.app": ("tipoff.cli.",),
    "tipoff.commands.new_strategy": ("tipoff.commands.strategy_template.",),
}
_COVERS = re.compile(r"^Covers: (.+?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)


def module_of(path: str) -> str:
    """The dotted name of a file; a package's own file is the package."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def mirror_of(path: str) -> str:
    """The test file of a module's name."""
    folder, _, name = path.rpartition("/")
    if name == "__init__.py":
        name = folder.rpartition("/")[2] + ".py"
    return f"tests/{folder}/test_{name}"


def covered(source: Source) -> tuple[str, ...]:
    """The modules that a test names as what it covers."""
    found = _COVERS.search(ast.get_docstring(source.tree) or "")
    return tuple(found[1].replace("\n", " ").rstrip(".").split(", ")) if found else ()


def is_test(source: Source) -> bool:
    """A file of tests, not what they share."""
    return source.package == "tests" and source.path.rpartition("/")[2].startswith("test_")


def has_logic(source: Source) -> bool:
    """Something in it decides or computes: a function that is more than its signature."""
    return any(not _is_signature(function) for function in source.functions)


def tests_by_module(sources: Iterable[Source]) -> Mapping[str, set[str]]:
    """For every product module (dotted) the files that test it."""
    every = tuple(sources)
    tests = [source for source in every if is_test(source)]
    paths = {source.path for source in tests}
    found: dict[str, set[str]] = defaultdict(set)
    for source in every:
        if source.package in PRODUCT and mirror_of(source.path) in paths:
            found[module_of(source.path)].add(mirror_of(source.path))
    for source in tests:
        for module in covered(source):
            found[module].add(source.path)
    return found


def untested(sources: Iterable[Source]) -> Iterator[str]:
    """Modules with logic for which no test stands."""
    every = tuple(sources)
    found = tests_by_module(every)
    for source in every:
        if source.package not in PRODUCT or source.path.startswith("migrations/") or not has_logic(source):
            continue
        if module_of(source.path) not in found:
            yield f"{source.path}:1: no {mirror_of(source.path)}, and no test covers {module_of(source.path)}"


def lost_names(sources: Iterable[Source]) -> Iterator[str]:
    """Names of modules that a test says to cover and that are not there."""
    every = tuple(sources)
    modules = {module_of(source.path) for source in every if source.package in PRODUCT}
    for source in filter(is_test, every):
        for module in covered(source):
            if module not in modules:
                yield f"{source.path}:1: covers {module}, which is no module"


def empty_claims(sources: Iterable[Source]) -> Iterator[str]:
    """Tests that claim a module which nothing that they import leads to, so that they cannot run it."""
    every = tuple(sources)
    roads = _roads(every)
    for source in filter(is_test, every):
        for module in set(covered(source)) - _reached(source, roads):
            yield f"{source.path}:1: covers {module}, and nothing that it imports leads there"


def _roads(sources: Iterable[Source]) -> Mapping[str, set[str]]:
    """From each module to those that run when it is imported or called."""
    imports = {module_of(source.path): {name for _, name in source.imports} for source in sources}
    for loader, prefixes in LOADED_BY_NAME.items():
        imports.setdefault(loader, set()).update(name for name in imports if name.startswith(prefixes))
    return {
        module: {step for name in names for step in _on_the_way(name)} & imports.keys()
        for module, names in imports.items()
    }


def _reached(source: Source, roads: Mapping[str, set[str]]) -> set[str]:
    # pytest gives a test the fixtures of every folder above it.
    folders = source.path.split("/")[:-1]
    waiting = [".".join((*folders[:end], "conftest")) for end in range(1, len(folders) + 1)]
    waiting.append(module_of(source.path))
    seen: set[str] = set()
    while waiting:
        fresh = roads.get(waiting.pop(), set()) - seen
        seen |= fresh
        waiting += fresh
    return seen


def _on_the_way(name: str) -> Iterator[str]:
    """`engine.book.Book` is a name in a module, `engine.book` the module, and `engine` runs on the way."""
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _is_signature(function: Function) -> bool:
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return all(isinstance(node, ast.Pass) or _is_ellipsis(node) for node in body)


def _is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...
