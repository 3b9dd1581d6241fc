"""The observer: an exact picture of what was committed, bounded, and the same after any crash of its own.

Covers: actors.operator, actors.read_model.lines, actors.read_model.model, actors.read_model.views.
"""

import pytest

from actors.addresses import GAMES_TOPIC, JOURNAL, OBSERVER, OPERATOR, RISK_GATE
from actors.fact_history import FactHistory
from actors.messages import (
    ChartKind,
    ChartWanted,
    Commit,
    Committed,
    HaltOperation,
    NewsWanted,
    Numbered,
    Operate,
    OperationDone,
    OperationWanted,
    OperatorRequest,
    OutcomeWanted,
    Wake,
)
from actors.observer import (
    PNL_EVERY,
    PNL_READINGS_MAX,
    PNL_STRATEGIES_MAX,
    VENDORS_MAX,
    ObserverActor,
    PnlDue,
)
from actors.operator import ACTS_MAX, PENDING_MAX, ActOutcome, ActRefused, OperatorActor
from actors.read_model.model import MARKETS_MAX, TAIL_MAX, ReadModel
from actors.read_model.views import Overview, Query
from actors.runtime import (
    ActorExited,
    ActorRestarted,
    Address,
    After,
    Answer,
    CancelTimer,
    DeadLetter,
    Defer,
    ExitReason,
    Publish,
)
from engine.events import (
    BookSide,
    FeedConnected,
    FeedGapped,
    FeedLost,
    MarketKnown,
    MarketStatus,
    OddsSeen,
    TopChanged,
    Trust,
)
from engine.facts import (
    Fact,
    LedgerPosted,
    OperatorActed,
    OrderCancelled,
    OrderRested,
    OrderSubmitted,
    Posting,
    QueueMoved,
    SignalAction,
    SignalRaised,
    StrategyChanged,
    StrategyOpened,
    TradingHalted,
)
from engine.message import changed
from engine.orders import CancelReason, PlaceOrder, TimeInForce
from engine.readings import Chart
from engine.run_facts import Verdict
from engine.units import Count, Money, Nanos, Price

AT = Nanos(1_000)


def submitted(name: str) -> OrderSubmitted:
    order = PlaceOrder(
        order_id=name,
        strategy="sharp",
        game="G",
        ticker="T",
        side=BookSide.ASK,
        price=Price(4_000),
        count=Count(500),
        tif=TimeInForce.GTC,
        decided_at=AT,
        signal_id="s",
    )
    return OrderSubmitted(order, AT, AT)


def rested(name: str) -> OrderRested:
    return OrderRested(name, "sharp", "T", BookSide.ASK, Price(4_000), Count(500), Count(900), 7, AT)


FACTS: tuple[Fact, ...] = (
    StrategyOpened("sharp", "sharp_line", Money(10_000_000), "{}", AT),
    LedgerPosted(
        "open:sharp",
        "sharp",
        "bankroll",
        (Posting("cash:sharp", Money(10_000_000)), Posting("equity:sharp", Money(-10_000_000))),
        AT,
    ),
    submitted("a"),
    rested("a"),
    QueueMoved("a", Count(900), Count(300), "trade 1", AT),
    submitted("b"),
    rested("b"),
    OrderCancelled("b", "sharp", "T", Count(500), CancelReason.REQUESTED, AT),
    StrategyChanged("sharp", enabled=False, parameters='{"x":1}', by="uid 0", at=AT),
    TradingHalted("all", "halted", "uid 0", "lunch", AT),
)


def numbered(facts: tuple[Fact, ...], first: int = 1) -> tuple[Numbered, ...]:
    return tuple(Numbered(first + place, 1, "x", fact) for place, fact in enumerate(facts))


def seen(actor: ObserverActor, what: str = "overview", **filters: object) -> object:
    """What the observer answers."""
    (answer,) = actor.receive(Query(what, **filters), AT)  # type: ignore[arg-type]
    assert isinstance(answer, Answer)
    return answer.message


def overview(actor: ObserverActor) -> Overview:
    found = seen(actor)
    assert isinstance(found, Overview)
    return found


