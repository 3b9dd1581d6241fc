"""Every number of `docs/searching.md` is what the program computes; the rest `make honesty` printed.

Covers: engine.overfitting.judgement.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.overfitting.backtest_overfitting import BLOCKS
from engine.overfitting.deflated_sharpe import expected_best
from engine.overfitting.judgement import ERROR_MAX, SIDES_MIN, SweepJudgement
from engine.overfitting.walk_forward import Schedule
from engine.scoring.judgement import GAMES_MIN
from tests.engine.overfitting.worlds import TRIALS, WITH_EDGE, WITHOUT_EDGE, share
from tipoff.sweep.evidence import DRAWS_MAX

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "searching.md").read_text("utf-8")
WORDS = " ".join(TEXT.split())


def rows(*heads: str) -> Iterator[list[str]]:
    """The cells of the table with these heads."""
    table = TEXT.split(f"| {' | '.join(heads)} |\n")[1].split("\n\n")[0]
    lines = [line for line in table.splitlines()[1:] if line.startswith("|")]
    return ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)


def test_what_luck_does_is_computed() -> None:
    found = list(rows("tries", "best without an edge"))
    assert len(found) == 6
    for tries, best in found:
        assert f"{expected_best(int(tries), 1.0):.2f}" == best
    assert 2.9 < expected_best(400, 1.0) < 3.1


def test_the_verdicts_and_their_limits_are_those_of_the_program() -> None:
    assert len(list(rows("verdict", "when"))) == len(SweepJudgement)
    assert f"by luck in at most {100 * ERROR_MAX:.1f} % of sweeps" in WORDS
    assert f"fewer than {GAMES_MIN} games, a best that won or lost fewer than {SIDES_MIN}" in WORDS
    assert f"lost fewer than {SIDES_MIN} games is not judged" in WORDS
    assert "Ten lost games are few" in WORDS


def test_the_steps_and_the_halves_are_those_of_the_program() -> None:
    how = Schedule()
    assert how.folds == 6
    assert f"six steps after the first {100 * how.first_share:.0f} % of the games" in WORDS
    assert BLOCKS == 16
    assert f"sixteen blocks, every half of them, {math.comb(BLOCKS, BLOCKS // 2)} in all" in WORDS
    assert DRAWS_MAX == 1_000
    assert "a thousand times" in WORDS


def test_the_seasons_are_those_that_are_judged() -> None:
    assert f"sweeps {TRIALS} trials through each" in WORDS
    told = [row[0] for row in rows("no edge", "seasons", "called real", "95 %")]
    assert set(told) <= {world.name for world in WITHOUT_EDGE}
    told = [row[0] for row in rows("edge", "seasons", "called real", "95 %")]
    assert set(told) <= {world.name for world in WITH_EDGE}


@pytest.mark.parametrize("head", ["no edge", "edge"])
def test_the_shares_lie_where_wilson_says(head: str) -> None:
    for _name, seasons, real, interval in rows(head, "seasons", "called real", "95 %"):
        found = re.fullmatch(r"\d+ of \d+ \((.*?) %, (.*?) to (.*?)\)", share(int(real), int(seasons)))
        assert found is not None
        assert interval == f"{found[2]} to {found[3]} %"
        if head == "no edge":
            assert int(real) / int(seasons) <= 1 / 20
