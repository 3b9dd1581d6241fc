"""Models of the winner held against what happened: log loss and calibration, on games not fitted to.

A `Said` is one probability of one model at one moment of one game. Moments of a game are not independent, so
every error here is by game.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import attrs

from benchmarks.win_probability.fit import LATE_MOMENTS, MOMENTS, WINNER, State, rows_of, spread_of, states_at
from benchmarks.win_probability.games import QUARTER_SECONDS, REGULATION_SECONDS, Played
from benchmarks.win_probability.probit import Rows, logit_fit
from engine.in_play_curve import InPlayFit
from engine.pregame_lines import phi
from engine.win_probability import InPlayModel

Model: TypeAlias = Callable[[State, float], float]
"""The home team's probability to win, of a state and the seconds left."""

CAP: Final = 0.002
GAMES_MIN: Final = 100
"""A cell of fewer games says nothing."""

STERN_SIGMA: Final = 18.0
STERN_DRIFT: Final = 1.5
_LATE_MINUTES: Final = (0.5, 1.0, 2.0, 3.0)
_LATE_SIGMA: Final = (23.8, 21.5, 20.0, 18.0)


@attrs.frozen
class Said:
    """What a model said of a game with so many seconds left, and whether it happened."""

    game: str
    seconds: float
    p: float
    won: bool


@attrs.frozen
class Cell:
    """A decile of a quarter; `error` is the standard error of its gap, by game."""

    quarter: int
    decile: int
    games: int
    p_said: float
    p_happened: float
    error: float

    @property
    def gap(self) -> float:
        """What happened less what was said."""
        return self.p_happened - self.p_said


def fitted_model(fit: InPlayFit) -> Model:
    """The engine's model with those constants."""
    model = InPlayModel(fit=fit)
    return lambda state, seconds: model.p_win(state.lead, seconds / 60.0, state.spread)


def unlined_model(fit: InPlayFit) -> Model:
    """The engine's model where no spread is known."""
    model = InPlayModel(fit=fit)
    return lambda state, seconds: model.p_margin_above_unlined(0.0, state.lead, seconds / 60.0, 1)


def normal_model(state: State, seconds: float) -> float:
    """Phi((lead + 1.5 f S) / (18 sqrt f)), f the share that is left; wider in the last three minutes.

    Stern's Brownian motion (JASA 89, 1994) with a larger deviation and drift, capped at 0.01.
    """
    share, minutes = seconds / REGULATION_SECONDS, seconds / 60.0
    sigma = _LATE_SIGMA[-1] if minutes >= _LATE_MINUTES[-1] else _late_sigma(minutes)
    mean = state.lead + STERN_DRIFT * share * state.spread
    return min(max(phi(mean / (sigma * math.sqrt(share))), 0.01), 0.99)


def logistic_model(played: Sequence[Played]) -> Model:
    """A logistic regression on lead and spread at each moment by itself."""
    weights: dict[float, tuple[float, ...]] = {}
    for seconds in (REGULATION_SECONDS, *MOMENTS):
        rows: Rows = defaultdict(float)
        for (numbers, won), weight in rows_of(states_at(played, seconds), spread_of, lines=WINNER).items():
            # Before the tip there is no lead.
            rows[numbers[1:2] if seconds == REGULATION_SECONDS else numbers[:2], won] += weight
        found = logit_fit(rows)
        weights[seconds] = (0.0, *found) if len(found) == 1 else found

    def p_home(state: State, seconds: float) -> float:
        of_lead, of_spread = weights[seconds]
        p = 1.0 / (1.0 + math.exp(-(of_lead * state.lead + of_spread * state.spread)))
        return min(max(p, CAP), 1.0 - CAP)

    return p_home


def said_at_moments(model: Model, played: Iterable[Played]) -> list[Said]:
    """What a model says of the games at the moments that everything is fitted at."""
    said = []
    for game in played:
        for seconds in (REGULATION_SECONDS, *MOMENTS):
            state = State(game.lead_at(REGULATION_SECONDS - seconds), game.spread, game.margin)
            said.append(Said(game.game, seconds, model(state, seconds), game.margin > 0))
    return said


def said_throughout(model: Model, played: Iterable[Played], every: int = 60) -> list[Said]:
    """What a model says of the games every so many seconds, and in the last minute at the late moments."""
    moments = [*range(REGULATION_SECONDS, 0, -every), *reversed(LATE_MOMENTS)]
    said = []
    for game in played:
        for seconds in moments:
            state = State(game.lead_at(REGULATION_SECONDS - seconds), game.spread, game.margin)
            said.append(Said(game.game, seconds, model(state, seconds), game.margin > 0))
    return said


def log_loss(said: Iterable[Said]) -> float:
    """The mean of -log of what was said of what happened. Raises ZeroDivisionError if nothing was said."""
    losses = [-math.log(one.p if one.won else 1.0 - one.p) for one in said]
    return math.fsum(losses) / len(losses)


def cells(said: Iterable[Said]) -> list[Cell]:
    """Calibration by quarter and decile; the decile of 0.3 to 0.4 is 3."""
    found: dict[tuple[int, int], list[Said]] = defaultdict(list)
    for one in said:
        found[quarter_of(one.seconds), min(int(10 * one.p), 9)].append(one)
    return [_cell(*key, found[key]) for key in sorted(found)]


def quarter_of(seconds: float) -> int:
    """1 to 4; the end of a quarter belongs to the next, in which it is the first moment."""
    return min(4, 1 + int((REGULATION_SECONDS - seconds) // QUARTER_SECONDS))


def beyond(cell: Cell, allowed: float, errors: float = 2.0) -> bool:
    """Whether a cell is off by more than is allowed, and by more than so many of its standard errors can
    explain.
    """
    return abs(cell.gap) > allowed + errors * cell.error


def _cell(quarter: int, decile: int, said: Sequence[Said]) -> Cell:
    p_said = math.fsum(one.p for one in said) / len(said)
    p_happened = sum(one.won for one in said) / len(said)
    residuals: dict[str, float] = defaultdict(float)
    for one in said:
        residuals[one.game] += float(one.won) - one.p - (p_happened - p_said)
    error = math.sqrt(math.fsum(value * value for value in residuals.values())) / len(said)
    return Cell(quarter, decile, len(residuals), p_said, p_happened, error)


def _late_sigma(minutes: float) -> float:
    if minutes <= _LATE_MINUTES[0]:
        return _LATE_SIGMA[0]
    right = next(place for place, limit in enumerate(_LATE_MINUTES) if minutes <= limit)
    left = right - 1
    share = (minutes - _LATE_MINUTES[left]) / (_LATE_MINUTES[right] - _LATE_MINUTES[left])
    return _LATE_SIGMA[left] + (_LATE_SIGMA[right] - _LATE_SIGMA[left]) * share
