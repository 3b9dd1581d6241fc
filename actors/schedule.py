"""The schedule: assigns markets to games, starts the games' actors, and matches them to the league's games.

Gets unknown tickers from the feed and games, scores and odds from the pollers; forwards scores and odds to
the game they were matched to. A game that an operator has unloaded is stopped, and none of its markets is
routed until it is loaded again.
"""

from collections.abc import Callable

from actors.addresses import GAMES, GAMES_TOPIC, MARKET_FEED, NEWS, PAPER_EXCHANGE, game_address
from actors.fact_history import FactHistory
from actors.messages import (
    GameMatched,
    GameRouted,
    ListingWanted,
    LoadedWanted,
    MatchKnown,
    MatchWanted,
    TickerRouted,
    TickerSeen,
)
from actors.runtime import Address, Answer, ChildSpec, Outgoing, Publish, StartChild, StopChild
from engine.events import GameKnown, GameSeen, OddsSeen, ScoreSeen
from engine.facts import FollowingChanged
from engine.milestones import MilestoneSeen
from engine.schedule import ListedGame, MatchState, Schedule, game_of
from engine.tickers import parse_ticker
from engine.units import NANOS_PER_SECOND, Nanos

EXPIRATION_AFTER_TIP_NS = 3 * 3600 * NANOS_PER_SECOND
"""The venue's `expected_expiration_time` of a game is its scheduled start plus exactly three hours."""

HELD_PER_REFERENCE_MAX = 64
"""Scores and odds kept for a reference that is not matched yet; the oldest go first."""


class ScheduleActor:
    """Routes by game; keeps what came before a match was made."""

    def __init__(
        self, schedule: Schedule, game_spec: Callable[[str], ChildSpec], history: FactHistory
    ) -> None:
        """`game_spec` makes the child specification of a game's actor; `history` knows what is unloaded."""
        self._schedule = schedule
        self._history = history
        self._unloaded: set[str] = set()
        self._loaded: dict[str, tuple[str, ...]] = {}
        self._game_spec = game_spec
        self._started: set[str] = set()
        self._told: dict[str, GameMatched] = {}
        self._addresses: dict[str, Address] = {}
        self._held: dict[str, list[ScoreSeen | OddsSeen]] = {}

    def start(self, now: int) -> list[Outgoing]:
        """Ask the running games for the match that an earlier life sent them."""
        for fact in self._history.standing():
            if isinstance(fact, FollowingChanged):
                self._keep(fact)
        return [Publish(GAMES_TOPIC, MatchWanted())]

    def receive(self, message: object, now: int) -> list[Outgoing]:
        """Route a ticker, take in a game, forward a score or odds."""
        match message:
            case TickerSeen():
                return self._ticker(message)
            case GameSeen():
                return self._changed(self._schedule.see_game(message))
            case MilestoneSeen():
                return self._changed(self._schedule.see_milestone(message))
            case ScoreSeen() | OddsSeen():
                return self._forward(message)
            case FollowingChanged():
                return self._following(message)
            # The game was unloaded while this actor was down, so nobody has stopped it yet.
            case MatchKnown(told=told) if told.game in self._unloaded:
                return [StopChild(game_address(told.game))]
            case MatchKnown():
                self._started.add(message.told.game)
                self._told[message.told.game] = message.told
                self._addresses[message.told.game] = game_address(message.told.game)
                self._schedule.readmit(message.tickers, message.told.tip_at, message.told.references)
                return []
            case ListingWanted():
                return [Answer(self._schedule.listed)]
            case LoadedWanted():
                return [Answer(dict(self._loaded))]
            case _:
                return []

    def _ticker(self, message: TickerSeen) -> list[Outgoing]:
        game = game_of(parse_ticker(message.ticker))
        if game in self._unloaded:
            shut = GameRouted(game, followed=False)
            return [(MARKET_FEED, shut), (MARKET_FEED, TickerRouted(message.ticker, ()))]
        # Not the close time: the venue sets that two days to two weeks out and rewrites it when the game
        # ends.
        expiration = message.listing.expected_expiration_at
        tip_at = None if expiration is None else Nanos(expiration - EXPIRATION_AFTER_TIP_NS)
        listed = self._schedule.list_market(message.ticker, tip_at)
        if listed is None:
            return [(MARKET_FEED, TickerRouted(message.ticker, ()))]
        out: list[Outgoing] = []
        # Before the route is answered: the feed sends the waiting events at once, and the game must exist by
        # then.
        if listed.game not in self._started:
            self._started.add(listed.game)
            out.append(StartChild(GAMES, self._game_spec(listed.game)))
        out += self._changed(listed)
        receivers = (game_address(listed.game), PAPER_EXCHANGE)
        out.append((MARKET_FEED, TickerRouted(message.ticker, receivers)))
        return out

    def _changed(self, listed: ListedGame | None) -> list[Outgoing]:
        """Send a game its changed match, then the scores and odds that were held for it."""
        if listed is None:
            return []
        key = listed.key
        told = GameMatched(
            listed.game,
            key.away if key else "",
            key.home if key else "",
            listed.tip_at,
            listed.state is MatchState.MATCHED and not listed.postponed,
            listed.postponed,
            listed.state.value,
            self._schedule.references_of(listed.game),
        )
        # Every poll repeats every game; only a change is worth a message.
        if self._told.get(listed.game) == told:
            return []
        self._told[listed.game] = told
        self._addresses[listed.game] = game_address(listed.game)
        out: list[Outgoing] = [(game_address(listed.game), told)]
        # After the match, so that the game knows who plays before it hears the score.
        for reference in list(self._held):
            if self._schedule.game_for(reference) == listed.game:
                out += [(game_address(listed.game), event) for event in self._held.pop(reference)]
        return out

    def _following(self, change: FollowingChanged) -> list[Outgoing]:
        """Stop a game's actor, or be ready to route its markets anew.

        The strategies' last news of a stopped game is that it is unmatched, so that they enter no more.
        """
        game = change.game
        self._keep(change)
        if change.followed:
            return [(MARKET_FEED, GameRouted(game, followed=True))]
        out: list[Outgoing] = [(MARKET_FEED, GameRouted(game, followed=False))]
        listed = self._schedule.forget(game)
        told = self._told.pop(game, None)
        self._addresses.pop(game, None)
        if game in self._started:
            self._started.discard(game)
            out.append(StopChild(game_address(game)))
        if listed is not None and told is not None:
            known = GameKnown(game, told.away, told.home, told.tip_at, matched=False, at=change.at)
            out.append(Publish(NEWS, known))
        return out

    def _keep(self, change: FollowingChanged) -> None:
        if change.followed:
            self._unloaded.discard(change.game)
            self._loaded[change.game] = change.events
        else:
            self._unloaded.add(change.game)
            self._loaded.pop(change.game, None)

    def _forward(self, event: ScoreSeen | OddsSeen) -> list[Outgoing]:
        game = self._schedule.game_for(event.game)
        if game is None:
            held = self._held.setdefault(event.game, [])
            held.append(event)
            # A league has more games than the venue lists: most references are never matched.
            del held[:-HELD_PER_REFERENCE_MAX]
            return []
        told = self._told.get(game)
        if told is not None and told.matched:
            return [(self._addresses[game], event)]
        return [*self._changed(self._schedule.listed[game]), (game_address(game), event)]
