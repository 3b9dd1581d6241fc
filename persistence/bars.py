"""The stored bars of a run as scores read them: market by market, in the order of time.

The database packs each bar into a number: a season has millions, and every column of every row costs.
"""

from collections.abc import Collection, Iterator

from sqlalchemy import ColumnElement, bindparam, case, func, literal, select

from engine.bars import BAR
from engine.events import Trust
from engine.scoring import packed_bars
from engine.scoring.packed_bars import PackedBars
from persistence.market_tables import market_bars
from persistence.queries import Reader


def bars_of(reader: Reader, tickers: Collection[str]) -> Iterator[tuple[str, PackedBars]]:
    """The bars of these markets; a market without bars is left out."""
    bars = market_bars.c
    wanted = select(_packed(), bars.p_books).where(
        bars.run == reader.run.id, bars.ticker == bindparam("ticker")
    )
    ordered = wanted.order_by(bars.at)
    for ticker in sorted(tickers):
        found = reader.connection.execute(ordered, {"ticker": ticker})
        # What SQLAlchemy makes of each would cost as much again.
        rows = PackedBars.of_rows(found.cursor.fetchall())
        found.close()
        if rows:
            yield ticker, rows


def _packed() -> ColumnElement[int]:
    """`packed_bars.packed` in the database's words."""
    bars = market_bars.c
    highest = packed_bars.PERIOD_MAX
    period = case((bars.period > highest, highest), else_=bars.period)
    return (
        bars.at // literal(BAR) * literal(packed_bars.NUMBER_UNIT)
        + func.coalesce(bars.yes_bid, packed_bars.NO_PRICE) * packed_bars.BID_UNIT
        + func.coalesce(bars.yes_ask, packed_bars.NO_PRICE) * packed_bars.ASK_UNIT
        + case((bars.trust == Trust.TRUSTED.value, packed_bars.TRUSTED_UNIT), else_=0)
        + func.coalesce(period + 1, 0)
    )
