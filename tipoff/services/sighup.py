"""SIGHUP beside the engine: the configuration is read again, as `tipoff reload` would have it read.

Found by `tipoff.commands.run` by its name; `beside` gives the task. It also takes over what of a
configuration is not about trading and belongs to nobody else. Must not decide what may change.
"""

import os
from functools import partial
from typing import Final

import trio

from tipoff.config.load import Config
from tipoff.control.context import Call, CallContext
from tipoff.control.operations import reload
from tipoff.control.parameters import Params
from tipoff.control.ports import Hooks
from tipoff.control.protocol import Fault
from tipoff.control.registry import METHODS
from tipoff.live.engine import LiveEngine
from tipoff.output import progress
from tipoff.process.reload import Reloader, reloader_of
from tipoff.process.run import SIGNALS, Beside
from tipoff.services.metrics import SURROUNDINGS
from tipoff.sources.clients import Sources

WAITING_MAX: Final = 1
"""So many signals are remembered while a reload is under way: one more reads the newest file anyway."""


def beside(config: Config) -> Beside:
    """The task that reloads when a signal asks for it."""

    async def listen(engine: LiveEngine, _sources: Sources) -> None:
        put, got = trio.open_memory_channel[None](WAITING_MAX)
        reloader = reloader_of(config, engine)
        SIGNALS.reload = partial(_ask, put)
        try:
            async for _ in got:
                SURROUNDINGS.reloading(True)
                await reload_now(engine, reloader, config.control.request_ms_max / 1_000)
                SURROUNDINGS.reloading(False)
        finally:
            SIGNALS.reload = None

    return listen


def _ask(put: "trio.MemorySendChannel[None]") -> None:
    try:
        put.send_nowait(None)
    except trio.WouldBlock:
        progress("SIGHUP: a reload waits already")


async def reload_now(engine: LiveEngine, reloader: Reloader, seconds: float) -> None:
    """As the control socket would do it, in the name of the daemon's own user; says what came of it."""
    room = CallContext(engine, Hooks(reload=reloader.wish, reloaded=reloader.reloaded), seconds)
    request_id = f"SIGHUP.{engine.system.stamp()}.{engine.hearing.seq}"
    call = Call(method=METHODS["reload"], params=Params({}), uid=os.getuid(), request_id=request_id)
    try:
        progress(f"reload: {(await reload(room, call)).outcome}")
    except Fault as fault:
        for line in (f"reload: {fault}", *map(str, fault.details)):
            progress(line)
