"""The stored bars of a run as scores read them: market by market, in the order of time.

Rows go from the driver straight into the tuples that scores look prices up in: a season has millions.
"""

from collections.abc import Collection, Iterator

from sqlalchemy import bindparam, case, select

from engine.events import Trust
from engine.scoring.prices import BarPrices
from persistence.market_tables import market_bars
from persistence.queries import Reader


def prices_of(reader: Reader, tickers: Collection[str]) -> Iterator[tuple[str, list[BarPrices]]]:
    """The bars of these markets; a market without bars is left out."""
    bars = market_bars.c
    trusted = case((bars.trust == Trust.TRUSTED.value, 1), else_=0)
    columns = (bars.at, bars.yes_bid, bars.yes_ask, trusted, bars.period, bars.p_books)
    wanted = select(*columns).where(bars.run == reader.run.id, bars.ticker == bindparam("ticker"))
    ordered = wanted.order_by(bars.at)
    for ticker in sorted(tickers):
        found = reader.connection.execute(ordered, {"ticker": ticker})
        # The driver's own rows: what SQLAlchemy makes of each would cost as much again.
        rows = list(map(BarPrices._make, found.cursor.fetchall()))
        found.close()
        if rows:
            yield ticker, rows
