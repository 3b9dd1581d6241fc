"""What is due in a simulated evening: steps in time order, the draws that they share, and what has happened.

Carried out by `venues.simulator.world.world`; whoever plans a step (the world, settlement, rare events) puts
it here. Steps of one moment are done in the order in which they were asked for.
"""

import heapq
from collections.abc import Callable
from random import Random
from typing import TypeAlias

from venues.simulator.world.events import Alarm, WorldEvent
from venues.simulator.world.settings import SECOND, EveningSettings

Step: TypeAlias = Callable[[int], None]


class Agenda:
    """The steps of an evening that are still due, as of `now` (UTC nanoseconds)."""

    def __init__(self, settings: EveningSettings) -> None:
        self.settings = settings
        self.now = settings.starts_at
        self.rng = Random(f"{settings.seed}|world")
        self.out: list[WorldEvent] = []
        """Where steps leave what happens."""
        self._due: list[tuple[int, int, Step]] = []
        self._made = 0

    @property
    def due_at(self) -> int | None:
        """When the next step is due, UTC nanoseconds; None when nothing is."""
        return self._due[0][0] if self._due else None

    def step(self) -> list[WorldEvent]:
        """Do the next step and return what happened."""
        at, _, step = heapq.heappop(self._due)
        self.now = at
        step(at)
        happened, self.out = self.out, []
        return happened

    def at(self, moment: int, step: Step) -> None:
        """Have a step done at a moment (UTC nanoseconds), after those asked for the same moment before."""
        self._made += 1
        heapq.heappush(self._due, (moment, self._made, step))

    def alarm(self, moment: int, name: str) -> None:
        """Have a reader of the happenings told when a moment comes."""
        self.at(moment, lambda at: self.out.append(Alarm(at, name)))

    def seconds(self, least: float, most: float) -> int:
        """A random time between two numbers of seconds, in nanoseconds."""
        return int(self.rng.uniform(least, most) * SECOND)
