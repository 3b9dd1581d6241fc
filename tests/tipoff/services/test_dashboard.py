"""The dashboard beside an engine: a child that is started again, whose trouble is told and nobody else's."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import attrs
import pytest
import trio

from tests.tipoff.managed import free_port
from tipoff.config.load import Config, template
from tipoff.dashboard.token_files import forget_tokens, read_tokens
from tipoff.process.context import RunContext
from tipoff.runs.from_config import schema
from tipoff.services import dashboard
from tipoff.sources.health import HealthIssue


def context_in(folder: Path, port: int, *, control: bool = True) -> RunContext:
    """What the service needs of a run."""
    usual: Config = template(schema())
    config = attrs.evolve(
        usual,
        engine=attrs.evolve(usual.engine, state_directory=folder),
        dashboard=attrs.evolve(usual.dashboard, port=port),
        control=attrs.evolve(usual.control, enabled=control),
    )
    degraded: list[HealthIssue] = []
    sources = SimpleNamespace(degraded=degraded)
    made = SimpleNamespace(config=config, sources=sources, dashboard_port=None, say=lambda _words: None)
    return cast("RunContext", made)


def children() -> list[int]:
    """The dashboards that this process has started."""
    every = [
        int(pid) for file in Path("/proc/self/task").glob("*/children") for pid in file.read_text().split()
    ]
    return [
        pid for pid in set(every) if b"tipoff.dashboard.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


async def until(found: Callable[[], object]) -> None:
    with trio.fail_after(40):
        while not found():  # noqa: ASYNC110 - nothing tells of another process
            await trio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.promise("dashboard-dies-alone")
async def test_a_child_that_was_killed_is_started_again_with_the_same_tokens(tmp_path: Path) -> None:
    context = context_in(tmp_path, free_port())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(dashboard.run, context)
        await until(lambda: context.dashboard_port)
        assert context.sources.degraded == []
        tokens, (first,) = read_tokens(tmp_path), children()
        os.kill(first, signal.SIGKILL)
        await until(lambda: context.sources.degraded)
        assert context.sources.degraded[0].text == "the dashboard ended with code -9"
        await until(lambda: context.dashboard_port)
        assert context.sources.degraded == []
        assert children() != [first]
        assert read_tokens(tmp_path) == tokens
        nursery.cancel_scope.cancel()
    assert children() == []
    assert context.dashboard_port is None
    forget_tokens(tmp_path)


@pytest.mark.slow
async def test_a_port_that_is_taken_is_told_and_tried_again(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        context = context_in(tmp_path, taken.getsockname()[1])
        async with trio.open_nursery() as nursery:
            nursery.start_soon(dashboard.run, context)
            await until(lambda: context.sources.degraded)
            assert "Address already in use" in context.sources.degraded[0].text
            taken.close()
            await until(lambda: context.dashboard_port)
            nursery.cancel_scope.cancel()


async def test_without_a_control_socket_there_is_nothing_to_show_and_status_says_so(tmp_path: Path) -> None:
    context = context_in(tmp_path, free_port(), control=False)
    await dashboard.run(context)
    assert [issue.text for issue in context.sources.degraded] == [
        "the dashboard asks the control socket, and that is switched off"
    ]
