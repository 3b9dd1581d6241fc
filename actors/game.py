"""One game: folds its books, score and odds, and publishes news of them to the strategies.

The thin shell of `engine.game`. Started by the schedule under the dynamic supervisor `games`.
"""

from collections.abc import Iterable

from actors.addresses import FEED_EDGE, NEWS, SCHEDULE, game_address
from actors.heartbeat import Heartbeat, through_game
from actors.messages import (
    BooksWanted,
    GameMatched,
    MatchKnown,
    MatchWanted,
    NewsRepeated,
    NewsWanted,
    SnapshotWanted,
    StateWanted,
)
from actors.runtime import Answer, Outgoing, Publish
from engine.events import BookDelta, GameKnown, Trust
from engine.game import Game
from engine.units import Nanos


class GameActor:
    """Folds events, publishes what changed."""

    def __init__(self, game: str) -> None:
        """`game` is the engine's game id."""
        self.state = Game(game)
        self._told: GameMatched | None = None

    def receive(self, message: object, now: int) -> Iterable[Outgoing]:
        """Fold one event, or answer a restarted actor with what is current."""
        state = self.state
        # Nearly every message is a delta: an exact comparison of types comes before everything else.
        if type(message) is BookDelta:
            news = state.book_event(message)
            if news is None:
                return ()
            # A crossed book is normal inside a match, but a level below zero is not, and only a snapshot
            # mends that.
            if news.trust is Trust.CROSSED:
                return [Publish(NEWS, news), *self._fresh_books(now)]
            return (Publish(NEWS, news),)
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
            known = GameKnown(message.game, message.away, message.home, message.tip_at, message.matched, at)
            return [Publish(NEWS, news) for news in state.on_game_known(known)]
        if isinstance(message, NewsWanted):
            current = state.current(at)
            return [(message.reply_to, NewsRepeated(news) if message.again else news) for news in current]
        if isinstance(message, BooksWanted):
            return [(message.reply_to, event) for event in state.books()]
        if isinstance(message, StateWanted):
            return [Answer(state)]
        return [Publish(NEWS, news) for news in state.on_event(message, at)]  # type: ignore[arg-type]

    def _fresh_books(self, now: int) -> list[Outgoing]:
        """Ask for snapshots of the books that nothing else can put right.

        Asked when a level falls below zero, and with every heartbeat as long as it takes.
        """
        return [(FEED_EDGE, SnapshotWanted(conn, sid)) for conn, sid in self.state.doubtful(now)]
