"""A decision that raises while the evening goes on costs its market, at once; nobody dies of it.

Covers: actors.paper_exchange, actors.risk_gate, engine.quarantine.blame, engine.exchange.undoing.
"""

from collections import Counter
from pkgutil import resolve_name

import attrs
import pytest

from engine.events import FeedConnected, VenueEvent
from engine.exchange import PaperExchange
from engine.facts import Fact, FactsSetAside, OrderFilled, OrderSubmitted, TradingHalted
from engine.step import Step
from engine.units import MONEY_ZERO
from persistence.codec import encode
from tests.stories.plays import Played, lines_of, play, scripted
from tests.tipoff.live_desk import EVENING
from tipoff.runs.settings import TradingSettings
from venues.recordings.recorder import Line

MARKET, NEIGHBOUR = "KXNBAGAME-26NOV20MEMPOR-MEM", "KXNBAGAME-26NOV20MEMPOR-POR"
ORDERS = 80
BIDS = ("0.3500", "0.5000")
"""Low enough in the market that some are taken back before they are filled."""

KINDS = (
    "MarketTermsChanged",
    "OrderSubmitted",
    "OrderRested",
    "OrderFilled",
    "LedgerPosted",
    "BandMoved",
    "LevelTaken",
    "DepthUnclear",
    "QueueMoved",
    "QueueLevelChanged",
    "TradeHeld",
    "TradeReleased",
    "CancelSubmitted",
    "OrderCancelled",
    "MarketResultKnown",
    "PositionSettled",
    "PositionPaid",
)
"""What the exchange decides in the market on this evening; each may be where it fails."""


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """A whole evening."""
    return lines_of(EVENING)


@pytest.fixture(scope="module")
def settings(lines: list[Line], free_settings: TradingSettings) -> TradingSettings:
    """One strategy that trades in both markets, whatever happens to it."""
    return scripted(free_settings, lines, ORDERS, bids=BIDS)


@pytest.fixture(scope="module")
def undisturbed(lines: list[Line], settings: TradingSettings) -> Played:
    """The evening when nothing fails."""
    return play(lines, settings)


@attrs.define
class InMarket:
    """Which facts are about the market, as they come: some name only an order."""

    orders: set[str] = attrs.field(factory=set)

    def has(self, fact: Fact) -> bool:
        """Whether the next fact is."""
        if isinstance(fact, OrderSubmitted):
            if fact.order.ticker == MARKET:
                self.orders.add(fact.order.order_id)
            return fact.order.ticker == MARKET
        return getattr(fact, "order_id", None) in self.orders or MARKET in encode(fact).decode()


def neighbours_fills(played: Played) -> list[bytes]:
    """What was filled in the other market, as it would be stored."""
    facts = (each.fact for each in played.facts)
    return [encode(fact) for fact in facts if isinstance(fact, OrderFilled) and fact.ticker == NEIGHBOUR]


def breaks_at(monkeypatch: pytest.MonkeyPatch, kind: str, nth: int) -> Counter[str]:
    """From the nth on no decision of this kind in the market ends well, after it is half applied."""
    emit = resolve_name("engine.exchange.step_context:StepContext.emit")
    raised: Counter[str] = Counter()
    market = InMarket()

    def fails(context: object, fact: Fact) -> None:
        emit(context, fact)
        if market.has(fact) and type(fact).__name__ == kind:
            raised["heard"] += 1
            if raised["heard"] >= nth:
                raised["failed"] += 1
                raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr("engine.exchange.step_context.StepContext.emit", fails)
    return raised


