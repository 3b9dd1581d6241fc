"""The page of a sweep: out of sample first, without scripts and requests, and nobody's words become markup.

Covers: tipoff.reports.sweep_page, tipoff.reports.sweep_numbers.
"""

import re

import pytest

from engine.overfitting.table import SweepTable, Trial
from tests.engine.overfitting.sweeps import games
from tests.tipoff.reports.searches import document, search, source
from tests.tipoff.reports.test_page import HOSTILE, Tags
from tipoff.reports.frame import POLICY
from tipoff.reports.sweep_page import TRIALS_SHOWN_MAX, sweep_page

SECTIONS = [
    "Verdict", "Out of sample", "The best of so many without an edge", "What the guards say",
    "Which parameters matter", "Two parameters", "Trials", "Where this comes from",
]  # fmt: skip


@pytest.fixture(scope="module")
def page() -> str:
    return sweep_page(document(search(200, edge=0.6)))


def test_the_sections_stand_in_their_order_and_every_tag_is_closed(page: str) -> None:
    assert re.findall(r"<h2>(.*?)</h2>", page) == SECTIONS
    tags = Tags(page)
    assert tags.open == []
    assert [tag for tag, _attrs in tags.tags].count("svg") == 4


def test_it_has_no_script_and_asks_nobody_for_anything(page: str) -> None:
    assert POLICY in page
    for tag, attributes in Tags(page).tags:
        assert tag not in {"script", "link", "img", "iframe", "object", "form", "base", "a"}
        assert not {
            name for name in attributes if name.startswith("on") or name in {"src", "href", "style"}
        } or (tag == "svg")
    assert "http:" not in page
    assert "https:" not in page
    assert "url(" not in page


def test_what_was_searched_is_grey_and_comes_after_what_was_not(page: str) -> None:
    assert page.index(">out of sample</span>") < page.index(">in sample</span>")
    heads = re.findall(r"<th scope=\"col\">(.*?)</th>", page)
    assert heads.index("out of sample") < heads.index("in sample")
    assert heads.index("later games") < heads.index("in sample", heads.index("later games"))
    for grey in re.findall(r'<table>\n<thead><tr><th scope="col">(?:from|value|trial)', page):
        before = page[: page.index(grey)]
        assert before.rfind('<div class="searched') > before.rfind("</section>")


def test_luck_is_told_beside_the_best(page: str) -> None:
    assert "You tried 17 combinations. The best of 17 without an edge looks like this" in page
    assert "drawn from the controls&#x27; own results" in page
    without = sweep_page(document(search(60, controls=False)))
    assert "the sweep has no controls" in without


def test_a_try_that_failed_has_a_row_with_its_error(page: str) -> None:
    assert "<td>failed</td>" in page
    assert "no book was trusted" in page


def test_words_of_others_stay_words() -> None:
    trials = [
        Trial(
            f"{HOSTILE}{place}", {HOSTILE: f"{HOSTILE}{place % 2}", "b": place // 2}, tuple(map(float, row))
        )
        for place, row in enumerate(([1, -1] * 20, [-1, 1] * 20, [2, 1] * 20, [0, 1] * 20, [3, 0] * 20))
    ]
    text = sweep_page(document(SweepTable.of(games(40), trials, tried=6), source(HOSTILE, HOSTILE)))
    assert "<script" not in text
    assert "<img" not in text
    assert "\x1b" not in text
    assert Tags(text).open == []


def test_nothing_at_all_is_a_page_too() -> None:
    text = sweep_page(document(SweepTable.of([], [], tried=1)))
    assert re.findall(r"<h2>(.*?)</h2>", text) == SECTIONS
    assert Tags(text).open == []


@pytest.mark.limit("tipoff.reports.sweep_page:TRIALS_SHOWN_MAX")
@pytest.mark.parametrize("more", [0, 1])
def test_of_many_trials_the_best_have_a_row_and_the_others_are_counted(more: int) -> None:
    count = TRIALS_SHOWN_MAX + more
    trials = [Trial(f"t{place:04}", {}, (float(place), 0.0, -1.0)) for place in range(count)]
    text = sweep_page(document(SweepTable.of(games(3), trials), source(error="")))
    assert ("t0000<" in text) == (not more)
    assert f"t{count - 1:04}<" in text
    # With the try that failed.
    assert f"{more + 1} more are in the document of --json" in text
