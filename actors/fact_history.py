"""The facts that were handed to the journal, in order, from which a restarted actor rebuilds its state.

Filled by the journal actor, read by actors when a life begins: their state is the fold of these facts, and
nothing of the object that crashed survives.
"""

from collections import deque
from collections.abc import Iterable

from engine.fact_subjects import strategy_of
from engine.facts import Fact
from engine.quarantine import Quarantine


class FactHistory:
    """The run's facts, oldest first."""

    def __init__(self, facts: Iterable[Fact] = (), quarantine: Quarantine | None = None) -> None:
        """`facts` are those of an earlier process of the same run, read back from the journal.

        `quarantine` says which of them were taken out.
        """
        self._facts: list[Fact] = list(facts)
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

    def known_to(self, owner: str) -> tuple[Fact, ...]:
        """Everything remembered, and what this actor has decided since: what its state is the fold of.

        Between a decision and its number other messages may be worked on.
        """
        under_way = self._under_way.get(owner, ())
        return (*self._facts, *(fact for facts in under_way for fact in facts))

    def resume(self, owner: str) -> tuple[Fact, ...]:
        """The facts of an earlier process, given to each owner once, at its first start in this process.

        Empty if there was no earlier process, or if only the actor was restarted.
        """
        # Asked again by the next life of the same actor, whose earlier life has dealt with them already.
        if owner in self._resumed:
            return ()
        self._resumed.add(owner)
        return tuple(self._facts[: self._inherited])

    def of_strategy(self, name: str) -> list[Fact]:
        """The facts about one strategy, and what it has decided itself since, oldest first."""
        # Each fact is looked at once, whoever asks: strategies are many, and all ask when they start.
        for fact in self._facts[self._sorted :]:
            self._by_strategy.setdefault(strategy_of(fact) or "", []).append(fact)
        self._sorted = len(self._facts)
        under_way = (fact for facts in self._under_way.get(name, ()) for fact in facts)
        return [*self._by_strategy.get(name, ()), *(fact for fact in under_way if strategy_of(fact) == name)]

    @property
    def last_seq(self) -> int:
        """The number of the last fact in the journal."""
        return len(self._facts) + self.quarantine.entries_set_aside

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Everything remembered, oldest first."""
        return tuple(self._facts)
