"""Bars of ten seconds of every followed market: what scores and charts look prices up in.

Folded from the games' news and the prints, stored beside the journal. A bar says how the market stood when it
ended and what happened in it. A market in which nothing moves has a bar a minute, so a price is at most that
old, and a time without bars is a time of which nothing is known.
"""

from typing import Final

import attrs

from engine.events import GameKnown, GamePhase, MarketKnown, OddsSeen, ScoreSeen, TopChanged, Trust
from engine.message import message
from engine.pricing.fair_value import Rules, fair_value
from engine.units import (
    COUNT_ZERO,
    NANOS_PER_MILLISECOND,
    NANOS_PER_MINUTE,
    NANOS_PER_SECOND,
    PRICE_ONE,
    Count,
    Nanos,
    Price,
)
from engine.view import View

BAR: Final = Nanos(10 * NANOS_PER_SECOND)
"""How long a bar is; bars end at multiples of it since 1970."""

QUIET_MAX: Final = NANOS_PER_MINUTE
"""The longest time between two bars of a market that stands still."""

MARKETS_MAX: Final = 20_000
"""So many markets have bars; further ones have none."""

STRATEGIES_MAX: Final = 256
"""So many strategies' opinions of a market are kept with its bars."""

BOOKS: Final = Rules(age_max=Nanos(15 * NANOS_PER_MINUTE), books_min=2, of_tip=True)
"""How sportsbooks are joined to the close: the median of those that spoke within a quarter of an hour."""


@message
class MarketBar:
    """One market over the ten seconds that ended at `at`.

    `yes_bid`, `yes_ask` and `trust` are those of its end. `trusted_ms` is how much of it the book was
    trusted, `p_mid` the mean over that time of the middle, None if there was none. `traded` are contracts of
    public trades. `period` is 0 before the tip and None while no score is known; `p_books` what the
    sportsbooks said before the tip, without their margin; `fair` each strategy's latest opinion.
    """

    ticker: str
    game: str
    at: Nanos
    yes_bid: Price | None
    yes_ask: Price | None
    trust: Trust
    trusted_ms: int
    p_mid: float | None
    traded: Count
    trades: int
    period: int | None
    p_books: float | None
    fair: tuple[tuple[str, float], ...]


@attrs.define(eq=False)
class _Market:
    """One market since its last bar. `mids` is the sum of (bid + ask) × nanoseconds while trusted."""

    ticker: str
    game: str
    since: Nanos
    bid: Price | None = None
    ask: Price | None = None
    trust: Trust = Trust.STALE
    trusted: int = 0
    quoted: int = 0
    mids: int = 0
    traded: Count = COUNT_ZERO
    trades: int = 0
    fair: dict[str, float] = attrs.field(factory=dict)
    moved: bool = True
    told_at: int = 0

    def pass_time(self, at: int) -> None:
        """The market stood as it stands from the last change to `at`."""
        elapsed = at - self.since
        if elapsed > 0:
            self.since = Nanos(at)
            if self.trust is Trust.TRUSTED:
                self.trusted += elapsed
                if self.bid is not None and self.ask is not None:
                    self.quoted += elapsed
                    # Whole numbers: a sum of floats would depend on how the time was cut into pieces.
                    self.mids += elapsed * (self.bid + self.ask)

    def end(self, at: Nanos, period: int | None, p_books: float | None) -> MarketBar:
        """The bar that ends now; the next begins."""
        self.pass_time(at)
        bar = MarketBar(
            ticker=self.ticker,
            game=self.game,
            at=at,
            yes_bid=self.bid,
            yes_ask=self.ask,
            trust=self.trust,
            trusted_ms=self.trusted // NANOS_PER_MILLISECOND,
            p_mid=self.mids / (2 * PRICE_ONE * self.quoted) if self.quoted else None,
            traded=self.traded,
            trades=self.trades,
            period=period,
            p_books=p_books,
            fair=tuple(sorted(self.fair.items())),
        )
        self.told_at = at
        self.forget()
        return bar

    def forget(self) -> None:
        """Begin the next bar."""
        self.trusted = self.quoted = self.mids = self.trades = 0
        self.traded, self.moved = COUNT_ZERO, False


