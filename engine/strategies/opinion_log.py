"""What strategies said and how prices went on: the observations from which trust is estimated.

`OpinionLog` listens to the strategies of a replay, `PriceWitness` plays among them, trades nothing and tells
it the prices. Used by `tipoff calibrate`.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from engine.events import GameNews, TopChanged, Trust
from engine.facts import Fact
from engine.step import NOTHING, Step
from engine.strategies.opinion import Opinion
from engine.strategies.parameters import Parameters
from engine.strategies.strategy import Strategy, StrategyContext
from engine.trust import ENTERED, HORIZON, Gap, NewOpinions, Spoken
from engine.units import PRICE_ONE, Nanos
from engine.view import MarketView


class OpinionLog:
    """Opinions and prices of one recording."""

    def __init__(self, horizon: Nanos = HORIZON) -> None:
        """`horizon` is how long after an opinion the price is looked at."""
        self._horizon = horizon
        self._heard_until = Nanos(0)
        self._spoken: list[Spoken] = []
        self._new = NewOpinions()
        self._moments: dict[str, list[Nanos]] = defaultdict(list)
        self._prices: dict[str, list[float]] = defaultdict(list)

    def formed(self, market: MarketView, opinion: Opinion, now: Nanos) -> None:
        """Note an opinion of a market whose price may be used."""
        p_mid = market.p_mid()
        if p_mid is None or not market.tradable:
            return
        p_gap = opinion.p_fair - p_mid
        # At the price itself nothing was said.
        if p_gap != 0.0 and self._new.counts(opinion.source, market.ticker, opinion.p_fair, now):
            self._spoken.append(Spoken(opinion.source, market.game.game, market.ticker, now, p_gap))

    def priced(self, ticker: str, p_mid: float, now: Nanos) -> None:
        """Note the middle of a market's trusted prices; moments never decrease."""
        self._heard_until = now
        self._moments[ticker].append(now)
        self._prices[ticker].append(p_mid)

    def gaps(self) -> Iterator[Gap]:
        """Every opinion with the move that came: from the price that an order meets to the one that stands
        at the horizon. What the recording ends before is left out.
        """
        for spoken in self._spoken:
            p_entry = self._standing(spoken.ticker, Nanos(spoken.at + ENTERED))
            p_later = self._standing(spoken.ticker, Nanos(spoken.at + self._horizon))
            if p_entry is None or p_later is None or spoken.at + self._horizon > self._heard_until:
                continue
            yield Gap(spoken.source, spoken.game, spoken.p_gap, p_later - p_entry)

    def _standing(self, ticker: str, at: Nanos) -> float | None:
        """The price that stands at a moment."""
        place = bisect_right(self._moments.get(ticker, ()), at)
        return self._prices[ticker][place - 1] if place else None


class PriceWitness(Strategy):
    """Hears prices and tells them to a log; never trades."""

    kind: ClassVar[str] = "price_witness"
    parameters_class: ClassVar[type[Parameters]] = Parameters
    rests_on_odds: ClassVar[bool] = False
    has_opinion: ClassVar[bool] = False

    def __init__(self, log: OpinionLog) -> None:
        """`log` is told."""
        super().__init__(self.kind, Parameters(), StrategyContext())
        self._log = log

    def on_news(self, news: GameNews, now: Nanos) -> Step:
        """Tell the middle of a two-sided trusted market."""
        if isinstance(news, TopChanged) and news.trust is Trust.TRUSTED:
            bid, ask = news.yes_bid, news.yes_ask
            if bid is not None and ask is not None:
                self._log.priced(news.ticker, (bid + ask) / (2 * PRICE_ONE), now)
        return NOTHING

    def on_fact(self, fact: Fact, now: Nanos) -> Step:
        """It has no orders."""
        return NOTHING

    def wake(self, key: str, now: Nanos) -> Step:
        """It asks for no timer."""
        return NOTHING

    def memory(self) -> dict[str, object]:
        """Nothing is kept."""
        return {}

    def remember(self, memory: Mapping[str, object]) -> None:
        """Nothing is kept."""

    def restore(self, facts: Iterable[Fact]) -> None:
        """Nothing is kept."""
