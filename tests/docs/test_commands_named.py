"""Every command that the manual and the README tell people to type is one that the program takes."""

import re
import shlex
from pathlib import Path

import pytest

from tipoff.cli.app import COMMANDS, app

ROOT = Path(__file__).resolve().parents[2]
MANUAL = [
    page for page in sorted((ROOT / "docs").rglob("*.md")) if not {"_build", "generated"} & set(page.parts)
]
PAGES = (*(ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING")), *MANUAL)


def typed() -> list[str]:
    """The lines to type of the first page and the README, without their comments."""
    texts = (ROOT / "README.md").read_text("utf-8") + (ROOT / "docs" / "start.md").read_text("utf-8")
    return [
        line.partition("#")[0].strip()
        for line in re.findall(r"^    \.venv/bin/tipoff (.*)$", texts, re.MULTILINE)
    ]


@pytest.mark.parametrize("line", typed())
def test_a_line_to_type_is_understood(line: str) -> None:
    words = shlex.split(line)
    if words == ["--help"]:
        return
    command, bound, _ignored = app.parse_args(words, exit_on_error=False, print_error=False)
    assert command is not None
    assert bound.signature.parameters.keys() >= bound.arguments.keys()


def test_there_are_lines_to_type() -> None:
    assert len(typed()) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    known = {name for name, *_ in COMMANDS}
    named = re.findall(r"`tipoff ([a-z][a-z-]*)", page.read_text("utf-8"))
    assert sorted(set(named) - known) == []
