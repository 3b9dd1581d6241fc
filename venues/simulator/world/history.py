"""Evenings before the one that is played, each of them over: what the venues tell of the past.

Made by `venues.simulator.service` before anybody can ask, shown by the REST services. Every evening is an
evening of its own seed, a day before the next one; it is played to its end at once.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import attrs

from venues.simulator.world.candles import Candles
from venues.simulator.world.game import Game
from venues.simulator.world.market import Market
from venues.simulator.world.settings import MINUTE, EveningSettings
from venues.simulator.world.world import World

DAY: Final = 24 * 60 * MINUTE
LIVE_DAYS: Final = 91
"""So many days of data the venue keeps live; what is older has moved to its archive."""


@attrs.frozen(eq=False)
class PastEvening:
    """One evening, played to its end."""

    world: World
    candles: Candles

    @classmethod
    def played(cls, settings: EveningSettings) -> "PastEvening":
        """Play a whole evening."""
        world, candles = World(settings), Candles()
        for happened in world.run():
            candles.on_event(happened)
        return cls(world, candles)


@attrs.frozen(eq=False)
class History:
    """What was before tonight, and from when on the venue still keeps it live."""

    evenings: tuple[PastEvening, ...]
    cutoff_at: int
    """What was settled or traded before this moment (UTC ns) is in the archive."""
    markets: Mapping[str, Market] = attrs.field(init=False)
    """By ticker."""

    @markets.default
    def _by_ticker(self) -> Mapping[str, Market]:
        return {ticker: market for past in self.evenings for ticker, market in past.world.markets.items()}

    @classmethod
    def before(cls, settings: EveningSettings, evenings: int = 0, live_days: float = LIVE_DAYS) -> "History":
        """So many evenings before that of `settings`, the earliest first."""
        return cls(
            tuple(PastEvening.played(evening_before(settings, number)) for number in range(evenings, 0, -1)),
            settings.starts_at - round(live_days * DAY),
        )

    @property
    def games(self) -> tuple[Game, ...]:
        """The games of all evenings."""
        return tuple(game for past in self.evenings for game in past.world.games)

    def candles_of(self, market: Market) -> Candles | None:
        """The candles among which those of a market are; None for one that is no past evening's."""
        ticker = market.listing.ticker
        return next((past.candles for past in self.evenings if ticker in past.world.markets), None)

    def archived(self, market: Market) -> bool:
        """Whether a market is in the archive and not among the live ones any more."""
        return market.settled_at is not None and market.settled_at < self.cutoff_at


def evening_before(settings: EveningSettings, number: int) -> EveningSettings:
    """The evening so many days before that of `settings`: of the same kind, with a seed of its own."""
    day = date.fromisoformat(settings.date) - timedelta(days=number)
    return attrs.evolve(
        settings,
        seed=settings.seed + number,
        date=day.isoformat(),
        # An evening that begins now does so at any hour; those before it began at theirs.
        first_tip_at=None,
    )
