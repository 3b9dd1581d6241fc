"""What a watcher knows: after a snapshot and any diffs, exactly what the tables hold at that moment.

Covers: tipoff.control.watched, tipoff.control.replica, actors.read_model.changed_rows,
actors.read_model.row_versions.
"""

import json
from collections.abc import Callable, Mapping

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.fact_history import FactHistory
from actors.messages import Committed, Numbered
from actors.observer import ObserverActor
from actors.read_model import lines, row_versions
from actors.read_model.changed_rows import KEYS, Changes, ChangesWanted, TableChanges
from actors.read_model.model import ReadModel
from actors.read_model.row_versions import KEYS_MAX, RowVersions
from actors.read_model.views import Query
from actors.runtime import Answer
from engine.events import BookSide, MarketKnown, MarketStatus, ScoreSeen, TopChanged, Trust
from engine.events import GamePhase as Phase
from engine.facts import (
    Fact,
    FillEvidence,
    FollowingChanged,
    Liquidity,
    OrderCancelled,
    OrderFilled,
    OrderRested,
    OrderSubmitted,
    QueueMoved,
    SignalAction,
    SignalRaised,
    StrategyChanged,
    StrategyOpened,
)
from engine.orders import CancelReason, PlaceOrder, TimeInForce
from engine.units import Count, Money, Nanos, Price
from tipoff.control.replica import Replica
from tipoff.control.watched import (
    FACTS_KEPT_MAX,
    FACTS_PER_FRAME_MAX,
    TOPICS,
    FactLog,
    WatchedTable,
)
from tipoff.json_schema import plain
from tipoff.json_types import Json

AT = Nanos(1_795_217_400_000_000_000)
TAIL = 2
"""So many ended orders, fills and signals are remembered here, so that rows go all the time."""


def top(number: int) -> TopChanged:
    bid = Price(4_000 + number % 7 * 100)
    return TopChanged(
        f"T{number % 4}",
        f"G{number % 2}",
        bid,
        Count(100),
        None,
        Count(0),
        Trust.TRUSTED,
        AT,
        Nanos(AT + number),
    )


def known(number: int) -> MarketKnown:
    status = MarketStatus.ACTIVE if number % 3 else MarketStatus.INACTIVE
    return MarketKnown(
        f"T{number % 4}",
        f"G{number % 2}",
        "game",
        "LAL",
        None,
        status,
        None,
        "quadratic",
        "1",
        AT,
    )


def score(number: int) -> ScoreSeen:
    return ScoreSeen(f"G{number % 2}", "bdl", Phase.LIVE, 1, None, number % 5, 3, AT, AT)


def order(number: int) -> PlaceOrder:
    return PlaceOrder(
        order_id=f"o{number % 5}",
        strategy=f"s{number % 2}",
        game=f"G{number % 2}",
        ticker=f"T{number % 4}",
        side=BookSide.BID,
        price=Price(4_000),
        count=Count(500),
        tif=TimeInForce.GTC,
        decided_at=AT,
        signal_id="s",
    )


def filled(number: int) -> OrderFilled:
    evidence = FillEvidence(
        "level", None, Price(4_000), Count(1), 1, 1, 1, 0, Count(0), Count(0), AT, AT, "none"
    )
    of = order(number)
    remaining = Count(500 if number % 2 else 0)
    return OrderFilled(
        fill_id=f"f{number}",
        order_id=of.order_id,
        strategy=of.strategy,
        game=of.game,
        ticker=of.ticker,
        side=of.side,
        price=of.price,
        count=Count(100),
        liquidity=Liquidity.TAKER,
        fee=Money(100),
        fee_accumulated=Money(0),
        remaining=remaining,
        evidence=evidence,
        at_venue=AT,
        at=AT,
    )


def raised(number: int) -> SignalRaised:
    return SignalRaised(
        signal_id=f"s0/s{number}",
        strategy="s0",
        game="G0",
        ticker="T0",
        side=BookSide.BID,
        action=SignalAction.ENTER,
        reason="edge",
        p_fair=0.5,
        price=Price(1),
        p_edge=0.1,
        evidence=(),
        at=AT,
    )


