"""The fold of a run's facts that a start makes before the tree of actors, and that a snapshot keeps.

Used at the start of a process, live and replayed, by whoever makes snapshots beside a running engine, and by
`tipoff db verify`. A function of the facts and of few settings, so that all of them come to the same state;
facts that cannot be applied are set aside on the way.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping

from actors.fact_history import (
    EXCHANGE,
    GATE,
    READ_MODEL,
    STANDING,
    STRATEGY,
    Beginning,
    FactHistory,
    Parts,
)
from actors.read_model.model import ReadModel
from engine.exchange import PaperExchange
from engine.fact_subjects import strategy_of
from engine.facts import Fact
from engine.orphaned_orders import Unfinished
from engine.quarantine import Quarantine, Scratch, Sieve, UnreadFact
from engine.risk import RiskGate
from engine.strategies.strategy import UNFOLDED
from engine.tally import Tally
from tipoff.runs.settings import TradingSettings

SIEVE = "sieve"
"""The state of what is looked at and folded by no actor."""

SectionOf = Callable[[str], Parts]
"""The parts of a state by its name, made anew each time."""


class RunFold:
    """The states of all that follow from facts, one fact after the other."""

    def __init__(self, settings: TradingSettings, before: SectionOf | None = None) -> None:
        """Begin with nothing, or with what earlier facts were folded to."""
        self._settings = settings
        self._before = before
        self.exchange = PaperExchange(settings.rules, settings.seed)
        limits = settings.limits, settings.strategy_limits
        gate = RiskGate(*limits, settings.rules.rounding, apart=settings.apart)
        self.model = ReadModel()
        self.sieve = Sieve(Scratch(self.exchange, gate, self.model.fact))
        self.unfinished = Unfinished()
        self.standing: list[Fact] = []
        self.unread: dict[int, UnreadFact] = {}
        self.kept: list[Fact] = []
        """The facts that were taken and not set aside, since it began or was settled."""
        self.settled = False
        """Whether facts were forgotten, so that only a snapshot can stand for them."""
        self._strategies = {plan.name: plan.make() for plan in settings.strategies}
        self._facts_before = 0
        self._untold: dict[str, list[Fact]] = {plan.name: [] for plan in settings.strategies}
        if before is not None:
            self._recover(before)

    def take(self, fact: Fact | UnreadFact) -> None:
        """Fold the next fact of the run, or set it aside."""
        kept = self.sieve.take(fact)
        if isinstance(fact, UnreadFact):
            self.unread[self.entries] = fact
        if kept is None:
            return
        self.kept.append(kept)
        self.unfinished.apply(kept)
        if isinstance(kept, STANDING):
            self.standing.append(kept)
        strategy = strategy_of(kept)
        if strategy in self._untold:
            self._untold[strategy].append(kept)

    def settle(self) -> None:
        """Forget the facts that were kept, where a snapshot is going to stand for them."""
        for name in self._strategies:
            self._memory(name)
        self.kept.clear()
        self.settled = True

    @property
    def entries(self) -> int:
        """How many entries of the journal were taken."""
        return self.sieve.sifted.entries

    @property
    def tally(self) -> Tally:
        """The totals of the facts."""
        return self.model.tally

    def states(self) -> dict[str, dict[str, object]]:
        """All states by name and part, as they are now; they change with the next fact."""
        states = {
            EXCHANGE: self.exchange.state.durable(),
            GATE: self.sieve.scratch.gate.durable(),
            READ_MODEL: self.model.durable(),
            SIEVE: {
                **self.sieve.durable(),
                "unfinished": self.unfinished,
                "standing": self.standing,
                "unread": self.unread,
            },
        }
        for name in self._strategies:
            states[STRATEGY + name] = self._memory(name)
        return states

    def history(self) -> FactHistory:
        """The past of a run that goes on from here. Uses this up: nothing can be asked of it afterwards."""
        before = self._before
        beginning = None
        if before is not None:
            known = before(SIEVE)
            beginning = Beginning(
                facts=self._facts_before,
                standing=tuple(_listed(known["standing"])),
                unfinished=lambda: _left(before(SIEVE)),
                parts=before,
            )
        history = FactHistory(self.kept, Quarantine(self.sieve.sifted, self.exchange), beginning)
        # Whoever holds this for longer than the start must not hold all that it was made of.
        vars(self).clear()
        return history

    def _memory(self, name: str) -> dict[str, object]:
        strategy, untold = self._strategies[name], self._untold[name]
        memory = strategy.memory()
        if memory is not None:
            strategy.restore(untold)
            untold.clear()
            return strategy.memory() or memory
        return {UNFOLDED: untold}

    def _recover(self, before: SectionOf) -> None:
        self.exchange.recover(before(EXCHANGE))
        self.sieve.scratch.gate.recover(before(GATE))
        self.model.recover(before(READ_MODEL))
        known = before(SIEVE)
        self.sieve.recover(known)
        self.unfinished = _left(known)
        self.standing = _listed(known["standing"])
        unread = known["unread"]
        assert isinstance(unread, dict)  # noqa: S101 - that is what `states` gives
        self.unread = unread
        self._facts_before = self.sieve.sifted.entries - self.sieve.sifted.taken_out
        for name, strategy in self._strategies.items():
            parts = before(STRATEGY + name)
            if UNFOLDED in parts:
                self._untold[name] = _listed(parts[UNFOLDED])
            else:
                strategy.remember(parts)


def folded(
    facts: Iterable[Fact | UnreadFact], settings: TradingSettings, before: SectionOf | None = None
) -> RunFold:
    """Fold facts, behind those of `before`."""
    fold = RunFold(settings, before)
    for fact in facts:
        fold.take(fact)
    return fold


def fold_digest(settings: TradingSettings) -> str:
    """sha256 over what of the settings the fold rests on: with others it would come to another state."""
    kinds = sorted((plan.name, plan.kind) for plan in settings.strategies)
    return hashlib.sha256(repr((settings.rules, kinds, settings.apart)).encode()).hexdigest()


def _left(parts: Mapping[str, object]) -> Unfinished:
    left = parts["unfinished"]
    assert isinstance(left, Unfinished)  # noqa: S101 - that is what `states` gives
    return left


def _listed(facts: object) -> list[Fact]:
    assert isinstance(facts, list)  # noqa: S101 - that is what `states` gives
    return facts
