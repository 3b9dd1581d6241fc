"""The last stored sample of every book of a run, and its markets: the prices that are known when it is read.

Used by the report of a stored run, and by whoever shows its positions and markets.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import attrs
import msgspec
from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from persistence.market_tables import kalshi_markets, orderbook_snapshots
from persistence.queries import Reader

Top = tuple[int | None, int | None]
"""Best YES bid and ask in 1/10,000 dollar; None for an empty side."""

NO_TOP: Final[Top] = (None, None)

PRICED: Final = or_(orderbook_snapshots.c.yes_bid.is_not(None), orderbook_snapshots.c.yes_ask.is_not(None))
"""The samples of books that were not empty."""

_LEVELS: Final = msgspec.json.Decoder(tuple[tuple[int, int], ...])


@attrs.frozen
class BookRow:
    """A book as it stood: bids of both sides as price (of that side) and count, best last."""

    ticker: str
    trust: str
    yes_bid: int | None
    yes_ask: int | None
    yes_levels: tuple[tuple[int, int], ...]
    no_levels: tuple[tuple[int, int], ...]
    at_venue: int | None
    at: int


@attrs.frozen
class MarketRow:
    """A market as the venue described it last."""

    ticker: str
    event_ticker: str
    game: str | None
    kind: str
    status: str
    fee_type: str | None
    fee_multiplier: str | None
    at: int


def last_tops(reader: Reader) -> dict[str, Top]:
    """Ticker to the best prices of its latest sample with any, which is what positions are valued at.

    An empty book says nothing of what they are worth, see `engine.events.TopChanged.priced`.
    """
    return {
        row.ticker: (row.yes_bid, row.yes_ask)
        for row in _latest(reader, None, "yes_bid", "yes_ask", where=PRICED)
    }


def last_samples(reader: Reader, until: int | None = None) -> list[BookRow]:
    """Every book as it was sampled last, or last before a moment (UTC nanoseconds)."""
    names = (field.name for field in attrs.fields(BookRow) if field.name != "ticker")
    return [
        BookRow(
            ticker=row.ticker,
            trust=row.trust,
            yes_bid=row.yes_bid,
            yes_ask=row.yes_ask,
            yes_levels=_LEVELS.decode(row.yes_levels),
            no_levels=_LEVELS.decode(row.no_levels),
            at_venue=row.at_venue,
            at=row.at,
        )
        for row in _latest(reader, until, *names)
    ]


def markets_of(reader: Reader) -> list[MarketRow]:
    """Every market that a run heard of, in the order of their tickers."""
    columns = [kalshi_markets.c[field.name] for field in attrs.fields(MarketRow)]
    wanted = select(*columns).where(kalshi_markets.c.run == reader.run.id)
    return [MarketRow(*row) for row in reader.connection.execute(wanted.order_by(kalshi_markets.c.ticker))]


def tops_of(connection: Connection, run: int, tickers: Iterable[str]) -> Mapping[str, Top]:
    """As `last_tops`, of these; NO_TOP for a book that never had a price."""
    sample = orderbook_snapshots.c
    wanted = (
        select(sample.yes_bid, sample.yes_ask).where(sample.run == run, PRICED).order_by(sample.at.desc())
    )
    found = {
        ticker: connection.execute(wanted.where(sample.ticker == ticker).limit(1)).first()
        for ticker in tickers
    }
    return {ticker: NO_TOP if row is None else (row[0], row[1]) for ticker, row in found.items()}


def _latest(
    reader: Reader, until: int | None, *names: str, where: ColumnElement[bool] | None = None
) -> Iterable[Row[tuple[object, ...]]]:
    sample = orderbook_snapshots
    mine = select(sample.c.ticker, func.max(sample.c.at).label("at")).where(sample.c.run == reader.run.id)
    if where is not None:
        mine = mine.where(where)
    if until is not None:
        mine = mine.where(sample.c.at <= until)
    latest = mine.group_by(sample.c.ticker).subquery()
    wanted = select(sample.c.ticker, *(sample.c[name] for name in names)).join(
        latest, (latest.c.ticker == sample.c.ticker) & (latest.c.at == sample.c.at)
    )
    found: Iterable[Row[tuple[object, ...]]] = reader.connection.execute(
        wanted.where(sample.c.run == reader.run.id).order_by(sample.c.ticker)
    )
    return found
