"""Every actor dies at every kind of message it hears: it comes back, and nobody else's money changes.

The messages that each actor hears are a table here, held against an undisturbed evening, so that a new
message cannot go untested.

Covers: actors.paper_exchange, actors.risk_gate.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeAlias

import attrs
import pytest

from actors.runtime import Address, Fault, InjectedFault, Outgoing
from engine.risk import RiskLimits
from engine.strategies.strategy import StrategyContext
from engine.units import MONEY_ONE, MONEY_ZERO, Money
from tests.stories.plays import Played, play
from tipoff.replay.session import VirtualSession
from tipoff.runs.plugins import installed
from tipoff.runs.settings import StrategyPlan, TradingSettings
from venues.recordings.recorder import Line

BANKROLL = Money(1_000 * MONEY_ONE)
WARM_UP = 1_500
"""Lines before the fault: the evening is under way and positions are open."""

HEARD = {
    "sources/market_feed": ("VenueInput", "BookDelta", "TickerRouted"),
    "sources/schedule": ("GameSeen", "ScoreSeen", "OddsSeen", "TickerSeen"),
    "games/GAME": (
        "BookDelta",
        "BookSnapshot",
        "MarketListed",
        "MarketStatusChanged",
        "CloseTimeChanged",
        "MarketDetermined",
        "MarketSettled",
        "ScoreSeen",
        "OddsSeen",
        "GameMatched",
    ),
    "exchange/paper_exchange": (
        "BookDelta",
        "BookSnapshot",
        "TradePrinted",
        "MarketListed",
        "MarketStatusChanged",
        "CloseTimeChanged",
        "MarketDetermined",
        "MarketSettled",
        "Approved",
        "Wake",
    ),
    "exchange/risk_gate": (
        "TopChanged",
        "MarketKnown",
        "GameKnown",
        "GameBegun",
        "ScoreSeen",
        "OddsSeen",
        "Committed",
        "PlaceOrder",
        "Wake",
    ),
    "exchange/strategies/first": (
        "TopChanged",
        "MarketKnown",
        "GameKnown",
        "GameBegun",
        "ScoreSeen",
        "OddsSeen",
        "Learned",
        "OrderApproved",
        "OrderSubmitted",
        "OrderFilled",
        "OrderRejected",
        "BandMoved",
        "LedgerPosted",
        "Wake",
    ),
}
FIRST, SECOND = "first", "second"


def plan(name: str, kind: str, market_types: list[str]) -> StrategyPlan:
    """A strategy on some kinds of markets only."""
    strategy = installed().strategies[kind]
    parameters = strategy.parameters_class.parse({"market_types": market_types})
    return StrategyPlan.of(strategy, name, parameters, StrategyContext(seed=1, bankroll=BANKROLL))


@pytest.fixture(scope="module")
def settings(free_settings: TradingSettings) -> TradingSettings:
    """Two strategies that share nothing but the runtime: other markets, and no limits in common."""
    plans = (plan(FIRST, "momentum", ["moneyline"]), plan(SECOND, "momentum", ["spread", "total"]))
    unlimited = RiskLimits(**{field.name: None for field in attrs.fields(RiskLimits)})
    return attrs.evolve(free_settings, strategies=plans, limits=unlimited)


@pytest.fixture(scope="module")
def undisturbed(small_evening: list[Line], settings: TradingSettings) -> Played:
    """The evening as it goes when nobody dies."""
    return play(small_evening, settings)


def game_name(address: str) -> str:
    """The table's word for the one game of the story."""
    return "games/GAME" if address.startswith("games/") else address


def test_the_undisturbed_evening_trades(undisturbed: Played) -> None:
    assert len(undisturbed.ledger(FIRST)) > 10
    assert len(undisturbed.ledger(SECOND)) > 5


def test_the_table_names_every_message_of_an_undisturbed_evening(
    small_evening: list[Line], settings: TradingSettings
) -> None:
    heard: defaultdict[str, set[str]] = defaultdict(set)

    def spy(session: VirtualSession, _number: int) -> None:
        for address, cell in session.system.dispatcher.cells.items():
            if getattr(cell.receive, "__name__", "") != "listening" and cell.life is not None:
                cell.receive = _listening(cell.receive, heard[game_name(address)])

    play(small_evening, settings, spy)
    untested = {name: sorted(heard[name] - set(messages) - OTHERS) for name, messages in HEARD.items()}
    assert untested == {name: [] for name in HEARD}


OTHERS = frozenset(
    {
        "OrderDenied",
        "OrderCancelled",
        "PositionSettled",
        "PositionPaid",
        "FeedConnected",
        "FeeChanged",
        "ExchangeStatusSeen",
        "ActorStarted",
        "AccountOpen",
    }
)
"""Messages that are handled like one of the table's, or come before anything has happened."""


Receive: TypeAlias = Callable[[object, int], Iterable[Outgoing]]


def _listening(inner: Receive, heard: set[str]) -> Receive:
    def listening(message: object, now: int) -> Iterable[Outgoing]:
        heard.add(type(message).__name__)
        return inner(message, now)

    return listening


@pytest.mark.promise("crash-any-message-evening")
@pytest.mark.parametrize(
    ("address", "message"), [(name, kind) for name, kinds in HEARD.items() for kind in kinds]
)
def test_a_crash_at_any_message_is_healed_and_leaves_the_other_ledger_as_it_was(
    small_evening: list[Line], settings: TradingSettings, undisturbed: Played, address: str, message: str
) -> None:
    crashed: list[int] = []

    def disturb(session: VirtualSession, number: int) -> None:
        if not crashed and (number >= WARM_UP or message in EARLY or (address, message) in EARLY_THERE):
            for place in list(session.system.dispatcher.cells):
                if game_name(place) == address:
                    _crash_at(session, place, message)
                    crashed.append(number)

    played = play(small_evening, settings, disturb)
    system = played.session.system
    assert system.lives.restarts >= 1
    assert system.running
    assert all(status.state == "running" for status in system.status())
    assert played.store.tally.ledger.verify() == MONEY_ZERO
    if address == f"exchange/strategies/{FIRST}":
        assert played.ledger(SECOND) == undisturbed.ledger(SECOND)


EARLY = ("TickerRouted", "TickerSeen", "GameMatched", "GameKnown", "GameBegun", "BookSnapshot")
"""Messages that come only while the evening begins."""

EARLY_THERE = (("exchange/risk_gate", "Wake"),)
"""What else comes to these only then: the gate is woken at the tip."""


def _crash_at(session: VirtualSession, place: Address, message: str) -> None:
    """Let the actor fail at the next message of the named kind."""
    cell = session.system.dispatcher.cells[place]
    inner = cell.receive
    assert inner is not None

    def failing(received: object, now: int) -> Iterable[Outgoing]:
        if type(received).__name__ != message:
            return inner(received, now)
        raise InjectedFault(f"at {message}")

    cell.receive = failing


def test_a_fault_before_the_first_message_is_the_same(
    small_evening: list[Line], settings: TradingSettings
) -> None:
    def disturb(session: VirtualSession, number: int) -> None:
        if number == WARM_UP:
            session.system.crash_next(Address("exchange/paper_exchange"), Fault(InjectedFault("any")))

    played = play(small_evening, settings, disturb)
    assert played.session.system.lives.restarts >= 1
    assert played.store.tally.ledger.verify() == MONEY_ZERO