HAPPENINGS: tuple[Callable[[int], object], ...] = (
    top,
    known,
    score,
    filled,
    lambda number: StrategyOpened(f"s{number % 2}", "sharp_line", Money(10_000_000), "{}", AT),
    lambda number: StrategyChanged(f"s{number % 2}", enabled=number % 3 == 0, parameters="{}", by="u", at=AT),
    lambda number: OrderSubmitted(order(number), AT, AT),
    lambda number: OrderRested(
        f"o{number % 5}", "s0", "T0", BookSide.BID, Price(4_100), Count(500), Count(900), 7, AT
    ),
    lambda number: QueueMoved(f"o{number % 5}", Count(900), Count(number), "trade", AT),
    lambda number: OrderCancelled(f"o{number % 5}", "s0", "T0", Count(1), CancelReason.REQUESTED, AT),
    raised,
    lambda number: FollowingChanged(f"G{number % 2}", followed=number % 3 == 0, events=(), by="u", at=AT),
)
NEWS = (TopChanged, MarketKnown, ScoreSeen)


class Watched:
    """An observer, the tables that are shared, and watchers that read when they like."""

    def __init__(self) -> None:
        self.seq = 0
        self.actor = observer()
        self.tables = {topic: WatchedTable(topic) for topic in KEYS}
        self.watchers: list[tuple[Replica, dict[str, int]]] = [
            (Replica(), {}),
            (Replica(), {}),
            (Replica(), {}),
        ]

    def happen(self, what: object) -> None:
        self.seq += 1
        if isinstance(what, NEWS):
            self.actor.receive(what, AT)
        else:
            self.actor.receive(Committed((Numbered(self.seq, 1, "x", what),)), AT)  # type: ignore[arg-type]

    def begin_anew(self) -> None:
        """The observer crashes: its next life has other versions, and knows nothing yet."""
        self.actor = observer()

    def sample(self) -> None:
        wanted = ChangesWanted({topic: table.cursor for topic, table in self.tables.items()})
        (answer,) = self.actor.receive(wanted, AT)
        assert isinstance(answer, Answer)
        seen = answer.message
        assert isinstance(seen, Changes)
        for topic, changes in seen.tables.items():
            take(self.tables[topic], changes)

    def read(self, watcher: int) -> Replica:
        """A watcher is told what it does not know."""
        replica, told = self.watchers[watcher]
        for topic, table in self.tables.items():
            if told.get(topic) != table.version:
                replica.apply(json.loads(table.frame(told.get(topic))))
                told[topic] = table.version
        return replica

    def come_back(self, watcher: int) -> None:
        self.watchers[watcher] = (Replica(), {})

    def truth(self) -> dict[str, dict[str, Json]]:
        """What each table answers now."""
        model = self.actor.model
        return {
            topic: {
                KEYS[topic](line): plain(line, TOPICS[topic].row)
                for line in lines.TABLES[topic](model, Query(topic))
            }
            for topic in KEYS
        }


def observer() -> ObserverActor:
    actor = ObserverActor(FactHistory())
    actor.model = ReadModel(TAIL)
    return actor


def take(table: WatchedTable, changes: TableChanges) -> None:
    table.take(trio.run(table.fresh, changes))


STEP = st.tuples(st.integers(0, len(HAPPENINGS) + 4), st.integers(0, 40))


@pytest.mark.promise("watched")
@settings(deadline=None, max_examples=60)
@given(st.lists(STEP, min_size=20, max_size=80))
def test_a_snapshot_and_diffs_are_the_tables_at_any_moment(steps: list[tuple[int, int]]) -> None:
    watched = Watched()
    for kind, number in steps:
        match kind - len(HAPPENINGS):
            case 0:
                watched.begin_anew()
            case 1:
                watched.come_back(number % 3)
            # The third watcher reads last of all: what changed meanwhile comes to it at once.
            case 2 | 3:
                watched.sample()
                assert watched.read(number % 2).tables == watched.truth()
            case 4:
                watched.sample()
            case _:
                watched.happen(HAPPENINGS[kind](number))
    watched.sample()
    for watcher in range(3):
        assert watched.read(watcher).tables == watched.truth()


