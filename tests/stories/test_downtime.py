"""A process that is killed at any commit goes on with what was durable, and says what the downtime cost.

Every order ends as if nothing had happened, or says that the downtime is why it does not. The kill is
virtual: the store keeps the k-th commit and never answers. The next session has the durable facts and nothing
else; the venue shows its books anew on a new connection, as it does live, and a fake edge may fetch the
missing trades.
"""

import os

import attrs
import msgspec
import pytest

from actors.addresses import FEED_EDGE, MARKET_FEED, PAPER_EXCHANGE
from actors.messages import Numbered, TradesWanted, VenueInput
from actors.runtime import Fault, InjectedFault, Outgoing
from engine.book import Book
from engine.events import (
    BookDelta,
    BookSnapshot,
    FeedConnected,
    FeedLost,
    TradePrinted,
    TradesRecovered,
    VenueEvent,
)
from engine.facts import (
    ORDER_EVIDENCE,
    FactsSetAside,
    LedgerPosted,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
    RunEnded,
    SignalRaised,
)
from engine.message import changed
from engine.orders import CancelReason, RejectCode
from engine.orphaned_orders import LOST
from engine.tally import Tally
from engine.units import MONEY_ZERO, NANOS_PER_SECOND, Nanos
from engine.venue_facts import BlindnessBegan, BlindnessEnded
from tests.stories.plays import Played, play, scripted
from tipoff.commands.replay import run_started
from tipoff.replay.session import Past, VirtualSession
from tipoff.runs.settings import TradingSettings
from tipoff.sources.registry import translator
from venues.recordings.recorder import Line

EVERY = int(os.environ.get("KILL_EVERY", "12"))
"""Every so many commits the process is killed; a soak takes 1, which is every commit."""

LINES = 3_000
ORDERS = 24


class Killed(KeyboardInterrupt):
    """The end of a process, which no actor survives."""


@pytest.fixture(scope="module")
def lines(small_evening: list[Line]) -> list[Line]:
    """From discovery into the game."""
    return small_evening[:LINES]


@pytest.fixture(scope="module")
def settings(lines: list[Line], free_settings: TradingSettings) -> TradingSettings:
    """Orders at moments that depend on nothing."""
    return scripted(free_settings, lines, ORDERS)


@pytest.fixture(scope="module")
def undisturbed(lines: list[Line], settings: TradingSettings) -> Played:
    """What happens when nobody is killed."""
    return play(lines, settings)


class Journal:
    """Durable facts of all processes of a run; kills the process right after a commit."""

    def __init__(self, kill_after: int | None) -> None:
        self.facts: list[Numbered] = []
        self.commits = 0
        self._kill_after = kill_after

    def __call__(self, facts: tuple[Numbered, ...]) -> int:
        assert facts[0].seq == len(self.facts) + 1
        self.facts += facts
        self.commits += 1
        if self.commits == self._kill_after:
            raise Killed
        return self.facts[-1].seq


OVERLAP_NS = 2 * NANOS_PER_SECOND
"""As live: trades are asked for from a little earlier."""

DISCOVERED = ("kalshi.rest", "balldontlie")


