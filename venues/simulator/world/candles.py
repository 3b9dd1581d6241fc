"""One-minute candles of the simulated markets, made while the evening goes on.

Fed by `venues.simulator.world.live`, asked by the REST service. A minute without change has no candle, as at
the venue.
"""

from collections.abc import Iterable

import attrs

from engine.units import Count, format_count
from venues.simulator.world.events import WorldEvent
from venues.simulator.world.market import Market, Printed, Quoted
from venues.simulator.world.settings import SECOND
from venues.simulator.world.units import CENTS_TEXT

CandleRow = dict[str, object]


@attrs.define
class Range:
    """First, lowest, highest and last price of a period, in cents."""

    first: int
    low: int
    high: int
    last: int

    @classmethod
    def of(cls, cents: int) -> "Range":
        """A range of one price."""
        return cls(cents, cents, cents, cents)

    def add(self, cents: int) -> None:
        """One more price."""
        self.low, self.high, self.last = min(self.low, cents), max(self.high, cents), cents

    def row(self, ending: str) -> dict[str, object]:
        """As the venue writes it, with what its names end in."""
        names = (("open", self.first), ("low", self.low), ("high", self.high), ("close", self.last))
        return {f"{name}{ending}": CENTS_TEXT[cents] for name, cents in names}


@attrs.define
class Minute:
    """What one market did in one minute."""

    bid: Range
    ask: Range
    price: Range | None = None
    volume: int = 0
    paid: int = 0
    """Cents times hundredths of a contract, for the mean."""
    open_interest: int = 0


@attrs.define
class Candles:
    """Candles of all markets by ticker and by the minute in which they end (unix seconds)."""

    minutes: dict[str, dict[int, Minute]] = attrs.field(factory=dict)

    def on_event(self, happened: WorldEvent) -> None:
        """Quotes and trades make candles; the rest is passed over."""
        if not isinstance(happened, Quoted | Printed):
            return
        market = happened.market
        ends = (happened.at // SECOND // 60 + 1) * 60
        bid, ask, *_ = market.top()
        minutes = self.minutes.setdefault(market.listing.ticker, {})
        minute = minutes.get(ends)
        if minute is None:
            minute = minutes[ends] = Minute(Range.of(bid), Range.of(ask))
        minute.bid.add(bid)
        minute.ask.add(ask)
        minute.open_interest = market.open_interest
        if isinstance(happened, Printed):
            minute.volume += happened.size
            minute.paid += happened.size * happened.cents
            if minute.price is None:
                minute.price = Range.of(happened.cents)
            minute.price.add(happened.cents)

    def rows(
        self, market: Market, span: tuple[int, int], period_minutes: int, *, archived: bool = False
    ) -> list[CandleRow]:
        """Candles that end within a span, its ends included (unix seconds), oldest first.

        The archive has other names for the same: `open` for `open_dollars`, `volume` for `volume_fp`.
        """
        grouped: dict[int, list[Minute]] = {}
        for ends, minute in sorted(self.minutes.get(market.listing.ticker, {}).items()):
            period = period_minutes * 60
            grouped.setdefault(-(-ends // period) * period, []).append(minute)
        dollars, contracts = ("", "") if archived else ("_dollars", "_fp")
        return [
            _row(ends, minutes, dollars, contracts)
            for ends, minutes in sorted(grouped.items())
            if span[0] <= ends <= span[1]
        ]


def _row(ends: int, minutes: list[Minute], dollars: str, contracts: str) -> CandleRow:
    volume = sum(minute.volume for minute in minutes)
    # A minute without a trade has no price keys at the venue; they are not null either.
    price: dict[str, object] = {}
    if not dollars:
        # In the archive they are there, and null.
        price = dict.fromkeys(("open", "low", "high", "close", "mean", "previous"))
    traded = [minute.price for minute in minutes if minute.price is not None]
    if traded:
        mean = sum(minute.paid for minute in minutes) // volume
        price |= _joined(traded).row(dollars) | {f"mean{dollars}": CENTS_TEXT[mean]}
    return {
        "end_period_ts": ends,
        f"open_interest{contracts}": format_count(Count(minutes[-1].open_interest)),
        "price": price,
        f"volume{contracts}": format_count(Count(volume)),
        "yes_ask": _joined(minute.ask for minute in minutes).row(dollars),
        "yes_bid": _joined(minute.bid for minute in minutes).row(dollars),
    }


def _joined(ranges: Iterable[Range]) -> Range:
    all_ranges = list(ranges)
    return Range(
        all_ranges[0].first,
        min(one.low for one in all_ranges),
        max(one.high for one in all_ranges),
        all_ranges[-1].last,
    )
