"""What positions have lost on paper: the running totals behind the drawdown, at the prices of this moment.

Kept by the gate. Prices change far more often than anybody asks, so a market is valued again only when
somebody asks and its best prices, or what is held in it, have changed since.
"""

from collections.abc import Mapping

from engine.risk.exposure import Exposure
from engine.units import PRICE_ONE, Count, Money, Price
from engine.view import MarketView


class Marks:
    """Losses on paper (never positive) of each strategy and of all; gains count as nothing."""

    def __init__(self) -> None:
        """Nothing is held."""
        self.stale: set[str] = set()
        """The tickers of the markets that must be valued again."""
        self.unheard: set[str] = set()
        """The tickers of held markets of which no price was heard yet, when they were valued last."""
        self._markets: dict[str, dict[str, int]] = {}
        self._of: dict[str, int] = {}
        self._total = 0

    def total(self) -> int:
        """Of all strategies."""
        return self._total

    def of(self, strategy: str) -> int:
        """Of one strategy."""
        return self._of.get(strategy, 0)

    def refresh(self, held: Mapping[str, Mapping[str, Exposure]], views: Mapping[str, MarketView]) -> None:
        """Value again what has changed; `held` are the exposures by ticker and strategy."""
        for ticker in self.stale:
            before = self._markets.pop(ticker, None)
            for strategy, lost in before.items() if before else ():
                self._add(strategy, -lost)
            exposures, view = held.get(ticker), views.get(ticker)
            self.unheard.discard(ticker)
            if exposures:
                if view is None or view.quoted is None:
                    self.unheard.add(ticker)
                after = self._markets[ticker] = lost_in(exposures, view)
                for strategy, lost in after.items():
                    self._add(strategy, lost)
        self.stale.clear()

    def _add(self, strategy: str, lost: int) -> None:
        self._of[strategy] = self._of.get(strategy, 0) + lost
        self._total += lost


def lost_in(exposures: Mapping[str, Exposure], view: MarketView | None) -> dict[str, int]:
    """What each of the positions in one market would lose if it were closed now; gains are left out."""
    bid, ask = best_prices(view)
    lost: dict[str, int] = {}
    for strategy, exposure in exposures.items():
        # Gains on paper are left out: they would raise a peak that no fact can restore after a restart.
        result = value_at(bid, ask, exposure.count) - exposure.cost
        if result < 0:
            lost[strategy] = result
    return lost


def best_prices(view: MarketView | None) -> tuple[Price | None, Price | None]:
    """The last bid and ask of a market while there were any; nothing until one is heard, to be cautious."""
    top = None if view is None else view.quoted
    return (None, None) if top is None else (top.yes_bid, top.yes_ask)


def value_at(bid: Price | None, ask: Price | None, count: Count) -> int:
    """What a position would bring at the best price; nothing where nobody bids for it."""
    if count > 0:
        return 0 if bid is None else bid * count
    return 0 if ask is None else (PRICE_ONE - ask) * -count


def on_paper(exposure: Exposure, views: Mapping[str, MarketView]) -> int:
    """What a position would lose if it were closed now; zero if it would gain."""
    return min(0, value_now(exposure, views) - exposure.cost)


def value_now(exposure: Exposure, views: Mapping[str, MarketView]) -> Money:
    """What a position would bring at the best price; nothing if nobody bids, or no price was heard yet."""
    return Money(value_at(*best_prices(views.get(exposure.ticker)), exposure.count))
