"""Rows of the venues' own histories to events of the engine: what was listed, traded and quoted, who played.

Read by `venues.importers.rows`, whose readers these are. A row is kept as it was answered, long after; here
it says only what could be known at the moment of its line:

- a market's row has its end in it (result, real close): its line says how it was listed, the end comes by
  lines of its own;
- a candle is known when its minute ends. Its last bid and ask are the venue's, but how much stood there, and
  what was in between, nobody wrote down: so it is marked `pseudo` like every candle, and no order that was
  sent upon it meets it;
- a trade is as the stream would have told it;
- a game's row names who plays; the score in it is the last one, and comes when the venue has paid.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from engine.events import MarketStatus, QuoteSeen, VenueEvent
from engine.leagues import LEAGUES, league_of_path
from engine.units import Nanos
from venues.balldontlie.parse import announced
from venues.kalshi import answers, bodies, results
from venues.refusals import pieces_refused
from venues.shapes import Shape

MARKETS: Final = "kalshi-markets"
TRADES: Final = "kalshi-trades"
CANDLESTICKS: Final = "kalshi-candlesticks"
GAMES: Final = "balldontlie-games"

SOURCE: Final = "import"
Events = tuple[VenueEvent, ...]


class PastMarket(bodies.MarketBody, frozen=True):
    """A market object of one that may be over. Before it closed, its close was the latest expiration."""

    latest_expiration_time: str | None = None


class MarketLine(msgspec.Struct, frozen=True):
    """A market as it is told of now."""

    row: PastMarket


class TradeLine(msgspec.Struct, frozen=True):
    """A public trade."""

    row: bodies.TradeRow


class CandleLine(msgspec.Struct, frozen=True):
    """A minute of a market; the answers do not name it in the row."""

    ticker: str
    row: results.CandleBody


class GameLine(msgspec.Struct, frozen=True):
    """A game's row, and the path it is an answer to, which says the league."""

    asked: str
    row: msgspec.Raw


def _market(body: str, at: Nanos) -> Events:
    line, pieces = _MARKET.decode(body)
    told = line.row
    as_listed = msgspec.structs.replace(
        told,
        status=MarketStatus.ACTIVE,
        # The real close is minutes after the final whistle: it would tell when the game ends.
        close_time=told.latest_expiration_time,
        result="",
        settlement_value_dollars=None,
        settlement_ts=None,
    )
    return (answers.listed(as_listed, None, at), *pieces_refused(SOURCE, MARKETS, pieces, at))


def _trade(body: str, at: Nanos) -> Events:
    line, pieces = _TRADE.decode(body)
    trade = answers.trade_of(line.row, at, recovered=False)
    return (trade, *pieces_refused(SOURCE, TRADES, pieces, at))


def _candle(body: str, at: Nanos) -> Events:
    line, pieces = _CANDLE.decode(body)
    candle = results.candle_of(line.row)
    quote = QuoteSeen(
        line.ticker,
        candle.yes_bid_close,
        candle.yes_ask_close,
        None,
        None,
        candle.close,
        candle.end_at,
        at,
        pseudo=True,
        sole=True,
    )
    return (quote, *pieces_refused(SOURCE, CANDLESTICKS, pieces, at))


def _game(body: str, at: Nanos) -> Events:
    line = _GAME.decode(body)
    return (announced(line.row, league_of_path(line.asked) or LEAGUES[0], at),)


_MARKET: Final = Shape(MarketLine)
_TRADE: Final = Shape(TradeLine)
_CANDLE: Final = Shape(CandleLine)
_GAME: Final = msgspec.json.Decoder(GameLine)

PAST_READERS: Final[dict[str, Callable[[str, Nanos], Events]]] = {
    GAMES: _game,
    CANDLESTICKS: _candle,
    MARKETS: _market,
    TRADES: _trade,
}
