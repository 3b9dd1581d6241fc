"""Polls: one at a time, slower while they fail, and never the end of anything."""

from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from actors.pollers import PAUSE_NS_MAX, Poll, PollStatus

SECOND = 1_000_000_000


class Down(Exception):
    """The other side does not answer."""


class Refused(Down):
    """The other side does not want us."""


async def sleep(nanos: float) -> None:
    """Sleep in trio's own time."""
    await trio.sleep(nanos / SECOND)


def poll(ask: Callable[[], Awaitable[int | None]]) -> Poll:
    """A poll in trio's own time."""
    return Poll(
        name="scores",
        ask=ask,
        expected=(Down,),
        sleep=sleep,
        wall=lambda: round(trio.current_time() * SECOND),
        refusals=(Refused,),
        status=PollStatus(),
    )


async def asked_at(
    clock: MockClock, ask: Callable[[int], Awaitable[int | None]], seconds: float
) -> tuple[list[float], Poll]:
    """When a poll asked within some seconds; `ask` gets the number of the attempt."""
    moments: list[float] = []
    began = clock.current_time()

    async def counted() -> int | None:
        moments.append(clock.current_time() - began)
        return await ask(len(moments))

    made = poll(counted)
    with trio.move_on_after(seconds):
        await made.run()
    return moments, made


@pytest.mark.fault("B11")
async def test_the_pause_begins_when_the_answer_is_there_so_that_polls_never_overlap(
    autojump_clock: MockClock,
) -> None:
    async def slow(_number: int) -> int:
        await trio.sleep(7)
        return 5 * SECOND

    moments, made = await asked_at(autojump_clock, slow, 30)
    assert moments == [0, 12, 24]
    assert made.status.polls == 2


@pytest.mark.fault("B8")
async def test_a_failing_poll_waits_twice_as_long_each_time_and_says_why(autojump_clock: MockClock) -> None:
    async def down(_number: int) -> int:
        raise Down("no route")

    moments, made = await asked_at(autojump_clock, down, 20)
    assert moments == [0, 1, 3, 7, 15]
    assert (made.status.failures, made.status.failures_in_row) == (5, 5)
    assert made.status.last_error == "Down: no route"


async def test_a_poll_that_was_not_asked_names_the_failure_that_it_was_not_asked_for(
    autojump_clock: MockClock,
) -> None:
    async def not_asked(_number: int) -> int:
        raise Refused("no route; not asked now") from Down("no route")

    _, made = await asked_at(autojump_clock, not_asked, 20)
    assert made.status.last_error == "Down: no route; not asked now"


@pytest.mark.fault("B10")
async def test_a_refused_key_is_not_tried_again_in_haste(autojump_clock: MockClock) -> None:
    async def refused(_number: int) -> int:
        raise Refused

    moments, _ = await asked_at(autojump_clock, refused, 300)
    assert moments == [0, 60, 180]


@pytest.mark.limit("actors.pollers:PAUSE_NS_MAX")
async def test_no_failing_poll_waits_longer_than_its_longest_pause(autojump_clock: MockClock) -> None:
    async def down(number: int) -> int:
        if number == 1:
            return 100 * SECOND
        raise Down

    moments, _ = await asked_at(autojump_clock, down, 2_000)
    pauses = [after - before for before, after in pairwise(moments)]
    assert max(pauses) == PAUSE_NS_MAX / SECOND


async def test_after_an_answer_the_usual_pause_is_back(autojump_clock: MockClock) -> None:
    async def once_down(number: int) -> int:
        if number == 2:
            raise Down
        return 10 * SECOND

    moments, made = await asked_at(autojump_clock, once_down, 45)
    assert moments == [0, 10, 20, 30, 40]
    assert made.status.failures_in_row == 0


async def test_what_makes_no_sense_is_asked_once(autojump_clock: MockClock) -> None:
    async def never_again(_number: int) -> None:
        return None

    moments, made = await asked_at(autojump_clock, never_again, 100)
    assert moments == [0]
    assert made.status.polls == 1


async def test_any_other_failure_is_a_crash_of_the_actor() -> None:
    async def broken(_number: int) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await poll(lambda: broken(1)).run()
