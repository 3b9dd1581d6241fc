"""What is folded from facts: each table says what its facts came to.

Covers: persistence.fact_subjects, persistence.projected_rows.
"""

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import BookSide
from engine.facts import (
    FACTS,
    BandMoved,
    Fact,
    FillEvidence,
    LedgerPosted,
    LimitChanged,
    OrderAmended,
    OrderApproved,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
    PositionSettled,
    QueueMoved,
    StrategyChanged,
    StrategyOpened,
    TradingHalted,
    TradingResumed,
)
from engine.message import changed
from engine.orders import CancelReason, Liquidity, PlaceOrder, RejectCode, TimeInForce
from engine.positions import FLAT, Trade, trade
from engine.reasons import DenialReason
from engine.settlement import payout
from engine.units import Count, Money, Nanos, Price
from persistence import connect, fact_subjects, projections
from persistence.errors import FactRefused, LedgerImbalanced
from persistence.maintenance import rebuild, verify
from persistence.projected_rows import LimitRow, OrderRow, PerformanceRow, PositionRow, StrategyRow
from persistence.projections import Projection
from persistence.queries import Reader
from persistence.writer import JournalWriter
from tests.persistence.evenings import evening

Opened = Callable[..., JournalWriter]
ROWS = (StrategyRow, OrderRow, PositionRow, PerformanceRow, LimitRow)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_the_columns_of_its_table_in_their_order(row: type[Any]) -> None:
    assert ["run", *[field.name for field in attrs.fields(row)]] == [
        column.name for column in row.TABLE.columns
    ]


@given(data=st.data())
def test_every_kind_of_fact_can_be_folded_and_has_a_subject(
    data: st.DataObject, any_fact: st.SearchStrategy[Fact]
) -> None:
    fact = data.draw(any_fact)
    made = Projection()
    try:
        made.apply(1, fact)
    except (LedgerImbalanced, FactRefused):
        assert isinstance(fact, LedgerPosted | OrderFilled)
    assert isinstance(fact_subjects.subject(fact), str)


def tables_of(made: Projection) -> dict[str, object]:
    """The rows of every folded table."""
    names = ("strategies", "orders", "positions", "performance", "limits")
    return {name: {key: row.values() for key, row in getattr(made, name).rows.items()} for name in names}


def test_a_batch_that_failed_leaves_every_table_as_it_was_and_the_next_stores_only_its_own() -> None:
    """Of every table: an account, an order, a position, sums, a halt."""
    made = Projection()
    again = (
        StrategyOpened("sharp", "sharp_line", Money(7), "{}", Nanos(98)),
        StrategyChanged("sharp", False, "", "eva", Nanos(99)),
        TradingResumed("all", "eva", "", Nanos(99)),
    )
    for seq, fact in enumerate((*evening(6), *again), 1):
        before = tables_of(made)
        made.apply(seq, fact)
        after = tables_of(made)
        made.rollback()
        assert tables_of(made) == before
        assert made.changed() == []
        assert (any(made.listed.values()), made.run_changes) == (False, [])
        made.apply(seq, fact)
        assert tables_of(made) == after
        made.commit()
        assert made.changed() == []


