"""The control socket beside the engine: what the daemon lends it, and what a refused socket means.

Found by `tipoff.commands.run` by its name; `beside` gives the task.
"""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import trio

from persistence.queries import Reader
from tipoff.config.database import database_url
from tipoff.config.load import Config
from tipoff.control.ports import Hooks
from tipoff.control.server import ControlServer, serve_control
from tipoff.control.settings import control_settings
from tipoff.control.unix_socket import SocketRefused
from tipoff.exit_codes import Exit
from tipoff.explain.chain import JournaledFact
from tipoff.live.engine import LiveEngine
from tipoff.output import Failure
from tipoff.process.reload import reloader_of
from tipoff.process.run import Beside
from tipoff.process.status import complaints
from tipoff.services.metrics import SURROUNDINGS, exposition_of
from tipoff.sources.clients import Sources

PHASES: dict[str, Literal["starting", "running", "stopping"]] = {
    "starting": "starting",
    "running": "running",
    "stopping": "stopping",
    "stopped": "stopping",
}


def beside(config: Config) -> Beside | None:
    """The task that serves commands; None where the configuration wants none."""
    if not config.control.enabled:
        return None
    url = database_url(config, None)

    async def serve(engine: LiveEngine, sources: Sources) -> None:
        reloader = reloader_of(config, engine)
        hooks = Hooks(
            reload=reloader.wish,
            reloaded=reloader.reloaded,
            phase=lambda: PHASES[engine.phase],
            step=engine.step_of_stop,
            heartbeat=engine.heartbeats.late,
            loglevel=_loglevel,
            degraded=lambda: complaints(engine, sources),
            load_game=sources.following.load,
            unload_game=sources.following.unload,
            followed=sources.follow,
            chain=partial(_chain, url, engine.plan.run),
            metrics=exposition_of(config, engine, sources)[0].text_from_thread,
        )
        try:
            settings = control_settings(config.control, config.engine.state_directory)
            await serve_control(settings, engine, hooks, task_status=_Told())
        except (SocketRefused, KeyError) as error:
            raise Failure("control", str(error), exit_code=Exit.CONFIG) from error
        finally:
            SURROUNDINGS.control = False
        await trio.sleep_forever()

    return serve


class _Told:
    """Hears that the socket can be connected to."""

    def started(self, value: ControlServer | None = None) -> None:
        SURROUNDINGS.control = value is not None


def _chain(url: str, run: str, name: str) -> Sequence[JournaledFact]:
    with Reader.open(url, run) as reader:
        return [
            JournaledFact(each.seq, each.at, each.cause, each.owner, each.fact)
            for each in reader.chain_of(name)
        ]


def _loglevel(level: str | None) -> str:
    """Set the level of the process's log, or only say it."""
    if SURROUNDINGS.logs is None:
        raise Failure("not_available", "the daemon does not log yet, or does not log any more")
    return SURROUNDINGS.logs.set_level(level)
