"""The stored bars of a run as scores read them: market by market, in the order of time.

Rows are the driver's own, with the columns of `BarPrices`: a season has millions of them.
"""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import bindparam, case, select

from engine.events import Trust
from engine.scoring.prices import BarRow
from persistence.market_tables import market_bars
from persistence.queries import Reader


def prices_of(reader: Reader, tickers: Collection[str]) -> Iterator[tuple[str, Sequence[BarRow]]]:
    """The bars of these markets; a market without bars is left out."""
    bars = market_bars.c
    trusted = case((bars.trust == Trust.TRUSTED.value, 1), else_=0)
    columns = (bars.at, bars.yes_bid, bars.yes_ask, trusted, bars.period, bars.p_books)
    wanted = select(*columns).where(bars.run == reader.run.id, bars.ticker == bindparam("ticker"))
    ordered = wanted.order_by(bars.at)
    for ticker in sorted(tickers):
        found = reader.connection.execute(ordered, {"ticker": ticker})
        # What SQLAlchemy makes of each would cost as much again.
        rows: Sequence[BarRow] = found.cursor.fetchall()
        found.close()
        if rows:
            yield ticker, rows
