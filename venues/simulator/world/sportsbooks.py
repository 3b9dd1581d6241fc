"""The sportsbooks of the simulated world: what each asks for a game, late, biased, rounded or not at all.

Driven by `venues.simulator.world.game`; the rows become balldontlie's odds. Must not look ahead in a game.
"""

from random import Random
from typing import Final

import attrs

from engine.pregame_lines import phi
from engine.pricing.odds import american_of_p
from venues.simulator.world.fair_value import Outlook
from venues.simulator.world.settings import SECOND

VENDORS: Final = (
    "draftkings",
    "fanduel",
    "betmgm",
    "caesars",
    "betrivers",
    "bet365",
    "fanatics",
    "betway",
    "ballybet",
    "betparx",
    "rebet",
)
# Real skins repeat a price in 99.6 % of rows: a consensus that counts them counts one opinion twice.
SKINS: Final = {"ballybet": "betrivers", "betparx": "betrivers"}
"""Vendors that repeat another one's prices."""
ODDS_MAX: Final = 10_000
SHARED_ERROR: Final = 0.012
"""Standard deviation of what all books of a game are wrong by together, in probability: a consensus of many
is not better than the venue's price. Before real tips it was worse (log loss .726 against .704)."""


def american(p: float) -> int:
    """American odds of a price that may be above any fair one, rounded as books round."""
    raw = american_of_p(min(0.999, max(0.001, p)))
    grid = 1 if abs(raw) < 150 else 5 if abs(raw) < 500 else 25 if abs(raw) < 1500 else 100
    odds = max(-ODDS_MAX, min(ODDS_MAX, round(raw / grid) * grid))
    return odds if abs(odds) >= 100 else 100


@attrs.frozen
class Prices:
    """One vendor's prices of a game; None is a price that is not offered at the moment."""

    moneyline: tuple[int, int] | None
    """Home, away."""
    spread: float
    """Handicap of the home team: -5.5 means that it is favoured."""
    spread_odds: tuple[int, int]
    total: float
    total_odds: tuple[int, int]
    updated_at: int
    """UTC nanoseconds."""


@attrs.define
class Sportsbook:
    """One vendor's book for one game."""

    vendor: str
    rng: Random
    overround: float
    lean: float
    """Its lasting opinion of the home team's chance, in probability."""
    line_lean: float
    """Its lasting opinion of the margin, in points."""
    lag: tuple[float, float]
    """Seconds that it needs to follow the game."""
    row_id: int
    prices: Prices | None = None
    suspended_until: int = 0

    @classmethod
    def opened(cls, vendor: str, seed: str) -> "Sportsbook":
        """A vendor with habits drawn from the seed."""
        rng = Random(f"{seed}|book|{vendor}")
        shared = Random(f"{seed}|books").gauss(0, SHARED_ERROR)
        lag = rng.uniform(3, 12)
        return cls(
            vendor=vendor,
            rng=rng,
            # Closing moneylines of 2008 to 2023 have 3.8 % on average.
            overround=rng.uniform(0.034, 0.056),
            lean=shared + rng.gauss(0, 0.007),
            line_lean=rng.gauss(0, 0.3),
            lag=(lag, lag * rng.uniform(2, 4)),
            row_id=rng.randrange(10_000_000, 99_999_999),
        )

    def reprice(self, at: int, view: Outlook, *, in_play: bool) -> bool:
        """Follow the game if not suspended; whether the prices changed."""
        if at < self.suspended_until:
            return False
        if in_play and self.rng.random() < 0.06:
            self.suspended_until = at + self.rng.randint(25, 120) * SECOND
            return False
        p_home = min(0.99, max(0.01, view.p_home + self.lean + self.rng.gauss(0, 0.003)))
        self.prices = Prices(
            moneyline=self._moneyline(p_home, in_play=in_play),
            spread=-_half_points(view.margin + self.line_lean),
            spread_odds=(0, 0),
            total=_half_points(view.points + self.line_lean),
            total_odds=self._pair(self.rng.gauss(0.5, 0.012)),
            updated_at=at,
        )
        # Whole-number pushes aside, the price says how far the line is from the mean.
        edge = (view.margin + self.line_lean + self.prices.spread) / view.margin_sd
        self.prices = attrs.evolve(self.prices, spread_odds=self._pair(phi(edge)))
        return True

    def _moneyline(self, p_home: float, *, in_play: bool) -> tuple[int, int] | None:
        if in_play and not 0.02 < p_home < 0.98:
            return None
        return self._pair(p_home)

    def _pair(self, p: float) -> tuple[int, int]:
        margin = 1 + self.overround
        return american(p * margin), american((1 - p) * margin)


def _half_points(points: float) -> float:
    """The nearest half point."""
    return round(points * 2) / 2
