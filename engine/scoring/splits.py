"""Where the money came from: the fills that opened a position, sorted by what was known of them.

No interval stands beside a part, on purpose: of thirty parts one or two look good by chance, and a number
that seems significant invites one to trade on it. The counts say how little there is.
"""

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from engine.events import BookSide
from engine.scoring.observations import FillSeen
from engine.units import COUNT_ONE, MONEY_ONE, NANOS_PER_HOUR, PRICE_ONE, Money

PRICE_STEP: Final = 2_000
"""Prices paid are told in steps of twenty cents."""

HOURS_MAX: Final = 6
"""Longer before the tip is told as one part."""

UNKNOWN: Final = "not known"


@attrs.frozen(kw_only=True)
class Part:
    """Some of the fills: how many of how many games, and what their closed contracts brought after fees.

    `gain` is in 1/1,000,000 dollar, `per_contract` in dollars, None where nothing is closed.
    """

    name: str
    fills: int
    games: int
    contracts: float
    gain: Money
    per_contract: float | None


@attrs.frozen(kw_only=True)
class Split:
    """All fills, sorted by one thing."""

    by: str
    parts: tuple[Part, ...]


def splits(entries: Sequence[FillSeen]) -> tuple[Split, ...]:
    """Every way of sorting that a report shows; the parts of each add up to the same sum."""
    return tuple(_split(by, entries, name_of) for by, name_of in WAYS.items())


def _split(by: str, entries: Sequence[FillSeen], name_of: Callable[[FillSeen], tuple[int, str]]) -> Split:
    parts: dict[tuple[int, str], list[FillSeen]] = {}
    for fill in entries:
        parts.setdefault(name_of(fill), []).append(fill)
    return Split(by=by, parts=tuple(_part(key[1], parts[key]) for key in sorted(parts)))


def _part(name: str, fills: Sequence[FillSeen]) -> Part:
    gain = sum(fill.gain for fill in fills)
    closed = sum(fill.closed for fill in fills)
    return Part(
        name=name,
        fills=len(fills),
        games=len({fill.game for fill in fills}),
        contracts=closed / COUNT_ONE,
        gain=Money(gain),
        per_contract=gain / MONEY_ONE * COUNT_ONE / closed if closed else None,
    )


def _kind(fill: FillSeen) -> tuple[int, str]:
    return 0, fill.kind


def _period(fill: FillSeen) -> tuple[int, str]:
    if fill.period is None:
        return 99, UNKNOWN
    if fill.period == 0:
        return 0, "before the tip"
    return fill.period, f"quarter {fill.period}" if fill.period <= 4 else f"overtime {fill.period - 4}"


def _hours(fill: FillSeen) -> tuple[int, str]:
    if fill.to_tip is None:
        return 99, UNKNOWN
    if fill.to_tip <= 0:
        return -1, "in play"
    hours = fill.to_tip // NANOS_PER_HOUR
    if hours >= HOURS_MAX:
        return HOURS_MAX, f"{HOURS_MAX} hours and more"
    return hours, f"{hours} to {hours + 1} hours"


def _price(fill: FillSeen) -> tuple[int, str]:
    paid = fill.price if fill.side is BookSide.BID else PRICE_ONE - fill.price
    step = min(paid, PRICE_ONE - 1) // PRICE_STEP
    return step, f"{step * PRICE_STEP // 100} to {(step + 1) * PRICE_STEP // 100} cents"


def _liquidity(fill: FillSeen) -> tuple[int, str]:
    return 0, fill.liquidity.value


WAYS: Final = {
    "market type": _kind,
    "quarter": _period,
    "hours to the tip": _hours,
    "price paid": _price,
    "liquidity": _liquidity,
}
"""Ways of sorting by name, each with the place of a part among the others and its name."""
