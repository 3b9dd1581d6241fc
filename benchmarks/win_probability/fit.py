"""The fit of the in-play model: an ordered probit at each of some moments of the game.

P(final margin > line) = Phi(a lead + b spread - c line), for the winner and for lines around zero at once, so
that ladder and winner are one distribution: the lead lasts by a / c, the spread counts b / c, the deviation
is 1 / c. The shape over time comes from the paths of the lead, the level from the quarters of newer seasons.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import attrs

from benchmarks.win_probability.games import (
    QUARTER_SECONDS,
    REGULATION_SECONDS,
    Closed,
    Played,
)
from benchmarks.win_probability.probit import Rows, probit_fit
from engine.in_play_curve import Curve, InPlayFit, LateSteps, Steps
from engine.pregame_lines import probit

LINES: Final = {0.0: 6.0, -3.5: 1.0, 3.5: 1.0, -8.5: 1.0, 8.5: 1.0, -14.5: 1.0, 14.5: 1.0}
"""Lines and their weights: the winner's is that of all rungs of the ladder together."""

MOMENTS: Final = (
    1,
    2,
    5,
    10,
    20,
    30,
    45,
    60,
    90,
    120,
    180,
    300,
    480,
    720,
    1080,
    1440,
    1800,
    2160,
    2400,
    2640,
)
"""Seconds left at which the curve is fitted; before the tip there is no lead, so that is fitted apart."""

WINNER: Final = {0.0: 1.0}
"""The winner alone."""

LATE_BEGINS: Final = 30
LATE_MOMENTS: Final = (1, 2, 5, 10, 20)
LEVEL_SEASONS: Final = 6
"""The level is that of so many seasons: margins have grown from year to year."""

HOME: Final = 1.0

Triple: TypeAlias = tuple[float, float, float]


@attrs.frozen
class State:
    """A moment of one game: the lead, the closing spread, and the margin that it came to."""

    lead: int
    spread: float
    margin: int


def fitted(played: Sequence[Played], closed: Sequence[Closed]) -> InPlayFit:
    """Everything, from games with a path and from regular games with quarters.

    Raises `probit.NotFitted` if there are too few games.
    """
    lined = _curve(played, spread_of)
    regular = [game for game in closed if not game.playoffs]
    newest = max(game.season for game in regular)
    recent = [game for game in regular if game.season > newest - LEVEL_SEASONS]
    level = levels(recent, lined, spread_of)
    lined = scaled(lined, level)
    unlined = _curve(played, home_of)
    unlined = scaled(unlined, levels(recent, unlined, home_of))
    return InPlayFit(lined, unlined, _late(played), _overtime(played, lined))


def levels(games: Iterable[Closed], curve: Curve, known: "Known") -> Triple:
    """By how much lead, spread and line weigh more at the ends of quarters than the curve says."""
    rows: Rows = defaultdict(float)
    for seconds, states in quarter_ends(games):
        outlook = curve.at(seconds)
        weights = outlook.kept / outlook.sd, outlook.to_come / outlook.sd, 1.0 / outlook.sd
        for row, weight in rows_of(states, known, weights).items():
            rows[row] += weight
    first, second, third = probit_fit(rows)
    return first, second, third


def scaled(curve: Curve, level: Triple) -> Curve:
    """The curve with its weights multiplied, the less the later it is in the last quarter: quarters say
    nothing of last minutes.
    """
    kept, to_come, sd = [], [], []
    for seconds, *values in zip(curve.seconds, curve.kept, curve.to_come, curve.sd, strict=True):
        much = min(1.0, math.sqrt(seconds / QUARTER_SECONDS))
        of_lead, of_spread, of_line = (weight**much for weight in level)
        kept.append(values[0] * of_lead / of_line)
        to_come.append(values[1] * of_spread / of_line)
        sd.append(values[2] / of_line)
    return Curve(curve.seconds, tuple(kept), tuple(to_come), tuple(sd))