def test_orders_that_are_over_are_let_go_oldest_first_and_fetched_when_a_fact_names_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that is open stays, and everything where nothing can be fetched."""
    monkeypatch.setattr(projections, "ORDERS_KEPT_MAX", 4)
    stored: dict[str, OrderRow] = {}
    made, alone = Projection(stored.get), Projection()
    names = [f"o{number}" for number in range(8)]
    for number, name in enumerate(names):
        for each in (made, alone):
            each.apply(3 * number + 1, OrderApproved(changed(ORDER, order_id=name), Nanos(2)))
            if number:
                each.apply(3 * number + 2, changed(CANCELLED, order_id=name))
        stored |= {name: row.copy() for name, row in made.orders.rows.items()}
        made.commit()
        alone.commit()
        sent = names[: number + 1]
        assert [*made.orders.rows] == ["o0", *sent[1:][-3:]]
        assert [*alone.orders.rows] == sent
    made.apply(99, changed(CANCELLED, order_id="o1", at=Nanos(77)))
    assert made.orders.rows["o1"].closed_at == 77


def test_what_facts_are_looked_up_by() -> None:
    paths = {name: fact_subjects._path(kind) for name, kind in FACTS.items()}
    assert paths["OrderFilled"] == paths["QueueMoved"] == paths["BandMoved"] == "order_id"
    assert paths["OrderApproved"] == "command.order_id"
    assert paths["OrderSubmitted"] == "order.order_id"
    assert paths["SignalRaised"] == "signal_id"
    assert paths["LedgerPosted"] == "cause"
    assert paths["PositionSettled"] == "ticker"
    assert paths["TradingHalted"] == "scope"
    assert paths["OperatorActed"] == "request_id"


def test_the_tables_after_an_evening(url: str, opened: Opened, small_evening: list[Any]) -> None:
    writer = opened(url)
    for start in range(0, len(small_evening), 5):
        writer.append(small_evening[start : start + 5])
    with Reader.open(url) as reader:
        orders = {order.order_id: order for order in reader.orders()}
        assert {name: order.status for name, order in orders.items()} == {
            "o0": "filled", "o1": "cancelled", "o2": "denied",
            "o3": "filled", "o4": "cancelled", "o5": "denied", "o6": "filled",
        }  # fmt: skip
        assert (orders["o0"].filled, orders["o0"].fees, orders["o0"].ahead) == (100, 7_000, 120)
        assert (orders["o0"].pessimistic, orders["o0"].base, orders["o0"].optimistic) == (0, 100, 100)
        assert (orders["o2"].reason, orders["o1"].reason) == ("spread", "expired")
        (position,) = reader.positions()
        assert (position.position, position.cost, position.bought) == (0, 0, 300)
        assert (position.realized, position.fees) == (300 * 5_000, 21_000)
        (sums,) = reader.performance()
        assert (sums.signals, sums.approved, sums.denied, sums.orders) == (7, 5, 2, 5)
        assert (sums.cancelled, sums.fills, sums.contracts) == (2, 6, 300)
        assert (sums.realized, sums.fees) == (300 * 5_000, 21_000)
        assert {(row.scope, row.name): row.value for row in reader.limits()} == {("all", "halt"): "reducing"}
        assert reader.imbalance() == 0
        assert reader.balances()["cash:sharp"] == 1_000_000_000 - 300 * 5_000 - 21_000
        assert [run.run for run in reader.runs()] == ["evening"]
        assert (reader.run.seed, reader.run.config_digest) == (7, "c0ffee")


def fill(side: BookSide, price: int, count: int) -> OrderFilled:
    evidence = FillEvidence(
        "book", None, Price(price), Count(count), 1, 1, 1, 0, Count(0), Count(0), Nanos(1), Nanos(1), ""
    )
    return OrderFilled(
        "f", "o", "s", "g", "K", side, Price(price), Count(count), Liquidity.TAKER, Money(35), Money(35),
        Count(0), evidence, None, Nanos(1),
    )  # fmt: skip


ORDER = PlaceOrder(
    "o", "s", "g", "K", BookSide.BID, Price(5_000), Count(100), TimeInForce.GTC, Nanos(1), "signal",
    post_only=True, expires_at=Nanos(9), leg_of="o0", p_fair=0.5,
)  # fmt: skip
SENT = (OrderApproved(ORDER, Nanos(2)), OrderSubmitted(ORDER, Nanos(4), Nanos(3)))
DENIED = OrderDenied("o", "s", "g", "K", "signal", DenialReason.SPREAD, "5", "4", Nanos(5))
REJECTED = OrderRejected("o", "s", "K", RejectCode.POST_ONLY_CROSS, "it would trade", Nanos(5))
CANCELLED = OrderCancelled("o", "s", "K", Count(60), CancelReason.EXPIRED, Nanos(6))
FILLED = changed(fill(BookSide.BID, 5_000, 100), order_id="o")


def folded(*facts: Fact) -> Projection:
    made = Projection()
    for seq, fact in enumerate(facts, 1):
        made.apply(seq, fact)
    return made


def order_row(*facts: Fact, **fields: object) -> dict[str, object]:
    """The named fields of the order's row after some facts."""
    row = folded(*facts).orders.rows["o"]
    return {name: getattr(row, name) for name in fields}


