"""The queue at one price where we rest: who is ahead of us, and how no trade is counted twice.

Used by the paper exchange. Venue contracts ahead of an order are known from what was displayed when it
joined; only prints take them away. One trade reaches us twice, as a print and as a decrease of the displayed
size, in either order; a decrease waits as *credit* for its print, a print waits for its decrease, both for a
short window. Only a decrease that no print explained within it was a cancel, and only then does it bound the
queue.
"""

from typing import TypeAlias

import attrs

from engine.units import Count, Nanos

Credit: TypeAlias = tuple[Count, Nanos, Nanos | None]
"""A decrease without a print: its size, until when it waits, and the venue's time of the decrease."""

Printed: TypeAlias = tuple[Count, Nanos]
"""A print without a decrease: its size and until when it waits."""


@attrs.frozen
class Matched:
    """What is left of the waiting parts after an event took its share."""

    credits: tuple[Credit, ...]
    printed: tuple[Printed, ...]


def of_print(
    credited: tuple[Credit, ...], printed: tuple[Printed, ...], count: Count, until: Nanos
) -> Matched:
    """A print came: it uses credit, and what no credit explains waits for its decrease."""
    left: int = count
    kept: list[Credit] = []
    for size, expires, venue_at in credited:
        used = min(size, left)
        left -= used
        if size > used:
            kept.append((Count(size - used), expires, venue_at))
    # The decrease of the same trade is still to come on the other channel; taken for a cancel it would move
    # the queue a second time.
    waiting = (*printed, (Count(left), until)) if left else printed
    return Matched(tuple(kept), waiting)


def of_decrease(
    credited: tuple[Credit, ...],
    printed: tuple[Printed, ...],
    count: Count,
    credit: tuple[Nanos, Nanos | None],
) -> Matched:
    """A decrease came.

    Prints explain it as far as they go, and the rest becomes credit that waits for its print.
    """
    left: int = count
    kept: list[Printed] = []
    for size, expires in printed:
        used = min(size, left)
        left -= used
        if size > used:
            kept.append((Count(size - used), expires))
    # Not applied to the queue yet. Displayed 100, all ahead of us: a decrease of 60 and then its print of 60
    # would otherwise fill 20 contracts that were never ours.
    waiting = (*credited, (Count(left), credit[0], credit[1])) if left else credited
    return Matched(waiting, tuple(kept))


def live_prints(printed: tuple[Printed, ...], now: Nanos) -> tuple[Printed, ...]:
    """Prints that still wait for their decrease."""
    return tuple(entry for entry in printed if entry[1] > now)


def credit_total(credited: tuple[Credit, ...]) -> int:
    """Contracts that left the display and may yet turn out to have been traded."""
    return sum(entry[0] for entry in credited)


def cancels_ahead(ahead: int, behind: int, cancelled: int, power: int) -> int:
    """The optimistic share of cancels that stood ahead of us, rounded up.

    A cancel is ahead of us with p = a^n / (a^n + b^n), a and b being what stands ahead of and behind us (the
    power model of hftbacktest; n = 1 is in proportion). What does not fit behind us was ahead of us.
    """
    front: int = ahead**power
    back: int = max(behind, 0) ** power
    if front == 0:
        return 0
    share = -(-cancelled * front // (front + back))
    return min(ahead, max(share, cancelled - max(behind, 0)))


@attrs.frozen
class Waiting:
    """One of our orders in the queue of a level: venue contracts ahead of it, and what it still wants."""

    venue_ahead: int
    remaining: int
    counts: bool
    """False for an order that joined after the trade: the print cannot concern it."""


@attrs.frozen
class Advanced:
    """What a print did to one order: its fill and the venue contracts that are still ahead."""

    fill: int
    venue_ahead: int


def advance(queue: list[Waiting], volume: int, *, fills: bool) -> list[Advanced]:
    """Walk one print through the queue of a level, the venue's contracts and our orders in their places.

    An order gets only what exceeds the venue contracts ahead of it and the fills of our earlier orders, so
    all fills together never exceed `volume`. With `fills` False (an untrusted book) the queue moves and
    nothing is filled.
    """
    done: list[Advanced] = []
    own = 0
    for order in queue:
        if not order.counts:
            done.append(Advanced(0, order.venue_ahead))
            continue
        reaching = volume - own
        fill = min(max(reaching - order.venue_ahead, 0), order.remaining) if fills else 0
        done.append(Advanced(fill, max(order.venue_ahead - reaching, 0)))
        # Our orders share one queue: what an earlier one got of a print is not there for a later one.
        own += fill
    return done
