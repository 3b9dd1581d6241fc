"""A strategy that raises at its n-th message: once, and it is restarted; always, and it is parked.

It rests orders in the winner's markets; five others trade margins and totals, with no limits in common. What
they do must be the same, byte for byte, whatever befalls the one.
"""

from typing import Final

import attrs
import pytest

from actors.addresses import strategy_address
from engine.events import GameNews
from engine.facts import Fact, OrderApproved, OrderCancelled, OrderFilled, SignalRaised, TradingHalted
from engine.orders import CancelReason, PlaceOrder
from engine.risk import QUARANTINE
from engine.step import Step
from engine.strategies.parameters import Plain
from engine.strategies.scripted import Scripted, ScriptedParameters
from engine.strategies.strategy import StrategyContext
from engine.units import MONEY_ONE, MONEY_ZERO, Money, Nanos
from tests.stories.plays import Played, lively, play, unlimited
from tipoff.reports.document import failed_actors
from tipoff.runs.plugins import installed
from tipoff.runs.settings import StrategyPlan, TradingSettings
from venues.recordings.recorder import Line

CLUMSY: Final = "clumsy"
OTHERS: Final[dict[str, dict[str, Plain]]] = {
    "sharp_line": {"market_types": ["spread", "total"]},
    "momentum": {"market_types": ["spread", "total"]},
    "ev_multi": {"market_types": ["spread", "total"], "min_sportsbooks": 3},
    "mean_reversion": {"price": False},
    "correlation": {"market_types": ["spread", "total"]},
}
CONTEXT: Final = StrategyContext(seed=1, bankroll=Money(1_000 * MONEY_ONE))
NTH: Final = 600


class Clumsy(Scripted):
    """Rests a bid for one cent in each winner's market and takes what is asked; fails as `fault` says."""

    def __init__(self, name: str, parameters: ScriptedParameters, fault: "Fault") -> None:
        """Begin like any life: with nothing but what is restored."""
        super().__init__(name, parameters, CONTEXT)
        self._fault = fault
        self._lives = False

    def on_news(self, news: GameNews, now: Nanos) -> Step:
        """Count, and perhaps fail."""
        self._hear(type(news).__name__)
        return super().on_news(news, now)

    def on_fact(self, fact: Fact, now: Nanos) -> Step:
        """The same."""
        self._hear(type(fact).__name__)
        return super().on_fact(fact, now)

    def _hear(self, what: str) -> None:
        # Whoever folds the journal makes a strategy too; one that lives hears something.
        self._fault.lives += not self._lives
        self._lives = True
        self._fault.count(what)


@attrs.define
class Fault:
    """Fails at message number `nth` of all lives together; at every later one too if it `lasts`."""

    nth: int
    lasts: bool
    heard: int = 0
    lives: int = 0
    failed: int = 0

    def count(self, what: str) -> None:
        """Another message has come."""
        self.heard += 1
        if self.heard == self.nth or (self.lasts and self.heard > self.nth):
            self.failed += 1
            raise ZeroDivisionError(f"clumsy at message {self.heard}, {what}")


def plans(lines: list[Line], fault: Fault) -> tuple[StrategyPlan, ...]:
    """The clumsy one and the five others."""
    tickers = sorted({_ticker(line) for line in lines if "KXNBAGAME-" in line.body} - {""})
    begins = lively(lines)[0]
    wishes: list[dict[str, Plain | None]] = [
        {
            "at": begins,
            "id": f"{ticker} {price}",
            "ticker": ticker,
            "side": "bid",
            "price": price,
            "count": "5.00",
        }
        for ticker in tickers
        for price in ("0.0100", "0.9900")
    ]
    parameters = ScriptedParameters().with_lines(wishes)

    def clumsy() -> Scripted:
        return Clumsy(CLUMSY, parameters, fault)

    return (
        attrs.evolve(StrategyPlan.of(Scripted, CLUMSY, parameters, CONTEXT), make=clumsy),
        *(_plan(kind, values) for kind, values in OTHERS.items()),
    )


def _plan(kind: str, values: dict[str, Plain]) -> StrategyPlan:
    strategy = installed().strategies[kind]
    return StrategyPlan.of(strategy, kind, strategy.parameters_class.parse(values), CONTEXT)


def _ticker(line: Line) -> str:
    _, found, rest = line.body.partition('"market_ticker":"KXNBAGAME-')
    return "KXNBAGAME-" + rest.partition('"')[0] if found else ""


def played(lines: list[Line], settings: TradingSettings, fault: Fault) -> Played:
    """The evening with a fault."""
    return play(lines, attrs.evolve(unlimited(settings), strategies=plans(lines, fault)))


