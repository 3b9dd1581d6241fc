"""`python -m benchmarks.exchange`: what the paper exchange costs, as ratios, and some numbers beside them.

Ratios: a delta through the exchange where nothing of ours stands against the same delta through a book alone;
the three readings against one. Medians of several rounds, candidates in turn. What the database costs is in
`exchange_database`.
"""

import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.results import Result, finish, options
from engine.book import Book
from engine.events import BookDelta, BookSide, BookSnapshot, MarketListed, MarketStatus, Side, TradePrinted
from engine.exchange import ExchangeRules, PaperExchange
from engine.exchange.orders import PaperOrder
from engine.exchange.step_context import StepContext
from engine.orders import Approved, OrderCommand, PlaceOrder, TimeInForce
from engine.run_facts import StrategyOpened
from engine.units import MONEY_ONE, Count, Money, Nanos, Price

ROUNDS = 5
DELTAS = 40_000
ORDERS = 2_000
FILLS = 4_000
HEAR_RATIO_MAX = 2.0
READINGS_RATIO_MAX = 2.0
TICKER = "T"
START = Nanos(1_790_000_000_000_000_000)
MILLISECOND = 1_000_000


def deltas(count: int) -> list[BookDelta]:
    """Changes near the top of a cent book, as a busy market sends them; no level goes below zero."""
    draw = random.Random(1)
    sizes: dict[tuple[Side, int], int] = {}
    made: list[BookDelta] = []
    while len(made) < count:
        side = draw.choice((Side.YES, Side.NO))
        price = max(100, (49 - int(draw.expovariate(0.4))) * 100)
        have = sizes.get((side, price), 10_000)
        change = draw.choice((100, 1_000, 5_000, -have // 2, -have // 3, -have))
        if change:
            sizes[side, price] = have + change
            at = Nanos(START + len(made))
            made.append(BookDelta(TICKER, side, Price(price), Count(change), 1, 1, len(made) + 2, at, at))
    return made


def snapshot() -> BookSnapshot:
    """100 contracts on every cent up to 49, both sides."""
    levels = tuple((Price(cents * 100), Count(10_000)) for cents in range(1, 50))
    return BookSnapshot(TICKER, levels, levels, 1, 1, 1, START, START)


def exchange() -> PaperExchange:
    """One strategy with much money, one market, its book."""
    travel = 50 * MILLISECOND
    rules = ExchangeRules(decide_to_send=0, entry=MILLISECOND, acknowledge=travel, cancel=travel)
    made = PaperExchange(rules, seed=1)
    made.open_account(StrategyOpened("s", "k", Money(10**6 * MONEY_ONE), "{}", START))
    terms = (None, None, None, None, None, None)
    made.on_venue_event(
        MarketListed(
            TICKER,
            "E",
            "S",
            "",
            MarketStatus.ACTIVE,
            (),
            "quadratic_with_maker_fees",
            "1",
            *terms,
            True,
            START,
        ),
        START,
    )
    made.on_venue_event(snapshot(), START)
    return made


def order(number: int, price: int, count: int, tif: TimeInForce, now: Nanos) -> Approved[OrderCommand]:
    """An approved bid."""
    wish = PlaceOrder(
        f"o{number}", "s", "g", TICKER, BookSide.BID, Price(price), Count(count), tif, now, f"signal-{number}"
    )
    return Approved[OrderCommand](wish)


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time of one run, the collector out of the way."""
    gc.collect()
    gc.disable()
    begun = time.process_time()
    work()
    spent = time.process_time() - begun
    gc.enable()
    return spent


def book_alone(stream: list[BookDelta]) -> float:
    """Seconds for a book by itself."""
    book = Book(TICKER)
    book.apply_snapshot(snapshot())
    apply = book.apply_delta

    def work() -> None:
        for delta in stream:
            apply(delta)

    return timed(work)


def hear_without_orders(stream: list[BookDelta]) -> float:
    """Seconds for an exchange where nothing of ours stands."""
    hear = exchange().on_venue_event

    def work() -> None:
        for delta in stream:
            hear(delta, delta.at)

    return timed(work)


def immediate_orders(count: int) -> float:
    """Seconds for orders that arrive and take one contract each."""
    made = exchange()

    def work() -> None:
        now = START
        for number in range(count):
            now = Nanos(now + 10 * MILLISECOND)
            made.act(order(number, 5_500, 10, TimeInForce.IOC, now), now)
            made.wake(f"arrive:o{number}", now + MILLISECOND)

    return timed(work)


def prints_that_fill(count: int) -> float:
    """Seconds for prints of which each fills a resting order a little."""
    made = exchange()
    made.act(order(0, 5_000, 10 * count, TimeInForce.GTC, START), START)
    made.wake("arrive:o0", START + MILLISECOND)

    def work() -> None:
        now = Nanos(START + 10 * MILLISECOND)
        for number in range(count):
            now = Nanos(now + MILLISECOND)
            made.on_venue_event(
                TradePrinted(TICKER, f"t{number}", Price(4_900), Count(10), BookSide.ASK, False, now, now),
                now,
            )

    return timed(work)


class OneReading:
    """While it lasts, orders have a base reading only."""

    def __enter__(self) -> None:
        """Take the two other readings away."""
        self._move_bands = StepContext.move_bands

        def only_base(desk: StepContext, moved: PaperOrder, *_: object) -> None:
            moved.bands.alive = False
            desk.state._tidy(moved)  # noqa: SLF001 - what the fact that is left out would have done

        StepContext.move_bands = only_base  # type: ignore[method-assign,assignment]

    def __exit__(self, *_: object) -> None:
        """Put them back."""
        StepContext.move_bands = self._move_bands  # type: ignore[method-assign]


def main(arguments: Sequence[str]) -> int:
    """Print the numbers; 1 if a ratio is beyond its promise."""
    asked = options(__doc__, arguments)
    stream = deltas(DELTAS)
    alone, heard, taken, filled, one_taken, one_filled = ([] for _ in range(6))
    for _ in range(asked.rounds(ROUNDS)):
        alone.append(book_alone(stream) / DELTAS)
        heard.append(hear_without_orders(stream) / DELTAS)
        taken.append(immediate_orders(ORDERS) / ORDERS)
        filled.append(prints_that_fill(FILLS) / FILLS)
        with OneReading():
            one_taken.append(immediate_orders(ORDERS) / ORDERS)
            one_filled.append(prints_that_fill(FILLS) / FILLS)
    middle = statistics.median
    print(
        f"a delta: book alone {middle(alone) * 1e9:.0f} ns, through the exchange {middle(heard) * 1e9:.0f} ns"
    )
    print(f"orders per second, each taken at once: {1 / middle(taken):,.0f}")
    print(f"fills per second from prints: {1 / middle(filled):,.0f}")
    return finish(
        [
            Result("exchange hears a delta / book alone", ratios(heard, alone), at_most=HEAR_RATIO_MAX),
            Result("three readings / one, a fill", ratios(filled, one_filled), at_most=READINGS_RATIO_MAX),
            Result("three readings / one, an immediate order", ratios(taken, one_taken)),
        ],
        asked,
    )


def ratios(of: Sequence[float], to: Sequence[float]) -> tuple[float, ...]:
    """Pair by pair."""
    return tuple(one / other for one, other in zip(of, to, strict=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
