"""The taker's walk: which displayed levels an arriving order takes, and how it meets our own orders.

Used by the paper exchange at arrival. Only what is displayed and not already taken by us is there to be had.
"""

from collections.abc import Mapping, Sequence

import attrs

from engine.events import BookSide, Level
from engine.orders import SelfTradePrevention
from engine.units import Count, Price


@attrs.frozen
class OwnResting:
    """An order of ours on the other side that the arriving one may meet."""

    order_id: str
    price: Price
    venue_ahead: Count


@attrs.frozen
class SweptLevel:
    """A displayed level and what is taken of it."""

    price: Price
    displayed: Count
    count: Count


@attrs.frozen
class Walk:
    """What an arriving order does.

    What it sweeps, the resting orders of ours that yield, and whether it must stop.
    """

    swept: tuple[SweptLevel, ...]
    yields: tuple[str, ...]
    stopped: bool

    @property
    def count(self) -> Count:
        """Contracts taken in all."""
        return Count(sum(level.count for level in self.swept))


@attrs.frozen
class Offer:
    """The other side as an arriving order sees it, within its limit.

    Displayed levels, what we took of them, ours.
    """

    levels: Sequence[Level]
    taken: Mapping[Price, Count]
    own: Sequence[OwnResting]
    """At each price in the order in which they came."""


def walk(side: BookSide, wanted: Count, offer: Offer, prevention: SelfTradePrevention) -> Walk:
    """Walk the other side from its best price on until the order is filled, meets its limit or meets
    ourselves.

    Meeting our own order, `TAKER_AT_CROSS` stops the arriving order; `MAKER` makes the resting one yield.
    """
    displayed = dict(offer.levels)
    # Our own prices too: at a level where only we rest nothing is displayed, and self-trade prevention still
    # acts.
    prices = sorted({*displayed, *(own.price for own in offer.own)}, reverse=side is BookSide.ASK)
    swept: list[SweptLevel] = []
    yields: list[str] = []
    left: int = wanted
    stop = prevention is SelfTradePrevention.TAKER_AT_CROSS
    for price in prices:
        shown = displayed.get(price, Count(0))
        here = [own for own in offer.own if own.price == price]
        # What we took never left the venue's book, so it is still displayed; without this the same contracts
        # would be had again by every order.
        room = max(0, shown - offer.taken.get(price, 0))
        used, met = _meet_own(here, min(room, left), left, stop=stop)
        stopped = stop and bool(met)
        if not stopped:
            used = min(left, room)
            yields.extend(met)
        if used:
            swept.append(SweptLevel(price, shown, Count(used)))
            left -= used
        if stopped:
            return Walk(tuple(swept), tuple(yields), stopped=True)
        if not left:
            break
    return Walk(tuple(swept), tuple(yields), stopped=False)


def _meet_own(here: Sequence[OwnResting], room: int, left: int, *, stop: bool) -> tuple[int, list[str]]:
    """How much of a level stands before the first of our orders, and which of ours are met.

    An order of ours is met only if something of the arriving order is left after the venue contracts ahead of
    it.
    """
    met: list[str] = []
    first = room
    for own in here:
        # Time priority: venue contracts that stood before our order are met first.
        before = min(room, own.venue_ahead)
        if before >= left:
            break
        if not met:
            first = before
        met.append(own.order_id)
        if stop:
            break
    return first, met
