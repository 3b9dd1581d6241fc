"""Rules that keep replays equal: who may touch a clock, randomness, threads, queues, and the inside of what.

Called by `test_purity`, which also shows each rule a bad sample. import-linter forbids whole modules; these
rules see what it cannot: calls, names, and single files that are allowed what the rest is not.
"""

import ast
from collections.abc import Iterable, Iterator

from tests.tidy.source import PRODUCT, Source

# The pure part of the standard library, attrs, and ourselves.
PURE_MODULES = frozenset(
    {
        *("__future__", "abc", "array", "attrs", "bisect", "calendar", "cmath", "collections", "copy"),
        *(
            "dataclasses",
            "datetime",
            "decimal",
            "difflib",
            "enum",
            "fractions",
            "functools",
            "hashlib",
            "heapq",
        ),
        *("itertools", "json", "math", "numbers", "operator", "re", "statistics", "string", "struct"),
        *("textwrap", "types", "typing", "typing_extensions", "unicodedata", "zlib", "zoneinfo"),
        "engine",
    }
)
CLOCK_CALLS = frozenset(
    {
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "trio.current_time",
        "trio.lowlevel.current_clock",
    }
)
OWNERS = frozenset({"datetime.datetime", "datetime.date", "datetime", "trio", "trio.lowlevel"})
CLOCKS = frozenset(
    {
        *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"),
        *("datetime.date.today", "trio.current_time", "trio.lowlevel.current_clock"),
    }
)
"""The same by their full names, for those that are called by another."""

# Each path may touch what the rest may not, for the reason beside it.
CLOCK_SEAMS = {
    "actors/runtime/": "the runtime turns the clock into numbered inputs",
    "venues/": "what arrives is stamped; deadlines, signatures and rate limits need time",
    "persistence/": "durations of commits, age of backups and of what is pruned",
    "tipoff/": "start times, progress and speed of what people watch",
    "tests/": "tests wait for real processes",
    "benchmarks/": "durations are what they measure",
}
RANDOM_SEAMS = {
    "venues/simulator/": "a seeded stand-in for the world",
    "venues/": "jitter of reconnects and nonces of requests",
    "actors/runtime/": "seeded permutation of what may legally be permuted",
    "tipoff/": "identifiers of runs and requests",
    "tests/": "seeds",
    "benchmarks/": "seeds",
}
THREAD_SEAMS = {
    "actors/runtime/": "thread actors and the way back onto the loop",
    "persistence/": "locks around the one writer",
    "venues/simulator/": "servers beside a test",
    "tipoff/": "the process: signals, watchdog",
    "tests/": "tests of threads",
    "benchmarks/": "the rival runtimes are threads",
}
_QUEUES = ("Queue", "open_memory_channel")
# What others know of these packages is what `__init__` hands on. Who may look inside, beside themselves:
FACES = {
    "actors.runtime": ("actors/runtime/", "tests/actors/runtime/"),
    "engine.exchange": ("engine/exchange/", "tests/engine/exchange/", "benchmarks/exchange.py"),
    "engine.risk": ("engine/risk/", "tests/engine/risk/"),
}


def impure_import(source: Source) -> Iterable[str]:
    """The engine imports only what computes."""
    if source.package != "engine":
        return
    for node, module in source.imports:
        if module.split(".")[0] not in PURE_MODULES:
            yield source.at(node, f"engine imports {module}, which is not pure")


def clock_read(source: Source) -> Iterable[str]:
    """A clock is read only where an input is stamped."""
    if not _is_seam(source.path, CLOCK_SEAMS):
        yield from (source.at(node, f"imports {name}") for node, name in _imports_of(source, "time"))
        yield from (source.at(node, f"reads a clock: {name}") for node, name in _clocks(source))


def randomness(source: Source) -> Iterable[str]:
    """A random draw has a seed, and its place is known."""
    if not _is_seam(source.path, RANDOM_SEAMS):
        for module in ("random", "secrets", "uuid"):
            yield from (source.at(node, f"imports {name}") for node, name in _imports_of(source, module))


def thread(source: Source) -> Iterable[str]:
    """A thread is started only by the runtime and by what surrounds it."""
    if not _is_seam(source.path, THREAD_SEAMS):
        for module in ("threading", "multiprocessing", "concurrent", "_thread"):
            yield from (source.at(node, f"imports {name}") for node, name in _imports_of(source, module))


def text_hash(source: Source) -> Iterable[str]:
    """hash() of a text differs from process to process, so nothing that decides may use it."""
    if source.package in {"engine", "actors"}:
        for node, called in source.calls:
            if called == "hash":
                yield source.at(node, "hash() differs between processes; use hashlib")


