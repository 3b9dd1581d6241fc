"""What is noted of opinions and of the prices after them."""

import pytest

from engine.events import Trust
from engine.message import changed
from engine.strategies.opinion import Opinion
from engine.strategies.opinion_log import OpinionLog, PriceWitness
from engine.trust import PAUSE, Gap, Source
from engine.units import NANOS_PER_SECOND, Nanos
from engine.view import MarketView, View
from tests.engine.strategies.evening import AWAY_WINS, GAME, HOME_WINS, game_known, market, top

HORIZON = Nanos(600 * NANOS_PER_SECOND)


def at(seconds: float) -> Nanos:
    return Nanos(round(seconds * NANOS_PER_SECOND))


def quoted(bid: int | None = 49, ask: int | None = 51) -> MarketView:
    view = View()
    view.apply(game_known())
    view.apply(market(HOME_WINS))
    view.apply(top(HOME_WINS, bid, ask))
    return view.markets[HOME_WINS]


def of(p_fair: float, source: Source = Source.PRICE_MOVE) -> Opinion:
    return Opinion(p_fair, "test", 0.0, 0.0, Nanos(0), source=source)


def log_with(*prices: tuple[float, float]) -> OpinionLog:
    log = OpinionLog(HORIZON)
    log.priced(HOME_WINS, 0.5, at(0))
    log.formed(quoted(), of(0.75), at(10))
    for seconds, p_mid in prices:
        log.priced(HOME_WINS, p_mid, at(seconds))
    return log


def test_the_move_is_from_the_price_that_an_order_meets_to_the_one_at_the_horizon() -> None:
    # An order meets what stands a minute later, not what the opinion was measured against.
    log = log_with((70, 0.625), (70.5, 0.6875), (610, 0.75), (610.5, 0.99))
    assert list(log.gaps()) == [Gap(Source.PRICE_MOVE, GAME, 0.25, 0.125)]


def test_a_price_that_stood_still_did_not_follow() -> None:
    log = log_with()
    log.priced(AWAY_WINS, 0.5, at(700))
    assert [gap.p_move for gap in log.gaps()] == [0.0]


@pytest.mark.parametrize(("until", "gaps"), [(610, 1), (609.999, 0)])
def test_what_the_recording_ends_before_is_left_out(until: float, gaps: int) -> None:
    assert len(list(log_with((until, 0.5)).gaps())) == gaps


def test_of_one_source_one_opinion_of_a_market_in_a_minute_is_noted() -> None:
    log = OpinionLog(HORIZON)
    pause = PAUSE / NANOS_PER_SECOND
    for seconds, p_fair in ((0.0, 0.75), (pause - 0.001, 0.625), (pause, 0.625)):
        log.formed(quoted(), of(p_fair), at(seconds))
    log.formed(quoted(), of(0.75, Source.LADDER), at(1))
    log.priced(HOME_WINS, 0.5, at(0))
    log.priced(HOME_WINS, 0.5, at(1_000))
    assert [gap.source for gap in log.gaps()] == [Source.PRICE_MOVE, Source.PRICE_MOVE, Source.LADDER]


def test_what_is_said_again_is_no_news_however_much_later_and_at_whatever_price() -> None:
    log = OpinionLog(HORIZON)
    log.formed(quoted(), of(0.75), at(0))
    log.formed(quoted(59, 61), of(0.75), at(300))
    log.priced(HOME_WINS, 0.5, at(0))
    log.priced(HOME_WINS, 0.75, at(1_000))
    assert [gap.p_move for gap in log.gaps()] == [0.0]
    log.formed(quoted(59, 61), of(0.80), at(301))
    assert len(list(log.gaps())) == 2


def test_what_says_nothing_or_meets_no_price_that_may_be_used_is_not_noted() -> None:
    log = OpinionLog(HORIZON)
    untrusted = quoted()
    assert untrusted.top is not None
    untrusted.top = changed(untrusted.top, trust=Trust.STALE)
    for view, p_fair in ((quoted(), 0.50), (quoted(bid=None), 0.75), (untrusted, 0.75)):
        log.formed(view, of(p_fair), at(0))
    log.priced(HOME_WINS, 0.5, at(1_000))
    assert list(log.gaps()) == []


def test_the_witness_tells_the_middle_of_trusted_two_sided_prices_and_does_nothing() -> None:
    log = OpinionLog(HORIZON)
    log.formed(quoted(), of(0.75), at(0))
    witness = PriceWitness(log)
    for news in (top(HOME_WINS, None, 51), changed(top(HOME_WINS, 60, 62), trust=Trust.STALE), game_known()):
        assert witness.on_news(news, at(1)).commands == ()
    assert list(log.gaps()) == []
    witness.on_news(top(HOME_WINS, 49, 51), at(2))
    witness.on_news(top(HOME_WINS, 61, 64), at(600))
    assert [gap.p_move for gap in log.gaps()] == [0.125]
