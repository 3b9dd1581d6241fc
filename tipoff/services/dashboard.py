"""The dashboard beside the engine: a child process that is started again when it ends, and its address.

Trading goes on without it: whatever is wrong with the page is a health issue in `status`, and is tried again.
"""

import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from subprocess import PIPE
from typing import Final

import structlog
import trio

from engine.restart_policy import Backoff
from engine.units import NANOS_PER_SECOND
from tipoff.config.secret_files import secret_path
from tipoff.dashboard.access import Right, Tokens
from tipoff.dashboard.child_settings import ChildSettings, encoded
from tipoff.dashboard.token_files import FILES, address_of, make_tokens
from tipoff.output import Failure
from tipoff.process.context import RunContext
from tipoff.sources.health import HealthIssue

COMMAND: Final = (sys.executable, "-m", "tipoff.dashboard.child")
BACKOFF: Final = Backoff(
    first_ns=NANOS_PER_SECOND // 2, minimum_ns=NANOS_PER_SECOND, cap_ns=30 * NANOS_PER_SECOND, jitter=0.0
)
START_S_MAX: Final = 30.0
"""A child that has not said its port after so long is killed."""

STOP_S_MAX: Final = 4.0
"""A child that has not ended so long after it was told to is killed."""

LINE_BYTES_MAX: Final = 4_096
"""Of what a child says; longer is nothing that it would say."""

OURS_ALONE: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY")
"""What the service manager gave to the daemon and to nobody else."""


async def run(context: RunContext) -> None:
    """Keep a dashboard running until cancelled."""
    config = context.config
    if not config.dashboard.enabled:
        return
    if not config.control.enabled:
        context.sources.degraded.append(
            HealthIssue("dashboard", "the dashboard asks the control socket, and that is switched off")
        )
        return
    own = config.dashboard.token_file
    try:
        tokens = make_tokens(config.engine.state_directory, secret_path(own) if own else None)
    except (Failure, OSError) as error:
        context.sources.degraded.append(HealthIssue("dashboard", f"no dashboard: {error}"))
        return
    await _keep_running(context, tokens)


async def _keep_running(context: RunContext, tokens: Tokens) -> None:
    """One child after the other."""
    degraded, attempt, told = context.sources.degraded, 0, False
    while True:
        begun = trio.current_time()
        try:
            async with _child(context, tokens) as child:
                port = await _port_of(child)
                context.dashboard_port = port
                if not told:
                    context.say(_address(context, port, tokens))
                    told = True
                code = await child.wait()
                why = f"the dashboard ended with code {code}"
        except (Failure, OSError) as error:
            why = str(error)
        finally:
            context.dashboard_port = None
        if (trio.current_time() - begun) * NANOS_PER_SECOND > BACKOFF.stable_ns:
            attempt = 0
        pause = BACKOFF.delay_ns(attempt, 0.0) / NANOS_PER_SECOND
        attempt += 1
        structlog.get_logger().warning("dashboard_not_served", why=why, again_s=pause)
        issue = HealthIssue("dashboard", why)
        degraded.append(issue)
        try:
            await trio.sleep(pause)
        finally:
            degraded.remove(issue)


@contextlib.asynccontextmanager
async def _child(context: RunContext, tokens: Tokens) -> AsyncIterator[trio.Process]:
    """A child that was told what to serve; it ends when its input does, and is killed if it does not."""
    config = context.config
    environment = {name: value for name, value in os.environ.items() if name not in OURS_ALONE}
    process = await trio.lowlevel.open_process(COMMAND, stdin=PIPE, stdout=PIPE, env=environment)
    assert process.stdin is not None  # noqa: S101 - pipes were asked for
    settings = ChildSettings(
        host=config.dashboard.host,
        port=config.dashboard.port,
        socket=str(config.engine.state_directory / config.control.socket),
        operate=tokens.operate,
        read=tokens.read,
    )
    try:
        with contextlib.suppress(trio.BrokenResourceError):
            await process.stdin.send_all(encoded(settings))
        yield process
    finally:
        with trio.CancelScope(shield=True):
            await process.stdin.aclose()
            with trio.move_on_after(STOP_S_MAX):
                await process.wait()
            if process.poll() is None:
                process.kill()
                await process.wait()
            if process.stdout is not None:
                await process.stdout.aclose()


async def _port_of(child: trio.Process) -> int:
    """The port that the child listens on. Raises Failure with what it says is wrong."""
    assert child.stdout is not None  # noqa: S101 - a pipe was asked for
    line = bytearray()
    with trio.move_on_after(START_S_MAX):
        while not line.endswith(b"\n") and len(line) < LINE_BYTES_MAX:
            piece = await child.stdout.receive_some(LINE_BYTES_MAX)
            if not piece:
                break
            line += piece
    try:
        said = json.loads(line)
    except ValueError:
        raise Failure("dashboard", "the dashboard ended, or did not begin") from None
    if "port" in said:
        return int(said["port"])
    raise Failure("dashboard", str(said.get("error")))


def _address(context: RunContext, port: int, tokens: Tokens) -> str:
    """Where to look. The token is for whoever sits here, not for a log."""
    host = context.config.dashboard.host
    if sys.stderr.isatty():
        return f"dashboard: {address_of(host, port, tokens.operate)}"
    own, directory = context.config.dashboard.token_file, context.config.engine.state_directory
    return f"dashboard: http://{host}:{port}/, its token: {own or directory / FILES[Right.OPERATE]}"
