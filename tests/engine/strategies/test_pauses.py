"""When a strategy does not think: until a poll's odds are all in, during a cooldown, after denials.

Covers: engine.strategies.portfolio.
"""

import pytest

from engine.events import MarketStatus
from engine.facts import OrderDenied
from engine.message import changed as replaced
from engine.reasons import DenialReason
from engine.step import NOTHING, Step, Timer
from engine.strategies.portfolio import LASTING
from engine.units import NANOS_PER_HOUR, NANOS_PER_SECOND, Nanos
from tests.engine.strategies.evening import (
    AWAY_WINS,
    GAME,
    HOME_WINS,
    START,
    Evening,
    game_known,
    market,
    odds,
    top,
)

BOOKS = ("draftkings", "fanduel", "betmgm")
HOUR = 3600


def evening(*, odds_told: bool = True) -> Evening:
    """Three books make the home team a 0.55 favourite, if they are heard; nothing is filled."""
    run = Evening("sharp_line").at(0, game_known(), market(HOME_WINS))
    if odds_told:
        run.at(0, *(odds(book, -150, 100) for book in BOOKS))
    run.fills = False
    return run


def denied(run: Evening, reason: DenialReason, second: float) -> OrderDenied:
    order = run.orders[-1]
    at = Nanos(START + round(second * NANOS_PER_SECOND))
    return OrderDenied(
        order.order_id, "s", GAME, HOME_WINS, order.signal_id, reason, use="20", limit="20", at=at
    )


def test_the_odds_of_one_poll_are_thought_over_together_when_all_are_in() -> None:
    run = evening(odds_told=False).at(1, top(HOME_WINS, 46, 47))
    steps = [run.strategy.on_news(odds(book, -150, 100), run.now) for book in BOOKS]
    assert steps == [Step(timers=(Timer(f"reconsider:{GAME}", run.now),)), NOTHING, NOTHING]
    assert len(run.strategy.wake(f"reconsider:{GAME}", run.now).commands) == 1


def test_listings_are_thought_over_together_and_not_before_there_is_a_price() -> None:
    run = evening()
    closed = replaced(market(HOME_WINS), status=MarketStatus.INACTIVE)
    assert run.strategy.on_news(closed, run.now) is NOTHING
    run.at(1, top(HOME_WINS, 46, 47))
    assert run.lines == []
    opened = (market(HOME_WINS), market(AWAY_WINS), market(HOME_WINS))
    steps = [run.strategy.on_news(each, run.now) for each in opened]
    assert steps == [Step(timers=(Timer(f"reconsider:{GAME}", run.now),)), NOTHING, NOTHING]
    assert len(run.strategy.wake(f"reconsider:{GAME}", run.now).commands) == 1


def test_a_listing_that_is_told_again_opens_nothing() -> None:
    run = evening(odds_told=False).at(1, top(HOME_WINS, 46, 47))
    step = run.strategy.recall(market(HOME_WINS), run.now)
    assert step == Step(timers=(Timer(f"recalled:{GAME}", run.now),))


def test_the_next_poll_is_thought_over_again() -> None:
    run = evening(odds_told=False).at(1, top(HOME_WINS, 46, 47), *(odds(book, -110, -110) for book in BOOKS))
    assert run.lines == []
    run.at(2, *(odds(book, -150, 100) for book in BOOKS))
    assert run.lines == ["2 enter consensus_gap LAL bid 0.4700"]


def test_a_market_that_was_entered_sleeps_once_its_cooldown_is_on_record() -> None:
    run = evening().at(1, top(HOME_WINS, 46, 47))
    run.learn(denied(run, DenialReason.SPREAD, 1))
    for second in range(2, 290):
        run.at(second, top(HOME_WINS, 46 - second % 2, 47))
    assert run.lines[1:] == ["3 no_trade cooldown LAL bid 0.4700"]
    assert run.at(302).lines[2:] == ["301 enter consensus_gap LAL bid 0.4700"]


@pytest.mark.parametrize("reason", LASTING)
@pytest.mark.parametrize("restarts", [False, True])
def test_a_lasting_denial_silences_a_market_for_an_hour(*, reason: DenialReason, restarts: bool) -> None:
    run = evening().at(1, top(HOME_WINS, 46, 47))
    run.learn(denied(run, reason, 1))
    if restarts:
        run.restart()
    for minute in range(1, 60):
        run.at(60 * minute, *(odds(book, -150, 100) for book in BOOKS), top(HOME_WINS, 46 - minute % 2, 47))
    assert run.lines == ["1 enter consensus_gap LAL bid 0.4700"]
    run.at(HOUR + 1.5)
    assert run.lines[1:] == [f"{HOUR + 1} enter consensus_gap LAL bid 0.4700"]


def test_any_other_denial_is_followed_by_the_cooldown_only() -> None:
    run = evening().at(1, top(HOME_WINS, 46, 47))
    run.learn(denied(run, DenialReason.HALTED, 1))
    assert run.at(302).trades[1:] == ["301 enter consensus_gap LAL bid 0.4700"]


def test_a_lasting_denial_wakes_the_strategy_when_its_pause_is_over() -> None:
    run = evening().at(1, top(HOME_WINS, 46, 47))
    step = run.strategy.on_fact(denied(run, DenialReason.ORDERS_PER_DAY, 1), run.now)
    due = Nanos(run.now + NANOS_PER_HOUR)
    assert step.timers == (Timer(f"cool:{HOME_WINS}", due),)
