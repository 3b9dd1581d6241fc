"""The questions that reports, `why` and the control socket put to a database.

Reading never disturbs the writer. A `Reader` sees one moment of one run. Lists come in the journal's order,
newest last; limits count from the end.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from types import TracebackType
from typing import Any, Final, Self

import attrs
from sqlalchemy import Connection, Select, Table, func, select

from engine import ledger
from engine.facts import (
    Fact,
    FactsSetAside,
    LedgerPosted,
    OrderDenied,
    PositionSettled,
    TradingResumed,
)
from engine.quarantine import UnreadFact
from engine.reasons import DenialReason
from engine.units import Money, Nanos
from engine.venue_facts import PositionPaid
from persistence import connect, snapshots, writer_state
from persistence.codec import decode
from persistence.connect import Access
from persistence.errors import StorageCorrupt, StorageUnreachable
from persistence.journal import Digest, Entry
from persistence.market_tables import dead_letters, system_logs
from persistence.projected_rows import (
    OPEN_STATES,
    LimitRow,
    OrderRow,
    PerformanceRow,
    PositionRow,
    StrategyRow,
)
from persistence.snapshots import Found
from persistence.tables import fills, journal, ledger_entries, runs, signals, simulated_orders

LIMIT: Final = 1_000
"""Rows of a list unless more are asked for."""


@attrs.frozen
class Recorded:
    """A fact as the journal holds it: when, on which input, and by whom it was decided."""

    seq: int
    at: Nanos
    cause: int
    owner: str
    fact: Fact


@attrs.frozen
class PastFact:
    """A fact as somebody meets it who goes on with its run."""

    at: Nanos
    fact: Fact | UnreadFact


@attrs.frozen
class RunRow:
    """A run as it described itself; what it has not said yet is None."""

    id: int
    run: str
    version: str | None
    config_digest: str | None
    seed: int | None
    started_at: int | None
    ended_at: int | None
    end_reason: str | None
    configuration: str | None


@attrs.frozen
class FillRow:
    """A fill; `evidence` is the canonical JSON of `engine.facts.FillEvidence`."""

    seq: int
    fill_id: str
    order_id: str
    strategy: str
    game: str
    ticker: str
    side: str
    price: int
    count: int
    liquidity: str
    fee: int
    fee_accumulated: int
    remaining: int
    evidence: str
    at_venue: int | None
    at: int


@attrs.frozen
class SignalRow:
    """A signal; `evidence` is JSON: a list of pairs of name and value."""

    seq: int
    signal_id: str
    strategy: str
    game: str
    ticker: str
    side: str
    action: str
    reason: str
    p_fair: float | None
    price: int | None
    p_edge: float | None
    evidence: str
    at: int


RUNS_NAMED_MAX: Final = 5
"""More runs than this are not named in a message."""


def _named(found: Sequence[RunRow]) -> str:
    """Which runs there are, the newest first: what to name instead of one that is not there."""
    names = [row.run for row in reversed(found[-RUNS_NAMED_MAX:])]
    if not names:
        return "start one by `tipoff run`, or name another database by --db sqlite:///FILE"
    older = f" and {len(found) - len(names)} older" if len(found) > len(names) else ""
    there = f"there are {', '.join(names)}{older}"
    return f"the newest is taken without --run; {there}; `tipoff runs` says more of them"


class Reader:
    """One moment of one run of a database. Use it as a context; nothing is locked for the writer."""

    def __init__(self, connection: Connection, run: str | None = None) -> None:
        """Look at `run`, or at the newest one. Raises StorageUnreachable if there is no such run."""
        self._connection = connection
        self._owned = False
        wanted = select(runs).order_by(runs.c.id.desc()).limit(1)
        if run is not None:
            wanted = wanted.where(runs.c.run == run)
        found = connection.execute(wanted).first()
        if found is None:
            what = f"there is no run {run!r}" if run else "there are no runs yet"
            place = str(connection.engine.url.database).removeprefix("file:")
            raise StorageUnreachable(what, place, _named(self.runs()))
        self.run = RunRow(*found)

    @classmethod
    def open(cls, url: str, run: str | None = None) -> Self:
        """Open a database for reading; close it by leaving the context. Raises what opening raises."""
        with connect.sorted_errors(url):
            engine = connect.make_engine(url, Access.READ)
            connection = connect.one_moment(engine)
            try:
                connect.check_revision(connect.revision(connection), connect.where(url))
                reader = cls(connection, run)
            except BaseException:
                connection.close()
                raise
        reader._owned = True
        return reader

    @property
    def connection(self) -> Connection:
        """The read-only connection, for queries that live elsewhere."""
        return self._connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._owned:
            self._connection.close()

    # The journal

    def runs(self) -> list[RunRow]:
        """All runs of the database, oldest first."""
        return [RunRow(*found) for found in self._connection.execute(select(runs).order_by(runs.c.id))]

    def entries(self, first: int = 1, last: int | None = None) -> Iterator[Entry]:
        """Stored entries with their chain, from `first` on."""
        return writer_state.entries(self._connection, self.run.id, first, last)

    def facts(self, kinds: Collection[type[Fact]] = (), first: int = 1) -> Iterator[Recorded]:
        """Facts from entry `first` on, all or those of some kinds."""
        names = frozenset(kind.__name__ for kind in kinds)
        for entry in writer_state.entries(self._connection, self.run.id, first, kinds=names):
            yield _recorded(entry)

    def texts(self, kinds: Collection[str]) -> Iterator[tuple[str, str]]:
        """Kind and canonical text of all facts of some kinds, in the order of the journal."""
        return writer_state.texts(self._connection, self.run.id, kinds)

    def chain(self) -> str:
        """The hash that the run's last entry is chained to everything before it by, in hexadecimal digits."""
        return writer_state.last_entry(self._connection, self.run.id, self.run.run)[1].hex()

    def snapshots(self, version: str | None = None) -> Iterator[Found]:
        """What the run was folded to, the newest first; those of another version are told, and not read."""
        return snapshots.stored(self._connection, self.run.id, version)

    def past(self, first: int = 1) -> Iterator[PastFact]:
        """Facts for whoever goes on with the run; an entry that cannot be read is told as such."""
        for entry in writer_state.entries(self._connection, self.run.id, first):
            try:
                yield PastFact(entry.at, entry.fact)
            except StorageCorrupt as error:
                unread = UnreadFact(entry.kind, entry.body, self._subject(entry.seq), error.what)
                yield PastFact(entry.at, unread)

    def _subject(self, seq: int) -> str:
        wanted = self._select(select(journal.c.subject), journal).where(journal.c.seq == seq)
        return str(self._connection.execute(wanted).scalar_one())

    def last_seq(self) -> int:
        """Number of the run's last entry; zero if there is none."""
        return writer_state.last_entry(self._connection, self.run.id, self.run.run)[0]

    def tail(self, count: int) -> list[Recorded]:
        """The last facts."""
        return list(map(_recorded, self.entries(max(1, self.last_seq() - count + 1))))

    def digest(self) -> str:
        """The digest of the run's decisions, computed from the journal."""
        digest = Digest()
        digest.add(self.entries())
        return digest.text()

    def chain_of(self, name: str) -> list[Recorded]:
        """All facts that tell the story of an order, a fill, a signal or a ledger entry, in order; empty if
        unknown.

        From a fill one comes to its order, from an order to its signal and to all its fills and postings, and
        from a fill's market to the settlement of the strategy's position.
        """
        name = self._cause_of(name)
        order_ids, signal_ids, fill_ids = self._family(name)
        about = {name, *order_ids, *signal_ids, *fill_ids}
        story = {entry.seq: entry for entry in self._about(about)}
        places = self._select(
            select(simulated_orders.c.strategy, simulated_orders.c.ticker), simulated_orders
        )
        held = (
            {tuple(row) for row in self._in(places, simulated_orders.c.order_id, order_ids)}
            if fill_ids
            else set()
        )
        for strategy, ticker in sorted(held):
            story |= {entry.seq: entry for entry in self._settlement(strategy, ticker)}
        return [story[seq] for seq in sorted(story)]

    def _settlement(self, strategy: str, ticker: str) -> list[Recorded]:
        """How a position was paid: its settlement and payment, and the postings that no fill made."""
        accounts = (ledger.collateral(strategy, ticker), ledger.claim(strategy, ticker))
        made = self._select(select(fills.c.fill_id), fills)
        entries = self._select(select(ledger_entries.c.seq), ledger_entries)
        posted = entries.where(ledger_entries.c.account.in_(accounts), ledger_entries.c.cause.not_in(made))
        found = [
            _recorded(entry)
            for seq in sorted(set(self._connection.execute(posted).scalars()))
            for entry in self.entries(seq, seq)
        ]
        return found + [
            entry
            for entry in self._about({ticker})
            if isinstance(entry.fact, PositionSettled | PositionPaid) and entry.fact.strategy == strategy
        ]

    def _cause_of(self, name: str) -> str:
        """What made a ledger entry; any other id stays as it is."""
        wanted = self._select(select(ledger_entries.c.cause), ledger_entries)
        cause = self._connection.execute(wanted.where(ledger_entries.c.entry_id == name).limit(1)).scalar()
        return name if cause is None else cause

    def _family(self, name: str) -> tuple[set[str], set[str], set[str]]:
        """The orders, signals and fills that belong to an id."""
        orders_of = self._select(
            select(simulated_orders.c.order_id, simulated_orders.c.signal_id), simulated_orders
        )
        by_fill = self._select(select(fills.c.order_id), fills).where(fills.c.fill_id == name)
        known = {name, *self._connection.execute(by_fill).scalars()}
        found = [
            *self._in(orders_of, simulated_orders.c.order_id, known),
            *self._in(orders_of, simulated_orders.c.signal_id, {name}),
        ]
        order_ids = {row[0] for row in found}
        made = self._select(select(fills.c.fill_id), fills)
        return (
            order_ids,
            {row[1] for row in found},
            {row[0] for row in self._in(made, fills.c.order_id, order_ids)},
        )

    def _about(self, names: set[str]) -> list[Recorded]:
        columns = [journal.c[name] for name in ("seq", "at", "cause", "owner", "kind", "body", "chain")]
        found = self._in(self._select(select(*columns), journal), journal.c.subject, names)
        return [_recorded(Entry(*row)) for row in found]

    # What is folded from it

    def strategies(self) -> list[StrategyRow]:
        """All strategies of the run."""
        return writer_state.rows_of(self._connection, StrategyRow, self.run.id)

    def performance(self) -> list[PerformanceRow]:
        """The sums of each strategy."""
        return writer_state.rows_of(self._connection, PerformanceRow, self.run.id)

    def positions(self, *, open_only: bool = False) -> list[PositionRow]:
        """Positions by strategy and market, flat ones too unless `open_only`."""
        rows = writer_state.rows_of(self._connection, PositionRow, self.run.id)
        return [row for row in rows if row.position or not open_only]

    def limits(self) -> list[LimitRow]:
        """Limits changed while running, and halts."""
        return writer_state.rows_of(self._connection, LimitRow, self.run.id)

    def orders(
        self, *, open_only: bool = False, strategy: str | None = None, limit: int = LIMIT
    ) -> list[OrderRow]:
        """Orders by their latest change."""
        table = simulated_orders
        wanted = self._columns(table)
        if open_only:
            wanted = wanted.where(table.c.status.in_(OPEN_STATES))
        if strategy is not None:
            wanted = wanted.where(table.c.strategy == strategy)
        return [OrderRow(*row) for row in self._newest(wanted, table, limit)]

    def fills(
        self, *, strategy: str | None = None, order_id: str | None = None, limit: int = LIMIT
    ) -> list[FillRow]:
        """Fills in order."""
        wanted = self._columns(fills)
        if strategy is not None:
            wanted = wanted.where(fills.c.strategy == strategy)
        if order_id is not None:
            wanted = wanted.where(fills.c.order_id == order_id)
        return [FillRow(*row) for row in self._newest(wanted, fills, limit)]

    def signals(self, *, strategy: str | None = None, limit: int = LIMIT) -> list[SignalRow]:
        """Signals in order."""
        wanted = self._columns(signals)
        if strategy is not None:
            wanted = wanted.where(signals.c.strategy == strategy)
        return [SignalRow(*row) for row in self._newest(wanted, signals, limit)]

    def denials(self) -> dict[str, Counter[DenialReason]]:
        """How often each rule refused a wish, by strategy."""
        found: dict[str, Counter[DenialReason]] = {}
        wanted = self._select(select(journal.c.body), journal).where(journal.c.kind == OrderDenied.__name__)
        for body in self._connection.execute(wanted.order_by(journal.c.seq)).scalars():
            fact = decode(OrderDenied.__name__, body)
            if isinstance(fact, OrderDenied):
                found.setdefault(fact.strategy, Counter())[fact.reason] += 1
        return found

    def set_aside(self) -> tuple[FactsSetAside, ...]:
        """What starts of the run could not apply and nobody has released."""
        kinds = (FactsSetAside.__name__, TradingResumed.__name__)
        wanted = self._select(select(journal.c.kind, journal.c.body), journal).where(
            journal.c.kind.in_(kinds)
        )
        standing: dict[str, FactsSetAside] = {}
        for kind, body in self._connection.execute(wanted.order_by(journal.c.seq)):
            try:
                fact = decode(kind, body)
            except StorageCorrupt:
                # Told by another entry of the same kind.
                continue
            if isinstance(fact, FactsSetAside):
                standing[fact.scope] = fact
            elif isinstance(fact, TradingResumed):
                standing.pop(fact.scope, None)
        return tuple(standing.values())

    def balances(self) -> dict[str, Money]:
        """The ledger's accounts."""
        wanted = select(ledger_entries.c.account, func.sum(ledger_entries.c.amount))
        grouped = self._select(wanted, ledger_entries).group_by(ledger_entries.c.account)
        rows = self._connection.execute(grouped.order_by(ledger_entries.c.account))
        return {account: Money(int(amount)) for account, amount in rows}

    def imbalance(self) -> Money:
        """The sum of all accounts: zero, always."""
        return Money(sum(self.balances().values()))

    def postings(self, strategy: str) -> Iterator[LedgerPosted]:
        """A strategy's ledger entries in order."""
        for recorded in self.facts((LedgerPosted,)):
            if isinstance(recorded.fact, LedgerPosted) and recorded.fact.strategy == strategy:
                yield recorded.fact

    # What is kept beside it

    def dead_letters(self, limit: int = LIMIT) -> list[dict[str, Any]]:
        """Messages that crashed their actors, as rows by column name."""
        return self._mappings(dead_letters, limit)

    def logs(self, limit: int = LIMIT) -> list[dict[str, Any]]:
        """Log lines worth keeping, as rows by column name."""
        return self._mappings(system_logs, limit)

    def _mappings(self, table: Table, limit: int) -> list[dict[str, Any]]:
        wanted = self._select(select(table), table).order_by(table.c.id.desc()).limit(limit)
        return [dict(row) for row in reversed(self._connection.execute(wanted).mappings().all())]

    def _columns(self, table: Table) -> Select[Any]:
        return self._select(select(*[column for column in table.columns if column.name != "run"]), table)

    def _select(self, wanted: Select[Any], table: Table) -> Select[Any]:
        return wanted.where(table.c.run == self.run.id)

    def _newest(self, wanted: Select[Any], table: Table, limit: int) -> list[Any]:
        found = self._connection.execute(wanted.order_by(table.c.seq.desc()).limit(limit)).all()
        return list(reversed(found))

    def _in(self, wanted: Select[Any], column: Any, names: Collection[str]) -> list[Any]:  # noqa: ANN401
        """Rows with one of the names, asked for in portions below every driver's limit of parameters."""
        listed = sorted(names)
        found: list[Any] = []
        for start in range(0, len(listed), 500):
            found += self._connection.execute(wanted.where(column.in_(listed[start : start + 500]))).all()
        return found


def _recorded(entry: Entry) -> Recorded:
    return Recorded(entry.seq, entry.at, entry.cause, entry.owner, entry.fact)
