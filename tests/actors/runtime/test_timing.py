"""Timing messages: each is counted under its stage, and the queue stays in step with its stamps.

Covers: actors.runtime.histograms.
"""

from collections.abc import Iterable

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime import Address, ChildSpec, Fault, InjectedFault, LiveSystem, Outgoing, SupervisorSpec
from actors.runtime.cells import Entry, Sink
from actors.runtime.timing import StampedQueue

FIRST, SECOND = Address("first"), Address("second")
NOBODY = Sink(lambda _message, _now: (), 0)


class Relay:
    """Passes everything on, or swallows it."""

    def __init__(self, to: Address | None = None) -> None:
        self._to = to

    def receive(self, message: object, now: int) -> Iterable[Outgoing]:
        return ((self._to, message),) if self._to else ()


def system(every: int = 1) -> LiveSystem:
    """Two actors in a row, timed under their own names."""
    made = LiveSystem(
        SupervisorSpec(
            name="root",
            children=(
                ChildSpec(name="first", factory=lambda: Relay(SECOND)),
                ChildSpec(name="second", factory=Relay),
            ),
        )
    )
    made.measure(str, every)
    return made


async def test_every_message_is_counted_under_its_stage_also_after_a_crash() -> None:
    live = system()
    async with trio.open_nursery() as nursery:
        await nursery.start(live.run)
        for number in range(5):
            live.put(FIRST, number)
        live.crash_next(SECOND, Fault(InjectedFault("on purpose")))
        for number in range(3):
            live.put(FIRST, number)
        await trio.testing.wait_all_tasks_blocked()
        await live.stop()
    assert live.timing is not None
    assert live.timing.works["first"].count == live.timing.waits["first"].count == 8
    # The one that was to crash never reached the handler.
    assert live.timing.works["second"].count == 7
    assert live.input_seconds.count >= 8


async def test_only_one_input_in_so_many_is_timed_with_all_that_follows_from_it() -> None:
    live = system(every=4)
    async with trio.open_nursery() as nursery:
        await nursery.start(live.run)
        before = live.timing.works["first"].count if live.timing else 0
        for number in range(40):
            live.put(FIRST, number)
        assert live.timing is not None
        assert live.timing.works["first"].count - before == 10
        assert live.timing.works["second"].count == live.timing.works["first"].count
        await live.stop()


def test_an_entry_knows_when_it_was_put_though_others_overtake_it() -> None:
    moments = iter(range(1, 10))
    queue = StampedQueue(lambda: next(moments))
    late, early = entry("late"), entry("early")
    queue.append(late)
    queue.append(entry("taken back"))
    queue.appendleft(early)
    queue.pop()
    assert (queue.popleft(), queue.since) == (early, 3)
    assert (queue.popleft(), queue.since) == (late, 1)


def entry(name: str) -> Entry:
    return (NOBODY, name, None)


DEEDS = ["append", "appendleft", "popleft", "pop", "extend", "extendleft", "clear", "del"]


@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 5))))
def test_whatever_is_done_to_the_queue_it_has_one_stamp_an_entry(steps: list[tuple[str, int]]) -> None:
    queue = StampedQueue(lambda: 0)
    for what, number in steps:
        if what in ("extend", "extendleft"):
            getattr(queue, what)([entry("x")] * number)
        elif what in ("append", "appendleft"):
            getattr(queue, what)(entry("x"))
        elif what == "clear":
            queue.clear()
        elif queue:
            if what == "del":
                del queue[number % len(queue)]
            else:
                getattr(queue, what)()
        assert len(queue) == len(queue._stamps)


def test_an_empty_queue_gives_nothing() -> None:
    with pytest.raises(IndexError):
        StampedQueue(lambda: 0).popleft()
