"""The bad weather of a soak: every few seconds the network or a venue does something else that they do.

Draws from a seed. Toxics are set on the proxies between daemon and venues, switches at the venues. Must not
look at the daemon.
"""

import json
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random

import attrs
import trio

from tests.venues.toxics import Toxics

CALM_S = (2.0, 8.0)
STORM_S = (0.5, 5.0)
ASK_S_MAX = 10.0

TOXICS: tuple[Mapping[str, object], ...] = (
    {"latency_ms": 150, "jitter_ms": 100},
    {"bandwidth_bytes_per_second": 60_000},
    {"slow_close_ms": 800},
    {"timeout_ms": 0},
    {"timeout_ms": 700},
    {"reset_peer_ms": 200},
    {"slice_bytes": 7},
    {"limit_bytes": 20_000},
    {"down": True},
)
"""The nine classical ones."""

STATES: tuple[Mapping[str, object], ...] = (
    {"stall": True},
    {"freeze": True},
    {"refuse": True},
    {"silent": True},
    {"latency_ms": 400},
    {"drip_bytes_per_second": 4_000},
    {"pause": True},
    {"odd_fees": True},
)
SHOTS: tuple[Mapping[str, object], ...] = (
    {"drop": 2},
    {"skip_seq": 1},
    {"duplicate": 3},
    {"reorder": 3},
    {"garbage": 2},
    {"wrong_snapshot": 1},
    {"null_side": 2},
    {"renamed_side": 2},
    {"null_lists": 2},
    {"odd_rows": 2},
    {"error_25": 1},
    {"half_frame": 1},
    {"disconnect": 1},
    {"http_429": 2, "retry_after": 1},
    {"http_500": 3},
    {"http_502": 2},
    {"http_503": 2},
    {"garbage_json": 2},
    {"html": 1},
    {"cut": 2},
)


@attrs.define
class Weather:
    """Makes it, and counts what it has made."""

    draw: Random
    proxies: Sequence[Toxics]
    admin: Callable[[], str | None]
    """Where the venues are switched; None while there are none."""
    seen: Counter[str] = attrs.field(factory=Counter)

    async def make(self) -> None:
        """One thing after the other until cancelled."""
        while True:
            await trio.sleep(self.draw.uniform(*CALM_S))
            kind = self.draw.choice((self._toxic, self._state, self._shot))
            await kind()

    async def _toxic(self) -> None:
        values, toxics = self.draw.choice(TOXICS), self.draw.choice(self.proxies)
        self._count(values)
        for name, value in values.items():
            setattr(toxics, name, value)
        await trio.sleep(self.draw.uniform(*STORM_S))
        for field in attrs.fields(Toxics):
            setattr(toxics, field.name, field.default)

    async def _state(self) -> None:
        await self._switch(self.draw.choice(STATES))
        await trio.sleep(self.draw.uniform(*STORM_S))
        await self._post("DELETE", b"")

    async def _shot(self) -> None:
        await self._switch(self.draw.choice(SHOTS))

    async def _switch(self, values: Mapping[str, object]) -> None:
        self._count(values)
        await self._post("POST", json.dumps(values).encode())

    async def _post(self, method: str, body: bytes) -> None:
        admin = self.admin()
        if admin is not None:
            await trio.to_thread.run_sync(partial(switched, admin, method, body))

    def _count(self, values: Mapping[str, object]) -> None:
        self.seen[next(iter(values))] += 1


def switched(admin: str, method: str, body: bytes) -> None:
    """Ask the venues' switch board; that they are just being replaced is no failure."""
    request = urllib.request.Request(f"{admin}/faults", data=body or None, method=method)
    try:
        with urllib.request.urlopen(request, timeout=ASK_S_MAX):
            pass
    except OSError:
        return