@pytest.mark.promise("a-decision-that-raises-costs-its-market")
@pytest.mark.parametrize("kind", KINDS)
def test_a_decision_that_raises_costs_its_market_at_once_and_the_neighbour_hears_nothing_of_it(
    lines: list[Line],
    settings: TradingSettings,
    undisturbed: Played,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    market = InMarket()
    times = sum(market.has(each.fact) and type(each.fact).__name__ == kind for each in undisturbed.facts)
    raised = breaks_at(monkeypatch, kind, times // 2 + 1)
    played = play(lines, settings)
    assert raised["failed"]
    system = played.session.system
    assert system.lives.restarts == 0
    assert system.dispatcher.dead_letters == 0
    said = [each.fact for each in played.facts if isinstance(each.fact, FactsSetAside)]
    assert {fact.scope for fact in said} == {f"market:{MARKET}"}
    assert all("nobody thought of this" in fact.words for fact in said)
    halts = [each.fact for each in played.facts if isinstance(each.fact, TradingHalted)]
    assert [halt.scope for halt in halts] == [f"market:{MARKET}"]
    fills = neighbours_fills(played)
    assert fills == neighbours_fills(undisturbed)
    assert len(fills) > ORDERS // 8
    assert played.store.tally.ledger.verify() == MONEY_ZERO


@attrs.frozen
class Failing:
    """A function that fails over whatever has to do with the market, from a moment on."""

    where: str
    over: str

    def put(self, monkeypatch: pytest.MonkeyPatch, since: int) -> None:
        """Make it fail."""
        works = resolve_name(self.where.replace("@", ":"))

        def fails(self_: object, over: object, *rest: object, **named: object) -> object:
            if type(over).__name__ == self.over and of_market(over) and moment(over) >= since:
                raise ZeroDivisionError("nobody thought of this")
            return works(self_, over, *rest, **named)

        monkeypatch.setattr(self.where.replace("@", "."), fails)


def of_market(over: object) -> bool:
    """Whether it has to do with the market."""
    return getattr(getattr(over, "order", over), "ticker", None) == MARKET


def moment(over: object) -> int:
    """When it happens, by what it is."""
    order = getattr(over, "order", over)
    found = getattr(over, "at", None) or getattr(over, "now", None) or getattr(order, "decided_at", None)
    assert isinstance(found, int)
    return found


@pytest.mark.promise("a-decision-that-raises-costs-its-market")
@pytest.mark.parametrize(
    ("where", "over"),
    [
        ("engine.risk.gate@RiskGate.on_game_news", "TopChanged"),
        ("engine.risk.gate@RiskGate.on_game_news", "MarketKnown"),
        ("engine.risk.gate@RiskGate._objection", "OrderContext"),
        ("engine.risk.gate@RiskGate._judge_place", "PlaceOrder"),
        ("engine.risk.accounts@Accounts.apply", "OrderFilled"),
        ("engine.risk.accounts@Accounts.approve", "Pending"),
        ("engine.exchange.paper@PaperExchange.on_venue_event", "BookDelta"),
        ("engine.exchange.paper@PaperExchange.on_venue_event", "TradePrinted"),
        ("engine.book@Book.apply_delta", "BookDelta"),
        ("engine.game@Game.on_event", "BookSnapshot"),
        ("engine.game@Game.on_event", "MarketListed"),
    ],
)
def test_whoever_fails_over_a_market_goes_on_with_the_others(
    lines: list[Line],
    settings: TradingSettings,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    over: str,
) -> None:
    # What is told only once is told when the evening begins.
    since = 0 if over in ("MarketListed", "MarketKnown", "BookSnapshot") else lines[len(lines) // 3].at
    Failing(where, over).put(monkeypatch, since)
    played = play(lines, settings)
    said = [each.fact for each in played.facts if isinstance(each.fact, FactsSetAside)]
    assert {fact.scope for fact in said} == {f"market:{MARKET}"}
    assert "nobody thought of this" in said[0].words
    system = played.session.system
    assert system.lives.restarts == 0
    assert system.dispatcher.dead_letters == 0
    halts = [each.fact for each in played.facts if isinstance(each.fact, TradingHalted)]
    assert [halt.scope for halt in halts] == [f"market:{MARKET}"]
    later = [each.fact for each in played.facts if each.fact.at > said[0].at]
    filled = {fact.ticker for fact in later if isinstance(fact, OrderFilled)}
    assert filled == {NEIGHBOUR}
    assert played.store.tally.ledger.verify() == MONEY_ZERO


@pytest.mark.promise("a-decision-that-raises-costs-its-market")
def test_where_no_market_is_named_the_exchange_begins_a_new_life(
    lines: list[Line], settings: TradingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    works, failed = PaperExchange.on_venue_event, list[VenueEvent]()

    def fails(self_: PaperExchange, event: VenueEvent, now: int) -> Step:
        if isinstance(event, FeedConnected) and not failed:
            failed.append(event)
            raise ZeroDivisionError("nobody thought of this")
        return works(self_, event, now)

    monkeypatch.setattr("engine.exchange.paper.PaperExchange.on_venue_event", fails)
    played = play(lines, settings)
    assert failed
    assert played.session.system.lives.restarts > 0
    assert [each.fact for each in played.facts if isinstance(each.fact, FactsSetAside | TradingHalted)] == []
    assert len(neighbours_fills(played)) > ORDERS // 8


@pytest.mark.promise("a-decision-that-raises-costs-its-market")
def test_a_score_that_cannot_be_taken_in_costs_its_game(
    lines: list[Line], settings: TradingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_self: object, _seen: object, _now: int) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr("engine.game.Game._score", fails)
    played = play(lines, settings)
    said = [each.fact for each in played.facts if isinstance(each.fact, FactsSetAside)]
    assert [fact.scope for fact in said] == [f"game:{MARKET.split('-')[1]}"]
    assert played.session.system.lives.restarts == 0
