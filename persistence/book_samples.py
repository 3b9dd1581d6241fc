"""The last stored sample of every book of a run: what open positions are valued at when a run is read back.

Used by the report of a stored run.
"""

from sqlalchemy import func, select

from persistence.market_tables import orderbook_snapshots
from persistence.queries import Reader


def last_tops(reader: Reader) -> dict[str, tuple[int | None, int | None]]:
    """Ticker to best YES bid and ask (1/10,000 dollar, None for an empty side) of its latest sample."""
    sample = orderbook_snapshots
    latest = (
        select(sample.c.ticker, func.max(sample.c.at).label("at"))
        .where(sample.c.run == reader.run.id)
        .group_by(sample.c.ticker)
        .subquery()
    )
    wanted = select(sample.c.ticker, sample.c.yes_bid, sample.c.yes_ask).join(
        latest, (latest.c.ticker == sample.c.ticker) & (latest.c.at == sample.c.at)
    )
    rows = reader.connection.execute(wanted.where(sample.c.run == reader.run.id).order_by(sample.c.ticker))
    return {row.ticker: (row.yes_bid, row.yes_ask) for row in rows}
