"""Heartbeats through the actors: which actors have passed the last ones on, and which stage is stuck.

Kept by `LiveEngine`, which sends one every few seconds (`actors.heartbeat` says which way it goes and why it
is not recorded); read by `status`, `health` and the metrics. A stage is as late as its latest actor. Must not
decide anything about trading.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs
import trio

from actors.addresses import GAMES, JOURNAL, MARKET_FEED, PAPER_EXCHANGE, RISK_GATE, STRATEGIES, WRITER
from actors.heartbeat import Heartbeat
from actors.runtime import ActorStatus, Address

HEARTBEAT_S: Final = 5.0
"""So often a heartbeat is sent."""

LATE_S: Final = 30.0
"""A stage that no heartbeat has passed for longer than this is called late."""

FEED, GAME, STRATEGY, GATE, EXCHANGE = "feed", "game", "strategy", "risk_gate", "paper_exchange"
STAGES: Final = (FEED, GAME, STRATEGY, GATE, EXCHANGE)
"""In the order in which a heartbeat passes them."""

SINGLE: Final = {MARKET_FEED: FEED, RISK_GATE: GATE, PAPER_EXCHANGE: EXCHANGE}
FAMILIES: Final = {GAMES: GAME, STRATEGIES: STRATEGY}
OTHERS: Final = "other"
TIMED: Final = {JOURNAL: "journal", WRITER: "writer"}
TIMED_STAGES: Final = (*STAGES, *TIMED.values(), OTHERS)
"""The names under which waiting and working are counted."""

RESTING: Final = frozenset({"parked", "down"})
"""Games and strategies in these states are reported elsewhere; no heartbeat is expected of them."""


@attrs.frozen
class Moment:
    """When something was seen: by trio's clock, which measures, and by the wall clock, which is shown."""

    at: float
    at_wall: float


class Heartbeats:
    """Numbers the heartbeats and remembers when each actor last passed one on."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        """Nothing was sent yet; `wall` gives seconds since 1970 (UTC)."""
        self.sent = 0
        self._wall = wall
        self._passed: dict[Address, Moment] = {}
        """Who is expected to pass heartbeats on, and when that happened last or was expected first."""
        self._newest = Moment(0.0, 0.0)
        self._carried = 0

    def next(self, actors: Iterable[ActorStatus]) -> Heartbeat:
        """The heartbeat to send now. Games take turns in carrying it."""
        self.sent += 1
        self._newest = now = self._moment()
        expected = [each.address for each in actors if _is_expected(each)]
        self._passed = {address: self._passed.get(address, now) for address in expected}
        games = [address for address in expected if stage_of(address) == GAME]
        # In turn, so that the way through every game is tried.
        self._carried += 1
        return Heartbeat(self.sent, games[self._carried % len(games)] if games else None)

    def passed(self, address: Address, number: int) -> None:
        """An actor passed a heartbeat on; one that had waited since long ago shows that it lives, too."""
        # A heartbeat may come by an actor that was stopped meanwhile, and nobody waits for that one.
        if address in self._passed and 0 < number <= self.sent:
            self._passed[address] = self._moment()

    def timestamps(self) -> dict[str, float]:
        """When each stage was passed by all its actors last, seconds since 1970; 0 before the first.

        A stage without actors keeps nobody waiting.
        """
        found = self._by_stage()
        moments = {stage: [self._passed[address].at_wall for address in found[stage]] for stage in STAGES}
        return {stage: min(each, default=self._newest.at_wall) for stage, each in moments.items()}

    def late(self) -> str:
        """A sentence about the first stage that stands still; empty if none does."""
        now, found = trio.current_time(), self._by_stage()
        for stage in STAGES:
            for address in found[stage]:
                age = now - self._passed[address].at
                if age > LATE_S:
                    return f"no heartbeat has passed {address} for {age:.0f} s"
        return ""

    def _by_stage(self) -> dict[str, Sequence[Address]]:
        """Who is expected to pass it on, by stage; without strategies nothing reaches what is behind."""
        found: dict[str, list[Address]] = {stage: [] for stage in STAGES}
        for address in self._passed:
            found[stage_of(address)].append(address)
        if not found[STRATEGY]:
            found[GATE], found[EXCHANGE] = [], []
        return dict(found)

    def _moment(self) -> Moment:
        return Moment(trio.current_time(), self._wall())


def stage_of(address: Address) -> str:
    """The stage that an actor belongs to; empty for those that no heartbeat passes."""
    return SINGLE.get(address) or FAMILIES.get(address.parent, "")


def timed_as(address: Address) -> str:
    """The name under which an actor's messages are timed."""
    return stage_of(address) or TIMED.get(address, OTHERS)


def _is_expected(status: ActorStatus) -> bool:
    stage = stage_of(status.address)
    return bool(stage) and (status.address in SINGLE or status.state not in RESTING)
