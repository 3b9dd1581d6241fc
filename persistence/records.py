"""Records stored beside the journal: samples of books, bars, scores and odds, logs and dead letters.

Made by the actors that hear the market, handed to `JournalWriter.append` together with the facts of the same
input. A record is tied to its thing and its time, so the same one written twice (a resumed replay) is kept
once. It can never stop a fact: one that the database refuses is dropped and counted.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from sqlalchemy import Table

from engine.bars import MarketBar
from engine.events import BookSnapshot, GameSeen, MarketListed, OddsSeen, ScoreSeen, Trust
from engine.message import message
from engine.units import Nanos, Price, Tenths, complement
from persistence.codec import encode_json
from persistence.market_tables import (
    betting_odds,
    dead_letters,
    games,
    kalshi_markets,
    market_bars,
    nba_live_data,
    orderbook_snapshots,
    system_logs,
)
from persistence.projected_rows import Values, finite


@message
class BookSample:
    """A book as it stood: both sides' bids, best last, and whether it could be trusted."""

    book: BookSnapshot
    trust: Trust


@message
class ScoreRecord:
    """A score as it was understood and the body it was read from."""

    score: ScoreSeen
    raw: str | None = None


@message
class OddsRecord:
    """A sportsbook's prices as they were understood and the body they were read from."""

    odds: OddsSeen
    raw: str | None = None


@message
class GameRecord:
    """A game of the schedule and how far it is; the latest record of a game stands."""

    game: GameSeen
    state: str
    matched: bool


@message
class MarketRecord:
    """A market's terms, what its ticker means and its result if there is one; the latest record of a market
    stands.

    `kind` is the ticker grammar's word: game, spread, total, player or other.
    """

    listed: MarketListed
    kind: str
    game: str | None = None
    result: str | None = None
    settled_value: Price | None = None
    strike: Tenths | None = None
    raw: str | None = None


@message
class LogRecord:
    """A log line worth keeping (warnings and up). `detail` is plain data for JSON."""

    level: str
    actor: str
    event: str
    detail: dict[str, str | int | float | bool | None]
    at: Nanos


@message
class DeadLetter:
    """A message that crashed its actor; never run again. `digest` tells equal messages apart from different
    ones.
    """

    actor: str
    sender: str
    message_type: str
    digest: str
    error: str
    traceback: str
    incarnation: int
    at: Nanos


Record: TypeAlias = (
    BookSample | MarketBar | ScoreRecord | OddsRecord | GameRecord | MarketRecord | LogRecord | DeadLetter
)


def _book(record: BookSample) -> Values:
    book = record.book
    return (
        book.ticker,
        record.trust.value,
        book.yes[-1][0] if book.yes else None,
        complement(book.no[-1][0]) if book.no else None,
        encode_json(book.yes),
        encode_json(book.no),
        book.seq,
        book.at_venue,
        book.at,
    )


def _bar(bar: MarketBar) -> Values:
    return (
        bar.ticker,
        bar.at,
        bar.yes_bid,
        bar.yes_ask,
        bar.trust.value,
        bar.trusted_ms,
        finite(bar.p_mid),
        bar.traded,
        bar.trades,
        bar.period,
        finite(bar.p_books),
        encode_json(dict(bar.fair)) if bar.fair else None,
    )


def _score(record: ScoreRecord) -> Values:
    score = record.score
    return (
        score.game,
        score.source,
        score.phase.value,
        score.period,
        score.clock_ms,
        score.home,
        score.away,
        record.raw,
        score.at_venue,
        score.at,
    )


def _odds(record: OddsRecord) -> Values:
    odds = record.odds
    return (
        odds.game,
        odds.vendor,
        odds.moneyline_home,
        odds.moneyline_away,
        odds.spread_home,
        odds.spread_home_odds,
        odds.spread_away_odds,
        odds.total,
        odds.over_odds,
        odds.under_odds,
        int(odds.opening),
        record.raw,
        odds.at_venue,
        odds.at,
    )


def _game(record: GameRecord) -> Values:
    game = record.game
    return (
        game.game,
        game.date,
        game.away,
        game.home,
        game.tip_at,
        record.state,
        int(record.matched),
        game.at,
    )


def _market(record: MarketRecord) -> Values:
    listed = record.listed
    ranges = [(each.start, each.end, each.step) for each in listed.price_ranges]
    return (
        listed.ticker,
        listed.event_ticker,
        listed.series,
        record.game,
        record.kind,
        listed.title,
        listed.status.value,
        encode_json(ranges),
        listed.fee_type,
        listed.fee_multiplier,
        record.strike if record.strike is not None else listed.floor_strike,
        listed.strike_type,
        listed.open_at,
        listed.close_at,
        record.result,
        record.settled_value,
        record.raw,
        listed.at,
    )


def _log(record: LogRecord) -> Values:
    return (record.level, record.actor, record.event, encode_json(record.detail), record.at)


def _letter(record: DeadLetter) -> Values:
    return (
        record.actor,
        record.sender,
        record.message_type,
        record.digest,
        record.error,
        record.traceback,
        record.incarnation,
        record.at,
    )


# Each function takes the record of its own key, which a dictionary's type cannot say. A test stores every
# kind.
_ROWS: Final[dict[type[Record], tuple[Table, Callable[..., Values]]]] = {
    BookSample: (orderbook_snapshots, _book),
    MarketBar: (market_bars, _bar),
    ScoreRecord: (nba_live_data, _score),
    OddsRecord: (betting_odds, _odds),
    GameRecord: (games, _game),
    MarketRecord: (kalshi_markets, _market),
    LogRecord: (system_logs, _log),
    DeadLetter: (dead_letters, _letter),
}

REPLACED: Final = (games, kalshi_markets)
"""Tables in which a later record of the same thing takes the earlier one's place."""


def row(record: Record) -> tuple[Table, Values]:
    """The table of a record and its columns after `id` and `run`."""
    table, columns = _ROWS[type(record)]
    return table, columns(record)
