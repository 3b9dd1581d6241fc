"""The tables of the control socket, read from a database: orders, fills, signals, positions, markets.

Used by the commands of these names when a database is named. The run's facts are folded by the model that the
observer keeps, so that the lines are those that the daemon answered with; what it heard without journaling it
(markets and their prices) comes from the stored samples. Blocks as long as the database takes.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from actors.read_model.lines import LINES_MAX, TABLES
from actors.read_model.model import ReadModel
from actors.read_model.views import FillLine, MarketLine, OrderLine, PositionLine, Query, SignalLine
from engine.events import MarketKnown, MarketStatus, TopChanged, Trust
from engine.facts import Fact, OrderFilled, SignalRaised
from engine.units import COUNT_ZERO, PRICE_ONE, Count, Nanos, Price
from persistence.book_samples import BookRow, last_samples, markets_of
from persistence.errors import StorageError
from persistence.queries import Reader
from tipoff.json_schema import plain
from tipoff.json_types import Json
from tipoff.output import Failure

LINES: Final[Mapping[str, type]] = {
    "orders": OrderLine,
    "fills": FillLine,
    "signals": SignalLine,
    "positions": PositionLine,
    "markets": MarketLine,
}
"""The tables that a database can answer, and what their lines are."""

KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {"fills": (OrderFilled,), "signals": (SignalRaised,)}
"""Where a table needs facts of some kinds only."""

HEARD: Final = frozenset({"positions", "markets"})
"""Tables that show the market's prices."""


@attrs.frozen(kw_only=True)
class Stored:
    """Which run of which database, and between which moments; `until` shows all as it stood then."""

    url: str
    run: str | None = None
    """None is the latest."""
    since: int | None = None
    """UTC nanoseconds, as is `until`."""
    until: int | None = None


def query_of(what: str, params: Mapping[str, Json]) -> Query:
    """The question as it was typed, with the parameters of the control socket's method."""

    def text(name: str) -> str | None:
        value = params.get(name)
        return value if isinstance(value, str) else None

    limit = params.get("limit")
    return Query(
        what,
        text("strategy"),
        text("ticker"),
        text("game"),
        open_only=params.get("open") is True,
        limit=limit if isinstance(limit, int) else LINES_MAX,
    )


def lines_in(stored: Stored, query: Query) -> Json:
    """The lines that are asked for as the control socket would answer. Raises Failure."""
    try:
        with Reader.open(stored.url, stored.run) as reader:
            model = _model(reader, query.what, stored.until)
    except StorageError as error:
        raise Failure("storage", str(error)) from error
    found = [
        line
        for line in TABLES[query.what](model, query)
        if stored.since is None or getattr(line, "at", stored.since) >= stored.since
    ]
    return [plain(line, LINES[query.what]) for line in found[-query.limit :]]


def _model(reader: Reader, what: str, until: int | None) -> ReadModel:
    model = ReadModel(tail_max=None)
    if what != "markets":
        for recorded in reader.facts(KINDS.get(what, ())):
            if until is None or recorded.at <= until:
                model.fact(recorded.fact)
    if what in HEARD:
        apply_markets(model, reader, until)
    return model


def apply_markets(model: ReadModel, reader: Reader, until: int | None) -> None:
    """What the observer was told of markets and their books."""
    games: dict[str, str] = {}
    for row in markets_of(reader):
        # The venue's event stands for the game of a market that is of none.
        games[row.ticker] = row.game or row.event_ticker
        known = MarketKnown(
            ticker=row.ticker,
            game=games[row.ticker],
            kind=row.kind,
            team=None,
            strike=None,
            status=MarketStatus(row.status),
            close_at=None,
            fee_type=row.fee_type or "",
            fee_multiplier=row.fee_multiplier or "",
            at=Nanos(row.at),
        )
        model.known_market(known)
    for sample in last_samples(reader, until):
        model.top(_top(sample, games.get(sample.ticker, "")))


def _top(sample: BookRow, game: str) -> TopChanged:
    bids, asks = dict(sample.yes_levels), {PRICE_ONE - price: count for price, count in sample.no_levels}
    bid, ask = sample.yes_bid, sample.yes_ask
    return TopChanged(
        ticker=sample.ticker,
        game=game,
        yes_bid=None if bid is None else Price(bid),
        yes_bid_size=COUNT_ZERO if bid is None else Count(bids.get(bid, 0)),
        yes_ask=None if ask is None else Price(ask),
        yes_ask_size=COUNT_ZERO if ask is None else Count(asks.get(ask, 0)),
        trust=Trust(sample.trust),
        at_venue=None if sample.at_venue is None else Nanos(sample.at_venue),
        at=Nanos(sample.at),
    )
