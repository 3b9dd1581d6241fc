"""The market feed of one environment: the stream where there is a key, polling where there is none.

Used by the market feed's edge. It also fetches by REST the trades of a gap when the paper exchange wishes for
them, because a print that was missed would leave a resting order at the wrong place in its queue; where
nothing rests nobody wishes, and nothing is fetched. Without a key everything is late and coarse, and `status`
says so.
"""

from collections.abc import Callable, Iterable
from typing import Final

import attrs
import trio

from engine.events import TradePrinted
from engine.units import NANOS_PER_SECOND, Nanos
from venues.errors import VenueError
from venues.kalshi.rest import KalshiRest
from venues.kalshi.session import Gap
from venues.kalshi.stream import KalshiStream

GAPS_MAX = 1_024
"""Gaps that wait for their trades; when more come they are given up, and counted."""

OVERLAP_NS = 2 * NANOS_PER_SECOND
"""Trades are asked for from a little earlier, since the stamps are ours and the trades are the venue's."""

PUBLISHED_S = 1.0
"""The trades of the last second may not stand in the list yet."""

POLL_S: Final = 1.0
"""Pause between two polls of the books, unless the configuration has another."""


@attrs.define
class FeedStatus:
    """What can be seen of the feed beside the stream's own status. `degraded` says why it is not the real
    thing.
    """

    degraded: str = ""
    polls: int = 0
    poll_failures: int = 0
    last_error: str = ""
    gaps_fetched: int = 0
    gaps_given_up: int = 0
    skipped_ticks: int = 0


class GapTrades:
    """Fetches the trades of gaps, one after the other, off the stream's path."""

    def __init__(self, rest: KalshiRest, status: FeedStatus) -> None:
        """What could be fetched is counted in `status`, and so is what was given up."""
        self._rest = rest
        self._status = status
        self._give, self._take = trio.open_memory_channel[tuple[Gap, float]](GAPS_MAX)

    def note(self, gap: Gap) -> None:
        """Queue the fetching of a gap's trades; never waits."""
        try:
            self._give.send_nowait((gap, trio.current_time()))
        except trio.WouldBlock:
            self._status.gaps_given_up += 1
            # Said and not only counted, because the paper exchange waits for an answer.
            self._rest.cannot_recover(gap.ticker, Nanos(gap.since), Nanos(gap.until))

    async def run(self) -> None:
        """Fetch until cancelled; a trade is asked for only when the venue has had time to publish it."""
        async for gap, noted_at in self._take:
            await trio.sleep_until(noted_at + PUBLISHED_S)
            since = Nanos(max(0, gap.since - OVERLAP_NS))
            trades = await self._rest.recover(gap.ticker, since, Nanos(gap.until))
            if trades is None:
                self._status.gaps_given_up += 1
            else:
                self._status.gaps_fetched += 1


class BookPolling:
    """Books of all wanted markets again and again, and trades of one market after the other, within the
    budget.
    """

    def __init__(
        self, rest: KalshiRest, status: FeedStatus, wall: Callable[[], int], every_s: float = POLL_S
    ) -> None:
        """`rest` needs no key; its bucket decides how fast this really goes, at most once in `every_s`."""
        status.degraded = "no key: books and trades are polled, late and without the changes in between"
        self._rest = rest
        self._status = status
        self._wall = wall
        self._every_s = every_s
        self._wanted: tuple[str, ...] = ()
        self._newest: dict[str, int] = {}
        self._turn = 0

    def want(self, tickers: Iterable[str]) -> None:
        """Follow these markets and no others."""
        self._wanted = tuple(tickers)
        now = self._wall()
        self._newest = {ticker: self._newest.get(ticker, now) for ticker in self._wanted}

    async def run(self) -> None:
        """Poll until cancelled: never two polls at once, and a tick that was missed is skipped, not made up
        for.
        """
        due = trio.current_time()
        while True:
            await trio.sleep_until(due)
            if self._wanted:
                await self._poll()
            due += self._every_s
            late = trio.current_time() - due
            if late > 0:
                missed = int(late / self._every_s) + 1
                self._status.skipped_ticks += missed
                due += missed * self._every_s

    async def _poll(self) -> None:
        try:
            await self._rest.books(self._wanted)
            # One market's trades a poll: without a key there are about three reads a second for everything.
            ticker = self._wanted[self._turn % len(self._wanted)]
            self._turn += 1
            since = self._newest[ticker]
            trades = await self._rest.trades(ticker, Nanos(since))
            self._newest[ticker] = max([since, *(_venue_time(trade) for trade in trades)])
        except VenueError as error:
            self._status.poll_failures += 1
            self._status.last_error = str(error)
        else:
            self._status.polls += 1


def _venue_time(trade: TradePrinted) -> int:
    return trade.at_venue or 0


@attrs.frozen
class KalshiFeed:
    """The feed as one thing: what to follow, what to run, how it stands."""

    status: FeedStatus
    stream: KalshiStream | None
    gap_trades: GapTrades
    polling: BookPolling | None

    def want(self, tickers: Iterable[str]) -> None:
        """Follow these markets and no others."""
        wanted = tuple(tickers)
        if self.stream is not None:
            self.stream.want(wanted)
        if self.polling is not None:
            self.polling.want(wanted)

    async def run(self) -> None:
        """Run whatever this feed consists of, until cancelled."""
        async with trio.open_nursery() as nursery:
            for part in (self.stream, self.gap_trades, self.polling):
                if part is not None:
                    nursery.start_soon(part.run)
