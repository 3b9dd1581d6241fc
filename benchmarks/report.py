"""What the report of a season costs: seconds and memory for evenings, fills and bars made up from numbers.

Run as `python -m benchmarks.report`. The database is made first: 100 evenings of seven games, five
strategies, 50,000 fills and 5 million bars. The command itself reads it, in a process of its own. It falls
short too where the money that it tells is not what was bet and won.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from benchmarks.pace import pace
from benchmarks.results import Result, finish, options
from engine import ledger
from engine.bars import BAR
from engine.events import BookSide
from engine.facts import (
    BandMoved,
    Fact,
    FillEvidence,
    LedgerPosted,
    MarketResultKnown,
    OrderApproved,
    OrderFilled,
    OrderSubmitted,
    PositionSettled,
    Posting,
    RunStarted,
    SignalAction,
    SignalRaised,
    StrategyOpened,
)
from engine.orders import Liquidity, PlaceOrder, TimeInForce
from engine.units import (
    MONEY_ONE,
    NANOS_PER_DAY,
    NANOS_PER_MINUTE,
    NANOS_PER_SECOND,
    Count,
    Money,
    Nanos,
    Price,
)
from persistence.connect import Durability, Settings
from persistence.queries import Recorded
from persistence.schema_upgrade import upgrade
from persistence.writer import JournalWriter, Options

EVENINGS, QUICK_EVENINGS = 100, 10
GAMES = 7
MARKETS = 7
BARS = 1_020
"""Of each market: two hours and fifty minutes."""
TIP = 120
"""The bar in which every game begins."""
STRATEGIES = ("sharp_line", "ev_multi", "momentum", "mean_reversion", "correlation")
BETS = 100
"""Of each strategy and evening."""
LOT = 1_000
"""Ten contracts a bet, in 1/100."""
SECONDS_MAX = 30.0
MEGABYTES_MAX = 400.0


def main(arguments: Sequence[str]) -> int:
    """Make the season, then report on it in a process of its own."""
    asked = options(__doc__, arguments)
    evenings = QUICK_EVENINGS if asked.quick else EVENINGS
    with tempfile.TemporaryDirectory(prefix="tipoff-season-") as folder:
        path = Path(folder) / "season.db"
        began = time.perf_counter()
        rows = made(path, evenings)
        print(f"made {evenings} evenings, {rows} bars, in {time.perf_counter() - began:.0f} s", flush=True)
        return finish(measured(path, evenings, Path(folder)), asked)


def measured(path: Path, evenings: int, folder: Path) -> list[Result]:
    """Report on every run: how long it takes, how much, and whether it tells the sum."""
    page, told = folder / "page.html", folder / "told.json"
    words = ["report", "--runs", "all", "--db", f"sqlite:///{path}", "--html", str(page), "--json"]
    began, before = time.perf_counter(), pace()
    with told.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "tipoff", *words], stdout=out)  # noqa: S603 - ours
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"the report ended with {process.returncode}")
    elapsed, seconds = time.perf_counter() - began, used.ru_utime + used.ru_stime
    slow = (before + pace()) / 2
    megabytes, size = used.ru_maxrss / 1024, path.stat().st_size / 1e6
    print(
        f"report of {size:.0f} MB: {seconds:.1f} s of processor ({seconds / slow:.1f} s if idle, this is "
        f"{slow:.1f} times slower), {elapsed:.1f} s in all, {megabytes:.0f} MB, "
        f"a page of {page.stat().st_size / 1000:.0f} kB"
    )
    rows = json.loads(told.read_text("utf-8"))["evidence"]["strategies"]
    found = {name: Decimal(row["pnl"]["base"]) for name, row in rows.items()}
    true = {name: Decimal(amount) / MONEY_ONE for name, amount in won(evenings).items()}
    for name in sorted(true):
        print(f"{name:15} {true[name]:10.2f} won, {found.get(name, Decimal(0)):10.2f} told")
    wrong = sum(found.get(name) != amount for name, amount in true.items())
    what = f"report on {evenings} evenings"
    return [
        Result(f"{what}, if idle", (seconds / slow,), "s", at_most=SECONDS_MAX),
        Result(f"{what}, memory", (megabytes,), "MB", at_most=MEGABYTES_MAX),
        Result(f"{what}, wrong sums", (float(wrong),), "strategies", at_most=0),
    ]


def won(evenings: int) -> dict[str, int]:
    """What each strategy won, counted from what was made up and from nothing of the program's."""
    sums = dict.fromkeys(STRATEGIES, 0)
    for evening in range(evenings):
        for fact in facts_of(evening, Nanos(0)):
            if isinstance(fact, OrderFilled):
                sums[fact.strategy] -= fact.price * fact.count + fact.fee
            elif isinstance(fact, PositionSettled):
                sums[fact.strategy] += fact.payout
    return sums


def made(path: Path, evenings: int) -> int:
    """Write a season; returns how many bars it has. Bars go past the writer, which would take minutes."""
    url = f"sqlite:///{path}"
    upgrade(url)
    options = Options(settings=Settings(durability=Durability.RELAXED))
    starts = [Nanos((20_000 + evening) * NANOS_PER_DAY) for evening in range(evenings)]
    for evening, start in enumerate(starts):
        writer = JournalWriter(url, f"evening-{evening:03}", options)
        facts = [
            Recorded(seq, Nanos(fact.at), 1, "bench", fact)
            for seq, fact in enumerate(facts_of(evening, start), 1)
        ]
        writer.append(facts)
        writer.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    wanted = "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'market_bars' AND type = 'index'"
    indices = [row for row in connection.execute(wanted) if row[1]]
    for name, _sql in indices:
        connection.execute(f"DROP INDEX {name}")
    runs = dict(connection.execute("SELECT run, id FROM runs"))
    rows = 0
    for evening, start in enumerate(starts):
        bars = list(bars_of(evening, runs[f"evening-{evening:03}"], start))
        connection.executemany(f"INSERT INTO market_bars VALUES ({', '.join('?' * len(bars[0]))})", bars)  # noqa: S608
        connection.commit()
        rows += len(bars)
    for _name, sql in indices:
        connection.execute(sql)
    connection.commit()
    connection.close()
    return rows


