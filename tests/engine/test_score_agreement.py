"""When two sources of a score contradict each other, and when one is only behind the other."""

import random

import pytest

from engine.events import GameBegun, GamePhase, ScoresDisagreed, ScoreSeen
from engine.game import Game
from engine.score_agreement import DISAGREEMENT_NS, LAG_NS, Agreement
from engine.units import NANOS_PER_SECOND, Nanos

START = 1_768_449_600 * NANOS_PER_SECOND
LAG_S, LASTING_S = LAG_NS // NANOS_PER_SECOND, DISAGREEMENT_NS // NANOS_PER_SECOND


LIVELY, USUAL = 0.05, 0.012
"""Scores in a second of real time, breaks and all: a hundred and some in two and a half hours are usual."""


def score(source: str, home: int, away: int, second: float) -> tuple[ScoreSeen, Nanos]:
    """What a source shows, and when it is heard."""
    at = Nanos(START + round(second * NANOS_PER_SECOND))
    return ScoreSeen(source, source, GamePhase.LIVE, 2, None, home, away, None, at), at


def heard(agreement: Agreement, *said: tuple[str, int, int, float]) -> list[bool]:
    """Whether the sources disagree after each of these."""
    found = []
    for source, home, away, second in said:
        agreement.on_score(*score(source, home, away, second))
        found.append(agreement.disagree)
    return found


def court(seconds: int, seed: int, scores_per_second: float) -> list[tuple[int, int]]:
    """The true score at each second of a game."""
    draw = random.Random(seed)
    points = [0, 0]
    shown = []
    for _ in range(seconds):
        if draw.random() < scores_per_second:
            points[draw.randrange(2)] += draw.choice((1, 2, 2, 3))
        shown.append((points[0], points[1]))
    return shown


@pytest.mark.promise("source-scores-behind-contradicts")
@pytest.mark.limit("engine.score_agreement:LAG_NS")
@pytest.mark.parametrize("lag_s", [0, 5, 30, LAG_S - 16])
@pytest.mark.parametrize("seed", range(5))
def test_a_source_that_is_behind_all_evening_contradicts_nobody(lag_s: int, seed: int) -> None:
    agreement, true = Agreement(), court(3_600, seed, LIVELY)
    for second in range(0, 3_600, 5):
        ahead = true[second]
        late = true[max(0, second - lag_s)]
        said = [("bdl", *ahead, second)]
        if second % 15 == 0:
            said.append(("kalshi", *late, second + 1))
        assert not any(heard(agreement, *said)), second


@pytest.mark.promise("source-scores-behind-contradicts")
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("wrong", [-12, -2, 2, 12])
def test_a_score_that_is_wrong_by_a_basket_or_more_is_found_out(seed: int, wrong: int) -> None:
    agreement, true = Agreement(), court(3_600, seed, USUAL)
    begins = 1_200
    for second in range(0, 3_600, 5):
        home, away = true[second]
        off = wrong if second >= begins else 0
        heard(agreement, ("bdl", home, away, second), ("kalshi", home + off, away, second + 1))
        assert not (agreement.disagree and second < begins)
        if agreement.disagree:
            break
    assert agreement.disagree
    assert second - begins <= (LAG_S + LASTING_S + 10 if abs(wrong) > 6 else 1_200)


@pytest.mark.limit("engine.score_agreement:DISAGREEMENT_NS")
def test_a_contradiction_counts_once_it_has_lasted_and_not_a_moment_before() -> None:
    agreement = Agreement()
    first = (("bdl", 50, 40, 0.0), ("kalshi", 60, 40, 1.0))
    assert heard(agreement, *first, ("bdl", 50, 40, LASTING_S + 0.9)) == [False] * 3
    assert heard(agreement, ("bdl", 50, 40, LASTING_S + 1.0)) == [True]


def test_it_ends_when_the_sources_agree_again() -> None:
    agreement = Agreement()
    heard(agreement, ("bdl", 50, 40, 0), ("kalshi", 60, 40, 1), ("bdl", 50, 40, 60))
    assert agreement.disagree
    assert heard(agreement, ("kalshi", 50, 40, 61)) == [False]


def test_silence_neither_begins_nor_ends_a_contradiction() -> None:
    agreement = Agreement()
    heard(agreement, ("bdl", 50, 40, 0), ("kalshi", 50, 40, 1))
    for second in range(5, 600, 5):
        assert heard(agreement, ("bdl", 50 + second // 20, 40, second)) == [False]
    quarrel = Agreement()
    heard(quarrel, ("bdl", 50, 40, 0), ("kalshi", 60, 40, 1), ("bdl", 50, 40, 60))
    for second in range(65, 600, 5):
        assert heard(quarrel, ("bdl", 50, 40, second)) == [True]


def test_a_source_that_stands_still_while_the_other_goes_on_contradicts_it() -> None:
    agreement, found = Agreement(), []
    for second in range(0, 400, 10):
        found += heard(agreement, ("bdl", second // 10, 40, second), ("kalshi", 0, 40, second + 1))
    assert not any(found[:18])
    assert found[-1]


def test_points_that_the_table_takes_back_are_no_contradiction() -> None:
    agreement = Agreement()
    said = [("bdl", 50, 40, 0), ("kalshi", 50, 40, 1), ("bdl", 52, 40, 10), ("kalshi", 52, 40, 11)]
    said += [("bdl", 50, 40, 20), ("kalshi", 52, 40, 60), ("bdl", 50, 40, 80), ("kalshi", 50, 40, 81)]
    assert not any(heard(agreement, *said))


def test_the_venues_own_score_checks_the_leagues_and_is_never_told_to_strategies() -> None:
    game, told = Game("26JAN14WASLAC"), []
    for source, home, second in (("kalshi", 60, 0), ("bdl", 50, 1), ("kalshi", 60, 30), ("bdl", 50, 60)):
        told += game.on_event(*score(source, home, 40, second))
    assert [(type(news), getattr(news, "source", "")) for news in told] == [
        (GameBegun, ""), (ScoreSeen, "bdl"), (ScoreSeen, "bdl"), (ScoresDisagreed, ""),
    ]  # fmt: skip
    last = told[-1]
    assert isinstance(last, ScoresDisagreed)
    assert (last.disagree, last.detail) == (True, "kalshi: 40-60, bdl: 40-50")
    assert game.score is not None
    assert game.score.source == "bdl"
