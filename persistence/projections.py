"""The projection of facts onto the tables: the fold that the writer runs and the verifier runs again.

One `Projection` belongs to one run. `apply` folds a fact, `listed` and `changed` give what a batch added and
changed, `commit` or `rollback` ends the batch. The same code makes the rows at the first writing and at
verification, so a difference can only come from the database.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Table

from engine.facts import (
    BandMoved,
    Fact,
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
    RunEnded,
    RunStarted,
    SignalRaised,
    StrategyChanged,
    StrategyOpened,
    TradingHalted,
    TradingResumed,
)
from engine.orders import PlaceOrder
from persistence.codec import encode_json
from persistence.errors import MEND, FactRefused, LedgerImbalanced
from persistence.projected_rows import (
    LimitRow,
    OrderRow,
    PerformanceRow,
    PositionRow,
    StrategyRow,
    TableCache,
    Values,
    finite,
)
from persistence.tables import fills, ledger_entries, signals

ORDERS_KEPT_MAX: Final = 20_000
"""Orders remembered by the writer; older ones that are over are read from the database if a fact names them
again."""


class Projection:
    """The present state of a run's tables and the rows that a batch adds to them."""

    def __init__(self, load_order: Callable[[str], OrderRow | None] | None = None) -> None:
        self.strategies: TableCache[str, StrategyRow] = TableCache()
        self.orders: TableCache[str, OrderRow] = TableCache(load_order)
        self.positions: TableCache[tuple[str, str], PositionRow] = TableCache()
        self.performance: TableCache[str, PerformanceRow] = TableCache()
        self.limits: TableCache[tuple[str, str], LimitRow] = TableCache()
        self.listed: dict[Table, list[Values]] = {signals: [], fills: [], ledger_entries: []}
        self.run_changes: list[RunStarted | RunEnded] = []

    def apply(self, seq: int, fact: Fact) -> None:
        """Fold one fact. Raises LedgerImbalanced for postings that do not sum to zero."""
        fold = _FOLDS.get(type(fact))
        if fold is not None:
            fold(self, seq, fact)

    def changed(self) -> list[tuple[Table, list[Values]]]:
        """Rows of the state tables that the batch made or changed, each without `run`."""
        found = [
            (StrategyRow.TABLE, self.strategies.changed()),
            (OrderRow.TABLE, self.orders.changed()),
            (PositionRow.TABLE, self.positions.changed()),
            (PerformanceRow.TABLE, self.performance.changed()),
            (LimitRow.TABLE, self.limits.changed()),
        ]
        return [(table, rows) for table, rows in found if rows]

    def commit(self) -> None:
        """The batch is durable: begin the next."""
        self.strategies.commit()
        self.orders.commit()
        self.positions.commit()
        self.performance.commit()
        self.limits.commit()
        self._clear()
        self.orders.forget(lambda order: not order.open, ORDERS_KEPT_MAX)

    def rollback(self) -> None:
        """The batch failed: everything is as before it."""
        self.strategies.rollback()
        self.orders.rollback()
        self.positions.rollback()
        self.performance.rollback()
        self.limits.rollback()
        self._clear()

    def _clear(self) -> None:
        for rows in self.listed.values():
            rows.clear()
        self.run_changes.clear()

    def _sums(self, strategy: str, seq: int, at: int) -> PerformanceRow:
        row = self.performance.find(strategy)
        if row is None:
            row = self.performance.put(strategy, PerformanceRow(strategy))
        row.seq = seq
        row.changed_at = at
        return row

    def _position(self, key: tuple[str, str], game: str, seq: int, at: int) -> PositionRow:
        row = self.positions.find(key)
        if row is None:
            row = self.positions.put(key, PositionRow(key[0], key[1], game))
        row.seq = seq
        row.changed_at = at
        return row

    def _run(self, seq: int, fact: RunStarted | RunEnded) -> None:
        self.run_changes.append(fact)

    def _strategy_opened(self, seq: int, fact: StrategyOpened) -> None:
        row = StrategyRow(fact.strategy, fact.kind, fact.bankroll, fact.parameters, 1, fact.at, seq)
        self.strategies.find(fact.strategy)
        self.strategies.put(fact.strategy, row)
        self._sums(fact.strategy, seq, fact.at)

    def _strategy_changed(self, seq: int, fact: StrategyChanged) -> None:
        row = self.strategies.find(fact.strategy)
        if row is not None:
            row.enabled = int(fact.enabled)
            row.parameters = fact.parameters
            row.seq = seq

    def _signal(self, seq: int, fact: SignalRaised) -> None:
        self._sums(fact.strategy, seq, fact.at).signals += 1
        self.listed[signals].append(
            (
                seq,
                fact.signal_id,
                fact.strategy,
                fact.game,
                fact.ticker,
                fact.side.value,
                fact.action.value,
                fact.reason,
                finite(fact.p_fair),
                fact.price,
                finite(fact.p_edge),
                encode_json(fact.evidence),
                fact.at,
            )
        )

    def _approved(self, seq: int, fact: OrderApproved) -> None:
        self._sums(fact.command.strategy, seq, fact.at).approved += 1
        if isinstance(fact.command, PlaceOrder) and self.orders.find(fact.command.order_id) is None:
            row = self.orders.put(fact.command.order_id, OrderRow.of(fact.command, "approved"))
            row.seq = seq

    def _denied(self, seq: int, fact: OrderDenied) -> None:
        self._sums(fact.strategy, seq, fact.at).denied += 1
        if self.orders.find(fact.order_id) is None:
            # A denied cancel, amend or repetition leaves the order that it meant as it is.
            row = OrderRow(fact.order_id, fact.strategy, fact.game, fact.ticker, fact.signal_id, "denied")
            row.reason = fact.reason.value
            row.closed_at = fact.at
            row.seq = seq
            self.orders.put(fact.order_id, row)

    def _submitted(self, seq: int, fact: OrderSubmitted) -> None:
        self._sums(fact.order.strategy, seq, fact.at).orders += 1
        row = self.orders.find(fact.order.order_id)
        if row is None:
            row = self.orders.put(fact.order.order_id, OrderRow.of(fact.order, "submitted"))
        row.status = "submitted"
        row.arrives_at = fact.arrives_at
        row.seq = seq

    def _rejected(self, seq: int, fact: OrderRejected) -> None:
        self._sums(fact.strategy, seq, fact.at).rejected += 1
        row = self.orders.find(fact.order_id)
        if row is not None and row.open:
            row.status = "rejected"
            row.reason = fact.code.value
            row.closed_at = fact.at
            row.seq = seq

    def _rested(self, seq: int, fact: OrderRested) -> None:
        row = self.orders.find(fact.order_id)
        if row is not None:
            row.status = "resting"
            row.price = fact.price
            row.remaining = fact.remaining
            row.ahead = fact.ahead
            row.seq = seq

    def _queue(self, seq: int, fact: QueueMoved) -> None:
        row = self.orders.find(fact.order_id)
        if row is not None:
            row.ahead = fact.ahead
            row.seq = seq

    def _filled(self, seq: int, fact: OrderFilled) -> None:
        if fact.count <= 0:
            raise FactRefused(f"a fill of {fact.count}", f"fill {fact.fill_id}", MEND)
        row = self.orders.find(fact.order_id)
        if row is not None:
            row.filled += fact.count
            row.remaining = fact.remaining
            row.fees += fact.fee
            row.seq = seq
            if fact.remaining == 0:
                row.status = "filled"
                row.closed_at = fact.at
        position = self._position((fact.strategy, fact.ticker), fact.game, seq, fact.at)
        sums = self._sums(fact.strategy, seq, fact.at)
        sums.realized += position.trade(fact)
        sums.fills += 1
        sums.contracts += fact.count
        sums.fees += fact.fee
        self.listed[fills].append(_fill(seq, fact))

    def _cancelled(self, seq: int, fact: OrderCancelled) -> None:
        self._sums(fact.strategy, seq, fact.at).cancelled += 1
        row = self.orders.find(fact.order_id)
        if row is not None:
            row.status = "cancelled"
            row.reason = fact.reason.value
            row.remaining = fact.remaining
            row.closed_at = fact.at
            row.seq = seq

    def _amended(self, seq: int, fact: OrderAmended) -> None:
        row = self.orders.find(fact.order_id)
        if row is not None:
            row.price = fact.price
            row.remaining = fact.remaining
            # Journals of older versions have no count in this fact.
            row.count = fact.count or row.filled + fact.remaining
            row.ahead = fact.ahead
            row.seq = seq

    def _band(self, seq: int, fact: BandMoved) -> None:
        row = self.orders.find(fact.order_id)
        if row is None:
            return
        sums = self._sums(fact.strategy, seq, fact.at)
        # The fact carries totals of its order, the row those of the strategy: only the difference is new.
        sums.pessimistic_cash += fact.pessimistic_cash - row.pessimistic_cash
        sums.base_cash += fact.base_cash - row.base_cash
        sums.optimistic_cash += fact.optimistic_cash - row.optimistic_cash
        row.pessimistic = fact.pessimistic
        row.base = fact.base
        row.optimistic = fact.optimistic
        row.pessimistic_cash = fact.pessimistic_cash
        row.base_cash = fact.base_cash
        row.optimistic_cash = fact.optimistic_cash
        row.seq = seq

    def _posted(self, seq: int, fact: LedgerPosted) -> None:
        total = sum(posting.amount for posting in fact.postings)
        # Checked here once more, apart from the ledger itself: what is in the journal is there for ever.
        if total != 0:
            raise LedgerImbalanced(
                f"its postings sum to {total}", f"ledger entry {fact.entry_id}", "mend the exchange"
            )
        rows = self.listed[ledger_entries]
        for ordinal, posting in enumerate(fact.postings):
            rows.append(
                (
                    seq,
                    ordinal,
                    fact.entry_id,
                    fact.strategy,
                    fact.cause,
                    posting.account,
                    posting.amount,
                    fact.at,
                )
            )

    def _settled(self, seq: int, fact: PositionSettled) -> None:
        row = self._position((fact.strategy, fact.ticker), fact.game, seq, fact.at)
        gain, rest = row.settle(fact)
        sums = self._sums(fact.strategy, seq, fact.at)
        sums.realized += gain
        sums.fees += rest

    def _halted(self, seq: int, fact: TradingHalted) -> None:
        self._limit(LimitRow(fact.scope, "halt", fact.state, fact.by, fact.why, fact.at, seq))

    def _resumed(self, seq: int, fact: TradingResumed) -> None:
        self._limit(LimitRow(fact.scope, "halt", "running", fact.by, fact.why, fact.at, seq))

    def _limit_changed(self, seq: int, fact: LimitChanged) -> None:
        scope = "all" if fact.strategy is None else f"strategy:{fact.strategy}"
        self._limit(LimitRow(scope, fact.name, fact.value, fact.by, "", fact.at, seq))

    def _limit(self, row: LimitRow) -> None:
        key = (row.scope, row.name)
        self.limits.find(key)
        self.limits.put(key, row)