def test_what_trades_realize_counts_in_the_strategys_sums() -> None:
    sold = fill(BookSide.ASK, 5_500, 60), fill(BookSide.ASK, 4_000, 40)
    sums = folded(fill(BookSide.BID, 5_000, 100), *sold).performance.rows["s"]
    assert sums.realized == 60 * 500 - 40 * 1_000


@pytest.mark.parametrize(
    ("fact", "name"),
    [
        (SENT[0], "approved"),
        (SENT[1], "orders"),
        (DENIED, "denied"),
        (REJECTED, "rejected"),
        (CANCELLED, "cancelled"),
        (FILLED, "fills"),
    ],
)
def test_what_befalls_an_order_counts_once_in_the_strategys_sums(fact: Fact, name: str) -> None:
    sums = folded(fact).performance.rows["s"]
    counts = ("signals", "approved", "denied", "orders", "rejected", "cancelled", "fills")
    assert {each: getattr(sums, each) for each in counts} == dict.fromkeys(counts, 0) | {name: 1}


def test_an_approval_that_comes_again_begins_no_order_anew() -> None:
    row = folded(*SENT, SENT[0]).orders.rows["o"]
    assert (row.status, row.seq) == ("submitted", 2)


def test_an_order_has_the_terms_of_its_wish() -> None:
    expected = {
        "side": "bid", "price": 5_000, "count": 100, "remaining": 100, "tif": "good_till_canceled",
        "expires_at": 9, "leg_of": "o0", "p_fair": 0.5, "decided_at": 1, "arrives_at": 4,
        "status": "submitted", "reason": None, "closed_at": None, "seq": 2,
    }  # fmt: skip
    assert order_row(*SENT, **expected) == expected
    assert order_row(SENT[1], **expected) == {**expected, "seq": 1}, "without its approval"


@pytest.mark.parametrize("flag", ["post_only", "reduce_only", "is_exit"])
def test_each_flag_of_a_wish_has_its_own_column(flag: str) -> None:
    plain = {"post_only": False, "reduce_only": False, "exit": False}
    order = changed(ORDER, **{**plain, flag.removeprefix("is_"): True})
    expected = {each: int(each == flag) for each in ("post_only", "reduce_only", "is_exit")}
    assert order_row(OrderApproved(order, Nanos(2)), **expected) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((DENIED,), {"status": "denied", "reason": "spread", "closed_at": 5}),
        ((*SENT, DENIED), {"status": "submitted", "reason": None, "closed_at": None}),
        ((*SENT, REJECTED), {"status": "rejected", "reason": "post_only_cross", "closed_at": 5}),
        ((*SENT, CANCELLED), {"status": "cancelled", "reason": "expired", "closed_at": 6, "remaining": 60}),
        ((*SENT, FILLED), {"status": "filled", "reason": None, "closed_at": 1, "remaining": 0}),
        ((*SENT, CANCELLED, REJECTED), {"status": "cancelled", "reason": "expired", "closed_at": 6}),
    ],
    ids=["denied", "a-repetition-is-denied", "rejected", "cancelled", "filled", "over-already"],
)
def test_the_end_of_an_order_is_told_once(facts: tuple[Fact, ...], expected: dict[str, object]) -> None:
    assert order_row(*facts, **expected) == expected


@pytest.mark.parametrize(("count", "told"), [(Count(90), 90), (Count(0), 80)], ids=["now", "formerly"])
def test_an_amended_order_counts_what_is_filled_too(count: Count, told: int) -> None:
    """Journals of older versions say only what remains."""
    part = changed(fill(BookSide.BID, 5_000, 30), order_id="o", remaining=Count(70))
    amended = OrderAmended("o", "s", Price(4_900), Count(50), Count(7), Nanos(6), count)
    expected = {"price": 4_900, "remaining": 50, "count": told, "ahead": 7, "filled": 30, "closed_at": None}
    assert order_row(*SENT, part, amended, **expected) == expected


