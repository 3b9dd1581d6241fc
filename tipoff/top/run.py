"""`tipoff top`: the terminal view of a running daemon, or with `--json` all that it would show, once.

Called by the command line. Without the library that draws on terminals it says how to get it. Asks the
control socket only.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import attrs

from tipoff.control.client import ControlClient
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Answer, Failure
from tipoff.top.poller import ASK_SECONDS, SocketClient, round_of

LIBRARY = "textual"


def run_top(path: Path, every_seconds: float, *, as_json: bool) -> Answer | None:
    """Show the view until it is left. Raises Failure if there is no daemon at first, or no terminal."""

    def connect() -> SocketClient:
        return ControlClient(path, ASK_SECONDS)

    if as_json:
        return once(connect())
    require_library()
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        message = "top needs a terminal; `tipoff top --json` or `tipoff status` prints once"
        raise Failure("usage", message, exit_code=Exit.USAGE)
    # Whoever names the wrong socket shall hear of it now; later losses are waited for.
    connect().close()
    from tipoff.top.app import TopApp

    app = TopApp(connect, every_seconds)
    app.run()
    if app.return_code:
        raise Failure("internal", "the terminal view ended by a fault of its own; please report it")
    return None


def once(client: SocketClient) -> Answer:
    """One round of questions as a document; its screen is not for people."""
    try:
        answers = round_of(client, None)
        document = {"hello": dict(client.hello), **attrs.asdict(answers, recurse=False)}
    finally:
        client.close()
    return Answer(cast("Json", document), "")


def require_library() -> None:
    """Raises Failure, with how to get it, if the library is not installed."""
    if find_spec(LIBRARY) is None:
        message = f"`tipoff top` draws with {LIBRARY}, which is not installed"
        details = [
            "install it beside tipoff: pip install 'tipoff[top]'",
            "or use `tipoff status`, which needs nothing more",
        ]
        raise Failure("not_installed", message, details=details)
