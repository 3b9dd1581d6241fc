"""A disk that is full, read-only or locked halts trading with a reason and loses nothing; then it goes on.

Group D of the fault catalogue through the whole tree on a virtual clock: a store that fails at given
operations, and a real SQLite file that is made to fail. Facts must come to the store without a hole, once, in
order, and nobody may hear of one before.

Covers: tipoff.replay.batch_store.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from actors.addresses import JOURNAL, RISK_GATE, WRITER
from actors.journal import JournalActor, StoreFailed
from actors.messages import Commit, Committed, Numbered
from engine.facts import Noted, OrderApproved, OrderDenied, OrderFilled, OrderSubmitted, RunEnded
from engine.invariant import InvariantBroken
from engine.orders import PlaceOrder
from engine.reasons import DenialReason
from engine.tally import Tally
from engine.units import MONEY_ZERO, NANOS_PER_SECOND, Nanos
from persistence import schema_upgrade
from persistence.connect import Settings
from persistence.insert import Seam
from persistence.maintenance import verify
from persistence.writer import JournalWriter, Options
from tests.stories.plays import Played, play, scripted
from tipoff.commands.replay import run_started
from tipoff.replay.batch_store import each_at_once
from tipoff.replay.session import Past, VirtualSession
from tipoff.runs.settings import TradingSettings
from venues.recordings.recorder import Line

SWEEP = int(os.environ.get("STORAGE_SWEEP", "12"))
"""How many of the store's operations fail in turn; a soak takes 10_000, which is every one."""

LINES = 2_500
ORDERS = 40
WAITING = ("full", "busy", "read_only", "unreachable", "storage")
LASTING = ("corrupt", "gone", "foreign", "gap")

Store = Callable[[tuple[Numbered, ...]], int]


@pytest.fixture(scope="module")
def lines(small_evening: list[Line]) -> list[Line]:
    """The first minutes."""
    return small_evening[:LINES]


@pytest.fixture(scope="module")
def settings(lines: list[Line], free_settings: TradingSettings) -> TradingSettings:
    """Orders all the time."""
    return scripted(free_settings, lines, ORDERS)


@pytest.fixture(scope="module")
def undisturbed(lines: list[Line], settings: TradingSettings) -> Played:
    """What happens when the disk is well."""
    return play(lines, settings)


class Disk:
    """Keeps facts; fails while `broken` says so. It insists on what every journal insists on."""

    def __init__(
        self, broken: Callable[["Disk"], bool], kind: str = "full", *, lasting: bool = False
    ) -> None:
        self.facts: list[Numbered] = []
        self.operations = 0
        self.failures: list[int] = []
        self.now: Callable[[], int] = int
        self._broken = broken
        self._error = StoreFailed(kind, f"no way to write: {kind}", lasting=lasting)

    def __call__(self, facts: tuple[Numbered, ...]) -> int:
        self.operations += 1
        assert [each.seq for each in facts] == [len(self.facts) + 1 + at for at in range(len(facts))]
        if self._broken(self):
            self.failures.append(self.now())
            raise self._error
        self.facts += facts
        return self.facts[-1].seq


def evening(lines: list[Line], settings: TradingSettings, store: Store) -> VirtualSession:
    """Play lines into a store that may fail, listening to what the gate is told."""
    session = VirtualSession(settings, run_started("story", settings, Nanos(lines[0].at)), store)
    if isinstance(store, Disk):
        store.now = lambda: session.system.now
        _listen(session, store)
    session.on_lines(lines)
    session.end(Nanos(lines[-1].at), "end of story")
    session.system.advance(session.system.now + 3 * NANOS_PER_SECOND)
    return session


def _listen(session: VirtualSession, disk: Disk) -> None:
    """Nobody is told of what is not stored."""
    cell = session.system.dispatcher.cells[RISK_GATE]
    inner = cell.receive
    assert inner is not None
    gate = inner

    def hearing(message: object, now: int) -> object:
        if isinstance(message, Committed):
            assert message.facts[-1].seq <= len(disk.facts)
        return gate(message, now)

    cell.receive = hearing  # type: ignore[assignment]


