"""Finding the evening's markets at Kalshi, tracking them until paid, and choosing what the feed follows.

Three polls of the live engine's sources. What they hear has entered the engine when they look at it, so the
schedule's own list says what belongs to a game.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Final

from actors.pollers import PollStatus
from engine.events import MarketListed, MarketStatus, VenueEvent
from engine.ledger import claim
from engine.tally import Tally
from engine.units import NANOS_PER_SECOND
from tipoff.sources.source import Engine
from venues.kalshi.feed import KalshiFeed
from venues.kalshi.rest import KalshiRest

HORIZON_NS: Final = 36 * 3_600 * NANOS_PER_SECOND
"""Games that begin later than this are known, but their books are not followed yet."""

# Pauses between polls, in the engine's time.
MARKETS_NS: Final = 60 * NANOS_PER_SECOND
EXCHANGE_NS: Final = 60 * NANOS_PER_SECOND
FEES_NS: Final = 3_600 * NANOS_PER_SECOND

TICKERS_PER_CALL: Final = 100
OVER: Final = frozenset({MarketStatus.FINALIZED})


def unpaid(tally: Tally) -> set[str]:
    """The markets in which a strategy still holds contracts, or waits for the venue to pay."""
    return {
        ticker
        for ticker in tally.games
        for name, strategy in tally.strategies.items()
        if strategy.positions.get(ticker) or tally.ledger.balance(claim(name, ticker))
    }


class Discovery:
    """What is asked of Kalshi again and again, and what the feed shall follow because of it."""

    def __init__(self, rest: KalshiRest, engine: Engine, feed: KalshiFeed, series: Iterable[str]) -> None:
        """`series` are those whose markets are traded."""
        self._rest = rest
        self._engine = engine
        self._feed = feed
        self._series = tuple(series)
        self._status: dict[str, MarketStatus] = {}
        self._wanted: tuple[str, ...] = ()

    async def markets(self, _status: PollStatus) -> int:
        """The open events of each series; then the markets that are not among them any more, until paid.

        That goes also for markets which this process has never seen open: an earlier one bought there, and
        they were over before this one began.
        """
        found: set[str] = set()
        for series in self._series:
            found |= self._note(await self._rest.events(series))
        known = {ticker for ticker, state in self._status.items() if state not in OVER}
        gone = sorted((known | unpaid(self._engine.tally)) - found)
        for start in range(0, len(gone), TICKERS_PER_CALL):
            self._note(await self._rest.markets(gone[start : start + TICKERS_PER_CALL]))
        await self.follow()
        return MARKETS_NS

    async def exchange(self, _status: PollStatus) -> int:
        """Whether the exchange trades."""
        await self._rest.exchange_status()
        return EXCHANGE_NS

    async def fees(self, _status: PollStatus) -> int:
        """Fee terms of each series, and what has changed of them."""
        for series in self._series:
            await self._rest.series(series)
            await self._rest.series_fee_changes(series)
        return FEES_NS

    def _note(self, events: Iterable[VenueEvent]) -> set[str]:
        """Remember how each market stands; returns those that were named."""
        named = {event.ticker: event.status for event in events if isinstance(event, MarketListed)}
        self._status |= named
        return set(named)

    async def follow(self) -> None:
        """Have the feed follow the markets of the games that are near, or that an operator loaded.

        A loaded game that the engine does not list is asked for: an earlier process found it, or it was
        unloaded meanwhile.
        """
        loaded = await self._engine.loaded()
        listing = await self._engine.listing()
        for event in chain.from_iterable(events for game, events in loaded.items() if game not in listing):
            self._note(await self._rest.event(event))
        await self._want(loaded)

    async def _want(self, loaded: Iterable[str]) -> None:
        """Set the markets that the feed follows, if they have changed."""
        horizon = self._engine.plan.clock() + HORIZON_NS
        wanted = tuple(
            ticker
            for listed in (await self._engine.listing()).values()
            # A game whose tip nobody knows may be the next one.
            if listed.tip_at is None or listed.tip_at < horizon or listed.game in loaded
            for ticker in listed.tickers
            if self._status.get(ticker) not in OVER
        )
        if wanted != self._wanted:
            self._wanted = wanted
            self._feed.want(wanted)