def test_a_resting_order_stands_as_it_is_said_to_stand() -> None:
    rested = OrderRested("o", "s", "K", BookSide.BID, Price(4_900), Count(60), Count(7), 5, Nanos(6))
    expected = {"status": "resting", "price": 4_900, "remaining": 60, "ahead": 7, "count": 100}
    assert order_row(*SENT, rested, **expected) == expected
    moved = QueueMoved("o", Count(7), Count(3), "trade", Nanos(7))
    assert order_row(*SENT, rested, moved, **expected) == {**expected, "ahead": 3}


def test_a_strategy_is_as_it_was_last_changed() -> None:
    opened = StrategyOpened("s", "kind", Money(7), "{}", Nanos(1))
    assert folded(opened).strategies.rows["s"] == StrategyRow("s", "kind", 7, "{}", 1, 1, 1)
    off = StrategyChanged("s", False, '{"edge":1}', "eva", Nanos(2))
    assert folded(opened, off).strategies.rows["s"] == StrategyRow("s", "kind", 7, '{"edge":1}', 0, 1, 2)


def test_limits_and_halts_are_those_of_their_scope() -> None:
    made = folded(
        LimitChanged("spread", None, "4", "eva", Nanos(1)),
        LimitChanged("spread", "s", "3", "eva", Nanos(2)),
        TradingHalted("all", "halted", "eva", "why", Nanos(3)),
        TradingHalted("strategy:s", "halted", "risk", "loss", Nanos(4)),
        TradingResumed("all", "eva", "better", Nanos(5)),
    )
    assert made.limits.rows == {
        ("all", "spread"): LimitRow("all", "spread", "4", "eva", "", 1, 1),
        ("strategy:s", "spread"): LimitRow("strategy:s", "spread", "3", "eva", "", 2, 2),
        ("all", "halt"): LimitRow("all", "halt", "running", "eva", "better", 5, 5),
        ("strategy:s", "halt"): LimitRow("strategy:s", "halt", "halted", "risk", "loss", 4, 4),
    }


def test_a_strategys_sums_take_the_readings_of_an_order_as_totals() -> None:
    """A second fact of the same order adds only what is new."""
    first = BandMoved(
        "o", "s", "K", Count(1), Count(2), Count(3), Money(-10), Money(-20), Money(-30), Nanos(6)
    )
    second = changed(first, pessimistic_cash=Money(-15), base_cash=Money(-25), optimistic_cash=Money(-37))
    sums = folded(*SENT, first, second).performance.rows["s"]
    assert (sums.pessimistic_cash, sums.base_cash, sums.optimistic_cash) == (-15, -25, -37)


def test_a_settlement_counts_for_the_strategys_sums() -> None:
    """What rounding takes is a fee."""
    made = folded(fill(BookSide.BID, 5_000, 100), result(Count(100), 3_333, Money(333_000), reversal=False))
    sums = made.performance.rows["s"]
    assert (sums.realized, sums.fees) == (100 * 3_333 - 100 * 5_000, 35 + 300)


trades = st.lists(
    st.tuples(st.sampled_from(BookSide), st.integers(1, 9_999), st.integers(1, 50_000)),
    min_size=1,
    max_size=12,
)


