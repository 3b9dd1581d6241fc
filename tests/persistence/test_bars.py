"""Bars come back market by market and in the order of time, of this run only."""

from collections.abc import Callable, Sequence

from engine.bars import MarketBar
from engine.events import Trust
from engine.message import changed
from engine.scoring.prices import BarPrices, BarRow
from engine.units import COUNT_ZERO, Nanos, Price
from persistence.bars import prices_of
from persistence.queries import Reader
from persistence.writer import JournalWriter

Opened = Callable[..., JournalWriter]


def bar(ticker: str, at: int, trust: Trust = Trust.TRUSTED) -> MarketBar:
    return MarketBar(
        ticker=ticker,
        game="g",
        at=Nanos(at),
        yes_bid=Price(4_000),
        yes_ask=None,
        trust=trust,
        trusted_ms=0,
        p_mid=None,
        traded=COUNT_ZERO,
        trades=0,
        period=0,
        p_books=0.5,
        fair=(),
    )


def found(url: str, *tickers: str) -> dict[str, Sequence[BarRow]]:
    with Reader.open(url) as reader:
        return dict(prices_of(reader, tickers))


def test_bars_come_by_market_and_in_the_order_of_time(url: str, opened: Opened) -> None:
    other = opened(url, "other")
    other.append([], [bar("a", 5)])
    other.close()
    writer = opened(url)
    writer.append([], [bar("b", 20), bar("a", 20, Trust.STALE), bar("a", 10), bar("c", 10)])
    one = BarPrices(10, 4_000, None, 1, 0, 0.5)
    assert found(url, "a", "b", "none") == {
        "a": [one, one._replace(at=20, trusted=0)],
        "b": [one._replace(at=20)],
    }
    assert found(url) == {}


def test_a_bar_that_comes_twice_is_stored_once(url: str, opened: Opened) -> None:
    writer = opened(url)
    writer.append([], [bar("a", 10)])
    writer.append([], [changed(bar("a", 10), trades=5)])
    assert len(found(url, "a")["a"]) == 1
