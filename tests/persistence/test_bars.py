"""Bars come back market by market and in the order of time, of this run only, and as they were."""

from collections.abc import Callable, Sequence
from itertools import product

from engine.bars import BAR, MarketBar
from engine.events import Trust
from engine.message import changed
from engine.scoring.packed_bars import PERIOD_MAX, BarPrices, PackedBars
from engine.units import COUNT_ZERO, PRICE_ONE, Nanos, Price
from persistence.bars import bars_of
from persistence.queries import Reader
from persistence.writer import JournalWriter

Opened = Callable[..., JournalWriter]

LATE = 18_000_000
"""The number of a bar of the year 2027."""


def bar(ticker: str, number: int, trust: Trust = Trust.TRUSTED) -> MarketBar:
    return MarketBar(
        ticker=ticker,
        game="g",
        at=Nanos(number * BAR),
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


def found(url: str, *tickers: str) -> dict[str, PackedBars]:
    with Reader.open(url) as reader:
        return dict(bars_of(reader, tickers))


def rows(bars: PackedBars) -> Sequence[BarPrices]:
    return [bars[place] for place in range(len(bars))]


def test_bars_come_by_market_and_in_the_order_of_time(url: str, opened: Opened) -> None:
    other = opened(url, "other")
    other.append([], [bar("a", 5)])
    other.close()
    writer = opened(url)
    writer.append([], [bar("b", 20), bar("a", 20, Trust.STALE), bar("a", 10), bar("c", 10)])
    one = BarPrices(10 * BAR, 4_000, None, 1, 0, 0.5)
    read = found(url, "a", "b", "none")
    assert {ticker: rows(bars) for ticker, bars in read.items()} == {
        "a": [one, one._replace(at=20 * BAR, trusted=0)],
        "b": [one._replace(at=20 * BAR)],
    }
    assert found(url) == {}


def test_the_database_packs_a_bar_as_the_scores_do(url: str, opened: Opened) -> None:
    prices: Sequence[tuple[int | None, int | None]] = [
        (None, None),
        (0, PRICE_ONE),
        (1, None),
        (PRICE_ONE, 0),
    ]
    periods = (None, 0, 1, PERIOD_MAX, PERIOD_MAX + 1)
    written = [
        changed(
            bar("a", LATE + number, trust),
            yes_bid=None if bid is None else Price(bid),
            yes_ask=None if ask is None else Price(ask),
            period=period,
            p_books=p_books,
        )
        for number, ((bid, ask), period, trust, p_books) in enumerate(
            product(prices, periods, (Trust.TRUSTED, Trust.GAPPED), (None, 0.25))
        )
    ]
    opened(url).append([], written)
    told = [
        BarPrices(
            each.at, each.yes_bid, each.yes_ask, int(each.trust is Trust.TRUSTED), each.period, each.p_books
        )
        for each in written
    ]
    assert found(url, "a")["a"] == PackedBars.of(told)


def test_a_bar_that_comes_twice_is_stored_once(url: str, opened: Opened) -> None:
    writer = opened(url)
    writer.append([], [bar("a", 10)])
    writer.append([], [changed(bar("a", 10), trades=5)])
    assert len(found(url, "a")["a"]) == 1
