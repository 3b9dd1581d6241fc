"""Timers are replaced, forgotten and handed to the runtime as one would expect of a list of alarms."""

import pytest

from engine.events import BookSide
from engine.exchange.timers import (
    ARRIVE,
    CANCEL,
    CREDIT,
    Timers,
    credit_subject,
    key_of,
    place_of,
    read_credit_subject,
    read_place,
)
from engine.step import Timer
from engine.units import Nanos, Price

FEED, PRINTS, STATUS = Nanos(1_000), Nanos(200), Nanos(30)


def timers(status: Nanos = STATUS) -> Timers:
    return Timers(feed_wait_ns=FEED, print_wait_ns=PRINTS, status_wait_ns=status)


def test_a_timer_set_again_stands_behind_those_that_were_set_before_it() -> None:
    """As in the runtime, where the order in which two of one moment fire is the order of setting."""
    kept = timers()
    for subject, due in (("a", 5), ("b", 5), ("a", 7)):
        kept.arm(CREDIT, subject, Nanos(due))
    expected = (Timer("credit:b", Nanos(5)), Timer("credit:a", Nanos(7)))
    assert kept.all() == expected
    assert kept.take_fresh() == expected


def test_the_runtime_hears_of_each_timer_once() -> None:
    kept = timers()
    kept.arm(CREDIT, "a", Nanos(5))
    assert kept.take_fresh() == (Timer("credit:a", Nanos(5)),)
    assert kept.take_fresh() == ()
    assert kept.all() == (Timer("credit:a", Nanos(5)),)


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [(ARRIVE, STATUS, STATUS), (CANCEL, STATUS, PRINTS), (ARRIVE, Nanos(0), None)],
    ids=["what-enters", "what-ends", "nothing-to-wait-for"],
)
def test_what_happens_at_the_venue_has_timers_for_the_feed_and_for_what_is_told(
    kind: str, status: Nanos, told: Nanos | None
) -> None:
    kept = timers(status)
    kept.arm(kind, "o", Nanos(5))
    key = key_of(kind, "o")
    rest = {} if told is None else {f"told:{key}": 5 + told}
    assert kept.due == {key: 5, f"behind:{key}": 5 + FEED, **rest}
    assert kept.moments == {key: 5}


def test_a_moment_that_is_moved_is_decided_in_its_new_turn() -> None:
    kept = timers()
    for subject, due in (("a", 5), ("b", 5), ("a", 7)):
        kept.arm(ARRIVE, subject, Nanos(due))
    assert list(kept.moments.items()) == [("arrive:b", 5), ("arrive:a", 7)]


def test_a_forgotten_timer_is_gone_with_all_that_belongs_to_it_and_nothing_else() -> None:
    kept = timers()
    for subject in ("a", "b"):
        kept.arm(ARRIVE, subject, Nanos(5))
    kept.disarm(ARRIVE, "a")
    kept.disarm(ARRIVE, "never set")
    keys = ["arrive:b", "behind:arrive:b", "told:arrive:b"]
    assert (list(kept.due), list(kept.fresh), list(kept.moments)) == (keys, keys, keys[:1])


@pytest.mark.parametrize("place", [("", "KX-1"), ("both", "KX-1"), ("", "KX/1"), ("a", "KX/1")])
def test_a_place_and_a_levels_subject_are_read_as_they_were_put_together(place: tuple[str, str]) -> None:
    """Also where a ticker holds the mark between the two."""
    said = place_of(*place)
    assert read_place(said) == place
    assert read_credit_subject(credit_subject(BookSide.ASK, Price(51), said)) == (BookSide.ASK, 51, said)
