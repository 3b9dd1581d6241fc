"""The stored bars of a run as scores read them: market by market, in the order of time.

Rows go from the driver straight into the tuples that scores look prices up in: a season has millions.
"""

from collections.abc import Collection, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

from sqlalchemy import case, select

from engine.events import Trust
from engine.scoring.prices import BarPrices
from persistence.market_tables import market_bars
from persistence.queries import Reader

TICKERS_AT_ONCE: Final = 200
"""Markets asked for in one statement, below every driver's limit of parameters."""

ROWS_AT_ONCE: Final = 5_000
"""Rows fetched at once, so that an evening of every market fits in memory."""


def prices_of(reader: Reader, tickers: Collection[str]) -> Iterator[tuple[str, list[BarPrices]]]:
    """The bars of these markets; a market without bars is left out."""
    bars, listed = market_bars.c, sorted(tickers)
    trusted = case((bars.trust == Trust.TRUSTED.value, 1), else_=0)
    columns = (bars.ticker, bars.at, bars.yes_bid, bars.yes_ask, trusted, bars.period, bars.p_books)
    for start in range(0, len(listed), TICKERS_AT_ONCE):
        some = listed[start : start + TICKERS_AT_ONCE]
        wanted = select(*columns).where(bars.run == reader.run.id, bars.ticker.in_(some))
        ordered = wanted.order_by(bars.ticker, bars.at).execution_options(yield_per=ROWS_AT_ONCE)
        rows = reader.connection.execute(ordered)
        for ticker, group in groupby(rows, key=itemgetter(0)):
            yield ticker, [BarPrices(*row[1:]) for row in group]
