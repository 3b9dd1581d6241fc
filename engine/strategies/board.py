"""The markets of one game side by side, arranged so that most price changes can be dismissed at a glance.

Used by `correlation`, which hears every change of every market: costs of both directions are kept as plain
numbers, and neighbours are looked up, not searched for. Must not import anything outside `engine` but attrs.
"""

from typing import Final

import attrs

from engine.lines import probit, spread_of_p_win
from engine.strategies.relations import certain, deviation, expected_of, p_home_of, p_of_expected
from engine.units import PRICE_ONE
from engine.view import Axis, GameView, MarketView

NOTHING_OFFERED: Final = 2 * PRICE_ONE
NEIGHBOURS_MIN: Final = 2


@attrs.define(eq=False)
class Place:
    """A market on the board: what its upward and its downward half-line cost now, before fees.

    `expected` is the margin or total that its middle price means.
    """

    market: MarketView
    threshold: int
    above: bool
    upward: int = NOTHING_OFFERED
    downward: int = NOTHING_OFFERED
    expected: float | None = None
    near: list["Place"] = attrs.field(factory=list)

    def price(self) -> None:
        """Take the market's best prices over."""
        top = self.market.top
        ask = bid = None
        if top is not None and self.market.tradable:
            ask, bid = top.yes_ask, top.yes_bid
        yes = NOTHING_OFFERED if ask is None else ask
        no = NOTHING_OFFERED if bid is None else PRICE_ONE - bid
        self.upward, self.downward = (yes, no) if self.above else (no, yes)


class Board:
    """One game. Everything is kept up to the last price that was told, and to the last score."""

    def __init__(self, game: GameView, points_max: float) -> None:
        """Arrange what is known of a game; rungs within `points_max` are neighbours."""
        self.game = game
        self._places: dict[str, Place] = {}
        self._lines: dict[Axis, list[Place]] = {axis: [] for axis in Axis}
        for market in game.markets.values():
            if market.claim is not None:
                place = Place(market, market.claim.threshold, market.claim.above)
                self._places[market.ticker] = place
                if certain(market.claim):
                    self._lines[market.claim.axis].append(place)
        for place in self._places.values():
            place.near = self._near(place, 10 * points_max)
        self._read()

    def repriced(self, market: MarketView) -> None:
        """A market's best prices changed."""
        if self.game.score is not self._score:
            self._read()
            return
        place = self._places.get(market.ticker)
        if place is not None:
            self._read_place(place)
        if market.kind == "game":
            self._expected_home = self._read_winner()

    def beaten(self, market: MarketView) -> bool:
        """Whether some other market and this one cover every outcome for less than a dollar before fees."""
        place = self._places.get(market.ticker)
        if place is None or market.claim is None or not certain(market.claim):
            return False
        threshold = place.threshold
        up_left, down_left = PRICE_ONE - place.upward, PRICE_ONE - place.downward
        for other in self._lines[market.claim.axis]:
            if other.downward < up_left and other.threshold >= threshold:
                return True
            if other.upward < down_left and other.threshold <= threshold:
                return True
        return False

    def near(self, market: MarketView) -> list[MarketView]:
        """The rungs of the same ladder that are close enough to say something of each other."""
        place = self._places.get(market.ticker)
        return [] if place is None else [other.market for other in place.near]

    def margins(self) -> list[MarketView]:
        """The margin markets."""
        return [place.market for place in self._lines[Axis.MARGIN] if place.market.kind == "spread"]

    def ladder_value(self, market: MarketView) -> float | None:
        """What the neighbouring rungs say of a rung by the normal model.

        Of two that disagree one is wrong, and nobody can tell which: so two neighbours are needed, and the
        one that is nearer to the price is believed.
        """
        place, p_mid = self._places.get(market.ticker), market.p_mid()
        sd = None if market.claim is None else self._sd[market.claim.axis]
        if place is None or p_mid is None or sd is None or market.claim is None:
            return None
        best: float | None = None
        heard = 0
        for other in place.near:
            if other.expected is not None:
                p = p_of_expected(market.claim, other.expected, sd)
                heard += 1
                if best is None or abs(p - p_mid) < abs(best - p_mid):
                    best = p
        return best if heard >= NEIGHBOURS_MIN else None

    def winner_value(self, market: MarketView) -> float | None:
        """What the winner's price says of a margin market; the winner, the deeper market, is not doubted."""
        sd, expected = self._sd[Axis.MARGIN], self._expected_home
        if sd is None or expected is None or market.claim is None or market.kind != "spread":
            return None
        return p_of_expected(market.claim, expected, sd)

    def _read(self) -> None:
        """Take everything over anew: the time left changes what every price means."""
        self._score = self.game.score
        self._sd = {axis: deviation(self.game, axis) for axis in Axis}
        for place in self._places.values():
            self._read_place(place)
        self._expected_home = self._read_winner()

    def _read_place(self, place: Place) -> None:
        place.price()
        claim = place.market.claim
        sd = None if claim is None or place.market.kind == "game" else self._sd[claim.axis]
        place.expected = None if sd is None else expected_of(place.market, sd)

    def _read_winner(self) -> float | None:
        """The expected margin that the winner markets mean."""
        p_home, sd = p_home_of(self.game), self._sd[Axis.MARGIN]
        if p_home is None or sd is None:
            return None
        return sd * probit(p_home) if self.game.live else spread_of_p_win(p_home)

    def _near(self, place: Place, tenths: float) -> list[Place]:
        kind = place.market.kind
        return [
            other
            for other in self._places.values()
            if other is not place
            and other.market.kind == kind
            and kind != "game"
            and abs(other.threshold - place.threshold) <= tenths
        ]
