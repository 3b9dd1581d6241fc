"""One game: folds its books, score and odds, and publishes news of them to the strategies.

The thin shell of `engine.game`. Started by the schedule under the dynamic supervisor `games`.
"""

from collections.abc import Iterable
from typing import Final, get_args

from actors.addresses import FEED_EDGE, NEWS, RISK_GATE, SCHEDULE, game_address
from actors.heartbeat import Heartbeat, through_game
from actors.messages import (
    BooksWanted,
    GameMatched,
    MarketsHandedOver,
    MatchKnown,
    MatchWanted,
    NewsRepeated,
    NewsWanted,
    SetAsideWanted,
    SnapshotWanted,
    StateWanted,
)
from actors.runtime import Answer, Outgoing, Publish
from engine.events import BookDelta, GameKnown, TopChanged, Trust, VenueEvent
from engine.game import Game
from engine.quarantine import blamed, in_words
from engine.risk import GAME, MARKET
from engine.units import Nanos

EVENTS: Final = tuple(kind for part in get_args(VenueEvent) for kind in get_args(part) or (part,))
"""What comes from the venues."""


class GameActor:
    """Folds events, publishes what changed."""

    def __init__(self, game: str) -> None:
        """`game` is the engine's game id."""
        self.state = Game(game)
        self._told: GameMatched | None = None

    def receive(self, message: object, now: int) -> Iterable[Outgoing]:
        """Fold one event, or answer a restarted actor with what is current."""
        try:
            # Nearly every message is a delta: an exact comparison of types comes before everything else.
            if type(message) is BookDelta:
                market = self.state.markets.get(message.ticker)
                # As `Game.book_event`, without its call: most changes are of deeper levels.
                if market is None or not market.book.apply_delta(message) or not market.book.top_moved:
                    return ()
                news = self.state.top_of(market, message.at_venue, message.at)
                return () if news is None else self._book_news(news, now)
            return self._received(message, now)
        # Whatever it is: raised from here it would cost the books of all markets of the game.
        except Exception as error:
            if not isinstance(message, EVENTS):
                raise
            return self._without(message, error, Nanos(now))

    def _book_news(self, news: TopChanged, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        # A crossed book is normal inside a match, but a level below zero is not, and only a snapshot mends
        # that.
        if news.trust is Trust.CROSSED:
            return [Publish(NEWS, news), *self._fresh_books(now)]
        return (Publish(NEWS, news),)

    def _received(self, message: object, now: int) -> Iterable[Outgoing]:
        state = self.state
        at = Nanos(now)
        if isinstance(message, Heartbeat):
            # A heartbeat is not recorded and leaves no fact, so a replay may ask for snapshots less often;
            # what comes of asking is an input, and inputs are recorded.
            return [*through_game(game_address(state.game), message), *self._fresh_books(now)]
        if isinstance(message, MatchWanted):
            tickers = tuple(state.markets)
            return [(SCHEDULE, MatchKnown(self._told, tickers))] if self._told is not None else []
        if isinstance(message, GameMatched):
            self._told = message
            known = GameKnown(
                message.game,
                message.away,
                message.home,
                message.tip_at,
                message.matched,
                at,
                message.postponed,
            )
            return [Publish(NEWS, news) for news in state.on_game_known(known)]
        if isinstance(message, NewsWanted):
            current = state.current(at)
            return [(message.reply_to, NewsRepeated(news) if message.again else news) for news in current]
        if isinstance(message, BooksWanted):
            return [(message.reply_to, MarketsHandedOver(tuple(state.books())))]
        if isinstance(message, StateWanted):
            return [Answer(state)]
        return [Publish(NEWS, news) for news in state.on_event(message, at)]  # type: ignore[arg-type]

    def _without(self, event: VenueEvent, error: Exception, now: Nanos) -> list[Outgoing]:
        """An event that cannot be taken in: its market's book is not believed, and the risk gate halts it."""
        ticker = blamed(error, lambda _order_id: None) or getattr(event, "ticker", None)
        news = None if ticker is None else self.state.distrust(ticker, now)
        out: list[Outgoing] = [] if news is None else [Publish(NEWS, news)]
        scope = f"{GAME}{self.state.game}" if ticker is None else f"{MARKET}{ticker}"
        return [*out, (RISK_GATE, SetAsideWanted(scope, type(event).__name__, in_words(error)))]

    def _fresh_books(self, now: int) -> list[Outgoing]:
        """Ask for snapshots of the books that nothing else can put right.

        Asked when a level falls below zero, and with every heartbeat as long as it takes.
        """
        return [(FEED_EDGE, SnapshotWanted(conn, sid)) for conn, sid in self.state.doubtful(now)]
