"""A sweep on a terminal: eighty columns, no number cut, and the same as the page says."""

import io

import pytest
from rich.console import Console

from engine.overfitting.table import SweepTable, Trial
from tests.engine.overfitting.sweeps import games
from tests.tipoff.reports.searches import document, search
from tipoff.reports.sweep_screen import TRIALS_TOLD_MAX, sweep_screen


def shown(table: SweepTable) -> str:
    out = io.StringIO()
    Console(file=out, width=80).print(sweep_screen(document(table)))
    return out.getvalue()


def test_the_verdict_comes_first_then_the_line_out_of_sample() -> None:
    text = shown(search(200, edge=0.6))
    assert text.startswith("The best of 17: real:")
    assert text.index("Out of sample") < text.index("guard") < text.index("later games")
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "1f0e" not in text


def test_nothing_is_told_as_nothing() -> None:
    text = shown(SweepTable.of([], [], tried=1))
    assert "cannot be known: no trial has a result." in text
    assert "Out of sample" not in text


@pytest.mark.limit("tipoff.reports.sweep_screen:TRIALS_TOLD_MAX")
@pytest.mark.parametrize("more", [0, 1])
def test_of_many_trials_the_best_are_told(more: int) -> None:
    # One more is the try that failed.
    count = TRIALS_TOLD_MAX - 1 + more
    trials = [Trial(f"t{place:04}", {}, (float(place), 0.0, -1.0)) for place in range(count)]
    text = shown(SweepTable.of(games(3), trials, tried=count + 1))
    assert ("1 more with --json" in text) == bool(more)
    assert ("failed" in text) == (not more)


def test_words_of_others_command_no_terminal() -> None:
    trials = [Trial("\x1b[31mred", {"\x1b[2J": "\x1b]0;x"}, (1.0, -1.0, 2.0))]
    assert "\x1b" not in shown(SweepTable.of(games(3), trials, tried=2))
