"""The facts of earlier processes, tried one by one before anybody lives on them.

Called at the start of every process, live or replayed. A fact that cannot be read, contradicts what went
before or cannot be folded is taken out; whoever folds the others afterwards meets none that fails.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import attrs

from engine.exchange import PaperExchange
from engine.facts import Fact
from engine.message import changed
from engine.quarantine.concerns import Concerns, of_money
from engine.quarantine.contradictions import Consistency
from engine.quarantine.ranges import out_of_range
from engine.quarantine.unread import UnreadFact
from engine.risk import RiskGate
from engine.run_facts import FactsSetAside
from engine.units import Nanos

UNSAID: Final = Nanos(0)
"""When a fact was decided that nobody has made durable yet."""


@attrs.frozen
class Scratch:
    """What the facts are tried on: all of it empty, or folded up to where they begin."""

    exchange: PaperExchange
    gate: RiskGate
    count: Callable[[Fact], None]
    """Takes in what the two have taken in."""


@attrs.define
class Sifted:
    """What was taken out by scope (not durable yet), and how many entries there were and were taken out."""

    set_aside: dict[str, FactsSetAside] = attrs.field(factory=dict)
    entries: int = 0
    taken_out: int = 0

    def take_out(self, fact: Fact | UnreadFact, why: str, scopes: Iterable[str]) -> None:
        """Set the present entry aside."""
        kind = fact.kind if isinstance(fact, UnreadFact) else type(fact).__name__
        money = of_money(fact)
        self.taken_out += 1
        for scope in scopes:
            before = self.set_aside.get(scope)
            if before is None:
                entry = self.entries
                self.set_aside[scope] = FactsSetAside(scope, entry, entry, 1, kind, why, money, UNSAID)
            else:
                self.set_aside[scope] = changed(
                    before, last=self.entries, count=before.count + 1, money=before.money or money
                )


class Sieve:
    """The facts of a run, tried one after the other."""

    def __init__(self, scratch: Scratch) -> None:
        """Begin where `scratch` is empty; `recover` what was known where it is not."""
        self.scratch = scratch
        self.sifted = Sifted()
        self._consistency = Consistency(scratch.exchange.state)
        self._concerns = Concerns(scratch.exchange.state)

    def take(self, fact: Fact | UnreadFact) -> Fact | None:
        """Try the next fact; returns it if it can be lived on, and None if it is set aside."""
        self.sifted.entries += 1
        if isinstance(fact, UnreadFact):
            self.sifted.take_out(fact, fact.why, self._concerns.of(fact))
            return None
        wrong = out_of_range(fact) or self._consistency.contradiction(fact) or _failure(fact, self.scratch)
        if wrong is not None:
            self.sifted.take_out(fact, wrong, self._concerns.of(fact))
            return None
        return fact

    def durable(self) -> dict[str, object]:
        """What is known beside the scratch, by name: what a snapshot of the fold holds."""
        consistency, concerns = self._consistency, self._concerns
        return {
            "sifted": self.sifted,
            "fills": consistency.fills,
            "entries": consistency.entries,
            "markets": concerns.markets,
        }

    def recover(self, parts: Mapping[str, object]) -> None:
        """Go on from where somebody was who had these parts."""
        sifted, fills, entries, markets = (parts[name] for name in ("sifted", "fills", "entries", "markets"))
        assert isinstance(sifted, Sifted)  # noqa: S101 - that is what `durable` gives
        assert isinstance(fills, set)  # noqa: S101
        assert isinstance(entries, set)  # noqa: S101
        assert isinstance(markets, dict)  # noqa: S101
        self.sifted = sifted
        self._consistency.fills, self._consistency.entries = fills, entries
        self._concerns.markets = markets


def _failure(fact: Fact, scratch: Scratch) -> str | None:
    """What folding the fact raises, in words."""
    try:
        scratch.exchange.apply(fact)
        scratch.gate.restore((fact,))
        scratch.count(fact)
    # Whatever it is: raised here it costs a market, raised in an actor every start from now on.
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    return None
