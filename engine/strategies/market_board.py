"""The markets of one game side by side, arranged so that most price changes can be dismissed cheaply.

Used by `correlation`, which gets every change of every market. Costs of both directions are kept as plain
numbers, neighbours are precomputed, and prices are kept as deviates (the inverse of the normal distribution
function), in which the value that a neighbour implies is a sum. A price *fits* when the value implied by one
neighbour lies in the band around it that is too small to trade; that neighbour is tried first the next time.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import attrs

from engine.pregame_lines import probit, spread_of_p_win
from engine.strategies.market_watch import Watch
from engine.strategies.relations import (
    P_READABLE,
    SPREAD_READABLE,
    certain,
    deviation,
    p_home_of,
    p_of_expected,
)
from engine.units import PRICE_ONE, Nanos
from engine.view import Axis, Claim, GameView, MarketView

NOTHING_OFFERED: Final = 2 * PRICE_ONE
NEIGHBOURS_MIN: Final = 2
SAFE: Final = 2e-9
"""A band is narrower than it should be by this probability, so that rounding never dismisses a trade."""

ROOT_OF_TWO: Final = math.sqrt(2.0)

EMPTY: Final = (math.inf, -math.inf)

MIDDLES_KEPT: Final = 32_768
"""So many middle prices' deviates and bands are remembered."""


@attrs.frozen
class Reach:
    """The thresholds of a board.

    Rungs within `points` are neighbours; distances from the value they imply below `ladder`, and from the
    winner market's below `winner` (both probabilities), are ignored.
    """

    points: float
    ladder: float
    winner: float


@attrs.define(eq=False)
class Place:
    """A market on the board: what its upward and its downward half-line cost now, before fees.

    `z` is the deviate of its upward middle price, None when nobody's opinion. `ladder` and `winner` are the
    bands of deviates around it, empty without a middle. `witness` is the neighbour that spoke for it last.
    """

    market: MarketView
    claim: Claim
    line: float
    margin: bool
    kind: str
    upward: int = NOTHING_OFFERED
    downward: int = NOTHING_OFFERED
    p_mid: float | None = None
    z: float | None = None
    ladder: tuple[float, float] = EMPTY
    winner: tuple[float, float] = EMPTY
    near: list["Place"] = attrs.field(factory=list)
    witness: "Place | None" = None
    certain: bool = False
    watch: Watch | None = None
    around: tuple["Place", ...] = ()

    def price(self, reach: Reach) -> None:
        """Take the market's best prices over."""
        market, above = self.market, self.claim.above
        top, tradable = market.top, market.tradable
        bid, ask = (None, None) if top is None else (top.yes_bid, top.yes_ask)
        yes = ask if tradable and ask is not None else NOTHING_OFFERED
        no = PRICE_ONE - bid if tradable and bid is not None else NOTHING_OFFERED
        self.upward, self.downward = (yes, no) if above else (no, yes)
        # A winner market is no rung: others are held against it, it is held against none.
        if self.kind == "game":
            return
        self.p_mid, self.z, self.ladder, self.winner = None, None, EMPTY, EMPTY
        if bid is None or ask is None:
            return
        both = bid + ask
        self.p_mid = both / (2 * PRICE_ONE)
        if tradable and ask - bid <= SPREAD_READABLE:
            self.z = _deviate(both, above)
        self.ladder = _band_around(both, above, reach.ladder)
        if self.kind == "spread":
            self.winner = _band_around(both, above, reach.winner)


