"""SIGHUP: the configuration is read again, as `tipoff reload` would have it read."""

import logging
import os
from functools import partial
from typing import Final

import trio

from tipoff.control.context import Call, CallContext
from tipoff.control.operations.process import reload
from tipoff.control.parameters import Params
from tipoff.control.ports import Hooks
from tipoff.control.protocol import Fault
from tipoff.control.registry import METHODS
from tipoff.live.engine import LiveEngine
from tipoff.process.context import RunContext
from tipoff.process.reload import Reloader
from tipoff.process.status import status_line

log = logging.getLogger("tipoff.reload")

WAITING_MAX: Final = 1
"""So many signals are remembered while a reload is under way: one more reads the newest file anyway."""


async def run(context: RunContext) -> None:
    """Reload when a signal asks for it, until cancelled."""
    put, got = trio.open_memory_channel[None](WAITING_MAX)
    context.signals.reload = partial(_request, put)
    seconds = context.config.control.request_ms_max / 1_000
    try:
        async for _ in got:
            context.notifier.reloading("reading the configuration again")
            await reload_now(context.engine, context.reloader, seconds)
            context.notifier.ready(status_line(context.engine, context.sources))
    finally:
        context.signals.reload = None


def _request(put: "trio.MemorySendChannel[None]") -> None:
    try:
        put.send_nowait(None)
    except trio.WouldBlock:
        log.info("SIGHUP: a reload waits already")


async def reload_now(engine: LiveEngine, reloader: Reloader, seconds: float) -> None:
    """Reload as over the control socket, with the daemon's own user id; logs the outcome."""
    call_context = CallContext(engine, Hooks(reload=reloader.operation, reloaded=reloader.applied), seconds)
    # Stamp and line number make it unique over restarts: a known id would be answered from the journal, not
    # done.
    request_id = f"SIGHUP.{engine.system.stamp()}.{engine.ingress.seq}"
    call = Call(method=METHODS["reload"], params=Params({}), uid=os.getuid(), request_id=request_id)
    try:
        log.info("reload: %s", (await reload(call_context, call)).outcome)
    except Fault as fault:
        for line in (f"reload: {fault}", *map(str, fault.details)):
            log.warning("%s", line)
