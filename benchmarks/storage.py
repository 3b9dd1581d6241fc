"""What keeping decisions costs: facts a second by batch size, and as a multiple of writing bare rows.

Run as `python -m benchmarks.storage`. Each line is the median of three interleaved rounds on a fresh
file. The reference writes the journal's rows only (same columns, same SQLite settings, no chain, no index by
subject, nothing folded) with the driver's executemany, so the ratio is the price of chain, projections,
checks and mark together.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.results import Result, finish, options
from engine.events import BookSide
from engine.facts import (
    BandMoved,
    Fact,
    FillEvidence,
    LedgerPosted,
    OrderApproved,
    OrderFilled,
    OrderRested,
    OrderSubmitted,
    Posting,
    QueueMoved,
    SignalAction,
    SignalRaised,
)
from engine.orders import Liquidity, PlaceOrder, TimeInForce
from engine.units import Count, Money, Nanos, Price
from persistence import codec, schema_upgrade
from persistence.connect import Durability, Settings
from persistence.queries import Recorded
from persistence.writer import JournalWriter, Mode, Options

FACTS = 8_000
BATCHES = (1, 10, 100, 1_000)
ROUNDS = 3
COLUMNS = "run INT, seq INT, at INT, cause INT, owner TEXT, kind TEXT, subject TEXT, body TEXT, chain BLOB"


def bet(number: int) -> list[Fact]:
    """The eight facts of one bet that is filled at once after a queue."""
    at = Nanos(number)
    name, signal = f"momentum-{number}", f"signal-{number}"
    price, count, fee = Price(5_000), Count(100), Money(100)
    order = PlaceOrder(
        name, "momentum", "g", "KXNBAGAME-X", BookSide.BID, price, count, TimeInForce.GTC, at, signal
    )
    evidence = FillEvidence("print", "t", price, count, 1, 1, 1, 5, Count(200), Count(0), at, at, "0.07")
    cost = Money(price * count)
    postings = (Posting("cash", Money(-cost - fee)), Posting("collateral", cost), Posting("fees", fee))
    return [
        SignalRaised(
            signal, "momentum", "g", "KXNBAGAME-X", BookSide.BID, SignalAction.ENTER, "edge", 0.6, price,
            0.02, (("lead", "9"), ("clock", "300")), at,
        ),
        OrderApproved(order, at),
        OrderSubmitted(order, at, at),
        OrderRested(name, "momentum", "KXNBAGAME-X", BookSide.BID, price, count, Count(300), 1, at),
        QueueMoved(name, Count(300), Count(200), "t", at),
        OrderFilled(
            f"fill-{number}", name, "momentum", "g", "KXNBAGAME-X", BookSide.BID, price, count,
            Liquidity.MAKER, fee, fee, Count(0), evidence, None, at,
        ),
        LedgerPosted(f"entry-{number}", "momentum", f"fill-{number}", postings, at),
        BandMoved(name, "momentum", "KXNBAGAME-X", Count(0), count, count, Money(0), cost, cost, at),
    ]  # fmt: skip


def evening(facts: int) -> list[Recorded]:
    """So many facts with their places."""
    made = [fact for number in range(facts // 8) for fact in bet(number)]
    return [Recorded(seq, fact.at, seq // 8, "exchange", fact) for seq, fact in enumerate(made, 1)]


def bare(file: Path, facts: Sequence[Recorded], batch: int, durability: Durability) -> float:
    """Seconds to write the journal's columns and nothing else."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={'FULL' if durability is Durability.FULL else 'NORMAL'}")
    connection.execute(f"CREATE TABLE journal ({COLUMNS}, PRIMARY KEY (run, seq)) WITHOUT ROWID")
    rows = [
        (
            1,
            each.seq,
            each.at,
            each.cause,
            each.owner,
            "Kind",
            "o",
            codec.encode(each.fact).decode(),
            bytes(32),
        )
        for each in facts
    ]
    begin = time.perf_counter()
    for start in range(0, len(rows), batch):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?)", rows[start : start + batch])
        connection.execute("COMMIT")
    seconds = time.perf_counter() - begin
    connection.close()
    return seconds


def ours(file: Path, facts: Sequence[Recorded], batch: int, durability: Durability) -> tuple[float, float]:
    """Seconds to append, by the wall and of the processor."""
    url = f"sqlite:///{file}"
    schema_upgrade.create(url)
    writer = JournalWriter(url, "bench", Options(settings=Settings(durability=durability)))
    begin, busy = time.perf_counter(), time.process_time()
    for start in range(0, len(facts), batch):
        writer.append(facts[start : start + batch])
    seconds, processor = time.perf_counter() - begin, time.process_time() - busy
    writer.close()
    return seconds, processor


def nanoseconds_each(facts: Sequence[Recorded], work: Callable[[Fact], object]) -> float:
    """Best of five: nanoseconds for one fact."""
    best = float("inf")
    for _ in range(5):
        begin = time.perf_counter_ns()
        for each in facts:
            work(each.fact)
        best = min(best, (time.perf_counter_ns() - begin) / len(facts))
    return best


def reopening(file: Path, facts: Sequence[Recorded]) -> None:
    """How long it takes to open a journal again and to be compared with it."""
    url = f"sqlite:///{file}"
    schema_upgrade.create(url)
    writer = JournalWriter(url, "bench")
    writer.append(facts)
    writer.close()
    begin = time.perf_counter()
    JournalWriter(url, "bench").close()
    opened = time.perf_counter() - begin
    writer = JournalWriter(url, "bench", Options(mode=Mode.REPLAY))
    begin = time.perf_counter()
    for start in range(0, len(facts), 100):
        writer.append(facts[start : start + 100])
    compared = time.perf_counter() - begin
    writer.close()
    print(f"opening (every page, the whole chain): {len(facts) / opened:,.0f} entries/s")
    print(f"a resumed replay is compared at:       {len(facts) / compared:,.0f} entries/s")


def batched(facts: Sequence[Recorded], batch: int, durability: Durability) -> Result:
    """A line of the table, and what chain, projections and checks cost."""
    reference: list[float] = []
    measured: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as place:
            reference.append(bare(Path(place) / "bare.db", facts, batch, durability))
            measured.append(ours(Path(place) / "ours.db", facts, batch, durability))
    ratio = tuple(wall / other for (wall, _), other in zip(measured, reference, strict=True))
    rate = len(facts) / statistics.median(wall for wall, _ in measured)
    processor = statistics.median(busy for _, busy in measured) / len(facts) * 1e6
    note = f"{rate:,.0f} facts/s, {processor:.1f} µs of processor each"
    return Result(f"journal, {durability.value}, batch {batch}: writing / bare rows", ratio, note=note)


def main(arguments: Sequence[str]) -> int:
    """Print everything."""
    asked = options(__doc__, arguments)
    facts = evening(FACTS // 4 if asked.quick else FACTS)
    print(f"{len(facts)} facts of eight kinds, SQLite {sqlite3.sqlite_version}")
    queue = [each for each in facts if isinstance(each.fact, QueueMoved)]
    print(f"encode: {nanoseconds_each(queue, codec.encode):,.0f} ns for a small fact, ", end="")
    print(f"{nanoseconds_each(facts, codec.encode):,.0f} ns on average")
    results = [
        batched(facts if batch > 1 else facts[: len(facts) // 4], batch, durability)
        for durability in Durability
        for batch in BATCHES
    ]
    with tempfile.TemporaryDirectory() as place:
        reopening(Path(place) / "again.db", facts)
    return finish(results, asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
