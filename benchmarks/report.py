"""What the report of a season costs: seconds and memory for evenings, fills and bars made up from numbers.

Run as `python -m benchmarks.report [evenings] [database]`. The database is made first (100 evenings of seven
games, five strategies, 50,000 fills and 5 million bars) or, if one is named that is there already, taken as
it is. A second process reads it, so that its memory is the report's. Falls short above 30 s of processor time
or 400 MB.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from engine.bars import BAR, MarketBar
from engine.events import BookSide, Trust
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
from engine.units import NANOS_PER_DAY, NANOS_PER_MINUTE, NANOS_PER_SECOND, Count, Money, Nanos, Price
from persistence.connect import Durability, Settings
from persistence.queries import Reader, Recorded
from persistence.schema import upgrade
from persistence.writer import JournalWriter, Options
from tipoff.reports.of_stored_runs import runs_document
from tipoff.reports.page import evidence_page

EVENINGS = 100
GAMES = 7
MARKETS = 7
BARS = 1_020
"""Of each market: two hours and fifty minutes."""
TIP = 120
"""The bar in which every game begins."""
STRATEGIES = ("sharp_line", "ev_multi", "momentum", "mean_reversion", "correlation")
BETS = 100
"""Of each strategy and evening."""
SECONDS_MAX = 30.0
MEGABYTES_MAX = 400.0


def main(arguments: list[str]) -> int:
    """Make the season if need be, then report on it in a process of its own."""
    evenings = int(arguments[0]) if arguments else EVENINGS
    with tempfile.TemporaryDirectory(prefix="tipoff-season-") as folder:
        path = Path(arguments[1]) if len(arguments) > 1 else Path(folder) / "season.db"
        if not path.exists():
            began = time.perf_counter()
            rows = made(path, evenings)
            print(
                f"made {evenings} evenings, {rows} bars, in {time.perf_counter() - began:.0f} s", flush=True
            )
        command = [sys.executable, "-m", "benchmarks.report", "--read", str(path)]
        return subprocess.run(command, check=False).returncode  # noqa: S603 - ourselves


def read(path: Path) -> int:
    """Report on every run of a database; returns 1 if that takes too long or too much."""
    began, before = time.perf_counter(), time.process_time()
    with Reader.open(f"sqlite:///{path}") as reader:
        document = runs_document(reader, [run.run for run in reader.runs()])
    page = evidence_page("A season", document["evidence"])  # type: ignore[arg-type]
    seconds, elapsed = time.process_time() - before, time.perf_counter() - began
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = path.stat().st_size / 1e6
    print(
        f"report of {size:.0f} MB: {seconds:.1f} s of processor, {elapsed:.1f} s in all, {megabytes:.0f} MB, "
        f"a page of {len(page) / 1000:.0f} kB"
    )
    return int(seconds > SECONDS_MAX or megabytes > MEGABYTES_MAX)


def made(path: Path, evenings: int) -> int:
    """Write a season; returns how many bars it has."""
    url = f"sqlite:///{path}"
    upgrade(url)
    options = Options(settings=Settings(durability=Durability.RELAXED))
    rows = 0
    for evening in range(evenings):
        start = Nanos((20_000 + evening) * NANOS_PER_DAY)
        writer = JournalWriter(url, f"evening-{evening:03}", options)
        facts = [
            Recorded(seq, Nanos(fact.at), 1, "bench", fact)
            for seq, fact in enumerate(facts_of(evening, start), 1)
        ]
        writer.append(facts)
        for end in range(0, BARS, 60):
            bars = [
                bar for place in range(end, min(end + 60, BARS)) for bar in bars_at(evening, place, start)
            ]
            writer.append([], bars)
            rows += len(bars)
        writer.close()
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


def bars_at(evening: int, place: int, start: Nanos) -> Iterator[MarketBar]:
    """The bars of all markets that end together."""
    for market, (game, ticker) in enumerate(tickers(evening)):
        cents = p_of(market, place)
        yield MarketBar(
            ticker=ticker,
            game=game,
            at=Nanos(start + (place + 1) * BAR),
            yes_bid=Price(100 * cents),
            yes_ask=Price(100 * cents + 200),
            trust=Trust.TRUSTED,
            trusted_ms=10_000,
            p_mid=cents / 100 + 0.01,
            traded=Count(100),
            trades=1,
            period=0 if place < TIP else 1 + (place - TIP) // 225,
            p_books=cents / 100 if place < TIP else None,
            fair=(),
        )


def facts_of(evening: int, start: Nanos) -> Iterator[Fact]:
    """A run: accounts, bets at what is displayed, results."""
    yield RunStarted(f"evening-{evening:03}", "bench", "0" * 64, evening, start)
    for strategy in STRATEGIES:
        yield StrategyOpened(strategy, strategy, Money(10**9), "{}", start)
    markets = list(tickers(evening))
    held: dict[tuple[str, str, str], int] = {}
    for number in range(BETS):
        for place, strategy in enumerate(STRATEGIES):
            market = (number * 11 + place * 5 + evening) % len(markets)
            game, ticker = markets[market]
            bar = number * 9 + place
            at = Nanos(start + bar * BAR + 3 * NANOS_PER_SECOND)
            yield from bet(strategy, number, (game, ticker), p_of(market, bar) + 2, at)
            held[strategy, game, ticker] = held.get((strategy, game, ticker), 0) + 1_000
    end = Nanos(start + BARS * BAR + NANOS_PER_MINUTE)
    for market, (_game, ticker) in enumerate(markets):
        value = Price(10_000 if (market + evening) % 2 else 0)
        yield MarketResultKnown(ticker, "yes", value, settled=True, at=end)
    for (strategy, game, ticker), count in held.items():
        market = markets.index((game, ticker))
        value = Price(10_000 if (market + evening) % 2 else 0)
        payout = Money(value * count)
        yield PositionSettled(
            strategy, game, ticker, Count(count), value, "yes", payout, reversal=False, at=end
        )


def bet(strategy: str, number: int, market: tuple[str, str], cents: int, at: Nanos) -> Iterator[Fact]:
    """The facts of ten contracts that are bought at once."""
    game, ticker = market
    order_id, signal_id, fill_id = f"{strategy}-{number}", f"{strategy}/s{number}", f"{strategy}-f{number}"
    price, count, fee = Price(100 * cents), Count(1_000), Money(170_000)
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
    cash, collateral, fees = f"{strategy}:cash", f"{strategy}:collateral:{ticker}", f"{strategy}:fees"
    postings = (Posting(cash, Money(-cost - fee)), Posting(collateral, cost), Posting(fees, fee))
    yield LedgerPosted(f"{strategy}-l{number}", strategy, fill_id, postings, at)
    spent = Money(-cost - fee)
    yield BandMoved(order_id, strategy, ticker, count, count, count, spent, spent, spent, at)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        sys.exit(read(Path(sys.argv[2])))
    sys.exit(main(sys.argv[1:]))