class Venue:
    """What the venue can be asked: its books and trades as of a line, and everything that discovery hears."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.translate = translator().translate

    def introduction(self, until: int, at: Nanos) -> list[VenueInput]:
        """What a new process hears first: the last answer of every request, a new connection, all books."""
        latest = {line.what: line for line in self.lines[:until] if line.source in DISCOVERED}
        heard = [
            VenueInput(self.translate(line)) for line in sorted(latest.values(), key=lambda line: line.seq)
        ]
        books, last_seq = self._books(until)
        snapshots = [book.as_snapshot() for book in books]
        first = last_seq - len(snapshots) + 1
        numbered = [
            changed(snapshot, conn=2, seq=first + number, at=at) for number, snapshot in enumerate(snapshots)
        ]
        connected: list[VenueEvent] = [FeedConnected(2, at), *numbered]
        return [each for each in heard if each.events] + [VenueInput((event,)) for event in connected]

    def _books(self, until: int) -> tuple[list[Book], int]:
        books: dict[str, Book] = {}
        last_seq = 0
        stream = (line for line in self.lines[:until] if line.source == "kalshi.ws")
        for event in (event for line in stream for event in self.translate(line)):
            if isinstance(event, BookSnapshot):
                books.setdefault(event.ticker, Book(event.ticker)).apply_snapshot(event)
                last_seq = event.seq
            elif isinstance(event, BookDelta):
                books[event.ticker].apply_delta(event)
                last_seq = event.seq
        return list(books.values()), last_seq

    def trades(self, wanted: TradesWanted, until: int) -> TradesRecovered:
        """What REST says about a gap."""
        found = [
            changed(event, recovered=True)
            for line in self.lines[:until]
            if line.what == "trade"
            for event in self.translate(line)
            if isinstance(event, TradePrinted) and event.ticker == wanted.ticker
        ]
        since = Nanos(wanted.since - OVERLAP_NS)
        inside = tuple(trade for trade in found if (trade.at_venue or 0) >= since)
        return TradesRecovered(wanted.ticker, since, wanted.until, inside, wanted.until)


def wishes_of(session: VirtualSession) -> list[TradesWanted]:
    """A fake edge: keeps what the exchange asks of the real one, which a virtual session has not."""
    asked: list[TradesWanted] = []
    cell = session.system.dispatcher.cells[PAPER_EXCHANGE]
    inner = cell.receive
    assert inner is not None
    exchange = inner

    def listening(message: object, now: int) -> list[Outgoing]:
        out = list(exchange(message, now))
        for sent in out:
            if isinstance(sent, tuple) and isinstance(sent[1], TradesWanted):
                assert sent[0] == FEED_EDGE
                asked.append(sent[1])
        return out

    cell.receive = listening
    return asked


def until_killed(lines: list[Line], settings: TradingSettings, journal: Journal) -> tuple[int, Nanos]:
    """Play lines until the journal kills the process; returns how many it had begun to work on, and when it
    died.
    """
    heard = 0
    session: VirtualSession | None = None
    try:
        session = VirtualSession(settings, run_started("story", settings, Nanos(lines[0].at)), journal)
        for line in lines:
            heard += 1
            session.on_line(line)
    except Killed:
        if session is None or not heard:
            return 1, Nanos(lines[0].at)
        # A timer that is due before a line is worked on before it: then the line is still to come.
        now = Nanos(session.system.now)
        return (heard, now) if now >= lines[heard - 1].at else (heard - 1, now)
    raise AssertionError("the process lives")


def killed_and_resumed(
    lines: list[Line], settings: TradingSettings, kill_after: int, *, recover: bool
) -> tuple[list[Numbered], list[TradesWanted]]:
    """Play lines with a kill at that commit; returns the facts of both processes and what was asked for."""
    journal, venue = Journal(kill_after), Venue(lines)
    heard, again = until_killed(lines, settings, journal)
    past = Past(facts=tuple(each.fact for each in journal.facts), next_seq=len(journal.facts) + 1)
    session = VirtualSession(settings, run_started("story", settings, again), journal, past=past)
    asked, answered = wishes_of(session), 0
    for each in venue.introduction(heard, again):
        session.system.put(MARKET_FEED, each, again)
    for number in range(heard, len(lines)):
        while recover and answered < len(asked):
            answer = venue.trades(asked[answered], number)
            session.system.put(MARKET_FEED, VenueInput((answer,)), session.system.now)
            answered += 1
        line = lines[number]
        session.on_line(msgspec.structs.replace(line, conn=2) if line.conn == 1 else line)
    session.end(Nanos(lines[-1].at), "end of story")
    assert session.system.lives.restarts == 0
    return journal.facts, asked


@attrs.define
class Fate:
    """What became of an order; `marked` says that the downtime is why it differs."""

    fills: list[tuple[int, int, int, str]] = attrs.field(factory=list)
    end: str = ""
    marked: bool = False

    @property
    def filled(self) -> int:
        return sum(count for count, *_ in self.fills)

    def same_as(self, other: "Fate") -> bool:
        return (self.fills, self.end) == (other.fills, other.end)


def fates(facts: list[Numbered]) -> dict[str, Fate]:
    """Every order by its id."""
    found: dict[str, Fate] = {}
    for each in facts:
        fact = each.fact
        match fact:
            case SignalRaised():
                found.setdefault(dict(fact.evidence)[ORDER_EVIDENCE], Fate())
            case OrderFilled():
                fill = (fact.count, fact.price, fact.fee, fact.liquidity.value)
                found[fact.order_id].fills.append(fill)
            case OrderCancelled():
                fate = found[fact.order_id]
                fate.end = fact.reason.value
                fate.marked |= fact.reason is CancelReason.DOWNTIME_UNKNOWN
            case OrderRejected():
                fate = found[fact.order_id]
                fate.end = f"rejected: {fact.code.value}"
                fate.marked |= fact.code is RejectCode.DOWNTIME_UNKNOWN
            case OrderDenied():
                fate = found[fact.order_id]
                fate.marked |= fact.use == LOST
                fate.end = fate.end or fact.reason.value
            case _:
                pass
    return found


def assert_whole(facts: list[Numbered]) -> None:
    """Numbered without a hole, each fact applied at every start, the ledger at zero; no fill and no order
    twice, every gap decided.
    """
    assert [each.seq for each in facts] == list(range(1, len(facts) + 1))
    assert isinstance(facts[-1].fact, RunEnded)
    assert not any(isinstance(each.fact, FactsSetAside) for each in facts)
    tally = Tally()
    for each in facts:
        tally.apply(each.fact)
    assert tally.ledger.verify() == MONEY_ZERO
    for kind, name in ((OrderFilled, "fill_id"), (LedgerPosted, "entry_id")):
        ids = [getattr(each.fact, name) for each in facts if isinstance(each.fact, kind)]
        assert len(ids) == len(set(ids))
    submitted = [each.fact.order.order_id for each in facts if isinstance(each.fact, OrderSubmitted)]
    assert len(submitted) == len(set(submitted))


def money(facts: list[Numbered]) -> list[tuple[str, str]]:
    """The ledger without its times."""
    return [
        (each.fact.entry_id, str(each.fact.postings)) for each in facts if isinstance(each.fact, LedgerPosted)
    ]


def commits_of(lines: list[Line], settings: TradingSettings) -> int:
    """How many commits an undisturbed evening has."""
    journal = Journal(None)
    session = VirtualSession(settings, run_started("story", settings, Nanos(lines[0].at)), journal)
    session.on_lines(lines)
    session.end(Nanos(lines[-1].at), "end of story")
    return journal.commits


def test_the_undisturbed_evening_has_orders_of_every_fate(undisturbed: Played) -> None:
    found = fates(list(undisturbed.facts))
    assert sum(fate.filled > 0 for fate in found.values()) > ORDERS // 3
    assert {"requested", ""} <= {fate.end for fate in found.values()}
    assert not any(fate.marked for fate in found.values())


@pytest.mark.promise("killed-any-commit-order")
@pytest.mark.fault("B13", "I5")
def test_killed_at_any_commit_each_order_ends_the_same_or_names_the_downtime(
    lines: list[Line], settings: TradingSettings, undisturbed: Played
) -> None:
    """Nobody fetches the missing trades: what rests at the kill is given up, everything else is as it was."""
    expected = fates(list(undisturbed.facts))
    same = marked = 0
    for kill_after in range(1, commits_of(lines, settings), EVERY):
        facts, _asked = killed_and_resumed(lines, settings, kill_after, recover=False)
        assert_whole(facts)
        found = fates(facts)
        assert found.keys() == expected.keys(), kill_after
        for order_id, fate in found.items():
            assert fate.same_as(expected[order_id]) or fate.marked, (
                kill_after,
                order_id,
                fate,
                expected[order_id],
            )
            assert fate.filled <= expected[order_id].filled
            marked += fate.marked
        if not any(fate.marked for fate in found.values()):
            same += 1
            assert money(facts) == money(list(undisturbed.facts))
    assert same
    assert marked


@pytest.mark.promise("missed-trades-resting-orders")
def test_with_the_missing_trades_resting_orders_live_on_and_get_no_more_than_they_would_have(
    lines: list[Line], settings: TradingSettings, undisturbed: Played
) -> None:
    """The exchange asks the feed's edge as soon as it has books again."""
    expected = fates(list(undisturbed.facts))
    recovered = 0
    for kill_after in range(1, commits_of(lines, settings), EVERY):
        facts, asked = killed_and_resumed(lines, settings, kill_after, recover=True)
        assert_whole(facts)
        ended = [each.fact for each in facts if isinstance(each.fact, BlindnessEnded)]
        began = [each.fact for each in facts if isinstance(each.fact, BlindnessBegan)]
        assert [wanted.ticker for wanted in asked] == [fact.ticker for fact in began]
        assert all(fact.recovered for fact in ended)
        recovered += len(ended)
        for order_id, fate in fates(facts).items():
            assert fate.end != CancelReason.DOWNTIME_UNKNOWN.value
            # Only an order whose cancel was lost may get more, and its denial says so.
            assert fate.filled <= expected[order_id].filled or fate.marked, (kill_after, order_id)
    assert recovered


