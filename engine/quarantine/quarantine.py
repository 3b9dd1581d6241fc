"""What the start of this process has set aside, and which markets stand still because of it.

Held by the fact history; the paper exchange asks it what to freeze, the risk gate what to make durable. What
an earlier start has said is not said again, and what a person has released stays so.
"""

from collections.abc import Iterable

from engine.exchange import PaperExchange, undecidable
from engine.facts import Fact, TradingResumed
from engine.message import changed
from engine.quarantine.sieve import UNSAID, Sifted
from engine.risk import MARKET, QUARANTINE
from engine.run_facts import AT_START, FactsSetAside
from engine.units import Nanos


class Quarantine:
    """See the module."""

    def __init__(self, sifted: Sifted | None = None, scratch: PaperExchange | None = None) -> None:
        """`scratch` has folded what was kept, and is used up by the rehearsal."""
        self._found = {} if sifted is None else dict(sifted.set_aside)
        self.entries_set_aside = 0 if sifted is None else sifted.taken_out
        self._scratch = scratch
        self._said = False

    def rehearse(self, now: Nanos) -> None:
        """Try what is to be decided at the start, once: what waits for missing trades, and what is due."""
        scratch, self._scratch = self._scratch, None
        if scratch is None:
            return
        for ticker, why in undecidable(scratch, now).items():
            scope = MARKET + ticker
            # A decision that fails says nothing about what is held.
            self._found.setdefault(scope, FactsSetAside(scope, 0, 0, 1, AT_START, why, False, UNSAID))

    def unsaid(self, facts: Iterable[Fact]) -> tuple[FactsSetAside, ...]:
        """What no earlier start has made durable."""
        if self._said or not self._found:
            return ()
        said: dict[str, int] = {}
        frozen: set[str] = set()
        for fact in facts:
            if isinstance(fact, FactsSetAside):
                said[fact.scope] = max(fact.last, said.get(fact.scope, 0))
                frozen.add(fact.scope)
            elif isinstance(fact, TradingResumed):
                frozen.discard(fact.scope)
        return tuple(
            found
            for scope, found in self._found.items()
            if (found.last > said.get(scope, 0) if found.last else scope not in frozen)
        )

    def say(self, facts: Iterable[Fact], now: Nanos) -> tuple[FactsSetAside, ...]:
        """The same, for who makes it durable: from now on the facts tell it."""
        unsaid = tuple(changed(found, at=now) for found in self.unsaid(facts))
        self._said = True
        return unsaid

    def frozen(self, facts: Iterable[Fact]) -> dict[str, bool]:
        """The markets that stand still, and of each whether it may be settled all the same."""
        facts = tuple(facts)
        standing: dict[str, bool] = {}
        for fact in facts:
            if isinstance(fact, FactsSetAside) and fact.scope.startswith(MARKET):
                _freeze(standing, fact.scope, money=fact.money)
            elif isinstance(fact, TradingResumed):
                standing.pop(fact.scope.removeprefix(MARKET), None)
        for found in self.unsaid(facts):
            if found.scope.startswith(MARKET):
                _freeze(standing, found.scope, money=found.money)
        return standing

    def parked(self, facts: Iterable[Fact]) -> set[str]:
        """The strategies of which some fact was ever set aside in this run, released or not."""
        facts = tuple(facts)
        scopes = [fact.scope for fact in facts if isinstance(fact, FactsSetAside)]
        scopes += [found.scope for found in self.unsaid(facts)]
        return {scope.removeprefix(QUARANTINE) for scope in scopes if scope.startswith(QUARANTINE)}


def _freeze(standing: dict[str, bool], scope: str, *, money: bool) -> None:
    ticker = scope.removeprefix(MARKET)
    standing[ticker] = standing.get(ticker, True) and not money
