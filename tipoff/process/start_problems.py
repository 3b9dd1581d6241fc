"""Everything that keeps a daemon from starting, found before it starts: one list, for whoever asks.

Called by `run` and by `config check`, so that neither can say of a configuration what the
others do not. Opens no connection and changes nothing.
"""

from collections.abc import Iterator
from contextlib import suppress

from persistence.connect import address
from persistence.errors import StorageError
from tipoff.config.database import database_url
from tipoff.config.load import Config
from tipoff.config.problems import Problem
from tipoff.config.secret_files import file_problems
from tipoff.control.socket_settings import control_settings
from tipoff.control.unix_socket import SocketRefused, check_length
from tipoff.notifications.targets import TargetsWrong, configured_targets
from tipoff.sources.clients import Credentials
from venues.transport.proxy import ProxyUnusable, named_proxy


def start_problems(config: Config) -> list[Problem]:
    """What a start with this configuration would meet; of one key only the first problem."""
    found: dict[str, Problem] = {}
    for problem in (
        *file_problems(config),
        *_database(config),
        *_socket(config),
        *_proxy(),
        *_notices(config),
    ):
        found.setdefault(problem.path, problem)
    for problem in Credentials.problems(config):
        found.setdefault(problem.path, problem)
    return list(found.values())


def _database(config: Config) -> Iterator[Problem]:
    try:
        address(database_url(config, None))
    except StorageError as error:
        yield Problem("database.url", 0, str(error))


def _proxy() -> Iterator[Problem]:
    try:
        named_proxy()
    except ProxyUnusable as error:
        yield Problem("", 0, str(error))


def _notices(config: Config) -> Iterator[Problem]:
    # A file that cannot be read is told already, as every file of a secret.
    with suppress(OSError, UnicodeDecodeError):
        try:
            configured_targets(config)
        except TargetsWrong as error:
            for wrong in error.problems:
                yield Problem("notify.webhook_file", 0, wrong)


def _socket(config: Config) -> Iterator[Problem]:
    if not config.control.enabled:
        return
    try:
        check_length(control_settings(config.control, config.engine.state_directory).path)
    except SocketRefused as error:
        yield Problem("control.socket", 0, str(error))
    except KeyError:
        yield Problem("control.group", 0, f"there is no group {config.control.group!r}")