def quarter_ends(games: Iterable[Closed]) -> Iterator[tuple[int, list[State]]]:
    """Seconds left and the states of all games, before the tip and after each of three quarters."""
    games = list(games)
    yield REGULATION_SECONDS, [State(0, game.spread, game.margin) for game in games]
    for quarter in range(3):
        left = REGULATION_SECONDS - (quarter + 1) * QUARTER_SECONDS
        yield left, [State(game.leads[quarter], game.spread, game.margin) for game in games]


def states_at(games: Iterable[Played], seconds_left: float) -> list[State]:
    """The states of all games with so many seconds of regulation left."""
    at = REGULATION_SECONDS - seconds_left
    return [State(game.lead_at(at), game.spread, game.margin) for game in games]


Known: TypeAlias = Callable[[State], float]
"""What is known of a game before the tip: its spread, or only who is at home."""


def spread_of(state: State) -> float:
    return state.spread


def home_of(_state: State) -> float:
    return HOME


def _curve(games: Sequence[Played], known: Known) -> Curve:
    """The weights at every moment, as shares and deviation."""
    found = {}
    for seconds in MOMENTS:
        lead, before, line = probit_fit(rows_of(states_at(games, seconds), known))
        # More than all of a lead cannot last: that is noise of the last seconds.
        found[float(seconds)] = min(lead / line, 1.0), before / line, 1.0 / line
    start: Rows = defaultdict(float)
    for (numbers, won), weight in rows_of(states_at(games, REGULATION_SECONDS), known).items():
        start[numbers[1:], won] += weight
    before, line = probit_fit(start)
    # Before the tip there is no lead that could last; it goes on as at the first moment.
    found[float(REGULATION_SECONDS)] = found[float(MOMENTS[-1])][0], before / line, 1.0 / line
    kept, to_come, sd = zip(*found.values(), strict=True)
    return Curve(tuple(found), kept, to_come, sd)


def rows_of(
    states: Iterable[State],
    known: Known,
    weights: Triple = (1.0, 1.0, 1.0),
    lines: Mapping[float, float] = LINES,
) -> Rows:
    """What the regression reads: lead, what is known and minus the line, each by its weight."""
    of_lead, of_known, of_line = weights
    rows: Rows = defaultdict(float)
    for state in states:
        lead, before = of_lead * state.lead, of_known * known(state)
        for line, weight in lines.items():
            rows[(lead, before, -of_line * line), state.margin > line] += weight
    return rows


def _late(games: Sequence[Played]) -> LateSteps:
    """How often a lead of one to four points lasts through the last seconds, as deviations."""
    steps = []
    for seconds in LATE_MOMENTS:
        states = states_at(games, seconds)
        zs: list[float] = []
        for size in (1, 2, 3, 4):
            kept = [(state.margin > 0) == (state.lead > 0) for state in states if abs(state.lead) == size]
            # One game more, half won: what always happened so far is not certain. A larger lead is never
            # worth less than a smaller one.
            z = probit((sum(kept) + 0.5) / (len(kept) + 1))
            zs.append(max([z, *zs]))
        steps.append(_four(zs))
    return LateSteps(float(LATE_BEGINS), tuple(map(float, LATE_MOMENTS)), tuple(steps))


def _four(zs: Sequence[float]) -> Steps:
    one, two, three, four = zs
    return one, two, three, four


def _overtime(games: Iterable[Played], curve: Curve) -> float:
    """How much more the spread weighs in an overtime than with as much of regulation left."""
    rows: Rows = defaultdict(float)
    for game in games:
        for number in range(1, game.overtimes + 1):
            for left in (300, 240, 180, 120, 60):
                outlook = curve.at(left)
                lead = game.lead_in_overtime(number, left)
                numbers = outlook.kept * lead / outlook.sd, outlook.to_come * game.spread / outlook.sd
                rows[numbers, game.margin > 0] += 1.0
    return probit_fit(rows)[1]
