"""A screen as a page: whole, self-contained, and nobody's words become markup."""

from pathlib import Path

import pytest
from rich.text import Text

from tipoff.output import Failure
from tipoff.reports.screen_page import TITLE, write_screen

HOSTILE = "{code} {0} {} & <script>alert(1)</script> [/red] \x1b[31m"


def test_a_page_holds_the_screen_its_style_and_its_title(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_screen(page, Text("five fills", style="bold red"), "An evening")
    text = page.read_text("utf-8")
    assert "<title>An evening</title>" in text
    assert "five fills" in text
    assert "body { margin: 2rem; color: #" in text
    assert ".r1 {" in text
    assert "{{" not in text
    assert TITLE not in text
    assert "http" not in text


def test_words_of_others_stay_words_in_title_and_screen(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_screen(page, Text(HOSTILE), HOSTILE)
    text = page.read_text("utf-8")
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    assert "<script" not in text
    assert "{code} {0} {}" in text


def test_a_page_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be written"):
        write_screen(tmp_path / "none" / "page.html", Text("x"), "x")
