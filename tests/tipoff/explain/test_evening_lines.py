"""An evening as lines for whoever watches the daemon in a terminal."""

import pytest

from engine.events import FeedConnected, FeedLost, GameSeen, ScoreSeen
from engine.facts import BookSide, OrderCancelled, OrderRejected, PositionSettled, SignalRaised, TradingHalted
from engine.orders import CancelReason, RejectCode
from engine.terms import GamePhase
from engine.units import Count, Money, Nanos, Price
from tipoff.explain.evening_lines import EveningLines, total

AT = Nanos(1_800_000_000_000_000_000)
TICKER = "KXNBAGAME-26NOV20DALSAC-SAC"


def score(phase: GamePhase, period: int, away: int, home: int, source: str = "bdl") -> ScoreSeen:
    """A score of the game that the lines below know."""
    return ScoreSeen("bdl:1", source, phase, period, None, home, away, None, AT)


@pytest.fixture
def lines() -> EveningLines:
    made = EveningLines()
    assert made.event(GameSeen("bdl:1", "2026-11-20", "DAL", "SAC", None, False, AT)) is None
    return made


def test_a_game_is_told_from_its_tip_to_its_end_and_every_turn_once(lines: EveningLines) -> None:
    told = [
        lines.event(score(phase, period, away, home))
        for phase, period, away, home in (
            (GamePhase.SCHEDULED, 0, 0, 0),
            (GamePhase.LIVE, 1, 0, 0),
            (GamePhase.LIVE, 1, 2, 0),
            (GamePhase.LIVE, 2, 20, 30),
            (GamePhase.HALFTIME, 2, 50, 51),
            (GamePhase.LIVE, 3, 50, 51),
            (GamePhase.LIVE, 4, 70, 71),
            (GamePhase.LIVE, 5, 99, 99),
            (GamePhase.FINAL, 5, 110, 104),
            (GamePhase.FINAL, 5, 110, 104),
        )
    ]
    assert [words.removeprefix("DAL at SAC: ") for words in told if words] == [
        "tip",
        "end of Q1 20-30",
        "halftime 50-51",
        "end of Q3 70-71",
        "end of Q4 99-99",
        "final 110-104",
    ]


def test_a_game_that_was_over_before_is_not_told_and_one_under_way_says_so(lines: EveningLines) -> None:
    assert EveningLines().event(score(GamePhase.FINAL, 4, 1, 2)) is None
    assert lines.event(score(GamePhase.LIVE, 3, 60, 58)) == "DAL at SAC: is being played, Q3, 60-58"


def test_a_source_that_only_checks_tells_nothing(lines: EveningLines) -> None:
    assert lines.event(score(GamePhase.LIVE, 1, 0, 0, "kalshi")) is None
    assert lines.event(score(GamePhase.LIVE, 1, 0, 0)) == "DAL at SAC: tip"


def test_a_connection_that_is_lost_is_told_and_that_it_is_back(lines: EveningLines) -> None:
    told = [
        lines.event(event)
        for event in (FeedConnected(1, AT), FeedLost(1, "no pong", AT), FeedConnected(2, AT))
    ]
    assert told == [
        "connection to the market stream is up",
        "connection to the market stream lost: no pong",
        "connection to the market stream is back",
    ]


def test_refusals_are_summed_up_and_forgotten(lines: EveningLines) -> None:
    for _ in range(3):
        refused = OrderRejected("o", "ev_multi", TICKER, RejectCode.FEED_BEHIND, "", AT)
        assert lines.fact(refused) is None
    assert lines.refusals() == ["ev_multi refused: feed_behind 3"]
    assert lines.refusals() == []


def test_a_settlement_is_told_with_its_result_and_what_it_pays(lines: EveningLines) -> None:
    fact = PositionSettled(
        "ev_multi", "g", TICKER, Count(1_000), Price(10_000), "yes", Money(10_000_000), False, AT
    )
    assert lines.fact(fact) == "ev_multi settled: 10 DAL-SAC game SAC at 1.00 (yes), pays 10.00"


def test_a_halt_is_told_whole_and_what_is_only_thought_is_not(lines: EveningLines) -> None:
    assert (
        lines.fact(TradingHalted("all", "halted", "uid 0", "lunch", AT)) == "all is halted, by uid 0: lunch"
    )
    thought = SignalRaised("s", "x", "g", TICKER, BookSide.BID, None, "r", None, None, None, (), AT)  # type: ignore[arg-type]  # no line asks
    assert lines.fact(thought) is None


def test_the_total_says_what_is_closed() -> None:
    assert total(4, 2, Money(-1_500_000)) == "so far: 4 orders, 2 fills, closed positions -1.50 dollars"


def test_what_is_not_filled_says_how_much_of_what_and_why(lines: EveningLines) -> None:
    cancelled = OrderCancelled("momentum-1", "momentum", TICKER, Count(300), CancelReason.MARKET_PAUSED, AT)
    assert lines.fact(cancelled) == "momentum not filled: 3 DAL-SAC game SAC, market paused"
