"""`tipoff dashboard`: the evening in a browser, live or looking back.

Called by the command line. Where the daemon serves its dashboard already, only its address is told; else the
page is served from here, until Ctrl-C.
"""

import asyncio
import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from tipoff.commands.options import DashboardRequest
from tipoff.config.database import database_url
from tipoff.config.load import Config, load_or_template
from tipoff.config.secret_files import secret_path
from tipoff.dashboard.access import Tokens
from tipoff.dashboard.daemon_link import DaemonLink
from tipoff.dashboard.server import ServerSettings, serve
from tipoff.dashboard.source import DataSource
from tipoff.dashboard.stored_run import StoredRun
from tipoff.dashboard.token_files import address_of, new_tokens, read_tokens
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, progress
from tipoff.runs.from_config import schema

LOOK_S: Final = 1.0


def run_dashboard(request: DashboardRequest) -> Answer | None:
    """Tell where the dashboard is, or serve one until Ctrl-C. Raises Failure, ConfigError."""
    config = load_or_template(request.config, schema())
    if request.db is not None or request.run is not None:
        stored = StoredRun.open(request.db or database_url(config, None), request.run)
        _serve_here(config.dashboard.host, request.port, stored, new_tokens())
        return None
    directory = config.engine.state_directory
    own = config.dashboard.token_file
    tokens = read_tokens(directory, secret_path(own) if own else None)
    if tokens is not None and request.port is None and _listens(config):
        return _addresses(config, tokens)
    path = request.socket or directory / config.control.socket
    _serve_here(config.dashboard.host, request.port, DaemonLink(Path(path)), new_tokens())
    return None


def _listens(config: Config) -> bool:
    try:
        with socket.create_connection((config.dashboard.host, config.dashboard.port), LOOK_S):
            return True
    except OSError:
        return False


def _addresses(config: Config, tokens: Tokens) -> Answer:
    where = partial(address_of, config.dashboard.host, config.dashboard.port)
    document: Mapping[str, Json] = {"operate": where(tokens.operate), "read": where(tokens.read)}
    screen = f"to look and to operate: {document['operate']}\nto look only:           {document['read']}"
    return Answer(document, screen)


def _serve_here(host: str, port: int | None, source: DataSource, tokens: Tokens) -> None:
    def listening(found: int) -> None:
        progress(f"open {address_of(host, found, tokens.operate)}")
        if not source.read_only:
            progress(f"to look only: {address_of(host, found, tokens.read)}")
        progress("Ctrl-C ends it")

    settings = ServerSettings(host=host, port=port or 0, tokens=tokens)
    never = asyncio.Event
    try:
        asyncio.run(serve(settings, source, listening=listening, until=lambda: never().wait()))
    except OSError as error:
        raise Failure("dashboard", f"the dashboard ended: {error}") from error
