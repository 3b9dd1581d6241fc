"""What has been told of the public trades: up to when, and which of them already.

Kept by the paper exchange, which places prints without a time by it and uses none that is told again, and by
the market feed, which hands it to an exchange that alone was restarted.
"""

from typing import Final, TypeAlias

import attrs

from engine.events import FeedConnected, FeedLost, TradePrinted
from engine.message import message
from engine.units import Nanos

HEARD_PRINTS_MAX: Final = 100_000
"""Trades of all markets that are remembered by their ids; the fullest evenings of the league have more."""

TradeKey: TypeAlias = tuple[str, str]
"""Market and trade id."""


@message
class PrintsHeard:
    """What somebody has heard of the prints, to be handed over: the fields of `HeardPrints`."""

    to: Nanos
    since: Nanos
    trades: tuple[TradeKey, ...]
    """Oldest first."""


@attrs.define(eq=False)
class HeardPrints:
    """The prints of a run, as far as they are remembered."""

    since: Nanos = Nanos(0)
    """Every trade that was told from then on (our time) is remembered; zero: every trade ever."""
    to: Nanos = Nanos(0)
    """The latest venue time of a print of this connection; zero if it has brought none."""
    _trades: dict[TradeKey, None] = attrs.field(factory=dict)

    def hear(self, event: TradePrinted | FeedConnected | FeedLost) -> None:
        """Take in one event more. A connection begins and ends with a clock of zero."""
        if not isinstance(event, TradePrinted):
            self.to = Nanos(0)
            return
        # Fetched ones come market by market, so they say nothing about the others.
        if event.at_venue is not None and not event.recovered and event.at_venue > self.to:
            self.to = event.at_venue
        self._trades[event.ticker, event.trade_id] = None
        if len(self._trades) > HEARD_PRINTS_MAX:
            self._forget_first(event.at)

    def include(self, trade: TradePrinted) -> bool:
        """Whether this trade was told before, as far as is remembered."""
        return _key(trade) in self._trades

    def forget(self, trade: TradePrinted) -> None:
        """Take back that this trade was told; the clock is put back by whoever knows what it was."""
        self._trades.pop(_key(trade), None)

    def told(self) -> PrintsHeard:
        """All of it, for somebody else."""
        return PrintsHeard(self.to, self.since, tuple(self._trades))

    def take_over(self, told: PrintsHeard, now: Nanos) -> None:
        """Add what somebody has heard who has listened for longer."""
        own, self._trades = self._trades, {}
        self.since, self.to = min(self.since, told.since), max(self.to, told.to)
        for key in (*told.trades, *own):
            self._trades[key] = None
            if len(self._trades) > HEARD_PRINTS_MAX:
                self._forget_first(now)

    def _forget_first(self, at: Nanos) -> None:
        del self._trades[next(iter(self._trades))]
        # Of what was told before, something is not known any more.
        self.since = max(self.since, at)


def _key(trade: TradePrinted) -> TradeKey:
    return (trade.ticker, trade.trade_id)
