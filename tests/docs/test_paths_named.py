"""Every file and folder that a page sends its reader to is there."""

import re
from pathlib import Path

import pytest

from tests.docs.test_commands_named import PAGES, ROOT

TOPS = "engine|actors|venues|persistence|migrations|tipoff|tests|docs|deploy"
NAMED = re.compile(rf"`((?:{TOPS})/[\w./-]*)`")
# Made by a build, so not there before one.
MADE = ("docs/_build", "docs/generated")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = {path for path in NAMED.findall(page.read_text("utf-8")) if not path.startswith(MADE)}
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_a_path_in_the_text_is_found() -> None:
    text = "see `engine/book.py`, `tests/docs/`, `tests/a.py::test_b` and `tipoff top`"
    assert NAMED.findall(text) == ["engine/book.py", "tests/docs/"]
