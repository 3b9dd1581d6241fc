"""The watch over the loop (checklist 37)."""

import logging

import pytest
import trio

from actors.runtime.loop_monitor import LoopWatch

MILLISECOND = 1_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.mark.limit("actors.runtime.loop_monitor:SLOW_STEP_NS")
async def test_a_step_of_a_hundred_milliseconds_raises_the_counter() -> None:
    clock = Clock()
    watch = LoopWatch(clock=clock)
    trio.lowlevel.add_instrument(watch)
    await trio.lowlevel.checkpoint()
    clock.now += 100 * MILLISECOND
    await trio.lowlevel.checkpoint()
    assert watch.slow_steps == 0
    clock.now += 101 * MILLISECOND
    await trio.lowlevel.checkpoint()
    assert (watch.slow_steps, watch.slowest_ns) == (1, 101 * MILLISECOND)
    assert watch.slowest_task
    trio.lowlevel.remove_instrument(watch)


async def test_a_watch_that_trio_has_dropped_stands_still(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """2.2: an instrument that raises is silently disabled after a log line."""
    broken = False

    def clock() -> int:
        if broken:
            raise OSError("no clock")
        return 0

    watch = LoopWatch(clock=clock)
    trio.lowlevel.add_instrument(watch)
    await trio.lowlevel.checkpoint()
    assert watch.steps
    with caplog.at_level(logging.CRITICAL):
        broken = True
        await trio.lowlevel.checkpoint()
    await trio.lowlevel.checkpoint()
    steps = watch.steps
    await trio.lowlevel.checkpoint()
    assert watch.steps == steps
