"""The engine's time is the wall clock's once, at the start; afterwards it only goes on."""

import time

import pytest
import trio

from engine.units import NANOS_PER_DAY, NANOS_PER_HOUR, NANOS_PER_SECOND
from tipoff.live.clock import EveningClock


@pytest.mark.parametrize("jump_ns", [NANOS_PER_HOUR, -NANOS_PER_HOUR, 3_650 * NANOS_PER_DAY])
async def test_a_wall_clock_that_jumps_moves_no_stamp_and_no_timer(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock, jump_ns: int
) -> None:
    """E1: an hour forwards, an hour backwards, ten years."""
    clock = EveningClock()
    first, began = clock(), autojump_clock.current_time()
    wall = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: wall() + jump_ns)
    monkeypatch.setattr(time, "time", lambda: (wall() + jump_ns) / NANOS_PER_SECOND)
    await clock.sleep(5 * NANOS_PER_SECOND)
    assert clock() - first == 5 * NANOS_PER_SECOND
    assert autojump_clock.current_time() - began == 5.0
    assert clock.trio_time(first + NANOS_PER_SECOND) == pytest.approx(began + 1.0)


async def test_time_never_goes_backwards_and_no_pause_is_negative(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """E7: a pause that is over already is none."""
    clock = EveningClock(0, speed=60.0)
    before, began = clock(), autojump_clock.current_time()
    await clock.sleep(-NANOS_PER_HOUR)
    assert (clock(), autojump_clock.current_time()) == (before, began)
    await clock.sleep(60 * NANOS_PER_SECOND)
    assert clock() == before + 60 * NANOS_PER_SECOND
