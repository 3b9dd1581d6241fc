"""What is noted of opinions and of the prices after them."""

from engine.events import Trust
from engine.message import changed
from engine.strategies.opinion import Opinion
from engine.strategies.opinion_log import PAUSE, PRICE_AGE_MAX, OpinionLog, PriceWitness
from engine.trust import Gap, Source
from engine.units import NANOS_PER_SECOND, Nanos
from engine.view import MarketView, View
from tests.engine.strategies.evening import GAME, HOME_WINS, game_known, market, top

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
    log.formed(quoted(), of(0.75), at(10))
    for seconds, p_mid in prices:
        log.priced(HOME_WINS, p_mid, at(seconds))
    return log


def test_the_move_is_from_the_first_price_after_the_opinion_to_the_last_within_the_horizon() -> None:
    # The price of the same instant is what the opinion was measured against, not what an order meets.
    log = log_with((10, 0.50), (20, 0.625), (610, 0.75), (610.5, 0.99))
    assert list(log.gaps()) == [Gap(Source.PRICE_MOVE, GAME, 0.25, 0.125)]


def test_an_opinion_after_which_no_price_was_heard_for_long_is_left_out() -> None:
    limit = 10 + PRICE_AGE_MAX / NANOS_PER_SECOND
    assert len(list(log_with((limit, 0.5)).gaps())) == 1
    assert list(log_with((limit + 0.001, 0.5)).gaps()) == []
    assert list(log_with().gaps()) == []


def test_of_one_source_one_opinion_of_a_market_in_a_minute_is_noted() -> None:
    log = OpinionLog(HORIZON)
    pause = PAUSE / NANOS_PER_SECOND
    for seconds in (0.0, pause - 0.001, pause):
        log.formed(quoted(), of(0.75), at(seconds))
    log.formed(quoted(), of(0.75, Source.LADDER), at(1))
    log.priced(HOME_WINS, 0.5, at(pause + 1))
    assert [gap.source for gap in log.gaps()] == [Source.PRICE_MOVE, Source.PRICE_MOVE, Source.LADDER]


def test_what_says_nothing_or_meets_no_price_that_may_be_used_is_not_noted() -> None:
    log = OpinionLog(HORIZON)
    untrusted = quoted()
    assert untrusted.top is not None
    untrusted.top = changed(untrusted.top, trust=Trust.STALE)
    for view, p_fair in ((quoted(), 0.50), (quoted(bid=None), 0.75), (untrusted, 0.75)):
        log.formed(view, of(p_fair), at(0))
    log.priced(HOME_WINS, 0.5, at(1))
    assert list(log.gaps()) == []


def test_the_witness_tells_the_middle_of_trusted_two_sided_prices_and_does_nothing() -> None:
    log = OpinionLog(HORIZON)
    log.formed(quoted(), of(0.75), at(0))
    witness = PriceWitness(log)
    for news in (top(HOME_WINS, None, 51), changed(top(HOME_WINS, 60, 62), trust=Trust.STALE), game_known()):
        assert witness.on_news(news, at(1)).commands == ()
    assert list(log.gaps()) == []
    witness.on_news(top(HOME_WINS, 49, 51), at(2))
    witness.on_news(top(HOME_WINS, 61, 64), at(3))
    assert [gap.p_move for gap in log.gaps()] == [0.125]
