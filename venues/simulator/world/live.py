"""The simulated evening in running time: draws happenings when they are due and tells whoever listens.

Between two draws nothing awaits, so every answer and snapshot made meanwhile shows one consistent state.
Owned by `venues.simulator.service`.
"""

from collections.abc import Callable
from typing import Final

import attrs
import trio

from engine.calendar import trading_paused
from engine.units import Nanos
from venues.simulator.world.candles import Candles
from venues.simulator.world.clock import SimulatedClock
from venues.simulator.world.events import WorldEvent
from venues.simulator.world.game import Game
from venues.simulator.world.history import History
from venues.simulator.world.market import Market
from venues.simulator.world.world import World

STEPS_MAX: Final = 200
"""After so many steps the loop lets others run, however late it is."""


@attrs.define(eq=False)
class LiveEvening:
    """One evening being played."""

    world: World
    clock: SimulatedClock
    candles: Candles = attrs.field(factory=Candles)
    listeners: list[Callable[[WorldEvent], None]] = attrs.field(factory=list)
    over: trio.Event = attrs.field(factory=trio.Event)
    """Set when nothing will happen any more."""
    history: History = attrs.field()
    """The evenings before this one."""

    @history.default
    def _nothing_before(self) -> History:
        return History.before(self.world.settings)

    @property
    def all_games(self) -> tuple[Game, ...]:
        """The games of this evening and of those before it."""
        return (*self.history.games, *self.world.games)

    def market(self, ticker: str) -> Market | None:
        """A market of this evening or of one before it; None for one that nobody lists."""
        return self.world.markets.get(ticker) or self.history.markets.get(ticker)

    def listed(self, market: Market) -> bool:
        """Whether the venue shows a market among the live ones."""
        return market.there(self.world.now) and not self.history.archived(market)

    def candles_of(self, market: Market) -> Candles:
        """The candles among which those of a market are."""
        return self.history.candles_of(market) or self.candles

    @property
    def paused(self) -> bool:
        """Whether simulated time stands in the venue's weekly pause."""
        return trading_paused(Nanos(self.clock.now()))

    async def run(self) -> None:
        """Play the evening to its end."""
        await self.clock.begun.wait()
        while (due := self.world.due_at) is not None:
            await self.clock.sleep_until(due)
            self.catch_up()
        self.over.set()

    def catch_up(self) -> None:
        """Do what is due by now, but not more than STEPS_MAX steps."""
        now = self.clock.now()
        for _ in range(STEPS_MAX):
            due = self.world.due_at
            if due is None or due > now:
                return
            for happened in self.world.step():
                self.candles.on_event(happened)
                for listener in tuple(self.listeners):
                    listener(happened)
