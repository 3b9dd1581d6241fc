"""An exchange that alone was restarted goes on as if nothing had been: every short history, every moment.

The random evenings of `test_properties` find such histories too rarely: they need a gap, an order on its
way and a restart within three steps. These are all of them.
"""

import os
from collections.abc import Callable
from functools import partial
from itertools import product

import pytest

from engine.events import BookSide, FeedGapped, FeedLost, TradesRecovered
from engine.exchange import ExchangeRules
from engine.exchange.rules import STATUS_WAIT
from engine.facts import Fact
from engine.message import changed
from engine.orders import CancelReason
from engine.units import NANOS_PER_MILLISECOND, Nanos
from engine.venue_facts import BlindnessBegan
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, rules

STEPS = 4 if os.environ.get("TIPOFF_CI") == "1" else 3
LATE = Nanos(3 * NANOS_PER_MILLISECOND)


def recover(floor: Floor) -> None:
    """The trades of a gap are fetched, if there is one."""
    if floor.exchange.without_visibility():
        since = floor.of(BlindnessBegan)[-1].since
        floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, (), floor.now))


def untimed(floor: Floor, taker: BookSide, trade_id: str = "") -> None:
    """A print without a time of the venue, which goes through every order of the other side."""
    price = 40 if taker is ASK else 60
    floor.on_venue_event(changed(floor.printed(taker, price, 3, trade_id), at_venue=None))


def sends(floor: Floor) -> None:
    """A second order sets out, and takes what is displayed."""
    floor.send(f"order-{floor.seq}", BID, 51, 7)


HISTORY: dict[str, Callable[[Floor], object]] = {
    "gap": lambda floor: floor.on_venue_event(FeedGapped(1, 1, floor.seq + 1, floor.seq + 3, floor.now)),
    "lost": lambda floor: floor.on_venue_event(FeedLost(1, "reset", floor.now)),
    "snapshot": lambda floor: floor.book({49: 10, 48: 10}, {51: 10, 52: 10}),
    "recover": recover,
    "amend": lambda floor: floor.amend("order", 48, 7),
    "send": sends,
    "cancel": lambda floor: floor.cancel("order"),
    "wait": lambda floor: floor.wait(),
    "shrinks": lambda floor: floor.depth(BID, 49, -1),
    "untimed": partial(untimed, taker=ASK),
    "told again": lambda floor: untimed(floor, ASK, "trade-1"),
}


def played(history: tuple[str, ...], given: ExchangeRules, restart_after: int | None) -> list[Fact]:
    """The facts of a history that begins with an order at rest and ends with a feed that goes on."""
    floor = Floor(given)
    floor.book({49: 10, 48: 10}, {51: 10, 52: 10})
    floor.place("order", BID, 47, 5)
    for number, name in enumerate(history):
        HISTORY[name](floor)
        if number == restart_after:
            floor.restart()
    floor.wait()
    floor.book({49: 10, 48: 10}, {51: 10, 52: 10})
    recover(floor)
    floor.wait(5_000)
    return floor.facts


@pytest.mark.promise("restarted-exchange-goes-on")
@pytest.mark.parametrize("first", HISTORY)
def test_a_restart_after_any_step_of_any_short_history_changes_nothing(first: str) -> None:
    """Three steps of eleven kinds, or four: nothing that a decision needs of the feed is lost."""
    slow = rules(entry=LATE, cancel=LATE, status_wait_ns=STATUS_WAIT)
    for rest in product(HISTORY, repeat=STEPS - 1):
        history = (first, *rest)
        undisturbed = played(history, slow, None)
        for step in range(STEPS):
            assert played(history, slow, step) == undisturbed, (history, step)


@pytest.mark.promise("restarted-exchange-goes-on")
@pytest.mark.parametrize("restarted", [False, True])
def test_prints_that_were_told_before_a_restart_are_not_waited_for_again(*, restarted: bool) -> None:
    """A cancel is decided as soon as its book has passed it, for the prints up to then have been told."""
    floor = Floor(rules(cancel=LATE))
    floor.book({49: 10, 48: 10}, {51: 10, 52: 10})
    floor.place("order", BID, 47, 5)
    floor.quiet = True
    floor.cancel("order")
    floor.wait(4)
    floor.trade(ASK, 49, 1)
    assert floor.cancelled("order") is None
    if restarted:
        floor.restart()
    floor.depth(BID, 48, 1)
    assert floor.cancelled("order") is CancelReason.REQUESTED
