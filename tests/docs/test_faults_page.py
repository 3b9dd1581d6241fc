"""Every fault has its row in the manual, and every test that a row names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "faults.md"
LETTERS = {"A": 22, "B": 14, "E": 8, "F": 16, "I": 11}
FAULTS = [f"{letter}{number}" for letter, last in LETTERS.items() for number in range(1, last + 1)]
LINES = PAGE.read_text("utf-8").splitlines()
ROWS = [line for line in LINES if line.startswith("| ") and "shown by" not in line]


def exists(test: str) -> bool:
    """Whether a test of this name is in its file."""
    path, _, name = test.partition("::")
    file = ROOT / path
    return file.is_file() and bool(
        re.search(rf"^(async )?def {name}\(", file.read_text("utf-8"), re.MULTILINE)
    )


def test_every_fault_has_one_row_in_order() -> None:
    numbered = [found[1] for row in ROWS if (found := re.match(r"\| ([A-Z]\d+) ", row))]
    assert numbered == FAULTS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row)[2:30])
def test_a_row_says_what_happens_and_names_tests_that_exist(row: str) -> None:
    _fault, outcome, shown_by = (cell.strip() for cell in row.strip("|").split("|"))
    named = re.findall(r"`(tests/[^`]+)`", shown_by)
    assert len(outcome) > 10
    assert named
    assert [test for test in named if not exists(test)] == []


def test_a_test_that_is_gone_is_found() -> None:
    assert not exists("tests/docs/test_faults_page.py::test_of_nothing")
    assert not exists("tests/docs/none.py::test_of_nothing")