def test_only_what_changed_is_told() -> None:
    watched = Watched()
    for number in range(4):
        watched.happen(known(number))
    watched.sample()
    watched.read(0)
    watched.happen(top(1))
    watched.sample()
    table = watched.tables["markets"]
    diff = json.loads(table.frame(watched.watchers[0][1]["markets"]))
    assert (diff["method"], list(diff["params"]["rows"])) == ("watch.diff", ["T1"])


def test_a_row_that_is_gone_is_told_as_nothing() -> None:
    watched = Watched()
    watched.happen(known(0))
    watched.sample()
    watched.read(0)
    watched.happen(FollowingChanged("G0", followed=False, events=(), by="u", at=AT))
    watched.sample()
    diff = json.loads(watched.tables["markets"].frame(watched.watchers[0][1]["markets"]))
    assert diff["params"]["rows"] == {"T0": None}


def test_watchers_that_are_equally_far_share_one_text() -> None:
    table = WatchedTable("games")
    assert table.frame(None) is table.frame(None)


@pytest.mark.limit("actors.read_model.row_versions:KEYS_MAX")
@pytest.mark.parametrize(("rows", "known_from"), [(KEYS_MAX, 0), (KEYS_MAX + 1, 1)])
def test_who_is_too_far_behind_is_told_everything(rows: int, known_from: int) -> None:
    versions = RowVersions()
    for number in range(rows):
        versions.touch(str(number))
    assert (versions.since(0) is None) == bool(known_from)
    assert versions.since(known_from) == [str(number) for number in range(known_from, rows)]
    assert versions.since(rows) == []
    assert len(versions.since(known_from) or ()) == row_versions.KEYS_MAX


def facts(first: int, last: int) -> tuple[Numbered, ...]:
    fact: Fact = StrategyChanged("s", enabled=True, parameters="{}", by="u", at=AT)
    return tuple(Numbered(seq, 1, "x", fact) for seq in range(first, last + 1))


def told(log: FactLog, seq: int) -> tuple[Mapping[str, object], int]:
    found = log.after(seq)
    assert found is not None
    read = json.loads(found[0])
    assert read["method"] == "watch.facts"
    return read["params"], found[1]


@pytest.mark.limit("tipoff.control.watched:FACTS_KEPT_MAX")
@pytest.mark.parametrize(("last", "missed"), [(FACTS_KEPT_MAX, None), (FACTS_KEPT_MAX + 1, 1)])
def test_who_is_too_far_behind_hears_how_many_facts_it_missed(last: int, missed: int | None) -> None:
    log = FactLog()
    log.take(facts(1, last), last)
    params, _ = told(log, 0)
    assert params.get("missed") == missed
    assert params["from"] == 1 + (missed or 0)
    assert log.after(last) is None


@pytest.mark.limit("tipoff.control.watched:FACTS_PER_FRAME_MAX")
@pytest.mark.parametrize("more", [0, 1])
def test_facts_come_in_frames_of_a_bounded_size(more: int) -> None:
    log = FactLog()
    log.take(facts(1, FACTS_PER_FRAME_MAX + more), FACTS_PER_FRAME_MAX + more)
    params, last = told(log, 0)
    assert (params["from"], params["to"], last) == (1, FACTS_PER_FRAME_MAX, FACTS_PER_FRAME_MAX)
    rest = log.after(last)
    assert (rest is not None) == bool(more)


def test_facts_that_an_observer_lost_in_its_crash_are_counted_as_missed() -> None:
    log = FactLog()
    log.take(facts(1, 3), 3)
    log.take((), 7)
    log.take(facts(8, 9), 9)
    params, _ = told(log, 3)
    assert (params["from"], params["to"], params["missed"]) == (8, 9, 4)