def test_it_tells_what_was_committed() -> None:
    actor = ObserverActor(FactHistory())
    actor.receive(Committed(numbered(FACTS)), AT)
    found = overview(actor)
    assert (found.facts, found.journal_seq, found.open_orders) == (10, 10, 1)
    # 5 contracts of NO at 60 cents are promised.
    assert found.at_risk == 3_000_000
    assert [halt.why for halt in found.halts] == ["lunch"]
    assert found.strategies_on == ()
    orders = seen(actor, "orders")
    assert isinstance(orders, tuple)
    assert [(order.order_id, order.stage, order.ahead, order.end) for order in orders] == [
        ("b", "done", None, "cancelled: requested"),
        ("a", "resting", 300, None),
    ]


def test_a_new_life_sees_the_same_as_the_old_one() -> None:
    memory = FactHistory(FACTS)
    old, new = ObserverActor(FactHistory()), ObserverActor(memory)
    old.receive(Committed(numbered(FACTS)), AT)
    assert list(new.start(AT)) == [
        Publish(GAMES_TOPIC, NewsWanted(OBSERVER)),
        After(PNL_EVERY, PnlDue(), "pnl"),
    ]
    for what in ("overview", "strategies", "orders", "positions", "pnl"):
        assert seen(new, what) == seen(old, what)


def test_what_was_remembered_and_still_on_its_way_is_counted_once() -> None:
    actor = ObserverActor(FactHistory(FACTS))
    actor.start(AT)
    actor.receive(Committed(numbered(FACTS[-2:], first=9)), AT)
    actor.receive(Committed(numbered((FACTS[-1],), first=11)), AT)
    assert overview(actor).facts == 11


def chart(actor: ObserverActor, strategy: str, kind: ChartKind = ChartKind.PNL) -> Chart | None:
    (answer,) = actor.receive(ChartWanted(kind, strategy, 0, 10**9, 10_000), AT)
    assert isinstance(answer, Answer)
    found = answer.message
    assert found is None or isinstance(found, Chart)
    return found


@pytest.mark.limit("actors.observer:PNL_READINGS_MAX")
@pytest.mark.parametrize("more", [0, 1])
def test_profit_and_loss_are_read_every_five_seconds_and_so_many_are_kept(more: int) -> None:
    actor = ObserverActor(FactHistory())
    actor.receive(Committed(numbered(FACTS)), AT)
    for number in range(PNL_READINGS_MAX + more):
        (again,) = actor.receive(PnlDue(), number * PNL_EVERY)
        assert again == After(PNL_EVERY, PnlDue(), "pnl")
    for strategy in ("sharp", "all"):
        found = chart(actor, strategy)
        assert found is not None
        assert found.seconds == list(range(5 * more, 5 * (PNL_READINGS_MAX + more), 5))
        assert set(found.columns["base"]) == {0}
    assert chart(actor, "nobody") is None
    assert chart(actor, "sharp", ChartKind.BARS) is None


@pytest.mark.limit("actors.observer:PNL_STRATEGIES_MAX")
@pytest.mark.parametrize(
    ("strategies", "there"), [(PNL_STRATEGIES_MAX - 1, True), (PNL_STRATEGIES_MAX, False)]
)
def test_so_many_strategies_have_a_chart_and_all_together_always(strategies: int, *, there: bool) -> None:
    actor = ObserverActor(FactHistory())
    opened = tuple(StrategyOpened(f"s{n}", "x", Money(1), "{}", AT) for n in range(strategies))
    actor.receive(Committed(numbered(opened)), AT)
    actor.receive(PnlDue(), 0)
    assert (chart(actor, f"s{strategies - 1}") is not None) == there
    assert chart(actor, "all") is not None


