"""What each strategy did in each game of a run, from the folded tables.

Read by whatever adds runs up or compares them: the game is the unit in which results repeat themselves. The
arithmetic is that of `engine.tally`, market by market, so that the sums are a report's to the last digit.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

import attrs
from sqlalchemy import Connection, bindparam, func, select

from engine.facts import MarketResultKnown
from engine.units import PRICE_ONE, Count, Money
from persistence.book_samples import NO_TOP, Top, tops_of
from persistence.codec import decode
from persistence.stored_runs import worth
from persistence.tables import fills, journal, positions, simulated_orders

READINGS: Final = ("pessimistic", "base", "optimistic")


@attrs.define(kw_only=True)
class GameResult:
    """One strategy in one game: counts, and money after fees under the three readings of its fills."""

    strategy: str
    game: str
    orders: int = 0
    fills: int = 0
    contracts: Count = Count(0)
    fees: Money = Money(0)
    pessimistic: Money = Money(0)
    base: Money = Money(0)
    optimistic: Money = Money(0)


@attrs.define
class _Reading:
    """Contracts and cash of a strategy in a market under one reading, in YES terms."""

    count: int = 0
    cash: int = 0


def game_results(connection: Connection, run: int) -> list[GameResult]:
    """What came of each strategy in each game in which it sent an order, in the order of their names."""
    found: dict[tuple[str, str], GameResult] = {}
    _count_orders(connection, run, found)
    _count_fills(connection, run, found)
    held = connection.execute(select(positions).where(positions.c.run == run)).all()
    bands = _bands(connection, run)
    # Whatever is held came by an order that was sent, and has readings.
    tickers = {ticker for _, _, ticker in bands}
    settled = {row.ticker: row.settled_value for row in held if row.settled_value is not None}
    # A reading may hold what the base one does not, and then no position is settled.
    settled |= _results(connection, run, tickers - settled.keys())
    tops = tops_of(connection, run, sorted(tickers - settled.keys()))
    for row in held:
        mine = _of(found, row.strategy, row.game)
        value = worth(row.position, tops.get(row.ticker, NO_TOP)) if row.position else 0
        mine.base = Money(mine.base + row.realized - row.fees + value - row.cost)
        mine.fees = Money(mine.fees + row.fees)
    for (strategy, game, ticker), readings in bands.items():
        mine = _of(found, strategy, game)
        values = [_value(each, settled.get(ticker), tops.get(ticker, NO_TOP)) for each in readings]
        mine.pessimistic = Money(mine.pessimistic + values[0])
        mine.optimistic = Money(mine.optimistic + values[1])
    return [found[key] for key in sorted(found)]


def _results(connection: Connection, run: int, tickers: Collection[str]) -> dict[str, int]:
    """What a contract of these markets is worth by the venue's last word, where there is one."""
    word = journal.c
    wanted = select(word.body).where(
        word.run == run, word.subject == bindparam("ticker"), word.kind == MarketResultKnown.__name__
    )
    found: dict[str, int] = {}
    for ticker in sorted(tickers):
        for (body,) in connection.execute(wanted.order_by(word.seq), {"ticker": ticker}):
            fact = decode(MarketResultKnown.__name__, body)
            assert isinstance(fact, MarketResultKnown)  # noqa: S101 - that is its kind
            found[ticker] = fact.value
    return found


def _of(found: dict[tuple[str, str], GameResult], strategy: str, game: str) -> GameResult:
    return found.setdefault((strategy, game), GameResult(strategy=strategy, game=game))


def _count_orders(connection: Connection, run: int, found: dict[tuple[str, str], GameResult]) -> None:
    sent = simulated_orders.c
    # A wish that was refused, or approved and never sent, does not arrive.
    wanted = select(sent.strategy, sent.game, func.count()).where(
        sent.run == run, sent.arrives_at.is_not(None)
    )
    for strategy, game, count in connection.execute(wanted.group_by(sent.strategy, sent.game)):
        _of(found, strategy, game).orders = int(count)


def _count_fills(connection: Connection, run: int, found: dict[tuple[str, str], GameResult]) -> None:
    made = fills.c
    wanted = select(made.strategy, made.game, func.count(), func.sum(made.count)).where(made.run == run)
    for strategy, game, count, contracts in connection.execute(wanted.group_by(made.strategy, made.game)):
        mine = _of(found, strategy, game)
        mine.fills, mine.contracts = int(count), Count(int(contracts))


def _bands(connection: Connection, run: int) -> Mapping[tuple[str, str, str], tuple[_Reading, _Reading]]:
    """The pessimistic and the optimistic reading by strategy, game and market."""
    sent = simulated_orders.c
    key = (sent.strategy, sent.game, sent.ticker, sent.side)
    sums = [
        func.sum(sent[name]) for name in ("pessimistic", "pessimistic_cash", "optimistic", "optimistic_cash")
    ]
    found: dict[tuple[str, str, str], tuple[_Reading, _Reading]] = defaultdict(
        lambda: (_Reading(), _Reading())
    )
    wanted = select(*key, *sums).where(sent.run == run, sent.arrives_at.is_not(None)).group_by(*key)
    for strategy, game, ticker, side, *values in connection.execute(wanted):
        sign = 1 if side == "bid" else -1
        counts, cash = values[::2], values[1::2]
        for reading, count, amount in zip(found[strategy, game, ticker], counts, cash, strict=True):
            reading.count += sign * int(count)
            reading.cash += int(amount)
    return found


def _value(reading: _Reading, settled: int | None, top: Top) -> int:
    if settled is not None:
        return reading.cash + reading.count * settled
    # In YES terms a short contract owes a whole dollar, and its NO side is worth what liquidation brings.
    return reading.cash + worth(reading.count, top) + min(reading.count, 0) * PRICE_ONE
