"""A source file as the tidy rules see it, and the lists of files that the rules look at.

Used by the rules and tests of this folder only. A rule is a function from one source (or one text) to
problems; a problem is a line of text that begins with `path:line`, so that an editor can jump there.
"""

import ast
import gc
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

import attrs

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCT = ("engine", "actors", "venues", "persistence", "migrations", "tipoff")
PYTHON = (*PRODUCT, "tests", "benchmarks", "docs", "deploy")


@attrs.frozen
class Source:
    """One Python file: where it is (relative to the project), its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, path: str, text: str) -> "Source":
        """Parse `text`; a rule's own tests use this to make small bad samples."""
        return cls(path, text, ast.parse(text, filename=path))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """The whole tree in one row: walked once, however many rules look at it."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def functions(self) -> tuple["Function", ...]:
        """Every function and method, nested ones too."""
        return tuple(n for n in self.nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))

    @cached_property
    def calls(self) -> tuple[tuple[ast.Call, str], ...]:
        """Every call with the dotted name that it calls; without one where it is not a name."""
        return tuple((node, dotted(node.func)) for node in self.nodes if isinstance(node, ast.Call))

    @cached_property
    def imports(self) -> tuple[tuple[ast.AST, str], ...]:
        """Every import with the full name of what it brings in, relative ones too."""
        folders = self.path.split("/")[:-1]
        found: list[tuple[ast.AST, str]] = []
        for node in self.nodes:
            match node:
                case ast.Import(names=names):
                    found += [(node, alias.name) for alias in names]
                case ast.ImportFrom(module=module, names=names, level=level):
                    above = folders[: len(folders) + 1 - level] if level else []
                    start = ".".join((*above, *filter(None, (module,))))
                    found += [(node, f"{start}.{alias.name}") for alias in names]
                case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(name))]):
                    found.append((node, name))
                case _:
                    pass
        return tuple(found)

    @property
    def package(self) -> str:
        """The top-level folder."""
        return self.path.split("/", 1)[0]

    def at(self, node: ast.AST, what: str) -> str:
        """A problem at `node`."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"


Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Rule: TypeAlias = Callable[[Source], Iterable[str]]


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the project, in order of its path."""
    files = (path for folder in PYTHON for path in (ROOT / folder).rglob("*.py"))
    wanted = sorted(path for path in files if not {"_build", "generated"} & set(path.parts))
    # Nodes by the million, and all stay: looking for garbage among them takes four times as long as parsing.
    gc.disable()
    try:
        parsed = tuple(
            Source.of(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in wanted
        )
        for source in parsed:
            source.nodes  # noqa: B018 - walked now, while nothing looks for garbage
    finally:
        gc.enable()
    gc.freeze()
    return parsed


def product() -> Iterator[Source]:
    """Only what is delivered: no tests, no benchmarks."""
    return (source for source in sources() if source.package in PRODUCT)


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Path and text of every text file that is kept under version control or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else _walked()
    return tuple(_readable(name for name in sorted(names) if name and (ROOT / name).is_file()))


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or an attribute of one; a generic's name without its types; else nothing."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{dotted(value)}.{name}"
        case ast.Subscript(value=value):
            return dotted(value)
        case _:
            return ""


def check(rule: Rule, over: Iterable[Source]) -> None:
    """Fail with everything that `rule` finds, one problem a line."""
    fail_with([problem for source in over for problem in rule(source)])


def fail_with(problems: list[str]) -> None:
    """Fail with the problems, one a line; do nothing when there are none."""
    assert not problems, "\n" + "\n".join(problems)


def _walked() -> list[str]:
    """All files when the project was unpacked from an archive instead of cloned."""
    hidden = {".venv", ".git", "_build", "build", "dist"}
    return [
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*")
        if not hidden & set(path.parts) and not any(part.endswith("_cache") for part in path.parts)
    ]


def _readable(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            yield name, (ROOT / name).read_text("utf-8")
        except UnicodeDecodeError:
            continue