def test_an_unknown_table_is_no_table() -> None:
    assert seen(ObserverActor(FactHistory()), "secrets") is None


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (1, 1), (7, 7), (1_000, 1_000), (1_001, 1_000)])
def test_an_answer_has_at_most_a_thousand_lines(asked: int, given: int) -> None:
    actor = ObserverActor(FactHistory())
    signals = tuple(
        SignalRaised(
            f"s{number}",
            "sharp",
            "G",
            "T",
            BookSide.BID,
            SignalAction.ENTER,
            "edge",
            0.5,
            Price(1),
            0.1,
            (),
            AT,
        )
        for number in range(1_005)
    )
    actor.receive(Committed(numbered(signals)), AT)
    found = seen(actor, "signals", limit=asked)
    assert isinstance(found, tuple)
    assert len(found) == given


@pytest.mark.limit("actors.read_model.model:TAIL_MAX")
def test_what_it_remembers_is_bounded() -> None:
    model = ReadModel()
    letter = DeadLetter(Address("a"), 1, "", "object", "d", "why", "", "", AT, None)
    for number in range(TAIL_MAX + 1):
        model.committed(Numbered(number, 1, "x", submitted(str(number))))
        model.fact(OrderCancelled(str(number), "sharp", "T", Count(1), CancelReason.EXPIRED, AT))
        model.dead_letter(letter)
    assert len(model.journal) == len(model.ended) == len(model.dead_letters) == TAIL_MAX
    assert (model.orders, model.dead_letters_seen) == ({}, TAIL_MAX + 1)
    assert model.journal[0].seq == 1
    for number in range(MARKETS_MAX + 1):
        model.known_market(market(str(number)))
    assert len(model.markets) == MARKETS_MAX
    assert "0" not in model.markets


def test_a_game_has_at_most_so_many_sportsbooks() -> None:
    actor = ObserverActor(FactHistory())
    for number in range(VENDORS_MAX + 1):
        odds = OddsSeen("G", str(number), None, None, None, None, None, None, None, None, None, AT)
        actor.receive(odds, AT)
    assert len(actor.model.odds["G"]) == VENDORS_MAX


def market(ticker: str, status: MarketStatus = MarketStatus.ACTIVE) -> MarketKnown:
    return MarketKnown(ticker, "G", "game", None, None, status, None, "quadratic", "1", AT)


def top(ticker: str, trust: Trust = Trust.TRUSTED) -> TopChanged:
    return TopChanged(ticker, "G", Price(5_000), Count(1), Price(5_100), Count(1), trust, None, AT)


def test_the_feed_is_told_by_what_happened_to_it_and_by_books_that_are_open() -> None:
    actor = ObserverActor(FactHistory())
    for message in (
        FeedConnected(1, AT),
        market("a"),
        market("b"),
        market("closed", MarketStatus.FINALIZED),
        top("a"),
        top("b", Trust.GAPPED),
        top("closed", Trust.PAUSED),
        FeedGapped(1, 1, 3, 5, AT),
    ):
        actor.receive(message, AT)
    feed = overview(actor).feed
    assert (feed.connected, feed.gaps, feed.trusted_books, feed.books) == (True, 1, 1, 2)
    actor.receive(FeedLost(1, "reset", AT), AT)
    assert overview(actor).feed.connected is False
    actor.receive(FeedConnected(2, AT), AT)
    actor.receive(FeedLost(1, "late news of the old one", AT), AT)
    assert overview(actor).feed.connected is True


def test_the_last_failure_is_the_last_that_was_one() -> None:
    actor = ObserverActor(FactHistory())
    exited = ActorExited(Address("a"), 1, ExitReason.CRASHED, "KeyError: 'x'", "", AT)
    actor.receive(exited, AT)
    actor.receive(changed(exited, reason=ExitReason.SHUTDOWN, error=""), AT)
    actor.receive(ActorRestarted(Address("a"), 2, 1, Nanos(2_000)), AT)
    found = overview(actor)
    assert found.last_failure is not None
    assert (found.last_failure.address, found.last_failure.error) == ("a", "KeyError: 'x'")
    assert (found.restarts, found.since) == (1, {"a": 2_000})


# The operator


def request(name: str = "r", command: str = "halt") -> OperatorRequest:
    return OperatorRequest(name, 0, command, "{}")


def operate(name: str = "r", command: str = "halt") -> Operate:
    return Operate(request(name, command), RISK_GATE, HaltOperation("all", "halted", "x"))


