"""The control socket: the hooks that the daemon gives it, and what a refused socket means."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import attrs
import trio

from persistence.queries import Reader
from tipoff.config.database import database_url
from tipoff.control.ports import Hooks
from tipoff.control.server import ControlServer, serve_control
from tipoff.control.socket_settings import control_settings
from tipoff.control.unix_socket import SocketRefused
from tipoff.exit_codes import Exit
from tipoff.explain.chain import JournaledFact
from tipoff.output import Failure
from tipoff.process.context import RunContext
from tipoff.process.status import health_issues

PHASES: dict[str, Literal["starting", "running", "stopping"]] = {
    "starting": "starting",
    "running": "running",
    "stopping": "stopping",
    "stopped": "stopping",
}


async def run(context: RunContext) -> None:
    """Serve commands until cancelled. Raises Failure where the socket is refused."""
    config, engine, sources = context.config, context.engine, context.sources
    if not config.control.enabled:
        return
    hooks = Hooks(
        reload=context.reloader.operation,
        reloaded=context.reloader.applied,
        phase=lambda: PHASES[engine.phase],
        step=engine.shutdown_step,
        heartbeat=engine.heartbeats.late,
        loglevel=partial(_set_level, context),
        latency=engine.latency_readings.between,
        degraded=lambda: [issue.text for issue in health_issues(engine, sources)],
        load_game=sources.game_selection.load,
        unload_game=sources.game_selection.unload,
        followed=sources.follow,
        chain=partial(_chain_of, database_url(config, None), engine.plan.run),
        metrics=context.exposition.text_from_thread,
    )
    try:
        settings = control_settings(config.control, config.engine.state_directory)
        await serve_control(settings, engine, hooks, task_status=_Ready(context))
    except (SocketRefused, KeyError) as error:
        raise Failure("control", str(error), exit_code=Exit.CONFIG) from error
    finally:
        context.control_ready = False
    await trio.sleep_forever()


@attrs.frozen
class _Ready:
    """Hears that the socket can be connected to."""

    context: RunContext

    def started(self, value: ControlServer | None = None) -> None:
        self.context.control_ready = value is not None


def _chain_of(url: str, run: str, name: str) -> Sequence[JournaledFact]:
    with Reader.open(url, run) as reader:
        return [
            JournaledFact(each.seq, each.at, each.cause, each.owner, each.fact)
            for each in reader.chain_of(name)
        ]


def _set_level(context: RunContext, level: str | None) -> str:
    """Set the level of the process's log, or only return it."""
    if context.logs is None:
        raise Failure("not_available", "the daemon does not log yet, or does not log any more")
    return context.logs.set_level(level)