@given(made=trades, value=st.integers(0, 10_000), grid=st.sampled_from([100, 10_000]))
def test_a_position_row_is_the_exchanges_position(
    made: list[tuple[BookSide, int, int]], value: int, grid: int
) -> None:
    """The projection folds fills by the exchange's own arithmetic; a result taken back restores all of it."""
    row = PositionRow("s", "K", "g")
    position, told = FLAT, 0
    for side, price, count in made:
        told += row.trade(fill(side, price, count))
        position = trade(position, Trade(side, Price(price), Count(count), Money(35))).position
    assert (row.position, row.cost, row.realized, row.fees) == (
        position.count,
        position.cost,
        position.realized,
        position.fees,
    )
    assert told == row.realized
    bought, sold = (sum(count for each, _, count in made if each is side) for side in BookSide)
    assert (row.bought, row.sold) == (bought, sold)
    before = row.copy()
    paid = payout(position.count, Price(value), Money(grid))
    row.settle(result(position.count, value, paid.amount, reversal=False))
    assert row.realized == position.realized + paid.amount + paid.residual - position.cost
    assert row.fees == position.fees + paid.residual
    row.settle(result(position.count, value, paid.amount, reversal=True))
    assert row == before


def result(held: Count, value: int, amount: Money, *, reversal: bool) -> PositionSettled:
    return PositionSettled("s", "g", "K", held, Price(value), "yes", amount, reversal, Nanos(9))


def test_a_sound_database_verifies(url: str, opened: Opened, small_evening: list[Any]) -> None:
    writer = opened(url)
    writer.append(small_evening)
    found = verify(url)
    assert found.problems == ()
    (run,) = found.runs
    assert (run.run, run.entries, run.imbalance) == ("evening", len(small_evening), 0)
    assert run.digest == writer.digest()


CHANGES: list[tuple[str, str, str]] = [
    ("UPDATE positions SET realized = realized + 1", "positions sharp/KXT", "realized is 1500001"),
    ("UPDATE strategy_performance SET fills = 5", "strategy_performance sharp", "fills is 5"),
    (
        "UPDATE simulated_orders SET status = 'filled' WHERE order_id = 'o1'",
        "simulated_orders o1",
        "status is",
    ),
    ("UPDATE strategies SET bankroll = 7", "strategies sharp", "bankroll is 7"),
    ("UPDATE risk_limits SET value = 'running'", "risk_limits all/halt", "value is 'running'"),
    ("UPDATE signals SET p_fair = 0.9 WHERE seq = 5", "signals 5", "p_fair is 0.9"),
    ("DELETE FROM signals WHERE seq = 5", "signals 5", "the row is missing"),
    ("DELETE FROM simulated_orders WHERE order_id = 'o4'", "simulated_orders o4", "the row is missing"),
    ("UPDATE runs SET seed = 8", "runs", "seed is 8"),
    (
        "INSERT INTO risk_limits SELECT run, scope, 'odd', value, set_by, why, at, seq FROM risk_limits",
        "risk_limits all/odd",
        "follows from no fact",
    ),
]


@pytest.mark.promise("changed-row-found-tipoff")
@pytest.mark.parametrize("change", CHANGES, ids=[where for _, where, _ in CHANGES])
def test_a_changed_row_is_found_and_named_and_rebuilding_mends_it(
    url: str, opened: Opened, small_evening: list[Any], change: tuple[str, str, str]
) -> None:
    statement, where, what = change
    writer = opened(url)
    writer.append(small_evening)
    writer.close()
    engine = connect.make_engine(url, connect.Access.CREATE)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
    (problem,) = verify(url).problems
    assert where in problem.where
    assert what in problem.what
    assert rebuild(url) == len(small_evening)
    assert verify(url).problems == ()


def test_money_that_the_ledger_and_the_fills_tell_differently_is_found(
    lite: str, opened: Opened, small_evening: list[Any]
) -> None:
    """I2: cash is the sum of postings, a result the sum of fills; a program that books wrongly is caught
    here.
    """
    wrong = [
        attrs.evolve(each, fact=LedgerPosted("lo0a", "sharp", "o0a", each.fact.postings[:0], each.fact.at))
        if isinstance(each.fact, LedgerPosted) and each.fact.entry_id == "lo0a"
        else each
        for each in small_evening
    ]
    opened(lite).append(wrong)
    (problem,) = verify(lite).problems
    assert (problem.check, problem.where) == ("ledger", "run evening, account fees:sharp after entry 15")
    assert problem.what == "its balance is 3500, the fills and settlements say 7000"
