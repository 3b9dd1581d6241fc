"""The command line pointed at a daemon that runs in a thread: what the tests of the commands share."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio

from actors.messages import FollowOperation
from tests.tipoff.control.conftest import TICKER, Bench
from tipoff.cli.app import main
from tipoff.control.client import ControlClient
from tipoff.control.permissions import Level
from tipoff.control.ports import Hooks
from tipoff.control.server import serve_control
from tipoff.control.socket_settings import ControlSettings, Levels
from tipoff.json_types import Json

NAME = "mean_reversion"


@attrs.define
class Running:
    """A daemon on a thread of its own, and the command line pointed at it."""

    path: Path
    bench: Bench
    capfd: pytest.CaptureFixture[str]
    phase: str = "running"

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self.capfd.readouterr()
        code = main(arguments)
        said = self.capfd.readouterr()
        return int(code), said.out, said.err

    def document(self, *arguments: str) -> object:
        """The document of a command that succeeds."""
        code, out, err = self(*arguments, "--json")
        assert (code, err) == (0, ""), out
        return json.loads(out)

    def error(self, *arguments: str) -> tuple[int, str]:
        """The exit code and the word of a command that fails."""
        code, out, err = self(*arguments, "--json")
        read = json.loads(out)
        assert (list(read), sorted(read["error"]), err) == (["error"], ["code", "details", "message"], "")
        return code, str(read["error"]["code"])


def hooks_of(running: Running) -> Hooks:
    """A daemon that can do everything."""

    async def do(what: str = "reload") -> str:
        return f"did {what}"

    async def found(game: str, *, followed: bool) -> FollowOperation:
        return FollowOperation(game, followed)

    return Hooks(
        phase=lambda: running.phase,  # type: ignore[arg-type, return-value]  # one of the words
        reload=do,
        loglevel=lambda wanted: wanted or "info",
        load_game=partial(found, followed=True),
        unload_game=partial(found, followed=False),
        metrics=lambda: "# HELP tipoff_up\ntipoff_up 1\n",
        chain=running.bench.chain,
    )


Run = Callable[..., Running]


@pytest.fixture
def run(
    path: Path,
    make_bench: Callable[[], Bench],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Run]:
    """Start a daemon whose operator has `level`; it is stopped at the end."""
    threads: list[tuple[threading.Thread, trio.lowlevel.TrioToken, trio.CancelScope]] = []
    monkeypatch.setenv("TIPOFF_SOCKET", str(path))
    monkeypatch.setenv("COLUMNS", "200")

    def begin(level: Level = Level.ADMIN) -> Running:
        bench = make_bench()
        running = Running(path, bench, capfd)
        settings = ControlSettings(path=path, levels=Levels(of={os.geteuid(): level}))

        hooks = hooks_of(running)
        ready = threading.Event()

        async def serve() -> None:
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:
                    await nursery.start(_serve, settings, bench, hooks)
                    threads.append((thread, trio.lowlevel.current_trio_token(), scope))
                    ready.set()

        thread = threading.Thread(target=trio.run, args=(serve,))
        thread.start()
        assert ready.wait(20)
        with ControlClient(path) as client:
            order: dict[str, Json] = {
                "strategy": NAME,
                "ticker": TICKER,
                "side": "bid",
                "count": "10",
                "p_fair": 0.6,
            }
            if level is Level.ADMIN:
                client.operate("orders.place", "held", price="0.52", **order)
                client.operate("orders.place", "resting", price="0.45", tif="gtc", **order)
        bench.later(1)
        return running

    yield begin
    for thread, token, scope in threads:
        token.run_sync_soon(scope.cancel)
        thread.join(20)
        assert not thread.is_alive()


async def _serve(
    settings: ControlSettings, bench: Bench, hooks: Hooks, *, task_status: trio.TaskStatus[object]
) -> None:
    await serve_control(settings, bench, hooks, task_status=task_status)
