"""Injected faults: the next message, or the next hook, of an actor fails.

For chaos tests and drills. Used by the systems' `crash_next`; costs nothing while no fault is set, because
the handler is wrapped only then.
"""

from collections.abc import Iterable

import attrs

from actors.runtime.behaviour import Outgoing
from actors.runtime.cells import Cell, Receive


class InjectedFault(Exception):
    """A failure that somebody asked for."""


@attrs.frozen
class Fault:
    """What shall fail, once: a `message` (of one type, if given) or the hook `start` or `stop`, and with
    what error.

    `after_handler` fails after the behaviour has worked on the message and before anything it returned is
    sent.
    """

    error: BaseException
    where: str = "message"
    message_type: type | None = None
    after_handler: bool = False


class Faults:
    """The faults that are still to happen, by cell."""

    def __init__(self) -> None:
        """Start without faults."""
        self._faults: dict[Cell, list[Fault]] = {}

    def add(self, cell: Cell, fault: Fault) -> None:
        """Let the fault happen at the next message or hook that it names."""
        self._faults.setdefault(cell, []).append(fault)
        if cell.life is not None and cell.life.receive is not None:
            cell.receive = self.wrap(cell, cell.life.receive)

    def clear(self) -> None:
        """Let no fault happen any more."""
        cells, self._faults = list(self._faults), {}
        for cell in cells:
            if cell.life is not None and cell.life.receive is not None:
                cell.receive = cell.life.receive

    def wrap(self, cell: Cell, receive: Receive) -> Receive:
        """The handler itself, or while a fault is set, one that fails when the fault applies."""
        if cell not in self._faults:
            return receive

        def failing(message: object, now: int) -> Iterable[Outgoing]:
            fault = self._take(cell, "message", type(message))
            if fault is None:
                return receive(message, now)
            cell.receive = self.wrap(cell, receive)
            if fault.after_handler:
                # Generators run only when something takes from them: without `tuple` the handler would not
                # have worked at all.
                tuple(receive(message, now))
            raise fault.error

        return failing

    def before_hook(self, cell: Cell, name: str) -> None:
        """Fail here if a fault waits for this hook."""
        if self._faults:
            fault = self._take(cell, name, None)
            if fault is not None:
                raise fault.error

    def _take(self, cell: Cell, where: str, message_type: type | None) -> Fault | None:
        waiting = self._faults.get(cell, [])
        for fault in waiting:
            if fault.where == where and fault.message_type in (None, message_type):
                waiting.remove(fault)
                if not waiting:
                    del self._faults[cell]
                return fault
        return None
