"""How many contracts: a fixed number or a fraction of Kelly's, capped by depth and by the worst case.

Called by the strategies. Kelly for a binary contract bought at c' (price and fees) with probability p of
paying one dollar is f* = (p - c') / (1 - c') of the bankroll (Kelly 1956, fees being part of the price); full
Kelly is never used by default because p is an estimate.
"""

import math

import attrs

from engine.units import COUNT_ONE, COUNT_ZERO, MONEY_ONE, Count, Money


@attrs.frozen
class Sizing:
    """What limits an entry. `position_size` is in contracts: the size when fixed, the most when by Kelly.

    `depth_share` is the share of the displayed size that may be taken, `loss_max` what may still be lost in
    the game.
    """

    position_size: int
    use_kelly: bool
    kelly_fraction: float
    depth_share: float
    bankroll: Money
    loss_max: Money


def kelly(p_win: float, p_cost: float) -> float:
    """Kelly's fraction of the bankroll for a contract that costs `p_cost` dollars with its fees; 0 without an
    edge.
    """
    if not (0.0 < p_cost < 1.0 and 0.0 <= p_win <= 1.0):
        return 0.0
    return max(0.0, (p_win - p_cost) / (1.0 - p_cost))


def contracts_to_trade(sizing: Sizing, p_win: float, p_cost: float, depth: Count | None) -> Count:
    """Whole contracts for an entry at a cost of `p_cost` dollars each, fees included; 0 means do not trade.

    `depth` is the displayed size an order would meet, None for an order that is to rest.
    """
    if not math.isfinite(p_win) or not math.isfinite(p_cost) or p_cost <= 0.0:
        return COUNT_ZERO
    whole = float(sizing.position_size)
    if sizing.use_kelly:
        stake = kelly(p_win, p_cost) * sizing.kelly_fraction * sizing.bankroll / MONEY_ONE
        whole = min(whole, stake / p_cost)
    if depth is not None:
        whole = min(whole, depth * sizing.depth_share / COUNT_ONE)
    whole = min(whole, max(0, sizing.loss_max) / MONEY_ONE / p_cost)
    # A hair is forgiven so that 40 displayed contracts at a quarter are 10, not 9.999….
    return Count(math.floor(whole + 1e-9) * COUNT_ONE)