def tickers(evening: int) -> Iterator[tuple[str, str]]:
    """Game and ticker of every market of an evening."""
    teams = ("ATLMIN", "PHIMIA", "CHAMIL", "GSWPHX", "BOSNYK", "DALDEN", "LALSAC")
    for number in range(GAMES):
        month = ("NOV", "DEC", "JAN", "FEB")[evening // 28 % 4]
        game = f"{26 + evening // 336}{month}{evening % 28 + 1:02}{teams[number]}"
        home = teams[number][3:]
        for line in range(MARKETS):
            yield game, f"KXNBASPREAD-{game}-{home}{line + 1}"


def p_of(market: int, place: int) -> int:
    """A price in cents that wanders."""
    return 20 + (market * 37 + place // 6 * (7 + market % 5)) % 60


def bars_of(evening: int, run: int, start: Nanos) -> Iterator[tuple[int | str | float | None, ...]]:
    """The rows of an evening's bars, market by market."""
    for market, (_game, ticker) in enumerate(sorted(tickers(evening), key=lambda row: row[1])):
        for place in range(BARS):
            cents = p_of(market, place)
            begun = place >= TIP
            yield (
                run,
                ticker,
                start + (place + 1) * BAR,
                100 * cents,
                100 * cents + 200,
                "trusted",
                10_000,
                cents / 100 + 0.01,
                100,
                1,
                1 + (place - TIP) // 225 if begun else 0,
                None if begun else cents / 100,
                "{}",
            )


def facts_of(evening: int, start: Nanos) -> Iterator[Fact]:
    """A run: accounts, bets at what is displayed, results."""
    yield RunStarted(f"evening-{evening:03}", "bench", "0" * 64, evening, start)
    for strategy in STRATEGIES:
        yield StrategyOpened(strategy, strategy, Money(10**9), "{}", start)
    markets = list(tickers(evening))
    held: dict[tuple[str, str, str], tuple[int, int]] = {}
    for number in range(BETS):
        for place, strategy in enumerate(STRATEGIES):
            market = (number * 11 + place * 5 + evening) % len(markets)
            game, ticker = markets[market]
            bar = number * 9 + place
            at = Nanos(start + bar * BAR + 3 * NANOS_PER_SECOND)
            yield from bet(strategy, number, (game, ticker), p_of(market, bar) + 2, at)
            count, cost = held.get((strategy, game, ticker), (0, 0))
            held[strategy, game, ticker] = count + LOT, cost + LOT * 100 * (p_of(market, bar) + 2)
    end = Nanos(start + BARS * BAR + NANOS_PER_MINUTE)
    for market, (_game, ticker) in enumerate(markets):
        value = Price(10_000 if (market + evening) % 2 else 0)
        yield MarketResultKnown(ticker, "yes", value, settled=True, at=end)
    for number, ((strategy, game, ticker), (count, cost)) in enumerate(held.items()):
        value = Price(10_000 if (markets.index((game, ticker)) + evening) % 2 else 0)
        payout = Money(value * count)
        yield PositionSettled(
            strategy, game, ticker, Count(count), value, "yes", payout, reversal=False, at=end
        )
        postings = (
            Posting(ledger.cash(strategy), payout),
            Posting(ledger.collateral(strategy, ticker), Money(-cost)),
            Posting(ledger.result(strategy), Money(cost - payout)),
        )
        yield LedgerPosted(f"{strategy}-r{number}", strategy, ticker, postings, end)


def bet(strategy: str, number: int, market: tuple[str, str], cents: int, at: Nanos) -> Iterator[Fact]:
    """The facts of ten contracts that are bought at once."""
    game, ticker = market
    order_id, signal_id, fill_id = f"{strategy}-{number}", f"{strategy}/s{number}", f"{strategy}-f{number}"
    price, count, fee = Price(100 * cents), Count(LOT), Money(170_000)
    order = PlaceOrder(
        order_id, strategy, game, ticker, BookSide.BID, price, count, TimeInForce.IOC, at, signal_id
    )
    evidence = FillEvidence("level", None, price, count, 1, 1, 1, 5, Count(0), Count(0), at, at, "0.07")
    quote = (("yes_bid", f"0.{cents - 2:02}00"), ("yes_ask", f"0.{cents:02}00"), ("books", "8"))
    yield SignalRaised(
        signal_id, strategy, game, ticker, BookSide.BID, SignalAction.ENTER, "edge", cents / 100 + 0.05,
        price, 0.02, quote, at,
    )  # fmt: skip
    yield OrderApproved(order, at)
    yield OrderSubmitted(order, at, at)
    yield OrderFilled(
        fill_id, order_id, strategy, game, ticker, BookSide.BID, price, count, Liquidity.TAKER, fee, Money(0),
        Count(0), evidence, None, at,
    )  # fmt: skip
    cost = Money(price * count)
    postings = (
        Posting(ledger.cash(strategy), Money(-cost - fee)),
        Posting(ledger.collateral(strategy, ticker), cost),
        Posting(ledger.fees(strategy), fee),
    )
    yield LedgerPosted(f"{strategy}-l{number}", strategy, fill_id, postings, at)
    spent = Money(-cost - fee)
    yield BandMoved(order_id, strategy, ticker, count, count, count, spent, spent, spent, at)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
