"""What charts of an evening are drawn from: prices of the last minutes and hours, and who will probably win.

Kept in memory by the bars actor: of each market a reading for every second in which it moved and for every
bar, of each game three opinions about its winner a bar. Who draws asks; nobody decides anything with it.
"""

from statistics import median
from typing import Final

import attrs

from engine.bars import BOOKS, MarketBar
from engine.events import FairValued, OddsSeen, ScoreSeen, TopChanged
from engine.pricing.fair_value import fair_value
from engine.readings import SHORT, WHOLE, WHOLE_MAX, Chart, Readings, joined
from engine.terms import Trust
from engine.units import NANOS_PER_SECOND, PRICE_ONE, Count, Nanos, Price, Tenths
from engine.view import Axis, Claim, GameView, View
from engine.win_probability import InPlayModel

MARKETS_MAX: Final = 600
"""So many markets have a chart; one more takes the place of the one that was known first."""

GAMES_MAX: Final = 100
"""So many games have a chart of who will win; one more takes the place of the first."""

SECONDS_MAX: Final = 900
"""So many readings of a market at seconds are kept: a quarter of an hour, if it moves in every one."""

BARS_MAX: Final = 1_440
"""So many readings at the ends of bars are kept: four hours, if something happens in every one."""

SOURCES_MAX: Final = 16
"""So many strategies' opinions of a market are drawn together."""

PRICES: Final = {"yes_bid": SHORT, "yes_ask": SHORT, "fair": SHORT, "traded": WHOLE}
"""A chart of a market: best prices, the median of what strategies hold it to be worth, contracts traded."""

CHANCES: Final = {"model": SHORT, "market": SHORT, "sportsbooks": SHORT}
"""A chart of a game: the home team's chance by the in-play model, its winner market and the sportsbooks."""

HOME_WINS: Final = Claim(Axis.MARGIN, Tenths(0), above=True)
AWAY_WINS: Final = Claim(Axis.MARGIN, Tenths(0), above=False)
MODEL: Final = InPlayModel()
FOREVER: Final = Nanos(2**62)


@attrs.define(eq=False)
class _Market:
    """One market: how it stands in the second `second`, which is read when the next one begins."""

    second: int
    bid: Price | None = None
    ask: Price | None = None
    trusted: bool = False
    fair: int | None = None
    traded: int = 0
    said: dict[str, float] = attrs.field(factory=dict)
    seconds: Readings = attrs.field(factory=lambda: Readings(PRICES, SECONDS_MAX))
    bars: Readings = attrs.field(factory=lambda: Readings(PRICES, BARS_MAX))

    def pass_to(self, second: int) -> None:
        """Read the second that has ended, if another one has begun."""
        if second != self.second:
            self.read()
            self.second, self.traded = second, 0

    def read(self) -> None:
        """Read the second that is under way."""
        self.seconds.add(self.second, self.bid, self.ask, self.fair, min(self.traded, WHOLE_MAX))


@attrs.frozen(eq=False)
class _Joined:
    """What the sportsbooks say of a winner together, of which rows and score, and until when."""

    rows: list[OddsSeen]
    score: ScoreSeen | None
    until: Nanos
    p_home: float | None


