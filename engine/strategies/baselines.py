"""The pre-game expectation of a game: the reference of the strategies that trade in play.

Used by `momentum` and `mean_reversion`. Taken once, at the first live score, from what was known until then,
and kept as a fact (`Noted` under `baseline:GAME`), so that a restart in the third quarter measures against
the same.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from engine.events import OddsSeen
from engine.facts import Fact, Noted
from engine.pregame_lines import SD_TOTAL, expected_of_line
from engine.pricing.fair_value import Rules, fair_value
from engine.units import NANOS_PER_DAY, NANOS_PER_HOUR, Nanos, Tenths
from engine.view import Axis, Claim, GameView

KEY: Final = "baseline:"
MINUTES_PLAYED_MAX: Final = 4.0
"""A price of a game in which more was played is no pre-game price any more."""

SPREAD_MAX: Final = 0.10
"""A wider market has no price to remember."""

HOME_WINS: Final = Claim(Axis.MARGIN, Tenths(0), above=True)
AWAY_WINS: Final = Claim(Axis.MARGIN, Tenths(0), above=False)
_BEFORE_TIP: Final = Rules(age_max=Nanos(2 * NANOS_PER_HOUR), books_min=1, of_tip=True)
_OPENING: Final = Rules(age_max=Nanos(30 * NANOS_PER_DAY), books_min=1, of_tip=True)


@attrs.frozen
class Baseline:
    """What was expected: P(home wins), the points of both teams, each market's price; and who said so.

    `p_home` is None where nobody said; `total` is of the last odds before the tip, `opening` of the opening
    lines.
    """

    p_home: float | None
    total: float | None
    p_prices: dict[str, float]
    source: str
    opening: float | None = None

    def text(self) -> str:
        """As it is kept in the journal."""
        values = {
            "p_home": self.p_home,
            "total": self.total,
            "prices": self.p_prices,
            "source": self.source,
            "opening": self.opening,
        }
        return json.dumps(values, sort_keys=True, separators=(",", ":"))


def parse_baseline(text: str) -> Baseline:
    """Read what `text` wrote."""
    values = json.loads(text)
    prices = {str(ticker): float(p) for ticker, p in values["prices"].items()}
    p_home, total, opening = (
        None if values[name] is None else float(values[name]) for name in ("p_home", "total", "opening")
    )
    return Baseline(p_home, total, prices, str(values["source"]), opening)


class Baselines:
    """The baselines of one strategy's games."""

    def __init__(self, name: str) -> None:
        """Begin with none."""
        self._name = name
        self._of: dict[str, Baseline] = {}

    def of(self, game: GameView) -> Baseline | None:
        """A game's baseline once it is taken."""
        return self._of.get(game.game)

    def take(self, game: GameView, now: Nanos) -> Noted | None:
        """Take the baseline when the game has just become live; the fact to be kept, or None."""
        # Once a game: taken again it would move with what it is the measure of.
        if game.game in self._of or not game.live:
            return None
        baseline = measured(game, now)
        self._of[game.game] = baseline
        return Noted(self._name, KEY + game.game, baseline.text(), now)

    def take_over(self, other: object) -> None:
        """Be as baselines that are not used any further."""
        assert isinstance(other, Baselines)  # noqa: S101 - a memory of them
        vars(self).update(vars(other))

    def restore(self, facts: Iterable[Fact]) -> None:
        """Read the baselines of an earlier life."""
        for fact in facts:
            if isinstance(fact, Noted) and fact.strategy == self._name and fact.key.startswith(KEY):
                self._of[fact.key.removeprefix(KEY)] = parse_baseline(fact.value)


def measured(game: GameView, now: Nanos) -> Baseline:
    """What is known of a game at its tip.

    Kalshi's own price of the winner comes first: before the tip nothing measured so far beats it, and pooled
    with it the books add nothing. Then comes the books' consensus, then their opening lines. Prices are
    remembered only right after the tip.
    """
    minutes = game.minutes_left()
    fresh = minutes is not None and minutes >= game.league.minutes - MINUTES_PLAYED_MAX
    p_prices: dict[str, float] = {}
    if fresh:
        # A process that starts in the second quarter sees prices that know the game already.
        for ticker, market in game.markets.items():
            p_mid, spread = market.p_mid(), market.spread()
            if market.tradable and p_mid is not None and spread is not None and spread <= 10_000 * SPREAD_MAX:
                p_prices[ticker] = p_mid
    # Without the score the consensus values the game as before the tip, which is what a baseline is.
    at_opening = attrs.evolve(game, odds=game.opening, score=None)
    before_tip = attrs.evolve(game, score=None)
    opening = _total(at_opening, _OPENING, now)
    total = _total(before_tip, _BEFORE_TIP, now) if fresh else None
    if total is None:
        total = opening
    p_priced = _p_home_of_prices(game, p_prices)
    if p_priced is not None:
        return Baseline(p_priced, total, p_prices, "kalshi", opening)
    for view, rules, source in ((before_tip, _BEFORE_TIP, "books"), (at_opening, _OPENING, "opening")):
        fair = fair_value(view, HOME_WINS, rules, now) if fresh or source == "opening" else None
        if fair is not None:
            return Baseline(fair.p_fair, total, p_prices, source, opening)
    # Nobody said what to expect: the model knows what leads alone are worth.
    return Baseline(None, total, p_prices, "none", opening)


def _p_home_of_prices(game: GameView, p_prices: Mapping[str, float]) -> float | None:
    """The home team's probability by the winner's markets: of both teams' prices the mean."""
    said = []
    for ticker, p_price in p_prices.items():
        claim = game.markets[ticker].claim
        if claim == HOME_WINS:
            said.append(p_price)
        elif claim == AWAY_WINS:
            said.append(1.0 - p_price)
    return sum(said) / len(said) if said else None


def _total(game: GameView, rules: Rules, now: Nanos) -> float | None:
    """The points at which the books' consensus would be even: their lines' median, moved by its price."""
    lines = sorted(line for line in map(_line_of, game.odds.values()) if line is not None)
    if not lines:
        return None
    line = lines[len(lines) // 2]
    fair = fair_value(game, Claim(Axis.TOTAL, line, above=True), rules, now)
    return None if fair is None else expected_of_line(line / 10, fair.p_fair, SD_TOTAL)


def _line_of(row: OddsSeen) -> Tenths | None:
    """A book's total, if it prices both sides of it."""
    return None if row.over_odds is None or row.under_odds is None else row.total
