"""Honesty controls: who trades without knowing anything loses what trading costs, and no less.

Each evening is a market whose fair price walks at random from a seed; sellers hit the bid and buyers lift the
ask at the venue, with their prints and their decreases in either order. If one of these controls earns money,
the exchange is too kind.

Covers: engine.exchange.cancels, engine.exchange.market, engine.terms.
"""

import random
import statistics
from collections.abc import Callable

import pytest

from engine.events import BookSide, MarketDetermined
from engine.facts import OrderFilled
from engine.orders import CancelReason, TimeInForce
from engine.units import Price
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, rules

pytestmark = pytest.mark.honesty

EVENINGS = 60
STEPS = 60
SPREAD_CENTS = 2
IOC = TimeInForce.IOC
_OPERATOR = CancelReason.OPERATOR


class MadeUpEvening:
    """A market with two cents of spread around a fair price that walks by whole cents."""

    def __init__(self, seed: int) -> None:
        """Open at 50 with 20 contracts a side."""
        self.draw = random.Random(seed)
        self.floor = Floor(rules())
        self.fair = 50
        self.floor.book({49: 20}, {51: 20})
        self.orders = 0

    def step(self) -> None:
        """Somebody takes at the venue; if he takes it all the fair price moves on and both sides follow."""
        taker = self.draw.choice((BID, ASK))
        side = taker.opposite
        price = self.fair + (1 if taker is BID else -1)
        wanted = self.draw.choice((5, 10, 20, 30))
        count = min(wanted, 20)
        if self.draw.random() < 0.5:
            self.floor.trade(taker, price, count)
            self.floor.depth(side, price, -count)
        else:
            self.floor.depth(side, price, -count)
            self.floor.trade(taker, price, count)
        self.floor.wait(1)
        if wanted > count:
            # What found nobody rests at his limit, where it would have met us.
            self.floor.depth(taker, price, wanted - count)
        if wanted < 20:
            self.floor.depth(side, price, count)
        else:
            further = self.draw.choice((1, 2))
            self._move(further if taker is BID else -further)
        self.floor.wait(3_000)

    def _move(self, by: int) -> None:
        """The side that was taken away comes back one cent further, the other side follows it."""
        taken, other = (ASK, BID) if by > 0 else (BID, ASK)
        self.fair = min(max(self.fair + by, 5), 95)
        new = {BID: self.fair - 1, ASK: self.fair + 1}
        book = self.floor.exchange.book(MARKET)
        for side in (other, taken):
            for at, size in book.levels(side):
                self.floor.depth(side, at / 100, -size / 100)
        for side in (BID, ASK):
            self.floor.depth(side, new[side], 20)

    def send(self, side: BookSide, price: float, **changes: object) -> None:
        """An order of one contract."""
        self.orders += 1
        self.floor.send(f"o{self.orders}", side, price, 1, **changes)
        self.floor.wait(2)

    def result(self) -> float:
        """Dollars won, fees included, when the market pays its fair price."""
        now = self.floor.now
        self.floor.on_venue_event(MarketDetermined(MARKET, "scalar", Price(self.fair * 100), now, now))
        return self.floor.tally.realized("ann") / 1_000_000

    @property
    def fees(self) -> float:
        """Dollars of fees."""
        return self.floor.tally.fees("ann") / 1_000_000

    @property
    def fills(self) -> list[OrderFilled]:
        """What was filled."""
        return self.floor.of(OrderFilled)


def evenings(trade: Callable[[MadeUpEvening], None]) -> list[MadeUpEvening]:
    """So many evenings with one control."""
    made = [MadeUpEvening(seed) for seed in range(EVENINGS)]
    for evening in made:
        for _ in range(STEPS):
            evening.step()
            trade(evening)
    return made


def test_a_random_taker_loses_about_half_the_spread_and_the_fees() -> None:
    """Within what chance allows over all evenings."""

    def take(evening: MadeUpEvening) -> None:
        side = evening.draw.choice((BID, ASK))
        evening.send(side, 99 if side is BID else 1, tif=IOC)

    surplus = []
    for evening in evenings(take):
        filled = sum(fill.count for fill in evening.fills) / 100
        surplus.append(evening.result() + evening.fees + filled * SPREAD_CENTS / 2 / 100)
    error = statistics.stdev(surplus) / EVENINGS**0.5
    assert abs(statistics.mean(surplus)) < 3 * error


def test_whoever_buys_and_crosses_back_loses_exactly_spread_and_fees() -> None:
    """On a book that does not move in between, to the last millionth of a dollar."""

    def round_trip(evening: MadeUpEvening) -> None:
        # What was had of a level that has gone is remembered for a minute.
        evening.floor.wait(60_000)
        evening.send(BID, 99, tif=IOC)
        evening.send(ASK, 1, tif=IOC)

    for evening in evenings(round_trip):
        assert evening.floor.position() == 0
        trips = len(evening.fills) // 2
        gained = evening.floor.tally.realized("ann") + evening.floor.tally.fees("ann")
        assert trips == STEPS
        assert gained == -trips * SPREAD_CENTS * 10_000


def test_joining_the_bid_has_no_positive_markout_before_fees() -> None:
    """Fills come as the market goes down to the order.

    Against the fair price of afterwards they gain nothing.
    """
    markouts: list[float] = []

    def join(evening: MadeUpEvening) -> None:
        fair = evening.fair
        fills = len(evening.fills)
        evening.floor.do(evening.floor.exchange.cancel_all("ann", _OPERATOR, evening.floor.now))
        evening.floor.wait(2)
        evening.send(BID, fair - 1, post_only=True)
        evening.step()
        markouts.extend(evening.fair - fill.price / 100 for fill in evening.fills[fills:])

    evenings(join)
    assert len(markouts) > EVENINGS
    assert statistics.mean(markouts) <= 0