class Charts:
    """The readings of all markets and games."""

    def __init__(self) -> None:
        """Begin with none."""
        self._markets: dict[str, _Market] = {}
        self._chances: dict[str, Readings] = {}
        self._before_tip: dict[str, float] = {}
        self._joined: dict[str, _Joined] = {}
        self._modelled: dict[str, tuple[ScoreSeen | None, float, float]] = {}

    def on_top(self, top: TopChanged, now: Nanos) -> None:
        """The best prices or the trust of a market changed."""
        second = now // NANOS_PER_SECOND
        market = self._markets.get(top.ticker) or self._begin(top.ticker, second)
        if second != market.second:
            market.pass_to(second)
        market.bid, market.ask = top.yes_bid, top.yes_ask
        market.trusted = top.trust is Trust.TRUSTED

    def on_trade(self, ticker: str, count: Count, now: Nanos) -> None:
        """A public trade."""
        market = self._markets.get(ticker)
        if market is not None:
            market.pass_to(now // NANOS_PER_SECOND)
            market.traded += count

    def on_value(self, valued: FairValued, now: Nanos) -> None:
        """A strategy said what a market is worth to it."""
        market = self._markets.get(valued.ticker)
        if market is not None and (valued.source in market.said or len(market.said) < SOURCES_MAX):
            market.pass_to(now // NANOS_PER_SECOND)
            market.said[valued.source] = valued.p_fair
            market.fair = round(median(market.said.values()) * PRICE_ONE)

    def on_bars(self, bars: list[MarketBar], view: View, at: Nanos) -> None:
        """Bars have ended at `at`; `view` is what is known of their games."""
        second = at // NANOS_PER_SECOND
        for bar in bars:
            market = self._markets.get(bar.ticker)
            if market is not None:
                traded = min(bar.traded, WHOLE_MAX)
                market.bars.add(second, bar.yes_bid, bar.yes_ask, market.fair, traded)
        for game in {bar.game: None for bar in bars}:
            self._read_chances(view.game(game), at)

    def prices(self, ticker: str, first: int, last: int) -> Chart | None:
        """The readings of a market between two seconds: every bar, then every second; None without any."""
        market = self._markets.get(ticker)
        if market is None:
            return None
        market.read()
        return joined(market.bars.between(first, last), market.seconds.between(first, last))

    def chances(self, game: str, first: int, last: int) -> Chart | None:
        """The readings of a game's winner between two seconds; None without any."""
        readings = self._chances.get(game)
        return None if readings is None else readings.between(first, last)

    def _begin(self, ticker: str, second: int) -> _Market:
        if len(self._markets) >= MARKETS_MAX:
            del self._markets[next(iter(self._markets))]
        market = self._markets[ticker] = _Market(second)
        return market

    def _read_chances(self, game: GameView, at: Nanos) -> None:
        p_market = self._p_market(game)
        p_books = self._p_books(game, at)
        p_model = self._p_model(game, p_books if p_books is not None else p_market)
        if p_model is p_market is p_books is None:
            return
        readings = self._chances.get(game.game)
        if readings is None:
            if len(self._chances) >= GAMES_MAX:
                oldest = next(iter(self._chances))
                del self._chances[oldest]
                self._before_tip.pop(oldest, None)
                self._joined.pop(oldest, None)
                self._modelled.pop(oldest, None)
            readings = self._chances[game.game] = Readings(CHANCES, BARS_MAX)
        readings.add(at // NANOS_PER_SECOND, _units(p_model), _units(p_market), _units(p_books))

    def _p_books(self, game: GameView, at: Nanos) -> float | None:
        """What the sportsbooks say of the home team together; joined anew only where that may differ."""
        rows, kept = list(game.odds.values()), self._joined.get(game.game)
        if kept is not None and at < kept.until and kept.score is game.score and kept.rows == rows:
            return kept.p_home
        books = fair_value(game, HOME_WINS, BOOKS, at)
        # Rows only drop out with time: too few of them stay too few.
        until, p_home = (FOREVER, None) if books is None else (books.until, books.p_fair)
        self._joined[game.game] = _Joined(rows, game.score, until, p_home)
        return p_home

    def _p_market(self, game: GameView) -> float | None:
        """The middle of a trusted market of the winner, the home team's if there are both."""
        found: float | None = None
        for ticker, known in game.markets.items():
            market = self._markets.get(ticker)
            if market is None or not market.trusted or market.bid is None or market.ask is None:
                continue
            p_mid = (market.bid + market.ask) / (2 * PRICE_ONE)
            if known.claim == HOME_WINS:
                return p_mid
            if known.claim == AWAY_WINS:
                found = 1.0 - p_mid
        return found

    def _p_model(self, game: GameView, p_now: float | None) -> float | None:
        """What the in-play model makes of score, clock and the last opinion before the tip."""
        if not game.live and not game.over:
            if p_now is None:
                return None
            self._before_tip[game.game] = p_now
            return p_now
        p_before = self._before_tip.get(game.game)
        said = self._modelled.get(game.game)
        if said is not None and said[0] is game.score and said[1] == p_before:
            return said[2]
        minutes = game.minutes_left()
        if p_before is None or minutes is None or not 0.0 < p_before < 1.0:
            return None
        model = MODEL.of(game.league)
        p_model = model.p_win(game.home_lead(), minutes, model.spread_of_p0(p_before))
        self._modelled[game.game] = (game.score, p_before, p_model)
        return p_model


def _units(p: float | None) -> int | None:
    return None if p is None else round(p * PRICE_ONE)
