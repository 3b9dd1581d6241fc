"""The state of a running game, and what it says of a market.

Used by `momentum` and `mean_reversion`.
"""

import attrs

from engine.leagues import League
from engine.strategies.baselines import Baseline
from engine.units import Nanos
from engine.view import Axis, Claim
from engine.win_probability import InPlayModel


@attrs.frozen
class GameState:
    """Lead of the home team, points of both teams and minutes left, at a moment of a game of `league`."""

    at: Nanos
    lead: int
    points: int
    minutes: float
    league: League
    overtime: bool = False


def p_of_state(model: InPlayModel, claim: Claim, state: GameState, baseline: Baseline) -> float | None:
    """The model's probability that a claim pays; None for a total of which nobody said what to expect.

    Of a winner or a margin the lead alone says something too.
    """
    line, model = claim.threshold / 10, model.of(state.league)
    if claim.axis is Axis.TOTAL:
        if baseline.total is None:
            return None
        p_above = model.p_total_above(line, state.points, state.minutes, baseline.total)
        return p_above if claim.above else 1.0 - p_above
    # Asked for the team that the claim is about, so that swapping the teams swaps the answer exactly.
    sign = 1 if claim.above else -1
    line, lead = sign * line, sign * state.lead
    if baseline.p_home is None or not 0.0 < baseline.p_home < 1.0:
        return model.p_margin_above_unlined(line, lead, state.minutes, sign)
    spread = sign * model.spread_of_p0(baseline.p_home)
    return model.p_margin_above(line, lead, state.minutes, spread, overtime=state.overtime)
