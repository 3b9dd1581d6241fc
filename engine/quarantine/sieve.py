"""The facts of earlier processes, tried one by one before anybody lives on them.

Called at the start of every process, live or replayed. A fact that cannot be read, contradicts what went
before or cannot be folded is taken out; whoever folds the others afterwards meets none that fails.
"""

from collections.abc import Iterable
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
from engine.tally import Tally
from engine.units import Nanos

UNSAID: Final = Nanos(0)
"""When a fact was decided that nobody has made durable yet."""


@attrs.frozen
class Scratch:
    """What the facts are tried on: all of it empty, and of no use afterwards but the tally."""

    exchange: PaperExchange
    gate: RiskGate
    tally: Tally


@attrs.define
class Sifted:
    """What can be lived on, what was taken out by scope (not durable yet), and how many entries that were."""

    kept: list[Fact] = attrs.field(factory=list)
    set_aside: dict[str, FactsSetAside] = attrs.field(factory=dict)
    entries: int = 0

    def take_out(self, fact: Fact | UnreadFact, why: str, scopes: Iterable[str]) -> None:
        """Set the present entry aside."""
        kind = fact.kind if isinstance(fact, UnreadFact) else type(fact).__name__
        money = of_money(fact)
        for scope in scopes:
            before = self.set_aside.get(scope)
            if before is None:
                entry = self.entries
                self.set_aside[scope] = FactsSetAside(scope, entry, entry, 1, kind, why, money, UNSAID)
            else:
                self.set_aside[scope] = changed(
                    before, last=self.entries, count=before.count + 1, money=before.money or money
                )


def sift(facts: Iterable[Fact | UnreadFact], scratch: Scratch) -> Sifted:
    """Try all facts, oldest first; the tally has counted those that were kept."""
    sifted = Sifted()
    consistency, concerns = Consistency(scratch.exchange.state), Concerns(scratch.exchange.state)
    for fact in facts:
        sifted.entries += 1
        if isinstance(fact, UnreadFact):
            wrong: str | None = fact.why
        else:
            wrong = out_of_range(fact) or consistency.contradiction(fact) or _failure(fact, scratch)
        if isinstance(fact, UnreadFact) or wrong is not None:
            sifted.take_out(fact, wrong or "", concerns.of(fact))
        else:
            sifted.kept.append(fact)
    return sifted


def _failure(fact: Fact, scratch: Scratch) -> str | None:
    """What folding the fact raises, in words."""
    try:
        scratch.exchange.apply(fact)
        scratch.gate.restore((fact,))
        scratch.tally.apply(fact)
    # Whatever it is: raised here it costs a market, raised in an actor every start from now on.
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    return None
