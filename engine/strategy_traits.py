"""The traits of a strategy that decide which rules of the risk gate apply to its orders.

A strategy's class states them, `StrategyOpened` carries them to the gate. Without a statement every rule
applies.
"""

from typing import Final

from engine.message import message


@message
class StrategyTraits:
    """What a kind of strategy says of itself; the defaults are the strictest reading."""

    rests_on_odds: bool = True
    """Its entries rest on sportsbook odds, so odds that are missing or too old stop them."""
    has_opinion: bool = True
    """It claims a fair value with every entry, so an entry without one, or without an edge, is stopped."""
    by_hand: bool = False
    """An operator wrote its orders down: nothing is asked that only an NBA game could answer."""


STRICTEST: Final = StrategyTraits()

_PRICES_ONLY: Final = StrategyTraits(rests_on_odds=False)
_CONTROL: Final = StrategyTraits(rests_on_odds=False, has_opinion=False)

FORMER_KINDS: Final = {
    "momentum": _PRICES_ONLY,
    "mean_reversion": _PRICES_ONLY,
    "correlation": _PRICES_ONLY,
    "random_taker": _CONTROL,
    "join_the_bid": _CONTROL,
    "buy_and_cross_back": _CONTROL,
    "scripted": StrategyTraits(rests_on_odds=False, has_opinion=False, by_hand=True),
}
"""How journals are read that were written when the gate still knew kinds by name. A new kind says it itself
and has no place here.
"""


def traits_of(kind: str, stated: StrategyTraits | None) -> StrategyTraits:
    """What holds for a strategy whose journal states so much; the strictest where nothing is known."""
    return FORMER_KINDS.get(kind, STRICTEST) if stated is None else stated


def to_state(kind: str, traits: StrategyTraits) -> StrategyTraits | None:
    """What a journal must state so that `traits_of` gives the traits; None where it knows them already.

    A journal of today's strategies is therefore, byte for byte, what it was before they could say anything.
    """
    return None if traits_of(kind, None) == traits else traits