def acted(name: str = "r", outcome: str = "done: x", verdict: Verdict | None = None) -> OperatorActed:
    return OperatorActed(name, 0, "halt", "{}", outcome, AT, verdict)


def test_a_wish_is_passed_on_once_and_everybody_who_waits_is_answered() -> None:
    actor = OperatorActor(FactHistory())
    first, passed, timer = actor.receive(operate(), AT)
    assert passed == (RISK_GATE, OperationWanted(request(), HaltOperation("all", "halted", "x")))
    assert isinstance(timer, After)
    (second,) = actor.receive(operate(), AT)
    assert isinstance(first, Defer)
    assert isinstance(second, Defer)
    assert actor.receive(acted(), AT) == [
        Answer(ActOutcome(acted(), repeated=False), first.handle),
        Answer(ActOutcome(acted(), repeated=True), second.handle),
        CancelTimer("r"),
    ]
    assert actor.receive(operate(), AT) == [Answer(ActOutcome(acted(), repeated=True))]
    assert actor.receive(OutcomeWanted(request()), AT) == [Answer(ActOutcome(acted(), repeated=True))]
    assert actor.receive(OutcomeWanted(request("other")), AT) == [Answer(None)]


def test_a_wish_under_way_keeps_its_id_for_itself() -> None:
    actor = OperatorActor(FactHistory())
    actor.receive(operate(), AT)
    (answer,) = actor.receive(operate(command="resume"), AT)
    assert isinstance(answer, Answer)
    assert isinstance(answer.message, ActRefused)
    assert answer.message.code == "conflict"


def test_a_wish_without_an_outcome_is_told_so_and_may_be_repeated() -> None:
    actor = OperatorActor(FactHistory())
    actor.receive(operate(), AT)
    (answer,) = actor.receive(Wake("r"), AT)
    assert isinstance(answer, Answer)
    assert isinstance(answer.message, ActRefused)
    assert answer.message.code == "unknown_outcome"
    assert len(actor.receive(operate(), AT)) == 3
    assert actor.receive(Wake("other"), AT) == []


def test_a_wish_that_was_lost_is_refused_durably() -> None:
    actor = OperatorActor(FactHistory())
    actor.receive(operate(), AT)
    lost = OperationWanted(request(), HaltOperation("all", "halted", "x"))
    letter = DeadLetter(
        RISK_GATE, 1, "", "OperationWanted", "d", "the handler failed", "KeyError: 1", "", AT, lost
    )
    refused = acted(outcome="refused: the handler failed KeyError: 1", verdict=Verdict.REFUSED)
    assert actor.receive(letter, AT) == [(JOURNAL, Commit("operator", (refused,), ((OPERATOR, refused),)))]
    other = changed(letter, message=OperationWanted(request("other"), lost.operation))
    assert actor.receive(other, AT) == []


def test_a_deed_is_made_durable_before_it_is_answered() -> None:
    actor = OperatorActor(FactHistory())
    deferred, commit, _ = actor.receive(OperationDone(request(), "done: x"), AT)
    assert isinstance(deferred, Defer)
    assert commit == (JOURNAL, Commit("operator", (acted(),), ((OPERATOR, acted()),)))


@pytest.mark.limit("actors.operator:ACTS_MAX")
def test_outcomes_are_remembered_over_restarts_up_to_a_number() -> None:
    facts = [acted(str(number)) for number in range(ACTS_MAX + 1)]
    actor = OperatorActor(FactHistory(facts))
    actor.start(AT)
    assert actor.receive(OutcomeWanted(request("0")), AT) == [Answer(None)]
    assert actor.receive(OutcomeWanted(request("1")), AT) != [Answer(None)]


@pytest.mark.limit("actors.operator:PENDING_MAX")
def test_only_so_many_wishes_wait_at_a_time() -> None:
    actor = OperatorActor(FactHistory())
    for number in range(PENDING_MAX):
        assert len(actor.receive(operate(str(number)), AT)) == 3
    (answer,) = actor.receive(operate("one more"), AT)
    assert isinstance(answer, Answer)
    assert isinstance(answer.message, ActRefused)
    assert answer.message.code == "busy"
