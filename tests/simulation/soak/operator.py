"""The operator of a soak: halts, closes, takes back and resumes, also while the venue stands still.

Draws from the evening's seed and acts over the control socket, as a person would. What an operation was
promised to do and did not is told as a problem; whether the journal agrees, `journal_rules` says.
"""

from contextlib import suppress
from functools import partial
from random import Random

import attrs
import trio

from tests.simulation.soak.processes import Daemon
from tests.simulation.soak.weather import switched
from tipoff.json_types import Json
from tipoff.output import Failure

ACTS_P = 0.25
"""So many of the looks at a daemon are followed by an operation."""

STANDSTILL_S = 2.0
RESTS_S_MAX = 20.0
"""After the venue is back nothing may rest under a halt any longer than this; the weather may be bad too."""

LOOK_S = 0.2
REASON = "by hand \u2014 [/red] a look at it"
"""With a sign outside ASCII and with what a screen could take for markup."""


@attrs.define
class Operator:
    """Does one thing now and then."""

    draw: Random
    admin: str
    done: dict[str, int] = attrs.field(factory=dict)

    async def act(self, daemon: Daemon) -> list[str]:
        """Perhaps do something; returns what did not come of it. One that cannot be asked is left alone."""
        if self.draw.random() >= ACTS_P:
            return []
        operation = self.draw.choice(
            (self._halt, self._halt_in_standstill, self._close, self._take_back, self._take_all_back)
        )
        try:
            found = await operation(daemon)
        except Failure:
            # Killed, busy or starting: an operator sees the error and goes on.
            return []
        name = operation.__name__.strip("_")
        self.done[name] = self.done.get(name, 0) + 1
        return found

    async def _halt(self, daemon: Daemon) -> list[str]:
        """Halt everything, see that it holds and that nothing rests any more, and resume."""
        await _operate(daemon, "halt", scope="all", reason=REASON)
        try:
            return await self._rests(daemon)
        finally:
            await self._resume(daemon)

    async def _halt_in_standstill(self, daemon: Daemon) -> list[str]:
        """The same, begun while the venue takes no order and no cancel."""
        await self._switch("POST", b'{"pause": true}')
        try:
            await _operate(daemon, "halt", scope="all", reason=REASON)
            await trio.sleep(STANDSTILL_S)
        finally:
            await self._switch("DELETE", b"")
        try:
            return await self._rests(daemon)
        finally:
            await self._resume(daemon)

    async def _switch(self, method: str, body: bytes) -> None:
        await trio.to_thread.run_sync(switched, self.admin, method, body)

    async def _rests(self, daemon: Daemon) -> list[str]:
        """Wait until nothing rests under the halt."""
        deadline = trio.current_time() + RESTS_S_MAX
        while True:
            rows = await _rows(daemon, "orders", open=True)
            if not rows:
                return []
            if trio.current_time() > deadline:
                resting = ", ".join(f"{row['order_id']} {row['state']}" for row in rows)
                return [f"{RESTS_S_MAX:g} s after a halt there still are {resting}"]
            await trio.sleep(LOOK_S)

    async def _resume(self, daemon: Daemon) -> None:
        # The life may end meanwhile; the next one has the halt, and its operator ends it.
        with suppress(Failure):
            await _operate(daemon, "resume", scope="all", reason="looked at it")

    async def _close(self, daemon: Daemon) -> list[str]:
        rows = await _rows(daemon, "positions")
        if rows:
            row = self.draw.choice(rows)
            await _operate(daemon, "positions.close", strategy=row["strategy"], ticker=row["ticker"])
        return []

    async def _take_back(self, daemon: Daemon) -> list[str]:
        rows = await _rows(daemon, "orders", open=True)
        if rows:
            await _operate(daemon, "orders.cancel", order_id=self.draw.choice(rows)["order_id"])
        return []

    async def _take_all_back(self, daemon: Daemon) -> list[str]:
        await _operate(daemon, "orders.cancel", all=True)
        return []


async def _operate(daemon: Daemon, method: str, **params: Json) -> None:
    await trio.to_thread.run_sync(partial(daemon.operate, method, **params))


async def _rows(daemon: Daemon, method: str, **params: Json) -> list[dict[str, Json]]:
    answer = await trio.to_thread.run_sync(partial(daemon.look, method, **params))
    assert isinstance(answer, list)
    return [row for row in answer if isinstance(row, dict)]