def assert_nothing_is_lost(session: VirtualSession, facts: list[Numbered], undisturbed: Played) -> None:
    """Everything became durable, all actors live in their first life, the market was heard all the time."""
    assert any(isinstance(each.fact, RunEnded) for each in facts)
    assert [each.seq for each in facts] == list(range(1, last_numbered(session) + 1))
    assert session.system.lives.restarts == 0
    assert all(status.state == "running" for status in session.system.status())
    tally = Tally()
    for each in facts:
        tally.apply(each.fact)
    assert tally.ledger.verify() == MONEY_ZERO
    known = undisturbed.session.games()
    for name, game in session.games().items():
        for ticker, market in game.markets.items():
            assert market.book.as_snapshot() == known[name].markets[ticker].book.as_snapshot()


def last_numbered(session: VirtualSession) -> int:
    """The newest fact, durable or not."""
    life = session.system.dispatcher.cells[JOURNAL].life
    assert life is not None
    assert isinstance(life.behaviour, JournalActor)
    return life.behaviour.last_seq


def denials(facts: list[Numbered]) -> list[OrderDenied]:
    """Orders that were refused because decisions could not be made durable.

    Cancels of such orders name what never was.
    """
    found = [each.fact for each in facts if isinstance(each.fact, OrderDenied)]
    assert all("open order" in each.use for each in found if each.reason is DenialReason.MISSING_DATA)
    return [each for each in found if each.reason is not DenialReason.MISSING_DATA]


def test_the_store_is_busy_all_the_evening(undisturbed: Played) -> None:
    kinds = Counter(type(each.fact).__name__ for each in undisturbed.facts)
    assert kinds["OrderApproved"] > ORDERS
    assert kinds["OrderFilled"] > ORDERS // 2


