"""What a database holds: its runs, each with the sums that a list of them shows.

Read by `tipoff runs` and by whatever adds runs up or compares them. The sums come from the folded tables, so
that a season is listed without folding its journals again; only the digest is computed from the journal.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
from sqlalchemy import Connection, func, select

from engine.positions import liquidation_value
from engine.units import Count, Money, Price
from persistence import connect
from persistence.book_samples import Top, tops_of
from persistence.journal import DECISIONS, Digest
from persistence.market_tables import kalshi_markets
from persistence.queries import RunRow
from persistence.tables import journal, positions, runs, strategies, strategy_performance
from persistence.writer_state import entries


@attrs.frozen(kw_only=True)
class StoredRun:
    """A run with its sums over all strategies; `base` is money after fees, open positions at what they would
    fetch; `games` are those of the markets that it heard of.
    """

    row: RunRow
    entries: int
    strategies: tuple[str, ...]
    games: tuple[str, ...]
    signals: int
    orders: int
    fills: int
    fees: Money
    base: Money


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """A database for reading, whichever runs it holds. Raises what opening raises."""
    with connect.reading(url) as connection:
        connect.check_revision(connect.revision(connection), connect.where(url))
        yield connection


def stored_runs(connection: Connection) -> list[StoredRun]:
    """Every run, oldest first."""
    rows = [RunRow(*found) for found in connection.execute(select(runs).order_by(runs.c.id))]
    last = _by_run(connection, select(journal.c.run, func.max(journal.c.seq)).group_by(journal.c.run))
    names = _listed(connection, select(strategies.c.run, strategies.c.strategy).order_by(strategies.c.seq))
    heard = kalshi_markets.c
    followed = select(heard.run, heard.game).where(heard.game.is_not(None)).distinct().order_by(heard.game)
    played = _listed(connection, followed)
    done = strategy_performance.c
    summed = select(done.run, *(func.sum(done[name]) for name in ("signals", "orders", "fills")))
    counts = {found[0]: found[1:] for found in connection.execute(summed.group_by(done.run))}
    money = _money(connection)
    return [
        StoredRun(
            row=row,
            entries=last.get(row.id, 0),
            strategies=tuple(names[row.id]),
            games=tuple(played[row.id]),
            signals=int(counts.get(row.id, (0, 0, 0))[0]),
            orders=int(counts.get(row.id, (0, 0, 0))[1]),
            fills=int(counts.get(row.id, (0, 0, 0))[2]),
            fees=money.get(row.id, (Money(0), Money(0)))[0],
            base=money.get(row.id, (Money(0), Money(0)))[1],
        )
        for row in rows
    ]


def digest_of(connection: Connection, run: int) -> str:
    """The digest of a run's decisions, computed from its journal."""
    digest = Digest()
    digest.add(entries(connection, run, 1, kinds=DECISIONS))
    return digest.text()


def _money(connection: Connection) -> dict[int, tuple[Money, Money]]:
    """Fees, and profit or loss after them, by run."""
    held = positions.c
    summed = select(held.run, func.sum(held.fees), func.sum(held.realized - held.fees)).group_by(held.run)
    found = {run: [int(fees), int(gained)] for run, fees, gained in connection.execute(summed)}
    still = select(held.run, held.ticker, held.position, held.cost).where(held.position != 0)
    tops: dict[int, dict[str, Top]] = defaultdict(dict)
    for run, ticker, count, cost in connection.execute(still).all():
        if ticker not in tops[run]:
            tops[run] |= tops_of(connection, run, [ticker])
        found[run][1] += worth(count, tops[run][ticker]) - cost
    return {run: (Money(fees), Money(base)) for run, (fees, base) in found.items()}


def worth(count: int, top: Top) -> Money:
    """What contracts would fetch at once at these best prices."""
    bid, ask = (None if price is None else Price(price) for price in top)
    return liquidation_value(Count(count), bid, ask)


def _by_run(connection: Connection, wanted: Any) -> dict[int, int]:  # noqa: ANN401 - any selection of pairs
    return {run: int(value) for run, value in connection.execute(wanted)}


def _listed(connection: Connection, wanted: Any) -> dict[int, list[str]]:  # noqa: ANN401
    found: dict[int, list[str]] = defaultdict(list)
    for run, name in connection.execute(wanted):
        found[run].append(name)
    return found
