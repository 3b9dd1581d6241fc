"""What the service manager is told: ready, reloading, stopping, how things stand, that all is still well.

Speaks datagrams of sd_notify; without a manager, or when it has gone, all of this does nothing. The watchdog
is fed only after a round trip through the actors that matter, never by a timer alone.
"""

import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping

import trio

USEC = 1_000_000
STATUS_CHARS_MAX = 200
"""A longer status line is cut."""

ROUNDS_PER_INTERVAL = 4
"""A round may take one of these and comes after another, so pings are never further apart than half."""


class Notifier:
    """The line to the service manager."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Take the address from NOTIFY_SOCKET; without one nobody is told anything."""
        self.watchdog_at = 0.0
        """When the watchdog was fed last, seconds since 1970; 0 is never."""
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.watchdog_s = _watchdog_s(environ)

    def ready(self, status: str) -> None:
        """Everything is up, or a reload is over."""
        self._send("READY=1", _status(status))

    def status(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._send(_status(status))

    def reloading(self, status: str) -> None:
        """A reload begins; `ready` must follow. Without the time systemd 253 and later would wait for it."""
        moment = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
        self._send("RELOADING=1", f"MONOTONIC_USEC={moment}", _status(status))

    def stopping(self, status: str) -> None:
        """The end has begun."""
        self._send("STOPPING=1", _status(status))

    def extend(self, seconds: float) -> None:
        """Starting or stopping takes at least so much longer, as after a long migration."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * USEC)}")

    def well(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")
        self.watchdog_at = time.time()

    def _send(self, *lines: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.setblocking(False)
                line.sendto("\n".join(lines).encode("utf-8", "replace"), self._address)
        except OSError:
            # Nobody is there, or it does not keep up: its concern, never ours.
            return


async def watch(
    notifier: Notifier, healthy: Callable[[], Awaitable[bool]], status: Callable[[], str]
) -> None:
    """Send the status, and WATCHDOG=1 whenever `healthy` says so in time, until cancelled."""
    interval = notifier.watchdog_s or 60.0
    round_s = interval / ROUNDS_PER_INTERVAL
    while True:
        began = trio.current_time()
        well = False
        with trio.move_on_after(round_s):
            well = await healthy()
        if well:
            notifier.well()
        notifier.status(status() if well else f"a critical actor does not answer; {status()}")
        await trio.sleep_until(began + round_s)


def _address(name: str) -> str | None:
    """The address as the kernel has it: a leading @ is the abstract name space, others are unknown."""
    if name.startswith("@") and len(name) > 1:
        return "\0" + name[1:]
    return name if name.startswith("/") else None


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """The watchdog timeout of the service manager in seconds; None if there is none, or not for us."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    given = environ.get("WATCHDOG_USEC", "")
    return int(given) / USEC if given.isascii() and given.isdigit() and int(given) > 0 else None


def _status(text: str) -> str:
    return "STATUS=" + " ".join(text.split())[:STATUS_CHARS_MAX]