def test_only_the_first_life_in_a_process_takes_the_past_for_a_gap(
    lines: list[Line], settings: TradingSettings
) -> None:
    """An exchange that crashes within a process missed nothing."""
    journal = Journal(None)
    session = VirtualSession(settings, run_started("story", settings, Nanos(lines[0].at)), journal)
    for number, line in enumerate(lines):
        session.on_line(line)
        if number in (LINES // 3, LINES // 2):
            session.system.crash_next(PAPER_EXCHANGE, Fault(InjectedFault("any")))
    assert session.system.lives.restarts >= 2
    assert not [each for each in journal.facts if isinstance(each.fact, BlindnessBegan)]


@pytest.mark.parametrize("how", ["frame missing", "connection lost"])
def test_a_gap_within_a_process_is_asked_for_once_there_are_books_again(
    lines: list[Line], settings: TradingSettings, how: str
) -> None:
    """A market where orders stand, and no other; the answer is an input like any other."""
    journal, venue = Journal(None), Venue(lines)
    session = VirtualSession(settings, run_started("story", settings, Nanos(lines[0].at)), journal)
    asked = wishes_of(session)
    number = 0
    while not _resting(journal.facts) or lines[number].what != "orderbook_delta":
        session.on_line(lines[number])
        number += 1
    if how == "connection lost":
        lost = FeedLost(1, "silence", Nanos(lines[number].at))
        session.system.put(MARKET_FEED, VenueInput((lost,)), lines[number].at)
    # The frame at `number` is not heard, the next of its subscription is.
    following = next(at for at in range(number + 1, LINES) if lines[at].what == "orderbook_delta")
    if how == "frame missing":
        session.on_line(lines[following])
    (began,) = [each.fact for each in journal.facts if isinstance(each.fact, BlindnessBegan)]
    assert asked == []
    now = Nanos(lines[following].at)
    for each in venue.introduction(following + 1, now):
        session.system.put(MARKET_FEED, each, now)
    assert [(wanted.ticker, wanted.since) for wanted in asked] == [(began.ticker, began.since)]
    session.system.put(MARKET_FEED, VenueInput((venue.trades(asked[0], following + 1),)), now)
    (ended,) = [each.fact for each in journal.facts if isinstance(each.fact, BlindnessEnded)]
    assert ended.recovered
    assert len(asked) == 1


def _resting(facts: list[Numbered]) -> bool:
    rested = {each.fact.order_id for each in facts if isinstance(each.fact, OrderRested)}
    return bool(rested - {each.fact.order_id for each in facts if isinstance(each.fact, OrderCancelled)})
