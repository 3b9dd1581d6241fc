"""The simulated venues in a thread beside a test, for daemons that are processes of their own."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import trio

from engine.calendar import eastern
from engine.units import Nanos
from tipoff.commands.simulate import beginning_now, write_keys
from venues.simulator.service import ServiceSettings, Simulator, serve
from venues.simulator.world.settings import EveningSettings

SMALL = EveningSettings(games=1, rungs=2, box_players=0, postponed=False, cancelled=False)


def pregame_minutes(now_ns: int) -> int:
    """An hour, or what is left of the day in New York: games of the next one are not looked for yet."""
    clock = eastern(Nanos(now_ns))
    left = 24 * 60 - clock.hour * 60 - clock.minute
    return max(1, min(60, left - 2))


@contextmanager
def venues(
    folder: Path, evening: EveningSettings = SMALL, speed: float = 1.0
) -> Iterator[tuple[Path, Callable[[dict[str, object]], None]]]:
    """Serve an evening that begins now; gives the configuration of a daemon, and how faults are switched."""
    ready = threading.Event()
    served: list[tuple[Simulator, trio.lowlevel.TrioToken, trio.CancelScope]] = []

    async def run() -> None:
        now_ns = time.time_ns()
        settings = ServiceSettings(
            evening=beginning_now(evening, now_ns, pregame_minutes=pregame_minutes(now_ns)),
            speed=speed,
            held=True,
            wall_clock=True,
            limited=False,
        )
        async with trio.open_nursery() as nursery:
            simulator: Simulator = await nursery.start(serve, settings)
            served.append((simulator, trio.lowlevel.current_trio_token(), nursery.cancel_scope))
            ready.set()

    thread = threading.Thread(target=partial(trio.run, run), name="venues")
    thread.start()
    assert ready.wait(60)
    simulator, token, scope = served[0]

    def switch(faults: dict[str, object]) -> None:
        token.run_sync_soon(simulator.faults.change, faults)

    try:
        yield write_keys(simulator, folder), switch
    finally:
        token.run_sync_soon(scope.cancel)
        thread.join(30)