@pytest.mark.parametrize("first", range(SWEEP))
def test_the_nth_operation_fails_once_and_nothing_is_lost(
    lines: list[Line], settings: TradingSettings, undisturbed: Played, first: int
) -> None:
    """D8."""
    counting = Disk(lambda _disk: False)
    evening(lines, settings, counting)
    share = max(1, counting.operations // SWEEP)
    number = 1 + first * share
    if number > counting.operations:
        pytest.skip("there are fewer operations")
    disk = Disk(lambda disk: disk.operations == number)
    session = evening(lines, settings, disk)
    assert len(disk.failures) == 1
    assert_nothing_is_lost(session, disk.facts, undisturbed)


@pytest.mark.promise("storage-fails-orders-denied")
@pytest.mark.parametrize("kind", WAITING)
def test_while_storage_fails_orders_are_denied_and_then_trading_goes_on(
    lines: list[Line], settings: TradingSettings, undisturbed: Played, kind: str
) -> None:
    """D1, D3, D4, D5: for some minutes, from the first commit after a quarter of the lines."""
    begin, end = lines[LINES // 4].at, lines[LINES // 2].at
    disk = Disk(lambda disk: begin <= disk.now() < end, kind)
    session = evening(lines, settings, disk)
    assert_nothing_is_lost(session, disk.facts, undisturbed)
    # No crash loop and no storm: it is tried once a second.
    assert disk.failures[0] < begin + (end - begin) // 4
    assert (end - disk.failures[0]) // NANOS_PER_SECOND <= len(disk.failures)
    assert all(
        two - one >= NANOS_PER_SECOND for one, two in zip(disk.failures, disk.failures[1:], strict=False)
    )
    refused = denials(disk.facts)
    assert {denial.reason for denial in refused} == {DenialReason.JOURNAL_DOWN}
    assert all(kind in denial.use for denial in refused)
    assert all(
        disk.failures[0] <= denial.at <= disk.failures[-1] + 2 * NANOS_PER_SECOND for denial in refused
    )
    later = placed_after(disk.facts, end + 2 * NANOS_PER_SECOND)
    assert later == placed_after(list(undisturbed.facts), end + 2 * NANOS_PER_SECOND)
    assert later


def placed_after(facts: list[Numbered], moment: int) -> list[str]:
    """The orders that were let through after a moment."""
    return [
        each.fact.command.order_id
        for each in facts
        if isinstance(each.fact, OrderApproved)
        and isinstance(each.fact.command, PlaceOrder)
        and each.fact.at > moment
    ]


@pytest.mark.promise("failure-waiting-mends-ends")
@pytest.mark.parametrize("kind", LASTING)
def test_what_no_waiting_mends_ends_the_engine(
    lines: list[Line], settings: TradingSettings, kind: str
) -> None:
    """D11, D18: whatever would be decided from now on could not be kept."""
    disk = Disk(lambda disk: disk.operations == 30, kind, lasting=True)
    with pytest.raises(InvariantBroken, match=kind):
        evening(lines, settings, disk)


def test_failures_come_and_go_and_the_order_stays(
    lines: list[Line], settings: TradingSettings, undisturbed: Played
) -> None:
    """D8: two of three operations fail, all the evening."""
    disk = Disk(lambda disk: disk.operations % 3 != 0)
    session = evening(lines, settings, disk)
    session.system.advance(session.system.now + 3_600 * NANOS_PER_SECOND)
    assert_nothing_is_lost(session, disk.facts, undisturbed)


def test_facts_that_come_while_the_last_ones_are_tried_again_are_stored_too(
    lines: list[Line], settings: TradingSettings
) -> None:
    """A commit may come between the new attempt and its answer: it must not wait for ever."""
    disk = Disk(lambda disk: disk.operations == 10)
    session = VirtualSession(settings, run_started("story", settings, Nanos(lines[0].at)), disk)
    note = Noted("scripted", "k", "1", Nanos(0))
    cell = session.system.dispatcher.cells[WRITER]
    inner = cell.receive
    assert inner is not None
    writer = inner

    def slowly(message: object, now: int) -> object:
        out = writer(message, now)
        if len(disk.facts) > 10 and disk.failures and not slow:
            slow.append(1)
            return [*out, (JOURNAL, Commit("scripted", (note,)))]
        return out

    slow: list[int] = []
    cell.receive = slowly  # type: ignore[assignment]
    session.on_lines(lines[:400])
    session.end(Nanos(lines[400].at), "end of story")
    session.system.advance(session.system.now + 3 * NANOS_PER_SECOND)
    assert slow
    assert isinstance(disk.facts[-1].fact, RunEnded)


SLOW_NS = 2 * NANOS_PER_SECOND


def test_a_slow_disk_delays_orders_but_no_market_data(
    lines: list[Line], settings: TradingSettings, undisturbed: Played
) -> None:
    """D15: every commit takes two seconds; the loop goes on, and an order waits for its own commits."""
    disk = Disk(lambda _disk: False)
    session = VirtualSession(
        settings,
        run_started("story", settings, Nanos(lines[0].at)),
        disk,
        past=Past(next_seq=1, told=True),
    )
    told = 0
    begun: list[tuple[int, int]] = []

    def tell(until: int) -> None:
        nonlocal told
        while begun and begun[0][0] + SLOW_NS <= until:
            at, seq = begun.pop(0)
            session.on_line(Line(at + SLOW_NS, 0, "journal", 0, "", str(seq)))
            told = seq
            look()

    def look() -> None:
        if disk.facts and disk.facts[-1].seq > (begun[-1][1] if begun else told):
            begun.append((session.system.now, disk.facts[-1].seq))

    look()
    for line in lines:
        tell(line.at)
        session.on_line(line)
        look()
    session.end(Nanos(lines[-1].at), "end of story")
    look()
    tell(session.system.now + 60 * NANOS_PER_SECOND)
    assert_nothing_is_lost(session, disk.facts, undisturbed)
    facts = [each.fact for each in disk.facts]
    decided = {
        fact.order.order_id: fact.order.decided_at for fact in facts if isinstance(fact, OrderSubmitted)
    }
    filled = [fact for fact in facts if isinstance(fact, OrderFilled)]
    assert len(filled) > ORDERS // 2
    # The wish and its approval are durable before the order sets out.
    assert all(fact.at >= decided[fact.order_id] + 2 * SLOW_NS for fact in filled)


# A real file


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A database that was made."""
    schema_upgrade.upgrade(f"sqlite:///{tmp_path / 'journal.db'}")
    return tmp_path / "journal.db"


def opened(file: Path, seam: Seam | None = None) -> JournalWriter:
    """A writer that does not wait long."""
    options = Options(settings=Settings(busy_timeout_ms=1), seam=seam)
    return JournalWriter(f"sqlite:///{file}", "story", options)


Disturb = Callable[[int], None]


def on_file(
    lines: list[Line], settings: TradingSettings, writer: JournalWriter, disturb: Disturb
) -> VirtualSession:
    """Play lines into a file; `disturb` is called before each line."""
    with closing(writer):
        run = run_started("story", settings, Nanos(lines[0].at))
        session = VirtualSession(settings, run, each_at_once(writer))
        for number, line in enumerate(lines):
            disturb(number)
            session.on_line(line)
        session.end(Nanos(lines[-1].at), "end of story")
        session.system.advance(session.system.now + 3 * NANOS_PER_SECOND)
    return session


def assert_the_file_is_whole(file: Path, session: VirtualSession) -> None:
    """Sound, and ended in good order; orders were denied for a while, and others were filled after."""
    found = verify(f"sqlite:///{file}")
    assert found.problems == ()
    with closing(sqlite3.connect(file)) as connection:
        kinds = [kind for (kind,) in connection.execute("SELECT kind FROM journal ORDER BY seq")]
    assert len(kinds) == last_numbered(session)
    assert kinds[-1] == "RunEnded"
    assert "OrderFilled" in kinds[kinds.index("OrderDenied") :]
    assert session.system.lives.restarts == 0


BEGIN, END = LINES // 4, LINES // 2


def test_a_database_that_another_program_holds_is_waited_for(
    lines: list[Line], settings: TradingSettings, journal: Path
) -> None:
    """D1."""
    with closing(sqlite3.connect(journal, isolation_level=None)) as other:

        def lock(number: int) -> None:
            if number == BEGIN:
                other.execute("BEGIN IMMEDIATE")
            elif number == END:
                other.execute("ROLLBACK")

        session = on_file(lines, settings, opened(journal), lock)
    assert_the_file_is_whole(journal, session)


@pytest.mark.parametrize("pragma", ["max_page_count = 1", "query_only = 1"])
def test_a_full_or_read_only_database_is_waited_for(
    lines: list[Line], settings: TradingSettings, journal: Path, pragma: str
) -> None:
    """D3, D5: SQLite itself refuses, for as long as the connection says so."""
    at = [0]

    def forbid(operation: str) -> None:
        if operation == "begin" and BEGIN <= at[0] < END:
            connection = writer._connection
            assert connection is not None
            connection.connection.cursor().execute(f"PRAGMA {pragma}")

    def count(number: int) -> None:
        at[0] = number

    writer = opened(journal, forbid)
    assert_the_file_is_whole(journal, on_file(lines, settings, writer, count))


def test_a_file_that_is_replaced_ends_the_engine(
    lines: list[Line], settings: TradingSettings, journal: Path
) -> None:
    """D18."""

    def replace(number: int) -> None:
        if number == BEGIN:
            journal.rename(journal.with_name("elsewhere.db"))

    with pytest.raises(InvariantBroken, match="the file is gone"):
        on_file(lines, settings, opened(journal), replace)
