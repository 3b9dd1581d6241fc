"""The page of a report: whole, without scripts and requests, and nobody's words become markup.

Covers: tipoff.reports.page, tipoff.reports.frame, tipoff.reports.html.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typing_extensions import override

from tests.tipoff.reports.seasons import season
from tipoff.output import Failure
from tipoff.reports.evidence import evidence_of
from tipoff.reports.frame import POLICY
from tipoff.reports.html import write_html
from tipoff.reports.page import GAMES_DRAWN_MAX, evidence_page

HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script> {0} & \x1b[31m"
SECTIONS = [
    "Verdict", "Profit and loss", "Forecasts against the price", "Closing line value", "Markouts",
    "Expected and realized", "Where the money came from", "Wishes and limits", "Games",
    "Where this comes from",
]  # fmt: skip


class Tags(HTMLParser):
    """Every tag with its attributes, and what is left open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(name: str = "momentum", title: str = "A season") -> str:
    return evidence_page(title, evidence_of(season(31, 1.0, name=name, spread=0.2, limited=1)))


def test_the_sections_stand_in_their_order_and_every_tag_is_closed() -> None:
    text = page()
    assert re.findall(r"<h2>(.*?)</h2>", text) == SECTIONS
    tags = Tags(text)
    assert tags.open == []
    assert [tag for tag, _attrs in tags.tags].count("svg") >= 4


def test_it_has_no_script_and_asks_nobody_for_anything() -> None:
    text = page()
    assert POLICY in text
    assert "default-src 'none'" in POLICY
    assert "script" not in POLICY
    for tag, attributes in Tags(text).tags:
        assert tag not in {"script", "link", "img", "iframe", "object", "form", "base", "a"}
        assert not {name for name in attributes if name.startswith("on") or name in {"src", "href"}}
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text
    assert "url(" not in text


def test_it_is_dark_on_a_screen_only_and_no_number_is_broken_in_print() -> None:
    text = page()
    assert "@media screen and (prefers-color-scheme: dark)" in text
    style, printed = text.partition("@media print {")[::2]
    assert "white-space: nowrap" in style.partition("th, td {")[2].partition("}")[0]
    assert "td { white-space" not in printed.partition("</style>")[0]


def test_words_of_others_stay_words() -> None:
    text = page(name=HOSTILE, title=HOSTILE)
    assert "<script" not in text
    assert "<img" not in text
    assert "\x1b" not in text
    assert "&lt;script&gt;" in text
    assert Tags(text).open == []


def test_it_is_made_for_dark_light_and_paper() -> None:
    text = page()
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert 'name="viewport"' in text


def test_nothing_at_all_is_a_page_too() -> None:
    text = evidence_page("Nothing", evidence_of([]))
    assert re.findall(r"<h2>(.*?)</h2>", text) == SECTIONS
    assert Tags(text).open == []


@pytest.mark.limit("tipoff.reports.page:GAMES_DRAWN_MAX")
@pytest.mark.parametrize("more", [0, 1])
def test_of_many_games_the_last_are_drawn(more: int) -> None:
    text = evidence_page("Many", evidence_of(season(GAMES_DRAWN_MAX + more, 1.0)))
    drawn = text[text.index("by game</h3>") :]
    assert drawn.count("<rect") == GAMES_DRAWN_MAX
    assert ("26NOV00GSWPHX" in drawn) == (not more)


def test_a_page_is_written_whole_or_it_is_said_why_not(tmp_path: Path) -> None:
    evidence = evidence_of(season(1, 1.0))
    write_html(tmp_path / "page.html", "A season", evidence)
    assert (tmp_path / "page.html").read_text("utf-8") == evidence_page("A season", evidence)
    with pytest.raises(Failure, match="cannot be written"):
        write_html(tmp_path / "none" / "page.html", "x", evidence)