class Bars:
    """The bars of all markets. Time passes by `end_bars`, which the owner calls at every multiple of BAR."""

    def __init__(self) -> None:
        """Begin with no market."""
        self._markets: dict[str, _Market] = {}
        self.view = View()
        """Terms, teams, score and odds of the games; prices are not in it."""
        self._periods: dict[str, int] = {}
        self._books: dict[str, float] = {}
        self._unpriced: dict[str, Nanos] = {}
        """Games whose odds were told since they were joined last, and when."""

    def on_top(self, top: TopChanged, now: Nanos) -> None:
        """The best prices or the trust of a market changed, or somebody is told again what they are."""
        market = self._markets.get(top.ticker) or self._market(top.ticker, top.game, now)
        if market is not None:
            # A change of sizes alone passes no time: the sums are whole, however the time is cut.
            if market.bid != top.yes_bid or market.ask != top.yes_ask or market.trust is not top.trust:
                market.pass_time(now)
                market.bid, market.ask, market.trust = top.yes_bid, top.yes_ask, top.trust
            market.moved = True

    def on_trade(self, ticker: str, count: Count) -> None:
        """A public trade; of a market without a game it is passed over."""
        market = self._markets.get(ticker)
        if market is not None:
            market.traded = Count(market.traded + count)
            market.trades += 1
            market.moved = True

    def on_fair(self, strategy: str, ticker: str, p_fair: float) -> None:
        """A strategy said what it holds a market to be worth."""
        market = self._markets.get(ticker)
        if market is not None and (strategy in market.fair or len(market.fair) < STRATEGIES_MAX):
            market.fair[strategy] = p_fair
            market.moved = True

    def on_news(self, news: MarketKnown | GameKnown | ScoreSeen | OddsSeen, now: Nanos) -> None:
        """Terms, teams, score or odds of a game."""
        if isinstance(news, ScoreSeen):
            period = 0 if news.phase in (GamePhase.SCHEDULED, GamePhase.POSTPONED) else max(1, news.period)
            turns = self._periods.get(news.game) != period
            if turns:
                # Before the score is known: what was told of the game to come is a word of the game to come.
                self._price_what_was_told()
            self.view.apply(news)
            if turns:
                self._periods[news.game] = period
                for ticker in self.view.game(news.game).markets:
                    self._moved(ticker)
            return
        self.view.apply(news)
        # Once it is played the odds follow the score, and would be no close any more.
        if isinstance(news, OddsSeen) and not self._periods.get(news.game):
            # Rows come by the dozen in one answer, and only what they say together at the end is read.
            self._unpriced[news.game] = now

    def end_bars(self, at: Nanos) -> list[MarketBar]:
        """The bars that end at `at`: of markets that moved, and of those that have stood still for long."""
        self._price_what_was_told()
        bars: list[MarketBar] = []
        for market in self._markets.values():
            if market.moved or at - market.told_at >= QUIET_MAX:
                period = self._periods.get(market.game)
                bars.append(market.end(at, period, None if period else self._books.get(market.ticker)))
            else:
                # Nothing moved, so the sums are those of the whole bar that begins now.
                market.since = max(market.since, at)
                market.trusted = market.quoted = market.mids = 0
        return bars

    def _market(self, ticker: str, game: str, now: Nanos) -> _Market | None:
        market = self._markets.get(ticker)
        if market is None and len(self._markets) < MARKETS_MAX:
            market = self._markets[ticker] = _Market(ticker, game, now)
        return market

    def _price_what_was_told(self) -> None:
        """Join the odds that came since the last time, as of when they came."""
        for game, told_at in self._unpriced.items():
            self._price(game, told_at)
        self._unpriced.clear()

    def _price(self, game: str, now: Nanos) -> None:
        view = self.view.game(game)
        for ticker, known in view.markets.items():
            found = None if known.claim is None else fair_value(view, known.claim, BOOKS, now)
            if found is None:
                differs = self._books.pop(ticker, None) is not None
            else:
                differs = self._books.get(ticker) != found.p_fair
                self._books[ticker] = found.p_fair
            if differs:
                self._moved(ticker)

    def _moved(self, ticker: str) -> None:
        market = self._markets.get(ticker)
        if market is not None:
            market.moved = True


def next_end(at: int) -> Nanos:
    """The end of the bar that `at` lies in; of a moment between two bars, the end of the later one."""
    return Nanos((at // BAR + 1) * BAR)


def bar_of(at: int) -> Nanos:
    """The end of the first bar that knows what was at `at`."""
    return Nanos(-(-at // BAR) * BAR)
