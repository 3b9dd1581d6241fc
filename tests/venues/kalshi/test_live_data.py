"""What the venue itself says of a game, to events; what makes no sense is refused and never guessed at."""

import json

import pytest

from engine.events import FeedRefused, GamePhase, ScoreSeen
from engine.milestones import MilestoneSeen
from engine.units import Nanos
from venues.kalshi.answers import parse_answer
from venues.kalshi.live_data import POINTS_MAX

AT = Nanos(1_768_449_600_000_000_000)
TARGET = "/live_data/batch?milestone_ids=a&milestone_ids=b"


def batch(*details: object, kind: str = "basketball_game") -> str:
    """An answer about so many games, called a, b, c…"""
    return json.dumps(
        {
            "live_datas": [
                {"type": kind, "milestone_id": chr(ord("a") + number), "details": each}
                for number, each in enumerate(details)
            ]
        }
    )


def details(home: object = 51, away: object = 48, status: object = "live") -> dict[str, object]:
    """A game, with more in it than we read."""
    return {"home_points": home, "away_points": away, "status": status, "widget": {"text": "Q3"}}


def test_games_among_the_milestones_bring_their_events() -> None:
    rows = [
        {"id": "m1", "type": "basketball_game", "related_event_tickers": ["KXNBAGAME-26JAN14WASLAC"]},
        {"id": "m2", "type": "golf_tournament", "related_event_tickers": ["KXPGA-1"]},
    ]
    body = json.dumps({"milestones": rows, "cursor": ""})
    found = parse_answer("/milestones?related_event_ticker=KXNBAGAME-26JAN14WASLAC&limit=100", body, AT)
    assert found == (MilestoneSeen("kalshi:m1", ("KXNBAGAME-26JAN14WASLAC",), AT),)


@pytest.mark.parametrize(
    ("status", "phase"),
    [("live", GamePhase.LIVE), ("inprogress", GamePhase.LIVE), ("Finished", GamePhase.FINAL)],
)
def test_scores_of_games_that_have_begun(status: str, phase: GamePhase) -> None:
    found = parse_answer(TARGET, batch(details(status=status)), AT)
    assert found == (ScoreSeen("kalshi:a", "kalshi", phase, 0, None, 51, 48, None, AT),)


@pytest.mark.parametrize(
    "status", ["none", "scheduled", "", " None ", "Not Started", "not_started", "NOT-STARTED", "Pre-game"]
)
def test_a_game_that_has_not_begun_has_no_score(status: str) -> None:
    assert parse_answer(TARGET, batch(details(0, 0, status)), AT) == ()


def test_a_game_that_has_not_begun_may_lack_its_points() -> None:
    assert parse_answer(TARGET, batch(details(None, None, "Not Started"), {"status": "none"}), AT) == ()


@pytest.mark.fault("B14")
@pytest.mark.parametrize("status", ["another", "unfinished", "not live"])
def test_a_status_that_nobody_knows_is_refused_and_no_game_in_play(status: str) -> None:
    (refused,) = parse_answer(TARGET, batch(details(status=status)), AT)
    assert isinstance(refused, FeedRefused)
    assert refused.kind == "unknown_status"


def test_other_sports_are_not_read() -> None:
    assert parse_answer(TARGET, batch(details(), kind="football_game"), AT) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        details(home="51"),
        details(home=-1),
        details(away=POINTS_MAX + 1),
        details(home=51.5),
        details(status=None),
        {"status": "live"},
        [],
        None,
    ],
)
def test_a_game_that_makes_no_sense_is_refused_alone(wrong: object) -> None:
    refused, score = parse_answer(TARGET, batch(wrong, details()), AT)
    assert isinstance(refused, FeedRefused)
    assert refused.place == "a"
    assert isinstance(score, ScoreSeen)
    assert score.game == "kalshi:b"


@pytest.mark.limit("venues.kalshi.live_data:POINTS_MAX")
def test_no_team_scores_more_than_the_most_that_is_believed() -> None:
    (score,) = parse_answer(TARGET, batch(details(home=POINTS_MAX, away=0)), AT)
    assert isinstance(score, ScoreSeen)


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"live_datas": {}}', "<html>"])
def test_an_answer_that_is_none_is_refused(body: str) -> None:
    (refused,) = parse_answer(TARGET, body, AT)
    assert isinstance(refused, FeedRefused)
