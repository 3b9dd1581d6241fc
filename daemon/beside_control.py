"""The control socket beside the engine: what the daemon lends it, and what a refused socket means.

Found by `daemon.run` by its name; `beside` gives the task. Must not know what the methods are.
"""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import trio

from daemon.beside_metrics import SURROUNDINGS, exposition_of
from daemon.config import Config
from daemon.control_levels import control_settings
from daemon.control_methods import Hooks
from daemon.control_server import ControlServer, serve_control
from daemon.control_socket import SocketRefused
from daemon.control_why import Told
from daemon.exits import Exit
from daemon.live import LiveEngine
from daemon.live_run import Beside
from daemon.output import Failure
from daemon.reloading import reloader_of
from daemon.sources import Sources
from daemon.status import complaints
from daemon.storage import database_url
from persistence.queries import Reader

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
            story=partial(_story, url, engine.plan.run),
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


def _story(url: str, run: str, name: str) -> Sequence[Told]:
    with Reader.open(url, run) as reader:
        return [Told(each.seq, each.at, each.cause, each.owner, each.fact) for each in reader.chain_of(name)]


def _loglevel(level: str | None) -> str:
    """Set the level of the process's log, or only say it."""
    if SURROUNDINGS.logs is None:
        raise Failure("not_available", "the daemon does not log yet, or does not log any more")
    return SURROUNDINGS.logs.set_level(level)
