"""The facts that were handed to the journal, in order, from which a restarted actor rebuilds its state.

Filled by the journal actor, read by actors when a life begins: their state is the fold of these facts, and
nothing of the object that crashed survives. Of a long run the history may begin with a `Beginning`: the
states that earlier facts were folded to, in the place of these facts.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import attrs

from engine.fact_subjects import strategy_of
from engine.facts import (
    Fact,
    FactsSetAside,
    FollowingChanged,
    OperatorActed,
    StrategyChanged,
    StrategyOpened,
    TradingHalted,
    TradingResumed,
)
from engine.orphaned_orders import Unfinished, unfinished
from engine.quarantine import Quarantine

EXCHANGE: Final = "exchange"
GATE: Final = "gate"
READ_MODEL: Final = "read_model"
STRATEGY: Final = "strategy:"
"""The names of the states in a beginning; that of a strategy begins so."""

STANDING: Final = (
    FactsSetAside,
    FollowingChanged,
    OperatorActed,
    StrategyChanged,
    StrategyOpened,
    TradingHalted,
    TradingResumed,
)
"""Kinds that are looked up one by one, so that a beginning has the facts themselves. They are few."""

Parts = Mapping[str, object]
"""A state by the names of its parts, made anew for whoever asks, who may change it."""


@attrs.frozen(kw_only=True)
class Beginning:
    """What the first facts of a run were folded to."""

    facts: int = 0
    """How many they were, without those that were set aside."""
    standing: tuple[Fact, ...] = ()
    unfinished: Callable[[], Unfinished] = Unfinished
    parts: Callable[[str], Parts | None] = lambda _name: None
    """A state by its name; None where the facts were folded to none, since there were none."""


class FactHistory:
    """The run's facts, oldest first."""

    def __init__(
        self,
        facts: Iterable[Fact] = (),
        quarantine: Quarantine | None = None,
        beginning: Beginning | None = None,
    ) -> None:
        """`facts` are those of an earlier process of the same run, read back from the journal.

        `quarantine` says which of them were taken out, and `beginning` what came before them.
        """
        self._facts: list[Fact] = list(facts)
        self._beginning = beginning or Beginning()
        self.quarantine = quarantine or Quarantine()
        # An actor restarted in this process must not take the orders of this process for left-overs of an
        # earlier one.
        self._inherited = len(self._facts)
        self._resumed: set[str] = set()
        self._under_way: dict[str, deque[tuple[Fact, ...]]] = {}
        self._by_strategy: dict[str, list[Fact]] = {}
        self._sorted = 0

    def announce(self, owner: str, facts: tuple[Fact, ...]) -> None:
        """Take note of facts that an actor has decided and that are on their way to the journal."""
        self._under_way.setdefault(owner, deque()).append(facts)

    def append(self, facts: tuple[Fact, ...], owner: str = "") -> None:
        """Take in facts that have been numbered for the journal."""
        waiting = self._under_way.get(owner)
        if waiting and waiting[0] is facts:
            waiting.popleft()
        self._facts.extend(facts)

    def parts(self, name: str) -> Parts | None:
        """The state of that name, which the remembered facts go on from; None where they go on from none."""
        return self._beginning.parts(name)

    def known_to(self, owner: str) -> tuple[Fact, ...]:
        """Everything remembered, and what this actor has decided since: what its state is the fold of, from
        its parts on.

        Between a decision and its number other messages may be worked on.
        """
        under_way = self._under_way.get(owner, ())
        return (*self._facts, *(fact for facts in under_way for fact in facts))

    def resume(self, owner: str) -> Unfinished | None:
        """What an earlier process left over, given to each owner once, at its first start in this process.

        None if there was no earlier process, or if only the actor was restarted.
        """
        # Asked again by the next life of the same actor, whose earlier life has dealt with them already.
        if owner in self._resumed or not (self._inherited or self._beginning.facts):
            return None
        self._resumed.add(owner)
        left = self._beginning.unfinished()
        return unfinished(self._facts[: self._inherited], left)

    def of_strategy(self, name: str) -> list[Fact]:
        """The facts about one strategy since its parts, and what it has decided itself, oldest first."""
        # Each fact is looked at once, whoever asks: strategies are many, and all ask when they start.
        for fact in self._facts[self._sorted :]:
            self._by_strategy.setdefault(strategy_of(fact) or "", []).append(fact)
        self._sorted = len(self._facts)
        under_way = (fact for facts in self._under_way.get(name, ()) for fact in facts)
        return [*self._by_strategy.get(name, ()), *(fact for fact in under_way if strategy_of(fact) == name)]

    def settings_of(self, name: str) -> list[Fact]:
        """The facts that say what a strategy is set to, from the beginning of the run."""
        before = [fact for fact in self._beginning.standing if strategy_of(fact) == name]
        return before + [fact for fact in self.of_strategy(name) if isinstance(fact, STANDING)]

    def standing(self, owner: str = "") -> tuple[Fact, ...]:
        """The facts of the kinds that are looked up, from the beginning of the run, known to this owner."""
        since = (fact for fact in self.known_to(owner) if isinstance(fact, STANDING))
        return (*self._beginning.standing, *since)

    @property
    def last_seq(self) -> int:
        """The number of the last fact in the journal."""
        return self._beginning.facts + len(self._facts) + self.quarantine.entries_set_aside

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Everything remembered since the beginning, oldest first."""
        return tuple(self._facts)
