"""Rules on the files that are not Python: the configuration, the manual, the pinned requirements.

Called by `test_files`, which also shows each rule a bad sample.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator

# Written in pieces so that this file does not find itself.
_INDEX = re.compile(
    "|".join(
        (
            r"pypi\.(?:org|python\.org)",
            "python" + "hosted",
            "--(?:extra-)?index" + "-url",
            "--find" + "-links",
            "--trusted" + "-host",
            r"/simple/?(?:$|[\s\"'])",
        )
    )
)
_PIN = re.compile(r"^[A-Za-z0-9._-]+(?:\[[a-z,]+\])?==\S+")
_ASSIGNMENT = re.compile(r"^(?:# )?([A-Za-z0-9_]+) =(?: |$)")


def package_index(text: tuple[str, str]) -> Iterable[str]:
    """Where packages come from is the machine's business, not the project's."""
    path, content = text
    for number, line in enumerate(content.splitlines(), 1):
        if _INDEX.search(line):
            yield f"{path}:{number}: the address of a package index: {line.strip()[:80]}"


def unpinned(text: tuple[str, str]) -> Iterable[str]:
    """Every requirement names one version and at least one hash."""
    path, content = text
    logical = content.replace("\\\n", " ").splitlines()
    for line in logical:
        if line.strip() and not line.lstrip().startswith("#"):
            if not _PIN.match(line):
                yield f"{path}:1: names no single version: {line.strip()[:60]}"
            elif "--hash=sha256:" not in line:
                yield f"{path}:1: has no hash: {line.strip()[:60]}"


def uncommented_key(text: tuple[str, str]) -> Iterable[str]:
    """A key of the configuration has a comment right above it."""
    path, content = text
    above = ""
    for number, line in enumerate(content.splitlines(), 1):
        key = _ASSIGNMENT.match(line)
        if key and not above.startswith("# "):
            yield f"{path}:{number}: {key[1]} has no comment above it"
        above = line


def keys(content: str) -> Iterator[str]:
    """Dotted keys that a configuration sets; strategies are called by their kinds."""
    document = tomllib.loads(content)
    for strategy in document.pop("strategy", []):
        yield from _leaves(strategy, f"strategy.{strategy['kind']}.")
    yield from _leaves(document, "")


def unmentioned(names: Iterable[str], text: tuple[str, str]) -> Iterable[str]:
    """Names that a page should have, in backticks, and has not."""
    path, content = text
    mentioned = set(re.findall(r"`([^`\s]+)`", content))
    return (f"{path}:1: does not mention `{name}`" for name in names if name not in mentioned)


def _leaves(table: dict[str, object], prefix: str) -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key