def _fill(seq: int, fact: OrderFilled) -> Values:
    return (
        seq,
        fact.fill_id,
        fact.order_id,
        fact.strategy,
        fact.game,
        fact.ticker,
        fact.side.value,
        fact.price,
        fact.count,
        fact.liquidity.value,
        fact.fee,
        fact.fee_accumulated,
        fact.remaining,
        encode_json(fact.evidence),
        fact.at_venue,
        fact.at,
    )


# The types cannot be told to a dictionary: each function takes the fact of its own key. A test folds every
# kind.
_FOLDS: Final[dict[type[Fact], Callable[..., None]]] = {
    RunStarted: Projection._run,  # noqa: SLF001
    RunEnded: Projection._run,  # noqa: SLF001
    StrategyOpened: Projection._strategy_opened,  # noqa: SLF001
    StrategyChanged: Projection._strategy_changed,  # noqa: SLF001
    SignalRaised: Projection._signal,  # noqa: SLF001
    OrderApproved: Projection._approved,  # noqa: SLF001
    OrderDenied: Projection._denied,  # noqa: SLF001
    OrderSubmitted: Projection._submitted,  # noqa: SLF001
    OrderRejected: Projection._rejected,  # noqa: SLF001
    OrderRested: Projection._rested,  # noqa: SLF001
    QueueMoved: Projection._queue,  # noqa: SLF001
    OrderFilled: Projection._filled,  # noqa: SLF001
    OrderCancelled: Projection._cancelled,  # noqa: SLF001
    OrderAmended: Projection._amended,  # noqa: SLF001
    BandMoved: Projection._band,  # noqa: SLF001
    LedgerPosted: Projection._posted,  # noqa: SLF001
    PositionSettled: Projection._settled,  # noqa: SLF001
    TradingHalted: Projection._halted,  # noqa: SLF001
    TradingResumed: Projection._resumed,  # noqa: SLF001
    LimitChanged: Projection._limit_changed,  # noqa: SLF001
}
"""What a kind does to the tables. Kinds that are not here live in the journal alone."""
