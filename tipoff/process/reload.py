"""Reading the configuration again while the engine runs: what is taken, what is refused, who is told.

Asked by the control socket and by SIGHUP. Limits and strategies go to the risk gate as one operation, so they
change in one commit or not at all; what else can change without a restart is handed to whoever said that he
subscribes. A file that cannot be used, or that changes what needs a restart, changes nothing.
"""

import time
from collections.abc import Callable
from functools import partial

import trio

from actors.addresses import RISK_GATE
from actors.messages import ConfigureOperation, Operation
from actors.runtime import Address
from tipoff.config.diff import changes
from tipoff.config.load import Config, load
from tipoff.config.problems import ConfigError
from tipoff.metrics.process_counters import ProcessCounters
from tipoff.output import Failure
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.settings import configured


class Reloader:
    """Knows the configuration in force, and the one that is about to replace it."""

    def __init__(self, config: Config, counters: ProcessCounters) -> None:
        """`config` is what the run was started with."""
        self.config = config
        self._counters = counters
        self._next: Config | None = None
        self._subscribers: list[Callable[[Config], object]] = []

    def subscribe(self, subscriber: Callable[[Config], object]) -> None:
        """Have somebody take over what of every new configuration does not trade."""
        self._subscribers.append(subscriber)

    async def operation(self) -> tuple[Address, Operation]:
        """Read the file; what it changes of trading is an operation of the risk gate.

        Raises Failure if it cannot be used, or changes what needs a restart.
        """
        self._counters.reloads += 1
        try:
            # Not in force yet: the gate has its word first, and what does not trade follows it.
            self._next = await self._read()
        except Failure:
            self._counters.reload_failures += 1
            raise
        return RISK_GATE, ConfigureOperation(configured(trading_settings(self._next)))

    def applied(self) -> None:
        """The operation was done: tell the others, too."""
        after, self._next = self._next, None
        # The request was answered from the journal: it had been done before.
        if after is None:
            return
        self.config = after
        for subscriber in self._subscribers:
            subscriber(after)
        self._counters.reloaded_at = time.time()

    async def _read(self) -> Config:
        path = self.config.source
        if path is None:
            raise Failure("no_file", "this daemon was not started from a configuration file")
        try:
            after = await trio.to_thread.run_sync(partial(load, path, schema()))
        except ConfigError as error:
            what = f"{path} cannot be used, so what was configured before stays in force"
            raise Failure("configuration", what, details=str(error).splitlines()) from error
        fixed = [change.path for change in changes(self.config, after) if not change.live]
        if fixed:
            what = f"{path} changes what needs a restart, so nothing was changed"
            raise Failure("restart_needed", what, details=fixed)
        return after
