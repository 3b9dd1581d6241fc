"""Every promise, fault and limit of the manual is held by a test that says so."""

import re

import pytest

from docs.bounds import bounds
from docs.markers import KINDS, TESTS, held_by, marks_of

DOCS = TESTS.parent / "docs"
PAGES = {"promise": "promises.md", "fault": "faults.md"}
FAULT_LETTERS = {"A": 20, "B": 13, "E": 8, "F": 16, "I": 11}


def rows(kind: str) -> list[str]:
    """The rows of a page that say something."""
    lines = (DOCS / PAGES[kind]).read_text("utf-8").splitlines()
    heads = (" held by |", " shown by |")
    return [line for line in lines if line.startswith("| ") and not line.endswith(heads)]


def keys(kind: str) -> list[str]:
    """What a page says, in its order; each row has one key."""
    return [key for row in rows(kind) for key in re.findall(rf"\{{{kind}\}}`([^`]+)`", row)]


@pytest.mark.parametrize("kind", PAGES)
def test_every_row_has_a_key_of_its_own(kind: str) -> None:
    found = keys(kind)
    assert len(found) > 10
    assert len(found) == len(set(found)) == len(rows(kind))


@pytest.mark.parametrize("kind", PAGES)
def test_what_a_page_says_is_what_the_tests_hold(kind: str) -> None:
    held = set(held_by()[kind])
    assert sorted(set(keys(kind)) - held) == [], "held by no test"
    assert sorted(held - set(keys(kind))) == [], f"in no row of docs/{PAGES[kind]}"


def test_a_limit_that_a_test_holds_is_one_of_the_manual() -> None:
    told = {bound.where for bound in bounds()}
    assert sorted(set(held_by()["limit"]) - told) == []


def test_every_fault_has_its_row_in_order() -> None:
    numbered = [key for key in keys("fault") if re.fullmatch(r"[A-Z]\d+", key)]
    for letter, least in FAULT_LETTERS.items():
        ours = [key for key in numbered if key[0] == letter]
        assert ours == [f"{letter}{number}" for number in range(1, len(ours) + 1)]
        assert len(ours) >= least
    assert [row for row in rows("fault") if len(row.split("|")[2].strip()) <= 10] == []


def test_a_marker_is_found_wherever_it_stands_and_nothing_else_is() -> None:
    text = (
        "@pytest.mark.promise('a', 'b')\n@pytest.mark.slow\ndef test_one(): ...\n"
        "@pytest.mark.limit('m:X')\nasync def test_two(): ...\n"
        "@pytest.mark.parametrize('promise', [1])\ndef test_three(): ...\n"
    )
    assert sorted(marks_of(text)) == [
        ("limit", "m:X", "test_two"),
        ("promise", "a", "test_one"),
        ("promise", "b", "test_one"),
    ]
    assert set(KINDS) == set(held_by())