class MarketBoard:
    """One game. Everything is kept up to the last price that was told, and to the last score."""

    def __init__(self, game: GameView, reach: Reach, watches: Mapping[str, Watch]) -> None:
        """Arrange what is known of a game; `watches` are those of the markets that may be traded."""
        self.game = game
        self._reach = reach
        self._places: dict[str, Place] = {}
        self._lines: dict[bool, list[Place]] = {True: [], False: []}
        for market in game.markets.values():
            claim = market.claim
            if claim is None:
                continue
            margin = claim.axis is Axis.MARGIN
            place = Place(market, claim, claim.threshold / 10, margin, market.kind)
            place.watch = watches.get(market.ticker)
            self._places[market.ticker] = place
            place.certain = certain(claim)
            if place.certain:
                self._lines[margin].append(place)
        self._winners = [place.market for place in self._places.values() if place.kind == "game"]
        self._margins = [place for place in self._lines[True] if place.kind == "spread"]
        for place in self._places.values():
            place.near = self._margins if place.kind == "game" else self._near(place, 10 * reach.points)
            place.around = (place, *place.near)
            place.price(reach)
        self._read()

    def repriced(self, market: MarketView) -> Place | None:
        """A market's best prices changed; returns its place, if it has one."""
        place = self._places.get(market.ticker)
        if place is not None:
            place.price(self._reach)
        # An identity test: each score is a new object, and comparing its fields on every price would cost
        # more.
        if self.game.score is not self._score:
            self._read()
        elif place is not None and place.kind == "game":
            self._expected_home = self._read_winner()
        return place

    def beaten(self, place: Place) -> bool:
        """Whether some other market and this one cover every outcome for less than a dollar before fees."""
        if not place.certain:
            return False
        line = place.line
        up_left, down_left = PRICE_ONE - place.upward, PRICE_ONE - place.downward
        # Before fees and on integers: it may only dismiss what is certainly no arbitrage.
        for other in self._lines[place.margin]:
            if other.downward < up_left and other.line >= line:
                return True
            if other.upward < down_left and other.line <= line:
                return True
        return False

    def worth_a_thought(self, place: Place, now: Nanos) -> list[Place]:
        """What is held or does not fit, of a place that was priced anew and its neighbours.

        A rung fits if nothing that is said of it is far enough from its price. Nearly all do, so all are
        looked at here, without a call for any.
        """
        found: list[Place] = []
        expected = self._expected_home
        for other in place.around:
            watch = other.watch
            if watch is None:
                continue
            if not watch.idle:
                # As `Watch.stays`, without its call.
                top = other.market.top
                price = None if top is None else top.yes_bid if watch.sold_at_bid else top.yes_ask
                if (
                    now >= watch.stays_until
                    or price is None
                    or not watch.stays_from <= price <= watch.stays_to
                ):
                    found.append(other)
                continue
            sd = self._sd_margin if other.margin else self._sd_total
            if now < watch.cooldown_until or sd is None or other.p_mid is None:
                continue
            line, witness = other.line, other.witness
            low, high = other.ladder
            if (
                witness is None
                or witness.z is None
                or not low < witness.z + (witness.line - line) / sd < high
            ) and not _spoken_for(other, sd):
                found.append(other)
            elif expected is not None and other.kind == "spread":
                low, high = other.winner
                if not low < (expected - line) / sd < high:
                    found.append(other)
        return found

    def place_of(self, market: MarketView) -> Place | None:
        """A market's place, if it says anything of the game."""
        return self._places.get(market.ticker)

    def ladder_value(self, place: Place) -> float | None:
        """What the neighbouring rungs say of a rung by the normal model.

        Of two that disagree one is wrong, and nobody can tell which: so two neighbours are needed, and the
        one that is nearer to the price is believed.
        """
        sd, p_mid = self._sd_margin if place.margin else self._sd_total, place.p_mid
        if p_mid is None or sd is None:
            return None
        best: float | None = None
        heard, line, above = 0, place.line, place.claim.above
        for other in place.near:
            if other.z is not None:
                # As `p_of_expected` and `phi`, without their calls for every neighbour.
                p_above = 0.5 * math.erfc(-((other.line + sd * other.z - line) / sd) / ROOT_OF_TWO)
                p = p_above if above else 1.0 - p_above
                heard += 1
                if best is None or abs(p - p_mid) < abs(best - p_mid):
                    best = p
        return best if heard >= NEIGHBOURS_MIN else None

    def winner_value(self, place: Place) -> float | None:
        """What the winner's price says of a margin market; the winner, the deeper market, is not doubted."""
        sd, expected = self._sd_margin, self._expected_home
        if sd is None or expected is None or place.kind != "spread":
            return None
        return p_of_expected(place.claim, expected, sd)

    def _read(self) -> None:
        """Take the score over: the time left changes what every price means."""
        self._score = self.game.score
        self._sd_margin = deviation(self.game, Axis.MARGIN)
        self._sd_total = deviation(self.game, Axis.TOTAL)
        self._expected_home = self._read_winner()

    def _read_winner(self) -> float | None:
        """The expected margin that the winner markets mean."""
        p_home, sd = p_home_of(self._winners), self._sd_margin
        if p_home is None or sd is None:
            return None
        return sd * probit(p_home) if self.game.live else spread_of_p_win(p_home)

    def _near(self, place: Place, tenths: float) -> list[Place]:
        return [
            other
            for other in self._places.values()
            if other is not place
            and other.kind == place.kind
            and abs(other.claim.threshold - place.claim.threshold) <= tenths
        ]


def _spoken_for(place: Place, sd: float) -> bool:
    """Whether a neighbour's word lies in the band around a rung's price, or too few have a word; the first
    is the witness from now on.
    """
    low, high = place.ladder
    line, heard = place.line, 0
    for other in place.near:
        if other.z is not None:
            heard += 1
            if low < other.z + (other.line - line) / sd < high:
                place.witness = other
                return True
    place.witness = None
    return heard < NEIGHBOURS_MIN


# Prices are whole numbers, so what is made of them need not be computed twice.
@lru_cache(maxsize=MIDDLES_KEPT)
def _deviate(both: int, above: bool) -> float | None:  # noqa: FBT001 - a keyword is slower to remember
    """The deviate of an upward middle price, `both` being bid and ask together; None beyond what is read."""
    p_mid = both / (2 * PRICE_ONE)
    p_above = p_mid if above else 1.0 - p_mid
    return probit(p_above) if P_READABLE < p_above < 1.0 - P_READABLE else None


@lru_cache(maxsize=MIDDLES_KEPT)
def _band_around(both: int, above: bool, distance: float) -> tuple[float, float]:  # noqa: FBT001 - as above
    """`band` of an upward middle price, `both` being bid and ask together."""
    p_mid = both / (2 * PRICE_ONE)
    return band(p_mid if above else 1.0 - p_mid, distance)


def band(p: float, distance: float) -> tuple[float, float]:
    """The deviates of probabilities that are nearer to `p` than `distance`, rather too few than too many."""
    reach = distance - SAFE
    if reach <= 0.0:
        return EMPTY
    low, high = p - reach, p + reach
    return (probit(low) if low > 0.0 else -math.inf, probit(high) if high < 1.0 else math.inf)
