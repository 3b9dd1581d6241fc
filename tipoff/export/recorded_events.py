"""A recording as tables: every book change, trade, quote, score and odds that its lines mean.

Called by `tipoff.commands.export`. Lines are read by the same translator as in a replay. A book is its
snapshots and changes in the order in which they came: a snapshot is a row for each of its levels, and one row
without a level if it is empty.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import attrs
import msgspec

from engine.events import (
    BookDelta,
    BookSnapshot,
    FeedConnected,
    FeedGapped,
    FeedLost,
    FeedRefused,
    GameSeen,
    MarketDetermined,
    MarketListed,
    MarketStatusChanged,
    OddsSeen,
    QuoteSeen,
    ScoreSeen,
    TradePrinted,
    VenueEvent,
)
from engine.units import Count, Nanos, Price, Tenths
from persistence.column_meanings import Unit
from tipoff.export.columns import Column

Row = tuple[Any, ...]

UNITS: Final[Mapping[object, Unit]] = {
    Price: Unit.PRICE,
    Count: Unit.COUNT,
    Nanos: Unit.MOMENT,
    Tenths: Unit.TENTHS,
    bool: Unit.FLAG,
    int: Unit.NUMBER,
    float: Unit.PROBABILITY,
}

TABLES: Final[Mapping[str, type]] = {
    "trades": TradePrinted,
    "quotes": QuoteSeen,
    "scores": ScoreSeen,
    "odds": OddsSeen,
    "games": GameSeen,
    "markets": MarketListed,
    "market_statuses": MarketStatusChanged,
    "results": MarketDetermined,
}
"""The tables with a row for each event of a kind."""

ABOUT: Final[Mapping[str, str]] = {
    "book_changes": "Every change of an order book, and every snapshot level by level.",
    "trades": "Public trades.",
    "quotes": "Best prices where a source has no depth.",
    "scores": "Scores and clocks.",
    "odds": "Sportsbooks' odds.",
    "games": "Games of the schedule.",
    "markets": "Markets as the venue describes them.",
    "market_statuses": "Changes of a market's state.",
    "results": "What markets came to.",
    "feed": "Connections, gaps, and input that was refused.",
}

MEANINGS: Final[Mapping[str, str]] = {
    "line": "number of the recording's line",
    "at": "when it was heard",
    "at_venue": "when, by the clock of whoever said it",
    "ticker": "the market",
    "what": "what happened",
    "side": "whose bids: yes or no",
    "price": "price of the level, in that side's terms",
    "change": "contracts that came or, below zero, went; of a snapshot all that stand there",
    "conn": "number of the connection",
    "sid": "the venue's number of the subscription",
    "seq": "the venue's number of the frame",
    "pseudo": "whether it was made from a quote or a candle, so that sizes are assumed",
    "trade_id": "the venue's id of the trade",
    "count": "contracts",
    "taker": "side of whoever came: bid buys YES, ask sells YES",
    "block": "whether it was a block trade",
    "recovered": "whether it was fetched after a gap",
    "yes_bid": "best YES bid",
    "yes_ask": "best YES ask",
    "yes_bid_size": "contracts at the bid",
    "yes_ask_size": "contracts at the ask",
    "last": "price of the last trade",
    "sole": "whether the source has no depth",
    "game": "the game, as its source names it",
    "source": "who said it",
    "phase": "phase of the game",
    "period": "quarter, from 5 on overtime",
    "clock_ms": "milliseconds that are left of the period",
    "home": "the team at home, or its points",
    "away": "the team that travels, or its points",
    "vendor": "the sportsbook",
    "moneyline_home": "American odds that the home team wins",
    "moneyline_away": "American odds that the other team wins",
    "spread_home": "the home team's handicap",
    "spread_home_odds": "American odds that it is beaten",
    "spread_away_odds": "American odds that it is not",
    "total": "line of the points of both",
    "over_odds": "American odds of more points",
    "under_odds": "American odds of fewer points",
    "opening": "whether it is an opening line",
    "in_play": "whether the game was being played, by the source's word",
    "assumed": "whether nobody knows the hour of the row",
    "date": "Eastern date",
    "tip_at": "when it begins",
    "postponed": "whether it was put off",
    "event_ticker": "the venue's event",
    "series": "the venue's series",
    "title": "the venue's words",
    "status": "state of the market",
    "price_ranges": "steps in which prices move",
    "fee_type": "the venue's name of the fee's formula",
    "fee_multiplier": "the venue's factor, an exact decimal",
    "floor_strike": "line of a spread or total",
    "strike_type": "the venue's word for what the line means",
    "open_at": "when trading begins",
    "close_at": "when trading ends",
    "expected_expiration_at": "when the venue expects to settle",
    "exchange_index": "the venue's number of the exchange",
    "binary": "whether it pays nothing or a dollar",
    "result": "what it came to",
    "value": "what a YES contract pays",
    "detail": "more about it",
}


@attrs.frozen(kw_only=True)
class RecordedTable:
    """A table of a recording, and how a row is made of an event."""

    name: str
    columns: tuple[Column, ...]
    rows: Callable[[int, Any], Iterable[Row]]


def _column(name: str, unit: Unit, *, null: bool = False) -> Column:
    return Column(name=name, unit=unit, text=MEANINGS[name], null=null)


LINE: Final = _column("line", Unit.NUMBER)

BOOK: Final = (
    LINE,
    _column("at", Unit.MOMENT),
    _column("at_venue", Unit.MOMENT, null=True),
    _column("ticker", Unit.WORD),
    _column("what", Unit.WORD),
    _column("side", Unit.WORD, null=True),
    _column("price", Unit.PRICE, null=True),
    _column("change", Unit.COUNT, null=True),
    _column("conn", Unit.NUMBER),
    _column("sid", Unit.NUMBER),
    _column("seq", Unit.NUMBER),
    _column("pseudo", Unit.FLAG),
)
FEED: Final = (
    LINE,
    _column("at", Unit.MOMENT),
    _column("what", Unit.WORD),
    _column("conn", Unit.NUMBER, null=True),
    _column("detail", Unit.TEXT),
)


def _delta(line: int, event: BookDelta) -> Iterator[Row]:
    level = (event.side.value, event.price, event.change)
    yield (
        line,
        event.at,
        event.at_venue,
        event.ticker,
        "delta",
        *level,
        event.conn,
        event.sid,
        event.seq,
        False,
    )


def _snapshot(line: int, event: BookSnapshot) -> Iterator[Row]:
    levels: list[tuple[Any, ...]] = [
        *(("yes", price, count) for price, count in event.yes),
        *(("no", price, count) for price, count in event.no),
    ]
    for level in levels or [(None, None, None)]:
        frame = (event.conn, event.sid, event.seq, event.pseudo)
        yield line, event.at, event.at_venue, event.ticker, "snapshot", *level, *frame


def _feed(line: int, event: FeedConnected | FeedLost | FeedGapped | FeedRefused) -> Iterator[Row]:
    match event:
        case FeedConnected():
            yield line, event.at, "connected", event.conn, ""
        case FeedLost():
            yield line, event.at, "lost", event.conn, event.reason
        case FeedGapped():
            yield line, event.at, "gapped", event.conn, f"expected {event.expected}, got {event.got}"
        case FeedRefused():
            yield line, event.at, "refused", None, f"{event.source}: {event.kind} {event.detail}".strip()


def _unit(hint: object) -> tuple[Unit, bool]:
    """The unit of an annotation, and whether it may be missing."""
    if get_origin(hint) in (Union, UnionType):
        inner, *_ = (each for each in get_args(hint) if each is not type(None))
        return _unit(inner)[0], True
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Unit.WORD, False
    if get_origin(hint) is tuple:
        return Unit.JSON, False
    return UNITS.get(hint, Unit.TEXT), False


WORDS: Final = frozenset(
    {"ticker", "game", "source", "vendor", "event_ticker", "series", "home", "away", "fee_type", "result"}
)
"""Texts that repeat."""


def _table(name: str, kind: type) -> RecordedTable:
    hints = get_type_hints(kind)
    names = [field.name for field in attrs.fields(kind)]
    columns, plain = [LINE], []
    for each in names:
        unit, null = _unit(hints[each])
        unit = Unit.WORD if unit is Unit.TEXT and each in WORDS else unit
        columns.append(_column(each, unit, null=null))
        plain.append(_as_text if unit is Unit.JSON else _plain)

    def rows(line: int, event: object) -> Iterator[Row]:
        yield line, *(write(getattr(event, each)) for each, write in zip(names, plain, strict=True))

    return RecordedTable(name=name, columns=tuple(columns), rows=rows)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever an event holds
    return value.value if isinstance(value, Enum) else value


def _as_text(value: Any) -> str:  # noqa: ANN401
    return msgspec.json.encode(value).decode()


BOOK_TABLE: Final = RecordedTable(name="book_changes", columns=BOOK, rows=_delta)
FEED_TABLE: Final = RecordedTable(name="feed", columns=FEED, rows=_feed)
RECORDED: Final[Mapping[type, RecordedTable]] = {
    BookDelta: BOOK_TABLE,
    BookSnapshot: attrs.evolve(BOOK_TABLE, rows=_snapshot),
    **{kind: _table(name, kind) for name, kind in TABLES.items()},
    **dict.fromkeys((FeedConnected, FeedLost, FeedGapped, FeedRefused), FEED_TABLE),
}
"""The table of each kind of event; events of other kinds are counted and left out."""


class EventTables:
    """Rows of events, gathered until there are enough of a table to be written."""

    def __init__(self, write: Callable[[RecordedTable, Sequence[Row]], None], batch_rows: int) -> None:
        """`write` gets the rows of a table, about `batch_rows` of them at a time."""
        self.left_out: Counter[str] = Counter()
        self._write = write
        self._batch_rows = batch_rows
        self._rows: dict[str, tuple[RecordedTable, list[Row]]] = {}

    def take(self, line: int, events: Iterable[VenueEvent]) -> None:
        """Take the events of a line in."""
        for event in events:
            table = RECORDED.get(type(event))
            if table is None:
                self.left_out[type(event).__name__] += 1
                continue
            _, rows = self._rows.setdefault(table.name, (table, []))
            rows += table.rows(line, event)
            if len(rows) >= self._batch_rows:
                self._flush(table.name)

    def end(self) -> None:
        """Write what is left."""
        for name in list(self._rows):
            self._flush(name)

    def _flush(self, name: str) -> None:
        table, rows = self._rows.pop(name)
        self._write(table, rows)