def unbounded_queue(source: Source) -> Iterable[str]:
    """A queue without a limit is memory without a limit."""
    if source.package not in PRODUCT:
        return
    for node, called in source.calls:
        if called.endswith(_QUEUES) and _is_unbounded(node, called):
            yield source.at(node, f"a queue without a limit: {ast.unparse(node)}")


def any_type(source: Source) -> Iterable[str]:
    """`Any` switches the type checker off; the engine does not."""
    if source.package == "engine":
        for node in source.nodes:
            match node:
                case ast.Name(id="Any") | ast.Attribute(attr="Any") | ast.alias(name="Any"):
                    yield source.at(node, "Any in the engine")
                case _:
                    pass


def sleeping_test(source: Source) -> Iterable[str]:
    """A test that sleeps is slow when it passes and random when it fails."""
    if source.package == "tests":
        slept = _calls(source, frozenset({"time.sleep", "sleep"}))
        yield from (source.at(node, "a test sleeps") for node, _ in slept)


def mock(source: Source) -> Iterable[str]:
    """Fakes show how a thing behaves; mocks show how it is written."""
    if source.package == "tests":
        mocks = (found for found in source.imports if found[1].startswith(("unittest.mock", "mock")))
        yield from (source.at(node, "a mock; write a fake") for node, _ in mocks)


def past_the_face(source: Source) -> Iterable[str]:
    """A package with a face is imported by its name, never by the name of one of its modules."""
    for face, insiders in FACES.items():
        if source.path.startswith(insiders):
            continue
        inside = ((node, module) for node, module in _modules(source.tree) if module.startswith(f"{face}."))
        yield from (source.at(node, f"{module} is inside; import from {face}") for node, module in inside)


def _modules(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """The modules that imports name, without what is taken from them."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield node, module
            case _:
                pass


def _is_seam(path: str, seams: dict[str, str]) -> bool:
    return path.startswith(tuple(seams))


def _imports_of(source: Source, package: str) -> Iterator[tuple[ast.AST, str]]:
    return (found for found in source.imports if found[1].split(".")[0] == package)


def _calls(source: Source, names: frozenset[str]) -> Iterator[tuple[ast.AST, str]]:
    tails = tuple(f".{name}" for name in names if "." in name)
    return (found for found in source.calls if found[1] in names or found[1].endswith(tails))


def _clocks(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Calls that name a clock, and whatever stands for one under another name, called or not."""
    called = list(_calls(source, CLOCK_CALLS))
    yield from called
    seen = {id(node.func) for node, _ in called if isinstance(node, ast.Call)}
    aliases = _names_in_full(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute | ast.Name) and id(node) not in seen:
            meant = _meaning(node, aliases)
            if isinstance(node.ctx, ast.Load) and meant in CLOCKS:
                yield node, meant
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "getattr",
            "attrgetter",
            "methodcaller",
        }:
            yield from ((node, meant) for value in node.args if (meant := _meaning(value, aliases)) in OWNERS)


def _names_in_full(tree: ast.Module) -> dict[str, str]:
    """What each imported or assigned name of a file stands for, in full; the last assignment counts."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for name in names:
                    first = name.name.split(".")[0]
                    found[name.asname or first] = name.name if name.asname else first
            case ast.ImportFrom(module=str(module), names=names, level=0):
                found |= {name.asname or name.name: f"{module}.{name.name}" for name in names}
            case _:
                pass
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=assigned)], value=value)
                | ast.AnnAssign(target=ast.Name(id=assigned), value=ast.expr() as value)
                | ast.NamedExpr(target=ast.Name(id=assigned), value=value)
            ):
                meant = _meaning(value, found)
                if meant.split(".")[0] in {"datetime", "trio"}:
                    found[assigned] = meant
            case _:
                pass
    return found


def _meaning(node: ast.AST, aliases: dict[str, str]) -> str:
    """A dotted name in full; nothing for what is no name."""
    match node:
        case ast.Name(id=name):
            return aliases.get(name, "")
        case ast.Attribute(value=value, attr=attr):
            owner = _meaning(value, aliases)
            return f"{owner}.{attr}" if owner else ""
        case _:
            return ""


def _is_unbounded(call: ast.Call, called: str) -> bool:
    limits = [ast.unparse(value) for value in (*call.args, *(keyword.value for keyword in call.keywords))]
    match called.removeprefix("queue."):
        case "Queue" | "LifoQueue" | "PriorityQueue":
            return not limits or limits[0] in {"0", "-1"}
        case "SimpleQueue":
            return True
        case _:
            return called.endswith("open_memory_channel") and limits in (["math.inf"], ["inf"])
