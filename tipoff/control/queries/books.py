"""A market's book, from the game that keeps it: nobody else knows it level by level."""

import attrs

from actors.addresses import game_address
from actors.messages import StateWanted
from actors.read_model.views import MarketLine, Query
from engine.book import Book
from engine.game import Game
from engine.units import PRICE_ONE, Count, Nanos, Price
from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import THE_MARKET
from tipoff.control.protocol import ErrorCode, Fault

ENDPOINTS = Endpoints()


@attrs.frozen(kw_only=True)
class BookLevel:
    """Contracts bid (or offered) at a YES price."""

    price: Price
    count: Count


@attrs.frozen(kw_only=True)
class BookSeen:
    """A market's book in YES prices, best first, and where it comes from."""

    ticker: str
    game: str
    trust: str
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]
    conn: int
    sid: int
    seq: int
    at: Nanos
    pseudo: bool


@ENDPOINTS.answers(
    Method(
        name="book",
        line="A market's book, level by level.",
        help="Show a market's book, level by level, in YES prices.",
        params=(THE_MARKET,),
    )
)
async def book(context: CallContext, call: Call) -> BookSeen:
    """A market's book, level by level, from the game that keeps it."""
    ticker = call.params.must("ticker")
    found = await context.query(Query("markets", ticker=ticker))
    if not (isinstance(found, tuple) and found and isinstance(found[0], MarketLine)):
        raise Fault(ErrorCode.NOT_FOUND, f"no market {ticker!r} is followed")
    game = await context.ask(game_address(found[0].game), StateWanted())
    market = game.markets.get(ticker) if isinstance(game, Game) else None
    if market is None:
        raise Fault(ErrorCode.NOT_FOUND, f"no market {ticker!r} is followed")
    return _book(ticker, found[0].game, market.book)


def _book(ticker: str, game: str, seen: Book) -> BookSeen:
    bids = sorted(seen.yes.items(), reverse=True)
    asks = sorted((Price(PRICE_ONE - price), count) for price, count in seen.no.items())
    return BookSeen(
        ticker=ticker,
        game=game,
        trust=seen.trust.value,
        bids=tuple(BookLevel(price=price, count=count) for price, count in bids),
        asks=tuple(BookLevel(price=price, count=count) for price, count in asks),
        conn=seen.conn,
        sid=seen.sid,
        seq=seen.seq,
        at=seen.at,
        pseudo=seen.pseudo,
    )
