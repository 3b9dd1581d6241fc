"""What is imported is declared, and what is declared is imported.

Called by `test_dependencies`, which also shows each rule a bad sample. A distribution that arrives only
because another one needs it today is missing the day that one changes its mind; one that nobody imports is
weight.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import packages_distributions

from tests.tidy.source import PYTHON, Source

# Loaded by name and not by an import of ours, each for the reason beside it.
LOADED_BY_OTHERS = {
    "psycopg": "SQLAlchemy's driver for postgresql+psycopg",
    "tzdata": "zoneinfo reads it where the machine has no zones",
}
# Called as programs, by their configuration or as plug-ins: by the Makefile, Sphinx, pytest, mypy and pip.
TOOLS = frozenset(
    {
        *("build", "editables", "furo", "hatchling", "import-linter", "mypy", "myst-parser"),
        *("pytest-benchmark", "pytest-timeout", "pytest-trio", "pytest-xdist", "ruff", "sphinx"),
        *("types-pyyaml", "uv"),
    }
)
# Imported without being installed here.
ELSEWHERE = {
    "compression": "the standard library's, from Python 3.14 on",
    "kalshi_python_sync": "in an environment of its own, made by `make sdk`",
    "nautilus_trader": "in an environment of its own, made by `make peers`",
    "hftbacktest": "the same",
    "numba": "hftbacktest's compiler, there",
    "numpy": "hftbacktest's arrays, there",
    "daemon": "what `tipoff` was called in the first build, which `make peers` takes from the history",
}
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def declared(requirements: Iterable[str]) -> set[str]:
    """The names of distributions in requirements, written as the index writes them."""
    return {_normal(match[0]) for line in requirements if (match := _NAME.match(line))}


def imported(sources: Iterable[Source]) -> dict[str, str]:
    """Every distribution that is imported, with the first place."""
    ours = {*PYTHON, *sys.stdlib_module_names, *ELSEWHERE}
    found: dict[str, str] = {}
    for source in sources:
        for node, module in source.imports:
            top = module.split(".", 1)[0]
            if top not in ours:
                found.setdefault(_owner(top), source.at(node, module))
    return found


def undeclared(found: Mapping[str, str], names: set[str]) -> Iterable[str]:
    """Imports of what no requirement names."""
    return (f"{place}: {name} is not declared" for name, place in found.items() if name not in names)


def unused(found: Mapping[str, str], names: set[str], excused: Iterable[str]) -> Iterable[str]:
    """Requirements that nothing imports and nothing excuses."""
    known = {*found, *excused}
    return (f"pyproject.toml:1: nothing imports {name}" for name in sorted(names - known))


def _owner(module: str) -> str:
    return _normal(_owners()[module][0]) if module in _owners() else module


@cache
def _owners() -> Mapping[str, list[str]]:
    return packages_distributions()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
