"""Resolving what an operator typed to a game that the venue knows, before it is loaded or unloaded.

Given to the control socket by `tipoff.services.control`. What the venue says of a game enters the engine on
its way like any other body; whether the game is then followed is the risk gate's and the schedule's decision.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import chain

from actors.messages import FollowOperation
from engine.events import MarketListed, VenueEvent
from engine.leagues import LEAGUES, league_of
from engine.tickers import Ticker, read_ticker
from tipoff.output import Failure
from venues.errors import RequestRefused, VenueError

EventOf = Callable[[str], Awaitable[tuple[VenueEvent, ...]]]
"""Asks the venue for one event with its markets."""

Listing = Callable[[], Awaitable[Mapping[str, object]]]
"""Gives the games that are followed, by id."""

NOT_FOUND = 404


class GameSelection:
    """Reads what an operator typed, in any letter case: a game's id, an event's or a market's ticker."""

    def __init__(self, event_of: EventOf, listing: Listing, series: Iterable[str]) -> None:
        """`series` are those of which each game has an event."""
        self._event_of = event_of
        self._listing = listing
        self._series = tuple(series)

    async def load(self, text: str) -> FollowOperation:
        """Ask the venue for every event of a game. Raises Failure for what is none, or is not there."""
        ticker = _read(text)
        game, league = ticker.game or "", league_of(ticker.game or "")
        part = game.removeprefix(league.ids)
        series = (each for each in self._series if each.startswith(league.series_prefix))
        asked = dict.fromkeys((*(f"{each}-{part}" for each in series), ticker.event))
        markets: dict[str, list[str]] = {}
        for event in asked:
            found = await self._markets(event)
            if found:
                markets[event] = found
        if not markets:
            raise Failure("unknown_game", f"the venue knows no market of {game}; asked: {', '.join(asked)}")
        named = text.strip().upper()
        if named not in (game.upper(), part, *markets, *chain.from_iterable(markets.values())):
            raise Failure("unknown_ticker", f"the venue knows {game}, but not {named}")
        return FollowOperation(game, followed=True, events=tuple(markets))

    async def unload(self, text: str) -> FollowOperation:
        """Find the game among those that are followed. Raises Failure."""
        game = _read(text).game or ""
        followed = await self._listing()
        if game not in followed:
            raise Failure(
                "not_followed", f"{game} is not followed; followed are: {', '.join(followed) or 'none'}"
            )
        return FollowOperation(game, followed=False)

    async def _markets(self, event: str) -> list[str]:
        """Tickers of an event's markets; none if there is no such event. Raises Failure."""
        try:
            found = await self._event_of(event)
        except RequestRefused as error:
            if error.status == NOT_FOUND:
                return []
            raise Failure("venue", f"the venue refused to tell of {event}: {error}") from error
        except VenueError as error:
            raise Failure("venue", f"the venue could not be asked for {event}: {error}; try again") from error
        return [each.ticker for each in found if isinstance(each, MarketListed)]


def _read(text: str) -> Ticker:
    """A ticker of a game between two teams of a league. Raises Failure."""
    ids = (f"{each.games_series}-{text.strip().lower().removeprefix(each.ids)}" for each in LEAGUES)
    for ticker in map(read_ticker, (text, *ids)):
        if ticker.league is not None and ticker.game is not None:
            return ticker
    event = f"{LEAGUES[0].games_series}-26JAN14WASLAC"
    raise Failure(
        "unknown_ticker",
        f"{text!r} is no game of the {' or the '.join(league.name for league in LEAGUES)}, and no event or "
        f"market of one: a game looks like 26JAN14WASLAC, an event like {event}",
    )
