"""What the paper exchange is configured with: delays, fees, windows and bounds.

Made by the daemon's configuration, by replays and by tests; read by every part of the exchange.
"""

from typing import Final

import attrs

from engine.events import PriceRange
from engine.fees import Rounding
from engine.latency import Delay, delay
from engine.terms import FeeRegime, Member
from engine.units import (
    NANOS_PER_MILLISECOND,
    NANOS_PER_SECOND,
    PRICE_CENT,
    PRICE_ONE,
    Count,
    Nanos,
    Price,
)

CREDIT_WINDOW: Final = Nanos(2 * NANOS_PER_SECOND)
RECOVERY_WINDOW: Final = Nanos(60 * NANOS_PER_SECOND)

FEED_WAIT_NS_MAX: Final = Nanos(10 * NANOS_PER_SECOND)
"""How long an order that has reached the venue waits for the feed to pass that moment; then it is refused."""

QUOTE_WAIT_NS_MAX: Final = Nanos(150 * NANOS_PER_SECOND)
"""The same where the book is made of quotes: candles come once a minute, and one may be missing."""

STATUS_WAIT: Final = Nanos(2 * NANOS_PER_SECOND)
"""How late we may hear that a market or the venue stopped: its status is polled, or has its own channel."""

PUBLISHED: Final = Nanos(NANOS_PER_SECOND)
"""How long after a trade it may be missing in the venue's list of trades."""

PRINTS_KEPT: Final = Nanos(15 * NANOS_PER_SECOND)
"""How long before an arrival the trades of a polled market are held against what its book shows."""

TAKEN_MEMORY: Final = Nanos(60 * NANOS_PER_SECOND)
"""How long a level must have displayed less than we took of it until we forget the rest of that."""

VENUE_TICK: Final = NANOS_PER_MILLISECOND
"""The venue stamps whole milliseconds: what has the stamp of one happened within it, nobody knows when."""

NO_DELAY: Final = Nanos(0)
COUNT_MIN: Final = Count(1)


MEDIAN: Final = 500
"""The middle quantile, in 1/1000."""


@attrs.frozen
class ExchangeRules:
    """Times are nanoseconds; a delay is a constant or a `Delay`, drawn per order id.

    `decide_to_send` and `entry` together are what an order or an amend needs to reach the book, `cancel` is
    what a cancel needs in all, `acknowledge` what the answer needs back. `in_game_delay_ns` is added to
    orders that may take while the game is on. `credit_window_ns` is how long a decrease waits for its print,
    and a print for its decrease. `recovery_window_ns` is how long orders wait for the trades of a gap before
    they are given up. `feed_wait_ns` is how long what has reached the venue waits for the feed to pass that
    moment, and `status_wait_ns` for the word that the market had been stopped, unless it is seen to go on.
    `optimistic_way_in_ns` is what an order needs to reach the book at the fast end of the delays, if that is
    known. Of what a level displays beyond its first contract the pessimistic reading of an order that takes
    finds `pessimistic_depth_percent`. `optimistic_power` shapes the optimistic share of cancels ahead of us:
    1 is in proportion to the queue. Fees are rounded as the venue did on the day of the fill, unless
    `fee_regime` forces one rule.
    """

    # What the delays are unless somebody says otherwise stands in the configuration, and only there.
    decide_to_send: Delay = attrs.field(converter=delay)
    entry: Delay = attrs.field(converter=delay)
    acknowledge: Delay = attrs.field(converter=delay)
    cancel: Delay = attrs.field(converter=delay)
    in_game_delay_ns: Nanos = NO_DELAY
    fee_regime: FeeRegime | None = None
    member: Member = Member.DIRECT
    credit_window_ns: Nanos = CREDIT_WINDOW
    recovery_window_ns: Nanos = RECOVERY_WINDOW
    feed_wait_ns: Nanos = FEED_WAIT_NS_MAX
    status_wait_ns: Nanos = STATUS_WAIT
    optimistic_way_in_ns: Nanos | None = None
    pessimistic_depth_percent: int = attrs.field(default=50, validator=attrs.validators.in_(range(101)))
    optimistic_power: int = attrs.field(default=1, validator=attrs.validators.in_(range(1, 5)))
    count_min: Count = COUNT_MIN
    thursday_pause: bool = True

    @property
    def fast_way_in(self) -> int:
        """From the decision to the book at the fast end."""
        if self.optimistic_way_in_ns is not None:
            return self.optimistic_way_in_ns
        return self.decide_to_send.optimistic + self.entry.optimistic

    @property
    def rounding(self) -> Rounding:
        """How fees and payouts are rounded."""
        return Rounding(self.fee_regime, self.member)

    def heard_after(self, order_id: str | None, seed: int) -> Nanos:
        """How long after it happens a strategy hears of what befalls this order; of what is about no order
        it hears after the median. Everything about one order takes the same time, so it stays in order.
        """
        if order_id is None:
            return self.acknowledge.quantile(MEDIAN)
        return self.acknowledge.draw(seed, "acknowledge", order_id)


CENT_TICKS = (PriceRange(PRICE_CENT, Price(PRICE_ONE - PRICE_CENT), PRICE_CENT),)
"""Ticks of a market whose `price_ranges` are not known: whole cents (all sampled game markets are such)."""


def on_tick(price: Price, ranges: tuple[PriceRange, ...]) -> bool:
    """Whether a price may be ordered.

    Inside one of the ranges, on its step, and neither nothing nor a dollar.
    """
    if not 0 < price < PRICE_ONE:
        return False
    return any(
        ticks.start <= price <= ticks.end and ticks.step > 0 and (price - ticks.start) % ticks.step == 0
        for ticks in ranges or CENT_TICKS
    )
