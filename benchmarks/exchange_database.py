"""`python -m benchmarks.exchange_database`: orders and fills a second, with the database and without.

A scripted strategy takes one contract again and again on a simulated evening: every order is a signal, an
approval, a submission, a fill and its ledger entry. The ratio is what durability costs: once with a
transaction for every 512 facts, as replays and busy live evenings have it, and once with one for every
decision. Medians of several rounds, candidates in turn.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

from actors.messages import Numbered
from benchmarks.results import Result, finish, options
from engine.facts import OrderFilled, OrderSubmitted
from engine.risk import RiskLimits
from engine.strategies.scripted import Scripted, ScriptedParameters
from engine.strategies.strategy import StrategyContext
from engine.units import MONEY_ONE, Money, Nanos
from persistence.schema_upgrade import upgrade
from persistence.writer import JournalWriter
from tipoff.commands.replay import run_started
from tipoff.config.load import template
from tipoff.replay.batch_store import RunStore, each_at_once
from tipoff.replay.session import VirtualSession
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import StrategyPlan, TradingSettings
from venues.recordings.recorder import Line
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings

ROUNDS = 3
ORDERS = 150
LINES = 1_000
BATCHED_RATIO_MAX = 3.0
RICH = Money(1_000_000 * MONEY_ONE)

Store = Callable[[tuple[Numbered, ...]], int]


def evening() -> list[Line]:
    """The first part of a small evening."""
    settings = EveningSettings(seed=3, games=1, rungs=2, activity=0.2, postponed=False, cancelled=False)
    lines: list[Line] = []
    for number, output in enumerate(generate(settings), start=1):
        lines.append(Line(output.at, number, output.source, output.conn, output.what, output.body))
        if number == LINES:
            break
    return lines


def settings_of(lines: list[Line]) -> TradingSettings:
    """One strategy that takes a contract of the same market at even distances, and no limits."""
    ticker = next(
        json.loads(line.body)["msg"]["market_ticker"] for line in lines if line.what == "orderbook_delta"
    )
    begin, end = lines[LINES // 10].at, lines[-1].at
    wish = {"do": "place", "ticker": ticker, "side": "bid", "price": "0.9900", "count": "1.00", "tif": "ioc"}
    parameters = ScriptedParameters().with_lines(
        [
            {**wish, "at": begin + number * (end - begin) // (ORDERS + 1), "id": str(number)}
            for number in range(ORDERS)
        ]
    )
    context = StrategyContext(seed=1, bankroll=RICH)
    plan = StrategyPlan.of(Scripted, "scripted", parameters, context)
    unlimited = RiskLimits(**{field.name: None for field in attrs.fields(RiskLimits)})
    return attrs.evolve(
        trading_settings(at_its_word(template(schema()))), strategies=(plan,), limits=unlimited
    )


@attrs.define
class Counting:
    """A store that counts orders and fills on the way."""

    inner: Store
    orders: int = 0
    fills: int = 0

    def __call__(self, facts: tuple[Numbered, ...]) -> int:
        """Count and pass on."""
        for each in facts:
            self.orders += isinstance(each.fact, OrderSubmitted)
            self.fills += isinstance(each.fact, OrderFilled)
        return self.inner(facts)


@contextmanager
def writer() -> Iterator[JournalWriter]:
    """A journal in a new file."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'journal.db'}"
        upgrade(url)
        made = JournalWriter(url, "bench")
        try:
            yield made
        finally:
            made.close()


def timed(lines: list[Line], settings: TradingSettings, store: Store) -> tuple[float, Counting]:
    """Seconds of the wall's clock, since writing is waiting too."""
    counting = Counting(store)
    begun = time.perf_counter()
    session = VirtualSession(settings, run_started("bench", settings, Nanos(lines[0].at)), counting)
    session.on_lines(lines)
    session.end(Nanos(lines[-1].at), "end")
    if isinstance(store, RunStore):
        store.flush()
    return time.perf_counter() - begun, counting


def main(arguments: Sequence[str]) -> int:
    """Print the numbers; 1 if a ratio is beyond its promise."""
    asked = options(__doc__, arguments)
    lines = evening()
    settings = settings_of(lines)
    without, batched, at_once = [], [], []
    counted = Counting(RunStore("bench"))
    for _ in range(asked.rounds(ROUNDS)):
        seconds, counted = timed(lines, settings, RunStore("bench"))
        without.append(seconds)
        with writer() as journal:
            batched.append(timed(lines, settings, RunStore("bench", journal))[0])
        with writer() as journal:
            at_once.append(timed(lines, settings, each_at_once(journal))[0])
    middle = statistics.median
    names = ("no database", "a transaction for 512 facts", "a transaction for every decision")
    for name, seconds in zip(names, map(middle, (without, batched, at_once)), strict=True):
        speed = f"{counted.orders / seconds:,.0f} orders and {counted.fills / seconds:,.0f} fills a second"
        print(f"{name}: {speed}, {seconds / middle(without):.2f} times the time without")
    ratio = tuple(two / one for one, two in zip(without, batched, strict=True))
    return finish(
        [Result("orders with a database in batches / without", ratio, at_most=BATCHED_RATIO_MAX)], asked
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
