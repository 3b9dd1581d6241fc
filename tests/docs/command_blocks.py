"""The blocks of commands in README and manual, each with why it is not run, if so, and what it prints.

Used by `test_command_blocks`. A block is either a fence of `sh` or indented; what is no command stands in a
fence that says what it is.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).resolve().parents[2]
COMMANDS: Final = "sh"
OUTPUT: Final = "text"
NOT_RUN: Final = re.compile(r"<!-- not run: (.+) -->")
PROGRAM: Final = re.compile(r"(\.venv/bin/|tipoff|make|pip|pytest) ?\w")
DIRECTIVE: Final = re.compile(r"\{[a-z]+\}.*")
OTHER_FENCES: Final = ("json", "python", OUTPUT, "toml")


@attrs.frozen
class Block:
    """What a reader is told to type."""

    page: str
    line: int
    text: str
    not_run: str | None
    """Why no test can run it."""
    sample: str = ""
    """What the page shows as printed by it."""

    def commands(self) -> list[str]:
        """One for each line, but for those that end in a backslash."""
        return self.text.replace("\\\n", " ").splitlines()


class UnknownFence(ValueError):
    """A fence does not say what it holds, or in a word that nobody knows."""


def pages() -> list[Path]:
    """README and manual, without what a build makes."""
    manual = (ROOT / "docs").rglob("*.md")
    made = {"_build", "generated"}
    return [ROOT / "README.md", *sorted(page for page in manual if not made & set(page.parts))]


def blocks(page: str, text: str) -> Iterator[Block]:
    """The blocks of a page in order. Raises UnknownFence."""
    found: list[Block] = []
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        taken, kind = _taken(page, lines, place)
        if kind == COMMANDS:
            inside = [line.strip() for line in lines[place : place + taken]]
            typed = [line for line in inside if line and not line.startswith("```")]
            found.append(Block(page, place + 1, "\n".join(typed), _reason(lines, place)))
        elif kind == OUTPUT and found and _directly_below(lines, found[-1], place):
            shown = "\n".join(lines[place + 1 : place + taken - 1])
            found[-1] = attrs.evolve(found[-1], sample=shown)
        place += max(taken, 1)
    yield from found


def _taken(page: str, lines: list[str], place: int) -> tuple[int, str]:
    """How many lines a block at this line has, and what it holds; (0, "") if none begins here."""
    line = lines[place]
    if line.lstrip().startswith("```"):
        kind = line.strip().removeprefix("```")
        if kind != COMMANDS and kind not in OTHER_FENCES and not DIRECTIVE.fullmatch(kind):
            raise UnknownFence(f"{page}:{place + 1}: a fence of {kind!r}; commands are {COMMANDS!r}")
        end = next(at for at in range(place + 1, len(lines)) if lines[at].strip() == "```")
        if kind == OUTPUT and PROGRAM.match(lines[place + 1]):
            raise UnknownFence(f"{page}:{place + 1}: commands in a fence of output; indent them")
        return end + 1 - place, kind
    if line.startswith("    ") and (place == 0 or not lines[place - 1].strip()):
        end = next((at for at in range(place, len(lines)) if not lines[at].startswith("    ")), len(lines))
        return end - place, COMMANDS
    return 0, ""


def _reason(lines: list[str], place: int) -> str | None:
    """What is said above a block that is not run."""
    above = next((line for line in reversed(lines[:place]) if line.strip()), "")
    said = NOT_RUN.fullmatch(above.strip())
    return said and said[1]


def _directly_below(lines: list[str], block: Block, place: int) -> bool:
    """Whether nothing but the block and empty lines stand between its beginning and a line."""
    between = [line.strip() for line in lines[block.line - 1 : place]]
    return [line for line in between if line and not line.startswith("```")] == block.text.splitlines()