@pytest.fixture(scope="module")
def undisturbed(small_evening: list[Line], free_settings: TradingSettings) -> Played:
    """The evening on which nothing fails."""
    return played(small_evening, free_settings, Fault(0, lasts=False))


def facts_of(evening: Played, kind: type[Fact]) -> list[Fact]:
    """The clumsy strategy's facts of a kind."""
    return [
        numbered.fact
        for numbered in evening.facts
        if isinstance(numbered.fact, kind) and getattr(numbered.fact, "strategy", CLUMSY) == CLUMSY
    ]


def require_others_untouched(evening: Played, undisturbed: Played) -> None:
    """Every ledger but one is what it was, byte for byte; no money has appeared."""
    for name in OTHERS:
        assert evening.ledger(name) == undisturbed.ledger(name), name
    assert evening.store.tally.ledger.verify() == MONEY_ZERO


def test_the_undisturbed_evening_has_resting_orders_and_busy_others(undisturbed: Played) -> None:
    assert sorted(order.order_id for order in placed(undisturbed)) == [f"{CLUMSY}-{n}" for n in (1, 2, 3, 4)]
    assert len(facts_of(undisturbed, OrderFilled)) > 0
    # An account that only was opened has one entry.
    assert sum(len(undisturbed.ledger(name)) > 1 for name in OTHERS) >= 3


@pytest.mark.promise("evening-trading-failure-restart")
def test_one_failure_is_a_restart_that_loses_nothing(
    small_evening: list[Line], free_settings: TradingSettings, undisturbed: Played
) -> None:
    fault = Fault(NTH, lasts=False)
    evening = played(small_evening, free_settings, fault)
    assert (fault.failed, fault.lives, evening.session.system.lives.restarts) == (1, 2, 1)
    assert all(status.state == "running" for status in evening.session.system.status())
    assert evening.ledger(CLUMSY) == undisturbed.ledger(CLUMSY)
    require_others_untouched(evening, undisturbed)


@pytest.mark.promise("evening-trading-restarted-three")
@pytest.mark.parametrize("nth", [NTH, 3_000])
def test_one_that_fails_always_is_restarted_three_times_and_then_parked_with_its_orders_cancelled(
    small_evening: list[Line], free_settings: TradingSettings, undisturbed: Played, nth: int
) -> None:
    fault = Fault(nth, lasts=True)
    evening = played(small_evening, free_settings, fault)
    system = evening.session.system
    assert (fault.failed, fault.lives, system.lives.restarts) == (4, 4, 3)
    parked = [status for status in system.status() if status.state != "running"]
    assert [(status.address, status.state) for status in parked] == [(strategy_address(CLUMSY), "parked")]
    (failed,) = failed_actors(system.status())
    assert (failed.actor, failed.state, failed.failures) == (strategy_address(CLUMSY), "parked", 4)
    halts = [numbered.fact for numbered in evening.facts if isinstance(numbered.fact, TradingHalted)]
    assert [halt.scope for halt in halts] == [QUARANTINE + CLUMSY]
    cancelled = [fact for fact in facts_of(evening, OrderCancelled) if isinstance(fact, OrderCancelled)]
    assert {(fact.order_id, fact.reason) for fact in cancelled} == {
        (order.order_id, CancelReason.STRATEGY_QUARANTINED) for order in resting(evening, halts[0].at)
    }
    assert cancelled
    require_others_untouched(evening, undisturbed)


def placed(evening: Played) -> list[PlaceOrder]:
    """The clumsy strategy's orders that the gate let through."""
    commands = [fact.command for fact in facts_of(evening, OrderApproved) if isinstance(fact, OrderApproved)]
    return [order for order in commands if isinstance(order, PlaceOrder) and order.strategy == CLUMSY]


def resting(evening: Played, until: int) -> list[PlaceOrder]:
    """Those of before a moment that were never filled whole."""
    filled = {
        fact.order_id
        for fact in facts_of(evening, OrderFilled)
        if isinstance(fact, OrderFilled) and not fact.remaining
    }
    return [order for order in placed(evening) if order.order_id not in filled and order.decided_at < until]


def test_a_parked_strategy_says_nothing_more(
    small_evening: list[Line], free_settings: TradingSettings
) -> None:
    evening = played(small_evening, free_settings, Fault(NTH, lasts=True))
    (halt,) = [numbered.fact for numbered in evening.facts if isinstance(numbered.fact, TradingHalted)]
    said = [fact for fact in facts_of(evening, SignalRaised) if isinstance(fact, SignalRaised)]
    assert said
    assert all(fact.at <= halt.at for fact in said)
