"""What the process does about signals, from its first moment to its last, whatever its loop is doing.

Used by `tipoff.commands.run`. TERM and INT end it in good order, a second one at once; HUP reloads, USR1
tells how things stand, and none of them ever kills by default. A handler only writes a byte and leaves a note
for the loop; a thread reads the bytes and ends the process if the loop does not come to an end in time,
naming what it hangs in.
"""

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum
from types import FrameType
from typing import Final

import attrs
import trio

from tipoff.exit_codes import Exit
from tipoff.process.shutdown import GRACE_S, STOP_S_ALL

CUT_S_MAX: Final = 2.0
"""After a second signal the process is gone within this time, whatever it is doing."""

ENDS: Final = (signal.SIGTERM, signal.SIGINT)
HANDLED: Final = (*ENDS, signal.SIGHUP, signal.SIGUSR1)


class SignalRequest(Enum):
    """What a signal asks for; the value is the byte that the thread is told, if it is to know."""

    END = b"E"
    CUT = b"C"
    RELOAD = b""
    DUMP = b" "


SECONDS: Final = {SignalRequest.END.value: STOP_S_ALL + GRACE_S, SignalRequest.CUT.value: CUT_S_MAX}


def request_of(number: int, *, ending: bool) -> SignalRequest:
    """What a signal asks for; `ending` says that one has asked for the end before."""
    if number in ENDS:
        return SignalRequest.CUT if ending else SignalRequest.END
    return SignalRequest.RELOAD if number == signal.SIGHUP else SignalRequest.DUMP


@attrs.frozen(kw_only=True)
class Loop:
    """What signals do to a loop that runs; each is called on the loop."""

    token: trio.lowlevel.TrioToken
    stop: Callable[[str], None]
    """End in good order, for this reason."""
    cut: Callable[[], None]
    """Do not wait for that."""
    reload: Callable[[], None]
    dump: Callable[[], None]
    stuck: Callable[[], str]
    """What it hangs in, in words; called in another thread."""


class SignalHandler:
    """Hears the signals of this process. One for its life; of the main thread only."""

    def __init__(
        self, leave: Callable[[int], object] = os._exit, seconds: Mapping[bytes, float] = SECONDS
    ) -> None:
        """Nothing is heard before `listening`. `leave` ends the process at once, with its code, so many
        `seconds` after it was asked to end.
        """
        self.reason = ""
        """Why the end was asked for; empty while nobody has."""
        self._leave = leave
        self._seconds = seconds
        self._loop: Loop | None = None
        self._wake = -1

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear signals inside; afterwards they do what they did before."""
        heard, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        thread = threading.Thread(target=self._wait, args=(heard,), name="signals", daemon=True)
        thread.start()
        before = {number: signal.signal(number, self.on_signal) for number in HANDLED}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(self._wake)
            thread.join(CUT_S_MAX)

    @contextmanager
    def serving(self, loop: Loop) -> Iterator[None]:
        """Let signals reach this loop inside; one that came before is passed on at once."""
        self._loop = loop
        if self.reason:
            loop.stop(self.reason)
        try:
            yield
        finally:
            self._loop = None

    def on_signal(self, number: int, _frame: FrameType | None = None) -> None:
        """A signal has come. Runs between any two steps of the main thread, so it takes no locks."""
        name = signal.Signals(number).name
        request = request_of(number, ending=bool(self.reason))
        if request is SignalRequest.END:
            self.reason = f"stopped by {name}"
        if request in (SignalRequest.END, SignalRequest.CUT):
            # The pipe is non-blocking, and it is full only if the thread has long been told.
            with suppress(OSError):
                os.write(self._wake, request.value)
        if self._loop is None:
            say(f"{name}: heard; there is no run yet, or none any more")
            return
        with suppress(trio.RunFinishedError):
            self._loop.token.run_sync_soon(self._on_loop, self._loop, request)

    def _on_loop(self, loop: Loop, request: SignalRequest) -> None:
        match request:
            case SignalRequest.END:
                loop.stop(self.reason)
            case SignalRequest.CUT:
                loop.cut()
            case SignalRequest.RELOAD:
                loop.reload()
            case SignalRequest.DUMP:
                loop.dump()

    def _wait(self, heard: int) -> None:
        """The thread: end the process by force when a time that was set has passed."""
        deadline: float | None = None
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            # A thread, since a loop that hangs cannot time its own end; select and not read, for the
            # deadline.
            ready, _, _ = select.select([heard], [], [], left)
            if not ready:
                loop = self._loop
                say(f"ended by force: {loop.stuck() if loop else 'nothing runs'}; what was durable is whole")
                self._leave(int(Exit.CUT_SHORT))
                return
            byte = os.read(heard, 1)
            if not byte:
                os.close(heard)
                return
            wanted = time.monotonic() + self._seconds[byte]
            deadline = wanted if deadline is None else min(deadline, wanted)


def say(text: str) -> None:
    """Tell people without taking any lock that the interrupted step may hold."""
    with suppress(OSError):
        os.write(2, f"{text}\n".encode())
